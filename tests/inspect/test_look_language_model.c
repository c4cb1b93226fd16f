/* A look into language models is what they compute; views; every allocation that may fail. Needs: JANSSON YAML. */
#include "looking.h"
#include "tasks/tiny.h"

static rondo_model *open_model(const tiny *t) {
    char path[400];
    rondo_error err;
    rondo_model *model;
    snprintf(path, sizeof path, "%s/model.safetensors", t->folder);
    if (rondo_model_open(&model, context, path, &err))
        fail_msg("%s", err.message);
    return model;
}

static const char text[] = "the cat sees it\na dog hears\nthe \xe2\x98\x83 cat";

static void every_kind(void **state) {
    (void)state;
    static const char *const kinds[][8] = {
        {"train.max_steps=20"},
        {"model.cell=gru", "model.layer_norm=true", "data.tokenizer={type: word, lowercase: true}"},
        {"model.cell=gru", "model.learned_initial_state=true", "model.zoneout=0.2", "model.residual=true"},
        {"model.cell=jordan", "model.layers=1"},
        {"model.cell=jordan", "model.teacher_forcing=true", "model.decay=0.4"},
        {"model.cell=jordan", "model.feedback=embedding"},
        {"model.cell=jordan", "model.feedback=embedding", "model.teacher_forcing=true"},
        {"model.cell=elman", "model.activation=relu"},
        {"model.projection_size=4", "model.peepholes=true", "model.zoneout=0.1", "model.zoneout_cell=0.3"},
        {"model.coupled_gates=true", "model.layer_norm=true", "model.layers=3"},
        {"data.tokenizer=word", "model.output=adaptive_softmax", "model.cutoffs=[3, 5]", "model.hidden_size=16",
         "train.steps_per_sequence=3"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        tiny t = tiny_make("model", kinds[i]);
        tiny_run(&t);
        rondo_model *model = open_model(&t);
        const char *file = test_write("look.txt", text, sizeof text - 1);
        const double loss = look_loss(model, 1, &file);
        assert_int_equal(look_check(model, &(rondo_inspect_data){.files = 1, .file = &file}, loss), 1);
        assert_int_equal(look_check(model, &(rondo_inspect_data){.text = text}, loss), 1);
        look_check_views(model, &(rondo_inspect_data){.text = text});
        rondo_model_close(&model);
        tiny_clean(&t);
    }
}

/* The recipe's own validation text; passages go on from what came before them. */
static void passages(void **state) {
    (void)state;
    tiny t = tiny_make("model", (const char *const[]){"train.max_steps=20", NULL});
    tiny_run(&t);
    rondo_model *model = open_model(&t);
    const char *file = test_path("tiny.txt");
    assert_true(look_check(model, NULL, NAN) >= 1);
    const int64_t n = look_check(model, &(rondo_inspect_data){.files = 1, .file = &file}, NAN);
    assert_int_equal(look_check(model, &(rondo_inspect_data){.files = 2, .file = (const char *[]){file, file}}, NAN),
                     2 * n);
    rondo_inspection *inspection = look_open(model, &(rondo_inspect_data){.files = 1, .file = &file});
    const rondo__look_stack *stack = &inspection->look->passage.stack[0];
    assert_int_equal(rondo__look_at(inspection->look, 0, NULL), RONDO_OK);
    assert_null(stack->h[0]);
    assert_int_equal(rondo__look_at(inspection->look, 1, NULL), RONDO_OK);
    assert_non_null(stack->h[1]);
    assert_string_equal(stack->axis.unit, "symbol");
    rondo_error err;
    assert_int_equal(rondo__look_at(inspection->look, n, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "is not there"));
    rondo_inspection_close(&inspection);
    rondo_model_close(&model);
    tiny_clean(&t);
}

static void expect_refused(rondo_model *model, const char *name, const rondo_view_options *options, const char *said) {
    rondo_inspection *inspection = look_open(model, &(rondo_inspect_data){.text = text});
    rondo_view *view = NULL;
    rondo_error err = {0};
    assert_true(rondo_inspection_view(inspection, name, options, &view, &err) != RONDO_OK);
    assert_null(view);
    if (!strstr(err.message, said) || strchr(err.message, '\n'))
        fail_msg("'%s' does not say '%s'", err.message, said);
    rondo_inspection_close(&inspection);
}

static void refusals(void **state) {
    (void)state;
    tiny t = tiny_make("model", (const char *const[]){"train.max_steps=10", NULL});
    tiny_run(&t);
    rondo_model *model = open_model(&t);
    rondo_inspection *inspection = NULL;
    rondo_error err;
    expect_refused(model, "stats", NULL, "there is no view 'stats' (there are: states");
    expect_refused(model, "states", &(rondo_view_options){.layer = 3}, "layer 2 is not there (the stack has 2");
    expect_refused(model, "states", &(rondo_view_options){.unit = 8}, "unit 7 is not there");
    expect_refused(model, "states", &(rondo_view_options){.stack = "encoder"}, "no stack 'encoder' (it has stack)");
    expect_refused(model, "states", &(rondo_view_options){.direction = 2}, "reads in one direction");
    expect_refused(model, "states", &(rondo_view_options){.from = 400}, "step 400 is not there");
    expect_refused(model, "states", &(rondo_view_options){.gate = "reset"}, "it has input gate, forget gate");
    expect_refused(model, "states", &(rondo_view_options){.passage = 9}, "passage 9 is not there");
    expect_refused(model, "states", &(rondo_view_options){.lags = 9}, "states has no use for lags");
    expect_refused(model, "gates", &(rondo_view_options){.order = RONDO_ORDER_MEAN}, "gates has no use for order");
    expect_refused(model, "gates", &(rondo_view_options){.gate = "z"}, "there is no gate 'z'");
    expect_refused(model, "ablate", &(rondo_view_options){.gate = "z"}, "there is no gate 'z'");
    expect_refused(model, "states", &(rondo_view_options){.limit = -1}, "out of its range");
    const rondo_inspect_data wrong[] = {{.files = 1, .file = (const char *const[]){"no-such.txt"}},
                                        {.files = 1},
                                        {.text = "a", .target = "b"},
                                        {.target = "b"},
                                        {.text = "a"},
                                        {.text = "bad \xff"},
                                        {.text = "a", .files = 1, .file = (const char *const[]){"x"}}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        memset(&err, 0, sizeof err);
        assert_true(rondo_inspection_open(&inspection, model, &wrong[i], &err) != RONDO_OK);
        assert_true(err.message[0] && !strchr(err.message, '\n'));
        assert_null(inspection);
    }
    assert_int_equal(rondo_inspection_open(NULL, model, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_inspection_open(&inspection, NULL, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_inspection_passages(NULL), 0);
    assert_null(rondo_view_name(-1, NULL));
    assert_null(rondo_view_name(1000, NULL));
    rondo_inspection_close(NULL);
    rondo_view_free(NULL);
    rondo_model_close(&model);
    tiny_clean(&t);
}

static void failing_memory(void **state) {
    (void)state;
    tiny t = tiny_make("model", (const char *const[]){"train.max_steps=10", NULL});
    tiny_run(&t);
    rondo_model *model = open_model(&t);
    const rondo_inspect_data data = {.text = "the cat"};
    look_every_failure(model, &data, "states");
    look_every_failure(model, &data, "gates");
    look_every_failure(model, &data, "ablate");
    rondo_model_close(&model);
    tiny_clean(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),
        cmocka_unit_test(passages),
        cmocka_unit_test(refusals),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, look_make_context, look_drop_context);
}

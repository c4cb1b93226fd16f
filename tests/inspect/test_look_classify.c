/* A look into classifiers of sounds, texts and series is what they compute. Needs: JANSSON YAML SNDFILE SAMPLERATE
 * KISSFFT. */
#include "looking.h"
#include "tasks/tiny_sounds.h"

static void check_axis(rondo_model *model, const char *input) {
    rondo_inspection *inspection = look_open(model, NULL);
    const rondo__passage *passage = &inspection->look->passage;
    assert_int_equal(rondo__look_at(inspection->look, 0, NULL), RONDO_OK);
    const rondo__look_axis *axis = &passage->stack[0].axis;
    assert_non_null(passage->answer);
    if (strcmp(input, "sounds") == 0) {
        assert_string_equal(axis->unit, "second");
        assert_string_equal(axis->feature[0].name, "energy");
        assert_true(axis->feature[0].value[0] < 0 && axis->time[1] > 0);
        assert_non_null(strstr(passage->title, ".wav"));
    } else if (strcmp(input, "texts") == 0)
        assert_non_null(axis->text);
    else
        assert_int_equal(axis->features, 2);
    rondo_inspection_close(&inspection);
}

static void every_kind(void **state) {
    (void)state;
    tiny_sounds_files();
    for (int i = 0; i < TINY_KINDS; i++) {
        tiny t = tiny_kind_make("model", i);
        tiny_run(&t);
        rondo_model *model = tiny_open(&t, context);
        char name[32];
        snprintf(name, sizeof name, "%s-dev.tsv", tiny_kinds[i][0]);
        const char *file = test_path(name);
        const rondo_inspect_data data = {.files = 1, .file = &file};
        const double loss = look_loss(model, 1, &file);
        assert_int_equal(look_check(model, &data, loss), TINY_DEV);
        assert_true(look_check(model, NULL, NAN) > 0);
        check_axis(model, tiny_kinds[i][0]);
        look_check_views(model, &data);
        rondo_model_close(&model);
        tiny_clean(&t);
    }
}

/* A text without a label has no loss; sounds are no text. */
static void texts(void **state) {
    (void)state;
    tiny t = tiny_sounds_make("model", "texts", NULL);
    tiny_run(&t);
    rondo_model *model = tiny_open(&t, context);
    rondo_inspection *inspection = look_open(model, &(rondo_inspect_data){.text = "up above"});
    rondo_view *view = NULL;
    rondo_error err = {0};
    assert_int_equal(rondo_inspection_view(inspection, "states", NULL, &view, NULL), RONDO_OK);
    rondo_view_free(&view);
    assert_int_equal(rondo_inspection_view(inspection, "ablate", NULL, &view, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "needs to know what is right"));
    rondo_inspection_close(&inspection);
    const char *file = test_path("texts-dev.tsv");
    look_every_failure(model, &(rondo_inspect_data){.files = 1, .file = &file}, "gates");
    rondo_model_close(&model);
    tiny_clean(&t);
    t = tiny_sounds_make("model", "sounds", NULL);
    tiny_run(&t);
    model = tiny_open(&t, context);
    assert_int_equal(rondo_inspection_open(&inspection, model, &(rondo_inspect_data){.text = "up"}, &err),
                     RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "reads no text"));
    rondo_model_close(&model);
    tiny_clean(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind), cmocka_unit_test(texts)};
    return cmocka_run_group_tests(tests, look_make_context, look_drop_context);
}

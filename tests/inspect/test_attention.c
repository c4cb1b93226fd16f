/* Attention: entropy and alignment by hand; rows of real models sum to 1, head by head. Needs: JANSSON YAML. */
#include "../tasks/tiny_pairs.h"

#include "inspect/alignment.h"
#include "inspect/inspect.h"

#include <math.h>

/* ---- by hand: two heads, three target steps (the last one the end), four source steps ---- */

static rondo__look_attention by_hand(double weight[2][3][4], rondo__look_axis axis[2]) {
    static const char *target[] = {"a", " b", "\n"}, *source[] = {"x", " y", " z", "\n"};
    static const double given[2][3][4] = {{{1, 0, 0, 0}, {0.25, 0.25, 0.25, 0.25}, {0, 0, 0, 1}},
                                          {{0.5, 0.5, 0, 0}, {0, 0, 0.5, 0.5}, {1, 0, 0, 0}}};
    memcpy(weight, given, sizeof given);
    axis[0] = (rondo__look_axis){.unit = "word", .T = 3, .label = target, .text = target};
    axis[1] = (rondo__look_axis){.unit = "word", .T = 4, .label = source, .text = source};
    return (rondo__look_attention){
        .name = "attention", .layers = 1, .heads = 2, .target = &axis[0], .source = &axis[1], .weight = weight[0][0]};
}

static void entropy_by_hand(void **state) {
    (void)state;
    double weight[2][3][4], mean[12];
    rondo__look_axis axis[2];
    const rondo__look_attention a = by_hand(weight, axis);
    assert_true(rondo__attention_entropy(&a, 0, 0, 0) == 0);
    assert_true(fabs(rondo__attention_entropy(&a, 0, 0, 1) - 2) < 1e-12);
    assert_true(fabs(rondo__attention_entropy(&a, 0, 1, 1) - 1) < 1e-12);
    assert_true(fabs(rondo__attention_entropy(&a, 0, 2, 2) - 1) < 1e-12); /* the mean of both */
    rondo__attention_weights(&a, 0, 2, mean);
    assert_true(mean[0] == 0.75 && mean[1] == 0.25 && mean[6] == 0.375 && mean[11] == 0.5);
    weight[0][0][1] = NAN;
    assert_true(isnan(rondo__attention_entropy(&a, 0, 0, 0)));
}

static void alignment_by_hand(void **state) {
    (void)state;
    double weight[2][3][4];
    rondo__look_axis axis[2];
    rondo__text line = {0};
    const rondo__look_attention a = by_hand(weight, axis);
    rondo__attention_align(&a, 0, &line);
    assert_string_equal(line.data, "0-0 2-1"); /* of as much the first; the end goes with nothing */
    line.size = 0;
    weight[1][0][0] = 0;
    weight[0][0][0] = 0;
    weight[1][0][3] = 1;
    rondo__attention_align(&a, 0, &line);
    assert_string_equal(line.data, "2-1"); /* a looks at the end */
    rondo__text_free(&line);
}

/* ---- models ---- */

static rondo_inspection *inspect(rondo_model *model) {
    static const char *const names[] = {"dev.src", "dev.tgt"};
    char path[2][256];
    const char *file[2];
    rondo_inspection *inspection;
    rondo_error err = {0};
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s", test_path(names[i]));
        file[i] = path[i];
    }
    if (rondo_inspection_open(&inspection, model, &(rondo_inspect_data){.files = 2, .file = file}, &err))
        fail_msg("%s", err.message);
    return inspection;
}

static rondo_model *train(rondo_context *context, const char *const *sets) {
    tiny t = tiny_pairs_make("run", sets);
    t.set[t.options.sets++] = "train.max_steps=2";
    t.set[t.options.sets++] = "train.evaluate_every=2";
    t.set[t.options.sets++] = "train.metric=valid_loss";
    tiny_run(&t);
    return tiny_open(&t, context);
}

static void rows_sum_to_one(const rondo_view *view) {
    for (int p = 0; p < view->panels; p++) {
        const rondo__view_heatmap *map = &view->panel[p]->heatmap;
        for (int64_t r = 0; view->panel[p]->kind == RONDO__HEATMAP && r < map->rows.count; r++) {
            double sum = 0;
            for (int64_t c = 0; c < map->columns.count; c++)
                sum += map->value[r * map->columns.count + c];
            if (!(fabs(sum - 1) < 1e-5))
                fail_msg("%s, row %lld: the sum is %g", view->panel[p]->title, (long long)r, sum);
        }
    }
}

static int maps_of(const rondo_view *view) {
    int maps = 0;
    for (int p = 0; p < view->panels; p++)
        maps += view->panel[p]->kind == RONDO__HEATMAP;
    return maps;
}

static void models(void **state) {
    (void)state;
    static const struct {
        const char *set[4];
        int maps; /* of the attention, and of the encoder's own; heads > 1 have their mean beside them */
        int own;
    } kinds[] = {
        {{"model.attention=general"}, 1, 0},
        {{"model.attention={type: multihead, heads: 2}"}, 3, 0},
        {{"model.copy=true", "data.source_tokenizer={type: word, max_size: 5}",
          "data.target_tokenizer={type: word, max_size: 5}"},
         1,
         0},
        {{"model.encoder={cell: transformer, heads: 2, layers: 2, hidden_size: 256, bidirectional: false}",
          "model.decoder={cell: transformer, heads: 3, hidden_size: 256}"},
         4,
         6},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        rondo_context *context = tiny_context(1);
        rondo_model *model = train(context, kinds[i].set);
        rondo_inspection *inspection = inspect(model);
        rondo_view *view;
        rondo_error err = {0};
        if (rondo_inspection_view(inspection, "attention", &(rondo_view_options){.passage = 1, .passages = 3}, &view,
                                  &err))
            fail_msg("%s", err.message);
        rows_sum_to_one(view);
        assert_int_equal(maps_of(view), kinds[i].maps);
        int lines = 0;
        for (const char *p = view->alignment; *p; p++)
            lines += *p == '\n';
        assert_int_equal(lines, 3);
        assert_int_equal(rondo_view_write(view, test_path("a.pharaoh"), NULL), RONDO_OK);
        rondo_view_free(&view);
        const rondo_view_options own = {.stack = "encoder"};
        const rondo_status status = rondo_inspection_view(inspection, "attention", &own, &view, &err);
        assert_int_equal(status, kinds[i].own ? RONDO_OK : RONDO_ARGUMENT);
        if (kinds[i].own) {
            rows_sum_to_one(view);
            assert_int_equal(maps_of(view), kinds[i].own);
        }
        rondo_view_free(&view);
        assert_int_equal(rondo_inspection_view(inspection, "attention", &(rondo_view_options){.layer = 9}, &view, &err),
                         RONDO_ARGUMENT);
        assert_non_null(strstr(err.message, "layer 8 is not there"));
        rondo_inspection_close(&inspection);
        rondo_model_close(&model);
        rondo_context_destroy(&context);
    }
}

/* What rondo_model_translate says of its own output, greedily written, is the view's of a text without a target. */
static void as_translated(void **state) {
    (void)state;
    rondo_context *context = tiny_context(1);
    rondo_model *model = train(context, (const char *const[]){"model.attention=additive", NULL});
    const char *line = "ichi ni san";
    const rondo_translate_options options = {.search = {.want_weights = true}};
    rondo_translation translation;
    rondo_inspection *inspection;
    rondo_view *view;
    rondo_error err = {0};
    assert_int_equal(rondo_model_translate(model, 1, &line, &options, &translation, NULL), RONDO_OK);
    if (rondo_inspection_open(&inspection, model, &(rondo_inspect_data){.text = line}, &err) ||
        rondo_inspection_view(inspection, "attention", NULL, &view, &err))
        fail_msg("%s", err.message);
    const rondo__view_heatmap *map = &view->panel[0]->heatmap;
    assert_int_equal(map->columns.count, translation.source_count);
    assert_true(map->rows.count >= translation.target_count); /* the end may not have been looked for */
    for (int64_t i = 0; i < translation.target_count * translation.source_count; i++)
        assert_true(fabs(map->value[i] - (double)translation.weights[i]) < 1e-5);
    rondo_translation_free(&translation);
    rondo_view_free(&view);
    rondo_inspection_close(&inspection);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
}

static void none(void **state) {
    (void)state;
    rondo_context *context = tiny_context(1);
    rondo_model *model = train(context, (const char *const[]){"model.attention=none", NULL});
    rondo_inspection *inspection = inspect(model);
    rondo_view *view;
    rondo_error err = {0};
    assert_int_equal(rondo_inspection_view(inspection, "attention", NULL, &view, &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "no attention"));
    rondo_inspection_close(&inspection);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
}

static int body(void *arg) {
    rondo_view *view;
    const rondo_status status =
        rondo_inspection_view(arg, "attention", &(rondo_view_options){.passages = 2}, &view, NULL);
    rondo_view_free(&view);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    rondo_context *context = tiny_context(1);
    rondo_model *model = train(context, NULL);
    rondo_inspection *inspection = inspect(model);
    assert_int_equal(body(inspection), RONDO_OK); /* arenas are as large as they must be */
    test_every_failure(body, inspection);
    rondo_inspection_close(&inspection);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entropy_by_hand),
        cmocka_unit_test(alignment_by_hand),
        cmocka_unit_test(models),
        cmocka_unit_test(as_translated),
        cmocka_unit_test(none),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The view of gradients: what a trained model forgets, beside what it forgot at its start, whose weights are put back.
 * Needs: JANSSON YAML. */
#include "../tasks/tiny.h"
#include "../tasks/tiny_tags.h"

#include "inspect/gradients.h"
#include "inspect/inspect.h"

#include <math.h>

/* text NULL: of the file it was trained on */
static rondo_inspection *open_with(rondo_context *context, rondo_model **model, const char *const *sets,
                                   const char *text) {
    char path[400];
    const char *file = test_path("tiny.txt");
    rondo_inspection *inspection;
    rondo_error err = {0};
    const rondo_inspect_data data = {.files = text ? 0 : 1, .file = &file, .text = text};
    tiny t = tiny_make("run", sets);
    tiny_run(&t);
    snprintf(path, sizeof path, "%s/model.safetensors", t.folder);
    if (rondo_model_open(model, context, path, &err) || rondo_inspection_open(&inspection, *model, &data, &err))
        fail_msg("%s", err.message);
    return inspection;
}

static rondo_context *context_of(int threads) {
    rondo_context *made;
    assert_int_equal(rondo_context_create(&made, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    return made;
}

static rondo_view *view_of(rondo_inspection *inspection, const rondo_view_options *options) {
    rondo_view *view;
    rondo_error err = {0};
    if (rondo_inspection_view(inspection, "gradients", options, &view, &err))
        fail_msg("%s", err.message);
    return view;
}

static const rondo__panel *panel_of(const rondo_view *view, rondo__panel_kind kind, int which) {
    for (int i = 0; i < view->panels; i++)
        if (view->panel[i]->kind == kind && which-- == 0)
            return view->panel[i];
    fail_msg("no such panel");
    return NULL;
}

static bool take_text(const char *text, size_t size, void *arg) {
    rondo__text_add(arg, text, size);
    return true;
}

static void write_text(rondo_model *model, rondo__text *out) {
    const rondo_generate_options options = {.tokens = 60, .seed = 4};
    assert_int_equal(rondo_model_generate(model, &options, take_text, out, NULL), RONDO_OK);
}

/* Nothing that was made of the weights at the start is left in the model. */
static void used_afterwards(void **state) {
    (void)state;
    rondo_context *context = context_of(1);
    rondo_model *model;
    rondo__text text[2] = {{0}};
    rondo_inspection *inspection = open_with(context, &model, NULL, NULL);
    write_text(model, &text[0]);
    rondo_view *view = view_of(inspection, &(rondo_view_options){.passages = 1});
    rondo_view_free(&view);
    write_text(model, &text[1]);
    assert_string_equal(text[0].data, text[1].data);
    rondo__text_free(&text[0]);
    rondo__text_free(&text[1]);
    rondo_inspection_close(&inspection);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
}

static void lstm(void **state) {
    (void)state;
    rondo_context *context = context_of(1);
    rondo_model *model;
    rondo_inspection *inspection = open_with(context, &model, NULL, NULL);
    rondo_params *params = model->task->params;
    const size_t bytes = (size_t)rondo_params_size(params) * sizeof(real);
    real *before = rondo__alloc(bytes);
    memcpy(before, rondo_params_values(params), bytes);
    rondo_view *view = view_of(inspection, &(rondo_view_options){.lags = 20, .passages = 2});
    assert_memory_equal(before, rondo_params_values(params), bytes);
    const rondo__view_lines *lines = &panel_of(view, RONDO__LINES, 1)->lines;
    assert_int_equal(lines->count, 21);
    assert_int_equal(lines->series, 4); /* h and c, trained and at the start */
    for (int i = 0; i < 4; i++) {
        assert_true(lines->serie[i].value[0] == 1);
        assert_true(lines->serie[i].value[20] < 1 && lines->serie[i].value[20] > 0);
    }
    /* by its forget gates of about σ(1) a cell holds for some steps at the start, and does not grow */
    assert_true(lines->serie[3].value[1] > 0.5 && lines->serie[3].value[1] < 1);
    const rondo__view_table *table = &panel_of(view, RONDO__TABLE, 0)->table;
    assert_int_equal(table->rows, 4);
    for (int row = 0; row < 4; row += 2) {
        const rondo__view_cell *cell = table->cell + row * table->columns;
        assert_true(cell[4].number > 0.3 && cell[4].number < 2 && cell[5].number >= cell[4].number);
    }
    rondo_view_free(&view);
    rondo__free(before);
    rondo_inspection_close(&inspection);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
}

/* The same numbers twice, and with any number of threads. */
static void repeatable(void **state) {
    (void)state;
    double kept[2][16];
    for (int threads = 1; threads <= 3; threads += 2) {
        rondo_context *context = context_of(threads);
        rondo_model *model;
        rondo_inspection *inspection = open_with(context, &model, (const char *const[]){"model.cell=gru", NULL}, NULL);
        for (int i = 0; i < 2; i++) {
            rondo_view *view = view_of(inspection, &(rondo_view_options){.lags = 15, .passages = 1, .layer = 1});
            const rondo__view_lines *lines = &panel_of(view, RONDO__LINES, 0)->lines;
            assert_int_equal(view->panels, 2);
            if (threads == 1 && i == 0)
                memcpy(kept[0], lines->serie[0].value, sizeof kept[0]);
            memcpy(kept[1], lines->serie[0].value, sizeof kept[1]);
            assert_memory_equal(kept[0], kept[1], sizeof kept[0]);
            rondo_view_free(&view);
        }
        rondo_inspection_close(&inspection);
        rondo_model_close(&model);
        rondo_context_destroy(&context);
    }
}

/* ---- by hand: a tagger in both directions, each losing its own share per step, whosever losses they are ---- */

static void set_all(rondo_params *params, const char *name, double value) {
    const int found = rondo_params_find(params, name);
    assert_true(found >= 0);
    const rondo_param *param = rondo_params_at(params, found);
    for (int64_t i = 0; i < rondo_tensor_count(&param->value); i++)
        ((real *)param->value.data)[i] = (real)value;
}

static void keep(rondo_params *params, const char *name, double share) {
    set_all(params, name, 0);
    const rondo_param *param = rondo_params_at(params, rondo_params_find(params, name));
    for (int64_t i = 0; i < param->value.dims[0]; i++)
        ((real *)param->value.data)[i * param->value.dims[1] + i] = (real)share;
}

static void lose_shares(void **state) {
    (void)state;
    static const char *const kinds[][6] = {{"model.cell=elman", "model.activation=relu", "model.crf=false"},
                                           {"model.cell=elman", "model.activation=relu", "model.crf=true"}};
    for (int k = 0; k < 2; k++) {
        tiny t = tiny_tags_make("tagger", kinds[k]);
        tiny_run(&t);
        rondo_context *context = context_of(1);
        rondo_model *model = tiny_open(&t, context);
        rondo_params *params = model->task->params;
        const char *file = test_path("dev.conllu");
        rondo_inspection *inspection;
        assert_int_equal(
            rondo_inspection_open(&inspection, model, &(rondo_inspect_data){.files = 1, .file = &file}, NULL),
            RONDO_OK);
        const double share[2] = {0.9, 0.5};
        for (int d = 0; d < 2; d++) {
            char name[64];
            snprintf(name, sizeof name, "rnn.weight_hh_l0%s", d ? "_reverse" : "");
            keep(params, name, share[d]);
            snprintf(name, sizeof name, "rnn.weight_ih_l0%s", d ? "_reverse" : "");
            set_all(params, name, 0);
            snprintf(name, sizeof name, "rnn.bias_ih_l0%s", d ? "_reverse" : "");
            set_all(params, name, 0.25);
            snprintf(name, sizeof name, "rnn.bias_hh_l0%s", d ? "_reverse" : "");
            set_all(params, name, 0.25);
        }
        rondo_view *view = view_of(inspection, NULL);
        for (int d = 0; d < 2; d++) {
            const rondo__view_lines *lines = &panel_of(view, RONDO__LINES, d)->lines;
            const rondo__view_cell *row = panel_of(view, RONDO__TABLE, 0)->table.cell + d * 8;
            assert_true(lines->count >= 4);
            for (int64_t lag = 0; lag < lines->count; lag++)
                assert_true(fabs(lines->serie[0].value[lag] - pow(share[d], (double)lag)) < 1e-6);
            assert_true(fabs(row[4].number - share[d]) < 1e-6 && fabs(row[5].number - share[d]) < 1e-6);
        }
        assert_non_null(strstr(view->fact[0].text, k ? "the whole loss" : "the loss of step t"));
        rondo_view_free(&view);
        rondo_inspection_close(&inspection);
        rondo_model_close(&model);
        rondo_context_destroy(&context);
    }
}

static void options(void **state) {
    (void)state;
    rondo_context *context = context_of(1);
    rondo_model *model;
    rondo_inspection *inspection = open_with(context, &model, (const char *const[]){"model.cell=elman", NULL}, NULL);
    rondo_view *view;
    rondo_error err = {0};
    const rondo_view_options no_gate = {.gate = "forget"};
    assert_int_equal(rondo_inspection_view(inspection, "gradients", &no_gate, &view, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "no use for gate"));
    /* longer than any passage: as long as there is anything */
    view = view_of(inspection, &(rondo_view_options){.lags = 5000, .passages = 1});
    assert_true(panel_of(view, RONDO__LINES, 0)->lines.count <= 256);
    rondo_view_free(&view);
    rondo_inspection_close(&inspection);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
}

static int body(void *arg) {
    rondo_view *view;
    const rondo_view_options options = {.lags = 3, .passages = 1, .layer = 1};
    const rondo_status status = rondo_inspection_view(arg, "gradients", &options, &view, NULL);
    rondo_view_free(&view);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    rondo_context *context = context_of(1);
    rondo_model *model;
    rondo_inspection *inspection = open_with(context, &model, (const char *const[]){"model.layers=1", NULL}, "the cat");
    assert_int_equal(body(inspection), RONDO_OK); /* arenas are as large as they must be */
    test_every_failure(body, inspection);
    rondo_inspection_close(&inspection);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lstm),        cmocka_unit_test(used_afterwards),
                                       cmocka_unit_test(lose_shares), cmocka_unit_test(repeatable),
                                       cmocka_unit_test(options),     cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

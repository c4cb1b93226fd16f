/* Gates of networks made by hand: what their saturation, dead units and time constants are can be worked out on paper.
 * Needs: JANSSON YAML. */
#include "inspect/inspect.h"
#include "looking.h"
#include "tasks/tiny.h"

static rondo_model *lstm, *gru;

/* A model whose recurrent weights are all 0: gates are their biases alone. */
static rondo_model *make_model(const char *cell) {
    char set[32], path[400];
    rondo_model *model;
    rondo_error err;
    snprintf(set, sizeof set, "model.cell=%s", cell);
    tiny t = tiny_make(cell,
                       (const char *const[]){set, "model.layers=1", "model.hidden_size=4", "train.max_steps=10", NULL});
    tiny_run(&t);
    snprintf(path, sizeof path, "%s/model.safetensors", t.folder);
    if (rondo_model_open(&model, context, path, &err))
        fail_msg("%s", err.message);
    tiny_clean(&t);
    return model;
}

static float *weights(rondo_model *model, const char *name) {
    rondo_params *params = model->task->params;
    const int index = rondo_params_find(params, name);
    assert_true(index >= 0);
    return rondo_params_at(params, index)->value.data;
}

static void clear(rondo_model *model, int64_t H, int gates) {
    memset(weights(model, "rnn.weight_ih_l0"), 0, (size_t)(gates * H * 5) * sizeof(float));
    memset(weights(model, "rnn.weight_hh_l0"), 0, (size_t)(gates * H * H) * sizeof(float));
    memset(weights(model, "rnn.bias_ih_l0"), 0, (size_t)(gates * H) * sizeof(float));
    memset(weights(model, "rnn.bias_hh_l0"), 0, (size_t)(gates * H) * sizeof(float));
}

static float logit(double p) { return (float)log(p / (1 - p)); }

enum { H = 4 };

static int make_models(void **state) {
    (void)state;
    assert_int_equal(look_make_context(state), RONDO_OK);
    /* forget gates 0.9, 0.5, 0.99, 0.05; input gates 0.5; output gates 0.95 but for unit 3: shut for ever */
    lstm = make_model("lstm");
    clear(lstm, H, 4);
    float *bias = weights(lstm, "rnn.bias_ih_l0");
    static const double forget[H] = {0.9, 0.5, 0.99, 0.05};
    for (int j = 0; j < H; j++) {
        bias[H + j] = logit(forget[j]);
        bias[2 * H + j] = 1;
        bias[3 * H + j] = j == 3 ? logit(1e-4) : logit(0.95);
    }
    /* update gates 0.9, 0.5, 0.99, 0.05; unit 1 has no candidate: it never moves */
    gru = make_model("gru");
    clear(gru, H, 3);
    bias = weights(gru, "rnn.bias_ih_l0");
    for (int j = 0; j < H; j++) {
        bias[H + j] = logit(forget[j]);
        bias[2 * H + j] = j == 1 ? 0 : 1;
    }
    return 0;
}

static int drop_models(void **state) {
    (void)state;
    rondo_model_close(&lstm);
    rondo_model_close(&gru);
    return look_drop_context(state);
}

static rondo_view *gates_of(rondo_model *model, const rondo_view_options *options) {
    rondo_inspection *inspection = look_open(model, &(rondo_inspect_data){.text = "the cat sees it"});
    rondo_view *view;
    rondo_error err;
    if (rondo_inspection_view(inspection, "gates", options, &view, &err))
        fail_msg("%s", err.message);
    rondo_inspection_close(&inspection);
    return view;
}

static const rondo__panel *panel_of(const rondo_view *view, rondo__panel_kind kind, const char *title) {
    for (int i = 0; i < view->panels; i++)
        if (view->panel[i]->kind == kind && strstr(view->panel[i]->title, title))
            return view->panel[i];
    fail_msg("there is no '%s'", title);
    return NULL;
}

static void near_to(double is, double expected) {
    if (!(fabs(is - expected) <= 1e-5 * (1 + fabs(expected))))
        fail_msg("%.9g, not %.9g", is, expected);
}

static const char *fact_of(const rondo_view *view, const char *name) {
    for (int i = 0; i < view->facts; i++)
        if (strcmp(view->fact[i].name, name) == 0)
            return view->fact[i].text;
    fail_msg("there is no '%s'", name);
    return NULL;
}

/* mean, shut, open, units mostly shut, mostly open */
static void check_gate(const rondo_view *view, const char *gate, const double expected[5]) {
    const rondo__view_table *table = &panel_of(view, RONDO__TABLE, "gates")->table;
    for (int64_t r = 0; r < table->rows; r++) {
        const rondo__view_cell *row = &table->cell[r * table->columns];
        if (strcmp(row[1].text, gate) != 0)
            continue;
        for (int c = 0; c < 5; c++)
            near_to(row[2 + c].number, expected[c]);
        return;
    }
    fail_msg("there is no '%s'", gate);
}

/* Units with the longest memory first: -1 / ln f. */
static void check_constants(const rondo_view *view) {
    static const double expected[H][2] = {{2, 99.4991624}, {0, 9.49122158}, {1, 1.44269504}, {3, 0.333808201}};
    const rondo__view_table *table = &panel_of(view, RONDO__TABLE, "keep their state longest")->table;
    assert_int_equal(table->rows, H);
    for (int r = 0; r < H; r++) {
        near_to(table->cell[r * 5].number, expected[r][0]);
        if (fabs(table->cell[r * 5 + 1].number / expected[r][1] - 1) > 2e-5)
            fail_msg("%g, not %g steps", table->cell[r * 5 + 1].number, expected[r][1]);
    }
    const rondo__view_bars *bars = &panel_of(view, RONDO__BARS, "how long units")->bars;
    static const double units[] = {1, 1, 0, 1, 0, 0, 1};
    for (int i = 0; i < 7; i++)
        near_to(bars->serie[0].value[i], units[i]);
}

/* Of 0.9, 0.5, 0.99 and 0.05, how many are open: a float next to 0.9 may lie on either side of it. */
static int open_units(void) { return 1 + (1 / (1 + exp(-(double)logit(0.9))) > 0.9); }

static void by_hand_lstm(void **state) {
    (void)state;
    const int open = open_units();
    rondo_view *view = gates_of(lstm, NULL);
    check_gate(view, "forget gate", (double[]){(0.9 + 0.5 + 0.99 + 0.05) / 4, 0.25, 0.25 * open, 1, open});
    check_gate(view, "input gate", (double[]){0.5, 0, 0, 0, 0});
    check_gate(view, "output gate", (double[]){(0.95 * 3 + 1e-4) / 4, 0.25, 0.75, 1, 3});
    check_constants(view);
    assert_string_equal(fact_of(view, "dead units, layer 0"), "1 of 4: 3");
    const rondo__view_bars *bars = &panel_of(view, RONDO__BARS, "how far gates")->bars;
    assert_int_equal(bars->series, 3);
    near_to(bars->serie[1].value[0], 0.25); /* of the forget gate: 0.05 */
    near_to(bars->serie[1].value[9], 0.25 * open);
    near_to(bars->edge[9], 0.9);
    rondo_view_free(&view);
}

static void by_hand_gru(void **state) {
    (void)state;
    rondo_view *view = gates_of(gru, NULL);
    const int open = open_units();
    check_gate(view, "update gate", (double[]){(0.9 + 0.5 + 0.99 + 0.05) / 4, 0.25, 0.25 * open, 1, open});
    check_gate(view, "reset gate", (double[]){0.5, 0, 0, 0, 0});
    check_constants(view);
    assert_string_equal(fact_of(view, "dead units, layer 0"), "1 of 4: 1");
    rondo_view_free(&view);
    view = gates_of(gru, &(rondo_view_options){.gate = "reset"});
    assert_int_equal(panel_of(view, RONDO__TABLE, "gates")->table.rows, 1);
    rondo_view_free(&view);
}

/* What is frozen at its mean where it never moves changes nothing; a shut unit is not missed, another one is. */
static void ablated_by_hand(void **state) {
    (void)state;
    static const char *const names[] = {"input gate", "forget gate", "candidate", "output gate"};
    rondo_inspection *inspection = look_open(lstm, &(rondo_inspect_data){.text = "the cat sees it"});
    rondo_view *view;
    assert_int_equal(rondo_inspection_view(inspection, "ablate", NULL, &view, NULL), RONDO_OK);
    const rondo__view_bars *bars = &panel_of(view, RONDO__BARS, "frozen")->bars;
    assert_int_equal(bars->x.count, 4);
    for (int i = 0; i < 4; i++) {
        assert_non_null(strstr(bars->x.name[i], names[i]));
        assert_true(fabs(bars->serie[0].value[i]) < 1e-5);
    }
    const rondo__view_table *table = &panel_of(view, RONDO__TABLE, "units silenced")->table;
    assert_int_equal(table->rows, 4);
    for (int r = 0; r < 4; r++)
        assert_true((table->cell[r * 3 + 1].number == 3) == (fabs(table->cell[r * 3 + 2].number) < 1e-4));
    rondo_view_free(&view);
    rondo_inspection_close(&inspection);
}

/* Heatmaps hold what the trace says, in the order that was asked for. */
static void states_by_hand(void **state) {
    (void)state;
    rondo_inspection *inspection = look_open(lstm, &(rondo_inspect_data){.text = "the cat sees it"});
    rondo_view *view;
    const rondo_view_options by_number = {.order = RONDO_ORDER_INDEX, .from = 2, .steps = 5};
    assert_int_equal(rondo_inspection_view(inspection, "states", &by_number, &view, NULL), RONDO_OK);
    const rondo__view_heatmap *f = &panel_of(view, RONDO__HEATMAP, "forget gate")->heatmap;
    const rondo__view_heatmap *cell = &panel_of(view, RONDO__HEATMAP, "cell")->heatmap;
    assert_int_equal(view->panels, 6);
    assert_int_equal(f->rows.count, 4);
    assert_int_equal(f->columns.count, 5);
    assert_string_equal(f->columns.name[0], "e");
    assert_string_equal(f->columns.name[1], "\xe2\x90\xa3");
    assert_true(!f->diverging && cell->diverging);
    near_to(f->value[0], 0.9);
    near_to(f->value[3 * 5 + 4], 0.05);
    double c = 0;
    for (int t = 0; t < 3; t++)
        c = 0.9 * c + 0.5 * tanh(1);
    near_to(cell->value[0], c);
    rondo_view_free(&view);
    const rondo_view_options by_mean = {.order = RONDO_ORDER_MEAN, .gate = "cell", .limit = 2};
    assert_int_equal(rondo_inspection_view(inspection, "states", &by_mean, &view, NULL), RONDO_OK);
    assert_int_equal(view->panels, 1);
    assert_int_equal(view->panel[0]->heatmap.rows.count, 2);
    rondo_view_free(&view);
    rondo_inspection_close(&inspection);
}

/* Numbers that are lost show as such, and every view comes to its end. */
static void not_numbers(void **state) {
    (void)state;
    float *bias = weights(gru, "rnn.bias_ih_l0"), before = bias[H + 2];
    bias[H + 2] = NAN;
    look_check_views(gru, &(rondo_inspect_data){.text = "the cat sees it"});
    rondo_view *view = gates_of(gru, NULL);
    const rondo__view_table *table = &panel_of(view, RONDO__TABLE, "keep their state longest")->table;
    assert_true(isnan(table->cell[3 * 5 + 1].number));
    rondo_view_free(&view);
    bias[H + 2] = before;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand_lstm),   cmocka_unit_test(by_hand_gru), cmocka_unit_test(ablated_by_hand),
        cmocka_unit_test(states_by_hand), cmocka_unit_test(not_numbers),
    };
    return cmocka_run_group_tests(tests, make_models, drop_models);
}

/* The view of neurons: a unit that is made to follow a pattern is found; what is alike is found; states streamed are
 * states traced. Needs: JANSSON YAML. */
#include "../tasks/tiny.h"

#include "inspect/inspect.h"
#include "inspect/units.h"

#include <math.h>

typedef struct opened {
    rondo_context *context;
    rondo_model *model;
    rondo_inspection *inspection;
} opened;

static opened open_with(const char *const *sets, const char *text) {
    char path[400];
    const char *file = test_path("tiny.txt");
    opened o;
    rondo_error err = {0};
    const rondo_inspect_data data = {.files = text ? 0 : 1, .file = &file, .text = text};
    tiny t = tiny_make("run", sets);
    tiny_run(&t);
    snprintf(path, sizeof path, "%s/model.safetensors", t.folder);
    assert_int_equal(rondo_context_create(&o.context, &(rondo_context_options){.threads = 1}, NULL), RONDO_OK);
    if (rondo_model_open(&o.model, o.context, path, &err) || rondo_inspection_open(&o.inspection, o.model, &data, &err))
        fail_msg("%s", err.message);
    return o;
}

static void close_all(opened *o) {
    rondo_inspection_close(&o->inspection);
    rondo_model_close(&o->model);
    rondo_context_destroy(&o->context);
}

static rondo_view *view_of(const opened *o, const rondo_view_options *options) {
    rondo_view *view;
    rondo_error err = {0};
    if (rondo_inspection_view(o->inspection, "neurons", options, &view, &err))
        fail_msg("%s", err.message);
    return view;
}

static void refused(const opened *o, const rondo_view_options *options, const char *part) {
    rondo_view *view;
    rondo_error err = {0};
    assert_int_equal(rondo_inspection_view(o->inspection, "neurons", options, &view, &err), RONDO_ARGUMENT);
    if (!strstr(err.message, part))
        fail_msg("'%s', not '%s'", err.message, part);
}

static const rondo__panel *panel_of(const rondo_view *view, rondo__panel_kind kind) {
    for (int i = 0; i < view->panels; i++)
        if (view->panel[i]->kind == kind)
            return view->panel[i];
    fail_msg("no such panel");
    return NULL;
}

/* ---- states ---- */

static void streamed_is_traced(void **state) {
    (void)state;
    static const char *const kinds[][3] = {{"model.cell=lstm"}, {"model.cell=gru"}, {"model.cell=elman"}};
    for (int k = 0; k < 3; k++) {
        opened o = open_with(kinds[k], NULL);
        rondo__units units;
        rondo__trace trace;
        assert_int_equal(rondo__look_at(o.inspection->look, 1, NULL),
                         RONDO_OK); /* not the first: it begins with states */
        const rondo__look_stack *stack = &o.inspection->look->passage.stack[0];
        assert_int_equal(rondo__units_open(&units, o.context, stack->net, NULL), RONDO_OK);
        assert_non_null(units.stream);
        double *states = rondo__calloc((size_t)(stack->axis.T * units.count), sizeof *states);
        assert_int_equal(rondo__units_run(&units, stack, states, NULL), RONDO_OK);
        assert_int_equal(rondo__inspect_trace(stack, NULL, &trace, NULL), RONDO_OK);
        for (int p = 0; p < units.parts; p++) {
            const rondo__units_part *part = &units.part[p];
            const double *from = part->cell ? trace.at[part->layer].cell : trace.at[part->layer].output;
            for (int64_t t = 0; t < trace.T; t++)
                for (int64_t j = 0; j < part->count; j++)
                    assert_true(fabs(states[t * units.count + part->first + j] - from[t * part->count + j]) < 1e-4);
        }
        rondo__trace_free(&trace);
        rondo__free(states);
        rondo__units_close(&units);
        close_all(&o);
    }
}

/* ---- a unit made to follow ---- */

/* Unit 3 of an Elman layer sees one symbol only, as strongly as can be. */
static void follow(const opened *o, const char *symbol) {
    rondo_params *params = o->model->task->params;
    int32_t *ids;
    int64_t count;
    assert_int_equal(rondo_model_encode(o->model, symbol, 1, &ids, &count, NULL), RONDO_OK);
    rondo_param *table = rondo_params_at(params, rondo_params_find(params, "embedding.weight"));
    const int64_t V = table->value.dims[0], E = table->value.dims[1];
    real *rows = table->value.data;
    for (int64_t v = 0; v < V; v++)
        rows[v * E + 2] = v == ids[0] ? 3 : 0;
    rondo_param *w = rondo_params_at(params, rondo_params_find(params, "rnn.weight_ih_l0"));
    for (int64_t e = 0; e < E; e++)
        ((real *)w->value.data)[3 * E + e] = e == 2 ? 1 : 0;
    w = rondo_params_at(params, rondo_params_find(params, "rnn.weight_hh_l0"));
    const int64_t H = w->value.dims[1];
    memset((real *)w->value.data + 3 * H, 0, (size_t)H * sizeof(real));
    ((real *)rondo_params_at(params, rondo_params_find(params, "rnn.bias_ih_l0"))->value.data)[3] = 0;
    ((real *)rondo_params_at(params, rondo_params_find(params, "rnn.bias_hh_l0"))->value.data)[3] = 0;
    rondo_model_coded_free(ids);
}

static void made_to_follow(void **state) {
    (void)state;
    opened o = open_with((const char *const[]){"model.cell=elman", "model.layers=1", NULL}, NULL);
    follow(&o, " ");
    const rondo_view_options spaces = {.pattern = "space", .limit = 4};
    rondo_view *view = view_of(&o, &spaces);
    const rondo__view_table *table = &panel_of(view, RONDO__TABLE)->table;
    assert_int_equal(table->rows, 4);
    assert_string_equal(table->cell[1].text, "layer 0, h 3");
    assert_true(fabs(table->cell[2].number - 1) < 1e-6);
    for (int64_t i = 1; i < 4; i++)
        assert_true(fabs(table->cell[4 * i + 2].number) <= fabs(table->cell[4 * (i - 1) + 2].number));
    const rondo__view_passages *places = &panel_of(view, RONDO__PASSAGES)->passages;
    assert_int_equal(places->count, 4);
    for (int64_t i = 0; i < places->count; i++)
        assert_string_equal(places->item[i].name[places->item[i].from], "␣");
    const rondo__view_lines *means = &panel_of(view, RONDO__LINES)->lines;
    assert_int_equal(means->count, 2);
    assert_true(means->serie[0].value[0] == 0 && fabs(means->serie[0].value[1] - tanh(3)) < 1e-5);
    rondo_view_free(&view);
    /* of all patterns it is that one's */
    view = view_of(&o, NULL);
    table = &panel_of(view, RONDO__TABLE)->table;
    assert_string_equal(table->cell[0].text, "space");
    rondo_view_free(&view);
    /* of the unit's patterns too, and where some words stand */
    view = view_of(&o, &(rondo_view_options){.unit = 4});
    table = &panel_of(view, RONDO__TABLE)->table;
    assert_string_equal(table->cell[0].text, "space");
    assert_string_equal(table->cell[1].text, "layer 0, h 3");
    rondo_view_free(&view);
    view = view_of(&o, &(rondo_view_options){.pattern = "text: ", .limit = 1});
    assert_true(fabs(panel_of(view, RONDO__TABLE)->table.cell[2].number - 1) < 1e-6);
    rondo_view_free(&view);
    close_all(&o);
}

/* One unit is on at the one letter, no other ever is. */
static void alike(void **state) {
    (void)state;
    opened o = open_with((const char *const[]){"model.cell=elman", "model.layers=1", NULL},
                         "a dog sees it\nthe cat hears\na dog sees it\nthe cat hears\na dog sees it\n");
    memset(rondo_params_values(o.model->task->params), 0,
           (size_t)rondo_params_size(o.model->task->params) * sizeof(real));
    follow(&o, "d");
    rondo_view *view = view_of(&o, &(rondo_view_options){.like_from = 30, .like_to = 31, .limit = 9});
    const rondo__view_passages *places = &panel_of(view, RONDO__PASSAGES)->passages;
    for (int64_t i = 0; i < places->count; i++) {
        const rondo__view_passage *item = &places->item[i];
        const bool there = strcmp(item->name[item->from], "d") == 0;
        assert_int_equal(there, i < 2); /* not itself */
        assert_true(item->score == (there ? 1 : 0) && item->value[item->from] == item->score);
        assert_true(item->to - item->from == 1);
    }
    assert_string_equal(panel_of(view, RONDO__TABLE)->table.cell[0].text, "layer 0, h 3");
    rondo_view_free(&view);
    refused(&o, &(rondo_view_options){.like_to = 2}, "choose others");
    refused(&o, &(rondo_view_options){.like_from = 3, .like_to = 500}, "steps within the");
    refused(&o, &(rondo_view_options){.like_from = 3, .like_to = 5, .unit = 1}, "leave them out");
    close_all(&o);
}

static void options(void **state) {
    (void)state;
    opened o = open_with(NULL, NULL);
    refused(&o, &(rondo_view_options){.pattern = "spase"}, "did you mean 'space'");
    refused(&o, &(rondo_view_options){.pattern = "inside brackets"}, "never changes");
    refused(&o, &(rondo_view_options){.gate = "forget"}, "hidden and cell");
    refused(&o, &(rondo_view_options){.layer = 7}, "layer 6 is not there");
    refused(&o, &(rondo_view_options){.unit = 99}, "unit 98 is not there");
    refused(&o, &(rondo_view_options){.from = 5000}, "step 5000 is not there");
    rondo_view *view = view_of(&o, &(rondo_view_options){.pattern = "space", .limit = INT64_MAX});
    rondo_view_free(&view);
    view = view_of(&o, &(rondo_view_options){.layer = 2, .gate = "cell"});
    const rondo__view_table *table = &panel_of(view, RONDO__TABLE)->table;
    for (int64_t i = 0; i < table->rows; i++)
        assert_memory_equal(table->cell[4 * i + 1].text, "layer 1, c", 10);
    rondo_view_free(&view);
    close_all(&o);
}

static void projected(void **state) {
    (void)state;
    opened o = open_with((const char *const[]){"model.projection_size=3", NULL}, "the cat sees");
    refused(&o, &(rondo_view_options){.unit = 4}, "unit 3 is not there (h of layer 0 has 3");
    rondo_view *view = view_of(&o, &(rondo_view_options){.unit = 7, .gate = "cell"});
    assert_string_equal(panel_of(view, RONDO__TABLE)->table.cell[1].text, "layer 0, c 6");
    rondo_view_free(&view);
    close_all(&o);
}

/* Lost numbers are shown as such, and nothing is made of them. */
static void lost(void **state) {
    (void)state;
    opened o = open_with(NULL, "the cat sees it\n");
    rondo_params *params = o.model->task->params;
    ((real *)rondo_params_at(params, rondo_params_find(params, "rnn.weight_ih_l1"))->value.data)[0] = (real)NAN;
    rondo_view *view = view_of(&o, NULL);
    rondo_view_free(&view);
    view = view_of(&o, &(rondo_view_options){.layer = 2, .unit = 1});
    rondo_view_free(&view);
    assert_int_equal(rondo_inspection_view(o.inspection, "gradients", NULL, &view, NULL), RONDO_OK);
    const rondo__view_table *table = &panel_of(view, RONDO__TABLE)->table;
    assert_true(isnan(table->cell[2 * table->columns + 4].number)); /* the radius of layer 1 */
    rondo_view_free(&view);
    close_all(&o);
}

/* ---- memory ---- */

static int pattern(void *arg) {
    rondo_view *view;
    const rondo_status status =
        rondo_inspection_view(arg, "neurons", &(rondo_view_options){.pattern = "text:at", .limit = 2}, &view, NULL);
    rondo_view_free(&view);
    return status;
}

static int like(void *arg) {
    rondo_view *view;
    const rondo_view_options options = {.like_from = 1, .like_to = 2, .limit = 2};
    const rondo_status status = rondo_inspection_view(arg, "neurons", &options, &view, NULL);
    rondo_view_free(&view);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    opened o = open_with((const char *const[]){"model.layers=1", NULL}, "the cat sees it\n");
    assert_int_equal(pattern(o.inspection), RONDO_OK); /* arenas are as large as they must be */
    test_every_failure(pattern, o.inspection);
    test_every_failure(like, o.inspection);
    close_all(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streamed_is_traced),
        cmocka_unit_test(made_to_follow),
        cmocka_unit_test(alike),
        cmocka_unit_test(options),
        cmocka_unit_test(projected),
        cmocka_unit_test(lost),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

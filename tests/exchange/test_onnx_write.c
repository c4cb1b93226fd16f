/* Networks as ONNX files, run by Rondo's own graph runner: every cell and option, ragged rows, states, pooling. Needs:
 * PROTOBUF_C. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "exchange/networks.h"
#include "exchange/onnx_write.h"
#include "nn/recurrent.h"
#include "rondo/graph.h"
#include "support/test.h"

static const kind kinds[] = {
    {"elman", {.cell = RONDO_ELMAN, .hidden_size = 6, .layers = 2}},
    {"elman_relu",
     {.cell = RONDO_ELMAN, .hidden_size = 5, .activation = RONDO_RELU, .bidirectional = true},
     .symbols = true},
    {"elman_sigmoid",
     {.cell = RONDO_ELMAN, .hidden_size = 5, .activation = RONDO_SIGMOID, .learned_initial_state = true}},
    {"elman_zoneout", {.cell = RONDO_ELMAN, .hidden_size = 5, .zoneout = 0.3f, .bidirectional = true}},
    {"jordan", {.cell = RONDO_JORDAN, .hidden_size = 6, .layers = 2, .output_size = 3, .decay = 0.3f}, .symbols = true},
    {"jordan_softmax",
     {.cell = RONDO_JORDAN,
      .hidden_size = 6,
      .output_size = 4,
      .output_activation = RONDO_SOFTMAX,
      .activation = RONDO_SIGMOID,
      .no_bias = true}},
    {"jordan_feedback",
     {.cell = RONDO_JORDAN,
      .hidden_size = 6,
      .output_size = 4,
      .feedback_size = 3,
      .output_activation = RONDO_SIGMOID}},
    {"jordan_taught",
     {.cell = RONDO_JORDAN, .hidden_size = 6, .layers = 2, .output_size = SYMBOLS, .decay = 0.3f},
     .symbols = true,
     .taught = true},
    {"jordan_told",
     {.cell = RONDO_JORDAN,
      .hidden_size = 6,
      .output_size = SYMBOLS,
      .feedback_size = INPUT,
      .output_activation = RONDO_SOFTMAX,
      .learned_initial_state = true},
     .symbols = true,
     .taught = true},
    {"jordan_both", {.cell = RONDO_JORDAN, .hidden_size = 4, .bidirectional = true, .learned_initial_state = true}},
    {"lstm", {.cell = RONDO_LSTM, .hidden_size = 16, .layers = 2}, .symbols = true},
    {"lstm_both", {.cell = RONDO_LSTM, .hidden_size = 7, .layers = 2, .bidirectional = true}, .symbols = true},
    {"lstm_peepholes", {.cell = RONDO_LSTM, .hidden_size = 7, .peepholes = true, .learned_initial_state = true}},
    {"lstm_all",
     {.cell = RONDO_LSTM,
      .hidden_size = 7,
      .peepholes = true,
      .cell_clip = 0.1f,
      .zoneout = 0.1f,
      .zoneout_cell = 0.2f,
      .learned_initial_state = true}},
    {"lstm_norm",
     {.cell = RONDO_LSTM, .hidden_size = 7, .layers = 2, .layer_norm = true, .projection_size = 4, .residual = true}},
    {"lstm_norm_both",
     {.cell = RONDO_LSTM,
      .hidden_size = 5,
      .layer_norm = true,
      .bidirectional = true,
      .coupled_gates = true,
      .no_bias = true}},
    {"lstm_projected_both",
     {.cell = RONDO_LSTM, .hidden_size = 7, .projection_size = 3, .bidirectional = true, .layers = 2}},
    {"lstm_coupled",
     {.cell = RONDO_LSTM,
      .hidden_size = 5,
      .coupled_gates = true,
      .peepholes = true,
      .bidirectional = true,
      .merge = RONDO_MERGE_SUM},
     .pooled = true,
     .pooling = RONDO_POOL_MEAN},
    {"gru",
     {.cell = RONDO_GRU, .hidden_size = 9, .layers = 3, .residual = true},
     .pooled = true,
     .pooling = RONDO_POOL_MAX},
    {"gru_before",
     {.cell = RONDO_GRU, .hidden_size = 6, .reset_before = true},
     .symbols = true,
     .pooled = true,
     .pooling = RONDO_POOL_LAST},
    {"gru_zoneout", {.cell = RONDO_GRU, .hidden_size = 6, .reset_before = true, .zoneout = 0.25f}, .symbols = true},
    {"gru_norm",
     {.cell = RONDO_GRU,
      .hidden_size = 6,
      .layer_norm = true,
      .layers = 2,
      .bidirectional = true,
      .merge = RONDO_MERGE_AVERAGE,
      .residual = true},
     .pooled = true,
     .pooling = RONDO_POOL_ATTENTION},
    {"gru_before_norm",
     {.cell = RONDO_GRU, .hidden_size = 6, .layer_norm = true, .reset_before = true, .no_bias = true}},
    {"gru_last",
     {.cell = RONDO_GRU, .hidden_size = 8, .bidirectional = true},
     .symbols = true,
     .pooled = true,
     .pooling = RONDO_POOL_LAST},
    {"gru_average", {.cell = RONDO_GRU, .hidden_size = 8, .bidirectional = true, .merge = RONDO_MERGE_AVERAGE}},
    {"adaptive", {.cell = RONDO_GRU, .hidden_size = 16}, .symbols = true, .adaptive = true},
};
enum { KINDS = sizeof kinds / sizeof *kinds, STEPS = 6, BATCH = 4 };
static const int32_t lengths[BATCH] = {6, 3, 1, 5};

/* ---- the batch, row by row by the reference, as a whole by the file ---- */

typedef struct batch {
    int64_t ids[STEPS * BATCH];
    real x[STEPS * BATCH * INPUT], want[STEPS * BATCH * MOST];
    int64_t width;
} batch;

static void run_reference(const made *m, const kind *k, rondo_context *context, batch *b) {
    real x[STEPS * INPUT], out[STEPS * MOST];
    int32_t ids[STEPS];
    b->width = rondo__network_output(&m->network);
    memset(b->want, 0, sizeof b->want);
    fill(b->x, STEPS * BATCH * INPUT, 8);
    for (int i = 0; i < STEPS * BATCH; i++)
        b->ids[i] = (int64_t)(rondo__random_u32(9, 1, (uint64_t)i) % SYMBOLS);
    for (int row = 0; row < BATCH; row++) {
        for (int t = 0; t < STEPS; t++) {
            ids[t] = (int32_t)b->ids[t * BATCH + row];
            memcpy(x + (ptrdiff_t)t * INPUT, b->x + (ptrdiff_t)(t * BATCH + row) * INPUT, INPUT * sizeof *x);
        }
        assert_int_equal(rondo__network_run(&m->network, context, lengths[row], k->symbols ? ids : NULL, x, out, NULL),
                         RONDO_OK);
        for (int t = 0; t < (k->pooled ? 1 : lengths[row]); t++)
            memcpy(b->want + (t * BATCH + row) * b->width, out + t * b->width, (size_t)b->width * sizeof *out);
    }
}

static rondo_graph *load(const char *path, rondo_context *context) {
    rondo_graph *graph;
    rondo_error err = {0};
    if (rondo_graph_load(&graph, context, path, NULL, &err))
        fail_msg("%s", err.message);
    return graph;
}

static const rondo_tensor *result(rondo_graph *graph, const char *name) {
    for (int i = 0; i < rondo_graph_outputs(graph); i++)
        if (strcmp(rondo_graph_output(graph, i)->name, name) == 0)
            return rondo_graph_result(graph, i);
    fail_msg("no output %s", name);
    return NULL;
}

static double difference(const kind *k, const batch *b, const rondo_tensor *y) {
    double worst = 0;
    assert_int_equal(rondo_tensor_count(y), (k->pooled ? 1 : STEPS) * BATCH * b->width);
    for (int row = 0; row < BATCH; row++)
        for (int64_t i = 0; i < (k->pooled ? 1 : lengths[row]) * b->width; i++) {
            const int64_t at = (i / b->width * BATCH + row) * b->width + i % b->width;
            const double off = fabs((double)((const float *)y->data)[at] - (double)b->want[at]);
            worst = off <= worst ? worst : off;
        }
    return worst;
}

static rondo_graph_value value_x(const kind *k, batch *b, int64_t first, int64_t steps) {
    rondo_tensor x = {RONDO_REAL, 3, {steps, BATCH, INPUT}, b->x + first * BATCH * INPUT};
    if (k->symbols)
        x = (rondo_tensor){RONDO_I64, 2, {steps, BATCH}, b->ids + first * BATCH};
    return (rondo_graph_value){"x", x};
}

static void write(const made *m, const char *path, bool external) {
    rondo_error err = {0};
    const rondo__onnx_notes notes = {.task = "test", .recipe = "{}"};
    if (rondo__onnx_write(&m->network, path, &notes, external, &err))
        fail_msg("%s", err.message);
}

static void test_every_cell(void **state) {
    for (int i = 0; i < KINDS; i++) {
        made m;
        batch b;
        rondo_error err = {0};
        const char *path = test_path("net.onnx");
        make(&m, &kinds[i]);
        write(&m, path, i % 2 == 1);
        run_reference(&m, &kinds[i], *state, &b);
        rondo_graph *graph = load(path, *state);
        const rondo_graph_value in[2] = {value_x(&kinds[i], &b, 0, STEPS),
                                         {"lengths", {RONDO_I32, 1, {BATCH}, (void *)(uintptr_t)lengths}}};
        if (rondo_graph_run(graph, 2, in, &err))
            fail_msg("%s: %s", kinds[i].name, err.message);
        const double off = difference(&kinds[i], &b, result(graph, "y"));
        print_message("%-20s %.2g\n", kinds[i].name, off);
        if (!(off <= 1e-5))
            fail_msg("%s is off by %g", kinds[i].name, off);
        rondo_graph_destroy(&graph);
        destroy(&m);
    }
}

/* Two calls, the second with the states of the first, say what one call says. */
static void test_step_by_step(void **state) {
    static const char *const some[] = {"elman", "elman_sigmoid", "jordan",    "jordan_taught", "jordan_told",
                                       "lstm",  "lstm_all",      "lstm_norm", "gru_zoneout"};
    for (size_t s = 0; s < sizeof some / sizeof *some; s++) {
        int i = 0;
        while (strcmp(kinds[i].name, some[s]) != 0)
            i++;
        const kind *k = &kinds[i];
        made m;
        batch b;
        rondo_error err = {0};
        rondo_graph_value in[1 + 2 * RONDO_MAX_LAYERS];
        float kept[2 * RONDO_MAX_LAYERS][BATCH * 16];
        char names[2 * RONDO_MAX_LAYERS][16];
        make(&m, k);
        write(&m, test_path("net.onnx"), false);
        run_reference(&m, k, *state, &b);
        rondo_graph *graph = load(test_path("net.onnx"), *state);
        int count = 1;
        in[0] = value_x(k, &b, 0, 2);
        assert_int_equal(rondo_graph_run(graph, 1, in, &err), RONDO_OK);
        for (int o = 1; o < rondo_graph_outputs(graph); o++) {
            const rondo_tensor *t = rondo_graph_result(graph, o);
            const char *name = rondo_graph_output(graph, o)->name;
            snprintf(names[o], sizeof names[o], "%.*s", (int)(strlen(name) - strlen("_out")), name);
            memcpy(kept[o], t->data, (size_t)rondo_tensor_count(t) * sizeof(float));
            in[count] = (rondo_graph_value){names[o], *t};
            in[count++].tensor.data = kept[o];
        }
        assert_true(count > 1);
        in[0] = value_x(k, &b, 2, STEPS - 2);
        if (rondo_graph_run(graph, count, in, &err))
            fail_msg("%s: %s", k->name, err.message);
        const float *y = result(graph, "y")->data; /* row 0 is as long as the batch */
        for (int t = 2; t < STEPS; t++)
            for (int64_t v = 0; v < b.width; v++)
                assert_float_equal(y[(t - 2) * BATCH * b.width + v], b.want[t * BATCH * b.width + v], 1e-5);
        rondo_graph_destroy(&graph);
        destroy(&m);
    }
}

/* ---- what goes wrong ---- */

typedef struct attempt {
    made *m;
    bool external;
} attempt;
static int write_once(void *arg) {
    const attempt *a = arg;
    return (int)rondo__onnx_write(&a->m->network, test_path("full.onnx"), &(rondo__onnx_notes){0}, a->external, NULL);
}

static void test_out_of_memory(void **state) {
    static const int hard[] = {3, 6, 11, 21, 25};
    (void)state;
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) {
        made m;
        make(&m, &kinds[hard[i]]);
        test_every_failure(write_once, &(attempt){&m, i % 2 == 0});
        destroy(&m);
    }
}

static void test_refused(void **state) {
    made m;
    rondo_error err = {0};
    (void)state;
    make(&m, &kinds[0]);
    assert_int_equal(rondo__onnx_write(&m.network, "/nowhere/at/all.onnx", &(rondo__onnx_notes){0}, false, &err),
                     RONDO_IO);
    assert_int_equal(rondo__onnx_write(&m.network, "/nowhere/at/all.onnx", &(rondo__onnx_notes){0}, true, &err),
                     RONDO_IO);
    destroy(&m);
}

static int open_context(void **state) {
    return (int)rondo_context_create((rondo_context **)state, &(rondo_context_options){.threads = 1}, NULL);
}
static int close_context(void **state) {
    rondo_context_destroy((rondo_context **)state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_cell), cmocka_unit_test(test_step_by_step),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}

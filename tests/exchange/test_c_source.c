/* Networks of every cell and option, written as C, compiled without a warning as C99, C++ and without libm, and run:
 * the result is what Rondo computes (the file's own check). Exit code 77 (skipped) where there is no C compiler. */
#include "support/test.h"

#include <math.h>
#include <string.h>

#include "exchange/c_compile.h"
#include "exchange/c_file.h"

typedef struct kind {
    const char *name;
    rondo_recurrent_config config;
    bool symbols, pooled;
    rondo_pooling pooling;
} kind;

static const kind kinds[] = {
    {"elman", {.cell = RONDO_ELMAN, .hidden_size = 5, .layers = 2, .zoneout = 0.2f}},
    {"elman_relu", {.cell = RONDO_ELMAN, .hidden_size = 17, .activation = RONDO_RELU, .bidirectional = true}},
    {"jordan", {.cell = RONDO_JORDAN, .hidden_size = 6, .layers = 2, .output_size = 3, .decay = 0.3f}, .symbols = true},
    {"jordan_softmax",
     {.cell = RONDO_JORDAN,
      .hidden_size = 6,
      .output_size = 4,
      .output_activation = RONDO_SOFTMAX,
      .activation = RONDO_SIGMOID}},
    {"jordan_feedback",
     {.cell = RONDO_JORDAN,
      .hidden_size = 6,
      .output_size = 4,
      .feedback_size = 3,
      .output_activation = RONDO_SIGMOID}},
    {"lstm", {.cell = RONDO_LSTM, .hidden_size = 16, .layers = 2}, .symbols = true},
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
    {"lstm_coupled",
     {.cell = RONDO_LSTM,
      .hidden_size = 5,
      .coupled_gates = true,
      .no_bias = true,
      .bidirectional = true,
      .merge = RONDO_MERGE_SUM},
     .pooled = true,
     .pooling = RONDO_POOL_MEAN},
    {"gru",
     {.cell = RONDO_GRU, .hidden_size = 9, .layers = 3, .residual = true},
     .pooled = true,
     .pooling = RONDO_POOL_MAX},
    {"gru_before",
     {.cell = RONDO_GRU, .hidden_size = 6, .reset_before = true, .zoneout = 0.25f},
     .symbols = true,
     .pooled = true,
     .pooling = RONDO_POOL_LAST},
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
    {"gru_before_norm", {.cell = RONDO_GRU, .hidden_size = 6, .layer_norm = true, .reset_before = true}},
    {"gru_last",
     {.cell = RONDO_GRU, .hidden_size = 18, .bidirectional = true},
     .symbols = true,
     .pooled = true,
     .pooling = RONDO_POOL_LAST},
};
enum { KINDS = sizeof kinds / sizeof *kinds, INPUT = 5, SYMBOLS = 11, CLASSES = 3 };

/* ---- a network with random weights ---- */

typedef struct made {
    rondo_params *params;
    rondo_recurrent *net;
    rondo__network network;
    real table[SYMBOLS * INPUT], weight[64 * CLASSES], bias[CLASSES], feedback[64], attention[64];
} made;

static void fill(real *to, int64_t n, uint64_t stream) {
    for (int64_t i = 0; i < n; i++)
        to[i] = (real)(rondo__random_uniform(7, stream, (uint64_t)i) - 0.5);
}

static void add(made *m, rondo__network_block block) {
    assert_int_equal(rondo__network_add(&m->network, block, NULL), RONDO_OK);
}

static void make(made *m, const kind *k) {
    memset(m, 0, sizeof *m);
    rondo_recurrent_config config = k->config;
    config.input_size = INPUT;
    assert_int_equal(rondo_params_create(&m->params, NULL), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(&m->net, m->params, "rnn.", &config, NULL), RONDO_OK);
    assert_int_equal(rondo_params_finish(m->params, 3, NULL), RONDO_OK);
    fill(rondo_params_values(m->params), rondo_params_size(m->params), 1);
    fill(m->table, SYMBOLS * INPUT, 2);
    fill(m->weight, 64 * CLASSES, 3);
    fill(m->bias, CLASSES, 4);
    fill(m->feedback, 64, 5);
    fill(m->attention, 64, 6);
    if (k->symbols)
        add(m, (rondo__network_block){.kind = RONDO__EMBEDDING, .in = SYMBOLS, .out = INPUT, .weight = m->table});
    else
        add(m, (rondo__network_block){.kind = RONDO__SCALE, .in = INPUT, .weight = m->table, .bias = m->table + INPUT});
    add(m, (rondo__network_block){
               .kind = RONDO__RECURRENT, .net = m->net, .feedback = config.feedback_size ? m->feedback : NULL});
    const int64_t width = rondo_recurrent_output_size(m->net);
    if (k->pooled)
        add(m, (rondo__network_block){.kind = RONDO__POOL, .pooling = k->pooling, .weight = m->attention});
    add(m, (rondo__network_block){
               .kind = RONDO__LINEAR, .in = width, .out = CLASSES, .weight = m->weight, .bias = m->bias});
    if (k->pooled)
        add(m, (rondo__network_block){.kind = RONDO__ACTIVATION, .activation = RONDO_SOFTMAX});
}

static void destroy(made *m) {
    rondo_recurrent_destroy(&m->net);
    rondo_params_destroy(&m->params);
}

/* ---- compile and run ---- */

static void check(const kind *k, rondo_c_precision precision, const char *compiler, rondo_context *context) {
    made m;
    const char *path = test_path("net.c");
    rondo_error err = {0};
    make(&m, k);
    const rondo_c_options options = {.precision = precision, .check_steps = 9};
    rondo_status status = rondo__c_write(&(rondo__c_model){.network = &m.network}, context, path, &options, &err);
    if (status)
        fail_msg("%s: %s", k->name, err.message);
    c_check(k->name, compiler, path);
    destroy(&m);
}

static void test_every_cell(void **state) {
    rondo_context *context = *state;
    for (int i = 0; i < KINDS; i++)
        check(&kinds[i], RONDO_C_FLOAT32, c_compilers[i % C_COMPILERS], context);
}

static void test_whole_numbers(void **state) {
    rondo_context *context = *state;
    for (int i = 0; i < KINDS; i += 3) {
        check(&kinds[i], RONDO_C_INT8, c_compilers[0], context);
        check(&kinds[(i + 1) % KINDS], RONDO_C_INT16, c_compilers[1], context);
    }
}

/* A name that is no identifier, a weight that is no number, a place that is not there: nothing is left behind. */
static void test_refused(void **state) {
    rondo_context *context = *state;
    made m;
    const char *path = test_path("bad.c");
    rondo_error err = {0};
    make(&m, &kinds[0]);
    assert_int_equal(rondo__c_write(&(rondo__c_model){.network = &m.network}, context, path,
                                    &(rondo_c_options){.name = "a b"}, &err),
                     RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "C identifier"));
    assert_int_equal(rondo__c_write(&(rondo__c_model){.network = &m.network}, context, "/nowhere/at/all.c",
                                    &(rondo_c_options){0}, &err),
                     RONDO_IO);
    m.bias[1] = (real)NAN;
    assert_int_equal(
        rondo__c_write(&(rondo__c_model){.network = &m.network}, context, path, &(rondo_c_options){0}, &err),
        RONDO_FORMAT);
    assert_non_null(strstr(err.message, "bias"));
    assert_false(rondo__file_exists(path));
    destroy(&m);
}

typedef struct attempt {
    made *m;
    rondo_context *context;
} attempt;
static int write_once(void *arg) {
    const attempt *a = arg;
    return (int)rondo__c_write(&(rondo__c_model){.network = &a->m->network}, a->context, test_path("full.c"),
                               &(rondo_c_options){0}, NULL);
}
static void test_out_of_memory(void **state) {
    static const int hard[] = {4, 6, 11}; /* a feedback matrix, summed biases, both */
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) {
        made m;
        make(&m, &kinds[hard[i]]);
        test_every_failure(write_once, &(attempt){&m, *state});
        destroy(&m);
    }
}

static int open_context(void **state) {
    return (int)rondo_context_create((rondo_context **)state, &(rondo_context_options){.threads = 1}, NULL);
}
static int close_context(void **state) {
    rondo_context_destroy((rondo_context **)state);
    return 0;
}

int main(void) {
    if (!c_compiler_found())
        return 77;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_cell), cmocka_unit_test(test_whole_numbers),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}

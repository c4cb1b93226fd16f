/* Networks of every cell and option with random weights, for the tests of exported C files. */
#ifndef TESTS_EXCHANGE_C_NETWORKS_H
#define TESTS_EXCHANGE_C_NETWORKS_H

#include <stdio.h>
#include <stdlib.h>
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
    const real *attention = k->pooling == RONDO_POOL_ATTENTION ? m->attention : NULL;
    if (k->pooled)
        add(m, (rondo__network_block){.kind = RONDO__POOL, .pooling = k->pooling, .weight = attention});
    add(m, (rondo__network_block){
               .kind = RONDO__LINEAR, .in = width, .out = CLASSES, .weight = m->weight, .bias = m->bias});
    if (k->pooled)
        add(m, (rondo__network_block){.kind = RONDO__ACTIVATION, .activation = RONDO_SOFTMAX});
}

static void destroy(made *m) {
    rondo_recurrent_destroy(&m->net);
    rondo_params_destroy(&m->params);
}

/* Each kind as KIND.c in the test's folder. */
__attribute__((unused)) static void write_networks(rondo_context *context, rondo_c_precision precision,
                                                   int64_t check_steps) {
    char name[64];
    for (int i = 0; i < KINDS; i++) {
        made m;
        rondo_error err = {0};
        make(&m, &kinds[i]);
        snprintf(name, sizeof name, "%s.c", kinds[i].name);
        const rondo_c_options options = {.precision = precision, .check_steps = check_steps};
        if (rondo__c_write(&(rondo__c_model){.network = &m.network}, context, test_path(name), &options, &err))
            fail_msg("%s: %s", kinds[i].name, err.message);
        destroy(&m);
    }
}

/* What macros of a file begin with. */
__attribute__((unused)) static void upper(char *to, const char *name) {
    while ((*to++ = (char)(*name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name)))
        name++;
}

#endif

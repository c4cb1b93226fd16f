/* Networks of every cell and option, for the tests of exported C files. */
#ifndef TESTS_EXCHANGE_C_NETWORKS_H
#define TESTS_EXCHANGE_C_NETWORKS_H

#include <stdio.h>
#include <stdlib.h>

#include "exchange/c_compile.h"
#include "exchange/c_file.h"
#include "exchange/networks.h"

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
enum { KINDS = sizeof kinds / sizeof *kinds };

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

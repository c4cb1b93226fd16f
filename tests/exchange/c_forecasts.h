/* Forecasts with random weights, for the test that cross-compiles: one of each way that tasks/forecast_deploy.c lays
 * them out. */
#ifndef TESTS_EXCHANGE_C_FORECASTS_H
#define TESTS_EXCHANGE_C_FORECASTS_H

#include "exchange/c_networks.h"
#include "nn/recurrent.h"

typedef struct future {
    const char *name;
    rondo_recurrent_config config;
    rondo__horizon horizon;
    bool decodes, own_past;
} future;

/* A step has INPUT numbers, of which those behind `past` are known ahead. */
static const future futures[] = {
    {"direct",
     {.cell = RONDO_LSTM, .hidden_size = 5, .layers = 2, .bidirectional = true},
     {.W = 8,
      .H = 3,
      .patch = 2,
      .n = 2,
      .past = 4,
      .ahead = 1,
      .P = 3,
      .all_targets = 2,
      .masks = 2,
      .mask = {0, 3},
      .norm = RONDO__NORM_STANDARD,
      .outcome = RONDO__RISING,
      .cumulative = true}},
    {"decoded",
     {.cell = RONDO_GRU, .hidden_size = 6, .layers = 2},
     {.W = 6,
      .H = 4,
      .patch = 2,
      .n = 2,
      .past = 3,
      .ahead = 2,
      .P = 3,
      .all_targets = 2,
      .fixed = 1,
      .fixed_width = 2,
      .norm = RONDO__NORM_MEAN,
      .outcome = RONDO__STUDENT},
     .decodes = true},
    {"shared",
     {.cell = RONDO_ELMAN, .hidden_size = 7},
     {.W = 6, .H = 2, .patch = 1, .n = 1, .past = INPUT, .P = 2, .all_targets = 3, .outcome = RONDO__COUNTS},
     .own_past = true},
    {"asked",
     {.cell = RONDO_JORDAN, .hidden_size = 6, .output_size = 4, .decay = 0.3f},
     {.H = 1,
      .patch = 1,
      .n = 2,
      .past = INPUT,
      .P = 2,
      .all_targets = 2,
      .masks = 1,
      .fixed = 1,
      .fixed_width = 2,
      .measured = 6,
      .all_norm = RONDO__NORM_STANDARD,
      .outcome = RONDO__GAUSSIAN}},
};
enum { FUTURES = sizeof futures / sizeof *futures, FIXED_ROWS = 4, FUTURE_STEPS = 5 };

typedef struct made_future {
    rondo_params *params;
    rondo_recurrent *encoder, *decoder;
    rondo__network network;
    real weight[512], bias[32], own[32], own_bias[8], fixed[FIXED_ROWS * 4];
    double center[16], scale[16];
} made_future;

static inline void add_future(made_future *m, rondo__network_block block) {
    assert_int_equal(rondo__network_add(&m->network, block, NULL), RONDO_OK);
}

static inline void fill_future(made_future *m) {
    rondo__horizon *h = &m->network.horizon;
    fill(rondo_params_values(m->params), rondo_params_size(m->params), 1);
    fill(m->weight, 512, 2);
    fill(m->bias, 32, 3);
    fill(m->own, 32, 4);
    fill(m->own_bias, 8, 5);
    fill(m->fixed, FIXED_ROWS * 4, 6);
    for (int i = 0; i < 16; i++) {
        m->center[i] = 0.25 * i - 1;
        m->scale[i] = 0.5 + 0.125 * i;
    }
    h->all_columns = h->n < h->all_targets ? h->all_targets + INPUT - 1 : INPUT;
    h->all_center = m->center;
    h->all_scale = m->scale;
    h->categories[0] = FIXED_ROWS;
    h->fixed_table[0] = m->fixed;
}

static inline void add_future_output(made_future *m, const future *about) {
    const rondo__horizon *h = &m->network.horizon;
    const int64_t width = rondo_recurrent_output_size(m->encoder) * m->encoder->directions;
    if (about->decodes)
        add_future(m, (rondo__network_block){.kind = RONDO__DECODE,
                                             .out = h->H * h->n * h->P,
                                             .net = m->decoder,
                                             .weight = m->weight,
                                             .bias = m->bias});
    if (!about->decodes && h->W > 0)
        add_future(m, (rondo__network_block){.kind = RONDO__ENDS, .out = width});
    if (!about->decodes && h->ahead)
        add_future(m, (rondo__network_block){.kind = RONDO__AHEAD, .out = width + h->H * h->ahead});
    if (!about->decodes)
        add_future(m, (rondo__network_block){
                          .kind = RONDO__LINEAR, .out = h->H * h->n * h->P, .weight = m->weight, .bias = m->bias});
    if (about->own_past)
        add_future(m, (rondo__network_block){.kind = RONDO__OWN_PAST, .weight = m->own, .bias = m->own_bias});
    add_future(m, (rondo__network_block){.kind = RONDO__OUTCOME});
}

static inline void make_future(made_future *m, const future *about) {
    const rondo__horizon *h = &about->horizon;
    const int64_t window = h->patch * (INPUT + h->masks), known = h->fixed * h->fixed_width;
    rondo_recurrent_config config = about->config;
    memset(m, 0, sizeof *m);
    m->network.horizon = *h;
    config.input_size = window + known;
    assert_int_equal(rondo_params_create(&m->params, NULL), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(&m->encoder, m->params, "rnn.", &config, NULL), RONDO_OK);
    config.input_size = h->patch * (h->n + h->ahead) + known;
    if (about->decodes)
        assert_int_equal(rondo_recurrent_create(&m->decoder, m->params, "decoder.", &config, NULL), RONDO_OK);
    assert_int_equal(rondo_params_finish(m->params, 3, NULL), RONDO_OK);
    fill_future(m);
    add_future(m, (rondo__network_block){.kind = RONDO__WINDOW, .in = INPUT, .out = window});
    if (h->fixed)
        add_future(m, (rondo__network_block){.kind = RONDO__FIXED, .out = window + known});
    add_future(m, (rondo__network_block){.kind = RONDO__RECURRENT, .net = m->encoder});
    if (config.cell == RONDO_JORDAN)
        add_future(m, (rondo__network_block){.kind = RONDO__ACTIVATION, .activation = RONDO_TANH});
    add_future_output(m, about);
}

/* Each as NAME.c in the test's folder. */
static inline void write_futures(rondo_context *context, rondo_c_precision precision) {
    for (int i = 0; i < FUTURES; i++) {
        const rondo_c_options options = {.precision = precision};
        rondo_error err = {0};
        char name[64];
        made_future m;
        make_future(&m, &futures[i]);
        snprintf(name, sizeof name, "%s.c", futures[i].name);
        if (rondo__c_write(&(rondo__c_model){.network = &m.network}, context, test_path(name), &options, &err))
            fail_msg("%s: %s", futures[i].name, err.message);
        rondo_recurrent_destroy(&m.encoder);
        rondo_recurrent_destroy(&m.decoder);
        rondo_params_destroy(&m.params);
    }
}

/* A forecast from a window. */
static inline void call_window(FILE *f, const future *about, const char *big) {
    const char *name = about->name;
    fprintf(f, "        static float y[%s_OUTPUT];\n        %s_forecast(&m", big, name);
    if (about->horizon.n < about->horizon.all_targets)
        fprintf(f, ", %s_TARGETS - 1", big);
    fprintf(f, ", %s_check_x", name);
    if (about->horizon.fixed)
        fprintf(f, ", %s_check_fixed", name);
    if (about->horizon.ahead)
        fprintf(f, ", %s_check_ahead", name);
    fprintf(f, ", y);\n");
}

/* One that is asked step by step. */
static inline void call_steps(FILE *f, const future *about, const char *big) {
    const char *name = about->name;
    fprintf(f, "        static float y[%d * %s_OUTPUT];\n        int i;\n        %s_init(&m%s%s%s);\n", FUTURE_STEPS,
            big, name, about->horizon.fixed ? ", " : "", about->horizon.fixed ? name : "",
            about->horizon.fixed ? "_check_fixed" : "");
    if (about->horizon.measured)
        fprintf(f, "        %s_measure(&m, %s_check_x, %d);\n", name, name, FUTURE_STEPS);
    fprintf(
        f, "        for (i = 0; i < %d; i++)\n            %s_step(&m, %s_check_x + i * %s_INPUT, y + i * %s_OUTPUT);\n",
        FUTURE_STEPS, name, name, big, big);
}

/* Their parts of the program: what they print; then each checks itself. */
static inline void call_futures(FILE *f) {
    for (int i = 0; i < FUTURES; i++) {
        char big[64];
        upper(big, futures[i].name);
        fprintf(f, "    {\n        static %s_state m;\n", futures[i].name);
        if (futures[i].horizon.W > 0)
            call_window(f, &futures[i], big);
        else
            call_steps(f, &futures[i], big);
        fprintf(f, "        show(\"%s\", y, sizeof y / sizeof *y);\n        failed += %s_main();\n    }\n",
                futures[i].name, futures[i].name);
    }
}

#endif

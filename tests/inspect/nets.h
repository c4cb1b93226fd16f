/* Small networks of every cell and option, and one sequence for them: what the tests of traces and of gradients run. */
#ifndef TESTS_INSPECT_NETS_H
#define TESTS_INSPECT_NETS_H

#include "support/test.h"

#include "inspect/trace.h"

#include <string.h>

enum { T = 7, I = 5, H = 6 };
#define BASE .input_size = I, .hidden_size = H

static const rondo_recurrent_config configs[] = {
    {BASE, .cell = RONDO_ELMAN},
    {BASE, .cell = RONDO_ELMAN, .activation = RONDO_RELU, .layers = 3, .residual = true, .zoneout = (real)0.25},
    {BASE, .cell = RONDO_ELMAN, .activation = RONDO_SIGMOID, .bidirectional = true, .no_bias = true},
    {BASE, .cell = RONDO_JORDAN, .decay = (real)0.5, .output_size = 3, .layers = 2},
    {BASE, .cell = RONDO_JORDAN, .output_activation = RONDO_SOFTMAX, .bidirectional = true},
    {BASE, .cell = RONDO_JORDAN, .output_size = 4, .feedback_size = 3, .output_activation = RONDO_SIGMOID},
    {BASE, .cell = RONDO_LSTM, .layers = 2, .bidirectional = true},
    {BASE, .cell = RONDO_LSTM, .bidirectional = true, .merge = RONDO_MERGE_AVERAGE, .learned_initial_state = true},
    {BASE, .cell = RONDO_LSTM, .peepholes = true, .projection_size = 4, .cell_clip = (real)0.3, .zoneout = (real)0.25},
    {BASE, .cell = RONDO_LSTM, .layer_norm = true, .coupled_gates = true, .zoneout_cell = (real)0.5},
    {BASE, .cell = RONDO_LSTM, .layer_norm = true, .peepholes = true, .coupled_gates = true, .layers = 2},
    {BASE, .cell = RONDO_GRU, .layers = 2, .bidirectional = true, .merge = RONDO_MERGE_SUM, .residual = true},
    {BASE, .cell = RONDO_GRU, .reset_before = true, .learned_initial_state = true},
    {BASE, .cell = RONDO_GRU, .layer_norm = true, .zoneout = (real)0.125},
    {BASE, .cell = RONDO_GRU, .layer_norm = true, .reset_before = true, .no_bias = true},
};

typedef struct rig {
    rondo_context *context;
    rondo_params *params;
    rondo_recurrent *net;
    double x[T * I];
    real feedback[4 * 3];
} rig;

static inline void fill(real *out, int64_t n, uint64_t stream) {
    for (int64_t i = 0; i < n; i++)
        out[i] = (real)(1.6 * rondo__random_uniform(5, stream, (uint64_t)i) - 0.8);
}

static inline void rig_open(rig *r, const rondo_recurrent_config *config) {
    rondo_error err;
    memset(r, 0, sizeof *r);
    assert_int_equal(rondo_context_create(&r->context, &(rondo_context_options){.threads = 1}, NULL), RONDO_OK);
    assert_int_equal(rondo_params_create(&r->params, NULL), RONDO_OK);
    if (rondo_recurrent_create(&r->net, r->params, "", config, &err))
        fail_msg("%s", err.message);
    assert_int_equal(rondo_params_finish(r->params, 3, NULL), RONDO_OK);
    for (int i = 0; i < rondo_params_count(r->params); i++)
        fill(rondo_params_at(r->params, i)->value.data, rondo_tensor_count(&rondo_params_at(r->params, i)->value),
             (uint64_t)i);
    for (int i = 0; i < T * I; i++)
        r->x[i] = (double)(real)(1.6 * rondo__random_uniform(5, 100, (uint64_t)i) - 0.8);
    fill(r->feedback, 12, 101);
}

static inline void rig_close(rig *r) {
    rondo_recurrent_destroy(&r->net);
    rondo_params_destroy(&r->params);
    rondo_context_destroy(&r->context);
}

static inline rondo__trace_input input_of(const rig *r) {
    const bool fed = rondo_recurrent_get_config(r->net)->feedback_size > 0;
    return (rondo__trace_input){.T = T, .x = r->x, .feedback = fed ? r->feedback : NULL};
}

#endif

/* Streaming equals the sequence operators bit for bit, allocates nothing, and refuses what it cannot do. */
#include "core/core.h"
#include "rondo/nn.h"
#include "support/test.h"
#include "tensor/context.h"

#include <stdlib.h>
#include <string.h>

enum { T = 6, B = 3, I = 5, Q = 4 };

typedef struct rig {
    rondo_context *context;
    rondo_tape *tape;
    rondo_params *params;
    rondo_recurrent *net;
} rig;

static void rig_open(rig *r, const rondo_recurrent_config *config) {
    rondo_error err = {0};
    assert_int_equal(rondo_context_create(&r->context, &(rondo_context_options){.threads = 2}, &err), RONDO_OK);
    assert_int_equal(rondo_tape_create(&r->tape, r->context, &err), RONDO_OK);
    assert_int_equal(rondo_params_create(&r->params, &err), RONDO_OK);
    if (rondo_recurrent_create(&r->net, r->params, "", config, &err))
        fail_msg("%s", err.message);
    assert_int_equal(rondo_params_finish(r->params, 7, &err), RONDO_OK);
    for (int i = 0; i < rondo_params_count(r->params); i++) { /* learned states start at 0: give them something to do */
        rondo_param *p = rondo_params_at(r->params, i);
        for (int64_t j = 0;
             j < rondo_tensor_count(&p->value) && (!strncmp(p->name, "h0", 2) || !strncmp(p->name, "c0", 2)); j++)
            ((rondo_real *)p->value.data)[j] = (rondo_real)(rondo__random_uniform(3, (uint64_t)i, (uint64_t)j) - 0.5);
    }
}

static void rig_close(rig *r) {
    rondo_recurrent_destroy(&r->net);
    rondo_params_destroy(&r->params);
    rondo_tape_destroy(&r->tape);
    rondo_context_destroy(&r->context);
}

static void fill(rondo_real *x, int64_t n, uint64_t stream) {
    for (int64_t i = 0; i < n; i++)
        x[i] = (rondo_real)(2 * rondo__random_uniform(11, stream, (uint64_t)i) - 1);
}

/* One configuration: all steps at once, then streamed; twice, the second time after a reset. */
static void compare(const rondo_recurrent_config *config, bool taught, bool share) {
    rig r = {0};
    rig_open(&r, config);
    int64_t O = rondo_recurrent_output_size(r.net), state;
    rondo_recurrent_state_size(r.net, config->layers - 1, &state, NULL);
    rondo_real *x = malloc(T * B * I * sizeof(*x)), *f = malloc((size_t)(O * state) * sizeof(*f));
    rondo_real *known = malloc((size_t)(T * B * state) * sizeof(*known)), *y = malloc((size_t)(B * O) * sizeof(*y));
    fill(x, T * B * I, 1);
    fill(f, O * state, 2);
    fill(known, T * B * state, 3);
    rondo_tape_begin(r.tape, NULL);
    rondo_tensor tx = rondo_tensor_view(RONDO_REAL, x, 3, (int64_t[]){T, B, I});
    rondo_tensor tf = rondo_tensor_view(RONDO_REAL, f, 2, (int64_t[]){O, state});
    rondo_tensor tk = rondo_tensor_view(RONDO_REAL, known, 3, (int64_t[]){T, B, state});
    rondo_states final_states;
    rondo_recurrent_input input = {.final_states = &final_states};
    input.feedback = config->feedback_size ? rondo_leaf(r.tape, &tf, NULL) : NULL;
    input.teacher = taught ? rondo_leaf(r.tape, &tk, NULL) : NULL;
    rondo_var *all = rondo_recurrent_forward(r.net, r.tape, rondo_leaf(r.tape, &tx, NULL), &input);
    rondo_error err = {0};
    if (rondo_tape_status(r.tape, &err))
        fail_msg("%s", err.message);
    rondo_stream *stream = NULL;
    if (rondo_stream_open(&stream, r.context, r.net, B, config->feedback_size ? f : NULL, &err))
        fail_msg("%s", err.message);
    r.context->cut = share ? RONDO__CUT_UNITS : RONDO__CUT_BY_COST; /* whether the others are awake or not */
    if (share && rondo_stream_share(stream, true) != RONDO_OK)
        assert_true(config->cell == RONDO_JORDAN || config->layer_norm || config->projection_size > 0 ||
                    config->reset_before);
    uint64_t before = rondo__alloc_count();
    for (int round = 0; round < 2; round++) {
        for (int t = 0; t < T; t++) {
            rondo_stream_step(stream, x + t * B * I, y);
            assert_memory_equal(y, (rondo_real *)all->value.data + t * B * O, (size_t)(B * O) * sizeof(*y));
            if (taught)
                assert_int_equal(rondo_stream_teach(stream, known + t * B * state), RONDO_OK);
        }
        for (int l = 0; l < config->layers; l++) {
            rondo_real *h, *c;
            rondo_stream_states(stream, l, &h, &c);
            const rondo_var *hv = final_states.h[l], *cv = final_states.c[l];
            assert_memory_equal(h, hv->value.data, (size_t)rondo_tensor_count(&hv->value) * sizeof(*h));
            assert_true((c != NULL) == (cv != NULL));
            if (c)
                assert_memory_equal(c, cv->value.data, (size_t)rondo_tensor_count(&cv->value) * sizeof(*c));
        }
        rondo_stream_reset(stream);
    }
    assert_int_equal(rondo__alloc_count(), before);
    rondo_stream_close(&stream);
    free(x), free(f), free(known), free(y);
    rig_close(&r);
}

static void streams_equal_sequences(void **unused) {
    (void)unused;
    const rondo_recurrent_config config[] = {
        {.cell = RONDO_ELMAN, .input_size = I, .hidden_size = 9, .layers = 1},
        {.cell = RONDO_ELMAN,
         .input_size = I,
         .hidden_size = 17,
         .layers = 3,
         .residual = true,
         .zoneout = 0.2f,
         .activation = RONDO_SIGMOID,
         .learned_initial_state = true,
         .dropout = 0.5f},
        {.cell = RONDO_LSTM, .input_size = I, .hidden_size = 11, .layers = 2, .learned_initial_state = true},
        {.cell = RONDO_LSTM, .input_size = I, .hidden_size = 11, .layers = 3, .projection_size = 6, .residual = true},
        {.cell = RONDO_LSTM,
         .input_size = I,
         .hidden_size = 11,
         .layers = 2,
         .layer_norm = true,
         .zoneout = 0.1f,
         .zoneout_cell = 0.3f,
         .no_bias = true},
        {.cell = RONDO_LSTM,
         .input_size = I,
         .hidden_sizes = {7, 19},
         .layers = 2,
         .peepholes = true,
         .coupled_gates = true,
         .cell_clip = 0.25f},
        {.cell = RONDO_GRU, .input_size = I, .hidden_size = 16, .layers = 2, .residual = true, .zoneout = 0.2f},
        {.cell = RONDO_GRU,
         .input_size = I,
         .hidden_size = 13,
         .layers = 2,
         .reset_before = true,
         .layer_norm = true,
         .learned_initial_state = true},
        {.cell = RONDO_JORDAN,
         .input_size = I,
         .hidden_size = 12,
         .layers = 3,
         .residual = true,
         .output_size = 8,
         .decay = 0.5f,
         .learned_initial_state = true},
        {.cell = RONDO_JORDAN,
         .input_size = I,
         .hidden_size = 12,
         .layers = 1,
         .output_size = 8,
         .feedback_size = Q,
         .output_activation = RONDO_SOFTMAX,
         .activation = RONDO_RELU},
    };
    for (size_t i = 0; i < sizeof(config) / sizeof(config[0]); i++) {
        compare(&config[i], false, false);
        compare(&config[i], false, true);
        if (config[i].cell == RONDO_JORDAN)
            compare(&config[i], true, true);
    }
}

static void refusals(void **unused) {
    (void)unused;
    rig r = {0};
    rondo_error err = {0};
    rondo_stream *stream = NULL;
    rondo_recurrent_config both = {.cell = RONDO_GRU, .input_size = I, .hidden_size = 4, .bidirectional = true};
    rig_open(&r, &both);
    assert_int_equal(rondo_stream_open(&stream, r.context, r.net, B, NULL, &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "bidirectional"));
    rig_close(&r);
    rondo_recurrent_config one = {.cell = RONDO_GRU, .input_size = I, .hidden_size = 4};
    rig_open(&r, &one);
    assert_int_equal(rondo_stream_open(&stream, r.context, r.net, 0, NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_stream_open(&stream, r.context, r.net, INT64_MAX / 8, NULL, &err), RONDO_ARGUMENT);
    rondo_real f[4] = {0};
    assert_int_equal(rondo_stream_open(&stream, r.context, r.net, 1, f, &err), RONDO_ARGUMENT);
    assert_null(stream);
    rondo__alloc_fail_at(1);
    assert_int_equal(rondo_stream_open(&stream, r.context, r.net, 1, NULL, &err), RONDO_MEMORY);
    rondo__alloc_fail_at(0);
    assert_int_equal(rondo_stream_open(&stream, r.context, r.net, 1, NULL, &err), RONDO_OK);
    assert_int_equal(rondo_stream_teach(stream, f), RONDO_UNSUPPORTED);
    rondo_stream_close(&stream);
    rondo_stream_close(&stream);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(streams_equal_sequences), cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whole recurrent stacks, run forward and backward over given arrays: what the tests of stacks share. */
#ifndef TESTS_NN_STACK_H
#define TESTS_NN_STACK_H

#include "core/core.h"
#include "kernels/kernels.h"
#include "rondo/nn.h"
#include "support/test.h"

#include <string.h>

enum { STACK_T = 6, STACK_B = 4, STACK_I = 5, STACK_PLACES = 6, STACK_ROOM = 512, STACK_STATE = 96 };
static const int32_t stack_lengths[STACK_B] = {3, 6, 0, 5};

typedef struct stack_case {
    const char *name;
    rondo_recurrent_config config;
    bool teacher;
} stack_case;

typedef struct stack {
    const stack_case *about;
    rondo_context *context;
    rondo_tape *tape;
    rondo_params *params;
    rondo_recurrent *net;
    int places; /* layers times directions */
} stack;

/* One batch of it: what is given, what comes out, gradients. Arrays (T, B, .) and, by place, (B, .). */
typedef struct stack_run {
    int64_t T, B;
    const int32_t *lengths;
    bool no_states; /* start from learned or zero states */
    rondo_step step;
    rondo_real x[STACK_ROOM], teacher[STACK_ROOM], feedback[STACK_ROOM], dy[STACK_ROOM];
    rondo_real h0[STACK_PLACES][STACK_STATE], c0[STACK_PLACES][STACK_STATE];
    rondo_real y[STACK_ROOM], hn[STACK_PLACES][STACK_STATE], cn[STACK_PLACES][STACK_STATE];
    rondo_real dx[STACK_ROOM], dteacher[STACK_ROOM], dh0[STACK_PLACES][STACK_STATE], dc0[STACK_PLACES][STACK_STATE];
} stack_run;

static inline void stack_fill(rondo_real *out, int64_t n, uint64_t stream) {
    for (int64_t i = 0; i < n; i++)
        out[i] = (rondo_real)(2 * rondo__random_uniform(17, stream, (uint64_t)i) - 1);
}

static inline void stack_open(stack *s, const stack_case *about, int threads) {
    rondo_error err = {0};
    *s = (stack){.about = about};
    assert_int_equal(rondo_context_create(&s->context, &(rondo_context_options){.threads = threads}, &err), RONDO_OK);
    assert_int_equal(rondo_tape_create(&s->tape, s->context, &err), RONDO_OK);
    assert_int_equal(rondo_params_create(&s->params, &err), RONDO_OK);
    if (rondo_recurrent_create(&s->net, s->params, "", &about->config, &err))
        fail_msg("%s: %s", about->name, err.message);
    assert_int_equal(rondo_params_finish(s->params, 7, &err), RONDO_OK);
    int layers = about->config.layers ? about->config.layers : 1;
    s->places = layers * (about->config.bidirectional ? 2 : 1);
    for (int i = 0; i < rondo_params_count(s->params); i++) { /* learned states start at 0: give them something to do */
        rondo_param *p = rondo_params_at(s->params, i);
        if (!strncmp(p->name, "h0", 2) || !strncmp(p->name, "c0", 2))
            stack_fill(p->value.data, rondo_tensor_count(&p->value), 100 + (uint64_t)i);
    }
}

static inline void stack_close(stack *s) {
    rondo_recurrent_destroy(&s->net);
    rondo_params_destroy(&s->params);
    rondo_tape_destroy(&s->tape);
    rondo_context_destroy(&s->context);
}

static inline void stack_widths(const stack *s, int place, int64_t *h, int64_t *c) {
    rondo_recurrent_state_size(s->net, place / (s->about->config.bidirectional ? 2 : 1), h, c);
}

/* Draws all that is given. */
static inline void stack_draw(stack_run *run) {
    memset(run, 0, sizeof *run);
    run->T = STACK_T;
    run->B = STACK_B;
    run->lengths = stack_lengths;
    run->step = (rondo_step){.recording = true};
    stack_fill(run->x, STACK_ROOM, 1);
    stack_fill(run->teacher, STACK_ROOM, 2);
    stack_fill(run->feedback, STACK_ROOM, 3);
    stack_fill(run->dy, STACK_ROOM, 4);
    stack_fill(run->h0[0], STACK_PLACES * STACK_STATE, 5);
    stack_fill(run->c0[0], STACK_PLACES * STACK_STATE, 6);
}

static inline rondo_var *stack_leaf(stack *s, rondo_real *values, rondo_real *grads, int rank, int64_t d0, int64_t d1,
                                    int64_t d2) {
    rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, values, rank, (int64_t[]){d0, d1, d2});
    assert_true(rondo_tensor_count(&tensor) <= (rank == 3 ? STACK_ROOM : rank == 2 ? STACK_ROOM : 0));
    return rondo_leaf(s->tape, &tensor, grads);
}

static inline void stack_initial(stack *s, stack_run *run, rondo_states *initial) {
    for (int i = 0; i < s->places; i++) {
        int64_t h, c;
        stack_widths(s, i, &h, &c);
        assert_true(run->B * h <= STACK_STATE && run->B * c <= STACK_STATE);
        initial->h[i] = stack_leaf(s, run->h0[i], run->dh0[i], 2, run->B, h, 1);
        initial->c[i] = c ? stack_leaf(s, run->c0[i], run->dc0[i], 2, run->B, c, 1) : NULL;
    }
}

/* What the last layer of a Jordan stack is given. */
static inline void stack_jordan(stack *s, stack_run *run, rondo_recurrent_input *input) {
    int64_t Q;
    stack_widths(s, s->places - 1, &Q, NULL);
    if (s->about->teacher)
        input->teacher = stack_leaf(s, run->teacher, run->dteacher, 3, run->T, run->B, Q);
    if (s->about->config.feedback_size)
        input->feedback = stack_leaf(s, run->feedback, NULL, 2, s->about->config.output_size, Q, 1);
}

/* Forward, and backward from dy and from the final states themselves. */
static inline void stack_go(stack *s, stack_run *run) {
    rondo_error err = {0};
    rondo_states initial = {0}, final_states;
    rondo_tape_begin(s->tape, &run->step);
    rondo_recurrent_input input = {.lengths = run->lengths, .final_states = &final_states};
    if (!run->no_states) {
        stack_initial(s, run, &initial);
        input.initial = &initial;
    }
    stack_jordan(s, run, &input);
    rondo_var *x = stack_leaf(s, run->x, run->dx, 3, run->T, run->B, s->about->config.input_size);
    rondo_var *y = rondo_recurrent_forward(s->net, s->tape, x, &input);
    if (rondo_tape_status(s->tape, &err))
        fail_msg("%s: %s", s->about->name, err.message);
    rondo_var *from[1 + 2 * STACK_PLACES] = {y};
    const rondo_real *grad[1 + 2 * STACK_PLACES] = {run->dy};
    int count = 1;
    assert_true(rondo_tensor_count(&y->value) <= STACK_ROOM);
    memcpy(run->y, y->value.data, (size_t)rondo_tensor_count(&y->value) * sizeof(rondo_real));
    for (int i = 0; i < s->places; i++)
        for (int cell = 0; cell < 2; cell++) {
            rondo_var *state = cell ? final_states.c[i] : final_states.h[i];
            rondo_real *kept = cell ? run->cn[i] : run->hn[i];
            if (!state)
                continue;
            memcpy(kept, state->value.data, (size_t)rondo_tensor_count(&state->value) * sizeof(rondo_real));
            from[count] = state;
            grad[count++] = kept;
        }
    rondo_params_clear_grads(s->params);
    if (run->step.recording && rondo_backward_from(s->tape, count, from, grad)) {
        rondo_tape_status(s->tape, &err);
        fail_msg("%s: %s", s->about->name, err.message);
    }
}

/* Row b of a batch array (T, B, n) against a run of that row alone, (T', 1, n), at its first n_steps steps. */
static inline void stack_pick(const rondo_real *all, rondo_real *one, int64_t b, int64_t steps, int64_t n) {
    for (int64_t t = 0; t < steps; t++)
        memcpy(one + t * n, all + (t * STACK_B + b) * n, (size_t)n * sizeof *one);
}

/* The given arrays of row b alone, cut to its length. */
static inline void stack_row(const stack *s, const stack_run *all, stack_run *one, int64_t b) {
    int64_t steps = all->lengths[b], width = rondo_recurrent_output_size(s->net), Q;
    memset(one, 0, sizeof *one);
    one->T = steps ? steps : 1;
    one->B = 1;
    one->lengths = all->lengths + b;
    one->no_states = all->no_states;
    one->step = all->step;
    stack_widths(s, s->places - 1, &Q, NULL);
    stack_pick(all->x, one->x, b, steps, s->about->config.input_size);
    stack_pick(all->dy, one->dy, b, steps, width);
    if (s->about->teacher)
        stack_pick(all->teacher, one->teacher, b, steps, Q);
    memcpy(one->feedback, all->feedback, sizeof one->feedback);
    for (int i = 0; i < s->places; i++) {
        int64_t h, c;
        stack_widths(s, i, &h, &c);
        memcpy(one->h0[i], all->h0[i] + b * h, (size_t)h * sizeof(rondo_real));
        memcpy(one->c0[i], all->c0[i] + b * c, (size_t)c * sizeof(rondo_real));
    }
}

/* Stacks of every cell, with all that does not depend on the place of a row in its batch. */
#define STACK_BOTH .layers = 2, .bidirectional = true, .input_size = STACK_I
static const stack_case stack_cases[] = {
    {"elman", {.cell = RONDO_ELMAN, STACK_BOTH, .hidden_size = 7, .activation = RONDO_SIGMOID}},
    {"elman sum", {.cell = RONDO_ELMAN, STACK_BOTH, .hidden_size = 7, .merge = RONDO_MERGE_SUM, .residual = true}},
    {"lstm", {.cell = RONDO_LSTM, STACK_BOTH, .hidden_size = 7, .learned_initial_state = true, .zoneout = 0.25f}},
    {"lstm projected", {.cell = RONDO_LSTM, STACK_BOTH, .hidden_size = 9, .projection_size = 4, .residual = true}},
    {"lstm peepholes",
     {.cell = RONDO_LSTM, STACK_BOTH, .hidden_sizes = {7, 6}, .peepholes = true, .coupled_gates = true}},
    {"lstm normalised",
     {.cell = RONDO_LSTM, STACK_BOTH, .hidden_size = 7, .layer_norm = true, .cell_clip = 0.5f, .residual = true}},
    {"lstm three layers", {.cell = RONDO_LSTM, .layers = 3, .bidirectional = true, .input_size = 5, .hidden_size = 4}},
    {"gru",
     {.cell = RONDO_GRU, STACK_BOTH, .hidden_size = 7, .merge = RONDO_MERGE_AVERAGE, .learned_initial_state = true}},
    {"gru before", {.cell = RONDO_GRU, STACK_BOTH, .hidden_size = 7, .reset_before = true, .no_bias = true}},
    {"gru normalised", {.cell = RONDO_GRU, STACK_BOTH, .hidden_size = 7, .layer_norm = true, .zoneout = 0.1f}},
    {"jordan", {.cell = RONDO_JORDAN, STACK_BOTH, .hidden_size = 7, .decay = 0.5f, .residual = true}},
    {"jordan feedback",
     {.cell = RONDO_JORDAN,
      STACK_BOTH,
      .hidden_size = 7,
      .output_size = 6,
      .output_activation = RONDO_SOFTMAX,
      .feedback_size = 4}},
    {"jordan teacher",
     {.cell = RONDO_JORDAN, STACK_BOTH, .hidden_size = 7, .output_size = 3, .learned_initial_state = true},
     .teacher = true},
};
#define STACK_CASES (sizeof stack_cases / sizeof *stack_cases)

#endif

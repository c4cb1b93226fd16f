/* The laws of a cell, run on one description of it: inputs by kind and width, how it is called, how it is composed from
 * basic operators, how it streams. Included by test_NAME_both.c, which is built for float and for double. */
#ifndef TESTS_NN_CELL_LAWS_H
#define TESTS_NN_CELL_LAWS_H

#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "nn/sequence.h"
#include "nn/step.h"
#include "rondo/rondo.h"

#define MOST 10

typedef struct cell_input {
    char kind; /* 't': (T, B, n), 'b': (B, n), 'm': (m, n), 'v': (n), 0: absent */
    int64_t n, m;
} cell_input;

typedef struct cell cell;
struct cell {
    const char *name;
    int64_t T, B, H;
    const int32_t *lengths;
    bool training;
    rondo_sequence_options sequence;
    union {
        rondo_elman_options elman;
        rondo_gru_options gru;
        rondo_jordan_options jordan;
    } options;
    cell_input in[MOST]; /* 0: x, 1: initial state */
    int outputs;         /* the last is the final state (B, n), the others are (T, B, n) */
    int64_t width[3];
    void (*run)(const cell *c, rondo_tape *tape, rondo_var *const *in, const rondo_sequence_options *sequence,
                rondo_var **out);
    /* one composed step: state and x_t (and teacher_t) in, outputs of the step and the new state out; NULL: not
     * composed */
    void (*compose)(const cell *c, rondo_tape *tape, rondo_var *const *in, rondo_var *x_t, rondo_var *state,
                    rondo_var *teacher_t, rondo_var **out);
    const rondo__step_class *step; /* NULL: does not stream */
    void (*weights)(real *const *in, rondo__step_weights *weights);
};

/* One run: memory for values and gradients, filled by a fixed rule. */
typedef struct trial {
    const cell *c;
    int64_t T, B;
    rondo_tensor tensor[MOST];
    real *grad[MOST];
    real *out[3], *out_grad[3];
    rondo_context *context;
    rondo_tape *tape;
} trial;

static real *reals(int64_t n) { return rondo__calloc((size_t)n + 1, sizeof(real)); }

static int dims_of(const cell_input *in, int64_t T, int64_t B, int64_t dims[3]) {
    switch (in->kind) {
    case 't':
        dims[0] = T, dims[1] = B, dims[2] = in->n;
        return 3;
    case 'b':
        dims[0] = B, dims[1] = in->n;
        return 2;
    case 'm':
        dims[0] = in->m, dims[1] = in->n;
        return 2;
    default:
        dims[0] = in->n;
        return 1;
    }
}

static int64_t out_count(const trial *t, int k) {
    return (k + 1 == t->c->outputs ? t->B : t->T * t->B) * t->c->width[k];
}

static void trial_open(trial *t, const cell *c, int64_t T, int64_t B, int threads) {
    *t = (trial){.c = c, .T = T, .B = B};
    for (int i = 0; i < MOST; i++) {
        int64_t dims[3];
        if (!c->in[i].kind)
            continue;
        const int rank = dims_of(&c->in[i], T, B, dims);
        t->tensor[i] = rondo_tensor_view(RONDO_REAL, NULL, rank, dims);
        const int64_t n = rondo_tensor_count(&t->tensor[i]);
        real *data = t->tensor[i].data = reals(n);
        t->grad[i] = reals(n);
        for (int64_t j = 0; j < n; j++)
            data[j] = (real)(1.4 * rondo__random_uniform(7, (uint64_t)i, (uint64_t)j) - 0.7);
    }
    for (int k = 0; k < c->outputs; k++) {
        t->out[k] = reals(out_count(t, k));
        t->out_grad[k] = reals(out_count(t, k));
        for (int64_t j = 0; j < out_count(t, k); j++)
            t->out_grad[k][j] = (real)(2 * rondo__random_uniform(8, (uint64_t)k, (uint64_t)j) - 1);
    }
    assert_int_equal(rondo_context_create(&t->context, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&t->tape, t->context, NULL), RONDO_OK);
}

static void trial_close(trial *t) {
    for (int i = 0; i < MOST; i++) {
        rondo__free(t->tensor[i].data);
        rondo__free(t->grad[i]);
    }
    for (int k = 0; k < 3; k++) {
        rondo__free(t->out[k]);
        rondo__free(t->out_grad[k]);
    }
    rondo_tape_destroy(&t->tape);
    rondo_context_destroy(&t->context);
}

static rondo_sequence_options sequence_of(const cell *c, const int32_t *lengths) {
    rondo_sequence_options sequence = c->sequence;
    sequence.lengths = lengths;
    return sequence;
}

/* The cell composed step by step; rows that do not run keep their state and give zeros. */
static void run_composed(const trial *t, rondo_tape *tape, rondo_var *const *in, rondo_var **out) {
    const cell *c = t->c;
    const int last = c->outputs - 1;
    const int64_t B = t->B, S = c->in[1].n;
    rondo_var *state = in[1] ? in[1] : rondo_zeros(tape, 2, (int64_t[]){B, S});
    rondo_var *steps[2][16];
    for (int64_t s = 0; s < t->T; s++) {
        const int64_t at = c->sequence.reverse ? t->T - 1 - s : s;
        rondo_var *x = rondo_reshape(tape, rondo_slice(tape, in[0], 0, at, at + 1), 2, (int64_t[]){B, c->in[0].n});
        rondo_var *teacher = NULL, *made[3];
        if (in[2] && c->in[2].kind == 't')
            teacher = rondo_reshape(tape, rondo_slice(tape, in[2], 0, at, at + 1), 2, (int64_t[]){B, c->in[2].n});
        c->compose(c, tape, in, x, state, teacher, made);
        for (int k = 0; k < c->outputs; k++) {
            const int64_t n = c->width[k];
            rondo_var *runs = rondo_zeros(tape, 2, (int64_t[]){B, n});
            for (int64_t b = 0; runs && b < B; b++)
                for (int64_t j = 0; j < n; j++)
                    ((real *)runs->value.data)[b * n + j] = !c->lengths || at < c->lengths[b];
            rondo_var *kept = rondo_mul(tape, made[k], runs);
            if (k == last)
                state = rondo_add(tape, kept, rondo_mul(tape, state, rondo_affine(tape, runs, -1, 1)));
            else
                steps[k][at] = rondo_reshape(tape, kept, 3, (int64_t[]){1, B, n});
        }
    }
    for (int k = 0; k < last; k++)
        out[k] = rondo_concat(tape, 0, (int)t->T, steps[k]);
    out[last] = state;
}

/* Forward and backward with the trial's gradients of the outputs; results in out and grad. */
static rondo_status trial_run(trial *t, const int32_t *lengths, bool composed, bool backward) {
    const cell *c = t->c;
    const rondo_sequence_options sequence = sequence_of(c, lengths);
    rondo_var *in[MOST] = {NULL}, *out[3];
    rondo_tape_begin(t->tape, &(rondo_step){.training = c->training, .recording = backward, .seed = 3, .step = 5});
    for (int i = 0; i < MOST; i++)
        if (t->tensor[i].data) {
            memset(t->grad[i], 0, (size_t)rondo_tensor_count(&t->tensor[i]) * sizeof(real));
            in[i] = rondo_leaf(t->tape, &t->tensor[i], backward ? t->grad[i] : NULL);
        }
    if (composed)
        run_composed(t, t->tape, in, out);
    else
        c->run(c, t->tape, in, &sequence, out);
    rondo_error err = {0};
    rondo_status status = rondo_tape_status(t->tape, &err);
    if (status != RONDO_OK)
        return status;
    if (backward)
        status = rondo_backward_from(t->tape, c->outputs, out, (const real *const *)t->out_grad);
    for (int k = 0; status == RONDO_OK && k < c->outputs; k++)
        if (out_count(t, k))
            memcpy(t->out[k], out[k]->value.data, (size_t)out_count(t, k) * sizeof(real));
    return status;
}

static void assert_near(const cell *c, const char *what, int which, int64_t n, const real *a, const real *b) {
    const double tolerance = sizeof(real) == 8 ? 1e-11 : 3e-4;
    for (int64_t j = 0; j < n; j++)
        if (!(fabs((double)(a[j] - b[j])) <= tolerance * (1 + fabs((double)b[j]))))
            fail_msg("%s: %s %d, element %lld: %g, expected %g", c->name, what, which, (long long)j, (double)a[j],
                     (double)b[j]);
}

static void assert_same(const cell *c, const char *what, int which, int64_t n, const real *a, const real *b) {
    if (n > 0 && memcmp(a, b, (size_t)n * sizeof *a) != 0)
        fail_msg("%s: %s %d has other bits (first %g and %g)", c->name, what, which, (double)a[0], (double)b[0]);
}

static void compare(const trial *a, const trial *b, bool bits) {
    for (int k = 0; k < a->c->outputs; k++)
        (bits ? assert_same : assert_near)(a->c, "output", k, out_count(a, k), a->out[k], b->out[k]);
    for (int i = 0; i < MOST; i++)
        if (a->tensor[i].data)
            (bits ? assert_same : assert_near)(a->c, "gradient of input", i, rondo_tensor_count(&a->tensor[i]),
                                               a->grad[i], b->grad[i]);
}

/* ---- the laws ---- */

static rondo_var *scalar_of(rondo_tape *tape, int count, rondo_var *const *leaves, void *arg) {
    const trial *t = arg;
    const cell *c = t->c;
    (void)count;
    const rondo_sequence_options sequence = sequence_of(c, c->lengths);
    rondo_var *in[MOST] = {NULL}, *out[3], *sum = NULL;
    for (int i = 0, leaf = 0; i < MOST; i++)
        in[i] = t->tensor[i].data ? leaves[leaf++] : NULL;
    c->run(c, tape, in, &sequence, out);
    for (int k = 0; out[0] && k < c->outputs; k++) {
        rondo_tensor view = rondo_tensor_view(RONDO_REAL, t->out_grad[k], out[k]->value.rank, out[k]->value.dims);
        rondo_var *part = rondo_sum(tape, rondo_mul(tape, out[k], rondo_leaf(tape, &view, NULL)));
        sum = sum ? rondo_add(tape, sum, part) : part;
    }
    return sum;
}

/* 1. gradients equal finite differences, in double. The steps are small so that none crosses the kink of a ReLU. */
static void law_gradients(const cell *c) {
    trial t;
    rondo_tensor tensors[MOST];
    int count = 0;
    double worst = 1;
    rondo_error err = {0};
    if (sizeof(real) != 8)
        return;
    trial_open(&t, c, c->T, c->B, 1);
    for (int i = 0; i < MOST; i++)
        if (t.tensor[i].data)
            tensors[count++] = t.tensor[i];
    const rondo_step step = {.training = c->training, .recording = true, .seed = 3, .step = 5};
    if (rondo_gradient_check(t.tape, scalar_of, &t, count, tensors, &step, 1e-5, &worst, &err) != RONDO_OK)
        fail_msg("%s: %s", c->name, err.message);
    if (!(worst < 1e-6))
        fail_msg("%s: worst relative error of the gradient is %g", c->name, worst);
    trial_close(&t);
}

/* 2. equals the cell composed of basic operators, outputs and gradients. */
static void law_composed(const cell *c) {
    trial fused, composed;
    if (!c->compose)
        return;
    trial_open(&fused, c, c->T, c->B, 1);
    trial_open(&composed, c, c->T, c->B, 1);
    assert_int_equal(trial_run(&fused, c->lengths, false, true), RONDO_OK);
    assert_int_equal(trial_run(&composed, c->lengths, true, true), RONDO_OK);
    compare(&fused, &composed, false);
    trial_close(&fused);
    trial_close(&composed);
}

/* 5. T single steps with carried state give the bits of the whole. */
static void law_steps(const cell *c) {
    trial whole, one;
    const int last = c->outputs - 1;
    const int64_t S = c->width[last], B = c->B;
    if (c->training)
        return;
    trial_open(&whole, c, c->T, B, 1);
    trial_open(&one, c, 1, B, 1);
    assert_int_equal(trial_run(&whole, NULL, false, false), RONDO_OK);
    if (whole.tensor[1].data)
        memcpy(one.tensor[1].data, whole.tensor[1].data, (size_t)(B * S) * sizeof(real));
    for (int64_t s = 0; s < c->T && one.tensor[1].data; s++) {
        const int64_t at = c->sequence.reverse ? c->T - 1 - s : s;
        for (int i = 0; i < MOST; i++)
            if (c->in[i].kind == 't')
                memcpy(one.tensor[i].data, (real *)whole.tensor[i].data + at * B * c->in[i].n,
                       (size_t)(B * c->in[i].n) * sizeof(real));
        assert_int_equal(trial_run(&one, NULL, false, false), RONDO_OK);
        for (int k = 0; k < last; k++)
            assert_same(c, "single step, output", k, B * c->width[k], one.out[k], whole.out[k] + at * B * c->width[k]);
        memcpy(one.tensor[1].data, one.out[last], (size_t)(B * S) * sizeof(real));
    }
    if (one.tensor[1].data)
        assert_same(c, "single steps, state", last, B * S, one.out[last], whole.out[last]);
    trial_close(&whole);
    trial_close(&one);
}

/* rows b of (T, B, n) into or out of (L, 1, n). */
static void move_row(real *row, real *batch, int64_t L, int64_t B, int64_t b, int64_t n, bool out) {
    for (int64_t s = 0; s < L; s++) {
        real *p = batch + (s * B + b) * n;
        memcpy(out ? row + s * n : p, out ? p : row + s * n, (size_t)n * sizeof *row);
    }
}

/* 6, 7. each row of a ragged batch, padding, order and all, has the outputs and input gradients of the row run alone.
 */
static void law_rows(const cell *c) {
    trial batch, alone;
    const int last = c->outputs - 1;
    if (c->training)
        return;
    trial_open(&batch, c, c->T, c->B, 1);
    assert_int_equal(trial_run(&batch, c->lengths, false, true), RONDO_OK);
    for (int64_t b = 0; b < c->B; b++) {
        const int64_t L = c->lengths ? c->lengths[b] : c->T;
        trial_open(&alone, c, L, 1, 1);
        for (int i = 0; i < MOST; i++)
            if (c->in[i].kind == 't' || c->in[i].kind == 'b')
                move_row(alone.tensor[i].data, batch.tensor[i].data, c->in[i].kind == 't' ? L : 1, c->B, b, c->in[i].n,
                         true);
        for (int k = 0; k < c->outputs; k++)
            move_row(alone.out_grad[k], batch.out_grad[k], k == last ? 1 : L, c->B, b, c->width[k], true);
        assert_int_equal(trial_run(&alone, NULL, false, true), RONDO_OK);
        for (int k = 0; k < c->outputs; k++) {
            real *row = reals(c->T * c->width[k]);
            move_row(row, batch.out[k], k == last ? 1 : c->T, c->B, b, c->width[k], true);
            assert_same(c, "row alone, output", k, (k == last ? 1 : L) * c->width[k], alone.out[k], row);
            for (int64_t j = L * c->width[k]; k < last && j < c->T * c->width[k]; j++)
                assert_true(row[j] == 0);
            rondo__free(row);
        }
        for (int i = 0; i < MOST; i++)
            if (c->in[i].kind == 't' || c->in[i].kind == 'b') {
                const int64_t steps = c->in[i].kind == 't' ? L : 1;
                real *row = reals(steps * c->in[i].n);
                move_row(row, batch.grad[i], steps, c->B, b, c->in[i].n, true);
                assert_same(c, "row alone, gradient", i, steps * c->in[i].n, alone.grad[i], row);
                rondo__free(row);
            }
        trial_close(&alone);
    }
    trial_close(&batch);
}

/* 8. any number of threads, the same bits. */
static void law_threads(const cell *c) {
    trial one, many;
    trial_open(&one, c, c->T, c->B, 1);
    assert_int_equal(trial_run(&one, c->lengths, false, true), RONDO_OK);
    for (int threads = 2; threads <= 4; threads++) {
        trial_open(&many, c, c->T, c->B, threads);
        assert_int_equal(trial_run(&many, c->lengths, false, true), RONDO_OK);
        compare(&many, &one, true);
        trial_close(&many);
    }
    trial_close(&one);
}

static int run_fresh(void *arg) {
    trial *t = arg;
    rondo_tape *tape = NULL;
    rondo_status status = rondo_tape_create(&tape, t->context, NULL);
    rondo_tape *kept = t->tape;
    t->tape = tape;
    if (status == RONDO_OK)
        status = trial_run(t, t->c->lengths, false, true);
    t->tape = kept;
    rondo_tape_destroy(&tape);
    return status;
}

/* 9. no allocation after the first step; every failed allocation comes back clean. */
static void law_memory(const cell *c) {
    trial t;
    trial_open(&t, c, c->T, c->B, 2);
    assert_int_equal(trial_run(&t, c->lengths, false, true), RONDO_OK);
    assert_int_equal(trial_run(&t, c->lengths, false, true), RONDO_OK);
    const uint64_t before = rondo__alloc_count();
    assert_int_equal(trial_run(&t, c->lengths, false, true), RONDO_OK);
    assert_int_equal(rondo__alloc_count(), before);
    test_every_failure(run_fresh, &t);
    trial_close(&t);
}

static void layer_of(const trial *t, rondo__step_layer *layer, real *state) {
    const cell *c = t->c;
    *layer = (rondo__step_layer){.kernels = t->context->kernels,
                                 .B = c->B,
                                 .I = c->in[0].n,
                                 .H = c->H,
                                 .R = c->H,
                                 .O = c->width[0],
                                 .Q = c->width[c->outputs - 1],
                                 .h = state};
    memcpy(&layer->options, &c->options, sizeof c->options);
    layer->options.elman.sequence = c->sequence; /* the first member of all of them */
}

/* 10. the streaming step has the bits of the sequence, and allocates nothing. */
static void law_streaming(const cell *c) {
    trial t;
    const int last = c->outputs - 1;
    const int64_t B = c->B, S = c->width[last], n = c->width[0];
    if (!c->step || c->training || c->sequence.reverse || c->in[2].kind == 't')
        return;
    trial_open(&t, c, c->T, B, 1);
    assert_int_equal(trial_run(&t, NULL, false, false), RONDO_OK);
    real *in[MOST], *state = reals(B * S), *y = reals(B * n);
    rondo__step_layer layer;
    rondo__step_weights weights = {0};
    for (int i = 0; i < MOST; i++)
        in[i] = t.tensor[i].data;
    if (in[1])
        memcpy(state, in[1], (size_t)(B * S) * sizeof *state);
    c->weights(in, &weights);
    layer_of(&t, &layer, state);
    layer.memory = rondo__alloc(c->step->bytes(&layer, &weights));
    c->step->pack(&layer, &weights);
    const uint64_t before = rondo__alloc_count();
    for (int64_t s = 0; s < c->T; s++) {
        c->step->step(&layer, in[0] + s * B * c->in[0].n, y);
        assert_same(c, "streamed output", 0, B * n, y, t.out[0] + s * B * n);
    }
    assert_int_equal(rondo__alloc_count(), before);
    assert_same(c, "streamed state", last, B * S, state, t.out[last]);
    rondo__free(layer.memory);
    rondo__free(state);
    rondo__free(y);
    trial_close(&t);
}

static void all_laws(const cell *cells, int count) {
    for (int i = 0; i < count; i++) {
        law_composed(&cells[i]);
        law_gradients(&cells[i]);
        law_steps(&cells[i]);
        law_rows(&cells[i]);
        law_threads(&cells[i]);
        law_streaming(&cells[i]);
    }
}

/* Without lengths there is nothing ragged; the rest is as told. */
static const int32_t ragged_lengths[5] = {2, 4, 0, 3, 1};

#endif

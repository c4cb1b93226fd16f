/* Inverted dropout. The mask is drawn once, as bytes, and saved: byte j comes from number j of the call's own stream,
 * so it does not depend on threads. With shared_steps the mask covers one step (B, N) and all T steps use it.
 *
 * Outside of training, or with rate 0, x itself is returned and nothing is recorded. */
#include <math.h>

#include "autograd/op_tools.h"
#include "autograd/tape.h"
#include "rondo/ops.h"

typedef struct dropout_options {
    real rate;
    bool shared_steps;
} dropout_options;

static int64_t mask_count(const rondo_call *call) {
    const rondo_tensor *x = &call->in[0]->value;
    int64_t count = rondo_tensor_count(x);
    return ((const dropout_options *)call->options)->shared_steps && x->dims[0] ? count / x->dims[0] : count;
}

static size_t saved_bytes(const rondo_call *call) { return (size_t)mask_count(call); }

static void draw_range(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const double rate = (double)((const dropout_options *)call->options)->rate;
    (void)worker;
    call->context->kernels->draw_mask(end - begin, (uint8_t *)call->saved + begin, call->seed, call->stream,
                                      (uint64_t)begin, (uint64_t)ceil(rate * 4294967296.0));
}

typedef struct job {
    const rondo__kernels *kernels;
    const uint8_t *mask; /* (M) */
    int64_t M;
    real scale;
    real *out;
    const real *in;
} job;

static void forward_range(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    (void)worker;
    while (begin < end) {
        int64_t at = begin % j->M, n = j->M - at < end - begin ? j->M - at : end - begin;
        j->kernels->dropout(n, j->out + begin, j->in + begin, j->mask + at, j->scale);
        begin += n;
    }
}

static void backward_range(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    (void)worker;
    while (begin < end) {
        int64_t at = begin % j->M, n = j->M - at < end - begin ? j->M - at : end - begin;
        j->kernels->dropout_backward(n, j->out + begin, j->in + begin, j->mask + at, j->scale);
        begin += n;
    }
}

static job job_of(const rondo_call *call, real *out, const real *in) {
    real rate = ((const dropout_options *)call->options)->rate;
    return (job){.kernels = call->context->kernels,
                 .mask = call->saved,
                 .M = mask_count(call),
                 .scale = 1 / (1 - rate),
                 .out = out,
                 .in = in};
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    job j = job_of(call, rondo__data(call->out[0]), rondo__data(call->in[0]));
    (void)err;
    rondo__parallel(call->context, j.M, RONDO__BLOCK, draw_range, call);
    rondo__parallel(call->context, rondo__count(call->in[0]), RONDO__BLOCK, forward_range, &j);
    return RONDO_OK;
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    job j = job_of(call, call->in[0]->grad, call->out[0]->grad);
    (void)err;
    rondo__parallel(call->context, rondo__count(call->in[0]), RONDO__BLOCK, backward_range, &j);
    return RONDO_OK;
}

static const rondo_op dropout = {.name = "dropout",
                                 .options_size = sizeof(dropout_options),
                                 .shape = rondo__shape_like_x,
                                 .saved_bytes = saved_bytes,
                                 .device[RONDO_CPU] = {forward, backward}};

static const rondo_op dropout_in_place = {.name = "dropout",
                                          .options_size = sizeof(dropout_options),
                                          .shape = rondo__shape_like_x,
                                          .saved_bytes = saved_bytes,
                                          .device[RONDO_CPU] = {forward, backward},
                                          .in_place = true};

static rondo_var *apply(rondo_tape *tape, const rondo_op *op, rondo_var *x, real rate, bool shared_steps) {
    if (rondo__tape_failed(tape))
        return NULL;
    if (!(rate >= 0 && rate < 1)) {
        rondo__tape_fail(tape, RONDO_ARGUMENT, "dropout: the rate is %g (it must be in [0, 1))", (double)rate);
        return NULL;
    }
    if (x && shared_steps && x->value.rank < 2) {
        rondo__tape_fail(tape, RONDO_SHAPE, "dropout: x is %s (with shared steps it must be (T, B, N))",
                         rondo__shape_of(&x->value).text);
        return NULL;
    }
    if (x && (rate == 0 || !rondo_tape_training(tape)))
        return x;
    return rondo__apply(tape, op, &(dropout_options){rate, shared_steps}, 1, &x);
}

rondo_var *rondo_dropout(rondo_tape *tape, rondo_var *x, rondo_real rate, bool shared_steps) {
    return apply(tape, &dropout, x, rate, shared_steps);
}

rondo_var *rondo__dropout_in_place(rondo_tape *tape, rondo_var *x, rondo_real rate, bool shared_steps) {
    return apply(tape, &dropout_in_place, x, rate, shared_steps);
}

/* tanh, sigmoid, relu: each from its kernel; backward needs only the output y. clip: backward needs the input. */
#include "autograd/op_tools.h"
#include "autograd/tape.h"
#include "rondo/ops.h"

typedef struct blocks_job {
    rondo_call *call;
    void (*forward)(int64_t n, real *out, const real *x);
    void (*backward)(int64_t n, real *dx, const real *y, const real *dy);
} blocks_job;

static void forward_block(void *arg, int64_t begin, int64_t end, int worker) {
    const blocks_job *job = arg;
    (void)worker;
    job->forward(end - begin, rondo__data(job->call->out[0]) + begin, rondo__data(job->call->in[0]) + begin);
}

static void backward_block(void *arg, int64_t begin, int64_t end, int worker) {
    const blocks_job *job = arg;
    const rondo_var *y = job->call->out[0];
    (void)worker;
    job->backward(end - begin, job->call->in[0]->grad + begin, rondo__data(y) + begin, y->grad + begin);
}

static rondo_status run_forward(rondo_call *call, void (*kernel)(int64_t n, real *out, const real *x)) {
    blocks_job job = {.call = call, .forward = kernel};
    rondo__parallel(call->context, rondo__count(call->in[0]), RONDO__BLOCK, forward_block, &job);
    return RONDO_OK;
}

static rondo_status run_backward(rondo_call *call, void (*kernel)(int64_t n, real *dx, const real *y, const real *dy)) {
    blocks_job job = {.call = call, .backward = kernel};
    rondo__parallel(call->context, rondo__count(call->in[0]), RONDO__BLOCK, backward_block, &job);
    return RONDO_OK;
}

static rondo_status tanh_forward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run_forward(call, call->context->kernels->tanh);
}
static rondo_status tanh_backward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run_backward(call, call->context->kernels->tanh_backward);
}
static const rondo_op tanh_op = {
    .name = "tanh", .shape = rondo__shape_like_x, .device[RONDO_CPU] = {tanh_forward, tanh_backward}};

rondo_var *rondo_tanh(rondo_tape *tape, rondo_var *x) { return rondo__apply(tape, &tanh_op, NULL, 1, &x); }

static const rondo_op tanh_in_place = {
    .name = "tanh", .shape = rondo__shape_like_x, .device[RONDO_CPU] = {tanh_forward, tanh_backward}, .in_place = true};

rondo_var *rondo__tanh_in_place(rondo_tape *tape, rondo_var *x) {
    return rondo__apply(tape, &tanh_in_place, NULL, 1, &x);
}

static rondo_status sigmoid_forward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run_forward(call, call->context->kernels->sigmoid);
}
static rondo_status sigmoid_backward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run_backward(call, call->context->kernels->sigmoid_backward);
}
static const rondo_op sigmoid_op = {
    .name = "sigmoid", .shape = rondo__shape_like_x, .device[RONDO_CPU] = {sigmoid_forward, sigmoid_backward}};

rondo_var *rondo_sigmoid(rondo_tape *tape, rondo_var *x) { return rondo__apply(tape, &sigmoid_op, NULL, 1, &x); }

static rondo_status relu_forward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run_forward(call, call->context->kernels->relu);
}
static rondo_status relu_backward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run_backward(call, call->context->kernels->relu_backward);
}
static const rondo_op relu_op = {
    .name = "relu", .shape = rondo__shape_like_x, .device[RONDO_CPU] = {relu_forward, relu_backward}};

rondo_var *rondo_relu(rondo_tape *tape, rondo_var *x) { return rondo__apply(tape, &relu_op, NULL, 1, &x); }

/* ---- clip ---- */

typedef struct clip_options {
    real limit;
} clip_options;

static rondo_status clip_shape(rondo_call *call, rondo_error *err) {
    const clip_options *options = call->options;
    if (!(options->limit >= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "clip: the limit is %g (it must not be negative)",
                           (double)options->limit);
    return rondo__shape_like_x(call, err);
}

/* Comparisons are written so that NaN passes through. */
static void clip_block(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    real limit = ((const clip_options *)call->options)->limit;
    real *y = rondo__data(call->out[0]);
    const real *x = rondo__data(call->in[0]);
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i] > limit ? limit : x[i] < -limit ? -limit : x[i];
}

static void clip_block_backward(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    real limit = ((const clip_options *)call->options)->limit;
    real *dx = call->in[0]->grad;
    const real *x = rondo__data(call->in[0]), *dy = call->out[0]->grad;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        dx[i] += x[i] > limit || x[i] < -limit ? (real)0 : dy[i];
}

static rondo_status clip_forward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__parallel(call->context, rondo__count(call->in[0]), RONDO__BLOCK, clip_block, call);
    return RONDO_OK;
}

static rondo_status clip_backward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__parallel(call->context, rondo__count(call->in[0]), RONDO__BLOCK, clip_block_backward, call);
    return RONDO_OK;
}

static const rondo_op clip = {.name = "clip",
                              .options_size = sizeof(clip_options),
                              .shape = clip_shape,
                              .device[RONDO_CPU] = {clip_forward, clip_backward}};

rondo_var *rondo_clip(rondo_tape *tape, rondo_var *x, rondo_real limit) {
    return rondo__apply(tape, &clip, &(clip_options){limit}, 1, &x);
}

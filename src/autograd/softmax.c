/* softmax and log_softmax over the last dimension; x, y (R, N).
 *
 *   softmax      y = exp(x) / sum(exp(x))      dx += y ∘ (dy - sum(y ∘ dy))
 *   log_softmax  y = x - log(sum(exp(x)))      dx += dy - exp(y) * sum(dy) */
#include "autograd/op_tools.h"
#include "rondo/ops.h"

static rondo_status run_rows(rondo_call *call, rondo__range_task task) {
    const rondo_tensor *x = &call->in[0]->value;
    rondo__parallel(call->context, rondo__rows(x), rondo__row_grain(rondo__width(x)), task, call);
    return RONDO_OK;
}

/* ---- softmax ---- */

static void softmax_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    int64_t N = rondo__width(&call->in[0]->value);
    (void)worker;
    for (int64_t r = begin; r < end; r++)
        call->context->kernels->softmax_row(N, rondo__data(call->out[0]) + r * N, rondo__data(call->in[0]) + r * N);
}

static void softmax_rows_backward(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    int64_t N = rondo__width(&call->in[0]->value);
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        real *dx = call->in[0]->grad + r * N;
        const real *y = rondo__data(call->out[0]) + r * N, *dy = call->out[0]->grad + r * N;
        real along = (real)call->context->kernels->dot(N, y, dy);
        for (int64_t j = 0; j < N; j++)
            dx[j] += y[j] * (dy[j] - along);
    }
}

static rondo_status softmax_forward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run_rows(call, softmax_rows);
}
static rondo_status softmax_backward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run_rows(call, softmax_rows_backward);
}
static const rondo_op softmax = {
    .name = "softmax", .shape = rondo__shape_like_rows, .device[RONDO_CPU] = {softmax_forward, softmax_backward}};

rondo_var *rondo_softmax(rondo_tape *tape, rondo_var *x) { return rondo__apply(tape, &softmax, NULL, 1, &x); }

/* ---- log_softmax ---- */

static void log_softmax_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const rondo__kernels *kernels = call->context->kernels;
    int64_t N = rondo__width(&call->in[0]->value);
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        const real *x = rondo__data(call->in[0]) + r * N;
        kernels->affine(N, rondo__data(call->out[0]) + r * N, x, 1, -kernels->logsumexp_row(N, x));
    }
}

/* One row of probabilities for each worker. */
static size_t log_softmax_scratch(const rondo_call *call, bool backward) {
    return backward ? (size_t)call->context->threads * (size_t)rondo__width(&call->in[0]->value) * sizeof(real) : 0;
}

static void log_softmax_rows_backward(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const rondo__kernels *kernels = call->context->kernels;
    int64_t N = rondo__width(&call->in[0]->value);
    real *p = (real *)call->scratch + worker * N; /* (N) */
    for (int64_t r = begin; r < end; r++) {
        real *dx = call->in[0]->grad + r * N;
        const real *dy = call->out[0]->grad + r * N;
        real total = (real)kernels->sum(N, dy);
        kernels->exp(N, p, rondo__data(call->out[0]) + r * N);
        for (int64_t j = 0; j < N; j++)
            dx[j] += dy[j] - p[j] * total;
    }
}

static rondo_status log_softmax_forward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run_rows(call, log_softmax_rows);
}
static rondo_status log_softmax_backward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run_rows(call, log_softmax_rows_backward);
}
static const rondo_op log_softmax = {.name = "log_softmax",
                                     .shape = rondo__shape_like_rows,
                                     .scratch_bytes = log_softmax_scratch,
                                     .device[RONDO_CPU] = {log_softmax_forward, log_softmax_backward}};

rondo_var *rondo_log_softmax(rondo_tape *tape, rondo_var *x) { return rondo__apply(tape, &log_softmax, NULL, 1, &x); }

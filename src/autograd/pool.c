/* pool: one vector for each sequence; x (T, B, N), lengths (B) or NULL: all T -> y (B, N).
 *
 *   last       y = x[length-1]; with two directions the second half of the features is that of x[0], where the
 *              backward direction has read everything
 *   mean       y = sum_t x_t / length
 *   max        y_n = max_t x_tn; the gradient goes to the first of equal ones. A NaN is the largest number there is
 *   attention  a = softmax_t(score), y = sum_t a_t x_t, score (T, B) or (T, B, 1)
 *              with e_t = <dy, x_t>:  dx_t += a_t dy,  dscore_t += a_t (e_t - sum_s a_s e_s)
 *
 * A row of length 0 is zeros and gets no gradient. Steps behind the length are never read, so that padding may hold
 * anything. Saved: max, the step of each maximum (B, N); attention, a as (B, T). Work is cut by rows of the batch. */
#include <math.h>
#include <string.h>

#include "autograd/op_tools.h"
#include "rondo/ops.h"

enum { X, SCORE };

static const rondo_pool_options *options_of(const rondo_call *call) { return call->options; }

static int64_t length_of(const rondo_call *call, int64_t b) {
    const int32_t *lengths = options_of(call)->lengths;
    return lengths ? lengths[b] : call->in[X]->value.dims[0];
}

/* ---- shape ---- */

static rondo_status check_score(const rondo_call *call, rondo_error *err) {
    const rondo_var *score = call->in[SCORE];
    const int64_t *dims = call->in[X]->value.dims;
    bool wanted = options_of(call)->kind == RONDO_POOL_ATTENTION;
    if (wanted && !score)
        return rondo__fail(err, RONDO_ARGUMENT, "pool: score is NULL (attention needs one for each step)");
    if (!wanted && score)
        return rondo__fail(err, RONDO_ARGUMENT, "pool: score is given (only attention uses one)");
    if (!score)
        return RONDO_OK;
    const rondo_tensor *s = &score->value;
    bool column = s->rank == 3 && s->dims[2] == 1;
    if ((s->rank == 2 || column) && s->dims[0] == dims[0] && s->dims[1] == dims[1])
        return RONDO_OK;
    return rondo__fail(err, RONDO_SHAPE, "pool: score is %s (it must be (%lld, %lld))", rondo__shape_of(s).text,
                       (long long)dims[0], (long long)dims[1]);
}

static rondo_status check_options(const rondo_call *call, rondo_error *err) {
    const rondo_pool_options *options = options_of(call);
    const int64_t *dims = call->in[X]->value.dims;
    if ((int)options->kind < RONDO_POOL_LAST || options->kind > RONDO_POOL_ATTENTION)
        return rondo__fail(err, RONDO_ARGUMENT, "pool: kind is %d (it must be one of rondo_pooling)",
                           (int)options->kind);
    if (options->directions < 0 || options->directions > 2)
        return rondo__fail(err, RONDO_ARGUMENT, "pool: directions is %d (it must be 0, 1 or 2)", options->directions);
    if (options->kind == RONDO_POOL_LAST && options->directions == 2 && dims[2] % 2)
        return rondo__fail(err, RONDO_SHAPE, "pool: x has %lld features (two directions need an even number)",
                           (long long)dims[2]);
    for (int64_t b = 0; options->lengths && b < dims[1]; b++)
        if (options->lengths[b] < 0 || options->lengths[b] > dims[0])
            return rondo__fail(err, RONDO_ARGUMENT, "pool: row %lld has length %d (it must be 0 to %lld)", (long long)b,
                               (int)options->lengths[b], (long long)dims[0]);
    return RONDO_OK;
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__need(call, X, "x", err);
    if (status)
        return status;
    const rondo_tensor *x = &call->in[X]->value;
    if (x->rank != 3)
        return rondo__fail(err, RONDO_SHAPE, "pool: x is %s (it must be (T, B, N))", rondo__shape_of(x).text);
    if (x->dims[0] > INT32_MAX)
        return rondo__fail(err, RONDO_SHAPE, "pool: x has %lld steps (at most %lld)", (long long)x->dims[0],
                           (long long)INT32_MAX);
    status = check_options(call, err);
    if (!status)
        status = check_score(call, err);
    if (status)
        return status;
    call->out[0]->value.rank = 2;
    call->out[0]->value.dims[0] = x->dims[1];
    call->out[0]->value.dims[1] = x->dims[2];
    return RONDO_OK;
}

static size_t saved_bytes(const rondo_call *call) {
    const int64_t *dims = call->in[X]->value.dims;
    switch (options_of(call)->kind) {
    case RONDO_POOL_MAX:
        return (size_t)(dims[1] * dims[2]) * sizeof(int32_t);
    case RONDO_POOL_ATTENTION:
        return (size_t)(dims[0] * dims[1]) * sizeof(real);
    default:
        return 0;
    }
}

/* Attention, backward: the e_t of a row, for each worker. */
static size_t scratch_bytes(const rondo_call *call, bool backward) {
    bool used = backward && options_of(call)->kind == RONDO_POOL_ATTENTION;
    return used ? (size_t)call->context->threads * (size_t)call->in[X]->value.dims[0] * sizeof(real) : 0;
}

/* ---- one row ---- */

/* What a function on one row of the batch sees: step t of it begins at x + t * stride. */
typedef struct row {
    const rondo_call *call;
    const rondo__kernels *kernels;
    int64_t b, T, N, stride; /* T: valid steps, at least 1 */
    const real *x;
    real *dx;       /* NULL: not wanted; never in forward */
    real *y;        /* (N) */
    const real *dy; /* (N), NULL in forward */
    real *scratch;  /* (T) */
} row;

static void last_forward(const row *r) {
    int64_t half = options_of(r->call)->directions == 2 ? r->N / 2 : 0;
    memcpy(r->y, r->x + (r->T - 1) * r->stride, (size_t)(r->N - half) * sizeof *r->y);
    memcpy(r->y + r->N - half, r->x + r->N - half, (size_t)half * sizeof *r->y);
}

static void last_backward(const row *r) {
    int64_t half = options_of(r->call)->directions == 2 ? r->N / 2 : 0;
    r->kernels->axpy(r->N - half, r->dx + (r->T - 1) * r->stride, 1, r->dy);
    r->kernels->axpy(half, r->dx + r->N - half, 1, r->dy + r->N - half);
}

static void mean_forward(const row *r) {
    memset(r->y, 0, (size_t)r->N * sizeof *r->y);
    for (int64_t t = 0; t < r->T; t++)
        r->kernels->axpy(r->N, r->y, 1, r->x + t * r->stride);
    r->kernels->affine(r->N, r->y, r->y, (real)(1 / (double)r->T), 0);
}

static void mean_backward(const row *r) {
    for (int64_t t = 0; t < r->T; t++)
        r->kernels->axpy(r->N, r->dx + t * r->stride, (real)(1 / (double)r->T), r->dy);
}

static void max_forward(const row *r) {
    int32_t *at = (int32_t *)r->call->saved + r->b * r->N;
    memcpy(r->y, r->x, (size_t)r->N * sizeof *r->y);
    memset(at, 0, (size_t)r->N * sizeof *at);
    for (int64_t t = 1; t < r->T; t++) {
        const real *x = r->x + t * r->stride;
        for (int64_t n = 0; n < r->N; n++) {
            bool larger = x[n] > r->y[n] || (isnan(x[n]) && !isnan(r->y[n]));
            r->y[n] = larger ? x[n] : r->y[n];
            at[n] = larger ? (int32_t)t : at[n];
        }
    }
}

static void max_backward(const row *r) {
    const int32_t *at = (const int32_t *)r->call->saved + r->b * r->N;
    for (int64_t n = 0; n < r->N; n++)
        r->dx[at[n] * r->stride + n] += r->dy[n];
}

static void attention_forward(const row *r) {
    const int64_t *dims = r->call->in[X]->value.dims;
    real *a = (real *)r->call->saved + r->b * dims[0];
    for (int64_t t = 0; t < r->T; t++)
        a[t] = rondo__data(r->call->in[SCORE])[t * dims[1] + r->b];
    r->kernels->softmax_row(r->T, a, a);
    memset(r->y, 0, (size_t)r->N * sizeof *r->y);
    for (int64_t t = 0; t < r->T; t++)
        r->kernels->axpy(r->N, r->y, a[t], r->x + t * r->stride);
}

static void attention_backward(const row *r) {
    const int64_t *dims = r->call->in[X]->value.dims;
    const real *a = (const real *)r->call->saved + r->b * dims[0];
    real *dscore = r->call->in[SCORE]->grad;
    for (int64_t t = 0; r->dx && t < r->T; t++)
        r->kernels->axpy(r->N, r->dx + t * r->stride, a[t], r->dy);
    if (!dscore)
        return;
    for (int64_t t = 0; t < r->T; t++)
        r->scratch[t] = (real)r->kernels->dot(r->N, r->dy, r->x + t * r->stride);
    real along = (real)r->kernels->dot(r->T, a, r->scratch);
    for (int64_t t = 0; t < r->T; t++)
        dscore[t * dims[1] + r->b] += a[t] * (r->scratch[t] - along);
}

/* ---- all rows ---- */

static row row_of(const rondo_call *call, int64_t b, int worker) {
    const int64_t *dims = call->in[X]->value.dims;
    int64_t N = dims[2];
    return (row){.call = call,
                 .kernels = call->context->kernels,
                 .b = b,
                 .T = length_of(call, b),
                 .N = N,
                 .stride = dims[1] * N,
                 .x = rondo__data(call->in[X]) + b * N,
                 .dx = call->in[X]->grad ? call->in[X]->grad + b * N : NULL,
                 .y = rondo__data(call->out[0]) + b * N,
                 .dy = call->out[0]->grad ? call->out[0]->grad + b * N : NULL,
                 .scratch = (real *)call->scratch + worker * dims[0]};
}

static void forward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    static void (*const one[])(const row *) = {[RONDO_POOL_LAST] = last_forward,
                                               [RONDO_POOL_MEAN] = mean_forward,
                                               [RONDO_POOL_MAX] = max_forward,
                                               [RONDO_POOL_ATTENTION] = attention_forward};
    const rondo_call *call = arg;
    for (int64_t b = begin; b < end; b++) {
        row r = row_of(call, b, worker);
        if (r.T > 0)
            one[options_of(call)->kind](&r);
        else
            memset(r.y, 0, (size_t)r.N * sizeof *r.y);
    }
}

static void backward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    static void (*const one[])(const row *) = {[RONDO_POOL_LAST] = last_backward,
                                               [RONDO_POOL_MEAN] = mean_backward,
                                               [RONDO_POOL_MAX] = max_backward,
                                               [RONDO_POOL_ATTENTION] = attention_backward};
    const rondo_call *call = arg;
    rondo_pooling kind = options_of(call)->kind;
    for (int64_t b = begin; b < end; b++) {
        row r = row_of(call, b, worker);
        if (r.T > 0 && (r.dx || kind == RONDO_POOL_ATTENTION))
            one[kind](&r);
    }
}

static rondo_status run(rondo_call *call, rondo__range_task task) {
    const int64_t *dims = call->in[X]->value.dims;
    rondo__parallel(call->context, dims[1], rondo__row_grain(dims[0] * dims[2]), task, call);
    return RONDO_OK;
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run(call, forward_rows);
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run(call, backward_rows);
}

static const rondo_op pool = {.name = "pool",
                              .options_size = sizeof(rondo_pool_options),
                              .shape = shape,
                              .saved_bytes = saved_bytes,
                              .scratch_bytes = scratch_bytes,
                              .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_pool(rondo_tape *tape, rondo_var *x, rondo_var *score, const rondo_pool_options *options) {
    static const rondo_pool_options defaults;
    return rondo__apply(tape, &pool, options ? options : &defaults, 2, (rondo_var *[]){x, score});
}

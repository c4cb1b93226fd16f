/* add, mul: y = a + b, y = a ∘ b, where b has a's shape, or is one row (N) used for every row of a (R, N).
 * affine: y = factor * x + offset. */
#include "autograd/op_tools.h"
#include "rondo/ops.h"

/* ---- two arrays ---- */

static rondo_status pair_shape(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__need(call, 0, "a", err);
    if (!status)
        status = rondo__need(call, 1, "b", err);
    if (status)
        return status;
    const rondo_tensor *a = &call->in[0]->value, *b = &call->in[1]->value;
    if (!rondo__same_shape(a, b) && (a->rank == 0 || b->rank != 1 || b->dims[0] != rondo__width(a)))
        return rondo__fail(err, RONDO_SHAPE, "%s: a is %s but b is %s (b must be of the same shape or one row of a)",
                           call->op->name, rondo__shape_of(a).text, rondo__shape_of(b).text);
    call->out[0]->value = *a;
    return RONDO_OK;
}

static bool is_row(const rondo_call *call) { return !rondo__same_shape(&call->in[0]->value, &call->in[1]->value); }

typedef void (*kernel)(int64_t n, real *out, const real *a, const real *b);

typedef struct pair_job {
    kernel run;
    real *out;     /* (R, N) */
    const real *a; /* (R, N) */
    const real *b; /* (R, N), or one row (N) */
    int64_t N;
} pair_job;

static void pair_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const pair_job *job = arg;
    (void)worker;
    for (int64_t r = begin; r < end; r++)
        job->run(job->N, job->out + r * job->N, job->a + r * job->N, job->b);
}

static void pair_flat(void *arg, int64_t begin, int64_t end, int worker) {
    const pair_job *job = arg;
    (void)worker;
    job->run(end - begin, job->out + begin, job->a + begin, job->b + begin);
}

static void run_pair(const rondo_call *call, kernel run, real *out, const real *a, const real *b, bool row) {
    pair_job job = {.run = run, .out = out, .a = a, .b = b, .N = rondo__width(&call->in[0]->value)};
    if (row)
        rondo__parallel(call->context, rondo__rows(&call->in[0]->value), rondo__row_grain(job.N), pair_rows, &job);
    else
        rondo__parallel(call->context, rondo__count(call->in[0]), RONDO__BLOCK, pair_flat, &job);
}

static rondo_status add_forward(rondo_call *call, rondo_error *err) {
    (void)err;
    run_pair(call, call->context->kernels->add, rondo__data(call->out[0]), rondo__data(call->in[0]),
             rondo__data(call->in[1]), is_row(call));
    return RONDO_OK;
}

static rondo_status add_backward(rondo_call *call, rondo_error *err) {
    rondo_var *a = call->in[0], *b = call->in[1];
    const real *dy = call->out[0]->grad;
    int64_t N = rondo__width(&a->value);
    (void)err;
    if (a->grad)
        rondo__accumulate(call->context, rondo__count(a), a->grad, dy);
    if (b->grad && is_row(call))
        rondo__column_sums(call->context, rondo__rows(&a->value), N, dy, N, b->grad);
    else if (b->grad)
        rondo__accumulate(call->context, rondo__count(b), b->grad, dy);
    return RONDO_OK;
}

static const rondo_op add = {.name = "add", .shape = pair_shape, .device[RONDO_CPU] = {add_forward, add_backward}};

rondo_var *rondo_add(rondo_tape *tape, rondo_var *a, rondo_var *b) {
    return rondo__apply(tape, &add, NULL, 2, (rondo_var *[]){a, b});
}

/* The gradient of a row is summed from the products dy ∘ a of all rows, which need a place. */
static size_t mul_scratch(const rondo_call *call, bool backward) {
    return backward && is_row(call) && call->in[1]->needs_grad ? (size_t)rondo__count(call->in[0]) * sizeof(real) : 0;
}

static rondo_status mul_forward(rondo_call *call, rondo_error *err) {
    (void)err;
    run_pair(call, call->context->kernels->mul, rondo__data(call->out[0]), rondo__data(call->in[0]),
             rondo__data(call->in[1]), is_row(call));
    return RONDO_OK;
}

static rondo_status mul_backward(rondo_call *call, rondo_error *err) {
    const rondo__kernels *kernels = call->context->kernels;
    rondo_var *a = call->in[0], *b = call->in[1];
    const real *dy = call->out[0]->grad;
    int64_t N = rondo__width(&a->value);
    (void)err;
    if (a->grad)
        run_pair(call, kernels->mul_add, a->grad, dy, rondo__data(b), is_row(call));
    if (b->grad && is_row(call)) {
        run_pair(call, kernels->mul, call->scratch, dy, rondo__data(a), false);
        rondo__column_sums(call->context, rondo__rows(&a->value), N, call->scratch, N, b->grad);
    } else if (b->grad) {
        run_pair(call, kernels->mul_add, b->grad, dy, rondo__data(a), false);
    }
    return RONDO_OK;
}

static const rondo_op mul = {
    .name = "mul", .shape = pair_shape, .scratch_bytes = mul_scratch, .device[RONDO_CPU] = {mul_forward, mul_backward}};

rondo_var *rondo_mul(rondo_tape *tape, rondo_var *a, rondo_var *b) {
    return rondo__apply(tape, &mul, NULL, 2, (rondo_var *[]){a, b});
}

/* ---- affine ---- */

typedef struct affine_options {
    real factor, offset;
} affine_options;

static void affine_range(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const affine_options *options = call->options;
    (void)worker;
    call->context->kernels->affine(end - begin, rondo__data(call->out[0]) + begin, rondo__data(call->in[0]) + begin,
                                   options->factor, options->offset);
}

static void affine_range_backward(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const affine_options *options = call->options;
    (void)worker;
    call->context->kernels->axpy(end - begin, call->in[0]->grad + begin, options->factor, call->out[0]->grad + begin);
}

static rondo_status affine_forward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__parallel(call->context, rondo__count(call->in[0]), RONDO__BLOCK, affine_range, call);
    return RONDO_OK;
}

static rondo_status affine_backward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__parallel(call->context, rondo__count(call->in[0]), RONDO__BLOCK, affine_range_backward, call);
    return RONDO_OK;
}

static const rondo_op affine = {.name = "affine",
                                .options_size = sizeof(affine_options),
                                .shape = rondo__shape_like_x,
                                .device[RONDO_CPU] = {affine_forward, affine_backward}};

rondo_var *rondo_affine(rondo_tape *tape, rondo_var *x, rondo_real factor, rondo_real offset) {
    return rondo__apply(tape, &affine, &(affine_options){factor, offset}, 1, &x);
}

/* sum and mean of all elements. Blocks of RONDO__BLOCK numbers are summed in double, then the blocks in order. */
#include "autograd/op_tools.h"
#include "rondo/ops.h"

typedef struct reduce_options {
    bool mean;
} reduce_options;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__need(call, 0, "x", err);
    if (status)
        return status;
    if (((const reduce_options *)call->options)->mean && rondo__count(call->in[0]) == 0)
        return rondo__fail(err, RONDO_SHAPE, "mean: x is %s and has no elements",
                           rondo__shape_of(&call->in[0]->value).text);
    call->out[0]->value.rank = 0;
    return RONDO_OK;
}

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    return backward ? 0 : (size_t)rondo__blocks(rondo__count(call->in[0])) * sizeof(double);
}

/* What each element of x weighs in the result. */
static double weight(const rondo_call *call) {
    return ((const reduce_options *)call->options)->mean ? 1.0 / (double)rondo__count(call->in[0]) : 1.0;
}

static void sum_block(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    (void)worker;
    for (int64_t block = begin; block < end; block++) {
        int64_t first = block * RONDO__BLOCK, left = rondo__count(call->in[0]) - first;
        ((double *)call->scratch)[block] =
            call->context->kernels->sum(left < RONDO__BLOCK ? left : RONDO__BLOCK, rondo__data(call->in[0]) + first);
    }
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    int64_t blocks = rondo__blocks(rondo__count(call->in[0]));
    double total = 0;
    (void)err;
    rondo__parallel(call->context, blocks, 1, sum_block, call);
    for (int64_t block = 0; block < blocks; block++)
        total += ((const double *)call->scratch)[block];
    *rondo__data(call->out[0]) = (real)(total * weight(call));
    return RONDO_OK;
}

static void spread_range(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    real *dx = call->in[0]->grad, each = (real)(*call->out[0]->grad * weight(call));
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        dx[i] += each;
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__parallel(call->context, rondo__count(call->in[0]), RONDO__BLOCK, spread_range, call);
    return RONDO_OK;
}

static const rondo_op sum = {.name = "sum",
                             .options_size = sizeof(reduce_options),
                             .shape = shape,
                             .scratch_bytes = scratch_bytes,
                             .device[RONDO_CPU] = {forward, backward}};
static const rondo_op mean = {.name = "mean",
                              .options_size = sizeof(reduce_options),
                              .shape = shape,
                              .scratch_bytes = scratch_bytes,
                              .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_sum(rondo_tape *tape, rondo_var *x) {
    return rondo__apply(tape, &sum, &(reduce_options){.mean = false}, 1, &x);
}

rondo_var *rondo_mean(rondo_tape *tape, rondo_var *x) {
    return rondo__apply(tape, &mean, &(reduce_options){.mean = true}, 1, &x);
}

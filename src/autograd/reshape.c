/* reshape: the same elements under another shape. A copy, because every variable owns its place. */
#include <string.h>

#include "autograd/op_tools.h"
#include "rondo/ops.h"

typedef struct reshape_options {
    int rank;
    int64_t dims[RONDO_MAX_RANK];
} reshape_options;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const reshape_options *options = call->options;
    rondo_status status = rondo__need(call, 0, "x", err);
    if (status)
        return status;
    const rondo_tensor *x = &call->in[0]->value;
    rondo_tensor *y = &call->out[0]->value;
    *y = rondo_tensor_view(RONDO_REAL, NULL, options->rank, options->dims);
    int64_t known = 1, *last = y->rank ? &y->dims[y->rank - 1] : NULL;
    bool fits = true;
    for (int i = 0; i < y->rank; i++)
        if (&y->dims[i] != last || *last != -1)
            fits &= y->dims[i] >= 0 && !__builtin_mul_overflow(known, y->dims[i], &known);
    if (fits && last && *last == -1 && known > 0)
        *last = rondo_tensor_count(x) / known;
    if (fits && known > 0 && last && *last >= 0)
        fits = rondo__shape_check(y, NULL) == RONDO_OK;
    if (!fits || (last && *last < 0) || rondo_tensor_count(y) != rondo_tensor_count(x))
        return rondo__fail(err, RONDO_SHAPE, "reshape: x is %s, which cannot become %s (%lld elements)",
                           rondo__shape_of(x).text, rondo__shape_of(y).text, (long long)rondo_tensor_count(x));
    return RONDO_OK;
}

static void copy_range(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    (void)worker;
    memcpy(rondo__data(call->out[0]) + begin, rondo__data(call->in[0]) + begin, (size_t)(end - begin) * sizeof(real));
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__parallel(call->context, rondo__count(call->in[0]), RONDO__BLOCK, copy_range, call);
    return RONDO_OK;
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__accumulate(call->context, rondo__count(call->in[0]), call->in[0]->grad, call->out[0]->grad);
    return RONDO_OK;
}

static const rondo_op reshape = {.name = "reshape",
                                 .options_size = sizeof(reshape_options),
                                 .shape = shape,
                                 .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_reshape(rondo_tape *tape, rondo_var *x, int rank, const int64_t *dims) {
    if (rank < 0 || rank > RONDO_MAX_RANK || (rank && !dims)) {
        rondo__tape_fail(tape, RONDO_ARGUMENT, "reshape: rank %d (it must be 0 to %d)", rank, RONDO_MAX_RANK);
        return NULL;
    }
    reshape_options options = {.rank = rank};
    if (rank)
        memcpy(options.dims, dims, (size_t)rank * sizeof *dims);
    return rondo__apply(tape, &reshape, &options, 1, &x);
}

/* y (count, n): chosen rows of x (M, n); backward adds each row's gradient back to where it came from. */
#include "nn/rows.h"
#include "rondo/op.h"
#include "tensor/context.h"

#include <string.h>

typedef struct pick_options {
    int64_t count;
    const int32_t *index; /* (count) */
} pick_options;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const pick_options *options = call->options;
    if (!call->in[0] || call->in[0]->value.rank != 2)
        return rondo__fail(err, RONDO_SHAPE, "pick_rows: x must have two dimensions");
    int64_t M = call->in[0]->value.dims[0];
    for (int64_t i = 0; i < options->count; i++)
        if (options->index[i] < 0 || options->index[i] >= M)
            return rondo__fail(err, RONDO_ARGUMENT, "pick_rows: index %d at place %lld is outside of 0..%lld",
                               options->index[i], (long long)i, (long long)M - 1);
    rondo_tensor *y = &call->out[0]->value;
    y->rank = 2;
    y->dims[0] = options->count;
    y->dims[1] = call->in[0]->value.dims[1];
    return RONDO_OK;
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    (void)err;
    const pick_options *options = call->options;
    const real *x = call->in[0]->value.data; /* (M, n) */
    real *y = call->out[0]->value.data;      /* (count, n) */
    int64_t n = call->in[0]->value.dims[1];
    for (int64_t i = 0; i < options->count; i++)
        memcpy(y + i * n, x + options->index[i] * n, (size_t)n * sizeof(real));
    return RONDO_OK;
}

/* Rows may repeat, so they are added one after the other. */
static rondo_status backward(rondo_call *call, rondo_error *err) {
    (void)err;
    const pick_options *options = call->options;
    const rondo__kernels *kernels = call->context->kernels;
    real *dx = call->in[0]->grad;        /* (M, n) */
    const real *dy = call->out[0]->grad; /* (count, n) */
    int64_t n = call->in[0]->value.dims[1];
    for (int64_t i = 0; dx && i < options->count; i++) {
        real *row = dx + options->index[i] * n;
        kernels->add(n, row, row, dy + i * n);
    }
    return RONDO_OK;
}

static const rondo_op pick_rows_op = {
    .name = "pick_rows",
    .options_size = sizeof(pick_options),
    .shape = shape,
    .device = {[RONDO_CPU] = {forward, backward}},
};

rondo_var *rondo__pick_rows(rondo_tape *tape, rondo_var *x, int64_t count, const int32_t *index) {
    pick_options options = {.count = count, .index = index};
    rondo_var *y = NULL;
    rondo_apply(tape, &pick_rows_op, &options, 1, &x, 1, &y);
    return y;
}

/* y (B, n): the row x (n) repeated B times, as a learned initial state is for a batch. */
#include "nn/rows.h"
#include "rondo/op.h"
#include "tensor/context.h"

#include <string.h>

typedef struct expand_options {
    int64_t B;
} expand_options;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const expand_options *options = call->options;
    if (!call->in[0] || call->in[0]->value.rank != 1)
        return rondo__fail(err, RONDO_SHAPE, "expand: x must have one dimension");
    if (options->B < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "expand: %lld rows (must be 0 or more)", (long long)options->B);
    rondo_tensor *y = &call->out[0]->value;
    y->rank = 2;
    y->dims[0] = options->B;
    y->dims[1] = call->in[0]->value.dims[0];
    return RONDO_OK;
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    (void)err;
    const real *x = call->in[0]->value.data; /* (n) */
    real *y = call->out[0]->value.data;      /* (B, n) */
    int64_t B = call->out[0]->value.dims[0], n = call->out[0]->value.dims[1];
    for (int64_t b = 0; b < B; b++)
        memcpy(y + b * n, x, (size_t)n * sizeof(real));
    return RONDO_OK;
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    (void)err;
    const rondo_var *y = call->out[0];
    if (call->in[0]->grad)
        rondo__column_sums(call->context, y->value.dims[0], y->value.dims[1], y->grad, y->value.dims[1],
                           call->in[0]->grad);
    return RONDO_OK;
}

static const rondo_op expand_op = {
    .name = "expand",
    .options_size = sizeof(expand_options),
    .shape = shape,
    .device = {[RONDO_CPU] = {forward, backward}},
};

rondo_var *rondo__expand_rows(rondo_tape *tape, rondo_var *x, int64_t B) {
    expand_options options = {.B = B};
    rondo_var *y = NULL;
    rondo_apply(tape, &expand_op, &options, 1, &x, 1, &y);
    return y;
}

/* y (M, V): log-probabilities of all symbols from those of an adaptive softmax's head and tails.
 *
 *     head (M, n + C)   | n symbols | C clusters |       tail i (M, v_i)
 *     y    (M, V)       | head[0..n) | head[n] + tail 0 | head[n + 1] + tail 1 | ...  */
#include "autograd/op_tools.h"
#include "nn/rows.h"

#include <string.h>

static rondo_status shape(rondo_call *call, rondo_error *err) {
    int64_t V = 0;
    for (int i = 0; i < call->inputs; i++) {
        const rondo_var *part = call->in[i];
        if (!part || part->value.rank != 2 || part->value.dims[0] != call->in[0]->value.dims[0])
            return rondo__fail(err, RONDO_SHAPE, "join_clusters: every part must be (M, its symbols)");
        V += part->value.dims[1];
    }
    V -= call->inputs - 1;
    rondo_tensor *y = &call->out[0]->value;
    y->rank = 2;
    y->dims[0] = call->in[0]->value.dims[0];
    y->dims[1] = V;
    return RONDO_OK;
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    (void)err;
    const rondo__kernels *kernels = call->context->kernels;
    int C = call->inputs - 1;
    int64_t M = call->out[0]->value.dims[0], width = call->in[0]->value.dims[1], n = width - C;
    real *y = rondo__data(call->out[0]);
    for (int64_t r = 0; r < M; r++) {
        const real *head = rondo__data(call->in[0]) + r * width;
        memcpy(y, head, (size_t)n * sizeof(real));
        y += n;
        for (int i = 0; i < C; i++) {
            int64_t v = call->in[i + 1]->value.dims[1];
            kernels->affine(v, y, rondo__data(call->in[i + 1]) + r * v, 1, head[n + i]);
            y += v;
        }
    }
    return RONDO_OK;
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    (void)err;
    const rondo__kernels *kernels = call->context->kernels;
    int C = call->inputs - 1;
    int64_t M = call->out[0]->value.dims[0], width = call->in[0]->value.dims[1], n = width - C;
    const real *dy = call->out[0]->grad;
    for (int64_t r = 0; r < M; r++) {
        real *dhead = call->in[0]->grad ? call->in[0]->grad + r * width : NULL;
        if (dhead)
            kernels->add(n, dhead, dhead, dy);
        dy += n;
        for (int i = 0; i < C; i++) {
            int64_t v = call->in[i + 1]->value.dims[1];
            real *dtail = call->in[i + 1]->grad ? call->in[i + 1]->grad + r * v : NULL;
            if (dtail)
                kernels->add(v, dtail, dtail, dy);
            if (dhead)
                dhead[n + i] += (real)kernels->sum(v, dy);
            dy += v;
        }
    }
    return RONDO_OK;
}

static const rondo_op join_op = {
    .name = "join_clusters",
    .shape = shape,
    .device = {[RONDO_CPU] = {forward, backward}},
};

rondo_var *rondo__join_clusters(rondo_tape *tape, int clusters, rondo_var *const *part) {
    return rondo__apply(tape, &join_op, NULL, clusters + 1, part);
}

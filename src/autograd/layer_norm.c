/* layer_norm (Ba 2016; nn.LayerNorm over the last dimension).
 *
 *   x (R, N), gain (N) or NULL, bias (N) or NULL, y (R, N)
 *   saved: mean and 1/sqrt(var + eps) of each row (R, 2)
 *
 * The gradients of gain and bias are sums over all rows. Rows are cut into at most BLOCKS blocks, by shape; each block
 * sums its rows in order into its own line of scratch, and the lines are added in order. */
#include <string.h>

#include "autograd/op_tools.h"
#include "rondo/ops.h"

#define BLOCKS 64

typedef struct layer_norm_options {
    real eps;
} layer_norm_options;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__shape_like_rows(call, err);
    if (status)
        return status;
    real eps = ((const layer_norm_options *)call->options)->eps;
    if (!(eps >= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "layer_norm: eps is %g (it must not be negative)", (double)eps);
    int64_t N = rondo__width(&call->in[0]->value);
    status = rondo__need_vector(call, 1, "gain", N, err);
    return status ? status : rondo__need_vector(call, 2, "bias", N, err);
}

static size_t saved_bytes(const rondo_call *call) {
    return (size_t)rondo__rows(&call->in[0]->value) * 2 * sizeof(real);
}

static const real *optional(const rondo_var *var) { return var ? rondo__data(var) : NULL; }

static void forward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    real eps = ((const layer_norm_options *)call->options)->eps;
    int64_t N = rondo__width(&call->in[0]->value);
    (void)worker;
    for (int64_t r = begin; r < end; r++)
        call->context->kernels->layer_norm_row(N, rondo__data(call->out[0]) + r * N, rondo__data(call->in[0]) + r * N,
                                               optional(call->in[1]), optional(call->in[2]), eps,
                                               (real *)call->saved + 2 * r);
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    const rondo_tensor *x = &call->in[0]->value;
    (void)err;
    rondo__parallel(call->context, rondo__rows(x), rondo__row_grain(rondo__width(x)), forward_rows, call);
    return RONDO_OK;
}

/* ---- backward ---- */

/* Scratch, in rows of N: one for each block and gain, one for each block and bias, one for each worker (a place for dx
 * where x needs none). */
typedef struct layout {
    int64_t R, N, blocks;
    real *dgain, *dbias; /* (blocks, N) */
    real *spare;         /* (threads, N) */
} layout;

static layout layout_of(const rondo_call *call) {
    layout l = {.R = rondo__rows(&call->in[0]->value), .N = rondo__width(&call->in[0]->value)};
    l.blocks = l.R < BLOCKS ? l.R : BLOCKS;
    l.dgain = call->scratch;
    return l;
}

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    layout l = layout_of(call);
    return backward ? (size_t)(2 * l.blocks + call->context->threads) * (size_t)l.N * sizeof(real) : 0;
}

typedef struct job {
    rondo_call *call;
    layout l;
} job;

static void backward_blocks(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    const layout *l = &j->l;
    rondo_call *call = j->call;
    rondo_var *x = call->in[0], *gain = call->in[1], *bias = call->in[2];
    int64_t N = l->N;
    for (int64_t block = begin; block < end; block++) {
        real *dgain = gain && gain->grad ? l->dgain + block * N : NULL;
        real *dbias = bias && bias->grad ? l->dbias + block * N : NULL;
        for (int64_t r = l->R * block / l->blocks; r < l->R * (block + 1) / l->blocks; r++)
            call->context->kernels->layer_norm_backward_row(N, x->grad ? x->grad + r * N : l->spare + worker * N, dgain,
                                                            dbias, call->out[0]->grad + r * N, rondo__data(x) + r * N,
                                                            optional(gain), (const real *)call->saved + 2 * r);
    }
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    job j = {call, layout_of(call)};
    layout *l = &j.l;
    rondo_var *gain = call->in[1], *bias = call->in[2];
    (void)err;
    if (call->scratch)
        memset(call->scratch, 0, scratch_bytes(call, true));
    l->dbias = l->dgain + l->blocks * l->N;
    l->spare = l->dbias + l->blocks * l->N;
    rondo__parallel(call->context, l->blocks, 1, backward_blocks, &j);
    if (gain && gain->grad)
        rondo__column_sums(call->context, l->blocks, l->N, l->dgain, l->N, gain->grad);
    if (bias && bias->grad)
        rondo__column_sums(call->context, l->blocks, l->N, l->dbias, l->N, bias->grad);
    return RONDO_OK;
}

static const rondo_op layer_norm = {.name = "layer_norm",
                                    .options_size = sizeof(layer_norm_options),
                                    .shape = shape,
                                    .saved_bytes = saved_bytes,
                                    .scratch_bytes = scratch_bytes,
                                    .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_layer_norm(rondo_tape *tape, rondo_var *x, rondo_var *gain, rondo_var *bias, rondo_real eps) {
    return rondo__apply(tape, &layer_norm, &(layer_norm_options){eps}, 3, (rondo_var *[]){x, gain, bias});
}

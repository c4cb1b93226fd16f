/* What comes next, for rows that are not learned from: log-probabilities, written where the caller wants them.
 *
 *   logits = a · Wᵀ + b,  out = logits - log(sum(exp(logits)));  a (..., K), w (V, K), b (V), out (rows, V)
 *
 * The numbers of rondo_linear and rondo_log_softmax, bit for bit, but made in place: with a vocabulary of thousands
 * each array of them is megabytes, and three of those (logits, their log-softmax, the caller's) are read and written in
 * place of one. */
#include "autograd/op_tools.h"
#include "autograd/packs.h"
#include "nn/seq2seq.h"

typedef struct next_options {
    real *out; /* (rows, V) */
} next_options;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__shape_like_rows(call, err);
    if (!status)
        status = rondo__need(call, 1, "w", err);
    if (status)
        return status;
    const rondo_tensor *a = &call->in[0]->value, *w = &call->in[1]->value;
    if (w->rank != 2 || w->dims[1] != rondo__width(a))
        return rondo__fail(err, RONDO_SHAPE, "next symbol: w is %s (it must be (V, %lld))", rondo__shape_of(w).text,
                           (long long)rondo__width(a));
    call->out[0]->value = rondo_tensor_view(RONDO_REAL, NULL, 1, (int64_t[]){rondo__rows(a)});
    return rondo__need_vector(call, 2, "b", w->dims[0], err);
}

static rondo__form weight(const rondo_call *call) {
    const rondo_tensor *w = &call->in[1]->value;
    return (rondo__form){.input = 1,
                         .M = w->dims[0],
                         .K = w->dims[1],
                         .transposed = true,
                         .uses = rondo__rows(&call->in[0]->value),
                         .room = call->scratch};
}

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    const rondo__form w = weight(call);
    return backward ? 0 : (size_t)rondo__form_room(call, &w) * sizeof(real);
}

static void normalise(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const rondo__kernels *kernels = call->context->kernels;
    const int64_t V = call->in[1]->value.dims[0];
    real *sums = rondo__data(call->out[0]);
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        real *row = ((const next_options *)call->options)->out + r * V;
        sums[r] = kernels->logsumexp_row(V, row);
        kernels->affine(V, row, row, 1, -sums[r]);
    }
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    const rondo__form w = weight(call);
    const rondo_var *b = call->in[2];
    real *out = ((const next_options *)call->options)->out;
    (void)err;
    rondo__product(call->context, w.uses, w.M, w.K, rondo__data(call->in[0]), w.K, 1, rondo__form_packed(call, &w), out,
                   w.M, b ? rondo__data(b) : NULL, false);
    rondo__parallel(call->context, w.uses, rondo__row_grain(w.M), normalise, call);
    return RONDO_OK;
}

static const rondo_op next_symbol = {.name = "next symbol",
                                     .options_size = sizeof(next_options),
                                     .shape = shape,
                                     .scratch_bytes = scratch_bytes,
                                     .device[RONDO_CPU] = {.forward = forward},
                                     .weights = 1 << 1};

void rondo__seq2seq_next(rondo_seq2seq *net, rondo_tape *tape, rondo_var *a, real *out) {
    const next_options options = {out};
    rondo__apply(tape, &next_symbol, &options, 3,
                 (rondo_var *[]){a, rondo_params_use(net->params, tape, net->output),
                                 rondo_params_use(net->params, tape, net->output_bias)});
}

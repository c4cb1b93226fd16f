/* Scheduled sampling's draw (Bengio 2015): each row is told its true symbol, or, at the given rate, one drawn from the
 * softmax of its logits. Row r takes numbers 2r (which of the two) and 2r + 1 (the draw) of the call's own stream. */
#include "autograd/op_tools.h"
#include "nn/seq2seq.h"

typedef struct sample_options {
    const int32_t *told; /* (rows) */
    real rate;
} sample_options;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__need(call, 0, "logits", err);
    if (status)
        return status;
    rondo_tensor *ids = &call->out[0]->value;
    ids->dtype = RONDO_I32;
    ids->rank = 1;
    ids->dims[0] = rondo__rows(&call->in[0]->value);
    return RONDO_OK;
}

/* One row of probabilities for each worker. */
static size_t scratch_bytes(const rondo_call *call, bool backward) {
    return backward ? 0 : (size_t)call->context->threads * (size_t)rondo__width(&call->in[0]->value) * sizeof(real);
}

/* The first symbol with which the sum of p (V) passes u; the last likely one where rounding keeps the sum below it. */
static int32_t pick(int64_t V, const real *p, double u, int32_t otherwise) {
    double sum = 0;
    for (int64_t v = 0; v < V; v++) {
        sum += (double)p[v];
        if (p[v] > 0)
            otherwise = (int32_t)v;
        if (sum > u)
            return (int32_t)v;
    }
    return otherwise;
}

static void sample_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const sample_options *options = call->options;
    const int64_t V = rondo__width(&call->in[0]->value);
    int32_t *ids = call->out[0]->value.data;
    real *p = (real *)call->scratch + worker * V; /* (V) */
    for (int64_t r = begin; r < end; r++) {
        ids[r] = options->told[r];
        if (ids[r] < 0 || rondo__random_uniform(call->seed, call->stream, 2 * (uint64_t)r) >= (double)options->rate)
            continue;
        call->context->kernels->softmax_row(V, p, rondo__data(call->in[0]) + r * V);
        ids[r] = pick(V, p, rondo__random_uniform(call->seed, call->stream, 2 * (uint64_t)r + 1), ids[r]);
    }
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    const rondo_tensor *logits = &call->in[0]->value;
    (void)err;
    rondo__parallel(call->context, rondo__rows(logits), rondo__row_grain(rondo__width(logits)), sample_rows, call);
    return RONDO_OK;
}

static const rondo_op sample_symbols = {.name = "sample_symbols",
                                        .options_size = sizeof(sample_options),
                                        .shape = shape,
                                        .scratch_bytes = scratch_bytes,
                                        .device[RONDO_CPU] = {.forward = forward}};

const int32_t *rondo__sample_symbols(rondo_tape *tape, rondo_var *logits, const int32_t *told, real rate) {
    rondo_var *constant = rondo__detach(tape, logits);
    rondo_var *ids = rondo__apply(tape, &sample_symbols, &(sample_options){told, rate}, 1, &constant);
    return ids ? ids->value.data : NULL;
}

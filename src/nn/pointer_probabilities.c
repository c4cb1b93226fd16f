/* Log-probabilities of the pointer-generator over the extended vocabulary (T, B, X), in the logarithms of
 * pointer_loss.c: each row starts as what is generated, -inf where nothing is, and every source symbol adds its share
 * to its word. */
#include "nn/pointer.h"

static int64_t copy_columns(const rondo_call *call) {
    const rondo_pointer_options *options = call->options;
    return options->memory_of ? options->memory_rows : call->in[LOGITS]->value.dims[1];
}

static rondo_status check_ids(const rondo_call *call, const rondo__pointer_sizes *s, rondo_error *err) {
    const rondo_pointer_options *options = call->options;
    int64_t M = copy_columns(call), X = options->extended;
    if (X < s->V || X > INT32_MAX)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "pointer_log_probabilities: the extended vocabulary is %lld (it must hold the %lld symbols)",
                           (long long)X, (long long)s->V);
    for (int64_t b = 0; options->memory_of && b < s->B; b++)
        if (options->memory_of[b] < 0 || options->memory_of[b] >= M)
            return rondo__fail(err, RONDO_ARGUMENT,
                               "pointer_log_probabilities: memory_of %lld is %d (it must be below memory_rows, %lld)",
                               (long long)b, (int)options->memory_of[b], (long long)M);
    for (int64_t i = 0; s->B && i < s->S * M; i++)
        if (options->copy[i] < -1 || options->copy[i] >= X)
            return rondo__fail(err, RONDO_ARGUMENT,
                               "pointer_log_probabilities: copy %lld is %d (it must be -1 or in [0, %lld))",
                               (long long)i, (int)options->copy[i], (long long)X);
    return RONDO_OK;
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const rondo_pointer_options *options = call->options;
    rondo_status status = rondo__pointer_check(call, err);
    if (status)
        return status;
    rondo__pointer_sizes s = rondo__pointer_sizes_of(call);
    status = check_ids(call, &s, err);
    call->out[0]->value = rondo_tensor_view(RONDO_REAL, NULL, 3, (int64_t[]){s.T, s.B, options->extended});
    return status;
}

static void one_row(const rondo_call *call, const rondo__pointer_sizes *s, int64_t r) {
    const rondo_pointer_options *options = call->options;
    const rondo__kernels *kernels = call->context->kernels;
    const real *logits = rondo__data(call->in[LOGITS]) + r * s->V, *weights = rondo__data(call->in[WEIGHTS]) + r * s->S;
    int64_t X = options->extended, b = r % s->B, M = copy_columns(call);
    const int32_t *copy = options->copy + (options->memory_of ? options->memory_of[b] : b); /* (S), M apart */
    real *out = rondo__data(call->out[0]) + r * X;
    double z = (double)rondo__data(call->in[GATE])[r];
    double generated = rondo__log_sigmoid(z) - (double)kernels->logsumexp_row(s->V, logits);
    kernels->affine(s->V, out, logits, 1, (real)generated);
    for (int64_t w = s->V; w < X; w++)
        out[w] = isnan(generated) ? (real)NAN : -(real)INFINITY;
    double copied = rondo__log_sigmoid(-z);
    for (int64_t i = 0; i < s->S; i++)
        if (copy[i * M] >= 0 && weights[i] != 0)
            out[copy[i * M]] = (real)rondo__log_add((double)out[copy[i * M]], copied + log((double)weights[i]));
}

static void forward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    rondo__pointer_sizes s = rondo__pointer_sizes_of(call);
    (void)worker;
    for (int64_t r = begin; r < end; r++)
        one_row(call, &s, r);
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    rondo__pointer_sizes s = rondo__pointer_sizes_of(call);
    (void)err;
    rondo__parallel(call->context, s.T * s.B, rondo__row_grain(s.V + s.S), forward_rows, call);
    return RONDO_OK;
}

static const rondo_op pointer_log_probabilities = {.name = "pointer_log_probabilities",
                                                   .options_size = sizeof(rondo_pointer_options),
                                                   .shape = shape,
                                                   .device[RONDO_CPU] = {forward, NULL}};

rondo_var *rondo_pointer_log_probabilities(rondo_tape *tape, rondo_var *logits, rondo_var *gate, rondo_var *weights,
                                           const rondo_pointer_options *options) {
    return rondo__apply(tape, &pointer_log_probabilities, options, 3, (rondo_var *[]){logits, gate, weights});
}

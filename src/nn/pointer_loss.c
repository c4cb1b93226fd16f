/* Pointer-generator (See 2017): a word is generated from the vocabulary, or copied from the source.
 *
 *   logits (T, B, V), gate z (T, B), weights (T, B, S), copy (S, B)
 *   p(y) = g softmax(logits)_y + (1 - g) sum of weights_s over copy_s = y,   g = sigmoid(z)
 *
 * All in logarithms, where neither a tiny softmax nor a shut gate rounds to zero:
 *
 *   a = log g + logits_y - lse           (-inf: y is not in the vocabulary),  log g = -log(1 + e^-z)
 *   c = log(1 - g) + log(sum of weights) (-inf: y cannot be copied),          log(1 - g) = -log(1 + e^z)
 *   log p = log(e^a + e^c);  r = e^(a - log p) is the share that was generated
 *   backward of -log p:  dlogits_j = r (softmax_j - [j = y]),  dz = g - r,  dweights_s = -(1 - g) / p where copy_s = y
 *
 * A target that nothing gives (p = 0) costs -FLOOR, without gradient: one bad word of the data must not make a loss
 * infinite. A NaN among a row's logits, its gate or the weights it uses gives NaN. */
#include "nn/expect.h"
#include "nn/pointer.h"

#define IGNORED (-1)
#define FLOOR (-87.0) /* e^FLOOR is about the smallest normal float */

rondo_status rondo__pointer_check(const rondo_call *call, rondo_error *err) {
    const char *name = call->op->name;
    const rondo_pointer_options *options = call->options;
    rondo_status status = rondo__expect_rank(name, "logits", call->in[LOGITS], 3, err);
    if (!status)
        status = rondo__expect_rank(name, "gate", call->in[GATE], 2, err);
    if (!status)
        status = rondo__expect_rank(name, "weights", call->in[WEIGHTS], 3, err);
    if (status)
        return status;
    const int64_t *rows = call->in[LOGITS]->value.dims, *w = call->in[WEIGHTS]->value.dims;
    status = rondo__expect_dims(name, "gate", call->in[GATE], 2, rows, err);
    if (!status)
        status = rondo__expect_dims(name, "weights", call->in[WEIGHTS], 3, (int64_t[]){rows[0], rows[1], w[2]}, err);
    if (!status && w[1] > 0 && w[2] > 0 && !options->copy)
        status = rondo__fail(err, RONDO_ARGUMENT, "%s: copy is NULL", name);
    return status;
}

static rondo_status check_ids(const rondo_call *call, const rondo__pointer_sizes *s, rondo_error *err) {
    const rondo_pointer_options *options = call->options;
    if (s->T > 0 && s->B > 0 && !options->targets)
        return rondo__fail(err, RONDO_ARGUMENT, "pointer_loss: targets is NULL");
    if (options->memory_of)
        return rondo__fail(err, RONDO_UNSUPPORTED, "pointer_loss: memory_of is for probabilities only");
    if (!(options->divide_by >= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "pointer_loss: divide_by is %g (it must not be negative)",
                           (double)options->divide_by);
    for (int64_t r = 0; r < s->T * s->B; r++)
        if (options->targets[r] < IGNORED)
            return rondo__fail(err, RONDO_ARGUMENT, "pointer_loss: target %lld is %d (it must be -1 or more)",
                               (long long)r, (int)options->targets[r]);
    return RONDO_OK;
}

static rondo_status loss_shape(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__pointer_check(call, err);
    if (status)
        return status;
    rondo__pointer_sizes s = rondo__pointer_sizes_of(call);
    call->out[0]->value.rank = 0;
    return check_ids(call, &s, err);
}

/* Saved, by row: lse of the logits, log p. */
static size_t loss_saved(const rondo_call *call) { return 2 * (size_t)rondo__count(call->in[GATE]) * sizeof(real); }

static size_t loss_scratch(const rondo_call *call, bool backward) {
    return backward ? 0 : (size_t)rondo__count(call->in[GATE]) * sizeof(double);
}

static double divisor(const rondo_call *call) {
    const rondo_pointer_options *options = call->options;
    int64_t counted = 0;
    if (options->divide_by > 0)
        return (double)options->divide_by;
    for (int64_t r = 0; r < rondo__count(call->in[GATE]); r++)
        counted += options->targets[r] != IGNORED;
    return (double)counted;
}

/* Log of the probability that row r's target is generated, given lse. */
static double log_generated(const rondo_call *call, const rondo__pointer_sizes *s, int64_t r, double lse) {
    int64_t y = ((const rondo_pointer_options *)call->options)->targets[r];
    double log_gate = rondo__log_sigmoid((double)rondo__data(call->in[GATE])[r]);
    if (y >= s->V)
        return isnan(lse) ? NAN : -INFINITY;
    return log_gate + (double)rondo__data(call->in[LOGITS])[r * s->V + y] - lse;
}

/* Log of the probability that row r's target is copied. */
static double log_copied(const rondo_call *call, const rondo__pointer_sizes *s, int64_t r) {
    const rondo_pointer_options *options = call->options;
    const real *weights = rondo__data(call->in[WEIGHTS]) + r * s->S;
    double total = 0;
    for (int64_t i = 0; i < s->S; i++)
        if (options->copy[i * s->B + r % s->B] == options->targets[r])
            total += (double)weights[i];
    return total == 0 ? -INFINITY : rondo__log_sigmoid(-(double)rondo__data(call->in[GATE])[r]) + log(total);
}

static void loss_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const rondo_pointer_options *options = call->options;
    rondo__pointer_sizes s = rondo__pointer_sizes_of(call);
    real *saved = call->saved;
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        double loss = 0;
        if (options->targets[r] != IGNORED) {
            real lse = call->context->kernels->logsumexp_row(s.V, rondo__data(call->in[LOGITS]) + r * s.V);
            double log_p = rondo__log_add(log_generated(call, &s, r, (double)lse), log_copied(call, &s, r));
            log_p = log_p < FLOOR ? FLOOR : log_p;
            loss = -log_p;
            saved[2 * r] = lse;
            saved[2 * r + 1] = (real)log_p;
        }
        ((double *)call->scratch)[r] = loss;
        if (options->row_losses)
            options->row_losses[r] = (real)loss;
    }
}

static rondo_status loss_forward(rondo_call *call, rondo_error *err) {
    rondo__pointer_sizes s = rondo__pointer_sizes_of(call);
    (void)err;
    rondo__parallel(call->context, s.T * s.B, rondo__row_grain(s.V + s.S), loss_rows, call);
    *rondo__data(call->out[0]) = rondo__total_loss(s.T * s.B, call->scratch, divisor(call));
    return RONDO_OK;
}

typedef struct job {
    const rondo_call *call;
    double scale; /* gradient of a row's loss */
} job;

static void row_backward(const job *j, const rondo__pointer_sizes *s, int64_t r) {
    const rondo_call *call = j->call;
    const rondo_pointer_options *options = call->options;
    rondo_var *logits = call->in[LOGITS], *gate = call->in[GATE], *weights = call->in[WEIGHTS];
    int64_t y = options->targets[r];
    real lse = ((const real *)call->saved)[2 * r];
    double log_p = (double)((const real *)call->saved)[2 * r + 1], z = (double)rondo__data(gate)[r];
    double share = exp(log_generated(call, s, r, (double)lse) - log_p);
    if (logits->grad && y < s->V)
        call->context->kernels->cross_entropy_backward_row(
            s->V, logits->grad + r * s->V, rondo__data(logits) + r * s->V, lse, y, 0, (real)(j->scale * share));
    if (gate->grad)
        gate->grad[r] += (real)(j->scale * (exp(rondo__log_sigmoid(z)) - share));
    real by_weight = (real)(j->scale * exp(rondo__log_sigmoid(-z) - log_p));
    for (int64_t i = 0; weights->grad && i < s->S; i++)
        if (options->copy[i * s->B + r % s->B] == y)
            weights->grad[r * s->S + i] -= by_weight;
}

static void loss_rows_backward(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    const rondo_pointer_options *options = j->call->options;
    rondo__pointer_sizes s = rondo__pointer_sizes_of(j->call);
    (void)worker;
    for (int64_t r = begin; r < end; r++)
        if (options->targets[r] != IGNORED && !((double)((const real *)j->call->saved)[2 * r + 1] <= FLOOR))
            row_backward(j, &s, r);
}

static rondo_status loss_backward(rondo_call *call, rondo_error *err) {
    rondo__pointer_sizes s = rondo__pointer_sizes_of(call);
    double by = divisor(call);
    (void)err;
    if (by > 0) {
        job j = {call, (double)*call->out[0]->grad / by};
        rondo__parallel(call->context, s.T * s.B, rondo__row_grain(s.V + s.S), loss_rows_backward, &j);
    }
    return RONDO_OK;
}

static const rondo_op pointer_loss = {.name = "pointer_loss",
                                      .options_size = sizeof(rondo_pointer_options),
                                      .shape = loss_shape,
                                      .saved_bytes = loss_saved,
                                      .scratch_bytes = loss_scratch,
                                      .device[RONDO_CPU] = {loss_forward, loss_backward}};

rondo_var *rondo_pointer_loss(rondo_tape *tape, rondo_var *logits, rondo_var *gate, rondo_var *weights,
                              const rondo_pointer_options *options) {
    return rondo__apply(tape, &pointer_loss, options, 3, (rondo_var *[]){logits, gate, weights});
}

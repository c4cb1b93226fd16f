/* cross_entropy of logits against target classes; equals nn.CrossEntropyLoss(ignore_index=-1, label_smoothing=s,
 * weight=w).
 *
 *   logits (R, V), targets (R), loss a scalar
 *   lse = log(sum(exp(x))),  nll = lse - x[target]
 *   row loss = (1 - s) * nll + s * (lse - mean(x));  loss = sum over rows not ignored / divisor
 *   backward: dx[j] += dloss / divisor * (softmax(x)[j] - (1 - s) * [j == target] - s / V)
 *
 * With class weights w (V) each class counts w times in the row loss, also in its smoothed part:
 *   a[j] = (1 - s) * w[j] * [j == target] + s * w[j] / V,  A = sum(a)
 *   row loss = sum_j a[j] * (lse - x[j]),  dx[j] += dloss / divisor * (A * softmax(x)[j] - a[j])
 *
 * Saved: lse of each row. Scratch: each row's loss in double, so that the sum runs over rows in order whatever thread
 * made them. The divisor is divide_by or the number of rows not ignored, with class weights the sum of w[target]
 * over them; where that is 0 the loss is 0 without gradient. */
#include <math.h>

#include "autograd/op_tools.h"
#include "rondo/ops.h"

#define IGNORED (-1)

typedef struct entropy_options {
    const int32_t *targets; /* (R) */
    rondo_cross_entropy_options user;
} entropy_options;

static rondo_status check_options(const entropy_options *options, rondo_error *err) {
    real smoothing = options->user.label_smoothing, divide_by = options->user.divide_by;
    if (!(smoothing >= 0 && smoothing <= 1))
        return rondo__fail(err, RONDO_ARGUMENT, "cross_entropy: label smoothing is %g (it must be in [0, 1])",
                           (double)smoothing);
    if (!(divide_by >= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "cross_entropy: divide_by is %g (it must not be negative)",
                           (double)divide_by);
    return RONDO_OK;
}

static rondo_status check_weights(const real *weights, int64_t V, rondo_error *err) {
    for (int64_t j = 0; weights && j < V; j++)
        if (!(weights[j] >= 0 && isfinite(weights[j])))
            return rondo__fail(err, RONDO_ARGUMENT,
                               "cross_entropy: the weight of class %lld is %g (it must be finite and not negative)",
                               (long long)j, (double)weights[j]);
    return RONDO_OK;
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const entropy_options *options = call->options;
    rondo_status status = rondo__need(call, 0, "logits", err);
    if (!status)
        status = check_options(options, err);
    if (status)
        return status;
    const rondo_tensor *logits = &call->in[0]->value;
    if (logits->rank == 0)
        return rondo__fail(err, RONDO_SHAPE, "cross_entropy: the logits are a scalar (they must be (rows, V))");
    int64_t R = rondo__rows(logits), V = rondo__width(logits);
    if (R && !options->targets)
        return rondo__fail(err, RONDO_ARGUMENT, "cross_entropy: targets is NULL");
    for (int64_t r = 0; r < R; r++)
        if (options->targets[r] < IGNORED || options->targets[r] >= V)
            return rondo__fail(err, RONDO_ARGUMENT, "cross_entropy: target %lld is %d (it must be below %lld, or -1)",
                               (long long)r, (int)options->targets[r], (long long)V);
    call->out[0]->value.rank = 0;
    return check_weights(options->user.class_weights, V, err);
}

static size_t saved_bytes(const rondo_call *call) { return (size_t)rondo__rows(&call->in[0]->value) * sizeof(real); }

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    return backward ? 0 : (size_t)rondo__rows(&call->in[0]->value) * sizeof(double);
}

/* What the sum of row losses is divided by; 0: nothing counts. */
static double divisor(const rondo_call *call) {
    const entropy_options *options = call->options;
    if (options->user.divide_by > 0)
        return (double)options->user.divide_by;
    const real *weights = options->user.class_weights;
    double counted = 0;
    for (int64_t r = 0; r < rondo__rows(&call->in[0]->value); r++)
        if (options->targets[r] != IGNORED)
            counted += weights ? (double)weights[options->targets[r]] : 1;
    return counted;
}

/* The loss of a row that counts, from its lse and negative log-likelihood. */
static double row_loss(const rondo_call *call, const real *x, int32_t target, double lse, double nll) {
    const rondo_cross_entropy_options *user = &((const entropy_options *)call->options)->user;
    const rondo__kernels *kernels = call->context->kernels;
    int64_t V = rondo__width(&call->in[0]->value);
    double smoothing = (double)user->label_smoothing;
    const real *weights = user->class_weights;
    double loss = weights ? (double)weights[target] * nll : nll;
    if (smoothing > 0) {
        double others = weights ? (lse * kernels->sum(V, weights) - kernels->dot(V, weights, x)) / (double)V
                                : lse - kernels->sum(V, x) / (double)V;
        loss = (1 - smoothing) * loss + smoothing * others;
    }
    return loss;
}

static void forward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const entropy_options *options = call->options;
    const rondo__kernels *kernels = call->context->kernels;
    int64_t V = rondo__width(&call->in[0]->value);
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        const real *x = rondo__data(call->in[0]) + r * V;
        double nll = 0, loss = 0;
        if (options->targets[r] != IGNORED) {
            double lse = (double)(((real *)call->saved)[r] = kernels->logsumexp_row(V, x));
            nll = lse - (double)x[options->targets[r]];
            loss = row_loss(call, x, options->targets[r], lse, nll);
        }
        ((double *)call->scratch)[r] = loss;
        if (options->user.row_losses)
            options->user.row_losses[r] = (real)nll;
    }
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    const rondo_tensor *logits = &call->in[0]->value;
    int64_t R = rondo__rows(logits);
    (void)err;
    rondo__parallel(call->context, R, rondo__row_grain(rondo__width(logits)), forward_rows, call);
    *rondo__data(call->out[0]) = rondo__total_loss(R, call->scratch, divisor(call));
    return RONDO_OK;
}

typedef struct job {
    const rondo_call *call;
    real scale;
} job;

/* The kernel knows no weights: it gives A * softmax, and the a[j] are taken off after it. */
static void backward_weighted(const job *j, int64_t r, double total_weight) {
    const rondo_call *call = j->call;
    const entropy_options *options = call->options;
    const rondo__kernels *kernels = call->context->kernels;
    int64_t V = rondo__width(&call->in[0]->value);
    int32_t target = options->targets[r];
    const real *weights = options->user.class_weights;
    real *dx = call->in[0]->grad + r * V;
    double smoothing = (double)options->user.label_smoothing, own = (1 - smoothing) * (double)weights[target];
    double all = own + smoothing * total_weight / (double)V;
    kernels->cross_entropy_backward_row(V, dx, rondo__data(call->in[0]) + r * V, ((const real *)call->saved)[r],
                                        IGNORED, 0, (real)((double)j->scale * all));
    dx[target] -= (real)((double)j->scale * own);
    if (smoothing > 0)
        kernels->axpy(V, dx, (real)((double)-j->scale * smoothing / (double)V), weights);
}

static void backward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    const rondo_call *call = j->call;
    const entropy_options *options = call->options;
    int64_t V = rondo__width(&call->in[0]->value);
    const real *weights = options->user.class_weights;
    double total_weight = weights ? call->context->kernels->sum(V, weights) : 0;
    (void)worker;
    for (int64_t r = begin; r < end; r++)
        if (options->targets[r] != IGNORED && weights)
            backward_weighted(j, r, total_weight);
        else if (options->targets[r] != IGNORED)
            call->context->kernels->cross_entropy_backward_row(
                V, call->in[0]->grad + r * V, rondo__data(call->in[0]) + r * V, ((const real *)call->saved)[r],
                options->targets[r], options->user.label_smoothing, j->scale);
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    const rondo_tensor *logits = &call->in[0]->value;
    double by = divisor(call);
    (void)err;
    if (by > 0) {
        job j = {call, (real)((double)*call->out[0]->grad / by)};
        rondo__parallel(call->context, rondo__rows(logits), rondo__row_grain(rondo__width(logits)), backward_rows, &j);
    }
    return RONDO_OK;
}

static const rondo_op cross_entropy = {.name = "cross_entropy",
                                       .options_size = sizeof(entropy_options),
                                       .shape = shape,
                                       .saved_bytes = saved_bytes,
                                       .scratch_bytes = scratch_bytes,
                                       .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_cross_entropy(rondo_tape *tape, rondo_var *logits, const int32_t *targets,
                               const rondo_cross_entropy_options *options) {
    entropy_options all = {.targets = targets};
    if (options)
        all.user = *options;
    return rondo__apply(tape, &cross_entropy, &all, 1, &logits);
}

/* cross_entropy of logits against target classes; equals nn.CrossEntropyLoss(ignore_index=-1, label_smoothing=s,
 * weight=w). The arithmetic stands in entropy.h.
 *
 *   logits (R, V), targets (R), loss a scalar
 *
 * Saved: lse of each row. Scratch: each row's loss in double, so that the sum runs over rows in order whatever thread
 * made them. */
#include "autograd/entropy.h"

static rondo_status shape(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__need(call, 0, "logits", err);
    if (status)
        return status;
    const rondo_tensor *logits = &call->in[0]->value;
    if (logits->rank == 0)
        return rondo__fail(err, RONDO_SHAPE, "cross_entropy: the logits are a scalar (they must be (rows, V))");
    call->out[0]->value.rank = 0;
    return rondo__entropy_check(call, call->options, rondo__rows(logits), rondo__width(logits), err);
}

static size_t saved_bytes(const rondo_call *call) { return (size_t)rondo__rows(&call->in[0]->value) * sizeof(real); }

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    return backward ? 0 : (size_t)rondo__rows(&call->in[0]->value) * sizeof(double);
}

typedef struct job {
    const rondo_call *call;
    const rondo__entropy *entropy;
    const rondo__kernels *kernels;
    rondo__entropy_sums sums;
    real scale; /* backward: of a row's gradient */
} job;

static job job_of(const rondo_call *call) {
    const rondo_tensor *logits = &call->in[0]->value;
    const rondo__kernels *kernels = call->context->kernels;
    return (job){.call = call,
                 .entropy = call->options,
                 .kernels = kernels,
                 .sums = rondo__entropy_measure(kernels, call->options, rondo__rows(logits), rondo__width(logits))};
}

static void forward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    const rondo__entropy *e = j->entropy;
    const int64_t V = j->sums.V;
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        const real *x = rondo__data(j->call->in[0]) + r * V;
        const int32_t target = e->targets[r];
        double nll = 0, loss = 0;
        if (target != RONDO__IGNORED) {
            const double lse = (double)(((real *)j->call->saved)[r] = j->kernels->logsumexp_row(V, x));
            const rondo__entropy_row row = rondo__entropy_look(j->kernels, e, target, V, x);
            nll = lse - row.logit;
            loss = rondo__entropy_loss(e, &j->sums, target, row, lse);
        }
        ((double *)j->call->scratch)[r] = loss;
        if (e->user.row_losses)
            e->user.row_losses[r] = (real)nll;
        if (e->user.best)
            e->user.best[r] = target == RONDO__IGNORED ? -1 : rondo__entropy_best(V, x);
    }
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    const int64_t R = rondo__rows(&call->in[0]->value);
    job j = job_of(call);
    (void)err;
    rondo__parallel(call->context, R, rondo__row_grain(j.sums.V), forward_rows, &j);
    *rondo__data(call->out[0]) = rondo__total_loss(R, call->scratch, j.sums.divisor);
    return RONDO_OK;
}

/* The kernel knows no weights: it gives A * softmax, and the a[j] are taken off after it. */
static void backward_weighted(const job *j, int32_t target, real *dx, const real *x, real lse) {
    const rondo__entropy *e = j->entropy;
    const int64_t V = j->sums.V;
    const double scale = (double)j->scale;
    j->kernels->cross_entropy_backward_row(V, dx, x, lse, RONDO__IGNORED, 0,
                                           (real)(scale * rondo__entropy_all(e, &j->sums, target)));
    dx[target] -= (real)(scale * rondo__entropy_own(e, target));
    if (e->user.label_smoothing > 0)
        j->kernels->axpy(V, dx, (real)(-scale * (double)e->user.label_smoothing / (double)V), e->user.class_weights);
}

static void backward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    const rondo__entropy *e = j->entropy;
    const int64_t V = j->sums.V;
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        real *dx = j->call->in[0]->grad + r * V;
        const real *x = rondo__data(j->call->in[0]) + r * V, lse = ((const real *)j->call->saved)[r];
        if (e->targets[r] != RONDO__IGNORED && e->user.class_weights)
            backward_weighted(j, e->targets[r], dx, x, lse);
        else if (e->targets[r] != RONDO__IGNORED)
            j->kernels->cross_entropy_backward_row(V, dx, x, lse, e->targets[r], e->user.label_smoothing, j->scale);
    }
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    job j = job_of(call);
    (void)err;
    if (j.sums.divisor > 0) {
        j.scale = (real)((double)*call->out[0]->grad / j.sums.divisor);
        rondo__parallel(call->context, rondo__rows(&call->in[0]->value), rondo__row_grain(j.sums.V), backward_rows, &j);
    }
    return RONDO_OK;
}

static const rondo_op cross_entropy = {.name = "cross_entropy",
                                       .options_size = sizeof(rondo__entropy),
                                       .shape = shape,
                                       .saved_bytes = saved_bytes,
                                       .scratch_bytes = scratch_bytes,
                                       .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_cross_entropy(rondo_tape *tape, rondo_var *logits, const int32_t *targets,
                               const rondo_cross_entropy_options *options) {
    rondo__entropy all = {.targets = targets};
    if (options)
        all.user = *options;
    return rondo__apply(tape, &cross_entropy, &all, 1, &logits);
}

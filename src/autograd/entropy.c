#include "autograd/entropy.h"

#include <math.h>

static rondo_status check_options(const char *name, const rondo_cross_entropy_options *user, rondo_error *err) {
    real smoothing = user->label_smoothing, divide_by = user->divide_by;
    if (!(smoothing >= 0 && smoothing <= 1))
        return rondo__fail(err, RONDO_ARGUMENT, "%s: label smoothing is %g (it must be in [0, 1])", name,
                           (double)smoothing);
    if (!(divide_by >= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "%s: divide_by is %g (it must not be negative)", name,
                           (double)divide_by);
    return RONDO_OK;
}

static rondo_status check_weights(const char *name, const real *weights, int64_t V, rondo_error *err) {
    for (int64_t j = 0; weights && j < V; j++)
        if (!(weights[j] >= 0 && isfinite(weights[j])))
            return rondo__fail(err, RONDO_ARGUMENT,
                               "%s: the weight of class %lld is %g (it must be finite and not negative)", name,
                               (long long)j, (double)weights[j]);
    return RONDO_OK;
}

static rondo_status check_targets(const char *name, const int32_t *targets, int64_t R, int64_t V, rondo_error *err) {
    if (R && !targets)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: targets is NULL", name);
    for (int64_t r = 0; r < R; r++)
        if (targets[r] < RONDO__IGNORED || targets[r] >= V)
            return rondo__fail(err, RONDO_ARGUMENT, "%s: target %lld is %d (it must be below %lld, or -1)", name,
                               (long long)r, (int)targets[r], (long long)V);
    return RONDO_OK;
}

rondo_status rondo__entropy_check(const rondo_call *call, const rondo__entropy *e, int64_t R, int64_t V,
                                  rondo_error *err) {
    const char *name = call->op->name;
    rondo_status status = check_options(name, &e->user, err);
    if (!status)
        status = check_targets(name, e->targets, R, V, err);
    return status ? status : check_weights(name, e->user.class_weights, V, err);
}

rondo__entropy_sums rondo__entropy_measure(const rondo__kernels *kernels, const rondo__entropy *e, int64_t R,
                                           int64_t V) {
    const real *weights = e->user.class_weights;
    rondo__entropy_sums sums = {.V = V, .weight = weights ? kernels->sum(V, weights) : 0};
    for (int64_t r = 0; r < R; r++)
        if (e->targets[r] != RONDO__IGNORED) {
            sums.counted++;
            sums.divisor += weights ? (double)weights[e->targets[r]] : 1;
        }
    if (e->user.divide_by > 0)
        sums.divisor = (double)e->user.divide_by;
    return sums;
}

rondo__entropy_row rondo__entropy_look(const rondo__kernels *kernels, const rondo__entropy *e, int32_t target,
                                       int64_t V, const real *x) {
    const real *weights = e->user.class_weights;
    rondo__entropy_row row = {.logit = (double)x[target]};
    if (e->user.label_smoothing > 0)
        row.sum = weights ? kernels->dot(V, weights, x) : kernels->sum(V, x);
    return row;
}

double rondo__entropy_loss(const rondo__entropy *e, const rondo__entropy_sums *sums, int32_t target,
                           rondo__entropy_row row, double lse) {
    const real *weights = e->user.class_weights;
    const double smoothing = (double)e->user.label_smoothing, V = (double)sums->V;
    double loss = lse - row.logit;
    if (weights)
        loss *= (double)weights[target];
    if (smoothing > 0) {
        const double others = weights ? (lse * sums->weight - row.sum) / V : lse - row.sum / V;
        loss = (1 - smoothing) * loss + smoothing * others;
    }
    return loss;
}

int32_t rondo__entropy_best(int64_t V, const real *x) {
    int64_t best = 0;
    for (int64_t j = 1; j < V; j++)
        best = x[j] > x[best] ? j : best;
    return (int32_t)best;
}

double rondo__entropy_own(const rondo__entropy *e, int32_t target) {
    const real *weights = e->user.class_weights;
    return (1 - (double)e->user.label_smoothing) * (weights ? (double)weights[target] : 1);
}

double rondo__entropy_all(const rondo__entropy *e, const rondo__entropy_sums *sums, int32_t target) {
    if (!e->user.class_weights)
        return 1;
    return rondo__entropy_own(e, target) + (double)e->user.label_smoothing * sums->weight / (double)sums->V;
}

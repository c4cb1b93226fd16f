/* coverage_loss (See 2017): attending again to what was attended to before costs.
 *
 *   weights (T, B, S), coverage (B, S) or NULL, loss a scalar
 *   c_0 = coverage or 0,  c_{t+1} = c_t + w_t
 *   loss = sum over b, t < lengths[b], s of min(w_ts, c_ts) / divisor
 *   backward: with g = dloss / divisor, from the last counted t down:
 *             dw_t += d + (w_t <= c_t ? g : 0),  then d += (w_t <= c_t ? 0 : g), where d (S) sums over all later steps
 *
 * At w = c the whole gradient goes to w. The divisor is divide_by or the number of counted (t, b); where that is 0 the
 * loss is 0. A row's sum is kept in double, and rows are summed in order. */
#include "autograd/op_tools.h"
#include "nn/expect.h"
#include "rondo/attention.h"

#include <math.h>
#include <string.h>

enum { WEIGHTS, COVERAGE };

typedef struct loss_options {
    const int32_t *lengths; /* (B) or NULL */
    real divide_by;
} loss_options;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const loss_options *options = call->options;
    rondo_status status = rondo__expect_rank("coverage_loss", "weights", call->in[WEIGHTS], 3, err);
    if (status)
        return status;
    const int64_t *dims = call->in[WEIGHTS]->value.dims;
    if (call->in[COVERAGE])
        status = rondo__expect_dims("coverage_loss", "coverage", call->in[COVERAGE], 2, dims + 1, err);
    if (status)
        return status;
    if (!(options->divide_by >= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "coverage_loss: divide_by is %g (it must not be negative)",
                           (double)options->divide_by);
    for (int64_t b = 0; options->lengths && b < dims[1]; b++)
        if (options->lengths[b] < 0 || options->lengths[b] > dims[0])
            return rondo__fail(err, RONDO_ARGUMENT, "coverage_loss: length %lld is %d (it must be in [0, %lld])",
                               (long long)b, (int)options->lengths[b], (long long)dims[0]);
    call->out[0]->value.rank = 0;
    return RONDO_OK;
}

static int64_t length_of(const rondo_call *call, int64_t b) {
    const loss_options *options = call->options;
    return options->lengths ? options->lengths[b] : call->in[WEIGHTS]->value.dims[0];
}

static double divisor(const rondo_call *call) {
    const loss_options *options = call->options;
    if (options->divide_by > 0)
        return (double)options->divide_by;
    int64_t counted = 0;
    for (int64_t b = 0; b < call->in[WEIGHTS]->value.dims[1]; b++)
        counted += length_of(call, b);
    return (double)counted;
}

/* Saved: c_t of every step, in the order of the weights. */
static size_t saved_bytes(const rondo_call *call) { return (size_t)rondo__count(call->in[WEIGHTS]) * sizeof(real); }

/* Forward: each row's loss, (B) in double. Backward: d, (S) for each worker. */
static size_t scratch_bytes(const rondo_call *call, bool backward) {
    const int64_t *dims = call->in[WEIGHTS]->value.dims;
    return backward ? (size_t)call->context->threads * (size_t)dims[2] * sizeof(real)
                    : (size_t)dims[1] * sizeof(double);
}

static int64_t row_at(const rondo_call *call, int64_t t, int64_t b) {
    const int64_t *dims = call->in[WEIGHTS]->value.dims;
    return (t * dims[1] + b) * dims[2];
}

/* Is the minimum w? A NaN is never the larger one. */
static inline bool is_weight(real w, real c) { return w <= c || isnan(w); }

/* c_t of row b into its place; t = 0: what was given. */
static const real *coverage_before(const rondo_call *call, int64_t t, int64_t b) {
    const rondo_var *given = call->in[COVERAGE];
    int64_t S = call->in[WEIGHTS]->value.dims[2];
    real *saved = call->saved, *row = saved + row_at(call, t, b);
    if (t > 0)
        call->context->kernels->add(S, row, saved + row_at(call, t - 1, b),
                                    rondo__data(call->in[WEIGHTS]) + row_at(call, t - 1, b));
    else if (given && S > 0)
        memcpy(row, rondo__data(given) + b * S, (size_t)S * sizeof *row);
    else
        memset(row, 0, (size_t)S * sizeof *row);
    return row;
}

static void forward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    int64_t S = call->in[WEIGHTS]->value.dims[2];
    (void)worker;
    for (int64_t b = begin; b < end; b++) {
        double total = 0;
        for (int64_t t = 0, T = length_of(call, b); t < T; t++) {
            const real *w = rondo__data(call->in[WEIGHTS]) + row_at(call, t, b), *c = coverage_before(call, t, b);
            for (int64_t s = 0; s < S; s++)
                total += (double)(is_weight(w[s], c[s]) ? w[s] : c[s]);
        }
        ((double *)call->scratch)[b] = total;
    }
}

static int64_t grain(const rondo_call *call) {
    const int64_t *dims = call->in[WEIGHTS]->value.dims;
    return rondo__row_grain(dims[0] * dims[2]);
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    int64_t B = call->in[WEIGHTS]->value.dims[1];
    (void)err;
    rondo__parallel(call->context, B, grain(call), forward_rows, call);
    *rondo__data(call->out[0]) = rondo__total_loss(B, call->scratch, divisor(call));
    return RONDO_OK;
}

typedef struct job {
    const rondo_call *call;
    real scale;
} job;

static void backward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    const rondo_call *call = j->call;
    const rondo_var *weights = call->in[WEIGHTS], *coverage = call->in[COVERAGE];
    const rondo__kernels *kernels = call->context->kernels;
    int64_t S = weights->value.dims[2];
    real *later = (real *)call->scratch + worker * S;
    for (int64_t b = begin; b < end; b++) {
        memset(later, 0, (size_t)S * sizeof *later);
        for (int64_t t = length_of(call, b) - 1; t >= 0; t--) {
            int64_t at = row_at(call, t, b);
            const real *w = rondo__data(weights) + at, *c = (const real *)call->saved + at;
            real *dw = weights->grad ? weights->grad + at : NULL;
            if (dw)
                kernels->add(S, dw, dw, later);
            for (int64_t s = 0; s < S; s++)
                if (!is_weight(w[s], c[s]))
                    later[s] += j->scale;
                else if (dw)
                    dw[s] += j->scale;
        }
        if (coverage && coverage->grad)
            kernels->add(S, coverage->grad + b * S, coverage->grad + b * S, later);
    }
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    double by = divisor(call);
    (void)err;
    if (by > 0) {
        job j = {call, (real)((double)*call->out[0]->grad / by)};
        rondo__parallel(call->context, call->in[WEIGHTS]->value.dims[1], grain(call), backward_rows, &j);
    }
    return RONDO_OK;
}

static const rondo_op coverage_loss = {.name = "coverage_loss",
                                       .options_size = sizeof(loss_options),
                                       .shape = shape,
                                       .saved_bytes = saved_bytes,
                                       .scratch_bytes = scratch_bytes,
                                       .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_coverage_loss(rondo_tape *tape, rondo_var *weights, rondo_var *coverage, const int32_t *lengths,
                               rondo_real divide_by) {
    return rondo__apply(tape, &coverage_loss, &(loss_options){lengths, divide_by}, 2,
                        (rondo_var *[]){weights, coverage});
}

/* Losses by row: total = sum over rows of weight * loss / divisor, and the divisor is divide_by or the sum of weights.
 *
 * Forward finds each row's slopes along with its loss, for the two share most of their work; they are saved (rows,
 * width), and backward is d += dtotal / divisor * weight * slope. A row of weight 0 is not looked at: its numbers may
 * be anything. Scratch: each row's weighted loss in double, summed in order whatever thread made it. */
#include "nn/row_loss.h"

#include <math.h>

static int64_t row_count(const rondo_call *call) {
    const rondo__row_loss_options *options = call->options;
    return rondo__count(call->in[0]) / options->width;
}

static double weight_of(const rondo__row_loss_options *options, int64_t r) {
    return options->user.weight ? (double)options->user.weight[r] : 1;
}

static rondo_status check_weights(const rondo_call *call, int64_t rows, rondo_error *err) {
    const rondo__row_loss_options *options = call->options;
    double divide_by = (double)options->user.divide_by;
    if (!(divide_by >= 0 && isfinite(divide_by)))
        return rondo__fail(err, RONDO_ARGUMENT, "%s: divide_by is %g (it must not be negative)", call->op->name,
                           divide_by);
    for (int64_t r = 0; options->user.weight && r < rows; r++)
        if (!(weight_of(options, r) >= 0 && isfinite(weight_of(options, r))))
            return rondo__fail(err, RONDO_ARGUMENT, "%s: weight %lld is %g (it must be 0 or above)", call->op->name,
                               (long long)r, weight_of(options, r));
    return RONDO_OK;
}

rondo_status rondo__row_loss_shape(rondo_call *call, rondo_error *err) {
    const rondo__row_loss_options *options = call->options;
    rondo_status status = rondo__need(call, 0, "the prediction", err);
    if (status)
        return status;
    const rondo_tensor *x = &call->in[0]->value;
    if (options->width > 1 && rondo__width(x) != options->width)
        return rondo__fail(err, RONDO_SHAPE, "%s: the prediction is %s (its last dimension must be %lld)",
                           call->op->name, rondo__shape_of(x).text, (long long)options->width);
    int64_t rows = row_count(call);
    if (rows && !options->target)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: target is NULL", call->op->name);
    call->out[0]->value.rank = 0;
    return check_weights(call, rows, err);
}

size_t rondo__row_loss_saved(const rondo_call *call) {
    return call->recording ? (size_t)rondo__count(call->in[0]) * sizeof(real) : 0;
}

size_t rondo__row_loss_scratch(const rondo_call *call, bool backward) {
    return backward ? 0 : (size_t)row_count(call) * sizeof(double);
}

/* What the sum is divided by; 0: nothing counts. */
static double divisor(const rondo_call *call) {
    const rondo__row_loss_options *options = call->options;
    double total = 0;
    for (int64_t r = 0; r < row_count(call); r++)
        total += weight_of(options, r);
    return total > 0 && options->user.divide_by > 0 ? (double)options->user.divide_by : total;
}

static void forward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const rondo__row_loss_options *options = call->options;
    int64_t width = options->width;
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        double loss = 0, weight = weight_of(options, r);
        if (weight > 0)
            loss = options->row(options, r, rondo__data(call->in[0]) + r * width,
                                call->recording ? (real *)call->saved + r * width : NULL);
        ((double *)call->scratch)[r] = weight > 0 ? weight * loss : 0;
        if (options->user.row_losses)
            options->user.row_losses[r] = (real)loss;
    }
}

static int64_t grain(const rondo_call *call) {
    const rondo__row_loss_options *options = call->options;
    return rondo__row_grain(options->width * options->cost);
}

rondo_status rondo__row_loss_forward(rondo_call *call, rondo_error *err) {
    int64_t rows = row_count(call);
    (void)err;
    rondo__parallel(call->context, rows, grain(call), forward_rows, call);
    *rondo__data(call->out[0]) = rondo__total_loss(rows, call->scratch, divisor(call));
    return RONDO_OK;
}

typedef struct job {
    const rondo_call *call;
    double scale; /* gradient of a row's loss of weight 1 */
} job;

static void backward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    const rondo__row_loss_options *options = j->call->options;
    int64_t width = options->width;
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        double weight = weight_of(options, r);
        const real *slope = (const real *)j->call->saved + r * width;
        real *grad = j->call->in[0]->grad + r * width;
        for (int64_t i = 0; weight > 0 && i < width; i++)
            grad[i] += (real)(j->scale * weight * (double)slope[i]);
    }
}

rondo_status rondo__row_loss_backward(rondo_call *call, rondo_error *err) {
    double by = divisor(call);
    (void)err;
    if (by > 0 && call->in[0]->grad) {
        job j = {call, (double)*call->out[0]->grad / by};
        rondo__parallel(call->context, row_count(call), grain(call), backward_rows, &j);
    }
    return RONDO_OK;
}

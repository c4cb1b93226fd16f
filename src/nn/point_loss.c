/* Losses of point forecasts, e = p - y: e², |e|, and Huber's (1964), which is e²/2 up to |e| = delta and goes on as a
 * straight line. */
#include <math.h>

#include "nn/row_loss.h"

/* Sign of e; NaN stays. */
static double sign_of(double e) { return e > 0 ? 1 : e < 0 ? -1 : e; }

static double error_of(const rondo__row_loss_options *options, int64_t r, const real *prediction) {
    return (double)*prediction - (double)options->target[r];
}

static double squared_row(const rondo__row_loss_options *options, int64_t r, const real *prediction, real *slope) {
    double e = error_of(options, r, prediction);
    if (slope)
        *slope = (real)(2 * e);
    return e * e;
}

static double absolute_row(const rondo__row_loss_options *options, int64_t r, const real *prediction, real *slope) {
    double e = error_of(options, r, prediction);
    if (slope)
        *slope = (real)sign_of(e);
    return fabs(e);
}

static double huber_row(const rondo__row_loss_options *options, int64_t r, const real *prediction, real *slope) {
    double e = error_of(options, r, prediction), delta = (double)options->delta;
    bool near = fabs(e) <= delta;
    if (slope)
        *slope = (real)(near ? e : delta * sign_of(e));
    return near ? e * e / 2 : delta * (fabs(e) - delta / 2);
}

static rondo_status huber_shape(rondo_call *call, rondo_error *err) {
    double delta = (double)((const rondo__row_loss_options *)call->options)->delta;
    if (!(delta > 0 && isfinite(delta)))
        return rondo__fail(err, RONDO_ARGUMENT, "huber_loss: delta is %g (it must be above 0)", delta);
    return rondo__row_loss_shape(call, err);
}

static const rondo_op squared_loss = RONDO__ROW_LOSS("squared_loss", rondo__row_loss_shape);
static const rondo_op absolute_loss = RONDO__ROW_LOSS("absolute_loss", rondo__row_loss_shape);
static const rondo_op huber_loss = RONDO__ROW_LOSS("huber_loss", huber_shape);

static rondo_var *apply(rondo_tape *tape, const rondo_op *op, rondo_var *prediction, rondo__row_loss_options all,
                        const rondo_loss_options *options) {
    all.width = all.cost = 1;
    if (options)
        all.user = *options;
    return rondo__apply(tape, op, &all, 1, &prediction);
}

rondo_var *rondo_squared_loss(rondo_tape *tape, rondo_var *prediction, const rondo_real *target,
                              const rondo_loss_options *options) {
    return apply(tape, &squared_loss, prediction, (rondo__row_loss_options){.row = squared_row, .target = target},
                 options);
}

rondo_var *rondo_absolute_loss(rondo_tape *tape, rondo_var *prediction, const rondo_real *target,
                               const rondo_loss_options *options) {
    return apply(tape, &absolute_loss, prediction, (rondo__row_loss_options){.row = absolute_row, .target = target},
                 options);
}

rondo_var *rondo_huber_loss(rondo_tape *tape, rondo_var *prediction, const rondo_real *target, rondo_real delta,
                            const rondo_loss_options *options) {
    return apply(tape, &huber_loss, prediction,
                 (rondo__row_loss_options){.row = huber_row, .target = target, .delta = delta}, options);
}

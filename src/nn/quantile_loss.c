/* Pinball loss (Koenker and Bassett 1978), e = y - p: q e above the quantile, (q - 1) e below; its expectation is least
 * where p is the q-quantile of y. A row's loss is the mean over its levels. */
#include <math.h>

#include "nn/row_loss.h"

static double quantile_row(const rondo__row_loss_options *options, int64_t r, const real *prediction, real *slope) {
    double total = 0, share = 1 / (double)options->width;
    for (int64_t i = 0; i < options->width; i++) {
        double q = (double)options->quantile[i], e = (double)options->target[r] - (double)prediction[i];
        total += e > 0 ? q * e : (q - 1) * e;
        if (slope) /* at e = 0: 0; NaN stays */
            slope[i] = (real)(share * (e > 0 ? -q : e < 0 ? 1 - q : e));
    }
    return share * total;
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const rondo__row_loss_options *options = call->options;
    if (options->width < 1 || !options->quantile)
        return rondo__fail(err, RONDO_ARGUMENT, "quantile_loss: there is no quantile (give at least one)");
    for (int64_t i = 0; i < options->width; i++)
        if (!(options->quantile[i] > 0 && options->quantile[i] < 1))
            return rondo__fail(err, RONDO_ARGUMENT, "quantile_loss: quantile %lld is %g (it must be between 0 and 1)",
                               (long long)i, (double)options->quantile[i]);
    return rondo__row_loss_shape(call, err);
}

static const rondo_op quantile_loss = RONDO__ROW_LOSS("quantile_loss", shape);

rondo_var *rondo_quantile_loss(rondo_tape *tape, rondo_var *prediction, const rondo_real *target, int64_t Q,
                               const rondo_real *quantile, const rondo_loss_options *options) {
    rondo__row_loss_options all = {.row = quantile_row, .width = Q, .cost = 1, .target = target, .quantile = quantile};
    if (options)
        all.user = *options;
    return rondo__apply(tape, &quantile_loss, &all, 1, &prediction);
}

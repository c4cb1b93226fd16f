/* Scores of forecasts, and the trivial forecasts to compare with. NaN in a truth is a missing value: it is not counted.
 */
#ifndef RONDO_SERIES_SCORE_H
#define RONDO_SERIES_SCORE_H

#include <stdint.h>

#include "rondo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- baselines, from the last values of a history (count numbers, NaN: missing). A value that is missing is replaced
 * by the one before it (naive, drift), or a season earlier (seasonal); where there is none, out is NaN. ---- */
typedef enum rondo_baseline {
    RONDO_NAIVE,          /* the last value */
    RONDO_SEASONAL_NAIVE, /* the value one season before; the last season repeated */
    RONDO_DRIFT           /* the line through the first and the last value of the history */
} rondo_baseline;
RONDO_API void rondo_baseline_forecast(rondo_baseline kind, int64_t count, const double *history, int64_t season,
                                       int64_t horizon, double *out);
/* Mean of |y_t - y_{t-season}| over a training series: the denominator of MASE (Hyndman 2006). NaN: there is none. */
RONDO_API double rondo_seasonal_error(int64_t count, const double *series, int64_t season);

/* ---- scores: begin with zeros, add windows, read. A forecast of NaN where there is a truth makes the score NaN ----
 */
#define RONDO_MAX_QUANTILES 32
typedef struct rondo_series_score {
    int64_t count;                                                   /* pairs counted */
    double absolute, squared, symmetric, scaled;                     /* sums */
    int64_t scaled_count;                                            /* pairs with a seasonal error above 0 */
    int quantiles;                                                   /* set before the first window, with level */
    double level[RONDO_MAX_QUANTILES], pinball[RONDO_MAX_QUANTILES]; /* levels rising; sums */
    int64_t below[RONDO_MAX_QUANTILES];                              /* truths at or below each quantile */
    double crps;                                                     /* sum */
    int64_t crps_count;
    int64_t quantile_count, inside; /* pairs with quantiles; of them from the lowest to the highest, ends included */
} rondo_series_score;
/* truth, point (horizon); quantile (horizon, quantiles) or NULL; seasonal_error: of this series, 0 or NaN: no MASE.
 * CRPS is added from the quantiles, as twice the mean pinball loss, unless crps (horizon) gives it. */
RONDO_API void rondo_series_score_add(rondo_series_score *score, int64_t horizon, const double *truth,
                                      const double *point, const double *quantile, const double *crps,
                                      double seasonal_error);
/* Means; NaN where nothing was counted. sMAPE: 200 |y - p| / (|y| + |p|), per cent, 0 where both are 0. */
typedef struct rondo_series_result {
    double mae, mse, rmse, smape, mase, crps, pinball;
    double coverage, coverage_level; /* share of truths from the lowest to the highest quantile, and what it should be
                                        (0.8 of 0.1 and 0.9) */
} rondo_series_result;
RONDO_API rondo_series_result rondo_series_score_result(const rondo_series_score *score);

#ifdef __cplusplus
}
#endif
#endif

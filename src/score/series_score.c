/* Sums of a forecast's errors over windows, and the means that are read from them. */
#include "rondo/series_score.h"

#include <math.h>
#include <stdbool.h>

static double symmetric_error(double truth, double point) {
    double size = fabs(truth) + fabs(point);
    return size == 0 ? 0 : 200 * fabs(truth - point) / size;
}

static bool has_quantiles(const rondo_series_score *score) {
    return score->quantiles > 0 && score->quantiles <= RONDO_MAX_QUANTILES;
}

/* quantile (quantiles); returns the CRPS that they give. */
static double add_quantiles(rondo_series_score *score, double truth, const double *quantile) {
    double total = 0;
    for (int q = 0; q < score->quantiles; q++) {
        double e = truth - quantile[q], loss = e > 0 ? score->level[q] * e : (score->level[q] - 1) * e;
        score->pinball[q] += loss;
        score->below[q] += truth <= quantile[q];
        total += loss;
    }
    score->inside += truth >= quantile[0] && truth <= quantile[score->quantiles - 1];
    score->quantile_count++;
    return 2 * total / score->quantiles;
}

static void add_crps(rondo_series_score *score, double crps) {
    score->crps += crps;
    score->crps_count++;
}

void rondo_series_score_add(rondo_series_score *score, int64_t horizon, const double *truth, const double *point,
                            const double *quantile, const double *crps, double seasonal_error) {
    if (!score || !truth || !point)
        return;
    for (int64_t h = 0; h < horizon; h++) {
        if (isnan(truth[h]))
            continue;
        double e = fabs(truth[h] - point[h]);
        score->count++;
        score->absolute += e;
        score->squared += e * e;
        score->symmetric += symmetric_error(truth[h], point[h]);
        if (seasonal_error > 0) {
            score->scaled += e / seasonal_error;
            score->scaled_count++;
        }
        double from_quantiles = 0;
        if (quantile && has_quantiles(score))
            from_quantiles = add_quantiles(score, truth[h], quantile + h * score->quantiles);
        if (crps)
            add_crps(score, crps[h]);
        else if (quantile && has_quantiles(score))
            add_crps(score, from_quantiles);
    }
}

static double mean_of(double sum, int64_t count) { return count > 0 ? sum / (double)count : NAN; }

rondo_series_result rondo_series_score_result(const rondo_series_score *score) {
    const rondo_series_score none = {0};
    if (!score)
        score = &none;
    double mse = mean_of(score->squared, score->count);
    rondo_series_result result = {.mae = mean_of(score->absolute, score->count),
                                  .mse = mse,
                                  .rmse = sqrt(mse),
                                  .smape = mean_of(score->symmetric, score->count),
                                  .mase = mean_of(score->scaled, score->scaled_count),
                                  .crps = mean_of(score->crps, score->crps_count),
                                  .pinball = NAN,
                                  .coverage = NAN,
                                  .coverage_level = NAN};
    int last = score->quantiles - 1;
    if (!has_quantiles(score))
        return result;
    double pinball = 0;
    for (int q = 0; q <= last; q++)
        pinball += score->pinball[q];
    result.pinball = mean_of(pinball / score->quantiles, score->quantile_count);
    if (last > 0) {
        result.coverage = mean_of((double)score->inside, score->quantile_count);
        result.coverage_level = score->level[last] - score->level[0];
    }
    return result;
}

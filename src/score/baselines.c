/* The forecasts that any model must beat, and the error of one of them on the training series. */
#include <math.h>

#include "rondo/series_score.h"

/* The last value that is there, before `end`; -1: none. */
static int64_t last_before(const double *series, int64_t end) {
    while (end > 0 && isnan(series[end - 1]))
        end--;
    return end - 1;
}

static double seasonal_value(int64_t count, const double *history, int64_t season, int64_t h) {
    if (season < 1)
        return NAN;
    for (int64_t t = count - season + h % season; t >= 0; t -= season)
        if (!isnan(history[t]))
            return history[t];
    return NAN;
}

/* Per step, from the first value that is there to the end of the history, where a missing value is the one before. */
static double slope_of(int64_t count, const double *history, double last) {
    int64_t first = 0;
    while (first < count && isnan(history[first]))
        first++;
    return first < count - 1 ? (last - history[first]) / (double)(count - 1 - first) : 0;
}

void rondo_baseline_forecast(rondo_baseline kind, int64_t count, const double *history, int64_t season, int64_t horizon,
                             double *out) {
    if (!out)
        return;
    int64_t at = history ? last_before(history, count) : -1;
    double last = at >= 0 ? history[at] : NAN, slope = at >= 0 ? slope_of(count, history, last) : NAN;
    for (int64_t h = 0; h < horizon; h++)
        out[h] = at < 0                         ? NAN
                 : kind == RONDO_NAIVE          ? last
                 : kind == RONDO_SEASONAL_NAIVE ? seasonal_value(count, history, season, h)
                 : kind == RONDO_DRIFT          ? last + slope * (double)(h + 1)
                                                : NAN;
}

double rondo_seasonal_error(int64_t count, const double *series, int64_t season) {
    double sum = 0;
    int64_t counted = 0;
    for (int64_t t = season; series && season > 0 && t < count; t++) {
        double change = fabs(series[t] - series[t - season]);
        if (!isnan(change)) {
            sum += change;
            counted++;
        }
    }
    return counted ? sum / (double)counted : NAN;
}

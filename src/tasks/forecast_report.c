/* The last evaluation as a table and in words. */
#include <math.h>
#include <stdio.h>

#include "tasks/forecast.h"

static const char *const names[RONDO__RIVALS] = {"naive", "seasonal-naive", "drift"};

static void add_row(rondo__text *t, const char *name, const rondo_series_score *scaled,
                    const rondo_series_score *units) {
    const rondo_series_result a = rondo_series_score_result(scaled), b = rondo_series_score_result(units);
    char mase[32] = "-";
    if (!isnan(b.mase))
        snprintf(mase, sizeof mase, "%.4f", b.mase);
    rondo__text_format(t, "  %-16s %9.4f %9.4f %9.2f %9s %12.6g\n", name, a.mse, a.mae, b.smape, mase, b.mae);
}

/* Naive and seasonal-naive are one where there is no season. */
static bool is_told(const rondo__forecast *f, int rival) {
    return rival != RONDO_SEASONAL_NAIVE || f->facts.season > 1;
}

static void add_verdict(rondo__text *t, double mine, double theirs, const char *name) {
    const double less = 100 * (1 - mine / theirs);
    if (isnan(mine) || isnan(theirs))
        rondo__text_format(t, "The model cannot be compared with the %s forecast.\n", name);
    else if (theirs == 0)
        rondo__text_format(t, "The model does not beat the %s forecast, which makes no error.\n", name);
    else if (mine < theirs)
        rondo__text_format(t, "The model beats the %s forecast: its mse is %.1f %% lower.\n", name, less);
    else
        rondo__text_format(t, "The model does not beat the %s forecast: its mse is %.1f %% higher.\n", name, -less);
}

static void add_band(rondo__text *t, const rondo__forecast_scores *s) {
    const rondo_series_result a = rondo_series_score_result(&s->scaled), b = rondo_series_score_result(&s->units);
    const double wanted = 100 * b.coverage_level;
    if (s->units.quantiles > 1 && !isnan(b.coverage))
        rondo__text_format(t, "Its %.0f %% interval holds %.1f %% of the truths; crps %.4f, pinball %.4f (scaled).\n",
                           wanted, 100 * b.coverage, a.crps, a.pinball);
}

void rondo__forecast_write_report(rondo__forecast *f, const rondo__forecast_scores *s) {
    rondo__text *t = &f->report;
    const double mine = rondo_series_score_result(&s->scaled).mse;
    rondo__text_free(t);
    rondo__text_format(t,
                       "%lld forecasts of %lld steps; mse and mae on values scaled by the training rows, the last "
                       "column in units:\n",
                       (long long)s->windows, (long long)f->H);
    rondo__text_format(t, "  %-16s %9s %9s %9s %9s %12s\n", "", "mse", "mae", "smape %", "mase", "mae_units");
    add_row(t, "model", &s->scaled, &s->units);
    for (int i = 0; i < RONDO__RIVALS; i++) {
        if (is_told(f, i))
            add_row(t, names[i], &s->rival_scaled[i], &s->rival_units[i]);
    }
    for (int i = 0; i < RONDO__RIVALS; i++) {
        if (is_told(f, i))
            add_verdict(t, mine, rondo_series_score_result(&s->rival_scaled[i]).mse, names[i]);
    }
    if (!is_told(f, RONDO_SEASONAL_NAIVE))
        rondo__text_format(t, "No season is known (data.season), so the seasonal-naive forecast is the naive one.\n");
    add_band(t, s);
}

/* Rolling-origin evaluation: a forecast from every origin of the part, step by step, beside naive, seasonal-naive and
 * drift from the same origins. Windows whose horizon holds no truth are not there; single missing truths do not count.
 *
 * mae, mse, rmse, crps and pinball are of values less mean over deviation of the training rows, by column, as the
 * literature reports them; what ends in _units is in the unit of the data; smape, mase and coverage know no unit. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tasks/forecast.h"
#include "train/metrics.h"

enum { WINDOWS = 64, PATHS = 50 };
#define MOST_DRAWN ((int64_t)1 << 24) /* of a batch's sample paths */

static const char *const rivals[RONDO__RIVALS] = {"naive", "seasonal", "drift"};

#define OF(rival) rival "_mse", rival "_mae", rival "_rmse", rival "_smape", rival "_mase"
const char *const rondo__forecast_metrics[] = {
    "loss",    "mse",      "mae",     "rmse",   "smape",     "mase",         "mae_units", "rmse_units", "crps",
    "pinball", "coverage", "windows", "values", OF("naive"), OF("seasonal"), OF("drift"), NULL};
#undef OF

typedef struct scoring {
    rondo__forecast *f;
    rondo__forecast_scores scores;
    rondo__forecast_batch batch;
    rondo__levels levels;
    double *rival, *naive, *scaled_truth, *scaled_point, *scaled_quantile, *scaled_crps; /* (H), (H levels) */
} scoring;

/* ---- one series of one window ---- */

static void scale(const scoring *s, int64_t c, int64_t count, const double *from, double *to) {
    const double center = s->f->facts.level_center[c], size = s->f->facts.level_scale[c];
    for (int64_t i = 0; i < count; i++)
        to[i] = (from[i] - center) / size;
}

static void score_model(scoring *s, int64_t place, int64_t c, double error) {
    const rondo__forecast *f = s->f;
    const rondo__levels *l = &s->levels;
    const int64_t at = place * f->H;
    const bool crps = l->crps && !isnan(l->crps[at]);
    const double *quantile = l->levels ? l->quantile + at * l->levels : NULL;
    rondo_series_score_add(&s->scores.units, f->H, l->truth + at, l->point + at, quantile, crps ? l->crps + at : NULL,
                           error);
    scale(s, c, f->H, l->point + at, s->scaled_point);
    if (quantile)
        scale(s, c, f->H * l->levels, quantile, s->scaled_quantile);
    for (int64_t h = 0; h < f->H && crps; h++)
        s->scaled_crps[h] = l->crps[at + h] / f->facts.level_scale[c];
    rondo_series_score_add(&s->scores.scaled, f->H, s->scaled_truth, s->scaled_point,
                           quantile ? s->scaled_quantile : NULL, crps ? s->scaled_crps : NULL, 0);
}

/* Where no season has passed yet, the seasonal-naive forecast is the naive one: all are scored on the same truths. */
static void forecast_rival(scoring *s, rondo_baseline kind, int64_t origin, const double *history) {
    const rondo__forecast *f = s->f;
    rondo_baseline_forecast(kind, origin, history, f->facts.season, f->H, s->rival);
    if (kind != RONDO_SEASONAL_NAIVE)
        return;
    rondo_baseline_forecast(RONDO_NAIVE, origin, history, f->facts.season, f->H, s->naive);
    for (int64_t h = 0; h < f->H; h++)
        s->rival[h] = isnan(s->rival[h]) ? s->naive[h] : s->rival[h];
}

static void score_rivals(scoring *s, const rondo__seen *seen, int64_t origin, int64_t place, int64_t c, double error) {
    const rondo__forecast *f = s->f;
    for (int i = 0; i < RONDO__RIVALS; i++) {
        forecast_rival(s, (rondo_baseline)i, origin, seen->level + c * seen->capacity);
        rondo_series_score_add(&s->scores.rival_units[i], f->H, s->levels.truth + place * f->H, s->rival, NULL, NULL,
                               error);
        scale(s, c, f->H, s->rival, s->scaled_point);
        rondo_series_score_add(&s->scores.rival_scaled[i], f->H, s->scaled_truth, s->scaled_point, NULL, NULL, 0);
    }
}

/* Only where the model has a forecast: a target without any value in its window has none. */
static void score_window(scoring *s, const rondo__seen_set *set, const rondo__window *window, int64_t w) {
    const rondo__forecast *f = s->f;
    const rondo__seen *seen = &set->series[window->series];
    for (int64_t c = 0; c < f->N; c++) {
        const int64_t place = w * f->N + c;
        double *truth = s->levels.truth + place * f->H;
        bool past = false;
        for (int64_t k = window->origin - f->W; k < window->origin && !past; k++)
            past = !isnan(seen->level[c * seen->capacity + k]);
        if (!past)
            continue;
        scale(s, c, f->H, truth, s->scaled_truth);
        score_model(s, place, c, f->facts.seasonal_error[c]);
        score_rivals(s, seen, window->origin, place, c, f->facts.seasonal_error[c]);
    }
}

/* ---- all of them ---- */

static int64_t batch_windows(const rondo__forecast *f) {
    const int64_t drawn = f->recursive && f->levels ? PATHS * f->H * f->N : 1;
    const int64_t most = MOST_DRAWN / drawn < WINDOWS ? MOST_DRAWN / drawn : WINDOWS;
    return most > 1 ? most : 1;
}

static rondo_status make_room(scoring *s, int64_t windows, rondo_error *err) {
    const size_t H = (size_t)s->f->H, levels = (size_t)s->f->levels;
    s->rival = rondo__calloc(H, sizeof(double));
    s->naive = rondo__calloc(H, sizeof(double));
    s->scaled_truth = rondo__calloc(H, sizeof(double));
    s->scaled_point = rondo__calloc(H, sizeof(double));
    s->scaled_quantile = rondo__calloc(H * (levels + 1), sizeof(double));
    s->scaled_crps = rondo__calloc(H, sizeof(double));
    if (!s->rival || !s->naive || !s->scaled_truth || !s->scaled_point || !s->scaled_quantile || !s->scaled_crps)
        return rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for a horizon of %lld steps", (long long)s->f->H);
    s->levels = (rondo__levels){.levels = s->f->levels, .paths = PATHS, .seed = s->f->base.recipe.train.seed};
    memcpy(s->levels.level, s->f->level, sizeof s->levels.level);
    rondo_status status = rondo__levels_make(s->f, &s->levels, windows, true, err);
    return status ? status : rondo__batch_make(s->f, &s->batch, windows, err);
}

static void clear_room(scoring *s) {
    rondo__levels_free(&s->levels);
    rondo__batch_free(&s->batch);
    rondo__free(s->rival);
    rondo__free(s->naive);
    rondo__free(s->scaled_truth);
    rondo__free(s->scaled_point);
    rondo__free(s->scaled_quantile);
    rondo__free(s->scaled_crps);
}

static rondo_status score_all(scoring *s, rondo_tape *tape, const rondo__seen_set *set, const rondo__windows *windows,
                              rondo_error *err) {
    const int64_t most = s->batch.most;
    rondo_status status = RONDO_OK;
    for (int64_t at = 0; at < windows->count && !status; at += most) {
        const int64_t count = windows->count - at < most ? windows->count - at : most;
        double loss = 0;
        rondo__batch_fill(s->f, &s->batch, set, count, windows->window + at);
        status = rondo__forecast_run(s->f, tape, &s->batch, &s->levels, &loss, at > 0, err);
        s->scores.loss += loss;
        s->scores.counted += rondo__batch_counted(&s->batch);
        s->scores.windows += count;
        for (int64_t w = 0; w < count && !status; w++)
            score_window(s, set, &windows->window[at + w], w);
    }
    return status;
}

static rondo_status score_file(scoring *s, rondo_tape *tape, const char *path, rondo_error *err) {
    rondo__seen_set set;
    rondo__windows windows = {0};
    rondo_status status = rondo__forecast_open(s->f, &set, path, 0, err);
    if (!status)
        status = rondo__windows_make(s->f, &windows, &set, 2, err);
    if (!status)
        status = score_all(s, tape, &set, &windows, err);
    rondo__free(windows.window);
    rondo__seen_free(&set);
    return status;
}

/* ---- numbers ---- */

static void set_quantiles(const rondo__forecast *f, rondo_series_score *score) {
    score->quantiles = f->levels;
    for (int i = 0; i < f->levels; i++)
        score->level[i] = f->level[i];
}

static void set_rival(rondo_metrics *m, int i, const rondo__forecast_scores *s) {
    const rondo_series_result a = rondo_series_score_result(&s->rival_scaled[i]),
                              b = rondo_series_score_result(&s->rival_units[i]);
    static const char *const names[] = {"mse", "mae", "rmse", "smape", "mase"};
    const double values[] = {a.mse, a.mae, a.rmse, b.smape, b.mase};
    for (int k = 0; k < 5; k++) {
        char name[32];
        snprintf(name, sizeof name, "%s_%s", rivals[i], names[k]);
        rondo__metrics_set(m, name, values[k]);
    }
}

static void set_metrics(const rondo__forecast *f, rondo_metrics *m, const rondo__forecast_scores *s) {
    const rondo_series_result a = rondo_series_score_result(&s->scaled), b = rondo_series_score_result(&s->units);
    m->count = 0;
    rondo__metrics_set(m, "loss", s->counted ? s->loss / (double)s->counted : NAN);
    rondo__metrics_set(m, "mse", a.mse);
    rondo__metrics_set(m, "mae", a.mae);
    rondo__metrics_set(m, "rmse", a.rmse);
    rondo__metrics_set(m, "smape", b.smape);
    rondo__metrics_set(m, "mase", b.mase);
    rondo__metrics_set(m, "mae_units", b.mae);
    rondo__metrics_set(m, "rmse_units", b.rmse);
    if (f->levels) {
        rondo__metrics_set(m, "crps", a.crps);
        rondo__metrics_set(m, "pinball", a.pinball);
        rondo__metrics_set(m, "coverage", b.coverage);
    }
    rondo__metrics_set(m, "windows", (double)s->windows);
    rondo__metrics_set(m, "values", (double)s->units.count);
    for (int i = 0; i < RONDO__RIVALS; i++)
        set_rival(m, i, s);
}

rondo_status rondo__forecast_evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                                      rondo_metrics *metrics, rondo_error *err) {
    rondo__forecast *f = (rondo__forecast *)task;
    if (files == 0 && f->valid.count == 0)
        return rondo__fail(err, RONDO_ARGUMENT, "evaluate: no file is given");
    scoring *s = rondo__calloc(1, sizeof *s);
    if (!s)
        return rondo__fail(err, RONDO_MEMORY, "evaluate: no memory");
    s->f = f;
    set_quantiles(f, &s->scores.units);
    set_quantiles(f, &s->scores.scaled);
    rondo_status status = make_room(s, batch_windows(f), err);
    if (!status && files == 0)
        status = score_all(s, tape, &f->data, &f->valid, err);
    for (int i = 0; i < files && !status; i++)
        status = score_file(s, tape, file[i], err);
    if (!status) {
        set_metrics(f, metrics, &s->scores);
        rondo__forecast_write_report(f, &s->scores);
        if (f->report.failed)
            status = rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for the report");
    }
    clear_room(s);
    rondo__free(s);
    return status;
}

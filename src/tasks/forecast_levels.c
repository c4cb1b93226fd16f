/* From raw outputs to levels in the unit of the data: points, quantiles, CRPS.
 *
 * What the network says is of t (the transformed level) after shift and scale. Transforms rise, so a quantile of t is
 * one of the level. The point is the mean of a distribution of t and the median where only quantiles are known; through
 * an exponential (logs, returns) it becomes the level's median. */
#include <math.h>
#include <string.h>

#include "tasks/forecast.h"

double rondo__level_of(const rondo__forecast *f, double base, double t) {
    switch ((rondo__transform)f->base.recipe.data.series.transform) {
    case RONDO__LOGS:
        return exp(t);
    case RONDO__DIFFERENCES:
        return base + t;
    case RONDO__RETURNS:
        return base * exp(t);
    default:
        return t;
    }
}

/* The other way, for truths that are compared as t; only where the transform is a shift. */
static double shifted(const rondo__forecast *f, double base, double level) { return f->lead ? level - base : level; }

static bool is_shift(const rondo__forecast *f) {
    const int transform = f->base.recipe.data.series.transform;
    return transform == RONDO__LEVELS || transform == RONDO__DIFFERENCES;
}

rondo__frame rondo__frame_of(const rondo__forecast *f, const rondo__forecast_batch *b, int64_t value, int64_t h,
                             int64_t column) {
    const double steps = f->cumulative ? (double)h : 1;
    return (rondo__frame){f->facts.center[column] * steps + f->facts.scale[column] * (double)b->shift[value],
                          f->facts.scale[column] * (double)b->scale[value]};
}

/* ---- quantiles ---- */

/* Heapsort: in place, as a streaming step allocates nothing (qsort may). */
static void sink(double *x, int64_t at, int64_t count) {
    for (int64_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && x[child + 1] > x[child];
        if (!(x[child] > x[at]))
            return;
        const double kept = x[at];
        x[at] = x[child];
        x[child] = kept;
    }
}

void rondo__sort_doubles(int64_t count, double *x) {
    for (int64_t i = count / 2; i-- > 0;)
        sink(x, i, count);
    for (int64_t end = count - 1; end > 0; end--) {
        const double kept = x[0];
        x[0] = x[end];
        x[end] = kept;
        sink(x, 0, end);
    }
}

double rondo__between_levels(int count, const double *level, const double *value, double wanted) {
    int i = 0;
    if (count == 1)
        return value[0];
    while (i < count - 2 && wanted > level[i + 1])
        i++;
    return value[i] + (value[i + 1] - value[i]) * (wanted - level[i]) / (level[i + 1] - level[i]);
}

/* Trained one by one they may cross: in rising order they are no worse (Chernozhukov 2010). */
void rondo__sorted_quantiles(const rondo__forecast *f, const real *raw, rondo__frame frame, double *out) {
    for (int i = 0; i < f->levels; i++)
        out[i] = frame.shift + frame.scale * (double)raw[i];
    rondo__sort_doubles(f->levels, out);
}

double rondo__crps_of_quantiles(const double *quantile, double truth) {
    double sum = 0;
    for (int i = 0; i < RONDO__CRPS_LEVELS; i++) {
        const double q = (i + 1) / (double)(RONDO__CRPS_LEVELS + 1), e = truth - quantile[i];
        sum += e > 0 ? q * e : (q - 1) * e;
    }
    return 2 * sum / RONDO__CRPS_LEVELS;
}

/* A Gaussian's quantiles are those of the standard one, which are found once. */
static double quantile_of(const rondo_predicted *p, double level, double standard) {
    return p->kind == RONDO_GAUSSIAN ? p->mean + p->spread * standard : rondo_predicted_quantile(p, level);
}

/* ---- room ---- */

static double *numbers(int64_t a, int64_t b, int64_t c, int64_t d) {
    size_t n;
    if (!rondo__size_mul((size_t)a, (size_t)b, &n) || !rondo__size_mul(n, (size_t)c, &n) ||
        !rondo__size_mul(n, (size_t)d, &n))
        return NULL;
    return rondo__calloc(n, sizeof(double));
}

rondo_status rondo__levels_choose(const rondo__forecast *f, rondo__levels *out, int count, const double *level,
                                  rondo_error *err) {
    const bool trained = f->base.recipe.model.output == RONDO__OUTPUT_QUANTILES;
    if (count == 0) {
        out->levels = f->levels;
        memcpy(out->level, f->level, sizeof out->level);
        return RONDO_OK;
    }
    if (f->levels == 0)
        return rondo__fail(
            err, RONDO_ARGUMENT,
            "forecast: this model forecasts points, not quantiles (train one with model.output quantiles, "
            "gaussian, student_t or negative_binomial)");
    if (count < 0 || count > RONDO__QUANTILES || !level)
        return rondo__fail(err, RONDO_ARGUMENT, "forecast: %d quantiles (1 to %d, with their levels)", count,
                           RONDO__QUANTILES);
    for (int i = 0; i < count; i++) {
        if (!(level[i] > 0 && level[i] < 1) || (i > 0 && !(level[i] > level[i - 1])))
            return rondo__fail(err, RONDO_ARGUMENT, "forecast: quantile %g (they lie between 0 and 1, and rise)",
                               level[i]);
        if (trained && (level[i] < f->level[0] || level[i] > f->level[f->levels - 1]))
            return rondo__fail(err, RONDO_ARGUMENT,
                               "forecast: quantile %g is beyond those that the model was trained for, %g to %g",
                               level[i], f->level[0], f->level[f->levels - 1]);
        out->level[i] = level[i];
    }
    out->levels = count;
    return RONDO_OK;
}

rondo_status rondo__levels_choose_paths(const rondo__forecast *f, rondo__levels *out, int64_t paths, uint64_t seed,
                                        rondo_error *err) {
    enum { USUAL_PATHS = 200 };
    if (paths < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "forecast: paths must be 0 or more");
    if (paths > 0 && !(f->recursive && f->levels > 0))
        return rondo__fail(err, RONDO_ARGUMENT,
                           "forecast: paths is for a recursive model of distributions or quantiles, which draws its "
                           "futures (leave it out)");
    out->paths = paths > 0 ? paths : USUAL_PATHS;
    out->seed = seed;
    return RONDO_OK;
}

rondo_status rondo__levels_make(const rondo__forecast *f, rondo__levels *out, int64_t windows, bool scores,
                                rondo_error *err) {
    out->windows = windows;
    out->point = numbers(windows, f->N, f->H, 1);
    out->truth = numbers(windows, f->N, f->H, 1);
    out->quantile = out->levels ? numbers(windows, f->N, f->H, out->levels) : NULL;
    out->crps = scores && out->levels ? numbers(windows, f->N, f->H, 1) : NULL;
    for (int i = 0; i < out->levels; i++)
        out->standard[i] = rondo_predicted_quantile(&(rondo_predicted){RONDO_GAUSSIAN, 0, 1, 0}, out->level[i]);
    rondo_status status = RONDO_OK;
    if (!out->point || !out->truth || (out->levels && !out->quantile) || (scores && out->levels && !out->crps))
        status =
            rondo__fail(err, RONDO_MEMORY, "forecast: no memory for the forecasts of %lld windows", (long long)windows);
    if (!status && f->recursive)
        status = rondo__levels_make_paths(f, out, err);
    if (status)
        rondo__levels_free(out);
    return status;
}

void rondo__levels_free(rondo__levels *out) {
    rondo__free(out->point);
    rondo__free(out->truth);
    rondo__free(out->quantile);
    rondo__free(out->crps);
    rondo__free(out->draw);
    rondo__free(out->drawn);
    rondo__free(out->at);
    rondo__free(out->state);
    rondo__free(out->feed);
    rondo__free(out->fixed);
    *out = (rondo__levels){0};
}

/* ---- one value ---- */

typedef struct place {
    int64_t value, out; /* among the batch's values; among the forecasts */
    int64_t h, column;  /* h from 1 */
    double base;
} place;

static void from_point(const rondo__forecast *f, const rondo__levels *out, const place *p, const real *raw,
                       rondo__frame frame) {
    out->point[p->out] = rondo__level_of(f, p->base, frame.shift + frame.scale * (double)raw[0]);
}

static void from_quantiles(const rondo__forecast *f, const rondo__levels *out, const place *p, const real *raw,
                           rondo__frame frame) {
    double t[RONDO__QUANTILES];
    rondo__sorted_quantiles(f, raw, frame, t);
    out->point[p->out] = rondo__level_of(f, p->base, rondo__between_levels(f->levels, f->level, t, 0.5));
    for (int i = 0; i < out->levels; i++)
        out->quantile[p->out * out->levels + i] =
            rondo__level_of(f, p->base, rondo__between_levels(f->levels, f->level, t, out->level[i]));
    if (out->crps)
        out->crps[p->out] = NAN; /* by its quantiles */
}

static double crps_of(const rondo__forecast *f, const rondo_predicted *d, double base, double truth) {
    double quantile[RONDO__CRPS_LEVELS];
    if (isnan(truth))
        return NAN;
    if (is_shift(f))
        return rondo_predicted_crps(d, shifted(f, base, truth));
    for (int i = 0; i < RONDO__CRPS_LEVELS; i++)
        quantile[i] = rondo__level_of(f, base, rondo_predicted_quantile(d, (i + 1) / (double)(RONDO__CRPS_LEVELS + 1)));
    return rondo__crps_of_quantiles(quantile, truth);
}

static void from_distribution(const rondo__forecast *f, const rondo__levels *out, const place *p, const real *raw,
                              rondo__frame frame) {
    const rondo_predicted d = rondo_predicted_from(rondo__distribution_of(f), raw, frame.shift, frame.scale);
    out->point[p->out] = rondo__level_of(f, p->base, d.mean);
    for (int i = 0; i < out->levels; i++)
        out->quantile[p->out * out->levels + i] =
            rondo__level_of(f, p->base, quantile_of(&d, out->level[i], out->standard[i]));
    if (out->crps)
        out->crps[p->out] = crps_of(f, &d, p->base, out->truth[p->out]);
}

static double truth_of(const rondo__forecast_batch *b, const place *p, int64_t w) {
    const rondo__seen *s = &b->set->series[b->window[w].series];
    const int64_t k = b->window[w].origin + p->h - 1;
    return k < s->count ? s->level[p->column * s->capacity + k] : NAN;
}

static void put_truths(const rondo__forecast *f, const rondo__forecast_batch *b, const rondo__levels *out) {
    for (int64_t w = 0; w < b->windows; w++) {
        for (int64_t c = 0; c < f->N; c++) {
            for (int64_t h = 0; h < f->H; h++)
                out->truth[(w * f->N + c) * f->H + h] = truth_of(b, &(place){.h = h + 1, .column = c}, w);
        }
    }
}

static void to_levels(const rondo__forecast *f, const rondo__forecast_batch *b, const real *raw,
                      const rondo__levels *out) {
    void (*const from)(const rondo__forecast *, const rondo__levels *, const place *, const real *, rondo__frame) =
        rondo__is_distribution(f) ? from_distribution
        : f->levels               ? from_quantiles
                                  : from_point;
    for (int64_t row = 0; row < b->B; row++) {
        for (int64_t j = 0; j < f->n; j++) {
            place p = {.column = rondo__target_of(f, row, j), .base = b->base[row * f->n + j]};
            const int64_t w = row / (f->N / f->n);
            for (int64_t h = 0; h < f->H; h++) {
                p.h = h + 1;
                p.value = rondo__value_at(f, b->B, row, h, j);
                p.out = (w * f->N + p.column) * f->H + h;
                from(f, out, &p, raw + p.value * f->P, rondo__frame_of(f, b, p.value, p.h, p.column));
            }
        }
    }
}

rondo_status rondo__forecast_run(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *b,
                                 rondo__levels *out, double *loss, bool same_parameters, rondo_error *err) {
    const rondo_step step = {.same_parameters = same_parameters};
    rondo_status status = RONDO_OK;
    rondo_var *raw = NULL, *sum = NULL;
    put_truths(f, b, out);
    if (!f->recursive || loss) {
        rondo_tape_begin(tape, &step);
        raw = rondo__forecast_outputs(f, tape, b);
        sum = loss ? rondo__forecast_loss(f, tape, b, raw, 1) : NULL;
        status = rondo_tape_status(tape, err);
    }
    if (!status && loss)
        *loss = (double)*(const real *)sum->value.data;
    if (status || f->recursive)
        return status ? status : rondo__forecast_paths(f, tape, b, out, err);
    to_levels(f, b, raw->value.data, out);
    return RONDO_OK;
}

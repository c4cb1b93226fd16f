/* rondo_model_forecast: the series of a file, continued. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/json_text.h"
#include "tasks/forecast.h"
#include "tasks/model.h"

typedef struct using {
    rondo__forecast *f;
    rondo_tape *tape;
    const rondo_forecast_options *o;
    rondo_forecast *out;
    const char *path;
    int64_t horizon, target[RONDO__LIST]; /* columns that are wanted */
    rondo__seen_set set;
    rondo__forecast_batch batch;
    rondo__levels levels;
    rondo__text notes;
    rondo_error *err;
}
using;

void rondo_forecast_free(rondo_forecast *forecast) {
    if (!forecast)
        return;
    for (int64_t i = 0; forecast->series && i < forecast->count; i++) {
        rondo_forecast_series *s = &forecast->series[i];
        rondo__free(s->name);
        rondo__free(s->time);
        rondo__free(s->when);
        rondo__free(s->point);
        rondo__free(s->quantile);
        rondo__free(s->truth);
        rondo__free(s->history_time);
        rondo__free(s->history_value);
    }
    rondo__free(forecast->series);
    rondo__free(forecast->target_name);
    rondo__free(forecast->level);
    rondo__free(forecast->notes);
    *forecast = (rondo_forecast){0};
}

static rondo_status no_memory(const using *u) {
    return rondo__fail(u->err, RONDO_MEMORY, "forecast: no memory for the result");
}

static double *numbers(int64_t a, int64_t b, int64_t c) {
    size_t n;
    if (!rondo__size_mul((size_t)a, (size_t)b, &n) || !rondo__size_mul(n, (size_t)c, &n))
        return NULL;
    return rondo__calloc(n, sizeof(double));
}

/* ---- what is wanted ---- */

static rondo_status choose_targets(using *u) {
    const rondo__names *names = &u->f->base.recipe.data.series.targets;
    const char *list[RONDO__LIST];
    rondo_forecast *out = u->out;
    for (int64_t c = 0; c < u->f->N; c++) {
        list[c] = (*names)[c];
        if (!u->o->target || strcmp(u->o->target, list[c]) == 0)
            u->target[out->targets++] = c;
    }
    if (out->targets == 0) {
        const char *near = rondo__nearest_name(u->o->target, list, (int)u->f->N);
        return rondo__fail(u->err, RONDO_ARGUMENT, "forecast: '%s' is no target of this model (%s%s)",
                           rondo__show(u->o->target).text, near ? "did you mean " : "the first one is ",
                           near ? near : list[0]);
    }
    out->target_name = rondo__calloc((size_t)out->targets, sizeof *out->target_name);
    for (int64_t i = 0; out->target_name && i < out->targets; i++)
        out->target_name[i] = (char *)(uintptr_t)list[u->target[i]]; /* of the model's recipe: copied below */
    return out->target_name ? RONDO_OK : no_memory(u);
}

/* The list of names and their texts become one block of the result's own. */
static rondo_status own_target_names(using *u) {
    rondo_forecast *out = u->out;
    size_t bytes = (size_t)out->targets * sizeof(char *);
    for (int64_t i = 0; i < out->targets; i++)
        bytes += strlen(out->target_name[i]) + 1;
    char **block = rondo__alloc(bytes), *at = (char *)(block + out->targets);
    for (int64_t i = 0; block && i < out->targets; i++) {
        block[i] = strcpy(at, out->target_name[i]);
        at += strlen(at) + 1;
    }
    rondo__free(out->target_name);
    out->target_name = block;
    return block ? RONDO_OK : no_memory(u);
}

static rondo_status choose_levels(using *u) {
    rondo_status status = rondo__levels_choose(u->f, &u->levels, u->o->quantiles, u->o->quantile, u->err);
    if (!status)
        status = rondo__levels_choose_paths(u->f, &u->levels, u->o->paths, u->o->seed, u->err);
    if (status)
        return status;
    u->out->quantiles = u->levels.levels;
    u->out->has_band = u->levels.levels > 1;
    u->out->level = numbers(u->levels.levels, 1, 1);
    if (!u->out->level)
        return no_memory(u);
    memcpy(u->out->level, u->levels.level, (size_t)u->levels.levels * sizeof(double));
    return RONDO_OK;
}

static rondo_status fail_series(const using *u) {
    const char *list[64];
    int count = 0;
    for (int64_t i = 0; i < u->set.count && count < 64; i++)
        list[count++] = u->set.series[i].name;
    const char *near = rondo__nearest_name(u->o->series, list, count);
    return rondo__fail(u->err, RONDO_ARGUMENT, "%s: no series '%s' (%s'%s')", u->path, rondo__show(u->o->series).text,
                       near ? "did you mean " : "the first one is ", rondo__show(near ? near : list[0]).text);
}

/* Where the forecast of a series begins. */
static rondo_status find_origin(const using *u, const rondo__seen *s, int64_t *origin) {
    const char *from = u->o->from;
    double time;
    char *end = NULL;
    *origin = s->known;
    if (!from)
        return RONDO_OK;
    const long long row = strtoll(from, &end, 10);
    if (*from && *end == '\0' && row >= 0 && row <= s->count) {
        *origin = row;
    } else if (u->f->base.recipe.data.series.time[0] && (*end || strlen(from) > 7) && rondo__time_scan(from, &time)) {
        for (*origin = 0; *origin < s->count && s->time[*origin] < time;)
            ++*origin;
    } else {
        return rondo__fail(u->err, RONDO_ARGUMENT, "forecast: from '%s' is neither a step of %s (0 to %lld) nor a time",
                           rondo__show(from).text, u->path, (long long)s->count);
    }
    if (*origin > s->known)
        return rondo__fail(u->err, RONDO_ARGUMENT,
                           "forecast: from '%s' is after the last known value of %s (step %lld)",
                           rondo__show(from).text, u->path, (long long)s->known - 1);
    return RONDO_OK;
}

static int64_t steps_needed(const using *u) { return u->f->W + u->f->lead; }

/* One of several that is too short does not stop the others. */
static bool pass_over(using *u, const rondo__seen *s, int64_t origin) {
    if (origin >= steps_needed(u) || u->set.count == 1 || u->o->series)
        return false;
    rondo__text_format(&u->notes, "series '%s' has no forecast: %lld steps are known, the model looks at %lld\n",
                       rondo__show(s->name).text, (long long)origin, (long long)steps_needed(u));
    return true;
}

static rondo_status check_past(const using *u, const rondo__seen *s, int64_t origin) {
    const int64_t needed = steps_needed(u);
    if (origin >= needed)
        return RONDO_OK;
    return rondo__fail(
        u->err, RONDO_FORMAT,
        "%s: shorter than one window: %s%s%s%lld steps are known, the model looks at %lld (give more rows)", u->path,
        *s->name ? "series '" : "", rondo__show(s->name).text, *s->name ? "': " : "", (long long)origin,
        (long long)needed);
}

static rondo_status check_future(const using *u, const rondo__seen *s, int64_t origin) {
    const rondo__forecast *f = u->f;
    for (int64_t k = origin; k < origin + u->horizon; k++) {
        for (int64_t i = 0; i < f->future; i++) {
            char when[32];
            if (k < s->count && !isnan(s->z[k * f->columns + f->columns - f->future + i]))
                continue;
            rondo__forecast_print_time(f, s->time[k], when);
            return rondo__fail(
                u->err, RONDO_FORMAT,
                "%s: column '%s' has no value for %s, step %lld of the forecast (it must be known over the "
                "horizon: add rows with it, whose targets are empty)",
                u->path, f->base.recipe.data.series.future_covariates[i],
                f->base.recipe.data.series.time[0] ? when : "a row", (long long)(k - origin + 1));
        }
    }
    return RONDO_OK;
}

/* What has no channel of its own for missing values, but misses some now. */
static void note_missing(using *u, const rondo__seen *s, int64_t origin) {
    const rondo__forecast *f = u->f;
    const rondo__recipe_series *r = &f->base.recipe.data.series;
    for (int64_t c = 0; c < f->columns; c++) {
        int64_t missing = 0;
        for (int64_t k = origin - f->W; k < origin; k++)
            missing += isnan(s->z[k * f->columns + c]);
        if (missing && !f->facts.masked[c])
            rondo__text_format(
                &u->notes,
                "column '%s' misses %lld of the last %lld values; in training it missed none (they count "
                "as its mean)\n",
                c < f->N                   ? r->targets[c]
                : c < f->N + f->covariates ? r->covariates[c - f->N]
                                           : r->future_covariates[c - f->N - f->covariates],
                (long long)missing, (long long)f->W);
    }
}

/* ---- one series ---- */

static rondo_status make_series(using *u, rondo_forecast_series *out, const rondo__seen *s, int64_t history) {
    const int64_t H = u->horizon, N = u->out->targets;
    size_t bytes;
    out->history = history;
    out->name = rondo__strdup(s->name);
    out->time = numbers(H, 1, 1);
    out->point = numbers(N, H, 1);
    out->truth = numbers(N, H, 1);
    out->quantile = u->out->quantiles ? numbers(N, H, u->out->quantiles) : NULL;
    out->history_time = numbers(history, 1, 1);
    out->history_value = numbers(N, history, 1);
    out->when = rondo__size_mul((size_t)H, sizeof(char *) + 32, &bytes) ? rondo__calloc(1, bytes) : NULL;
    const bool whole = out->name && out->time && out->point && out->truth && out->when &&
                       (out->quantile || !u->out->quantiles) && out->history_time && out->history_value;
    return whole ? RONDO_OK : no_memory(u);
}

static void put_times(using *u, rondo_forecast_series *out, const rondo__seen *s, int64_t origin) {
    char *at = (char *)(out->when + u->horizon);
    for (int64_t h = 0; h < u->horizon; h++, at += 32) {
        out->time[h] = s->time[origin + h];
        out->when[h] = at;
        if (u->out->has_time)
            rondo__forecast_print_time(u->f, out->time[h], at);
        else
            snprintf(at, 32, "%lld", (long long)out->time[h]);
    }
}

static void put_known(using *u, rondo_forecast_series *out, const rondo__seen *s, int64_t origin) {
    for (int64_t i = 0; i < u->out->targets; i++) {
        const double *level = s->level + u->target[i] * s->capacity;
        for (int64_t h = 0; h < u->horizon; h++) {
            out->truth[i * u->horizon + h] = origin + h < s->count ? level[origin + h] : NAN;
            u->out->has_truth = u->out->has_truth || !isnan(out->truth[i * u->horizon + h]);
        }
        for (int64_t k = 0; k < out->history; k++)
            out->history_value[i * out->history + k] = level[origin - out->history + k];
    }
    for (int64_t k = 0; k < out->history; k++)
        out->history_time[k] = s->time[origin - out->history + k];
}

/* Forecasts of steps [at, at + H) go into the result, as many as are wanted. */
static void put_forecast(using *u, rondo_forecast_series *out, int64_t at) {
    const int64_t H = u->f->H, Q = u->levels.levels, steps = u->horizon - at < H ? u->horizon - at : H;
    for (int64_t i = 0; i < u->out->targets; i++) {
        const int64_t from = u->target[i] * H, to = i * u->horizon + at;
        memcpy(out->point + to, u->levels.point + from, (size_t)steps * sizeof(double));
        if (Q)
            memcpy(out->quantile + to * Q, u->levels.quantile + from * Q, (size_t)(steps * Q) * sizeof(double));
    }
}

/* What was forecast is taken for known. */
static void feed(using *u, rondo__seen *s, int64_t origin) {
    double level[RONDO__LIST];
    for (int64_t h = 0; h < u->f->H; h++) {
        for (int64_t c = 0; c < u->f->N; c++)
            level[c] = u->levels.point[c * u->f->H + h];
        rondo__seen_feed(u->f, s, origin + h, level);
    }
}

static rondo_status run_series(using *u, rondo_forecast_series *out, int64_t index, int64_t origin) {
    rondo__seen *s = &u->set.series[index];
    rondo_status status = RONDO_OK;
    for (int64_t at = 0; at < u->horizon && !status; at += u->f->H) {
        const rondo__window window = {index, origin + at};
        rondo__batch_fill(u->f, &u->batch, &u->set, 1, &window);
        status = rondo__forecast_run(u->f, u->tape, &u->batch, &u->levels, NULL, false, u->err);
        if (!status) {
            put_forecast(u, out, at);
            feed(u, s, origin + at);
        }
    }
    return status;
}

static rondo_status check_finite(const using *u, const rondo_forecast_series *out) {
    for (int64_t i = 0; i < u->out->targets * u->horizon; i++) {
        if (!isfinite(out->point[i]))
            return rondo__fail(
                u->err, RONDO_NUMERIC, "%s: the forecast of '%s' is not finite (%s)", u->path,
                u->out->target_name[i / u->horizon],
                "no value of it is known in the last window, or some weight of the model is far too large");
    }
    return RONDO_OK;
}

static rondo_status forecast_series(using *u, int64_t index) {
    rondo__seen *s = &u->set.series[index];
    int64_t origin;
    rondo_status status = find_origin(u, s, &origin);
    if (!status && pass_over(u, s, origin))
        return RONDO_OK;
    if (!status)
        status = check_past(u, s, origin);
    if (!status)
        status = check_future(u, s, origin);
    if (status)
        return status;
    rondo_forecast_series *out = &u->out->series[u->out->count++];
    status = make_series(u, out, s, u->o->history < origin ? u->o->history : origin);
    if (status)
        return status;
    note_missing(u, s, origin);
    put_times(u, out, s, origin);
    put_known(u, out, s, origin);
    status = run_series(u, out, index, origin);
    return status ? status : check_finite(u, out);
}

/* ---- all ---- */

static rondo_status run(using *u) {
    const int64_t more = u->horizon + u->f->H;
    rondo_status status = rondo__forecast_open(u->f, &u->set, u->path, more, u->err);
    if (!status)
        status = rondo__batch_make(u->f, &u->batch, 1, u->err);
    if (!status)
        status = rondo__levels_make(u->f, &u->levels, 1, false, u->err);
    if (status)
        return status;
    u->out->series = rondo__calloc((size_t)u->set.count, sizeof *u->out->series);
    if (!u->out->series)
        return no_memory(u);
    if (u->set.notes.size)
        rondo__text_add(&u->notes, u->set.notes.data, u->set.notes.size);
    for (int64_t i = 0; i < u->set.count && !status; i++) {
        if (!u->o->series || strcmp(u->o->series, u->set.series[i].name) == 0)
            status = forecast_series(u, i);
    }
    if (!status && u->out->count == 0 && u->o->series)
        status = fail_series(u);
    else if (!status && u->out->count == 0)
        status = rondo__fail(u->err, RONDO_FORMAT,
                             "%s: shorter than one window: no series has the %lld steps that the model looks at (give "
                             "more rows)",
                             u->path, (long long)steps_needed(u));
    if (!status && u->horizon > u->f->H)
        rondo__text_format(&u->notes,
                           "the model forecasts %lld steps: beyond them it takes its own forecasts for known, and "
                           "intervals are too narrow\n",
                           (long long)u->f->H);
    return status;
}

static rondo_status take_notes(using *u) {
    if (!u->notes.data && !u->notes.failed)
        rondo__text_add(&u->notes, "", 0);
    u->out->notes = u->notes.data ? u->notes.data : rondo__strdup("");
    const bool failed = u->notes.failed || !u->out->notes;
    u->notes = (rondo__text){0};
    return failed ? no_memory(u) : RONDO_OK;
}

rondo_status rondo_model_forecast(rondo_model *model, const char *path, const rondo_forecast_options *options,
                                  rondo_forecast *out, rondo_error *err) {
    const rondo_forecast_options plain = {0};
    if (!model || !path || !out)
        return rondo__fail(err, RONDO_ARGUMENT, "forecast: needs a model, a file, and a place for the result");
    *out = (rondo_forecast){0};
    if (model->task->class != &rondo__forecast_class)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "%.400s: only a model of task forecast continues series (this one is for %s)", model->path,
                           model->task->class->name);
    using u = {.f = (rondo__forecast *)model->task,
               .tape = model->tape,
               .o = options ? options : &plain,
               .out = out,
               .path = path,
               .err = err};
    if (u.o->horizon < 0 || u.o->history < 0 || u.o->horizon > 10000000)
        return rondo__fail(err, RONDO_ARGUMENT, "forecast: horizon and history must be 0 or more (horizon up to 10^7)");
    u.horizon = out->horizon = u.o->horizon ? u.o->horizon : u.f->H;
    out->has_time = u.f->base.recipe.data.series.time[0] != '\0';
    rondo_status status = choose_targets(&u);
    if (!status)
        status = own_target_names(&u);
    if (!status)
        status = choose_levels(&u);
    if (!status)
        status = run(&u);
    if (!status)
        status = take_notes(&u);
    rondo__text_free(&u.notes);
    rondo__levels_free(&u.levels);
    rondo__batch_free(&u.batch);
    rondo__seen_free(&u.set);
    if (status)
        rondo_forecast_free(out);
    return status == RONDO_NUMERIC ? rondo__model_name_file(status, model->path, err) : status;
}

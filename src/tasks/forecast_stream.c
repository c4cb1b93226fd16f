/* One row in, one forecast out.
 *
 * The stream keeps the rows of one window (and one more for differences and returns) in a series of its own; each step
 * moves them up by one, and the model runs over the window as it does over one of a file: the same arrays, the same
 * operators, the same bits. All memory is taken when the stream opens, that of the tape by a first run over zeros. */
#include <math.h>
#include <string.h>

#include "formats/json_text.h"
#include "tasks/forecast.h"
#include "tasks/model.h"

struct rondo_forecast_stream {
    rondo__forecast *f;
    rondo_tape *tape;
    rondo__seen seen;
    rondo__seen_set set; /* of seen alone */
    rondo__forecast_batch batch;
    rondo__levels levels;
    int64_t keep, rows; /* rows that are kept, and that are there */
    bool warm;
};

void rondo_forecast_stream_close(rondo_forecast_stream **stream) {
    if (!stream || !*stream)
        return;
    rondo_forecast_stream *s = *stream;
    rondo__batch_free(&s->batch);
    rondo__levels_free(&s->levels);
    rondo__seen_clear(&s->seen);
    rondo_tape_destroy(&s->tape);
    rondo__free(s);
    *stream = NULL;
}

void rondo_forecast_stream_reset(rondo_forecast_stream *stream) {
    if (!stream)
        return;
    stream->rows = 0;
    stream->seen.count = 0;
    stream->seen.offset = 0;
}

rondo_forecast_stream_sizes rondo_forecast_stream_get_sizes(const rondo_forecast_stream *stream) {
    if (!stream)
        return (rondo_forecast_stream_sizes){0};
    const rondo__forecast *f = stream->f;
    return (rondo_forecast_stream_sizes){.columns = f->columns,
                                         .targets = f->N,
                                         .future_covariates = f->future,
                                         .horizon = f->H,
                                         .window = f->W,
                                         .quantiles = stream->levels.levels};
}

/* ---- rows ---- */

/* The oldest row goes. */
static void move_up(rondo_forecast_stream *s) {
    const rondo__forecast *f = s->f;
    const size_t left = (size_t)(s->keep - 1);
    rondo__seen *seen = &s->seen;
    memmove(seen->time, seen->time + 1, left * sizeof *seen->time);
    for (int64_t c = 0; c < f->N; c++)
        memmove(seen->level + c * seen->capacity, seen->level + c * seen->capacity + 1, left * sizeof *seen->level);
    memmove(seen->z, seen->z + f->columns, left * (size_t)f->columns * sizeof *seen->z);
    memmove(seen->calendar, seen->calendar + 2 * f->calendars,
            left * (size_t)(2 * f->calendars) * sizeof *seen->calendar);
    seen->offset++;
    s->rows--;
}

static void add_row(rondo_forecast_stream *s, double time, const double *row, const double *future) {
    const rondo__forecast *f = s->f;
    if (s->rows == s->keep)
        move_up(s);
    const int64_t k = s->rows++;
    s->seen.time[k] = time;
    rondo__seen_put(f, &s->seen, k, row);
    s->seen.count = s->rows;
    if (f->calendars) {
        rondo__seen_calendar(f, &s->seen, k);
        if (s->rows == s->keep)
            rondo__seen_times(f, &s->seen, s->keep, s->keep + f->H);
    }
    for (int64_t h = 0; h < f->H && f->future && s->rows == s->keep; h++)
        rondo__seen_future(f, &s->seen, s->keep + h, future + h * f->future);
}

static rondo_status check_row(const rondo_forecast_stream *s, double time, const double *row, const double *future,
                              rondo_error *err) {
    const rondo__forecast *f = s->f;
    if (f->calendars && !(time >= -62135596800.0 && time + f->facts.step.seconds * (double)f->H < 253402300800.0))
        return rondo__fail(err, RONDO_ARGUMENT, "forecast: time %g is no time of years 1 to 9999", time);
    for (int64_t c = 0; c < f->columns; c++) {
        if (isinf((real)row[c]))
            return rondo__fail(err, RONDO_ARGUMENT, "forecast: value %lld of the row, %g, is infinite or too large",
                               (long long)c, row[c]);
        const char *fault = c < f->N ? rondo__level_fault(f, row[c]) : NULL;
        if (fault)
            return rondo__fail(err, RONDO_ARGUMENT, "forecast: value %lld of the row, %g, %s", (long long)c, row[c],
                               fault);
    }
    for (int64_t i = 0; i < f->H * f->future; i++) {
        if (!isfinite(future[i]))
            return rondo__fail(err, RONDO_ARGUMENT, "forecast: value %lld of the future is missing or infinite",
                               (long long)i);
    }
    return RONDO_OK;
}

static void put_missing(int64_t count, double *out) {
    for (int64_t i = 0; out && i < count; i++)
        out[i] = NAN;
}

static rondo_status run(rondo_forecast_stream *s, double *point, double *quantile, rondo_error *err) {
    const rondo__forecast *f = s->f;
    const rondo__window window = {0, s->keep};
    const size_t values = (size_t)(f->N * f->H);
    s->set = (rondo__seen_set){.count = 1, .series = &s->seen};
    rondo__batch_fill(f, &s->batch, &s->set, 1, &window);
    rondo_status status = rondo__forecast_run(s->f, s->tape, &s->batch, &s->levels, NULL, s->warm, err);
    s->warm = true;
    if (status)
        return status;
    memcpy(point, s->levels.point, values * sizeof *point);
    if (quantile && s->levels.levels)
        memcpy(quantile, s->levels.quantile, values * (size_t)s->levels.levels * sizeof *quantile);
    return RONDO_OK;
}

rondo_status rondo_forecast_stream_step(rondo_forecast_stream *s, double time, const double *row, const double *future,
                                        double *point, double *quantile, rondo_error *err) {
    if (!s || !row || !point)
        return rondo__fail(err, RONDO_ARGUMENT, "forecast: stream, row or point is NULL");
    if (s->f->future && !future)
        return rondo__fail(err, RONDO_ARGUMENT, "forecast: the model needs %lld future covariates over its horizon",
                           (long long)s->f->future);
    rondo_status status = check_row(s, time, row, future, err);
    if (status)
        return status;
    add_row(s, time, row, future);
    if (s->rows == s->keep)
        return run(s, point, quantile, err);
    put_missing(s->f->N * s->f->H, point);
    put_missing(s->f->N * s->f->H * s->levels.levels, quantile);
    return RONDO_OK;
}

/* ---- opening ---- */

static rondo_status take_categories(rondo_forecast_stream *s, const char *const *category, rondo_error *err) {
    const rondo__forecast *f = s->f;
    for (int64_t c = 0; c < f->fixed_columns; c++) {
        const char *name = category ? category[c] : NULL;
        if (!name)
            return rondo__fail(err, RONDO_ARGUMENT, "forecast: the model needs a category for '%s'",
                               f->base.recipe.data.series.fixed[c]);
        s->seen.fixed[c] = rondo__symbols_find(&f->facts.category[c], name, strlen(name));
        if (s->seen.fixed[c] < 0)
            return rondo__fail(err, RONDO_ARGUMENT, "forecast: category '%s' of '%s' was not in the training data",
                               rondo__show(name).text, f->base.recipe.data.series.fixed[c]);
    }
    return RONDO_OK;
}

static rondo_status make_room(rondo_forecast_stream *s, const rondo_forecast_stream_options *o, rondo_error *err) {
    rondo__forecast *f = s->f;
    s->keep = f->W + f->lead;
    rondo_status status = rondo__levels_choose(f, &s->levels, o->quantiles, o->quantile, err);
    if (!status)
        status = rondo__levels_choose_paths(f, &s->levels, o->paths, o->seed, err);
    if (!status)
        status = rondo_tape_create(&s->tape, f->base.context, err);
    if (!status)
        status = rondo__seen_make(f, &s->seen, s->keep + f->H, err);
    if (!status)
        status = take_categories(s, o->category, err);
    if (!status)
        status = rondo__batch_make(f, &s->batch, 1, err);
    return status ? status : rondo__levels_make(f, &s->levels, 1, false, err);
}

/* A run over what stands in the arrays now, zeros: the tape has its memory from then on. Twice, as what it packs once
 * stands in its memory, too. */
static rondo_status warm_up(rondo_forecast_stream *s, rondo_error *err) {
    const size_t values = (size_t)(s->f->N * s->f->H);
    double *point = rondo__calloc(values, sizeof *point);
    if (!point)
        return rondo__fail(err, RONDO_MEMORY, "forecast: no memory for a stream");
    rondo_status status = run(s, point, NULL, err);
    if (!status)
        status = run(s, point, NULL, err);
    rondo__free(point);
    return status;
}

rondo_status rondo_forecast_stream_open(rondo_forecast_stream **out, rondo_model *model,
                                        const rondo_forecast_stream_options *options, rondo_error *err) {
    const rondo_forecast_stream_options plain = {0};
    if (!out || !model)
        return rondo__fail(err, RONDO_ARGUMENT, "forecast: stream or model is NULL");
    *out = NULL;
    if (model->task->class != &rondo__forecast_class)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "%.400s: only a model of task forecast continues series (this one is for %s)", model->path,
                           model->task->class->name);
    rondo_forecast_stream *s = rondo__calloc(1, sizeof *s);
    if (!s)
        return rondo__fail(err, RONDO_MEMORY, "forecast: no memory for a stream");
    s->f = (rondo__forecast *)model->task;
    rondo_status status = make_room(s, options ? options : &plain, err);
    if (!status)
        status = warm_up(s, err);
    if (status)
        rondo_forecast_stream_close(&s);
    *out = s;
    return status;
}

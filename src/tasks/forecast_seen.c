/* One series as the network sees it, step by step: levels, transformed and scaled values, calendar. A step depends on
 * its own row and the level before it alone, so that a row of a file and one of a stream give the same bits. */
#include "tasks/forecast.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/times.h"

void rondo__seen_clear(rondo__seen *s) {
    rondo__free(s->name);
    rondo__free(s->path);
    rondo__free(s->time);
    rondo__free(s->level);
    rondo__free(s->z);
    rondo__free(s->calendar);
    rondo__free(s->fixed);
    *s = (rondo__seen){0};
}

rondo_status rondo__seen_make(const rondo__forecast *f, rondo__seen *s, int64_t capacity, rondo_error *err) {
    const size_t steps = (size_t)capacity;
    size_t level, z, calendar;
    const bool fits = rondo__size_mul(steps, (size_t)f->N, &level) && rondo__size_mul(steps, (size_t)f->columns, &z) &&
                      rondo__size_mul(steps, (size_t)(2 * f->calendars), &calendar);
    *s = (rondo__seen){.capacity = capacity};
    if (fits) {
        s->time = rondo__calloc(steps, sizeof *s->time);
        s->level = rondo__calloc(level, sizeof *s->level);
        s->z = rondo__calloc(z, sizeof *s->z);
        s->calendar = rondo__calloc(calendar, sizeof *s->calendar);
        s->fixed = rondo__calloc((size_t)f->fixed_columns + 1, sizeof *s->fixed);
    }
    if (s->time && s->level && s->z && s->calendar && s->fixed)
        return RONDO_OK;
    rondo__seen_clear(s);
    return rondo__fail(err, RONDO_MEMORY, "forecast: no memory for a series of %lld steps", (long long)capacity);
}

double rondo__transformed(const rondo__forecast *f, double level, double before) {
    switch ((rondo__transform)f->base.recipe.data.series.transform) {
    case RONDO__LOGS:
        return log(level);
    case RONDO__DIFFERENCES:
        return level - before;
    case RONDO__RETURNS:
        return log(level / before);
    default:
        return level;
    }
}

void rondo__seen_put(const rondo__forecast *f, rondo__seen *s, int64_t k, const double *row) {
    real *z = s->z + k * f->columns;
    for (int64_t c = 0; c < f->columns; c++) {
        double t = row[c];
        if (c < f->N) {
            double *level = s->level + c * s->capacity;
            level[k] = t;
            t = rondo__transformed(f, t, k > 0 ? level[k - 1] : NAN);
        }
        z[c] = (real)((t - f->facts.center[c]) / f->facts.scale[c]);
    }
    if (k >= s->count)
        s->count = k + 1;
}

void rondo__seen_feed(const rondo__forecast *f, rondo__seen *s, int64_t k, const double *level) {
    double row[RONDO__COLUMNS];
    real future[RONDO__LIST], *z = s->z + k * f->columns + f->columns - f->future;
    memcpy(future, z, (size_t)f->future * sizeof *z);
    for (int64_t c = 0; c < f->columns; c++)
        row[c] = c < f->N ? level[c] : NAN;
    rondo__seen_put(f, s, k, row);
    memcpy(z, future, (size_t)f->future * sizeof *z);
}

void rondo__seen_future(const rondo__forecast *f, rondo__seen *s, int64_t k, const double *value) {
    for (int64_t i = 0; i < f->future; i++) {
        const int64_t c = f->columns - f->future + i;
        s->z[k * f->columns + c] = (real)((value[i] - f->facts.center[c]) / f->facts.scale[c]);
    }
}

void rondo__seen_calendar(const rondo__forecast *f, rondo__seen *s, int64_t k) {
    double both[2 * RONDO__LIST];
    if (f->calendars == 0)
        return;
    rondo__calendar_features(s->time[k], f->calendars, f->calendar, both);
    for (int64_t i = 0; i < 2 * f->calendars; i++)
        s->calendar[k * 2 * f->calendars + i] = (real)both[i];
}

bool rondo__is_weekend(double time) {
    double seconds;
    const int64_t day = rondo__date_days(rondo__date_of_time(time, &seconds));
    return ((day + 3) % 7 + 7) % 7 >= 5;
}

void rondo__seen_times(const rondo__forecast *f, rondo__seen *s, int64_t from, int64_t to) {
    for (int64_t k = from; k < to; k++) {
        s->time[k] = rondo__time_after(s->time[k - 1], f->facts.step, 1);
        while (f->facts.weekdays && rondo__is_weekend(s->time[k]))
            s->time[k] = rondo__time_after(s->time[k], f->facts.step, 1);
        if (rondo__time_valid(s->time[k]) || !f->base.recipe.data.series.time[0])
            rondo__seen_calendar(f, s, k);
    }
}

void rondo__forecast_print_time(const rondo__forecast *f, double time, char out[32]) {
    rondo__time_print(time, out);
    if (!f->facts.step.months && fmod(f->facts.step.seconds, RONDO__DAY) != 0 && !strchr(out, ':'))
        snprintf(out + strlen(out), 8, " 00:00");
}

/* ---- levels that the recipe's transform or distribution cannot have ---- */

const char *rondo__level_fault(const rondo__forecast *f, double level) {
    const int transform = f->base.recipe.data.series.transform;
    if (isnan(level))
        return NULL;
    if ((transform == RONDO__LOGS || transform == RONDO__RETURNS) && level <= 0)
        return "has no logarithm (use data.transform levels or differences)";
    if (f->base.recipe.model.output == RONDO__OUTPUT_NEGATIVE_BINOMIAL && (level < 0 || level != floor(level)))
        return "is no count (a negative binomial distribution is of whole numbers from 0 on)";
    return NULL;
}

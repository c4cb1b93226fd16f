/* The step of a set of series: the most frequent difference between rows. Months are tried where no two rows are nearer
 * than 28 days: then every row has to stand on the same day of its month, or on the last where that month is shorter.
 * So a series of month ends (01-31, 02-28, 03-31) has regular steps, and so has one of firsts of months. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/series_build.h"
#include "data/times.h"

typedef int64_t difference(const rondo__series *series, int64_t row); /* from the row before */

/* Microseconds, so that equal steps of decimal fractions are equal. */
static int64_t micro_difference(const rondo__series *s, int64_t row) {
    return llround((s->time[row] - s->time[row - 1]) * 1e6);
}

static int64_t month_index(double time) {
    double seconds;
    const rondo__date d = rondo__date_of_time(time, &seconds);
    return d.year * 12 + d.month;
}

static int64_t month_difference(const rondo__series *s, int64_t row) {
    return month_index(s->time[row]) - month_index(s->time[row - 1]);
}

static int compare(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The most frequent of sorted values, the smaller of two. */
static int64_t sorted_mode(const int64_t *value, int64_t count) {
    int64_t best = value[0], most = 0;
    for (int64_t i = 0, k; i < count; i = k) {
        for (k = i + 1; k < count && value[k] == value[i];)
            k++;
        if (k - i > most) {
            most = k - i;
            best = value[i];
        }
    }
    return best;
}

/* The difference that more than half of the rows have (Boyer and Moore's vote). False: there is none. */
static bool find_majority(const rondo__series_set *set, difference *of, int64_t *out) {
    int64_t votes = 0, count = 0, all = 0;
    for (int64_t i = 0; i < set->count; i++) {
        for (int64_t k = 1; k < set->series[i].count; k++) {
            const int64_t value = of(&set->series[i], k);
            if (votes == 0)
                *out = value;
            votes += value == *out ? 1 : -1;
        }
    }
    for (int64_t i = 0; i < set->count; i++) {
        for (int64_t k = 1; k < set->series[i].count; k++, all++)
            count += of(&set->series[i], k) == *out;
    }
    return count > all - count;
}

static rondo_status find_mode(const rondo__series_build *b, difference *of, int64_t *out) {
    const rondo__series_set *set = b->set;
    int64_t count = 0, at = 0;
    if (find_majority(set, of, out))
        return RONDO_OK;
    for (int64_t i = 0; i < set->count; i++)
        count += set->series[i].count - 1;
    int64_t *value = rondo__calloc((size_t)count, sizeof *value);
    if (!value)
        return rondo__series_no_memory(b, set->series[0].path);
    for (int64_t i = 0; i < set->count; i++) {
        for (int64_t k = 1; k < set->series[i].count; k++)
            value[at++] = of(&set->series[i], k);
    }
    qsort(value, (size_t)count, sizeof *value, compare);
    *out = sorted_mode(value, count);
    rondo__free(value);
    return RONDO_OK;
}

/* ---- months ---- */

static double smallest_difference(const rondo__series_set *set) {
    double least = INFINITY;
    for (int64_t i = 0; i < set->count; i++) {
        for (int64_t k = 1; k < set->series[i].count; k++)
            least = fmin(least, set->series[i].time[k] - set->series[i].time[k - 1]);
    }
    return least;
}

/* The day of the month that all rows share, as rondo__time_step has it. False: they share none, or not the hour. */
static bool share_day(const rondo__series_set *set, int64_t *day) {
    double clock = set->series[0].time[0], seconds;
    bool last = true;
    rondo__date_of_time(clock, &clock);
    *day = 0;
    for (int pass = 0; pass < 2; pass++) { /* the largest day; then all against it */
        for (int64_t i = 0; i < set->count; i++) {
            for (int64_t k = 0; k < set->series[i].count; k++) {
                const rondo__date d = rondo__date_of_time(set->series[i].time[k], &seconds);
                const int64_t end = rondo__month_days(d.year, d.month);
                if (pass == 0 && d.day > *day)
                    *day = d.day;
                last = last && d.day == end;
                if (pass == 1 && (seconds != clock || d.day != (*day < end ? *day : end)))
                    return false;
            }
        }
    }
    *day = last ? 31 : *day > 28 ? *day : 0;
    return true;
}

/* ---- the step ---- */

int64_t rondo__series_steps_between(rondo__time_step step, double from, double to) {
    if (step.months) {
        const int64_t months = month_index(to) - month_index(from);
        return months % step.months == 0 ? months / step.months : 0;
    }
    if (step.seconds == 0)
        return 1;
    const double steps = round((to - from) / step.seconds);
    return fabs(to - from - steps * step.seconds) <= 1e-3 * step.seconds ? (int64_t)steps : 0;
}

static rondo_status check_steps(const rondo__series_build *b, const rondo__series *s, const int64_t *line) {
    char time[32], before[32], step[32];
    for (int64_t k = 1; k < s->count; k++) {
        if (rondo__series_steps_between(b->set->step, s->time[k - 1], s->time[k]) > 0)
            continue;
        rondo__time_print(s->time[k], time);
        rondo__time_print(s->time[k - 1], before);
        rondo__time_step_print(b->set->step, step);
        return rondo__fail(b->err, RONDO_FORMAT,
                           "%s:%lld: %s follows %s of line %lld, which is no whole number of steps of %s (with steps: "
                           "rows, each row is a step)",
                           s->path, (long long)line[k], time, before, (long long)line[k - 1], step);
    }
    return RONDO_OK;
}

rondo_status rondo__series_find_step(rondo__series_build *b) {
    rondo__series_set *set = b->set;
    const double least = smallest_difference(set);
    int64_t value = 0, day;
    rondo_status status;
    if (!b->spec->time || !*b->spec->time || !isfinite(least))
        return RONDO_OK;
    if (least >= 28 * RONDO__DAY && share_day(set, &day)) {
        status = find_mode(b, month_difference, &value);
        set->step = (rondo__time_step){.months = value, .day = day};
    } else {
        status = find_mode(b, micro_difference, &value);
        set->step = (rondo__time_step){.seconds = (double)(value > 0 ? value : 1) * 1e-6};
        if (value % 1000000 == 0)
            set->step.seconds = (double)(value / 1000000);
    }
    for (int64_t i = 0; i < set->count && status == RONDO_OK && !b->spec->rows; i++)
        status = check_steps(b, &set->series[i], b->line[i]);
    return status;
}

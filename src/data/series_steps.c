/* Laying a series out on its step: where the times leave gaps, steps without values are put in, and noted. */
#include <math.h>
#include <string.h>

#include "data/series_build.h"
#include "data/times.h"

/* Steps that a series may have for its rows: more are a wrong time rather than a gap. */
#define MOST_STEPS(rows) (100 * (rows) + 10000)

typedef struct layout {
    rondo__series_build *b;
    rondo__series *s;
    const int64_t *line;
    int64_t gaps; /* noted so far */
} layout;

static int64_t step_width(const layout *l, int64_t row) {
    return l->b->spec->rows ? 1 : rondo__series_steps_between(l->b->set->step, l->s->time[row - 1], l->s->time[row]);
}

/* "5 steps are missing between ... and ..."; what both the note and the refusal tell. */
static void add_gap(rondo__text *text, const layout *l, int64_t row, int64_t missing) {
    char from[32], to[32];
    rondo__time_print(l->s->time[row - 1], from);
    rondo__time_print(l->s->time[row], to);
    rondo__text_format(text, "%s:%lld: %lld step%s missing between %s and %s", l->s->path, (long long)l->line[row],
                       (long long)missing, missing == 1 ? " is" : "s are", from, to);
}

static rondo_status fail_gap(const layout *l, int64_t row, int64_t missing) {
    rondo__text text = {0};
    add_gap(&text, l, row, missing);
    const rondo_status status = text.failed
                                    ? rondo__series_no_memory(l->b, l->s->path)
                                    : rondo__fail(l->b->err, RONDO_FORMAT,
                                                  "%s: too many for a gap (is the time right? with steps: rows, "
                                                  "each row is a step)",
                                                  text.data);
    rondo__text_free(&text);
    return status;
}

/* Steps of the series with its gaps, which are noted. */
static rondo_status count_steps(layout *l, int64_t *steps) {
    rondo__series_set *set = l->b->set;
    *steps = 1;
    for (int64_t k = 1; k < l->s->count; k++) {
        const int64_t width = step_width(l, k);
        if (width > MOST_STEPS(l->s->count) - *steps)
            return fail_gap(l, k, width - 1);
        *steps += width;
        if (width == 1)
            continue;
        set->gaps += width - 1;
        if (l->gaps++ < RONDO__SERIES_NOTES) {
            add_gap(&set->notes, l, k, width - 1);
            rondo__text_format(&set->notes, " (masked, not filled in)\n");
        }
    }
    return RONDO_OK;
}

/* Moves row `row` of the series to step `step` of the new arrays, behind the gap before it. */
static void place_row(const layout *l, double *time, double *value, int64_t row, int64_t step) {
    const int64_t columns = l->b->set->columns;
    const rondo__series *s = l->s;
    for (int64_t k = row > 0 ? step - step_width(l, row) + 1 : 0; k < step; k++) {
        time[k] = rondo__time_after(time[k - 1], l->b->set->step, 1);
        for (int64_t c = 0; c < columns; c++)
            value[k * columns + c] = NAN;
    }
    time[step] = s->time[row];
    memcpy(value + step * columns, s->value + row * columns, (size_t)columns * sizeof *value);
}

static rondo_status spread(layout *l, int64_t steps) {
    rondo__series *s = l->s;
    size_t cells;
    int64_t known = 0;
    double *time = rondo__calloc((size_t)steps, sizeof *time), *value = NULL;
    if (time && rondo__size_mul((size_t)steps, (size_t)l->b->set->columns, &cells))
        value = rondo__calloc(cells, sizeof *value);
    if (!value) {
        rondo__free(time);
        return rondo__series_no_memory(l->b, s->path);
    }
    for (int64_t k = 0, step = 0; k < s->count; k++) {
        step += k > 0 ? step_width(l, k) : 0;
        place_row(l, time, value, k, step);
        if (k == s->known - 1)
            known = step + 1;
    }
    rondo__free(s->time);
    rondo__free(s->value);
    s->time = time;
    s->value = value;
    s->count = steps;
    s->known = known;
    return RONDO_OK;
}

/* So many gaps that they look like weekends. */
static bool is_calendar_of_rows(const rondo__series_set *set) {
    int64_t steps = 0;
    for (int64_t i = 0; i < set->count; i++)
        steps += set->series[i].count;
    return set->step.seconds == RONDO__DAY && set->gaps > steps / 5;
}

rondo_status rondo__series_lay_out(rondo__series_build *b) {
    layout l = {.b = b};
    rondo_status status = RONDO_OK;
    for (int64_t i = 0; i < b->set->count && status == RONDO_OK; i++) {
        int64_t steps;
        l.s = &b->set->series[i];
        l.line = b->line[i];
        status = count_steps(&l, &steps);
        if (status == RONDO_OK && steps > l.s->count)
            status = spread(&l, steps);
    }
    if (l.gaps > RONDO__SERIES_NOTES)
        rondo__text_format(&b->set->notes, "%lld further gaps; %lld steps are missing in all%s\n",
                           (long long)(l.gaps - RONDO__SERIES_NOTES), (long long)b->set->gaps,
                           is_calendar_of_rows(b->set) ? " (trading days? with steps: rows, each row is a step)" : "");
    return status;
}

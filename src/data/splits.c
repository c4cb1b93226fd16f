/* Where training and validation end in a series: so many steps, fractions of its known steps, or dates. */
#include <math.h>
#include <string.h>

#include "data/series.h"
#include "data/times.h"
#include "formats/json_text.h"

typedef struct splitter {
    const rondo__series *s;
    double fraction; /* of all steps that fractions gave away so far, -1: something else came between */
    rondo_error *err;
} splitter;

static rondo_status refuse(const splitter *p, const char *part, const char *why) {
    return rondo__fail(p->err, RONDO_FORMAT, "%s: %s%s%sdata.splits '%s': %s", p->s->path,
                       *p->s->name ? "series '" : "", rondo__show(p->s->name).text, *p->s->name ? "': " : "",
                       rondo__show(part).text, why);
}

/* Without a time column, times are the numbers of the rows. */
static bool has_times(const rondo__series *s) {
    return s->start != 0 || s->time[s->count - 1] != (double)(s->count - 1);
}

/* The first step at or after a date. */
static rondo_status end_at_date(const splitter *p, const char *part, double date, int64_t *end) {
    const rondo__series *s = p->s;
    int64_t low = 0, high = s->known;
    if (!has_times(s))
        return refuse(p, part, "a date, but the series has no time column (name it under data.time)");
    if (date > rondo__time_after(s->time[s->count - 1], (rondo__time_step){.months = 12}, 1))
        return refuse(p, part, "this date is long after the end of the series");
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (s->time[middle] < date)
            low = middle + 1;
        else
            high = middle;
    }
    *end = low;
    return RONDO_OK;
}

/* Fractions are added up before they are rounded: 0.8 and 0.2 are the whole of every series. */
static rondo_status end_after_number(splitter *p, const char *part, double number, int64_t begin, int64_t *end) {
    const double known = (double)p->s->known;
    double at;
    if (number > 1) {
        if (number != floor(number))
            return refuse(p, part, "no whole number of rows (write rows, a fraction below 1, or a date)");
        p->fraction = -1;
        at = (double)begin + number;
    } else if (p->fraction >= 0) {
        p->fraction += number;
        at = floor(p->fraction * known + 1e-6);
    } else {
        at = (double)begin + floor(number * known + 1e-6);
    }
    if (at > known)
        return refuse(p, part, "the series is shorter than its parts (make them smaller)");
    *end = (int64_t)at;
    return RONDO_OK;
}

static rondo_status find_end(splitter *p, const char *part, int64_t begin, int64_t *end) {
    double number, date;
    rondo_status status;
    if (rondo__csv_scan(part, false, &number) && number > 0) {
        status = end_after_number(p, part, number, begin, end);
    } else if (!rondo__csv_scan(part, false, &number) && rondo__time_scan(part, &date)) {
        p->fraction = -1;
        status = end_at_date(p, part, date, end);
    } else {
        return refuse(p, part, "neither rows nor a fraction nor a date (write 8640, 0.8 or 2017-06-26)");
    }
    if (status == RONDO_OK && *end <= begin)
        return refuse(p, part, "no row is left for this part (make it larger, or those before it smaller)");
    return status;
}

rondo_status rondo__splits_find(const rondo__series *series, int parts, const char *const *part, int64_t *train_end,
                                int64_t *valid_end, rondo_error *err) {
    static const char *const usual[] = {"0.8", "0.2"};
    splitter p = {.s = series, .err = err};
    if (parts == 0) {
        parts = 2;
        part = usual;
    }
    if (parts > 2)
        return refuse(&p, part[2], "a third part (only training and validation are named; the rest is left alone)");
    const rondo_status status = find_end(&p, part[0], 0, train_end);
    if (status != RONDO_OK)
        return status;
    if (parts == 2)
        return find_end(&p, part[1], *train_end, valid_end);
    *valid_end = series->known;
    return *valid_end > *train_end ? RONDO_OK : refuse(&p, part[0], "no row is left for validation (make it smaller)");
}

/* Where in its cycles a time stands, as a point on a circle: so 23:00 and 00:00 are neighbours. */
#include <math.h>
#include <string.h>

#include "data/series.h"
#include "data/times.h"

typedef enum cycle { MINUTE, HOUR, WEEKDAY, MONTHDAY, YEARDAY, MONTH, CYCLES } cycle;
static const char *const cycle_name[CYCLES] = {"minute", "hour", "weekday", "monthday", "yearday", "month"};

static int find_cycle(const char *name) {
    int i = 0;
    while (i < CYCLES && strcmp(name, cycle_name[i]) != 0)
        i++;
    return i;
}

bool rondo__calendar_known(const char *name) { return find_cycle(name) < CYCLES; }

/* [0, 1): hours and minutes run on within, the longer cycles count whole days or months. */
static double phase(int of, double time) {
    double seconds;
    const rondo__date d = rondo__date_of_time(time, &seconds);
    const int64_t days = rondo__date_days(d);
    switch (of) {
    case MINUTE:
        return fmod(seconds, 3600) / 3600;
    case HOUR:
        return seconds / RONDO__DAY;
    case WEEKDAY: /* Monday is 0; 1970 began on a Thursday */
        return (double)(((days + 3) % 7 + 7) % 7) / 7;
    case MONTHDAY:
        return (double)(d.day - 1) / (double)rondo__month_days(d.year, d.month);
    case YEARDAY:
        return (double)(days - rondo__date_days((rondo__date){d.year, 1, 1})) / (rondo__leap_year(d.year) ? 366 : 365);
    default:
        return (double)(d.month - 1) / 12;
    }
}

void rondo__calendar_features(double time, int64_t names, const char *const *name, double *out /* (2 names) */) {
    static const double turn = 6.283185307179586476925286766559;
    for (int64_t i = 0; i < names; i++) {
        const double angle = turn * phase(find_cycle(name[i]), time);
        out[2 * i] = sin(angle);
        out[2 * i + 1] = cos(angle);
    }
}

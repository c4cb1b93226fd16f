/* An axis of time. A step is a unit and how many of it: seconds to hours count from midnight, days from a Monday,
 * months from January, years from the year 0, so that ticks stand where people look for them. A label tells the step's
 * unit; what it leaves out stands in a second row where it is new: 18:00, 00:00 over "2 Jul 2016", 06:00. All in UTC.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plot/scale.h"

#define DAY 86400.0
#define FIRST_TIME (-62135596800.0) /* year 1 */
#define LAST_TIME 253402300799.0    /* year 9999 */

typedef enum unit { SECONDS, MINUTES, DAYS, MONTHS, YEARS } unit;
typedef struct step {
    unit unit;
    double size; /* seconds; days, months, years */
} step;

typedef struct date {
    int64_t year;
    int month, day; /* from 1 */
} date;

/* Howard Hinnant's algorithms of the civil calendar: years begin in March, so that the leap day is their last. */
static int64_t days_of(date d) {
    int64_t y = d.year - (d.month <= 2), era = (y >= 0 ? y : y - 399) / 400, in_era = y - era * 400;
    int64_t of_year = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + of_year - 719468;
}

static date date_of(int64_t days) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, in_era = days - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t of_year = in_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    date d = {year + era * 400, (int)(month < 10 ? month + 3 : month - 9), (int)(of_year - (153 * month + 2) / 5 + 1)};
    d.year += d.month <= 2;
    return d;
}

bool rondo__time_fits(rondo__extent x) { return x.low <= x.high && x.low >= FIRST_TIME && x.high <= LAST_TIME; }

rondo__scale rondo__scale_time(rondo__extent x) {
    const double span = x.high - x.low, room = span == 0 ? 1800 : span < 4 ? (4 - span) / 2 : 0;
    return (rondo__scale){.low = x.low - room, .high = x.high + room, .step = 1};
}

/* The smallest step that makes at most `wanted` of the span. */
static step step_for(double span, int wanted) {
    static const step steps[] = {
        {SECONDS, 1},        {SECONDS, 2},         {SECONDS, 5},    {SECONDS, 10},   {SECONDS, 15},
        {SECONDS, 30},       {MINUTES, 60},        {MINUTES, 120},  {MINUTES, 300},  {MINUTES, 600},
        {MINUTES, 900},      {MINUTES, 1800},      {MINUTES, 3600}, {MINUTES, 7200}, {MINUTES, 3 * 3600},
        {MINUTES, 6 * 3600}, {MINUTES, 12 * 3600}, {DAYS, 1},       {DAYS, 2},       {DAYS, 4},
        {DAYS, 7},           {DAYS, 14},           {MONTHS, 1},     {MONTHS, 2},     {MONTHS, 3},
        {MONTHS, 6},         {YEARS, 1},           {YEARS, 2},      {YEARS, 5},
    };
    static const double seconds[] = {1, 1, DAY, 365.2425 / 12 * DAY, 365.2425 * DAY};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (span / (steps[i].size * seconds[steps[i].unit]) <= wanted)
            return steps[i];
    }
    step s = {YEARS, 10};
    for (int i = 1; span / (s.size * seconds[YEARS]) > wanted; i++)
        s.size *= i % 3 == 2 ? 2.5 : 2; /* 10, 20, 50, 100 ... */
    return s;
}

/* The number, in steps, of the last tick at or before a time; and the time of a tick. */
static int64_t number_of(step s, double time) {
    const int64_t days = (int64_t)floor(time / DAY);
    const date d = date_of(days);
    switch (s.unit) {
    case DAYS:
        return (int64_t)floor((double)(days + 3) / s.size); /* 1970 began on a Thursday */
    case MONTHS:
        return (int64_t)floor((double)(d.year * 12 + d.month - 1) / s.size);
    case YEARS:
        return (int64_t)floor((double)d.year / s.size);
    default:
        return (int64_t)floor(time / s.size);
    }
}

static double time_of(step s, int64_t number) {
    const int64_t at = number * (int64_t)s.size;
    switch (s.unit) {
    case DAYS:
        return (double)(at - 3) * DAY;
    case MONTHS:
        return (double)days_of((date){at / 12, (int)(at % 12) + 1, 1}) * DAY;
    case YEARS:
        return (double)days_of((date){at, 1, 1}) * DAY;
    default:
        return (double)at;
    }
}

static void write_label(unit of, double time, char label[32], char under[32]) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const int64_t days = (int64_t)floor(time / DAY);
    const date d = date_of(days);
    const int second = (int)(time - (double)days * DAY), year = (int)d.year;
    const char *month = months[d.month - 1];
    under[0] = '\0';
    if (of == YEARS)
        snprintf(label, 32, "%d", year);
    else if (of == MONTHS)
        snprintf(label, 32, "%s", month);
    else if (of == DAYS)
        snprintf(label, 32, "%d %s", d.day, month);
    else if (of == MINUTES)
        snprintf(label, 32, "%02d:%02d", second / 3600, second / 60 % 60);
    else
        snprintf(label, 32, "%02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60);
    if (of == MONTHS || of == DAYS)
        snprintf(under, 32, "%d", year);
    else if (of != YEARS)
        snprintf(under, 32, "%d %s %d", d.day, month, year);
}

int rondo__time_ticks(const rondo__scale *scale, int wanted, rondo__tick tick[RONDO__MOST_TICKS]) {
    const step s = step_for(scale->high - scale->low, wanted);
    char last[32] = "";
    int count = 0;
    for (int64_t i = number_of(s, scale->low); count < RONDO__MOST_TICKS; i++) {
        rondo__tick *t = &tick[count];
        t->at = time_of(s, i);
        if (t->at > scale->high)
            break;
        if (t->at < scale->low)
            continue;
        write_label(s.unit, t->at, t->label, t->under);
        if (strcmp(t->under, last) == 0)
            t->under[0] = '\0';
        else
            memcpy(last, t->under, sizeof last);
        count++;
    }
    return count;
}

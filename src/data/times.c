/* Times as seconds since 1970, without zones and summer times: what a text says is what counts. Days are counted as in
 * the proleptic Gregorian calendar, by eras of 400 years, with March as the first month: so the day that leap years add
 * is the last of the year (Hinnant, "chrono-compatible low-level date algorithms"). */
#include "data/times.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

bool rondo__leap_year(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int64_t rondo__month_days(int64_t year, int64_t month) {
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && rondo__leap_year(year));
}

int64_t rondo__date_days(rondo__date date) {
    const int64_t year = date.year - (date.month <= 2), era = floor_div(year, 400), of_era = year - era * 400;
    const int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

rondo__date rondo__date_of_days(int64_t days) {
    days += 719468;
    const int64_t era = floor_div(days, 146097), day = days - era * 146097;
    const int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    const int64_t of_year = day - (365 * year + year / 4 - year / 100), march = (5 * of_year + 2) / 153;
    const int64_t month = march < 10 ? march + 3 : march - 9;
    return (rondo__date){year + era * 400 + (month <= 2), month, of_year - (153 * march + 2) / 5 + 1};
}

bool rondo__time_valid(double time) { return time >= RONDO__FIRST_TIME && time < RONDO__END_OF_TIME; }

rondo__date rondo__date_of_time(double time, double *seconds) {
    const double days = floor(time / RONDO__DAY);
    *seconds = time - days * RONDO__DAY;
    return rondo__date_of_days((int64_t)days);
}

/* ---- reading ---- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Exactly so many digits. */
static bool take_digits(const char **at, int digits, int64_t *out) {
    *out = 0;
    for (int i = 0; i < digits; i++, ++*at) {
        if (!is_digit(**at))
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool take(const char **at, char c) {
    const bool there = **at == c;
    *at += there;
    return there;
}

static bool date_valid(rondo__date d) {
    return d.year >= 1 && d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= rondo__month_days(d.year, d.month);
}

/* The .5 of a second; ISO 8601 allows a comma. */
static bool take_fraction(const char **at, double *seconds) {
    double value = 0, unit = 1;
    if (**at != '.' && **at != ',')
        return true;
    if (!is_digit(*++*at))
        return false;
    for (; is_digit(**at); ++*at) {
        if (unit < 1e9) {
            value = value * 10 + (**at - '0');
            unit *= 10;
        }
    }
    *seconds += value / unit;
    return true;
}

/* 05:00[:30[.5]]; 24:00 is the end of the day. */
static bool take_clock(const char **at, double *seconds) {
    int64_t hour, minute, second = 0;
    if (!take_digits(at, 2, &hour) || !take(at, ':') || !take_digits(at, 2, &minute))
        return false;
    const bool more = take(at, ':');
    if (more && !take_digits(at, 2, &second))
        return false;
    *seconds = (double)(hour * 3600 + minute * 60 + second);
    return (!more || take_fraction(at, seconds)) && minute < 60 && second < 60 && hour <= 24 && *seconds <= RONDO__DAY;
}

/* Z, +02:00, +0200, +02, or nothing. */
static bool take_zone(const char **at, double *seconds) {
    int64_t hours, minutes = 0;
    if (take(at, 'Z') || take(at, 'z') || **at == '\0')
        return true;
    const bool east = **at == '+';
    if (!take(at, '+') && !take(at, '-'))
        return false;
    if (!take_digits(at, 2, &hours))
        return false;
    if (**at != '\0') {
        take(at, ':');
        if (!take_digits(at, 2, &minutes))
            return false;
    }
    *seconds -= (east ? 1 : -1) * (double)(hours * 3600 + minutes * 60);
    return hours < 24 && minutes < 60;
}

/* 2016, 2016-07 or 2016-07-01; only behind a whole date (*days) stands a clock. */
static bool take_date(const char **at, rondo__date *d, bool *days) {
    *days = false;
    *d = (rondo__date){.month = 1, .day = 1};
    if (!take_digits(at, 4, &d->year))
        return false;
    if (!take(at, '-'))
        return true;
    if (!take_digits(at, 2, &d->month))
        return false;
    *days = take(at, '-');
    return !*days || take_digits(at, 2, &d->day);
}

static bool take_separator(const char **at) { return take(at, 'T') || take(at, 't') || take(at, ' '); }

static bool scan_iso(const char *at, double *out) {
    rondo__date d;
    double seconds = 0;
    bool days;
    if (!take_date(&at, &d, &days))
        return false;
    if (days && take_separator(&at)) {
        if (!take_clock(&at, &seconds))
            return false;
        take(&at, ' ');
        if (!take_zone(&at, &seconds))
            return false;
    }
    if (*at != '\0' || !date_valid(d))
        return false;
    *out = (double)rondo__date_days(d) * RONDO__DAY + seconds;
    return rondo__time_valid(*out);
}

/* 20160701, of years that data are of: as seconds these would be of the year 1970. */
static bool scan_compact(const char *at, double *out) {
    rondo__date d;
    if (!take_digits(&at, 4, &d.year) || !take_digits(&at, 2, &d.month) || !take_digits(&at, 2, &d.day) || *at)
        return false;
    if (!date_valid(d) || d.year < 1800 || d.year >= 2200)
        return false;
    *out = (double)rondo__date_days(d) * RONDO__DAY;
    return true;
}

bool rondo__time_scan(const char *text, double *seconds) {
    return scan_iso(text, seconds) || scan_compact(text, seconds) ||
           (rondo__csv_scan(text, false, seconds) && rondo__time_valid(*seconds));
}

/* ---- writing ---- */

void rondo__time_print(double seconds, char out[32]) {
    if (!rondo__time_valid(seconds)) {
        snprintf(out, 32, "%s", "no time");
        return;
    }
    double whole = floor(seconds);
    long micro = lround((seconds - whole) * 1e6);
    if (micro == 1000000) {
        micro = 0;
        whole++;
    }
    double of_day;
    const rondo__date d = rondo__date_of_time(whole, &of_day);
    const int clock = (int)of_day;
    int size = snprintf(out, 32, "%04d-%02d-%02d", (int)d.year, (int)d.month, (int)d.day);
    if (clock || micro)
        size += snprintf(out + size, 32 - (size_t)size, " %02d:%02d", clock / 3600, clock / 60 % 60);
    if (clock % 60 || micro)
        size += snprintf(out + size, 32 - (size_t)size, ":%02d", clock % 60);
    if (micro)
        size += snprintf(out + size, 32 - (size_t)size, ".%06ld", micro);
    while (micro && out[size - 1] == '0')
        out[--size] = '\0';
}

/* ---- steps ---- */

static double months_after(double from, int64_t months, int64_t day) {
    double seconds;
    rondo__date d = rondo__date_of_time(from, &seconds);
    const int64_t month = d.year * 12 + d.month - 1 + months;
    d.year = floor_div(month, 12);
    d.month = month - d.year * 12 + 1;
    d.day = day ? day : d.day;
    if (d.day > rondo__month_days(d.year, d.month))
        d.day = rondo__month_days(d.year, d.month);
    return (double)rondo__date_days(d) * RONDO__DAY + seconds;
}

double rondo__time_after(double from, rondo__time_step step, int64_t steps) {
    if (step.months)
        return months_after(from, step.months * steps, step.day);
    return from + (step.seconds != 0 ? step.seconds : 1) * (double)steps;
}

static void print_count(char out[32], double count, const char *unit) {
    snprintf(out, 32, "%.0f %s%s", count, unit, count == 1 ? "" : "s");
}

void rondo__time_step_print(rondo__time_step step, char out[32]) {
    static const struct {
        double seconds;
        const char *name;
    } units[] = {{7 * RONDO__DAY, "week"}, {RONDO__DAY, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    if (step.months)
        return print_count(out,
                           (double)(step.months / (step.months % 12 == 0 ? 12
                                                   : step.months == 3    ? 3
                                                                         : 1)),
                           step.months % 12 == 0 ? "year"
                           : step.months == 3    ? "quarter"
                                                 : "month");
    if (step.seconds == 0)
        return print_count(out, 1, "row");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (fmod(step.seconds, units[i].seconds) == 0)
            return print_count(out, step.seconds / units[i].seconds, units[i].name);
    }
    const double milli = step.seconds * 1e3;
    if (fabs(milli - round(milli)) < 1e-6 * milli)
        return print_count(out, round(milli), "millisecond");
    print_count(out, step.seconds * 1e6, "microsecond");
}

/* whole / part where that is whole; else 1 */
static int64_t parts_of(double whole, double part) {
    return part > 0 && fmod(whole, part) == 0 ? (int64_t)(whole / part) : 1;
}

int64_t rondo__time_step_season(rondo__time_step step) {
    if (step.months)
        return parts_of(12, (double)step.months);
    if (step.seconds == 7 * RONDO__DAY)
        return 52;
    if (step.seconds >= RONDO__DAY)
        return parts_of(7 * RONDO__DAY, step.seconds);
    return step.seconds >= 60 ? parts_of(RONDO__DAY, step.seconds) : 1;
}

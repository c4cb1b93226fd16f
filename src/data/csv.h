/* Tables of comma-separated values, read as something that a stranger wrote. */
#ifndef RONDO_DATA_CSV_H
#define RONDO_DATA_CSV_H

#include "core/core.h"

/* A file in memory with its cells cut apart. Separator (comma, semicolon, tab, |) is found out from the first lines;
 * quoted cells may hold separators, doubled quotes and line ends; CRLF, a byte order mark and a missing last line end
 * are fine; blank lines are passed over. The first row is the header when one of its cells is no number (and no missing
 * value and no time); else columns are named "1", "2", ..., as are those whose cell in the header is empty. Every row
 * has as many cells as the first: FILE:LINE says otherwise. RONDO_FORMAT also for NUL bytes, what is not UTF-8, quotes
 * that do not close, columns of the same name, no rows. */
typedef struct rondo__csv {
    char *path, *text;
    int64_t columns, rows; /* without the header */
    char **name;           /* (columns), blanks around taken off; unique and not empty */
    char **cell;           /* (rows, columns), blanks around taken off */
    int64_t *line;         /* (rows): line of the file on which the row begins, from 1 */
    bool header;
    char separator;
    bool decimal_comma; /* numbers are written 1,5: only where the separator is another */
} rondo__csv;
rondo_status rondo__csv_read(rondo__csv *out, const char *path, rondo_error *err);
rondo_status rondo__csv_parse(rondo__csv *out, const char *label, const char *text, size_t size, rondo_error *err);
void rondo__csv_free(rondo__csv *csv);
/* Place of a column; RONDO_FORMAT "FILE: no column 'clos' (did you mean 'close'? it has: date, open, close)". */
rondo_status rondo__csv_find(const rondo__csv *csv, const char *name, int64_t *column, rondo_error *err);
/* A cell as a number. Missing ("", NA, N/A, NaN, null, none, -, ?, any case) is NaN; "inf", and what is no number, fail
 * with "FILE:LINE: column 'close': 'abc' is not a number (...)". Independent of the locale. */
rondo_status rondo__csv_number(const rondo__csv *csv, int64_t row, int64_t column, double *out, rondo_error *err);
/* The same for a text that stands alone. False: not a number (NaN: missing). */
bool rondo__csv_scan(const char *text, bool decimal_comma, double *out);

/* ---- times (times.c) ---- */
/* Seconds since 1970 of ISO 8601 (2016-07-01, 2016-07-01 00:00[:00[.5]], 2016-07-01T00:00:00Z, +02:00, 1871-01, 1871,
 * 20160701) or epoch seconds. Proleptic Gregorian, years 1 to 9999; without zone: as it stands. False: it is neither.
 */
bool rondo__time_scan(const char *text, double *seconds);
/* The other way, as short as the value allows: "2016-07-01", "2016-07-01 05:00", "2016-07-01 05:00:30". */
void rondo__time_print(double seconds, char out[32]);
/* What stands between two rows. */
typedef struct rondo__time_step {
    double seconds; /* regular steps; 0: months, or rows without a time */
    int64_t months; /* 1 month, 3 quarter, 12 year */
    int64_t day;    /* months: the day of the month that all steps have, or the last where a month is shorter; 31 is so
                       always the last; 0: that of the time one starts from */
} rondo__time_step;
/* time of step `steps` after (before: negative) from; without times, rows are counted. */
double rondo__time_after(double from, rondo__time_step step, int64_t steps);
/* "1 hour", "1 day", "1 month", "15 minutes", "1 row" */
void rondo__time_step_print(rondo__time_step step, char out[32]);
/* Steps of a natural season: hours 24, days 7, weeks 52, months 12, quarters 4, minutes 1440 / minutes; 1: none known.
 */
int64_t rondo__time_step_season(rondo__time_step step);

#endif

/* Days of the proleptic Gregorian calendar, for the files that count them. */
#ifndef RONDO_DATA_TIMES_H
#define RONDO_DATA_TIMES_H

#include "data/csv.h"

#define RONDO__DAY 86400.0                 /* seconds */
#define RONDO__FIRST_TIME (-62135596800.0) /* year 1 */
#define RONDO__END_OF_TIME 253402300800.0  /* year 10000 */

typedef struct rondo__date {
    int64_t year, month, day; /* from 1 */
} rondo__date;
int64_t rondo__date_days(rondo__date date); /* since 1970-01-01 */
rondo__date rondo__date_of_days(int64_t days);
int64_t rondo__month_days(int64_t year, int64_t month); /* 28 to 31 */
bool rondo__leap_year(int64_t year);
/* The date, and the seconds of its day. */
rondo__date rondo__date_of_time(double time, double *seconds);
bool rondo__time_valid(double time);

#endif

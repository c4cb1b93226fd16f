/* Times: what is one and what is none, days of the calendar, steps of seconds and of months. */
#include "support/test.h"

#include <math.h>
#include <string.h>

#include "data/csv.h"
#include "data/times.h"

static void scan(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } cases[] = {{"1970-01-01", 0},
                 {"2016-07-01", 1467331200},
                 {"2016-07-01 05:00", 1467349200},
                 {"2016-07-01 05:00:30", 1467349230},
                 {"2016-07-01T05:00:30.5", 1467349230.5},
                 {"2016-07-01T05:00:30,25Z", 1467349230.25},
                 {"2016-07-01t05:00z", 1467349200},
                 {"2016-07-01T05:00+02:00", 1467342000},
                 {"2016-07-01 05:00:00 -0330", 1467361800},
                 {"2016-07-01 05:00+02", 1467342000},
                 {"2016-07-01 24:00", 1467417600},
                 {"2016-07", 1467331200},
                 {"2016", 1451606400},
                 {"20160701", 1467331200},
                 {"1871-01", -3124137600},
                 {"0001-01-01", -62135596800},
                 {"9999-12-31 23:59:59", 253402300799},
                 {"2000-02-29", 951782400},
                 {"1467331200", 1467331200},
                 {"1467331200.5", 1467331200.5},
                 {"-86400", -86400},
                 {"1.5e9", 1500000000},
                 {"0", 0},
                 {"99999999", 99999999}};
    double seconds;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!rondo__time_scan(cases[i].text, &seconds) || seconds != cases[i].seconds)
            fail_msg("%s: %f", cases[i].text, seconds);
    }
}

static void no_times(void **state) {
    (void)state;
    static const char *const cases[] = {"",
                                        "NA",
                                        "abc",
                                        "2016-13",
                                        "2016-00-01",
                                        "2016-02-30",
                                        "1900-02-29",
                                        "0000-01-01",
                                        "2016-7-1",
                                        "2016/07/01",
                                        "01.07.2016",
                                        "2016-07-01 5:00",
                                        "2016-07-01 05",
                                        "2016-07-01 24:01",
                                        "2016-07-01 05:60",
                                        "2016-07-01 05:00:60",
                                        "2016-07-01 05:00:00.",
                                        "2016-07-01 05:00 x",
                                        "2016-07-01T",
                                        "2016-07-01Z",
                                        "2016-07-01 05:00+24:00",
                                        "2016-07-01 05:00+0",
                                        "2016-",
                                        "2016-07-",
                                        "20161301x",
                                        "1467331200000",
                                        "-1e12",
                                        "inf",
                                        "2016-07-01 05:00+02:00x",
                                        "0001-01-01 00:00+01:00"};
    double seconds;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (rondo__time_scan(cases[i], &seconds))
            fail_msg("%s is %f", cases[i], seconds);
    }
}

static void print(void **state) {
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0, "1970-01-01"},
                 {1467349200, "2016-07-01 05:00"},
                 {1467349230, "2016-07-01 05:00:30"},
                 {1467331200.5, "2016-07-01 00:00:00.5"},
                 {-0.25, "1969-12-31 23:59:59.75"},
                 {1467331199.9999999, "2016-07-01"},
                 {-62135596800, "0001-01-01"},
                 {253402300799, "9999-12-31 23:59:59"},
                 {253402300800, "no time"},
                 {NAN, "no time"},
                 {1e300, "no time"}};
    char out[32];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double back;
        rondo__time_print(cases[i].seconds, out);
        assert_string_equal(out, cases[i].text);
        if (rondo__time_scan(out, &back))
            assert_true(fabs(back - cases[i].seconds) < 1e-6);
    }
}

/* Every day of 9999 years follows the one before it, by the rules of the calendar. */
static void days(void **state) {
    (void)state;
    rondo__date d = {1, 1, 1};
    int64_t day = rondo__date_days(d);
    assert_int_equal(day, -719162);
    for (; d.year < 10000; day++) {
        const rondo__date other = rondo__date_of_days(day);
        if (other.year != d.year || other.month != d.month || other.day != d.day || rondo__date_days(d) != day)
            fail_msg("day %lld", (long long)day);
        if (++d.day > rondo__month_days(d.year, d.month)) {
            d.day = 1;
            d.month = d.month % 12 + 1;
            d.year += d.month == 1;
        }
    }
    assert_int_equal(day, 2932897);
}

static double at(const char *text) {
    double seconds = NAN;
    assert_true(rondo__time_scan(text, &seconds));
    return seconds;
}

#define AFTER(from, step, steps, to)                                                                                   \
    do {                                                                                                               \
        const double after = rondo__time_after(at(from), (rondo__time_step)step, steps);                               \
        assert_true(after == at(to));                                                                                  \
    } while (0)
#define STEP(...)                                                                                                      \
    { __VA_ARGS__ }

static void after(void **state) {
    (void)state;
    AFTER("2016-07-01", STEP(.seconds = 3600), 5, "2016-07-01 05:00");
    AFTER("2016-07-01", STEP(.seconds = 86400), -1, "2016-06-30");
    AFTER("2016-01-01", STEP(.months = 1), 1, "2016-02-01");
    AFTER("2016-01-01", STEP(.months = 1), -1, "2015-12-01");
    AFTER("2016-11-15 06:00", STEP(.months = 3), 5, "2018-02-15 06:00");
    AFTER("1871", STEP(.months = 12), 150, "2021");
    AFTER("2015-01-31", STEP(.months = 1, .day = 31), 1, "2015-02-28");
    AFTER("2015-02-28", STEP(.months = 1, .day = 31), 1, "2015-03-31");
    AFTER("2015-02-28", STEP(.months = 1, .day = 30), 1, "2015-03-30");
    AFTER("2015-02-28", STEP(.months = 1), 1, "2015-03-28");
    AFTER("2016-01-31", STEP(.months = 1), 1, "2016-02-29");
    assert_true(rondo__time_after(7, (rondo__time_step){0}, 3) == 10);
}

static void steps(void **state) {
    (void)state;
    static const struct {
        rondo__time_step step;
        const char *text;
        int64_t season;
    } cases[] = {{{.seconds = 3600}, "1 hour", 24},
                 {{.seconds = 7200}, "2 hours", 12},
                 {{.seconds = 86400}, "1 day", 7},
                 {{.seconds = 604800}, "1 week", 52},
                 {{.seconds = 900}, "15 minutes", 96},
                 {{.seconds = 60}, "1 minute", 1440},
                 {{.seconds = 25200}, "7 hours", 1},
                 {{.seconds = 10}, "10 seconds", 1},
                 {{.seconds = 0.25}, "250 milliseconds", 1},
                 {{.seconds = 2e-6}, "2 microseconds", 1},
                 {{.months = 1}, "1 month", 12},
                 {{.months = 2}, "2 months", 6},
                 {{.months = 3}, "1 quarter", 4},
                 {{.months = 5}, "5 months", 1},
                 {{.months = 12}, "1 year", 1},
                 {{.months = 24}, "2 years", 1},
                 {{0}, "1 row", 1}};
    char out[32];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rondo__time_step_print(cases[i].step, out);
        assert_string_equal(out, cases[i].text);
        assert_int_equal(rondo__time_step_season(cases[i].step), cases[i].season);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(scan), cmocka_unit_test(no_times), cmocka_unit_test(print),
                                       cmocka_unit_test(days), cmocka_unit_test(after),    cmocka_unit_test(steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

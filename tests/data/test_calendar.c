/* Calendar features against points of the circle that can be told by hand. */
#include "support/test.h"

#include <math.h>
#include <string.h>

#include "data/series.h"

/* The feature of a time is the point of this phase. */
static void expect(const char *name, const char *text, double phase) {
    const char *const names[] = {name};
    double seconds, out[2];
    const double turn = 2 * acos(-1);
    assert_true(rondo__time_scan(text, &seconds));
    rondo__calendar_features(seconds, 1, names, out);
    if (fabs(out[0] - sin(turn * phase)) > 1e-12 || fabs(out[1] - cos(turn * phase)) > 1e-12)
        fail_msg("%s of %s: %f %f", name, text, out[0], out[1]);
}

static void phases(void **state) {
    (void)state;
    expect("minute", "2016-07-01 05:15", 0.25);
    expect("minute", "1871-07-01 05:45", 0.75);
    expect("hour", "2016-07-01 06:00", 0.25);
    expect("hour", "1960-02-29 18:30", 18.5 / 24);
    expect("weekday", "2016-07-01 23:00", 4.0 / 7); /* a Friday */
    expect("weekday", "1970-01-01", 3.0 / 7);
    expect("weekday", "1969-12-29", 0);
    expect("weekday", "1899-12-31", 6.0 / 7);
    expect("monthday", "2016-02-15", 14.0 / 29);
    expect("monthday", "2015-03-01", 0);
    expect("yearday", "2016-12-31 12:00", 365.0 / 366);
    expect("yearday", "2015-12-31", 364.0 / 365);
    expect("month", "2016-07-31", 0.5);
    expect("month", "2016-12", 11.0 / 12);
}

static void names(void **state) {
    (void)state;
    static const char *const known[] = {"minute", "hour", "weekday", "monthday", "yearday", "month"};
    double out[12];
    for (int i = 0; i < 6; i++)
        assert_true(rondo__calendar_known(known[i]));
    assert_false(rondo__calendar_known("Hour"));
    assert_false(rondo__calendar_known(""));
    rondo__calendar_features(1e9 + 0.5, 6, known, out);
    for (int i = 0; i < 6; i++)
        assert_true(fabs(out[2 * i] * out[2 * i] + out[2 * i + 1] * out[2 * i + 1] - 1) < 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(phases), cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

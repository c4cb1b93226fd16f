/* Splits: rows, fractions, dates, and what cannot be. */
#include "support/test.h"

#include <string.h>

#include "data/series.h"

static double times[100], numbers[100];

static int prepare(void **state) {
    (void)state;
    for (int i = 0; i < 100; i++) {
        times[i] = 1467331200 + 86400.0 * i; /* 2016-07-01 to 2016-10-08 */
        numbers[i] = i;
    }
    return 0;
}

/* Ends for a series of 90 known steps and 10 of the future. */
static void expect(const double *time, const char *first, const char *second, int64_t train, int64_t valid) {
    const rondo__series s = {
        .name = (char[]){""}, .path = "t.csv", .count = 100, .known = 90, .start = time[0], .time = (double *)time};
    const char *const part[] = {first, second};
    const int parts = !first ? 0 : !second ? 1 : 2;
    int64_t train_end, valid_end;
    rondo_error err;
    if (rondo__splits_find(&s, parts, part, &train_end, &valid_end, &err))
        fail_msg("%s", err.message);
    assert_int_equal(train_end, train);
    assert_int_equal(valid_end, valid);
}

static void ends(void **state) {
    (void)state;
    expect(times, NULL, NULL, 72, 90);
    expect(numbers, NULL, NULL, 72, 90);
    expect(times, "60", "20", 60, 80);
    expect(times, "0.7", "0.1", 63, 72);
    expect(times, "0.7", "0.3", 63, 90);
    expect(times, "0.9", NULL, 81, 90);
    expect(times, "60", "0.1", 60, 69);
    expect(times, "0.5", "10", 45, 55);
    expect(times, "2016-07-11", "2016-07-21", 10, 20);
    expect(times, "2016-07-10 12:00", "30", 10, 40);
    expect(times, "2016-08", "2017-01-01", 31, 90);
    expect(times, "2016-07-11", "0.1", 10, 19);
}

/* All of a series, however its fractions round. */
static void whole(void **state) {
    (void)state;
    for (int64_t n = 2; n <= 100; n++) {
        const rondo__series s = {.name = (char[]){""}, .path = "t.csv", .count = n, .known = n, .time = numbers};
        const char *const part[] = {"0.7", "0.3"};
        int64_t train, valid;
        assert_int_equal(rondo__splits_find(&s, 2, part, &train, &valid, NULL), RONDO_OK);
        assert_int_equal(valid, n);
        assert_int_equal(train, n * 7 / 10);
    }
}

static void refuse(const double *time, const char *first, const char *second, const char *third, const char *message) {
    const rondo__series s = {
        .name = (char[]){"a"}, .path = "t.csv", .count = 100, .known = 90, .start = time[0], .time = (double *)time};
    const char *const part[] = {first, second, third};
    int64_t train_end, valid_end;
    rondo_error err;
    assert_int_equal(rondo__splits_find(&s,
                                        third    ? 3
                                        : second ? 2
                                                 : 1,
                                        part, &train_end, &valid_end, &err),
                     RONDO_FORMAT);
    if (strncmp(err.message, "t.csv: series 'a': data.splits '", 32) != 0 || !strstr(err.message, message))
        fail_msg("'%s' does not say '%s'", err.message, message);
}

static void refusals(void **state) {
    (void)state;
    refuse(times, "x", NULL, NULL, "neither rows nor a fraction nor a date");
    refuse(times, "-5", NULL, NULL, "neither rows");
    refuse(times, "0", NULL, NULL, "neither rows");
    refuse(times, "NA", NULL, NULL, "neither rows");
    refuse(times, "10.5", NULL, NULL, "no whole number of rows");
    refuse(times, "91", NULL, NULL, "shorter than its parts");
    refuse(times, "1e300", NULL, NULL, "shorter than its parts");
    refuse(times, "60", "31", NULL, "shorter than its parts");
    refuse(times, "0.8", "0.3", NULL, "shorter than its parts");
    refuse(times, "0.001", NULL, NULL, "no row is left for this part");
    refuse(times, "90", NULL, NULL, "no row is left for validation");
    refuse(times, "1", NULL, NULL, "no row is left for validation");
    refuse(times, "2016-06-01", NULL, NULL, "no row is left for this part");
    refuse(times, "2016-09-01", "2016-08-01", NULL, "no row is left for this part");
    refuse(times, "2019-09-01", NULL, NULL, "long after the end");
    refuse(numbers, "2016-09-01", NULL, NULL, "no time column (name it under data.time)");
    refuse(times, "0.1", "0.1", "0.1", "a third part");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ends), cmocka_unit_test(whole), cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, prepare, NULL);
}

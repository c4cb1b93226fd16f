/* Axes: round ticks that cover the data, at any size of numbers; labels; the ramp of shades. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/scale.h"

static void check_axis(const rondo__scale *scale, double low, double high) {
    double tick[RONDO__MOST_TICKS];
    const int count = rondo__scale_ticks(scale, tick);
    assert_true(count >= 2 && count <= 16);
    assert_true(scale->low <= low + 1e-9 * fabs(low) && scale->high >= high - 1e-9 * fabs(high));
    assert_true(fabs(rondo__scale_at(scale, scale->low)) < 1e-9);
    assert_true(fabs(rondo__scale_at(scale, scale->high) - 1) < 1e-9);
    for (int i = 0; i < count; i++) {
        char label[32];
        rondo__scale_label(scale, tick[i], label);
        const double read = strtod(label, NULL), span = scale->log ? tick[i] : scale->step;
        if (!(fabs(read - tick[i]) <= 1e-6 * span))
            fail_msg("the tick %.17g is labelled %s", tick[i], label);
        assert_true(i == 0 || tick[i] > tick[i - 1]);
    }
}

static void linear(void **state) {
    (void)state;
    for (int power = -280; power <= 280; power += 7) {
        for (double width = 0.013; width < 30; width *= 1.7) {
            for (int sign = -1; sign <= 1; sign++) {
                const double unit = pow(10, power), low = sign * 3.1 * unit, high = low + width * unit;
                const rondo__scale wide = rondo__scale_linear((rondo__extent){low, high}, 7, false);
                check_axis(&wide, low, high);
                assert_true(wide.high - wide.low < 2 * (high - low));
            }
        }
    }
    const rondo__scale exact = rondo__scale_linear((rondo__extent){0, 10}, 5, false);
    assert_true(exact.low == 0 && exact.high == 10 && exact.step == 2);
    const rondo__scale tight = rondo__scale_linear((rondo__extent){0.3, 9.7}, 5, true);
    assert_true(tight.low == 0.3 && tight.high == 9.7);
}

static void degenerate(void **state) {
    (void)state;
    static const double points[] = {0, 5, -3, 1e-300, 1e299, -1e299, 4e-320};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        const rondo__scale scale = rondo__scale_linear((rondo__extent){points[i], points[i]}, 7, false);
        check_axis(&scale, points[i], points[i]);
    }
    const rondo__scale none = rondo__scale_linear(rondo__extent_none(), 7, false);
    check_axis(&none, 0, 1);
    rondo__extent extent = rondo__extent_none();
    rondo__extent_add(&extent, NAN);
    rondo__extent_add(&extent, INFINITY);
    assert_true(extent.low > extent.high);
}

static void logarithmic(void **state) {
    (void)state;
    for (double low = 1e-12; low < 1e9; low *= 3.3) {
        for (double ratio = 1; ratio < 1e10; ratio *= 2.7) {
            const rondo__scale scale = rondo__scale_log((rondo__extent){low, low * ratio}, 7);
            check_axis(&scale, low, low * ratio);
        }
    }
    const rondo__scale scale = rondo__scale_log((rondo__extent){1, 1000}, 7);
    assert_true(isnan(rondo__scale_at(&scale, 0)) && isnan(rondo__scale_at(&scale, -1)));
    assert_true(fabs(rondo__scale_at(&scale, 10) - 1.0 / 3) < 1e-12);
}

static void labels(void **state) {
    (void)state;
    char label[32];
    const rondo__scale wide = rondo__scale_linear((rondo__extent){0, 12000}, 7, false);
    rondo__scale_label(&wide, 4000, label);
    assert_string_equal(label, "4000");
    const rondo__scale fine = rondo__scale_linear((rondo__extent){0, 1}, 5, true);
    rondo__scale_label(&fine, 0.2, label);
    assert_string_equal(label, "0.2");
    const rondo__scale huge = rondo__scale_linear((rondo__extent){0, 3e9}, 5, false);
    rondo__scale_label(&huge, 1e9, label);
    assert_string_equal(label, "1e+09");
}

/* The axis from `low` seconds after 1970 over `span`, as "label/under label label ...". */
static void check_times(double low, double span, const char *wanted) {
    const rondo__scale scale = rondo__scale_time((rondo__extent){low, low + span});
    rondo__tick tick[RONDO__MOST_TICKS];
    char text[400] = "";
    const int count = rondo__time_ticks(&scale, 8, tick);
    for (int i = 0; i < count; i++) {
        assert_true(tick[i].at >= scale.low && tick[i].at <= scale.high);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s%s", i ? " " : "", tick[i].label,
                 tick[i].under[0] ? "/" : "", tick[i].under);
    }
    if (strcmp(text, wanted) != 0)
        fail_msg("%.0f + %g: '%s', not '%s'", low, span, text, wanted);
}

static void times(void **state) {
    const double hour = 3600, day = 24 * hour, july = 1467331200, year = 365.25 * day; /* 2016-07-01 */
    (void)state;
    check_times(july + 3, 12, "00:00:04/1 Jul 2016 00:00:06 00:00:08 00:00:10 00:00:12 00:00:14");
    check_times(july - 150, 400, "23:58/30 Jun 2016 23:59 00:00/1 Jul 2016 00:01 00:02 00:03 00:04");
    check_times(july, 7 * hour, "00:00/1 Jul 2016 01:00 02:00 03:00 04:00 05:00 06:00 07:00");
    check_times(july + 15 * hour, 30 * hour, "18:00/1 Jul 2016 00:00/2 Jul 2016 06:00 12:00 18:00");
    check_times(july + 183 * day, 6 * day, "31 Dec/2016 1 Jan/2017 2 Jan 3 Jan 4 Jan 5 Jan 6 Jan");
    check_times(july, 30 * day, "3 Jul/2016 7 Jul 11 Jul 15 Jul 19 Jul 23 Jul 27 Jul 31 Jul");
    check_times(july, 50 * day, "4 Jul/2016 11 Jul 18 Jul 25 Jul 1 Aug 8 Aug 15 Aug"); /* Mondays */
    check_times(july, 200 * day, "Jul/2016 Aug Sep Oct Nov Dec Jan/2017");
    check_times(july, 3 * year, "Jul/2016 Jan/2017 Jul Jan/2018 Jul Jan/2019 Jul");
    check_times(july, 7 * year, "2017 2018 2019 2020 2021 2022 2023");
    check_times(-1e9, 4e9, "1940 1960 1980 2000 2020 2040 2060");
    check_times(-12219292800, 400 * year, "1600 1700 1800 1900");
    check_times(951782400, 2 * day,
                "00:00/29 Feb 2000 06:00 12:00 18:00 00:00/1 Mar 2000 06:00 12:00 18:00 00:00/2 Mar 2000");
    check_times(july, 0, "23:30/30 Jun 2016 23:40 23:50 00:00/1 Jul 2016 00:10 00:20 00:30");
    check_times(july + 0.25, 0.5, "23:59:59/30 Jun 2016 00:00:00/1 Jul 2016 00:00:01 00:00:02");
}

/* Any span that can be dates has some ticks, in rising order, and never too many. */
static void all_spans(void **state) {
    rondo__tick tick[RONDO__MOST_TICKS];
    (void)state;
    for (double low = -62135596800; low < 2.5e11; low = low * 0.7 + 7.3e10) {
        for (double span = 0; low + span < 253402300799; span = span * 1.07 + 0.3) {
            const rondo__extent x = {low, low + span};
            assert_true(rondo__time_fits(x));
            const rondo__scale scale = rondo__scale_time(x);
            const int count = rondo__time_ticks(&scale, 8, tick);
            if (count < 2 || count > 9)
                fail_msg("%g + %g has %d ticks", low, span, count);
            for (int i = 1; i < count; i++)
                assert_true(tick[i].at > tick[i - 1].at);
        }
        if (low > 2.4e11)
            break;
    }
    assert_false(rondo__time_fits((rondo__extent){0, 1e12}) || rondo__time_fits((rondo__extent){-1e12, 0}) ||
                 rondo__time_fits(rondo__extent_none()));
}

static double lightness(rondo__colour c) { return 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue; }

/* Also in grey print: darker for each higher value, by steps of like size. */
static void shades(void **state) {
    (void)state;
    double before = lightness(rondo__colour_of_value(0));
    assert_true(before > 0.95);
    for (int i = 1; i <= 20; i++) {
        const double now = lightness(rondo__colour_of_value(i / 20.0));
        assert_true(now < before - 0.02 && now > before - 0.08);
        before = now;
    }
    assert_true(before < 0.15);
    assert_memory_equal(&(rondo__colour[]){rondo__colour_of_value(-1)}, &(rondo__colour[]){rondo__colour_of_value(0)},
                        sizeof(rondo__colour));
}

/* From the middle out darker on both sides, one bluish, the other reddish. */
static void differences(void **state) {
    (void)state;
    for (int side = -1; side <= 1; side += 2) {
        double before = lightness(rondo__colour_of_difference(0.5));
        assert_true(before > 0.95);
        for (int i = 1; i <= 10; i++) {
            const rondo__colour c = rondo__colour_of_difference(0.5 + side * i / 20.0);
            assert_true(lightness(c) < before - 0.02 && lightness(c) > before - 0.12);
            assert_true(i < 2 || (side < 0 ? c.blue > c.red + 0.03 : c.red > c.blue + 0.03));
            before = lightness(c);
        }
    }
}

/* Bands are lighter the wider, visibly apart in grey, and all lines over them darker than any. */
static void bands(void **state) {
    (void)state;
    for (int n = 1; n <= 4; n++) {
        double before = 0.93;
        for (int i = 0; i < n; i++) {
            const double now = lightness(rondo__colour_of_band(i, n));
            assert_true(now < before - 0.02 && lightness(rondo__colour_of_band_edge(i, n)) < now - 0.1);
            before = now;
        }
        for (int i = 0; i < 3; i++)
            assert_true(lightness(rondo__colour_over_bands(i)) < before - 0.15);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear), cmocka_unit_test(degenerate), cmocka_unit_test(logarithmic),
        cmocka_unit_test(labels), cmocka_unit_test(shades),     cmocka_unit_test(differences),
        cmocka_unit_test(times),  cmocka_unit_test(all_spans),  cmocka_unit_test(bands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

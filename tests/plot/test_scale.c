/* Axes: round ticks that cover the data, at any size of numbers; labels; the ramp of shades. */
#include "support/test.h"

#include <math.h>
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear), cmocka_unit_test(degenerate), cmocka_unit_test(logarithmic),
        cmocka_unit_test(labels), cmocka_unit_test(shades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Other speeds: tones stay tones of the same level, what cannot be is gone, silence lies before and behind. */
#include <math.h>
#include <string.h>

#include "core/core.h"
#include "data/sound_stretch.h"
#include "support/test.h"

enum { COUNT = 1500 };
static float points[RONDO__STRETCH_POINTS];
static float sample[COUNT], out[12 * COUNT];

static int64_t stretch(double ratio) {
    const int64_t count = (int64_t)floor(COUNT * ratio + 0.5);
    float *room = rondo__alloc(rondo__stretch_room(ratio) * sizeof *room);
    assert_non_null(room);
    rondo__stretch(out, count, sample, COUNT, ratio, points, room);
    rondo__free(room);
    return count;
}

/* Radians per sample of the input. */
static void tone(double radians) {
    for (int i = 0; i < COUNT; i++)
        sample[i] = (float)(0.5 * cos(radians * i + 0.3));
}

static const double ratios[] = {1 / 1.9, 0.7, 1 / 1.15, 0.999, 1, 1.0001, 1.15, 1.7, 9.7};

/* Up to seven tenths of what both rates hold. */
static void tones_stay(void **state) {
    (void)state;
    for (size_t r = 0; r < sizeof ratios / sizeof *ratios; r++) {
        const double ratio = ratios[r], highest = 0.7 * 3.14159265 * (ratio < 1 ? ratio : 1);
        for (double radians = 0.02; radians < highest; radians += 0.19) {
            tone(radians);
            const int64_t count = stretch(ratio), edge = (int64_t)(40 * (ratio > 1 ? ratio : 1));
            double worst = 0;
            for (int64_t i = edge; i < count - edge; i++)
                worst = fmax(worst, fabs((double)out[i] - 0.5 * cos(radians * (double)i / ratio + 0.3)));
            if (worst > 2e-4)
                fail_msg("ratio %g, %g radians: off by %g", ratio, radians, worst);
        }
    }
}

static void no_aliases(void **state) {
    (void)state;
    for (double ratio = 0.53; ratio < 0.9; ratio += 0.09) {
        tone(3.14159265 * fmin(1, 1.15 * ratio));
        const int64_t count = stretch(ratio);
        for (int64_t i = 60; i < count - 60; i++)
            assert_true(fabs((double)out[i]) < 2e-4);
    }
}

/* Constant input shows where the sound ends; far from it nothing is heard. */
static void ends(void **state) {
    (void)state;
    for (int i = 0; i < COUNT; i++)
        sample[i] = 1;
    for (size_t r = 0; r < sizeof ratios / sizeof *ratios; r++) {
        const int64_t count = stretch(ratios[r]);
        assert_true(fabs((double)out[count / 2] - 1) < 1e-3);
        for (int64_t i = 0; i < count; i++)
            assert_true(out[i] > -0.2f && out[i] < 1.2f);
    }
    float one = 1, few[200], *room = rondo__alloc(rondo__stretch_room(1) * sizeof *room);
    rondo__stretch(few, 200, &one, 1, 1, points, room);
    for (int i = 100; i < 200; i++)
        assert_true(few[i] == 0);
    rondo__free(room);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(tones_stay), cmocka_unit_test(no_aliases),
                                       cmocka_unit_test(ends)};
    rondo__stretch_points(points);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

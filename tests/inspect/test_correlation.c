/* Correlations, and the places that score highest. */
#include "support/test.h"

#include "inspect/correlation.h"
#include "inspect/picks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { T = 100, UNITS = 4, PARTS = 5 };

static double noise(uint64_t stream, int64_t i) { return 2 * rondo__random_uniform(3, stream, (uint64_t)i) - 1; }

/* The definition, over all steps at which y is known. */
static double pearson(const double *x, int64_t stride, const double *y) {
    double n = 0, mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    for (int t = 0; t < T; t++)
        if (!isnan(y[t])) {
            n++;
            mx += x[t * stride];
            my += y[t];
        }
    mx /= n;
    my /= n;
    for (int t = 0; t < T; t++)
        if (!isnan(y[t])) {
            xx += (x[t * stride] - mx) * (x[t * stride] - mx);
            yy += (y[t] - my) * (y[t] - my);
            xy += (x[t * stride] - mx) * (y[t] - my);
        }
    return xy / sqrt(xx * yy);
}

static void equals_definition(void **state) {
    (void)state;
    double x[T * UNITS], y[T], flat[T];
    rondo__correlation c;
    for (int t = 0; t < T; t++) {
        y[t] = t % 7 == 3 ? NAN : 1e6 + noise(1, t); /* far from 0: what is taken off must be */
        flat[t] = 4;
        x[t * UNITS] = noise(2, t);
        x[t * UNITS + 1] = t % 7 == 3 ? 9 : 2 * (y[t] - 1e6) - 1;
        x[t * UNITS + 2] = 0.25;
        x[t * UNITS + 3] = t % 7 == 3 ? 0 : noise(2, t) - (y[t] - 1e6);
    }
    assert_int_equal(rondo__correlation_make(&c, UNITS, 2, NULL), RONDO_OK);
    for (int part = 0; part < PARTS; part++) { /* in passages */
        const int64_t n = T / PARTS, at = part * n;
        const rondo__patterns patterns = {.count = 2, .pattern = {{"y", false, y + at}, {"flat", false, flat + at}}};
        rondo__correlation_add(&c, n, x + at * UNITS, &patterns);
    }
    for (int u = 0; u < UNITS; u++)
        if (u != 2)
            assert_true(fabs(rondo__correlation_of(&c, 0, u) - pearson(x + u, UNITS, y)) < 1e-9);
    assert_true(fabs(rondo__correlation_of(&c, 0, 1) - 1) < 1e-9);
    assert_true(rondo__correlation_of(&c, 0, 3) < 0);
    assert_true(isnan(rondo__correlation_of(&c, 0, 2))); /* a unit that never moves */
    assert_true(isnan(rondo__correlation_of(&c, 1, 0))); /* a pattern that never changes */
    assert_int_equal(rondo__correlation_best(&c, 0, 0, UNITS), 1);
    assert_int_equal(rondo__correlation_best(&c, 0, 2, UNITS), 3);
    assert_int_equal(rondo__correlation_best(&c, 1, 0, UNITS), -1);
    rondo__correlation_free(&c);
}

/* ---- places ---- */

static void axis_of(rondo__look_axis *axis, const char *label[T], char room[T][16]) {
    for (int t = 0; t < T; t++) {
        snprintf(room[t], sizeof room[t], "s%d", t);
        label[t] = room[t];
    }
    *axis = (rondo__look_axis){.unit = "symbol", .T = T, .label = label, .text = label};
}

static void highest_places(void **state) {
    (void)state;
    rondo__look_axis axis;
    const char *label[T];
    char room[T][16];
    double value[T], score[T];
    rondo__picks picks;
    axis_of(&axis, label, room);
    assert_int_equal(rondo__picks_make(&picks, 3, NULL), RONDO_OK);
    for (int p = 0; p < 2; p++) {
        for (int t = 0; t < T; t++)
            value[t] = score[t] = p ? (t == 99 ? 8 : 0) : (t == 5 ? 9 : t == 6 ? 8.5 : t == 30 ? 7 : t == 0 ? 7.5 : 0);
        assert_int_equal(rondo__picks_offer(&picks, p, &axis, value, 1, score, NULL), RONDO_OK);
    }
    /* 6 and 0 stand too near to 5; passage 1 puts the zeros out */
    assert_int_equal(picks.count, 3);
    assert_true(picks.pick[0].score == 9 && picks.pick[1].score == 8 && picks.pick[2].score == 7);
    assert_true(picks.pick[1].passage == 1 && picks.pick[2].passage == 0);
    assert_int_equal(picks.pick[1].begin + picks.pick[1].from, 99);
    assert_int_equal(picks.pick[1].begin + picks.pick[1].count, T);
    assert_int_equal(picks.pick[0].begin, 0);
    assert_string_equal(picks.pick[2].name[picks.pick[2].from], "s30");
    assert_true(picks.pick[2].value[picks.pick[2].from] == 7);
    rondo__picks_free(&picks);
}

static void windows_do_not_overlap(void **state) {
    (void)state;
    enum { LENGTH = 12 };
    rondo__look_axis axis;
    const char *label[T];
    char room[T][16];
    double value[T] = {0}, score[T];
    rondo__picks picks;
    axis_of(&axis, label, room);
    for (int t = 0; t < T; t++)
        score[t] = t == 20 ? NAN : 1 - fabs(t - 20.0) / 100;
    assert_int_equal(rondo__picks_make(&picks, 9, NULL), RONDO_OK);
    assert_int_equal(rondo__picks_offer(&picks, 0, &axis, value, LENGTH, score, NULL), RONDO_OK);
    for (int64_t i = 0; i < picks.count; i++) {
        const int64_t a = picks.pick[i].begin + picks.pick[i].from;
        assert_int_equal(picks.pick[i].to - picks.pick[i].from, LENGTH);
        assert_true(a != 20 && a + LENGTH <= T);
        for (int64_t k = 0; k < i; k++)
            assert_true(llabs(a - (picks.pick[k].begin + picks.pick[k].from)) >= 20);
    }
    assert_int_equal(picks.count, 4); /* 19, 39, 59, 79 */
    rondo__picks_free(&picks);
    /* longer than the passage: there is none */
    assert_int_equal(rondo__picks_make(&picks, 9, NULL), RONDO_OK);
    assert_int_equal(rondo__picks_offer(&picks, 0, &axis, value, T + 1, score, NULL), RONDO_OK);
    assert_int_equal(picks.count, 0);
    rondo__picks_free(&picks);
}

/* How places and their steps are called: words with blanks between them; what is no text by points, and its own name.
 */
static void names(void **state) {
    (void)state;
    const char *text[] = {"the", " cat", " sat"}, *label[] = {"the", "cat", "sat"};
    const double value[3] = {0};
    double score[] = {0, 1, 0};
    rondo__picks picks;
    rondo__look_axis axis = {.unit = "word", .T = 3, .label = label, .text = text};
    assert_int_equal(rondo__picks_make(&picks, 1, NULL), RONDO_OK);
    assert_int_equal(rondo__picks_offer(&picks, 0, &axis, value, 1, score, NULL), RONDO_OK);
    assert_string_equal(picks.pick[0].place, "word 1");
    assert_string_equal(picks.pick[0].name[0], "the");
    assert_string_equal(picks.pick[0].name[1], " cat");
    axis = (rondo__look_axis){.unit = "second", .T = 3, .label = label};
    score[1] = 2;
    assert_int_equal(rondo__picks_offer(&picks, 0, &axis, value, 1, score, NULL), RONDO_OK);
    assert_string_equal(picks.pick[0].place, "second cat");
    assert_string_equal(picks.pick[0].name[1], "·");
    rondo__picks_free(&picks);
}

static int body(void *arg) {
    const rondo__look_axis *axis = arg;
    double value[T] = {0}, score[T];
    rondo__picks picks;
    rondo__correlation c;
    rondo_status status = rondo__correlation_make(&c, UNITS, 2, NULL);
    if (status)
        return status;
    rondo__correlation_free(&c);
    status = rondo__picks_make(&picks, 2, NULL);
    for (int p = 0; p < 3 && !status; p++) {
        for (int t = 0; t < T; t++)
            score[t] = noise((uint64_t)p, t);
        status = rondo__picks_offer(&picks, p, axis, value, 1, score, NULL);
    }
    rondo__picks_free(&picks);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    rondo__look_axis axis;
    const char *label[T];
    char room[T][16];
    axis_of(&axis, label, room);
    test_every_failure(body, &axis);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_definition),      cmocka_unit_test(highest_places),
        cmocka_unit_test(windows_do_not_overlap), cmocka_unit_test(names),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

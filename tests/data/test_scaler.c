/* Scalers against scikit-learn's StandardScaler and RobustScaler (1.9, NumPy 2.4; the numbers below), and the law that
 * the future moves nothing. */
#include "support/test.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/series.h"

static const double table[10][2] = {{1.5, 1000000.25},    {2.25, 1000000.5}, {-3, 1000001.75},  {NAN, 1000000},
                                    {0.125, 999999.5},    {7.75, NAN},       {2.5, 1000003.25}, {-0.375, 1000000.125},
                                    {4.0625, 999998.875}, {1.1, 1000002.0}};

/* The first six rows as one series, the other four as another. */
typedef struct pair {
    double value[2][6 * 2];
    rondo__series series[2];
    char *name[2];
    rondo__series_set set;
} pair;

static rondo__series_set *pair_make(pair *p) {
    memcpy(p->value[0], table, sizeof p->value[0]);
    memcpy(p->value[1], table + 6, sizeof table - sizeof p->value[0]);
    for (int i = 0; i < 2; i++)
        p->series[i] = (rondo__series){.path = "t.csv", .count = i ? 4 : 6, .known = i ? 4 : 6, .value = p->value[i]};
    p->name[0] = (char *)"first";
    p->name[1] = (char *)"second";
    p->set = (rondo__series_set){.targets = 2, .columns = 2, .column_name = p->name, .count = 2, .series = p->series};
    return &p->set;
}

static void near(double x, double want) {
    if (!(fabs(x - want) <= 1e-13 * fabs(want)))
        fail_msg("%.17g is not %.17g", x, want);
}

static void expect(rondo__scaler_kind kind, int64_t end0, int64_t end1, const double center[2], const double scale[2]) {
    pair p;
    rondo__scaler s;
    const int64_t end[2] = {end0, end1};
    assert_int_equal(rondo__scaler_fit(&s, kind, pair_make(&p), end, NULL), RONDO_OK);
    assert_int_equal(s.columns, 2);
    for (int c = 0; c < 2; c++) {
        near(s.center[c], center[c]);
        near(s.scale[c], scale[c]);
        assert_false(s.constant[c]);
    }
    rondo__scaler_free(&s);
}

static void standard(void **state) {
    (void)state;
    expect(RONDO__SCALER_STANDARD, 6, 4, (double[]){1.7680555555555555, 1000000.6944444445},
           (double[]){2.8355084243731947, 1.2965112255683293});
    expect(RONDO__SCALER_STANDARD, 4, 3, (double[]){1.15625, 1000000.6785714285},
           (double[]){2.279822612799806, 1.3090637720079465});
}

static void robust(void **state) {
    (void)state;
    expect(RONDO__SCALER_ROBUST, 6, 4, (double[]){1.5, 1000000.25}, (double[]){2.375, 1.75});
    expect(RONDO__SCALER_ROBUST, 4, 3, (double[]){1.875, 1000000.25}, (double[]){2.34375, 1.0625});
}

static void none(void **state) {
    (void)state;
    expect(RONDO__SCALER_NONE, 6, 4, (double[]){0, 0}, (double[]){1, 1});
}

/* Whatever comes after the end may change, grow, be infinite or missing: the scaler keeps its bits. */
static void future(void **state) {
    (void)state;
    static const double other[] = {0, NAN, INFINITY, -1e300, 5};
    for (int kind = 0; kind <= RONDO__SCALER_NONE; kind++) {
        for (int64_t e0 = 1; e0 < 6; e0++) {
            pair p, q;
            rondo__scaler a, b;
            const int64_t end[2] = {e0, 3};
            assert_int_equal(rondo__scaler_fit(&a, (rondo__scaler_kind)kind, pair_make(&p), end, NULL), RONDO_OK);
            pair_make(&q);
            for (int64_t k = 2 * e0; k < 12; k++)
                q.value[0][k] = other[k % 5];
            for (int64_t k = 6; k < 8; k++)
                q.value[1][k] = other[(e0 + k) % 5];
            assert_int_equal(rondo__scaler_fit(&b, (rondo__scaler_kind)kind, &q.set, end, NULL), RONDO_OK);
            assert_memory_equal(a.center, b.center, 2 * sizeof *a.center);
            assert_memory_equal(a.scale, b.scale, 2 * sizeof *a.scale);
            assert_memory_equal(a.constant, b.constant, 2 * sizeof *a.constant);
            rondo__scaler_free(&a);
            rondo__scaler_free(&b);
        }
    }
}

/* One series, one column. */
static rondo_status fit(rondo__scaler *s, rondo__scaler_kind kind, double *value, int64_t count, rondo_error *err) {
    char *name[] = {(char *)"x"};
    rondo__series series = {.path = "t.csv", .count = count, .value = value};
    const rondo__series_set set = {.columns = 1, .column_name = name, .count = 1, .series = &series};
    return rondo__scaler_fit(s, kind, &set, &count, err);
}

static void constant(void **state) {
    (void)state;
    double same[] = {0.1, 0.1, NAN, 0.1}, one[] = {NAN, 7}, tiny[] = {0, 4.9e-324, 4.9e-324};
    rondo__scaler s;
    for (int kind = 0; kind < RONDO__SCALER_NONE; kind++) {
        assert_int_equal(fit(&s, (rondo__scaler_kind)kind, same, 4, NULL), RONDO_OK);
        assert_true(s.constant[0] && s.center[0] == 0.1 && s.scale[0] == 1);
        rondo__scaler_free(&s);
        assert_int_equal(fit(&s, (rondo__scaler_kind)kind, one, 2, NULL), RONDO_OK);
        assert_true(s.constant[0] && s.center[0] == 7 && s.scale[0] == 1);
        rondo__scaler_free(&s);
        assert_int_equal(fit(&s, (rondo__scaler_kind)kind, tiny, 3, NULL), RONDO_OK);
        assert_true(s.scale[0] == 1);
        rondo__scaler_free(&s);
    }
}

/* Mostly zeros: there is no quartile range, but a deviation. */
static void sparse(void **state) {
    (void)state;
    double value[] = {0, 0, 0, 0, 0, 0, 0, 8};
    rondo__scaler s;
    assert_int_equal(fit(&s, RONDO__SCALER_ROBUST, value, 8, NULL), RONDO_OK);
    assert_false(s.constant[0]);
    assert_true(s.center[0] == 0);
    near(s.scale[0], sqrt(7));
    rondo__scaler_free(&s);
}

static void refusals(void **state) {
    (void)state;
    const int64_t live = rondo__alloc_live();
    double missing[] = {NAN, NAN}, large[] = {DBL_MAX, -DBL_MAX, DBL_MAX};
    rondo__scaler s;
    rondo_error err;
    for (int kind = 0; kind <= RONDO__SCALER_NONE; kind++) {
        assert_int_equal(fit(&s, (rondo__scaler_kind)kind, missing, 2, &err), RONDO_FORMAT);
        assert_non_null(strstr(err.message, "t.csv: column 'x': no value in the training part"));
        assert_int_equal(fit(&s, (rondo__scaler_kind)kind, large, 0, &err), RONDO_FORMAT);
        if (kind != RONDO__SCALER_NONE) {
            assert_int_equal(fit(&s, (rondo__scaler_kind)kind, large, 3, &err), RONDO_FORMAT);
            assert_non_null(strstr(err.message, "t.csv: column 'x': its values are too large"));
        }
        assert_null(s.center);
    }
    assert_int_equal(rondo__alloc_live(), live);
}

static int everything(void *arg) {
    rondo__scaler s;
    const int64_t end[2] = {6, 4};
    pair p;
    const int status = rondo__scaler_fit(&s, *(rondo__scaler_kind *)arg, pair_make(&p), end, NULL);
    rondo__scaler_free(&s);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    for (rondo__scaler_kind kind = RONDO__SCALER_STANDARD; kind <= RONDO__SCALER_NONE; kind++)
        test_every_failure(everything, &kind);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(standard), cmocka_unit_test(robust),
                                       cmocka_unit_test(none),     cmocka_unit_test(future),
                                       cmocka_unit_test(constant), cmocka_unit_test(sparse),
                                       cmocka_unit_test(refusals), cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

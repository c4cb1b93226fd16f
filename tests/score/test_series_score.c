/* Scores of forecasts and baselines, by hand and by NumPy (the lines beside the numbers made them). */
#include "support/test.h"

#include <math.h>

#include "rondo/series_score.h"

static void equal(double got, double want) {
    if (!(isnan(want) ? isnan(got) : fabs(got - want) <= 1e-12 * (1 + fabs(want))))
        fail_msg("%.17g, not %.17g", got, want);
}

static void forecast(rondo_baseline kind, int64_t count, const double *history, int64_t season, double a, double b,
                     double c, double d) {
    double out[4] = {7, 7, 7, 7};
    rondo_baseline_forecast(kind, count, history, season, 4, out);
    const double want[4] = {a, b, c, d};
    for (int h = 0; h < 4; h++)
        equal(out[h], want[h]);
}

static void baselines(void **state) {
    const double y[7] = {1, 2, 3, 4, 6, 5, 8}, holes[7] = {NAN, 2, 3, NAN, 6, NAN, NAN}, none[2] = {NAN, NAN};
    (void)state;
    forecast(RONDO_NAIVE, 7, y, 3, 8, 8, 8, 8);
    forecast(RONDO_SEASONAL_NAIVE, 7, y, 3, 6, 5, 8, 6);
    forecast(RONDO_SEASONAL_NAIVE, 7, y, 1, 8, 8, 8, 8);
    forecast(RONDO_SEASONAL_NAIVE, 7, y, 9, NAN, NAN, 1, 2); /* a season before the history there is nothing */
    forecast(RONDO_SEASONAL_NAIVE, 7, y, 0, NAN, NAN, NAN, NAN);
    forecast(RONDO_DRIFT, 7, y, 3, 8 + 7.0 / 6, 8 + 14.0 / 6, 8 + 21.0 / 6, 8 + 28.0 / 6);
    forecast(RONDO_NAIVE, 7, holes, 3, 6, 6, 6, 6);
    forecast(RONDO_SEASONAL_NAIVE, 7, holes, 3, 6, 3, NAN, 6); /* two seasons before, where one before is missing */
    forecast(RONDO_DRIFT, 7, holes, 3, 6.8, 7.6, 8.4, 9.2);    /* from 2 at the second to 6 at the last place */
    forecast(RONDO_DRIFT, 1, y, 3, 1, 1, 1, 1);
    for (int kind = 0; kind < 3; kind++) {
        forecast((rondo_baseline)kind, 2, none, 1, NAN, NAN, NAN, NAN);
        forecast((rondo_baseline)kind, 0, NULL, 1, NAN, NAN, NAN, NAN);
        rondo_baseline_forecast((rondo_baseline)kind, 7, y, 1, 4, NULL);
    }
}

static void seasonal_errors(void **state) {
    const double y[7] = {1, 2, 3, 4, 6, 5, 8}, holes[7] = {1, NAN, 3, 4, 6, 5, NAN};
    (void)state;
    equal(rondo_seasonal_error(7, y, 1), 1.5);
    equal(rondo_seasonal_error(7, y, 3), 13 / 4.0);
    equal(rondo_seasonal_error(7, holes, 3), 2.5);
    equal(rondo_seasonal_error(7, y, 7), NAN);
    equal(rondo_seasonal_error(7, y, 0), NAN);
    equal(rondo_seasonal_error(7, NULL, 1), NAN);
}

/* y = [3, 0, nan, -2, 5]; p = [2.5, 0, 1, 1, 9]; e = abs(y - p)[[0, 1, 3, 4]] */
static const double truth[5] = {3, 0, NAN, -2, 5}, point[5] = {2.5, 0, 1, 1, 9};

static void points(void **state) {
    rondo_series_score s = {0};
    (void)state;
    rondo_series_score_add(&s, 2, truth, point, NULL, NULL, 2);
    rondo_series_score_add(&s, 3, truth + 2, point + 2, NULL, NULL, 0); /* no seasonal error: not in MASE */
    rondo_series_result r = rondo_series_score_result(&s);
    assert_int_equal(s.count, 4);
    equal(r.mae, 1.875);
    equal(r.mse, 6.3125);
    equal(r.rmse, 2.51246890528022);
    equal(r.smape, (200 * 0.5 / 5.5 + 0 + 200 + 200 * 4 / 14.0) / 4);
    equal(r.mase, 0.125);
    equal(r.crps, NAN);
    equal(r.pinball, NAN);
    equal(r.coverage, NAN);
}

/* Quantiles 0.1, 0.5, 0.9; loss = max(q e, (q - 1) e) */
static void quantiles(void **state) {
    rondo_series_score s = {.quantiles = 3, .level = {0.1, 0.5, 0.9}};
    const double q[5][3] = {{1, 2.5, 3}, {0, 0, 4}, {7, 8, 9}, {-1, 1, 2}, {6, 9, 9.5}};
    const double pinball[4] = {(0.2 + 0.25 + 0) / 3, (0 + 0 + 0.4) / 3, (0.9 + 1.5 + 0.4) / 3, (0.9 + 2 + 0.45) / 3};
    const double crps[5] = {1, 2, 3, 4, 5};
    (void)state;
    rondo_series_score_add(&s, 5, truth, point, q[0], NULL, NAN);
    rondo_series_result r = rondo_series_score_result(&s);
    double mean = (pinball[0] + pinball[1] + pinball[2] + pinball[3]) / 4;
    equal(r.pinball, mean);
    equal(r.crps, 2 * mean);
    equal(r.coverage, 0.5); /* 3 and 0 stand on an end, and count */
    equal(r.coverage_level, 0.8);
    equal(r.mase, NAN);
    assert_true(s.below[0] == 3 && s.below[1] == 3 && s.below[2] == 4);
    rondo_series_score_add(&s, 5, truth, point, q[0], crps, NAN);
    equal(rondo_series_score_result(&s).crps, (8 * mean + 1 + 2 + 4 + 5) / 8);
    rondo_series_score only = {.quantiles = 1, .level = {0.5}};
    rondo_series_score_add(&only, 5, truth, point, point, NULL, NAN); /* half the absolute error */
    r = rondo_series_score_result(&only);
    equal(r.pinball, r.mae / 2);
    equal(r.crps, r.mae);
    equal(r.coverage, NAN);
}

/* From 31 quantiles of the standard Gaussian the CRPS comes near its closed form (Gneiting 2005), here at 0.4:
 * z*(2*norm.cdf(z)-1) + 2*norm.pdf(z) - 1/sqrt(pi) */
static void crps_from_quantiles(void **state) {
    rondo_series_score s = {.quantiles = 31};
    double q[31], y = 0.4, p = 0;
    (void)state;
    for (int i = 0; i < 31; i++) { /* quantiles by halving */
        s.level[i] = (i + 0.5) / 31;
        double low = -9, high = 9;
        for (int step = 0; step < 60; step++) {
            double middle = (low + high) / 2;
            *(erfc(-middle / sqrt(2.0)) / 2 < s.level[i] ? &low : &high) = middle;
        }
        q[i] = low;
    }
    rondo_series_score_add(&s, 1, &y, &p, q, NULL, 0);
    assert_true(fabs(rondo_series_score_result(&s).crps - 0.29668809) < 2e-3);
}

static void odd_cases(void **state) {
    rondo_series_score s = {.quantiles = 2, .level = {0.1, 0.9}};
    const double nan = NAN, one = 1, zero = 0, far = INFINITY, q[2] = {NAN, 2};
    (void)state;
    rondo_series_result r = rondo_series_score_result(&s);
    assert_true(isnan(r.mae) && isnan(r.mse) && isnan(r.rmse) && isnan(r.smape) && isnan(r.mase) && isnan(r.crps) &&
                isnan(r.pinball) && isnan(r.coverage));
    assert_true(isnan(rondo_series_score_result(NULL).mae));
    rondo_series_score_add(&s, 1, &nan, &one, q, NULL, 1); /* a missing truth is nothing at all */
    rondo_series_score_add(&s, 0, &one, &one, q, NULL, 1);
    rondo_series_score_add(&s, 1, NULL, &one, q, NULL, 1);
    rondo_series_score_add(&s, 1, &one, NULL, q, NULL, 1);
    rondo_series_score_add(NULL, 1, &one, &one, q, NULL, 1);
    assert_int_equal(s.count, 0);
    rondo_series_score_add(&s, 1, &zero, &one, NULL, NULL, 1);
    equal(rondo_series_score_result(&s).smape, 200);
    rondo_series_score_add(&s, 1, &one, &one, q, NULL, 1); /* a forecast of NaN is seen */
    r = rondo_series_score_result(&s);
    assert_true(r.mae == 0.5 && isnan(r.pinball) && isnan(r.crps) && r.coverage == 0);
    rondo_series_score_add(&s, 1, &one, &nan, NULL, NULL, 1);
    assert_true(isnan(rondo_series_score_result(&s).mae));
    rondo_series_score wide = {.quantiles = 1000};
    rondo_series_score_add(&wide, 1, &far, &one, q, NULL, 1); /* as if without quantiles */
    r = rondo_series_score_result(&wide);
    assert_true(isinf(r.mae) && isnan(r.pinball));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(baselines), cmocka_unit_test(seasonal_errors),     cmocka_unit_test(points),
        cmocka_unit_test(quantiles), cmocka_unit_test(crps_from_quantiles), cmocka_unit_test(odd_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

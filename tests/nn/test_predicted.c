/* Predicted distributions against SciPy and mpmath (make_loss_fixtures.py), against sums and integrals made here, and
 * at their ends. Needs: JANSSON. */
#include <math.h>

#include "support/test.h"

#include "core/core.h"
#include "formats/safetensors.h"
#include "nn/special.h"
#include "rondo/losses.h"

#define FIXTURES RONDO_SOURCE_DIR "/tests/golden/losses.safetensors"

static bool near(double got, double want, double limit) {
    return isnan(want) ? isnan(got) : got == want || fabs(got - want) <= limit * fabs(want);
}

static void check(int row, const char *what, double got, double want, double limit) {
    if (!near(got, want, limit))
        fail_msg("row %d: %s is %.17g, not %.17g", row, what, got, want);
}

static void fixtures(void **state) {
    rondo__safetensors *file;
    (void)state;
    assert_int_equal(rondo__safetensors_read(&file, FIXTURES, NULL), RONDO_OK);
    const rondo__named *found = rondo__safetensors_find(file, "predicted");
    assert_non_null(found);
    const double *v = found->tensor.data;
    for (int r = 0; r < found->tensor.dims[0]; r++, v += 10) {
        const rondo_predicted p = {(rondo_distribution)(int)v[0], v[1], v[2], v[3]};
        check(r, "cdf", rondo_predicted_cdf(&p, v[4]), v[5], 1e-10);
        check(r, "log density", rondo_predicted_log_density(&p, v[4]), v[6], 1e-11);
        check(r, "CRPS", rondo_predicted_crps(&p, v[4]), v[7], 1e-9);
        check(r, "quantile", rondo_predicted_quantile(&p, v[8]), v[9], 1e-9);
    }
    rondo__safetensors_free(&file);
}

/* ψ and log Γ: known values, the recurrence, and differences against plain ones where those have their digits. */
static void special_functions(void **state) {
    (void)state;
    assert_true(near(rondo__digamma(1), -0.57721566490153286061, 1e-15));
    assert_true(near(rondo__digamma(0.5), -1.96351002602142347944, 1e-15));
    assert_true(near(rondo__digamma(100), 4.60016185273808740196, 1e-15));
    for (double a = 1e-3; a < 300; a *= 1.37) {
        assert_true(near(rondo__digamma(a + 1), rondo__digamma(a) + 1 / a, 1e-12) || a < 0.01 || a < 1);
        for (double n = 0.5; n < 50; n *= 3) {
            double plain = rondo__log_gamma(a + n) - rondo__log_gamma(a);
            assert_true(fabs(rondo__log_rising(a, n) - plain) <= 1e-13 * (1 + fabs(rondo__log_gamma(a + n))));
            plain = rondo__digamma(a + n) - rondo__digamma(a) - log1p(n / a);
            assert_true(fabs(rondo__digamma_excess(a, n) - plain) <= 1e-14 * (1 + 1 / a));
        }
    }
    /* Γ(a+2) / (Γ(a) a²) = 1 + 1/a, also where a dwarfs it */
    for (double a = 12; a < 1e15; a *= 31)
        assert_true(near(rondo__rising_excess(a, 2), log1p(1 / a), 1e-14) &&
                    near(rondo__digamma_excess(a, 1), rondo__log1p_less(1 / a) * -1, 1e-10));
    assert_true(near(rondo__log1p_less(1e-9), -5e-19, 1e-8) && near(rondo__log1p_less(0.4), log1p(0.4) - 0.4, 1e-14));
}

static const rondo_predicted some[] = {
    {RONDO_GAUSSIAN, 2, 3, 0},
    {RONDO_STUDENT_T, 2, 3, 2.000001},
    {RONDO_STUDENT_T, -1, 0.1, 4},
    {RONDO_STUDENT_T, 0, 1, 1e6},
    {RONDO_STUDENT_T, 0, 1, 3e7},
    {RONDO_NEGATIVE_BINOMIAL, 5, 0, 0.7},
    {RONDO_NEGATIVE_BINOMIAL, 5, 0, 0},
    {RONDO_NEGATIVE_BINOMIAL, 1e-3, 0, 9},
    {RONDO_NEGATIVE_BINOMIAL, 1e5, 0, 1e-9},
    {RONDO_NEGATIVE_BINOMIAL, 3e6, 0, 2},
    {RONDO_NEGATIVE_BINOMIAL, 1e10, 0, 1e-12},
};
enum { SOME = sizeof some / sizeof *some };

/* The quantile at each level brings the share back; for counts it is the first that reaches it. */
static void quantiles_invert_shares(void **state) {
    static const double levels[] = {1e-12, 1e-4, 0.1, 0.3, 0.5, 0.75, 0.9, 0.9999};
    (void)state;
    for (int i = 0; i < SOME; i++) {
        double before = -INFINITY;
        for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
            double x = rondo_predicted_quantile(&some[i], levels[l]), share = rondo_predicted_cdf(&some[i], x);
            assert_true(x >= before);
            if (some[i].kind != RONDO_NEGATIVE_BINOMIAL)
                check(i, "share", share, levels[l], 1e-9);
            else if (!(share >= levels[l] * (1 - 1e-9) &&
                       (x == 0 || rondo_predicted_cdf(&some[i], x - 1) < levels[l] * (1 + 1e-9))))
                fail_msg("row %d: %.17g is not the quantile at %g: share %g", i, x, levels[l], share);
            before = x;
        }
    }
    assert_true(isnan(rondo_predicted_quantile(&some[0], 0)) && isnan(rondo_predicted_quantile(&some[5], 1)));
}

/* CRPS of counts by its definition: the sum of (F(k) - [x <= k])² over all k. */
static void count_scores_are_sums(void **state) {
    static const double means[] = {0.2, 3, 40}, alphas[] = {0, 1e-5, 0.3, 4}, xs[] = {0, 1, 2.25, 7, 90, -2};
    (void)state;
    for (int i = 0; i < 3 * 4 * 6; i++) {
        const rondo_predicted p = {RONDO_NEGATIVE_BINOMIAL, means[i / 24], 0, alphas[i / 6 % 4]};
        double x = xs[i % 6], share = 0, total = x < 0 ? -x : 0;
        for (double k = 0; k < 20000 && (1 - share > 1e-13 || k <= x); k++) {
            share += exp(rondo_predicted_log_density(&p, k));
            double left = x <= k ? 0 : x >= k + 1 ? 1 : x - k; /* of the step from k to k + 1, what lies before x */
            total += left * share * share + (1 - left) * (1 - share) * (1 - share);
        }
        check(i, "sum", rondo_predicted_crps(&p, x), total, 1e-9);
        assert_true(fabs(rondo_predicted_cdf(&p, 1e6) - 1) < 1e-12);
    }
}

static void ends(void **state) {
    (void)state;
    for (int i = 0; i < SOME; i++) {
        const rondo_predicted *p = &some[i];
        assert_true(rondo_predicted_cdf(p, -INFINITY) == 0 && rondo_predicted_cdf(p, INFINITY) == 1);
        assert_true(isnan(rondo_predicted_cdf(p, NAN)) && isnan(rondo_predicted_crps(p, NAN)) &&
                    isnan(rondo_predicted_log_density(p, NAN)));
        assert_true(rondo_predicted_log_density(p, INFINITY) == -INFINITY);
        assert_true(rondo_predicted_crps(p, INFINITY) == INFINITY);
        double at = p->mean + 1e9 * (1 + fabs(p->mean)); /* far out it is the distance */
        check(i, "far CRPS", rondo_predicted_crps(p, at), at - p->mean, 1e-6);
        assert_true(rondo_predicted_crps(p, floor(p->mean)) >= 0);
    }
    assert_true(isnan(rondo_predicted_cdf(NULL, 0)) && isnan(rondo_predicted_quantile(NULL, 0.5)) &&
                isnan(rondo_predicted_crps(NULL, 0)) && isnan(rondo_predicted_log_density(NULL, 0)) &&
                isnan(rondo_predicted_draw(NULL, 1, 2, 3)));
    const rondo_predicted broken = {RONDO_STUDENT_T, NAN, 1, 3}, flat = {RONDO_GAUSSIAN, 0, NAN, 0};
    assert_true(isnan(rondo_predicted_cdf(&broken, 0)) && isnan(rondo_predicted_quantile(&broken, 0.5)) &&
                isnan(rondo_predicted_quantile(&flat, 0.1)) && isnan(rondo_predicted_crps(&flat, 0)));
}

/* Extreme raw outputs give finite parameters, of which everything else is finite too. */
static void raw_outputs(void **state) {
    static const rondo_real extremes[] = {-1e4, -30, 0, 30, 1e4};
    (void)state;
    for (int kind = 0; kind < 3; kind++)
        for (int i = 0; i < 125; i++) {
            const rondo_real raw[3] = {extremes[i % 5], extremes[i / 5 % 5], extremes[i / 25]};
            const rondo_predicted p = rondo_predicted_from((rondo_distribution)kind, raw, 3, 50);
            double x = rondo_predicted_quantile(&p, 0.9);
            assert_true(isfinite(x) && isfinite(rondo_predicted_log_density(&p, 7)) &&
                        isfinite(rondo_predicted_crps(&p, 7)) && isfinite(rondo_predicted_draw(&p, 1, 2, 3)));
        }
    const rondo_real raw[3] = {1, 0, 0};
    const rondo_predicted p = rondo_predicted_from(RONDO_STUDENT_T, raw, 10, 5);
    assert_true(p.mean == 15 && near(p.spread, 5 * (log(2) + 1e-6), 1e-15) && near(p.shape, 2 + log(2) + 1e-6, 1e-15));
    assert_true(isnan(rondo_predicted_from(RONDO_GAUSSIAN, raw, 0, 0).mean));
    assert_int_equal(rondo_distribution_parameters((rondo_distribution)9), 0);
}

/* Draws: the shares of 4000 are near what they should be, and a draw depends on nothing but its place. */
static void draws(void **state) {
    enum { N = 4000 };
    (void)state;
    for (int i = 0; i < SOME; i++) {
        static const double levels[] = {0.1, 0.5, 0.9};
        for (int l = 0; l < 3; l++) {
            double x = rondo_predicted_quantile(&some[i], levels[l]), share = rondo_predicted_cdf(&some[i], x);
            int below = 0, n = some[i].mean > 1e6 ? 200 : N;
            for (int d = 0; d < n; d++)
                below += rondo_predicted_draw(&some[i], 5, (uint64_t)i, (uint64_t)d) <= x;
            double error = 4.5 * sqrt(share * (1 - share) / n) + 1e-9;
            if (!(fabs((double)below / n - share) <= error))
                fail_msg("row %d: %g of the draws are at or below the quantile at %g", i, (double)below / n, share);
        }
        assert_true(rondo_predicted_draw(&some[i], 5, 1, 77) == rondo_predicted_draw(&some[i], 5, 1, 77));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixtures),
        cmocka_unit_test(special_functions),
        cmocka_unit_test(quantiles_invert_shares),
        cmocka_unit_test(count_scores_are_sums),
        cmocka_unit_test(ends),
        cmocka_unit_test(raw_outputs),
        cmocka_unit_test(draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

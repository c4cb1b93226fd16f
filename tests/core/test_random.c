/* Random numbers: known answers of Philox 4x32-10, and the shape of what is made from them. */
#include <math.h>

#include "core/core.h"
#include "support/test.h"

/* counter[4], key[2], expected[4]: the published known-answer vectors of Random123. */
static const uint32_t known[][10] = {
    {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
    {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
    {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420,
     0x24126ea1},
};

static uint64_t join(uint32_t low, uint32_t high) { return (uint64_t)high << 32 | low; }

static void test_known_answers(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        const uint32_t *v = known[k];
        uint32_t out[4];
        rondo__random_u32x4(join(v[4], v[5]), join(v[2], v[3]), join(v[0], v[1]), out);
        assert_memory_equal(out, v + 6, sizeof out);
    }
}

static void test_one_by_one_equals_blocks(void **state) {
    (void)state;
    for (uint64_t block = 0; block < 5; block++) {
        uint32_t four[4];
        rondo__random_u32x4(7, 3, block, four);
        for (uint64_t i = 0; i < 4; i++)
            assert_int_equal(rondo__random_u32(7, 3, 4 * block + i), four[i]);
    }
}

static void test_uniform(void **state) {
    (void)state;
    double sum = 0, squares = 0;
    const int n = 40000;
    for (int i = 0; i < n; i++) {
        double u = rondo__random_uniform(1, 2, (uint64_t)i);
        assert_true(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    assert_true(fabs(sum / n - 0.5) < 0.01);
    assert_true(fabs(squares / n - 1.0 / 3) < 0.01);
}

static void test_normal(void **state) {
    (void)state;
    double sum = 0, squares = 0, fourth = 0;
    const int n = 40000;
    for (int i = 0; i < n; i++) {
        double x = rondo__random_normal(1, 9, (uint64_t)i);
        assert_true(isfinite(x));
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
    }
    assert_true(fabs(sum / n) < 0.02);
    assert_true(fabs(squares / n - 1) < 0.03);
    assert_true(fabs(fourth / n - 3) < 0.2);
}

/* Moments of each of the four, and of their products. */
static void test_noise(void **state) {
    (void)state;
    double sum = 0, squares = 0, fourth = 0, product[4] = {0};
    const int n = 10000;
    for (int i = 0; i < n; i++) {
        float x[4];
        rondo__random_noise(1, 9, (uint64_t)i, x);
        for (int k = 0; k < 4; k++) {
            const double y = (double)x[k];
            assert_true(isfinite(y));
            sum += y;
            squares += y * y;
            fourth += y * y * y * y;
            product[k] += y * (double)x[(k + 1) % 4];
        }
    }
    assert_true(fabs(sum / n / 4) < 0.02);
    assert_true(fabs(squares / n / 4 - 1) < 0.03);
    assert_true(fabs(fourth / n / 4 - 3) < 0.2);
    for (int k = 0; k < 4; k++)
        assert_true(fabs(product[k] / n) < 0.04);
}

static void test_below(void **state) {
    (void)state;
    int counts[7] = {0};
    for (uint64_t i = 0; i < 7000; i++)
        counts[rondo__random_below(5, 6, i, 7)]++;
    for (int k = 0; k < 7; k++)
        assert_true(counts[k] > 850 && counts[k] < 1150);
    assert_int_equal(rondo__random_below(5, 6, 0, 1), 0);
    assert_true(rondo__random_below(5, 6, 3, UINT64_MAX) < UINT64_MAX);
}

static void test_streams_differ(void **state) {
    (void)state;
    assert_int_not_equal(rondo__random_u32(1, 1, 0), rondo__random_u32(1, 2, 0));
    assert_int_not_equal(rondo__random_u32(1, 1, 0), rondo__random_u32(2, 1, 0));
    assert_int_not_equal(rondo__random_u32(1, 1, 0), rondo__random_u32(1, (uint64_t)1 << 32 | 1, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),  cmocka_unit_test(test_one_by_one_equals_blocks),
        cmocka_unit_test(test_uniform),        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_noise),          cmocka_unit_test(test_below),
        cmocka_unit_test(test_streams_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

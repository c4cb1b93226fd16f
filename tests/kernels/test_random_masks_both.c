/* Random masks of every instruction set are the numbers of core/random.c, and dropout has the bits of the scalar one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

#include "core/core.h"
#include "kernels/kernels.h"

enum { MOST = 300, GUARD = 8 };

static void each_isa(void (*check)(const rondo__kernels *kernels)) {
    char names[64], *rest = NULL;
    strncpy(names, rondo__kernels_available(), sizeof names - 1);
    names[sizeof names - 1] = '\0';
    for (const char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        check(rondo__kernels_get(name));
}

static void check_numbers(const rondo__kernels *kernels) {
    static const uint64_t firsts[] = {0, 1, 2, 7, 64, ((uint64_t)1 << 34) - 30, UINT64_MAX - 700, (uint64_t)1 << 62};
    static const uint64_t thresholds[] = {0, 1, 0x40000000u, 0x80000000u, 0xfffffff0u, (uint64_t)1 << 32};
    static const int64_t lengths[] = {0, 1, 3, 4, 5, 63, 64, 65, 130, MOST};
    uint8_t mask[MOST + GUARD];
    for (size_t f = 0; f < sizeof firsts / sizeof *firsts; f++)
        for (size_t t = 0; t < sizeof thresholds / sizeof *thresholds; t++)
            for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
                const uint64_t seed = 0x123456789abcdef0u + f, stream = 0xfedcba9876543210u * (t + 1);
                const int64_t n = lengths[l];
                memset(mask, 77, sizeof mask);
                kernels->draw_mask(n, mask, seed, stream, firsts[f], thresholds[t]);
                for (int64_t i = 0; i < n; i++)
                    if (mask[i] != (rondo__random_u32(seed, stream, firsts[f] + (uint64_t)i) >= thresholds[t]))
                        fail_msg("%s: number %d from %llu", kernels->isa, (int)i, (unsigned long long)firsts[f]);
                for (int64_t i = n; i < n + GUARD; i++)
                    assert_int_equal(mask[i], 77);
            }
}

static void test_numbers(void **state) {
    (void)state;
    each_isa(check_numbers);
}

static void check_dropout(const rondo__kernels *kernels) {
    const rondo__kernels *scalar = rondo__kernels_get("scalar");
    real x[MOST], a[MOST + GUARD], b[MOST + GUARD];
    uint8_t mask[MOST];
    scalar->draw_mask(MOST, mask, 1, 2, 3, 0x60000000u);
    for (int64_t n = 0; n <= MOST; n += n < 40 ? 1 : 65) {
        for (int64_t i = 0; i < MOST; i++)
            x[i] = i == 5 ? (real)NAN : (real)(rondo__random_uniform(1, 1, (uint64_t)i) - 0.5);
        for (int64_t i = 0; i < MOST + GUARD; i++)
            a[i] = b[i] = (real)i;
        kernels->dropout(n, a, x, mask, (real)1.6);
        scalar->dropout(n, b, x, mask, (real)1.6);
        assert_true(n <= 5 || isnan(a[5]));
        a[5] = b[5] = 1;
        assert_memory_equal(a, b, sizeof a);
        kernels->dropout_backward(n, a, x, mask, (real)1.6);
        scalar->dropout_backward(n, b, x, mask, (real)1.6);
        assert_int_equal(isnan(a[5]), n > 5 && mask[5]);
        a[5] = b[5] = 1;
        assert_memory_equal(a, b, sizeof a);
    }
}

static void test_dropout(void **state) {
    (void)state;
    each_isa(check_dropout);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_dropout)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Each instruction set that this CPU has against the scalar definition; --time prints speeds instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/core.h"
#include "kernels/checks.h"

static void each_set_equals_scalar(void **state) {
    (void)state;
    const char *const names[] = {"scalar", "avx2", "avx512", "neon"};
    for (int i = 0; i < 4; i++)
        if (rondo__kernels_get(names[i]))
            assert_int_equal(check_all(rondo__kernels_get(names[i])), 0);
}

static void unknown_sets_are_refused(void **state) {
    (void)state;
    assert_null(rondo__kernels_get("mmx"));
    assert_non_null(rondo__kernels_get(NULL));
    assert_non_null(strstr(rondo__kernels_available(), "scalar"));
}

static void time_gemm(const rondo__kernels *k, int64_t M, int64_t N, int64_t K) {
    int64_t count = M * K + rondo__packed_count(K, N) + M * N;
    real *a = rondo__alloc((size_t)count * sizeof(real)), *packed = a + M * K, *c = packed + rondo__packed_count(K, N);
    check_fill(a, count);
    double best = 1e9;
    for (int run = 0; run < 7; run++) {
        int repeats = (int)(2e8 / (double)(M * N * K)) + 1;
        double start = rondo__clock_seconds();
        for (int i = 0; i < repeats; i++)
            k->gemm(M, N, K, a, K, 1, packed, 0, N, c, N, NULL, false);
        best = fmin(best, (rondo__clock_seconds() - start) / repeats);
    }
    printf("%-7s gemm %4d x %4d x %4d  %7.1f GFLOP/s  %6.1f GB/s of W\n", k->isa, (int)M, (int)N, (int)K,
           2e-9 * (double)(M * N * K) / best, 1e-9 * (double)(N * K) * sizeof(real) / best);
    rondo__free(a);
}

static void time_gates(const rondo__kernels *k) {
    enum { H = 256, REPEATS = 4000 };
    static real a[4 * H], b[4 * H], c[H], t[H], h[H];
    double lstm = 1e9, gru = 1e9;
    for (int run = 0; run < 7; run++) {
        double start = rondo__clock_seconds();
        for (int i = 0; i < REPEATS; i++)
            k->lstm_gates(H, H, a, c, c, t, h, NULL, 0, false);
        double middle = rondo__clock_seconds();
        for (int i = 0; i < REPEATS; i++)
            k->gru_gates(H, H, b, a, a, h, h);
        lstm = fmin(lstm, (middle - start) / REPEATS);
        gru = fmin(gru, (rondo__clock_seconds() - middle) / REPEATS);
    }
    printf("%-7s lstm_gates %.2f ns per unit, gru_gates %.2f\n", k->isa, 1e9 * lstm / H, 1e9 * gru / H);
}

static int time_all(void) {
    const char *const names[] = {"scalar", "avx2", "avx512", "neon"};
    for (int i = 0; i < 4; i++) {
        const rondo__kernels *k = rondo__kernels_get(names[i]);
        if (!k)
            continue;
        const int64_t shapes[][3] = {{96, 1024, 256}, {12, 1024, 256}, {32, 256, 256},  {96, 1024, 1024},
                                     {5, 1024, 256},  {1, 1024, 256},  {1, 2048, 2048}, {96, 48, 256}};
        for (size_t j = 0; j < sizeof shapes / sizeof *shapes; j++)
            time_gemm(k, shapes[j][0], shapes[j][1], shapes[j][2]);
        time_gates(k);
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--time") == 0)
        return time_all();
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_set_equals_scalar),
                                       cmocka_unit_test(unknown_sets_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

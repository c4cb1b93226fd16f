/* Products of low precision: every instruction set against the definition; any cut of the work gives the same bits;
 * with int8 all instruction sets agree to the bit; what is not finite is not hidden. */
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "kernels/kernels.h"

enum { MOST = 80 * 700 };
static const char *const names[] = {"scalar", "avx2", "avx512", "neon"};

/* The table of a precision at place i of names, NULL where this CPU has none; at place 4 that of AVX-512 without its
 * own instructions for bf16 and bytes. */
enum { TABLES = 5 };
static const rondo__kernels *table_of(int i, rondo__precision precision) {
#if defined(__x86_64__) && !defined(RONDO_DOUBLE)
    static rondo__kernels plain[RONDO__PRECISIONS];
    if (i == 4 && rondo__kernels_get("avx512")) {
        plain[precision] = *rondo__kernels_get("avx512");
        rondo__low_avx512(&plain[precision], precision);
        return &plain[precision];
    }
#endif
    const rondo__kernels *exact = i < 4 ? rondo__kernels_get(names[i]) : NULL;
    return exact ? rondo__kernels_with(exact, precision) : NULL;
}

typedef struct product {
    int64_t M, N, K;
    bool transposed_a, transposed_w, accumulate, bias;
} product;

static real a[MOST], w[MOST], bias[700], want[MOST], got[MOST];

static void fill(int64_t n, real *x, uint64_t stream) {
    for (int64_t i = 0; i < n; i++)
        x[i] = (real)rondo__random_normal(7, stream, (uint64_t)i);
}

/* In pieces of so many rows and columns. The packed room ends where W does. */
static void run(const rondo__kernels *k, const product *p, int64_t rows, int64_t columns, real *c) {
    real *packed = malloc((size_t)rondo__packed_count(p->K, p->N) * sizeof(real));
    for (int64_t i = 0; i < p->M * p->N; i++)
        c[i] = (real)0.25 * (real)(i % 7);
    memset(packed, 0xff, (size_t)rondo__packed_count(p->K, p->N) * sizeof(real));
    k->pack(packed, w, p->transposed_w ? 1 : p->N, p->transposed_w ? p->K : 1, p->K, p->N, 0, p->N);
    for (int64_t m = 0; m < p->M; m += rows)
        for (int64_t n = 0; n < p->N; n += columns) {
            const int64_t end = n + columns < p->N ? n + columns : p->N;
            const int64_t count = p->M - m < rows ? p->M - m : rows;
            const int64_t ars = p->transposed_a ? 1 : p->K, acs = p->transposed_a ? p->M : 1;
            k->gemm(count, p->N, p->K, a + m * ars, ars, acs, packed, n, end, c + m * p->N, p->N, p->bias ? bias : NULL,
                    p->accumulate);
        }
    free(packed);
}

/* Largest difference, over the size that a sum of K products of normal numbers has. */
static double worst(const product *p, const real *x, const real *y) {
    double most = 0;
    for (int64_t i = 0; i < p->M * p->N; i++)
        most = fmax(most, fabs((double)x[i] - (double)y[i]));
    return most / sqrt((double)p->K + 1);
}

static void check(const product *p) {
    fill(p->M * p->K, a, 1);
    fill(p->K * p->N, w, 2);
    fill(p->N, bias, 3);
    for (int precision = RONDO__BF16; precision < RONDO__PRECISIONS; precision++) {
        static real exact[MOST];
        const rondo__kernels *scalar = rondo__kernels_get("scalar");
        run(scalar, p, p->M, p->N, exact);
        run(rondo__kernels_with(scalar, (rondo__precision)precision), p, p->M, p->N, want);
        assert_true(worst(p, want, exact) < (precision == RONDO__BF16 ? 0.03 : 0.1));
        for (int i = 0; i < TABLES; i++) {
            const rondo__kernels *k = table_of(i, (rondo__precision)precision);
            if (!k)
                continue;
            assert_int_equal(k->precision, precision);
            run(k, p, p->M, p->N, got);
            if (precision == RONDO__INT8 && sizeof(real) == 4)
                assert_memory_equal(got, want, (size_t)(p->M * p->N) * sizeof(real));
            assert_true(worst(p, got, want) < 1e-5);
            static real cut[MOST];
            static const int64_t cuts[][2] = {{1, RONDO_PANEL}, {5, 2 * RONDO_PANEL}, {1, 16}, {11, 48}, {3, 23}};
            for (size_t j = 0; j < sizeof cuts / sizeof *cuts; j++) {
                run(k, p, cuts[j][0], cuts[j][1], cut);
                assert_memory_equal(got, cut, (size_t)(p->M * p->N) * sizeof(real));
            }
        }
    }
}

static void equals_definition(void **state) {
    (void)state;
    static const int64_t M[] = {1, 2, 5, 7, 24, 31}, N[] = {1, 15, 64, 97, 330}, K[] = {0, 1, 2, 3, 5, 64, 130, 601};
    int turn = 0;
    for (size_t m = 0; m < sizeof M / sizeof *M; m++)
        for (size_t n = 0; n < sizeof N / sizeof *N; n++)
            for (size_t k = 0; k < sizeof K / sizeof *K; k++, turn++) {
                if (M[m] * K[k] > MOST || N[n] * K[k] > MOST || (M[m] > 7 && N[n] > 97 && K[k] > 64))
                    continue;
                check(&(product){M[m], N[n], K[k], turn % 2, turn / 2 % 2, turn / 4 % 2, turn / 8 % 2});
            }
}

/* NaN and infinities in A or W reach what depends on them and nothing else. */
static void not_hidden(void **state) {
    (void)state;
    const product p = {3, 70, 40, false, false, false, false};
    for (int i = 0; i < TABLES; i++)
        for (int precision = RONDO__BF16; precision < RONDO__PRECISIONS && table_of(i, RONDO__BF16); precision++)
            for (int infinite = 0; infinite < 2; infinite++) {
                const rondo__kernels *k = table_of(i, (rondo__precision)precision);
                fill(p.M * p.K, a, 1);
                fill(p.K * p.N, w, 2);
                a[1 * p.K + 7] = infinite ? (real)INFINITY : (real)NAN;
                w[3 * p.N + 69] = infinite ? -(real)INFINITY : (real)NAN;
                run(k, &p, p.M, p.N, got);
                for (int64_t m = 0; m < p.M; m++)
                    for (int64_t n = 0; n < p.N; n++)
                        assert_int_equal(isfinite(got[m * p.N + n]), m != 1 && n != 69);
            }
}

static void zeros_give_the_bias(void **state) {
    (void)state;
    const product p = {2, 20, 9, false, false, false, true};
    for (int i = 0; i < TABLES; i++)
        for (int precision = RONDO__BF16; precision < RONDO__PRECISIONS && table_of(i, RONDO__BF16); precision++) {
            const rondo__kernels *k = table_of(i, (rondo__precision)precision);
            fill(p.N, bias, 3);
            memset(a, 0, sizeof a);
            fill(p.K * p.N, w, 2);
            run(k, &p, p.M, p.N, got);
            for (int64_t n = 0; n < p.N; n++)
                assert_true(got[n] == bias[n]);
        }
}

/* A row of A is rounded as a whole; rows so long that a sum might not fit are multiplied as float, bit for bit. */
static void long_rows(void **state) {
    (void)state;
    static real x[2 * 70000], y[70000], room[16 * 70000], c[2], d[2];
    fill(2 * 70000, x, 1);
    fill(70000, y, 2);
    for (int i = 0; i < 4; i++)
        for (int64_t K = 65536; K <= 65537 && rondo__kernels_get(names[i]); K++) {
            const rondo__kernels *exact = rondo__kernels_get(names[i]), *low = rondo__kernels_with(exact, RONDO__INT8);
            exact->pack(room, y, 1, 1, K, 1, 0, 1);
            exact->gemm(2, 1, K, x, K, 1, room, 0, 1, c, 1, NULL, false);
            low->pack(room, y, 1, 1, K, 1, 0, 1);
            low->gemm(2, 1, K, x, K, 1, room, 0, 1, d, 1, NULL, false);
            assert_int_equal(c[0] == d[0] && c[1] == d[1], K > 65536);
            assert_true(fabs((double)(c[0] - d[0])) < 0.05 * 256 && fabs((double)(c[1] - d[1])) < 0.05 * 256);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_definition), cmocka_unit_test(not_hidden),
                                       cmocka_unit_test(zeros_give_the_bias), cmocka_unit_test(long_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

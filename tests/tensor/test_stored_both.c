/* Weights in low precision: rounded and packed as the float kernels round and pack them, multiplied to the same bits by
 * every instruction set, with scales of their own or given ones; what is not finite is not hidden; sizes that are seen.
 */
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/low.h"
#include "kernels/observe.h"
#include "tensor/stored.h"

enum { MOST_ROWS = 150, MOST_COLUMNS = 90, MOST = MOST_ROWS * MOST_COLUMNS, M = 5 };
static const char *const names[] = {"scalar", "avx2", "avx512", "neon"};

typedef struct weights {
    int64_t N, K;
    real w[MOST], x[M * MOST_COLUMNS], y[M * MOST_ROWS], z[M * MOST_ROWS], packed[2 * MOST + 20000];
    int8_t bytes[MOST];
    uint16_t halves[MOST];
    float scale[MOST_ROWS];
    rondo__stored int8, bf16;
} weights;

static weights *make(int64_t N, int64_t K) {
    weights *w = calloc(1, sizeof *w);
    w->N = N;
    w->K = K;
    for (int64_t i = 0; i < N * K; i++)
        w->w[i] = (real)rondo__random_normal(1, 1, (uint64_t)i) * (real)(1 + i % 3);
    for (int64_t i = 0; i < M * K; i++)
        w->x[i] = (real)rondo__random_normal(1, 2, (uint64_t)i);
    assert_true(rondo__store_int8(w->bytes, w->scale, w->w, N, K));
    rondo__store_bf16(w->halves, w->w, N, K);
    w->int8 = (rondo__stored){.dtype = RONDO_I8, .rows = N, .columns = K, .data = w->bytes, .scale = w->scale};
    w->bf16 = (rondo__stored){.dtype = RONDO_BF16, .rows = N, .columns = K, .data = w->halves};
    return w;
}

static rondo_context *context_of(const char *isa, rondo_precision precision, int threads) {
    rondo_context *context = NULL;
    if (rondo__kernels_get(isa))
        assert_int_equal(
            rondo_context_create(
                &context, &(rondo_context_options){.threads = threads, .precision = precision, .isa = isa}, NULL),
            RONDO_OK);
    return context;
}

/* y = x·Wᵀ with rows [row, row + rows) of stored weights. */
static void multiply(rondo_context *context, weights *w, const rondo__stored *stored, int64_t row, int64_t rows,
                     real *y) {
    rondo_context mixed = rondo__context_mixed(context);
    memset(w->packed, 0xff, sizeof w->packed);
    rondo__stored_pack(&mixed, w->packed, stored, row, rows);
    rondo__product(&mixed, M, rows, w->K, w->x, w->K, 1, w->packed, y, rows, NULL, false);
}

/* The same as floats packed for a context of that precision, bit for bit: all rows, and some of them. */
static void equals_rounding_while_packing(void **state) {
    (void)state;
    static const int64_t shapes[][2] = {{1, 1}, {3, 2}, {16, 3}, {17, 4}, {64, 33}, {70, 65}, {150, 90}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int i = 0; i < 4; i++)
            for (int precision = RONDO_PRECISION_BF16; precision <= RONDO_PRECISION_INT8; precision++) {
                rondo_context *context = context_of(names[i], (rondo_precision)precision, 2);
                weights *w = make(shapes[s][0], shapes[s][1]);
                const rondo__stored *stored = precision == RONDO_PRECISION_INT8 ? &w->int8 : &w->bf16;
                for (int64_t row = 0; context && row < w->N; row += w->N / 2 + 1) {
                    const int64_t rows = w->N - row;
                    rondo__pack(context, w->packed, w->w + row * w->K, 1, w->K, w->K, rows);
                    rondo__product(context, M, rows, w->K, w->x, w->K, 1, w->packed, w->y, rows, NULL, false);
                    multiply(context, w, stored, row, rows, w->z);
                    assert_memory_equal(w->y, w->z, (size_t)(M * rows) * sizeof(real));
                }
                free(w);
                rondo_context_destroy(&context);
            }
}

/* A context of float multiplies them as one of int8 does, and floats as ever; all instruction sets give the same. */
static void one_context_for_all(void **state) {
    (void)state;
    weights *w = make(70, 65);
    static real first[M * MOST_ROWS];
    for (int given = 0; given < 2; given++) {
        w->int8.most = given ? 1.5f : 0; /* smaller than the largest: some are cut off */
        for (int i = 0; i < 4; i++) {
            rondo_context *context = context_of(names[i], RONDO_PRECISION_F32, 1 + i % 3);
            if (!context)
                continue;
            multiply(context, w, &w->int8, 0, w->N, w->y);
            memcpy(i ? w->z : first, w->y, sizeof w->y);
            if (sizeof(real) == 4)
                assert_memory_equal(first, w->y, (size_t)(M * w->N) * sizeof(real));
            rondo_context mixed = rondo__context_mixed(context);
            rondo__pack(&mixed, w->packed, w->w, 1, w->K, w->K, w->N);
            rondo__product(&mixed, M, w->N, w->K, w->x, w->K, 1, w->packed, w->y, w->N, NULL, false);
            rondo__pack(context, w->packed, w->w, 1, w->K, w->K, w->N);
            rondo__product(context, M, w->N, w->K, w->x, w->K, 1, w->packed, w->z, w->N, NULL, false);
            assert_memory_equal(w->y, w->z, (size_t)(M * w->N) * sizeof(real));
            rondo_context_destroy(&context);
        }
    }
    free(w);
}

/* With a given size, numbers are rounded by it and cut off at it: what a loop over whole numbers says. */
static void given_sizes(void **state) {
    (void)state;
    weights *w = make(20, 33);
    rondo_context *context = context_of("scalar", RONDO_PRECISION_F32, 1);
    const float most = w->int8.most = 1.25f;
    w->x[3] = 100;
    multiply(context, w, &w->int8, 0, w->N, w->y);
    for (int64_t m = 0; m < M; m++)
        for (int64_t n = 0; n < w->N; n++) {
            int64_t sum = 0;
            for (int64_t k = 0; k < w->K; k++) {
                const double q = rint((double)((float)w->x[m * w->K + k] * (127 / most)));
                sum += (int64_t)fmax(-127, fmin(127, q)) * w->bytes[n * w->K + k];
            }
            const double want = (double)sum * (double)(most / 127 * w->scale[n]);
            assert_true(fabs(want - (double)w->y[m * w->N + n]) <= 1e-5 * (1 + fabs(want)));
        }
    rondo_context_destroy(&context);
    free(w);
}

static void not_hidden(void **state) {
    (void)state;
    weights *w = make(20, 33);
    for (int i = 0; i < 4; i++)
        for (int given = 0; given < 2; given++)
            for (int infinite = 0; infinite < 2; infinite++) {
                rondo_context *context = context_of(names[i], RONDO_PRECISION_F32, 1);
                if (!context)
                    continue;
                w->int8.most = given ? 2 : 0;
                w->x[2 * w->K + 7] = infinite ? (real)INFINITY : (real)NAN;
                multiply(context, w, &w->int8, 0, w->N, w->y);
                for (int64_t m = 0; m < M; m++)
                    for (int64_t n = 0; n < w->N; n++)
                        assert_int_equal(isfinite(w->y[m * w->N + n]), m != 2);
                rondo_context_destroy(&context);
            }
    w->w[5] = (real)NAN;
    assert_false(rondo__store_int8(w->bytes, w->scale, w->w, w->N, w->K));
    free(w);
}

static void rows_as_floats(void **state) {
    (void)state;
    weights *w = make(20, 33);
    static real row[MOST_COLUMNS];
    for (int64_t n = 0; n < w->N; n++) {
        rondo__stored_row(&w->int8, n, row);
        for (int64_t k = 0; k < w->K; k++) {
            assert_true(row[k] == (real)((float)w->bytes[n * w->K + k] * w->scale[n]));
            assert_true(fabs((double)(row[k] - w->w[n * w->K + k])) <= 0.5001 * (double)w->scale[n]);
            assert_true(rondo__stored_at(&w->int8, n, k) == (double)row[k]);
        }
        rondo__stored_row(&w->bf16, n, row);
        for (int64_t k = 0; k < w->K; k++)
            assert_true(fabs((double)(row[k] - w->w[n * w->K + k])) <= fabs((double)row[k]) / 256);
    }
    free(w);
}

/* An observer sees every number once, whatever pieces the products come in, and the noise of rounding. */
static void observed(void **state) {
    (void)state;
    weights *w = make(70, 33);
    static uint64_t histogram[RONDO__OBSERVED_SIZES];
    static real low[2 * MOST + 20000], rows[2][MOST_ROWS];
    rondo__observer o = {.K = w->K, .N = w->N, .histogram = histogram, .low = low, .row = {rows[0], rows[1]}};
    for (int i = 0; i < 4; i++) {
        rondo_context *context = context_of(names[i], RONDO_PRECISION_F32, 1);
        if (!context)
            continue;
        rondo_context mixed = rondo__context_mixed(context);
        memset(histogram, 0, sizeof histogram);
        o.signal = o.noise = 0;
        o.most = 0;
        rondo__stored_pack(&mixed, low, &w->int8, 0, w->N);
        rondo__stored watched = w->int8;
        watched.dtype = RONDO_REAL;
        watched.data = w->w;
        watched.observer = &o;
        rondo__stored_pack(&mixed, w->packed, &watched, 0, w->N);
        for (int64_t n = 0; n < w->N; n += 23)
            mixed.kernels->gemm(M, w->N, w->K, w->x, w->K, 1, w->packed, n, n + 23 < w->N ? n + 23 : w->N, w->y, w->N,
                                NULL, false);
        uint64_t seen = 0;
        double most = 0;
        for (int64_t b = 0; b < RONDO__OBSERVED_SIZES; b++)
            seen += histogram[b];
        for (int64_t j = 0; j < M * w->K; j++)
            most = fmax(most, fabs((double)w->x[j]));
        assert_int_equal(seen, M * w->K);
        assert_true((double)rondo__observed_size(&o, 1) == (double)(float)most);
        const double half = (double)rondo__observed_size(&o, 0.5);
        int64_t below = 0;
        for (int64_t j = 0; j < M * w->K; j++)
            below += fabs((double)w->x[j]) <= half;
        assert_true(below >= M * w->K / 2 && below <= M * w->K / 2 + 8);
        assert_true(o.signal > 0 && 10 * log10(o.signal / o.noise) > 35);
        rondo_context_destroy(&context);
    }
    free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_rounding_while_packing),
                                       cmocka_unit_test(one_context_for_all),
                                       cmocka_unit_test(given_sizes),
                                       cmocka_unit_test(not_hidden),
                                       cmocka_unit_test(rows_as_floats),
                                       cmocka_unit_test(observed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

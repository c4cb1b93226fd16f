/* Products over threads: the same bits for any number of threads, and for packed and unpacked operands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tensor/context.h"

typedef struct shape {
    int64_t M, N, K;
} shape;
static const shape shapes[] = {{1, 1, 1},       {5, 70, 0},    {1, 700, 300}, {37, 129, 65},
                               {200, 130, 300}, {97, 64, 700}, {300, 257, 33}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static real *fresh(int64_t n, uint64_t stream) {
    real *x = rondo__alloc((size_t)(n + 1) * sizeof(real));
    for (int64_t i = 0; i < n; i++)
        x[i] = (real)(2 * rondo__random_uniform(7, stream, (uint64_t)i) - 1);
    return x;
}

static rondo_context *context_of(int threads) {
    rondo_context *context;
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    return context;
}

/* C by rondo__pack and rondo__product, or by rondo__product_any; transposed: A is stored (K, M). */
static real *product(int threads, shape s, bool any, bool transposed, bool accumulate) {
    rondo_context *context = context_of(threads);
    real *a = fresh(s.M * s.K, 1), *b = fresh(s.K * s.N, 2), *c = fresh(s.M * s.N, 3);
    int64_t ars = transposed ? 1 : s.K, acs = transposed ? s.M : 1;
    real *packed = fresh(rondo__packed_count(s.K, s.N), 4);
    void *scratch = rondo__alloc(rondo__product_scratch(s.M, s.N, s.K));
    if (any) {
        rondo__product_any(context, scratch, s.M, s.N, s.K, a, ars, acs, b, s.N, 1, c, s.N, accumulate);
    } else {
        rondo__pack(context, packed, b, s.N, 1, s.K, s.N);
        rondo__product(context, s.M, s.N, s.K, a, ars, acs, packed, c, s.N, NULL, accumulate);
    }
    rondo__free(a);
    rondo__free(b);
    rondo__free(packed);
    rondo__free(scratch);
    rondo_context_destroy(&context);
    return c;
}

static void same_bits_for_any_threads_and_way(void **state) {
    (void)state;
    const int threads[] = {1, 2, 3, 4, 8};
    for (int i = 0; i < SHAPES; i++)
        for (int way = 0; way < 4; way++) {
            real *want = product(1, shapes[i], false, way & 1, way & 2);
            for (int t = 0; t < 10; t++) {
                real *got = product(threads[t / 2], shapes[i], t & 1, way & 1, way & 2);
                assert_memory_equal(want, got, (size_t)(shapes[i].M * shapes[i].N) * sizeof(real));
                rondo__free(got);
            }
            rondo__free(want);
        }
}

static void transposed_operands_give_the_same_bits(void **state) {
    (void)state;
    enum { M = 50, N = 90, K = 270 };
    rondo_context *context = context_of(2);
    real *b = fresh(K * N, 2), *bt = fresh(K * N, 2), *a = fresh(M * K, 1), *c = fresh(M * N, 3), *d = fresh(M * N, 3);
    for (int k = 0; k < K; k++)
        for (int n = 0; n < N; n++)
            bt[n * K + k] = b[k * N + n];
    void *scratch = rondo__alloc(rondo__product_scratch(M, N, K));
    rondo__product_any(context, scratch, M, N, K, a, K, 1, b, N, 1, c, N, false);
    rondo__product_any(context, scratch, M, N, K, a, K, 1, bt, 1, K, d, N, false);
    assert_memory_equal(c, d, M * N * sizeof(real));
    rondo__free(a);
    rondo__free(b);
    rondo__free(bt);
    rondo__free(c);
    rondo__free(d);
    rondo__free(scratch);
    rondo_context_destroy(&context);
}

static void column_sums_add(void **state) {
    (void)state;
    enum { M = 37, N = 300, LD = 303 };
    real *x = fresh(M * LD, 1), *one = fresh(N, 2), *many = fresh(N, 2), *start = fresh(N, 2);
    rondo_context *a = context_of(1), *b = context_of(4);
    rondo__column_sums(a, M, N, x, LD, one);
    rondo__column_sums(b, M, N, x, LD, many);
    assert_memory_equal(one, many, N * sizeof(real));
    for (int n = 0; n < N; n++) {
        double want = start[n];
        for (int m = 0; m < M; m++)
            want += x[m * LD + n];
        assert_true(want - one[n] < 1e-4 && one[n] - want < 1e-4);
    }
    rondo__free(x);
    rondo__free(one);
    rondo__free(many);
    rondo__free(start);
    rondo_context_destroy(&a);
    rondo_context_destroy(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bits_for_any_threads_and_way),
                                       cmocka_unit_test(transposed_operands_give_the_same_bits),
                                       cmocka_unit_test(column_sums_add)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

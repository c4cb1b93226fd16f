/* Values of the operators against the plainest loops, over sizes larger than one task, and zero-sized arrays. */
#include <math.h>

#include "support/test.h"

#include "core/core.h"
#include "rondo/ops.h"

enum { R = 300, K = 131, N = 70 };

static rondo_context *context;
static rondo_tape *tape;
static rondo_real a[R * K], w[N * K], row[N];

static rondo_var *constant(rondo_real *data, int rank, int64_t d0, int64_t d1) {
    rondo_tensor value = rondo_tensor_view(RONDO_REAL, data, rank, (int64_t[]){d0, d1});
    return rondo_leaf(tape, &value, NULL);
}

static const rondo_real *numbers(const rondo_var *y) {
    assert_int_equal(rondo_tape_status(tape, NULL), RONDO_OK);
    return y->value.data;
}

static void near(double value, double expected) {
    if (!(fabs(value - expected) <= 1e-5 * (1 + fabs(expected))))
        fail_msg("%g, expected %g", value, expected);
}

static void test_products(void **state) {
    (void)state;
    rondo_tape_begin(tape, NULL);
    const rondo_real *y =
        numbers(rondo_linear(tape, constant(a, 2, R, K), constant(w, 2, N, K), constant(row, 1, N, 0)));
    const rondo_real *z = numbers(rondo_matmul(tape, constant(a, 2, R, K), constant(w, 2, K, N)));
    for (int r = 0; r < R; r++)
        for (int n = 0; n < N; n++) {
            double linear = (double)row[n], matmul = 0;
            for (int k = 0; k < K; k++) {
                linear += (double)a[r * K + k] * (double)w[n * K + k];
                matmul += (double)a[r * K + k] * (double)w[k * N + n];
            }
            near((double)y[r * N + n], linear);
            near((double)z[r * N + n], matmul);
        }
}

static void test_elements(void **state) {
    (void)state;
    rondo_tape_begin(tape, NULL);
    rondo_var *x = constant(a, 2, R, K), *line = constant(w, 1, K, 0);
    const rondo_real *add = numbers(rondo_add(tape, x, line)), *mul = numbers(rondo_mul(tape, x, line));
    const rondo_real *affine = numbers(rondo_affine(tape, x, 3, 2)),
                     *clip = numbers(rondo_clip(tape, x, (rondo_real).4));
    const rondo_real *th = numbers(rondo_tanh(tape, x)), *sg = numbers(rondo_sigmoid(tape, x));
    const rondo_real *relu = numbers(rondo_relu(tape, x));
    double total = 0;
    for (int i = 0; i < R * K; i++) {
        double v = (double)a[i], b = (double)w[i % K];
        total += v;
        near((double)add[i], v + b);
        near((double)mul[i], v * b);
        near((double)affine[i], 3 * v + 2);
        near((double)clip[i], fmin(fmax(v, -.4), .4));
        near((double)th[i], tanh(v));
        near((double)sg[i], 1 / (1 + exp(-v)));
        near((double)relu[i], fmax(v, 0));
    }
    near((double)*numbers(rondo_sum(tape, x)), total);
    near((double)*numbers(rondo_mean(tape, x)), total / (R * K));
}

static void test_pieces(void **state) {
    (void)state;
    rondo_tape_begin(tape, NULL);
    rondo_var *x = constant(a, 2, R, K);
    rondo_var *left = rondo_slice(tape, x, 1, 0, 50), *right = rondo_slice(tape, x, 1, 50, K);
    rondo_var *whole = rondo_concat(tape, 1, 2, (rondo_var *[]){left, right});
    assert_memory_equal(numbers(whole), a, sizeof a);
    assert_true(numbers(right)[7 * (K - 50) + 3] == a[7 * K + 53]);
    rondo_var *steps = rondo_reshape(tape, x, 3, (int64_t[]){3, 100, -1});
    int32_t lengths[100];
    for (int b = 0; b < 100; b++)
        lengths[b] = b % 4;
    const rondo_real *y = numbers(rondo_reverse_time(tape, steps, lengths));
    for (int t = 0; t < 3; t++)
        for (int b = 0; b < 100; b++)
            for (int k = 0; k < K; k++)
                assert_true(y[(t * 100 + b) * K + k] ==
                            (t < lengths[b] ? a[((lengths[b] - 1 - t) * 100 + b) * K + k] : 0));
}

/* Arrays without elements go through everything that has a meaning for them. */
static void test_nothing(void **state) {
    rondo_real dw[N * K] = {0};
    rondo_tensor weights = rondo_tensor_view(RONDO_REAL, w, 2, (int64_t[]){N, K});
    (void)state;
    rondo_tape_begin(tape, &(rondo_step){.recording = true, .training = true});
    rondo_var *x = rondo_zeros(tape, 3, (int64_t[]){0, 4, K});
    x = rondo_dropout(tape, x, (rondo_real).5, true);
    rondo_var *y = rondo_linear(tape, x, rondo_leaf(tape, &weights, dw), NULL);
    y = rondo_softmax(tape, rondo_layer_norm(tape, rondo_tanh(tape, y), NULL, NULL, (rondo_real)1e-5));
    y = rondo_concat(tape, 0, 2, (rondo_var *[]){y, rondo_reverse_time(tape, rondo_slice(tape, y, 0, 0, 0), NULL)});
    rondo_var *loss = rondo_add(tape, rondo_sum(tape, y), rondo_cross_entropy(tape, y, NULL, NULL));
    assert_true(*numbers(loss) == 0);
    assert_int_equal(rondo_backward(tape, loss, 1), RONDO_OK);
    for (int i = 0; i < N * K; i++)
        assert_true(dw[i] == 0);
    assert_null(rondo_mean(tape, y));
    assert_int_equal(rondo_tape_status(tape, NULL), RONDO_SHAPE);
}

static int begin(void **state) {
    (void)state;
    for (int i = 0; i < R * K; i++)
        a[i] = (rondo_real)(2 * rondo__random_uniform(1, 0, (uint64_t)i) - 1);
    for (int i = 0; i < N * K; i++)
        w[i] = (rondo_real)(2 * rondo__random_uniform(1, 1, (uint64_t)i) - 1);
    for (int i = 0; i < N; i++)
        row[i] = (rondo_real)(2 * rondo__random_uniform(1, 2, (uint64_t)i) - 1);
    return rondo_context_create(&context, NULL, NULL) || rondo_tape_create(&tape, context, NULL);
}

static int end(void **state) {
    (void)state;
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_products), cmocka_unit_test(test_elements),
                                       cmocka_unit_test(test_pieces), cmocka_unit_test(test_nothing)};
    return cmocka_run_group_tests(tests, begin, end);
}

/* Which call of a step was the first to be no longer finite. */
#include <math.h>
#include <string.h>

#include "autograd/tape_blame.h"
#include "rondo/rondo.h"
#include "support/test.h"

enum { T = 3, B = 4, I = 5, N = T * B * I };

static rondo_context *context;
static rondo_tape *tape;
static rondo_real a[N], b[N], grad[N];
static const rondo_step recording = {.recording = true, .seed = 1};

static rondo_var *leaf(rondo_real *data, rondo_real *gradient) {
    const rondo_tensor value = rondo_tensor_view(RONDO_REAL, data, 3, (int64_t[]){T, B, I});
    return rondo_leaf(tape, &value, gradient);
}

static void fill(rondo_real x, rondo_real y) {
    for (int i = 0; i < N; i++)
        a[i] = x, b[i] = y, grad[i] = 0;
}

/* sum(tanh(a * b * factor)) and back, or without tanh */
static rondo_status compute(rondo_real factor, bool squash) {
    rondo_tape_begin(tape, &recording);
    rondo_var *y = rondo_mul(tape, leaf(a, grad), leaf(b, NULL));
    y = rondo_affine(tape, y, factor, 0);
    rondo_var *loss = rondo_sum(tape, squash ? rondo_tanh(tape, y) : y);
    return rondo_backward(tape, loss, 1);
}

static const char *blamed(void) {
    static char text[128];
    rondo__blame blame;
    return rondo__tape_blame(tape, &blame) ? rondo__blame_text(&blame, text, sizeof text) : "";
}

static void test_values(void **state) {
    (void)state;
    fill(2, 3);
    assert_int_equal(compute(1, true), RONDO_OK);
    assert_string_equal(blamed(), "");
    a[(1 * B + 2) * I + 4] = (rondo_real)1e30, b[(1 * B + 2) * I + 4] = (rondo_real)1e30;
    assert_int_equal(compute(1, true), RONDO_OK);
    assert_string_equal(blamed(), "'mul' at row 3, time step 2");
    a[(1 * B + 2) * I + 4] = NAN;
    assert_int_equal(compute(1, true), RONDO_OK);
    assert_string_equal(blamed(), "'mul' at row 3, time step 2");
}

/* -inf alone may be a mask, but where it is all there is, it is to blame */
static void test_minus_infinity(void **state) {
    (void)state;
    fill(1, 1);
    b[7] = -INFINITY;
    assert_int_equal(compute(1, true), RONDO_OK);
    assert_string_equal(blamed(), "backward of 'mul' at row 2, time step 1");
    fill(0, 1);
    b[7] = 0;
    rondo_tape_begin(tape, NULL);
    rondo_affine(tape, leaf(a, NULL), 1, -INFINITY);
    assert_string_equal(blamed(), ""); /* nothing is recorded, so nothing can be said */
}

static void test_sums(void **state) {
    (void)state;
    fill((rondo_real)1e38, 1);
    a[(2 * B + 1) * I] = (rondo_real)1.5e38;
    assert_int_equal(compute(1, false), RONDO_OK);
    assert_string_equal(blamed(), "'sum' at row 2, time step 3");
}

/* all values are finite; b * factor is not */
static void test_gradients(void **state) {
    (void)state;
    fill((rondo_real)1e-30, 1);
    b[(2 * B + 0) * I + 1] = (rondo_real)1e30;
    a[(2 * B + 0) * I + 1] = (rondo_real)1e-35;
    assert_int_equal(compute((rondo_real)1e20, false), RONDO_OK);
    assert_true(isinf(grad[(2 * B + 0) * I + 1]));
    assert_string_equal(blamed(), "backward of 'mul' at row 1, time step 3");
    assert_string_equal(blamed(), "backward of 'mul' at row 1, time step 3"); /* as often as one asks */
}

/* What backward wrote over is put back before it is done again: it adds the same gradients once more. */
static void test_again(void **state) {
    enum { H = 6 };
    static rondo_real w_ih[4 * H * I], w_hh[4 * H * H];
    (void)state;
    fill(0, 0);
    for (int i = 0; i < N; i++)
        a[i] = (rondo_real)sin(i);
    for (int i = 0; i < 4 * H * I; i++)
        w_ih[i] = (rondo_real)cos(3 * i);
    for (int i = 0; i < 4 * H * H; i++)
        w_hh[i] = (rondo_real)cos(5 * i);
    const rondo_tensor ih = rondo_tensor_view(RONDO_REAL, w_ih, 2, (int64_t[]){4 * H, I});
    const rondo_tensor hh = rondo_tensor_view(RONDO_REAL, w_hh, 2, (int64_t[]){4 * H, H});
    rondo_tape_begin(tape, &recording);
    const rondo_lstm_weights weights = {.w_ih = rondo_leaf(tape, &ih, NULL), .w_hh = rondo_leaf(tape, &hh, NULL)};
    rondo_var *y = rondo_lstm(tape, leaf(a, grad), NULL, NULL, &weights, NULL).output;
    rondo_var *loss = rondo_sum(tape, rondo_mul(tape, y, rondo__tanh_in_place(tape, rondo_affine(tape, y, 2, 0))));
    assert_int_equal(rondo_backward(tape, loss, 1), RONDO_OK);
    rondo_real once[N];
    memcpy(once, grad, sizeof once);
    assert_string_equal(blamed(), "");
    for (int i = 0; i < N; i++)
        assert_true(once[i] != 0 && fabs((double)(grad[i] - 2 * once[i])) <= 1e-5 * fabs((double)once[i]) + 1e-7);
}

static void test_shapes(void **state) {
    char text[128];
    (void)state;
    const rondo__blame two = {.op = "linear", .shape = {.rank = 2, .dims = {7, 3}}, .index = {4, 1}},
                       one = {.op = "affine", .shape = {.rank = 1, .dims = {9}}, .index = {8}}, none = {.op = "mean"};
    assert_string_equal(rondo__blame_text(&two, text, sizeof text), "'linear' at row 5 of 7");
    assert_string_equal(rondo__blame_text(&one, text, sizeof text), "'affine' at number 9 of 9");
    assert_string_equal(rondo__blame_text(&none, text, sizeof text), "'mean'");
}

static int begin(void **state) {
    (void)state;
    return rondo_context_create(&context, &(rondo_context_options){.threads = 2}, NULL) ||
           rondo_tape_create(&tape, context, NULL);
}

static int end(void **state) {
    (void)state;
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_minus_infinity),
                                       cmocka_unit_test(test_sums),   cmocka_unit_test(test_gradients),
                                       cmocka_unit_test(test_again),  cmocka_unit_test(test_shapes)};
    return cmocka_run_group_tests(tests, begin, end);
}

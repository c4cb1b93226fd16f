/* What the laws do not ask of the Elman cell: absent inputs, single gradients, empty shapes, exact zoneout, refusals.
 */
#include "nn/cell_calls.h"

enum { T = 3, B = 2, I = 3, H = 5, X = 0, H0, W_IH, W_HH, B_IH, B_HH, INPUTS };

static const array arrays[INPUTS] = {{"x", 3, {T, B, I}}, {"h0", 2, {B, H}}, {"w_ih", 2, {H, I}},
                                     {"w_hh", 2, {H, H}}, {"b_ih", 1, {H}},  {"b_hh", 1, {H}}};

static void call(rondo_tape *tape, rondo_var *const *in, const void *options, rondo_var **out) {
    const rondo_elman_weights weights = {in[W_IH], in[W_HH], in[B_IH], in[B_HH]};
    const rondo_elman_result result = rondo_elman(tape, in[X], in[H0], &weights, options);
    out[0] = result.output;
    out[1] = result.h;
}

static const called_cell cell = {INPUTS, arrays, call};

static void test_absent(void **state) {
    (void)state;
    absent_is_zero(&cell, 1 << H0, (call_mode){0});
    absent_is_zero(&cell, 1 << B_IH, (call_mode){0});
    absent_is_zero(&cell, 1 << B_HH, (call_mode){0});
    absent_is_zero(&cell, 1 << B_HH | 1 << B_IH | 1 << H0, (call_mode){0});
}

static void test_single_gradients(void **state) {
    static const int32_t lengths[B] = {1, 3};
    (void)state;
    each_gradient_alone(&cell, (call_mode){0});
    each_gradient_alone(&cell, (call_mode){.options = &(rondo_elman_options){.sequence.lengths = lengths}});
}

static void test_empty(void **state) {
    (void)state;
    call_cell(&cell, &first, (call_mode){.x_dims = (int64_t[]){0, B, I}});
    assert_int_equal(first.status, RONDO_OK); /* no steps: the state stays */
    call_cell(&cell, &second, (call_mode){.x_dims = (int64_t[]){0, B, I}, .zero = 1 << H0});
    assert_true(first.out[1][0] != 0 && second.out[1][0] == 0);
    assert_true(first.grad[H0][0] == 2 * first.out[1][0]);
    call_cell(&cell, &first, (call_mode){.x_dims = (int64_t[]){T, 0, I}, .absent = 1 << H0});
    assert_int_equal(first.status, RONDO_OK);
}

/* In training a unit either keeps its value exactly or takes the fresh one. */
static void test_zoneout_keeps_exactly(void **state) {
    (void)state;
    const rondo_elman_options options = {.sequence.zoneout = (real)0.5};
    int kept = 0;
    call_cell(&cell, &first, (call_mode){.options = &options, .training = true});
    for (int j = 0; j < (T - 1) * B * H; j++)
        kept += first.out[0][j] == first.out[0][j + B * H];
    assert_in_range(kept, 3, 17);
}

static void test_refusals(void **state) {
    static const int32_t lengths[B] = {1, 4};
    (void)state;
    refuses(&cell, (call_mode){.absent = 1 << X}, RONDO_ARGUMENT, "x is missing");
    refuses(&cell, (call_mode){.absent = 1 << W_IH}, RONDO_ARGUMENT, "w_ih is missing");
    refuses(&cell, (call_mode){.absent = 1 << W_HH}, RONDO_ARGUMENT, "w_hh is missing");
    refuses(&cell, (call_mode){.x_dims = (int64_t[]){T, B, 4}}, RONDO_SHAPE, "w_ih");
    refuses(&cell, (call_mode){.x_dims = (int64_t[]){T, 3, I}}, RONDO_SHAPE, "h0");
    refuses(&cell, (call_mode){.options = &(rondo_elman_options){.sequence.lengths = lengths}}, RONDO_ARGUMENT,
            "lengths[1]");
    refuses(&cell, (call_mode){.options = &(rondo_elman_options){.sequence.zoneout = 1}}, RONDO_ARGUMENT, "zoneout");
    refuses(&cell, (call_mode){.options = &(rondo_elman_options){.activation = RONDO_SOFTMAX}}, RONDO_ARGUMENT,
            "activation");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_absent), cmocka_unit_test(test_single_gradients),
                                       cmocka_unit_test(test_empty), cmocka_unit_test(test_zoneout_keeps_exactly),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

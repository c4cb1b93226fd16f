/* What the laws do not ask of the GRU: absent inputs, single gradients, empty shapes, refusals; in both forms. */
#include "nn/cell_calls.h"

enum { T = 3, B = 2, I = 3, H = 5, X = 0, H0, W_IH, W_HH, B_IH, B_HH, GAIN_X, GAIN_H, INPUTS };

static const array arrays[INPUTS] = {{"x", 3, {T, B, I}},     {"h0", 2, {B, H}},     {"w_ih", 2, {3 * H, I}},
                                     {"w_hh", 2, {3 * H, H}}, {"b_ih", 1, {3 * H}},  {"b_hh", 1, {3 * H}},
                                     {"gain_x", 1, {3 * H}},  {"gain_h", 1, {3 * H}}};

static void call(rondo_tape *tape, rondo_var *const *in, const void *options, rondo_var **out) {
    const rondo_gru_weights weights = {in[W_IH], in[W_HH], in[B_IH], in[B_HH], in[GAIN_X], in[GAIN_H]};
    const rondo_gru_result result = rondo_gru(tape, in[X], in[H0], &weights, options);
    out[0] = result.output;
    out[1] = result.h;
}

static const called_cell normed = {INPUTS, arrays, call}, plain = {GAIN_X, arrays, call};
static const rondo_gru_options after = {.reset_before = false}, before = {.reset_before = true};

static void test_absent(void **state) {
    const rondo_gru_options *const forms[2] = {&after, &before};
    (void)state;
    for (int k = 0; k < 2; k++) {
        const call_mode mode = {.options = forms[k]};
        absent_is_zero(&plain, 1 << H0, mode);
        absent_is_zero(&plain, 1 << B_IH, mode);
        absent_is_zero(&plain, 1 << B_HH, mode);
        absent_is_zero(&normed, 1 << B_IH, mode);
        absent_is_zero(&normed, 1 << B_HH | 1 << H0, mode);
    }
}

static void test_single_gradients(void **state) {
    static const int32_t lengths[B] = {1, 3};
    (void)state;
    for (int k = 0; k < 2; k++) {
        const rondo_gru_options options = {.sequence.lengths = lengths, .reset_before = k};
        each_gradient_alone(&plain, (call_mode){.options = &options});
        each_gradient_alone(&normed, (call_mode){.options = &options});
    }
}

static void test_forms_differ(void **state) {
    (void)state;
    call_cell(&plain, &first, (call_mode){.options = &after});
    call_cell(&plain, &second, (call_mode){.options = NULL}); /* the default is reset after */
    assert_memory_equal(first.out, second.out, sizeof first.out);
    call_cell(&plain, &second, (call_mode){.options = &before});
    assert_memory_not_equal(first.out, second.out, sizeof first.out);
}

static void test_empty(void **state) {
    (void)state;
    call_cell(&plain, &first, (call_mode){.x_dims = (int64_t[]){0, B, I}});
    assert_int_equal(first.status, RONDO_OK); /* no steps: the state stays */
    assert_true(first.out[1][0] != 0 && first.grad[H0][0] == 2 * first.out[1][0]);
    call_cell(&normed, &first, (call_mode){.x_dims = (int64_t[]){T, 0, I}, .absent = 1 << H0});
    assert_int_equal(first.status, RONDO_OK);
}

static void test_refusals(void **state) {
    (void)state;
    refuses(&plain, (call_mode){.absent = 1 << W_HH}, RONDO_ARGUMENT, "w_hh is missing");
    refuses(&normed, (call_mode){.absent = 1 << GAIN_H}, RONDO_ARGUMENT, "gain_h");
    refuses(&normed, (call_mode){.absent = 1 << GAIN_X}, RONDO_ARGUMENT, "gain_x");
    refuses(&plain, (call_mode){.x_dims = (int64_t[]){T, B, 4}}, RONDO_SHAPE, "w_ih");
    refuses(&plain, (call_mode){.options = &(rondo_gru_options){.sequence.recurrent_dropout = -1}}, RONDO_ARGUMENT,
            "recurrent_dropout");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_absent), cmocka_unit_test(test_single_gradients),
                                       cmocka_unit_test(test_forms_differ), cmocka_unit_test(test_empty),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

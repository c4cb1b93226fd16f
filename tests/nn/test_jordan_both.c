/* What the laws do not ask of the Jordan cell: absent inputs, single gradients, teaching by the own output, refusals.
 */
#include "nn/cell_calls.h"

enum { T = 3, B = 2, I = 3, H = 4, O = 5, Q = 5, X = 0, S0, TEACHER, W_IH, W_SH, B_IH, W_HO, B_O, F, INPUTS };

static const array arrays[INPUTS] = {{"x", 3, {T, B, I}}, {"s0", 2, {B, Q}},   {"teacher", 3, {T, B, Q}},
                                     {"w_ih", 2, {H, I}}, {"w_sh", 2, {H, Q}}, {"b_ih", 1, {H}},
                                     {"w_ho", 2, {O, H}}, {"b_o", 1, {O}},     {"feedback", 2, {O, Q}}};

static void call(rondo_tape *tape, rondo_var *const *in, const void *options, rondo_var **out) {
    const rondo_jordan_weights weights = {in[W_IH], in[W_SH], in[B_IH], in[W_HO], in[B_O], in[F]};
    const rondo_jordan_result result = rondo_jordan(tape, in[X], in[S0], in[TEACHER], &weights, options);
    out[0] = result.output;
    out[1] = result.hidden;
    out[2] = result.s;
}

static void call_free(rondo_tape *tape, rondo_var *const *in, const void *options, rondo_var **out) {
    rondo_var *untaught[INPUTS];
    memcpy(untaught, in, sizeof untaught);
    untaught[TEACHER] = NULL;
    call(tape, untaught, options, out);
}

static const called_cell taught = {INPUTS, arrays, call}, fed = {INPUTS, arrays, call_free},
                         plain = {F, arrays, call_free};
static const rondo_jordan_options decaying = {.output = RONDO_SOFTMAX, .decay = (real)0.5};

static void test_absent(void **state) {
    const called_cell *const forms[3] = {&taught, &fed, &plain};
    (void)state;
    for (int k = 0; k < 3; k++) {
        const call_mode mode = {.options = &decaying};
        absent_is_zero(forms[k], 1 << S0, mode);
        absent_is_zero(forms[k], 1 << B_IH, mode);
        absent_is_zero(forms[k], 1 << B_O, mode);
    }
}

static void test_single_gradients(void **state) {
    static const int32_t lengths[B] = {1, 3};
    const rondo_jordan_options options = {.sequence.lengths = lengths, .output = RONDO_SIGMOID, .decay = (real)0.3};
    (void)state;
    each_gradient_alone(&taught, (call_mode){.options = &options});
    each_gradient_alone(&fed, (call_mode){.options = &options});
    each_gradient_alone(&plain, (call_mode){.options = &decaying});
}

/* Taught what it would have said, a network says the same, bit for bit: g is the identity, so a_t is its own target. */
static real said[T * B * O];
static void call_taught_own(rondo_tape *tape, rondo_var *const *in, const void *options, rondo_var **out) {
    rondo_tensor target = rondo_tensor_view(RONDO_REAL, said, 3, arrays[TEACHER].dims);
    rondo_var *own[INPUTS] = {NULL};
    memcpy(own, in, F * sizeof *own);
    own[TEACHER] = rondo_leaf(tape, &target, NULL);
    call(tape, own, options, out);
}

static void test_teaching_the_own_output(void **state) {
    const rondo_jordan_options options = {.output = RONDO_IDENTITY, .decay = (real)0.5};
    const called_cell own = {F, arrays, call_taught_own};
    (void)state;
    call_cell(&plain, &first, (call_mode){.options = &options});
    memcpy(said, first.out[0], sizeof said);
    call_cell(&own, &second, (call_mode){.options = &options});
    assert_int_equal(second.status, RONDO_OK);
    assert_memory_equal(first.out, second.out, sizeof first.out);
}

static void test_empty(void **state) {
    (void)state;
    call_cell(&plain, &first, (call_mode){.x_dims = (int64_t[]){0, B, I}});
    assert_int_equal(first.status, RONDO_OK); /* no steps: the state stays */
    assert_true(first.out[2][0] != 0 && first.grad[S0][0] == 2 * first.out[2][0]);
    call_cell(&plain, &first, (call_mode){.x_dims = (int64_t[]){T, 0, I}, .absent = 1 << S0});
    assert_int_equal(first.status, RONDO_OK);
}

static void test_refusals(void **state) {
    (void)state;
    refuses(&plain, (call_mode){.options = &(rondo_jordan_options){.sequence.zoneout = (real)0.1}}, RONDO_ARGUMENT,
            "zoneout");
    refuses(&plain, (call_mode){.options = &(rondo_jordan_options){.decay = 1}}, RONDO_ARGUMENT, "decay");
    refuses(&plain, (call_mode){.options = &(rondo_jordan_options){.output = RONDO_RELU}}, RONDO_ARGUMENT, "output");
    refuses(&plain, (call_mode){.absent = 1 << W_HO}, RONDO_ARGUMENT, "w_ho is missing");
    array narrow[INPUTS];
    memcpy(narrow, arrays, sizeof narrow);
    narrow[S0].dims[1] = narrow[W_SH].dims[1] = 3;
    refuses(&(called_cell){F, narrow, call_free}, (call_mode){0}, RONDO_SHAPE, "feedback matrix");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_absent), cmocka_unit_test(test_single_gradients),
                                       cmocka_unit_test(test_teaching_the_own_output), cmocka_unit_test(test_empty),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

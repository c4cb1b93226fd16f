/* The tape: failures, NULL, reuse of memory, accumulation, and what is recorded. */
#include "autograd/model.h"
#include "rondo/op.h"

static rondo_context *context;
static rondo_tape *tape;
static const rondo_step recording = {.recording = true, .seed = 1};

static rondo_var *leaf(rondo_real *data, rondo_real *grad, int64_t n) {
    rondo_tensor value = rondo_tensor_view(RONDO_REAL, data, 1, &n);
    return rondo_leaf(tape, &value, grad);
}

static void expect_failure(rondo_status status, const char *message) {
    rondo_error err = {0};
    assert_int_equal(rondo_tape_status(tape, &err), status);
    assert_int_equal(err.status, status);
    assert_string_equal(err.message, message);
}

static void test_first_failure_is_kept(void **state) {
    rondo_real x[3] = {1, 2, 3}, y[2] = {1, 2};
    (void)state;
    rondo_tape_begin(tape, &recording);
    rondo_var *a = leaf(x, NULL, 3), *b = leaf(y, NULL, 2);
    const char *message = "add: a is (3) but b is (2) (b must be of the same shape or one row of a)";
    assert_null(rondo_add(tape, a, b));
    expect_failure(RONDO_SHAPE, message);
    assert_null(rondo_tanh(tape, a));
    assert_null(rondo_linear(tape, NULL, NULL, NULL));
    assert_null(rondo_concat(tape, 0, 99, NULL));
    assert_null(rondo_dropout(tape, NULL, 7, false));
    assert_null(leaf(x, NULL, 3));
    assert_int_equal(rondo_backward(tape, NULL, 1), RONDO_SHAPE);
    expect_failure(RONDO_SHAPE, message);
    rondo_tape_begin(tape, &recording);
    assert_int_equal(rondo_tape_status(tape, NULL), RONDO_OK);
    assert_non_null(leaf(x, NULL, 3));
}

static void test_messages(void **state) {
    rondo_real numbers[64] = {0};
    rondo_tensor x = rondo_tensor_view(RONDO_REAL, numbers, 2, (int64_t[]){3, 5});
    rondo_tensor w = rondo_tensor_view(RONDO_REAL, numbers, 2, (int64_t[]){2, 7});
    int32_t ids[] = {0, 3};
    (void)state;
    rondo_tape_begin(tape, NULL);
    assert_null(rondo_linear(tape, rondo_leaf(tape, &x, NULL), rondo_leaf(tape, &w, NULL), NULL));
    expect_failure(RONDO_SHAPE, "linear: x has 5 features but w has 7 columns (they must be equal)");
    rondo_tape_begin(tape, NULL);
    assert_null(rondo_linear(tape, rondo_leaf(tape, &x, NULL), NULL, NULL));
    expect_failure(RONDO_ARGUMENT, "linear: w is NULL (it is not optional)");
    rondo_tape_begin(tape, NULL);
    assert_null(rondo_embedding(tape, rondo_leaf(tape, &x, NULL), ids, 1, (int64_t[]){2}));
    expect_failure(RONDO_ARGUMENT, "embedding: id 1 is 3 (it must be below 3, or -1)");
    rondo_tape_begin(tape, NULL);
    assert_null(rondo_reshape(tape, rondo_leaf(tape, &x, NULL), 2, (int64_t[]){4, -1}));
    expect_failure(RONDO_SHAPE, "reshape: x is (3, 5), which cannot become (4, 3) (15 elements)");
    rondo_tape_begin(tape, NULL);
    assert_null(rondo_dropout(tape, rondo_leaf(tape, &x, NULL), 1, false));
    expect_failure(RONDO_ARGUMENT, "dropout: the rate is 1 (it must be in [0, 1))");
    rondo_tape_begin(tape, NULL);
    assert_null(rondo_slice(tape, rondo_leaf(tape, &x, NULL), 1, 2, 6));
    expect_failure(RONDO_SHAPE, "slice: [2, 6) of dimension 1, which has 5 elements");
    rondo_tape_begin(tape, NULL);
    assert_null(rondo_cross_entropy(tape, rondo_leaf(tape, &x, NULL), (int32_t[]){0, 5, 1}, NULL));
    expect_failure(RONDO_ARGUMENT, "cross_entropy: target 1 is 5 (it must be below 5, or -1)");
}

static void test_gradients_accumulate(void **state) {
    rondo_real x[2] = {3, 5}, dx[2] = {100, 200};
    (void)state;
    rondo_tape_begin(tape, &recording);
    rondo_var *a = leaf(x, dx, 2);
    rondo_var *y = rondo_sum(tape, rondo_add(tape, rondo_mul(tape, a, a), a)); /* 2x + 1 */
    assert_int_equal(rondo_backward(tape, y, 2), RONDO_OK);
    assert_true(dx[0] == 114 && dx[1] == 222);
    assert_int_equal(rondo_backward(tape, y, 1), RONDO_STATE);
    assert_true(dx[0] == 114 && dx[1] == 222);
}

static void test_backward_from(void **state) {
    rondo_real x[2] = {3, 5}, dx[2] = {0};
    const rondo_real g1[2] = {1, 10}, g2[2] = {2, 3};
    (void)state;
    rondo_tape_begin(tape, &recording);
    rondo_var *a = leaf(x, dx, 2);
    rondo_var *twice = rondo_affine(tape, a, 2, 0), *four = rondo_affine(tape, twice, 2, 0);
    rondo_var *vars[] = {twice, four, a, twice};
    const rondo_real *grads[] = {g1, g2, g1, g1};
    assert_int_equal(rondo_backward_from(tape, 4, vars, grads), RONDO_OK);
    assert_true(dx[0] == 2 * 1 + 4 * 2 + 1 + 2 * 1 && dx[1] == 2 * 10 + 4 * 3 + 10 + 2 * 10);
}

static void test_what_needs_no_gradient(void **state) {
    rondo_real x[2] = {3, 5}, dx[2] = {0};
    (void)state;
    rondo_tape_begin(tape, &recording);
    rondo_var *constant = leaf(x, NULL, 2), *a = leaf(x, dx, 2);
    rondo_var *c2 = rondo_tanh(tape, constant), *unused = rondo_tanh(tape, a);
    rondo_var *y = rondo_sum(tape, rondo_mul(tape, c2, a));
    assert_false(c2->needs_grad);
    assert_true(unused->needs_grad);
    assert_int_equal(rondo_backward(tape, y, 1), RONDO_OK);
    assert_null(constant->grad);
    assert_null(c2->grad);
    assert_null(unused->grad);
    assert_true(dx[0] == *(rondo_real *)c2->value.data);

    rondo_tape_begin(tape, NULL);
    y = rondo_sum(tape, leaf(x, dx, 2));
    assert_false(y->needs_grad);
    assert_int_equal(rondo_backward(tape, y, 1), RONDO_STATE);
}

static void test_backward_refuses(void **state) {
    rondo_real x[2] = {3, 5}, dx[2] = {0};
    (void)state;
    rondo_tape_begin(tape, &recording);
    assert_int_equal(rondo_backward(tape, leaf(x, dx, 2), 1), RONDO_SHAPE);
    expect_failure(RONDO_SHAPE, "backward: the loss has 2 elements (it must be a scalar)");
    rondo_tape_begin(tape, &recording);
    assert_int_equal(rondo_backward(tape, NULL, 1), RONDO_ARGUMENT);
    rondo_tape_begin(tape, &recording);
    rondo_var *a = leaf(x, dx, 2);
    assert_int_equal(rondo_backward_from(tape, 1, &a, (const rondo_real *[]){NULL}), RONDO_ARGUMENT);
    assert_true(dx[0] == 0);
}

static void test_null_and_nonsense(void **state) {
    rondo_tensor wrong = {.dtype = RONDO_REAL, .rank = 99};
    rondo_op unnamed = {0};
    rondo_var *y;
    (void)state;
    assert_int_equal(rondo_tape_status(NULL, NULL), RONDO_ARGUMENT);
    rondo_tape_begin(tape, NULL);
    assert_null(rondo_leaf(tape, &wrong, NULL));
    assert_int_equal(rondo_tape_status(tape, NULL), RONDO_ARGUMENT);
    for (int i = 0; i < 2; i++) {
        rondo_tape_begin(tape, NULL);
        rondo_apply(tape, i ? &unnamed : NULL, NULL, 0, NULL, 1, &y);
        assert_null(y);
        assert_int_equal(rondo_tape_status(tape, NULL), RONDO_ARGUMENT);
    }
}

static void test_dropout(void **state) {
    enum { N = 100000 };
    rondo_var *y[2];
    double total = 0;
    int64_t dims[] = {2, 1, N / 2};
    (void)state;
    for (int run = 0; run < 2; run++) { /* the same seed and step, recording or not: the same mask */
        rondo_tape_begin(tape, &(rondo_step){.training = true, .recording = run, .seed = 4, .step = 9});
        rondo_var *ones = rondo_affine(tape, rondo_zeros(tape, 3, dims), 0, 1);
        y[0] = rondo_dropout(tape, ones, (rondo_real)0.25, false);
        y[1] = rondo_dropout(tape, ones, (rondo_real)0.25, true);
        const rondo_real *a = y[0]->value.data, *b = y[1]->value.data;
        double sum = 0;
        for (int i = 0; i < N; i++) {
            assert_true(a[i] == 0 || a[i] == 1 / (1 - (rondo_real)0.25));
            sum += (double)a[i] * (i % 7 + 1);
        }
        assert_memory_equal(b, b + N / 2, N / 2 * sizeof *b);
        assert_memory_not_equal(a, b, N / 2 * sizeof *b);
        assert_true(run == 0 || sum == total);
        total = sum;
    }
    assert_true(total > 0.99 * 4 * N && total < 1.01 * 4 * N);
    rondo_tape_begin(tape, NULL);
    rondo_var *x = rondo_zeros(tape, 3, dims);
    assert_ptr_equal(rondo_dropout(tape, x, (rondo_real)0.25, false), x);
}

static void test_cross_entropy_edges(void **state) {
    rondo_real x[6] = {1, 2, 3, 4, 5, 6}, dx[6] = {0}, rows[2] = {9, 9};
    int32_t ignored[] = {-1, -1}, one[] = {-1, 2};
    rondo_tensor value = rondo_tensor_view(RONDO_REAL, x, 2, (int64_t[]){2, 3});
    (void)state;
    rondo_tape_begin(tape, &recording);
    rondo_var *y = rondo_cross_entropy(tape, rondo_leaf(tape, &value, dx), ignored, NULL);
    assert_true(*(rondo_real *)y->value.data == 0);
    assert_int_equal(rondo_backward(tape, y, 1), RONDO_OK);
    for (int i = 0; i < 6; i++)
        assert_true(dx[i] == 0);
    rondo_tape_begin(tape, &recording);
    y = rondo_cross_entropy(tape, rondo_leaf(tape, &value, dx), one,
                            &(rondo_cross_entropy_options){.label_smoothing = (rondo_real)0.5, .row_losses = rows});
    assert_true(rows[0] == 0 && rows[1] > (rondo_real)0.407 && rows[1] < (rondo_real)0.408);
    x[4] = (rondo_real)__builtin_nan("");
    rondo_tape_begin(tape, &recording);
    y = rondo_cross_entropy(tape, rondo_leaf(tape, &value, dx), one, NULL);
    assert_int_equal(rondo_tape_status(tape, NULL), RONDO_OK);
    assert_true(__builtin_isnan((double)*(rondo_real *)y->value.data));
}

/* ---- memory ---- */

static const model_sizes small = {.T = 3, .B = 4, .E = 5, .V = 7};

static void test_no_allocation_later(void **state) {
    model m;
    rondo_real loss[4];
    rondo_tape *fresh;
    (void)state;
    model_make(&m, (model_sizes){.T = 9, .B = 8, .E = 33, .V = 70});
    assert_int_equal(rondo_tape_create(&fresh, context, NULL), RONDO_OK);
    assert_int_equal(model_step(&m, fresh, 0, &loss[0]), RONDO_OK);
    uint64_t before = rondo__alloc_count();
    size_t peak = rondo_tape_peak_bytes(fresh);
    for (uint64_t i = 1; i < 6; i++)
        assert_int_equal(model_step(&m, fresh, i, &loss[i == 1]), RONDO_OK);
    assert_int_equal(rondo__alloc_count(), before);
    assert_int_equal(rondo_tape_peak_bytes(fresh), peak);
    assert_int_equal(model_step(&m, fresh, 1, &loss[2]), RONDO_OK);
    assert_memory_equal(&loss[2], &loss[1], sizeof *loss);
    rondo_tape_destroy(&fresh);
    assert_null(fresh);
    model_free(&m);
}

/* Every allocation of create + step fails once. Afterwards gradients are untouched, nothing leaks, and the step works.
 */
static void test_each_allocation_fails(void **state) {
    model m;
    (void)state;
    model_make(&m, small);
    int64_t live = rondo__alloc_live();
    int failures = 0;
    for (int64_t nth = 1;; nth++) {
        rondo_tape *fresh = NULL;
        rondo_error err = {0};
        rondo_real loss = 0;
        rondo__alloc_fail_at(nth);
        rondo_status status = rondo_tape_create(&fresh, context, &err);
        if (!status)
            status = model_step(&m, fresh, 1, &loss);
        rondo__alloc_fail_at(0);
        if (!status) {
            rondo_tape_destroy(&fresh);
            break;
        }
        failures++;
        assert_int_equal(status, RONDO_MEMORY);
        for (int i = 0; i < MODEL_PARTS; i++)
            for (int64_t j = 0; j < rondo_tensor_count(&m.values[i]); j++)
                assert_true(m.grads[i][j] == 0);
        if (fresh) {
            assert_int_equal(rondo_tape_status(fresh, &err), RONDO_MEMORY);
            rondo_tape_begin(fresh, NULL);
            assert_non_null(model_loss(&m, fresh));
        }
        rondo_tape_destroy(&fresh);
        assert_int_equal(rondo__alloc_live(), live);
    }
    assert_true(failures >= 3);
    assert_int_equal(rondo__alloc_live(), live);
    model_free(&m);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_failure_is_kept),  cmocka_unit_test(test_messages),
        cmocka_unit_test(test_gradients_accumulate),   cmocka_unit_test(test_backward_from),
        cmocka_unit_test(test_what_needs_no_gradient), cmocka_unit_test(test_backward_refuses),
        cmocka_unit_test(test_null_and_nonsense),      cmocka_unit_test(test_dropout),
        cmocka_unit_test(test_cross_entropy_edges),    cmocka_unit_test(test_no_allocation_later),
        cmocka_unit_test(test_each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

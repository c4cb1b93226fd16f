/* What the laws do not ask of the LSTM: what it refuses and says, absent states, partial gradients, empty shapes. */
#include <string.h>

#include "nn/sequence.h"
#include "rondo/cells.h"
#include "rondo/ops.h"
#include "support/test.h"

enum { T = 3, B = 2, I = 3, H = 5 };

typedef struct fixture {
    rondo_context *context;
    rondo_tape *tape;
} fixture;

static int set_up(void **state) {
    static fixture f;
    assert_int_equal(rondo_context_create(&f.context, &(rondo_context_options){.threads = 2}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&f.tape, f.context, NULL), RONDO_OK);
    *state = &f;
    return 0;
}
static int tear_down(void **state) {
    fixture *f = *state;
    rondo_tape_destroy(&f->tape);
    rondo_context_destroy(&f->context);
    return 0;
}

static real pool[2048];
static void fill_pool(void) {
    for (int j = 0; j < 2048; j++)
        pool[j] = (real)(rondo__random_uniform(3, 1, (uint64_t)j) - 0.5);
}
static rondo_var *leaf(rondo_tape *tape, int at, real *grad, int rank, const int64_t *dims) {
    rondo_tensor value = rondo_tensor_view(RONDO_REAL, pool + at, rank, dims);
    return rondo_leaf(tape, &value, grad);
}
#define DIMS(...)                                                                                                      \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]) { __VA_ARGS__ }

static rondo_lstm_weights plain_weights(rondo_tape *tape, real *grad_hh) {
    return (rondo_lstm_weights){.w_ih = leaf(tape, 100, NULL, DIMS(4 * H, I)),
                                .w_hh = leaf(tape, 300, grad_hh, DIMS(4 * H, H))};
}

static void expect_failure(fixture *f, rondo_status status, const char *part) {
    rondo_error err = {0};
    assert_int_equal(rondo_tape_status(f->tape, &err), status);
    if (!strstr(err.message, part))
        fail_msg("\"%s\" does not say \"%s\"", err.message, part);
    rondo_tape_begin(f->tape, NULL);
}

static void test_refusals(void **state) {
    fixture *f = *state;
    rondo_tape *tape = f->tape;
    rondo_tape_begin(tape, NULL);
    rondo_lstm(tape, leaf(tape, 0, NULL, DIMS(T, B, I)), NULL, NULL, NULL, NULL);
    expect_failure(f, RONDO_ARGUMENT, "lstm: w_ih is missing");

    rondo_lstm_weights w = plain_weights(tape, NULL);
    rondo_lstm(tape, leaf(tape, 0, NULL, DIMS(T, B)), NULL, NULL, &w, NULL);
    expect_failure(f, RONDO_SHAPE, "x is (3, 2), expected 3 dimensions");

    w = plain_weights(tape, NULL);
    rondo_lstm(tape, leaf(tape, 0, NULL, DIMS(T, B, I + 1)), NULL, NULL, &w, NULL);
    expect_failure(f, RONDO_SHAPE, "w_ih is (20, 3), expected (20, 4)");

    w = plain_weights(tape, NULL);
    rondo_lstm(tape, leaf(tape, 0, NULL, DIMS(T, B, I)), leaf(tape, 0, NULL, DIMS(B, H + 1)), NULL, &w, NULL);
    expect_failure(f, RONDO_SHAPE, "h0 is (2, 6), expected (2, 5)");

    w = plain_weights(tape, NULL);
    w.gain_h = leaf(tape, 0, NULL, DIMS(4 * H));
    rondo_lstm(tape, leaf(tape, 0, NULL, DIMS(T, B, I)), NULL, NULL, &w, NULL);
    expect_failure(f, RONDO_ARGUMENT, "all four or none");

    w = plain_weights(tape, NULL);
    rondo_lstm(tape, leaf(tape, 0, NULL, DIMS(T, B, I)), NULL, NULL, &w, &(rondo_lstm_options){.cell_clip = -1});
    expect_failure(f, RONDO_ARGUMENT, "cell_clip is -1");

    const int32_t lengths[B] = {1, 4};
    w = plain_weights(tape, NULL);
    rondo_lstm(tape, leaf(tape, 0, NULL, DIMS(T, B, I)), NULL, NULL, &w,
               &(rondo_lstm_options){.sequence.lengths = lengths});
    expect_failure(f, RONDO_ARGUMENT, "lengths[1] is 4");
}

/* An absent state is a state of zeros, to the bit, in the gradients too. */
static void test_absent_states(void **state) {
    fixture *f = *state;
    rondo_tape *tape = f->tape;
    real out[2][T * B * H], grad[2][4 * H * H];
    for (int given = 0; given < 2; given++) {
        rondo_tape_begin(tape, &(rondo_step){.recording = true});
        memset(grad[given], 0, sizeof grad[given]);
        rondo_lstm_weights w = plain_weights(tape, grad[given]);
        rondo_var *zeros = given ? rondo_zeros(tape, DIMS(B, H)) : NULL;
        rondo_lstm_result r = rondo_lstm(tape, leaf(tape, 0, NULL, DIMS(T, B, I)), zeros, zeros, &w, NULL);
        rondo_backward(tape, rondo_sum(tape, r.output), 1);
        assert_int_equal(rondo_tape_status(tape, NULL), RONDO_OK);
        memcpy(out[given], r.output->value.data, sizeof out[given]);
    }
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    for (int j = 0; j < 4 * H * H; j++)
        assert_true(grad[0][j] == grad[1][j]);
}

/* Only a weight in the middle wants its gradient, and only the final cell state is used. */
static void test_partial_gradients(void **state) {
    fixture *f = *state;
    real grad[4 * H * H] = {0};
    rondo_tape_begin(f->tape, &(rondo_step){.recording = true});
    rondo_lstm_weights w = plain_weights(f->tape, grad);
    rondo_lstm_result r = rondo_lstm(f->tape, leaf(f->tape, 0, NULL, DIMS(T, B, I)), NULL, NULL, &w, NULL);
    assert_int_equal(rondo_backward(f->tape, rondo_sum(f->tape, r.c), 1), RONDO_OK);
    double sum = 0;
    for (int j = 0; j < 3 * H * H; j++)
        sum += (double)(grad[j] * grad[j]);
    assert_true(sum > 0);
}

static void test_no_steps_or_rows(void **state) {
    fixture *f = *state;
    static const int64_t shapes[][2] = {{0, B}, {T, 0}, {0, 0}};
    for (int k = 0; k < 3; k++) {
        int64_t steps = shapes[k][0], rows = shapes[k][1];
        real grad[4 * H * H] = {0}, state_grad[B * H] = {0};
        rondo_tape_begin(f->tape, &(rondo_step){.recording = true});
        rondo_lstm_weights w = plain_weights(f->tape, grad);
        rondo_var *h0 = leaf(f->tape, 50, state_grad, DIMS(rows, H));
        rondo_lstm_result r = rondo_lstm(f->tape, leaf(f->tape, 0, NULL, DIMS(steps, rows, I)), h0, NULL, &w, NULL);
        rondo_var *loss = rondo_add(f->tape, rondo_sum(f->tape, r.h), rondo_sum(f->tape, r.output));
        assert_int_equal(rondo_backward(f->tape, loss, 1), RONDO_OK);
        for (int j = 0; j < rows * H; j++) {
            assert_true(((real *)r.h->value.data)[j] == pool[50 + j]);
            assert_true(state_grad[j] == 1);
        }
        for (int j = 0; j < 4 * H * H; j++)
            assert_true(grad[j] == 0);
    }
}

int main(void) {
    fill_pool();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_absent_states, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_partial_gradients, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_steps_or_rows, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

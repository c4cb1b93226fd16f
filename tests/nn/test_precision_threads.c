/* Networks with products of low precision: a step at a time is the whole sequence to the bit, threads change nothing,
 * gradients point where those of float do, int8 does not train. */
#include "support/test.h"

#include <math.h>
#include <string.h>

#include "core/core.h"
#include "kernels/kernels.h"
#include "rondo/nn.h"

enum { T = 5, B = 3, I = 70, H = 40 };

typedef struct network {
    rondo_context *context;
    rondo_params *params;
    rondo_recurrent *net;
    rondo_tape *tape;
    real x[T * B * I];
} network;

static void make(network *n, rondo_cell cell, rondo_precision precision, int threads) {
    const rondo_recurrent_config config = {.cell = cell, .input_size = I, .hidden_size = H, .layers = 2};
    const rondo_context_options options = {.threads = threads, .precision = precision};
    assert_int_equal(rondo_context_create(&n->context, &options, NULL), RONDO_OK);
    assert_int_equal(rondo_context_precision(n->context), precision);
    assert_int_equal(rondo_params_create(&n->params, NULL), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(&n->net, n->params, "", &config, NULL), RONDO_OK);
    assert_int_equal(rondo_params_finish(n->params, 5, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&n->tape, n->context, NULL), RONDO_OK);
    for (int i = 0; i < T * B * I; i++)
        n->x[i] = (real)rondo__random_normal(3, 1, (uint64_t)i);
}

static void drop(network *n) {
    rondo_tape_destroy(&n->tape);
    rondo_recurrent_destroy(&n->net);
    rondo_params_destroy(&n->params);
    rondo_context_destroy(&n->context);
}

static rondo_var *forward(network *n, bool recording) {
    const int64_t dims[] = {T, B, I};
    const rondo_tensor x = rondo_tensor_view(RONDO_REAL, n->x, 3, dims);
    rondo_tape_begin(n->tape, &(rondo_step){.recording = recording});
    return rondo_recurrent_forward(n->net, n->tape, rondo_leaf(n->tape, &x, NULL), NULL);
}

static void train(network *n) {
    rondo_var *y = forward(n, true);
    rondo_var *loss = rondo_mean(n->tape, rondo_mul(n->tape, y, y));
    rondo_params_clear_grads(n->params);
    assert_int_equal(rondo_backward(n->tape, loss, 1), RONDO_OK);
}

static void steps_are_the_sequence(void **state) {
    (void)state;
    for (int precision = RONDO_PRECISION_BF16; precision <= RONDO_PRECISION_INT8; precision++)
        for (int cell = RONDO_ELMAN; cell <= RONDO_GRU; cell++) {
            network n;
            rondo_stream *stream;
            real y[B * H];
            make(&n, (rondo_cell)cell, (rondo_precision)precision, 2);
            rondo_var *whole = forward(&n, false);
            assert_non_null(whole);
            assert_int_equal(rondo_stream_open(&stream, n.context, n.net, B, NULL, NULL), RONDO_OK);
            for (int t = 0; t < T; t++) {
                rondo_stream_step(stream, n.x + t * B * I, y);
                assert_memory_equal(y, (const real *)whole->value.data + t * B * H, sizeof y);
            }
            rondo_stream_close(&stream);
            drop(&n);
        }
}

static void threads_change_nothing(void **state) {
    (void)state;
    for (int cell = RONDO_ELMAN; cell <= RONDO_GRU; cell++) {
        network one, more;
        make(&one, (rondo_cell)cell, RONDO_PRECISION_BF16, 1);
        train(&one);
        for (int threads = 2; threads <= 3; threads++) {
            make(&more, (rondo_cell)cell, RONDO_PRECISION_BF16, threads);
            train(&more);
            assert_memory_equal(rondo_params_grads(one.params), rondo_params_grads(more.params),
                                (size_t)rondo_params_size(one.params) * sizeof(real));
            drop(&more);
        }
        drop(&one);
    }
}

static void gradients_agree(void **state) {
    (void)state;
    for (int cell = RONDO_ELMAN; cell <= RONDO_GRU; cell++) {
        network low, exact;
        double dot = 0, a = 0, b = 0;
        make(&low, (rondo_cell)cell, RONDO_PRECISION_BF16, 1);
        make(&exact, (rondo_cell)cell, RONDO_PRECISION_F32, 1);
        train(&low);
        train(&exact);
        for (int64_t i = 0; i < rondo_params_size(low.params); i++) {
            const double x = (double)rondo_params_grads(low.params)[i], y = (double)rondo_params_grads(exact.params)[i];
            dot += x * y;
            a += x * x;
            b += y * y;
        }
        assert_true(a > 0 && dot / sqrt(a * b) > 0.999);
        drop(&low);
        drop(&exact);
    }
}

static void int8_does_not_train(void **state) {
    (void)state;
    network n;
    rondo_error err = {0};
    make(&n, RONDO_LSTM, RONDO_PRECISION_INT8, 1);
    assert_null(forward(&n, true));
    assert_int_equal(rondo_tape_status(n.tape, &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "int8"));
    assert_non_null(forward(&n, false));
    drop(&n);
}

static void no_such_precision(void **state) {
    (void)state;
    rondo_context *context;
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.precision = (rondo_precision)3}, NULL),
                     RONDO_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(steps_are_the_sequence),
                                       cmocka_unit_test(threads_change_nothing), cmocka_unit_test(gradients_agree),
                                       cmocka_unit_test(int8_does_not_train), cmocka_unit_test(no_such_precision)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Parameters in low precision: every cell computes with them what it computes in a context of that precision, whole or
 * step by step, with any number of threads; they go where they are expected and nowhere else; they expand to floats. */
#include "support/test.h"

#include <string.h>

#include "nn/params.h"
#include "rondo/nn.h"

enum { T = 5, B = 3, I = 30, H = 24 };

typedef struct network {
    rondo_context *own, mixed;
    rondo_params *params;
    rondo_recurrent *net;
    rondo_tape *tape;
    real x[T * B * I];
} network;

static rondo_recurrent_config config_of(int kind) {
    static const rondo_cell cells[] = {RONDO_ELMAN, RONDO_JORDAN, RONDO_LSTM, RONDO_GRU, RONDO_LSTM, RONDO_GRU};
    return (rondo_recurrent_config){.cell = cells[kind],
                                    .input_size = I,
                                    .hidden_size = H,
                                    .layers = 2,
                                    .projection_size = kind == 4 ? 11 : 0,
                                    .peepholes = kind == 4,
                                    .reset_before = kind == 5};
}
enum { KINDS = 6 };

/* Floats: as trained, from a seed. */
static void make(network *n, int kind, rondo_precision precision, int threads) {
    const rondo_recurrent_config config = config_of(kind);
    const rondo_context_options options = {.threads = threads, .precision = precision};
    assert_int_equal(rondo_context_create(&n->own, &options, NULL), RONDO_OK);
    n->mixed = rondo__context_mixed(n->own);
    assert_int_equal(rondo_params_create(&n->params, NULL), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(&n->net, n->params, "", &config, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&n->tape, &n->mixed, NULL), RONDO_OK);
    for (int i = 0; i < T * B * I; i++)
        n->x[i] = (real)rondo__random_normal(3, 1, (uint64_t)i);
}

static void finish(network *n) { assert_int_equal(rondo_params_finish(n->params, 5, NULL), RONDO_OK); }

/* The same in low precision; returns how many matrices were rounded. */
static int finish_stored(network *n, const network *floats, rondo_dtype dtype) {
    rondo_dtype low[32];
    int rounded = 0;
    for (int i = 0; i < rondo_params_count(n->params); i++)
        low[i] = rondo__param_may_be_low(rondo_params_at(n->params, i), dtype) ? dtype : RONDO_REAL;
    assert_int_equal(rondo__params_finish_stored(n->params, low, NULL), RONDO_OK);
    for (int i = 0; i < rondo_params_count(n->params); i++) {
        const rondo_param *from = rondo_params_at(floats->params, i), *to = rondo_params_at(n->params, i);
        rondo__stored *stored = rondo__params_stored(n->params, i);
        assert_int_equal(stored != NULL, low[i] != RONDO_REAL);
        rounded += stored != NULL;
        if (!stored)
            memcpy(to->value.data, from->value.data, (size_t)rondo_tensor_count(&from->value) * sizeof(real));
        else if (dtype == RONDO_BF16)
            rondo__store_bf16((void *)(uintptr_t)stored->data, from->value.data, stored->rows, stored->columns);
        else
            assert_true(rondo__store_int8((void *)(uintptr_t)stored->data, (float *)(uintptr_t)stored->scale,
                                          from->value.data, stored->rows, stored->columns));
    }
    return rounded;
}

static void drop(network *n) {
    rondo_tape_destroy(&n->tape);
    rondo_recurrent_destroy(&n->net);
    rondo_params_destroy(&n->params);
    rondo_context_destroy(&n->own);
}

static rondo_var *forward(network *n) {
    const int64_t dims[] = {T, B, I};
    const rondo_tensor x = rondo_tensor_view(RONDO_REAL, n->x, 3, dims);
    rondo_tape_begin(n->tape, NULL);
    rondo_var *y = rondo_recurrent_forward(n->net, n->tape, rondo_leaf(n->tape, &x, NULL), NULL);
    rondo_error err = {0};
    if (rondo_tape_status(n->tape, &err))
        fail_msg("%s", err.message);
    return y;
}

static void equals_a_context_of_that_precision(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (int precision = RONDO_PRECISION_BF16; precision <= RONDO_PRECISION_INT8; precision++)
            for (int threads = 1; threads <= 3; threads++) {
                network floats, stored;
                make(&floats, kind, (rondo_precision)precision, 1);
                finish(&floats);
                make(&stored, kind, RONDO_PRECISION_F32, threads);
                const int rounded =
                    finish_stored(&stored, &floats, precision == RONDO_PRECISION_INT8 ? RONDO_I8 : RONDO_BF16);
                assert_int_equal(rounded, kind == 1 || kind == 4 ? 6 : 4);
                rondo_var *want = forward(&floats), *got = forward(&stored);
                assert_memory_equal(want->value.data, got->value.data,
                                    (size_t)rondo_tensor_count(&want->value) * sizeof(real));
                drop(&floats);
                drop(&stored);
            }
}

static void steps_are_the_sequence(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (int low = 0; low < 2; low++) {
            network floats, n;
            rondo_stream *stream;
            real y[B * H];
            make(&floats, kind, RONDO_PRECISION_F32, 1);
            finish(&floats);
            make(&n, kind, RONDO_PRECISION_F32, 2);
            finish_stored(&n, &floats, low ? RONDO_BF16 : RONDO_I8);
            rondo_var *whole = forward(&n);
            const int64_t width = whole->value.dims[2];
            assert_int_equal(rondo_stream_open(&stream, &n.mixed, n.net, B, NULL, NULL), RONDO_OK);
            for (int t = 0; t < T; t++) {
                rondo_stream_step(stream, n.x + t * B * I, y);
                assert_memory_equal(y, (const real *)whole->value.data + t * B * width,
                                    (size_t)(B * width) * sizeof *y);
            }
            rondo_stream_close(&stream);
            drop(&floats);
            drop(&n);
        }
}

/* Products and look-ups take them; what reads numbers refuses, and so does a context of plain float. */
static void only_where_expected(void **state) {
    (void)state;
    network floats, n;
    rondo_error err = {0};
    const int32_t ids[] = {3, -1, 0};
    make(&floats, 2, RONDO_PRECISION_F32, 1);
    finish(&floats);
    make(&n, 2, RONDO_PRECISION_F32, 1);
    finish_stored(&n, &floats, RONDO_I8);
    const int index = rondo_params_find(n.params, "weight_ih_l0");
    rondo_tape_begin(n.tape, NULL);
    rondo_var *rows = rondo_embedding(n.tape, rondo_params_use(n.params, n.tape, index), ids, 1, (int64_t[]){3});
    assert_non_null(rows);
    real row[I];
    rondo__param_row(rondo_params_at(n.params, index), 3, row);
    assert_memory_equal(rows->value.data, row, sizeof row);
    for (int i = 0; i < I; i++)
        assert_true(((const real *)rows->value.data)[I + i] == 0);
    assert_null(rondo_tanh(n.tape, rondo_params_use(n.params, n.tape, index)));
    assert_int_equal(rondo_tape_status(n.tape, &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "I8"));
    static real x[T * B * I], dx[T * B * I]; /* nothing goes back through them */
    const rondo_tensor view = rondo_tensor_view(RONDO_REAL, x, 3, (int64_t[]){T, B, I});
    rondo_tape_begin(n.tape, &(rondo_step){.recording = true});
    assert_null(rondo_recurrent_forward(n.net, n.tape, rondo_leaf(n.tape, &view, dx), NULL));
    assert_int_equal(rondo_tape_status(n.tape, &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "no backward"));
    rondo_tape *plain;
    assert_int_equal(rondo_tape_create(&plain, n.own, NULL), RONDO_OK);
    rondo_tape_begin(plain, NULL);
    assert_null(rondo_embedding(plain, rondo_params_use(n.params, plain, index), ids, 1, (int64_t[]){3}));
    assert_int_equal(rondo_tape_status(plain, NULL), RONDO_UNSUPPORTED);
    rondo_tape_destroy(&plain);
    drop(&floats);
    drop(&n);
}

/* Less memory while stored; the floats that they stand for afterwards. */
static void expands(void **state) {
    (void)state;
    network floats, n;
    make(&floats, 4, RONDO_PRECISION_F32, 1);
    finish(&floats);
    make(&n, 4, RONDO_PRECISION_F32, 1);
    finish_stored(&n, &floats, RONDO_I8);
    assert_true(rondo_params_size(n.params) < rondo_params_size(floats.params) / 5);
    assert_true(rondo_params_total(n.params) == rondo_params_total(floats.params));
    const int index = rondo_params_find(n.params, "weight_hh_l1");
    real row[11];
    rondo__param_row(rondo_params_at(n.params, index), 7, row);
    assert_int_equal(rondo__params_expand(n.params, NULL), RONDO_OK);
    assert_int_equal(rondo__params_expand(n.params, NULL), RONDO_OK);
    assert_true(rondo_params_size(n.params) == rondo_params_size(floats.params));
    for (int i = 0; i < rondo_params_count(n.params); i++) {
        const rondo_param *a = rondo_params_at(n.params, i), *b = rondo_params_at(floats.params, i);
        assert_int_equal(a->offset, b->offset);
        assert_int_equal(a->value.dtype, RONDO_REAL);
        assert_null(a->stored);
    }
    assert_memory_equal((const real *)rondo_params_at(n.params, index)->value.data + 7 * 11, row, sizeof row);
    assert_non_null(forward(&n));
    drop(&floats);
    drop(&n);
}

static int whole_life(void *arg) {
    const int kind = *(const int *)arg;
    const rondo_recurrent_config config = config_of(kind);
    rondo_params *params = NULL;
    rondo_recurrent *net = NULL;
    rondo_dtype low[32];
    rondo_status status = rondo_params_create(&params, NULL);
    if (!status)
        status = rondo_recurrent_create(&net, params, "", &config, NULL);
    for (int i = 0; !status && i < rondo_params_count(params); i++)
        low[i] = rondo__param_may_be_low(rondo_params_at(params, i), RONDO_I8) ? RONDO_I8 : RONDO_REAL;
    if (!status)
        status = rondo__params_finish_stored(params, low, NULL);
    if (!status)
        status = rondo__params_expand(params, NULL);
    rondo_recurrent_destroy(&net);
    if (params)
        rondo_params_destroy(&params);
    return (int)status;
}

static void every_failure(void **state) {
    (void)state;
    test_every_failure(whole_life, &(int){4});
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_a_context_of_that_precision),
                                       cmocka_unit_test(steps_are_the_sequence), cmocka_unit_test(only_where_expected),
                                       cmocka_unit_test(expands), cmocka_unit_test(every_failure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Calls of one cell in which inputs are absent, zero or without gradient: what the laws, which always give everything,
 * do not ask. Arrays are drawn from a fixed stream, so two calls see the same numbers. */
#ifndef TESTS_NN_CELL_CALLS_H
#define TESTS_NN_CELL_CALLS_H

#include "support/test.h"

#include <string.h>

#include "core/core.h"
#include "nn/sequence.h"
#include "rondo/cells.h"
#include "rondo/ops.h"

#define MOST_INPUTS 10
#define MOST_NUMBERS 1024

typedef struct array {
    const char *name;
    int rank;
    int64_t dims[3];
} array;

typedef struct called_cell {
    int inputs;
    const array *arrays;
    void (*call)(rondo_tape *tape, rondo_var *const *in, const void *options,
                 rondo_var **out); /* out: 3, NULL past the last */
} called_cell;

/* Bit i stands for input i. */
typedef struct call_mode {
    unsigned absent, zero, constant;
    const void *options;
    const int64_t *x_dims; /* NULL: as declared */
    bool training;
} call_mode;

typedef struct called {
    rondo_status status;
    char message[512];
    real out[3][MOST_NUMBERS];
    real grad[MOST_INPUTS][MOST_NUMBERS];
} called;

static void call_cell(const called_cell *cell, called *r, call_mode mode) {
    static real values[MOST_INPUTS][MOST_NUMBERS];
    rondo_context *context = NULL;
    rondo_tape *tape = NULL;
    rondo_error err = {0};
    rondo_var *in[MOST_INPUTS] = {NULL}, *out[3] = {NULL};
    memset(r, 0, sizeof *r);
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = 2}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
    rondo_tape_begin(tape, &(rondo_step){.recording = true, .training = mode.training, .seed = 2, .step = 1});
    for (int i = 0; i < cell->inputs; i++) {
        const int64_t *dims = i == 0 && mode.x_dims ? mode.x_dims : cell->arrays[i].dims;
        for (int j = 0; j < MOST_NUMBERS; j++)
            values[i][j] = mode.zero >> i & 1 ? 0 : (real)(rondo__random_uniform(3, (uint64_t)i, (uint64_t)j) - 0.5);
        rondo_tensor value = rondo_tensor_view(RONDO_REAL, values[i], cell->arrays[i].rank, dims);
        assert_true(rondo_tensor_count(&value) <= MOST_NUMBERS);
        if (!(mode.absent >> i & 1))
            in[i] = rondo_leaf(tape, &value, mode.constant >> i & 1 ? NULL : r->grad[i]);
    }
    cell->call(tape, in, mode.options, out);
    rondo_var *loss = NULL;
    for (int k = 0; k < 3 && out[k]; k++) {
        rondo_var *part = rondo_sum(tape, rondo_mul(tape, out[k], out[k]));
        loss = loss ? rondo_add(tape, loss, part) : part;
    }
    if (loss)
        rondo_backward(tape, loss, 1);
    r->status = rondo_tape_status(tape, &err);
    memcpy(r->message, err.message, sizeof err.message);
    for (int k = 0; k < 3 && r->status == RONDO_OK && out[k]; k++)
        if (rondo_tensor_count(&out[k]->value))
            memcpy(r->out[k], out[k]->value.data, (size_t)rondo_tensor_count(&out[k]->value) * sizeof(real));
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

static called first, second;

/* An absent input is the same as one of zeros: outputs, and gradients of all others. */
static void absent_is_zero(const called_cell *cell, unsigned inputs, call_mode mode) {
    mode.absent = inputs;
    call_cell(cell, &first, mode);
    assert_int_equal(first.status, RONDO_OK);
    mode.absent = 0;
    mode.zero = inputs;
    call_cell(cell, &second, mode);
    assert_memory_equal(first.out, second.out, sizeof first.out);
    for (int i = 0; i < cell->inputs; i++)
        if (!(inputs >> i & 1))
            assert_memory_equal(first.grad[i], second.grad[i], sizeof first.grad[i]);
}

/* The gradient of each input is the same bits whether the others want theirs or not. */
static void each_gradient_alone(const called_cell *cell, call_mode mode) {
    call_cell(cell, &first, mode);
    assert_int_equal(first.status, RONDO_OK);
    for (int i = 0; i < cell->inputs; i++) {
        mode.constant = ~(1u << i);
        call_cell(cell, &second, mode);
        assert_memory_equal(first.grad[i], second.grad[i], sizeof first.grad[i]);
        assert_memory_equal(first.out, second.out, sizeof first.out);
    }
}

static void refuses(const called_cell *cell, call_mode mode, rondo_status status, const char *word) {
    call_cell(cell, &first, mode);
    assert_int_equal(first.status, status);
    assert_non_null(strstr(first.message, word));
}

#endif

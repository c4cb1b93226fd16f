#include "laws/law.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "tensor/context.h"

int64_t law_count(const law_array *array) {
    int64_t count = 1;
    for (int i = 0; i < array->rank; i++)
        count *= array->dims[i];
    return count;
}

static real *numbers(int64_t count) { return calloc((size_t)count + 1, sizeof(real)); }

static void draw(real *array, int64_t count, uint64_t stream, real centre) {
    for (int64_t j = 0; j < count; j++)
        array[j] = centre + (real)(1.4 * rondo__random_uniform(7, stream, (uint64_t)j) - 0.7);
}

law_data law_make(const law_case *c) {
    law_data data = {0};
    data.count = c->cell->declare(c, data.arrays);
    for (int i = 0; i < data.count; i++) {
        int64_t count = law_count(&data.arrays[i]);
        data.values[i] = numbers(count);
        draw(data.values[i], count, (uint64_t)i, data.arrays[i].centre);
    }
    return data;
}

void law_drop(law_data *data) {
    for (int i = 0; i < data->count; i++)
        free(data->values[i]);
}

/* ---- running a case ---- */

/* The cell row by row and step by step, put together again: results as the operator gives them. */
static void compose_row(rondo_tape *tape, const law_case *c, const law_array *arrays, int count, int64_t row,
                        rondo_var *const *leaves, rondo_var **out) {
    rondo_var *in[LAW_ARRAYS], *steps[LAW_RESULTS][16];
    int64_t length = c->lengths ? c->lengths[row] : c->T;
    for (int i = 0; i < count; i++)
        in[i] = arrays[i].role == LAW_STATE ? rondo_slice(tape, leaves[i], 0, row, row + 1) : leaves[i];
    for (int64_t s = 0; s < c->T; s++) {
        int64_t t = s < length && c->reverse ? length - 1 - s : s;
        for (int i = 0; i < count; i++)
            if (arrays[i].role == LAW_SEQUENCE)
                in[i] =
                    rondo_reshape(tape, rondo_slice(tape, rondo_slice(tape, leaves[i], 0, t, t + 1), 1, row, row + 1),
                                  2, (int64_t[]){1, arrays[i].dims[2]});
        rondo_var *now[LAW_RESULTS];
        c->cell->compose(tape, c, in, now);
        int state = 0, states = 0;
        for (int i = 0; i < count; i++)
            states += arrays[i].role == LAW_STATE;
        int sequences = c->cell->results - states;
        for (int k = 0; k < sequences; k++)
            steps[k][t] = s < length || !now[k] ? now[k] : rondo_zeros(tape, 2, (int64_t[]){1, now[k]->value.dims[1]});
        for (int i = 0; i < count && s < length; i++)
            if (arrays[i].role == LAW_STATE)
                in[i] = now[sequences + state++];
        if (s + 1 == c->T) {
            state = 0;
            for (int k = 0; k < sequences; k++)
                out[k] = rondo_concat(tape, 0, (int)c->T, steps[k]);
            for (int i = 0; i < count; i++)
                if (arrays[i].role == LAW_STATE)
                    out[sequences + state++] = in[i];
        }
    }
}

static void compose(rondo_tape *tape, const law_case *c, rondo_var *const *leaves, rondo_var **out) {
    law_array arrays[LAW_ARRAYS] = {0};
    int count = c->cell->declare(c, arrays), states = 0;
    for (int i = 0; i < count; i++)
        states += arrays[i].role == LAW_STATE;
    rondo_var *rows[LAW_RESULTS][16];
    for (int64_t row = 0; row < c->B; row++) {
        rondo_var *one[LAW_RESULTS];
        compose_row(tape, c, arrays, count, row, leaves, one);
        for (int k = 0; k < c->cell->results; k++) {
            bool sequence = k < c->cell->results - states;
            rows[k][row] = sequence && one[k]
                               ? rondo_reshape(tape, one[k], 3, (int64_t[]){c->T, 1, one[k]->value.dims[1]})
                               : one[k];
        }
    }
    for (int k = 0; k < c->cell->results; k++)
        out[k] = rondo_concat(tape, k < c->cell->results - states ? 1 : 0, (int)c->B, rows[k]);
}

/* Numbers that weigh results in the loss; enough for the largest case. */
static real *loss_weights(void) {
    static real weights[8192];
    if (weights[0] == 0)
        draw(weights, 8192, 99, (real)0.1);
    return weights;
}

rondo_var *law_loss(rondo_tape *tape, const law_case *c, rondo_var *const *leaves, law_mode mode, rondo_var **out) {
    if (mode.composed)
        compose(tape, c, leaves, out);
    else
        c->cell->apply(tape, c, leaves, out);
    rondo_var *loss = NULL;
    for (int k = 0; k < c->cell->results; k++) {
        if (!out[k])
            return NULL;
        assert_true(rondo_tensor_count(&out[k]->value) + k <= 8192);
        rondo_tensor weights =
            rondo_tensor_view(RONDO_REAL, loss_weights() + k, out[k]->value.rank, out[k]->value.dims);
        rondo_var *part = rondo_sum(tape, rondo_mul(tape, out[k], rondo_leaf(tape, &weights, NULL)));
        loss = loss ? rondo_add(tape, loss, part) : part;
    }
    return loss;
}

rondo_status law_try(rondo_tape *tape, const law_case *c, const law_data *data, law_mode mode, law_result *result) {
    rondo_step step = {.training = mode.training, .recording = mode.gradients, .seed = 5, .step = 3};
    rondo_var *leaves[LAW_ARRAYS], *out[LAW_RESULTS] = {0};
    law_result r = {.results = c->cell->results, .arrays = data->count};
    rondo_tape_begin(tape, &step);
    for (int i = 0; i < data->count; i++) {
        rondo_tensor value = rondo_tensor_view(RONDO_REAL, data->values[i], data->arrays[i].rank, data->arrays[i].dims);
        r.grad_counts[i] = law_count(&data->arrays[i]);
        r.grads[i] = mode.gradients ? numbers(r.grad_counts[i]) : NULL;
        leaves[i] = rondo_leaf(tape, &value, r.grads[i]);
    }
    rondo_var *loss = law_loss(tape, c, leaves, mode, out);
    if (mode.gradients)
        rondo_backward(tape, loss, 1);
    rondo_status status = rondo_tape_status(tape, NULL);
    for (int k = 0; k < r.results && !status; k++) {
        r.counts[k] = rondo_tensor_count(&out[k]->value);
        r.out[k] = numbers(r.counts[k]);
        memcpy(r.out[k], out[k]->value.data, (size_t)r.counts[k] * sizeof(real));
    }
    for (int i = 0; i < r.arrays && status; i++) /* a failed step has changed no gradient */
        for (int64_t j = 0; r.grads[i] && j < r.grad_counts[i]; j++)
            assert_true(r.grads[i][j] == 0);
    if (status)
        law_forget(&r);
    *result = r;
    return status;
}

law_result law_run(rondo_tape *tape, const law_case *c, const law_data *data, law_mode mode) {
    law_result result;
    if (law_try(tape, c, data, mode, &result)) {
        rondo_error err = {0};
        rondo_tape_status(tape, &err);
        fail_msg("%s: %s", c->name, err.message);
    }
    return result;
}

void law_forget(law_result *result) {
    for (int k = 0; k < result->results; k++)
        free(result->out[k]);
    for (int i = 0; i < result->arrays; i++)
        free(result->grads[i]);
    *result = (law_result){0};
}

rondo_tape *law_tape(int threads, const char *isa) {
    rondo_context *context = NULL;
    rondo_tape *tape = NULL;
    rondo_context_options options = {.threads = threads, .isa = isa};
    assert_int_equal(rondo_context_create(&context, &options, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
    return tape;
}

void law_end(rondo_tape *tape) {
    rondo_context *context = rondo_tape_context(tape);
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

/* ---- comparing ---- */

void law_same_bits(const law_case *c, const char *what, int64_t n, const real *a, const real *b) {
    for (int64_t j = 0; j < n; j++)
        if (memcmp(a + j, b + j, sizeof *a) != 0)
            fail_msg("%s: %s: element %lld of %lld is %.9g, not %.9g", c->name, what, (long long)j, (long long)n,
                     (double)a[j], (double)b[j]);
}

void law_near(const law_case *c, const char *what, int64_t n, const real *a, const real *b, double bound) {
    double largest = 0;
    for (int64_t j = 0; j < n; j++)
        largest = fmax(largest, fabs((double)b[j]));
    for (int64_t j = 0; j < n; j++)
        if (!(fabs((double)a[j] - (double)b[j]) <= bound * (1 + largest)))
            fail_msg("%s: %s: element %lld of %lld is %.12g, not %.12g", c->name, what, (long long)j, (long long)n,
                     (double)a[j], (double)b[j]);
}

static void compare_arrays(const law_case *c, const char *what, int64_t n, const real *a, const real *b, double bound) {
    if (bound < 0)
        law_same_bits(c, what, n, a, b);
    else
        law_near(c, what, n, a, b, bound);
}

void law_compare(const law_case *c, const law_result *a, const law_result *b, double bound) {
    char what[32];
    for (int k = 0; k < a->results; k++) {
        snprintf(what, sizeof what, "result %d", k);
        compare_arrays(c, what, a->counts[k], a->out[k], b->out[k], bound);
    }
    for (int i = 0; i < a->arrays; i++) {
        snprintf(what, sizeof what, "gradient of array %d", i);
        if (a->grads[i] && b->grads[i])
            compare_arrays(c, what, a->grad_counts[i], a->grads[i], b->grads[i], bound);
    }
}

/* Beyond the ten: batches without steps or rows, numbers that are none, and work that is not done. */
#include "laws/law.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/test.h"
#include "tensor/context.h"

static const law_mode training = {.training = true, .gradients = true};

/* No steps: final states are the initial ones, and their gradients pass straight through (the loss weighs them). */
static void check_no_steps(const law_case *c, const law_data *data, const law_result *found) {
    int states = 0, state = 0;
    for (int i = 0; i < data->count; i++)
        states += data->arrays[i].role == LAW_STATE;
    for (int i = 0; i < data->count; i++) {
        const law_array *array = &data->arrays[i];
        bool any = false;
        for (int64_t j = 0; j < found->grad_counts[i]; j++)
            any |= found->grads[i][j] != 0;
        assert_int_equal(any, array->role == LAW_STATE);
        if (array->role == LAW_STATE)
            law_same_bits(c, "a state of no steps", law_count(array), found->out[found->results - states + state++],
                          data->values[i]);
    }
}

void law_no_steps_no_rows(const law_case *c) {
    static const int32_t none[32] = {0};
    for (int threads = 1; threads < 4; threads += 2) {
        rondo_tape *tape = law_tape(threads, NULL);
        law_case empty = *c;
        empty.T = 0;
        empty.lengths = c->lengths ? none : NULL;
        law_data data = law_make(&empty);
        law_result found = law_run(tape, &empty, &data, training);
        check_no_steps(&empty, &data, &found);
        law_forget(&found);
        law_drop(&data);
        empty.T = c->T;
        empty.B = 0;
        data = law_make(&empty);
        found = law_run(tape, &empty, &data, training);
        for (int k = 0; k < found.results; k++)
            assert_int_equal(found.counts[k], 0);
        law_forget(&found);
        law_drop(&data);
        law_end(tape);
    }
}

/* Is any of the numbers NaN? */
static bool has_nan(int64_t n, const real *x) {
    for (int64_t j = 0; j < n; j++)
        if (isnan(x[j]))
            return true;
    return false;
}

/* One NaN in the input of a row reaches that row's output at the same step, and no other row. */
static void check_nan(rondo_tape *tape, const law_case *c, const law_data *data, int64_t row, int64_t t) {
    const int64_t width = law_count(&data->arrays[0]) / (c->T * c->B);
    real *x = data->values[0] + (t * c->B + row) * width + width - 1, kept = *x;
    *x = (real)NAN;
    law_result found = law_run(tape, c, data, training);
    *x = kept;
    const int64_t wide = found.counts[0] / (c->T * c->B);
    for (int64_t b = 0; b < c->B; b++)
        if (has_nan(wide, found.out[0] + (t * c->B + b) * wide) != (b == row))
            fail_msg("%s: a NaN in row %d is %s row %d", c->name, (int)row, b == row ? "lost in" : "found in", (int)b);
    law_forget(&found);
}

void law_nan_arrives(const law_case *c) {
    char names[128];
    snprintf(names, sizeof names, "%s", rondo_isa_available());
    char *rest = NULL;
    law_data data = law_make(c);
    for (char *isa = strtok_r(names, " ", &rest); isa; isa = strtok_r(NULL, " ", &rest)) {
        rondo_tape *tape = law_tape(1, isa);
        for (int64_t row = 0; row < c->B; row++) {
            int64_t length = c->lengths ? c->lengths[row] : c->T;
            if (length > 0)
                check_nan(tape, c, &data, row, row % length);
        }
        law_end(tape);
    }
    law_drop(&data);
}

/* ---- no work for padding ---- */

static const rondo__kernels *real_kernels;
static int64_t multiply_adds;

static void counting_gemm(int64_t M, int64_t N, int64_t K, const real *a, int64_t ars, int64_t acs, const real *packed,
                          int64_t n0, int64_t n1, real *c, int64_t ldc, const real *bias, bool accumulate) {
    multiply_adds += M * K * (n1 - n0);
    real_kernels->gemm(M, N, K, a, ars, acs, packed, n0, n1, c, ldc, bias, accumulate);
}

/* Of all products of one training step. */
static int64_t count_multiply_adds(const law_case *c) {
    rondo_tape *tape = law_tape(1, NULL);
    rondo_context *context = rondo_tape_context(tape);
    real_kernels = context->kernels;
    rondo__kernels counting = *real_kernels;
    counting.gemm = counting_gemm;
    context->kernels = &counting;
    law_data data = law_make(c);
    multiply_adds = 0;
    law_result result = law_run(tape, c, &data, training);
    law_forget(&result);
    law_drop(&data);
    law_end(tape);
    return multiply_adds;
}

/* Products with the rows that exist, not one more. */
void law_no_work_for_padding(const law_case *c) {
    int64_t rows = 0;
    if (!c->lengths)
        return;
    for (int64_t b = 0; b < c->B; b++)
        rows += c->lengths[b];
    law_case full = *c;
    full.lengths = NULL;
    int64_t of_full = count_multiply_adds(&full), of_ragged = count_multiply_adds(c);
    if (of_ragged * c->T * c->B != of_full * rows)
        fail_msg("%s: %lld multiply-adds for %d of %d rows, which take %lld", c->name, (long long)of_ragged, (int)rows,
                 (int)(c->T * c->B), (long long)of_full);
}

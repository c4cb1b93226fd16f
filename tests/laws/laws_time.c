/* Laws 5, 6, 7, 10: time and batch. A sequence may be cut, padded, moved in the batch or streamed, and the numbers stay
 * the same bits. Masks are drawn by place, so where a place changes these run outside of training. */
#include "laws/law.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "tensor/context.h"

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }

static int count_states(const law_data *data) {
    int states = 0;
    for (int i = 0; i < data->count; i++)
        states += data->arrays[i].role == LAW_STATE;
    return states;
}

/* ---- 5: the whole = chunks with carried state ---- */

/* Runs steps [begin, end) of c on data whose states are carried, and compares the sequences with the whole's. */
static void run_chunk(rondo_tape *tape, const law_case *c, law_data *data, int64_t begin, int64_t end,
                      const law_result *whole) {
    int32_t lengths[64];
    law_case part = *c;
    law_data cut = *data;
    part.T = end - begin;
    for (int64_t b = 0; b < c->B && c->lengths; b++) {
        int64_t left = c->lengths[b] - begin;
        lengths[b] = (int32_t)(left < 0 ? 0 : minimum(left, part.T));
    }
    part.lengths = c->lengths ? lengths : NULL;
    cut.count = part.cell->declare(&part, cut.arrays);
    for (int i = 0; i < cut.count; i++)
        if (cut.arrays[i].role == LAW_SEQUENCE)
            cut.values[i] += begin * c->B * cut.arrays[i].dims[2];
    law_result found = law_run(tape, &part, &cut, (law_mode){0});
    int states = count_states(data), sequences = found.results - states, state = sequences;
    for (int k = 0; k < sequences; k++)
        law_same_bits(c, "a chunk", found.counts[k], found.out[k], whole->out[k] + whole->counts[k] / c->T * begin);
    for (int i = 0; i < data->count; i++)
        if (data->arrays[i].role == LAW_STATE) {
            memcpy(data->values[i], found.out[state], (size_t)found.counts[state] * sizeof(real));
            state++;
        }
    law_forget(&found);
}

static void run_in_chunks(rondo_tape *tape, const law_case *c, int64_t size, const law_result *whole) {
    law_data data = law_make(c);
    int64_t chunks = (c->T + size - 1) / size;
    for (int64_t k = 0; k < chunks; k++) {
        int64_t begin = (c->reverse ? chunks - 1 - k : k) * size;
        run_chunk(tape, c, &data, begin, minimum(begin + size, c->T), whole);
    }
    int states = count_states(&data), state = whole->results - states;
    for (int i = 0; i < data.count; i++)
        if (data.arrays[i].role == LAW_STATE) {
            law_same_bits(c, "the state after all chunks", whole->counts[state], data.values[i], whole->out[state]);
            state++;
        }
    law_drop(&data);
}

void law_5_chunks(const law_case *c) {
    rondo_tape *tape = law_tape(1, NULL);
    law_data data = law_make(c);
    law_result whole = law_run(tape, c, &data, (law_mode){0});
    run_in_chunks(tape, c, 1, &whole);
    run_in_chunks(tape, c, c->T / 2 + 1, &whole);
    law_forget(&whole);
    law_drop(&data);
    law_end(tape);
}

/* ---- 6: padding, full of NaN, changes nothing and is never read ---- */

void law_6_padding(const law_case *c) {
    const int64_t more = 3;
    rondo_tape *tape = law_tape(1, NULL);
    law_data data = law_make(c), longer = {0};
    int32_t lengths[64];
    law_case padded = *c;
    padded.T += more;
    padded.lengths = lengths;
    for (int64_t b = 0; b < c->B; b++)
        lengths[b] = c->lengths ? c->lengths[b] : (int32_t)c->T;
    longer.count = c->cell->declare(&padded, longer.arrays);
    for (int i = 0; i < data.count; i++) {
        int64_t before = law_count(&data.arrays[i]), after = law_count(&longer.arrays[i]);
        longer.values[i] = calloc((size_t)after + 1, sizeof(real));
        memcpy(longer.values[i], data.values[i], (size_t)before * sizeof(real));
        int64_t width = longer.arrays[i].dims[2];
        for (int64_t j = 0; longer.arrays[i].role == LAW_SEQUENCE && j < after; j++)
            if (j / width / c->B >= lengths[j / width % c->B])
                longer.values[i][j] = (real)NAN;
    }
    law_mode mode = {.training = true, .gradients = true};
    law_result short_run = law_run(tape, c, &data, mode), long_run = law_run(tape, &padded, &longer, mode);
    int sequences = short_run.results - count_states(&data);
    for (int k = 0; k < short_run.results; k++) {
        law_same_bits(c, "a padded result", short_run.counts[k], long_run.out[k], short_run.out[k]);
        for (int64_t j = short_run.counts[k]; k < sequences && j < long_run.counts[k]; j++)
            assert_true(long_run.out[k][j] == 0);
    }
    for (int i = 0; i < data.count; i++) {
        law_near(c, "a padded gradient", short_run.grad_counts[i], long_run.grads[i], short_run.grads[i], 2e-5);
        for (int64_t j = short_run.grad_counts[i]; j < long_run.grad_counts[i]; j++)
            assert_true(long_run.grads[i][j] == 0);
    }
    law_forget(&short_run);
    law_forget(&long_run);
    law_drop(&data);
    law_drop(&longer);
    law_end(tape);
}

/* ---- 7: the batch in another order ---- */

/* Row b of array (count rows, B, width) to place B-1-b. */
static void turn(real *to, const real *from, int64_t count, int64_t B, int64_t width) {
    for (int64_t t = 0; t < count; t++)
        for (int64_t b = 0; b < B; b++)
            memcpy(to + (t * B + B - 1 - b) * width, from + (t * B + b) * width, (size_t)width * sizeof(real));
}

void law_7_permutation(const law_case *c) {
    rondo_tape *tape = law_tape(1, NULL);
    law_data data = law_make(c), turned = law_make(c);
    int32_t lengths[64];
    law_case other = *c;
    for (int64_t b = 0; b < c->B && c->lengths; b++)
        lengths[c->B - 1 - b] = c->lengths[b];
    other.lengths = c->lengths ? lengths : NULL;
    for (int i = 0; i < data.count; i++) {
        const law_array *a = &data.arrays[i];
        if (a->role == LAW_SEQUENCE)
            turn(turned.values[i], data.values[i], a->dims[0], c->B, a->dims[2]);
        if (a->role == LAW_STATE)
            turn(turned.values[i], data.values[i], 1, c->B, a->dims[1]);
    }
    law_result straight = law_run(tape, c, &data, (law_mode){0}), found = law_run(tape, &other, &turned, (law_mode){0});
    int sequences = straight.results - count_states(&data);
    for (int k = 0; k < straight.results; k++) {
        int64_t steps = k < sequences ? c->T : 1, n = straight.counts[k];
        real *back = calloc((size_t)n + 1, sizeof(real));
        turn(back, found.out[k], steps, c->B, n / steps / c->B);
        law_same_bits(c, "a turned batch", n, back, straight.out[k]);
        free(back);
    }
    law_forget(&straight);
    law_forget(&found);
    law_drop(&data);
    law_drop(&turned);
    law_end(tape);
}

/* ---- 10: streaming ---- */

/* Rows [first, first + layer->B) for `length` steps. */
static void stream_rows(const law_case *c, const rondo__step_class *step, rondo__step_layer *layer, int64_t first,
                        int64_t length, const law_data *data, const law_result *whole) {
    int64_t width = whole->counts[0] / c->T / c->B, n = layer->B * width;
    real *y = calloc((size_t)n + 1, sizeof(real));
    for (int64_t s = 0; s < length; s++) {
        int64_t t = c->reverse ? length - 1 - s : s;
        step->step(layer, data->values[0] + (t * c->B + first) * c->I, y);
        law_same_bits(c, "a streamed step", n, y, whole->out[0] + (t * c->B + first) * width);
    }
    free(y);
}

static void stream_layer(const law_case *c, rondo_context *context, int64_t first, int64_t count, int64_t length,
                         const law_data *data, const law_result *whole) {
    rondo__step_layer layer = {.kernels = context->kernels, .context = context, .B = count, .I = c->I, .H = c->H};
    rondo_param param[sizeof data->arrays / sizeof *data->arrays] = {0};
    rondo__step_weights weights = {0};
    real *states[2] = {NULL, NULL};
    int state = 0;
    for (int i = 0; i < data->count; i++)
        param[i].value = rondo_tensor_view(RONDO_REAL, data->values[i], data->arrays[i].rank, data->arrays[i].dims);
    c->cell->open_step(c, data->values, param, &layer, &weights);
    for (int i = 0; i < data->count; i++)
        if (data->arrays[i].role == LAW_STATE) {
            int64_t width = data->arrays[i].dims[1];
            states[state] = calloc((size_t)(count * width) + 1, sizeof(real));
            memcpy(states[state++], data->values[i] + first * width, (size_t)(count * width) * sizeof(real));
        }
    layer.h = states[0];
    layer.c = states[1];
    layer.memory = rondo__alloc(c->cell->step->bytes(&layer, &weights));
    c->cell->step->pack(&layer, &weights);
    stream_rows(c, c->cell->step, &layer, first, length, data, whole);
    rondo__free(layer.memory);
    free(states[0]);
    free(states[1]);
}

void law_10_streaming(const law_case *c) {
    if (!c->cell->open_step || c->teacher)
        return;
    rondo_tape *tape = law_tape(1, NULL);
    law_data data = law_make(c);
    law_result whole = law_run(tape, c, &data, (law_mode){0});
    rondo_context *context = rondo_tape_context(tape);
    if (!c->lengths)
        stream_layer(c, context, 0, c->B, c->T, &data, &whole);
    for (int64_t b = 0; b < c->B; b++)
        stream_layer(c, context, b, 1, c->lengths ? c->lengths[b] : c->T, &data, &whole);
    law_forget(&whole);
    law_drop(&data);
    law_end(tape);
}

/* A model for tests of search: each history of each source has its own random but fixed distribution, so nothing about
 * the next symbol follows from the one before but through the whole history. */
#ifndef TESTS_NN_SEARCH_MODEL_H
#define TESTS_NN_SEARCH_MODEL_H

#include <math.h>
#include <string.h>

#include "core/core.h"
#include "kernels/kernels.h"
#include "rondo/search.h"
#include "support/test.h"

enum { TOY_ROWS = 4096, TOY_V = 32, TOY_END = 1, TOY_UNKNOWN = 2, TOY_START = 0 };

typedef struct toy {
    uint64_t seed;
    int64_t V, S, first; /* first: number of the source in row 0 of the first call */
    const int32_t *lengths;
    double sharpness; /* 0: 3 */
    int calls, fail_at;
    int64_t most_rows, last_rows;
    int64_t spoil_source, spoil_step; /* where a NaN (or spoil) stands; step 0 means never */
    real spoil;
    int32_t spoil_symbol;
    int64_t rows;
    uint64_t state[2][TOY_ROWS];
    int64_t source[2][TOY_ROWS], length[2][TOY_ROWS];
} toy;

static inline uint64_t toy_mix(uint64_t a, uint64_t b) {
    return (uint64_t)rondo__random_u32(a, b, 0) << 32 | rondo__random_u32(a, b, 1);
}

/* log-probabilities of what follows the history */
static inline void toy_scores(const toy *m, uint64_t state, real *out) {
    double x[TOY_V], sum = 0;
    for (int64_t j = 0; j < m->V; j++) {
        x[j] = (m->sharpness > 0 ? m->sharpness : 3) * rondo__random_uniform(m->seed, state, (uint64_t)j);
        sum += exp(x[j]);
    }
    for (int64_t j = 0; j < m->V; j++)
        out[j] = (real)(x[j] - log(sum));
}

static inline void toy_weights(const toy *m, uint64_t state, int64_t source, real *out) {
    double sum = 0;
    const int64_t length = m->lengths[source - m->first];
    for (int64_t s = 0; s < m->S; s++)
        out[s] = s < length ? (real)(rondo__random_uniform(m->seed + 1, state, (uint64_t)s) + 0.01) : 0;
    for (int64_t s = 0; s < length; s++)
        sum += (double)out[s];
    for (int64_t s = 0; s < length; s++)
        out[s] /= (real)sum;
}

static inline uint64_t toy_begin(const toy *m, int64_t source) { return toy_mix(m->seed, (uint64_t)source + 77); }
static inline uint64_t toy_told(uint64_t state, int32_t symbol) { return toy_mix(state, (uint64_t)symbol); }

static inline rondo_status toy_step(void *model, int64_t rows, const int32_t *parent, const int32_t *symbols,
                                    rondo_real *scores, rondo_real *weights, rondo_error *err) {
    toy *m = model;
    const int now = m->calls % 2, old = !now;
    if (m->calls++ == m->fail_at - 1)
        return rondo__fail(err, RONDO_IO, "toy: told to fail");
    assert_true(rows > 0 && rows <= TOY_ROWS);
    m->most_rows = rows > m->most_rows ? rows : m->most_rows;
    for (int64_t r = 0; r < rows; r++) {
        const bool first = m->calls == 1;
        assert_true(parent[r] >= 0 && (first ? parent[r] == r : parent[r] < m->rows));
        assert_true(!first || symbols[r] == TOY_START);
        m->source[now][r] = first ? m->first + r : m->source[old][parent[r]];
        m->length[now][r] = first ? 0 : m->length[old][parent[r]] + 1;
        m->state[now][r] = first ? toy_begin(m, m->first + r) : toy_told(m->state[old][parent[r]], symbols[r]);
        toy_scores(m, m->state[now][r], scores + r * m->V);
        if (weights)
            toy_weights(m, m->state[now][r], m->source[now][r], weights + r * m->S);
        if (m->spoil_step > 0 && m->source[now][r] == m->spoil_source && m->calls == m->spoil_step)
            scores[r * m->V + m->spoil_symbol] = m->spoil;
    }
    m->rows = m->last_rows = rows;
    return RONDO_OK;
}

/* A fresh start, and the model as rondo_search wants it. */
static inline rondo_search_model toy_model(toy *m) {
    m->calls = 0;
    m->most_rows = 0;
    return (rondo_search_model){
        .step = toy_step, .model = m, .V = m->V, .S = m->S, .start = TOY_START, .end = TOY_END, .unknown = TOY_UNKNOWN};
}

static inline rondo_search_result toy_search(toy *m, int64_t sources, const rondo_search_options *o) {
    rondo_search_model model = toy_model(m);
    rondo_search_result result;
    rondo_error err = {0};
    if (rondo_search(&result, &model, sources, m->lengths, o, &err))
        fail_msg("%s", err.message);
    return result;
}

static inline void toy_same(const rondo_hypothesis *a, const rondo_hypothesis *b, int64_t S) {
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->ended, b->ended);
    assert_true(a->log_probability == b->log_probability && a->score == b->score);
    assert_memory_equal(a->symbols, b->symbols, (size_t)a->count * sizeof *a->symbols);
    assert_int_equal(a->weights == NULL, b->weights == NULL);
    if (a->weights)
        assert_memory_equal(a->weights, b->weights, (size_t)((a->count + a->ended) * S) * sizeof *a->weights);
}

#endif

/* Attention composed of the tape's basic operators, one batch row and head at a time: the oracle of the fused one. It
 * has no position: the generic operators lack an exponential. */
#ifndef TESTS_NN_ATTENTION_COMPOSED_H
#define TESTS_NN_ATTENTION_COMPOSED_H

#include "nn/attention_run.h"

typedef struct composed {
    rondo_tape *tape;
    const rondo_attention_input *in;
    const rondo_attention_options *options;
    int64_t T, B, S, heads;
} composed;

/* (rows, B, width) -> rows [0, count) of batch row b, columns of head h: (count, width / heads). */
static inline rondo_var *composed_part(const composed *c, rondo_var *x, int64_t b, int64_t h, int64_t count) {
    int64_t width = x->value.dims[2] / c->heads;
    rondo_var *row = rondo_slice(c->tape, rondo_slice(c->tape, x, 1, b, b + 1), 0, 0, count);
    return rondo_reshape(c->tape, rondo_slice(c->tape, row, 2, h * width, (h + 1) * width), 2,
                         (int64_t[]){count, width});
}

/* (rows, n) -> (rows, S) with zeros behind. */
static inline rondo_var *composed_pad(const composed *c, rondo_var *x, int64_t n) {
    int64_t rows = x->value.dims[0];
    if (n == c->S)
        return x;
    rondo_var *zeros = rondo_zeros(c->tape, 2, (int64_t[]){rows, c->S - n});
    return rondo_concat(c->tape, 1, 2, (rondo_var *[]){x, zeros});
}

static inline rondo_var *composed_softmax(const composed *c, rondo_var *scores, int64_t first, int64_t n) {
    int64_t rows = scores->value.dims[0];
    rondo_var *mask = rondo_zeros(c->tape, 2, (int64_t[]){rows, n});
    for (int64_t t = 0; mask && t < rows; t++)
        for (int64_t s = 0; s < n; s++)
            if (c->options->causal && s > first + t + c->options->causal_offset)
                ((rondo_real *)mask->value.data)[t * n + s] = (rondo_real)-1e30;
    return rondo_softmax(c->tape, rondo_add(c->tape, scores, mask));
}

static inline rondo_var *composed_dot(const composed *c, rondo_var *q, rondo_var *k, int64_t n) {
    rondo_real scale = c->options->scale != 0 ? c->options->scale : 1;
    return composed_softmax(c, rondo_affine(c->tape, rondo_linear(c->tape, q, k, NULL), scale, 0), 0, n);
}

/* Row t of the weights, (1, n). */
static inline rondo_var *composed_additive(const composed *c, rondo_var *q, rondo_var *k, rondo_var *coverage,
                                           int64_t t, int64_t n) {
    int64_t A = q->value.dims[1];
    rondo_tape *tape = c->tape;
    rondo_var *row = rondo_reshape(tape, rondo_slice(tape, q, 0, t, t + 1), 1, (int64_t[]){A});
    rondo_var *hidden = rondo_add(tape, k, row);
    if (c->in->u) {
        rondo_var *column = rondo_reshape(tape, coverage, 2, (int64_t[]){n, 1});
        rondo_var *u = rondo_reshape(tape, c->in->u, 2, (int64_t[]){1, A});
        hidden = rondo_add(tape, hidden, rondo_matmul(tape, column, u));
    }
    rondo_var *v = rondo_reshape(tape, c->in->v, 2, (int64_t[]){A, 1});
    rondo_var *scores = rondo_matmul(tape, rondo_tanh(tape, hidden), v);
    return composed_softmax(c, rondo_reshape(tape, scores, 2, (int64_t[]){1, n}), t, n);
}

/* Weights (T, n) of batch row b; *coverage (1, n) moves on. */
static inline rondo_var *composed_weights(const composed *c, int64_t b, int64_t h, int64_t n, rondo_var **coverage) {
    rondo_var *q = composed_part(c, c->in->query, b, h, c->T), *k = composed_part(c, c->in->keys, b, h, n), *rows[16];
    rondo_var *all = c->options->score == RONDO_SCORE_DOT ? composed_dot(c, q, k, n) : NULL;
    if (all && !*coverage)
        return all;
    for (int64_t t = 0; t < c->T; t++) {
        rows[t] = all ? rondo_slice(c->tape, all, 0, t, t + 1) : composed_additive(c, q, k, *coverage, t, n);
        *coverage = rondo_add(c->tape, *coverage, rows[t]);
    }
    return rondo_concat(c->tape, 0, (int)c->T, rows);
}

/* Of one batch row: context (T, W), weights (T, heads * S), coverage (1, S). */
static inline void composed_row(const composed *c, int64_t b, rondo_var **context, rondo_var **weights,
                                rondo_var **coverage) {
    int64_t n = c->options->lengths ? c->options->lengths[b] : c->S, w = c->in->values->value.dims[2] / c->heads;
    rondo_var *contexts[16], *all[16];
    *coverage = NULL;
    if (c->heads == 1)
        *coverage = c->in->coverage ? rondo_slice(c->tape, c->in->coverage, 0, b, b + 1)
                                    : rondo_zeros(c->tape, 2, (int64_t[]){1, c->S});
    rondo_var *beyond = *coverage ? rondo_slice(c->tape, *coverage, 1, n, c->S) : NULL;
    *coverage = *coverage ? rondo_slice(c->tape, *coverage, 1, 0, n) : NULL;
    for (int64_t h = 0; h < c->heads; h++) {
        rondo_var *part = n ? composed_weights(c, b, h, n, coverage) : NULL;
        contexts[h] = n ? rondo_matmul(c->tape, part, composed_part(c, c->in->values, b, h, n))
                        : rondo_zeros(c->tape, 2, (int64_t[]){c->T, w});
        all[h] = n ? composed_pad(c, part, n) : rondo_zeros(c->tape, 2, (int64_t[]){c->T, c->S});
    }
    *context = rondo_concat(c->tape, 1, (int)c->heads, contexts);
    *weights = rondo_concat(c->tape, 1, (int)c->heads, all);
    if (*coverage)
        *coverage = n ? rondo_concat(c->tape, 1, 2, (rondo_var *[]){*coverage, beyond}) : beyond;
}

/* (T, n) of each batch row -> (T, B, n) */
static inline rondo_var *composed_join(const composed *c, rondo_var **rows) {
    for (int64_t b = 0; b < c->B; b++)
        rows[b] = rondo_reshape(c->tape, rows[b], 3, (int64_t[]){c->T, 1, -1});
    return rondo_concat(c->tape, 1, (int)c->B, rows);
}

static inline rondo_attention_result composed_attention(rondo_tape *tape, const rondo_attention_input *in,
                                                        const rondo_attention_options *options) {
    const int64_t *q = in->query->value.dims;
    composed c = {tape, in, options, q[0], q[1], in->keys->value.dims[0], options->heads ? options->heads : 1};
    rondo_var *contexts[ATT_MOST_B], *weights[ATT_MOST_B], *coverages[ATT_MOST_B];
    for (int64_t b = 0; b < c.B; b++)
        composed_row(&c, b, &contexts[b], &weights[b], &coverages[b]);
    return (rondo_attention_result){composed_join(&c, contexts), composed_join(&c, weights),
                                    c.heads == 1 ? rondo_concat(tape, 0, (int)c.B, coverages) : NULL};
}

#endif

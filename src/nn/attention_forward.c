/* Attention forward. The work is cut by (batch row, head); what a task does for its pair (b, h):
 *
 *   1. scores of all T steps against the n valid keys: one product (dot), or row by row (additive)
 *   2. each row: softmax, window (attention_weights.c), and the coverage moves on by the row
 *   3. context of all T steps: one product of the weights and the values
 *
 * With the coverage feature a row's scores need the rows before it, so 1 and 2 alternate. Scores are written where the
 * weights will stand. */
#include "nn/attention.h"

#include <string.h>

/* Scratch of one worker: a packed operand, then, with dropout, the weights (T, S) that form the context. */
static int64_t worker_numbers(const rondo__attention *a) {
    return rondo__round16(rondo__attention_room(a)) + (a->dropping ? rondo__round16(a->T * a->S) : 0);
}

size_t rondo__attention_forward_scratch(const rondo__attention *a) {
    return (size_t)a->call->context->threads * (size_t)worker_numbers(a) * sizeof(real);
}

static void dot_scores(const rondo__attention *a, int64_t b, int64_t h, int64_t m, int64_t n, real *room) {
    const rondo_call *call = a->call;
    rondo__rows_by_rows(a->kernels, a->T, n, a->d, rondo__data(call->in[QUERY]) + b * a->A + h * a->d, a->B * a->A,
                        rondo__data(call->in[KEYS]) + m * a->A + h * a->d, a->M * a->A,
                        rondo__data(call->out[WEIGHTS]) + rondo__weights_at(a, 0, b, h), a->B * a->heads * a->S, room);
}

/* coverage (S): sum of the weights before t. */
static void additive_scores(const rondo__attention *a, int64_t t, int64_t b, int64_t m, int64_t n, real *row,
                            const real *coverage) {
    const rondo_call *call = a->call;
    const real *q = rondo__data(call->in[QUERY]) + (t * a->B + b) * a->A;
    const real *k = rondo__data(call->in[KEYS]) + m * a->A, *v = rondo__data(call->in[V_ROW]);
    const real *u = call->in[U_ROW] ? rondo__data(call->in[U_ROW]) : NULL;
    for (int64_t s = 0, seen = rondo__visible(a, t, n); s < seen; s++)
        row[s] = (real)a->kernels->additive_score(a->A, q, k + s * a->M * a->A, u, u ? coverage[s] : 0, v);
}

/* The new coverage's row (S), with the sum so far in it; NULL: more than one head. */
static real *start_coverage(const rondo__attention *a, int64_t b) {
    if (a->heads > 1)
        return NULL;
    const rondo_var *before = a->call->in[COVERAGE];
    real *row = rondo__data(a->call->out[NEW_COVERAGE]) + b * a->S;
    size_t bytes = (size_t)a->S * sizeof *row;
    if (before && a->S > 0)
        memcpy(row, rondo__data(before) + b * a->S, bytes);
    else
        memset(row, 0, bytes);
    return row;
}

static void weights(const rondo__attention *a, int64_t b, int64_t h, int64_t m, int64_t n, real *room) {
    const rondo_call *call = a->call;
    bool additive = a->options->score == RONDO_SCORE_ADDITIVE;
    real *coverage = start_coverage(a, b);
    if (!additive)
        dot_scores(a, b, h, m, n, room);
    for (int64_t t = 0; t < a->T; t++) {
        int64_t at = rondo__weights_at(a, t, b, h);
        real *row = rondo__data(call->out[WEIGHTS]) + at;
        if (additive)
            additive_scores(a, t, b, m, n, row, coverage);
        rondo__weights_row(a, t, b, n, row, call->in[POSITION] ? (real *)call->saved + at : NULL);
        if (coverage)
            a->kernels->add(n, coverage, coverage, row);
    }
}

static void context(const rondo__attention *a, int64_t b, int64_t h, int64_t m, int64_t n, real *room) {
    const rondo_call *call = a->call;
    const real *from = rondo__data(call->out[WEIGHTS]) + rondo__weights_at(a, 0, b, h); /* (T, S) */
    int64_t stride = a->B * a->heads * a->S;
    if (a->dropping) {
        real *dropped = room + rondo__round16(rondo__attention_room(a));
        for (int64_t t = 0; t < a->T; t++)
            rondo__weights_drop(a, t, b, h, n, dropped + t * a->S, from + t * stride);
        from = dropped;
        stride = a->S;
    }
    rondo__rows_times(a->kernels, a->T, a->w, n, from, stride, rondo__data(call->in[VALUES]) + m * a->W + h * a->w,
                      a->M * a->W, rondo__data(call->out[CONTEXT]) + b * a->W + h * a->w, a->B * a->W, false, room);
}

static void forward_range(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo__attention *a = arg;
    real *room = (real *)a->call->scratch + worker * worker_numbers(a);
    for (int64_t i = begin; i < end; i++) {
        int64_t b = i / a->heads, h = i % a->heads, m = rondo__memory_row(a, b), n = rondo__memory_length(a, m);
        weights(a, b, h, m, n, room);
        context(a, b, h, m, n, room);
    }
}

rondo_status rondo__attention_forward(rondo_call *call, rondo_error *err) {
    rondo__attention a = rondo__attention_of(call);
    (void)err;
    rondo__parallel(call->context, a.B * a.heads, rondo__attention_grain(&a), forward_range, &a);
    return RONDO_OK;
}

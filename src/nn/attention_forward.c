/* Attention forward. The work is cut by (batch row, head); what a task does for its pair (b, h):
 *
 *   1. scores of all T steps against the n valid keys: one product (dot), or row by row (additive)
 *   2. each row: softmax, window (attention_weights.c), and the coverage moves on by the row
 *   3. context of all T steps: one product of the weights and the values
 *
 * With the coverage feature a row's scores need the rows before it, so 1 and 2 alternate. Scores are written where the
 * weights will stand.
 *
 * A search asks single steps, whose neighbouring rows look at one memory row: the hypotheses of a source. There the
 * work is cut by rows, and such neighbours take the place of the steps: what is packed of the memory serves all of
 * them. A product gives a row the same bits in whatever company. */
#include "nn/attention.h"

#include <string.h>

/* Scratch of one worker: a packed operand, then, with dropout, the weights (T, S) that form the context. */
static int64_t worker_numbers(const rondo__attention *a) {
    return rondo__round16(rondo__attention_room(a)) + (a->dropping ? rondo__round16(a->T * a->S) : 0);
}

size_t rondo__attention_forward_scratch(const rondo__attention *a) {
    return (size_t)a->call->context->threads * (size_t)worker_numbers(a) * sizeof(real);
}

/* Queries of one head that look at one memory row: steps 0..count - 1 of batch row b, or, of a single step, the batch
 * rows b..b + count - 1. */
typedef struct group {
    int64_t b, h, count;
    bool rows;
    int64_t m, n; /* memory row, its valid keys */
} group;

/* Rows of (T, B) from one query to the next. */
static int64_t apart(const rondo__attention *a, const group *g) { return g->rows ? 1 : a->B; }

static void dot_scores(const rondo__attention *a, const group *g, real *room) {
    const rondo_call *call = a->call;
    const int64_t step = apart(a, g);
    rondo__rows_by_rows(a->kernels, g->count, g->n, a->d, rondo__data(call->in[QUERY]) + g->b * a->A + g->h * a->d,
                        step * a->A, rondo__data(call->in[KEYS]) + g->m * a->A + g->h * a->d, a->M * a->A,
                        rondo__data(call->out[WEIGHTS]) + rondo__weights_at(a, 0, g->b, g->h), step * a->heads * a->S,
                        room);
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

static void weights(const rondo__attention *a, const group *g, real *room) {
    const rondo_call *call = a->call;
    const bool additive = a->options->score == RONDO_SCORE_ADDITIVE;
    real *coverage = NULL;
    if (!additive)
        dot_scores(a, g, room);
    for (int64_t i = 0; i < g->count; i++) {
        const int64_t t = g->rows ? 0 : i, b = g->rows ? g->b + i : g->b, at = rondo__weights_at(a, t, b, g->h);
        real *row = rondo__data(call->out[WEIGHTS]) + at;
        if (t == 0)
            coverage = start_coverage(a, b);
        if (additive)
            additive_scores(a, t, b, g->m, g->n, row, coverage);
        rondo__weights_row(a, t, b, g->n, row, call->in[POSITION] ? (real *)call->saved + at : NULL);
        if (coverage)
            a->kernels->add(g->n, coverage, coverage, row);
    }
}

static void context(const rondo__attention *a, const group *g, real *room) {
    const rondo_call *call = a->call;
    const real *from = rondo__data(call->out[WEIGHTS]) + rondo__weights_at(a, 0, g->b, g->h); /* (count, S) */
    int64_t stride = apart(a, g) * a->heads * a->S;
    if (a->dropping) {
        real *dropped = room + rondo__round16(rondo__attention_room(a));
        for (int64_t t = 0; t < a->T; t++)
            rondo__weights_drop(a, t, g->b, g->h, g->n, dropped + t * a->S, from + t * stride);
        from = dropped;
        stride = a->S;
    }
    rondo__rows_times(a->kernels, g->count, a->w, g->n, from, stride,
                      rondo__data(call->in[VALUES]) + g->m * a->W + g->h * a->w, a->M * a->W,
                      rondo__data(call->out[CONTEXT]) + g->b * a->W + g->h * a->w, apart(a, g) * a->W, false, room);
}

static void run_group(const rondo__attention *a, const group *g, int worker) {
    real *room = (real *)a->call->scratch + worker * worker_numbers(a);
    weights(a, g, room);
    context(a, g, room);
}

static void forward_pairs(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo__attention *a = arg;
    for (int64_t i = begin; i < end; i++) {
        group g = {.b = i / a->heads, .h = i % a->heads, .count = a->T};
        g.m = rondo__memory_row(a, g.b);
        g.n = rondo__memory_length(a, g.m);
        run_group(a, &g, worker);
    }
}

/* Of a single step. */
static void forward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo__attention *a = arg;
    for (int64_t b = begin, next; b < end; b = next) {
        group g = {.b = b, .rows = true, .m = rondo__memory_row(a, b)};
        g.n = rondo__memory_length(a, g.m);
        for (next = b + 1; next < end && rondo__memory_row(a, next) == g.m;)
            next++;
        g.count = next - b;
        for (g.h = 0; g.h < a->heads; g.h++)
            run_group(a, &g, worker);
    }
}

rondo_status rondo__attention_forward(rondo_call *call, rondo_error *err) {
    rondo__attention a = rondo__attention_of(call);
    (void)err;
    const int64_t grain = rondo__attention_grain(&a);
    if (a.T == 1 && a.options->memory_of && !a.dropping)
        rondo__parallel(call->context, a.B, (grain + a.heads - 1) / a.heads, forward_rows, &a);
    else
        rondo__parallel(call->context, a.B * a.heads, grain, forward_pairs, &a);
    return RONDO_OK;
}

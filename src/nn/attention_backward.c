/* Attention backward, cut like forward by (batch row, head); what a task does for its pair (b, h), steps as in forward:
 *
 *   3. of the weights: dcontext · valuesᵀ, through the dropout; of the values: weightsᵀ · dcontext
 *   2. from the last row to the first: what the weights' and the coverage's own users add, then window and softmax
 *   1. dot: dq += de · keys, dk += deᵀ · query;  additive: tanh is computed again, row by row
 *
 * The gradient of the coverage runs backwards through the steps: dcoverage before t = dcoverage after t + what the
 * scores of t give; so the weights of t get the sum of what all later scores gave. Gradients of v and u are collected
 * for each batch row and summed over the rows in order. Inputs that want no gradient are skipped. */
#include "nn/attention.h"

#include <assert.h>
#include <string.h>

#include "nn/carve.h"

/* Scratch of one worker. */
typedef struct room {
    real *packed;    /* an operand of a product */
    real *de;        /* (T, S) gradient of the weights, then of the scores */
    real *dropped;   /* (T, S) weights that formed the context; with dropout */
    real *coverage;  /* (T, S) before each step; with the coverage feature */
    real *dcoverage; /* (S) */
} room;

static room carve_room(rondo__carver *carver, const rondo__attention *a) {
    return (room){.packed = rondo__carve(carver, rondo__attention_room(a)),
                  .de = rondo__carve(carver, a->T * a->S),
                  .dropped = rondo__carve_if(carver, a->dropping, a->T * a->S),
                  .coverage = rondo__carve_if(carver, a->call->in[U_ROW], a->T * a->S),
                  .dcoverage = rondo__carve(carver, a->S)};
}

typedef struct pass {
    rondo__attention a;
    real *dv, *du; /* (B, A) each: gradients of v and u by batch row; NULL: not wanted */
    char *rooms;   /* of all workers */
    size_t room_bytes;
} pass;

static void carve_all(rondo__carver *carver, pass *p) {
    const rondo_call *call = p->a.call;
    const rondo_var *v = call->in[V_ROW], *u = call->in[U_ROW];
    rondo__carver one = {0};
    carve_room(&one, &p->a);
    p->room_bytes = one.used;
    p->dv = rondo__carve_if(carver, v && v->needs_grad, p->a.B * p->a.A);
    p->du = rondo__carve_if(carver, u && u->needs_grad, p->a.B * p->a.A);
    p->rooms = rondo__carve_bytes(carver, (size_t)call->context->threads * p->room_bytes);
}

size_t rondo__attention_backward_scratch(const rondo__attention *a) {
    pass p = {.a = *a};
    rondo__carver carver = {0};
    carve_all(&carver, &p);
    return carver.used;
}

static real *grad_at(const rondo_var *var, int64_t at) { return var->grad ? var->grad + at : NULL; }

/* ---- 3: context ---- */

/* r->de = gradient of the weights by way of the context. */
static void weights_grad(const rondo__attention *a, int64_t b, int64_t h, int64_t n, const room *r) {
    const rondo_call *call = a->call;
    rondo__rows_by_rows(a->kernels, a->T, n, a->w, call->out[CONTEXT]->grad + b * a->W + h * a->w, a->B * a->W,
                        rondo__data(call->in[VALUES]) + b * a->W + h * a->w, a->B * a->W, r->de, a->S, r->packed);
    for (int64_t t = 0; t < a->T && a->dropping; t++)
        rondo__weights_drop(a, t, b, h, n, r->de + t * a->S, r->de + t * a->S);
}

static void values_grad(const rondo__attention *a, int64_t b, int64_t h, int64_t n, const room *r) {
    const rondo_call *call = a->call;
    const real *from = rondo__data(call->out[WEIGHTS]) + rondo__weights_at(a, 0, b, h); /* (T, S) */
    int64_t stride = a->B * a->heads * a->S;
    if (!call->in[VALUES]->grad)
        return;
    if (a->dropping) {
        for (int64_t t = 0; t < a->T; t++)
            rondo__weights_drop(a, t, b, h, n, r->dropped + t * a->S, from + t * stride);
        from = r->dropped;
        stride = a->S;
    }
    rondo__columns_times(a->kernels, n, a->w, a->T, from, stride, call->out[CONTEXT]->grad + b * a->W + h * a->w,
                         a->B * a->W, call->in[VALUES]->grad + b * a->W + h * a->w, a->B * a->W, r->packed);
}

/* ---- 2: weights ---- */

/* Row t of r->de: gradient of the weights by way of the context in, of the scores out. */
static void scores_grad(const rondo__attention *a, int64_t t, int64_t b, int64_t h, int64_t n, const room *r) {
    const rondo_call *call = a->call;
    int64_t at = rondo__weights_at(a, t, b, h);
    real *de = r->de + t * a->S;
    a->kernels->add(n, de, de, call->out[WEIGHTS]->grad + at);
    if (a->heads == 1)
        a->kernels->add(n, de, de, r->dcoverage);
    rondo__weights_row_backward(a, t, b, n, de, rondo__data(call->out[WEIGHTS]) + at,
                                call->in[POSITION] ? (const real *)call->saved + at : NULL);
}

/* ---- 1: scores ---- */

static void dot_grad(const rondo__attention *a, int64_t b, int64_t h, int64_t n, const room *r) {
    const rondo_call *call = a->call;
    const rondo_var *query = call->in[QUERY], *keys = call->in[KEYS];
    int64_t at = b * a->A + h * a->d, stride = a->B * a->A;
    if (query->grad)
        rondo__rows_times(a->kernels, a->T, a->d, n, r->de, a->S, rondo__data(keys) + at, stride, query->grad + at,
                          stride, true, r->packed);
    if (keys->grad)
        rondo__columns_times(a->kernels, n, a->d, a->T, r->de, a->S, rondo__data(query) + at, stride, keys->grad + at,
                             stride, r->packed);
}

static void additive_grad(const pass *p, int64_t t, int64_t b, int64_t n, const room *r) {
    const rondo__attention *a = &p->a;
    const rondo_call *call = a->call;
    const rondo_var *query = call->in[QUERY], *keys = call->in[KEYS], *u = call->in[U_ROW];
    int64_t q = (t * a->B + b) * a->A;
    for (int64_t s = 0, seen = rondo__visible(a, t, n); s < seen; s++) {
        int64_t k = (s * a->B + b) * a->A, row = b * a->A;
        double dc = a->kernels->additive_backward(
            a->A, grad_at(query, q), grad_at(keys, k), p->du ? p->du + row : NULL, p->dv ? p->dv + row : NULL,
            rondo__data(query) + q, rondo__data(keys) + k, u ? rondo__data(u) : NULL, u ? r->coverage[t * a->S + s] : 0,
            rondo__data(call->in[V_ROW]), r->de[t * a->S + s]);
        r->dcoverage[s] += (real)dc;
    }
}

/* ---- the whole of one pair ---- */

/* The coverage before each step, as forward had it. */
static void replay_coverage(const rondo__attention *a, int64_t b, int64_t n, const room *r) {
    const rondo_var *before = a->call->in[COVERAGE];
    if (!r->coverage || a->T == 0 || n == 0)
        return;
    if (before)
        memcpy(r->coverage, rondo__data(before) + b * a->S, (size_t)n * sizeof(real));
    else
        memset(r->coverage, 0, (size_t)n * sizeof(real));
    for (int64_t t = 0; t + 1 < a->T; t++)
        a->kernels->add(n, r->coverage + (t + 1) * a->S, r->coverage + t * a->S,
                        rondo__data(a->call->out[WEIGHTS]) + rondo__weights_at(a, t, b, 0));
}

static void backward_pair(const pass *p, int64_t b, int64_t h, const room *r) {
    const rondo__attention *a = &p->a;
    const rondo_call *call = a->call;
    bool additive = a->options->score == RONDO_SCORE_ADDITIVE;
    int64_t n = rondo__memory_length(a, b);
    if (a->heads == 1)
        memcpy(r->dcoverage, call->out[NEW_COVERAGE]->grad + b * a->S, (size_t)a->S * sizeof(real));
    replay_coverage(a, b, n, r);
    weights_grad(a, b, h, n, r);
    values_grad(a, b, h, n, r);
    for (int64_t t = a->T - 1; t >= 0; t--) {
        scores_grad(a, t, b, h, n, r);
        if (additive)
            additive_grad(p, t, b, n, r);
    }
    if (!additive)
        dot_grad(a, b, h, n, r);
    if (call->in[COVERAGE] && call->in[COVERAGE]->grad)
        a->kernels->add(a->S, call->in[COVERAGE]->grad + b * a->S, call->in[COVERAGE]->grad + b * a->S, r->dcoverage);
}

static void backward_range(void *arg, int64_t begin, int64_t end, int worker) {
    const pass *p = arg;
    rondo__carver carver = {.base = p->rooms + (size_t)worker * p->room_bytes};
    room r = carve_room(&carver, &p->a);
    assert(r.de && r.dcoverage);
    for (int64_t i = begin; i < end; i++)
        backward_pair(p, i / p->a.heads, i % p->a.heads, &r);
}

/* grad of var (A) += rows (B, A), row after row. */
static void sum_rows(const pass *p, const rondo_var *var, const real *rows) {
    if (rows)
        rondo__column_sums(p->a.call->context, p->a.B, p->a.A, rows, p->a.A, var->grad);
}

rondo_status rondo__attention_backward(rondo_call *call, rondo_error *err) {
    pass p = {.a = rondo__attention_of(call)};
    rondo__carver carver = {.base = call->scratch};
    size_t bytes = (size_t)(p.a.B * p.a.A) * sizeof(real);
    (void)err;
    carve_all(&carver, &p);
    if (p.dv)
        memset(p.dv, 0, bytes);
    if (p.du)
        memset(p.du, 0, bytes);
    rondo__parallel(call->context, p.a.B * p.a.heads, rondo__attention_grain(&p.a), backward_range, &p);
    sum_rows(&p, call->in[V_ROW], p.dv);
    sum_rows(&p, call->in[U_ROW], p.du);
    return RONDO_OK;
}

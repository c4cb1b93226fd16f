/* linear_cross_entropy: the output layer and its loss in one, without an array of (rows, V).
 *
 *   x (R, K), w (V, K), b (V) or NULL, targets (R), loss a scalar;  logits = x · Wᵀ + b
 *   loss and gradient of each row as in entropy.h
 *   backward: dx += dlogits · W,  dw += dlogitsᵀ · x,  db += column sums of dlogits
 *
 * Only the C rows whose target is not -1 take part. They go through in blocks: a block's logits are made in scratch,
 * turned in place into their gradient for dloss = 1 while they are still in the cache, and multiplied at once into dx
 * and dw, which are saved; backward has but to scale them. So no product is done twice, which recomputing the logits in
 * backward would do (a third more work), and what is saved does not grow with R * V:
 *
 *   saved      dx (C, K) | dw (V, K) | db (V)          or, where it is smaller,  dlogits (C, V)
 *   scratch    losses (C) | index (C) | x of a block, if rows are left out | logits of a block | Wᵀ, W packed | product
 *
 * With few classes and many features the gradients of the logits are the smaller ones: then these are saved, and
 * backward multiplies. Both ways, and all blocks of an even number of rows, give the same bits where gradients start at
 * zero and dloss is 1: sums over rows are one chain that goes on from block to block. */
#include <string.h>

#include "autograd/entropy.h"
#include "autograd/packs.h"

/* Rows of a block: dw is read and written once for each, which costs 6 % of the products at 256; fewer classes leave
 * room for more. */
enum { BLOCK_ROWS = 256, BLOCK_NUMBERS = 1 << 20, COLUMNS = 128 };

typedef struct fused_options {
    rondo__entropy entropy;
    int64_t block;
} fused_options;

typedef struct plan {
    int64_t R, K, V;
    int64_t C, block; /* rows that count; of a block */
    bool dx, dw, db;  /* gradients that are wanted */
    bool keep;        /* the gradients of the logits are saved */
    bool gather;      /* rows are left out */
    rondo__entropy_sums sums;
} plan;

static int64_t block_rows(int64_t V) {
    const int64_t fits = BLOCK_NUMBERS / (V > 0 ? V : 1) / BLOCK_ROWS * BLOCK_ROWS;
    return fits > BLOCK_ROWS ? fits : BLOCK_ROWS;
}

/* Numbers that either way takes, in double: they are only compared. */
static bool keeping_is_smaller(const plan *p) {
    const double weight = (double)p->V * (double)p->K, logits = (double)p->V;
    const double kept = logits * (double)p->C + weight;
    const double blocks = (p->dx ? (double)p->C * (double)p->K + weight : 0) + (p->dw ? weight : 0) + weight +
                          logits * (double)(p->block < p->C ? p->block : p->C);
    return kept <= blocks;
}

static plan plan_of(const rondo_call *call) {
    const fused_options *options = call->options;
    const rondo_tensor *x = &call->in[0]->value, *w = &call->in[1]->value;
    plan p = {.R = rondo__rows(x), .K = rondo__width(x), .V = w->dims[0]};
    p.sums = rondo__entropy_measure(call->context->kernels, &options->entropy, p.R, p.V);
    p.C = p.sums.counted;
    p.gather = p.C < p.R;
    p.dx = call->recording && call->in[0]->needs_grad;
    p.dw = call->recording && call->in[1]->needs_grad;
    p.db = call->recording && call->in[2] && call->in[2]->needs_grad;
    p.block = options->block ? (options->block < 0 ? -options->block : options->block) : block_rows(p.V);
    p.keep = call->recording && (options->block ? options->block < 0 : keeping_is_smaller(&p));
    if (p.block > p.C)
        p.block = p.C;
    return p;
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const fused_options *options = call->options;
    rondo_status status = rondo__shape_like_rows(call, err);
    if (!status)
        status = rondo__need(call, 1, "w", err);
    if (status)
        return status;
    const rondo_tensor *x = &call->in[0]->value, *w = &call->in[1]->value;
    if (w->rank != 2 || w->dims[1] != rondo__width(x))
        return rondo__fail(err, RONDO_SHAPE,
                           "linear_cross_entropy: x is %s and w is %s (they must be (..., K) and (V, K))",
                           rondo__shape_of(x).text, rondo__shape_of(w).text);
    status = rondo__need_vector(call, 2, "b", w->dims[0], err);
    call->out[0]->value.rank = 0;
    return status ? status : rondo__entropy_check(call, &options->entropy, rondo__rows(x), w->dims[0], err);
}

/* ---- memory ---- */

/* W for the logits (transposed), or for dx. */
static rondo__form weight(const plan *p, bool transposed) {
    return (rondo__form){.input = 1, .M = p->V, .K = p->K, .transposed = transposed, .uses = p->C};
}

/* Takes count numbers of size bytes, aligned; from NULL it only adds up. */
typedef struct room {
    char *at;
    size_t bytes;
} room;

static void *take(room *r, bool wanted, int64_t count, size_t size) {
    const size_t bytes = wanted ? ((size_t)count * size + RONDO_ALIGN - 1) / RONDO_ALIGN * RONDO_ALIGN : 0;
    void *p = r->at && wanted ? r->at + r->bytes : NULL;
    r->bytes += bytes;
    return p;
}

typedef struct saved {
    real *logits;       /* (C, V) their gradients, or NULL */
    real *dx, *dw, *db; /* (C, K), (V, K), (V): NULL where logits are kept or nobody wants them */
} saved;

static saved lay_saved(const plan *p, room *r) {
    return (saved){.logits = take(r, p->keep, p->C * p->V, sizeof(real)),
                   .dx = take(r, !p->keep && p->dx, p->C * p->K, sizeof(real)),
                   .dw = take(r, !p->keep && p->dw, p->V * p->K, sizeof(real)),
                   .db = take(r, !p->keep && p->db, p->V, sizeof(real))};
}

typedef struct scratch {
    double *losses;    /* (C) forward */
    int32_t *index;    /* (C) the rows that count, or NULL: all */
    real *x;           /* (block, K) gathered */
    real *dx;          /* (block, K) backward, before it goes to where the rows stand */
    real *logits;      /* (block, V) forward, unless kept */
    rondo__form wt, w; /* packed */
    void *product;
} scratch;

/* Of whole blocks and of the last one. */
static size_t product_bytes(const plan *p) {
    const int64_t rest = p->block ? p->C % p->block : 0;
    const size_t whole = rondo__product_scratch(p->V, p->K, p->block), last = rondo__product_scratch(p->V, p->K, rest);
    return whole > last ? whole : last;
}

static scratch lay_scratch(const rondo_call *call, const plan *p, bool backward, room *r) {
    const bool multiplies = backward ? p->keep : !p->keep; /* into dx and dw */
    const bool moves = !backward || p->keep;
    scratch s = {.wt = weight(p, true), .w = weight(p, false)};
    s.losses = take(r, !backward, p->C, sizeof(double));
    s.index = take(r, p->gather, p->C, sizeof(int32_t));
    s.x = take(r, p->gather && moves, p->block * p->K, sizeof(real));
    s.dx = take(r, p->gather && backward && p->keep && p->dx, p->block * p->K, sizeof(real));
    s.logits = take(r, !backward && !p->keep, p->block * p->V, sizeof(real));
    if (!backward)
        s.wt.room = take(r, true, rondo__form_room(call, &s.wt), sizeof(real));
    if (p->dx && multiplies)
        s.w.room = take(r, true, rondo__form_room(call, &s.w), sizeof(real));
    s.product = take(r, p->dw && multiplies, 1, product_bytes(p));
    return s;
}

static size_t saved_bytes(const rondo_call *call) {
    const plan p = plan_of(call);
    room r = {0};
    if (call->recording)
        lay_saved(&p, &r);
    return r.bytes;
}

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    const plan p = plan_of(call);
    room r = {0};
    lay_scratch(call, &p, backward, &r);
    return r.bytes;
}

/* ---- rows ---- */

typedef struct run {
    const rondo_call *call;
    const rondo__entropy *entropy;
    const rondo__kernels *kernels;
    plan plan;
    saved saved;
    scratch scratch;
    int64_t from, rows; /* of the block, among those that count */
    real *logits;       /* (rows, V) of the block */
    real factor;        /* what gradients are multiplied with */
} run;

static run run_of(const rondo_call *call, bool backward) {
    const fused_options *options = call->options;
    run r = {.call = call, .entropy = &options->entropy, .kernels = call->context->kernels, .plan = plan_of(call)};
    room saved_room = {.at = call->saved}, scratch_room = {.at = call->scratch};
    if (call->recording)
        r.saved = lay_saved(&r.plan, &saved_room);
    r.scratch = lay_scratch(call, &r.plan, backward, &scratch_room);
    for (int64_t i = 0, k = 0; r.scratch.index && i < r.plan.R; i++)
        if (r.entropy->targets[i] != RONDO__IGNORED)
            r.scratch.index[k++] = (int32_t)i;
    return r;
}

static int64_t place(const run *r, int64_t i) { return r->scratch.index ? r->scratch.index[i] : i; }

static void gather_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const run *r = arg;
    const int64_t K = r->plan.K;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        memcpy(r->scratch.x + i * K, rondo__data(r->call->in[0]) + place(r, r->from + i) * K, (size_t)K * sizeof(real));
}

/* x of the block, its rows side by side. */
static const real *block_x(run *r) {
    if (!r->scratch.index)
        return rondo__data(r->call->in[0]) + r->from * r->plan.K;
    rondo__parallel(r->call->context, r->rows, rondo__row_grain(r->plan.K), gather_rows, r);
    return r->scratch.x;
}

/* The logits of a row become the row's gradient; returns lse. */
static double turn_row(const run *r, int32_t target, real *x) {
    const rondo__entropy *e = r->entropy;
    const rondo__entropy_sums *sums = &r->plan.sums;
    const real *weights = e->user.class_weights;
    const double scale = (double)r->factor, share = scale * (double)e->user.label_smoothing / (double)sums->V;
    const real lse = r->kernels->entropy_row(sums->V, x, (real)(scale * rondo__entropy_all(e, sums, target)),
                                             weights ? 0 : (real)-share);
    x[target] -= (real)(scale * rondo__entropy_own(e, target));
    if (weights && share > 0)
        r->kernels->axpy(sums->V, x, (real)-share, weights);
    return (double)lse;
}

static void entropy_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const run *r = arg;
    const rondo__entropy *e = r->entropy;
    const rondo__entropy_sums *sums = &r->plan.sums;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const int64_t at = place(r, r->from + i);
        const int32_t target = e->targets[at];
        real *x = r->logits + i * sums->V;
        const rondo__entropy_row row = rondo__entropy_look(r->kernels, e, target, sums->V, x);
        if (e->user.best)
            e->user.best[at] = rondo__entropy_best(sums->V, x);
        const double lse = r->call->recording ? turn_row(r, target, x) : (double)r->kernels->logsumexp_row(sums->V, x);
        r->scratch.losses[r->from + i] = rondo__entropy_loss(e, sums, target, row, lse);
        if (e->user.row_losses)
            e->user.row_losses[at] = (real)(lse - row.logit);
    }
}

/* What is told of rows that do not count. */
static void fill_ignored(const run *r) {
    const rondo_cross_entropy_options *user = &r->entropy->user;
    for (int64_t i = 0; r->plan.gather && i < r->plan.R; i++) {
        if (r->entropy->targets[i] != RONDO__IGNORED)
            continue;
        if (user->row_losses)
            user->row_losses[i] = 0;
        if (user->best)
            user->best[i] = -1;
    }
}

/* ---- gradients of a block ---- */

typedef struct sums_job {
    const run *run;
    real *db;
} sums_job;

/* Unlike rondo__column_sums this goes on from what is there, number by number. */
static void sum_columns(void *arg, int64_t begin, int64_t end, int worker) {
    const sums_job *j = arg;
    const run *r = j->run;
    (void)worker;
    for (int64_t i = 0; i < r->rows; i++)
        r->kernels->add(end - begin, j->db + begin, j->db + begin, r->logits + i * r->plan.V + begin);
}

/* dx (rows, K) [+]= dlogits · W, dw [+]= dlogitsᵀ · x, db += column sums; each unless it is NULL. */
static void multiply_block(run *r, const real *packed, const real *x, real *dx, bool add_dx, real *dw, bool add_dw,
                           real *db) {
    const plan *p = &r->plan;
    rondo_context *context = r->call->context;
    if (dx)
        rondo__product(context, r->rows, p->K, p->V, r->logits, p->V, 1, packed, dx, p->K, NULL, add_dx);
    if (dw)
        rondo__product_any(context, r->scratch.product, p->V, p->K, r->rows, r->logits, 1, p->V, x, p->K, 1, dw, p->K,
                           add_dw);
    if (db)
        rondo__parallel(context, p->V, COLUMNS, sum_columns, &(sums_job){r, db});
}

static void forward_block(run *r, const real *wt, const real *w) {
    const plan *p = &r->plan;
    const rondo_var *b = r->call->in[2];
    const saved *s = &r->saved;
    const real *x = block_x(r);
    r->logits = p->keep ? s->logits + r->from * p->V : r->scratch.logits;
    rondo__product(r->call->context, r->rows, p->V, p->K, x, p->K, 1, wt, r->logits, p->V, b ? rondo__data(b) : NULL,
                   false);
    rondo__parallel(r->call->context, r->rows, rondo__row_grain(p->V), entropy_rows, r);
    multiply_block(r, w, x, s->dx ? s->dx + r->from * p->K : NULL, false, s->dw, r->from > 0, s->db);
}

static bool next_block(run *r) {
    r->from += r->rows;
    r->rows = r->plan.C - r->from < r->plan.block ? r->plan.C - r->from : r->plan.block;
    return r->rows > 0;
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    run r = run_of(call, false);
    const plan *p = &r.plan;
    (void)err;
    r.factor = p->sums.divisor > 0 ? (real)(1 / p->sums.divisor) : 0;
    const real *wt = p->C ? rondo__form_packed(call, &r.scratch.wt) : NULL;
    const real *w = p->C && r.saved.dx ? rondo__form_packed(call, &r.scratch.w) : NULL;
    if (r.saved.db)
        memset(r.saved.db, 0, (size_t)p->V * sizeof(real));
    while (next_block(&r))
        forward_block(&r, wt, w);
    fill_ignored(&r);
    *rondo__data(call->out[0]) = rondo__total_loss(p->C, r.scratch.losses, p->sums.divisor);
    return RONDO_OK;
}

/* ---- backward ---- */

typedef struct scaling {
    const rondo__kernels *kernels;
    real *to;
    const real *from; /* to += factor * from, or NULL: to *= factor */
    real factor;
} scaling;

static void scale_range(void *arg, int64_t begin, int64_t end, int worker) {
    const scaling *j = arg;
    (void)worker;
    if (j->from)
        j->kernels->axpy(end - begin, j->to + begin, j->factor, j->from + begin);
    else
        j->kernels->affine(end - begin, j->to + begin, j->to + begin, j->factor, 0);
}

static void scale(const run *r, int64_t n, real *to, const real *from) {
    scaling job = {r->kernels, to, from, r->factor};
    if (to && (from || r->factor != 1))
        rondo__parallel(r->call->context, n, RONDO__BLOCK, scale_range, &job);
}

typedef struct scatter {
    const run *run;
    const real *dx; /* (rows, K) */
    int64_t from;
    real factor;
} scatter;

static void scatter_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const scatter *j = arg;
    const run *r = j->run;
    const int64_t K = r->plan.K;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        r->kernels->axpy(K, r->call->in[0]->grad + place(r, j->from + i) * K, j->factor, j->dx + i * K);
}

static void add_rows(const run *r, int64_t from, int64_t rows, const real *dx, real factor) {
    scatter job = {r, dx, from, factor};
    rondo__parallel(r->call->context, rows, rondo__row_grain(r->plan.K), scatter_rows, &job);
}

static void backward_block(run *r, const real *w) {
    const plan *p = &r->plan;
    rondo_var *const *in = r->call->in;
    r->logits = r->saved.logits + r->from * p->V;
    scale(r, r->rows * p->V, r->logits, NULL);
    real *dx = !p->dx ? NULL : r->scratch.dx ? r->scratch.dx : in[0]->grad + r->from * p->K;
    multiply_block(r, w, p->dw ? block_x(r) : NULL, dx, !r->scratch.dx, p->dw ? in[1]->grad : NULL, true,
                   p->db ? in[2]->grad : NULL);
    if (r->scratch.dx)
        add_rows(r, r->from, r->rows, dx, 1);
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    run r = run_of(call, true);
    const plan *p = &r.plan;
    (void)err;
    if (p->C == 0 || !(p->sums.divisor > 0))
        return RONDO_OK;
    r.factor = *call->out[0]->grad;
    if (p->keep) {
        const real *w = p->dx ? rondo__form_packed(call, &r.scratch.w) : NULL;
        while (next_block(&r))
            backward_block(&r, w);
        return RONDO_OK;
    }
    if (p->dx)
        add_rows(&r, 0, p->C, r.saved.dx, r.factor);
    scale(&r, p->V * p->K, p->dw ? call->in[1]->grad : NULL, r.saved.dw);
    scale(&r, p->V, p->db ? call->in[2]->grad : NULL, r.saved.db);
    return RONDO_OK;
}

static const rondo_op linear_cross_entropy = {.name = "linear_cross_entropy",
                                              .options_size = sizeof(fused_options),
                                              .shape = shape,
                                              .saved_bytes = saved_bytes,
                                              .scratch_bytes = scratch_bytes,
                                              .device[RONDO_CPU] = {forward, backward},
                                              .weights = 1 << 1};

rondo_var *rondo__linear_cross_entropy(rondo_tape *tape, rondo_var *x, rondo_var *w, rondo_var *b,
                                       const rondo__entropy *entropy, int64_t block) {
    const fused_options options = {*entropy, block};
    return rondo__apply(tape, &linear_cross_entropy, &options, 3, (rondo_var *[]){x, w, b});
}

rondo_var *rondo_linear_cross_entropy(rondo_tape *tape, rondo_var *x, rondo_var *w, rondo_var *b,
                                      const int32_t *targets, const rondo_cross_entropy_options *options) {
    rondo__entropy entropy = {.targets = targets};
    if (options)
        entropy.user = *options;
    return rondo__linear_cross_entropy(tape, x, w, b, &entropy, 0);
}

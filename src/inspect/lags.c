/* Norms of gradients by lag, summed over losses and passages.
 *
 * Where the losses are those of the stack's own steps (a language model, tags, a decoder), each is followed by itself:
 * lag k of loss t is the state k steps before t in the direction's own order of reading, and all ways that the task has
 * are counted. Where there is one loss of the whole (a label, CTC, a forecast), or the losses belong to other steps (an
 * encoder), what it asks of the stack's output at a step t is followed alone, and lag k is k steps before that. */
#include <math.h>
#include <string.h>

#include "inspect/gradients.h"
#include "inspect/inspect.h"
#include "inspect/plain.h"

rondo_status rondo__lags_make(rondo__lags *out, const rondo_recurrent *net, int64_t lags, rondo_error *err) {
    bool made = true;
    *out = (rondo__lags){
        .lags = lags, .places = net->config.layers * net->directions, .cells = net->config.cell == RONDO_LSTM};
    for (int i = 0; made && i < out->places; i++)
        for (int s = 0; made && s < (out->cells ? 2 : 1); s++)
            made = rondo__plain_make(&out->norm[i][s], 1, lags + 1) && rondo__plain_make(&out->base[i][s], 1, lags + 1);
    if (made)
        return RONDO_OK;
    rondo__lags_free(out);
    return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for %lld lags", (long long)lags);
}

void rondo__lags_free(rondo__lags *lags) {
    for (int i = 0; i < 2 * RONDO_MAX_LAYERS; i++)
        for (int s = 0; s < RONDO__LAG_STATES; s++) {
            rondo__free(lags->norm[i][s]);
            rondo__free(lags->base[i][s]);
        }
    *lags = (rondo__lags){0};
}

/* ---- one stack of one passage ---- */

typedef struct following {
    rondo__lags *lags;
    rondo__asks *asks;
    int index;
    const rondo__look_stack *stack;
    rondo__trace trace;
    rondo__flow flow;
    rondo__flow_grads grads;
    double *dy;                                                          /* (T, W) */
    double *last_h[2 * RONDO_MAX_LAYERS], *last_c[2 * RONDO_MAX_LAYERS]; /* of the pass that is run back */
} following;

static rondo_status no_memory(rondo_error *err) {
    return rondo__fail(err, RONDO_MEMORY, "inspect: no memory to follow gradients");
}

static bool make_seeds(following *f) {
    const rondo_recurrent *net = f->stack->net;
    bool made = rondo__plain_make(&f->dy, f->trace.T, f->trace.width);
    for (int i = 0; made && i < f->flow.places; i++)
        made = rondo__plain_make(&f->last_h[i], 1, net->layer[i].state) &&
               rondo__plain_make(&f->last_c[i], 1, net->layer[i].cell);
    return made;
}

static void end(following *f) {
    rondo__free(f->dy);
    for (int i = 0; i < 2 * RONDO_MAX_LAYERS; i++) {
        rondo__free(f->last_h[i]);
        rondo__free(f->last_c[i]);
    }
    rondo__flow_grads_free(&f->grads);
    rondo__flow_close(&f->flow);
    rondo__trace_free(&f->trace);
}

static rondo_status begin(following *f, rondo_error *err) {
    const rondo__trace_input input = rondo__inspect_input(f->stack, NULL);
    rondo_status status = rondo__inspect_trace(f->stack, NULL, &f->trace, err);
    if (!status)
        status = rondo__flow_open(&f->flow, f->stack->net, &f->trace, &input, err);
    if (!status)
        status = rondo__flow_grads_make(&f->grads, &f->flow, err);
    return status || make_seeds(f) ? status : no_memory(err);
}

/* ---- back through the passes ---- */

static bool copy(int64_t n, const real *from, double *to) {
    bool any = false;
    for (int64_t i = 0; i < n; i++) {
        to[i] = from ? (double)from[i] : 0;
        any = any || to[i] != 0;
    }
    return any;
}

/* What the pass asks, as doubles; returns the step behind the last of which it asks anything. Row 0 of the batch is the
 * passage; what stands behind its end is padding. */
static int64_t take_pass(following *f, const rondo__asks_pass *pass) {
    const int64_t W = f->trace.width, T = f->trace.T, till = pass->at + pass->n < T ? pass->at + pass->n : T;
    const rondo_recurrent *net = f->stack->net;
    int64_t last = pass->at;
    for (int64_t t = pass->at; t < till; t++)
        if (copy(W, pass->dy + (t - pass->at) * pass->B * W, f->dy + t * W))
            last = t + 1;
    for (int i = 0; i < f->flow.places; i++) {
        const bool h = copy(net->layer[i].state, pass->h[i], f->last_h[i]);
        const bool c = copy(net->layer[i].cell, pass->c[i], f->last_c[i]);
        last = h || c ? till : last;
    }
    return f->trace.directions == 2 && last > pass->at ? till : last;
}

static void forget(following *f) {
    for (int i = 0; i < f->flow.places; i++) {
        memset(f->grads.h[i], 0, (size_t)(f->trace.T * f->stack->net->layer[i].state) * sizeof(double));
        if (f->grads.c[i])
            memset(f->grads.c[i], 0, (size_t)(f->trace.T * f->stack->net->layer[i].cell) * sizeof(double));
    }
}

static void run_back(following *f, int64_t first, int64_t till) {
    const rondo__flow_seed seed = {.dy = f->dy,
                                   .last_h = (const double *const *)f->last_h,
                                   .last_c = (const double *const *)f->last_c,
                                   .first = first,
                                   .end = till};
    if (first < till)
        rondo__flow_back(&f->flow, &seed, &f->grads);
}

/* All passes, of which nothing before step `first` is wanted. */
static void back_all(following *f, int64_t first) {
    const rondo__asks_stack *asked = &f->asks->stack[f->index];
    for (int p = 0; p < asked->passes; p++) {
        const rondo__asks_pass *pass = &asked->pass[p];
        const int64_t till = take_pass(f, pass), from = f->trace.directions == 2 ? 0 : first;
        run_back(f, from > pass->at ? from : pass->at, till);
    }
}

/* What one pass asks at step t alone; the last states belong to the step that made them. False: nothing. */
static bool back_step(following *f, const rondo__asks_pass *pass, int64_t t, int64_t first) {
    const int64_t W = f->trace.width, T = f->trace.T;
    const bool both = f->trace.directions == 2;
    bool any = false;
    take_pass(f, pass);
    for (int64_t i = 0; i < T * W; i++) {
        f->dy[i] = i / W == t ? f->dy[i] : 0;
        any = any || f->dy[i] != 0;
    }
    for (int i = 0; i < f->flow.places; i++) {
        const bool made_here = t == (f->trace.at[i].direction ? 0 : T - 1);
        any = any || (made_here && (rondo__plain_length(f->stack->net->layer[i].state, f->last_h[i]) > 0 ||
                                    rondo__plain_length(f->stack->net->layer[i].cell, f->last_c[i]) > 0));
        if (!made_here) {
            memset(f->last_h[i], 0, (size_t)f->stack->net->layer[i].state * sizeof(double));
            memset(f->last_c[i], 0, (size_t)f->stack->net->layer[i].cell * sizeof(double));
        }
    }
    if (any)
        run_back(f, both ? 0 : first, both ? T : t + 1);
    return any;
}

/* ---- norms ---- */

static void add_norms(following *f, int64_t t) {
    for (int i = 0; i < f->flow.places; i++) {
        const rondo__recurrent_layer *p = &f->stack->net->layer[i];
        const int64_t step = f->trace.at[i].direction ? 1 : -1;
        for (int s = 0; s < (f->lags->cells ? 2 : 1); s++) {
            const double *g = s == RONDO__OF_H ? f->grads.h[i] : f->grads.c[i];
            const int64_t n = s == RONDO__OF_H ? p->state : p->cell;
            const double base = rondo__plain_length(n, g + t * n);
            for (int64_t k = 0, at = t; k <= f->lags->lags && at >= 0 && at < f->trace.T; k++, at += step) {
                f->lags->norm[i][s][k] += rondo__plain_length(n, g + at * n);
                f->lags->base[i][s][k] += base;
            }
        }
    }
    f->lags->followed++;
}

static rondo_status add_radii(following *f, int64_t t, rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int i = 0; i < f->flow.places && !status; i++) {
        double radius = 0;
        status = rondo__flow_radius(&f->flow, i, t, &f->grads, &radius, err);
        f->lags->radius[i] += radius;
        f->lags->most[i] = radius > f->lags->most[i] ? radius : f->lags->most[i];
    }
    f->lags->radii++;
    return status;
}

/* Step i of n that are spread over the passage from `from` on, both ends among them. */
static int64_t spread(int64_t i, int64_t n, int64_t from, int64_t T) {
    return n < 2 ? T - 1 : from + i * (T - 1 - from) / (n - 1);
}

/* Losses of its own steps: of one direction, from where all lags can be had, if the passage is long enough. */
static rondo_status follow_own(following *f, int64_t losses, rondo_error *err) {
    const int64_t T = f->trace.T, half = (T - 1) / 2, K = f->lags->lags;
    const int64_t from = f->trace.directions == 2 ? 0 : K < half ? K : half;
    const int64_t n = losses < T - from ? losses : T - from;
    rondo_status status = RONDO_OK;
    for (int64_t i = 0; i < n && !status; i++) {
        const int64_t t = spread(i, n, from, T);
        status = rondo__asks_of(f->asks, t, err);
        if (status)
            break;
        forget(f);
        back_all(f, t > K ? t - K : 0);
        add_norms(f, t);
        status = add_radii(f, t, err);
    }
    return status;
}

/* A loss of the whole, or of other steps. Of a stack that runs in many passes the gradients of its steps hang together:
 * there it is the whole loss, seen from the last step. */
static rondo_status follow_whole(following *f, int64_t losses, rondo_error *err) {
    const rondo__asks_stack *asked = &f->asks->stack[f->index];
    const int64_t T = f->trace.T, n = losses < 2 ? 2 : losses < T ? losses : T;
    rondo_status status = rondo__asks_of(f->asks, -1, err);
    if (!status && asked->passes > 1) {
        forget(f);
        back_all(f, 0);
        add_norms(f, T - 1);
        return add_radii(f, T - 1, err);
    }
    for (int64_t i = 0; i < n && asked->passes == 1 && !status; i++) {
        const int64_t t = spread(i, n, 0, T), K = f->lags->lags;
        forget(f);
        if (!back_step(f, &asked->pass[0], t, t > K ? t - K : 0))
            continue;
        add_norms(f, t);
        status = add_radii(f, t, err);
    }
    return status;
}

rondo_status rondo__lags_add(rondo__lags *lags, rondo__asks *asks, int stack, int64_t losses, rondo_error *err) {
    const rondo__passage *passage = &asks->look->passage;
    following f = {.lags = lags, .asks = asks, .index = stack, .stack = &passage->stack[stack]};
    if (f.stack->axis.T < 1 || passage->counted == 0) /* nothing to be wrong about */
        return RONDO_OK;
    lags->own = passage->loss_axis && passage->loss_axis->label == f.stack->axis.label;
    rondo_status status = begin(&f, err);
    if (!status)
        status = lags->own ? follow_own(&f, losses, err) : follow_whole(&f, losses, err);
    end(&f);
    return status;
}

/* ---- what they say ---- */

double rondo__lags_at(const rondo__lags *lags, int place, int state, int64_t lag) {
    return lags->base[place][state][lag] > 0 ? lags->norm[place][state][lag] / lags->base[place][state][lag] : NAN;
}

int64_t rondo__lags_longest(const rondo__lags *lags) {
    for (int64_t k = lags->lags; k > 0; k--)
        for (int i = 0; i < lags->places; i++)
            if (lags->base[i][RONDO__OF_H][k] > 0 || (lags->cells && lags->base[i][RONDO__OF_C][k] > 0))
                return k;
    return 0;
}

int64_t rondo__lags_horizon(const rondo__lags *lags, int place, int state) {
    for (int64_t k = 0; k <= lags->lags; k++)
        if (rondo__lags_at(lags, place, state, k) < 0.01)
            return k;
    return -1;
}

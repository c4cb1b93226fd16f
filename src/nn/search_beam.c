/* One step of beam search for one source.
 *
 * Of all continuations of its rows the K likeliest count. Those of them that are the end symbol enter the pool of ended
 * hypotheses; the K likeliest that are not go on, so the beam stays full. All continuations of a step have the same
 * length: log-probability alone orders them. The coverage penalty enters only the pool: a young hypothesis has not
 * covered much, and how little of it is chance.
 *
 * When to stop: a hypothesis gets no likelier by growing, and its length penalty divides by at most that of the
 * maximal length; the coverage penalty gives at most 0. What cannot get into a pool full of `best` ended ones even so
 * is dropped at once. When all are dropped the source is done, and nothing better was missed: with a beam as wide as
 * the number of hypotheses the search is exhaustive.
 *
 * Choosing K of rows * V: a heap of the K likeliest so far gives the least value that still matters; blocks of numbers
 * that all lie below it, nearly all of them, are passed over by one comparison each. The comparison is written so that
 * NaN does not pass. */
#include "nn/search.h"

#include <math.h>

#define BLOCK 64

typedef struct heap {
    rondo__search_choice *choice; /* (K) the worst on top */
    int64_t count, K;
} heap;

/* Equal values: the lower row, then the lower symbol is the better. */
static bool before(const rondo__search_choice *a, const rondo__search_choice *b) {
    if (a->log_p != b->log_p)
        return a->log_p > b->log_p;
    return a->row != b->row ? a->row < b->row : a->symbol < b->symbol;
}

static void sink(heap *h, int64_t at, rondo__search_choice choice) {
    for (int64_t child; (child = 2 * at + 1) < h->count; at = child) {
        if (child + 1 < h->count && before(&h->choice[child], &h->choice[child + 1]))
            child++;
        if (before(&h->choice[child], &choice))
            break;
        h->choice[at] = h->choice[child];
    }
    h->choice[at] = choice;
}

static void rise(heap *h, int64_t at, rondo__search_choice choice) {
    for (; at > 0 && before(&h->choice[(at - 1) / 2], &choice); at = (at - 1) / 2)
        h->choice[at] = h->choice[(at - 1) / 2];
    h->choice[at] = choice;
}

static void offer(heap *h, double log_p, int64_t row, int64_t symbol) {
    const rondo__search_choice choice = {log_p, (int32_t)row, (int32_t)symbol};
    if (h->count < h->K)
        rise(h, h->count++, choice);
    else if (before(&choice, &h->choice[0]))
        sink(h, 0, choice);
}

/* Best first; the heap is used up. Returns how many there are. */
static int64_t sort(heap *h) {
    const int64_t count = h->count;
    while (h->count > 1) {
        const rondo__search_choice worst = h->choice[0], last = h->choice[--h->count];
        sink(h, 0, last);
        h->choice[h->count] = worst;
    }
    return count;
}

/* No number up to this one can get into the heap from a row of log-probability log_p. A little low, whatever the
 * rounding: offer decides. */
static real threshold(const heap *h, double log_p) {
    if (h->count < h->K)
        return (real)-INFINITY;
    const double worst = h->choice[0].log_p, x = worst - log_p;
    return (real)(x - 1e-6 * fabs(x) - 1e-12 * fabs(worst));
}

static bool any_above(int64_t n, const real *x, real low) {
    int any = 0;
    for (int64_t i = 0; i < n; i++)
        any |= !(x[i] <= low);
    return any;
}

/* false: NaN or infinity. */
static bool offer_row(heap *h, double log_p, int64_t row, int64_t V, const real *x) {
    real low = threshold(h, log_p);
    for (int64_t j = 0; j < V; j += BLOCK) {
        const int64_t n = V - j < BLOCK ? V - j : BLOCK;
        if (!any_above(n, x + j, low))
            continue;
        for (int64_t i = j; i < j + n; i++) {
            if (!(x[i] < (real)INFINITY))
                return false;
            if (x[i] > low)
                offer(h, log_p + (double)x[i], row, i);
        }
        low = threshold(h, log_p);
    }
    return true;
}

/* End symbols go into a heap of their own. false: NaN or infinity. */
static bool gather(rondo__search *s, const rondo__search_source *source, heap *on, heap *end) {
    const int64_t V = s->model->V;
    for (int64_t r = source->first; r < source->first + source->rows; r++) {
        real *x = s->log_probabilities + r * V, *x_end = x + s->model->end;
        if (!(*x_end < (real)INFINITY))
            return false;
        if (*x_end > (real)-INFINITY)
            offer(end, s->row[r].log_p + (double)*x_end, r, s->model->end);
        *x_end = (real)-INFINITY;
        if (!offer_row(on, s->row[r].log_p, r, V, x))
            return false;
    }
    return true;
}

/* The end symbols among the K likeliest of all continuations. */
static void finish_best(rondo__search *s, rondo__search_source *source, int64_t ons, int64_t ends) {
    for (int64_t i = 0, j = 0; i + j < s->K && j < ends;) {
        const rondo__search_choice *end = &s->end[j];
        if (i < ons && before(&s->choice[i], end)) {
            i++;
            continue;
        }
        rondo__search_finish(s, source, end->row, end->log_p, true);
        s->row[end->row].ended = true;
        j++;
    }
}

/* Rows that end here without an end symbol. */
static void cut_others(rondo__search *s, rondo__search_source *source) {
    for (int64_t r = source->first; r < source->first + source->rows; r++) {
        if (!s->row[r].ended)
            rondo__search_finish(s, source, r, s->row[r].log_p, false);
    }
}

static bool hopeless(const rondo__search *s, const rondo__search_source *source, double log_p) {
    if (source->ended < s->options.best)
        return false;
    return (log_p < 0 ? log_p / source->most : log_p) <= source->pool[s->options.best - 1].score;
}

rondo_status rondo__search_beam(rondo__search *s, rondo__search_source *source, rondo_error *err) {
    heap on = {s->choice, 0, s->K}, end = {s->end, 0, s->K};
    if (!gather(s, source, &on, &end))
        return rondo__search_unsound(s, source, err);
    const int64_t ons = sort(&on), ends = sort(&end);
    const bool stuck = ons + ends == 0; /* nothing may follow: as if this were the maximal length */
    finish_best(s, source, ons, ends);
    if (s->t == source->max_length || (stuck && s->t > 0))
        cut_others(s, source);
    if (s->t == source->max_length || (s->K == 1 && source->ended > 0))
        return RONDO_OK;
    for (int64_t i = 0; i < ons && !hopeless(s, source, s->choice[i].log_p); i++)
        rondo__search_go_on(s, s->choice[i].row, s->choice[i].symbol, s->choice[i].log_p);
    return RONDO_OK;
}

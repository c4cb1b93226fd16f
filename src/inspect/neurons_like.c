/* Where are the units as in a given stretch? As in LSTMVis (Strobelt 2018): the units that are on over all of its steps
 * are its sign, and other stretches of the same length are ranked by how nearly the same units are on. A unit is on
 * where it lies beyond a bound, BEYOND, or, where no unit does over the whole stretch, a half, a quarter, ... of it;
 * above and below are two different things. */
#include <math.h>
#include <string.h>

#include "inspect/neurons.h"

#define BEYOND 0.3
#define LEAST 0.01

typedef struct sign {
    signed char *on; /* (units): 1, -1, or 0: no part of it */
    int64_t count;
    double beyond;
} sign;

static int side(const sign *s, double value) { return value >= s->beyond ? 1 : value <= -s->beyond ? -1 : 0; }

/* h only: c of LSTMs has no bounds to be beyond. */
static bool takes_part(const rondo__neurons *n, int64_t unit) {
    const rondo__units_part *part = rondo__units_find(&n->units, unit);
    return !part->cell && rondo__neurons_wants(n, part);
}

static void mark_units(const rondo__neurons *n, sign *s) {
    s->count = 0;
    for (int64_t u = 0; u < n->units.count; u++) {
        int on = takes_part(n, u) ? side(s, n->state[n->options->like_from * n->units.count + u]) : 0;
        for (int64_t t = n->options->like_from + 1; on && t < n->options->like_to; t++)
            on = side(s, n->state[t * n->units.count + u]) == on ? on : 0;
        s->on[u] = (signed char)on;
        s->count += on != 0;
    }
}

static rondo_status find_sign(const rondo__neurons *n, sign *s, rondo_error *err) {
    s->on = rondo__calloc((size_t)n->units.count, 1);
    if (!s->on)
        return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for a sign of units");
    for (s->beyond = BEYOND; s->beyond >= LEAST; s->beyond /= 2) {
        mark_units(n, s);
        if (s->count > 0)
            return RONDO_OK;
    }
    return rondo__fail(err, RONDO_ARGUMENT,
                       "inspect: no unit stays on one side of 0 from step %lld to %lld (give a shorter stretch)",
                       (long long)n->options->like_from, (long long)(n->options->like_to - 1));
}

/* value (T): the share of the sign's units that are on as in the sign; score (T): those of all units that are on, here
 * or in the sign (Jaccard). */
static void compare(const rondo__neurons *n, const sign *s, int64_t T) {
    for (int64_t t = 0; t < T; t++) {
        int64_t both = 0, any = 0;
        for (int64_t u = 0; u < n->units.count; u++) {
            const int on = takes_part(n, u) ? side(s, n->state[t * n->units.count + u]) : 0;
            both += on != 0 && on == s->on[u];
            any += on != 0 || s->on[u] != 0;
        }
        n->value[t] = (double)both / (double)s->count;
        n->score[t] = any ? (double)both / (double)any : 0;
    }
}

/* Scores of steps -> means of windows, in place: a window needs only what stands at and behind its beginning. */
static void make_windows(double *score, int64_t T, int64_t length) {
    for (int64_t i = 0; i + length <= T; i++) {
        double sum = 0;
        for (int64_t t = 0; t < length; t++)
            sum += score[i + t];
        score[i] = sum / (double)length;
    }
}

static rondo_status search(rondo__neurons *n, const sign *s, rondo_error *err) {
    const int64_t from = n->options->like_from, length = n->options->like_to - from;
    rondo_status status = RONDO_OK;
    int64_t index;
    for (int64_t i = 0; i < n->passages && !status; i++) {
        status = rondo__neurons_passage(n, i, &index, err);
        if (status)
            break;
        const rondo__look_axis *axis = &rondo__neurons_stack(n)->axis;
        n->steps += axis->T;
        compare(n, s, axis->T);
        make_windows(n->score, axis->T, length);
        for (int64_t t = 0; index == n->options->passage && t + length <= axis->T; t++)
            if (t < from + length && t + length > from) /* itself */
                n->score[t] = NAN;
        status = rondo__picks_offer(&n->picks, index, axis, n->value, length, n->score, err);
    }
    return status;
}

static void add_units(const rondo__neurons *n, const sign *s) {
    static const char *const columns[] = {"unit", "is"};
    rondo__view_table *table = rondo__view_add_table(n->view, "the units that are on throughout", 2, columns, s->count);
    int64_t row = 0;
    for (int64_t u = 0; table && u < n->units.count; u++) {
        if (!s->on[u])
            continue;
        table->cell[2 * row].text = rondo__neurons_name(n, u);
        table->cell[2 * row++ + 1].text = s->on[u] > 0 ? "above" : "below";
    }
}

static void show(rondo__neurons *n, const sign *s, const char *asked) {
    rondo__view_title(n->view, "like '%s'", asked);
    rondo__view_fact_add(n->view, "passages", "%lld of %lld, %lld steps", (long long)n->passages,
                         (long long)n->inspection->look->passages, (long long)n->steps);
    rondo__view_fact_add(n->view, "its sign", "%lld units beyond ±%g throughout", (long long)s->count, s->beyond);
    rondo__view_fact_add(n->view, "score", "units on as there, of those on here or there; values: share of the sign's");
    rondo__neurons_show_picks(n, "where the same units are on", 0, 1);
    add_units(n, s);
}

static const char *words(rondo__neurons *n) {
    const rondo__look_axis *axis = &rondo__neurons_stack(n)->axis;
    const char *between = axis->text && strcmp(axis->unit, "symbol") == 0 ? "" : " ", *all = "";
    for (int64_t t = n->options->like_from; t < n->options->like_to; t++)
        all = rondo__view_text(n->view, "%s%s%s", all, *all ? between : "", axis->label[t]);
    return all;
}

rondo_status rondo__neurons_like(rondo__neurons *n, rondo_error *err) {
    const int64_t from = n->options->like_from, to = n->options->like_to;
    sign s = {0};
    rondo_status status = rondo__neurons_lay(n, n->options->passage, err);
    if (status)
        return status;
    const int64_t T = rondo__neurons_stack(n)->axis.T;
    if (from >= to || to > T)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "inspect: like is %lld:%lld (FROM:TO, steps within the %lld of passage %lld)",
                           (long long)from, (long long)to, (long long)T, (long long)n->options->passage);
    const char *asked = words(n);
    status = find_sign(n, &s, err);
    if (!status)
        status = rondo__picks_make(&n->picks, rondo__neurons_limit(n), err);
    if (!status)
        status = search(n, &s, err);
    if (!status)
        show(n, &s, asked);
    rondo__free(s.on);
    return status;
}

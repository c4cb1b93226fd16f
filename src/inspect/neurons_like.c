/* Where are the units as in a given stretch? In the manner of LSTMVis (Strobelt 2018): a unit is on where it lies
 * beyond a bound, above and below being two different things, and two steps are as like each other as the units that
 * are on in both are many among those that are on in one of them (Jaccard). A stretch of the same length is like the
 * given one as its steps are, one after the other. Units that are on in all of the given stretch are told by name. */
#include <math.h>
#include <string.h>

#include "inspect/neurons.h"

/* Of h, whose bounds are -1 and 1; where no unit comes so far, a half, a quarter, ... of it. */
#define BEYOND 0.3
#define LEAST 0.01

typedef struct stretch {
    int64_t length;
    double beyond;
    signed char *on;   /* (length, units): 1, -1, or 0: off, or not looked at */
    signed char *here; /* (units) of the step that it is compared with */
    double *like;      /* (T, length) of the passage that it is compared with */
    int64_t room;      /* T that there is room for */
} stretch;

/* c of LSTMs has no bounds to be beyond. */
static bool takes_part(const rondo__neurons *n, const rondo__units_part *part) {
    return !part->cell && rondo__neurons_wants(n, part);
}

/* Which units are on at step t of the passage; returns how many. */
static int64_t turn_on(const rondo__neurons *n, double beyond, int64_t t, signed char *on) {
    const double *state = n->state + t * n->units.count;
    int64_t count = 0;
    memset(on, 0, (size_t)n->units.count);
    for (int p = 0; p < n->units.parts; p++) {
        const rondo__units_part *part = &n->units.part[p];
        for (int64_t u = part->first; takes_part(n, part) && u < part->first + part->count; u++) {
            on[u] = (signed char)(state[u] >= beyond ? 1 : state[u] <= -beyond ? -1 : 0);
            count += on[u] != 0;
        }
    }
    return count;
}

static rondo_status take_stretch(const rondo__neurons *n, stretch *s, rondo_error *err) {
    size_t cells;
    s->length = n->options->like_to - n->options->like_from;
    s->on = rondo__size_mul((size_t)s->length, (size_t)n->units.count, &cells) ? rondo__alloc(cells) : NULL;
    s->here = rondo__alloc((size_t)n->units.count);
    if (!s->on || !s->here)
        return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for a stretch of units");
    for (s->beyond = BEYOND; s->beyond >= LEAST; s->beyond /= 2) {
        int64_t count = 0;
        for (int64_t i = 0; i < s->length; i++)
            count += turn_on(n, s->beyond, n->options->like_from + i, s->on + i * n->units.count);
        if (count > 0)
            return RONDO_OK;
    }
    return rondo__fail(err, RONDO_ARGUMENT, "inspect: no unit is away from 0 from step %lld to %lld (choose others)",
                       (long long)n->options->like_from, (long long)(n->options->like_to - 1));
}

static void free_stretch(stretch *s) {
    rondo__free(s->on);
    rondo__free(s->here);
    rondo__free(s->like);
}

/* ---- comparing ---- */

static double jaccard(int64_t units, const signed char *a, const signed char *b) {
    int64_t both = 0, any = 0;
    for (int64_t u = 0; u < units; u++) {
        both += a[u] != 0 && a[u] == b[u];
        any += a[u] != 0 || b[u] != 0;
    }
    return any ? (double)both / (double)any : 0;
}

/* n->value (T): how like the stretch each step is, mean over its steps; n->score (T): the same of windows. */
static bool compare(const rondo__neurons *n, stretch *s, int64_t T) {
    if (T > s->room) {
        size_t bytes;
        rondo__free(s->like);
        s->like = rondo__size_mul((size_t)T, (size_t)s->length * sizeof(double), &bytes) ? rondo__alloc(bytes) : NULL;
        s->room = s->like ? T : 0;
    }
    for (int64_t t = 0; s->like && t < T; t++) {
        n->value[t] = 0;
        turn_on(n, s->beyond, t, s->here);
        for (int64_t i = 0; i < s->length; i++) {
            s->like[t * s->length + i] = jaccard(n->units.count, s->here, s->on + i * n->units.count);
            n->value[t] += s->like[t * s->length + i] / (double)s->length;
        }
    }
    for (int64_t t = 0; s->like && t + s->length <= T; t++) {
        n->score[t] = 0;
        for (int64_t i = 0; i < s->length; i++)
            n->score[t] += s->like[(t + i) * s->length + i] / (double)s->length;
    }
    return s->like != NULL;
}

static rondo_status search(rondo__neurons *n, stretch *s, rondo_error *err) {
    const int64_t from = n->options->like_from;
    rondo_status status = RONDO_OK;
    int64_t index;
    for (int64_t i = 0; i < n->passages && !status; i++) {
        status = rondo__neurons_passage(n, i, &index, err);
        if (status)
            break;
        const rondo__look_axis *axis = &rondo__neurons_stack(n)->axis;
        n->steps += axis->T;
        if (!compare(n, s, axis->T))
            return rondo__fail(err, RONDO_MEMORY, "inspect: no memory to compare %lld steps", (long long)axis->T);
        for (int64_t t = 0; index == n->options->passage && t + s->length <= axis->T; t++)
            if (t < from + s->length && t + s->length > from) /* itself */
                n->score[t] = NAN;
        status = rondo__picks_offer(&n->picks, index, axis, n->value, s->length, n->score, err);
    }
    return status;
}

/* ---- showing ---- */

static bool stays_on(const rondo__neurons *n, const stretch *s, int64_t unit) {
    for (int64_t i = 0; i < s->length; i++)
        if (!s->on[unit] || s->on[i * n->units.count + unit] != s->on[unit])
            return false;
    return true;
}

static void add_units(const rondo__neurons *n, const stretch *s) {
    static const char *const columns[] = {"unit", "is"};
    int64_t rows = 0, row = 0;
    for (int64_t u = 0; u < n->units.count; u++)
        rows += stays_on(n, s, u);
    const int64_t most = rows < rondo__neurons_limit(n) ? rows : rondo__neurons_limit(n);
    const char *title = rondo__view_text(n->view, "%lld units are on throughout", (long long)rows);
    rondo__view_table *table = rondo__view_add_table(n->view, title, 2, columns, most);
    for (int64_t u = 0; table && row < most && u < n->units.count; u++) {
        if (!stays_on(n, s, u))
            continue;
        table->cell[2 * row].text = rondo__neurons_name(n, u);
        table->cell[2 * row++ + 1].text = s->on[u] > 0 ? "above" : "below";
    }
}

static const char *words(rondo__neurons *n) {
    const rondo__look_axis *axis = &rondo__neurons_stack(n)->axis;
    const char *all = "";
    for (int64_t t = n->options->like_from; t < n->options->like_to; t++)
        all = rondo__view_text(n->view, "%s%s%s", all, *all && (!axis->text || rondo__picks_blank(axis, t)) ? " " : "",
                               axis->label[t]);
    return all;
}

static void show(rondo__neurons *n, const stretch *s, const char *asked) {
    rondo__view_title(n->view, "like '%s'", asked);
    rondo__view_fact_add(n->view, "passages", "%lld of %lld, spread over the data, %lld steps", (long long)n->passages,
                         (long long)n->inspection->look->passages, (long long)n->steps);
    rondo__view_fact_add(n->view, "a unit is on", "beyond ±%g", s->beyond);
    rondo__view_fact_add(n->view, "score", "units on in both, of those on in one of them");
    rondo__neurons_show_picks(n, "where the units are most alike", 0, 1);
    add_units(n, s);
}

rondo_status rondo__neurons_like(rondo__neurons *n, rondo_error *err) {
    const int64_t from = n->options->like_from, to = n->options->like_to;
    stretch s = {0};
    rondo_status status = rondo__neurons_lay(n, n->options->passage, err);
    if (status)
        return status;
    const int64_t T = rondo__neurons_stack(n)->axis.T;
    if (from >= to || to > T)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "inspect: like is %lld:%lld (FROM:TO, steps within the %lld of passage %lld)",
                           (long long)from, (long long)to, (long long)T, (long long)n->options->passage);
    const char *asked = words(n);
    status = take_stretch(n, &s, err);
    if (!status)
        status = rondo__picks_make(&n->picks, rondo__neurons_limit(n), err);
    if (!status)
        status = search(n, &s, err);
    if (!status)
        show(n, &s, asked);
    free_stretch(&s);
    return status;
}

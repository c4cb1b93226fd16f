/* The Jordan cell, free running, with its units shared out among threads: each has a range of the hidden units, one of
 * the outputs and one of the state units. All meet where a part of a step reads units that others made:
 *
 *     forward    s → h | h → a, y | with F: y → s |          y stays with its unit where there is no F
 *     backward   with F: ds | ds → dy, da | da → dh | dh → ds
 *
 * so twice a step, with F three times. Softmax needs whole rows: workers share these out one by one, between a meeting
 * before and one after. The arithmetic is that of the walk by rows (jordan.c, jordan_backward.c). */
#include "nn/jordan.h"

typedef struct share {
    rondo__units hidden, outputs, states;
    int worker, threads;
} share;

static rondo__units share_of(int64_t units, int threads, int worker) {
    return (rondo__units){units, rondo__first_unit(units, threads, worker),
                          rondo__first_unit(units, threads, worker + 1)};
}

static share shares_of(const rondo__jordan *j, int worker) {
    const int threads = rondo__pool_threads(j->context->pool);
    return (share){share_of(j->H, threads, worker), share_of(j->O, threads, worker), share_of(j->Q, threads, worker),
                   worker, threads};
}

static void meet(const rondo__jordan *j, const share *mine) { rondo__pool_meet(j->context->pool, mine->worker); }

/* ---- forward ---- */

static void softmax_share(const rondo__jordan *j, const rondo__jordan_rows *r, const share *mine) {
    for (int64_t i = mine->worker; i < r->rows; i += mine->threads)
        j->kernels->softmax_row(j->O, r->y + i * j->O, r->a + i * j->O);
}

static void step(const rondo__jordan *j, const rondo__jordan_rows *r, const share *mine) {
    const bool softmax = j->net.output == RONDO_SOFTMAX;
    rondo__jordan_hidden(&j->net, r, mine->hidden);
    meet(j, mine);
    rondo__jordan_outputs(&j->net, r, mine->outputs);
    if (softmax || j->net.feedback)
        meet(j, mine);
    if (softmax) {
        softmax_share(j, r, mine);
        meet(j, mine);
    }
    rondo__jordan_feed(&j->net, r, mine->states);
}

static void walk_units(void *arg, int64_t first, int64_t end, int worker) {
    (void)first, (void)end;
    const rondo__jordan *j = arg;
    const share mine = shares_of(j, worker);
    int64_t ready = 0;
    for (int64_t s = 0; s < j->plan->steps; s++) {
        const int64_t at = j->plan->start[s], rows = j->plan->active[s];
        const rondo__jordan_rows r = {rows, j->s_in + at * j->Q, j->h + at * j->H, j->a + at * j->O, j->y + at * j->O,
                                      j->s};
        rondo__input_units(j->kernels, &j->inputs, mine.hidden, s, &ready);
        rondo__jordan_enter(j, rows, mine.states, j->s_in + at * j->Q, j->s, j->mask);
        meet(j, &mine);
        step(j, &r, &mine);
    }
}

/* ---- backward ---- */

/* da of whole rows, one by one, from dy (rows, O). */
static void softmax_share_back(const rondo__jordan *j, int64_t at, int64_t rows, const share *mine, const real *dy) {
    for (int64_t i = mine->worker; i < rows; i += mine->threads)
        rondo__jordan_outputs_back(j, at + i, 1, rondo__all_units(j->O), dy + i * j->O);
}

static void step_back(const rondo__jordan *j, int64_t at, int64_t rows, const share *mine) {
    const bool softmax = j->net.output == RONDO_SOFTMAX;
    if (j->net.feedback)
        meet(j, mine);
    const real *dy = rondo__jordan_fed_back(j, at, 0, rows, mine->states, mine->outputs);
    if (softmax) {
        meet(j, mine);
        softmax_share_back(j, at, rows, mine, dy);
    } else {
        rondo__jordan_outputs_back(j, at, rows, mine->outputs, dy);
    }
    meet(j, mine);
    rondo__jordan_hidden_back(j, at, rows, mine->hidden);
    meet(j, mine);
    rondo__jordan_states_back(j, at, 0, rows, mine->states);
}

static void walk_back_units(void *arg, int64_t first, int64_t end, int worker) {
    (void)first, (void)end;
    const rondo__jordan *j = arg;
    const share mine = shares_of(j, worker);
    for (int64_t s = j->plan->steps - 1; s >= 0; s--)
        step_back(j, j->plan->start[s], j->plan->active[s], &mine);
}

/* ---- both ---- */

static void walk(rondo__jordan *j, void (*before_rows)(void *j), rondo__rows_task by_rows, rondo__units_task by_units) {
    const int64_t fed = j->fed_back ? j->O * j->Q : 0;
    const int meetings = 2 + (j->fed_back ? 1 : 0) + (j->net.output == RONDO_SOFTMAX ? 1 : 0);
    rondo__walk_steps(j->context, j->plan,
                      &(rondo__walk){.units = j->H,
                                     .products = j->H * j->Q + j->O * j->H + fed,
                                     .meetings = meetings,
                                     .before_rows = before_rows,
                                     .by_rows = by_rows,
                                     .by_units = j->teaching ? NULL : by_units,
                                     .arg = j});
}

void rondo__jordan_walk(rondo__jordan *j, void (*before_rows)(void *j), rondo__rows_task by_rows) {
    walk(j, before_rows, by_rows, walk_units);
}

void rondo__jordan_walk_back(rondo__jordan *j, rondo__rows_task by_rows) { walk(j, NULL, by_rows, walk_back_units); }

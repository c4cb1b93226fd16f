/* The plan of rows (sequence.h) and the moves between padded and packed arrays.
 *
 * Rows are sorted by a counting sort over lengths: active[s], the number of rows longer than s, is at the same time the
 * count of step s and the first place of the rows of length s. The sort is stable, so equal rows keep the order of the
 * batch and a full batch keeps it altogether. */
#include "nn/sequence.h"

#include <string.h>

static size_t aligned(size_t bytes) { return (bytes + RONDO_ALIGN - 1) / RONDO_ALIGN * RONDO_ALIGN; }

size_t rondo__plan_bytes(int64_t T, int64_t B) {
    return aligned((size_t)T * sizeof(int64_t)) + aligned((size_t)T * sizeof(int32_t)) +
           2 * aligned((size_t)B * sizeof(int32_t));
}

/* active[s] = number of rows longer than s. */
static void count_active(rondo__plan *plan, const int32_t *lengths) {
    int64_t T = plan->T;
    memset(plan->active, 0, (size_t)T * sizeof *plan->active);
    for (int64_t b = 0; b < plan->B; b++) {
        int64_t length = lengths ? lengths[b] : T;
        if (length > 0)
            plan->active[length - 1]++;
    }
    for (int64_t s = T - 2; s >= 0; s--)
        plan->active[s] += plan->active[s + 1];
}

/* Places the rows, longest first; start[length - 1] serves as the next free place of each length meanwhile. */
static void sort_rows(rondo__plan *plan, const int32_t *lengths) {
    int64_t T = plan->T, next_empty = T > 0 ? plan->active[0] : 0;
    for (int64_t s = 0; s < T; s++)
        plan->start[s] = s + 1 < T ? plan->active[s + 1] : 0;
    for (int64_t b = 0; b < plan->B; b++) {
        int32_t length = lengths ? lengths[b] : (int32_t)T;
        int64_t place = length > 0 ? plan->start[length - 1]++ : next_empty++;
        plan->order[place] = (int32_t)b;
        plan->length[place] = length;
    }
}

void rondo__plan_make(rondo__plan *plan, void *memory, int64_t T, int64_t B, const rondo_sequence_options *options) {
    char *p = memory;
    *plan = (rondo__plan){.T = T, .B = B, .reverse = options->reverse};
    plan->start = (int64_t *)(void *)p;
    plan->active = (int32_t *)(void *)(p += aligned((size_t)T * sizeof(int64_t)));
    plan->order = (int32_t *)(void *)(p += aligned((size_t)T * sizeof(int32_t)));
    plan->length = (int32_t *)(void *)(p + aligned((size_t)B * sizeof(int32_t)));

    count_active(plan, options->lengths);
    sort_rows(plan, options->lengths);
    plan->steps = B > 0 ? plan->length[0] : 0;
    plan->dense = B == 0 || plan->length[B - 1] == T;
    for (int64_t s = 0; s < plan->steps; s++) {
        plan->start[s] = plan->dense && plan->reverse ? (T - 1 - s) * B : plan->rows;
        plan->rows += plan->active[s];
    }
}

static rondo_status check_rate(const char *op, const char *name, real rate, rondo_error *err) {
    if (rate >= 0 && rate < 1) /* false for NaN */
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "%s: %s is %g, it must be at least 0 and below 1", op, name, (double)rate);
}

rondo_status rondo__sequence_check(const char *op, int64_t T, int64_t B, const rondo_sequence_options *options,
                                   rondo_error *err) {
    if (T > INT32_MAX || B > INT32_MAX)
        return rondo__fail(err, RONDO_SHAPE, "%s: %lld steps of %lld rows are more than an int32 can count", op,
                           (long long)T, (long long)B);
    for (int64_t b = 0; options->lengths && b < B; b++)
        if (options->lengths[b] < 0 || options->lengths[b] > T)
            return rondo__fail(err, RONDO_ARGUMENT, "%s: lengths[%lld] is %d, it must lie in 0..%lld (the steps of x)",
                               op, (long long)b, (int)options->lengths[b], (long long)T);
    rondo_status status = check_rate(op, "recurrent_dropout", options->recurrent_dropout, err);
    if (status == RONDO_OK)
        status = check_rate(op, "zoneout", options->zoneout, err);
    if (status == RONDO_OK)
        status = check_rate(op, "zoneout_cell", options->zoneout_cell, err);
    return status;
}

/* ---- moves ---- */

/* Empty arrays may be NULL, which memcpy and memset do not take. */
static void copy(real *to, const real *from, int64_t count) {
    if (count > 0)
        memcpy(to, from, (size_t)count * sizeof(real));
}
static void clear(real *to, int64_t count) {
    if (count > 0)
        memset(to, 0, (size_t)count * sizeof(real));
}
static void copy_or_clear(real *to, const real *from, int64_t count) {
    if (from)
        copy(to, from, count);
    else
        clear(to, count);
}
static void add_to(real *to, const real *from, int64_t count) {
    for (int64_t j = 0; j < count; j++)
        to[j] += from[j];
}

typedef struct move {
    const rondo__plan *plan;
    int64_t n;
    real *to;
    const real *from, *initial;
    bool add;
} move;

/* Items for one task: enough that handing it out costs little beside the copying. */
static int64_t move_grain(int64_t numbers_per_item) {
    int64_t grain = 16384 / (numbers_per_item + 1);
    return grain < 1 ? 1 : grain;
}

static int64_t time_of(const rondo__plan *plan, int64_t step, int64_t place) {
    return plan->reverse ? plan->length[place] - 1 - step : step;
}

static void gather_places(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const move *m = arg;
    const rondo__plan *plan = m->plan;
    for (int64_t place = begin; place < end; place++)
        for (int64_t s = 0; s < plan->length[place]; s++) {
            int64_t padded_row = time_of(plan, s, place) * plan->B + plan->order[place];
            copy(m->to + (plan->start[s] + place) * m->n, m->from + padded_row * m->n, m->n);
        }
}

void rondo__gather_rows(rondo_context *context, const rondo__plan *plan, int64_t n, real *packed, const real *padded) {
    move m = {.plan = plan, .n = n, .to = packed, .from = padded};
    rondo__parallel(context, plan->B, move_grain(plan->steps * n), gather_places, &m);
}

static void scatter_places(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const move *m = arg;
    const rondo__plan *plan = m->plan;
    for (int64_t place = begin; place < end; place++) {
        int64_t length = plan->length[place], row = plan->order[place];
        for (int64_t s = 0; s < length; s++) {
            real *to = m->to + (time_of(plan, s, place) * plan->B + row) * m->n;
            const real *from = m->from + (plan->start[s] + place) * m->n;
            if (m->add)
                add_to(to, from, m->n);
            else
                copy(to, from, m->n);
        }
        for (int64_t t = length; t < plan->T && !m->add; t++)
            clear(m->to + (t * plan->B + row) * m->n, m->n);
    }
}

void rondo__scatter_rows(rondo_context *context, const rondo__plan *plan, int64_t n, real *padded, const real *packed,
                         bool add) {
    move m = {.plan = plan, .n = n, .to = padded, .from = packed, .add = add};
    rondo__parallel(context, plan->B, move_grain(plan->T * n), scatter_places, &m);
}

void rondo__order_rows(const rondo__plan *plan, int64_t n, real *ordered, const real *batch) {
    for (int64_t i = 0; i < plan->B; i++)
        copy_or_clear(ordered + i * n, batch ? batch + plan->order[i] * n : NULL, n);
}

void rondo__unorder_rows(const rondo__plan *plan, int64_t n, real *batch, const real *ordered, bool add) {
    for (int64_t i = 0; i < plan->B; i++) {
        if (add)
            add_to(batch + plan->order[i] * n, ordered + i * n, n);
        else
            copy(batch + plan->order[i] * n, ordered + i * n, n);
    }
}

static void previous_steps(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const move *m = arg;
    const rondo__plan *plan = m->plan;
    for (int64_t s = begin; s < end; s++) {
        const real *from = s > 0 ? m->from + plan->start[s - 1] * m->n : m->initial;
        copy_or_clear(m->to + plan->start[s] * m->n, from, plan->active[s] * m->n);
    }
}

void rondo__previous_rows(rondo_context *context, const rondo__plan *plan, int64_t n, real *prev, const real *initial,
                          const real *values) {
    move m = {.plan = plan, .n = n, .to = prev, .from = values, .initial = initial};
    rondo__parallel(context, plan->steps, move_grain(plan->B * n), previous_steps, &m);
}

void rondo__final_rows(const rondo__plan *plan, int64_t n, real *final_state, const real *initial, const real *values) {
    for (int64_t i = 0; i < plan->B; i++) {
        int64_t length = plan->length[i];
        const real *from = length > 0 ? values + (plan->start[length - 1] + i) * n : initial ? initial + i * n : NULL;
        copy_or_clear(final_state + plan->order[i] * n, from, n);
    }
}

/* ---- the walk ---- */

typedef struct walk {
    const rondo__plan *plan;
    rondo__rows_task body;
    void *arg;
    int64_t chunks;
} walk;

/* First place of a chunk: where the lengths before it sum to its share of all rows. */
static int64_t chunk_begin(const walk *w, int64_t chunk) {
    const rondo__plan *plan = w->plan;
    if (chunk >= w->chunks)
        return plan->B;
    int64_t place = 0, work = 0, share = plan->rows * chunk;
    while (place < plan->B && work * w->chunks < share)
        work += plan->length[place++];
    return place;
}

static void walk_chunk(void *arg, int64_t chunk, int worker) {
    const walk *w = arg;
    int64_t first = chunk_begin(w, chunk), end = chunk_begin(w, chunk + 1);
    if (end > first)
        w->body(w->arg, first, end - first, worker);
}

/* As many chunks as threads, not more: every chunk reads all recurrent weights at each of its steps. */
void rondo__walk_rows(rondo_context *context, const rondo__plan *plan, rondo__rows_task body, void *arg) {
    walk w = {.plan = plan, .body = body, .arg = arg, .chunks = context->threads};
    if (w.chunks > plan->B)
        w.chunks = plan->B;
    rondo__pool_run(context->pool, w.chunks, walk_chunk, &w);
}

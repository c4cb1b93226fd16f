/* The choice between rows and units.
 *
 * Measured on Zen 4 with AVX-512 (float), in multiply-adds of one core: whole tiles of rows make 55 a nanosecond. One
 * row makes 22, as each weight is read for a single product, so a step costs at least as much as FEW = 2.5 rows. Two
 * threads meet in 100 ns, or in 500 ns in the machine's bad spells (bench/NOTES.md). To wake a sleeper takes 5 to 50 µs
 * and, where other work runs, milliseconds; units would wait for it, while a job cut by rows goes on without. So units
 * are only for a pool that is awake.
 *
 * So, in multiply-adds, of a step of n rows with p products each, t threads:
 *
 *     one     p·max(n, FEW)
 *     rows    p·max(⌈n/t⌉, FEW)
 *     units   p·max(n, FEW)·(largest share of units) + p·n·SHARING + MEETING
 *
 * summed over the steps. Units must win by STARTING; a walk of less than ALONE stays on one thread. Other instruction
 * sets, precisions and machines have other speeds, but then the products and the meetings shift much alike. */
#include "nn/walk.h"

enum {
    FEW_DOUBLED = 5,
    MEETING = 250 * 55,       /* 250 ns */
    STARTING = 2 * 1000 * 55, /* 2 µs over the whole walk */
    LONG = 200 * 1000 * 55,   /* 200 µs that units would save */
    ALONE = 4 * 1000 * 55     /* 4 µs */
};

/* What it costs that lines of gates and states lie in the other core's cache (7 rows of 256 units: 9 µs a step). */
static const double SHARING = 0.12;

static const double RISING = 60e-6; /* seconds that sleepers need to get up */

typedef struct costs {
    double one, rows, units;
} costs;

static double at_least_few(int64_t rows) { return 0.5 * (double)(2 * rows > FEW_DOUBLED ? 2 * rows : FEW_DOUBLED); }

/* The largest range of units, as a share of all. */
static double largest_share(int64_t units, int threads) {
    int64_t most = 0;
    for (int i = 0; i < threads; i++) {
        const int64_t mine = rondo__first_unit(units, threads, i + 1) - rondo__first_unit(units, threads, i);
        most = mine > most ? mine : most;
    }
    return (double)most / (double)units;
}

/* What a step of a walk on so many threads is made of. */
typedef struct rates {
    double products, share, meeting;
    int threads;
} rates;

static rates rates_of(const rondo__walk *walk, int threads) {
    return (rates){.products = (double)walk->products,
                   .share = largest_share(walk->units, threads),
                   .meeting = (double)MEETING * (walk->meetings > 1 ? walk->meetings : 1),
                   .threads = threads};
}

static void add_step(costs *c, const rates *r, int64_t rows) {
    c->one += r->products * at_least_few(rows);
    c->rows += r->products * at_least_few((rows + r->threads - 1) / r->threads);
    c->units += r->products * (at_least_few(rows) * r->share + (double)rows * SHARING) + r->meeting;
}

static costs costs_of(const rondo__plan *plan, const rondo__walk *walk, int threads) {
    const rates r = rates_of(walk, threads);
    costs c = {0, 0, 0};
    for (int64_t s = 0; s < plan->steps; s++)
        add_step(&c, &r, plan->active[s]);
    return c;
}

static bool stays_alone(const costs *c) { return c->one < ALONE; }

rondo__cut rondo__walk_cut(const rondo_context *context, const rondo__plan *plan, const rondo__walk *walk) {
    if (!walk->by_units || walk->units == 0 || plan->steps == 0)
        return RONDO__CUT_ROWS;
    if (context->cut == RONDO__CUT_ROWS || context->cut == RONDO__CUT_UNITS)
        return context->cut;
    if (context->threads == 1 || !rondo__pool_fits(context->pool))
        return RONDO__CUT_ROWS;
    const costs c = costs_of(plan, walk, context->threads);
    return c.units + STARTING < c.rows ? RONDO__CUT_UNITS : RONDO__CUT_ROWS;
}

/* Whether units may be walked now. A long walk is worth waiting for sleepers to get up; without that, a pool whose
 * walks on one thread last longer than its workers stay awake would never come to a region. */
static bool is_awake(rondo_context *context, const rondo__plan *plan, const rondo__walk *walk) {
    if (rondo__pool_awake(context->pool))
        return true;
    const costs c = costs_of(plan, walk, context->threads);
    const double until = rondo__clock_seconds() + RISING;
    while (c.rows - c.units > LONG && rondo__clock_seconds() < until)
        if (rondo__pool_awake(context->pool))
            return true;
    return false;
}

/* A whole call with its inputs, alone on one thread and on all. Lengths count with their mean: no more than the choice
 * depends on it. */
typedef struct call_costs {
    double alone, shared;
    int64_t steps, rows;
} call_costs;

static call_costs costs_of_call(const rondo_context *context, const rondo__walk_size *size) {
    call_costs all = {.rows = size->lengths ? 0 : size->T * size->B, .steps = size->lengths ? 0 : size->T};
    for (int64_t b = 0; size->lengths && b < size->B; b++) {
        all.rows += size->lengths[b];
        all.steps = size->lengths[b] > all.steps ? size->lengths[b] : all.steps;
    }
    if (all.steps <= 0)
        return all;
    const rondo__walk walk = {.units = size->units, .products = size->products, .meetings = size->meetings};
    const rates r = rates_of(&walk, context->threads);
    costs c = {0, 0, 0};
    add_step(&c, &r, (all.rows + all.steps - 1) / all.steps);
    c = (costs){c.one * (double)all.steps, c.rows * (double)all.steps, c.units * (double)all.steps};
    const bool units = size->has_units && rondo__pool_fits(context->pool) && c.units + STARTING < c.rows;
    const double inputs = (double)all.rows * (double)size->inputs;
    all.alone = stays_alone(&c) ? 0 : c.one + inputs;
    all.shared = (units ? c.units : c.rows) + inputs / context->threads;
    return all;
}

bool rondo__walk_together(const rondo_context *context, const rondo__walk_size *first, const rondo__walk_size *second,
                          bool behind) {
    if (context->cut != RONDO__CUT_BY_COST || context->threads == 1)
        return context->cut == RONDO__CUT_CALLS;
    if (behind && !rondo__pool_fits(context->pool))
        return false;
    const call_costs a = costs_of_call(context, first), b = costs_of_call(context, second);
    if (a.alone <= 0 || b.alone <= 0 || a.rows <= 0)
        return false;
    const double longest = a.alone > b.alone ? a.alone : b.alone;
    const double late = behind ? a.alone * (double)rondo__awaited_rows(a.rows) / (double)a.rows : 0;
    return longest + late <= a.shared + b.shared;
}

typedef struct units_job {
    const rondo__walk *walk;
    int threads;
} units_job;

static void walk_units(void *arg, int64_t index, int worker) {
    const units_job *job = arg;
    const rondo__walk *walk = job->walk;
    (void)index;
    walk->by_units(walk->arg, rondo__first_unit(walk->units, job->threads, worker),
                   rondo__first_unit(walk->units, job->threads, worker + 1), worker);
}

void rondo__walk_steps(rondo_context *context, const rondo__plan *plan, const rondo__walk *walk) {
    const bool units = rondo__walk_cut(context, plan, walk) == RONDO__CUT_UNITS;
    if (units && (context->cut == RONDO__CUT_UNITS || is_awake(context, plan, walk))) {
        units_job job = {walk, rondo__pool_threads(context->pool)};
        rondo__pool_region(context->pool, walk_units, &job);
        return;
    }
    if (walk->before_rows)
        walk->before_rows(walk->arg);
    const costs c = context->threads > 1 ? costs_of(plan, walk, 1) : (costs){0, 0, 0};
    if (context->cut == RONDO__CUT_BY_COST && plan->B > 0 && stays_alone(&c))
        walk->by_rows(walk->arg, 0, plan->B, 0);
    else
        rondo__walk_rows(context, plan, walk->by_rows, walk->arg);
}

/* How the steps of a plan (sequence.h) are shared out among threads: by rows of the batch or by units of the cell.
 *
 *     rows   each thread walks all steps of its own rows: no barrier, but every thread reads all recurrent weights at
 *            each of its steps, and one row keeps one thread busy
 *     units  each thread makes its own units of all rows, keeping its slice of the weights in its own cache; all meet
 *            once a step, since the next one needs everybody's units
 *
 * Two calls that are small, the directions of a layer or two layers on each other, may also go to one thread each
 * (autograd/beside.h), each by rows: one thread of two then waits neither once a step nor for want of rows.
 *
 * The cut is chosen by cost, so it depends on the number of threads. It may, because it does not change a bit: each
 * element of a product is one chain wherever its column range begins, and gates are elementwise (kernels.h). */
#ifndef RONDO_NN_WALK_H
#define RONDO_NN_WALK_H

#include "nn/sequence.h"

/* Walks all steps of units [first, end), end - first may be 0: after each step that others have to see,
 * rondo__pool_meet(context->pool, worker), the same number of times for every worker. */
typedef void (*rondo__units_task)(void *arg, int64_t first, int64_t end, int worker);

typedef struct rondo__walk {
    int64_t units;                  /* that are shared out: H */
    int64_t products;               /* multiply-adds of one row at one step, input product left out */
    int meetings;                   /* in a step; 0 counts as 1 */
    void (*before_rows)(void *arg); /* or NULL: what units do by themselves as they come to it; may use the pool */
    rondo__rows_task by_rows;
    rondo__units_task by_units; /* NULL: this cell (or this variant of it) is always cut by rows */
    void *arg;
} rondo__walk;

/* Runs by_rows or by_units, whichever costs less, on all threads or, where the walk is too short to wake anybody, on
 * the caller's alone. */
void rondo__walk_steps(rondo_context *context, const rondo__plan *plan, const rondo__walk *walk);

/* What rondo__walk_steps goes by; never RONDO__CUT_BY_COST. One thread alone counts as rows. */
rondo__cut rondo__walk_cut(const rondo_context *context, const rondo__plan *plan, const rondo__walk *walk);

/* A call that has not begun yet. */
typedef struct rondo__walk_size {
    int64_t T, B;
    const int32_t *lengths;          /* (B) or NULL */
    int64_t units, products, inputs; /* as above; multiply-adds of one row's input product at one step */
    int meetings;
    bool has_units; /* could be cut by them */
} rondo__walk_size;

/* Whether two calls that need nothing of each other cost less side by side, each on one thread (autograd/tape.h), than
 * in turn on all threads. behind: the second one reads the first one's steps, some steps later. */
bool rondo__walk_together(const rondo_context *context, const rondo__walk_size *first, const rondo__walk_size *second,
                          bool behind);

/* Where the units of one of `threads` workers begin: at a multiple of 16, whole vectors, if there are so many units. */
static inline int64_t rondo__first_unit(int64_t units, int threads, int worker) {
    const int64_t grain = units >= 16 * (int64_t)threads ? 16 : 1, parts = (units + grain - 1) / grain;
    const int64_t first = parts * worker / threads * grain;
    return first < units ? first : units;
}

#endif

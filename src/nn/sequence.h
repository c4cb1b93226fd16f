/* How every cell walks a batch of sequences: the plan of rows.
 *
 * Rows of different lengths are sorted by length, longest first, once per call; at step s only the first active[s] rows
 * still run. All inner arrays (inputs, gates, states) hold just the real (step, row) pairs, "packed rows":
 *
 *     step 0: rows 0..active[0]-1 | step 1: rows 0..active[1]-1 | ...      N = sum of lengths rows in all
 *
 * start[s] is the packed row at which step s begins. So a step is one slice, and products over all steps are one
 * product over N rows: no work is done for padding. For a full batch (all lengths T) packed rows ARE the rows of the
 * padded (T, B, .) array, nothing is copied, and a reversed run only counts start[s] downwards: start[s] = (T-1-s)*B.
 *
 *     dense:  packed row of (t, b) = t*B + b              ragged: gather before, scatter after (zeros at padding)
 */
#ifndef RONDO_NN_SEQUENCE_H
#define RONDO_NN_SEQUENCE_H

#include "rondo/cells.h"
#include "tensor/context.h"

typedef struct rondo__plan {
    int64_t T, B;  /* of the padded array */
    int64_t steps; /* longest length: steps that are walked */
    int64_t rows;  /* N: packed rows in all */
    bool dense;    /* all lengths equal T: packed rows are the padded rows, order is the identity */
    bool reverse;
    int64_t *start;  /* (steps) packed row where step s begins */
    int32_t *active; /* (steps) rows that run at step s */
    int32_t *order;  /* (B) order[i] = row of the batch that stands at place i */
    int32_t *length; /* (B) length of the row at place i, falling */
} rondo__plan;

/* Bytes that a plan needs for given T and B. */
size_t rondo__plan_bytes(int64_t T, int64_t B);
/* Lays the plan out in memory (rondo__plan_bytes, 64-byte aligned). Lengths must have been checked. */
void rondo__plan_make(rondo__plan *plan, void *memory, int64_t T, int64_t B, const rondo_sequence_options *options);
/* RONDO_ARGUMENT naming row and value when a length is outside 0..T, or a rate outside [0, 1). */
rondo_status rondo__sequence_check(const char *op, int64_t T, int64_t B, const rondo_sequence_options *options,
                                   rondo_error *err);

/* Padded (T, B, n) -> packed (N, n); and packed -> padded with zeros at padding, or added to what is there (for
 * gradients, padding untouched). Not for dense plans, where both are the same array. */
void rondo__gather_rows(rondo_context *context, const rondo__plan *plan, int64_t n, real *packed, const real *padded);
void rondo__scatter_rows(rondo_context *context, const rondo__plan *plan, int64_t n, real *padded, const real *packed,
                         bool add);
/* (B, n) arrays in batch order <-> plan order. from NULL: zeros. */
void rondo__order_rows(const rondo__plan *plan, int64_t n, real *ordered, const real *batch);
void rondo__unorder_rows(const rondo__plan *plan, int64_t n, real *batch, const real *ordered, bool add);

/* The rows of the batch cut into contiguous chunks, one task each, of about equal work (sums of lengths): each task
 * walks all steps of its own rows, no barrier is needed, and since each row's arithmetic does not depend on the others
 * the bits do not depend on the cut. body(arg, first, count, worker): places [first, first + count) of the plan. At
 * step s of a chunk the rows that run are rondo__plan_running(plan, s, first, count). */
typedef void (*rondo__rows_task)(void *arg, int64_t first, int64_t count, int worker);
void rondo__walk_rows(rondo_context *context, const rondo__plan *plan, rondo__rows_task body, void *arg);
static inline int64_t rondo__plan_running(const rondo__plan *plan, int64_t s, int64_t first, int64_t count) {
    int64_t n = plan->active[s] - first;
    return n < 0 ? 0 : n > count ? count : n;
}

/* Of so many rows that one call makes while another one, behind it, reads them (autograd/beside.h): those of a block of
 * steps for which that one waits. */
static inline int64_t rondo__awaited_rows(int64_t rows) { return rows / 16 > 8 ? rows / 16 : 8; }

/* prev (N, n): for each packed row the state that entered its step: initial (B, n; plan order) at step 0, else values
 * (N, n) of the same place one step earlier. The left operand of the recurrent weight gradient. */
void rondo__previous_rows(rondo_context *context, const rondo__plan *plan, int64_t n, real *prev, const real *initial,
                          const real *values);
/* Final states (B, n; batch order): values (N, n) at each row's last step, or, if its length is 0, its initial state
 * (B, n; plan order, NULL: zeros). */
void rondo__final_rows(const rondo__plan *plan, int64_t n, real *final_state, const real *initial, const real *values);

/* Masks. recurrent dropout: (B, n) multipliers 0 or 1/(1-rate), in plan order but drawn by batch row and unit.
 * zoneout: 1 where packed row (step, place) unit j keeps its old value; drawn by (t, batch row, unit); in use (not
 * training) every entry is the rate itself. */
void rondo__recurrent_mask(rondo_context *context, const rondo__plan *plan, int64_t n, real *mask, real rate,
                           uint64_t seed, uint64_t stream);
void rondo__zoneout_mask(rondo_context *context, const rondo__plan *plan, int64_t n, real *keep, real rate,
                         bool training, uint64_t seed, uint64_t stream);

#endif

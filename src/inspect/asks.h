/* What a loss asks of the recurrent stacks: the gradient of every number that leaves one, by the task's own tape, so
 * that all ways are counted that the task has (attention, input feeding, a bridge, an output layer).
 *
 * A stack runs in passes: one over all steps, or, of a decoder that is fed what it made, one for each step. Of each
 * pass the gradients of its outputs and of its last states are caught; the way back inside a pass is flow.h's. Together
 * they are the whole gradient of a state. */
#ifndef RONDO_INSPECT_ASKS_H
#define RONDO_INSPECT_ASKS_H

#include "inspect/flow.h"
#include "tasks/look.h"

/* B: rows of the task's batch, of which row 0 is the passage. */
typedef struct rondo__asks_pass {
    int64_t at, n, B;                                        /* steps [at, at + n) */
    real *dy;                                                /* (n, B, W) */
    real *h[2 * RONDO_MAX_LAYERS], *c[2 * RONDO_MAX_LAYERS]; /* (B, width) of its last states; NULL: they go nowhere */
} rondo__asks_pass;

typedef struct rondo__asks_stack {
    int64_t T;
    int passes;
    rondo__asks_pass *pass; /* (passes), in the order in which they ran */
} rondo__asks_stack;

typedef struct rondo__asks {
    rondo__look *look;
    rondo__asks_stack stack[RONDO__LOOK_STACKS];
    int passing[RONDO__LOOK_STACKS]; /* in a run: passes so far */
    bool failed;                     /* no memory */
    rondo__arena room;
} rondo__asks;

/* Of the passage that is laid out. An asks that is all zero can be begun, and begun again for another passage. */
rondo_status rondo__asks_begin(rondo__asks *asks, rondo__look *look, rondo_error *err);
void rondo__asks_end(rondo__asks *asks);
/* Loss `only` of the passage (-1: their sum): fills the stacks. */
rondo_status rondo__asks_of(rondo__asks *asks, int64_t only, rondo_error *err);

#endif

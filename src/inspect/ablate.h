/* What is left out of a network, and what comes of it. */
#ifndef RONDO_INSPECT_ABLATE_H
#define RONDO_INSPECT_ABLATE_H

#include "inspect/inspect.h"

/* What one stack gives once a part of it is left out, of one passage. */
typedef struct rondo__altered {
    const rondo__look_stack *stack;
    int index;          /* of the stack */
    rondo__alter alter; /* for passes that must be traced as they come */
    const real *y;      /* (T, W): the output, computed beforehand; NULL: trace */
    const real *h[2 * RONDO_MAX_LAYERS], *c[2 * RONDO_MAX_LAYERS]; /* with it: final states */
} rondo__altered;

/* The task's loss of the passage that is laid out, with that in place. */
rondo_status rondo__ablate_loss(rondo_inspection *inspection, const rondo__altered *altered, double *nats,
                                rondo_error *err);

/* ---- many units at once (ablate_units.c) ---- */
/* One layer and direction of the stack, whose units are silenced one by one, side by side in batches on the cells of
 * use. */
typedef struct rondo__silencing {
    const rondo__look_stack *stack;
    const rondo__trace *trace; /* of the whole network */
    int layer, direction;
    rondo_tape *tape; /* of its own */
    int64_t count;    /* units at a time */
    /* of the last call: (count, T, W), and by place (count, width) */
    real *y, *h[2 * RONDO_MAX_LAYERS], *c[2 * RONDO_MAX_LAYERS];
} rondo__silencing;
/* Whether the cells of use can be silenced from outside: a unit's output is its state, and a pass takes all steps. */
bool rondo__silencing_fits(const rondo__look_stack *stack);
rondo_status rondo__silencing_run(rondo__silencing *s, int64_t units, const int64_t *unit, rondo_error *err);
void rondo__silencing_free(rondo__silencing *s);

#endif

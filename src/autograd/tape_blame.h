/* Which call of a step was the first whose numbers are not finite (tape_blame.c). */
#ifndef RONDO_AUTOGRAD_TAPE_BLAME_H
#define RONDO_AUTOGRAD_TAPE_BLAME_H

#include "autograd/tape.h"

typedef struct rondo__blame {
    const char *op;
    bool backward;      /* the value is finite, the gradient is not */
    rondo_tensor shape; /* of the array that holds it */
    int64_t index[RONDO_MAX_RANK];
} rondo__blame;

/* After forward, or forward and backward, and before the next begin. False: everything is finite. The gradients of
 * leaves are no use afterwards. */
bool rondo__tape_blame(rondo_tape *tape, rondo__blame *out);
/* "'lstm' at row 3, time step 15" of an array (T, B, .); rows of others are those of their first dimension. */
const char *rondo__blame_text(const rondo__blame *blame, char *out, size_t size);

/* For backward: looks at the gradients that a call has just added to, unless the one to blame is found. */
void rondo__blame_call(const rondo_call *call, rondo__blame *out);

#endif

/* The states of all units of a stack, side by side: of each layer and direction h, and of LSTMs c behind it. Where a
 * stack can be streamed that is done, which is much faster than the plain trace and has the bits of use. */
#ifndef RONDO_INSPECT_UNITS_H
#define RONDO_INSPECT_UNITS_H

#include "inspect/trace.h"
#include "tasks/look.h"

typedef struct rondo__units_part { /* units [first, first + count) */
    int layer, direction;
    bool cell;
    int64_t first, count;
} rondo__units_part;
typedef struct rondo__units {
    rondo_recurrent *net;
    rondo_stream *stream; /* NULL: traced */
    real *x, *y;          /* of one step */
    int parts;
    rondo__units_part part[4 * RONDO_MAX_LAYERS];
    int64_t count;
} rondo__units;

rondo_status rondo__units_open(rondo__units *out, rondo_context *context, rondo_recurrent *net, rondo_error *err);
void rondo__units_close(rondo__units *units);
/* out (T, count). stack: of the passage that is laid out, over the net of units. */
rondo_status rondo__units_run(rondo__units *units, const rondo__look_stack *stack, double *out, rondo_error *err);
const rondo__units_part *rondo__units_find(const rondo__units *units, int64_t unit);

#endif

/* Places of gradients in one block: those that are needed at different times share memory.
 *
 * Backward takes a gradient when the first operator adds to it and gives it back after the operator that made the
 * variable has read it. So most of them live only for a few operators, and all together need far less than their sum.
 */
#ifndef RONDO_AUTOGRAD_PLACES_H
#define RONDO_AUTOGRAD_PLACES_H

#include "core/core.h"

typedef struct rondo__place {
    struct rondo__place *before, *after; /* neighbours among those taken, by offset */
    size_t offset, bytes;
} rondo__place;

typedef struct rondo__places {
    rondo__place *last; /* the one with the highest offset */
    size_t height;      /* bytes of the block */
} rondo__places;

/* False when the block would be larger than a size_t can tell. */
bool rondo__place_take(rondo__places *places, rondo__place *place, size_t bytes);
void rondo__place_give_back(rondo__places *places, rondo__place *place);

#endif

/* In which order the units of a heatmap stand. */
#ifndef RONDO_INSPECT_ORDER_H
#define RONDO_INSPECT_ORDER_H

#include "core/core.h"
#include "rondo/inspect.h"

/* Sorts n items by their keys, which are numbers; equal ones by index. */
typedef struct rondo__ranked {
    double key;
    int64_t index;
} rondo__ranked;
void rondo__rank(int64_t n, rondo__ranked *item, bool falling);

/* order (H) of the units of value (T, H); unit j's value at step t is value[t * H + j]. False: out of memory. */
bool rondo__order_units(int64_t *order, int64_t T, int64_t H, const double *value, rondo_unit_order kind);

#endif

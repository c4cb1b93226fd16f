/* Cuts one block of memory into arrays, 64-byte aligned. Run once with base NULL to learn the size, then with the
 * memory: the same code says how large a block is and what stands where in it. */
#ifndef RONDO_NN_CARVE_H
#define RONDO_NN_CARVE_H

#include "core/core.h"
#include "kernels/kernels.h"

typedef struct rondo__carver {
    char *base; /* NULL: only measure */
    size_t used;
} rondo__carver;

static inline void *rondo__carve_bytes(rondo__carver *carver, size_t bytes) {
    void *piece = carver->base ? carver->base + carver->used : NULL;
    carver->used += (bytes + RONDO_ALIGN - 1) / RONDO_ALIGN * RONDO_ALIGN;
    return piece;
}

static inline real *rondo__carve(rondo__carver *carver, int64_t count) {
    return rondo__carve_bytes(carver, (size_t)count * sizeof(real));
}

/* NULL, and no memory, unless wanted. */
static inline real *rondo__carve_if(rondo__carver *carver, bool wanted, int64_t count) {
    return wanted ? rondo__carve(carver, count) : NULL;
}

#endif

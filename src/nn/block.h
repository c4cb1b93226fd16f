/* Memory that grows with what was needed so far, and is kept: parts of a decoder in use. */
#ifndef RONDO_NN_BLOCK_H
#define RONDO_NN_BLOCK_H

#include <string.h>

#include "core/core.h"

typedef struct rondo__block {
    void *data;
    size_t room; /* bytes */
} rondo__block;

/* Room for bytes, the first `used` of which stay; false: out of memory, and nothing has changed. */
static inline bool rondo__block_reserve(rondo__block *block, size_t used, size_t bytes) {
    if (bytes <= block->room && block->data)
        return true;
    void *grown = rondo__alloc(bytes);
    if (!grown)
        return false;
    if (used && block->data)
        memcpy(grown, block->data, used);
    rondo__free(block->data);
    *block = (rondo__block){grown, bytes};
    return true;
}

static inline bool rondo__block_take(rondo__block *block, const void *from, size_t bytes) {
    if (!rondo__block_reserve(block, 0, bytes))
        return false;
    if (bytes)
        memcpy(block->data, from, bytes);
    return true;
}

static inline void rondo__block_free(rondo__block *block) {
    rondo__free(block->data);
    *block = (rondo__block){NULL, 0};
}

#endif

/* Batches of a language model: one long row of ids, cut into B streams of neighbouring text that run side by side.
 *
 * Of count ids, count - 1 are inputs, each with its successor as target. Stream b holds the pairs from b*(count-1)/B up
 * to (b+1)*(count-1)/B: no pair is lost and lengths differ by one at most. Chunk i holds steps i*T .. of every stream;
 * the last chunk may be shorter, and there a row may be one step shorter than its neighbours: lengths say so, targets
 * are -1. */
#ifndef RONDO_DATA_BATCHES_H
#define RONDO_DATA_BATCHES_H

#include "core/core.h"

typedef struct rondo__batches {
    const int32_t *ids; /* the caller's, must outlive this */
    int64_t count, B, T;
    int64_t longest; /* steps of the longest stream */
    int64_t chunks;
} rondo__batches;

/* label: the file, for the message. RONDO_FORMAT when there are fewer than max(T, B) + 1 ids. */
rondo_status rondo__batches_make(rondo__batches *out, const char *label, const int32_t *ids, int64_t count, int64_t B,
                                 int64_t T, rondo_error *err);
int64_t rondo__batches_steps(const rondo__batches *batches, int64_t chunk); /* T of this chunk */
/* Fills x (steps, B), y (steps, B) and lengths (B; may be NULL). Returns the number of targets. */
int64_t rondo__batches_fill(const rondo__batches *batches, int64_t chunk, int32_t *x, int32_t *y, int32_t *lengths);

#endif

/* Drawing a symbol from logits. */
#ifndef RONDO_TASKS_SAMPLE_H
#define RONDO_TASKS_SAMPLE_H

#include "core/core.h"
#include "kernels/kernels.h"
#include "rondo/model.h"

typedef struct rondo__sampler {
    int64_t V;
    double temperature, top_p; /* above 0 */
    int64_t top_k;             /* 0: all */
    bool greedy;
    double *weight;  /* (V) */
    int32_t *likely; /* (V) a heap of symbols, the likeliest on top */
    int32_t *kept;   /* (V) */
} rondo__sampler;

/* Checks the options and takes all memory. */
rondo_status rondo__sampler_make(rondo__sampler *sampler, int64_t V, const rondo_generate_options *options,
                                 rondo_error *err);
void rondo__sampler_free(rondo__sampler *sampler);
/* A symbol but never `banned` (-1: all may come), from logits (V) or log-probabilities; u in [0, 1) decides. -1 when no
 * number is finite. Ties go to the lower id. */
int32_t rondo__sampler_draw(rondo__sampler *sampler, const real *logits, int32_t banned, double u);

#endif

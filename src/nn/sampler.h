/* Drawing a symbol from logits. */
#ifndef RONDO_NN_SAMPLER_H
#define RONDO_NN_SAMPLER_H

#include "core/core.h"
#include "kernels/kernels.h"

/* Zero means the default: all symbols may come, as likely as the model says. */
typedef struct rondo__sampler_options {
    double temperature, top_p;
    int64_t top_k;
    bool greedy; /* the likeliest symbol, always */
} rondo__sampler_options;

typedef struct rondo__sampler {
    int64_t V;
    double temperature, top_p; /* above 0 */
    int64_t top_k;             /* 0: all */
    bool greedy;
    double *weight;  /* (V) */
    int32_t *likely; /* (V) a heap of symbols, the likeliest on top */
    int32_t *kept;   /* (V) */
} rondo__sampler;

/* Checks the options and takes all memory. where begins the messages: the caller's name. */
rondo_status rondo__sampler_make(rondo__sampler *sampler, const char *where, int64_t V,
                                 const rondo__sampler_options *options, rondo_error *err);
void rondo__sampler_free(rondo__sampler *sampler);
/* A symbol but never `banned` (-1: all may come), from logits (V) or log-probabilities; u in [0, 1) decides. -1 when no
 * number is finite. Ties go to the lower id. */
int32_t rondo__sampler_draw(rondo__sampler *sampler, const real *logits, int32_t banned, double u);

#endif

/* The inside of an adaptive softmax. */
#ifndef RONDO_NN_ADAPTIVE_H
#define RONDO_NN_ADAPTIVE_H

#include "rondo/nn.h"
#include "rondo/op.h"

#define RONDO__CLUSTERS (RONDO_MAX_INPUTS - 1)

struct rondo_adaptive {
    rondo_params *params;
    int64_t width, V;
    int clusters;
    int64_t cutoff[RONDO__CLUSTERS + 1]; /* the last is V */
    int head;                            /* (cutoff[0] + clusters, width) */
    int project[RONDO__CLUSTERS];        /* (width / div^(i+1), width) */
    int score[RONDO__CLUSTERS];          /* (cutoff[i+1] - cutoff[i], width / div^(i+1)) */
};

#endif

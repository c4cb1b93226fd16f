/* How far back a loss reaches, by lag: what gradients.c shows. */
#ifndef RONDO_INSPECT_GRADIENTS_H
#define RONDO_INSPECT_GRADIENTS_H

#include "inspect/asks.h"

enum { RONDO__OF_H, RONDO__OF_C, RONDO__LAG_STATES };

/* Sums over the losses followed; lags [0, lags]. */
typedef struct rondo__lags {
    int64_t lags;
    int places;
    bool cells;
    bool own; /* losses of single steps were followed, else what one loss of the whole asks of the output of a step */
    int64_t followed;
    /* By place and state: norms at each lag, and at lag 0 of the same losses; (lags + 1) each. */
    double *norm[2 * RONDO_MAX_LAYERS][RONDO__LAG_STATES], *base[2 * RONDO_MAX_LAYERS][RONDO__LAG_STATES];
    double radius[2 * RONDO_MAX_LAYERS], most[2 * RONDO_MAX_LAYERS]; /* spectral: their sum, the largest */
    int64_t radii;
} rondo__lags;
rondo_status rondo__lags_make(rondo__lags *out, const rondo_recurrent *net, int64_t lags, rondo_error *err);
void rondo__lags_free(rondo__lags *lags);
/* Adds what `losses` of the laid-out passage's (spread over it) ask of one of its stacks. */
rondo_status rondo__lags_add(rondo__lags *lags, rondo__asks *asks, int stack, int64_t losses, rondo_error *err);

/* Relative to lag 0; NaN where there is nothing. */
double rondo__lags_at(const rondo__lags *lags, int place, int state, int64_t lag);
/* The longest lag of which there is anything. */
int64_t rondo__lags_longest(const rondo__lags *lags);
/* The first lag below 1 %; -1: there is none up to the longest. */
int64_t rondo__lags_horizon(const rondo__lags *lags, int place, int state);

#endif

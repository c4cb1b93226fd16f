/* Pearson's correlation of every unit with every pattern, over any number of passages. */
#ifndef RONDO_INSPECT_CORRELATION_H
#define RONDO_INSPECT_CORRELATION_H

#include "inspect/patterns.h"

typedef struct rondo__correlation {
    int64_t units;
    int patterns;
    bool begun[RONDO__PATTERNS];
    /* By pattern: steps at which it is known; a first value of it, which is taken off; sums; extremes as they are. */
    double n[RONDO__PATTERNS], shift[RONDO__PATTERNS], y[RONDO__PATTERNS], yy[RONDO__PATTERNS];
    double low[RONDO__PATTERNS], high[RONDO__PATTERNS];
    double *x, *xx, *xy; /* (patterns, units) sums */
} rondo__correlation;

rondo_status rondo__correlation_make(rondo__correlation *out, int64_t units, int patterns, rondo_error *err);
void rondo__correlation_free(rondo__correlation *c);
/* state (T, units). The patterns of all calls are the same ones, as many as were told. */
void rondo__correlation_add(rondo__correlation *c, int64_t T, const double *state, const rondo__patterns *patterns);
/* NaN where the unit or the pattern never changes, or is not known twice. */
double rondo__correlation_of(const rondo__correlation *c, int pattern, int64_t unit);
/* The unit of [first, end) whose correlation is the largest, either way; -1: none has one. */
int64_t rondo__correlation_best(const rondo__correlation *c, int pattern, int64_t first, int64_t end);

#endif

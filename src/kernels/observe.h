/* Watching the products of one matrix while a model runs on data: how large what it is multiplied with gets (a
 * histogram, for calibration), and how far products of low precision are from those of float (signal and noise). One
 * thread only: sums depend on the order of the calls. */
#ifndef RONDO_KERNELS_OBSERVE_H
#define RONDO_KERNELS_OBSERVE_H

#include "kernels/kernels.h"

/* Sizes by their exponent and 6 bits behind it: 1.1 % wide. */
#define RONDO__OBSERVED_SIZES (1 << 14)

typedef struct rondo__observer {
    int64_t K, N;
    uint64_t *histogram; /* (RONDO__OBSERVED_SIZES), by the bits of the size >> 17 */
    float most;          /* the largest size that is finite */
    const real *low;     /* the same W packed in low precision; NULL: no comparing */
    real *row[2];        /* (N): one row of products, of each kind */
    double signal, noise;
} rondo__observer;

/* What gemm is about to be called with, of a W whose note names the observer; compared where it is all of `low`. exact,
 * low: gemm of float, gemm by note.
 */
void rondo__observe(rondo__observer *observer, rondo__gemm_fn exact, rondo__gemm_fn low, int64_t M, int64_t N,
                    const real *a, int64_t ars, int64_t acs, const real *packed, int64_t n0, int64_t n1);

/* The size that a share (0 to 1) of all numbers do not exceed; 1: the largest. 0 where there were none. */
float rondo__observed_size(const rondo__observer *observer, double share);

#endif

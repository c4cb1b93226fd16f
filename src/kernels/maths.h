/* The functions of libm for `real`, and the activations as the scalar definition has them. */
#ifndef RONDO_KERNELS_MATHS_H
#define RONDO_KERNELS_MATHS_H

#include <math.h>

#include "kernels/kernels.h"

#ifdef RONDO_DOUBLE
static inline real rondo__exp(real x) { return exp(x); }
static inline real rondo__log(real x) { return log(x); }
static inline real rondo__tanh(real x) { return tanh(x); }
static inline real rondo__sqrt(real x) { return sqrt(x); }
#else
static inline real rondo__exp(real x) { return expf(x); }
static inline real rondo__log(real x) { return logf(x); }
static inline real rondo__tanh(real x) { return tanhf(x); }
static inline real rondo__sqrt(real x) { return sqrtf(x); }
#endif

/* Through exp(-|x|), so that nothing overflows and the left tail keeps its relative precision. */
static inline real rondo__sigmoid(real x) {
    real e = rondo__exp(x < 0 ? x : -x);
    return (x < 0 ? e : (real)1) / ((real)1 + e);
}

/* x limited to [-limit, limit]; NaN stays. */
static inline real rondo__limit(real x, real limit) { return x > limit ? limit : x < -limit ? -limit : x; }

#endif

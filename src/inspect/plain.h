/* Plain arithmetic in double that the trace and its way back share. W is (N, K), row-major. */
#ifndef RONDO_INSPECT_PLAIN_H
#define RONDO_INSPECT_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/kernels.h"
#include "rondo/cells.h"

/* y (N) += W x (K) */
void rondo__plain_product(int64_t N, int64_t K, const real *w, const double *x, double *y);
/* dx (K) += Wᵀ dy (N) */
void rondo__plain_product_back(int64_t N, int64_t K, const real *w, const double *dy, double *dx);
/* y (N) = LN(y; gain (N)) + bias (N) or NULL */
void rondo__plain_norm(int64_t N, const real *gain, const real *bias, double *y);
/* x (N) entered the norm; dy (N): of what left it -> of what entered */
void rondo__plain_norm_back(int64_t N, const real *gain, const double *x, double *dy);
double rondo__plain_sigmoid(double x);
void rondo__plain_activate(rondo_activation f, int64_t n, double *x);
static inline double rondo__plain_clip(double clip, double x) { return x < -clip ? -clip : x > clip ? clip : x; }
double rondo__plain_length(int64_t n, const double *x); /* the Euclidean norm */
/* *out: a * b zeroes. False: no memory. */
bool rondo__plain_make(double **out, int64_t a, int64_t b);

#endif

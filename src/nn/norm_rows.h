/* Layer normalisation of many rows at once, as the normalised cells need it. stats (M, 2): mean and 1/deviation. */
#ifndef RONDO_NN_NORM_ROWS_H
#define RONDO_NN_NORM_ROWS_H

#include "tensor/context.h"

#define RONDO_NORM_EPS ((real)1e-5)

/* out (M, N; rows ld apart) = LN(x; gain (N)) + bias (N) (bias may be NULL); x (M, N; ld). In parallel. */
void rondo__norm_rows(rondo_context *context, int64_t M, int64_t N, int64_t ld, real *out, const real *x,
                      const real *gain, const real *bias, real *stats);
/* dx (M, N; ld), overwritten, from dout and the x and stats of forward (all ld). In parallel. */
void rondo__norm_rows_backward(rondo_context *context, int64_t M, int64_t N, int64_t ld, real *dx, const real *dout,
                               const real *x, const real *gain, const real *stats);
/* dgain (N) += sum over rows of dout * (x - mean) * rstd, each column from row 0 up: the same bits for any threads. */
void rondo__norm_gain_sums(rondo_context *context, int64_t M, int64_t N, int64_t ld, real *dgain, const real *dout,
                           const real *x, const real *stats);

#endif

/* Level 2: the context (threads, kernels, scratch) and parallel products over it. */
#ifndef RONDO_TENSOR_CONTEXT_H
#define RONDO_TENSOR_CONTEXT_H

#include "core/core.h"
#include "kernels/kernels.h"
#include "rondo/context.h"
#include "rondo/tensor.h"

/* How the steps of a recurrent layer are shared out (nn/walk.h). Tests force it; the bits are the same. CALLS: the two
 * directions of a layer beside each other, or two layers behind each other, each on one thread. */
typedef enum rondo__cut { RONDO__CUT_BY_COST, RONDO__CUT_ROWS, RONDO__CUT_UNITS, RONDO__CUT_CALLS } rondo__cut;

struct rondo_context {
    rondo__pool *pool;
    int threads;
    rondo__cut cut;
    const rondo__kernels *kernels; /* of the context's precision */
    const rondo__kernels *exact;   /* of float: attention, which multiplies no weights */
    _Atomic int64_t *ahead;  /* of one call that runs step by step behind another one or ahead of it, else NULL: */
    _Atomic int64_t *behind; /* steps that the other has done, that it itself has done (autograd/beside.h) */
};

/* Runs task over [0, n) cut into ranges of `grain` (a function of the shape only): task(arg, begin, end, worker). */
typedef void (*rondo__range_task)(void *arg, int64_t begin, int64_t end, int worker);
void rondo__parallel(rondo_context *context, int64_t n, int64_t grain, rondo__range_task task, void *arg);

/* Packs W (K, N), element (k, n) at w[k*rs + n*cs], in parallel. dst has rondo__packed_count(K, N) numbers. */
void rondo__pack(rondo_context *context, real *dst, const real *w, int64_t rs, int64_t cs, int64_t K, int64_t N);

/* C (M, N; ldc) = [C +] A·W [+ bias] with packed W, cut into tiles over the threads; see rondo__kernels.gemm. */
void rondo__product(rondo_context *context, int64_t M, int64_t N, int64_t K, const real *a, int64_t ars, int64_t acs,
                    const real *packed, real *c, int64_t ldc, const real *bias, bool accumulate);

/* C (M, N; ldc) [+]= A·B for operands that are not packed: packs into scratch first (blocked over K for weight
 * gradients, where M and N are small and K is all rows of a batch). Same bits as rondo__pack + rondo__product. */
size_t rondo__product_scratch(int64_t M, int64_t N, int64_t K); /* bytes */
void rondo__product_any(rondo_context *context, void *scratch, int64_t M, int64_t N, int64_t K, const real *a,
                        int64_t ars, int64_t acs, const real *b, int64_t brs, int64_t bcs, real *c, int64_t ldc,
                        bool accumulate);

/* out (N) += column sums of x (M, N; rows ld apart), each column summed from row 0 up; in parallel by columns. */
void rondo__column_sums(rondo_context *context, int64_t M, int64_t N, const real *x, int64_t ld, real *out);

#endif

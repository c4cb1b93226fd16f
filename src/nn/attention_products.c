/* Products of rows that stand apart in padded arrays, of one batch row and head: too small to be cut further, and each
 * run by one worker with its own room. Where packing B would only be used once and its rows can be added one by one
 * instead, they are: the same chain of multiply-adds over k, hence the same bits. */
#include "nn/attention.h"

#include <string.h>

static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

int64_t rondo__attention_room(const rondo__attention *a) {
    int64_t widest = max64(a->d, a->w), longest = max64(a->S, a->T);
    return max64(rondo__packed_count(widest, longest), rondo__packed_count(longest, widest));
}

void rondo__rows_by_rows(const rondo__kernels *kernels, int64_t M, int64_t N, int64_t K, const real *a, int64_t lda,
                         const real *b, int64_t ldb, real *c, int64_t ldc, real *room) {
    kernels->pack(room, b, 1, ldb, K, N, 0, N);
    kernels->gemm(M, N, K, a, lda, 1, room, 0, N, c, ldc, NULL, false);
}

void rondo__rows_times(const rondo__kernels *kernels, int64_t M, int64_t N, int64_t K, const real *a, int64_t lda,
                       const real *b, int64_t ldb, real *c, int64_t ldc, bool accumulate, real *room) {
    if (M != 1) {
        kernels->pack(room, b, ldb, 1, K, N, 0, N);
        kernels->gemm(M, N, K, a, lda, 1, room, 0, N, c, ldc, NULL, accumulate);
        return;
    }
    if (!accumulate)
        memset(c, 0, (size_t)N * sizeof *c);
    for (int64_t k = 0; k < K; k++)
        kernels->axpy(N, c, a[k], b + k * ldb);
}

void rondo__columns_times(const rondo__kernels *kernels, int64_t M, int64_t N, int64_t K, const real *a, int64_t lda,
                          const real *b, int64_t ldb, real *c, int64_t ldc, real *room) {
    if (K != 1) {
        kernels->pack(room, b, ldb, 1, K, N, 0, N);
        kernels->gemm(M, N, K, a, 1, lda, room, 0, N, c, ldc, NULL, true);
        return;
    }
    for (int64_t m = 0; m < M; m++)
        kernels->axpy(N, c + m * ldc, a[m], b);
}

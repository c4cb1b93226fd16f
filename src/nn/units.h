/* Units [first, end) of rows that are H wide: what one thread makes where the units of a cell are shared out (walk.h).
 * All units, first = 0 and end = H, are whole rows. Every function gives the bits of the whole row's. */
#ifndef RONDO_NN_UNITS_H
#define RONDO_NN_UNITS_H

#include "kernels/kernels.h"

typedef struct rondo__units {
    int64_t H, first, end;
} rondo__units;

static inline rondo__units rondo__all_units(int64_t H) { return (rondo__units){H, 0, H}; }
static inline bool rondo__are_all(rondo__units u) { return u.first == 0 && u.end == u.H; }

/* op(count, out, a, b) on the units of rows that lie H apart in out, a and b; op: add, mul, mul_add, .. */
static inline void rondo__on_units(void (*op)(int64_t n, real *out, const real *a, const real *b), int64_t rows,
                                   rondo__units u, real *out, const real *a, const real *b) {
    if (rondo__are_all(u))
        op(rows * u.H, out, a, b);
    else
        for (int64_t at = u.first; at < rows * u.H; at += u.H)
            op(u.end - u.first, out + at, a + at, b + at);
}

/* rondo__kernels.gemm for gates·H columns, the units' of each gate. A (rows, K) has its rows lda apart. */
static inline void rondo__gates_product(const rondo__kernels *kernels, int64_t rows, int64_t gates, rondo__units u,
                                        int64_t K, const real *a, int64_t lda, const real *packed, real *c, int64_t ldc,
                                        const real *bias, bool accumulate) {
    const int64_t N = gates * u.H;
    if (rondo__are_all(u))
        kernels->gemm(rows, N, K, a, lda, 1, packed, 0, N, c, ldc, bias, accumulate);
    else
        for (int64_t at = 0; at < N; at += u.H)
            kernels->gemm(rows, N, K, a, lda, 1, packed, at + u.first, at + u.end, c, ldc, bias, accumulate);
}

#endif

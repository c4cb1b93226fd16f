/* The scalar kernels by family; rondo__kernels_scalar fills the table with all of them. */
#ifndef RONDO_KERNELS_SCALAR_H
#define RONDO_KERNELS_SCALAR_H

#include "kernels/kernels.h"

void rondo__scalar_product(rondo__kernels *table);
/* The pack kernel itself, which vector kernels fall back on. */
void rondo__scalar_pack(real *dst, const real *w, int64_t rs, int64_t cs, int64_t K, int64_t N, int64_t n0, int64_t n1);
void rondo__scalar_gemm(int64_t M, int64_t N, int64_t K, const real *a, int64_t ars, int64_t acs, const real *packed,
                        int64_t n0, int64_t n1, real *c, int64_t ldc, const real *bias, bool accumulate);
void rondo__scalar_rows(rondo__kernels *table);
void rondo__scalar_gates(rondo__kernels *table);
void rondo__scalar_attention(rondo__kernels *table);
void rondo__scalar_random(rondo__kernels *table);
void rondo__scalar_updates(rondo__kernels *table);

#endif

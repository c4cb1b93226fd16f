/* The scalar kernels by family; rondo__kernels_scalar fills the table with all of them. */
#ifndef RONDO_KERNELS_SCALAR_H
#define RONDO_KERNELS_SCALAR_H

#include "kernels/kernels.h"

void rondo__scalar_product(rondo__kernels *table);
void rondo__scalar_rows(rondo__kernels *table);
void rondo__scalar_gates(rondo__kernels *table);
void rondo__scalar_attention(rondo__kernels *table);
void rondo__scalar_updates(rondo__kernels *table);

#endif

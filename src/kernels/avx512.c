/* The table of the avx512 instruction set: for now it keeps the scalar kernels. */
#include "kernels/kernels.h"

void rondo__kernels_avx512(rondo__kernels *table) { table->isa = "avx512"; }

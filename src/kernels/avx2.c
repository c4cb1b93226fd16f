/* The table of the avx2 instruction set: for now it keeps the scalar kernels. */
#include "kernels/kernels.h"

void rondo__kernels_avx2(rondo__kernels *table) { table->isa = "avx2"; }

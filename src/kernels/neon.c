/* The table of the neon instruction set: for now it keeps the scalar kernels. */
#include "kernels/kernels.h"

void rondo__kernels_neon(rondo__kernels *table) { table->isa = "neon"; }

/* Products of low precision with AVX-512's own instructions for them (BF16, VNNI). */
#include "kernels/avx512.h"

static inline V v_dot2(V sum, Q a, Q w) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)w); }
/* As an instruction of its own: GCC 12 moves the sums of _mm512_dpbusd_epi32 to and fro. */
static inline Q q_dot4(Q sum, Q a, Q w) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(w));
    return sum;
}

#include "kernels/vector.inc"
#include "kernels/vector_product.inc"
#include "kernels/vector_product_low.inc"

void rondo__low_avx512_dot(rondo__kernels *table, rondo__precision precision) {
    fill_elementwise(table); /* of this file, the same as they were */
    fill_product(table);
    fill_low(table, precision);
}

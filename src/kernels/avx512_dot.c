/* Products of low precision with AVX-512's own instructions for them (BF16, VNNI). */
#include "kernels/avx512.h"

static inline V v_dot2(V sum, Q a, Q w) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)w); }
static inline V v_dot4(V sum, Q a, Q w) {
    return _mm512_castsi512_ps(_mm512_dpbusd_epi32(_mm512_castps_si512(sum), a, w));
}

#include "kernels/vector.inc"
#include "kernels/vector_product.inc"
#include "kernels/vector_product_low.inc"

void rondo__low_avx512_dot(rondo__kernels *table, rondo__precision precision) {
    fill_elementwise(table); /* of this file, the same as they were */
    fill_product(table);
    fill_low(table, precision);
}

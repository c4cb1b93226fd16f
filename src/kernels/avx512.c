/* AVX-512 (F, BW, VL, DQ). */
#include "kernels/avx512.h"

/* bf16 in two products, the lower k first; bytes by way of 16 bits, so that nothing saturates. */
static inline V q_low(Q x) { return _mm512_castsi512_ps(_mm512_slli_epi32(x, 16)); }
static inline V q_high(Q x) { return _mm512_castsi512_ps(_mm512_and_si512(x, _mm512_set1_epi32((int)0xffff0000u))); }
static inline V v_dot2(V sum, Q a, Q w) { return v_fma(q_high(a), q_high(w), v_fma(q_low(a), q_low(w), sum)); }
static inline Q q_dot4(Q sum, Q a, Q w) {
    const Q even =
        _mm512_madd_epi16(_mm512_and_si512(a, _mm512_set1_epi16(255)), _mm512_srai_epi16(_mm512_slli_epi16(w, 8), 8));
    const Q odd = _mm512_madd_epi16(_mm512_srli_epi16(a, 8), _mm512_srai_epi16(w, 8));
    return _mm512_add_epi32(sum, _mm512_add_epi32(even, odd));
}

static inline Q q_product(Q a, uint32_t m) { return _mm512_mul_epu32(a, _mm512_set1_epi64(m)); }

#include "kernels/vector.inc"
#include "kernels/vector_attention.inc"
#include "kernels/vector_gates.inc"
#include "kernels/vector_product.inc"
#include "kernels/vector_product_low.inc"
#include "kernels/vector_random.inc"
#include "kernels/vector_rows.inc"
#include "kernels/vector_updates.inc"

void rondo__kernels_avx512(rondo__kernels *table) {
    table->isa = "avx512";
    fill_elementwise(table);
    fill_product(table);
    fill_random(table);
    fill_rows(table);
    fill_gates(table);
    fill_attention(table);
    fill_updates(table);
}

void rondo__low_avx512(rondo__kernels *table, rondo__precision precision) { fill_low(table, precision); }

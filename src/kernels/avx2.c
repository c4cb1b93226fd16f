/* AVX2 with FMA: 8 lanes. */
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

enum { LANES = 8, TILE_ROWS = 6, TILE_VECTORS = 2 };
typedef __m256 V;
typedef __m256 Mask;
typedef __m256d D; /* half as many doubles */

static inline __m256i first(int64_t n) {
    static const int32_t ones[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(ones + 8 - n));
}
static inline V v_set(float x) { return _mm256_set1_ps(x); }
static inline V v_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void v_store(float *p, V x) { _mm256_storeu_ps(p, x); }
static inline V v_load_part(const float *p, int64_t n, V fill) {
    __m256i m = first(n);
    return _mm256_blendv_ps(fill, _mm256_maskload_ps(p, m), _mm256_castsi256_ps(m));
}
static inline void v_store_part(float *p, V x, int64_t n) { _mm256_maskstore_ps(p, first(n), x); }
static inline V v_fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
static inline V v_min(V a, V b) { return _mm256_min_ps(a, b); }
static inline V v_max(V a, V b) { return _mm256_max_ps(a, b); }
static inline V v_sqrt(V a) { return _mm256_sqrt_ps(a); }
static inline V v_round(V a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
static inline V v_abs(V a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
static inline V v_negative_abs(V a) { return _mm256_or_ps(_mm256_set1_ps(-0.0f), a); }
static inline V v_sign_of(V a, V sign) { return _mm256_or_ps(a, _mm256_and_ps(_mm256_set1_ps(-0.0f), sign)); }
static inline Mask v_less(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
static inline Mask v_at_most(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
static inline V v_select(Mask m, V a, V b) { return _mm256_blendv_ps(b, a, m); }
static inline V bits_of_pow2(__m256i n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}
/* In two steps, so that the result may be subnormal or infinite. */
static inline V v_scale(V p, V n) {
    __m256i i = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(i, 1);
    return p * bits_of_pow2(half) * bits_of_pow2(_mm256_sub_epi32(i, half));
}
static inline V v_pow2(V n) { return bits_of_pow2(_mm256_cvtps_epi32(n)); }
static inline D d_low(V x) { return _mm256_cvtps_pd(_mm256_castps256_ps128(x)); }
static inline D d_high(V x) { return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)); }

/* bf16 in two products, the lower k first; bytes by way of 16 bits, so that nothing saturates. */
typedef __m256i Q;
static inline Q q_load(const uint32_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }
static inline Q q_set(uint32_t x) { return _mm256_set1_epi32((int)x); }
static inline V q_low(Q x) { return _mm256_castsi256_ps(_mm256_slli_epi32(x, 16)); }
static inline V q_high(Q x) { return _mm256_castsi256_ps(_mm256_and_si256(x, _mm256_set1_epi32((int)0xffff0000u))); }
static inline V v_dot2(V sum, Q a, Q w) { return v_fma(q_high(a), q_high(w), v_fma(q_low(a), q_low(w), sum)); }
static inline Q q_dot4(Q sum, Q a, Q w) {
    const Q even =
        _mm256_madd_epi16(_mm256_and_si256(a, _mm256_set1_epi16(255)), _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8));
    const Q odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(w, 8));
    return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}
static inline Q q_most(Q most, V x) { return _mm256_max_epi32(most, _mm256_castps_si256(v_abs(x))); }
static inline void v_store_bytes(uint8_t *to, V x) {
    const __m256i whole = _mm256_add_epi32(_mm256_cvtps_epi32(x), _mm256_set1_epi32(128));
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi16(words, words));
}
static inline V v_of_int(Q sum, const int32_t *raised) {
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(sum, q_load((const uint32_t *)raised)));
}

static inline Q q_product(Q a, uint32_t m) { return _mm256_mul_epu32(a, _mm256_set1_epi64x(m)); }

#include "kernels/vector.inc"
#include "kernels/vector_attention.inc"
#include "kernels/vector_gates.inc"
#include "kernels/vector_product.inc"
#include "kernels/vector_product_low.inc"
#include "kernels/vector_random.inc"
#include "kernels/vector_rows.inc"
#include "kernels/vector_updates.inc"

void rondo__kernels_avx2(rondo__kernels *table) {
    table->isa = "avx2";
    fill_elementwise(table);
    fill_product(table);
    fill_random(table);
    fill_rows(table);
    fill_gates(table);
    fill_attention(table);
    fill_updates(table);
}

void rondo__low_avx2(rondo__kernels *table, rondo__precision precision) { fill_low(table, precision); }

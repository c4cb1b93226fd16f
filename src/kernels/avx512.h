/* The vector of the AVX-512 files: 16 lanes, masks for the tails. */
#ifndef RONDO_KERNELS_AVX512_H
#define RONDO_KERNELS_AVX512_H

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

enum { LANES = 16, TILE_ROWS = 6, TILE_VECTORS = 4 };
typedef __m512 V;
typedef __mmask16 Mask;
typedef __m512d D; /* half as many doubles */

static inline Mask first(int64_t n) { return (Mask)((1u << n) - 1); }
static inline V v_set(float x) { return _mm512_set1_ps(x); }
static inline V v_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void v_store(float *p, V x) { _mm512_storeu_ps(p, x); }
static inline V v_load_part(const float *p, int64_t n, V fill) { return _mm512_mask_loadu_ps(fill, first(n), p); }
static inline void v_store_part(float *p, V x, int64_t n) { _mm512_mask_storeu_ps(p, first(n), x); }
static inline V v_fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
static inline V v_min(V a, V b) { return _mm512_min_ps(a, b); }
static inline V v_max(V a, V b) { return _mm512_max_ps(a, b); }
static inline V v_sqrt(V a) { return _mm512_sqrt_ps(a); }
static inline V v_round(V a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
static inline V v_abs(V a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }
static inline V v_negative_abs(V a) { return _mm512_or_ps(_mm512_set1_ps(-0.0f), a); }
static inline V v_sign_of(V a, V sign) { return _mm512_or_ps(a, _mm512_and_ps(_mm512_set1_ps(-0.0f), sign)); }
static inline Mask v_less(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
static inline Mask v_at_most(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
static inline V v_select(Mask m, V a, V b) { return _mm512_mask_blend_ps(m, b, a); }
static inline V v_scale(V p, V n) { return _mm512_scalef_ps(p, n); }
static inline V v_pow2(V n) { return _mm512_scalef_ps(_mm512_set1_ps(1.0f), n); }
static inline D d_low(V x) { return _mm512_cvtps_pd(_mm512_castps512_ps256(x)); }
static inline D d_high(V x) { return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)); }

typedef __m512i Q;
static inline Q q_load(const uint32_t *p) { return _mm512_loadu_si512(p); }
static inline Q q_set(uint32_t x) { return _mm512_set1_epi32((int)x); }
static inline Q q_most(Q most, V x) { return _mm512_max_epi32(most, _mm512_castps_si512(v_abs(x))); }
static inline void v_store_bytes(uint8_t *to, V x) {
    const __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(x), _mm512_set1_epi32(128));
    _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtepi32_epi8(whole));
}
static inline V v_of_int(Q sum, const int32_t *raised) {
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(sum, _mm512_loadu_si512(raised)));
}

#endif

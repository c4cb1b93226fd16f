/* Products of low precision with AVX-512's own instructions for them (BF16, VNNI). */
#include "kernels/avx512.h"

static inline V v_dot2(V sum, Q a, Q w) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)w); }
/* As an instruction of its own: GCC 12 moves the sums of _mm512_dpbusd_epi32 to and fro. */
static inline Q q_dot4(Q sum, Q a, Q w) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(w));
    return sum;
}

/* 32 numbers in one instruction. Numbers below 2^-126 become 0, as they do in the products. */
static inline Q both_bf16(V low, V high) { return (Q)_mm512_cvtne2ps_pbh(high, low); }

/* The halves of `both` in turn: pairs of (even, odd). */
static inline void round_pairs(uint32_t *to, int64_t n, const float *even, const float *odd) {
    const Q turns = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5,
                                     20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    for (int64_t j = 0; j < n; j += LANES) {
        const Mask m = n - j < LANES ? first(n - j) : (Mask)0xffff;
        const V low = _mm512_maskz_loadu_ps(m, even + j), high = odd ? _mm512_maskz_loadu_ps(m, odd + j) : v_set(0);
        _mm512_mask_storeu_epi32(to + j, m, _mm512_permutexvar_epi16(turns, both_bf16(low, high)));
    }
}
static inline void round_row(uint32_t *to, int64_t n, const float *row) {
    int64_t k = 0;
    for (; k + 2 * LANES <= n; k += 2 * LANES)
        _mm512_storeu_si512(to + k / 2, both_bf16(v_load(row + k), v_load(row + k + LANES)));
    const int64_t left = n - k, more = left - LANES;
    if (left > 0) {
        const V low = _mm512_maskz_loadu_ps(more > 0 ? (Mask)0xffff : first(left), row + k);
        const V high = more > 0 ? _mm512_maskz_loadu_ps(first(more), row + k + LANES) : v_set(0);
        _mm512_mask_storeu_epi32(to + k / 2, first((left + 1) / 2), both_bf16(low, high));
    }
}
#define round_pairs round_pairs
#define round_row round_row

#include "kernels/vector.inc"
#include "kernels/vector_product.inc"
#include "kernels/vector_product_low.inc"

void rondo__low_avx512_dot(rondo__kernels *table, rondo__precision precision) {
    fill_elementwise(table); /* of this file, the same as they were */
    fill_product(table);
    fill_low(table, precision);
}

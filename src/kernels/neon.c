/* NEON of AArch64: 4 lanes. */
#include <arm_neon.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

enum { LANES = 4, TILE_ROWS = 6, TILE_VECTORS = 4 };
typedef float32x4_t V;
typedef uint32x4_t Mask;
typedef float64x2_t D; /* half as many doubles */

static inline V v_set(float x) { return vdupq_n_f32(x); }
static inline V v_load(const float *p) { return vld1q_f32(p); }
static inline void v_store(float *p, V x) { vst1q_f32(p, x); }
static inline V v_load_part(const float *p, int64_t n, V fill) {
    float part[4];
    vst1q_f32(part, fill);
    for (int64_t i = 0; i < n; i++)
        part[i] = p[i];
    return vld1q_f32(part);
}
static inline void v_store_part(float *p, V x, int64_t n) {
    float part[4];
    vst1q_f32(part, x);
    for (int64_t i = 0; i < n; i++)
        p[i] = part[i];
}
static inline V v_fma(V a, V b, V c) { return vfmaq_f32(c, a, b); }
static inline V v_min(V a, V b) { return vminq_f32(a, b); }
static inline V v_max(V a, V b) { return vmaxq_f32(a, b); }
static inline V v_sqrt(V a) { return vsqrtq_f32(a); }
static inline V v_round(V a) { return vrndnq_f32(a); }
static inline V v_abs(V a) { return vabsq_f32(a); }
static inline V v_negative_abs(V a) { return vnegq_f32(vabsq_f32(a)); }
static inline V v_sign_of(V a, V sign) { return vbslq_f32(vdupq_n_u32(0x80000000u), sign, a); }
static inline Mask v_less(V a, V b) { return vcltq_f32(a, b); }
static inline Mask v_at_most(V a, V b) { return vcleq_f32(a, b); }
static inline V v_select(Mask m, V a, V b) { return vbslq_f32(m, a, b); }
static inline V bits_of_pow2(int32x4_t n) {
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
}
/* In two steps, so that the result may be subnormal or infinite. */
static inline V v_scale(V p, V n) {
    int32x4_t i = vcvtq_s32_f32(n), half = vshrq_n_s32(i, 1);
    return vmulq_f32(vmulq_f32(p, bits_of_pow2(half)), bits_of_pow2(vsubq_s32(i, half)));
}
static inline V v_pow2(V n) { return bits_of_pow2(vcvtq_s32_f32(n)); }
static inline D d_low(V x) { return vcvt_f64_f32(vget_low_f32(x)); }
static inline D d_high(V x) { return vcvt_high_f64_f32(x); }

/* bf16 in two products, the lower k first. Bytes of A come raised by 128 and are lowered again: the products of signed
 * bytes fit 16 bits, and pairs of them are added up in 32. */
typedef uint32x4_t Q;
static inline Q q_load(const uint32_t *p) { return vld1q_u32(p); }
static inline Q q_set(uint32_t x) { return vdupq_n_u32(x); }
static inline V q_low(Q x) { return vreinterpretq_f32_u32(vshlq_n_u32(x, 16)); }
static inline V q_high(Q x) { return vreinterpretq_f32_u32(vandq_u32(x, vdupq_n_u32(0xffff0000u))); }
static inline V v_dot2(V sum, Q a, Q w) { return v_fma(q_high(a), q_high(w), v_fma(q_low(a), q_low(w), sum)); }
static inline Q q_dot4(Q sum, Q a, Q w) {
    const int8x16_t x = vreinterpretq_s8_u32(veorq_u32(a, vdupq_n_u32(0x80808080u))), y = vreinterpretq_s8_u32(w);
    const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(x), vget_low_s8(y)));
    const int32x4_t high = vpaddlq_s16(vmull_high_s8(x, y));
    return vreinterpretq_u32_s32(vaddq_s32(vreinterpretq_s32_u32(sum), vpaddq_s32(low, high)));
}
static inline Q q_most(Q most, V x) { return vmaxq_u32(most, vreinterpretq_u32_f32(v_abs(x))); }
static inline void v_store_bytes(uint8_t *to, V x) {
    int32_t whole[4];
    vst1q_s32(whole, vcvtnq_s32_f32(x));
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(whole[i] + 128);
}
static inline V v_of_int(Q sum, const int32_t *raised) {
    (void)raised;
    return vcvtq_f32_s32(vreinterpretq_s32_u32(sum));
}

static inline Q q_product(Q a, uint32_t m) {
    return vreinterpretq_u32_u64(vmull_u32(vmovn_u64(vreinterpretq_u64_u32(a)), vdup_n_u32(m)));
}

#include "kernels/vector.inc"
#include "kernels/vector_attention.inc"
#include "kernels/vector_gates.inc"
#include "kernels/vector_product.inc"
#include "kernels/vector_product_low.inc"
#include "kernels/vector_random.inc"
#include "kernels/vector_rows.inc"
#include "kernels/vector_updates.inc"

void rondo__kernels_neon(rondo__kernels *table) {
    table->isa = "neon";
    fill_elementwise(table);
    fill_product(table);
    fill_random(table);
    fill_rows(table);
    fill_gates(table);
    fill_attention(table);
    fill_updates(table);
}

void rondo__low_neon(rondo__kernels *table, rondo__precision precision) { fill_low(table, precision); }

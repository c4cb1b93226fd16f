/* SIMD128 of WebAssembly: 4 lanes. It has no fused multiply-add. Sums of products take a multiplication and an
 * addition, so that products have the scalar kernel's bits; exp and its kin, which count on the fused one, get it by
 * way of double: there the product is exact. */
#include <math.h>
#include <string.h>
#include <wasm_simd128.h>

#include "kernels/kernels.h"

enum { LANES = 4, TILE_ROWS = 3, TILE_VECTORS = 4 };
typedef float V __attribute__((vector_size(16)));
typedef uint32_t Mask __attribute__((vector_size(16)));
typedef double D __attribute__((vector_size(16))); /* half as many doubles */

static inline V v_set(float x) { return (V)wasm_f32x4_splat(x); }
static inline V v_load(const float *p) { return (V)wasm_v128_load(p); }
static inline void v_store(float *p, V x) { wasm_v128_store(p, (v128_t)x); }
static inline V v_load_part(const float *p, int64_t n, V fill) {
    for (int i = 0; i < n; i++)
        fill[i] = p[i];
    return fill;
}
static inline void v_store_part(float *p, V x, int64_t n) {
    for (int i = 0; i < n; i++)
        p[i] = x[i];
}
static inline D d_low(V x) { return (D)wasm_f64x2_promote_low_f32x4((v128_t)x); }
static inline D d_high(V x) {
    return (D)wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle((v128_t)x, (v128_t)x, 2, 3, 2, 3));
}
static inline V d_round(D low, D high) {
    const v128_t a = wasm_f32x4_demote_f64x2_zero((v128_t)low), b = wasm_f32x4_demote_f64x2_zero((v128_t)high);
    return (V)wasm_i32x4_shuffle(a, b, 0, 1, 4, 5);
}
static inline V v_fused(V a, V b, V c) {
    return d_round(d_low(a) * d_low(b) + d_low(c), d_high(a) * d_high(b) + d_high(c));
}
static inline V v_mul_add(V a, V b, V c) { return a * b + c; }
static inline V v_min(V a, V b) { return (V)wasm_f32x4_pmin((v128_t)b, (v128_t)a); }
static inline V v_max(V a, V b) { return (V)wasm_f32x4_pmax((v128_t)b, (v128_t)a); }
static inline V v_sqrt(V a) { return (V)wasm_f32x4_sqrt((v128_t)a); }
static inline V v_round(V a) { return (V)wasm_f32x4_nearest((v128_t)a); }
static inline V v_abs(V a) { return (V)wasm_f32x4_abs((v128_t)a); }
static inline V v_negative_abs(V a) { return (V)wasm_v128_or((v128_t)a, wasm_f32x4_splat(-0.0f)); }
static inline V v_sign_of(V a, V sign) {
    return (V)wasm_v128_or((v128_t)a, wasm_v128_and((v128_t)sign, wasm_f32x4_splat(-0.0f)));
}
static inline Mask v_less(V a, V b) { return (Mask)wasm_f32x4_lt((v128_t)a, (v128_t)b); }
static inline Mask v_at_most(V a, V b) { return (Mask)wasm_f32x4_le((v128_t)a, (v128_t)b); }
static inline V v_select(Mask m, V a, V b) { return (V)wasm_v128_bitselect((v128_t)a, (v128_t)b, (v128_t)m); }
static inline V bits_of_pow2(v128_t n) { return (V)wasm_i32x4_shl(wasm_i32x4_add(n, wasm_i32x4_splat(127)), 23); }
/* In two steps, so that the result may be subnormal or infinite. */
static inline V v_scale(V p, V n) {
    const v128_t i = wasm_i32x4_trunc_sat_f32x4((v128_t)n), half = wasm_i32x4_shr(i, 1);
    return p * bits_of_pow2(half) * bits_of_pow2(wasm_i32x4_sub(i, half));
}
static inline V v_pow2(V n) { return bits_of_pow2(wasm_i32x4_trunc_sat_f32x4((v128_t)n)); }

/* bf16 in two products, the lower k first; bytes by way of 16 bits. */
typedef uint32_t Q __attribute__((vector_size(16)));
static inline Q q_load(const uint32_t *p) { return (Q)wasm_v128_load(p); }
static inline Q q_set(uint32_t x) { return (Q)wasm_i32x4_splat((int32_t)x); }
static inline V q_low(Q x) { return (V)(x << 16); }
static inline V q_high(Q x) { return (V)(x & 0xffff0000u); }
static inline V v_dot2(V sum, Q a, Q w) { return v_mul_add(q_high(a), q_high(w), v_mul_add(q_low(a), q_low(w), sum)); }
static inline Q q_dot4(Q sum, Q a, Q w) {
    const v128_t x = (v128_t)a, y = (v128_t)w;
    const v128_t even =
        wasm_i32x4_dot_i16x8(wasm_v128_and(x, wasm_i16x8_splat(255)), wasm_i16x8_shr(wasm_i16x8_shl(y, 8), 8));
    const v128_t odd = wasm_i32x4_dot_i16x8(wasm_u16x8_shr(x, 8), wasm_i16x8_shr(y, 8));
    return (Q)wasm_i32x4_add((v128_t)sum, wasm_i32x4_add(even, odd));
}
static inline Q q_most(Q most, V x) { return (Q)wasm_u32x4_max((v128_t)most, (v128_t)v_abs(x)); }
static inline void v_store_bytes(uint8_t *to, V x) {
    const v128_t whole = wasm_i32x4_trunc_sat_f32x4((v128_t)v_round(x));
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(((Q)whole)[i] + 128);
}
static inline V v_of_int(Q sum, const int32_t *raised) {
    return (V)wasm_f32x4_convert_i32x4(wasm_i32x4_sub((v128_t)sum, wasm_v128_load(raised)));
}

static inline Q q_product(Q a, uint32_t m) {
    const v128_t low = wasm_v128_and((v128_t)a, wasm_i64x2_splat(0xffffffff));
    return (Q)wasm_i64x2_mul(low, wasm_i64x2_splat(m));
}

#define v_fma v_fused
#include "kernels/vector.inc"
#undef v_fma
#define v_fma v_mul_add
#include "kernels/vector_attention.inc"
#include "kernels/vector_gates.inc"
#include "kernels/vector_product.inc"
#include "kernels/vector_product_low.inc"
#include "kernels/vector_random.inc"
#include "kernels/vector_rows.inc"
#include "kernels/vector_updates.inc"

void rondo__kernels_wasm(rondo__kernels *table) {
    table->isa = "wasm";
    fill_elementwise(table);
    fill_product(table);
    fill_random(table);
    fill_rows(table);
    fill_gates(table);
    fill_attention(table);
    fill_updates(table);
}

void rondo__low_wasm(rondo__kernels *table, rondo__precision precision) { fill_low(table, precision); }

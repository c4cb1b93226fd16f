/* What all instruction sets share of the products of low precision: numbers rounded to bfloat16 and to 8 bits. Meant to
 * be inlined and vectorised by the file that includes it. */
#ifndef RONDO_KERNELS_LOW_H
#define RONDO_KERNELS_LOW_H

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

/* To the nearest, ties to even; NaN stays NaN. */
static inline uint16_t rondo__bf16(real x) {
    const float single = (float)x;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1)) >> 16, nan = bits >> 16 | 0x40u;
    return (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? nan : rounded);
}
static inline float rondo__from_bf16(uint16_t half) {
    const uint32_t bits = (uint32_t)half << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
/* Two rows of n side by side, pair after pair; odd may be NULL: zeros. */
static inline void rondo__bf16_pairs(uint32_t *to, int64_t n, const real *even, const real *odd) {
    for (int64_t j = 0; j < n; j++)
        to[j] = rondo__bf16(even[j]);
    for (int64_t j = 0; odd && j < n; j++)
        to[j] |= (uint32_t)rondo__bf16(odd[j]) << 16;
}
/* One row of n as pairs; an odd n is filled up with 0. */
static inline void rondo__bf16_row(uint32_t *to, int64_t n, const real *row) {
    uint16_t *halves = (void *)to;
    for (int64_t k = 0; k < n; k++)
        halves[k] = rondo__bf16(row[k]);
    if (n % 2)
        halves[n] = 0;
}

/* A row or column whose largest size is `most` counts in steps of this; NaN where it is not finite. */
static inline float rondo__int8_step(float most) { return most <= 3.402823466e38f ? most / 127.0f : NAN; }
static inline float rondo__int8_inverse(float most) { return most > 1e-30f ? 127.0f / most : 0; }
/* In [-127, 127], whatever x is. NaN gives some number: its step is NaN. */
static inline int rondo__int8(float x, float inverse) {
    const float y = rintf(x * inverse), low = y < 127 ? y : 127;
    return (int)(low > -127 ? low : -127);
}

/* Panels of bf16: ceil(K/2) rows of `stride` pairs of bf16 (32 bits, the even k in the low half), the room of K rows of
 * float. Panels of int8: ceil(K/4) rows of `stride` fours of bytes, then `stride` steps (float), then `stride` int32:
 * 128 times the sum of the column's bytes, for kernels that multiply bytes of A that were raised by 128. */
#define RONDO__INT8_DEPTH                                                                                              \
    65536 /* beyond, sums might not fit 32 bits: such a matrix stays float, packed and multiplied as that */
static inline int64_t rondo__half(int64_t K) { return (K + 1) / 2; }
static inline int64_t rondo__quarter(int64_t K) { return (K + 3) / 4; }
typedef struct rondo__panel8 {
    int8_t *bytes;
    float *step;   /* (stride) */
    int32_t *sums; /* (stride) */
} rondo__panel8;
static inline rondo__panel8 rondo__panel8_at(const real *packed, int64_t K, int64_t n, int64_t stride) {
    rondo__panel8 p = {.bytes = (void *)(uintptr_t)(packed + rondo__panel_at(K, n))};
    p.step = (void *)(p.bytes + rondo__quarter(K) * stride * 4);
    p.sums = (void *)(p.step + stride);
    return p;
}

/* What a packed W holds. */
typedef struct rondo__note {
    rondo__precision precision;
    float most;                       /* int8: A is rounded as if this were its largest size; 0: row by row */
    struct rondo__observer *observer; /* NULL, or watches the products (observe.h) */
} rondo__note;
static inline rondo__note *rondo__note_at(const real *packed, int64_t K, int64_t N) {
    return (void *)(uintptr_t)(packed + rondo__panel_at(K, rondo__round16(N)));
}
/* Of columns packed in pieces, the last one leaves the note. */
static inline void rondo__note_columns(real *packed, int64_t K, int64_t N, int64_t n1, rondo__precision precision) {
    if (n1 >= N)
        *rondo__note_at(packed, K, N) = (rondo__note){.precision = precision};
}

/* The larger of a size so far and that of x; a NaN stays. */
static inline float rondo__larger(float most, float x) {
    const float size = fabsf(x);
    return ((size > most) | (size != size)) ? size : most;
}
static inline float rondo__most_of_row(const real *a, int64_t acs, int64_t K) {
    float most = 0;
    for (int64_t k = 0; k < K; k++)
        most = rondo__larger(most, (float)a[k * acs]);
    return most;
}

/* The size that a row counts with: its own unless another is given; what is not finite stays, to be seen. */
static inline float rondo__most_used(float most, float given) {
    return given > 0 && most <= 3.402823466e38f ? given : most;
}

#endif

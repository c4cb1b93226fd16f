/* Products of low precision, as they are defined. */
#include "kernels/low.h"
#include "kernels/observe.h"
#include "kernels/scalar.h"

static void pack(real *dst, const real *w, int64_t rs, int64_t cs, int64_t K, int64_t N, int64_t n0, int64_t n1) {
    rondo__scalar_pack(dst, w, rs, cs, K, N, n0, n1);
}
#define round_pairs rondo__bf16_pairs
#include "kernels/low_pack.inc"

static void gemm_bf16(int64_t M, int64_t N, int64_t K, const real *a, int64_t ars, int64_t acs, const real *packed,
                      int64_t n0, int64_t n1, real *c, int64_t ldc, const real *bias, bool accumulate) {
    for (int64_t n = n0; n < n1; n++) {
        const int64_t first = n / RONDO_PANEL * RONDO_PANEL, left = N - first;
        const int64_t stride = rondo__round16(left < RONDO_PANEL ? left : RONDO_PANEL);
        const uint16_t *w = (const void *)(packed + rondo__panel_at(K, first));
        for (int64_t m = 0; m < M; m++) {
            real sum = accumulate ? c[m * ldc + n] : bias ? bias[n] : 0;
            for (int64_t k = 0; k < K; k++)
                sum += (real)rondo__from_bf16(rondo__bf16(a[m * ars + k * acs])) *
                       (real)rondo__from_bf16(w[(k / 2 * stride + n - first) * 2 + k % 2]);
            c[m * ldc + n] = sum;
        }
    }
}

static inline real scaled(float sum, float step, real start) {
#ifdef RONDO_DOUBLE
    return start + (real)sum * (real)step;
#else
    return fmaf(sum, step, start);
#endif
}

static int32_t dot_int8(int64_t K, const real *a, int64_t acs, float inverse, const int8_t *bytes, int64_t stride) {
    int32_t sum = 0;
    for (int64_t k = 0; k < K; k++)
        sum += rondo__int8((float)a[k * acs], inverse) * bytes[k / 4 * stride * 4 + k % 4];
    return sum;
}

static void gemm_int8(int64_t M, int64_t N, int64_t K, const real *a, int64_t ars, int64_t acs, const real *packed,
                      int64_t n0, int64_t n1, real *c, int64_t ldc, const real *bias, bool accumulate) {
    if (K > RONDO__INT8_DEPTH) {
        rondo__scalar_gemm(M, N, K, a, ars, acs, packed, n0, n1, c, ldc, bias, accumulate);
        return;
    }
    for (int64_t m = 0; m < M; m++) {
        const float most =
            rondo__most_used(rondo__most_of_row(a + m * ars, acs, K), rondo__note_at(packed, K, N)->most);
        const float step = rondo__int8_step(most), inverse = rondo__int8_inverse(most);
        for (int64_t n = n0; n < n1; n++) {
            const int64_t first = n / RONDO_PANEL * RONDO_PANEL, left = N - first;
            const int64_t stride = rondo__round16(left < RONDO_PANEL ? left : RONDO_PANEL), j = n - first;
            const rondo__panel8 p = rondo__panel8_at(packed, K, first, stride);
            const float sum = (float)dot_int8(K, a + m * ars, acs, inverse, p.bytes + j * 4, stride);
            const real start = accumulate ? c[m * ldc + n] : bias ? bias[n] : 0;
            c[m * ldc + n] = scaled(sum, step * p.step[j], start);
        }
    }
}

static void gemm_noted(int64_t M, int64_t N, int64_t K, const real *a, int64_t ars, int64_t acs, const real *packed,
                       int64_t n0, int64_t n1, real *c, int64_t ldc, const real *bias, bool accumulate) {
    const rondo__note *note = rondo__note_at(packed, K, N);
    if (note->observer)
        rondo__observe(note->observer, rondo__scalar_gemm, gemm_noted, M, N, a, ars, acs, packed, n0, n1);
    const rondo__gemm_fn of[] = {rondo__scalar_gemm, gemm_bf16, gemm_int8};
    of[note->precision](M, N, K, a, ars, acs, packed, n0, n1, c, ldc, bias, accumulate);
}

void rondo__low_scalar(rondo__kernels *table, rondo__precision precision) {
    low_packs(table, precision);
    table->gemm = gemm_noted;
}

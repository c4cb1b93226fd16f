#include "kernels/observe.h"

#include <string.h>

enum { SHIFT = 17 }; /* of the bits of a float below what a bucket keeps */

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x7fffffffu;
}

static void count(rondo__observer *o, int64_t K, const real *a, int64_t acs) {
    for (int64_t k = 0; k < K; k++) {
        const uint32_t bits = bits_of((float)a[k * acs]);
        float size;
        if (bits >= 0x7f800000u)
            continue;
        memcpy(&size, &bits, sizeof size);
        o->histogram[bits >> SHIFT]++;
        o->most = size > o->most ? size : o->most;
    }
}

void rondo__observe(rondo__observer *o, rondo__gemm_fn exact, rondo__gemm_fn low, int64_t M, int64_t N, const real *a,
                    int64_t ars, int64_t acs, const real *packed, int64_t n0, int64_t n1) {
    for (int64_t m = 0; m < M; m++) {
        const real *row = a + m * ars;
        if (n0 == 0) /* each row once, whatever pieces its product comes in */
            count(o, o->K, row, acs);
        if (!o->low || N != o->N)
            continue;
        exact(1, o->N, o->K, row, ars, acs, packed, n0, n1, o->row[0], o->N, NULL, false);
        low(1, o->N, o->K, row, ars, acs, o->low, n0, n1, o->row[1], o->N, NULL, false);
        for (int64_t n = n0; n < n1; n++) {
            const double y = (double)o->row[0][n], d = (double)o->row[1][n] - y;
            o->signal += y * y;
            o->noise += d * d;
        }
    }
}

float rondo__observed_size(const rondo__observer *o, double share) {
    uint64_t all = 0, seen = 0;
    for (int i = 0; i < RONDO__OBSERVED_SIZES; i++)
        all += o->histogram[i];
    const double wanted = share * (double)all;
    for (int i = 0; i < RONDO__OBSERVED_SIZES && share < 1; i++) {
        seen += o->histogram[i];
        if ((double)seen < wanted)
            continue;
        const uint32_t bits = ((uint32_t)i + 1) << SHIFT; /* where the bucket ends */
        float size;
        memcpy(&size, &bits, sizeof size);
        return size < o->most ? size : o->most;
    }
    return o->most;
}

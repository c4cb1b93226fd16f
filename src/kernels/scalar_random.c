/* Random masks and dropout. The numbers are rondo__random_u32's; vector_random.inc makes the same ones. */
#include "core/core.h"
#include "kernels/scalar.h"

static void draw_mask(int64_t n, uint8_t *mask, uint64_t seed, uint64_t stream, uint64_t first, uint64_t threshold) {
    uint32_t four[4] = {0};
    for (int64_t i = 0; i < n; i++) {
        const uint64_t index = first + (uint64_t)i;
        if (i == 0 || index % 4 == 0)
            rondo__random_u32x4(seed, stream, index / 4, four);
        mask[i] = four[index % 4] >= threshold;
    }
}

static void dropout(int64_t n, real *out, const real *x, const uint8_t *mask, real scale) {
    for (int64_t i = 0; i < n; i++)
        out[i] = x[i] * (mask[i] ? scale : (real)0);
}

static void dropout_backward(int64_t n, real *dx, const real *dy, const uint8_t *mask, real scale) {
    for (int64_t i = 0; i < n; i++)
        dx[i] += mask[i] ? dy[i] * scale : (real)0;
}

void rondo__scalar_random(rondo__kernels *table) {
    table->draw_mask = draw_mask;
    table->dropout = dropout;
    table->dropout_backward = dropout_backward;
}

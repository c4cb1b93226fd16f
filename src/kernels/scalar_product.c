/* The matrix product over packed weights, and the packing.
 *
 * A tile of ROWS x COLUMNS elements of C lives in local variables while k runs; k is the outer loop of a tile, so each
 * element is one chain over rising k, and the inner loop runs over neighbouring columns, which compilers vectorise. */
#include <string.h>

#include "kernels/scalar.h"

enum { ROWS = 4, COLUMNS = 8, PACK_DEPTH = 16 };

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/* Rows of the panel from w (K, width), either stride of which may be the short one; blocks of k keep the lines of a
 * transposed w in the cache until they are used up. */
static void pack_panel(real *panel, int64_t stride, const real *w, int64_t rs, int64_t cs, int64_t K, int64_t width) {
    for (int64_t k0 = 0; k0 < K; k0 += PACK_DEPTH) {
        int64_t k1 = min64(k0 + PACK_DEPTH, K);
        for (int64_t j = 0; j < width; j++)
            for (int64_t k = k0; k < k1; k++)
                panel[k * stride + j] = w[k * rs + j * cs];
    }
}

void rondo__scalar_pack(real *dst, const real *w, int64_t rs, int64_t cs, int64_t K, int64_t N, int64_t n0,
                        int64_t n1) {
    for (int64_t n = n0; n < n1; n += RONDO_PANEL) {
        int64_t width = min64(RONDO_PANEL, N - n), stride = rondo__round16(width);
        real *panel = dst + rondo__panel_at(K, n);
        for (int64_t k = 0; k < K && (width < stride || cs == 1); k++) {
            if (cs == 1)
                memcpy(panel + k * stride, w + k * rs + n, (size_t)width * sizeof(real));
            memset(panel + k * stride + width, 0, (size_t)(stride - width) * sizeof(real));
        }
        if (cs != 1)
            pack_panel(panel, stride, w + n * cs, rs, cs, K, width);
    }
}

/* One tile: c (rows, columns) from start values in acc; w: first of the tile's columns in the panel, a multiple of
 * COLUMNS, rows `stride` apart. The first `skip` columns are not C's. */
static inline __attribute__((always_inline)) void tile(int rows, int64_t K, const real *a, int64_t ars, int64_t acs,
                                                       const real *w, int64_t stride, real acc[ROWS][COLUMNS]) {
    for (int64_t k = 0; k < K; k++)
        for (int r = 0; r < rows; r++) {
            real x = a[r * ars + k * acs];
            for (int j = 0; j < COLUMNS; j++)
                acc[r][j] += x * w[k * stride + j];
        }
}

static inline __attribute__((always_inline)) void tile_at(int rows, int64_t K, const real *a, int64_t ars, int64_t acs,
                                                          const real *w, int64_t stride, real *c, int64_t ldc,
                                                          int64_t skip, int64_t columns, const real *bias,
                                                          bool accumulate) {
    real acc[ROWS][COLUMNS] = {{0}};
    for (int r = 0; r < rows; r++) {
        if (accumulate)
            memcpy(acc[r] + skip, c + r * ldc, (size_t)columns * sizeof(real));
        else if (bias)
            memcpy(acc[r] + skip, bias, (size_t)columns * sizeof(real));
    }
    tile(rows, K, a, ars, acs, w, stride, acc);
    for (int r = 0; r < rows; r++)
        memcpy(c + r * ldc, acc[r] + skip, (size_t)columns * sizeof(real));
}

void rondo__scalar_gemm(int64_t M, int64_t N, int64_t K, const real *a, int64_t ars, int64_t acs, const real *packed,
                        int64_t n0, int64_t n1, real *c, int64_t ldc, const real *bias, bool accumulate) {
    for (int64_t n = n0, next; n < n1; n = next) {
        int64_t first = n / RONDO_PANEL * RONDO_PANEL;
        int64_t stride = rondo__round16(min64(RONDO_PANEL, N - first)), skip = n % COLUMNS;
        const real *w = packed + rondo__panel_at(K, first) + (n - skip - first);
        next = min64(n - skip + COLUMNS, n1);
        int64_t columns = next - n;
        const real *b = bias ? bias + n : NULL;
        int64_t m = 0;
        for (; m + ROWS <= M; m += ROWS)
            tile_at(ROWS, K, a + m * ars, ars, acs, w, stride, c + m * ldc + n, ldc, skip, columns, b, accumulate);
        for (; m < M; m++)
            tile_at(1, K, a + m * ars, ars, acs, w, stride, c + m * ldc + n, ldc, skip, columns, b, accumulate);
    }
}

void rondo__scalar_product(rondo__kernels *table) {
    table->pack = rondo__scalar_pack;
    table->gemm = rondo__scalar_gemm;
}

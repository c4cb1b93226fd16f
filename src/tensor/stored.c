#include "tensor/stored.h"

#include <string.h>

#include "kernels/low.h"

bool rondo__stored_fits(rondo_dtype dtype, int64_t columns) {
    return dtype == RONDO_BF16 || columns <= RONDO__INT8_DEPTH;
}

bool rondo__store_int8(int8_t *data, float *scale, const real *w, int64_t rows, int64_t columns) {
    bool finite = true;
    for (int64_t n = 0; n < rows; n++, data += columns, w += columns) {
        const float most = rondo__most_of_row(w, 1, columns), inverse = rondo__int8_inverse(most);
        scale[n] = rondo__int8_step(most);
        finite &= scale[n] == scale[n];
        for (int64_t k = 0; k < columns; k++)
            data[k] = (int8_t)rondo__int8((float)w[k], inverse);
    }
    return finite;
}

void rondo__store_bf16(uint16_t *data, const real *w, int64_t rows, int64_t columns) {
    for (int64_t i = 0; i < rows * columns; i++)
        data[i] = rondo__bf16(w[i]);
}

double rondo__stored_at(const rondo__stored *s, int64_t row, int64_t column) {
    const int64_t at = row * s->columns + column;
    if (s->dtype == RONDO_I8)
        return (double)((float)((const int8_t *)s->data)[at] * s->scale[row]);
    if (s->dtype == RONDO_BF16)
        return (double)rondo__from_bf16(((const uint16_t *)s->data)[at]);
    return (double)((const real *)s->data)[at];
}

void rondo__stored_row(const rondo__stored *s, int64_t row, real *out) {
    const int64_t K = s->columns, at = row * K;
    if (s->dtype == RONDO_I8) {
        const int8_t *from = (const int8_t *)s->data + at;
        for (int64_t k = 0; k < K; k++)
            out[k] = (real)((float)from[k] * s->scale[row]);
    } else if (s->dtype == RONDO_BF16) {
        for (int64_t k = 0; k < K; k++)
            out[k] = (real)rondo__from_bf16(((const uint16_t *)s->data)[at + k]);
    } else {
        memcpy(out, (const real *)s->data + at, (size_t)K * sizeof *out);
    }
}

/* ---- packing ---- */

typedef struct packing {
    real *dst;
    const rondo__stored *stored;
    int64_t row, rows;
} packing;

/* A column of a panel of bytes: four k in each word, `stride` words apart. Returns the sum of its numbers. */
static int32_t pack_column8(uint8_t *to, int64_t stride, const int8_t *from, int64_t K) {
    int32_t sum = 0;
    for (int64_t k = 0; k < K; k++)
        sum += from[k];
    for (int64_t k = 0; k + 4 <= K; k += 4)
        memcpy(to + k * stride, from + k, 4);
    for (int64_t k = K / 4 * 4; k < rondo__quarter(K) * 4; k++)
        to[k / 4 * 4 * stride + k % 4] = k < K ? (uint8_t)from[k] : 0;
    return sum;
}

static void pack_panel8(const packing *p, int64_t n, int64_t width, int64_t stride) {
    const rondo__stored *s = p->stored;
    const rondo__panel8 panel = rondo__panel8_at(p->dst, s->columns, n, stride);
    for (int64_t j = 0; j < width; j++) {
        const int64_t row = p->row + n + j;
        panel.step[j] = s->scale[row];
        panel.sums[j] = 128 * pack_column8((uint8_t *)panel.bytes + j * 4, stride,
                                           (const int8_t *)s->data + row * s->columns, s->columns);
    }
    for (int64_t j = width; j < stride; j++) {
        panel.step[j] = 0;
        panel.sums[j] = 0;
        for (int64_t k = 0; k < rondo__quarter(s->columns); k++)
            memset(panel.bytes + (k * stride + j) * 4, 0, 4);
    }
}

static void pack_panel16(const packing *p, int64_t n, int64_t width, int64_t stride) {
    const int64_t K = p->stored->columns;
    uint16_t *to = (void *)(p->dst + rondo__panel_at(K, n)); /* the even k of a pair first */
    for (int64_t j = 0; j < stride; j++) {
        const uint16_t *from = (const uint16_t *)p->stored->data + (p->row + n + j) * K;
        for (int64_t k = 0; k < rondo__half(K) * 2; k++)
            to[(k / 2 * stride + j) * 2 + k % 2] = j < width && k < K ? from[k] : 0;
    }
}

static void pack_panels(void *arg, int64_t begin, int64_t end, int worker) {
    const packing *p = arg;
    (void)worker;
    for (int64_t n = begin * RONDO_PANEL; n < end * RONDO_PANEL && n < p->rows; n += RONDO_PANEL) {
        const int64_t width = p->rows - n < RONDO_PANEL ? p->rows - n : RONDO_PANEL, stride = rondo__round16(width);
        if (p->stored->dtype == RONDO_I8)
            pack_panel8(p, n, width, stride);
        else
            pack_panel16(p, n, width, stride);
    }
}

void rondo__stored_pack(rondo_context *context, real *dst, const rondo__stored *s, int64_t row, int64_t rows) {
    const int64_t K = s->columns;
    if (s->dtype == RONDO_REAL) {
        rondo__pack(context, dst, (const real *)s->data + row * K, 1, K, K, rows);
        rondo__note_at(dst, K, rows)->observer = s->observer;
        return;
    }
    packing job = {dst, s, row, rows};
    rondo__parallel(context, (rows + RONDO_PANEL - 1) / RONDO_PANEL, 1, pack_panels, &job);
    *rondo__note_at(dst, K, rows) =
        (rondo__note){.precision = s->dtype == RONDO_I8 ? RONDO__INT8 : RONDO__BF16, .most = s->most};
}

rondo_context rondo__context_mixed(const rondo_context *context) {
    rondo_context mixed = *context;
    if (context->kernels->precision == RONDO__F32)
        mixed.kernels = rondo__kernels_with(context->exact, RONDO__MIXED);
    return mixed;
}

bool rondo__context_is_mixed(const rondo_context *context) { return context->kernels->precision != RONDO__F32; }

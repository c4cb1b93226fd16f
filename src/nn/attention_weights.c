/* Rows of attention weights: from scores through the softmax and the window, and back.
 *
 *   p = softmax(scale * e),  w_s = p_s g_s,  g_s = exp(-x² / 2σ²) for |x| <= D, else 0
 *   x = s - P,  P = max(0, position * n - 1/2),  σ = D / 2
 *   backward:  dp = dw ∘ g,  dposition += n * sum over s of dw_s w_s x / σ²  (where P > 0)
 *              de = scale * p ∘ (dp - sum(p ∘ dp))
 *
 * Without position g is 1. */
#include "nn/attention.h"

#include <string.h>

#include "kernels/maths.h"

static real centre(const rondo__attention *a, int64_t t, int64_t b, int64_t n) {
    real P = rondo__data(a->call->in[POSITION])[t * a->B + b] * (real)n - (real)0.5;
    return P < 0 ? 0 : P;
}

/* A NaN is not outside of anything, and stays. */
static real bell(real x, real D) { return x > D || x < -D ? 0 : rondo__exp(-2 * x * x / (D * D)); }

static void clear(real *row, int64_t begin, int64_t end) {
    memset(row + begin, 0, (size_t)(end - begin) * sizeof *row);
}

void rondo__weights_row(const rondo__attention *a, int64_t t, int64_t b, int64_t n, real *row, real *p) {
    int64_t seen = rondo__visible(a, t, n);
    clear(row, seen, a->S);
    if (seen > 0) {
        if (a->options->score == RONDO_SCORE_DOT && a->options->scale != 1)
            a->kernels->affine(seen, row, row, a->options->scale, 0);
        a->kernels->softmax_row(seen, row, row);
    }
    if (!p)
        return;
    memcpy(p, row, (size_t)a->S * sizeof *p);
    real P = centre(a, t, b, n), D = (real)a->options->window;
    for (int64_t s = 0; s < n; s++)
        row[s] *= bell((real)s - P, D);
}

/* d: of the weights in, of the softmax out. */
static void window_backward(const rondo__attention *a, int64_t t, int64_t b, int64_t n, real *d, const real *weights) {
    rondo_var *position = a->call->in[POSITION];
    real P = centre(a, t, b, n), D = (real)a->options->window;
    double along = 0;
    for (int64_t s = 0; s < n; s++) {
        real x = (real)s - P;
        along += (double)(d[s] * weights[s]) * (double)x;
        d[s] *= bell(x, D);
    }
    if (position->grad && !(P <= 0))
        position->grad[t * a->B + b] += (real)(along * 4 * (double)n / ((double)D * (double)D));
}

void rondo__weights_row_backward(const rondo__attention *a, int64_t t, int64_t b, int64_t n, real *d,
                                 const real *weights, const real *p) {
    const rondo__kernels *kernels = a->kernels;
    int64_t seen = rondo__visible(a, t, n);
    if (p)
        window_backward(a, t, b, n, d, weights);
    else
        p = weights;
    kernels->affine(seen, d, d, 1, -(real)kernels->dot(seen, p, d));
    kernels->mul(seen, d, d, p);
    if (a->options->score == RONDO_SCORE_DOT && a->options->scale != 1)
        kernels->affine(seen, d, d, a->options->scale, 0);
    clear(d, seen, a->S);
}

void rondo__weights_drop(const rondo__attention *a, int64_t t, int64_t b, int64_t h, int64_t n, real *out,
                         const real *in) {
    const rondo__kernels *kernels = a->call->context->kernels;
    const uint64_t threshold = (uint64_t)ceil((double)a->options->dropout * 4294967296.0);
    const real scale = 1 / (1 - a->options->dropout);
    const int64_t block = rondo__weights_at(a, t, b, h) / (a->S > 0 ? a->S : 1) * ((a->S + 3) / 4);
    uint8_t mask[256];
    for (int64_t s = 0; s < n; s += (int64_t)sizeof mask) {
        const int64_t count = n - s < (int64_t)sizeof mask ? n - s : (int64_t)sizeof mask;
        kernels->draw_mask(count, mask, a->call->seed, a->call->stream, (uint64_t)(4 * block + s), threshold);
        kernels->dropout(count, out + s, in + s, mask, scale);
    }
}

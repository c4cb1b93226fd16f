#include "nn/activation.h"

#include <string.h>

static void softmax_rows(const rondo__kernels *kernels, int64_t rows, int64_t n, real *out, const real *x) {
    for (int64_t r = 0; r < rows; r++)
        kernels->softmax_row(n, out + r * n, x + r * n);
}

void rondo__activate(const rondo__kernels *kernels, rondo_activation f, int64_t rows, int64_t n, real *out,
                     const real *x) {
    switch (f) {
    case RONDO_TANH:
        kernels->tanh(rows * n, out, x);
        break;
    case RONDO_RELU:
        kernels->relu(rows * n, out, x);
        break;
    case RONDO_SIGMOID:
        kernels->sigmoid(rows * n, out, x);
        break;
    case RONDO_SOFTMAX:
        softmax_rows(kernels, rows, n, out, x);
        break;
    case RONDO_IDENTITY:
        if (out != x)
            memmove(out, x, sizeof(real) * (size_t)(rows * n));
        break;
    }
}

/* y = softmax(x): dx_j = y_j (dy_j - Σ_i y_i dy_i). */
static void softmax_rows_backward(const rondo__kernels *kernels, int64_t rows, int64_t n, real *dx, const real *y,
                                  const real *dy) {
    for (int64_t r = 0; r < rows; r++, dx += n, y += n, dy += n) {
        const real mean = (real)kernels->dot(n, y, dy);
        for (int64_t j = 0; j < n; j++)
            dx[j] += y[j] * (dy[j] - mean);
    }
}

void rondo__activate_backward(const rondo__kernels *kernels, rondo_activation f, int64_t rows, int64_t n, real *dx,
                              const real *y, const real *dy) {
    switch (f) {
    case RONDO_TANH:
        kernels->tanh_backward(rows * n, dx, y, dy);
        break;
    case RONDO_RELU:
        kernels->relu_backward(rows * n, dx, y, dy);
        break;
    case RONDO_SIGMOID:
        kernels->sigmoid_backward(rows * n, dx, y, dy);
        break;
    case RONDO_SOFTMAX:
        softmax_rows_backward(kernels, rows, n, dx, y, dy);
        break;
    case RONDO_IDENTITY:
        kernels->add(rows * n, dx, dx, dy);
        break;
    }
}

void rondo__activate_units(const rondo__kernels *kernels, rondo_activation f, int64_t rows, rondo__units u, real *out,
                           const real *x) {
    if (rondo__are_all(u))
        rondo__activate(kernels, f, rows, u.H, out, x);
    else
        for (int64_t at = u.first; at < rows * u.H; at += u.H)
            rondo__activate(kernels, f, 1, u.end - u.first, out + at, x + at);
}

void rondo__activate_units_backward(const rondo__kernels *kernels, rondo_activation f, int64_t rows, rondo__units u,
                                    real *dx, const real *y, const real *dy) {
    if (rondo__are_all(u))
        rondo__activate_backward(kernels, f, rows, u.H, dx, y, dy);
    else
        for (int64_t at = u.first; at < rows * u.H; at += u.H)
            rondo__activate_backward(kernels, f, 1, u.end - u.first, dx + at, y + at, dy + at);
}

/* Softmax, cross-entropy and layer normalisation of one row. Sums run in double. */
#include "kernels/maths.h"
#include "kernels/scalar.h"

/* Largest number that is safe to subtract: 0 where the row has none or an infinite one, so that inf - inf cannot arise.
 */
static real finite_max(int64_t n, const real *x) {
    real largest = -(real)INFINITY;
    for (int64_t i = 0; i < n; i++)
        largest = x[i] > largest ? x[i] : largest;
    return isinf(largest) ? 0 : largest;
}

static void softmax_row(int64_t n, real *out, const real *x) {
    real largest = finite_max(n, x);
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
        out[i] = rondo__exp(x[i] - largest);
        total += out[i];
    }
    real factor = (real)(1 / total);
    for (int64_t i = 0; i < n; i++)
        out[i] *= factor;
}

static real logsumexp_row(int64_t n, const real *x) {
    real largest = finite_max(n, x);
    double total = 0;
    for (int64_t i = 0; i < n; i++)
        total += rondo__exp(x[i] - largest);
    return (real)((double)largest + log(total));
}

static void cross_entropy_backward_row(int64_t n, real *dlogits, const real *x, real lse, int64_t target,
                                       real smoothing, real scale) {
    real share = smoothing / (real)n;
    for (int64_t i = 0; i < n; i++) {
        real wanted = i == target ? (real)1 - smoothing : 0;
        dlogits[i] += scale * (rondo__exp(x[i] - lse) - wanted - share);
    }
}

static real entropy_row(int64_t n, real *x, real factor, real offset) {
    real largest = finite_max(n, x);
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
        x[i] = rondo__exp(x[i] - largest);
        total += x[i];
    }
    real scale = (real)((double)factor / total);
    for (int64_t i = 0; i < n; i++)
        x[i] = scale * x[i] + offset;
    return (real)((double)largest + log(total));
}

static void layer_norm_row(int64_t n, real *out, const real *x, const real *gain, const real *bias, real eps,
                           real stats[2]) {
    double total = 0, squares = 0;
    for (int64_t i = 0; i < n; i++)
        total += x[i];
    real mean = (real)(total / (double)n);
    for (int64_t i = 0; i < n; i++)
        squares += (double)(x[i] - mean) * (x[i] - mean);
    real rstd = (real)(1 / sqrt(squares / (double)n + (double)eps));
    for (int64_t i = 0; i < n; i++) {
        real y = (x[i] - mean) * rstd;
        y = gain ? y * gain[i] : y;
        out[i] = bias ? y + bias[i] : y;
    }
    stats[0] = mean;
    stats[1] = rstd;
}

/* With xhat = (x - mean) rstd and d = dout * gain:  dx = rstd (d - mean(d) - xhat mean(d xhat)). */
static void layer_norm_backward_row(int64_t n, real *dx, real *dgain, real *dbias, const real *dout, const real *x,
                                    const real *gain, const real stats[2]) {
    real mean = stats[0], rstd = stats[1];
    double sum_d = 0, sum_dx = 0;
    for (int64_t i = 0; i < n; i++) {
        real xhat = (x[i] - mean) * rstd, d = gain ? dout[i] * gain[i] : dout[i];
        sum_d += d;
        sum_dx += (double)d * xhat;
    }
    real mean_d = (real)(sum_d / (double)n), mean_dx = (real)(sum_dx / (double)n);
    for (int64_t i = 0; i < n; i++) {
        real xhat = (x[i] - mean) * rstd, d = gain ? dout[i] * gain[i] : dout[i];
        if (dgain)
            dgain[i] += dout[i] * xhat;
        if (dbias)
            dbias[i] += dout[i];
        dx[i] += rstd * (d - mean_d - xhat * mean_dx);
    }
}

static void layer_norm_gains(int64_t rows, int64_t n, int64_t ld, real *dgain, const real *dout, const real *x,
                             const real *stats) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < n; j++)
            dgain[j] += dout[r * ld + j] * ((x[r * ld + j] - stats[2 * r]) * stats[2 * r + 1]);
}

void rondo__scalar_rows(rondo__kernels *table) {
    table->softmax_row = softmax_row;
    table->logsumexp_row = logsumexp_row;
    table->cross_entropy_backward_row = cross_entropy_backward_row;
    table->entropy_row = entropy_row;
    table->layer_norm_row = layer_norm_row;
    table->layer_norm_backward_row = layer_norm_backward_row;
    table->layer_norm_gains = layer_norm_gains;
}

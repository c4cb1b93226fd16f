#include "inspect/plain.h"

#include <math.h>

#include "core/core.h"
#include "nn/norm_rows.h"

/* Eight sums side by side: a fixed order, and no addition waits for the one before. */
void rondo__plain_product(int64_t N, int64_t K, const real *w, const double *x, double *y) {
    for (int64_t i = 0; i < N; i++, w += K) {
        double part[8] = {0}, sum = 0;
        int64_t k = 0;
        for (; k + 8 <= K; k += 8)
            for (int p = 0; p < 8; p++)
                part[p] += (double)w[k + p] * x[k + p];
        for (; k < K; k++)
            sum += (double)w[k] * x[k];
        for (int p = 0; p < 8; p++)
            sum += part[p];
        y[i] += sum;
    }
}

/* Four rows at a time, so that dx goes through memory a quarter as often. */
void rondo__plain_product_back(int64_t N, int64_t K, const real *w, const double *dy, double *dx) {
    int64_t i = 0;
    for (; i + 4 <= N; i += 4) {
        const real *a = w + i * K, *b = a + K, *c = b + K, *d = c + K;
        for (int64_t k = 0; k < K; k++)
            dx[k] += ((double)a[k] * dy[i] + (double)b[k] * dy[i + 1]) +
                     ((double)c[k] * dy[i + 2] + (double)d[k] * dy[i + 3]);
    }
    for (; i < N; i++)
        for (int64_t k = 0; k < K; k++)
            dx[k] += (double)w[i * K + k] * dy[i];
}

static void moments(int64_t N, const double *x, double *mean, double *factor) {
    double variance = 0;
    *mean = 0;
    for (int64_t i = 0; i < N; i++)
        *mean += x[i] / (double)N;
    for (int64_t i = 0; i < N; i++)
        variance += (x[i] - *mean) * (x[i] - *mean) / (double)N;
    *factor = 1 / sqrt(variance + (double)RONDO_NORM_EPS);
}

void rondo__plain_norm(int64_t N, const real *gain, const real *bias, double *y) {
    double mean, factor;
    moments(N, y, &mean, &factor);
    for (int64_t i = 0; i < N; i++)
        y[i] = (y[i] - mean) * factor * (double)gain[i] + (bias ? (double)bias[i] : 0);
}

void rondo__plain_norm_back(int64_t N, const real *gain, const double *x, double *dy) {
    double mean, factor, sum = 0, along = 0;
    moments(N, x, &mean, &factor);
    for (int64_t i = 0; i < N; i++) {
        dy[i] *= (double)gain[i];
        sum += dy[i] / (double)N;
        along += dy[i] * (x[i] - mean) * factor / (double)N;
    }
    for (int64_t i = 0; i < N; i++)
        dy[i] = factor * (dy[i] - sum - (x[i] - mean) * factor * along);
}

double rondo__plain_sigmoid(double x) { return 1 / (1 + exp(-x)); }

static double activate(rondo_activation f, double x) {
    return f == RONDO_TANH      ? tanh(x)
           : f == RONDO_RELU    ? (x < 0 ? 0 : x)
           : f == RONDO_SIGMOID ? rondo__plain_sigmoid(x)
                                : x;
}

void rondo__plain_activate(rondo_activation f, int64_t n, double *x) {
    double most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n && f != RONDO_SOFTMAX; i++)
        x[i] = activate(f, x[i]);
    if (f != RONDO_SOFTMAX)
        return;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, x[i]);
    for (int64_t i = 0; i < n; i++)
        sum += x[i] = exp(x[i] - most);
    for (int64_t i = 0; i < n; i++)
        x[i] /= sum;
}

double rondo__plain_length(int64_t n, const double *x) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

bool rondo__plain_make(double **out, int64_t a, int64_t b) {
    size_t count;
    *out = NULL;
    if (rondo__size_mul((size_t)a, (size_t)b, &count))
        *out = rondo__calloc(count ? count : 1, sizeof **out);
    return *out != NULL;
}

/* How a window's numbers become features, and what is said of the future becomes numbers of the data. */
#include <math.h>

#include "exchange/network.h"
#include "nn/special.h"

static real standard(const rondo__horizon *h, int64_t column, real x) {
    return h->center && column < h->columns ? (real)(((double)x - h->center[column]) / h->scale[column]) : x;
}

/* Of column c over x (T, in), whose values are standardised. */
static void measure(const rondo__horizon *h, int64_t T, int64_t in, int64_t c, const real *x, double *shift,
                    double *size) {
    double sum = 0, absolute = 0, squares = 0;
    int64_t count = 0;
    for (int64_t t = 0; t < T; t++) {
        const double z = (double)standard(h, c, x[t * in + c]);
        sum += isnan(z) ? 0 : z;
        absolute += isnan(z) ? 0 : fabs(z);
        count += !isnan(z);
    }
    *shift = 0;
    *size = 1;
    if (h->norm == RONDO__NORM_NONE || count == 0)
        return;
    if (h->norm == RONDO__NORM_MEAN) {
        *size = absolute > 0 ? absolute / (double)count : 1;
        return;
    }
    *shift = sum / (double)count;
    for (int64_t t = 0; t < T; t++) {
        const double off = (double)standard(h, c, x[t * in + c]) - *shift;
        squares += isnan(off) ? 0 : off * off;
    }
    *size = sqrt(squares / (double)count + 1e-5);
}

void rondo__window_fill(const rondo__horizon *h, int64_t T, int64_t in, const real *x, real *out, double *shift,
                        double *size) {
    const int64_t width = in + h->masks;
    for (int64_t c = 0; c < h->past; c++) {
        shift[c] = 0;
        size[c] = 1;
        if (h->W > 0)
            measure(h, T, in, c, x, &shift[c], &size[c]);
    }
    for (int64_t t = 0; t < T; t++) {
        for (int64_t c = 0; c < in; c++) {
            const double z = (double)standard(h, c, x[t * in + c]);
            out[t * width + c] = isnan(z) ? 0 : (real)(c < h->past ? (z - shift[c]) / size[c] : z);
        }
        for (int i = 0; i < h->masks; i++)
            out[t * width + in + i] = (real)!isnan(x[t * in + h->mask[i]]);
    }
}

void rondo__ahead_fill(const rondo__horizon *h, const real *ahead, real *out) {
    for (int64_t i = 0; i < h->H * h->ahead; i++) {
        const real z = standard(h, h->past + i % h->ahead, ahead[i]);
        out[i] = isnan(z) ? 0 : z;
    }
}

/* ---- outcome ---- */

static double positive(real a) { return rondo__softplus((double)a) + 1e-6; }

static void sort(int64_t P, real *a) {
    for (int64_t i = 1; i < P; i++) {
        const real x = a[i];
        int64_t at = i;
        for (; at > 0 && a[at - 1] > x; at--)
            a[at] = a[at - 1];
        a[at] = x;
    }
}

static void finish(const rondo__horizon *h, double m, double s, real *a) {
    switch (h->outcome) {
    case RONDO__POINTS:
    case RONDO__RISING:
        for (int64_t i = 0; i < h->P; i++)
            a[i] = (real)(m + s * (double)a[i]);
        sort(h->P, a);
        return;
    case RONDO__COUNTS:
        a[0] = (real)(s * positive(a[0]));
        a[1] = (real)(positive(a[1]) / sqrt(s));
        return;
    default:
        a[0] = (real)(m + s * (double)a[0]);
        a[1] = (real)(s * positive(a[1]));
        if (h->outcome == RONDO__STUDENT)
            a[2] = (real)(2 + positive(a[2]));
    }
}

void rondo__outcome_fill(const rondo__horizon *h, int64_t T, const double *shift, const double *size, real *values) {
    for (int64_t i = 0; i < T * h->H * h->n; i++) {
        const int64_t j = i % h->n;
        const double k = h->cumulative ? (double)(i / h->n % h->H + 1) : 1;
        const double center = h->center ? h->center[j] : 0, scale = h->center ? h->scale[j] : 1;
        finish(h, k * center + scale * k * shift[j], scale * sqrt(k) * size[j], values + i * h->P);
    }
}

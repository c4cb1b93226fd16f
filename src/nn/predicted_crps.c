/* Continuous ranked probability score of the predicted distributions, E|X - x| - E|X - X'| / 2, in closed form.
 *
 *   Gaussian     s [z (2F - 1) + 2f - 1/sqrt(π)]                                     (Gneiting and Raftery 2007)
 *   Student's t  s [z (2F - 1) + 2f (ν + z²)/(ν - 1) - 2 sqrt(ν)/(ν - 1) B(1/2, ν - 1/2) / B(1/2, ν/2)²]
 *                                                                                    (Jordan, Krüger, Lerch 2019)
 *   negative binomial, of mean m, α and r = 1/α:
 *     E|X - x| = x (2F(x) - 1) + m (1 - 2 F⁺(x - 1)),  F⁺: with r + 1 for r, so mean m (1 + α), α / (1 + α)
 *     E|X - X'| / 2 = v 2F1(r + 1, 1/2; 2; -4w),  w = α m (1 + α m), v = m (1 + α m)
 *                   = v 4/π ∫ over u > 0 of (1 + u²)⁻² (1 + 4w u² / (1 + u²))^-(r + 1)
 *
 * The integral, whose integrand is flat up to about 1 / (2 sqrt(v)) and then falls as a power or faster, is summed at
 * even steps of s over u = width exp(s - e^-s), which gives all digits with some hundred terms. */
#include "nn/predicted.h"
#include "nn/special.h"

static double gaussian(double z) {
    double density = exp(-z * z / 2 - RONDO__LOG_SQRT_2PI);
    return z * erf(z / sqrt(2.0)) + 2 * density - 1 / RONDO__SQRT_PI;
}

static double student(const rondo_predicted *p, double z) {
    const rondo_predicted standard = {RONDO_STUDENT_T, 0, 1, p->shape};
    double nu = p->shape, size = fabs(z);
    if (!(nu > 1))
        return nu > 0 ? INFINITY : NAN;
    if (isinf(z))
        return size;
    /* B(1/2, ν - 1/2) / B(1/2, ν/2)², all but 1/sqrt(π); and f (ν + z²), which a far z must not overflow */
    double spread = exp(2 * rondo__log_rising(nu / 2, 0.5) - rondo__log_rising(nu - 0.5, 0.5)) / RONDO__SQRT_PI;
    double density = exp(rondo__log_density(&standard, size, NULL) + log1p(size / nu * size) + log(nu));
    double middle = 1 - 2 * rondo_predicted_cdf(&standard, -size);
    return size * middle + 2 * density / (nu - 1) - 2 * sqrt(nu) / (nu - 1) * spread;
}

/* E|X - X'| / 2 */
static double half_difference(double mean, double alpha) {
    const double step = 1.0 / 16, pi = 3.14159265358979323846;
    double w = alpha * mean * (1 + alpha * mean), v = mean * (1 + alpha * mean), sum = 0;
    double width = fmin(1, 0.5 / sqrt(v * (1 + alpha)));
    for (int i = -64; i < 1600; i++) {
        double s = step * i, u = width * exp(s - exp(-s)), share = u * u / (1 + u * u);
        double power = alpha > 0 ? (1 + 1 / alpha) * log1p(4 * w * share) : 4 * v * share;
        double term = exp(-power - 2 * log1p(u * u)) * u * (1 + exp(-s));
        sum += term;
        if (s > 0 && term < 1e-17 * sum)
            break;
    }
    return v * 4 / pi * step * sum;
}

static double counts(const rondo_predicted *p, double x) {
    double mean = p->mean, alpha = p->shape, k = floor(x);
    if (isinf(x))
        return INFINITY;
    double far = mean - x; /* E|X - x| where all of X is above x */
    if (k >= 0) {
        rondo__shares here = rondo__count_shares(mean, alpha, k), less = {0, 1};
        if (k >= 1)
            less = rondo__count_shares(mean * (1 + alpha), alpha / (1 + alpha), k - 1);
        far = k < mean ? mean - x + 2 * (x * here.below - mean * less.below)
                       : x - mean - 2 * (x * here.above - mean * less.above);
    }
    return far - half_difference(mean, alpha);
}

double rondo_predicted_crps(const rondo_predicted *p, double x) {
    if (!p || isnan(x) || isnan(p->mean))
        return NAN;
    if (p->kind == RONDO_NEGATIVE_BINOMIAL)
        return p->mean > 0 && p->shape >= 0 ? fmax(counts(p, x), 0) : NAN;
    double z = (x - p->mean) / p->spread;
    if (!(p->spread > 0) || isnan(z))
        return NAN;
    double score = p->spread * (p->kind == RONDO_STUDENT_T ? student(p, z) : gaussian(z));
    return isnan(score) ? score : fmax(score, 0);
}

/* Gaussian and Student's t as predicted distributions, and what leads to the negative binomial (predicted_counts.c).
 *
 *   z = (x - mean) / spread
 *   Gaussian     log f = -z²/2 - log spread - log sqrt(2π)
 *   Student's t  log f = log Γ((ν+1)/2) - log Γ(ν/2) - log(νπ)/2 - log spread - (ν+1)/2 log(1 + z²/ν)
 *
 * The ratio of Γ is written by its excess over its limit, (ν/2)^(1/2): a large ν, where both logarithms are huge and
 * their difference is what matters, loses nothing, and the Gaussian comes out as the limit. Quantiles are roots of the
 * log of the lower tail, so that also far tails have all digits; the upper half follows by symmetry. */
#include "nn/predicted.h"

#include "core/core.h"
#include "nn/special.h"

#define LOG_SQRT_2 0.34657359027997265471
#define SQRT_HALF 0.70710678118654752440
#define NEARLY_GAUSSIAN 1e7 /* degrees of freedom; beyond, the first correction errs by less than 1e-13 */

static double gaussian_density(const rondo_predicted *p, double z, double *slope) {
    if (slope) {
        slope[0] = z / p->spread;
        slope[1] = (z * z - 1) / p->spread;
        slope[2] = 0;
    }
    return -z * z / 2 - log(p->spread) - RONDO__LOG_SQRT_2PI;
}

static double student_density(const rondo_predicted *p, double z, double *slope) {
    double nu = p->shape, share = z / sqrt(nu), square = share * share, tail = log1p(square);
    if (slope) {
        double pull = isfinite(square) ? (nu + 1) / nu / (1 + square) : 0; /* (ν+1) / (ν + z²) */
        double rest = rondo__digamma_excess(nu / 2, 0.5) + rondo__log1p_less(1 / nu);
        slope[0] = pull * z / p->spread;
        slope[1] = (pull * z * z - 1) / p->spread;
        slope[2] = (rest - tail + pull * square) / 2;
    }
    return rondo__rising_excess(nu / 2, 0.5) - RONDO__LOG_SQRT_2PI - log(p->spread) - (nu + 1) / 2 * tail;
}

/* r = 1/α, u = α (x - mean) / (1 + α mean), v = (mean - x) / (x (1 + α mean)), S what Stirling's formula lacks. The
 * binomial coefficient by that formula, and all powers taken together, leave small terms only, as x v = -r u:
 *
 *   log p = x (log(1+v) - v) + r (log(1+u) - u) - log(1 + αx)/2 - log(2πx)/2 - S(x) + S(r+x) - S(r)
 *   by α:   -r² (ψ(x+r) - ψ(r) - log(1 + αx) + log(1+u) - u)
 *
 * At x = 0 it is -r log(1 + α mean), and without α Poisson's distribution. */
static double count_density(const rondo_predicted *p, double x, double *slope) {
    double mean = p->mean, alpha = p->shape, r = 1 / alpha, grown = 1 + alpha * mean;
    double bent = rondo__log1p_less(alpha * (x - mean) / grown);
    if (slope) {
        slope[0] = x >= 0 ? (x - mean) / (mean * grown) : NAN;
        slope[1] = 0;
        slope[2] = x >= 0 ? -(rondo__digamma_excess(r, x) + bent) * r * r : NAN;
    }
    if (x < 0)
        return -INFINITY;
    if (x == 0)
        return alpha > 0 ? -log1p(alpha * mean) / alpha : -mean;
    double by_alpha = alpha > 0 ? r * bent + rondo__stirling(r + x) - rondo__stirling(r) : 0;
    double v = (mean - x) / x / grown; /* towards -1 the logarithm is that of a quotient, not of a difference */
    double less = v > -0.5 ? rondo__log1p_less(v) : log(mean / x) + log((1 + alpha * x) / grown) - v;
    return x * less + by_alpha - log1p(alpha * x) / 2 - log(x) / 2 - RONDO__LOG_SQRT_2PI - rondo__stirling(x);
}

/* Of no finite count, or with parameters that there are not. */
static double no_count(bool parameters, double x, double *slope) {
    if (slope)
        slope[0] = slope[1] = slope[2] = NAN;
    return parameters && isinf(x) ? -INFINITY : NAN;
}

double rondo__log_density(const rondo_predicted *p, double x, double slope[3]) {
    double z = (x - p->mean) / p->spread;
    if (p->kind == RONDO_NEGATIVE_BINOMIAL) {
        bool parameters = p->mean > 0 && p->shape >= 0;
        return parameters && isfinite(x) ? count_density(p, x, slope) : no_count(parameters, x, slope);
    }
    return p->kind == RONDO_STUDENT_T ? student_density(p, z, slope) : gaussian_density(p, z, slope);
}

double rondo_predicted_log_density(const rondo_predicted *p, double x) {
    return p ? rondo__log_density(p, x, NULL) : NAN;
}

static double gaussian_tail(double z) { return erfc(-z * SQRT_HALF) / 2; }

/* Share below z <= 0. From the middle where z is small, else from the tail. */
static double student_tail(double z, double nu) {
    if (nu > NEARLY_GAUSSIAN)
        return gaussian_tail(z * (1 - 1 / (4 * nu)) / sqrt(1 + z * z / (2 * nu)));
    double square = z * z / nu, log_x = -log1p(square), log_y = -log1p(nu / (z * z));
    if (z * z > 3)
        return rondo__beta_share(nu / 2, 0.5, log_x, log_y) / 2;
    return z == 0 ? 0.5 : 0.5 - rondo__beta_share(0.5, nu / 2, log_y, log_x) / 2;
}

static double lower_tail(const rondo_predicted *p, double z) {
    return p->kind == RONDO_STUDENT_T ? student_tail(z, p->shape) : gaussian_tail(z);
}

double rondo_predicted_cdf(const rondo_predicted *p, double x) {
    if (!p || isnan(x) || isnan(p->mean))
        return NAN;
    if (p->kind == RONDO_NEGATIVE_BINOMIAL)
        return x < 0 ? 0 : isinf(x) ? 1 : rondo__count_shares(p->mean, p->shape, floor(x)).below;
    double z = (x - p->mean) / p->spread;
    return isinf(z) ? z > 0 : z > 0 ? 1 - lower_tail(p, -z) : lower_tail(p, z);
}

/* z < 0 with lower_tail(z) = level < 1/2: Newton on the log of the tail, and halving where it leaves the bracket. */
static double tail_quantile(const rondo_predicted *p, double level) {
    const rondo_predicted standard = {p->kind, 0, 1, p->shape};
    double low = -1, high = 0, goal = log(level);
    while (lower_tail(p, low) > level && low > -1e300)
        low *= 2;
    double z = low;
    for (int i = 0; i < 200; i++) {
        double tail = lower_tail(p, z), off = log(tail) - goal;
        if (off > 0)
            high = z;
        else
            low = z;
        double next = z - off * tail / exp(rondo__log_density(&standard, z, NULL));
        if (!(next > low && next < high))
            next = (low + high) / 2;
        if (fabs(next - z) <= 4e-16 * fabs(z))
            return next;
        z = next;
    }
    return z;
}

double rondo_predicted_quantile(const rondo_predicted *p, double level) {
    if (!p || !(level > 0 && level < 1) || isnan(p->mean))
        return NAN;
    if (p->kind == RONDO_NEGATIVE_BINOMIAL)
        return rondo__count_quantile(p->mean, p->shape, level);
    if (!(p->spread > 0 && isfinite(p->spread)) || (p->kind == RONDO_STUDENT_T && !(p->shape > 0)))
        return NAN;
    if (level == 0.5)
        return p->mean;
    double z = level < 0.5 ? tail_quantile(p, level) : -tail_quantile(p, 1 - level);
    return p->mean + p->spread * z;
}

/* Box and Muller's pair, one of the two; Bailey's (1994) likewise gives Student's t, exactly. The negative binomial is
 * the quantile of a uniform number of 64 bits. */
double rondo_predicted_draw(const rondo_predicted *p, uint64_t seed, uint64_t stream, uint64_t i) {
    if (!p)
        return NAN;
    double high = rondo__random_uniform(seed, stream, 2 * i), low = rondo__random_uniform(seed, stream, 2 * i + 1);
    if (p->kind == RONDO_NEGATIVE_BINOMIAL) {
        double u = high + 0x1p-32 * low + 0x1p-65;
        return rondo_predicted_quantile(p, u < 1 ? u : 1 - 0x1p-53);
    }
    double log_u = log(high + 0x1p-32), nu = p->shape;
    double square = p->kind == RONDO_STUDENT_T ? nu * expm1(-2 / nu * log_u) : -2 * log_u;
    return p->mean + p->spread * sqrt(square) * cos(6.283185307179586476925 * low);
}

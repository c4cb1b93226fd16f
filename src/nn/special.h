/* Special functions that libm lacks, in double; and those whose differences would cancel, as differences. All a are
 * above 0, all n at least 0. */
#ifndef RONDO_NN_SPECIAL_H
#define RONDO_NN_SPECIAL_H

#include <math.h>

#define RONDO__LOG_SQRT_2PI 0.91893853320467274178
#define RONDO__SQRT_PI 1.77245385090551602730

static inline double rondo__logistic(double x) {
    double e = exp(x < 0 ? x : -x);
    return (x < 0 ? e : 1) / (1 + e);
}
/* log(1 + e^x), without overflow, small values to full precision. */
static inline double rondo__softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

double rondo__log_gamma(double a); /* lgamma without its global sign */
/* What Stirling's formula lacks: log Γ(a) - (a - 1/2) log a + a - log sqrt(2π). */
double rondo__stirling(double a);
double rondo__digamma(double a);
/* log(1 + u) - u, u > -1: about -u²/2 near 0. */
double rondo__log1p_less(double u);
/* log(Γ(a + n) / (Γ(a) aⁿ)), and its derivative by a, plus n / a: ψ(a + n) - ψ(a) - log(1 + n / a). Both tend to 0 as a
 * grows, and keep their precision there. */
double rondo__rising_excess(double a, double n);
double rondo__digamma_excess(double a, double n);
/* log(Γ(a + n) / Γ(a)) */
static inline double rondo__log_rising(double a, double n) { return rondo__rising_excess(a, n) + n * log(a); }

/* Regularised incomplete beta function I_x(a, b) = 1 - I_y(b, a), x + y = 1, from the logarithms of x and y. */
double rondo__beta_share(double a, double b, double log_x, double log_y);

#endif

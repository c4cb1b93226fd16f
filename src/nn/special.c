/* Special functions. From 10 upwards the asymptotic series of log Γ and ψ are exact to the last digits; below that the
 * argument is moved there by the recurrence. */
#include "nn/special.h"

#define SERIES_FROM 10.0

double rondo__log_gamma(double a) {
    int sign;
    return lgamma_r(a, &sign);
}

double rondo__stirling(double x) {
    if (x < SERIES_FROM)
        return rondo__log_gamma(x) - (x - 0.5) * log(x) + x - RONDO__LOG_SQRT_2PI;
    static const double c[] = {1 / 12.0, -1 / 360.0, 1 / 1260.0, -1 / 1680.0, 1 / 1188.0, -691 / 360360.0, 1 / 156.0};
    double square = 1 / (x * x), sum = 0;
    for (int i = (int)(sizeof c / sizeof *c); i-- > 0;)
        sum = sum * square + c[i];
    return sum / x;
}

/* ψ(x) - log x + 1/(2x) + 1/(12x²). */
static double digamma_tail(double x) {
    static const double c[] = {1 / 120.0, -1 / 252.0, 1 / 240.0, -1 / 132.0, 691 / 32760.0, -1 / 12.0};
    double square = 1 / (x * x), sum = 0;
    for (int i = (int)(sizeof c / sizeof *c); i-- > 0;)
        sum = sum * square + c[i];
    return sum * square * square;
}

double rondo__digamma(double a) {
    double below = 0;
    for (; a < SERIES_FROM; a++)
        below += 1 / a;
    return log(a) - 1 / (2 * a) - 1 / (12 * a * a) + digamma_tail(a) - below;
}

/* log(1+u) = 2 artanh(t) with t = u / (2 + u), and u = 2t / (1 - t): what remains after the linear term is -t u. */
double rondo__log1p_less(double u) {
    if (!(fabs(u) < 0.5))
        return log1p(u) - u;
    double t = u / (2 + u), square = t * t, power = t * square, sum = 0;
    for (int n = 3; n < 40; n += 2, power *= square)
        sum += power / n;
    return 2 * sum - t * u;
}

double rondo__rising_excess(double a, double n) {
    if (a < SERIES_FROM)
        return rondo__log_gamma(a + n) - rondo__log_gamma(a) - n * log(a);
    double u = n / a;
    return a * rondo__log1p_less(u) + (n - 0.5) * log1p(u) + (rondo__stirling(a + n) - rondo__stirling(a));
}

double rondo__digamma_excess(double a, double n) {
    if (a < SERIES_FROM)
        return rondo__digamma(a + n) - rondo__digamma(a) - log1p(n / a);
    double end = a + n, first = n / a / end; /* 1/a - 1/(a + n) */
    return first / 2 + first * (1 / a + 1 / end) / 12 + (digamma_tail(end) - digamma_tail(a));
}

/* log B(a, b), stable where one of them is large. */
static double log_beta(double a, double b) {
    double large = a > b ? a : b, small = a > b ? b : a;
    return rondo__log_gamma(small) - rondo__log_rising(large, small);
}

static double not_zero(double x) { return fabs(x) < 1e-300 ? 1e-300 : x; }

/* The continued fraction of Didonato and Morris by Lentz's method; it converges in about sqrt(max(a, b)) steps where
 * x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
    double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), h = d;
    for (double m = 1; m < 200000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / not_zero(1 + even * d);
        c = not_zero(1 + even / c);
        h *= c * d;
        d = 1 / not_zero(1 + odd * d);
        c = not_zero(1 + odd / c);
        h *= c * d;
        if (!(fabs(c * d - 1) > 1e-15))
            break;
    }
    return h;
}

double rondo__beta_share(double a, double b, double log_x, double log_y) {
    double front = exp(a * log_x + b * log_y - log_beta(a, b)), x = exp(log_x);
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, exp(log_y)) / b;
}

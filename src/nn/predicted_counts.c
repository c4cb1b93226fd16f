/* Shares and quantiles of the negative binomial with mean m and variance m + α m² (α = 0: Poisson).
 *
 * Where the deviation is small, terms are summed outwards from k, on the side where they fall: all are positive and
 * each follows from the last by a ratio, so that nothing cancels, whatever α is. Else it is an incomplete beta
 * function, I_p(r, k + 1) with p = 1 / (1 + α m), whose continued fraction is the faster one and loses digits only as r
 * grows; and where r is huge the distribution is so near to a Gaussian that the first term of Edgeworth's series
 * settles the rest. */
#include "nn/predicted.h"

#include <stdbool.h>

#include "nn/special.h"

#define ROUND 1e8 /* r from which Edgeworth's series takes over */

static bool is_summed(double mean, double alpha) { return mean * (1 + alpha * mean) <= (alpha < 1e-3 ? 1e8 : 1e5); }

static double probability(double mean, double alpha, double k) {
    const rondo_predicted p = {RONDO_NEGATIVE_BINOMIAL, mean, 0, alpha};
    return exp(rondo__log_density(&p, k, NULL));
}

/* p(k + 1) / p(k) */
static double ratio_up(double mean, double alpha, double k) {
    return (1 + alpha * k) * mean / ((1 + alpha * mean) * (k + 1));
}

/* Sum of p(k) and all on, up or down. */
static double sum_from(double mean, double alpha, double k, bool up) {
    double sum = 1, term = 1;
    while (term > 1e-17 * sum && (up || k > 0)) {
        term *= up ? ratio_up(mean, alpha, k) : 1 / ratio_up(mean, alpha, k - 1);
        k += up ? 1 : -1;
        sum += term;
    }
    return sum;
}

static rondo__shares edgeworth(double mean, double alpha, double k) {
    double variance = mean * (1 + alpha * mean), z = (k + 0.5 - mean) / sqrt(variance);
    double skew = (1 + 2 * alpha * mean) / sqrt(variance);
    double shift = skew / 6 * (z * z - 1) * exp(-z * z / 2 - RONDO__LOG_SQRT_2PI);
    double below = erfc(-z / sqrt(2.0)) / 2 - shift, above = erfc(z / sqrt(2.0)) / 2 + shift;
    return (rondo__shares){fmin(fmax(below, 0), 1), fmin(fmax(above, 0), 1)};
}

rondo__shares rondo__count_shares(double mean, double alpha, double k) {
    double variance = mean * (1 + alpha * mean);
    if (!(mean > 0 && alpha >= 0 && isfinite(variance) && k >= 0))
        return (rondo__shares){NAN, NAN};
    if (!is_summed(mean, alpha) && alpha * ROUND < 1)
        return edgeworth(mean, alpha, k);
    bool up = k >= mean; /* the terms fall above the mean, and below it less one */
    double tail, log_p = -log1p(alpha * mean), log_q = -log1p(1 / (alpha * mean));
    if (is_summed(mean, alpha))
        tail = up ? probability(mean, alpha, k + 1) * sum_from(mean, alpha, k + 1, true)
                  : probability(mean, alpha, k) * sum_from(mean, alpha, k, false);
    else
        tail =
            up ? rondo__beta_share(k + 1, 1 / alpha, log_q, log_p) : rondo__beta_share(1 / alpha, k + 1, log_p, log_q);
    tail = fmin(fmax(tail, 0), 1);
    return up ? (rondo__shares){1 - tail, tail} : (rondo__shares){tail, 1 - tail};
}

/* Whether the share below k reaches level, asked of the smaller tail. */
static bool reaches(rondo__shares s, double level) { return level > 0.5 ? s.above <= 1 - level : s.below >= level; }

/* About where the quantile is: Cornish and Fisher's series about a rough Gaussian quantile. */
static double guess(double mean, double alpha, double level) {
    const rondo_predicted gaussian = {RONDO_GAUSSIAN, 0, 1, 0};
    double z = rondo_predicted_quantile(&gaussian, level), deviation = sqrt(mean * (1 + alpha * mean));
    double skew = (1 + 2 * alpha * mean) / deviation;
    return fmax(0, floor(mean + deviation * (z + skew * (z * z - 1) / 6)));
}

/* From the guess, term by term. */
static double walk(double mean, double alpha, double level, double k) {
    rondo__shares s = rondo__count_shares(mean, alpha, k);
    double p = probability(mean, alpha, k);
    if (reaches(s, level)) {
        for (; k > 0; k--) {
            s = (rondo__shares){s.below - p, s.above + p};
            if (!reaches(s, level))
                break;
            p /= ratio_up(mean, alpha, k - 1);
        }
        return k;
    }
    while (!reaches(s, level) && p > 0) {
        p *= ratio_up(mean, alpha, k++);
        s = (rondo__shares){s.below + p, s.above - p};
    }
    return k;
}

/* Newton's steps from the guess to within a few counts, whence a bracket grows, and is halved. */
static double search(double mean, double alpha, double level, double k) {
    double deviation = sqrt(mean * (1 + alpha * mean)), step = deviation;
    for (int i = 0; i < 8 && fabs(step) > 1; i++) {
        rondo__shares s = rondo__count_shares(mean, alpha, k);
        double off = level > 0.5 ? s.above - (1 - level) : level - s.below, p = probability(mean, alpha, k);
        step = p > 0 ? fmin(fmax(off / p, -deviation), deviation) : 0;
        k = fmax(0, floor(k + step));
    }
    double low = k, high = k;
    step = 1;
    while (low >= 0 && reaches(rondo__count_shares(mean, alpha, low), level)) {
        high = low;
        low -= step;
        step *= 2;
    }
    low = fmax(low, -1);
    while (!reaches(rondo__count_shares(mean, alpha, high), level) && high < 1e300) {
        low = high;
        high += step;
        step *= 2;
    }
    while (high - low > 1) {
        double middle = floor(low + (high - low) / 2);
        if (middle <= low || middle >= high)
            break; /* beyond 2^53 */
        if (reaches(rondo__count_shares(mean, alpha, middle), level))
            high = middle;
        else
            low = middle;
    }
    return high;
}

double rondo__count_quantile(double mean, double alpha, double level) {
    double variance = mean * (1 + alpha * mean);
    if (!(mean > 0 && alpha >= 0 && isfinite(variance)))
        return NAN;
    double k = guess(mean, alpha, level);
    return is_summed(mean, alpha) ? walk(mean, alpha, level, k) : search(mean, alpha, level, k);
}

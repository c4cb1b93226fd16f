/* Losses of forecasts, as operators: points, quantiles, and distributions in log space.
 *
 * Predictions have leading dimensions "rows"; targets are plain arrays of as many numbers that must outlive the step. A
 * row of weight 0 (a missing value) is not looked at, whatever stands there, and gets no gradient; the other weights
 * multiply. All return the weighted sum over divide_by (0: over the sum of the weights), a scalar; without any weight
 * it is 0. A target or prediction that is not finite in a counted row makes the loss not finite, never a failure. */
#ifndef RONDO_LOSSES_H
#define RONDO_LOSSES_H

#include "rondo/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means the default. */
typedef struct rondo_loss_options {
    const rondo_real *weight; /* (rows), 0 or above; NULL: all 1. Outlives the step */
    rondo_real divide_by;
    rondo_real *row_losses; /* NULL, or (rows): receives each row's loss, unweighted; 0 where the weight is 0 */
} rondo_loss_options;

/* prediction (rows), as any shape of so many numbers. (p - y)², nn.MSELoss; |p - y|, nn.L1Loss (gradient 0 at p = y);
 * nn.HuberLoss with its delta. options may be NULL. */
RONDO_API rondo_var *rondo_squared_loss(rondo_tape *tape, rondo_var *prediction, const rondo_real *target,
                                        const rondo_loss_options *options);
RONDO_API rondo_var *rondo_absolute_loss(rondo_tape *tape, rondo_var *prediction, const rondo_real *target,
                                         const rondo_loss_options *options);
RONDO_API rondo_var *rondo_huber_loss(rondo_tape *tape, rondo_var *prediction, const rondo_real *target,
                                      rondo_real delta, const rondo_loss_options *options);
/* Pinball loss (Koenker 1978) of prediction (rows, Q) at the levels quantile (Q) in (0, 1): of a row the mean over Q of
 * max(q (y - p), (q - 1) (y - p)). */
RONDO_API rondo_var *rondo_quantile_loss(rondo_tape *tape, rondo_var *prediction, const rondo_real *target, int64_t Q,
                                         const rondo_real *quantile, const rondo_loss_options *options);

/* What a network's raw outputs (rows, P) say, with shift and scale of each row (the window's normalisation), sp =
 * softplus + 1e-6:
 *   Gaussian           P = 2: mean shift + scale·a_0,  deviation scale·sp(a_1)
 *   Student's t        P = 3: the same, degrees of freedom 2 + sp(a_2)
 *   negative binomial  P = 2: mean scale·sp(a_0), dispersion α = sp(a_1) / sqrt(scale): variance μ + α μ²; targets are
 *                      counts, 0 or above (DeepAR, Salinas 2020); no shift */
typedef enum rondo_distribution { RONDO_GAUSSIAN, RONDO_STUDENT_T, RONDO_NEGATIVE_BINOMIAL } rondo_distribution;
RONDO_API int rondo_distribution_parameters(rondo_distribution kind); /* P */
/* Negative log-likelihood of target (rows) in nats, constants included. shift, scale (rows): NULL: 0 and 1; they
 * outlive the step and get no gradient. A scale that is not above 0 makes the loss NaN, a negative count infinite. */
RONDO_API rondo_var *rondo_distribution_loss(rondo_tape *tape, rondo_distribution kind, rondo_var *raw,
                                             const rondo_real *target, const rondo_real *shift, const rondo_real *scale,
                                             const rondo_loss_options *options);

/* One forecast as a distribution. */
typedef struct rondo_predicted {
    rondo_distribution kind;
    double mean, spread, shape; /* spread: deviation (Student's t: scale; negative binomial: not read); shape: degrees
                                   of freedom, or α */
} rondo_predicted;
/* From P raw outputs. */
RONDO_API rondo_predicted rondo_predicted_from(rondo_distribution kind, const rondo_real *raw, double shift,
                                               double scale);
RONDO_API double rondo_predicted_cdf(const rondo_predicted *p, double x);
/* level in (0, 1). */
RONDO_API double rondo_predicted_quantile(const rondo_predicted *p, double level);
RONDO_API double rondo_predicted_log_density(const rondo_predicted *p,
                                             double x); /* negative binomial: log probability */
/* Continuous ranked probability score (Gneiting 2007), in the unit of x; 0 is best. */
RONDO_API double rondo_predicted_crps(const rondo_predicted *p, double x);
/* Value i of a stream of draws that seed and stream name (counter-based). */
RONDO_API double rondo_predicted_draw(const rondo_predicted *p, uint64_t seed, uint64_t stream, uint64_t i);

#ifdef __cplusplus
}
#endif
#endif

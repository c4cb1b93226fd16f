/* Densities of predicted distributions, with their slopes. */
#ifndef RONDO_NN_PREDICTED_H
#define RONDO_NN_PREDICTED_H

#include "rondo/losses.h"

/* Log density at x; slope (mean, spread, shape), unless NULL, receives the derivatives by the parameters. */
double rondo__log_density(const rondo_predicted *p, double x, double slope[3]);

/* Negative binomial: probability that a draw is at most k (k a whole number of 0 or more), and that it is above. */
typedef struct rondo__shares {
    double below, above;
} rondo__shares;
rondo__shares rondo__count_shares(double mean, double alpha, double k);
/* The smallest count whose share below is at least level. */
double rondo__count_quantile(double mean, double alpha, double level);

#endif

/* An exponential moving average of the weights, used in their place for evaluation and in the model file. */
#ifndef RONDO_TRAIN_AVERAGE_H
#define RONDO_TRAIN_AVERAGE_H

#include "kernels/kernels.h"

/* 1 - d, d = min(decay, (1 + step) / (10 + step)): short memory at the start, so that the initial weights are soon
 * forgotten. step: optimiser steps done before this one. */
double rondo__average_rate(double decay, int64_t step);
/* average += rate * (values - average) over n numbers. */
void rondo__average_update(int64_t n, real *average, const real *values, double rate);
/* Exchanges two blocks. */
void rondo__blocks_swap(int64_t n, real *a, real *b);

#endif

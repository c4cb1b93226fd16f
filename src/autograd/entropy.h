/* The arithmetic of the cross-entropy of rows of logits, which cross_entropy and linear_cross_entropy share.
 *
 *   lse = log(sum(exp(x))),  nll = lse - x[target]
 *   row loss = (1 - s) * nll + s * (lse - mean(x));  loss = sum over rows not ignored / divisor
 *   gradient of a row loss: softmax(x)[j] - (1 - s) * [j == target] - s / V
 *
 * With class weights w (V) each class counts w times in the row loss, also in its smoothed part:
 *   a[j] = (1 - s) * w[j] * [j == target] + s * w[j] / V,  A = sum(a)
 *   row loss = sum_j a[j] * (lse - x[j]),  gradient: A * softmax(x)[j] - a[j]
 *
 * The divisor is divide_by or the number of rows not ignored, with class weights the sum of w[target] over them; where
 * that is 0 the loss is 0 without gradient. */
#ifndef RONDO_AUTOGRAD_ENTROPY_H
#define RONDO_AUTOGRAD_ENTROPY_H

#include "autograd/op_tools.h"
#include "rondo/ops.h"

#define RONDO__IGNORED (-1)

typedef struct rondo__entropy {
    const int32_t *targets; /* (R) */
    rondo_cross_entropy_options user;
} rondo__entropy;

/* The options and targets of R rows over V classes; errors begin with the name of the call's operator. */
rondo_status rondo__entropy_check(const rondo_call *call, const rondo__entropy *e, int64_t R, int64_t V,
                                  rondo_error *err);
typedef struct rondo__entropy_sums {
    int64_t V, counted; /* rows not ignored */
    double divisor;     /* what the sum of row losses is divided by; 0: nothing counts */
    double weight;      /* of all classes; 0 without class weights */
} rondo__entropy_sums;
rondo__entropy_sums rondo__entropy_measure(const rondo__kernels *kernels, const rondo__entropy *e, int64_t R,
                                           int64_t V);

/* What the loss of a row that counts needs of its logits x (V) beside lse. */
typedef struct rondo__entropy_row {
    double logit; /* of the target */
    double sum;   /* of x, times the class weights if there are any; 0 without smoothing */
} rondo__entropy_row;
rondo__entropy_row rondo__entropy_look(const rondo__kernels *kernels, const rondo__entropy *e, int32_t target,
                                       int64_t V, const real *x);
double rondo__entropy_loss(const rondo__entropy *e, const rondo__entropy_sums *sums, int32_t target,
                           rondo__entropy_row row, double lse);

/* The first of the largest logits. */
int32_t rondo__entropy_best(int64_t V, const real *x);

/* How much softmax(x) counts in the gradient of a row, A above, and the target alone. Both are 1 and 1 - s without
 * class weights. */
double rondo__entropy_own(const rondo__entropy *e, int32_t target);
double rondo__entropy_all(const rondo__entropy *e, const rondo__entropy_sums *sums, int32_t target);

/* rondo_linear_cross_entropy with blocks of so many rows: above 0 without keeping logits, below 0 keeping them, 0: as
 * measured. Even numbers give the same bits; for tests. */
rondo_var *rondo__linear_cross_entropy(rondo_tape *tape, rondo_var *x, rondo_var *w, rondo_var *b,
                                       const rondo__entropy *entropy, int64_t block);

#endif

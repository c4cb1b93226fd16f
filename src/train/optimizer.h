/* What the loop and the checkpoint see of an optimiser. */
#ifndef RONDO_TRAIN_OPTIMIZER_H
#define RONDO_TRAIN_OPTIMIZER_H

#include "formats/safetensors.h"
#include "rondo/optim.h"
#include "tensor/context.h"

/* As the public call, but zeros in options mean zero. */
rondo_status rondo__optimizer_create(rondo_optimizer **out, rondo_context *context, rondo_params *params,
                                     const rondo_optimizer_options *options, rondo_error *err);
#define RONDO__OPTIMIZER_BUFFERS 3
/* The moments ("train.moment1", ...), each as long as the parameters' block, pointing into the optimiser. Returns how
 * many. */
int rondo__optimizer_state(rondo_optimizer *optimizer, rondo__named out[RONDO__OPTIMIZER_BUFFERS]);
void rondo__optimizer_set_steps(rondo_optimizer *optimizer, int64_t steps);

/* Sum of squares in double, in fixed blocks added in order; partial has rondo__norm_blocks(n) places. */
int64_t rondo__norm_blocks(int64_t n);
double rondo__sum_squares(rondo_context *context, int64_t n, const real *x, double *partial);
/* Is every number finite? */
bool rondo__all_finite(int64_t n, const real *x);
/* Name of the first parameter with a gradient that is not finite, NULL: none. */
const char *rondo__bad_gradient(rondo_params *params);
/* The same for values. */
const char *rondo__bad_value(rondo_params *params);

/* What follows an update, done with each piece of the block while it is in the cache: beside the norm, which must be
 * known first, a step then goes over memory once. */
typedef struct rondo__afterwards {
    bool clear_grads;
    real *average;       /* (size of the block) follows the new values, see average.h; or NULL */
    double average_rate; /* of rondo__average_rate */
    bool finite;         /* out: are all new values? */
} rondo__afterwards;
/* As rondo_optimizer_step; update NULL: only what follows. Nothing follows a step that fails. */
rondo_status rondo__optimizer_step(rondo_optimizer *optimizer, const rondo_optimizer_update *update,
                                   rondo__afterwards *after, double *norm, rondo_error *err);

#endif

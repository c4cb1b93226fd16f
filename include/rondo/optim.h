/* Optimisers over a model's parameters: one step moves the whole block by its gradients. The formulas are
 * torch.optim's. */
#ifndef RONDO_OPTIM_H
#define RONDO_OPTIM_H

#include "rondo/nn.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rondo_optimizer_kind {
    RONDO_OPTIMIZER_SGD,
    RONDO_OPTIMIZER_ADAM,
    RONDO_OPTIMIZER_ADAMW, /* weight decay apart from the gradient (Loshchilov & Hutter 2019) */
    RONDO_OPTIMIZER_RMSPROP,
    RONDO_OPTIMIZER_ADAGRAD
} rondo_optimizer_kind;

/* Zero means the default, which is torch.optim's unless said. */
typedef struct rondo_optimizer_options {
    rondo_optimizer_kind kind;
    double learning_rate; /* 0: 0.001, for every kind */
    double weight_decay;  /* 0: none, for every kind */
    double momentum;      /* SGD, RMSprop; 0: none */
    double beta1, beta2;  /* Adam, AdamW; 0: 0.9 and 0.999 */
    double alpha;         /* RMSprop's decay; 0: 0.99 */
    double epsilon;       /* 0: 1e-8, Adagrad 1e-10 */
    bool nesterov;        /* SGD */
    bool centered;        /* RMSprop */
} rondo_optimizer_options;

/* What one step may say otherwise. Zero means the default. */
typedef struct rondo_optimizer_update {
    double learning_rate; /* 0: that of the options */
    double grad_scale;    /* gradients are multiplied by this first, 0: 1; 1/n after n accumulated batches */
    double clip_norm;     /* then scaled so that their Euclidean norm is at most this; 0: not */
    double clip_value;    /* then each is clipped to [-clip_value, clip_value]; 0: not */
} rondo_optimizer_update;

typedef struct rondo_optimizer rondo_optimizer;

/* For finished parameters; params and context must outlive the optimiser. On success *out is the caller's. options may
 * be NULL: SGD. */
RONDO_API rondo_status rondo_optimizer_create(rondo_optimizer **out, rondo_context *context, rondo_params *params,
                                              const rondo_optimizer_options *options, rondo_error *err);
/* Destroys and nulls *optimizer; NULL is fine. */
RONDO_API void rondo_optimizer_destroy(rondo_optimizer **optimizer);
/* One step; does not clear the gradients. update may be NULL. *norm (may be NULL) receives the norm of the scaled
 * gradients before clipping. When a gradient is not finite nothing changes and RONDO_NUMERIC names the first such
 * parameter. Allocates nothing; the same bits with any number of threads. */
RONDO_API rondo_status rondo_optimizer_step(rondo_optimizer *optimizer, const rondo_optimizer_update *update,
                                            double *norm, rondo_error *err);
/* Steps done. */
RONDO_API int64_t rondo_optimizer_steps(const rondo_optimizer *optimizer);

#ifdef __cplusplus
}
#endif
#endif

/* The generic operators. All arrays are contiguous row-major; "rows" are all leading dimensions taken together.
 * No broadcasting beyond a bias; no second derivatives. Every function returns NULL once the tape has failed. */
#ifndef RONDO_OPS_H
#define RONDO_OPS_H

#include "rondo/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y (rows, N) = x (rows, K) · Wᵀ + b; w (N, K) as in PyTorch's nn.Linear, b (N) or NULL. Leading dims of x are kept. */
RONDO_API rondo_var *rondo_linear(rondo_tape *tape, rondo_var *x, rondo_var *w, rondo_var *b);
/* y (M, N) = a (M, K) · b (K, N); leading dims of a are kept as rows, b has rank 2. */
RONDO_API rondo_var *rondo_matmul(rondo_tape *tape, rondo_var *a, rondo_var *b);
/* Same shapes, or b of rank 1 and the width of a's last dimension. */
RONDO_API rondo_var *rondo_add(rondo_tape *tape, rondo_var *a, rondo_var *b);
RONDO_API rondo_var *rondo_mul(rondo_tape *tape, rondo_var *a, rondo_var *b);
/* y = factor * x + offset */
RONDO_API rondo_var *rondo_affine(rondo_tape *tape, rondo_var *x, rondo_real factor, rondo_real offset);
RONDO_API rondo_var *rondo_tanh(rondo_tape *tape, rondo_var *x);
RONDO_API rondo_var *rondo_sigmoid(rondo_tape *tape, rondo_var *x);
RONDO_API rondo_var *rondo_relu(rondo_tape *tape, rondo_var *x);
/* min(max(x, -limit), limit); the gradient is zero where it clips. */
RONDO_API rondo_var *rondo_clip(rondo_tape *tape, rondo_var *x, rondo_real limit);
/* Over the last dimension. */
RONDO_API rondo_var *rondo_softmax(rondo_tape *tape, rondo_var *x);
RONDO_API rondo_var *rondo_log_softmax(rondo_tape *tape, rondo_var *x);
/* y = (x - mean) / sqrt(var + eps) * gain + bias over the last dimension (Ba 2016; nn.LayerNorm). gain, bias:
 * (N) or NULL. */
RONDO_API rondo_var *rondo_layer_norm(rondo_tape *tape, rondo_var *x, rondo_var *gain, rondo_var *bias, rondo_real eps);
/* Elements [begin, end) of dimension axis. */
RONDO_API rondo_var *rondo_slice(rondo_tape *tape, rondo_var *x, int axis, int64_t begin, int64_t end);
/* Joins count (1 to 16) variables along axis; the other dimensions are equal. */
RONDO_API rondo_var *rondo_concat(rondo_tape *tape, int axis, int count, rondo_var *const *parts);
/* The same elements under another shape of the same count; the last dimension may be -1. */
RONDO_API rondo_var *rondo_reshape(rondo_tape *tape, rondo_var *x, int rank, const int64_t *dims);
/* Sum or mean of all elements: a scalar. */
RONDO_API rondo_var *rondo_sum(rondo_tape *tape, rondo_var *x);
RONDO_API rondo_var *rondo_mean(rondo_tape *tape, rondo_var *x);
/* Inverted dropout (nn.Dropout): in training each element is zeroed with the given rate, the others scaled by
 * 1/(1-rate). shared_steps: x is (T, B, N) and one mask (B, N) serves all T steps (variational, Gal 2016). */
RONDO_API rondo_var *rondo_dropout(rondo_tape *tape, rondo_var *x, rondo_real rate, bool shared_steps);
/* Rows of table (V, E) at ids (int32 array of count entries, or any shape whose dims are given): out (dims..., E).
 * ids must outlive the step; an id outside [0, V) fails with RONDO_ARGUMENT, except -1: a row of zeros (padding). */
RONDO_API rondo_var *rondo_embedding(rondo_tape *tape, rondo_var *table, const int32_t *ids, int rank,
                                     const int64_t *dims);
/* x (T, B, N), each row's valid steps (lengths (B) or NULL) in reverse order of time; padding stays zero. */
RONDO_API rondo_var *rondo_reverse_time(rondo_tape *tape, rondo_var *x, const int32_t *lengths);

/* What stands for a whole sequence: x (T, B, N), lengths (B) or NULL -> (B, N). last: the row's last valid step; with
 * directions 2, N is two halves, and the second one's is the first step. max: each feature's largest. attention: with
 * score (T, B) or (T, B, 1) the sum of the steps by softmax(score) over the valid ones. Length 0 gives zeros. */
typedef enum rondo_pooling { RONDO_POOL_LAST, RONDO_POOL_MEAN, RONDO_POOL_MAX, RONDO_POOL_ATTENTION } rondo_pooling;
typedef struct rondo_pool_options {
    rondo_pooling kind;
    const int32_t *lengths; /* outlives the step */
    int directions;         /* LAST: 0 or 1: one */
} rondo_pool_options;
RONDO_API rondo_var *rondo_pool(rondo_tape *tape, rondo_var *x, rondo_var *score, const rondo_pool_options *options);

typedef struct rondo_cross_entropy_options {
    rondo_real label_smoothing; /* 0: none; target gets 1-s+s/V, the others s/V, as nn.CrossEntropyLoss */
    rondo_real divide_by;       /* the sum of losses is divided by this; 0: by the number of counted targets */
    rondo_real *row_losses; /* NULL, or (rows): receives each row's negative log-likelihood, WITHOUT smoothing, 0 where
                               ignored */
    const rondo_real
        *class_weights; /* (V) or NULL: nn.CrossEntropyLoss's weight; divide_by 0 then divides by the sum of
                           the weights of the counted targets. Not applied to row_losses; outlives the step */
    int32_t *best; /* NULL, or (rows): receives the class of the largest logit, the first of equals; -1 where ignored */
} rondo_cross_entropy_options;
/* logits (rows, V), targets int32 (rows), -1 is ignored: the mean loss, a scalar. NaN in gives NaN out, no failure. */
RONDO_API rondo_var *rondo_cross_entropy(rondo_tape *tape, rondo_var *logits, const int32_t *targets,
                                         const rondo_cross_entropy_options *options);

/* The same of the logits x (rows, K) · Wᵀ + b, w (V, K), b (V) or NULL: rondo_linear and rondo_cross_entropy in one.
 * The logits are made block by block of rows, and only of rows whose target is not -1; their gradient is taken at once,
 * so nothing of (rows, V) is kept, but where that would take less memory than the gradients of x and w. */
RONDO_API rondo_var *rondo_linear_cross_entropy(rondo_tape *tape, rondo_var *x, rondo_var *w, rondo_var *b,
                                                const int32_t *targets, const rondo_cross_entropy_options *options);

/* Largest relative error between the gradients of fn and central finite differences; meant for the double build.
 * fn builds a scalar from leaves that it makes of the given tensors (values in place, grads to be filled). */
typedef rondo_var *(*rondo_scalar_fn)(rondo_tape *tape, int count, rondo_var *const *leaves, void *arg);
RONDO_API rondo_status rondo_gradient_check(rondo_tape *tape, rondo_scalar_fn fn, void *arg, int count,
                                            const rondo_tensor *tensors, const rondo_step *step, double epsilon,
                                            double *worst, rondo_error *err);

#ifdef __cplusplus
}
#endif
#endif

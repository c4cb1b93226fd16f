/* The tape: calling an operator computes at once and appends one record; rondo_backward walks the records in reverse.
 *
 * The tape keeps the first failure. From then on every call is a no-op that returns NULL, and NULL is accepted as an
 * input of any operator, so model code is written straight and checks rondo_tape_status once at its end.
 *
 * Memory: values, saved and gradient arrays come from the tape's step arena, which rondo_tape_begin rewinds; after the
 * first step of a given size nothing is allocated any more. Variables live until the next rondo_tape_begin.
 * Thread-safety: a tape and its context belong to one thread at a time; operators use the context's threads inside. */
#ifndef RONDO_TAPE_H
#define RONDO_TAPE_H

#include "rondo/context.h"
#include "rondo/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rondo_tape rondo_tape;

typedef struct rondo_var {
    rondo_tensor value;
    rondo_real *grad; /* same shape as value; of a leaf the caller's, of others NULL but while backward needs it */
    bool needs_grad;
} rondo_var;

typedef struct rondo_step {
    bool training;        /* dropout, zoneout and the like are active */
    bool recording;       /* keep what backward needs; false: forward only, saved memory is not kept */
    uint64_t seed;        /* of the run */
    uint64_t step;        /* number of the step: with the seed and the order of the calls it fixes all random numbers */
    bool same_parameters; /* a promise that no parameter (rondo_params_use) has changed its value or been destroyed
                             since the last begin of this tape: what was packed of them is used again. Decoders set it;
                             the first step of a tape may too */
} rondo_step;

RONDO_API rondo_status rondo_tape_create(rondo_tape **out, rondo_context *context, rondo_error *err);
RONDO_API void rondo_tape_destroy(rondo_tape **tape);
/* Starts a step: forgets all variables and any failure. step may be NULL: no training, no recording. */
RONDO_API void rondo_tape_begin(rondo_tape *tape, const rondo_step *step);
/* The first failure since rondo_tape_begin, or RONDO_OK. */
RONDO_API rondo_status rondo_tape_status(const rondo_tape *tape, rondo_error *err);
RONDO_API rondo_context *rondo_tape_context(const rondo_tape *tape);
RONDO_API bool rondo_tape_training(const rondo_tape *tape);

/* A leaf over memory of the caller, which must outlive the step. grad: NULL (a constant) or an array of the same
 * shape, to which backward ADDS. Each operator packs it anew; of parameters (rondo_params_use) the packed form is kept
 * for the step, which is what makes loops of single steps fast. */
RONDO_API rondo_var *rondo_leaf(rondo_tape *tape, const rondo_tensor *value, rondo_real *grad);
/* A leaf filled with zeros, made in the step arena; no gradient. */
RONDO_API rondo_var *rondo_zeros(rondo_tape *tape, int rank, const int64_t *dims);
/* Gradients of loss (a scalar var of this tape) are added into every leaf with a gradient. May be called once a step.
 * scale: the gradient of the loss itself, usually 1. */
RONDO_API rondo_status rondo_backward(rondo_tape *tape, rondo_var *loss, rondo_real scale);
/* Same, starting from given gradients of several variables (count of each; arrays of their shapes). */
RONDO_API rondo_status rondo_backward_from(rondo_tape *tape, int count, rondo_var *const *vars,
                                           const rondo_real *const *grads);

/* Bytes that the tape held at its fullest, the scratch memory of operators included. */
RONDO_API size_t rondo_tape_peak_bytes(const rondo_tape *tape);

#ifdef __cplusplus
}
#endif
#endif

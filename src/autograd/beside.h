/* Two calls at the same time, each on one thread: for operators whose own way of using all threads costs more, such as
 * recurrent layers that are small.
 *
 *     beside   they have nothing in common but, perhaps, what in[0] is: the two directions of a layer
 *     behind   the second one reads what the first one makes, step by step: two layers, one on the other. In backward
 *              it is the other way round: the gradient comes from the second one, last step first
 *
 * The one in front tells through its context how many steps it has done, the other one waits for those it needs. */
#ifndef RONDO_AUTOGRAD_BESIDE_H
#define RONDO_AUTOGRAD_BESIDE_H

#include "core/core.h"
#include "rondo/op.h"
#include "tensor/context.h"

typedef rondo_status (*rondo__call_part)(rondo_call *call, rondo_error *err);

/* What an operator gives to be run so. */
typedef struct rondo__together {
    /* Backward in two parts: all but what is added to in[0]->grad, then that, with scratch as it was left. */
    rondo__call_part backward_own, backward_in;
    /* Whether forward and backward of this call heed rondo__steps_done and rondo__steps_await, from step 0 up in
     * forward and from the last one down in backward: a full batch, first step to last. */
    bool (*in_steps)(const rondo_call *call);
} rondo__together;

typedef enum rondo__kinship { RONDO__IN_TURN, RONDO__BESIDE, RONDO__BEHIND } rondo__kinship;
/* How second may run together with first, of the same operator, which has .together. */
rondo__kinship rondo__kinship_of(const rondo_call *first, const rondo_call *second);
/* May call run, and its gradients be summed, as if it came before the held one? They have nothing in common. */
bool rondo__may_pass(const rondo_call *held, const rondo_call *call);

/* part of both; the first failure. A worker that is late costs no more than the calls in turn. behind: calls[1] goes
 * behind calls[0]. */
rondo_status rondo__run_together(rondo_call *const calls[2], bool behind, rondo__call_part part, rondo_error *err);

/* ---- for the operators. Calls that run in turn neither wait nor tell ---- */
static inline bool rondo__in_steps(const rondo_context *context) { return context->ahead || context->behind; }
void rondo__tell_steps(const rondo_context *context, int64_t done);
void rondo__wait_steps(const rondo_context *context, int64_t done);
/* The first `done` steps (backward: the last) of out[0] (of in[0]->grad) are made. */
static inline void rondo__steps_done(const rondo_context *context, int64_t done) {
    if (context->behind)
        rondo__tell_steps(context, done);
}
/* Waits until so many steps of in[0] (of out[0]->grad) are there. */
static inline void rondo__steps_await(const rondo_context *context, int64_t done) {
    if (context->ahead)
        rondo__wait_steps(context, done);
}

#endif

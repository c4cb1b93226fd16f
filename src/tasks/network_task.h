/* A network without a task: what `rondo import` makes where no recipe says what the model is for. `rondo run` runs it
 * on arrays, `rondo export` writes it; there is no data to train or evaluate it on.
 *
 *   symbols -> embedding -+-> recurrent stack -> linear      each of the outer two only where the model has it
 *   vectors --------------+
 *
 * Parameters: embedding.weight (V, I); rnn.* as rondo_recurrent names them; output.weight (O, W), output.bias (O). */
#ifndef RONDO_TASKS_NETWORK_TASK_H
#define RONDO_TASKS_NETWORK_TASK_H

#include "train/task.h"

typedef struct rondo__bare {
    rondo__task_object base; /* first */
    rondo_recurrent *net;
    int embedding, weight, bias; /* parameters; -1: absent */
} rondo__bare;

extern const rondo__task_class rondo__network_class;
extern const struct rondo__look_class rondo__network_look; /* network_look.c */

/* Declares what the recipe's section model says, without memory for the values. On failure *out is NULL. */
rondo_status rondo__network_make(rondo__task_object **out, rondo_context *context, const rondo__recipe *recipe,
                                 rondo_error *err);

#endif

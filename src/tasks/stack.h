/* The stack of cells that a recipe's section model asks for. */
#ifndef RONDO_TASKS_STACK_H
#define RONDO_TASKS_STACK_H

#include "kernels/kernels.h"
#include "train/recipe.h"

/* Of every task but translate. A Jordan network's output units (width and activation) are the task's to say: as it
 * stands, they are as many as the hidden units of the last layer, with output activation tanh. */
rondo_recurrent_config rondo__stack_config(const rondo__recipe_model *model, int64_t input_size);

/* What `rondo info` says of it: "cell", "layers", "hidden_size" of the last layer, "bidirectional", each followed by ",
 * ".
 */
void rondo__stack_describe(const rondo__recipe *recipe, rondo__text *json);

#endif

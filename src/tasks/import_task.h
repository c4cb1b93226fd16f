/* The model of a recipe's task, for weights of another maker to go into. */
#ifndef RONDO_TASKS_IMPORT_TASK_H
#define RONDO_TASKS_IMPORT_TASK_H

#include "rondo/import.h"
#include "train/task.h"

/* Reads the recipe, and gets the vocabulary from its data or from the file that the options name. The parameters have
 * memory and some values. On failure *out is NULL. */
rondo_status rondo__import_make_task(rondo__task_object **out, rondo_context *context,
                                     const rondo_import_options *options, rondo_error *err);

#endif

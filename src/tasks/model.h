/* An opened model, as the files that implement its uses see it. */
#ifndef RONDO_TASKS_MODEL_H
#define RONDO_TASKS_MODEL_H

#include "tensor/context.h"
#include "train/task.h"

struct rondo_model {
    rondo__task_object *task;
    rondo_tape *tape;
    char *info, *path;
    char *vocabulary;    /* JSON, once it was asked for */
    rondo__text report;  /* of the last evaluation */
    rondo_context mixed; /* of the user's, where weights are in low precision: then the task's context */
};

/* For those who read the weights as numbers: *floats is the model itself, or, where its weights are in low precision,
 * the same opened anew with floats. Ends with rondo__model_floats_end, also after a failure. */
rondo_status rondo__model_floats(rondo_model **floats, rondo_model *model, rondo_error *err);
void rondo__model_floats_end(rondo_model **floats, const rondo_model *model);

/* As rondo_model_open; mixed: even if all weights are floats, some of them will be lent other forms. */
rondo_status rondo__model_open(rondo_model **out, rondo_context *context, const char *path, bool mixed,
                               rondo_error *err);

/* What went wrong inside a file is told by parts that do not know its name: puts it in front. Returns status. */
rondo_status rondo__model_name_file(rondo_status status, const char *path, rondo_error *err);

#endif

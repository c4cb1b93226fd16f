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

/* Turns weights in low precision to floats, for those who read the numbers. Before the task's network is asked for. */
rondo_status rondo__model_floats(rondo_model *model, rondo_error *err);

/* As rondo_model_open; mixed: even if all weights are floats, some of them will be lent other forms. */
rondo_status rondo__model_open(rondo_model **out, rondo_context *context, const char *path, bool mixed,
                               rondo_error *err);

/* What went wrong inside a file is told by parts that do not know its name: puts it in front. Returns status. */
rondo_status rondo__model_name_file(rondo_status status, const char *path, rondo_error *err);

#endif

/* An opened model, as the files that implement its uses see it. */
#ifndef RONDO_TASKS_MODEL_H
#define RONDO_TASKS_MODEL_H

#include "train/task.h"

struct rondo_model {
    rondo__task_object *task;
    rondo_tape *tape;
    char *info, *path;
    char *vocabulary;   /* JSON, once it was asked for */
    rondo__text report; /* of the last evaluation */
};

/* What went wrong inside a file is told by parts that do not know its name: puts it in front. Returns status. */
rondo_status rondo__model_name_file(rondo_status status, const char *path, rondo_error *err);

#endif

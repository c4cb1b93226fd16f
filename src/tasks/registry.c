#include "tasks/language_model.h"

const rondo__task_class *rondo__task_find(int task_kind) {
    return task_kind == RONDO__LANGUAGE_MODEL ? &rondo__language_model : NULL;
}

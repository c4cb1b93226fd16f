/* How objects of all tasks begin and end. */
#include "train/task.h"
#include "train/model_file.h"

static rondo_status begin(rondo__task_object **out, const rondo__task_class *class, rondo_context *context,
                          const rondo__recipe *recipe, rondo_error *err) {
    rondo__task_object *task = rondo__calloc(1, class->size);
    *out = task;
    if (!task)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory", class->name);
    task->class = class;
    task->context = context;
    task->recipe = *recipe;
    return RONDO_OK;
}

rondo_status rondo__task_create(rondo__task_object **out, const rondo__task_class *class, rondo_context *context,
                                const rondo__recipe *recipe, rondo_error *err) {
    rondo_status status = begin(out, class, context, recipe, err);
    if (!status)
        status = class->create(*out, err);
    if (status)
        rondo__task_destroy(out);
    return status;
}

rondo_status rondo__task_load(rondo__task_object **out, const rondo__task_class *class, rondo_context *context,
                              const rondo__model_meta *meta, const rondo__safetensors *file, const char *path,
                              rondo_error *err) {
    rondo_status status = begin(out, class, context, &meta->recipe, err);
    if (!status)
        status = class->load(*out, meta, file, path, err);
    if (status)
        rondo__task_destroy(out);
    return status;
}

void rondo__task_destroy(rondo__task_object **task) {
    if (!task || !*task)
        return;
    (*task)->class->clear(*task);
    rondo_params_destroy(&(*task)->params);
    rondo__free(*task);
    *task = NULL;
}

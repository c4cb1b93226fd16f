/* A trained model as ONNX. */
#include <string.h>

#include "exchange/onnx_write.h"
#include "rondo/deploy.h"
#include "tasks/model.h"

/* A text that may fail to be made. */
static rondo_status make_text(rondo_status (*make)(rondo__task_object *, rondo__text *), rondo__task_object *task,
                              rondo__text *out, rondo_error *err) {
    rondo_status status = make(task, out);
    if (!status && out->failed)
        status = RONDO_MEMORY;
    return status ? rondo__fail(err, status, "export: %s", rondo_status_sentence(status)) : RONDO_OK;
}

static rondo_status recipe_text(rondo__task_object *task, rondo__text *out) {
    return rondo__recipe_json(&task->recipe, out);
}

static rondo_status write_it(rondo__task_object *task, const char *path, const rondo__onnx_notes *notes,
                             const rondo_onnx_options *options, rondo_error *err) {
    rondo__network network = {0};
    rondo__encdec pair;
    if (task->class->encdec) {
        rondo_status status = task->class->encdec(task, &pair, err);
        return status ? status : rondo__onnx_write_pair(&pair, path, notes, options->external_data, err);
    }
    rondo_status status = task->class->network(task, &network, err);
    return status ? status : rondo__onnx_write(&network, path, notes, options->external_data, err);
}

static rondo_status write_floats(rondo__task_object *task, const char *path, const rondo_onnx_options *options,
                                 rondo_error *err) {
    rondo__text recipe = {0}, vocabulary = {0};
    rondo_status status = make_text(recipe_text, task, &recipe, err);
    if (!status && task->class->vocabulary)
        status = make_text(task->class->vocabulary, task, &vocabulary, err);
    const rondo__onnx_notes notes = {task->class->name, recipe.data, vocabulary.data};
    if (!status)
        status = write_it(task, path, &notes, options, err);
    rondo__text_free(&recipe);
    rondo__text_free(&vocabulary);
    return status;
}

rondo_status rondo_model_export_onnx(rondo_model *model, const char *path, const rondo_onnx_options *options,
                                     rondo_error *err) {
    static const rondo_onnx_options defaults;
    rondo_model *floats = NULL;
    if (!model || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "export: model or path is NULL");
    if (!model->task->class->network && !model->task->class->encdec)
        return rondo__fail(err, RONDO_UNSUPPORTED, "%s: a model of task %s cannot be written as ONNX", model->path,
                           model->task->class->name);
    rondo_status status = rondo__model_floats(&floats, model, err);
    if (!status)
        status = write_floats(floats->task, path, options ? options : &defaults, err);
    rondo__model_floats_end(&floats, model);
    return status;
}

/* A trained model written for other places. */
#include "exchange/c_file.h"
#include "tasks/model.h"

static rondo_status write_c(rondo_model *model, const char *path, const rondo_c_options *options, rondo_error *err) {
    rondo__network network = {0};
    rondo__encdec encdec;
    rondo__around around = {.stack = 1};
    rondo__c_model deployed = {.around = &around};
    rondo_status status;
    rondo__task_object *task = model->task;
    if (task->class->encdec) {
        deployed.encdec = &encdec;
        status = task->class->encdec(task, &encdec, err);
        if (!status)
            status = rondo__encdec_refuse_transformers(&encdec, "as C", err);
    } else if (task->class->network) {
        deployed.network = &network;
        status = task->class->network(task, &network, err);
    } else {
        status = rondo__fail(err, RONDO_UNSUPPORTED, "%s: a model of task %s cannot be written as C yet", model->path,
                             task->class->name);
    }
    if (!status && task->class->around)
        task->class->around(task, &around);
    return status ? status : rondo__c_write(&deployed, task->context, path, options, err);
}

rondo_status rondo_model_export_c(rondo_model *model, const char *path, const rondo_c_options *options,
                                  rondo_error *err) {
    static const rondo_c_options defaults;
    rondo_model *floats = NULL;
    if (!model || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "export: model or path is NULL");
    options = options ? options : &defaults;
    if ((int)options->precision < RONDO_C_FLOAT32 || options->precision > RONDO_C_INT16)
        return rondo__fail(err, RONDO_ARGUMENT, "export: precision is %d (it must be one of rondo_c_precision)",
                           (int)options->precision);
    rondo_status status = rondo__model_floats(&floats, model, err);
    if (!status)
        status = write_c(floats, path, options, err);
    rondo__model_floats_end(&floats, model);
    return status;
}

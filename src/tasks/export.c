/* A trained model written for other places. */
#include "exchange/c_file.h"
#include "tasks/quantise.h"

/* ---- how large what matrices are multiplied with gets, by parameter ---- */

static void free_limits(rondo__c_limits *limits) {
    rondo__free(limits->from);
    rondo__free(limits->size);
    rondo__free(limits->most);
}

static rondo_status make_limits(const rondo_model *model, rondo__c_limits *limits, rondo_error *err) {
    const int count = rondo_params_count(model->task->params);
    limits->from = rondo__calloc((size_t)count + 1, sizeof *limits->from);
    limits->size = rondo__calloc((size_t)count + 1, sizeof *limits->size);
    limits->most = rondo__calloc((size_t)count + 1, sizeof *limits->most);
    if (!limits->from || !limits->size || !limits->most)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to calibrate it", model->path);
    limits->count = count;
    return RONDO_OK;
}

/* Of a file that was calibrated before. */
static void take_stored(const rondo_model *model, rondo__c_limits *limits) {
    for (int i = 0; i < limits->count; i++) {
        const rondo_param *param = rondo_params_at(model->task->params, i);
        limits->most[i] = param->stored ? param->stored->most : 0;
    }
}

/* Where the numbers stand, once they are floats. */
static void place(const rondo_model *model, rondo__c_limits *limits) {
    for (int i = 0; i < limits->count; i++) {
        const rondo_param *param = rondo_params_at(model->task->params, i);
        limits->from[i] = param->value.data;
        limits->size[i] = rondo_tensor_count(&param->value);
    }
}

static rondo_status calibrate(rondo_model *model, const rondo_c_options *options, rondo__c_limits *limits,
                              rondo_error *err) {
    rondo_quantise_options rounding = *options->rounding;
    rondo__rounding r = {.model = model, .options = &rounding, .err = err};
    rounding.weights = RONDO_WEIGHTS_INT8;
    rounding.keeps = 0;
    const rondo_status status = rondo__rounding_make(&r, options->report);
    for (int i = 0; i < limits->count && !status; i++)
        limits->most[i] = r.of[i].stored.most;
    rondo__rounding_drop(&r);
    return status;
}

static rondo_status find_limits(rondo_model *model, const rondo_c_options *options, rondo__c_limits *limits,
                                rondo_error *err) {
    rondo_status status = make_limits(model, limits, err);
    if (status)
        return status;
    take_stored(model, limits);
    return options->rounding ? calibrate(model, options, limits, err) : RONDO_OK;
}

/* ---- the file ---- */

static rondo_status check(const rondo_model *model, const char *path, const rondo_c_options *options,
                          rondo_error *err) {
    if (!model || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "export: model or path is NULL");
    if ((int)options->precision < RONDO_C_FLOAT32 || options->precision > RONDO_C_INT16)
        return rondo__fail(err, RONDO_ARGUMENT, "export: precision is %d (it must be one of rondo_c_precision)",
                           (int)options->precision);
    if (options->rounding && options->precision != RONDO_C_INT8)
        return rondo__fail(err, RONDO_ARGUMENT, "export: only int8 is calibrated and measured (leave rounding NULL)");
    return RONDO_OK;
}

static rondo_status write_deployed(rondo_model *model, const char *path, const rondo_c_options *options,
                                   const rondo__c_limits *limits, rondo_error *err) {
    rondo__task_object *task = model->task;
    rondo__network network = {0};
    rondo__encdec encdec;
    rondo__around around = {.stack = 1};
    rondo__c_model deployed = {.around = &around, .limits = options->precision == RONDO_C_INT8 ? limits : NULL};
    rondo_status status;
    if (task->class->encdec) {
        deployed.encdec = &encdec;
        status = task->class->encdec(task, &encdec, err);
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
    rondo__c_limits limits = {0};
    rondo_model *floats = NULL;
    options = options ? options : &defaults;
    if (options->report)
        *options->report = (rondo_quantise_report){0};
    rondo_status status = check(model, path, options, err);
    if (!status)
        status = find_limits(model, options, &limits, err);
    if (!status) {
        status = rondo__model_floats(&floats, model, err);
        if (!status) {
            place(floats, &limits);
            status = write_deployed(floats, path, options, &limits, err);
        }
        rondo__model_floats_end(&floats, model);
    }
    free_limits(&limits);
    if (status)
        rondo_quantise_report_free(options->report);
    return status;
}

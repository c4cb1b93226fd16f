/* A trained model, opened from its file. The file is taken for hostile: the container is checked as a whole by its
 * reader, the recipe like any recipe, every shape against the recipe before memory is taken by the recipe's sizes. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "formats/json_text.h"
#include "nn/params.h"
#include "tasks/language_model.h"
#include "tasks/model.h"
#include "tensor/stored.h"
#include "train/metrics.h"
#include "train/model_file.h"

/* With its scales. */
static int64_t bytes_of(const rondo_param *param) {
    return rondo_tensor_count(&param->value) * (int64_t)rondo_dtype_bytes(param->value.dtype) +
           (param->value.dtype == RONDO_I8 ? param->value.dims[0] * (int64_t)sizeof(float) : 0) +
           (param->stored && param->stored->most > 0 ? (int64_t)sizeof(float) : 0);
}

static void add_tensors(rondo_params *params, rondo__text *text) {
    rondo__text_format(text, "\"tensors\": [");
    for (int i = 0; i < rondo_params_count(params); i++) {
        const rondo_param *param = rondo_params_at(params, i);
        rondo__text_format(text, "%s{\"name\": \"%s\", \"dtype\": \"%s\", \"shape\": [", i ? ", " : "", param->name,
                           rondo_dtype_name(param->value.dtype));
        for (int d = 0; d < param->value.rank; d++)
            rondo__text_format(text, "%s%lld", d ? ", " : "", (long long)param->value.dims[d]);
        rondo__text_format(text, "], \"bytes\": %lld}", (long long)bytes_of(param));
    }
    rondo__text_format(text, "]");
}

/* "int8", "bf16": what the products of most weights are made of; and with what scales for what they multiply. */
static void add_weights(rondo_params *params, rondo__text *text) {
    int64_t bytes = 0, low[2] = {0};
    bool calibrated = false;
    for (int i = 0; i < rondo_params_count(params); i++) {
        const rondo_param *param = rondo_params_at(params, i);
        bytes += bytes_of(param);
        calibrated |= param->stored && param->stored->most > 0;
        if (param->stored)
            low[param->stored->dtype == RONDO_I8] += rondo_tensor_count(&param->value);
    }
    if (low[0] || low[1])
        rondo__text_format(text, "\"weights\": \"%s\", ", low[1] >= low[0] ? "int8" : "bf16");
    if (low[1])
        rondo__text_format(text, "\"activations\": \"%s\", ", calibrated ? "calibrated" : "dynamic");
    rondo__text_format(text, "\"weight_bytes\": %lld, ", (long long)bytes);
}

static rondo_status describe(const rondo__task_object *task, const rondo_metrics *metrics, rondo__text *text) {
    rondo__text_format(text, "{\"task\": \"%s\", ", task->class->name);
    task->class->describe(task, text);
    rondo__text_format(text, "\"parameters\": %lld, ", (long long)rondo_params_total(task->params));
    add_weights(task->params, text);
    rondo__text_format(text, "\"recipe\": ");
    rondo_status status = rondo__recipe_json(&task->recipe, text);
    rondo__text_format(text, ", \"metrics\": ");
    rondo__metrics_json(metrics, text);
    rondo__text_format(text, ", ");
    add_tensors(task->params, text);
    rondo__text_format(text, "}");
    return status ? status : text->failed ? RONDO_MEMORY : RONDO_OK;
}

static rondo_status load(rondo_model *model, rondo_context *context, bool mixed, const rondo__model_meta *meta,
                         const rondo__safetensors *file, const char *path, rondo_error *err) {
    assert(meta);
    const rondo__task_class *class = rondo__task_find(meta->recipe.task);
    if (!class)
        return rondo__fail(err, RONDO_UNSUPPORTED, "%s: this build has no such task yet", path);
    if (mixed || rondo__model_is_low(file)) {
        model->mixed = rondo__context_mixed(context);
        context = &model->mixed;
    }
    rondo_status status = rondo__task_load(&model->task, class, context, meta, file, path, err);
    if (status)
        return status;
    rondo__text text = {0};
    status = describe(model->task, &meta->metrics, &text);
    if (status) {
        rondo__text_free(&text);
        return rondo__fail(err, status, "%s: %s", path, rondo_status_sentence(status));
    }
    model->info = text.data;
    return rondo_tape_create(&model->tape, context, err);
}

rondo_status rondo__model_name_file(rondo_status status, const char *path, rondo_error *err) {
    char message[sizeof err->message];
    if (!err || !status || strncmp(err->message, path, strlen(path)) == 0)
        return status;
    memcpy(message, err->message, sizeof message);
    return rondo__fail(err, status, "%s: %s", path, message);
}

static rondo_status open_file(rondo_model *model, rondo_context *context, const char *path, bool mixed,
                              rondo_error *err) {
    rondo__safetensors *file = NULL;
    rondo__model_meta *meta = rondo__calloc(1, sizeof *meta);
    rondo_status status = meta ? rondo__safetensors_read(&file, path, err)
                               : rondo__fail(err, RONDO_MEMORY, "%s: no memory to read it", path);
    if (!status)
        status = rondo__model_meta_read(meta, file, path, err);
    if (!status) {
        status = rondo__model_name_file(load(model, context, mixed, meta, file, path, err), path, err);
        rondo__model_meta_free(meta);
    }
    rondo__safetensors_free(&file);
    rondo__free(meta);
    return status;
}

rondo_status rondo_model_open(rondo_model **out, rondo_context *context, const char *path, rondo_error *err) {
    return rondo__model_open(out, context, path, false, err);
}

rondo_status rondo__model_open(rondo_model **out, rondo_context *context, const char *path, bool mixed,
                               rondo_error *err) {
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "model: out is NULL");
    *out = NULL;
    if (!context || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "model: context or path is NULL");
    rondo_model *model = rondo__calloc(1, sizeof *model);
    if (!model)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to read it", path);
    model->path = rondo__strdup(path);
    rondo_status status = model->path ? open_file(model, context, path, mixed, err)
                                      : rondo__fail(err, RONDO_MEMORY, "%s: no memory to read it", path);
    if (status)
        rondo_model_close(&model);
    *out = model;
    return status;
}

static bool has_stored(const rondo_model *model) {
    for (int i = 0; i < rondo_params_count(model->task->params); i++)
        if (rondo_params_at(model->task->params, i)->stored)
            return true;
    return false;
}

rondo_status rondo__model_floats(rondo_model **floats, rondo_model *model, rondo_error *err) {
    *floats = model;
    if (!has_stored(model))
        return RONDO_OK;
    const rondo_status status = rondo__model_open(floats, model->task->context, model->path, false, err);
    return status ? status : rondo__params_expand((*floats)->task->params, err);
}

void rondo__model_floats_end(rondo_model **floats, const rondo_model *model) {
    if (*floats != model)
        rondo_model_close(floats);
}

void rondo_model_close(rondo_model **model) {
    if (!model || !*model)
        return;
    rondo_tape_destroy(&(*model)->tape);
    rondo__task_destroy(&(*model)->task);
    rondo__free((*model)->info);
    rondo__free((*model)->vocabulary);
    rondo__text_free(&(*model)->report);
    rondo__free((*model)->path);
    rondo__free(*model);
    *model = NULL;
}

const char *rondo_model_task(const rondo_model *model) { return model ? model->task->class->name : ""; }

const char *rondo_model_info(rondo_model *model) { return model ? model->info : "{}"; }

const char *rondo_model_vocabulary(rondo_model *model) {
    rondo__text text = {0};
    if (!model || model->vocabulary)
        return model ? model->vocabulary : NULL;
    if (model->task->class->vocabulary(model->task, &text) || text.failed)
        rondo__text_free(&text);
    model->vocabulary = text.data;
    return model->vocabulary;
}

static rondo_param *param_at(const rondo_model *model, int index) {
    return index >= 0 && index < rondo_model_tensors(model) ? rondo_params_at(model->task->params, index) : NULL;
}

int rondo_model_tensors(const rondo_model *model) { return model ? rondo_params_count(model->task->params) : 0; }

const char *rondo_model_tensor_name(const rondo_model *model, int index) {
    const rondo_param *param = param_at(model, index);
    return param ? param->name : NULL;
}

const rondo_tensor *rondo_model_tensor(const rondo_model *model, int index) {
    const rondo_param *param = param_at(model, index);
    return param ? &param->value : NULL;
}

const float *rondo_model_tensor_scale(const rondo_model *model, int index) {
    const rondo_param *param = param_at(model, index);
    return param && param->stored ? param->stored->scale : NULL;
}

static bool loss_is_finite(const rondo_metrics *metrics) {
    for (int i = 0; i < metrics->count; i++) {
        if (strcmp(metrics->item[i].name, "loss") == 0)
            return isfinite(metrics->item[i].value);
    }
    return true;
}

rondo_status rondo_model_evaluate(rondo_model *model, int files, const char *const *file, rondo_metrics *metrics,
                                  rondo_error *err) {
    if (!model || !file || files < 1 || !metrics)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "evaluate: needs a model, at least one file, and a place for the metrics");
    rondo__text_free(&model->report);
    rondo_status status = model->task->class->evaluate(model->task, model->tape, files, file, metrics, err);
    if (!status && model->task->class->report)
        model->task->class->report(model->task, &model->report);
    if (!status && model->report.failed)
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory for the report", model->path);
    if (status || loss_is_finite(metrics))
        return status;
    metrics->count = 0;
    return rondo__fail(err, RONDO_NUMERIC,
                       "%s: the loss is not finite (some weight of the model is not, or is far too large)",
                       model->path);
}

const char *rondo_model_report(rondo_model *model) {
    return model && model->report.data && !model->report.failed ? model->report.data : "";
}

rondo_status rondo_model_select(rondo_model *model, const char *where, rondo_error *err) {
    if (!model)
        return rondo__fail(err, RONDO_ARGUMENT, "select: model is NULL");
    if (!model->task->class->labelled)
        return rondo__fail(err, RONDO_UNSUPPORTED, "select: a model of task %s has no labelled examples to choose from",
                           model->task->class->name);
    const size_t size = where ? strlen(where) : 0;
    if (size >= sizeof model->task->where)
        return rondo__fail(err, RONDO_ARGUMENT, "select: %zu bytes are too many (at most %d)", size, RONDO__PATH - 1);
    memcpy(model->task->where, where ? where : "", size + 1);
    return RONDO_OK;
}

rondo_status rondo_model_generate(rondo_model *model, const rondo_generate_options *options, rondo_text_fn write,
                                  void *arg, rondo_error *err) {
    const rondo_generate_options plain = {0};
    if (!model || !write)
        return rondo__fail(err, RONDO_ARGUMENT, "generate: needs a model, and a function to write with");
    if (model->task->class != &rondo__language_model)
        return rondo__fail(err, RONDO_UNSUPPORTED, "generate: only a language model writes (this one is for %s)",
                           model->task->class->name);
    rondo_status status = rondo__lm_generate((rondo__lm *)model->task, options ? options : &plain, write, arg, err);
    return status == RONDO_NUMERIC ? rondo__model_name_file(status, model->path, err) : status;
}

#include "train/model_file.h"

#include <stdio.h>
#include <string.h>

#include "formats/json_text.h"
#include "nn/params.h"
#include "train/metrics.h"

#define MAX_TASK_TENSORS 16

static rondo_status describe(rondo__task_object *task, const rondo_metrics *metrics, rondo__text *json) {
    rondo__text_format(json,
                       "{\"format\": %d, \"version\": \"%s\", \"task\": \"%s\", \"recipe\": ", RONDO__MODEL_FORMAT,
                       rondo_version(), task->class->name);
    rondo_status status = rondo__recipe_json(&task->recipe, json);
    rondo__text_format(json, ", \"vocabulary\": ");
    if (!status)
        status = task->class->vocabulary(task, json);
    rondo__text_format(json, ", \"metrics\": ");
    rondo__metrics_json(metrics, json);
    rondo__text_add(json, "}", 1);
    return status ? status : json->failed ? RONDO_MEMORY : RONDO_OK;
}

static int list_parameters(rondo_params *params, const real *values, rondo__named *out) {
    const int count = rondo_params_count(params);
    for (int i = 0; i < count; i++) {
        const rondo_param *param = rondo_params_at(params, i);
        out[i] = (rondo__named){param->name, param->value};
        if (values)
            out[i].tensor.data = (real *)(uintptr_t)(values + param->offset);
    }
    return count;
}

rondo_status rondo__model_put(rondo__task_object *task, const char *path, const real *values,
                              const rondo_metrics *metrics, int extras, const rondo__named *extra, rondo_error *err) {
    const rondo_metrics none = {0};
    const size_t most = (size_t)rondo_params_count(task->params) + MAX_TASK_TENSORS + (size_t)extras;
    rondo__named *list = rondo__calloc(most, sizeof *list);
    rondo__text json = {0};
    rondo_status status = list ? describe(task, metrics ? metrics : &none, &json) : RONDO_MEMORY;
    if (status) {
        status = rondo__fail(err, status, "%s: %s", path, rondo_status_sentence(status));
    } else {
        int count = list_parameters(task->params, values, list);
        if (task->class->extra_tensors)
            count += task->class->extra_tensors(task, MAX_TASK_TENSORS, list + count);
        for (int i = 0; i < extras; i++)
            list[count++] = extra[i];
        const rondo__pair pairs[] = {{"format", "pt"}, {"rondo", json.data}};
        status = rondo__safetensors_write(path, count, list, 2, pairs, err);
    }
    rondo__text_free(&json);
    rondo__free(list);
    return status;
}

rondo_status rondo__model_write(rondo__task_object *task, const char *path, const real *values,
                                const rondo_metrics *metrics, rondo_error *err) {
    return rondo__model_put(task, path, values, metrics, 0, NULL, err);
}

/* "(4, 3)" */
static void print_shape(const rondo_tensor *tensor, char *out, size_t size) {
    size_t used = (size_t)snprintf(out, size, "(");
    for (int i = 0; i < tensor->rank; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%lld", i ? ", " : "", (long long)tensor->dims[i]);
    snprintf(out + used, size - used, ")");
}

static bool same_shape(const rondo_tensor *a, const rondo_tensor *b) {
    return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0;
}

static rondo_status check_parameter(const rondo_param *param, const rondo__safetensors *file, const char *path,
                                    rondo_error *err) {
    const rondo__named *found = rondo__safetensors_find(file, param->name);
    if (!found)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: tensor '%s' is missing (its recipe asks for it; the file is not whole)", path,
                           param->name);
    const rondo_dtype dtype = found->tensor.dtype;
    if (dtype != RONDO_F32 && dtype != RONDO_F64 && dtype != RONDO_F16 && dtype != RONDO_BF16 &&
        (dtype != RONDO_I8 || !rondo__model_is_low(file)))
        return rondo__fail(err, RONDO_FORMAT, "%s: tensor '%s' is %s (weights are F32, F64, F16 or BF16)", path,
                           param->name, rondo_dtype_name(dtype));
    if (!same_shape(&found->tensor, &param->value)) {
        char is[128], wanted[128];
        print_shape(&found->tensor, is, sizeof is);
        print_shape(&param->value, wanted, sizeof wanted);
        return rondo__fail(err, RONDO_FORMAT, "%s: tensor '%s' has shape %s (its recipe asks for %s)", path,
                           param->name, is, wanted);
    }
    rondo_dtype low;
    return rondo__model_low_dtype(param, file, path, &low, err);
}

bool rondo__model_is_of_run(const char *name) {
    return strncmp(name, "train.", 6) == 0 || strncmp(name, "state.", 6) == 0;
}

static bool is_listed(const char *name, const char *const *allowed) {
    for (; allowed && *allowed; allowed++) {
        if (strcmp(name, *allowed) == 0)
            return true;
    }
    return rondo__model_is_of_run(name);
}

rondo_status rondo__model_fits(rondo_params *params, const rondo__safetensors *file, const char *path,
                               const char *const *allowed, rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int i = 0; i < rondo_params_count(params) && !status; i++)
        status = check_parameter(rondo_params_at(params, i), file, path, err);
    for (int i = 0; i < rondo__safetensors_count(file) && !status; i++) {
        const char *name = rondo__safetensors_at(file, i)->name;
        if (rondo_params_find(params, name) < 0 && !is_listed(name, allowed) &&
            !rondo__model_is_scale(params, file, name))
            status = rondo__fail(err, RONDO_FORMAT, "%s: tensor '%s' is one too many (its recipe knows no such tensor)",
                                 path, rondo__show(name).text);
    }
    return status;
}

rondo_status rondo__model_values(rondo_params *params, const rondo__safetensors *file, rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int i = 0; i < rondo_params_count(params) && !status; i++) {
        const rondo_param *param = rondo_params_at(params, i);
        if (param->stored)
            rondo__model_low_values(params, i, file);
        else
            status = rondo__safetensors_copy(file, param->name, &param->value, err);
    }
    return status;
}

/* Memory for what a file of low precision holds. */
static rondo_status finish_low(rondo_params *params, const rondo__safetensors *file, const char *path,
                               rondo_error *err) {
    rondo_dtype *low = rondo__calloc((size_t)rondo_params_count(params) + 1, sizeof *low);
    rondo_status status = low ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "%s: no memory to read it", path);
    for (int i = 0; i < rondo_params_count(params) && !status; i++)
        status = rondo__model_low_dtype(rondo_params_at(params, i), file, path, &low[i], err);
    if (!status)
        status = rondo__params_finish_stored(params, low, err);
    rondo__free(low);
    return status;
}

rondo_status rondo__model_fill(rondo_params *params, const rondo__safetensors *file, const char *path,
                               const char *const *allowed, rondo_error *err) {
    rondo_status status = rondo__model_fits(params, file, path, allowed, err);
    if (!status)
        status =
            rondo__model_is_low(file) ? finish_low(params, file, path, err) : rondo__params_finish_frozen(params, err);
    return status ? status : rondo__model_values(params, file, err);
}

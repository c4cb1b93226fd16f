/* Writing a model with rounded weights: choose what is rounded, round it, measure where asked, write the tensors of the
 * model's own file with these in their place. */
#include "tasks/quantise.h"

#include <stdio.h>
#include <string.h>

#include "formats/json_text.h"
#include "train/model_file.h"

/* ---- which ---- */

/* Is name the tensor `of`, or the first parts of it? */
static bool names(const char *name, const char *of) {
    const size_t length = strlen(name);
    return length && strncmp(name, of, length) == 0 && (of[length] == '\0' || of[length] == '.');
}

static rondo_status check_keep(rondo__rounding *r, const char *name) {
    for (int i = 0; i < r->count; i++)
        if (r->of[i].may && names(name, rondo_params_at(r->model->task->params, i)->name))
            return RONDO_OK;
    return rondo__fail(r->err, RONDO_ARGUMENT,
                       "%s: there is no weight '%s' to keep (rondo info lists the tensors; give a name or its first "
                       "parts)",
                       r->model->path, rondo__show(name).text);
}

/* What is fed back is needed as numbers. */
static bool can_be_rounded(const rondo__rounding *r, const rondo_param *param) {
    const rondo_dtype dtype = r->options->weights == RONDO_WEIGHTS_INT8 ? RONDO_I8 : RONDO_BF16;
    const rondo__task_object *task = r->model->task;
    const bool fed_back = task->recipe.model.feedback == 1 && strcmp(param->name, "embedding.weight") == 0;
    return rondo__param_may_be_low(param, dtype) && !fed_back;
}

static rondo_status choose(rondo__rounding *r) {
    const rondo_quantise_options *o = r->options;
    int chosen = 0;
    for (int i = 0; i < r->count; i++) {
        const rondo_param *param = rondo_params_at(r->model->task->params, i);
        if (param->stored)
            return rondo__fail(r->err, RONDO_STATE,
                               "%s: its weights are rounded already (export from the file that was trained)",
                               r->model->path);
        r->of[i].may = r->of[i].chosen = can_be_rounded(r, param);
    }
    for (int k = 0; k < o->keeps; k++) {
        const rondo_status status = check_keep(r, o->keep[k]);
        if (status)
            return status;
        for (int i = 0; i < r->count; i++)
            r->of[i].chosen &= !names(o->keep[k], rondo_params_at(r->model->task->params, i)->name);
    }
    for (int i = 0; i < r->count; i++)
        chosen += r->of[i].chosen;
    return chosen ? RONDO_OK
                  : rondo__fail(r->err, RONDO_ARGUMENT, "%s: no weight is left to round (keep fewer)", r->model->path);
}

/* ---- rounding ---- */

static rondo_status round_one(rondo__rounding *r, int i) {
    const rondo_param *param = rondo_params_at(r->model->task->params, i);
    const int64_t rows = param->value.dims[0], columns = param->value.dims[1];
    const rondo_dtype dtype = r->options->weights == RONDO_WEIGHTS_INT8 ? RONDO_I8 : RONDO_BF16;
    void *data = rondo__calloc((size_t)(rows * columns), rondo_dtype_bytes(dtype));
    float *scale = dtype == RONDO_I8 ? rondo__calloc((size_t)rows, sizeof *scale) : NULL;
    r->of[i].stored = (rondo__stored){.dtype = dtype, .rows = rows, .columns = columns, .data = data, .scale = scale};
    if (!data || (dtype == RONDO_I8 && !scale))
        return rondo__fail(r->err, RONDO_MEMORY, "%s: no memory for rounded weights", r->model->path);
    if (dtype == RONDO_BF16)
        rondo__store_bf16(data, param->value.data, rows, columns);
    else if (!rondo__store_int8(data, scale, param->value.data, rows, columns))
        return rondo__fail(r->err, RONDO_NUMERIC,
                           "%s: tensor '%s' holds numbers that are not finite (keep it in float)", r->model->path,
                           param->name);
    return RONDO_OK;
}

void rondo__rounding_drop(rondo__rounding *r) {
    for (int i = 0; r->of && i < r->count; i++) {
        rondo__free((void *)(uintptr_t)r->of[i].stored.data);
        rondo__free((void *)(uintptr_t)r->of[i].stored.scale);
        rondo__observer_free(&r->of[i].observer);
    }
    rondo__free(r->of);
}

/* ---- the file ---- */

/* Order of tensors in the file: those of four bytes, then of two, then bytes, so that all are aligned. */
static int rank_of(rondo_dtype dtype) {
    const size_t bytes = rondo_dtype_bytes(dtype);
    return bytes >= 4 ? 0 : bytes == 2 ? 1 : 2;
}

typedef struct listing {
    rondo__named *tensor; /* up to three for each tensor of the file */
    char (*name)[sizeof((rondo_param *)0)->name + sizeof RONDO__INPUT_SCALE];
    int count, names;
} listing;

static void add_scale(listing *l, const char *of, const char *ending, const float *data, int64_t count) {
    char *name = l->name[l->names++];
    snprintf(name, sizeof *l->name, "%s%s", of, ending);
    l->tensor[l->count++] = (rondo__named){name, rondo_tensor_view(RONDO_F32, (void *)(uintptr_t)data, 1, &count)};
}

static void list_tensor(const rondo__rounding *r, const rondo__named *named, int rank, listing *l) {
    rondo_params *params = r->model->task->params;
    const int i = rondo_params_find(params, named->name);
    const rondo__rounded *rounded = i >= 0 && r->of[i].chosen ? &r->of[i] : NULL;
    rondo__named out = *named;
    if (rounded)
        out.tensor =
            rondo_tensor_view(rounded->stored.dtype, (void *)(uintptr_t)rounded->stored.data, 2, named->tensor.dims);
    else if (i >= 0)
        out.tensor = rondo_params_at(params, i)->value;
    if (rank_of(out.tensor.dtype) == rank)
        l->tensor[l->count++] = out;
    if (!rounded || rank > 0 || out.tensor.dtype != RONDO_I8)
        return;
    add_scale(l, named->name, RONDO__SCALE, rounded->stored.scale, rounded->stored.rows);
    if (rounded->input_scale > 0)
        add_scale(l, named->name, RONDO__INPUT_SCALE, &rounded->input_scale, 1);
}

static void describe(const rondo__rounding *r, rondo__text *json) {
    const rondo_quantise_options *o = r->options;
    const bool bytes = o->weights == RONDO_WEIGHTS_INT8;
    bool first = true;
    rondo__text_format(json, "{\"weights\": \"%s\", \"version\": \"%s\"", bytes ? "int8" : "bf16", rondo_version());
    if (bytes)
        rondo__text_format(json, ", \"weight_scales\": \"row\", \"activation_scales\": \"%s\"",
                           o->calibrates ? "calibrated" : "dynamic");
    if (bytes && o->calibrates)
        rondo__text_format(json, ", \"percentile\": %.6g", o->percentile > 0 ? o->percentile : 100);
    rondo__text_format(json, ", \"kept\": [");
    for (int i = 0; i < r->count; i++) {
        if (!r->of[i].may || r->of[i].chosen)
            continue;
        rondo__text_format(json, "%s\"%s\"", first ? "" : ", ", rondo_params_at(r->model->task->params, i)->name);
        first = false;
    }
    rondo__text_format(json, "]}");
}

static rondo_status write_file(const rondo__rounding *r, const rondo__safetensors *file, const char *to) {
    const int tensors = rondo__safetensors_count(file);
    listing l = {.tensor = rondo__calloc((size_t)tensors * 3 + 1, sizeof *l.tensor),
                 .name = rondo__calloc((size_t)tensors * 2 + 1, sizeof *l.name)};
    rondo__text json = {0};
    describe(r, &json);
    rondo_status status = l.tensor && l.name && !json.failed
                              ? RONDO_OK
                              : rondo__fail(r->err, RONDO_MEMORY, "%s: no memory to write it", to);
    for (int rank = 0; rank < 3 && !status; rank++)
        for (int i = 0; i < tensors; i++)
            if (!rondo__model_is_of_run(rondo__safetensors_at(file, i)->name))
                list_tensor(r, rondo__safetensors_at(file, i), rank, &l);
    const rondo__pair pairs[] = {
        {"format", "pt"}, {"rondo", rondo__safetensors_metadata(file, "rondo")}, {RONDO__WEIGHTS_KEY, json.data}};
    if (!status)
        status = rondo__safetensors_write(to, l.count, l.tensor, 3, pairs, r->err);
    rondo__text_free(&json);
    rondo__free(l.tensor);
    rondo__free(l.name);
    return status;
}

/* ---- the whole ---- */

static rondo_status check(const rondo_quantise_options *o, rondo_error *err) {
    if (o->weights != RONDO_WEIGHTS_INT8 && o->weights != RONDO_WEIGHTS_BF16)
        return rondo__fail(err, RONDO_ARGUMENT, "quantise: there are no weights of kind %d", (int)o->weights);
    if (o->keeps < 0 || (o->keeps && !o->keep) || o->calibrates < 0 || (o->calibrates && !o->calibrate) ||
        o->data_files < 0 || (o->data_files && !o->data))
        return rondo__fail(err, RONDO_ARGUMENT, "quantise: a list of names is NULL but not empty");
    if (!(o->percentile >= 0 && o->percentile <= 100))
        return rondo__fail(err, RONDO_ARGUMENT, "quantise: percentile is %g (0 to 100; 0 stands for 100)",
                           o->percentile);
    if (o->calibrates && o->weights != RONDO_WEIGHTS_INT8)
        return rondo__fail(err, RONDO_ARGUMENT, "quantise: bf16 has no scales to calibrate (leave calibrate out)");
    if (o->by_layer && !o->data_files && !o->calibrates)
        return rondo__fail(err, RONDO_ARGUMENT, "quantise: layers are measured on data (give data or calibrate)");
    return RONDO_OK;
}

rondo_status rondo__rounding_make(rondo__rounding *r, rondo_quantise_report *report) {
    rondo_status status = check(r->options, r->err);
    if (status)
        return status;
    r->count = rondo_params_count(r->model->task->params);
    r->of = rondo__calloc((size_t)r->count + 1, sizeof *r->of);
    status = r->of ? choose(r) : rondo__fail(r->err, RONDO_MEMORY, "%s: no memory for rounded weights", r->model->path);
    for (int i = 0; i < r->count && !status; i++)
        if (r->of[i].chosen)
            status = round_one(r, i);
    if (!status && (report || r->options->calibrates))
        status = rondo__rounding_measure(r, report);
    return status;
}

static rondo_status quantise(rondo__rounding *r, const char *to, rondo_quantise_report *report) {
    rondo__safetensors *file = NULL;
    rondo_status status = rondo__rounding_make(r, report);
    if (!status)
        status = rondo__safetensors_read(&file, r->model->path, r->err);
    if (!status)
        status = write_file(r, file, to);
    rondo__safetensors_free(&file);
    rondo__rounding_drop(r);
    return status;
}

rondo_status rondo_model_quantise(rondo_model *model, const char *to, const rondo_quantise_options *options,
                                  rondo_quantise_report *report, rondo_error *err) {
    static const rondo_quantise_options defaults;
    if (report)
        *report = (rondo_quantise_report){0};
    options = options ? options : &defaults;
    rondo_status status =
        model && to ? RONDO_OK : rondo__fail(err, RONDO_ARGUMENT, "quantise: model or the file to write is NULL");
    if (!status && rondo__file_same(to, model->path))
        status =
            rondo__fail(err, RONDO_ARGUMENT,
                        "%s: is the model itself, whose weights in full would be lost (write to another file)", to);
    rondo__rounding r = {.model = model, .options = options, .err = err};
    if (!status)
        status = quantise(&r, to, report);
    if (status)
        rondo_quantise_report_free(report);
    return status;
}

void rondo_quantise_report_free(rondo_quantise_report *report) {
    if (!report)
        return;
    rondo__free(report->layer);
    *report = (rondo_quantise_report){0};
}

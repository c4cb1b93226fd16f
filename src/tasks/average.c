/* The mean of several models' weights (checkpoint averaging). Sums run in double, in the order of the list. */
#include <string.h>

#include "formats/json_text.h"
#include "rondo/translate.h"
#include "train/model_file.h"

typedef struct averaging {
    rondo__safetensors *first; /* names, shapes and metadata are its */
    char *vocabulary;          /* the first's */
    double **sum;              /* (tensors) */
    real **mean;               /* (tensors) */
    int tensors;
    rondo_error *err;
} averaging;

static bool is_weight(const rondo_tensor *tensor) {
    return tensor->dtype == RONDO_F32 || tensor->dtype == RONDO_F64 || tensor->dtype == RONDO_F16 ||
           tensor->dtype == RONDO_BF16;
}

static bool same_shape(const rondo_tensor *a, const rondo_tensor *b) {
    return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0;
}

static rondo_status add_tensor(averaging *a, int index, const rondo__safetensors *file, const char *path) {
    const rondo__named *mine = rondo__safetensors_at(a->first, index);
    const rondo__named *other = rondo__safetensors_find(file, mine->name);
    const int64_t n = rondo_tensor_count(&mine->tensor);
    if (!other || !same_shape(&mine->tensor, &other->tensor) || is_weight(&mine->tensor) != is_weight(&other->tensor))
        return rondo__fail(a->err, RONDO_FORMAT, "%s: tensor '%s' is %s (average models of one recipe and vocabulary)",
                           path, rondo__show(mine->name).text, other ? "of another shape" : "missing");
    if (!is_weight(&mine->tensor)) {
        const size_t bytes = (size_t)n * rondo_dtype_bytes(mine->tensor.dtype);
        return memcmp(mine->tensor.data, other->tensor.data, bytes) == 0
                   ? RONDO_OK
                   : rondo__fail(a->err, RONDO_FORMAT, "%s: '%s' differs (average models of one vocabulary)", path,
                                 rondo__show(mine->name).text);
    }
    real *values = rondo__alloc((size_t)n * sizeof *values);
    if (!values)
        return rondo__fail(a->err, RONDO_MEMORY, "%s: no memory to average it", path);
    const rondo_tensor view = rondo_tensor_view(RONDO_REAL, values, other->tensor.rank, other->tensor.dims);
    const rondo_status status = rondo__safetensors_copy(file, other->name, &view, a->err);
    for (int64_t i = 0; i < n && !status; i++)
        a->sum[index][i] += (double)values[i];
    rondo__free(values);
    return status;
}

/* Reads and checks the description; the first one's vocabulary is that of all. */
static rondo_status check_meta(averaging *a, const rondo__safetensors *file, const char *path) {
    rondo__model_meta *meta = rondo__calloc(1, sizeof *meta);
    rondo_status status = meta ? rondo__model_meta_read(meta, file, path, a->err)
                               : rondo__fail(a->err, RONDO_MEMORY, "%s: no memory to read it", path);
    if (!status && !a->vocabulary) {
        a->vocabulary = meta->vocabulary;
        meta->vocabulary = NULL;
    } else if (!status && strcmp(a->vocabulary, meta->vocabulary) != 0) {
        status = rondo__fail(a->err, RONDO_FORMAT, "%s: has another vocabulary than the first model", path);
    }
    if (meta)
        rondo__model_meta_free(meta);
    rondo__free(meta);
    return status;
}

static rondo_status add_file(averaging *a, const rondo__safetensors *file, const char *path) {
    if (rondo__model_is_low(file))
        return rondo__fail(a->err, RONDO_UNSUPPORTED,
                           "%s: its weights are rounded for use (average the models it was exported from, and export "
                           "the mean)",
                           path);
    rondo_status status = check_meta(a, file, path);
    for (int i = 0; i < a->tensors && !status; i++) {
        if (!rondo__model_is_of_run(rondo__safetensors_at(a->first, i)->name))
            status = add_tensor(a, i, file, path);
    }
    for (int i = 0; i < rondo__safetensors_count(file) && !status; i++) {
        const char *name = rondo__safetensors_at(file, i)->name;
        if (!rondo__model_is_of_run(name) && !rondo__safetensors_find(a->first, name))
            status = rondo__fail(a->err, RONDO_FORMAT, "%s: tensor '%s' is one too many (the first model lacks it)",
                                 path, rondo__show(name).text);
    }
    return status;
}

/* Room for the sums of the first file's weights. */
static rondo_status begin(averaging *a, const char *path) {
    rondo_status status = rondo__safetensors_read(&a->first, path, a->err);
    if (status)
        return status;
    a->tensors = rondo__safetensors_count(a->first);
    a->sum = rondo__calloc((size_t)a->tensors + 1, sizeof(double *));
    a->mean = rondo__calloc((size_t)a->tensors + 1, sizeof(real *));
    bool whole = a->sum && a->mean;
    for (int i = 0; i < a->tensors && whole; i++) {
        const rondo__named *named = rondo__safetensors_at(a->first, i);
        whole = rondo__model_is_of_run(named->name) || !is_weight(&named->tensor) ||
                (a->sum[i] = rondo__calloc((size_t)rondo_tensor_count(&named->tensor), sizeof(double))) != NULL;
    }
    return whole ? RONDO_OK : rondo__fail(a->err, RONDO_MEMORY, "%s: no memory to average it", path);
}

static rondo_status take_mean(averaging *a, int index, int models, rondo__named *named) {
    const int64_t n = rondo_tensor_count(&named->tensor);
    real *mean = rondo__calloc((size_t)n, sizeof *mean);
    if (!mean)
        return rondo__fail(a->err, RONDO_MEMORY, "average: no memory for the mean");
    for (int64_t k = 0; k < n; k++)
        mean[k] = (real)(a->sum[index][k] / models);
    rondo__free(a->sum[index]);
    a->sum[index] = NULL;
    a->mean[index] = mean;
    named->tensor.dtype = RONDO_REAL;
    named->tensor.data = mean;
    return RONDO_OK;
}

static rondo_status finish(averaging *a, int models, const char *to) {
    rondo__named *list = rondo__calloc((size_t)a->tensors + 1, sizeof *list);
    const rondo__pair pairs[] = {{"format", "pt"}, {"rondo", rondo__safetensors_metadata(a->first, "rondo")}};
    rondo_status status = list ? RONDO_OK : rondo__fail(a->err, RONDO_MEMORY, "%s: no memory to write it", to);
    int count = 0;
    for (int i = 0; i < a->tensors && !status; i++) {
        const rondo__named *named = rondo__safetensors_at(a->first, i);
        if (rondo__model_is_of_run(named->name))
            continue;
        list[count] = *named;
        if (a->sum[i])
            status = take_mean(a, i, models, &list[count]);
        count++;
    }
    if (!status)
        status = rondo__safetensors_write(to, count, list, 2, pairs, a->err);
    rondo__free(list);
    return status;
}

static void clear(averaging *a) {
    for (int i = 0; a->sum && i < a->tensors; i++)
        rondo__free(a->sum[i]);
    for (int i = 0; a->mean && i < a->tensors; i++)
        rondo__free(a->mean[i]);
    rondo__free(a->sum);
    rondo__free(a->mean);
    rondo__free(a->vocabulary);
    rondo__safetensors_free(&a->first);
}

rondo_status rondo_models_average(int models, const char *const *path, const char *to, rondo_error *err) {
    averaging a = {.err = err};
    if (models < 1 || !path || !to)
        return rondo__fail(err, RONDO_ARGUMENT, "average: needs at least one model, and a name for the result");
    rondo_status status = begin(&a, path[0]);
    for (int i = 0; i < models && !status; i++) {
        rondo__safetensors *file = NULL;
        status = rondo__safetensors_read(&file, path[i], err);
        if (!status)
            status = add_file(&a, file, path[i]);
        rondo__safetensors_free(&file);
    }
    if (!status)
        status = finish(&a, models, to);
    clear(&a);
    return status;
}

/* Parameters: declared one by one, then all values laid out in one block and all gradients in another.
 *
 *   | p0 ........ 0 | p1 ... 0 | p2 .............. |     each begins on 64 bytes; the gap behind it is always zero, so
 *                                                        that optimiser, norm and checkpoint may run over the whole
 * block
 *
 * Offsets are known as soon as a parameter is declared; memory comes with finish. */
#include "nn/params.h"

#include <assert.h>
#include <string.h>

#include "autograd/tape.h"

typedef struct preset {
    int index;
    int64_t begin, count;
    real value;
} preset;

struct rondo_params {
    rondo_param *item;
    preset *presets;
    int count, capacity;
    int preset_count, preset_capacity;
    int64_t size;  /* numbers in a block */
    int64_t total; /* without the gaps */
    real *values, *grads;
    rondo__stored *stored; /* by index, where some parameters are in low precision: data NULL for the others */
    char *low;             /* their bytes and scales */
};

#define NUMBERS_PER_LINE ((int64_t)(RONDO_ALIGN / sizeof(real)))

rondo_status rondo_params_create(rondo_params **out, rondo_error *err) {
    *out = rondo__calloc(1, sizeof(rondo_params));
    return *out ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "parameters: out of memory");
}

void rondo_params_destroy(rondo_params **params) {
    if (!params || !*params)
        return;
    rondo__free((*params)->item);
    rondo__free((*params)->presets);
    rondo__free((*params)->values);
    rondo__free((*params)->grads);
    rondo__free((*params)->stored);
    rondo__free((*params)->low);
    rondo__free(*params);
    *params = NULL;
}

/* Makes room for one more element; an array that cannot grow stays as it is. */
static bool grow(void **array, int count, int *capacity, size_t element) {
    if (count < *capacity)
        return true;
    int wanted = *capacity ? *capacity * 2 : 16;
    void *bigger = rondo__realloc(*array, (size_t)*capacity * element, (size_t)wanted * element);
    if (!bigger)
        return false;
    *array = bigger;
    *capacity = wanted;
    return true;
}

static rondo_status check_declaration(const rondo_params *params, const char *name, int rank, const int64_t *dims,
                                      rondo_error *err) {
    if (!name || !*name || strlen(name) >= sizeof(params->item[0].name))
        return rondo__fail(err, RONDO_ARGUMENT, "parameter '%.60s...': the name must have 1 to %zu characters",
                           name ? name : "", sizeof(params->item[0].name) - 1);
    if (params->values)
        return rondo__fail(err, RONDO_STATE, "parameter '%s': declared after rondo_params_finish", name);
    if (rondo_params_find(params, name) >= 0)
        return rondo__fail(err, RONDO_ARGUMENT, "parameter '%s': declared twice (choose another prefix)", name);
    if (rank < 1 || rank > RONDO_MAX_RANK)
        return rondo__fail(err, RONDO_ARGUMENT, "parameter '%s': rank %d is not in 1..%d", name, rank, RONDO_MAX_RANK);
    for (int i = 0; i < rank; i++)
        if (dims[i] < 1)
            return rondo__fail(err, RONDO_ARGUMENT, "parameter '%s': dimension %d is %lld (must be 1 or more)", name, i,
                               (long long)dims[i]);
    return RONDO_OK;
}

static int64_t padded(int64_t count) { return (count + NUMBERS_PER_LINE - 1) / NUMBERS_PER_LINE * NUMBERS_PER_LINE; }

/* Numbers of a parameter and the block's size behind it; false when either is too large to address. */
static bool place(const rondo_params *params, int rank, const int64_t *dims, int64_t *count, int64_t *size) {
    int64_t n = 1, bytes;
    for (int i = 0; i < rank; i++)
        if (__builtin_mul_overflow(n, dims[i], &n))
            return false;
    if (__builtin_add_overflow(n, NUMBERS_PER_LINE - 1, size))
        return false;
    *count = n;
    *size = *size / NUMBERS_PER_LINE * NUMBERS_PER_LINE;
    return !__builtin_add_overflow(params->size, *size, size) &&
           !__builtin_mul_overflow(*size, (int64_t)sizeof(real), &bytes) && (uint64_t)bytes <= SIZE_MAX / 2;
}

rondo_status rondo_params_add(rondo_params *params, const char *name, int rank, const int64_t *dims, rondo_init init,
                              int *index, rondo_error *err) {
    rondo_status status = check_declaration(params, name, rank, dims, err);
    if (status)
        return status;
    int64_t count, size;
    if (!place(params, rank, dims, &count, &size))
        return rondo__fail(err, RONDO_ARGUMENT, "parameter '%s': too large for this machine's memory", name);
    if (!grow((void **)&params->item, params->count, &params->capacity, sizeof(rondo_param)))
        return rondo__fail(err, RONDO_MEMORY, "parameter '%s': out of memory", name);
    rondo_param *param = &params->item[params->count];
    memset(param, 0, sizeof(*param));
    memcpy(param->name, name, strlen(name));
    param->value = rondo_tensor_view(RONDO_REAL, NULL, rank, dims);
    param->offset = params->size;
    param->init = init;
    params->size = size;
    params->total += count;
    if (index)
        *index = params->count;
    params->count++;
    return RONDO_OK;
}

rondo_status rondo__params_preset(rondo_params *params, int index, int64_t begin, int64_t count, real value,
                                  rondo_error *err) {
    assert(index >= 0 && index < params->count && !params->values);
    assert(begin >= 0 && begin + count <= rondo_tensor_count(&params->item[index].value));
    if (!grow((void **)&params->presets, params->preset_count, &params->preset_capacity, sizeof(preset)))
        return rondo__fail(err, RONDO_MEMORY, "parameter '%s': out of memory", params->item[index].name);
    params->presets[params->preset_count++] = (preset){.index = index, .begin = begin, .count = count, .value = value};
    return RONDO_OK;
}

void rondo__params_truncate(rondo_params *params, int count) {
    assert(count <= params->count);
    if (count == params->count) /* finished ones too: none was declared since */
        return;
    assert(!params->values);
    while (params->count > count) {
        const rondo_param *last = &params->item[--params->count];
        params->size = last->offset;
        params->total -= rondo_tensor_count(&last->value);
    }
    while (params->preset_count > 0 && params->presets[params->preset_count - 1].index >= count)
        params->preset_count--;
}

static void fill_all(rondo_params *params, uint64_t seed, void *work) {
    for (int i = 0; i < params->count; i++)
        rondo__init_fill(&params->item[i], i, seed, work);
    for (int i = 0; i < params->preset_count; i++) {
        const preset *p = &params->presets[i];
        real *values = (real *)params->item[p->index].value.data + p->begin;
        for (int64_t j = 0; j < p->count; j++)
            values[j] = p->value;
    }
}

/* Both blocks are there: each parameter learns its place. grads NULL: it has none. */
static void settle(rondo_params *params, real *values, real *grads) {
    params->values = values;
    params->grads = grads;
    for (int i = 0; i < params->count; i++) {
        params->item[i].value.data = values + params->item[i].offset;
        params->item[i].grad = grads ? grads + params->item[i].offset : NULL;
    }
}

/* What filling the largest of the parameters needs. */
static size_t work_bytes(const rondo_params *params) {
    size_t most = 0;
    for (int i = 0; i < params->count; i++) {
        size_t bytes = rondo__init_work(&params->item[i]);
        most = bytes > most ? bytes : most;
    }
    return most;
}

rondo_status rondo_params_finish(rondo_params *params, uint64_t seed, rondo_error *err) {
    if (params->values)
        return rondo__fail(err, RONDO_STATE, "parameters: finished twice");
    real *values = rondo__calloc((size_t)params->size, sizeof(real));
    real *grads = rondo__calloc((size_t)params->size, sizeof(real));
    void *work = rondo__alloc(work_bytes(params));
    if (!values || !grads || !work) {
        rondo__free(values);
        rondo__free(grads);
        rondo__free(work);
        return rondo__fail(err, RONDO_MEMORY, "parameters: no memory for %lld numbers and their gradients",
                           (long long)params->size);
    }
    settle(params, values, grads);
    fill_all(params, seed, work);
    rondo__free(work);
    return RONDO_OK;
}

rondo_status rondo__params_start(rondo_params *params, uint64_t seed, rondo_error *err) {
    assert(params->values && !params->stored);
    void *work = rondo__alloc(work_bytes(params));
    if (!work)
        return rondo__fail(err, RONDO_MEMORY, "parameters: no memory for initial values");
    fill_all(params, seed, work);
    rondo__free(work);
    return RONDO_OK;
}

rondo_status rondo__params_finish_frozen(rondo_params *params, rondo_error *err) {
    if (params->values)
        return rondo__fail(err, RONDO_STATE, "parameters: finished twice");
    real *values = rondo__calloc((size_t)params->size, sizeof(real));
    if (!values)
        return rondo__fail(err, RONDO_MEMORY, "parameters: no memory for %lld numbers", (long long)params->size);
    settle(params, values, NULL);
    return RONDO_OK;
}

/* ---- weights in low precision ----
 * The values block then holds only the others, side by side in the order of declaration; a second block holds the bytes
 * of each stored matrix and behind them its scales, each on 64 bytes. */

static size_t round_line(size_t bytes) { return (bytes + RONDO_ALIGN - 1) / RONDO_ALIGN * RONDO_ALIGN; }

/* Bytes of a stored matrix, then of its scales. Its floats could be addressed, so these can. */
static void low_bytes(const rondo_param *param, rondo_dtype dtype, size_t bytes[2]) {
    bytes[0] = round_line((size_t)rondo_tensor_count(&param->value) * rondo_dtype_bytes(dtype));
    bytes[1] = dtype == RONDO_I8 ? round_line((size_t)param->value.dims[0] * sizeof(float)) : 0;
}

static void measure(const rondo_params *params, const rondo_dtype *low, int64_t *numbers, size_t *bytes) {
    *numbers = 0;
    *bytes = 0;
    for (int i = 0; i < params->count; i++) {
        const int64_t next = i + 1 < params->count ? params->item[i + 1].offset : params->size;
        size_t of[2];
        low_bytes(&params->item[i], low[i], of);
        if (low[i] == RONDO_REAL)
            *numbers += next - params->item[i].offset;
        else
            *bytes += of[0] + of[1];
    }
}

static void place_low(rondo_param *param, rondo_dtype dtype, rondo__stored *stored, char **at) {
    size_t bytes[2];
    low_bytes(param, dtype, bytes);
    *stored = (rondo__stored){.dtype = dtype,
                              .rows = param->value.dims[0],
                              .columns = param->value.dims[1],
                              .data = *at,
                              .scale = dtype == RONDO_I8 ? (const float *)(const void *)(*at + bytes[0]) : NULL};
    param->value.dtype = dtype;
    param->value.data = *at;
    param->grad = NULL;
    param->stored = stored;
    *at += bytes[0] + bytes[1];
}

rondo_status rondo__params_finish_stored(rondo_params *params, const rondo_dtype *low, rondo_error *err) {
    int64_t numbers, offset = 0;
    size_t bytes;
    if (params->values)
        return rondo__fail(err, RONDO_STATE, "parameters: finished twice");
    measure(params, low, &numbers, &bytes);
    real *values = rondo__calloc((size_t)numbers + 1, sizeof(real));
    rondo__stored *stored = rondo__calloc((size_t)params->count + 1, sizeof *stored);
    char *block = rondo__calloc(bytes + 1, 1);
    if (!values || !stored || !block) {
        rondo__free(values);
        rondo__free(stored);
        rondo__free(block);
        return rondo__fail(err, RONDO_MEMORY, "parameters: no memory for %lld numbers and %zu bytes",
                           (long long)numbers, bytes);
    }
    params->stored = stored;
    params->low = block;
    for (int i = 0; i < params->count; i++) {
        const int64_t next = i + 1 < params->count ? params->item[i + 1].offset : params->size;
        const int64_t size = next - params->item[i].offset;
        params->item[i].offset = offset;
        if (low[i] == RONDO_REAL)
            offset += size;
    }
    params->size = numbers;
    settle(params, values, NULL);
    for (int i = 0; i < params->count; i++)
        if (low[i] != RONDO_REAL)
            place_low(&params->item[i], low[i], &stored[i], &block);
    return RONDO_OK;
}

rondo__stored *rondo__params_stored(rondo_params *params, int index) {
    return params->item[index].stored ? &params->stored[index] : NULL;
}

const rondo__stored *rondo__params_stored_at(const rondo_params *params, const void *data) {
    for (int i = 0; params && i < params->count; i++)
        if (params->item[i].stored && params->item[i].value.data == data)
            return params->item[i].stored;
    return NULL;
}

void rondo__param_lend(rondo_params *params, int index, const rondo__stored *stored) {
    rondo_param *param = &params->item[index];
    param->stored = stored;
    param->value.dtype = stored->dtype;
    param->value.data = (void *)(uintptr_t)stored->data;
}

static void expand(rondo_param *param, real *to, const real *values) {
    const int64_t count = rondo_tensor_count(&param->value);
    if (!param->stored)
        memcpy(to, values + param->offset, (size_t)count * sizeof *to);
    for (int64_t n = 0; param->stored && n < param->value.dims[0]; n++)
        rondo__stored_row(param->stored, n, to + n * param->value.dims[1]);
    param->stored = NULL;
    param->value.dtype = RONDO_REAL;
}

rondo_status rondo__params_expand(rondo_params *params, rondo_error *err) {
    int64_t size = 0;
    if (!params->stored)
        return RONDO_OK;
    for (int i = 0; i < params->count; i++) /* as they were declared, so that this can be added */
        size += padded(rondo_tensor_count(&params->item[i].value));
    real *values = rondo__calloc((size_t)size + 1, sizeof(real));
    if (!values)
        return rondo__fail(err, RONDO_MEMORY, "parameters: no memory for %lld numbers", (long long)size);
    int64_t offset = 0;
    for (int i = 0; i < params->count; i++) {
        rondo_param *param = &params->item[i];
        expand(param, values + offset, params->values);
        param->offset = offset;
        offset += padded(rondo_tensor_count(&param->value));
    }
    rondo__free(params->values);
    rondo__free(params->stored);
    rondo__free(params->low);
    params->stored = NULL;
    params->low = NULL;
    params->size = size;
    settle(params, values, NULL);
    return RONDO_OK;
}

int rondo_params_count(const rondo_params *params) { return params->count; }

rondo_param *rondo_params_at(rondo_params *params, int index) {
    return index >= 0 && index < params->count ? &params->item[index] : NULL;
}

int rondo_params_find(const rondo_params *params, const char *name) {
    for (int i = 0; i < params->count; i++)
        if (strcmp(params->item[i].name, name) == 0)
            return i;
    return -1;
}

int64_t rondo_params_size(const rondo_params *params) { return params->size; }
int64_t rondo_params_total(const rondo_params *params) { return params->total; }
rondo_real *rondo_params_values(rondo_params *params) { return params->values; }
rondo_real *rondo_params_grads(rondo_params *params) { return params->grads; }

void rondo_params_clear_grads(rondo_params *params) {
    if (params->grads)
        memset(params->grads, 0, (size_t)params->size * sizeof(real));
}

rondo_var *rondo_params_use(rondo_params *params, rondo_tape *tape, int index) {
    rondo_param *param = rondo_params_at(params, index);
    if (param && param->stored)
        return rondo__leaf_stored(tape, &param->value, param->stored);
    return param ? rondo__leaf_parameter(tape, &param->value, param->grad) : NULL;
}

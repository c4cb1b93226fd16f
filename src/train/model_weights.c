/* Weights in low precision in model files, read as something that a stranger wrote: whatever a product would make of
 * them, only whole numbers within [-127, 127] and scales that are numbers come in. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nn/params.h"
#include "train/model_file.h"

bool rondo__model_is_low(const rondo__safetensors *file) {
    return rondo__safetensors_metadata(file, RONDO__WEIGHTS_KEY) != NULL;
}

enum { MOST_NAME = sizeof((rondo_param *)0)->name + sizeof RONDO__INPUT_SCALE };

static const rondo__named *beside(const rondo__safetensors *file, const char *name, const char *ending) {
    char full[MOST_NAME];
    snprintf(full, sizeof full, "%s%s", name, ending);
    return rondo__safetensors_find(file, full);
}

/* Scales are `count` floats, finite and not negative; of rows of zeros they are 0. */
static rondo_status check_scales(const rondo__named *scales, int64_t count, const char *path, rondo_error *err) {
    if (scales->tensor.dtype != RONDO_F32 || scales->tensor.rank != 1 || scales->tensor.dims[0] != count)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: tensor '%s' is no vector of %lld F32 (the file is spoilt; export it "
                           "again)",
                           path, scales->name, (long long)count);
    const float *scale = scales->tensor.data;
    for (int64_t n = 0; n < count; n++)
        if (!(scale[n] >= 0) || isinf(scale[n]))
            return rondo__fail(err, RONDO_FORMAT,
                               "%s: tensor '%s' holds %g at place %lld (scales are finite and not negative)", path,
                               scales->name, (double)scale[n], (long long)n);
    return RONDO_OK;
}

static rondo_status check_bytes(const rondo__named *bytes, const char *path, rondo_error *err) {
    const int8_t *q = bytes->tensor.data;
    const int64_t count = rondo_tensor_count(&bytes->tensor);
    for (int64_t i = 0; i < count; i++)
        if (q[i] == -128)
            return rondo__fail(err, RONDO_FORMAT,
                               "%s: tensor '%s' holds -128 at place %lld (weights are within -127 and 127)", path,
                               bytes->name, (long long)i);
    return RONDO_OK;
}

rondo_status rondo__model_low_dtype(const rondo_param *param, const rondo__safetensors *file, const char *path,
                                    rondo_dtype *low, rondo_error *err) {
    const rondo__named *found = rondo__safetensors_find(file, param->name);
    *low = RONDO_REAL;
    if (!found || !rondo__model_is_low(file) || (found->tensor.dtype != RONDO_I8 && found->tensor.dtype != RONDO_BF16))
        return RONDO_OK;
    if (!rondo__param_may_be_low(param, found->tensor.dtype))
        return found->tensor.dtype == RONDO_BF16
                   ? RONDO_OK /* read as floats */
                   : rondo__fail(err, RONDO_FORMAT, "%s: tensor '%s' is I8 (only weights of products and look-ups are)",
                                 path, param->name);
    *low = found->tensor.dtype;
    if (*low == RONDO_BF16)
        return RONDO_OK;
    const rondo__named *scales = beside(file, param->name, RONDO__SCALE);
    const rondo__named *input = beside(file, param->name, RONDO__INPUT_SCALE);
    if (!scales)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: tensor '%s' is I8, but '%s%s' is missing (the file is spoilt; export "
                           "it again)",
                           path, param->name, param->name, RONDO__SCALE);
    rondo_status status = check_scales(scales, param->value.dims[0], path, err);
    if (!status && input)
        status = check_scales(input, 1, path, err);
    return status ? status : check_bytes(found, path, err);
}

bool rondo__model_is_scale(rondo_params *params, const rondo__safetensors *file, const char *name) {
    static const char *const endings[] = {RONDO__INPUT_SCALE, RONDO__SCALE};
    const size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings && rondo__model_is_low(file); i++) {
        char of[MOST_NAME];
        const size_t ending = strlen(endings[i]);
        if (length <= ending || length >= sizeof of || strcmp(name + length - ending, endings[i]) != 0)
            continue;
        memcpy(of, name, length - ending);
        of[length - ending] = '\0';
        const rondo__named *weights = rondo__safetensors_find(file, of);
        if (rondo_params_find(params, of) >= 0 && weights && weights->tensor.dtype == RONDO_I8)
            return true;
    }
    return false;
}

void rondo__model_low_values(rondo_params *params, int index, const rondo__safetensors *file) {
    const rondo_param *param = rondo_params_at(params, index);
    rondo__stored *stored = rondo__params_stored(params, index);
    const rondo__named *found = rondo__safetensors_find(file, param->name);
    const rondo__named *scales = beside(file, param->name, RONDO__SCALE);
    const rondo__named *input = beside(file, param->name, RONDO__INPUT_SCALE);
    memcpy((void *)(uintptr_t)stored->data, found->tensor.data,
           (size_t)rondo_tensor_count(&param->value) * rondo_dtype_bytes(stored->dtype));
    if (stored->dtype != RONDO_I8)
        return;
    memcpy((void *)(uintptr_t)stored->scale, scales->tensor.data, (size_t)stored->rows * sizeof *stored->scale);
    stored->most = input ? *(const float *)input->tensor.data * 127.0f : 0;
}

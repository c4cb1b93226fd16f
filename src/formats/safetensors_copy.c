/* Copying a tensor of a file into numbers of the library, whatever float type the file holds. */
#include <string.h>

#include "formats/half.h"
#include "formats/json_text.h"
#include "formats/safetensors.h"

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* False: not a type of real numbers. */
static bool convert(rondo_real *out, const rondo_tensor *from, int64_t count) {
    const void *data = from->data;
    switch (from->dtype) {
    case RONDO_F32:
        for (int64_t i = 0; i < count; i++)
            out[i] = (rondo_real)((const float *)data)[i];
        return true;
    case RONDO_F64:
        for (int64_t i = 0; i < count; i++)
            out[i] = (rondo_real)((const double *)data)[i];
        return true;
    case RONDO_F16:
        for (int64_t i = 0; i < count; i++)
            out[i] = (rondo_real)rondo__half_get(((const uint16_t *)data)[i]);
        return true;
    case RONDO_BF16:
        for (int64_t i = 0; i < count; i++)
            out[i] = (rondo_real)from_bits((uint32_t)((const uint16_t *)data)[i] << 16);
        return true;
    default:
        return false;
    }
}

/* "(2, 3)" */
static rondo__shown show_shape(const rondo_tensor *tensor) {
    rondo__text text = {0};
    rondo__shown shown;
    rondo__text_add(&text, "(", 1);
    for (int d = 0; d < tensor->rank; d++)
        rondo__text_format(&text, "%s%lld", d ? ", " : "", (long long)tensor->dims[d]);
    rondo__text_add(&text, ")", 1);
    shown = rondo__show(text.data && !text.failed ? text.data : "(...)");
    rondo__text_free(&text);
    return shown;
}

static bool same_shape(const rondo_tensor *a, const rondo_tensor *b) {
    return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof a->dims[0]) == 0;
}

rondo_status rondo__safetensors_copy(const rondo__safetensors *file, const char *name, const rondo_tensor *out,
                                     rondo_error *err) {
    const rondo__named *from = rondo__safetensors_find(file, name);
    const rondo__shown shown = rondo__show(name);
    if (!from)
        return rondo__fail(err, RONDO_FORMAT, "tensor '%s' is not in the file", shown.text);
    if (out->dtype != RONDO_REAL)
        return rondo__fail(err, RONDO_ARGUMENT, "tensor '%s': can only be copied into %s", shown.text,
                           rondo_dtype_name(RONDO_REAL));
    if (!same_shape(&from->tensor, out))
        return rondo__fail(err, RONDO_SHAPE, "tensor '%s' has shape %s in the file, the model needs %s", shown.text,
                           show_shape(&from->tensor).text, show_shape(out).text);
    if (!convert(out->data, &from->tensor, rondo_tensor_count(out)))
        return rondo__fail(err, RONDO_FORMAT, "tensor '%s' is %s in the file, real numbers are needed", shown.text,
                           rondo_dtype_name(from->tensor.dtype));
    return RONDO_OK;
}

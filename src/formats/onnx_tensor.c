/* Arrays of an ONNX file. The numbers stand in one of six fields, by their type, or in a file of their own; where they
 * lie in the unpacked message as we want them, they stay there. */
#include "formats/onnx.h"

#ifdef RONDO_HAVE_PROTOBUF_C
#include <string.h>

#include "formats/onnx_parts.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw data are read as they lie in memory");

static rondo_status bad(const rondo__onnx_reader *r, const RondoOnnx__Tensor *from, const char *what) {
    return rondo__fail(r->err, RONDO_FORMAT, "%s: tensor '%s': %s", r->label,
                       rondo__show(rondo__onnx_string(from->name)).text, what);
}

static rondo_status take_shape(const rondo__onnx_reader *r, const RondoOnnx__Tensor *from, rondo__onnx_tensor *out,
                               size_t *bytes) {
    bool empty = false;
    if (!rondo__onnx_dtype(from->data_type, &out->dtype))
        return rondo__fail(r->err, RONDO_UNSUPPORTED,
                           "%s: tensor '%s' is %s (numbers of 8, 32 and 64 bits, half floats "
                           "and bool can be read)",
                           r->label, rondo__show(rondo__onnx_string(from->name)).text,
                           rondo__onnx_type_name(from->data_type));
    if (from->n_dims > RONDO__ONNX_RANK)
        return bad(r, from, "has more than 8 dimensions");
    *bytes = rondo_dtype_bytes(out->dtype);
    out->rank = (int)from->n_dims;
    for (int d = 0; d < out->rank; d++) {
        out->dims[d] = from->dims[d];
        if (out->dims[d] < 0)
            return bad(r, from, "has a negative dimension");
        empty = empty || out->dims[d] == 0;
        if (out->dims[d] > 0 && !rondo__size_mul(*bytes, (size_t)out->dims[d], bytes))
            return bad(r, from, "its size overflows");
    }
    if (*bytes > PTRDIFF_MAX)
        return bad(r, from, "its size overflows");
    *bytes = empty ? 0 : *bytes;
    out->count = (int64_t)(*bytes / rondo_dtype_bytes(out->dtype));
    return RONDO_OK;
}

/* Small types are kept one number to an int32. */
static void narrow(rondo__onnx_tensor *out, const int32_t *from) {
    for (int64_t i = 0; i < out->count; i++) {
        if (out->dtype == RONDO_BOOL)
            ((uint8_t *)out->data)[i] = from[i] != 0;
        else if (rondo_dtype_bytes(out->dtype) == 1)
            ((uint8_t *)out->data)[i] = (uint8_t)from[i];
        else
            ((uint16_t *)out->data)[i] = (uint16_t)from[i];
    }
}

static rondo_status take_field(const rondo__onnx_reader *r, const RondoOnnx__Tensor *from, rondo__onnx_tensor *out,
                               size_t bytes) {
    size_t there = from->n_int32_data;
    void *data = from->int32_data;
    if (out->dtype == RONDO_F32) {
        there = from->n_float_data;
        data = from->float_data;
    } else if (out->dtype == RONDO_F64) {
        there = from->n_double_data;
        data = from->double_data;
    } else if (out->dtype == RONDO_I64) {
        there = from->n_int64_data;
        data = from->int64_data;
    }
    if (there != (size_t)out->count)
        return rondo__fail(r->err, RONDO_FORMAT, "%s: tensor '%s' needs %lld numbers, %zu are there", r->label,
                           rondo__show(rondo__onnx_string(from->name)).text, (long long)out->count, there);
    out->data = data;
    if (rondo_dtype_bytes(out->dtype) >= 4 && there > 0)
        return RONDO_OK;
    out->data = rondo__onnx_bytes(r, bytes);
    if (!out->data)
        return RONDO_MEMORY;
    narrow(out, data);
    return RONDO_OK;
}

static rondo_status take_outside(const rondo__onnx_reader *r, const RondoOnnx__Tensor *from, rondo__onnx_tensor *out,
                                 size_t bytes) {
    rondo_status status = rondo__onnx_external(r, from, bytes, NULL);
    if (status)
        return status;
    out->data = rondo__onnx_bytes(r, bytes);
    return out->data ? rondo__onnx_external(r, from, bytes, out->data) : RONDO_MEMORY;
}

rondo_status rondo__onnx_take_tensor(const rondo__onnx_reader *r, const RondoOnnx__Tensor *from,
                                     rondo__onnx_tensor *out) {
    size_t bytes;
    rondo_status status = take_shape(r, from, out, &bytes);
    out->name = rondo__onnx_string(from->name);
    if (status)
        return status;
    if (from->data_location == 1) {
        status = take_outside(r, from, out, bytes);
    } else if (from->has_raw_data && (from->raw_data.len > 0 || bytes > 0) && from->n_float_data == 0 &&
               from->n_int32_data == 0 && from->n_int64_data == 0 && from->n_double_data == 0) {
        if (from->raw_data.len != bytes)
            return rondo__fail(r->err, RONDO_FORMAT, "%s: tensor '%s' needs %zu bytes, %zu are there", r->label,
                               rondo__show(out->name).text, bytes, from->raw_data.len);
        out->data = from->raw_data.data;
    } else {
        status = take_field(r, from, out, bytes);
    }
    for (int64_t i = 0; !status && out->dtype == RONDO_BOOL && i < out->count; i++)
        ((uint8_t *)out->data)[i] = ((uint8_t *)out->data)[i] != 0;
    return status;
}
#endif

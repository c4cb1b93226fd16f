/* Arrays of any type: see array.h. */
#include "exchange/array.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/half.h"

struct rondo__shared {
    int64_t holders;
    char fill[RONDO_ALIGN - sizeof(int64_t)];
};

bool rondo__array_make(rondo__array *out, rondo_dtype dtype, int rank, const int64_t *dims) {
    size_t bytes = rondo_dtype_bytes(dtype), all;
    bool empty = false;
    *out = (rondo__array){.dtype = dtype, .rank = rank, .count = 1};
    for (int d = 0; d < rank; d++) {
        out->dims[d] = dims[d];
        empty = empty || dims[d] == 0;
        if (dims[d] != 0 && !rondo__size_mul(bytes, (size_t)dims[d], &bytes))
            return false;
    }
    if (bytes > PTRDIFF_MAX || !rondo__size_add(empty ? 0 : bytes, sizeof(rondo__shared), &all))
        return false;
    out->shared = rondo__alloc(all);
    if (!out->shared)
        return false;
    out->shared->holders = 1;
    out->data = out->shared + 1;
    out->count = empty ? 0 : (int64_t)(bytes / rondo_dtype_bytes(dtype));
    return true;
}

void rondo__array_share(rondo__array *out, const rondo__array *from) {
    *out = *from;
    if (out->shared)
        out->shared->holders++;
}

void rondo__array_reshape(rondo__array *out, const rondo__array *from, int rank, const int64_t *dims) {
    rondo__array_share(out, from);
    out->rank = rank;
    memcpy(out->dims, dims, (size_t)rank * sizeof *dims);
}

void rondo__array_drop(rondo__array *array) {
    if (array->shared && --array->shared->holders == 0)
        rondo__free(array->shared);
    *array = (rondo__array){0};
}

/* ---- numbers in and out ---- */

#define EACH(type, expression)                                                                                         \
    do {                                                                                                               \
        const type *p = (const type *)a->data + at;                                                                    \
        for (int64_t i = 0; i < n; i++)                                                                                \
            out[i] = expression;                                                                                       \
    } while (0)

void rondo__array_read(const rondo__array *a, int64_t at, int64_t n, double *out) {
    switch (a->dtype) {
    case RONDO_F32:
        EACH(float, (double)p[i]);
        break;
    case RONDO_F64:
        EACH(double, p[i]);
        break;
    case RONDO_F16:
        EACH(uint16_t, rondo__half_get(p[i]));
        break;
    case RONDO_BF16:
        EACH(uint16_t, rondo__bfloat_get(p[i]));
        break;
    case RONDO_I32:
        EACH(int32_t, (double)p[i]);
        break;
    case RONDO_I64:
        EACH(int64_t, (double)p[i]);
        break;
    case RONDO_I8:
        EACH(int8_t, (double)p[i]);
        break;
    case RONDO_U8:
    case RONDO_BOOL:
        EACH(uint8_t, (double)p[i]);
        break;
    }
}

/* What does not fit becomes the nearest that does; not-a-number becomes 0. */
static int64_t cut_off(double x) {
    if (isnan(x))
        return 0;
    return x >= 9223372036854775807.0 ? INT64_MAX : x <= -9223372036854775808.0 ? INT64_MIN : (int64_t)x;
}

void rondo__array_read_whole(const rondo__array *a, int64_t at, int64_t n, int64_t *out) {
    switch (a->dtype) {
    case RONDO_I32:
        EACH(int32_t, p[i]);
        break;
    case RONDO_I64:
        EACH(int64_t, p[i]);
        break;
    case RONDO_I8:
        EACH(int8_t, p[i]);
        break;
    case RONDO_U8:
    case RONDO_BOOL:
        EACH(uint8_t, p[i]);
        break;
    default:
        for (int64_t i = 0; i < n; i++) {
            double x = 0;
            rondo__array_read(a, at + i, 1, &x);
            out[i] = cut_off(x);
        }
    }
}
#undef EACH

#define EACH(type, expression)                                                                                         \
    do {                                                                                                               \
        type *p = (type *)a->data + at;                                                                                \
        for (int64_t i = 0; i < n; i++)                                                                                \
            p[i] = (type)(expression);                                                                                 \
    } while (0)

void rondo__array_write(const rondo__array *a, int64_t at, int64_t n, const double *from) {
    switch (a->dtype) {
    case RONDO_F32:
        EACH(float, from[i]);
        break;
    case RONDO_F64:
        EACH(double, from[i]);
        break;
    case RONDO_F16:
        EACH(uint16_t, rondo__half_put(from[i]));
        break;
    case RONDO_BF16:
        EACH(uint16_t, rondo__bfloat_put(from[i]));
        break;
    case RONDO_I32:
        EACH(int32_t, cut_off(from[i]));
        break;
    case RONDO_I64:
        EACH(int64_t, cut_off(from[i]));
        break;
    case RONDO_I8:
        EACH(int8_t, cut_off(from[i]));
        break;
    case RONDO_U8:
        EACH(uint8_t, cut_off(from[i]));
        break;
    case RONDO_BOOL:
        EACH(uint8_t, from[i] != 0);
        break;
    }
}

void rondo__array_write_whole(const rondo__array *a, int64_t at, int64_t n, const int64_t *from) {
    switch (a->dtype) {
    case RONDO_I32:
        EACH(int32_t, from[i]);
        break;
    case RONDO_I64:
        EACH(int64_t, from[i]);
        break;
    case RONDO_I8:
        EACH(int8_t, from[i]);
        break;
    case RONDO_U8:
        EACH(uint8_t, from[i]);
        break;
    case RONDO_BOOL:
        EACH(uint8_t, from[i] != 0);
        break;
    default:
        for (int64_t i = 0; i < n; i++) {
            const double x = (double)from[i];
            rondo__array_write(a, at + i, 1, &x);
        }
    }
}
#undef EACH

double *rondo__array_doubles(const rondo__array *a) {
    size_t bytes;
    double *all = rondo__size_mul((size_t)a->count, sizeof *all, &bytes) ? rondo__alloc(bytes) : NULL;
    if (all)
        rondo__array_read(a, 0, a->count, all);
    return all;
}

rondo__dims_text rondo__dims_show(int rank, const int64_t *dims) {
    rondo__dims_text out = {"("};
    size_t used = 1;
    for (int d = 0; d < rank && used < sizeof out.text - 24; d++) {
        const char *comma = d ? ", " : "";
        if (dims[d] < 0)
            used += (size_t)snprintf(out.text + used, sizeof out.text - used, "%s?", comma);
        else
            used += (size_t)snprintf(out.text + used, sizeof out.text - used, "%s%lld", comma, (long long)dims[d]);
    }
    snprintf(out.text + used, sizeof out.text - used, ")");
    return out;
}

/* Descriptions of arrays: see rondo/tensor.h. */
#include "rondo/tensor.h"

#include "core/core.h"

int64_t rondo_tensor_count(const rondo_tensor *tensor) {
    int64_t count = 1;
    for (int i = 0; i < tensor->rank; i++)
        count *= tensor->dims[i];
    return count;
}

size_t rondo_dtype_bytes(rondo_dtype dtype) {
    switch (dtype) {
    case RONDO_F64:
    case RONDO_I64:
        return 8;
    case RONDO_F32:
    case RONDO_I32:
        return 4;
    case RONDO_BF16:
    case RONDO_F16:
        return 2;
    case RONDO_U8:
    case RONDO_I8:
    case RONDO_BOOL:
        return 1;
    }
    return 0;
}

const char *rondo_dtype_name(rondo_dtype dtype) {
    static const char *const names[] = {
        [RONDO_F32] = "F32",   [RONDO_F64] = "F64", [RONDO_I32] = "I32", [RONDO_I64] = "I64",  [RONDO_U8] = "U8",
        [RONDO_BF16] = "BF16", [RONDO_F16] = "F16", [RONDO_I8] = "I8",   [RONDO_BOOL] = "BOOL"};
    return (unsigned)dtype < sizeof names / sizeof *names ? names[dtype] : "unknown";
}

rondo_status rondo_tensor_check(const rondo_tensor *tensor, rondo_error *err) {
    if (!tensor)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_tensor_check: the tensor is NULL");
    size_t size = rondo_dtype_bytes(tensor->dtype);
    if (size == 0)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_tensor_check: dtype %d is not known", (int)tensor->dtype);
    if (tensor->rank < 0 || tensor->rank > RONDO_MAX_RANK)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_tensor_check: rank %d is outside 0..%d", tensor->rank,
                           RONDO_MAX_RANK);
    bool empty = false;
    for (int i = 0; i < tensor->rank; i++) {
        int64_t dim = tensor->dims[i];
        if (dim < 0)
            return rondo__fail(err, RONDO_ARGUMENT, "rondo_tensor_check: dimension %d is %lld (it must be 0 or more)",
                               i, (long long)dim);
        empty |= dim == 0;
        if (dim > 0 && (!rondo__size_mul(size, (size_t)dim, &size) || size > PTRDIFF_MAX))
            return rondo__fail(err, RONDO_ARGUMENT, "rondo_tensor_check: the size in bytes overflows at dimension %d",
                               i);
    }
    if (!tensor->data && !empty)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_tensor_check: data is NULL but the tensor has elements");
    return RONDO_OK;
}

rondo_tensor rondo_tensor_view(rondo_dtype dtype, void *data, int rank, const int64_t *dims) {
    rondo_tensor tensor = {.dtype = dtype, .rank = rank, .data = data};
    for (int i = 0; i < rank && i < RONDO_MAX_RANK; i++)
        tensor.dims[i] = dims[i];
    return tensor;
}

#include "exchange/strided.h"

#include <string.h>

void rondo__strides(int rank, const int64_t *dims, int64_t *out) {
    int64_t stride = 1;
    for (int d = rank - 1; d >= 0; d--) {
        out[d] = stride;
        stride *= dims[d];
    }
}

/* n elements along one dimension. */
static void copy_line(size_t bytes, int64_t n, char *to, int64_t to_stride, const char *from, int64_t from_stride) {
    if (to_stride == 1 && from_stride == 1) {
        memcpy(to, from, (size_t)n * bytes);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy(to + i * to_stride * (int64_t)bytes, from + i * from_stride * (int64_t)bytes, bytes);
}

void rondo__box_copy(const rondo__box *box, void *to, const void *from) {
    int64_t index[RONDO__ONNX_RANK] = {0};
    const int64_t bytes = (int64_t)box->bytes;
    const int inner = box->rank - 1;
    char *t = to;
    const char *f = from;
    for (int d = 0; d < box->rank; d++)
        if (box->dims[d] == 0)
            return;
    if (box->rank == 0) {
        memcpy(to, from, box->bytes);
        return;
    }
    for (;;) {
        int d = inner - 1;
        copy_line(box->bytes, box->dims[inner], t, box->to_stride[inner], f, box->from_stride[inner]);
        for (; d >= 0; d--) {
            t += box->to_stride[d] * bytes;
            f += box->from_stride[d] * bytes;
            if (++index[d] < box->dims[d])
                break;
            t -= box->to_stride[d] * bytes * box->dims[d];
            f -= box->from_stride[d] * bytes * box->dims[d];
            index[d] = 0;
        }
        if (d < 0)
            return;
    }
}

void rondo__copy_blocks(const rondo__array *to, int64_t to_at, int64_t to_inner, const rondo__array *from,
                        int64_t from_at, int64_t from_inner, int64_t n, int64_t outer) {
    const size_t bytes = rondo_dtype_bytes(to->dtype);
    for (int64_t o = 0; n > 0 && o < outer; o++)
        memcpy(rondo__element(to, o * to_inner + to_at), rondo__element(from, o * from_inner + from_at),
               (size_t)n * bytes);
}

/* Copying between arrays element by element with any strides: what Slice, Transpose, Expand, Concat, Split, Pad and
 * Tile come down to. */
#ifndef RONDO_EXCHANGE_STRIDED_H
#define RONDO_EXCHANGE_STRIDED_H

#include "exchange/array.h"

/* A box of elements: dims (rank), to and from with their strides in elements (0 and below allowed), both of `bytes` per
 * element. */
typedef struct rondo__box {
    int rank;
    size_t bytes;
    int64_t dims[RONDO__ONNX_RANK], to_stride[RONDO__ONNX_RANK], from_stride[RONDO__ONNX_RANK];
} rondo__box;

void rondo__box_copy(const rondo__box *box, void *to, const void *from);
/* Strides of a contiguous array. */
void rondo__strides(int rank, const int64_t *dims, int64_t *out);
/* Rows of `outer` blocks; each holds to_inner (from_inner) elements, of which n are copied from the given places. */
void rondo__copy_blocks(const rondo__array *to, int64_t to_at, int64_t to_inner, const rondo__array *from,
                        int64_t from_at, int64_t from_inner, int64_t n, int64_t outer);
static inline char *rondo__element(const rondo__array *a, int64_t at) {
    return (char *)a->data + (size_t)at * rondo_dtype_bytes(a->dtype);
}

#endif

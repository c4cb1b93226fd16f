/* Weights of a model in use that stand in memory as its file holds them: whole numbers of 8 bits with a step per row,
 * or bfloat16. Products take them as they are (the same numbers that packing the floats for int8 or bf16 gives); a row
 * that is looked up is turned to floats as it is read.
 *
 *   int8: w[n][k] = data[n][k] * scale[n], data in [-127, 127], scale[n] the largest size of row n / 127 */
#ifndef RONDO_TENSOR_STORED_H
#define RONDO_TENSOR_STORED_H

#include <string.h>

#include "kernels/kernels.h"
#include "tensor/context.h"

typedef struct rondo__stored {
    rondo_dtype dtype;     /* RONDO_I8, RONDO_BF16; RONDO_REAL: float weights whose products are observed */
    int64_t rows, columns; /* N, K of x·Wᵀ */
    const void *data;
    const float *scale; /* int8: (rows) */
    float most;         /* int8: what rows of x are rounded by (rondo__note); 0: each by itself */
    struct rondo__observer *observer;
} rondo__stored;

/* Can a matrix with rows of this length be stored so? Sums of longer ones might not fit. */
bool rondo__stored_fits(rondo_dtype dtype, int64_t columns);

/* Rounds float rows. Returns false where a number is not finite (then the result is of no use). */
bool rondo__store_int8(int8_t *data, float *scale, const real *w, int64_t rows, int64_t columns);
void rondo__store_bf16(uint16_t *data, const real *w, int64_t rows, int64_t columns);

/* Rows [row, row + rows) as packed Wᵀ (columns, rows): rondo__packed_count(columns, rows) numbers. */
void rondo__stored_pack(rondo_context *context, real *dst, const rondo__stored *stored, int64_t row, int64_t rows);
/* One number; and row `row`, as floats. */
double rondo__stored_at(const rondo__stored *stored, int64_t row, int64_t column);
void rondo__stored_row(const rondo__stored *stored, int64_t row, real *out);
/* Row `row` of a matrix (rows, columns) of numbers or, where stored is not NULL, of that. */
static inline void rondo__matrix_row(const rondo_tensor *matrix, const rondo__stored *stored, int64_t row, real *out) {
    const int64_t columns = matrix->dims[matrix->rank - 1];
    if (stored)
        rondo__stored_row(stored, row, out);
    else
        memcpy(out, (const real *)matrix->data + row * columns, (size_t)columns * sizeof *out);
}

/* A context that shares all of `context` (which outlives it), able to multiply with stored weights. */
rondo_context rondo__context_mixed(const rondo_context *context);
bool rondo__context_is_mixed(const rondo_context *context);

#endif

/* Tensors: contiguous, row-major arrays of up to 4 dimensions. A tensor here only describes memory; who owns it is
 * said where it is made. Sequences are time-major: (T, B, features). */
#ifndef RONDO_TENSOR_H
#define RONDO_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "rondo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The number type of the library: float. The tests also build everything with double (RONDO_DOUBLE), where the
 * scalar code is the definition and gradients are checked. */
#ifdef RONDO_DOUBLE
typedef double rondo_real;
#else
typedef float rondo_real;
#endif

/* RONDO_BOOL: one byte, 0 or 1. */
typedef enum rondo_dtype {
    RONDO_F32,
    RONDO_F64,
    RONDO_I32,
    RONDO_I64,
    RONDO_U8,
    RONDO_BF16,
    RONDO_F16,
    RONDO_I8,
    RONDO_BOOL
} rondo_dtype;
#ifdef RONDO_DOUBLE
#define RONDO_REAL RONDO_F64
#else
#define RONDO_REAL RONDO_F32
#endif

typedef enum rondo_device { RONDO_CPU, RONDO_CUDA, RONDO_DEVICE_COUNT } rondo_device;

#define RONDO_MAX_RANK 4

typedef struct rondo_tensor {
    rondo_dtype dtype;
    int rank;                     /* 0 (a scalar) to 4 */
    int64_t dims[RONDO_MAX_RANK]; /* dims[0..rank) */
    void *data;
} rondo_tensor;

/* Number of elements; 1 for rank 0. The tensor must be valid (rondo_tensor_check). */
RONDO_API int64_t rondo_tensor_count(const rondo_tensor *tensor);
/* Bytes of one element. */
RONDO_API size_t rondo_dtype_bytes(rondo_dtype dtype);
/* "F32", "I64", ... as safetensors names them. */
RONDO_API const char *rondo_dtype_name(rondo_dtype dtype);
/* RONDO_ARGUMENT if a dimension is negative, the rank is off or the size in bytes overflows. */
RONDO_API rondo_status rondo_tensor_check(const rondo_tensor *tensor, rondo_error *err);
/* A view of data with the given shape (rank numbers of dims). Owns nothing. */
RONDO_API rondo_tensor rondo_tensor_view(rondo_dtype dtype, void *data, int rank, const int64_t *dims);

#ifdef __cplusplus
}
#endif
#endif

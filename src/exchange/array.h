/* Arrays as the graph executor passes them: any type, up to 8 dimensions, the numbers counted by reference.
 *
 * Operators compute in two kinds of numbers: double for all floating types, int64 for whole numbers and bool. Arrays
 * are read into these and written from these in blocks of RONDO__CHUNK, so that no operator knows the types: a float
 * sum that is made in double and rounded once is the float sum. */
#ifndef RONDO_EXCHANGE_ARRAY_H
#define RONDO_EXCHANGE_ARRAY_H

#include "core/core.h"
#include "formats/onnx.h"

#define RONDO__CHUNK 512

typedef struct rondo__shared rondo__shared;
typedef struct rondo__array {
    rondo_dtype dtype;
    int rank;
    int64_t dims[RONDO__ONNX_RANK];
    int64_t count;
    void *data;            /* NULL: there is no array */
    rondo__shared *shared; /* NULL: data is somebody else's, who outlives this */
} rondo__array;

static inline bool rondo__is_float(rondo_dtype t) {
    return t == RONDO_F32 || t == RONDO_F64 || t == RONDO_F16 || t == RONDO_BF16;
}

/* A new array, not cleared. False: no memory, or a size that overflows. */
bool rondo__array_make(rondo__array *out, rondo_dtype dtype, int rank, const int64_t *dims);
/* Another reference to the same numbers. */
void rondo__array_share(rondo__array *out, const rondo__array *from);
/* The same numbers under another shape of the same count. */
void rondo__array_reshape(rondo__array *out, const rondo__array *from, int rank, const int64_t *dims);
void rondo__array_drop(rondo__array *array);

/* Elements [at, at + n) as numbers, and back; conversion as Cast does it: to whole numbers cut off, to bool != 0. */
void rondo__array_read(const rondo__array *a, int64_t at, int64_t n, double *out);
void rondo__array_read_whole(const rondo__array *a, int64_t at, int64_t n, int64_t *out);
void rondo__array_write(const rondo__array *a, int64_t at, int64_t n, const double *from);
void rondo__array_write_whole(const rondo__array *a, int64_t at, int64_t n, const int64_t *from);

/* All elements in new memory of rondo__alloc, NULL when there is none. */
double *rondo__array_doubles(const rondo__array *a);
static inline int64_t rondo__array_whole_at(const rondo__array *a, int64_t at) {
    int64_t x;
    rondo__array_read_whole(a, at, 1, &x);
    return x;
}
static inline double rondo__array_at(const rondo__array *a, int64_t at) {
    double x;
    rondo__array_read(a, at, 1, &x);
    return x;
}

/* Product of dims [begin, end). */
static inline int64_t rondo__span(const int64_t *dims, int begin, int end) {
    int64_t n = 1;
    for (int d = begin; d < end; d++)
        n *= dims[d];
    return n;
}

/* "(3, 4)" for messages. */
typedef struct rondo__dims_text {
    char text[128];
} rondo__dims_text;
rondo__dims_text rondo__dims_show(int rank, const int64_t *dims);

#endif

/* Named arrays in files: .npy and .npz of NumPy, .safetensors. Reading one never runs code. */
#ifndef RONDO_ARRAYS_H
#define RONDO_ARRAYS_H

#include "rondo/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rondo_arrays rondo_arrays;

/* Reads all arrays of a file; its name says of which kind. In an .npy file the one array has the file's name without
 * folder and ending, in an .npz file the names lose their ".npy". On success *out is owned by the caller
 * (rondo_arrays_free). */
RONDO_API rondo_status rondo_arrays_read(rondo_arrays **out, const char *path, rondo_error *err);
/* Frees and nulls; NULL and *arrays == NULL are fine. */
RONDO_API void rondo_arrays_free(rondo_arrays **arrays);
RONDO_API int rondo_arrays_count(const rondo_arrays *arrays);
/* The index-th array, in the file's order; the data live until rondo_arrays_free. */
RONDO_API const char *rondo_arrays_name(const rondo_arrays *arrays, int index);
RONDO_API const rondo_tensor *rondo_arrays_at(const rondo_arrays *arrays, int index);

/* Writes one array as .npy, atomically. NumPy has no bfloat16: it becomes float, which holds it exactly. */
RONDO_API rondo_status rondo_array_write(const char *path, const rondo_tensor *tensor, rondo_error *err);

#ifdef __cplusplus
}
#endif
#endif

/* NumPy's .npy: one array in one file. Types f2, f4, f8, i1, i4, i8, u1, b1; little-endian; arrays in Fortran order
 * are read into C order. The reader trusts nothing. */
#ifndef RONDO_FORMATS_NPY_H
#define RONDO_FORMATS_NPY_H

#include "core/core.h"
#include "rondo/tensor.h"

/* On success out->data comes from rondo__alloc (free with rondo__free). Versions 1 to 3. */
rondo_status rondo__npy_read(rondo_tensor *out, const char *path, rondo_error *err);
rondo_status rondo__npy_parse(rondo_tensor *out, const char *label, const void *data, size_t size, rondo_error *err);
/* Atomic; the same array gives the same bytes, those that NumPy writes. */
rondo_status rondo__npy_write(const char *path, const rondo_tensor *tensor, rondo_error *err);

#endif

/* NumPy's .npz: a zip archive of .npy files. */
#ifndef RONDO_FORMATS_NPZ_H
#define RONDO_FORMATS_NPZ_H

#include "core/core.h"
#include "rondo/tensor.h"

typedef struct rondo__npz {
    int count, room;
    char **name;          /* without ".npy" */
    rondo_tensor *tensor; /* data from rondo__alloc */
} rondo__npz;

/* Unpacked, all arrays together may take 1032 times the file's size and no more (what deflate can do at most), and as
 * memory is taken only for bytes that came, a file cannot ask for more than it can fill. RONDO_UNSUPPORTED without
 * libarchive. */
rondo_status rondo__npz_read(rondo__npz *out, const char *path, rondo_error *err);
rondo_status rondo__npz_parse(rondo__npz *out, const char *label, const void *data, size_t size, rondo_error *err);
void rondo__npz_free(rondo__npz *npz);

#endif

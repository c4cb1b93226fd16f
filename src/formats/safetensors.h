/* safetensors: named arrays and string metadata in one file. The reader treats the file as hostile. */
#ifndef RONDO_FORMATS_SAFETENSORS_H
#define RONDO_FORMATS_SAFETENSORS_H

#include "core/core.h"
#include "rondo/tensor.h"

typedef struct rondo__named {
    const char *name;
    rondo_tensor tensor; /* data: the reader's memory (64-byte aligned, until free) or the caller's (writer) */
} rondo__named;
typedef struct rondo__pair {
    const char *key, *value;
} rondo__pair;

typedef struct rondo__safetensors rondo__safetensors;
/* Reads and checks everything: header JSON, dtypes, shapes, offsets (no gap, no overlap, no overflow), duplicate names.
 * Every error names the file and the tensor or byte. */
rondo_status rondo__safetensors_read(rondo__safetensors **out, const char *path, rondo_error *err);
rondo_status rondo__safetensors_parse(rondo__safetensors **out, const char *label, const void *data, size_t size,
                                      rondo_error *err); /* copies data; for tests and fuzzing */
void rondo__safetensors_free(rondo__safetensors **file);
int rondo__safetensors_count(const rondo__safetensors *file);
const rondo__named *rondo__safetensors_at(const rondo__safetensors *file, int index);
const rondo__named *rondo__safetensors_find(const rondo__safetensors *file, const char *name); /* NULL: absent */
const char *rondo__safetensors_metadata(const rondo__safetensors *file, const char *key);      /* NULL: absent */
/* Copies tensor NAME into out (count numbers of real), converting F64/F32/F16/BF16; checks the shape. */
rondo_status rondo__safetensors_copy(const rondo__safetensors *file, const char *name, const rondo_tensor *out,
                                     rondo_error *err);
/* RONDO__UNSIGNED: it carries no checksum, or one that another program copied and that says nothing of this file. A
 * wrong one is no state: reading fails. */
typedef enum rondo__signature { RONDO__UNSIGNED, RONDO__SIGNED } rondo__signature;
rondo__signature rondo__safetensors_signature(const rondo__safetensors *file);
/* Writes atomically; the same input gives the same bytes. The data begin 64-byte aligned in the file; arrays follow
 * each other in the given order without gaps (so put those of odd sizes last). Needs no JSON library. */
rondo_status rondo__safetensors_write(const char *path, int count, const rondo__named *tensors, int pairs,
                                      const rondo__pair *metadata, rondo_error *err);
#endif

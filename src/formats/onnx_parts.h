/* What the files of the ONNX reader share. */
#ifndef RONDO_FORMATS_ONNX_PARTS_H
#define RONDO_FORMATS_ONNX_PARTS_H

#include "formats/json_text.h"
#include "formats/onnx.h"
#include "onnx.pb-c.h" /* generated from onnx.proto */

/* What a model owns: the unpacked message, to which its strings and most arrays point, our own structs, and the arrays
 * that had to be converted or came from other files. */
typedef struct rondo__onnx_memory {
    RondoOnnx__Model *message;
    rondo__arena arena;
    struct rondo__onnx_block *blocks;
    size_t budget; /* bytes that unpacking may still take */
    bool no_memory;
} rondo__onnx_memory;

typedef struct rondo__onnx_reader {
    rondo__onnx *model;
    const char *label, *folder;
    rondo_error *err;
} rondo__onnx_reader;

/* From the arena, cleared; NULL and the error recorded when there is no memory. */
void *rondo__onnx_push(const rondo__onnx_reader *r, size_t count, size_t bytes);
/* An array of the model's own. */
void *rondo__onnx_bytes(const rondo__onnx_reader *r, size_t bytes);
/* onnx_tensor.c */
rondo_status rondo__onnx_take_tensor(const rondo__onnx_reader *r, const RondoOnnx__Tensor *from,
                                     rondo__onnx_tensor *out);
/* onnx_external.c: bytes of a data file in the model's folder. */
rondo_status rondo__onnx_external(const rondo__onnx_reader *r, const RondoOnnx__Tensor *from, size_t bytes, void *out);

static inline const char *rondo__onnx_string(const char *s) { return s ? s : ""; }

#endif

/* What the files of the ONNX writer share. */
#ifndef RONDO_FORMATS_ONNX_OUT_PARTS_H
#define RONDO_FORMATS_ONNX_OUT_PARTS_H

#include "formats/onnx.h"
#include "formats/onnx_out.h"

typedef struct rondo__onnx_array {
    int value;
    rondo__text head; /* the message but for its numbers */
    void *data;
    size_t bytes;
    bool shared;       /* a small constant, which serves again */
    rondo_dtype dtype; /* and its type and rank */
    int rank;
} rondo__onnx_array;

typedef struct rondo__onnx_memo {
    const void *source;
    int value;
} rondo__onnx_memo;

struct rondo__onnx_out {
    rondo_status status;
    char message[sizeof((rondo_error *)0)->message];
    rondo__text names; /* one after the other, each with its end */
    size_t *name_at;   /* by value */
    int values, name_room;
    rondo__text graph[RONDO__ONNX_DEPTH]; /* fields of the graphs that are being written, the innermost last */
    int depth, nodes;
    rondo__onnx_array *array;
    int arrays, array_room;
    rondo__onnx_memo memory[64];
    int remembered;
    rondo__text notes; /* fields of the model */
};

const char *rondo__onnx_name_of(const rondo__onnx_out *out, int value);
void rondo__onnx_node_to(rondo__onnx_out *out, const char *op, int inputs, const int *input, int outputs,
                         const int *output, const rondo__onnx_give *give);

/* ---- fields of messages ---- */
void rondo__wire_number(rondo__text *to, uint64_t n);
void rondo__wire_whole(rondo__text *to, int field, int64_t n);
void rondo__wire_bytes(rondo__text *to, int field, const void *data, size_t size);
void rondo__wire_string(rondo__text *to, int field, const char *s);
/* Adds inner as a message, and frees it. */
void rondo__wire_message(rondo__text *to, int field, rondo__text *inner);

#endif

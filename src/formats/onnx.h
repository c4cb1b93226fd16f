/* ONNX files: bytes to a checked tree of graphs, nodes and named arrays. No knowledge of operators.
 *
 * The file is hostile: nesting is bounded before anything is unpacked, memory while unpacking is bounded by the size of
 * the file, every array has as many bytes as its shape and type say, data in other files are confined to the model's
 * folder. Whether the names make a graph (nothing twice, nothing before it is made) is the reader's next question:
 * exchange/onnx_plan.c. */
#ifndef RONDO_FORMATS_ONNX_H
#define RONDO_FORMATS_ONNX_H

#include "core/core.h"
#include "rondo/tensor.h"

#define RONDO__ONNX_RANK 8   /* most dimensions of an array */
#define RONDO__ONNX_DEPTH 12 /* most graphs within each other */

typedef struct rondo__onnx_tensor {
    const char *name;
    rondo_dtype dtype;
    int rank;
    int64_t dims[RONDO__ONNX_RANK];
    int64_t count;
    void *data; /* the model's */
} rondo__onnx_tensor;

/* An input or output. dims: -1 where the file leaves it open, then with its name or NULL. */
typedef struct rondo__onnx_value {
    const char *name;
    bool typed; /* dtype is known */
    rondo_dtype dtype;
    int rank; /* -1: not said */
    int64_t dims[RONDO__ONNX_RANK];
    const char *dim_names[RONDO__ONNX_RANK];
} rondo__onnx_value;

/* Values are those of the format. */
typedef enum rondo__onnx_kind {
    RONDO__ONNX_FLOAT = 1,
    RONDO__ONNX_INT = 2,
    RONDO__ONNX_STRING = 3,
    RONDO__ONNX_TENSOR = 4,
    RONDO__ONNX_GRAPH = 5,
    RONDO__ONNX_FLOATS = 6,
    RONDO__ONNX_INTS = 7,
    RONDO__ONNX_STRINGS = 8
} rondo__onnx_kind;

typedef struct rondo__onnx_graph rondo__onnx_graph;
typedef struct rondo__onnx_attribute {
    const char *name;
    rondo__onnx_kind kind;
    float f;
    int64_t i;
    const char *s;
    int64_t count; /* of the list */
    const float *floats;
    const int64_t *ints;
    const char *const *strings;
    const rondo__onnx_tensor *tensor;
    const rondo__onnx_graph *graph;
} rondo__onnx_attribute;

typedef struct rondo__onnx_node {
    const char *name, *op, *domain; /* never NULL; domain "" is ONNX's own */
    int inputs, outputs, attributes;
    const char *const *input; /* "": absent */
    const char *const *output;
    const rondo__onnx_attribute *attribute;
} rondo__onnx_node;

struct rondo__onnx_graph {
    const char *name;
    int nodes, initialisers, inputs, outputs;
    const rondo__onnx_node *node;
    const rondo__onnx_tensor *initialiser;
    const rondo__onnx_value *input, *output;
};

typedef struct rondo__onnx {
    const char *label; /* for messages: the path */
    const char *producer, *producer_version;
    int64_t ir_version;
    int64_t opset; /* of ONNX's own operators */
    const rondo__onnx_graph *graph;
    struct rondo__onnx_memory *memory;
} rondo__onnx;

/* On success *out is freed by rondo__onnx_free. RONDO_UNSUPPORTED in a build without protobuf-c. */
rondo_status rondo__onnx_read(rondo__onnx **out, const char *path, rondo_error *err);
/* folder: where data files are looked for; NULL: none may be named. */
rondo_status rondo__onnx_parse(rondo__onnx **out, const char *label, const char *folder, const void *data, size_t size,
                               rondo_error *err);
void rondo__onnx_free(rondo__onnx **model);

/* The format's number of a type (1: float, ...); 0 where it has none. And back: false where we have none. */
int rondo__onnx_type_number(rondo_dtype dtype);
bool rondo__onnx_dtype(int64_t number, rondo_dtype *out);
/* A name for any number of a type, for messages. */
const char *rondo__onnx_type_name(int64_t number);

/* onnx_nesting.c: no more than RONDO__ONNX_DEPTH graphs within each other, all lengths within their message. */
rondo_status rondo__onnx_check_nesting(const char *label, const void *data, size_t size, rondo_error *err);

#endif

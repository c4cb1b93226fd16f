/* Models of other makers: an ONNX file, read, checked and run on arrays.
 *
 * All that is refused is refused by rondo_graph_load, before anything runs: an operator, an attribute or a type that is
 * not supported is named together with the node that holds it. Shapes are what the inputs say. Recurrent nodes (RNN,
 * GRU, LSTM) take everything that their specification has; docs/onnx.md lists the operators. */
#ifndef RONDO_GRAPH_H
#define RONDO_GRAPH_H

#include "rondo/context.h"
#include "rondo/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rondo_graph rondo_graph;

/* What goes in or comes out. dims are -1 where the file leaves them open, rank is -1 where it says nothing. */
typedef struct rondo_graph_port {
    const char *name;
    bool typed; /* dtype is known */
    rondo_dtype dtype;
    int rank;
    int64_t dims[8];
    bool optional; /* an input that has a value of its own */
} rondo_graph_port;

/* Zero means the default. */
typedef struct rondo_graph_options {
    bool
        plain_recurrent; /* every recurrent node by the general path in double, none by Rondo's cells: for comparison */
} rondo_graph_options;

/* Reads path with the data files beside it. The graph keeps the context, which must outlive it. options may be NULL. On
 * success *out is owned by the caller (rondo_graph_destroy). */
RONDO_API rondo_status rondo_graph_load(rondo_graph **out, rondo_context *context, const char *path,
                                        const rondo_graph_options *options, rondo_error *err);
/* The same of a file's bytes; label stands for the path in messages, and data in other files are refused. */
RONDO_API rondo_status rondo_graph_parse(rondo_graph **out, rondo_context *context, const char *label, const void *data,
                                         size_t size, const rondo_graph_options *options, rondo_error *err);
/* Destroys and nulls; NULL and *graph == NULL are fine. */
RONDO_API void rondo_graph_destroy(rondo_graph **graph);

RONDO_API int rondo_graph_inputs(const rondo_graph *graph);
RONDO_API int rondo_graph_outputs(const rondo_graph *graph);
/* NULL: there is no such input or output. */
RONDO_API const rondo_graph_port *rondo_graph_input(const rondo_graph *graph, int index);
RONDO_API const rondo_graph_port *rondo_graph_output(const rondo_graph *graph, int index);

/* An input by name. Floating types are converted into that of the input, and so are whole numbers. The data must stand
 * still until rondo_graph_run returns. */
typedef struct rondo_graph_value {
    const char *name;
    rondo_tensor tensor;
} rondo_graph_value;
RONDO_API rondo_status rondo_graph_run(rondo_graph *graph, int count, const rondo_graph_value *inputs,
                                       rondo_error *err);
/* Output `index` of the last run that succeeded, until the next run; NULL when there is none. */
RONDO_API const rondo_tensor *rondo_graph_result(const rondo_graph *graph, int index);

/* What an ONNX file holds, as one JSON object: producer, opset, inputs, outputs, operators with their numbers, those
 * that are not supported, arrays. Works for files that cannot be run, too. *text is freed by rondo_graph_text_free. */
RONDO_API rondo_status rondo_graph_describe(char **text, const char *path, rondo_error *err);
RONDO_API void rondo_graph_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif

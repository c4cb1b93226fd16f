/* Writing ONNX files: nodes, arrays, inputs and outputs, one after the other, become a file. No knowledge of operators.
 *
 * Reading needs a library, as what comes in may be anything; what goes out is ours, and its encoding is a tag, a length
 * and the bytes. So every build writes, and the weights go to the file without being gathered in memory first.
 *
 * A value is its number; 0 is an absent one. The first failure is kept and everything after it does nothing: ask
 * rondo__onnx_out_finish. Bodies of loops see the values of the graphs around them. */
#ifndef RONDO_FORMATS_ONNX_OUT_H
#define RONDO_FORMATS_ONNX_OUT_H

#include "core/core.h"
#include "kernels/kernels.h"
#include "rondo/tensor.h"

typedef struct rondo__onnx_out rondo__onnx_out;

/* The operator set that all is written for: the lowest that has what is used. */
enum { RONDO__ONNX_OPSET = 18, RONDO__ONNX_IR = 8 };

rondo_status rondo__onnx_out_open(rondo__onnx_out **out, rondo_error *err);
void rondo__onnx_out_close(rondo__onnx_out **out);
/* RONDO_UNSUPPORTED and the like from who writes the graph. */
void rondo__onnx_out_fail(rondo__onnx_out *out, rondo_status status, const char *message);
rondo_status rondo__onnx_out_status(const rondo__onnx_out *out);

/* ---- values ---- */
/* One that no node makes yet, with a name of its own or, name NULL, a made-up one that begins with like. */
int rondo__onnx_value_named(rondo__onnx_out *out, const char *name);
int rondo__onnx_value_like(rondo__onnx_out *out, const char *like);

/* dims: -1 where it is open, then with its name in names (each may be NULL; names may be NULL). */
typedef struct rondo__onnx_shape {
    int rank;
    int64_t dims[6];
    const char *names[6];
} rondo__onnx_shape;
/* Of the graph that is being written. In a body the name is made up. */
int rondo__onnx_input(rondo__onnx_out *out, const char *name, rondo_dtype dtype, const rondo__onnx_shape *shape);
/* The value leaves the graph under that name; in a body as it is. */
void rondo__onnx_output(rondo__onnx_out *out, int value, const char *name, rondo_dtype dtype,
                        const rondo__onnx_shape *shape);

/* ---- arrays of the file. Always of the outermost graph; what is written down is copied. ---- */
/* name NULL: made up. An input of the same name (give it as `input`) has the array as its default. */
int rondo__onnx_floats(rondo__onnx_out *out, const char *name, int rank, const int64_t *dims, const real *data);
int rondo__onnx_default(rondo__onnx_out *out, int input, rondo_dtype dtype, int rank, const int64_t *dims,
                        const void *data);
int rondo__onnx_doubles(rondo__onnx_out *out, int64_t n, const double *data); /* double (n), written once */
/* int64, one dimension; the same list is written once. */
int rondo__onnx_list(rondo__onnx_out *out, int count, const int64_t *list);
int rondo__onnx_whole(rondo__onnx_out *out, int64_t x);   /* int64, no dimension */
int rondo__onnx_number(rondo__onnx_out *out, double x);   /* float, no dimension */
int rondo__onnx_whole32(rondo__onnx_out *out, int32_t x); /* int32, no dimension */
int rondo__onnx_truth(rondo__onnx_out *out, bool x);      /* bool, no dimension */
/* The array that was made of source; 0: none yet. */
int rondo__onnx_find(const rondo__onnx_out *out, const void *source);
void rondo__onnx_remember(rondo__onnx_out *out, const void *source, int value);

/* ---- nodes ---- */
typedef enum rondo__onnx_attribute_kind { /* numbers of the format */
                                          RONDO__ATTR_FLOAT = 1,
                                          RONDO__ATTR_INT = 2,
                                          RONDO__ATTR_TEXT = 3,
                                          RONDO__ATTR_GRAPH = 5,
                                          RONDO__ATTR_INTS = 7,
                                          RONDO__ATTR_TEXTS = 8
} rondo__onnx_attribute_kind;
typedef struct rondo__onnx_give {
    const char *name; /* NULL ends a list */
    rondo__onnx_attribute_kind kind;
    int64_t i;
    float f;
    const char *s;
    int count;
    const int64_t *ints;
    const char *const *texts;
    rondo__text *graph; /* of rondo__onnx_body_end; freed */
} rondo__onnx_give;
#define RONDO__GIVE_INT(key, value)                                                                                    \
    { .name = (key), .kind = RONDO__ATTR_INT, .i = (value) }
#define RONDO__GIVE_FLOAT(key, value)                                                                                  \
    { .name = (key), .kind = RONDO__ATTR_FLOAT, .f = (value) }
#define RONDO__GIVE_TEXT(key, value)                                                                                   \
    { .name = (key), .kind = RONDO__ATTR_TEXT, .s = (value) }
#define RONDO__GIVE_INTS(key, n, list)                                                                                 \
    { .name = (key), .kind = RONDO__ATTR_INTS, .count = (n), .ints = (list) }

/* outputs are filled in; give NULL: no attributes. */
void rondo__onnx_node_put(rondo__onnx_out *out, const char *op, int inputs, const int *input, int outputs, int *output,
                          const rondo__onnx_give *give);
/* The usual ones, with one output. */
int rondo__onnx_op(rondo__onnx_out *out, const char *op, int a, int b, int c);
int rondo__onnx_op_with(rondo__onnx_out *out, const char *op, int a, int b, int c, rondo__onnx_give give);
int rondo__onnx_joined(rondo__onnx_out *out, int64_t axis, int count,
                       const int *parts); /* Concat; one part is itself */

/* ---- bodies ---- */
void rondo__onnx_body_begin(rondo__onnx_out *out);
void rondo__onnx_body_end(rondo__onnx_out *out, rondo__text *graph);

/* ---- the file ---- */
void rondo__onnx_note(rondo__onnx_out *out, const char *key, const char *text, size_t size); /* metadata */
/* Files that are written and wait for their names, so that several appear together or not at all. A zeroed one is
 * empty; after a commit, which may fail, and an abandon it is so again. */
enum { RONDO__ONNX_FILES = 6 };
typedef struct rondo__onnx_files {
    int count;
    rondo__writer *file[RONDO__ONNX_FILES];
} rondo__onnx_files;
rondo_status rondo__onnx_files_commit(rondo__onnx_files *files, rondo_error *err);
void rondo__onnx_files_abandon(rondo__onnx_files *files);
/* Adds path and, where external is true or the file would pass 2 GiB, path.data before it. */
rondo_status rondo__onnx_out_finish(rondo__onnx_out *out, const char *path, const char *graph_name, bool external,
                                    rondo__onnx_files *files, rondo_error *err);

#endif

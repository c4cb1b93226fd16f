/* The executor of ONNX graphs, inside.
 *
 * Loading (plan.c) turns names into slots: one slot for each array that any graph of the file makes, so that a body of
 * a loop finds outer arrays like its own. A plan is a graph's nodes as steps, in the file's order, which must be one in
 * which everything is made before it is used; so a cycle cannot be. Running (graph.c) calls the steps' operators one
 * after the other and lets go of each array after the last step that uses it.
 *
 * An operator is a line of the table (operators.c): how many inputs and outputs it may have, the attributes it knows,
 * and one function, which checks what it is given, since shapes are known only now. */
#ifndef RONDO_EXCHANGE_GRAPH_H
#define RONDO_EXCHANGE_GRAPH_H

#include "exchange/array.h"
#include "formats/json_text.h"
#include "rondo/graph.h"
#include "rondo/tape.h"
#include "tensor/context.h"

typedef struct rondo__plan rondo__plan;
typedef struct rondo__graph_call rondo__graph_call;

typedef struct rondo__operator {
    const char *name;
    int least_in, most_in; /* most -1: any number */
    int least_out, most_out;
    const char *attributes; /* " axis:i perm:I ": a letter for the kind; small: one, capital: a list; blanks around */
    rondo_status (*run)(const rondo__graph_call *call, rondo_error *err);
    int kind;  /* for a function that serves several operators */
    int since; /* first opset with it; 0: all */
} rondo__operator;

typedef struct rondo__graph_step {
    const rondo__onnx_node *node;
    const rondo__operator *op;
    int inputs, outputs;
    int *in, *out; /* slots, -1: absent */
    int drops;
    int *drop; /* slots that nobody needs after this step */
    int bodies;
    rondo__plan **body; /* the graphs among its attributes, in their order */
    void *kept;         /* what the operator keeps from run to run */
    void (*kept_free)(void *kept);
} rondo__graph_step;

struct rondo__plan {
    const rondo__onnx_graph *graph;
    int steps;
    rondo__graph_step *step;
    int *input, *output; /* slots, as many as the graph has */
    int first, last;     /* its own slots are [first, last), bodies within included */
};

struct rondo_graph {
    rondo__onnx *model;
    rondo_context *context;
    rondo_graph_options options;
    rondo_tape *tape; /* NULL: no step needed it yet */
    rondo__arena arena;
    rondo__plan *plan;
    int slots;
    rondo__array *slot;     /* what this run has made */
    rondo__array *constant; /* what the file gives */
    bool *fixed;            /* the constant is the value, always */
    rondo_graph_port *input, *output;
    rondo__array *made;   /* the outputs of the last run, */
    rondo_tensor *result; /* and as tensors */
    bool has_run;
};

struct rondo__graph_call {
    rondo_graph *graph;
    rondo__graph_step *step;
    const rondo__onnx_node *node;
    int kind; /* of the operator */
};

/* ---- what operators use ---- */
/* NULL: absent. */
const rondo__array *rondo__in(const rondo__graph_call *call, int i);
bool rondo__in_fixed(const rondo__graph_call *call, int i); /* always the same, or absent */
/* The place of output i, empty, to be filled; NULL: nobody wants it. */
rondo__array *rondo__out(const rondo__graph_call *call, int i);
/* Fills it with a new array; *out is NULL where nobody wants it. */
rondo_status rondo__make_out(const rondo__graph_call *call, int i, rondo_dtype dtype, int rank, const int64_t *dims,
                             rondo__array **out, rondo_error *err);
/* Output 0 is the same numbers as a, under a shape of the same count. */
rondo_status rondo__out_reshaped(const rondo__graph_call *call, const rondo__array *a, int rank, const int64_t *dims);
rondo_status rondo__bad(const rondo__graph_call *call, rondo_error *err, rondo_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
rondo_status rondo__no_memory(const rondo__graph_call *call, rondo_error *err);
const rondo__onnx_attribute *rondo__attribute(const rondo__onnx_node *node, const char *name);
int64_t rondo__attribute_int(const rondo__onnx_node *node, const char *name, int64_t otherwise);
double rondo__attribute_float(const rondo__onnx_node *node, const char *name, double otherwise);
const char *rondo__attribute_text(const rondo__onnx_node *node, const char *name, const char *otherwise);
/* A list of whole numbers from input i or, when that is absent, from the attribute; count -1 when there is neither. At
 * most room. */
rondo_status rondo__whole_list(const rondo__graph_call *call, int i, const char *attribute, int room, int64_t *out,
                               int *count, rondo_error *err);
/* -rank <= axis < rank, made positive. */
rondo_status rondo__check_axis(const rondo__graph_call *call, int64_t axis, int rank, int *out, rondo_error *err);
static inline int64_t rondo__opset(const rondo__graph_call *call) { return call->graph->model->opset; }

/* Runs a body whose inputs are already in their slots. */
rondo_status rondo__run_plan(rondo_graph *graph, rondo__plan *plan, rondo_error *err);
const rondo__array *rondo__slot_value(const rondo_graph *graph, int slot);

/* ---- the tables (operators_*.c), each ended by a NULL name ---- */
extern const rondo__operator rondo__operators_elementwise[], rondo__operators_shape[], rondo__operators_move[],
    rondo__operators_index[], rondo__operators_product[], rondo__operators_reduce[], rondo__operators_control[],
    rondo__operators_recurrent[];
const rondo__operator *rondo__find_operator(const rondo__onnx_node *node);

/* plan.c: checks all and makes graph->plan, slots and constants. */
rondo_status rondo__plan_graph(rondo_graph *graph, rondo_error *err);

#endif

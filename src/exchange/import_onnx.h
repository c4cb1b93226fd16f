/* A chain of an ONNX graph, inside import_onnx*.c: what is known of each array of the graph, by name. */
#ifndef RONDO_EXCHANGE_IMPORT_ONNX_H
#define RONDO_EXCHANGE_IMPORT_ONNX_H

#include "exchange/graph.h"
#include "exchange/import.h"

typedef enum rondo__chain_kind {
    RONDO__CHAIN_WEIGHT, /* an initialiser or constant: theirs[at] */
    RONDO__CHAIN_INPUT,  /* of the graph, perhaps in another layout */
    RONDO__CHAIN_STREAM, /* what the chain computes, step by step */
    RONDO__CHAIN_STATE,  /* last states */
    RONDO__CHAIN_SIDE    /* shapes and initial states on their way */
} rondo__chain_kind;

typedef struct rondo__chain_value {
    const char *name;
    rondo__chain_kind kind;
    int at;       /* WEIGHT */
    int layers;   /* STREAM: so many layers made it */
    char axes[8]; /* STREAM: T B and D H or F (features), in their order */
    bool zero;    /* SIDE: all of it */
    bool plain;   /* INPUT: whole, at most in another order of axes, or embedded */
    bool linear;  /* STREAM: behind the output layer's product, */
    bool biased;  /* and its bias */
} rondo__chain_value;

typedef struct rondo__chain {
    rondo__import *in;
    const rondo__onnx_node *node; /* the one at hand */
    int layers, directions;       /* so far */
    int64_t width;                /* of the last layer's output */
    const char *twice;            /* a name that two nodes make, or NULL */
    int values;
    rondo__chain_value *value;
} rondo__chain;

rondo_status rondo__chain_bad(const rondo__chain *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Input i of the node; NULL: absent, or unknown. */
const rondo__chain_value *rondo__chain_in(const rondo__chain *c, int i);
/* Output i of the node, to be filled; there is always room. */
rondo__chain_value *rondo__chain_out(rondo__chain *c, int i, rondo__chain_kind kind);
/* Array of input i, which must be a weight of this rank. NULL: absent. */
rondo_status rondo__chain_weight(const rondo__chain *c, int i, int rank, const char *name, int *at);

/* import_onnx_cell.c: an RNN, GRU or LSTM becomes the next layer. */
bool rondo__chain_is_cell(const rondo__onnx_node *node);
rondo_status rondo__chain_cell(rondo__chain *c);
/* import_onnx_layout.c: nodes that move numbers, and those of shapes and states. False: it is none of them. */
rondo_status rondo__chain_move(rondo__chain *c, bool *known);

#endif

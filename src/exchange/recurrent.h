/* The recurrent nodes of ONNX: RNN, GRU, LSTM.
 *
 * A node is read and checked into one description (recurrent_read.c). One path computes everything that the
 * specification has, row by row in double (recurrent_plain.c): it is the definition. Where a node is what Rondo's own
 * cells compute, these do it, faster (recurrent_cells.c); both agree to the precision of the numbers.
 *
 * Gates, in the file's order: RNN i; GRU z r h; LSTM i o f c. */
#ifndef RONDO_EXCHANGE_RECURRENT_H
#define RONDO_EXCHANGE_RECURRENT_H

#include "exchange/activations.h"
#include "exchange/graph.h"

typedef enum rondo__recurrent_kind { RONDO__NODE_RNN, RONDO__NODE_GRU, RONDO__NODE_LSTM } rondo__recurrent_kind;

typedef struct rondo__recurrent_node {
    rondo__recurrent_kind kind;
    int64_t T, B, I, H, G, D;
    bool batch_first; /* layout 1 */
    bool reverse[2];  /* by direction */
    bool clipped;
    double clip;
    bool input_forget, linear_before_reset;
    int functions; /* activations per direction: 1, 2, 3 */
    rondo__activation function[2][3];
    const rondo__array *x;       /* (T, B, I); layout 1: (B, T, I) */
    const rondo__array *w;       /* (D, G*H, I) */
    const rondo__array *r;       /* (D, G*H, H) */
    const rondo__array *b;       /* (D, 2*G*H): of the input, of the state; or NULL */
    const rondo__array *lengths; /* (B) or NULL */
    const rondo__array *h0, *c0; /* (D, B, H); layout 1: (B, D, H); or NULL */
    const rondo__array *p;       /* (D, 3*H): i, o, f; or NULL */
    rondo__array *y;             /* (T, D, B, H); layout 1: (B, T, D, H); or NULL */
    rondo__array *yh, *yc;       /* as h0; or NULL */
} rondo__recurrent_node;

/* Reads and checks all but the outputs. */
rondo_status rondo__recurrent_read(const rondo__graph_call *call, rondo__recurrent_node *n, rondo_error *err);
rondo_status rondo__recurrent_plain(const rondo__graph_call *call, const rondo__recurrent_node *n, rondo_error *err);
/* Can Rondo's cells do it? */
bool rondo__recurrent_is_cell(const rondo__graph_call *call, const rondo__recurrent_node *n);
rondo_status rondo__recurrent_cells(const rondo__graph_call *call, const rondo__recurrent_node *n, rondo_error *err);

/* Places, in elements. */
static inline int64_t rondo__x_at(const rondo__recurrent_node *n, int64_t t, int64_t b) {
    return (n->batch_first ? b * n->T + t : t * n->B + b) * n->I;
}
static inline int64_t rondo__y_at(const rondo__recurrent_node *n, int64_t t, int64_t d, int64_t b) {
    return (n->batch_first ? (b * n->T + t) * n->D + d : (t * n->D + d) * n->B + b) * n->H;
}
static inline int64_t rondo__state_at(const rondo__recurrent_node *n, int64_t d, int64_t b) {
    return (n->batch_first ? b * n->D + d : d * n->B + b) * n->H;
}
static inline int64_t rondo__length_of(const rondo__recurrent_node *n, int64_t b) {
    return n->lengths ? rondo__array_whole_at(n->lengths, b) : n->T;
}

#endif

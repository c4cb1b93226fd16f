/* Every gate, cell and state of a recurrent stack over one sequence, in the plain loops of its equations, in double:
 * for looking, not for speed. What is traced can be altered on the way (a gate frozen, a unit silenced, a direction
 * dropped) to see what it is good for.
 *
 * The cells of training and use are those of src/nn; tests hold the two together. */
#ifndef RONDO_INSPECT_TRACE_H
#define RONDO_INSPECT_TRACE_H

#include "core/core.h"
#include "kernels/kernels.h"
#include "rondo/nn.h"

/* One layer in one direction over T steps; t is always the place in the sequence, also where time runs backward. */
typedef struct rondo__trace_layer {
    int layer, direction;
    int64_t I, H, R, Q, O; /* input; units; width of the output; Jordan: of its state and of a_t */
    int gates;
    const char *const *gate_name; /* (gates) */
    double *gate;                 /* (gates, T, H) */
    double *cell;                 /* (T, H), LSTM, else NULL */
    double *hidden;               /* (T, H): h before a projection; of Jordan the hidden units */
    double *output;               /* (T, R): what leaves the layer in this direction */
    double *state;                /* Jordan: (T, Q) the state units that entered; else NULL */
    double *last_h, *last_c;      /* what goes on behind the last step: (R) or, Jordan, (Q); (H), LSTM */
} rondo__trace_layer;

typedef struct rondo__trace {
    int64_t T, width;
    int layers, directions;
    rondo__trace_layer at[2 * RONDO_MAX_LAYERS]; /* by layer * directions + direction */
    double *input[RONDO_MAX_LAYERS];             /* (T, I): what entered each layer */
    double *y;                                   /* (T, width): of the stack */
} rondo__trace;

/* What is altered; a zeroed one alters nothing. */
typedef struct rondo__alter {
    bool on;
    int layer;     /* -1: all */
    int direction; /* -1: both */
    int gate;      /* frozen at `value`; -1: none */
    int64_t unit;  /* silenced, or whose gate is frozen; -1: all */
    double value;
    const double *values; /* (H) instead, each unit at its own; NULL: value */
    bool silence;         /* the unit's output is 0 */
    bool drop;            /* the direction's outputs are 0, and what goes on behind its last step */
    /* `value` is added to a state of `unit` at step t, as tests of gradients do: to h_t (Jordan: to s as it enters), or
     * to the LSTM's c_t as the step makes it */
    bool nudge, cell;
    int64_t t;
} rondo__alter;

/* x (T, I). initial_h, initial_c: by layer * directions + direction, an entry or all NULL: learned, or zeros. feedback:
 * Jordan's matrix (O, Q) or NULL. alter may be NULL. */
typedef struct rondo__trace_input {
    int64_t T;
    int first; /* layers below are left out: x enters this one, (T, its I) */
    const double *x;
    const double *const *initial_h, *const *initial_c;
    const real *feedback;
    const double *teacher; /* Jordan's last layer: (T, Q) told in place of its own output, or NULL */
    const rondo__alter *alter;
} rondo__trace_input;
rondo_status rondo__trace_run(rondo__trace *out, const rondo_recurrent *net, const rondo__trace_input *input,
                              rondo_error *err);
void rondo__trace_free(rondo__trace *trace);
/* What the first step of a layer and direction begins with: h (state), c (cell). */
void rondo__trace_initial(const rondo_recurrent *net, const rondo__trace_input *input, int place, double *h, double *c);

/* One step of one cell (trace_cells.c). */
typedef struct rondo__trace_step {
    const rondo_recurrent *net;
    const struct rondo__recurrent_layer *p;
    const rondo__trace_input *input;
    rondo__trace_layer *at;
    int64_t T, t;
    const double *x; /* (I) */
    double *h, *c;   /* running: (R) or, Jordan, s (Q); (H) */
    double *a, *b;   /* room: (4H) each */
    bool is_last;    /* layer: Jordan's feedback and output function apply */
} rondo__trace_step;
typedef void (*rondo__trace_cell)(const rondo__trace_step *step);
rondo__trace_cell rondo__trace_cell_of(rondo_cell cell);
/* Names of the gates, in the order of the weights. */
const char *const *rondo__trace_gates(rondo_cell cell, int *count);

#endif

/* Gradients through time: what a loss at step t asks of the states k steps before. The way back through a trace, in the
 * same plain double loops (flow_cells.c has the cells), for every layer and direction.
 *
 * What is followed is the stack itself: its recurrence, upwards through its layers, both directions. What enters it
 * (symbols, attention, input feeding) stands still.
 *
 * The state of a step is h_t as it is handed on, of Jordan's network the state units s_t as they enter, and beside h_t
 * the LSTM's c_t; the gradient of c_t counts what it does through h_t. */
#ifndef RONDO_INSPECT_FLOW_H
#define RONDO_INSPECT_FLOW_H

#include "inspect/trace.h"

/* One step of one layer, backward. */
typedef struct rondo__back_step {
    const rondo_recurrent *net;
    const struct rondo__recurrent_layer *p;
    const rondo__trace_layer *at;
    const real *feedback; /* Jordan's matrix, last layer; or NULL */
    bool taught;          /* Jordan, last layer: what is fed back is told, not made */
    int64_t T, t;
    const double *h, *c;   /* that entered: (R), Jordan's s (Q); (H) */
    const double *px, *ph; /* (T, gates·H) the products of x and h, where the cell wants them again */
    bool is_last;          /* layer: Jordan's feedback and output function apply */
    double *dy;            /* Jordan: (O) of the output at t; in the other cells the output is the state */
    double *dh, *dc;       /* of the state that leaves -> of the one that entered */
    double *made;          /* (H) -> of c_t as the step makes it; NULL: unwanted. LSTM */
    double *dx;            /* (I) +=; NULL: unwanted */
    double *a, *b;         /* room: (4 widest) each */
} rondo__back_step;
typedef void (*rondo__back_cell)(const rondo__back_step *step);
rondo__back_cell rondo__back_cell_of(rondo_cell cell);
/* Which of px and ph the steps of this net want. */
void rondo__back_wants(const rondo_recurrent *net, bool *px, bool *ph);

/* ---- a trace, made ready to be run backward any number of times; by several threads at once ---- */
typedef struct rondo__flow {
    const rondo_recurrent *net;
    const rondo__trace *trace;
    const real *feedback;
    bool taught;
    int places;                                                  /* layers * directions */
    double *px[2 * RONDO_MAX_LAYERS], *ph[2 * RONDO_MAX_LAYERS]; /* (T, gates·H) or NULL */
    double *h0[2 * RONDO_MAX_LAYERS], *c0[2 * RONDO_MAX_LAYERS]; /* what the first steps began with */
    int64_t widest;
} rondo__flow;
/* input: what the trace was run on, with nothing altered. All of it must outlive the flow. */
rondo_status rondo__flow_open(rondo__flow *out, const rondo_recurrent *net, const rondo__trace *trace,
                              const rondo__trace_input *input, rondo_error *err);
void rondo__flow_close(rondo__flow *flow);

/* Gradients of one loss, by place. */
typedef struct rondo__flow_grads {
    int places;
    double *h[2 * RONDO_MAX_LAYERS];                             /* (T, R), Jordan (T, Q) */
    double *c[2 * RONDO_MAX_LAYERS];                             /* (T, H), LSTM */
    double *h0[2 * RONDO_MAX_LAYERS], *c0[2 * RONDO_MAX_LAYERS]; /* of what the first steps began with */
    double *x;                                                   /* (T, I) */
    double *above, *below, *dy, *dh, *dc, *a, *b;                /* room */
} rondo__flow_grads;
rondo_status rondo__flow_grads_make(rondo__flow_grads *out, const rondo__flow *flow, rondo_error *err);
void rondo__flow_grads_free(rondo__flow_grads *grads);
/* What a loss asks: dy (T, width) of the stack's output, last_h and last_c of the states after the last of the steps
 * [first, end), by place, each an entry or all NULL. Only these steps are run, so in a stack of both directions they
 * are all. */
typedef struct rondo__flow_seed {
    const double *dy;
    const double *const *last_h, *const *last_c;
    int64_t first, end;
    bool inputs; /* the gradient of x is wanted */
} rondo__flow_seed;
void rondo__flow_back(const rondo__flow *flow, const rondo__flow_seed *seed, rondo__flow_grads *out);

/* ---- the Jacobian of a step: ∂(h_t, c_t) / ∂(h_{t-1}, c_{t-1}) ---- */
/* Its spectral radius at step t of a place; NaN where the network holds such. grads lends its room. */
rondo_status rondo__flow_radius(const rondo__flow *flow, int place, int64_t t, rondo__flow_grads *grads, double *out,
                                rondo_error *err);

/* ---- spectrum.c ---- */
/* out (n) = A in (n) */
typedef void (*rondo__linear_map)(void *arg, const double *in, double *out);
/* max |λ|. Of A up to RONDO__KRYLOV wide from a whole basis; else from the subspace that A makes of a vector that was
 * sent through it often. room: rondo__spectral_room(n) numbers. */
#define RONDO__KRYLOV 64
int64_t rondo__spectral_room(int64_t n);
double rondo__spectral_radius(int64_t n, rondo__linear_map map, void *arg, double *room);

#endif

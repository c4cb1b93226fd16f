/* Inside of the Jordan cell: what jordan.c (forward, the operator), jordan_backward.c and jordan_step.c share. */
#ifndef RONDO_NN_JORDAN_H
#define RONDO_NN_JORDAN_H

#include "nn/activation.h"
#include "nn/cell.h"
#include "nn/walk.h"

enum {
    JORDAN_X,
    JORDAN_S0,
    JORDAN_TEACHER,
    JORDAN_W_IH,
    JORDAN_W_SH,
    JORDAN_B_IH,
    JORDAN_W_HO,
    JORDAN_B_O,
    JORDAN_F,
    JORDAN_INPUTS
};

/* What the arithmetic of a free-running step needs; the whole sequence and the streaming step run on the same. */
typedef struct rondo__jordan_net {
    const rondo__kernels *kernels;
    int64_t H, O, Q;
    rondo_activation activation, output;
    real decay;
    const real *w_sh;     /* packed (Q, H) */
    const real *w_ho;     /* packed (H, O) */
    const real *feedback; /* packed (O, Q) or NULL */
    const real *b_o;      /* (O) or NULL */
} rondo__jordan_net;

/* The rows of one step. */
typedef struct rondo__jordan_rows {
    int64_t rows;
    const real *s_in; /* (rows, Q): m∘s_t */
    real *h;          /* (rows, H): in: W_ih x + b_ih; out: h_t */
    real *a;          /* (rows, O) out */
    real *y;          /* (rows, O) out; a itself when g is the identity */
    real *s;          /* (rows, Q): in: s_t; out: s_{t+1}. May be s_in */
} rondo__jordan_rows;

/* A step is its hidden units, outputs (a, and y but for softmax), softmax, and state units; each in need of all units
 * of the one before it. */
void rondo__jordan_hidden(const rondo__jordan_net *net, const rondo__jordan_rows *r, rondo__units hidden);
void rondo__jordan_outputs(const rondo__jordan_net *net, const rondo__jordan_rows *r, rondo__units outputs);
void rondo__jordan_feed(const rondo__jordan_net *net, const rondo__jordan_rows *r, rondo__units states);
void rondo__jordan_step_rows(const rondo__jordan_net *net, const rondo__jordan_rows *r);
/* Units of s (rows, Q) *= decay; decay 0 forgets whatever was there, infinities too. */
void rondo__jordan_decay_units(const rondo__kernels *kernels, int64_t rows, rondo__units u, real *s, real decay);
static inline void rondo__jordan_decay(const rondo__kernels *kernels, int64_t count, real *s, real decay) {
    rondo__jordan_decay_units(kernels, 1, rondo__all_units(count), s, decay);
}

/* One call of the operator: sizes, and where everything stands. jordan.c tells the layout. */
typedef struct rondo__jordan {
    rondo__jordan_net net;
    rondo_context *context;
    const rondo_jordan_options *options;
    const rondo__kernels *kernels;
    int64_t T, B, I, H, O, Q, N;
    bool dense, teaching, fed_back; /* fed_back: through F */
    /* saved */
    rondo__plan *plan;
    void *plan_memory;
    real *x_room;  /* (N, I), ragged only */
    const real *x; /* (N, I) */
    real *s_in;    /* (N, Q): m∘s_t */
    real *h;       /* (N, H) */
    real *a, *y;   /* (N, O) */
    real *mask;    /* (B, Q) */
    /* scratch of both: weights packed, the other way round in backward; net has them */
    rondo__form ih, sh, ho, f;
    rondo__inputs inputs; /* to h */
    real *s;              /* (B, Q): the running state; backward: its gradient */
    real *teacher_room;   /* (N, Q), ragged only: the targets */
    const real *teacher;  /* (N, Q) */
    /* scratch of backward */
    real *da_o;                               /* (N, O): gradient of a_t */
    real *dh, *da_h;                          /* (N, H): gradients of h_t and of its pre-activation */
    real *ds_in;                              /* (N, Q) teaching: gradient of m∘s_t */
    real *dfeed;                              /* (N, Q) free running with F: gradient of y·F */
    real *dy;                                 /* (B, O) free running with F */
    real *masked;                             /* (B, Q) */
    real *dout_room, *dhidden_room, *dx_room; /* (N, O), (N, H), (N, I), ragged only */
    const real *dout, *dhidden;               /* (N, O), (N, H) */
    void *room;                               /* packing room of the products */
} rondo__jordan;

rondo__jordan rondo__jordan_open(const rondo_call *call, bool backward);
/* The recurrent weights into j->net. */
void rondo__jordan_pack(const rondo_call *call, rondo__jordan *j);
/* Units of s_in (rows, Q) = m∘s; mask NULL: without m. */
void rondo__jordan_enter(const rondo__jordan *j, int64_t rows, rondo__units u, real *s_in, const real *s,
                         const real *mask);
/* Backward of the outputs (but for softmax), the hidden and the state units of `rows` packed rows from `at` on, which
 * stand at places first..; dy, with F its product with ds, else ds. */
const real *rondo__jordan_fed_back(const rondo__jordan *j, int64_t at, int64_t first, int64_t rows, rondo__units states,
                                   rondo__units outputs);
void rondo__jordan_outputs_back(const rondo__jordan *j, int64_t at, int64_t rows, rondo__units outputs, const real *dy);
void rondo__jordan_hidden_back(const rondo__jordan *j, int64_t at, int64_t rows, rondo__units hidden);
void rondo__jordan_states_back(const rondo__jordan *j, int64_t at, int64_t first, int64_t rows, rondo__units states);
/* Free running: all steps, by rows or by units (jordan_units.c). */
void rondo__jordan_walk(rondo__jordan *j, void (*before_rows)(void *j), rondo__rows_task by_rows);
void rondo__jordan_walk_back(rondo__jordan *j, rondo__rows_task by_rows);
rondo_status rondo__jordan_backward(rondo_call *call, rondo_error *err);

#endif

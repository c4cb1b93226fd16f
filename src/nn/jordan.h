/* Inside of the Jordan cell: what jordan.c (forward, the operator), jordan_backward.c and jordan_step.c share. */
#ifndef RONDO_NN_JORDAN_H
#define RONDO_NN_JORDAN_H

#include "nn/activation.h"
#include "nn/cell.h"

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

void rondo__jordan_step_rows(const rondo__jordan_net *net, const rondo__jordan_rows *r);
/* s (count) *= decay; decay 0 forgets whatever was there, infinities too. */
void rondo__jordan_decay(const rondo__kernels *kernels, int64_t count, real *s, real decay);

/* One call of the operator: sizes, and where everything stands. jordan.c tells the layout. */
typedef struct rondo__jordan {
    rondo__jordan_net net;
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
    real *s;             /* (B, Q): the running state; backward: its gradient */
    real *teacher_room;  /* (N, Q), ragged only: the targets */
    const real *teacher; /* (N, Q) */
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
rondo_status rondo__jordan_backward(rondo_call *call, rondo_error *err);

#endif

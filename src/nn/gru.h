/* Inside of the GRU: what gru.c (forward, the operator), gru_backward.c and gru_step.c share. */
#ifndef RONDO_NN_GRU_H
#define RONDO_NN_GRU_H

#include "nn/cell.h"
#include "nn/walk.h"

enum { GRU_X, GRU_H0, GRU_W_IH, GRU_W_HH, GRU_B_IH, GRU_B_HH, GRU_GAIN_X, GRU_GAIN_H, GRU_INPUTS };

/* What the gate arithmetic of a step needs; the whole sequence and the streaming step run on the same. */
typedef struct rondo__gru_gates {
    const rondo__kernels *kernels;
    int64_t H;
    bool reset_before;
    const real *w_hh;   /* packed (H, 3H), reset after; (H, 2H) for r, z, reset before */
    const real *w_hn;   /* packed (H, H), reset before only */
    const real *b_hh;   /* (3H) or NULL, the recurrent bias where it is not added to the input's (reset after) */
    const real *gain_h; /* (3H) or NULL: layer normalisation */
} rondo__gru_gates;

/* The rows of one step, and the units of them that are made: all with layer normalisation. */
typedef struct rondo__gru_rows {
    int64_t rows;
    rondo__units units;
    const real *h_prev;       /* (rows, H) */
    const real *h_in;         /* (rows, H): m∘h_prev */
    real *gates;              /* (rows, 3H): in: W_ih x + b (normalised); out: r|z|n */
    real *h;                  /* (rows, H) out; may be h_prev */
    real *ah;                 /* (rows, 3H) room: the recurrent products, normalised */
    real *reset;              /* (rows, H) room, reset before: r∘h_in */
    real *ahn;                /* (rows, H) out or NULL, reset after: W_hn h + b_hn, normalised */
    real *raw_h;              /* (rows, 3H) out, layer normalisation: the recurrent products as they are */
    real *stats_rz, *stats_n; /* (rows, 2) out, layer normalisation */
    const real *keep;         /* (rows, H) or NULL */
    real *fresh;              /* (rows, H) room, where keep is */
} rondo__gru_rows;

/* The two halves of a step. Reset before: all units of `reset` must stand before the second one begins. */
void rondo__gru_begin_rows(const rondo__gru_gates *g, const rondo__gru_rows *r);
void rondo__gru_end_rows(const rondo__gru_gates *g, const rondo__gru_rows *r);
static inline void rondo__gru_step_rows(const rondo__gru_gates *g, const rondo__gru_rows *r) {
    rondo__gru_begin_rows(g, r);
    rondo__gru_end_rows(g, r);
}

/* One call of the operator: sizes, and where everything stands. gru.c tells the layout. */
typedef struct rondo__gru {
    rondo__gru_gates gates_of;
    rondo_context *context;
    const rondo_gru_options *options;
    const rondo__kernels *kernels;
    int64_t T, B, I, H, N;
    bool dense, norm;
    /* saved */
    rondo__plan *plan;
    void *plan_memory;
    real *x_room;        /* (N, I), ragged only */
    const real *x;       /* (N, I) */
    real *h;             /* (N, H) */
    real *h0, *mask;     /* (B, H) */
    real *keep;          /* (N, H) */
    real *gates;         /* (N, 3H) */
    real *ahn;           /* (N, H) */
    real *raw_x, *raw_h; /* (N, 3H) */
    real *stats[4];      /* (N, 2): of x's r|z, x's n, h's r|z, h's n */
    /* scratch of both */
    rondo__form ih, hh, hn; /* weights packed, the other way round in backward; hh, hn: as gates_of wants them */
    real *masked;           /* (2, B, H): units write the next step's while others read */
    real *fresh;            /* (B, H) */
    rondo__inputs inputs;   /* to gates, or raw_x */
    const real *gain_x;     /* (3H) or NULL */
    const real *bias_x;     /* (3H) or NULL */
    real *bias;             /* (3H): both biases; backward: their gradient */
    real *ah;               /* (B, 3H) */
    /* scratch of backward */
    real *dh, *d;            /* (B, H) */
    real *da_x, *da_h;       /* (N, 3H): gradients of the gates' pre-activations, input and recurrent part */
    real *draw_x, *draw_h;   /* (N, 3H): the same before normalisation; without it they are da_x, da_h */
    real *prev, *reset;      /* (N, H): m∘h_{t-1}; r∘ of it (forward: (B, H)) */
    real *dy_room, *dx_room; /* (N, H), (N, I), ragged only */
    const real *dy;          /* (N, H) */
    void *room;              /* packing room of the products */
    rondo__input_back x_back;
} rondo__gru;

rondo__gru rondo__gru_open(const rondo_call *call, bool backward);
/* The recurrent weights into g->gates_of. */
void rondo__gru_pack(const rondo_call *call, rondo__gru *g);
/* All steps, by rows or by units; layer normalisation sees whole rows and stays with them. */
void rondo__gru_walk(rondo__gru *g, void (*before_rows)(void *g), rondo__rows_task by_rows, rondo__units_task by_units);
rondo_status rondo__gru_backward(rondo_call *call, rondo_error *err);
/* The same in two parts: all but the gradient of x, and that. */
rondo_status rondo__gru_backward_own(rondo_call *call, rondo_error *err);
rondo_status rondo__gru_backward_in(rondo_call *call, rondo_error *err);

#endif

/* One layer, one direction, one step at a time: what streaming and generation run on. Weights are packed once into the
 * layer's memory; a step allocates nothing, locks nothing, and gives the same bits as the sequence operator. */
#ifndef RONDO_NN_STEP_H
#define RONDO_NN_STEP_H

#include "nn/params.h"
#include "rondo/cells.h"

/* The matrices of one layer, to be packed, and its raw arrays as the parameters hold them; absent ones are NULL. Names
 * and shapes as in rondo/cells.h. */
typedef struct rondo__step_weights {
    const rondo_param *w_ih, *w_hh;
    const rondo_param *w_hr;        /* LSTM */
    const rondo_param *w_sh, *w_ho; /* Jordan */
    const real *b_ih, *b_hh;
    const real *peephole, *gain_x, *gain_h, *gain_c, *bias_c; /* LSTM, GRU */
    const real *b_o, *feedback;                               /* Jordan */
} rondo__step_weights;

typedef struct rondo__step_layer {
    const rondo__kernels *kernels;
    rondo_context *context; /* for packing */
    int64_t B, I, H;
    int64_t R;    /* width of h: P with projection, else H */
    int64_t O, Q; /* Jordan */
    union {
        rondo_elman_options elman;
        rondo_jordan_options jordan;
        rondo_lstm_options lstm;
        rondo_gru_options gru;
    } options;     /* rates are used as outside of training */
    real *h;       /* (B, R); Jordan: s (B, Q). Owned by the caller, read and written by step */
    real *c;       /* (B, H), LSTM only */
    void *memory;  /* bytes(), 64-byte aligned: packed weights, biases, scratch of a step */
    int64_t units; /* set by pack: that a step may be shared out by; 0: it may not */
} rondo__step_layer;

typedef struct rondo__step_class {
    size_t (*bytes)(const rondo__step_layer *layer, const rondo__step_weights *weights);
    void (*pack)(rondo__step_layer *layer, const rondo__step_weights *weights);
    /* x (B, I) -> y (B, R); Jordan: y (B, O) is a_t. */
    void (*step)(rondo__step_layer *layer, const real *x, real *y);
    /* For layers with units: units [first, end) of y and of the new state, from all of x and of the old state h, which
     * stays until finish, called once when all units are made. step is both. NULL where no layer has units. */
    void (*step_units)(rondo__step_layer *layer, const real *x, real *y, int64_t first, int64_t end);
    void (*finish)(rondo__step_layer *layer);
} rondo__step_class;

/* Each at the end of its cell's file. */
extern const rondo__step_class rondo__elman_step, rondo__jordan_step, rondo__lstm_step, rondo__gru_step;

#endif

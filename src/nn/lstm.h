/* What the files of the LSTM share: the call laid out in memory, and the one step that all of them run on. */
#ifndef RONDO_NN_LSTM_H
#define RONDO_NN_LSTM_H

#include "autograd/packs.h"
#include "nn/carve.h"
#include "nn/walk.h"
#include "rondo/op.h"

/* The inputs and outputs of the operator. */
enum {
    LSTM_X,
    LSTM_H0,
    LSTM_C0,
    LSTM_W_IH,
    LSTM_W_HH,
    LSTM_B_IH,
    LSTM_B_HH,
    LSTM_W_HR,
    LSTM_PEEPHOLE,
    LSTM_GAIN_X,
    LSTM_GAIN_H,
    LSTM_GAIN_C,
    LSTM_BIAS_C,
    LSTM_INPUTS
};
enum { LSTM_OUTPUT, LSTM_H, LSTM_C, LSTM_OUTPUTS };

/* What a step needs to know, the same for all steps of a call. Absent parts are NULL. */
typedef struct rondo__lstm_cell {
    const rondo__kernels *kernels;
    int64_t H, R;          /* R: width of h, P with projection, else H */
    const real *packed_hh; /* W_hhᵀ (R, 4H), packed */
    const real *packed_hr; /* W_hrᵀ (H, P), packed */
    const real *peephole;  /* (3, H) */
    const real *gain_h;    /* (4H); switches layer normalisation on */
    const real *gain_c;    /* (H) */
    const real *bias_c;    /* (H) */
    real clip;             /* 0: none */
    bool coupled;
} rondo__lstm_cell;

/* n rows at one step: where each array of saved memory (lstm.c) has the first of them. */
typedef struct rondo__lstm_rows {
    real *gates;        /* (n, 4H) in: input product and biases; out: gates */
    real *cell;         /* (n, H) new cell state */
    real *tanh_c;       /* (n, H) */
    real *hidden;       /* (n, H) o∘tanh_c; h itself without projection */
    real *h, *c;        /* (n, R), (n, H) states after zoneout; c is cell without */
    const real *h_prev; /* (n, R) */
    const real *c_prev; /* (n, H) */
    const real *mask;   /* (n, R) recurrent dropout or NULL */
    const real *keep_h; /* (n, R) zoneout or NULL */
    const real *keep_c; /* (n, H) zoneout or NULL */
    real *zh;           /* (n, 4H) recurrent product before its normalisation */
    real *stats_h;      /* (n, 2) */
    real *stats_c;      /* (n, 2) */
    real *masked;       /* (n, R) scratch where there is a mask */
} rondo__lstm_rows;

/* One step of n rows. */
void rondo__lstm_advance(const rondo__lstm_cell *cell, int64_t n, const rondo__lstm_rows *rows);
/* The same of units [first, end) alone, reading all of h_prev: for cells without normalisation and projection. A mask
 * must have been applied: masked is what the product reads. */
void rondo__lstm_advance_units(const rondo__lstm_cell *cell, int64_t n, const rondo__lstm_rows *rows, int64_t first,
                               int64_t end);

/* Sizes and switches of one call. */
typedef struct rondo__lstm_sizes {
    int64_t T, B, I, H, R, N; /* N: sum of lengths */
    bool ragged, norm, projected, dropout, zone_h, zone_c;
} rondo__lstm_sizes;

typedef struct rondo__lstm_saved {
    real *gates, *cell, *c, *tanh_c, *hidden, *h;
    real *h0, *c0;
    real *mask, *keep_h, *keep_c;
    real *zx, *zh, *stats_x, *stats_h, *stats_c;
} rondo__lstm_saved;

/* Normalisation needs whole rows, a projection has other units than the cell: these are cut by rows. */
static inline bool rondo__lstm_has_units(const rondo__lstm_sizes *s) { return !s->norm && !s->projected; }

rondo__lstm_sizes rondo__lstm_sizes_of(const rondo_call *call);
/* Lays saved memory out; base NULL only measures. */
rondo__lstm_saved rondo__lstm_lay_out(const rondo__lstm_sizes *sizes, const rondo_call *call, rondo__carver *carver);
/* A weight, one of W_IH, W_HH, W_HR, as the products over all rows want it: forward transposed, backward as it stands.
 */
rondo__form rondo__lstm_form(const rondo__lstm_sizes *sizes, int input, bool transposed);
/* The rows of the saved arrays that stand at places first.. at a step. */
rondo__lstm_rows rondo__lstm_rows_at(const rondo__lstm_sizes *sizes, const rondo__lstm_saved *saved,
                                     const rondo__plan *plan, int64_t step, int64_t first);

static inline const real *rondo__lstm_value(const rondo_call *call, int input) {
    return call->in[input] ? call->in[input]->value.data : NULL;
}
static inline real *rondo__lstm_grad(const rondo_call *call, int input) {
    return call->in[input] ? call->in[input]->grad : NULL;
}

size_t rondo__lstm_backward_scratch(const rondo_call *call);
rondo_status rondo__lstm_backward(rondo_call *call, rondo_error *err);
/* The same in two parts: all but the gradient of x, and that. */
rondo_status rondo__lstm_backward_own(rondo_call *call, rondo_error *err);
rondo_status rondo__lstm_backward_in(rondo_call *call, rondo_error *err);

#endif

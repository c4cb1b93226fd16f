/* The four cells, each a whole-sequence operator over a padded batch.
 *
 * x is (T, B, I). lengths (B) gives each row's number of valid steps, 0..T in any order, NULL: all T. No work is done
 * for padding, outputs there are zero, and each row's result equals that of the row run alone. reverse runs each row
 * from its own last step to its first (output stays at the step it belongs to). T = 1 is legal: a single step. Initial
 * and final states are differentiable; a NULL initial state is zeros; a row of length 0 returns its initial state.
 * lengths must outlive the step. Weights and the order of gates are PyTorch's: LSTM i,f,g,o; GRU r,z,n. */
#ifndef RONDO_CELLS_H
#define RONDO_CELLS_H

#include "rondo/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rondo_activation { RONDO_TANH, RONDO_RELU, RONDO_SIGMOID, RONDO_IDENTITY, RONDO_SOFTMAX } rondo_activation;

/* What all cells share. */
typedef struct rondo_sequence_options {
    const int32_t *lengths;       /* (B) or NULL */
    bool reverse;                 /* each row from its last step to its first */
    rondo_real recurrent_dropout; /* rate; in training one mask per row and call on the state that enters the recurrent
                                     product (Gal & Ghahramani 2016), scaled by 1/(1-rate) */
    rondo_real zoneout;           /* rate with which a hidden unit keeps its previous value (Krueger 2017); outside of
                                     training the expected mixture is used */
    rondo_real zoneout_cell;      /* the same for the LSTM's cell state */
} rondo_sequence_options;

/* ---- Elman 1990: h_t = f(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh); equals nn.RNN ---- */
typedef struct rondo_elman_weights {
    rondo_var *w_ih; /* (H, I) */
    rondo_var *w_hh; /* (H, H) */
    rondo_var *b_ih; /* (H) or NULL */
    rondo_var *b_hh; /* (H) or NULL */
} rondo_elman_weights;
typedef struct rondo_elman_options {
    rondo_sequence_options sequence;
    rondo_activation activation; /* tanh, ReLU or sigmoid */
} rondo_elman_options;
typedef struct rondo_elman_result {
    rondo_var *output; /* (T, B, H) */
    rondo_var *h;      /* (B, H): after each row's last step */
} rondo_elman_result;
RONDO_API rondo_elman_result rondo_elman(rondo_tape *tape, rondo_var *x, rondo_var *h0,
                                         const rondo_elman_weights *weights, const rondo_elman_options *options);

/* ---- Jordan 1986: the network's own output feeds the hidden layer.
 *   h_t = f(W_ih x_t + b_ih + W_sh s_t),  a_t = W_ho h_t + b_o,  y_t = g(a_t),
 *   s_{t+1} = decay * s_t + feed_t,  feed_t = y_t, or y_t · F with a feedback matrix F (O, Q), or the known target_t
 * where teacher forcing is on. O output width, Q state width (Q = O without F). ---- */
typedef struct rondo_jordan_weights {
    rondo_var *w_ih; /* (H, I) */
    rondo_var *w_sh; /* (H, Q) */
    rondo_var *b_ih; /* (H) or NULL */
    rondo_var *w_ho; /* (O, H) */
    rondo_var *b_o;  /* (O) or NULL */
    /* F (O, Q) or NULL; in a language model the (V, E) embedding: the expected embedding is fed back */
    rondo_var *feedback;
} rondo_jordan_weights;
typedef struct rondo_jordan_options {
    rondo_sequence_options sequence; /* recurrent_dropout acts on s_t; zoneout acts on h_t's place in time and is
                                        refused (RONDO_ARGUMENT): a Jordan network has no hidden-to-hidden path */
    rondo_activation activation;     /* f */
    rondo_activation output;         /* g: identity, tanh, sigmoid, softmax */
    rondo_real decay;                /* 0 <= decay < 1 */
} rondo_jordan_options;
typedef struct rondo_jordan_result {
    rondo_var *output; /* (T, B, O): a_t, BEFORE g (so that a cross-entropy can take logits); zero at padding */
    rondo_var *hidden; /* (T, B, H): h_t */
    rondo_var *s;      /* (B, Q): the state units for the next step */
} rondo_jordan_result;
/* teacher: NULL (free running), or (T, B, Q): fed back in place of the network's own output; it gets a gradient too. */
RONDO_API rondo_jordan_result rondo_jordan(rondo_tape *tape, rondo_var *x, rondo_var *s0, rondo_var *teacher,
                                           const rondo_jordan_weights *weights, const rondo_jordan_options *options);

/* ---- LSTM (Hochreiter & Schmidhuber 1997; forget gate Gers 2000); equals nn.LSTM, with proj_size too.
 *   i = σ(a_i + p_i∘c_{t-1}), f = σ(a_f + p_f∘c_{t-1}), g = tanh(a_g), c_t = f∘c_{t-1} + i∘g (clipped),
 *   o = σ(a_o + p_o∘c_t), h_t = o∘tanh(c_t), projected: r_t = W_hr h_t.  Coupled gates: i = 1 - f (row block i of the
 *   weights is then unused and gets zero gradient). Layer normalisation (Ba 2016, eq. 20-22):
 *   a = LN(W_ih x; gain_x) + LN(W_hh h; gain_h) + b_ih + b_hh, each over all 4H, and h = o∘tanh(LN(c; gain_c, bias_c)).
 *   With both, coupled gates and layer normalisation, row block i still takes part in the means and so has a gradient.
 */
typedef struct rondo_lstm_weights {
    rondo_var *w_ih;     /* (4H, I) */
    rondo_var *w_hh;     /* (4H, R), R = P with projection, else H */
    rondo_var *b_ih;     /* (4H) or NULL */
    rondo_var *b_hh;     /* (4H) or NULL */
    rondo_var *w_hr;     /* (P, H) or NULL */
    rondo_var *peephole; /* (3, H): p_i, p_f, p_o, or NULL */
    rondo_var *gain_x;   /* (4H); with gain_h, gain_c, bias_c switches layer normalisation on: all four or none */
    rondo_var *gain_h;   /* (4H) */
    rondo_var *gain_c;   /* (H) */
    rondo_var *bias_c;   /* (H) */
} rondo_lstm_weights;
typedef struct rondo_lstm_options {
    rondo_sequence_options sequence;
    rondo_real cell_clip; /* 0: none; else c_t is clipped to [-cell_clip, cell_clip], no gradient where it clips */
    bool coupled_gates;
} rondo_lstm_options;
typedef struct rondo_lstm_result {
    rondo_var *output; /* (T, B, R) */
    rondo_var *h;      /* (B, R) */
    rondo_var *c;      /* (B, H) */
} rondo_lstm_result;
RONDO_API rondo_lstm_result rondo_lstm(rondo_tape *tape, rondo_var *x, rondo_var *h0, rondo_var *c0,
                                       const rondo_lstm_weights *weights, const rondo_lstm_options *options);

/* ---- GRU (Cho 2014). Two models, both offered:
 *   reset after the product (default; equals nn.GRU):  n = tanh(W_in x + b_in + r∘(W_hn h + b_hn))
 *   reset before the product (the paper's):            n = tanh(W_in x + b_in + W_hn (r∘h) + b_hn)
 *   r, z = σ(W_i x + b_i + W_h h + b_h),  h_t = (1 - z)∘n + z∘h_{t-1}.
 *   Layer normalisation: W_ih x is replaced by LN(W_ih x; gain_x) over each of [r,z] (2H) and n (H) apart, and likewise
 *   the recurrent products by gain_h. ---- */
typedef struct rondo_gru_weights {
    rondo_var *w_ih;   /* (3H, I) */
    rondo_var *w_hh;   /* (3H, H) */
    rondo_var *b_ih;   /* (3H) or NULL */
    rondo_var *b_hh;   /* (3H) or NULL */
    rondo_var *gain_x; /* (3H); both or none */
    rondo_var *gain_h; /* (3H) */
} rondo_gru_weights;
typedef struct rondo_gru_options {
    rondo_sequence_options sequence;
    bool reset_before; /* false: reset after the product */
} rondo_gru_options;
typedef struct rondo_gru_result {
    rondo_var *output; /* (T, B, H) */
    rondo_var *h;      /* (B, H) */
} rondo_gru_result;
RONDO_API rondo_gru_result rondo_gru(rondo_tape *tape, rondo_var *x, rondo_var *h0, const rondo_gru_weights *weights,
                                     const rondo_gru_options *options);

#ifdef __cplusplus
}
#endif
#endif

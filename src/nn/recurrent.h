/* The inside of a recurrent stack, shared by its files:
 *   recurrent_config.c   defaults and checks of a configuration
 *   recurrent.c          the parameters of every layer and direction
 *   recurrent_forward.c  the whole-sequence forward pass
 *   stream.c             the same network one step at a time */
#ifndef RONDO_NN_RECURRENT_H
#define RONDO_NN_RECURRENT_H

#include "nn/params.h"

/* By rondo_cell, as recipes write them. */
extern const char *const rondo__cell_names[];

/* One layer in one direction. Parameters by index in the params; -1: absent. */
typedef struct rondo__recurrent_layer {
    int w_ih, w_hh, b_ih, b_hh;                         /* all cells; no w_hh, b_hh in Jordan's */
    int w_hr, peephole, gain_x, gain_h, gain_c, bias_c; /* LSTM, GRU */
    int w_sh, w_ho, b_o;                                /* Jordan */
    int h0, c0;                                         /* learned initial states, (width) each */
    int64_t I, H;
    int64_t R;     /* width of its output */
    int64_t state; /* width of h; Jordan: Q */
    int64_t cell;  /* width of c; 0: none */
} rondo__recurrent_layer;

/* Who is shown every forward pass of a stack. instead (may be NULL): what it returns is the result, and nothing is
 * computed; NULL: go on. seen: called when the pass is made, and says what goes on from it: y, or something else of the
 * same shape. Either may write the final states (input->final_states, may be NULL). input: as the caller gave it, with
 * the states that the pass begins from. Nobody is called once the tape has failed. */
typedef struct rondo__recurrent_watch {
    rondo_var *(*instead)(void *arg, rondo_tape *tape, rondo_var *x, const rondo_recurrent_input *input);
    rondo_var *(*seen)(void *arg, rondo_tape *tape, rondo_var *x, const rondo_recurrent_input *input, rondo_var *y);
    void *arg;
} rondo__recurrent_watch;

struct rondo_recurrent {
    rondo_recurrent_config config; /* defaults filled in */
    rondo_params *params;
    int directions;
    rondo__recurrent_layer layer[2 * RONDO_MAX_LAYERS]; /* by layer * directions + direction */
    const rondo__recurrent_watch *watch;                /* NULL: nobody */
};

/* Fills defaults in and checks every field; errors name the field, its value and the mend. */
rondo_status rondo__recurrent_resolve(rondo_recurrent_config *config, rondo_error *err);

/* Options of one layer and direction as its operator takes them. */
rondo_sequence_options rondo__recurrent_sequence(const rondo_recurrent *net, const int32_t *lengths, int direction);
rondo_elman_options rondo__recurrent_elman(const rondo_recurrent *net, rondo_sequence_options sequence);
rondo_jordan_options rondo__recurrent_jordan(const rondo_recurrent *net, int layer, rondo_sequence_options sequence);
rondo_lstm_options rondo__recurrent_lstm(const rondo_recurrent *net, rondo_sequence_options sequence);
rondo_gru_options rondo__recurrent_gru(const rondo_recurrent *net, rondo_sequence_options sequence);

/* True where layer's output is added to its input (config.residual). */
bool rondo__recurrent_is_residual(const rondo_recurrent *net, int layer);

#endif

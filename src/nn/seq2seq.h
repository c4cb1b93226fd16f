/* The inside of an encoder-decoder, shared by its files:
 *   seq2seq_config.c  defaults and checks of a configuration
 *   seq2seq.c         create: the parts, their widths and parameters
 *   bridge.c          the encoder's final states -> the decoder's first ones
 *   seq2seq_encode.c  source symbols -> memory and the decoder's first state
 *   seq2seq_decode.c  symbols told -> a_t, where each step looked, the pointer's gate
 *   seq2seq_loss.c    teacher forcing
 *   told_lstm.c       a step of an LSTM that is told symbols only, in use
 *   next_symbol.c     a_t -> log-probabilities, in use
 *   decoding.c        in use, one step at a time over rows that split and end
 *
 * Encoder and decoder are recurrent or Transformers, each for itself. An encoder of another kind plugs in at
 * rondo__seq2seq_encode, a decoder at rondo__seq2seq_decode and rondo__decoder_state; nothing else knows what they are
 * made of. */
#ifndef RONDO_NN_SEQ2SEQ_H
#define RONDO_NN_SEQ2SEQ_H

#include "nn/block.h"
#include "nn/declare.h"
#include "nn/recurrent.h"
#include "nn/transformer.h"
#include "rondo/seq2seq.h"

/* Parameters of a linear bridge by the decoder's layer; -1: absent. */
typedef struct rondo__bridge {
    int h_weight[RONDO_MAX_LAYERS], h_bias[RONDO_MAX_LAYERS];
    int c_weight[RONDO_MAX_LAYERS], c_bias[RONDO_MAX_LAYERS];
} rondo__bridge;

struct rondo_seq2seq {
    rondo_seq2seq_config config; /* defaults filled in */
    rondo_params *params;
    rondo_recurrent *encoder, *decoder; /* NULL where a Transformer stands in its place */
    rondo_transformer *encoder_transformer, *decoder_transformer;
    rondo_transformer_config encoder_config, decoder_config; /* config points here */
    rondo_attention_layer *attention;                        /* of a recurrent decoder; NULL: none */
    int64_t M;                                               /* width of the memory: the encoder's output */
    int64_t H; /* of the decoder's output h_t, and of its last layer's state */
    int64_t C; /* of the context c_t: attention's, or what enters every step without attention; 0: none */
    int64_t A; /* of a_t, which enters the output layer */
    /* parameters by index, -1: absent */
    int source_table, target_table, combine, output, output_bias, pointer, pointer_bias;
    rondo__bridge bridge;
};

/* Fills defaults in and checks every field but those that rondo_recurrent_create and rondo_attention_layer_create
 * check; errors name the field, its value and the mend. */
rondo_status rondo__seq2seq_resolve(rondo_seq2seq_config *config, rondo_error *err);

/* Checks that the states of net's encoder fit its decoder, and declares what a linear bridge needs. */
void rondo__bridge_declare(rondo_seq2seq *net, rondo__declarer *d);
/* The decoder's first states (B, width), none of them NULL unless the tape fails. */
void rondo__bridge_states(rondo_seq2seq *net, rondo_tape *tape, const rondo_states *encoder, int64_t B,
                          rondo_states *out);
/* Both directions of one layer's final states of the encoder (h or c by layer and direction), side by side. */
rondo_var *rondo__bridge_joined(const rondo_seq2seq *net, rondo_tape *tape, rondo_var *const *state, int layer);

/* What the decoder looks at. */
typedef struct rondo__source {
    int memories; /* 1, a Transformer: one for each layer, 0 without attention */
    rondo_attention_memory memory[RONDO_MAX_LAYERS];
    const int32_t *memory_of; /* (rows): the source of each row; NULL: its own */
} rondo__source;

/* What an LSTM makes of the symbols told so far, see told_lstm.c. */
typedef struct rondo__told {
    int64_t most;        /* numbers in the table; 0: as many as told_lstm.c thinks fit */
    int64_t count, room; /* rows of it */
    rondo__block place;  /* (V) int32_t: the symbol's row, -1: it has none yet */
    rondo__block rows;   /* (room, 4H) */
} rondo__told;

/* What the decoder takes from one step to the next. Absent parts are NULL. */
typedef struct rondo__decoder_state {
    rondo_states states;            /* (B, width) */
    rondo_var *fed;                 /* (1, B, A): a_{t-1}; input feeding */
    rondo_var *coverage;            /* (B, S): sum of the weights so far; coverage feature */
    rondo_var *context;             /* (B, C): what enters every step without attention; never changes */
    rondo_transformer_past past;    /* Transformer */
    const rondo__past_store *store; /* Transformer in use: the past instead, of rows that change */
    rondo__told *told;              /* in use, where rondo__told_fits */
} rondo__decoder_state;

/* Reads ids (S, B). start: the decoder's state before its first step. */
void rondo__seq2seq_encode(rondo_seq2seq *net, rondo_tape *tape, int64_t S, int64_t B, const int32_t *ids,
                           const int32_t *lengths, rondo__source *source, rondo__decoder_state *start);

typedef struct rondo__decoder_input {
    int64_t T, B;
    const int32_t *symbols; /* (T, B): what each step is told */
    const int32_t *lengths; /* (B) or NULL: all T */
    const rondo__source *source;
    real sampling;     /* rate with which a step is told a symbol drawn from the step before */
    bool want_weights; /* give weights back */
} rondo__decoder_input;
typedef struct rondo__decoder_output {
    rondo_var *a;       /* (T, B, A) */
    rondo_var *weights; /* (T, B, S), or (T, B, heads, S); NULL: not wanted, or no attention */
    rondo_var *gate;    /* (T, B): the pointer's gate before its sigmoid, or NULL */
} rondo__decoder_output;
/* T steps, which go on from state and leave it after the last one. T single steps give the same bits. */
void rondo__seq2seq_decode(rondo_seq2seq *net, rondo_tape *tape, const rondo__decoder_input *input,
                           rondo__decoder_state *state, rondo__decoder_output *out);
/* a (..., A) -> (..., V) */
rondo_var *rondo__seq2seq_logits(rondo_seq2seq *net, rondo_tape *tape, rondo_var *a);
/* next_symbol.c: their log-softmax into out (rows, V), the same bits. No gradient. */
void rondo__seq2seq_next(rondo_seq2seq *net, rondo_tape *tape, rondo_var *a, real *out);

/* told_lstm.c: is all that enters the cells the embedding of what they are told, and are they one plain layer? */
bool rondo__told_fits(const rondo_seq2seq *net);
/* A step of B rows, of which states has the state before and gets the one after; output (1, B, H). The parameters stay
 * as they are while `told` is in use. */
rondo_var *rondo__told_step(rondo_seq2seq *net, rondo_tape *tape, rondo__told *told, int64_t B, const int32_t *symbols,
                            rondo_states *states);
void rondo__told_free(rondo__told *told);

/* sample_symbols.c: ids (rows): told[r], or at the given rate an id drawn from softmax(logits (rows, V))[r]; a told -1
 * stays. The array lives as long as the step. Draws depend on the step's seed and number and on the row only. */
const int32_t *rondo__sample_symbols(rondo_tape *tape, rondo_var *logits, const int32_t *told, real rate);

/* Of the same numbers, without gradient. */
static inline rondo_var *rondo__detach(rondo_tape *tape, const rondo_var *x) {
    return x ? rondo_leaf(tape, &x->value, NULL) : NULL;
}

#endif

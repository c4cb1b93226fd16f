/* Encoder-decoder: one sequence in, another one out.
 *
 *   source ids (S, B) -> embedding -> encoder -> memory (S, B, M) and final states -> bridge -> decoder's first states
 *   target ids (T, B) -> embedding -> decoder, which looks at the memory -> linear -> logits (T, B, V)
 *
 * How the decoder knows the source:
 *
 *   attention none, context initial      the bridge alone: one vector (Sutskever 2014)
 *   attention none, context every_step   and the last states of the encoder's last layer, both directions side by side,
 *                                        enter every step beside the symbol (Cho 2014)
 *   attention after (Luong 2015)         h_t = cell(y_t[; a_{t-1} with input feeding]), c_t = attend(h_t),
 *                                        a_t = tanh(W_c [c_t; h_t]) enters the output layer
 *   attention before (Bahdanau 2015)     c_t = attend(h_{t-1}), h_t = cell([y_t; c_t[; a_{t-1} with input feeding]]),
 *                                        a_t = tanh(W_c [h_t; c_t; y_t]) enters the output layer
 *
 *   Transformer decoder (Vaswani 2017)   looks at the memory in each layer; its output is h_t. The bridge counts for
 *                                        nothing. pointer and coverage_loss see where its last layer looked, the mean
 *                                        over its heads; the pointer's gate has no c_t
 *
 * A Transformer encoder has no final states: a recurrent decoder then needs attention and bridge zero. Without
 * attention and in Transformers a_t = h_t, or tanh(W_c h_t) where combine_size is given. A Jordan cell's output goes
 * through tanh.
 *
 * Attention after the cell without input feeding, and a Transformer, run over all T steps at once; the other two step
 * by step. Then masks that are meant to last (variational, recurrent_dropout) are drawn anew at each step.
 *
 * Parameters: source_embedding.weight (Vs, Es), target_embedding.weight (V, Et), encoder.* and decoder.* as
 * rondo_recurrent or rondo_transformer names them, bridge.h_lL.weight ... , attention.*, combine.weight, output.weight,
 * output.bias; pointer: pointer.weight (1, C + H + Et) over [c_t; h_t; y_t], pointer.bias (1). */
#ifndef RONDO_SEQ2SEQ_H
#define RONDO_SEQ2SEQ_H

#include "rondo/attention.h"
#include "rondo/transformer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rondo_bridge {
    RONDO_BRIDGE_COPY, /* the encoder's final states as they are, layer by layer: widths must agree. Two directions are
                          joined (concatenated where the decoder is twice as wide, else added) */
    RONDO_BRIDGE_LINEAR, /* through a learned layer with tanh for each state */
    RONDO_BRIDGE_ZERO    /* the decoder starts from zeros */
} rondo_bridge;
typedef enum rondo_context_use { RONDO_CONTEXT_INITIAL, RONDO_CONTEXT_EVERY_STEP } rondo_context_use;
typedef enum rondo_tie { RONDO_TIE_NONE, RONDO_TIE_TARGET, RONDO_TIE_ALL } rondo_tie;

typedef struct rondo_seq2seq_config {
    int64_t source_vocabulary, target_vocabulary; /* Vs, V */
    int64_t source_embedding_size, target_embedding_size;
    rondo_recurrent_config encoder,
        decoder; /* input_size is set by rondo_seq2seq_create; the decoder's must be one-directional */
    /* Not NULL: in place of the recurrent one. Read by create only; size is the embedding's (or left 0), memory_size is
     * set by create. The decoder then has its own attention: leave `attention` out. */
    const rondo_transformer_config *encoder_transformer, *decoder_transformer;
    rondo_bridge bridge;
    rondo_context_use context;
    rondo_attention_config attention; /* query_size and memory_size are set by create */
    bool attention_before;            /* Bahdanau's order */
    bool input_feeding;
    int64_t combine_size; /* width of a_t; 0: the decoder's width, and nothing to combine without attention */
    rondo_tie tie;        /* target: output.weight is the target embedding (widths must agree); all: the source's too */
    bool pointer;         /* copy source symbols (needs attention with one head, or a Transformer decoder) */
    rondo_real coverage_loss;                     /* its factor; 0: none */
    rondo_real embedding_dropout, output_dropout; /* on embedded symbols; on a_t before the output layer */
} rondo_seq2seq_config;

typedef struct rondo_seq2seq rondo_seq2seq;
RONDO_API rondo_status rondo_seq2seq_create(rondo_seq2seq **out, rondo_params *params, const char *prefix,
                                            const rondo_seq2seq_config *config, rondo_error *err);
RONDO_API void rondo_seq2seq_destroy(rondo_seq2seq **net);
RONDO_API const rondo_seq2seq_config *rondo_seq2seq_get_config(const rondo_seq2seq *net);

/* One batch of pairs, S, T, B 1 or more; arrays belong to the caller and outlive the step. -1 is padding; a row may be
 * empty. Lengths may be NULL: all S, all T. */
typedef struct rondo_pairs_batch {
    int64_t S, T, B;
    const int32_t *source;         /* (S, B) */
    const int32_t *source_lengths; /* (B) */
    const int32_t *inputs;         /* (T, B): what the decoder is told, the start symbol first */
    const int32_t *targets;        /* (T, B): what it should say, the end symbol last */
    const int32_t *target_lengths; /* (B) */
    const int32_t *copy;           /* pointer: (S, B), ids in the extended vocabulary, see rondo_pointer_loss */
    const int32_t *copy_targets;   /* pointer: (T, B), targets in the extended vocabulary */
} rondo_pairs_batch;
typedef struct rondo_seq2seq_loss_options {
    rondo_real label_smoothing; /* not with pointer */
    rondo_real divide_by;       /* 0: the number of targets */
    rondo_real *row_losses;     /* NULL or (T, B): negative log-likelihoods without smoothing */
    int32_t *best;       /* NULL or (T, B): the likeliest symbol (for token accuracy); -1 where nothing is counted */
    rondo_real sampling; /* scheduled sampling (Bengio 2015): rate with which a step is told the symbol drawn from
                            the model's own last distribution (over its vocabulary, also with a pointer); acts in
                            training only, runs step by step */
} rondo_seq2seq_loss_options;
/* Teacher forcing: the mean loss per target, plus the coverage loss. */
RONDO_API rondo_var *rondo_seq2seq_loss(rondo_seq2seq *net, rondo_tape *tape, const rondo_pairs_batch *batch,
                                        const rondo_seq2seq_loss_options *options);

/* ---- in use: the decoder one step at a time, over many rows (hypotheses) that share sources ---- */
typedef struct rondo_decoding rondo_decoding;
/* net's parameters must stay unchanged and alive. */
RONDO_API rondo_status rondo_decoding_open(rondo_decoding **out, rondo_context *context, rondo_seq2seq *net,
                                           rondo_error *err);
RONDO_API void rondo_decoding_close(rondo_decoding **decoding);
/* Encodes B sources (S, B; -1 padding). copy (S, B) and extended X: pointer networks only, else NULL, 0. Afterwards
 * there are B rows, one per source, which have said nothing. */
RONDO_API rondo_status rondo_decoding_begin(rondo_decoding *decoding, int64_t S, int64_t B, const int32_t *source,
                                            const int32_t *lengths, const int32_t *copy, int64_t extended,
                                            rondo_error *err);
/* One step of `rows` rows: row r goes on from row parent[r] of the step before (rows may split, change places and end)
 * and is told symbols[r] (extended ids are told as unknown_symbol; see rondo_decoding_set_unknown). log_probabilities
 * (rows, V or X); weights (rows, S) or NULL: where each row looked, the mean over heads, zeros without attention. The
 * same row gives the same bits whatever rows stand beside it. */
RONDO_API rondo_status rondo_decoding_step(rondo_decoding *decoding, int64_t rows, const int32_t *parent,
                                           const int32_t *symbols, rondo_real *log_probabilities, rondo_real *weights,
                                           rondo_error *err);
/* What stands for extended ids when they are told to the decoder; default 0. */
RONDO_API void rondo_decoding_set_unknown(rondo_decoding *decoding, int32_t symbol);
/* Width of a row of log-probabilities: V, or X with a pointer. */
RONDO_API int64_t rondo_decoding_width(const rondo_decoding *decoding);

#ifdef __cplusplus
}
#endif
#endif

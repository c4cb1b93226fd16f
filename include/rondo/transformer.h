/* The Transformer (Vaswani 2017) as an encoder and a decoder over the same padded, time-major batches as the recurrent
 * stacks. Parameters are named as nn.TransformerEncoder and nn.TransformerDecoder name them, except that the joint
 * in_proj is three (q_proj, k_proj, v_proj); learned positions are positions.weight (max_length, size). Padding is zero
 * in the output, is never looked at, and gets gradient zero. */
#ifndef RONDO_TRANSFORMER_H
#define RONDO_TRANSFORMER_H

#include "rondo/attention.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rondo_positions {
    RONDO_POSITIONS_SINUSOIDAL,
    RONDO_POSITIONS_LEARNED,
    RONDO_POSITIONS_NONE
} rondo_positions;

typedef struct rondo_transformer_config {
    int64_t size;              /* width of the model, of input and output */
    int64_t heads;             /* 0: 1 */
    int64_t feed_forward_size; /* 0: 4 * size */
    int layers;                /* 0: 1 */
    bool post_norm; /* layer norm after each residual sum (the paper); false: before each part, and once at the end */
    rondo_positions positions;
    int64_t max_length; /* learned positions: a longer sequence fails with RONDO_ARGUMENT */
    rondo_real dropout; /* on the embedded input with its positions and on each part's output */
    rondo_real attention_dropout;
    int64_t memory_size; /* decoder: width of what it looks at; 0: an encoder (no attention to a memory) */
    bool causal;         /* each step sees itself and what came before; decoders always do */
} rondo_transformer_config;

typedef struct rondo_transformer rondo_transformer;
RONDO_API rondo_status rondo_transformer_create(rondo_transformer **out, rondo_params *params, const char *prefix,
                                                const rondo_transformer_config *config, rondo_error *err);
RONDO_API void rondo_transformer_destroy(rondo_transformer **net);

/* Keys and values of the steps so far, of each layer: (steps, B, size). A decoder in use keeps them between calls; the
 * steps one by one, or in chunks, give the bits of all at once. */
typedef struct rondo_transformer_past {
    int64_t steps;
    rondo_var *keys[RONDO_MAX_LAYERS], *values[RONDO_MAX_LAYERS];
} rondo_transformer_past;
typedef struct rondo_transformer_input {
    const int32_t *lengths;               /* (B) of x alone, or NULL: all T */
    const rondo_attention_memory *memory; /* decoder: one prepared memory per layer (rondo_transformer_prepare) */
    const int32_t *memory_of;             /* decoder in use: (B) */
    const rondo_transformer_past *past;   /* causal networks; NULL or of 0 steps: x begins the sequence. Variables of
                                             this tape, of which every row is valid as far as it goes on */
    rondo_transformer_past *now; /* causal networks; NULL, or receives past and this call's steps; may be past */
} rondo_transformer_input;
/* Decoder: each layer's keys and values of the memory (S, B, memory_size), once for all steps. */
RONDO_API void rondo_transformer_prepare(rondo_transformer *net, rondo_tape *tape, rondo_var *memory,
                                         const int32_t *lengths, rondo_attention_memory out[RONDO_MAX_LAYERS]);
/* x (T, B, size) -> (T, B, size). x is embedded symbols as they are: they are multiplied by sqrt(size) in here, before
 * the positions are added, as in the paper; so an embedding starts well with deviation 1/sqrt(size). *weights (may be
 * NULL): the last layer's attention to the memory, (T, B, S), the mean over its heads; NULL for an encoder. */
RONDO_API rondo_var *rondo_transformer_forward(rondo_transformer *net, rondo_tape *tape, rondo_var *x,
                                               const rondo_transformer_input *input, rondo_var **weights);

#ifdef __cplusplus
}
#endif
#endif

/* Attention: each step of one sequence looks at all steps of another.
 *
 * Letters: T query steps, S memory (source) steps, B batch, A width of queries and keys, W width of values. Memory is
 * padded like every batch: lengths (B) gives each row's valid steps, and what lies beyond has weight exactly zero and
 * gets gradient zero. A row of length 0 has weights and context zero. T = 1 is legal and gives the same bits as that
 * step of a longer call. */
#ifndef RONDO_ATTENTION_H
#define RONDO_ATTENTION_H

#include "rondo/nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the operator: scores, masked softmax and weighted sum as one ----
 *   dot        e_ts = scale * q_t · k_s, in each of `heads` slices of A (values are cut alike)
 *   additive   e_ts = v · tanh(q_t + k_s + coverage_s * u); one head (Bahdanau 2015; Luong's concat is the same form;
 *              coverage: See 2017, coverage_s = sum of the weights of all earlier steps)
 * weights = softmax over the valid s; with a position p (Luong 2015, local-p) weights are then multiplied by
 * exp(-(s - P)² / (2 (window/2)²)), P = p * length - 0.5 clipped below at 0, and are zero where |s - P| > window;
 * causal: query t sees s <= t + causal_offset only. context = weights · values. */
typedef enum rondo_attention_score { RONDO_SCORE_DOT, RONDO_SCORE_ADDITIVE } rondo_attention_score;
typedef struct rondo_attention_options {
    rondo_attention_score score;
    int64_t heads;            /* dot: divides A and W; 0: 1 */
    rondo_real scale;         /* dot; 0: 1 */
    const int32_t *lengths;   /* (B of the memory) or NULL: all S; outlives the step */
    bool causal;              /* not together with position */
    int64_t causal_offset;    /* steps that came before this call's first */
    int64_t window;           /* local-p: D; only with position */
    rondo_real dropout;       /* in training: on the weights that form the context */
    const int32_t *memory_of; /* (B of the query): query row b looks at memory row memory_of[b]; NULL: its own. For
                                 decoding: many hypotheses share one source. Not while recording (RONDO_UNSUPPORTED) */
} rondo_attention_options;
typedef struct rondo_attention_input {
    rondo_var *query;    /* (T, B, A) */
    rondo_var *keys;     /* (S, B, A) */
    rondo_var *values;   /* (S, B, W) */
    rondo_var *v;        /* additive: (A) */
    rondo_var *u;        /* additive: (A), weight of the coverage, or NULL: no coverage feature */
    rondo_var *coverage; /* (B, S) sum of the weights before this call, or NULL: zeros */
    rondo_var *position; /* local-p: (T, B), each in [0, 1]; else NULL */
} rondo_attention_input;
typedef struct rondo_attention_result {
    rondo_var *context;  /* (T, B, W) */
    rondo_var *weights;  /* (T, B, S); more than one head: (T, B, heads, S) */
    rondo_var *coverage; /* (B, S): coverage + the sum of the weights over T (of one head) ; NULL with more heads */
} rondo_attention_result;
RONDO_API rondo_attention_result rondo_attention(rondo_tape *tape, const rondo_attention_input *input,
                                                 const rondo_attention_options *options);

/* Coverage loss (See 2017): sum over the counted (t, b) and s of min(weights_tbs, coverage before t), a scalar, divided
 * by divide_by (0: the number of counted (t, b)). weights (T, B, S); coverage (B, S) or NULL: zeros; lengths (B) of the
 * TARGET rows or NULL: all T. */
RONDO_API rondo_var *rondo_coverage_loss(rondo_tape *tape, rondo_var *weights, rondo_var *coverage,
                                         const int32_t *lengths, rondo_real divide_by);

/* Pointer-generator (See 2017): p(w) = g * softmax(logits)_w + (1 - g) * sum of weights_s over the s with copy_s = w,
 * g = sigmoid(gate). The vocabulary is extended: ids V .. X-1 stand for source words that the model does not know and
 * are reached by copying alone. logits (T, B, V), gate (T, B) before its sigmoid, weights (T, B, S). copy (S, B): id in
 * the extended vocabulary of each source symbol, -1: cannot be copied. Arrays of the options outlive the step. A target
 * of probability 0 (a word that is neither known nor in the source) costs 87, without gradient. */
typedef struct rondo_pointer_options {
    const int32_t *copy;      /* (S, B) */
    const int32_t *targets;   /* (T, B) in the extended vocabulary, -1: ignored; loss only */
    int64_t extended;         /* X; probabilities only */
    rondo_real divide_by;     /* loss: 0: the number of counted targets */
    rondo_real *row_losses;   /* loss: NULL or (T, B), as for rondo_cross_entropy */
    const int32_t *memory_of; /* (B) as for rondo_attention; probabilities only. Needs */
    int64_t memory_rows;      /* B of the memory, which is the width of copy then */
} rondo_pointer_options;
RONDO_API rondo_var *rondo_pointer_loss(rondo_tape *tape, rondo_var *logits, rondo_var *gate, rondo_var *weights,
                                        const rondo_pointer_options *options);
/* log p, (T, B, X), -infinity for words of the extension that the row cannot copy; for use, it has no backward. */
RONDO_API rondo_var *rondo_pointer_log_probabilities(rondo_tape *tape, rondo_var *logits, rondo_var *gate,
                                                     rondo_var *weights, const rondo_pointer_options *options);

/* ---- the layer: a type of attention with its parameters ---- */
typedef enum rondo_attention_type {
    RONDO_ATTENTION_NONE,
    RONDO_ATTENTION_DOT,        /* Luong 2015: q · m; the query is as wide as the memory */
    RONDO_ATTENTION_SCALED_DOT, /* the same / sqrt(width) */
    RONDO_ATTENTION_GENERAL,    /* q · W m;                             PREFIXkey.weight (Q, M) */
    RONDO_ATTENTION_CONCAT, /* v · tanh(W [q; m]) (Luong 2015);     PREFIXquery.weight (A, Q), key.weight (A, M), v (A)
                             */
    RONDO_ATTENTION_ADDITIVE, /* v · tanh(W q + U m + b) (Bahdanau);  the same and query.bias (A) */
    RONDO_ATTENTION_MULTIHEAD /* Vaswani 2017; equals nn.MultiheadAttention: PREFIXq_proj.weight (A, Q), q_proj.bias,
                                 k_proj (A, M), v_proj (A, M), out_proj (O, A) */
} rondo_attention_type;
typedef struct rondo_attention_config {
    rondo_attention_type type;
    int64_t query_size;  /* Q */
    int64_t memory_size; /* M */
    int64_t size;        /* A: concat, additive, multihead; 0: Q */
    int64_t output_size; /* multihead: O; 0: Q. Other types: the context is as wide as the memory */
    int64_t heads;       /* multihead; 0: 1 */
    int64_t window;      /* local-p, D; 0: global. PREFIXposition.weight (A, Q), position_v (A) */
    bool coverage;       /* concat and additive: coverage as a feature, PREFIXcoverage (A) */
    rondo_real dropout;  /* on the weights */
} rondo_attention_config;
typedef struct rondo_attention_layer rondo_attention_layer;
/* What the layer makes of a memory once, for all steps that look at it. */
typedef struct rondo_attention_memory {
    rondo_var *keys, *values; /* (S, B, A), (S, B, W) */
    const int32_t *lengths;
} rondo_attention_memory;
RONDO_API rondo_status rondo_attention_layer_create(rondo_attention_layer **out, rondo_params *params,
                                                    const char *prefix, const rondo_attention_config *config,
                                                    rondo_error *err);
RONDO_API void rondo_attention_layer_destroy(rondo_attention_layer **layer);
/* Width of the context. */
RONDO_API int64_t rondo_attention_layer_output_size(const rondo_attention_layer *layer);
/* Widths of the memory's keys and values. */
RONDO_API void rondo_attention_layer_memory_size(const rondo_attention_layer *layer, int64_t *keys, int64_t *values);
RONDO_API rondo_attention_memory rondo_attention_layer_prepare(rondo_attention_layer *layer, rondo_tape *tape,
                                                               rondo_var *memory /* (S, B, M) */,
                                                               const int32_t *lengths /* (B) or NULL */);
typedef struct rondo_attend_options {
    rondo_var *coverage; /* (B, S) so far, or NULL */
    bool causal;
    int64_t causal_offset;
    const int32_t *memory_of; /* (B) */
} rondo_attend_options;
/* query (T, B, Q). options may be NULL. */
RONDO_API rondo_attention_result rondo_attention_layer_attend(rondo_attention_layer *layer, rondo_tape *tape,
                                                              rondo_var *query, const rondo_attention_memory *memory,
                                                              const rondo_attend_options *options);

#ifdef __cplusplus
}
#endif
#endif

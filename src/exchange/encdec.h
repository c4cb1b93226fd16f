/* What of an encoder-decoder is deployed: plain arrays and stacks, in the order in which they act. Tasks fill it in;
 * exporters write it down. It points into the model and owns nothing.
 *
 *   encode    symbols (S) -> encoder -> memory (S, M) and the final states of every layer and direction
 *             keys (S, A) = key memory, values (S, W) = value memory (or the memory itself)
 *             first[] says what each state of the decoder starts from; fed = 0, coverage (S) = 0
 *             repeats: context (C) = the final h of the encoder's last layer, directions side by side
 *   step      y (E) = embedding[symbol]
 *             before:   context = look(h of the last layer, as it was before the step)
 *             cells:    h (H) = decoder([y | context, if before or repeats | fed, if feeds])
 *             after:    context = look(h)
 *             a (A)   = tanh(combine [h; context; y] if before, [context; h] if after, [h] without attention),
 *                       or h where nothing combines;  fed = a
 *             logits (V) = output a + output_bias
 *             pointer:  g = sigmoid(pointer [context; h; y]), and where each source symbol s stands for copy_s,
 *                       p(v) = g softmax(logits)_v + (1 - g) sum of the weights_s of look with copy_s = v
 *   look(q)   see rondo__look
 *
 * The first step is told `end`, and the sequence ends when `end` is the likeliest symbol: greedy decoding. */
#ifndef RONDO_EXCHANGE_ENCDEC_H
#define RONDO_EXCHANGE_ENCDEC_H

#include "exchange/network.h"
#include "rondo/seq2seq.h"

/* y = weight x + bias; weight NULL: there is none, and y is x. */
typedef struct rondo__affine {
    int64_t out, in;
    const real *weight, *bias; /* (out, in), (out) or NULL */
} rondo__affine;

/* Attention from a query (Q) over n source symbols:
 *   q = query(query);  e_s = scale q · k_s, in each of `heads` slices of q, keys and values
 *   or, where v is there, e_s = v · tanh(q + k_s + coverage_s u)
 *   w = softmax(e);  window D > 0: w_s *= exp(-2 (s - P)² / D²), 0 where |s - P| > D,
 *                    P = max(0, n sigmoid(place_v · tanh(place query)) - 1/2)
 *   coverage += w;  context = out(sum of w_s values_s) */
typedef struct rondo__look {
    bool present;
    rondo__affine query, key, value, out, place; /* each may be absent; key and value act on the memory, once */
    const real *v, *u, *place_v;                 /* (A), or NULL; u: there is coverage */
    int64_t heads, window;
    int64_t A, W; /* widths of keys and of values */
    real scale;
} rondo__look;

/* What a state of the decoder starts from. */
typedef enum rondo__first_kind {
    RONDO__FIRST_OWN,    /* zeros, or what its layer has learned (h0, c0) */
    RONDO__FIRST_SUM,    /* the encoder's state; of two directions their sum */
    RONDO__FIRST_JOINED, /* both directions' side by side */
    RONDO__FIRST_LINEAR  /* tanh(weight joined + bias) */
} rondo__first_kind;
typedef struct rondo__first {
    rondo__first_kind kind;
    int layer; /* of the encoder */
    bool cell; /* its c, not its h */
    rondo__affine map;
} rondo__first;

typedef struct rondo__encdec {
    /* Instead of a recurrent one; then encoder has its EMBEDDING alone, and decoder is empty. */
    const rondo_transformer *encoder_transformer, *decoder_transformer;
    rondo__network encoder; /* EMBEDDING, RECURRENT[, ACTIVATION tanh] */
    rondo__network decoder; /* RECURRENT[, ACTIVATION tanh]: the cells of a step */
    rondo__first h[RONDO_MAX_LAYERS], c[RONDO_MAX_LAYERS];
    int64_t source, target; /* symbols: Vs, V */
    int64_t M, E, H, C, A;  /* memory, embedding, h, context (0: none), a */
    const real *embedding;  /* (V, E) */
    rondo__look look;
    bool before, feeds, repeats;
    rondo__affine combine, output;
    int32_t end;
    rondo__affine pointer; /* (1, C + H + E) over [context; h; y]: the gate before its sigmoid; absent: no pointer */
    int32_t unknown;       /* what a pointer's decoder is told in place of a word that has no symbol */
} rondo__encdec;

/* Parameters weight and bias; weight -1: absent; bias -1: none. */
rondo__affine rondo__affine_of(const rondo_params *params, int weight, int bias);
/* What an attention layer looks with; NULL: it is absent. */
rondo__look rondo__look_of(const rondo_attention_layer *layer);
/* What net is made of; `end`: its first and last symbol. */
rondo_status rondo__encdec_of(rondo__encdec *out, const rondo_seq2seq *net, int32_t end, rondo_error *err);

/* The encoder's and the decoder's stack. */
static inline rondo_recurrent *rondo__encdec_encoder(const rondo__encdec *pair) { return pair->encoder.block[1].net; }
static inline rondo_recurrent *rondo__encdec_decoder(const rondo__encdec *pair) { return pair->decoder.block[0].net; }
/* Symbols that may be said before the end: what rondo_search allows by default. */
static inline int64_t rondo__encdec_longest(int64_t S) { return 2 * S + 50; }
/* Steps that a Transformer decoder has learned places for; 0: any number. */
int64_t rondo__encdec_places(const rondo__encdec *pair);

/* What a step says of S source symbols: V logits, or with a pointer V + S log-probabilities. */
static inline int64_t rondo__encdec_width(const rondo__encdec *pair, int64_t S) {
    return pair->target + (pair->pointer.weight ? S : 0);
}

/* The reference: greedy decoding of source (S) up to `max` symbols. copy (S): for a pointer, what each stands for, a
 * symbol of the target, V + s for the word at place s (of words that are the same the first one's), or -1; else NULL.
 * out (max): *count symbols without the end. logits (max, width) or NULL: of the steps that were run,
 * min(*count + 1, max). */
rondo_status rondo__encdec_run(const rondo__encdec *pair, rondo_context *context, int64_t S, const int32_t *source,
                               const int32_t *copy, int64_t max, int32_t *out, int64_t *count, real *logits,
                               rondo_error *err);

#endif

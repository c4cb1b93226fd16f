/* What of a model is deployed, as a short list of blocks, one after the other, over one running sequence of vectors.
 * Tasks fill it in; exporters write it down. It points into the model and owns nothing.
 *
 *   EMBEDDING   symbols (T) -> (T, out)           weight (symbols, out)
 *   SCALE       (T, in): x * weight + bias        each (in) or NULL
 *   RECURRENT   (T, in) -> (T, out)               net, with Jordan's feedback matrix
 *   POOL        (T, in) -> (1, in)                weight: attention's (in), else NULL
 *   LINEAR      (T, in) -> (T, out)               weight (out, in), bias (out) or NULL
 *   ACTIVATION  (T, in)                           such as the softmax at the end
 *   ADAPTIVE    (T, in) -> (T, out)               log-probabilities by clusters
 * Taggers:
 *   SPELLING    (T, in) -> (T, in + 2H)           characters of each step, weight (symbols, E), through net in both
 *                                                 directions; its last states stand beside the vector
 *   BEST_PATH   (T, in), labels (T)               the best path over the scores, which stay as they are
 * Forecasts, by network->horizon:
 *   WINDOW      (T, in) -> (T / patch, out)       features as the network sees them
 *   FIXED       (T, in) -> (T, out)               embedded categories of the series beside every step
 *   ENDS        (T, in) -> (1, out)               the last step, of two directions the first beside it
 *   AHEAD       (1, in) -> (1, out)               what is known ahead beside it
 *   DECODE      final states -> (1, H n P)        net, from the last RECURRENT's final states, patch steps at once;
 *                                                 weight (patch n P, its width), bias
 *   OWN_PAST    (1, H n P) + weight (H, W) · past one product for all targets
 *   OUTCOME     (T, H n P)                        in the unit of x: points, rising quantiles, parameters */
#ifndef RONDO_EXCHANGE_NETWORK_H
#define RONDO_EXCHANGE_NETWORK_H

#include "kernels/kernels.h"
#include "rondo/crf.h"
#include "rondo/nn.h"

typedef enum rondo__block_kind {
    RONDO__EMBEDDING,
    RONDO__SCALE,
    RONDO__RECURRENT,
    RONDO__POOL,
    RONDO__LINEAR,
    RONDO__ACTIVATION,
    RONDO__ADAPTIVE,
    RONDO__SPELLING,
    RONDO__BEST_PATH,
    RONDO__WINDOW,
    RONDO__FIXED,
    RONDO__ENDS,
    RONDO__AHEAD,
    RONDO__DECODE,
    RONDO__OWN_PAST,
    RONDO__OUTCOME
} rondo__block_kind;

typedef struct rondo__network_block {
    rondo__block_kind kind;
    int64_t in, out;
    const real *weight, *bias;
    rondo_recurrent *net;
    const real *feedback; /* (O, Q) or NULL */
    bool taught;          /* Jordan behind the EMBEDDING: each symbol but the first is fed back in the place of what was
                             said before it, by its row of feedback or, where that is NULL, as one-hot */
    rondo_pooling pooling;
    rondo_activation activation;
    const rondo_adaptive *adaptive;
    int64_t symbols, width; /* SPELLING: rows and columns of weight */
    /* BEST_PATH: all but transition may be NULL: nothing is added, all is allowed */
    const real *transition, *start, *end;   /* (K, K) from row to column, (K), (K) */
    const real *forbidden_end;              /* (K) added to `end`: 0 or -inf */
    const uint8_t *allowed, *allowed_start; /* (K, K), (K) */
} rondo__network_block;

typedef enum rondo__window_norm { RONDO__NORM_NONE, RONDO__NORM_MEAN, RONDO__NORM_STANDARD } rondo__window_norm;
typedef enum rondo__outcome {
    RONDO__POINTS,
    RONDO__RISING,   /* quantiles */
    RONDO__GAUSSIAN, /* mean, spread */
    RONDO__STUDENT,  /* mean, spread, degrees of freedom */
    RONDO__COUNTS    /* negative binomial: mean, alpha */
} rondo__outcome;

/* A forecast. Features of a step in x: n targets and other columns of the past, `past` in all, then what is known
 * ahead: future covariates, calendar; NaN: missing. WINDOW, with z = (x - center) / scale where they are given:
 *   past columns    (z - shift) / size over the window: MEAN 0 and the mean of |z|, 1 where that is 0; STANDARD mean
 *                   and sqrt(variance + 1e-5); of what is there. Nothing is there: 0 and 1
 *   mask columns    after the others, 1 where column mask[i] is there; what is missing is 0
 *   patch           steps beside each other
 * W 0: a step by itself, no norm. OUTCOME of value h (from 1) of target j, a_0..P-1 the raw numbers, k = h and
 * r = sqrt(h) where changes are summed up (cumulative), else 1:
 *   m = k center_j + scale_j k shift_j, s = scale_j r size_j, sp(a) = log(1 + e^a) + 1e-6
 *   POINTS m + s a;  RISING the same, sorted;  GAUSSIAN, STUDENT m + s a_0, s sp(a_1)[, 2 + sp(a_2)]
 *   COUNTS s sp(a_0), sp(a_1) / sqrt(s) */
#define RONDO__FEATURES 192
typedef struct rondo__horizon {
    int64_t W, H, patch, n, past, ahead,
        P;                        /* ahead: columns known ahead that AHEAD or DECODE is told, from `past` on */
    int64_t columns;              /* that have center and scale */
    const double *center, *scale; /* (columns), or NULL: x is standardised already */
    /* Then: what the caller standardises with, if it likes. Independent targets (n 1) come first; features of x are the
     * target at hand and the columns behind all targets. */
    int64_t all_targets, all_columns;
    const double *all_center, *all_scale;
    int64_t measured; /* recursive: steps over which the caller measures `all_norm`; 0: none */
    int masks, mask[RONDO__FEATURES];
    int fixed; /* categories of a series */
    int64_t fixed_width, categories[RONDO__FEATURES / 3];
    const real *fixed_table[RONDO__FEATURES / 3]; /* (categories, width) each */
    rondo__window_norm norm, all_norm;
    rondo__outcome outcome;
    bool cumulative;
} rondo__horizon;

#define RONDO__BLOCKS 16
typedef struct rondo__network {
    int count;
    rondo__network_block block[RONDO__BLOCKS];
    rondo__horizon horizon; /* of forecasts; n 0: none */
    /* The model's, where weights may be of low precision: then `weight` points at their bytes, for rondo__network_row
     * and rondo__network_pack. NULL: all are floats (rondo__params_expand makes them so, for who reads them). */
    rondo_params *params;
} rondo__network; /* a zeroed one is empty */

/* Appends one. RONDO_UNSUPPORTED when there is no room left. */
rondo_status rondo__network_add(rondo__network *network, rondo__network_block block, rondo_error *err);
/* The matrix that what is said goes through before it is fed back; NULL: there is none. */
static inline const real *rondo__network_feedback(const rondo__network_block *block) {
    return block->taught ? NULL : block->feedback;
}
/* The first block of a kind; NULL: there is none. */
const rondo__network_block *rondo__network_find(const rondo__network *network, rondo__block_kind kind);
/* Row i of a block's weight (rows, width); and all of it packed, as x·Wᵀ takes it. */
void rondo__network_row(const rondo__network *network, const real *weight, int64_t i, int64_t width, real *out);
void rondo__network_pack(const rondo__network *network, rondo_context *context, const real *weight, int64_t rows,
                         int64_t width, real *packed);
/* Directions of the last recurrent block before place i. */
int rondo__network_directions(const rondo__network *network, int i);
/* Is the input symbols? */
bool rondo__network_reads_symbols(const rondo__network *network);
/* Has a sequence one result? */
bool rondo__network_is_pooled(const rondo__network *network);
/* Can it go step by step: one direction everywhere, and pooling that needs no second look? */
bool rondo__network_streams(const rondo__network *network);
/* Width of the result; of the widest row on the way. */
int64_t rondo__network_output(const rondo__network *network);
int64_t rondo__network_widest(const rondo__network *network);

/* The reference: symbols (T) or x (T, I) -> out (T, output) or, pooled, (output). */
rondo_status rondo__network_run(const rondo__network *network, rondo_context *context, int64_t T,
                                const int32_t *symbols, const real *x, real *out, rondo_error *err);
/* The same with all that there may be. Each is given where a block asks for it. */
typedef struct rondo__network_input {
    int64_t T;
    const int32_t *symbols; /* (T) */
    const real *x;          /* (T, I) */
    int64_t C;
    const int32_t *characters; /* SPELLING: (T, C), -1 behind the end of each */
    const int32_t *fixed;      /* FIXED: (fixed), -1: none of those known */
    const real *ahead;         /* AHEAD, DECODE: (H, ahead) */
} rondo__network_input;
/* labels (T): BEST_PATH's, or NULL */
rondo_status rondo__network_run_on(const rondo__network *network, rondo_context *context,
                                   const rondo__network_input *input, real *out, int32_t *labels, rondo_error *err);

/* ---- plain parts of the reference (network_window.c) ---- */
/* x (T, in) -> out (T, in + masks): WINDOW but for the patches. shift, size (past) receive the norm. */
void rondo__window_fill(const rondo__horizon *horizon, int64_t T, int64_t in, const real *x, real *out, double *shift,
                        double *size);
/* values (T, H, n, P) in place. */
void rondo__outcome_fill(const rondo__horizon *horizon, int64_t T, const double *shift, const double *size,
                         real *values);
/* Known ahead (H, ahead), standardised. */
void rondo__ahead_fill(const rondo__horizon *horizon, const real *ahead, real *out);

#endif

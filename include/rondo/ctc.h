/* Connectionist temporal classification (Graves 2006): symbols from frames without an alignment. */
#ifndef RONDO_CTC_H
#define RONDO_CTC_H

#include "rondo/search.h"
#include "rondo/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means the default. */
typedef struct rondo_ctc_options {
    const int32_t *lengths; /* (B) frames of each row, NULL: all T */
    int32_t blank;          /* default 0 */
    rondo_real divide_by;   /* the sum over the batch is divided by this; 0: by B */
    bool skip_impossible;   /* rows of probability 0, such as those with fewer frames than their symbols need, count as
                               0 without gradient (nn.CTCLoss with zero_infinity); false: their loss is infinite, their
                               gradient not a number */
    rondo_real *row_losses; /* NULL, or (B): each row's negative log-likelihood in nats, infinite where impossible */
} rondo_ctc_options;
/* logits (T, B, V), not normalised; target (sum of target_lengths) ids in [0, V) without blank, row after row;
 * target_lengths (B), 0 is legal. Equals nn.CTCLoss(reduction="sum") / divide_by on log_softmax(logits); the gradient
 * is that with respect to the logits. Forward-backward in log space. */
RONDO_API rondo_var *rondo_ctc_loss(rondo_tape *tape, rondo_var *logits, const int32_t *target,
                                    const int32_t *target_lengths, const rondo_ctc_options *options);

/* What one row says. Symbols and the frame at which each first stood. */
typedef struct rondo_ctc_hypothesis {
    int64_t count;
    int32_t *symbol; /* (count) */
    int32_t *frame;  /* (count) */
    double
        score; /* log-probability; greedy: of the best path; beam: of all paths kept, with the language model's part */
} rondo_ctc_hypothesis;
RONDO_API void rondo_ctc_hypothesis_free(rondo_ctc_hypothesis *hypothesis);

/* A language model beside: its next-symbol log-probabilities (V) given a state. States are small numbers that the
 * caller hands out; 0 is the start. */
typedef struct rondo_ctc_scorer {
    /* log-probability of symbol after state, and the state that follows; may fail. */
    rondo_status (*score)(void *arg, int64_t state, int32_t symbol, double *log_probability, int64_t *next,
                          rondo_error *err);
    /* log-probability that the text ends after state; NULL: ends cost nothing. */
    rondo_status (*end)(void *arg, int64_t state, double *log_probability, rondo_error *err);
    void *arg;
} rondo_ctc_scorer;
typedef struct rondo_ctc_search {
    int64_t beam; /* prefixes kept; 0 or 1: greedy */
    int64_t best; /* hypotheses wanted; 0: 1; at most beam */
    int32_t blank;
    const rondo_ctc_scorer *scorer; /* NULL: none */
    double scorer_weight;           /* of its log-probability */
    double symbol_bonus;            /* added for each symbol */
    double prune;                   /* symbols below this log-probability in a frame are passed over; 0: none is */
} rondo_ctc_search;
/* log_probabilities (T, V) of one row, T frames. Writes options->best hypotheses (fewer: the rest have count -1), best
 * first. Prefix beam search (Hannun 2014). */
RONDO_API rondo_status rondo_ctc_decode(rondo_ctc_hypothesis *out, int64_t T, int64_t V,
                                        const rondo_real *log_probabilities, const rondo_ctc_search *options,
                                        rondo_error *err);

/* Frame by frame. A symbol is settled once all prefixes that are kept agree on it (greedy: as soon as it stands). */
typedef struct rondo_ctc_stream rondo_ctc_stream;
RONDO_API rondo_status rondo_ctc_stream_open(rondo_ctc_stream **out, int64_t V, const rondo_ctc_search *options,
                                             rondo_error *err);
RONDO_API void rondo_ctc_stream_close(rondo_ctc_stream **stream);
RONDO_API void rondo_ctc_stream_reset(rondo_ctc_stream *stream);
/* One frame (V). *symbols points to *count newly settled symbols, valid until the next call. Greedy: allocates nothing.
 */
RONDO_API rondo_status rondo_ctc_stream_step(rondo_ctc_stream *stream, const rondo_real *log_probabilities,
                                             const int32_t **symbols, int64_t *count, rondo_error *err);
/* No more frames: what was not settled yet, of the best prefix. */
RONDO_API rondo_status rondo_ctc_stream_finish(rondo_ctc_stream *stream, const int32_t **symbols, int64_t *count,
                                               rondo_error *err);

#ifdef __cplusplus
}
#endif
#endif

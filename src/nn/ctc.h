/* What the files of connectionist temporal classification share. */
#ifndef RONDO_NN_CTC_H
#define RONDO_NN_CTC_H

#include "core/core.h"
#include "kernels/kernels.h"
#include "nn/logs.h"
#include "rondo/ctc.h"

/* Where each of the symbols first stands in the likeliest path that says them, by Viterbi; all -1 where no path does.
 * frame (count); log_probabilities (T, V). */
rondo_status rondo__ctc_align(int32_t *frame, int64_t T, int64_t V, const real *log_probabilities, int64_t count,
                              const int32_t *symbol, int32_t blank, rondo_error *err);

/* Room for count symbols and their frames. */
rondo_status rondo__ctc_hypothesis_make(rondo_ctc_hypothesis *out, int64_t count, rondo_error *err);

/* RONDO_NUMERIC unless the V numbers are logarithms of probabilities: below +inf, and numbers. */
rondo_status rondo__ctc_check_frame(int64_t t, int64_t V, const real *log_probabilities, rondo_error *err);
rondo_status rondo__ctc_check_search(int64_t V, const rondo_ctc_search *options, rondo_error *err);

/* ---- greedy ---- */
typedef struct rondo__ctc_greedy {
    int32_t last; /* of the frame before; the blank at first */
    double score;
} rondo__ctc_greedy;
/* The symbol that begins at this frame, or -1. */
int32_t rondo__ctc_greedy_step(rondo__ctc_greedy *greedy, int64_t V, const real *log_probabilities, int32_t blank);

/* ---- prefix beam search (ctc_beam.c) ---- */
typedef struct rondo__ctc_beam rondo__ctc_beam;
rondo_status rondo__ctc_beam_create(rondo__ctc_beam **out, int64_t V, const rondo_ctc_search *options,
                                    rondo_error *err);
void rondo__ctc_beam_destroy(rondo__ctc_beam **beam);
void rondo__ctc_beam_reset(rondo__ctc_beam *beam);
rondo_status rondo__ctc_beam_step(rondo__ctc_beam *beam, const real *log_probabilities, rondo_error *err);
/* All prefixes that are kept agree on one more symbol: takes it off their front. -1: they do not. */
int32_t rondo__ctc_beam_settle(rondo__ctc_beam *beam);
/* The text may end here: adds the scorer's ends and puts the best prefix first. No step may follow. Returns how many
 * prefixes there are. */
rondo_status rondo__ctc_beam_finish(rondo__ctc_beam *beam, int64_t *count, rondo_error *err);
/* Of the n-th best prefix: symbols that are not settled, and score. symbol NULL: only counts. */
int64_t rondo__ctc_beam_get(const rondo__ctc_beam *beam, int64_t n, int32_t *symbol, double *score);

#endif

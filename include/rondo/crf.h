/* Linear-chain conditional random field over label sequences (Lafferty 2001; Collobert 2011). */
#ifndef RONDO_CRF_H
#define RONDO_CRF_H

#include "rondo/nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A path y_1..y_T scores start[y_1] + Σ emission[t][y_t] + Σ transition[y_t][y_{t+1}] + end[y_T]. */
typedef struct rondo_crf_weights {
    rondo_var *transition;  /* (V, V): from row to column */
    rondo_var *start, *end; /* (V) each */
} rondo_crf_weights;
typedef struct rondo_crf_options {
    const int32_t *lengths; /* (B) or NULL: all T; length 0: loss 0 */
    rondo_real divide_by;   /* 0: by the number of labels */
    rondo_real *row_losses; /* NULL, or (B) */
} rondo_crf_options;
/* emission (T, B, V), target (T, B) in [0, V) within the lengths: mean exact negative log-likelihood, log partition by
 * the forward algorithm, gradient by forward-backward. */
RONDO_API rondo_var *rondo_crf_loss(rondo_tape *tape, rondo_var *emission, const int32_t *target,
                                    const rondo_crf_weights *weights, const rondo_crf_options *options);
/* The best path of each row (Viterbi): label (T, B), -1 at padding; score (B) or NULL. allowed: (V, V) or NULL, 0
 * forbids a step from row to column; allowed_start (V) or NULL. start, end: (V) or NULL: zeros. Rules that leave no
 * path are RONDO_ARGUMENT. Of equal paths the lower labels win; NaN makes the score NaN. Plain arrays. */
RONDO_API rondo_status rondo_crf_decode(rondo_context *context, int32_t *label, rondo_real *score, int64_t T, int64_t B,
                                        int64_t V, const rondo_real *emission, const int32_t *lengths,
                                        const rondo_real *transition, const rondo_real *start, const rondo_real *end,
                                        const uint8_t *allowed, const uint8_t *allowed_start, rondo_error *err);

/* As a layer: parameters PREFIXtransitions (V, V), PREFIXstart_transitions, PREFIXend_transitions (V), as pytorch-crf
 * names them. */
typedef struct rondo_crf rondo_crf;
RONDO_API rondo_status rondo_crf_create(rondo_crf **out, rondo_params *params, const char *prefix, int64_t V,
                                        rondo_error *err);
RONDO_API void rondo_crf_destroy(rondo_crf **crf);
RONDO_API rondo_crf_weights rondo_crf_use(rondo_crf *crf, rondo_tape *tape);

#ifdef __cplusplus
}
#endif
#endif

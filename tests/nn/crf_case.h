/* A small conditional random field and what is known of it by walking every path. */
#ifndef TESTS_NN_CRF_CASE_H
#define TESTS_NN_CRF_CASE_H

#include <math.h>
#include <string.h>

#include "core/core.h"
#include "rondo/crf.h"
#include "rondo/ops.h"
#include "support/test.h"

enum { CRF_T = 5, CRF_B = 4, CRF_V = 3, CRF_MORE = 3, CRF_PATHS = 243 };
static const int32_t crf_lengths[CRF_B] = {5, 0, 1, 3};

typedef struct crf_case {
    int64_t T; /* CRF_T or more: padding */
    rondo_real e[(CRF_T + CRF_MORE) * CRF_B * CRF_V], de[(CRF_T + CRF_MORE) * CRF_B * CRF_V];
    rondo_real a[CRF_V * CRF_V], da[CRF_V * CRF_V], start[CRF_V], dstart[CRF_V], end[CRF_V], dend[CRF_V];
    rondo_real losses[CRF_B], loss;
    int32_t y[(CRF_T + CRF_MORE) * CRF_B];
} crf_case;

static inline void crf_draw(rondo_real *x, int64_t n, uint64_t stream) {
    for (int64_t i = 0; i < n; i++)
        x[i] = (rondo_real)(4 * rondo__random_uniform(11, stream, (uint64_t)i) - 2);
}

static inline void crf_fill(crf_case *c, int64_t T) {
    *c = (crf_case){.T = T};
    crf_draw(c->e, T * CRF_B * CRF_V, 1);
    crf_draw(c->a, (int64_t)CRF_V * CRF_V, 2);
    crf_draw(c->start, CRF_V, 3);
    crf_draw(c->end, CRF_V, 4);
    for (int64_t t = 0; t < T; t++)
        for (int64_t b = 0; b < CRF_B; b++)
            c->y[t * CRF_B + b] = t < crf_lengths[b] ? (int32_t)((t * 2 + b) % CRF_V) : -9; /* never looked at */
}

static inline rondo_var *crf_leaf(rondo_tape *tape, rondo_real *x, rondo_real *dx, int rank, int64_t d0, int64_t d1,
                                  int64_t d2) {
    rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, x, rank, (int64_t[]){d0, d1, d2});
    return rondo_leaf(tape, &tensor, dx);
}

static inline rondo_crf_weights crf_weights(rondo_tape *tape, crf_case *c) {
    return (rondo_crf_weights){crf_leaf(tape, c->a, c->da, 2, CRF_V, CRF_V, 0),
                               crf_leaf(tape, c->start, c->dstart, 1, CRF_V, 0, 0),
                               crf_leaf(tape, c->end, c->dend, 1, CRF_V, 0, 0)};
}

static inline rondo_status crf_run_on(rondo_tape *tape, crf_case *c, rondo_real divide_by) {
    rondo_tape_begin(tape, &(rondo_step){.recording = true});
    rondo_crf_weights w = crf_weights(tape, c);
    rondo_var *e = crf_leaf(tape, c->e, c->de, 3, c->T, CRF_B, CRF_V);
    rondo_var *loss =
        rondo_crf_loss(tape, e, c->y, &w,
                       &(rondo_crf_options){.lengths = crf_lengths, .divide_by = divide_by, .row_losses = c->losses});
    if (loss)
        c->loss = *(rondo_real *)loss->value.data;
    return rondo_backward(tape, loss, 1);
}

/* Label of step t in path number n. */
static inline int32_t crf_label(int64_t n, int64_t t) {
    for (; t > 0; t--)
        n /= CRF_V;
    return (int32_t)(n % CRF_V);
}
static inline int64_t crf_paths(int64_t length) {
    int64_t n = 1;
    for (; length > 0; length--)
        n *= CRF_V;
    return n;
}

static inline double crf_score(const crf_case *c, int64_t b, const int32_t *path, int64_t length) {
    double score = (double)c->start[path[0]] + (double)c->end[path[length - 1]];
    for (int64_t t = 0; t < length; t++) {
        score += (double)c->e[(t * CRF_B + b) * CRF_V + path[t]];
        if (t > 0)
            score += (double)c->a[path[t - 1] * CRF_V + path[t]];
    }
    return score;
}

static inline void crf_path(int32_t *path, int64_t n, int64_t length) {
    for (int64_t t = 0; t < length; t++)
        path[t] = crf_label(n, t);
}

#endif

/* A small batch for the tests of the CTC loss: rows with repeated symbols, without symbols, without frames, with too
 * few frames. */
#ifndef TESTS_NN_CTC_RIG_H
#define TESTS_NN_CTC_RIG_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "rondo/ctc.h"
#include "rondo/ops.h"
#include "support/test.h"

enum { T = 6, B = 7, V = 4 };
#define RIG_IMPOSSIBLE 5

typedef struct rig {
    rondo_context *context;
    rondo_tape *tape;
    rondo_real logits[T * B * V], grad[T * B * V], row_losses[B];
    int32_t lengths[B], counts[B], target[B * T], blank;
    double loss;
} rig;

static inline double rig_draw(uint64_t stream, int64_t i) { return rondo__random_uniform(11, stream, (uint64_t)i); }

static inline const int32_t *rig_target(const rig *r, int b) {
    int at = 0;
    for (int i = 0; i < b; i++)
        at += r->counts[i];
    return r->target + at;
}

/* Even draws have blank 0, odd ones blank 2. */
static inline rondo_status rig_make(rig *r, int draw, int threads, const char *isa) {
    static const int32_t lengths[B] = {6, 5, 3, 0, 4, 3, 0}, counts[B] = {3, 2, 3, 0, 0, 3, 1};
    *r = (rig){.blank = draw % 2 * 2};
    for (int i = 0; i < T * B * V; i++)
        r->logits[i] = (rondo_real)(6 * rig_draw((uint64_t)draw, i) - 3);
    memcpy(r->lengths, lengths, sizeof lengths);
    memcpy(r->counts, counts, sizeof counts);
    for (int i = 0; i < B * T; i++)
        r->target[i] = (r->blank + 1 + (int32_t)(rig_draw((uint64_t)draw + 50, i) * (V - 1))) % V;
    int32_t *row = r->target + counts[0];
    row[1] = row[0];                                                   /* row 1: repeated */
    row[2] = row[4] = (r->blank + 2) % V, row[3] = (r->blank + 1) % V; /* row 2: as many frames as symbols */
    row[6] = row[5];                                                   /* row 5: one frame too few */
    const rondo_context_options options = {.threads = threads, .isa = isa};
    rondo_status status = rondo_context_create(&r->context, &options, NULL);
    return status ? status : rondo_tape_create(&r->tape, r->context, NULL);
}

static inline void rig_open(rig *r, int draw, const char *isa) {
    assert_int_equal(rig_make(r, draw, 1, isa), RONDO_OK);
}

static inline void rig_close(rig *r) {
    rondo_tape_destroy(&r->tape);
    rondo_context_destroy(&r->context);
}

static inline rondo_var *rig_logits(rig *r) {
    const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, r->logits, 3, (int64_t[]){T, B, V});
    return rondo_leaf(r->tape, &tensor, r->grad);
}

static inline rondo_var *rig_apply(rig *r, const rondo_ctc_options *given) {
    rondo_ctc_options options = *given;
    options.lengths = r->lengths;
    options.blank = r->blank;
    options.row_losses = r->row_losses;
    return rondo_ctc_loss(r->tape, rig_logits(r), r->target, r->counts, &options);
}

static inline rondo_var *rig_loss(rig *r, const rondo_ctc_options *given) {
    rondo_tape_begin(r->tape, &(rondo_step){.recording = true});
    return rig_apply(r, given);
}

static inline double rig_value(const rondo_var *x) {
    assert_non_null(x);
    return (double)*(rondo_real *)x->value.data;
}

static inline double rig_probability(const rig *r, int t, int b, int k) {
    const rondo_real *x = r->logits + (t * B + b) * V;
    double total = 0;
    for (int j = 0; j < V; j++)
        total += exp((double)x[j]);
    return exp((double)x[k]) / total;
}

#endif

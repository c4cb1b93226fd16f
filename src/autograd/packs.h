/* Packed weights: an operator describes each form of a weight that its products need, and the tape keeps those forms
 * that will be asked for again, so that a loop of single steps packs a matrix once and not once a step.
 *
 * Kept are forms of parameters (rondo_params_use), whose values stand still during a step; all else is packed into the
 * call's scratch. Forward and backward lay out scratch with rondo__form_room and then ask rondo__form_packed. */
#ifndef RONDO_AUTOGRAD_PACKS_H
#define RONDO_AUTOGRAD_PACKS_H

#include "core/core.h"
#include "kernels/kernels.h"
#include "rondo/op.h"

/* W: rows [row, row + M), each K wide, of the matrix that is input `input` of the call. */
typedef struct rondo__form {
    int input;
    int64_t row, M, K;
    bool transposed; /* as Wᵀ (K, M), for y = x·Wᵀ; else as W (M, K), for dx = dy·W */
    int64_t uses;    /* rows that this call multiplies with it */
    real *room;      /* scratch, where the tape does not keep it */
} rondo__form;

/* Does the tape keep this form? If so it has a place from now on. scratch_bytes must have asked before forward or
 * backward does: it is there that a lack of memory is noticed, for backward before any gradient is touched. */
bool rondo__form_kept(const rondo_call *call, const rondo__form *form);
/* Numbers of scratch that the form needs: none where it is kept. */
int64_t rondo__form_room(const rondo_call *call, const rondo__form *form);
/* The packed numbers: packed now, into form->room, or kept from before. */
const real *rondo__form_packed(const rondo_call *call, const rondo__form *form);

/* ---- for the tape ---- */

#define RONDO__PACK_BUCKETS 64

typedef struct rondo__packs {
    rondo__arena arena; /* entries and their numbers */
    struct rondo__pack_entry *bucket[RONDO__PACK_BUCKETS];
    bool failed; /* a form found no memory: the call that asked fails */
} rondo__packs;

void rondo__packs_init(rondo__packs *packs);
void rondo__packs_free(rondo__packs *packs);
/* A step begins: everything is forgotten unless keep. The memory stays. */
void rondo__packs_begin(rondo__packs *packs, bool keep);

#endif

/* What the cell operators share besides the plan of rows (sequence.h): checks, views of the call's arrays as packed
 * rows, zoneout, and the gradients of a product over all rows. */
#ifndef RONDO_NN_CELL_H
#define RONDO_NN_CELL_H

#include "autograd/beside.h"
#include "autograd/packs.h"
#include "nn/carve.h"
#include "nn/expect.h"
#include "nn/norm_rows.h"
#include "nn/sequence.h"
#include "nn/units.h"
#include "rondo/op.h"

/* ---- checks ---- */
typedef struct rondo__expected {
    const char *name;
    bool optional;
    int rank;
    int64_t dims[3];
} rondo__expected;
/* The first count inputs of the call against what is expected of them. */
rondo_status rondo__expect_inputs(const rondo_call *call, int count, const rondo__expected *expected, rondo_error *err);
/* Input 0 is x (T, B, I); lengths and rates are sound; matrix input `weight` (rows, columns) is there, neither empty.
 */
rondo_status rondo__expect_sequence(const rondo_call *call, const rondo_sequence_options *options, int weight,
                                    const char *name, rondo_error *err);
void rondo__set_shape(rondo_var *var, int rank, int64_t d0, int64_t d1, int64_t d2);
static inline bool rondo__wants_grad(const rondo_var *var) { return var && var->grad; }
static inline real *rondo__values(const rondo_var *var) { return var ? (real *)var->value.data : NULL; }

/* ---- packed weights (autograd/packs.h) ---- */
/* The form with its room in scratch: none where the tape keeps it. */
static inline rondo__form rondo__carve_form(rondo__carver *c, const rondo_call *call, rondo__form form) {
    form.room = rondo__carve(c, rondo__form_room(call, &form));
    return form;
}

/* Backward's form of the weight of x: only where that wants a gradient. */
static inline rondo__form rondo__carve_input_form(rondo__carver *c, const rondo_call *call, rondo__form form) {
    return rondo__wants_grad(call->in[0]) ? rondo__carve_form(c, call, form) : form;
}

/* ---- packed views ---- */
/* array + count, or still NULL. */
static inline real *rondo__offset(real *array, int64_t count) { return array ? array + count : NULL; }
/* N, the sum of lengths, before there is a plan; *dense: all lengths equal T. */
int64_t rondo__count_rows(int64_t T, int64_t B, const rondo_sequence_options *options, bool *dense);
/* Whether what a call makes can be read step by step (autograd/beside.h): a full batch from the first step to the last.
 */
bool rondo__walks_in_steps(int64_t T, int64_t B, const rondo_sequence_options *options);
/* The padded array itself when the plan is dense, else its rows gathered into room (N, n). */
const real *rondo__packed_view(rondo_context *context, const rondo__plan *plan, int64_t n, const real *padded,
                               real *room);
/* The state that enters step s at places first..: initial (B, n; plan order), or values (N, n) one step earlier. */
static inline const real *rondo__entering(const rondo__plan *plan, int64_t s, int64_t first, int64_t n,
                                          const real *initial, const real *values) {
    return s == 0 ? initial + first * n : values + (plan->start[s - 1] + first) * n;
}
/* packed row (step, place) of (N, n) *= row (place) of mask (B, n); nothing when mask is NULL. */
void rondo__mask_rows(rondo_context *context, const rondo__plan *plan, int64_t n, real *packed, const real *mask);
/* in itself when mask is NULL, else room = mask∘in; count numbers. */
const real *rondo__masked(const rondo__kernels *kernels, int64_t count, real *room, const real *in, const real *mask);
/* Units of dh (rows, H) [+]= mask ∘ (da (rows, K; ld apart) · W (K, H)); room (rows, H) serves where there is a mask.
 */
void rondo__recurrent_back(const rondo__kernels *kernels, int64_t rows, rondo__units u, int64_t K, real *dh,
                           const real *da, int64_t ld, const real *packed, const real *mask, real *room,
                           bool accumulate);

/* ---- the product of all inputs: y (N, gates·H) = x (N, I) · W_ihᵀ + bias ---- */
typedef struct rondo__inputs {
    const rondo__plan *plan;
    int64_t I, gates, H;
    const real *x, *packed, *bias; /* bias (gates·H) or NULL */
    real *y;
    const rondo_context *context;
} rondo__inputs;
/* All of it, over the threads of the context; nothing for a call that runs in steps with another one. */
void rondo__input_product(rondo_context *context, const rondo__inputs *in);
/* What a worker that walks by units, or in steps with another call, calls ahead of each step s: makes its units for a
 * block of steps at once, whose gates stay in its cache until they are needed. *ready: the end of the last block,
 * rondo__inputs_ready before the walk. */
void rondo__input_units(const rondo__kernels *kernels, const rondo__inputs *in, rondo__units u, int64_t s,
                        int64_t *ready);
/* Rows of a block of steps, but at least one step: `most`, or what a call that runs in steps with another one may let
 * it wait for. */
static inline int64_t rondo__block_rows(const rondo_context *context, int64_t rows, int64_t most) {
    const int64_t awaited = rondo__awaited_rows(rows);
    return rondo__in_steps(context) && awaited < most ? awaited : most;
}
/* By rows: the number of steps whose inputs are multiplied before the walk. */
static inline int64_t rondo__inputs_ready(const rondo__inputs *in) {
    return rondo__in_steps(in->context) ? 0 : in->plan->steps;
}

/* ---- zoneout, units of (rows, H): h = keep∘h_prev + (1 - keep)∘fresh; h may be fresh ---- */
void rondo__mix_units(int64_t rows, rondo__units u, real *h, const real *keep, const real *h_prev, const real *fresh);
static inline void rondo__zoneout_mix(int64_t n, real *h, const real *keep, const real *h_prev, const real *fresh) {
    rondo__mix_units(1, rondo__all_units(n), h, keep, h_prev, fresh);
}
/* Backward: fresh = (1 - keep)∘dh, then dh = keep∘dh. Without zoneout (keep NULL) fresh = dh, dh = 0. */
void rondo__split_units(int64_t rows, rondo__units u, real *fresh, real *dh, const real *keep);
static inline void rondo__zoneout_split(int64_t n, real *fresh, real *dh, const real *keep) {
    rondo__split_units(1, rondo__all_units(n), fresh, dh, keep);
}

/* ---- gradients of y (N, M) = x (N, K) · Wᵀ + b, with dy (N, M; rows ld apart). Each adds to the gradient of its
 * variable and does nothing where that is absent. scratch: the most bytes that one of the products needs ---- */
static inline size_t rondo__larger(size_t a, size_t b) { return a > b ? a : b; }
/* w's rows [row, row + M), each K wide. */
size_t rondo__weight_grad_scratch(int64_t M, int64_t K, int64_t N);
void rondo__weight_grad(rondo_context *context, void *scratch, rondo_var *w, int64_t row, int64_t M, int64_t K,
                        int64_t N, const real *dy, int64_t ld, const real *x);
void rondo__bias_grad(rondo_context *context, rondo_var *b, int64_t M, int64_t N, const real *dy);
/* Of two biases that are added up; sums (M) is room. */
void rondo__bias_grads(rondo_context *context, rondo_var *a, rondo_var *b, int64_t M, int64_t N, const real *dy,
                       real *sums);
/* w (M, H) of a recurrent product of m∘h_{t-1}, where h are the values (N, H), and initial (B, H; plan order), NULL for
 * zeros, is what they began with; dy (N, M). In a full batch without a mask the states are read where they
 * stand; otherwise they are gathered into prev (N, H), which is there then. */
void rondo__recurrent_weight_grad(rondo_context *context, void *scratch, const rondo__plan *plan, rondo_var *w,
                                  int64_t M, int64_t H, const real *dy, const real *initial, const real *values,
                                  const real *mask, real *prev);
/* x (T, B, K) of the padded batch, packed its weight as it stands (M, K), dy (N, M); room (N, K) serves ragged plans.
 */
typedef struct rondo__input_back {
    rondo_context *context;
    const rondo__plan *plan;
    rondo_var *x;
    int64_t K, M;
    const real *packed, *dy; /* packed NULL: no gradient is wanted */
    real *room;
    int64_t done; /* steps, from the last on */
} rondo__input_back;
/* All of it; what is not yet done. */
void rondo__input_grad(rondo__input_back *back);
/* After step s of the walk, if another call waits for it: a block of steps. */
void rondo__input_grad_steps(rondo__input_back *back, int64_t s);
/* a + b (n) in room, or the one that is there, or NULL. */
const real *rondo__bias_sum(int64_t n, real *room, const real *a, const real *b);

#endif

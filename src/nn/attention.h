/* What the parts of the attention operator share: sizes, who sees what, products, rows of weights. */
#ifndef RONDO_NN_ATTENTION_H
#define RONDO_NN_ATTENTION_H

#include "autograd/op_tools.h"
#include "rondo/attention.h"

/* ---- the layer: places of its parameters, -1: not of this type ---- */
/* Who is shown where each call looked. */
typedef struct rondo__attention_watch {
    void (*seen)(void *arg, const rondo_attention_layer *layer, const rondo_var *weights);
    void *arg;
} rondo__attention_watch;

struct rondo_attention_layer {
    rondo_params *params;
    rondo_attention_config config; /* sizes filled in */
    int query, query_bias, key, key_bias, value, value_bias, out, out_bias;
    int v, coverage, position, position_v;
    const rondo__attention_watch *watch; /* NULL: nobody */
};

/* ---- the operator ---- */
enum { QUERY, KEYS, VALUES, V_ROW, U_ROW, COVERAGE, POSITION, ATTENTION_INPUTS };
enum { CONTEXT, WEIGHTS, NEW_COVERAGE, ATTENTION_OUTPUTS };

/* One call. Rows of the weights stand in the order (T, B, heads), S numbers each. */
typedef struct rondo__attention {
    const rondo_call *call;
    const rondo_attention_options *options;
    const rondo__kernels *kernels;
    int64_t T, B, M, S, A, W, heads; /* M: rows of the memory, B unless memory_of is given */
    int64_t d, w;                    /* widths of one head: A / heads, W / heads */
    bool dropping;
} rondo__attention;

rondo__attention rondo__attention_of(const rondo_call *call);

static inline int64_t rondo__memory_row(const rondo__attention *a, int64_t b) {
    return a->options->memory_of ? a->options->memory_of[b] : b;
}
/* Valid steps of a memory row. */
static inline int64_t rondo__memory_length(const rondo__attention *a, int64_t row) {
    return a->options->lengths ? a->options->lengths[row] : a->S;
}
/* Query t sees keys [0, visible) of n valid ones. */
static inline int64_t rondo__visible(const rondo__attention *a, int64_t t, int64_t n) {
    int64_t offset = a->options->causal_offset;
    return !a->options->causal || offset >= n || t + offset + 1 >= n ? n : t + offset + 1;
}
static inline int64_t rondo__weights_at(const rondo__attention *a, int64_t t, int64_t b, int64_t h) {
    return ((t * a->B + b) * a->heads + h) * a->S;
}
/* (b, head) pairs that make a task's worth of work. */
int64_t rondo__attention_grain(const rondo__attention *a);

/* ---- attention_products.c: of unpacked rows, lda, ldb, ldc apart; `room` holds the packed operand. Each element is
 * one chain over k; a single row may take a way without packing, which gives the same bits ---- */
int64_t rondo__attention_room(const rondo__attention *a); /* numbers */
/* C (M, N) = A (M, K) · B (N, K)ᵀ */
void rondo__rows_by_rows(const rondo__kernels *kernels, int64_t M, int64_t N, int64_t K, const real *a, int64_t lda,
                         const real *b, int64_t ldb, real *c, int64_t ldc, real *room);
/* C (M, N) [+]= A (M, K) · B (K, N) */
void rondo__rows_times(const rondo__kernels *kernels, int64_t M, int64_t N, int64_t K, const real *a, int64_t lda,
                       const real *b, int64_t ldb, real *c, int64_t ldc, bool accumulate, real *room);
/* C (M, N) += A (K, M)ᵀ · B (K, N) */
void rondo__columns_times(const rondo__kernels *kernels, int64_t M, int64_t N, int64_t K, const real *a, int64_t lda,
                          const real *b, int64_t ldb, real *c, int64_t ldc, real *room);

/* ---- attention_weights.c: one row ---- */
/* row (S): scores of the first n keys in, weights out. p (S): receives the softmax before the window; NULL without
 * position. b: row of the query, n: valid keys of its memory. */
void rondo__weights_row(const rondo__attention *a, int64_t t, int64_t b, int64_t n, real *row, real *p);
/* d (S): gradient of the weights in, of the scores out (0 where nothing was seen); adds to the gradient of position.
 * weights, p (S): what forward gave. */
void rondo__weights_row_backward(const rondo__attention *a, int64_t t, int64_t b, int64_t n, real *d,
                                 const real *weights, const real *p);
/* out (n) = in ∘ the dropout mask of row (t, b, h), scaled; may be in place. The mask is drawn again at each call. */
void rondo__weights_drop(const rondo__attention *a, int64_t t, int64_t b, int64_t h, int64_t n, real *out,
                         const real *in);

/* ---- the two passes ---- */
size_t rondo__attention_forward_scratch(const rondo__attention *a);
size_t rondo__attention_backward_scratch(const rondo__attention *a);
rondo_status rondo__attention_forward(rondo_call *call, rondo_error *err);
rondo_status rondo__attention_backward(rondo_call *call, rondo_error *err);

#endif

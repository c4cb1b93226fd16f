/* Level 1: numbers. Raw pointers in and out; no tensors, no threads, no allocation.
 *
 * scalar.c defines each kernel and stays the definition; avx2.c, avx512.c, neon.c and wasm.c set a vector type and
 * include one shared template. The table is filled with scalar and then overwritten by what the CPU has, in rising
 * order.
 *
 * A property that the whole library leans on: in rondo_kernels.gemm every element of C is ONE chain of multiply-adds
 * over k in rising order, whatever the block it falls in. So splitting the work by rows, columns or threads, running
 * one row alone or a whole batch, gives the same bits. Elementwise kernels likewise treat each element alike at any
 * position (tails use masked vectors, never another formula). */
#ifndef RONDO_KERNELS_KERNELS_H
#define RONDO_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rondo/tensor.h"

typedef rondo_real real;

/* Packed weights: a logical matrix W (K, N) cut into panels of RONDO_PANEL columns; panel j holds K rows of RONDO_PANEL
 * numbers side by side (the last panel: its width rounded up to 16), zero-padded, and begins at rondo__panel_at. */
#define RONDO_PANEL 64
static inline int64_t rondo__round16(int64_t n) { return (n + 15) / 16 * 16; }
/* Panels of a table of low precision hold less and a few numbers beside, see vector_product_low.inc: in the same room,
 * but for tiny K. */
static inline int64_t rondo__panel_depth(int64_t K) { return K > 3 ? K : 3; }
/* Behind the panels there is room for a note of what they hold (low.h). */
#define RONDO__NOTE_NUMBERS 16
/* Numbers (not bytes) that a packed W takes. */
static inline int64_t rondo__packed_count(int64_t K, int64_t N) {
    return rondo__panel_depth(K) * rondo__round16(N) + RONDO__NOTE_NUMBERS;
}
/* Where the panel begins that starts with column n. */
static inline int64_t rondo__panel_at(int64_t K, int64_t n) { return rondo__panel_depth(K) * n; }

/* Coefficients of one optimiser update; see the update kernels. */
typedef struct rondo__update {
    real learning_rate, beta1, beta2, epsilon, weight_decay, momentum;
    real correct1, correct2; /* 1/(1-beta1^t), 1/(1-beta2^t) */
    real grad_scale;         /* gradients are multiplied by this first (clipping by norm, accumulation) */
    real clip_value;         /* then clipped to [-clip_value, clip_value]; 0: not */
    bool nesterov, decoupled, centered;
} rondo__update;

/* What pack and gemm of a table compute with; everything else is float in all of them. bf16: operands are rounded to
 * bfloat16, sums are float. int8: W is rounded to 8 bits per column, A per row as it comes; sums are exact. mixed: pack
 * is that of float, for weights of models some of whose matrices are stored in low precision.
 *
 * The gemm of every table but float's goes by the note behind the packed W, so what was packed by another way of
 * packing (tensor/stored.h) is multiplied as that wants it. */
typedef enum rondo__precision {
    RONDO__F32,
    RONDO__BF16,
    RONDO__INT8,
    RONDO__MIXED,
    RONDO__PRECISIONS
} rondo__precision;

typedef void (*rondo__gemm_fn)(int64_t M, int64_t N, int64_t K, const real *a, int64_t ars, int64_t acs,
                               const real *packed, int64_t n0, int64_t n1, real *c, int64_t ldc, const real *bias,
                               bool accumulate);

typedef struct rondo__kernels {
    const char *isa;
    rondo__precision precision;

    /* --- products --- */
    /* Packs columns [n0, n1) of W (n0 a multiple of RONDO_PANEL); element (k, n) is w[k*rs + n*cs]. */
    void (*pack)(real *dst, const real *w, int64_t rs, int64_t cs, int64_t K, int64_t N, int64_t n0, int64_t n1);
    /* C (M, N; rows ldc apart), columns [n0, n1), any, though multiples of 16 are cheaper and whole panels cheapest:
     *   !accumulate: C = bias + A·W (bias (N) or NULL); the chain STARTS from the bias (or 0), then += a*w, k rising
     *   accumulate:  C = C + A·W; the chain starts from C, bias is ignored
     * So a product in blocks of k, the first with the bias and the others accumulating, gives the bits of the whole
     * one. A (M, K): element (m, k) is a[m*ars + k*acs]. packed: the WHOLE packed W (K, N). */
    void (*gemm)(int64_t M, int64_t N, int64_t K, const real *a, int64_t ars, int64_t acs, const real *packed,
                 int64_t n0, int64_t n1, real *c, int64_t ldc, const real *bias, bool accumulate);

    /* --- elementwise over n numbers; out may be an input unless said --- */
    void (*add)(int64_t n, real *out, const real *a, const real *b);
    void (*mul)(int64_t n, real *out, const real *a, const real *b);
    void (*mul_add)(int64_t n, real *out, const real *a, const real *b); /* out += a*b */
    void (*axpy)(int64_t n, real *y, real alpha, const real *x);         /* y += alpha*x */
    void (*affine)(int64_t n, real *out, const real *x, real factor, real offset);
    void (*tanh)(int64_t n, real *out, const real *x);
    void (*sigmoid)(int64_t n, real *out, const real *x);
    void (*relu)(int64_t n, real *out, const real *x);
    void (*exp)(int64_t n, real *out, const real *x);
    /* dx += dy * f'(y), from the OUTPUT y */
    void (*tanh_backward)(int64_t n, real *dx, const real *y, const real *dy);
    void (*sigmoid_backward)(int64_t n, real *dx, const real *y, const real *dy);
    void (*relu_backward)(int64_t n, real *dx, const real *y, const real *dy);
    /* Sums, in double and in a fixed order (by lane, then a fixed tree): callers cut arrays into fixed blocks. */
    double (*sum)(int64_t n, const real *x);
    double (*sum_squares)(int64_t n, const real *x);
    double (*dot)(int64_t n, const real *a, const real *b);

    /* --- random masks --- */
    /* mask[i] = number first + i of the stream (rondo__random_u32) >= threshold; threshold up to 2^32 */
    void (*draw_mask)(int64_t n, uint8_t *mask, uint64_t seed, uint64_t stream, uint64_t first, uint64_t threshold);
    /* out = x * (mask ? scale : 0), so that a NaN is not lost; may be in place */
    void (*dropout)(int64_t n, real *out, const real *x, const uint8_t *mask, real scale);
    /* dx += mask ? dy * scale : 0 */
    void (*dropout_backward)(int64_t n, real *dx, const real *dy, const uint8_t *mask, real scale);

    /* --- rows --- */
    /* probabilities of one row; may be in place */
    void (*softmax_row)(int64_t n, real *out, const real *x);
    /* log(sum(exp(x))), stable */
    real (*logsumexp_row)(int64_t n, const real *x);
    /* dlogits[j] += scale * (exp(x[j]-lse) - (1-smoothing)*[j==target] - smoothing/n) */
    void (*cross_entropy_backward_row)(int64_t n, real *dlogits, const real *x, real lse, int64_t target,
                                       real smoothing, real scale);
    /* x = factor * softmax(x) + offset in place; returns logsumexp_row of what x was, in the same bits */
    real (*entropy_row)(int64_t n, real *x, real factor, real offset);
    /* out = (x-mean)*rstd*gain + bias; gain, bias may be NULL; stats[0..1] receive mean, rstd; out may be x or bias */
    void (*layer_norm_row)(int64_t n, real *out, const real *x, const real *gain, const real *bias, real eps,
                           real stats[2]);
    /* dx += ...; x is the input of forward; xhat is recomputed. dgain, dbias (NULL or arrays): += */
    void (*layer_norm_backward_row)(int64_t n, real *dx, real *dgain, real *dbias, const real *dout, const real *x,
                                    const real *gain, const real stats[2]);
    /* dgain[j] += dout[j]*xhat[j], n columns of all rows (ld apart), from row 0 up; stats (rows, 2) */
    void (*layer_norm_gains)(int64_t rows, int64_t n, int64_t ld, real *dgain, const real *dout, const real *x,
                             const real *stats);

    /* --- gates: n of a row's H units (callers loop over rows). Every pointer stands at the first of them; H is the
     * distance between gates, and between rows of peepholes --- */
    /* LSTM: a (4H) pre-activations i|f|g|o in, gates out in place. c_prev (H), c (H) out, tanh_c (H) out, h (H) out.
     * peephole (3H) or NULL; clip 0: none; coupled: i = 1-f. c may be c_prev. h may be NULL (layer-norm path). */
    void (*lstm_gates)(int64_t n, int64_t H, real *a, const real *c_prev, real *c, real *tanh_c, real *h,
                       const real *peephole, real clip, bool coupled);
    /* gates (4H) as left by forward, tanh_c, c_prev, c (after clipping); dh (H), dc (H) in: gradient from the next step
     * and the output, dc out: gradient for c_prev (may be in place). da (4H) out: gradient of the pre-activations.
     * Peephole gradients (3H) += when dpeephole is not NULL. */
    void (*lstm_gates_backward)(int64_t n, int64_t H, real *da, real *dc, real *dpeephole, const real *dh,
                                const real *gates, const real *tanh_c, const real *c_prev, const real *c,
                                const real *peephole, real clip, bool coupled);
    /* GRU, reset after: ax (3H) = W_ih x + biases of the input; ah (3H) = W_hh h + b_hh. gates (3H) out: r|z|n (may be
     * ax). h (H) out, may be h_prev. ah stays as it is (its n part is needed by backward). */
    void (*gru_gates)(int64_t n, int64_t H, real *gates, const real *ax, const real *ah, const real *h_prev, real *h);
    /* dh (H) in: gradient of h_t; dh_prev (H) += z∘dh (direct path only). dax (3H) out, dah (3H) out. ahn (H): n part
     * of ah */
    void (*gru_gates_backward)(int64_t n, int64_t H, real *dax, real *dah, real *dh_prev, const real *dh,
                               const real *gates, const real *ahn, const real *h_prev);

    /* --- additive attention: one query row against one key row, y = tanh(q + k + c*u); u NULL: without c*u --- */
    /* sum of v∘y, in double */
    double (*additive_score)(int64_t n, const real *q, const real *k, const real *u, real c, const real *v);
    /* With g = de * v∘(1 - y²): dq += g, dk += g, du += c*g, dv += de*y, each unless it is NULL (du is not used without
     * u). Returns the gradient of c: the sum of g∘u, 0 without u. */
    double (*additive_backward)(int64_t n, real *dq, real *dk, real *du, real *dv, const real *q, const real *k,
                                const real *u, real c, const real *v, real de);

    /* --- optimiser updates over n parameters (w, gradient g, moments m, v), as torch.optim defines them. The gradient
     * is scaled, clipped, then weight_decay*w is added to it, or with decoupled w is first multiplied by 1 -
     * lr*weight_decay --- */
    /* m NULL without momentum */
    void (*update_sgd)(int64_t n, real *w, const real *g, real *m, const rondo__update *u);
    /* decoupled: AdamW */
    void (*update_adam)(int64_t n, real *w, const real *g, real *m, real *v, const rondo__update *u);
    /* decay is beta2; m NULL without momentum; average: running mean of the gradient, NULL unless centered */
    void (*update_rmsprop)(int64_t n, real *w, const real *g, real *v, real *m, real *average, const rondo__update *u);
    void (*update_adagrad)(int64_t n, real *w, const real *g, real *v, const rondo__update *u);
} rondo__kernels;

/* The table for an instruction set ("scalar", "avx2", "avx512", "neon", "wasm"); NULL: the best available. Returns NULL
 * when this build or CPU lacks it. Tables are filled once and const ever after; thread-safe. */
const rondo__kernels *rondo__kernels_get(const char *isa);
/* The table of the same instruction set with another precision. */
const rondo__kernels *rondo__kernels_with(const rondo__kernels *table, rondo__precision precision);
/* Space separated, slowest first. */
const char *rondo__kernels_available(void);

/* Each file overwrites the entries that it does better. */
void rondo__kernels_scalar(rondo__kernels *table);
void rondo__kernels_avx2(rondo__kernels *table);
void rondo__kernels_avx512(rondo__kernels *table);
void rondo__kernels_neon(rondo__kernels *table);
void rondo__kernels_wasm(rondo__kernels *table);
/* pack and gemm of low precision, for tables whose pack and gemm are still those of float. */
void rondo__low_scalar(rondo__kernels *table, rondo__precision precision);
void rondo__low_avx2(rondo__kernels *table, rondo__precision precision);
void rondo__low_avx512(rondo__kernels *table, rondo__precision precision);     /* without BF16 and VNNI */
void rondo__low_avx512_dot(rondo__kernels *table, rondo__precision precision); /* with both */
void rondo__low_neon(rondo__kernels *table, rondo__precision precision);
void rondo__low_wasm(rondo__kernels *table, rondo__precision precision);

#endif

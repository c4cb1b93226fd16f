/* Every fast kernel against the scalar definition, without a test framework, so that it also runs cross-compiled
 * (plain_neon.c). A case is a function that runs one kernel of a given table on given arrays; the harness gives both
 * tables the same random arrays (unaligned, with guards around them) and compares ALL arrays afterwards. */
#ifndef RONDO_TESTS_KERNELS_CHECKS_H
#define RONDO_TESTS_KERNELS_CHECKS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

enum { CHECK_ARRAYS = 9, CHECK_MOST = 4 * 300, CHECK_GUARD = 16, CHECK_ROOM = CHECK_MOST + 2 * CHECK_GUARD + 1 };

/* x[0..8]: arrays of 4n numbers; s: scalars of this run. Returns a number to compare, or 0. */
typedef double (*check_case)(const rondo__kernels *k, int64_t n, real **x, const real *s, int variant);

static uint32_t check_state = 1;
static real check_random(void) {
    check_state = check_state * 1664525u + 1013904223u;
    return (real)((double)(check_state >> 8) / (1 << 23) - 1);
}

#define CHECK_VOID(name, call)                                                                                         \
    static double name(const rondo__kernels *k, int64_t n, real **x, const real *s, int variant) {                     \
        (void)s, (void)variant;                                                                                        \
        call;                                                                                                          \
        return 0;                                                                                                      \
    }
#define CHECK_VALUE(name, call)                                                                                        \
    static double name(const rondo__kernels *k, int64_t n, real **x, const real *s, int variant) {                     \
        (void)s, (void)variant;                                                                                        \
        return (double)(call);                                                                                         \
    }
CHECK_VOID(case_add, k->add(n, x[0], variant ? x[0] : x[1], x[2]))
CHECK_VOID(case_mul, k->mul(n, x[0], variant ? x[0] : x[1], x[2]))
CHECK_VOID(case_mul_add, k->mul_add(n, x[0], x[1], x[2]))
CHECK_VOID(case_axpy, k->axpy(n, x[0], s[0], x[1]))
CHECK_VOID(case_affine, k->affine(n, x[0], variant ? x[0] : x[1], s[0], s[1]))
CHECK_VOID(case_tanh, k->tanh(n, x[0], variant ? x[0] : x[1]))
CHECK_VOID(case_sigmoid, k->sigmoid(n, x[0], variant ? x[0] : x[1]))
CHECK_VOID(case_relu, k->relu(n, x[0], variant ? x[0] : x[1]))
CHECK_VOID(case_exp, k->exp(n, x[0], variant ? x[0] : x[1]))
CHECK_VOID(case_tanh_backward, k->tanh_backward(n, x[0], x[1], x[2]))
CHECK_VOID(case_sigmoid_backward, k->sigmoid_backward(n, x[0], x[1], x[2]))
CHECK_VOID(case_relu_backward, k->relu_backward(n, x[0], x[1], x[2]))
CHECK_VALUE(case_sum, k->sum(n, x[0]))
CHECK_VALUE(case_sum_squares, k->sum_squares(n, x[0]))
CHECK_VALUE(case_dot, k->dot(n, x[0], x[1]))
CHECK_VOID(case_softmax, k->softmax_row(n, x[0], variant ? x[0] : x[1]))
CHECK_VALUE(case_logsumexp, k->logsumexp_row(n, x[0]))
CHECK_VALUE(case_entropy_row, k->entropy_row(n, x[0], (real)1.7, (real)-0.01))
CHECK_VOID(case_cross_entropy, k->cross_entropy_backward_row(n, x[0], x[1], k->logsumexp_row(n, x[1]), n / 2,
                                                             (real)(variant ? 0.1 : 0), s[0]))
CHECK_VOID(case_layer_norm, k->layer_norm_row(n, x[0], variant & 1 ? x[0] : x[1], variant & 2 ? x[2] : NULL,
                                              variant & 8   ? x[0]
                                              : variant & 4 ? x[3]
                                                            : NULL,
                                              (real)1e-5, x[4]))
static double case_layer_norm_backward(const rondo__kernels *k, int64_t n, real **x, const real *s, int variant) {
    real stats[2] = {s[0], 2 + s[1]};
    k->layer_norm_backward_row(n, x[0], variant & 1 ? x[1] : NULL, variant & 2 ? x[2] : NULL, x[3], x[4],
                               variant & 4 ? x[5] : NULL, stats);
    return 0;
}
static double case_layer_norm_gains(const rondo__kernels *k, int64_t n, real **x, const real *s, int variant) {
    const real stats[8] = {s[0], 2, s[1], 1, -1, (real)0.5, 0, 3};
    k->layer_norm_gains(variant & 1 ? 4 : 1, variant & 2 ? n / 2 + 1 : n, n, x[0], x[1], x[2], stats);
    return 0;
}
CHECK_VOID(case_lstm, k->lstm_gates(n, n, x[0], x[1], variant & 8 ? x[1] : x[2], x[3], variant & 1 ? x[4] : NULL,
                                    variant & 2 ? x[5] : NULL, (real)(variant & 4 ? 0.3 : 0), variant & 1))
CHECK_VOID(case_lstm_backward,
           k->lstm_gates_backward(n, n, x[0], x[1], variant & 8 ? x[2] : NULL, x[3], x[4], x[5], x[6], x[7],
                                  variant & 2 ? x[8] : NULL, (real)(variant & 4 ? 0.3 : 0), variant & 1))
CHECK_VOID(case_gru, k->gru_gates(n, n, variant & 1 ? x[1] : x[0], x[1], x[2], x[3], variant & 2 ? x[3] : x[4]))
CHECK_VOID(case_gru_backward, k->gru_gates_backward(n, n, x[0], x[1], x[2], x[3], x[4], x[5], x[6]))
CHECK_VALUE(case_additive, k->additive_score(n, x[0], x[1], variant ? x[2] : NULL, s[0], x[3]))
CHECK_VALUE(case_additive_backward,
            k->additive_backward(n, x[0], variant & 1 ? x[1] : NULL, variant & 2 ? x[2] : NULL,
                                 variant & 1 ? x[3] : NULL, x[4], x[5], variant & 2 ? x[6] : NULL, s[0], x[7], s[1]))
static rondo__update check_update(const real *s, int variant) {
    return (rondo__update){.learning_rate = (real)0.1,
                           .beta1 = (real)0.9,
                           .beta2 = (real)0.99,
                           .epsilon = (real)1e-3,
                           .weight_decay = (real)0.05,
                           .momentum = (real)0.8,
                           .correct1 = 2,
                           .correct2 = 3,
                           .grad_scale = s[0],
                           .clip_value = (real)(variant & 4 ? 0.2 : 0),
                           .nesterov = variant & 2,
                           .decoupled = variant & 8};
}
/* Second moments are positive, and the square of the mean is well below them: their difference is a divisor. */
static void check_moments(int64_t n, real *square, real *mean) {
    for (int64_t i = 0; i < n; i++) {
        square[i] = square[i] * square[i] + 1;
        mean[i] *= (real)0.25;
    }
}
static double case_updates(const rondo__kernels *k, int64_t n, real **x, const real *s, int variant) {
    rondo__update u = check_update(s, variant);
    real *m = variant & 1 ? x[2] : NULL;
    check_moments(n, x[3], x[7]);
    k->update_sgd(n, x[0], x[1], m, &u);
    k->update_adam(n, x[4], x[1], x[5], x[3], &u);
    k->update_rmsprop(n, x[6], x[1], x[3], m, variant & 2 ? x[7] : NULL, &u);
    k->update_adagrad(n, x[8], x[1], x[3], &u);
    return 0;
}

static const struct check_entry {
    const char *name;
    check_case run;
    int variants;
    double tolerance;
} check_entries[] = {
    {"add", case_add, 2, 0},
    {"mul", case_mul, 2, 0},
    {"mul_add", case_mul_add, 1, 2e-7},
    {"axpy", case_axpy, 1, 2e-7},
    {"affine", case_affine, 2, 2e-7},
    {"tanh", case_tanh, 2, 4e-7},
    {"sigmoid", case_sigmoid, 2, 4e-7},
    {"relu", case_relu, 2, 0},
    {"exp", case_exp, 2, 1e-6},
    {"tanh_backward", case_tanh_backward, 1, 1e-6},
    {"sigmoid_backward", case_sigmoid_backward, 1, 1e-6},
    {"relu_backward", case_relu_backward, 1, 0},
    {"sum", case_sum, 1, 1e-12},
    {"sum_squares", case_sum_squares, 1, 1e-12},
    {"dot", case_dot, 1, 1e-12},
    {"softmax_row", case_softmax, 2, 1e-6},
    {"logsumexp_row", case_logsumexp, 1, 1e-6},
    {"entropy_row", case_entropy_row, 1, 2e-6},
    {"cross_entropy_backward_row", case_cross_entropy, 2, 2e-6},
    {"layer_norm_row", case_layer_norm, 16, 1e-4},
    {"layer_norm_backward_row", case_layer_norm_backward, 8, 1e-4},
    {"layer_norm_gains", case_layer_norm_gains, 4, 1e-5},
    {"lstm_gates", case_lstm, 16, 4e-6},
    {"lstm_gates_backward", case_lstm_backward, 16, 2e-4},
    {"gru_gates", case_gru, 4, 4e-6},
    {"gru_gates_backward", case_gru_backward, 1, 2e-4},
    {"additive_score", case_additive, 2, 2e-6},
    {"additive_backward", case_additive_backward, 4, 1e-5},
    {"updates", case_updates, 16, 2e-5},
};

static bool check_near(double a, double b, double tolerance) {
    return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= tolerance * (1 + fabs(a));
}

static int check_run(const rondo__kernels *fast, const struct check_entry *e, int64_t n, int variant) {
    static real rooms[2][CHECK_ARRAYS][CHECK_ROOM];
    real *x[2][CHECK_ARRAYS], s[2] = {check_random(), check_random()};
    double value[2];
    for (int i = 0; i < CHECK_ARRAYS; i++) {
        for (int j = 0; j < CHECK_ROOM; j++)
            rooms[0][i][j] = 2 * check_random();
        memcpy(rooms[1][i], rooms[0][i], sizeof rooms[0][i]);
        for (int t = 0; t < 2; t++)
            x[t][i] = rooms[t][i] + CHECK_GUARD + i % 2;
    }
    value[0] = e->run(rondo__kernels_get("scalar"), n, x[0], s, variant);
    value[1] = e->run(fast, n, x[1], s, variant);
    bool good = check_near(value[0], value[1], e->tolerance);
    int at = -1;
    for (int i = 0; good && i < CHECK_ARRAYS; i++)
        for (int j = 0; good && j < CHECK_ROOM; j++)
            if (!(good = check_near(rooms[0][i][j], rooms[1][i][j], e->tolerance)))
                at = i * 10000 + j - CHECK_GUARD;
    if (!good)
        printf("%s %s: n=%d variant %d differs (place %d)\n", fast->isa, e->name, (int)n, variant, at);
    return good ? 0 : 1;
}

static int check_kernels(const rondo__kernels *fast) {
    int bad = 0;
    for (size_t e = 0; e < sizeof check_entries / sizeof *check_entries; e++)
        for (int64_t n = 1; n <= 257; n = n == 67 ? 255 : n + 1)
            for (int variant = 0; variant < check_entries[e].variants; variant++)
                bad += check_run(fast, &check_entries[e], n, variant);
    return bad;
}

/* Distance of got from the exact value, in units of the last place of float there (subnormals: of the smallest one). */
static double check_ulps(float got, long double exact) {
    float nearest = (float)exact;
    if (got == nearest || (isnan(got) && isnan(nearest)))
        return 0;
    if (isinf(nearest) || isinf(got) || isnan(got))
        return 1e9;
    float size = fabsf(nearest);
    return (double)(fabsl((long double)got - exact) / (long double)(nextafterf(size, INFINITY) - size));
}

/* exp, tanh, sigmoid: at most 4 units in the last place, over a dense sample of all magnitudes and the special values.
 */
static int check_accuracy(const rondo__kernels *k) {
    double worst[3] = {0};
    enum { BLOCK = 256 };
    float x[BLOCK], y[3][BLOCK];
    for (uint32_t bits = 0; bits < 0x7f800000u - 0x3000u * BLOCK; bits += 0x3000u * BLOCK)
        for (int sign = 0; sign < 2; sign++) {
            for (uint32_t i = 0; i < BLOCK; i++) {
                uint32_t b = bits + i * 0x3000u + i;
                memcpy(&x[i], &b, sizeof b);
                x[i] = sign ? -x[i] : x[i];
            }
            k->exp(BLOCK, (real *)y[0], (real *)x);
            k->tanh(BLOCK, (real *)y[1], (real *)x);
            k->sigmoid(BLOCK, (real *)y[2], (real *)x);
            for (int i = 0; i < BLOCK; i++) {
                long double v = x[i], e = expl(-fabsl(v));
                long double exact[3] = {expl(v), tanhl(v), (v < 0 ? e : 1) / (1 + e)};
                for (int f = 0; f < 3; f++)
                    worst[f] = fmax(worst[f], check_ulps(y[f][i], exact[f]));
            }
        }
    printf("%s: exp %.2f, tanh %.2f, sigmoid %.2f units in the last place\n", k->isa, worst[0], worst[1], worst[2]);
    const float in[6] = {INFINITY, -INFINITY, NAN, -0.0f, 100, 1e-40f};
    float e[6], t[6], s[6];
    k->exp(6, (real *)e, (const real *)in);
    k->tanh(6, (real *)t, (const real *)in);
    k->sigmoid(6, (real *)s, (const real *)in);
    bool special = isinf(e[0]) && e[1] == 0 && isnan(e[2]) && e[3] == 1 && isinf(e[4]) && t[0] == 1 && t[1] == -1 &&
                   isnan(t[2]) && t[3] == 0 && signbit(t[3]) && t[5] == in[5] && s[0] == 1 && s[1] == 0 && isnan(s[2]);
    return !special + (worst[0] > 4) + (worst[1] > 4) + (worst[2] > 4);
}

/* An element's value must not depend on where it stands: every start of a row against the whole row. */
static int check_places(const rondo__kernels *k) {
    enum { N = 70 };
    real x[N], whole[N], part[N];
    int bad = 0;
    for (int i = 0; i < N; i++)
        x[i] = 3 * check_random();
    void (*const all[3])(int64_t, real *, const real *) = {k->exp, k->tanh, k->sigmoid};
    for (int f = 0; f < 3; f++) {
        all[f](N, whole, x);
        for (int begin = 0; begin < N; begin++) {
            all[f](N - begin, part, x + begin);
            bad += memcmp(part, whole + begin, (size_t)(N - begin) * sizeof(real)) != 0;
        }
    }
    return bad;
}

/* Gates of a range of units: the bits of the whole row, nothing else touched, wherever the range begins. x[0..8] are
 * (4H); all arrays are compared. */
enum { UNITS = 53 };
typedef void (*check_gates)(const rondo__kernels *k, int64_t n, int64_t first, real (*x)[4 * UNITS]);
static void units_lstm(const rondo__kernels *k, int64_t n, int64_t j, real (*x)[4 * UNITS]) {
    k->lstm_gates(n, UNITS, x[0] + j, x[1] + j, x[2] + j, x[3] + j, x[4] + j, x[5] + j, (real)0.7, false);
}
static void units_lstm_backward(const rondo__kernels *k, int64_t n, int64_t j, real (*x)[4 * UNITS]) {
    k->lstm_gates_backward(n, UNITS, x[0] + j, x[1] + j, x[2] + j, x[3] + j, x[4] + j, x[5] + j, x[6] + j, x[7] + j,
                           x[8] + j, (real)0.7, false);
}
static void units_gru(const rondo__kernels *k, int64_t n, int64_t j, real (*x)[4 * UNITS]) {
    k->gru_gates(n, UNITS, x[0] + j, x[1] + j, x[2] + j, x[3] + j, x[4] + j);
}
static void units_gru_backward(const rondo__kernels *k, int64_t n, int64_t j, real (*x)[4 * UNITS]) {
    k->gru_gates_backward(n, UNITS, x[0] + j, x[1] + j, x[2] + j, x[3] + j, x[4] + j, x[5] + j, x[6] + j);
}

static int check_units(const rondo__kernels *k) {
    static real start[CHECK_ARRAYS][4 * UNITS], whole[CHECK_ARRAYS][4 * UNITS], part[CHECK_ARRAYS][4 * UNITS];
    const check_gates all[] = {units_lstm, units_lstm_backward, units_gru, units_gru_backward};
    int bad = 0;
    for (int i = 0; i < CHECK_ARRAYS; i++)
        for (int j = 0; j < 4 * UNITS; j++)
            start[i][j] = check_random();
    for (int f = 0; f < 4; f++) {
        memcpy(whole, start, sizeof start);
        all[f](k, UNITS, 0, whole);
        for (int cut = 0; cut <= UNITS; cut++) {
            memcpy(part, start, sizeof start);
            all[f](k, UNITS - cut, cut, part);
            for (int i = 0; i < CHECK_ARRAYS; i++)
                for (int j = 0; j < 4 * UNITS; j++)
                    bad += part[i][j] != (j % UNITS >= cut ? whole : start)[i][j];
            all[f](k, cut, 0, part);
            bad += memcmp(part, whole, sizeof whole) != 0;
        }
    }
    if (bad)
        printf("%s gates: ranges of units differ in %d places\n", k->isa, bad);
    return bad;
}

/* ---- gemm ---- */

typedef struct check_product {
    int64_t M, N, K, ldc;
    bool transposed;
    real *a, *w, *packed, *bias, *c, *d; /* c, d: (M, ldc) */
} check_product;

static void check_fill(real *x, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        x[i] = check_random();
}

static void check_gemm_call(const rondo__kernels *k, const check_product *p, real *c, int64_t m, int64_t M, int64_t k0,
                            const real *packed, int64_t K, int64_t n0, int64_t n1, const real *bias, bool accumulate) {
    int64_t ars = p->transposed ? 1 : p->K, acs = p->transposed ? p->M : 1;
    k->gemm(M, p->N, K, p->a + m * ars + k0 * acs, ars, acs, packed, n0, n1, c + m * p->ldc, p->ldc, bias, accumulate);
}

/* Ranges of columns that begin and end anywhere, in a packed room that ends where W does: the same bits, and nothing
 * beside the range is written. */
static int check_gemm_cuts(const rondo__kernels *k, const check_product *p) {
    const size_t bytes = (size_t)(p->M * p->ldc) * sizeof(real);
    const int64_t count = rondo__packed_count(p->K, p->N);
    int bad = 0;
    real *packed = malloc((size_t)count * sizeof(real)), *c = malloc(bytes + 1);
    memcpy(packed, p->packed, (size_t)count * sizeof(real));
    for (int64_t first = 0; first < p->N; first += first < 18 ? 1 : 11)
        for (int64_t n = 1; n <= p->N - first; n += n < 3 ? 1 : n < 40 ? 7 : 29) {
            for (int64_t i = 0; i < p->M * p->ldc; i++)
                c[i] = 7;
            check_gemm_call(k, p, c, 0, p->M, 0, packed, p->K, first, first + n, p->bias, false);
            for (int64_t m = 0; m < p->M; m++)
                for (int64_t j = 0; j < p->ldc; j++)
                    bad += c[m * p->ldc + j] != (j >= first && j < first + n ? p->c[m * p->ldc + j] : 7);
        }
    free(c);
    free(packed);
    return bad;
}

/* Against a chain in double; then the same bits by single rows, by columns and by blocks of k. */
static int check_gemm_bits(const rondo__kernels *k, const check_product *p) {
    int64_t size = p->M * p->ldc;
    size_t bytes = (size_t)size * sizeof(real);
    int bad = 0;
    for (int64_t m = 0; m < p->M; m++)
        check_gemm_call(k, p, p->d, m, 1, 0, p->packed, p->K, 0, p->N, p->bias, false);
    bad += memcmp(p->c, p->d, bytes) != 0;
    for (int64_t n = 0; n < p->N; n += RONDO_PANEL)
        check_gemm_call(k, p, p->d, 0, p->M, 0, p->packed, p->K, n, n + RONDO_PANEL < p->N ? n + RONDO_PANEL : p->N,
                        p->bias, false);
    bad += memcmp(p->c, p->d, bytes) != 0;
    bad += check_gemm_cuts(k, p);
    real *packed = malloc((size_t)rondo__packed_count(p->K, p->N) * sizeof(real) + 1);
    for (int64_t k0 = 0; k0 < p->K; k0 += 5) {
        int64_t depth = p->K - k0 < 5 ? p->K - k0 : 5;
        k->pack(packed, p->w + k0 * p->N, p->N, 1, depth, p->N, 0, p->N);
        check_gemm_call(k, p, p->d, 0, p->M, k0, packed, depth, 0, p->N, p->bias, k0 > 0);
    }
    bad += p->K > 0 && memcmp(p->c, p->d, bytes) != 0;
    free(packed);
    return bad;
}

/* A transposed W packs to the bits that scalar packs it to, with nothing written behind. */
static int check_pack_shape(const rondo__kernels *k, int64_t N, int64_t K) {
    int64_t cs = K + 3, count = rondo__packed_count(K, N);
    real *block = malloc((size_t)(N * cs + 2 * (count + CHECK_GUARD)) * sizeof *block);
    real *want = block + N * cs, *got = want + count + CHECK_GUARD;
    check_fill(block, N * cs);
    for (int64_t i = 0; i < count + CHECK_GUARD; i++)
        want[i] = got[i] = 7;
    rondo__kernels_get("scalar")->pack(want, block, 1, cs, K, N, 0, N);
    k->pack(got, block, 1, cs, K, N, 0, N);
    int bad = memcmp(want, got, (size_t)(count + CHECK_GUARD) * sizeof *block) != 0;
    free(block);
    if (bad)
        printf("%s pack: K=%d N=%d differs\n", k->isa, (int)K, (int)N);
    return bad;
}

static int check_pack(const rondo__kernels *k) {
    int bad = 0;
    for (int64_t N = 1; N <= 150; N += N < 20 ? 1 : 13)
        for (int64_t K = 0; K <= 70; K += K < 20 ? 1 : 9)
            bad += check_pack_shape(k, N, K);
    return bad;
}

static int check_gemm_shape(const rondo__kernels *k, int64_t M, int64_t N, int64_t K, int variant) {
    check_product p = {M, N, K, N + 3, variant & 1, NULL, NULL, NULL, NULL, NULL, NULL};
    int64_t size = M * p.ldc;
    real *block = calloc((size_t)(M * K + K * N + rondo__packed_count(K, N) + N + 2 * size + 1), sizeof(real));
    p.a = block, p.w = p.a + M * K, p.packed = p.w + K * N, p.bias = p.packed + rondo__packed_count(K, N);
    p.c = p.bias + N, p.d = p.c + size;
    check_fill(p.a, M * K);
    check_fill(p.w, K * N);
    check_fill(p.bias, N);
    check_fill(p.c, size);
    memcpy(p.d, p.c, (size_t)size * sizeof(real));
    real *start = variant & 2 ? NULL : p.bias;
    p.bias = start;
    k->pack(p.packed, p.w, N, 1, K, N, 0, N);
    check_gemm_call(k, &p, p.c, 0, M, 0, p.packed, K, 0, N, p.bias, false);
    int bad = 0;
    for (int64_t m = 0; m < M; m++)
        for (int64_t n = 0; n < p.ldc; n++) {
            double want = start && n < N ? (double)start[n] : 0;
            for (int64_t i = 0; i < K && n < N; i++)
                want += (double)(p.transposed ? p.a[i * M + m] : p.a[m * K + i]) * p.w[i * N + n];
            real got = p.c[m * p.ldc + n];
            bad += n < N ? fabs(want - (double)got) > 1e-6 * (double)(K + 4) : got != p.d[m * p.ldc + n];
        }
    bad += check_gemm_bits(k, &p);
    free(block);
    if (bad)
        printf("%s gemm: M=%d N=%d K=%d variant %d: %d faults\n", k->isa, (int)M, (int)N, (int)K, variant, bad);
    return bad;
}

static int check_gemm(const rondo__kernels *k) {
    static const int64_t Ns[] = {1, 3, 15, 16, 17, 31, 33, 48, 63, 64, 65, 81, 100, 128, 147}, Ks[] = {0, 1, 2, 7, 33};
    int bad = 0;
    for (int64_t M = 1; M <= 27; M = M == 20 ? 27 : M + 1)
        for (size_t n = 0; n < sizeof Ns / sizeof *Ns; n++)
            for (size_t i = 0; i < sizeof Ks / sizeof *Ks; i++)
                bad += check_gemm_shape(k, M, Ns[n], Ks[i], (int)((M + (int64_t)n + (int64_t)i) % 4));
    bad += check_gemm_shape(k, 13, 70, 1100, 0) + check_gemm_shape(k, 13, 64, 777, 3);
    return bad;
}

/* All checks of one table; the number of faults. */
static int check_all(const rondo__kernels *k) {
    return check_kernels(k) + check_accuracy(k) + check_places(k) + check_units(k) + check_pack(k) + check_gemm(k);
}

#endif

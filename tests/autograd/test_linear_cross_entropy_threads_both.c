/* The output layer and its loss in one: gradients, rondo_linear and rondo_cross_entropy, and the laws. */
#include <math.h>
#include <string.h>

#include "autograd/entropy.h"
#include "autograd/gradients.h"

enum { MOST_R = 600, MOST_K = 70, MOST_V = 150 };

typedef struct data {
    int64_t R, K, V;
    rondo_cross_entropy_options user;
    bool bias;
    int32_t targets[MOST_R], best[MOST_R];
    real x[MOST_R * MOST_K], w[MOST_V * MOST_K], b[MOST_V], weights[MOST_V];
    real loss, row_losses[MOST_R], dx[MOST_R * MOST_K], dw[MOST_V * MOST_K], db[MOST_V];
} data;

/* Every `skip`th target is ignored; 0: none. */
static void fill(data *d, int64_t R, int64_t K, int64_t V, int skip) {
    *d = (data){.R = R, .K = K, .V = V, .bias = true};
    for (int64_t i = 0; i < R * K; i++)
        d->x[i] = (real)(4 * gradients_random(1, i) - 2);
    for (int64_t i = 0; i < V * K; i++)
        d->w[i] = (real)(2 * gradients_random(2, i) - 1);
    for (int64_t i = 0; i < V; i++) {
        d->b[i] = (real)(2 * gradients_random(3, i) - 1);
        d->weights[i] = (real)(gradients_random(4, i) + 0.5);
    }
    for (int64_t i = 0; i < R; i++)
        d->targets[i] = skip && i % skip == 0 ? -1 : (int32_t)rondo__random_below(5, 5, (uint64_t)i, (uint64_t)V);
}

static rondo_var *leaf(rondo_tape *tape, real *value, real *grad, int rank, int64_t d0, int64_t d1) {
    const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, value, rank, (int64_t[]){d0, d1});
    return rondo_leaf(tape, &tensor, grad);
}

typedef enum way { COMPOSED, FUSED } way;

static rondo_status run_on(rondo_tape *tape, data *d, way how, int64_t block, double scale) {
    memset(d->dx, 0, sizeof d->dx);
    memset(d->dw, 0, sizeof d->dw);
    memset(d->db, 0, sizeof d->db);
    rondo_tape_begin(tape, &(rondo_step){.recording = scale != 0});
    rondo_var *x = leaf(tape, d->x, d->dx, 2, d->R, d->K), *w = leaf(tape, d->w, d->dw, 2, d->V, d->K), *loss;
    rondo_var *b = d->bias ? leaf(tape, d->b, d->db, 1, d->V, 0) : NULL;
    rondo__entropy entropy = {d->targets, d->user};
    entropy.user.row_losses = d->row_losses;
    entropy.user.best = d->best;
    if (how == COMPOSED)
        loss = rondo_cross_entropy(tape, rondo_linear(tape, x, w, b), d->targets, &entropy.user);
    else
        loss = rondo__linear_cross_entropy(tape, x, w, b, &entropy, block);
    if (loss)
        d->loss = *rondo__data(loss);
    return scale != 0 ? rondo_backward(tape, loss, (real)scale) : rondo_tape_status(tape, NULL);
}

typedef struct engine {
    rondo_context *context;
    rondo_tape *tape;
} engine;

static engine engine_of(int threads, rondo_precision precision) {
    engine e;
    assert_int_equal(
        rondo_context_create(&e.context, &(rondo_context_options){.threads = threads, .precision = precision}, NULL),
        RONDO_OK);
    assert_int_equal(rondo_tape_create(&e.tape, e.context, NULL), RONDO_OK);
    return e;
}

static void engine_end(engine *e) {
    rondo_tape_destroy(&e->tape);
    rondo_context_destroy(&e->context);
}

static void run(const engine *e, data *d, way how, int64_t block, double scale) {
    assert_int_equal(run_on(e->tape, d, how, block, scale), RONDO_OK);
}

/* ---- gradients ---- */

typedef struct fused_case {
    rondo__entropy entropy;
    int64_t block;
} fused_case;

static rondo_var *fused(rondo_tape *tape, int count, rondo_var *const *in, void *arg) {
    const fused_case *c = arg;
    return rondo_affine(
        tape, rondo__linear_cross_entropy(tape, in[0], in[1], count > 2 ? in[2] : NULL, &c->entropy, c->block),
        (real)1.7, 0);
}

static void test_gradients(void **state) {
    static const int32_t targets[] = {1, -1, 6, 0, 1, 3, -1};
    static const real weights[] = {1, (real)0.5, 2, 0, 1, 3, (real)0.1};
    fused_case plain = {{targets, {0}}, 2}, kept = {{targets, {0}}, -2};
    fused_case smooth = {{targets, {.label_smoothing = (real)0.1, .divide_by = 7}}, 3};
    fused_case weighted = {{targets, {.label_smoothing = (real)0.2, .class_weights = weights}}, 4},
               weighted_kept = weighted;
    weighted_kept.block = -3;
    const gradient_case cases[] = {
        {"plain", fused, .arg = &plain, .inputs = {GRADIENT_INPUT(7, 5), GRADIENT_INPUT(7, 5), GRADIENT_INPUT(7)}},
        {"kept", fused, .arg = &kept, .inputs = {GRADIENT_INPUT(7, 5), GRADIENT_INPUT(7, 5), GRADIENT_INPUT(7)}},
        {"no bias", fused, .arg = &plain, .inputs = {GRADIENT_INPUT(7, 1, 3), GRADIENT_INPUT(9, 3)}},
        {"smooth", fused, .arg = &smooth, .inputs = {GRADIENT_INPUT(7, 5), GRADIENT_INPUT(17, 5), GRADIENT_INPUT(17)}},
        {"weighted", fused, .arg = &weighted,
         .inputs = {GRADIENT_INPUT(7, 5), GRADIENT_INPUT(7, 5), GRADIENT_INPUT(7)}},
        {"weighted, kept", fused, .arg = &weighted_kept,
         .inputs = {GRADIENT_INPUT(7, 5), GRADIENT_INPUT(7, 5), GRADIENT_INPUT(7)}},
    };
    (void)state;
    if (sizeof(real) == 8)
        gradients_run(cases, sizeof cases / sizeof *cases);
}

/* ---- the same of two operators ---- */

static void near(const char *what, const real *a, const real *b, int64_t n) {
    double largest = 1e-30;
    for (int64_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)b[i]));
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)a[i] - (double)b[i]) <= largest * (sizeof(real) == 8 ? 1e-13 : 4e-6)))
            fail_msg("%s[%d] is %g, expected %g", what, (int)i, (double)a[i], (double)b[i]);
}

static void near_all(const data *a, const data *b) {
    near("loss", &a->loss, &b->loss, 1);
    near("row_losses", a->row_losses, b->row_losses, a->R);
    assert_memory_equal(a->best, b->best, (size_t)a->R * sizeof *a->best);
    near("dx", a->dx, b->dx, a->R * a->K);
    near("dw", a->dw, b->dw, a->V * a->K);
    near("db", a->db, b->db, a->V);
}

static void test_composed(void **state) {
    static const int64_t shapes[][3] = {{1, 1, 2}, {7, 3, 5}, {65, 17, 150}, {300, 70, 11}, {600, 9, 67}};
    static data a, b;
    engine e = engine_of(2, RONDO_PRECISION_F32);
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int variant = 0; variant < 8; variant++)
            for (int64_t block = -64; block <= 64; block += 64) {
                fill(&a, shapes[s][0], shapes[s][1], shapes[s][2], variant & 1 ? 3 : 0);
                a.bias = !(variant & 2);
                a.user.label_smoothing = variant & 4 ? (real)0.1 : 0;
                a.user.class_weights = variant & 2 ? a.weights : NULL;
                b = a;
                b.user.class_weights = variant & 2 ? b.weights : NULL;
                run(&e, &a, FUSED, block, 1.5);
                run(&e, &b, COMPOSED, 0, 1.5);
                near_all(&a, &b);
            }
    engine_end(&e);
}

/* ---- laws ---- */

static void same(const data *a, const data *b) {
    assert_memory_equal(&a->loss, &b->loss, sizeof a->loss);
    assert_memory_equal(a->row_losses, b->row_losses, (size_t)a->R * sizeof *a->row_losses);
    assert_memory_equal(a->dx, b->dx, (size_t)(a->R * a->K) * sizeof *a->dx);
    assert_memory_equal(a->dw, b->dw, (size_t)(a->V * a->K) * sizeof *a->dw);
    assert_memory_equal(a->db, b->db, (size_t)a->V * sizeof *a->db);
}

/* Blocks of the logits, kept or not, and threads do not show in the bits. */
static void test_same_bits(void **state) {
    static const int64_t blocks[] = {2, 16, 64, 130, 600, -2, -96, -600};
    static data a, b;
    (void)state;
    for (int precision = RONDO_PRECISION_F32; precision <= (sizeof(real) == 4 ? RONDO_PRECISION_BF16 : 0); precision++)
        for (int skip = 0; skip <= 7; skip += 7) {
            engine one = engine_of(1, (rondo_precision)precision);
            fill(&a, 301, 37, 150, skip);
            a.user.label_smoothing = (real)0.1;
            b = a;
            run(&one, &a, FUSED, 0, 1);
            for (int threads = 1; threads <= 3; threads++) {
                engine e = engine_of(threads, (rondo_precision)precision);
                for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
                    run(&e, &b, FUSED, blocks[i], 1);
                    same(&b, &a);
                }
                engine_end(&e);
            }
            engine_end(&one);
        }
}

/* Ignored rows change nothing, whatever stands in them. Without recording the loss has the same bits. */
static void test_ignored(void **state) {
    static data a, b;
    engine e = engine_of(2, RONDO_PRECISION_F32);
    (void)state;
    fill(&a, 100, 13, 29, 0);
    fill(&b, 200, 13, 29, 2);
    for (int64_t r = 0; r < 100; r++) {
        memcpy(b.x + (2 * r + 1) * 13, a.x + r * 13, 13 * sizeof *a.x);
        b.targets[2 * r + 1] = a.targets[r];
        for (int64_t k = 0; k < 13; k++)
            b.x[2 * r * 13 + k] = (real)NAN;
    }
    for (int64_t block = -64; block <= 64; block += 64) {
        run(&e, &a, FUSED, block, 1);
        run(&e, &b, FUSED, block, 1);
        assert_memory_equal(&a.loss, &b.loss, sizeof a.loss);
        assert_memory_equal(a.dw, b.dw, sizeof a.dw);
        assert_memory_equal(a.db, b.db, sizeof a.db);
        for (int64_t r = 0; r < 100; r++) {
            assert_memory_equal(a.dx + r * 13, b.dx + (2 * r + 1) * 13, 13 * sizeof *a.dx);
            assert_true(b.dx[2 * r * 13] == 0 && b.row_losses[2 * r] == 0 && b.best[2 * r] == -1);
        }
        const real recorded = b.loss;
        run(&e, &b, FUSED, block, 0);
        assert_memory_equal(&recorded, &b.loss, sizeof recorded);
    }
    for (int64_t r = 0; r < 200; r++)
        b.targets[r] = -1;
    run(&e, &b, FUSED, 0, 1);
    assert_true(b.loss == 0 && b.dw[0] == 0 && b.dx[0] == 0 && b.db[28] == 0);
    engine_end(&e);
}

static void test_nan_is_shown(void **state) {
    static data d;
    engine e = engine_of(1, RONDO_PRECISION_F32);
    (void)state;
    for (int64_t block = -8; block <= 8; block += 8) {
        fill(&d, 20, 3, 7, 0);
        d.x[10 * 3] = (real)NAN;
        run(&e, &d, FUSED, block, 1);
        assert_true(isnan(d.loss) && isnan(d.dx[30]) && !isnan(d.dx[27]) && isnan(d.dw[0]));
    }
    engine_end(&e);
}

/* Only the wanted gradients are made. */
static void test_parts(void **state) {
    static data a, b;
    engine e = engine_of(2, RONDO_PRECISION_F32);
    (void)state;
    fill(&a, 70, 5, 19, 3);
    run(&e, &a, FUSED, 16, 1);
    for (int64_t block = -16; block <= 16; block += 32)
        for (int part = 0; part < 3; part++) {
            b = a;
            memset(b.dx, 0, sizeof b.dx);
            memset(b.dw, 0, sizeof b.dw);
            memset(b.db, 0, sizeof b.db);
            rondo_tape_begin(e.tape, &(rondo_step){.recording = true});
            rondo_var *loss = rondo__linear_cross_entropy(
                e.tape, leaf(e.tape, b.x, part == 0 ? b.dx : NULL, 2, b.R, b.K),
                leaf(e.tape, b.w, part == 1 ? b.dw : NULL, 2, b.V, b.K),
                leaf(e.tape, b.b, part == 2 ? b.db : NULL, 1, b.V, 0), &(rondo__entropy){.targets = b.targets}, block);
            assert_int_equal(rondo_backward(e.tape, loss, 1), RONDO_OK);
            assert_int_equal(memcmp(a.dx, b.dx, sizeof a.dx) == 0, part == 0);
            assert_int_equal(memcmp(a.dw, b.dw, sizeof a.dw) == 0, part == 1);
            assert_int_equal(memcmp(a.db, b.db, sizeof a.db) == 0, part == 2);
        }
    engine_end(&e);
}

/* ---- the door ---- */

static void refused(rondo_tape *tape, rondo_status expected, rondo_var *x, rondo_var *w, rondo_var *b,
                    const int32_t *targets, const rondo_cross_entropy_options *options) {
    assert_null(rondo_linear_cross_entropy(tape, x, w, b, targets, options));
    assert_int_equal(rondo_tape_status(tape, NULL), expected);
    rondo_tape_begin(tape, NULL);
}

static void test_refused(void **state) {
    static const int32_t targets[] = {0, 1, 2};
    engine e = engine_of(1, RONDO_PRECISION_F32);
    rondo_tape *t = e.tape;
    (void)state;
    rondo_tape_begin(t, NULL);
#define X rondo_zeros(t, 2, (int64_t[]){3, 5})
#define W rondo_zeros(t, 2, (int64_t[]){4, 5})
    refused(t, RONDO_ARGUMENT, NULL, W, NULL, targets, NULL);
    refused(t, RONDO_ARGUMENT, X, NULL, NULL, targets, NULL);
    refused(t, RONDO_SHAPE, rondo_zeros(t, 0, NULL), W, NULL, targets, NULL);
    refused(t, RONDO_SHAPE, X, rondo_zeros(t, 2, (int64_t[]){4, 6}), NULL, targets, NULL);
    refused(t, RONDO_SHAPE, X, rondo_zeros(t, 1, (int64_t[]){5}), NULL, targets, NULL);
    refused(t, RONDO_SHAPE, X, W, rondo_zeros(t, 1, (int64_t[]){5}), targets, NULL);
    refused(t, RONDO_ARGUMENT, X, W, NULL, NULL, NULL);
    refused(t, RONDO_ARGUMENT, X, W, NULL, (int32_t[]){0, 4, 1}, NULL);
    refused(t, RONDO_ARGUMENT, X, W, NULL, (int32_t[]){0, -2, 1}, NULL);
    refused(t, RONDO_ARGUMENT, X, W, NULL, targets, &(rondo_cross_entropy_options){.label_smoothing = 2});
    refused(t, RONDO_ARGUMENT, X, W, NULL, targets, &(rondo_cross_entropy_options){.divide_by = -1});
    refused(t, RONDO_ARGUMENT, X, W, NULL, targets,
            &(rondo_cross_entropy_options){.class_weights = (real[]){1, (real)NAN, 1, 1}});
    assert_non_null(rondo_linear_cross_entropy(t, X, W, NULL, targets, NULL));
    assert_non_null(rondo_linear_cross_entropy(t, rondo_zeros(t, 2, (int64_t[]){0, 5}), W, NULL, NULL, NULL));
    engine_end(&e);
}

static engine memory_engine;

static int body(void *arg) {
    static data d;
    rondo_tape *own = NULL;
    (void)arg;
    fill(&d, 90, 11, 37, 4);
    rondo_status status = rondo_tape_create(&own, memory_engine.context, NULL);
    for (int64_t block = -16; block <= 16 && !status; block += 16)
        status = run_on(own, &d, FUSED, block, 1);
    rondo_tape_destroy(&own);
    return status;
}

static void test_memory(void **state) {
    (void)state;
    memory_engine = engine_of(2, RONDO_PRECISION_F32);
    test_every_failure(body, NULL);
    engine_end(&memory_engine);
}

/* A large vocabulary: a quarter of the array of the logits is more than is held at any time, scratch included. */
static void test_memory_is_small(void **state) {
    enum { R = 2048, K = 8, V = 4096 };
    engine e = engine_of(2, RONDO_PRECISION_F32);
    (void)state;
    real *x = rondo__calloc(R * K, sizeof *x), *w = rondo__calloc(V * K, sizeof *w);
    real *dx = rondo__calloc(R * K, sizeof *x), *dw = rondo__calloc(V * K, sizeof *w);
    int32_t *targets = rondo__calloc(R, sizeof *targets);
    assert_true(x && w && dx && dw && targets);
    rondo_tape_begin(e.tape, &(rondo_step){.recording = true});
    rondo_var *loss = rondo_linear_cross_entropy(e.tape, leaf(e.tape, x, dx, 2, R, K), leaf(e.tape, w, dw, 2, V, K),
                                                 NULL, targets, NULL);
    assert_int_equal(rondo_backward(e.tape, loss, 1), RONDO_OK);
    assert_true(rondo_tape_peak_bytes(e.tape) < (size_t)R * V / 4 * sizeof(real));
    rondo__free(x), rondo__free(w), rondo__free(dx), rondo__free(dw), rondo__free(targets);
    engine_end(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients), cmocka_unit_test(test_composed), cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_ignored),   cmocka_unit_test(test_parts),    cmocka_unit_test(test_nan_is_shown),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_memory),   cmocka_unit_test(test_memory_is_small)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

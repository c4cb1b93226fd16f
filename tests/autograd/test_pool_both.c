/* What stands for a sequence: values and gradients against composed operators, and the laws. */
#include <math.h>
#include <string.h>

#include "autograd/gradients.h"

enum { T = 6, B = 5, N = 4 };
static const int32_t lengths[B] = {6, 0, 1, 4, 3};
static const rondo_pooling kinds[] = {RONDO_POOL_LAST, RONDO_POOL_MEAN, RONDO_POOL_MAX, RONDO_POOL_ATTENTION};
enum { KINDS = 4 };

static rondo_context *context;
static rondo_tape *tape;

typedef struct data {
    int64_t steps, rows;
    rondo_real x[(T + 3) * B * N], dx[(T + 3) * B * N], score[(T + 3) * B], dscore[(T + 3) * B];
    rondo_real y[B * N];
} data;

static void fill(data *d, int64_t steps) {
    *d = (data){.steps = steps, .rows = B};
    for (int64_t i = 0; i < steps * B * N; i++)
        d->x[i] = (rondo_real)(2 * gradients_random(1, i) - 1);
    for (int64_t i = 0; i < steps * B; i++)
        d->score[i] = (rondo_real)(4 * gradients_random(2, i) - 2);
}

static rondo_var *leaf(rondo_tape *on, rondo_real *value, rondo_real *grad, int rank, const int64_t *dims) {
    rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, value, rank, dims);
    return rondo_leaf(on, &tensor, grad);
}

static rondo_status run_on(rondo_tape *on, data *d, const rondo_pool_options *options) {
    const int64_t dims[] = {d->steps, d->rows, N};
    rondo_tape_begin(on, &(rondo_step){.recording = true});
    rondo_var *x = leaf(on, d->x, d->dx, 3, dims);
    rondo_var *score = options->kind == RONDO_POOL_ATTENTION ? leaf(on, d->score, d->dscore, 2, dims) : NULL;
    rondo_var *y = rondo_pool(on, x, score, options);
    if (y)
        memcpy(d->y, y->value.data, (size_t)(d->rows * N) * sizeof *d->y);
    return rondo_backward(on, gradients_scalar(on, y), 1);
}

static void run(data *d, const rondo_pool_options *options) { assert_int_equal(run_on(tape, d, options), RONDO_OK); }

static void near(const rondo_real *a, const rondo_real *b, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)(a[i] - b[i])) <= (sizeof(rondo_real) == 8 ? 1e-12 : 1e-6)))
            fail_msg("element %d is %g, expected %g", (int)i, (double)a[i], (double)b[i]);
}

/* ---- gradients ---- */

static rondo_var *pooled(rondo_tape *on, int count, rondo_var *const *in, void *arg) {
    return gradients_scalar(on, rondo_pool(on, in[0], count > 1 ? in[1] : NULL, arg));
}

static void test_gradients(void **state) {
    rondo_pool_options last = {RONDO_POOL_LAST, lengths, 0}, both = {RONDO_POOL_LAST, lengths, 2};
    rondo_pool_options mean = {.kind = RONDO_POOL_MEAN, .lengths = lengths}, all = {.kind = RONDO_POOL_MEAN};
    rondo_pool_options max = {.kind = RONDO_POOL_MAX, .lengths = lengths};
    rondo_pool_options attention = {.kind = RONDO_POOL_ATTENTION, .lengths = lengths};
    const gradient_case cases[] = {
        {"last", pooled, .arg = &last, .inputs = {GRADIENT_INPUT(T, B, 3)}},
        {"last of both directions", pooled, .arg = &both, .inputs = {GRADIENT_INPUT(T, B, 6)}},
        {"mean", pooled, .arg = &mean, .inputs = {GRADIENT_INPUT(T, B, 3)}},
        {"mean of all", pooled, .arg = &all, .inputs = {GRADIENT_INPUT(3, 2, 17)}},
        {"max", pooled, .arg = &max, .inputs = {GRADIENT_INPUT(T, B, 3)}},
        {"attention", pooled, .arg = &attention, .inputs = {GRADIENT_INPUT(T, B, 3), GRADIENT_INPUT(T, B)}},
        {"attention, a column", pooled, .arg = &attention,
         .inputs = {GRADIENT_INPUT(T, B, 1), GRADIENT_INPUT(T, B, 1)}},
    };
    (void)state;
    if (sizeof(rondo_real) == 8)
        gradients_run(cases, sizeof cases / sizeof *cases);
}

/* ---- the same of basic operators ---- */

static rondo_var *compose(rondo_var *x, rondo_var *score, int64_t b, rondo_pooling kind) {
    int64_t n = lengths[b];
    if (n == 0)
        return rondo_affine(tape, rondo_slice(tape, rondo_slice(tape, x, 0, 0, 1), 1, b, b + 1), 0, 0);
    rondo_var *rows = rondo_slice(tape, rondo_slice(tape, x, 0, 0, n), 1, b, b + 1);
    if (kind == RONDO_POOL_LAST)
        return rondo_slice(tape, rows, 0, n - 1, n);
    rondo_var *weights = rondo_zeros(tape, 2, (int64_t[]){1, n});
    for (int64_t t = 0; weights && t < n; t++)
        ((rondo_real *)weights->value.data)[t] = (rondo_real)(1 / (double)n);
    if (kind == RONDO_POOL_ATTENTION) {
        weights = rondo_slice(tape, rondo_slice(tape, score, 0, 0, n), 1, b, b + 1);
        weights = rondo_softmax(tape, rondo_reshape(tape, weights, 2, (int64_t[]){1, n}));
    }
    rondo_var *y = rondo_matmul(tape, weights, rondo_reshape(tape, rows, 2, (int64_t[]){n, N}));
    return rondo_reshape(tape, y, 3, (int64_t[]){1, 1, N});
}

static void test_composed(void **state) {
    static const rondo_pooling composed[] = {RONDO_POOL_LAST, RONDO_POOL_MEAN, RONDO_POOL_ATTENTION};
    const int64_t dims[] = {T, B, N};
    static data fused, plain;
    (void)state;
    for (size_t k = 0; k < sizeof composed / sizeof *composed; k++) {
        fill(&fused, T);
        fill(&plain, T);
        run(&fused, &(rondo_pool_options){.kind = composed[k], .lengths = lengths});
        rondo_tape_begin(tape, &(rondo_step){.recording = true});
        rondo_var *x = leaf(tape, plain.x, plain.dx, 3, dims), *row[B];
        rondo_var *score = leaf(tape, plain.score, plain.dscore, 2, dims);
        for (int64_t b = 0; b < B; b++)
            row[b] = compose(x, score, b, composed[k]);
        rondo_var *y = rondo_reshape(tape, rondo_concat(tape, 1, B, row), 2, (int64_t[]){B, N});
        assert_int_equal(rondo_backward(tape, gradients_scalar(tape, y), 1), RONDO_OK);
        near(fused.y, y->value.data, (int64_t)B * N);
        near(fused.dx, plain.dx, (int64_t)T * B * N);
        near(fused.dscore, plain.dscore, (int64_t)T * B);
    }
}

/* ---- laws ---- */

static void test_padding(void **state) {
    static data short_one, long_one;
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        const rondo_pool_options options = {.kind = kinds[k], .lengths = lengths};
        fill(&short_one, T);
        fill(&long_one, T + 3);
        for (int64_t t = 0; t < T + 3; t++)
            for (int64_t b = 0; b < B; b++)
                for (int64_t n = 0; n < N && t >= lengths[b]; n++) {
                    long_one.x[(t * B + b) * N + n] = (rondo_real)NAN;
                    long_one.score[t * B + b] = (rondo_real)NAN;
                }
        run(&short_one, &options);
        run(&long_one, &options);
        assert_memory_equal(long_one.y, short_one.y, sizeof short_one.y);
        assert_memory_equal(long_one.dx, short_one.dx, (size_t)(T * B * N) * sizeof *short_one.dx);
        assert_memory_equal(long_one.dscore, short_one.dscore, (size_t)(T * B) * sizeof *short_one.dscore);
        for (int64_t i = (int64_t)T * B * N; i < (int64_t)(T + 3) * B * N; i++)
            assert_true(long_one.dx[i] == 0);
        for (int64_t n = 0; n < N; n++)
            assert_true(short_one.y[N + n] == 0); /* the row of length 0 */
    }
}

static void test_permutation(void **state) {
    static const int64_t order[B] = {3, 1, 4, 0, 2};
    static data straight, mixed;
    int32_t of[B];
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        fill(&straight, T);
        fill(&mixed, T);
        for (int64_t b = 0; b < B; b++) {
            of[b] = lengths[order[b]];
            for (int64_t t = 0; t < T; t++) {
                memcpy(mixed.x + (t * B + b) * N, straight.x + (t * B + order[b]) * N, N * sizeof *mixed.x);
                mixed.score[t * B + b] = straight.score[t * B + order[b]];
            }
        }
        run(&straight, &(rondo_pool_options){.kind = kinds[k], .lengths = lengths});
        run(&mixed, &(rondo_pool_options){.kind = kinds[k], .lengths = of});
        for (int64_t b = 0; b < B; b++)
            assert_memory_equal(mixed.y + b * N, straight.y + order[b] * N, N * sizeof *mixed.y);
    }
}

static void test_nan_is_shown(void **state) {
    static data d;
    (void)state;
    for (int k = 0; k < KINDS; k++)
        for (int64_t at = 0; at < T; at++) {
            fill(&d, T);
            d.x[at * B * N + 2] = (rondo_real)NAN;
            run(&d, &(rondo_pool_options){.kind = kinds[k]});
            assert_int_equal(isnan(d.y[2]), kinds[k] != RONDO_POOL_LAST || at == T - 1);
            assert_false(isnan(d.y[1]) || isnan(d.y[N + 2]));
        }
    fill(&d, T);
    d.score[B + 1] = (rondo_real)NAN;
    run(&d, &(rondo_pool_options){.kind = RONDO_POOL_ATTENTION});
    assert_true(isnan(d.y[N]) && !isnan(d.y[0]));
}

static void test_ties(void **state) {
    static data d;
    (void)state;
    fill(&d, T);
    for (int64_t i = 0; i < (int64_t)T * B * N; i++)
        d.x[i] = 1;
    run(&d, &(rondo_pool_options){.kind = RONDO_POOL_MAX});
    for (int64_t i = 0; i < (int64_t)T * B * N; i++)
        assert_true((d.dx[i] != 0) == (i < B * N));
}

/* ---- the door ---- */

static void refused(rondo_status expected, rondo_var *x, rondo_var *score, const rondo_pool_options *options) {
    assert_null(rondo_pool(tape, x, score, options));
    assert_int_equal(rondo_tape_status(tape, NULL), expected);
    rondo_tape_begin(tape, NULL);
}

static rondo_var *zeros(int rank, int64_t d0, int64_t d1, int64_t d2) {
    return rondo_zeros(tape, rank, (int64_t[]){d0, d1, d2});
}

static void test_refused(void **state) {
    const rondo_pool_options attention = {.kind = RONDO_POOL_ATTENTION};
    (void)state;
    rondo_tape_begin(tape, NULL);
    refused(RONDO_ARGUMENT, NULL, NULL, NULL);
    refused(RONDO_SHAPE, zeros(2, 3, 4, 0), NULL, NULL);
    refused(RONDO_ARGUMENT, zeros(3, 3, 4, 5), NULL, &attention);
    refused(RONDO_ARGUMENT, zeros(3, 3, 4, 5), zeros(2, 3, 4, 0), NULL);
    refused(RONDO_SHAPE, zeros(3, 3, 4, 5), zeros(2, 4, 3, 0), &attention);
    refused(RONDO_SHAPE, zeros(3, 3, 4, 5), zeros(3, 3, 4, 2), &attention);
    refused(RONDO_ARGUMENT, zeros(3, 3, 4, 5), NULL, &(rondo_pool_options){.kind = (rondo_pooling)4});
    refused(RONDO_ARGUMENT, zeros(3, 3, 4, 5), NULL, &(rondo_pool_options){.directions = 3});
    refused(RONDO_SHAPE, zeros(3, 3, 4, 5), NULL, &(rondo_pool_options){.directions = 2});
    refused(RONDO_ARGUMENT, zeros(3, 5, 5, 5), NULL, &(rondo_pool_options){.lengths = lengths});
    refused(RONDO_ARGUMENT, zeros(3, 3, 1, 5), NULL, &(rondo_pool_options){.lengths = (int32_t[]){-1}});
    for (int k = 0; k < KINDS; k++) { /* nothing at all is legal */
        rondo_var *score = kinds[k] == RONDO_POOL_ATTENTION ? zeros(2, 0, 2, 0) : NULL;
        rondo_var *y = rondo_pool(tape, zeros(3, 0, 2, 4), score, &(rondo_pool_options){.kind = kinds[k]});
        assert_non_null(y);
        assert_int_equal(rondo_tensor_count(&y->value), 8);
        assert_true(((rondo_real *)y->value.data)[7] == 0);
    }
}

static int body(void *arg) {
    static data d;
    rondo_tape *own = NULL;
    (void)arg;
    fill(&d, T);
    rondo_status status = rondo_tape_create(&own, context, NULL);
    for (int k = 0; k < KINDS && !status; k++)
        status = run_on(own, &d, &(rondo_pool_options){.kind = kinds[k], .lengths = lengths});
    rondo_tape_destroy(&own);
    return status;
}

static void test_memory(void **state) {
    (void)state;
    test_every_failure(body, NULL);
}

static int begin(void **state) {
    (void)state;
    return rondo_context_create(&context, &(rondo_context_options){.threads = 2}, NULL) ||
           rondo_tape_create(&tape, context, NULL);
}

static int end(void **state) {
    (void)state;
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients),    cmocka_unit_test(test_composed),
                                       cmocka_unit_test(test_padding),      cmocka_unit_test(test_permutation),
                                       cmocka_unit_test(test_nan_is_shown), cmocka_unit_test(test_ties),
                                       cmocka_unit_test(test_refused),      cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, begin, end);
}

/* The loss of a conditional random field: by walking every path, by basic operators, and the laws. */
#include "nn/crf_case.h"

static const double tolerance = sizeof(rondo_real) == 8 ? 1e-11 : 4e-6;
static rondo_context *context;
static rondo_tape *tape;

static void run(crf_case *c, rondo_real divide_by) { assert_int_equal(crf_run_on(tape, c, divide_by), RONDO_OK); }

static void near(const char *what, double got, double want) {
    if (!(fabs(got - want) <= tolerance * (1 + fabs(want))))
        fail_msg("%s is %.15g, expected %.15g", what, got, want);
}
static void all_near(const char *what, const rondo_real *got, const double *want, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        near(what, (double)got[i], want[i]);
}

/* ---- every path ---- */

typedef struct expected {
    double de[CRF_T * CRF_B * CRF_V], da[CRF_V * CRF_V], dstart[CRF_V], dend[CRF_V], losses[CRF_B];
} expected;

static void count_path(expected *x, int64_t b, const int32_t *path, int64_t length, double p) {
    x->dstart[path[0]] += p;
    x->dend[path[length - 1]] += p;
    for (int64_t t = 0; t < length; t++) {
        x->de[(t * CRF_B + b) * CRF_V + path[t]] += p;
        if (t > 0)
            x->da[path[t - 1] * CRF_V + path[t]] += p;
    }
}

static void walk_row(expected *x, const crf_case *c, int64_t b, double g) {
    int64_t length = crf_lengths[b];
    int32_t path[CRF_T] = {0}, truth[CRF_T] = {0};
    double total = 0;
    for (int64_t n = 0; n < crf_paths(length); n++) {
        crf_path(path, n, length);
        total += exp(crf_score(c, b, path, length));
    }
    for (int64_t n = 0; n < crf_paths(length); n++) {
        crf_path(path, n, length);
        count_path(x, b, path, length, g * exp(crf_score(c, b, path, length)) / total);
    }
    for (int64_t t = 0; t < length; t++)
        truth[t] = c->y[t * CRF_B + b];
    count_path(x, b, truth, length, -g);
    x->losses[b] = log(total) - crf_score(c, b, truth, length);
}

static void test_every_path(void **state) {
    static crf_case c;
    static expected x;
    double total = 0, labels = 5 + 1 + 3;
    (void)state;
    crf_fill(&c, CRF_T);
    run(&c, 0);
    for (int64_t b = 0; b < CRF_B; b++) {
        if (crf_lengths[b])
            walk_row(&x, &c, b, 1 / labels);
        total += x.losses[b];
    }
    near("loss", (double)c.loss, total / labels);
    all_near("a row's loss", c.losses, x.losses, CRF_B);
    all_near("de", c.de, x.de, (int64_t)CRF_T * CRF_B * CRF_V);
    all_near("da", c.da, x.da, (int64_t)CRF_V * CRF_V);
    all_near("dstart", c.dstart, x.dstart, CRF_V);
    all_near("dend", c.dend, x.dend, CRF_V);
    crf_fill(&c, CRF_T);
    run(&c, 2);
    near("loss over 2", (double)c.loss, total / 2);
}

/* ---- the same of basic operators ---- */

/* log sum exp of each row of m (V, V), as (V): log_softmax(m) = m - it. */
static rondo_var *row_lse(rondo_var *m) {
    rondo_var *less = rondo_add(tape, m, rondo_affine(tape, rondo_log_softmax(tape, m), -1, 0));
    return rondo_reshape(tape, rondo_slice(tape, less, 1, 0, 1), 1, (int64_t[]){-1});
}
static rondo_var *cell(rondo_var *m, int64_t row, int64_t column) {
    return rondo_sum(tape, rondo_slice(tape, rondo_slice(tape, m, 0, row, row + 1), 1, column, column + 1));
}
static rondo_var *place(rondo_var *v, int64_t at) { return rondo_sum(tape, rondo_slice(tape, v, 0, at, at + 1)); }

static rondo_var *composed_row(const crf_case *c, rondo_var *e, const rondo_crf_weights *w, rondo_var *across,
                               int64_t b) {
    int64_t length = crf_lengths[b];
    rondo_var *row = rondo_reshape(tape, rondo_slice(tape, e, 1, b, b + 1), 2, (int64_t[]){CRF_T, CRF_V});
    rondo_var *alpha = NULL, *score = NULL;
    for (int64_t t = 0; t < length; t++) {
        rondo_var *now = rondo_reshape(tape, rondo_slice(tape, row, 0, t, t + 1), 1, (int64_t[]){CRF_V});
        rondo_var *before = t ? row_lse(rondo_add(tape, across, alpha)) : w->start;
        int32_t y = c->y[t * CRF_B + b];
        rondo_var *step = t ? cell(w->transition, c->y[(t - 1) * CRF_B + b], y) : place(w->start, y);
        alpha = rondo_add(tape, now, before);
        step = rondo_add(tape, step, place(now, y));
        score = score ? rondo_add(tape, score, step) : step;
    }
    score = rondo_add(tape, score, place(w->end, c->y[(length - 1) * CRF_B + b]));
    rondo_var *last = rondo_reshape(tape, rondo_add(tape, alpha, w->end), 2, (int64_t[]){1, CRF_V});
    return rondo_add(tape, rondo_sum(tape, row_lse(last)), rondo_affine(tape, score, -1, 0));
}

static void test_composed(void **state) {
    static crf_case fused, plain;
    rondo_var *column[CRF_V], *loss = NULL;
    (void)state;
    crf_fill(&fused, CRF_T);
    crf_fill(&plain, CRF_T);
    run(&fused, 1);
    rondo_tape_begin(tape, &(rondo_step){.recording = true});
    rondo_crf_weights w = crf_weights(tape, &plain);
    rondo_var *e = crf_leaf(tape, plain.e, plain.de, 3, CRF_T, CRF_B, CRF_V);
    for (int64_t j = 0; j < CRF_V; j++)
        column[j] = rondo_reshape(tape, rondo_slice(tape, w.transition, 1, j, j + 1), 2, (int64_t[]){1, CRF_V});
    rondo_var *across = rondo_concat(tape, 0, CRF_V, column);
    for (int64_t b = 0; b < CRF_B; b++) {
        rondo_var *row = crf_lengths[b] ? composed_row(&plain, e, &w, across, b) : NULL;
        loss = loss && row ? rondo_add(tape, loss, row) : loss ? loss : row;
    }
    assert_int_equal(rondo_backward(tape, loss, 1), RONDO_OK);
    near("loss", (double)fused.loss, (double)*(rondo_real *)loss->value.data);
    for (int64_t i = 0; i < (int64_t)CRF_T * CRF_B * CRF_V; i++)
        near("de", (double)fused.de[i], (double)plain.de[i]);
    for (int64_t i = 0; i < (int64_t)CRF_V * CRF_V; i++)
        near("da", (double)fused.da[i], (double)plain.da[i]);
    for (int64_t i = 0; i < CRF_V; i++) {
        near("dstart", (double)fused.dstart[i], (double)plain.dstart[i]);
        near("dend", (double)fused.dend[i], (double)plain.dend[i]);
    }
}

/* ---- laws ---- */

static void test_padding(void **state) {
    static crf_case c, longer;
    (void)state;
    crf_fill(&c, CRF_T);
    crf_fill(&longer, CRF_T + CRF_MORE);
    for (int64_t t = 0; t < longer.T; t++)
        for (int64_t b = 0; b < CRF_B; b++)
            for (int64_t j = 0; j < CRF_V && t >= crf_lengths[b]; j++)
                longer.e[(t * CRF_B + b) * CRF_V + j] = (rondo_real)NAN;
    run(&c, 0);
    run(&longer, 0);
    assert_memory_equal(&longer.loss, &c.loss, sizeof c.loss);
    assert_memory_equal(longer.losses, c.losses, sizeof c.losses);
    assert_memory_equal(longer.de, c.de, (size_t)(CRF_T * CRF_B * CRF_V) * sizeof *c.de);
    assert_memory_equal(longer.da, c.da, sizeof c.da);
    for (int64_t i = (int64_t)CRF_T * CRF_B * CRF_V; i < longer.T * CRF_B * CRF_V; i++)
        assert_true(longer.de[i] == 0);
    assert_true(c.losses[1] == 0); /* length 0 */
}

/* Row b alone gives the bits it gives in the batch; so any order of rows does. */
static void test_rows_alone(void **state) {
    static crf_case c;
    (void)state;
    crf_fill(&c, CRF_T);
    run(&c, 1);
    for (int64_t b = 0; b < CRF_B; b++) {
        rondo_real e[CRF_T * CRF_V], de[CRF_T * CRF_V] = {0}, loss = -1;
        int32_t y[CRF_T];
        for (int64_t t = 0; t < CRF_T; t++) {
            memcpy(e + t * CRF_V, c.e + (t * CRF_B + b) * CRF_V, CRF_V * sizeof *e);
            y[t] = c.y[t * CRF_B + b];
        }
        rondo_tape_begin(tape, &(rondo_step){.recording = true});
        rondo_crf_weights w = crf_weights(tape, &c);
        rondo_var *x = crf_leaf(tape, e, de, 3, CRF_T, 1, CRF_V);
        rondo_crf_options options = {.lengths = crf_lengths + b, .divide_by = 1, .row_losses = &loss};
        assert_int_equal(rondo_backward(tape, rondo_crf_loss(tape, x, y, &w, &options), 1), RONDO_OK);
        assert_memory_equal(&loss, &c.losses[b], sizeof loss);
        for (int64_t t = 0; t < CRF_T; t++)
            assert_memory_equal(de + t * CRF_V, c.de + (t * CRF_B + b) * CRF_V, CRF_V * sizeof *de);
    }
}

static void test_nan_and_infinity(void **state) {
    static crf_case c;
    (void)state;
    crf_fill(&c, CRF_T);
    c.e[(2 * CRF_B + 3) * CRF_V + 1] = (rondo_real)NAN;
    run(&c, 0);
    assert_true(isnan(c.loss) && isnan(c.losses[3]) && !isnan(c.losses[0]));
    assert_true(isnan(c.de[(1 * CRF_B + 3) * CRF_V]) && isnan(c.da[0]) && !isnan(c.de[0]));
    crf_fill(&c, CRF_T);
    c.a[0 * CRF_V + 1] = -(rondo_real)INFINITY; /* no path of the truth takes it: 0 2 1 0 2, 2, 0 2 1 */
    run(&c, 0);
    assert_true(isfinite(c.loss) && c.da[0 * CRF_V + 1] == 0 && isfinite(c.da[0]));
    crf_fill(&c, CRF_T);
    c.a[0 * CRF_V + 2] = -(rondo_real)INFINITY; /* the truth takes it */
    run(&c, 0);
    assert_true(isinf(c.loss) && c.loss > 0);
    crf_fill(&c, CRF_T);
    for (int i = 0; i < CRF_V * CRF_V; i++) /* beyond what exp can hold */
        c.a[i] *= 1000;
    run(&c, 0);
    assert_true(isfinite(c.loss));
    for (int i = 0; i < CRF_T * CRF_B * CRF_V; i++)
        assert_true(isfinite(c.de[i]));
}

/* A sure and right field of 20000 steps: log Z and the score are 200000 each, the loss is their difference. */
static void test_long_rows(void **state) {
    enum { LONG = 20000 };
    rondo_real *e = rondo__calloc((size_t)LONG * CRF_V, sizeof *e),
               *de = rondo__calloc((size_t)LONG * CRF_V, sizeof *e);
    int32_t *y = rondo__calloc(LONG, sizeof *y);
    static crf_case c;
    (void)state;
    crf_fill(&c, CRF_T);
    memset(c.a, 0, sizeof c.a);
    for (int64_t t = 0; t < LONG; t++)
        e[t * CRF_V + (y[t] = (int32_t)(t % CRF_V))] = 10;
    rondo_tape_begin(tape, &(rondo_step){.recording = true});
    rondo_crf_weights w = crf_weights(tape, &c);
    rondo_var *loss = rondo_crf_loss(tape, crf_leaf(tape, e, de, 3, LONG, 1, CRF_V), y, &w, NULL);
    assert_int_equal(rondo_backward(tape, loss, 1), RONDO_OK);
    double want = log(1 + 2 * exp(-10.0)), got = (double)*(rondo_real *)loss->value.data;
    assert_true(fabs(got - want) < 1e-2 * want); /* 9e-5 a label; start and end make a difference at the ends */
    for (int64_t t = 0; t < LONG; t++)
        assert_true(fabs((double)(de[t * CRF_V] + de[t * CRF_V + 1] + de[t * CRF_V + 2])) < 1e-9);
    rondo__free(e);
    rondo__free(de);
    rondo__free(y);
}

/* ---- the door ---- */

static rondo_var *zeros(int rank, int64_t d0, int64_t d1, int64_t d2) {
    return rondo_zeros(tape, rank, (int64_t[]){d0, d1, d2});
}

static void refused(rondo_status wanted, rondo_var *e, const int32_t *y, const rondo_crf_weights *w,
                    const rondo_crf_options *options) {
    assert_null(rondo_crf_loss(tape, e, y, w, options));
    assert_int_equal(rondo_tape_status(tape, NULL), wanted);
    rondo_tape_begin(tape, NULL);
}

static void test_refused(void **state) {
    static const int32_t y[] = {0, 1, 2, 3, 0, 0}, good[] = {0, 1, 2, 2, 0, 0};
    (void)state;
    rondo_tape_begin(tape, NULL);
#define W (&(rondo_crf_weights){zeros(2, 3, 3, 0), zeros(1, 3, 0, 0), zeros(1, 3, 0, 0)})
#define E zeros(3, 2, 3, 3)
    refused(RONDO_ARGUMENT, NULL, good, W, NULL);
    refused(RONDO_ARGUMENT, E, NULL, W, NULL);
    refused(RONDO_ARGUMENT, E, good, NULL, NULL);
    refused(RONDO_SHAPE, zeros(2, 6, 3, 0), good, W, NULL);
    refused(RONDO_SHAPE, zeros(3, 2, 3, 0), good,
            &(rondo_crf_weights){zeros(2, 0, 0, 0), zeros(1, 0, 0, 0), zeros(1, 0, 0, 0)}, NULL);
    refused(RONDO_SHAPE, E, good, &(rondo_crf_weights){zeros(2, 3, 4, 0), zeros(1, 3, 0, 0), zeros(1, 3, 0, 0)}, NULL);
    refused(RONDO_SHAPE, E, good, &(rondo_crf_weights){zeros(2, 3, 3, 0), zeros(1, 4, 0, 0), zeros(1, 3, 0, 0)}, NULL);
    refused(RONDO_ARGUMENT, E, good, &(rondo_crf_weights){zeros(2, 3, 3, 0), zeros(1, 3, 0, 0), NULL}, NULL);
    refused(RONDO_ARGUMENT, E, y, W, NULL);
    refused(RONDO_ARGUMENT, E, good, W, &(rondo_crf_options){.lengths = (int32_t[]){1, 3, 0}});
    refused(RONDO_ARGUMENT, E, good, W, &(rondo_crf_options){.lengths = (int32_t[]){1, 2, -1}});
    refused(RONDO_ARGUMENT, E, good, W, &(rondo_crf_options){.divide_by = -1});
    rondo_var *loss = rondo_crf_loss(tape, zeros(3, 0, 3, 3), NULL, W, NULL);
    assert_true(loss && *(rondo_real *)loss->value.data == 0);
    loss = rondo_crf_loss(tape, E, y, W, &(rondo_crf_options){.lengths = (int32_t[]){0, 0, 0}});
    assert_true(loss && *(rondo_real *)loss->value.data == 0);
}

/* ---- the layer ---- */

static rondo_status use_layer(void) {
    rondo_params *params = NULL;
    rondo_crf *crf = NULL;
    rondo_tape *own = NULL;
    static crf_case c;
    crf_fill(&c, CRF_T);
    rondo_status status = rondo_params_create(&params, NULL);
    if (!status)
        status = rondo_crf_create(&crf, params, "crf.", CRF_V, NULL);
    if (!status)
        status = rondo_params_finish(params, 3, NULL);
    if (!status)
        status = rondo_tape_create(&own, context, NULL);
    if (!status) {
        rondo_tape_begin(own, &(rondo_step){.recording = true});
        rondo_crf_weights w = rondo_crf_use(crf, own);
        rondo_var *e = crf_leaf(own, c.e, c.de, 3, CRF_T, CRF_B, CRF_V);
        status = rondo_backward(own, rondo_crf_loss(own, e, c.y, &w, &(rondo_crf_options){.lengths = crf_lengths}), 1);
    }
    if (!status) {
        int at = rondo_params_find(params, "crf.transitions");
        assert_true(at >= 0 && rondo_params_find(params, "crf.start_transitions") >= 0);
        assert_true(rondo_params_find(params, "crf.end_transitions") >= 0);
        const rondo_real *d = rondo_params_grads(params);
        double sum = 0;
        for (int64_t i = 0; i < rondo_params_size(params); i++)
            sum += fabs((double)d[i]);
        assert_true(sum > 0);
    }
    rondo_tape_destroy(&own);
    rondo_crf_destroy(&crf);
    rondo_params_destroy(&params);
    return status;
}

static int layer_body(void *arg) {
    (void)arg;
    return use_layer();
}

static void test_layer(void **state) {
    rondo_params *params;
    rondo_crf *crf;
    rondo_error err = {0};
    (void)state;
    test_every_failure(layer_body, NULL);
    assert_int_equal(rondo_params_create(&params, NULL), RONDO_OK);
    assert_int_equal(rondo_crf_create(NULL, params, "", 3, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_crf_create(&crf, NULL, "", 3, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_crf_create(&crf, params, "", 0, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_crf_create(&crf, params, NULL, 3, &err), RONDO_OK);
    rondo_crf *second;
    assert_int_equal(rondo_crf_create(&second, params, NULL, 3, &err), RONDO_ARGUMENT); /* the name is taken */
    assert_null(second);
    assert_int_equal(rondo_params_count(params), 3);
    assert_null(rondo_crf_use(NULL, tape).end);
    rondo_crf_destroy(&crf);
    rondo_crf_destroy(&crf);
    rondo_crf_destroy(NULL);
    rondo_params_destroy(&params);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_path),       cmocka_unit_test(test_composed),
                                       cmocka_unit_test(test_padding),          cmocka_unit_test(test_rows_alone),
                                       cmocka_unit_test(test_nan_and_infinity), cmocka_unit_test(test_long_rows),
                                       cmocka_unit_test(test_refused),          cmocka_unit_test(test_layer)};
    return cmocka_run_group_tests(tests, begin, end);
}

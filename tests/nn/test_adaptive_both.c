/* The adaptive softmax: losses agree with the table of log-probabilities, which sums to one; ignored targets; rows all
 * in the head or in one tail; failing memory; refusals. */
#include "core/core.h"
#include "rondo/nn.h"
#include "support/test.h"

#include <math.h>
#include <string.h>

enum { ROWS = 12, WIDTH = 16, V = 31, CUTOFFS = 3 };
static const int64_t cutoffs[CUTOFFS] = {6, 13, 20};
static const double tolerance = sizeof(rondo_real) == 4 ? 2e-5 : 1e-12;

typedef struct rig {
    rondo_context *context;
    rondo_tape *tape;
    rondo_params *params;
    rondo_adaptive *adaptive;
    rondo_real x[ROWS * WIDTH], dx[ROWS * WIDTH];
    rondo_tensor tx;
} rig;

static rondo_status rig_open(rig *r, int threads) {
    memset(r, 0, sizeof *r);
    for (int i = 0; i < ROWS * WIDTH; i++)
        r->x[i] = (rondo_real)(4 * rondo__random_uniform(3, 1, (uint64_t)i) - 2);
    r->tx = rondo_tensor_view(RONDO_REAL, r->x, 2, (int64_t[]){ROWS, WIDTH});
    rondo_status status = rondo_context_create(&r->context, &(rondo_context_options){.threads = threads}, NULL);
    if (!status)
        status = rondo_tape_create(&r->tape, r->context, NULL);
    if (!status)
        status = rondo_params_create(&r->params, NULL);
    if (!status)
        status = rondo_adaptive_create(&r->adaptive, r->params, "a.", WIDTH, V, CUTOFFS, cutoffs, 2, NULL);
    return status ? status : rondo_params_finish(r->params, 9, NULL);
}

static void rig_close(rig *r) {
    rondo_adaptive_destroy(&r->adaptive);
    rondo_params_destroy(&r->params);
    rondo_tape_destroy(&r->tape);
    rondo_context_destroy(&r->context);
}

static rondo_var *begin(rig *r) {
    rondo_tape_begin(r->tape, &(rondo_step){.recording = true, .training = true});
    return rondo_leaf(r->tape, &r->tx, r->dx);
}

static void sums_to_one(void **unused) {
    (void)unused;
    rig r;
    assert_int_equal(rig_open(&r, 2), RONDO_OK);
    rondo_var *y = rondo_adaptive_log_probabilities(r.adaptive, r.tape, begin(&r));
    assert_int_equal(rondo_tape_status(r.tape, NULL), RONDO_OK);
    assert_true(y->value.rank == 2 && y->value.dims[0] == ROWS && y->value.dims[1] == V);
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        for (int v = 0; v < V; v++)
            sum += exp((double)((rondo_real *)y->value.data)[i * V + v]);
        assert_true(fabs(sum - 1) < tolerance);
    }
    rig_close(&r);
}

/* Targets row i: first + i * step, modulo span; every third ignored when asked. */
typedef struct aim {
    const char *name;
    int first, step, span;
    bool ignoring;
} aim;
static const aim aims[] = {
    {"everywhere", 0, 7, V, false},
    {"some ignored", 0, 7, V, true},
    {"head only", 0, 1, 6, false},
    {"first tail only", 6, 1, 7, false},
    {"last tail only", 20, 1, 11, true},
    {"last symbol", V - 1, 0, 1, false},
    {"one before each cutoff", 5, 7, 15, false},
};

static int draw_targets(const aim *a, int32_t *targets) {
    int counted = 0;
    for (int i = 0; i < ROWS; i++) {
        targets[i] = (int32_t)(a->first + i * a->step % a->span);
        if (a->ignoring && i % 3 == 1)
            targets[i] = -1;
        counted += targets[i] >= 0;
    }
    return counted;
}

static void near(const char *what, double got, double want) {
    if (!(fabs(got - want) <= tolerance * (1 + fabs(want))))
        fail_msg("%s: %.9g, not %.9g", what, got, want);
}

/* Loss and gradients by way of the table: -1/counted of the gradient of the sum of the targets' entries. */
static void agree(rig *r, const aim *a) {
    static rondo_real from_loss[8192], table_dx[ROWS * WIDTH], dy[ROWS * V];
    int32_t targets[ROWS];
    rondo_real rows[ROWS];
    int counted = draw_targets(a, targets);
    double sum = 0;
    size_t bytes = (size_t)rondo_params_size(r->params) * sizeof(rondo_real);
    assert_true(bytes <= sizeof from_loss);
    rondo_params_clear_grads(r->params);
    memset(r->dx, 0, sizeof r->dx);
    rondo_var *y = rondo_adaptive_log_probabilities(r->adaptive, r->tape, begin(r));
    assert_non_null(y);
    memset(dy, 0, sizeof dy);
    for (int i = 0; i < ROWS; i++)
        if (targets[i] >= 0) {
            dy[i * V + targets[i]] = (rondo_real)(-1.0 / counted);
            sum -= (double)((rondo_real *)y->value.data)[i * V + targets[i]];
        }
    const rondo_real *seed = dy, *table = y->value.data;
    static rondo_real kept[ROWS * V];
    memcpy(kept, table, sizeof kept);
    assert_int_equal(rondo_backward_from(r->tape, 1, &y, &seed), RONDO_OK);
    memcpy(from_loss, rondo_params_grads(r->params), bytes);
    memcpy(table_dx, r->dx, sizeof table_dx);
    rondo_params_clear_grads(r->params);
    memset(r->dx, 0, sizeof r->dx);
    rondo_cross_entropy_options options = {.row_losses = rows};
    rondo_var *loss = rondo_adaptive_loss(r->adaptive, r->tape, begin(r), targets, &options);
    assert_non_null(loss);
    near(a->name, (double)*(rondo_real *)loss->value.data, sum / counted);
    for (int i = 0; i < ROWS; i++)
        near(a->name, (double)rows[i], targets[i] < 0 ? 0 : -(double)kept[i * V + targets[i]]);
    assert_int_equal(rondo_backward(r->tape, loss, 1), RONDO_OK);
    for (int64_t i = 0; i < rondo_params_size(r->params); i++)
        near(a->name, (double)rondo_params_grads(r->params)[i], (double)from_loss[i]);
    for (int i = 0; i < ROWS * WIDTH; i++)
        near(a->name, (double)r->dx[i], (double)table_dx[i]);
}

static void loss_agrees_with_table(void **unused) {
    (void)unused;
    rig r;
    assert_int_equal(rig_open(&r, 2), RONDO_OK);
    for (size_t i = 0; i < sizeof aims / sizeof *aims; i++)
        agree(&r, &aims[i]);
    rig_close(&r);
}

/* A tail that no target lies in gets no gradient; ignored rows of x none either. */
static void only_what_is_used(void **unused) {
    (void)unused;
    rig r;
    int32_t targets[ROWS];
    assert_int_equal(rig_open(&r, 1), RONDO_OK);
    draw_targets(&aims[4], targets); /* the last tail, some ignored */
    rondo_var *loss = rondo_adaptive_loss(r.adaptive, r.tape, begin(&r), targets, NULL);
    assert_int_equal(rondo_backward(r.tape, loss, 1), RONDO_OK);
    for (int i = 0; i < rondo_params_count(r.params); i++) {
        const rondo_param *p = rondo_params_at(r.params, i);
        double sum = 0;
        for (int64_t j = 0; j < rondo_tensor_count(&p->value); j++)
            sum += fabs((double)p->grad[j]);
        assert_int_equal(sum > 0, strstr(p->name, "head") || strstr(p->name, "tail.2"));
    }
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; targets[i] < 0 && j < WIDTH; j++)
            assert_true(r.dx[i * WIDTH + j] == 0);
    rig_close(&r);
}

/* Nothing but padding: the loss is 0, and so is every gradient. divide_by scales as it does in rondo_cross_entropy. */
static void divisors(void **unused) {
    (void)unused;
    rig r;
    int32_t targets[ROWS];
    assert_int_equal(rig_open(&r, 1), RONDO_OK);
    memset(targets, 0xff, sizeof targets);
    rondo_var *loss = rondo_adaptive_loss(r.adaptive, r.tape, begin(&r), targets, NULL);
    assert_non_null(loss);
    assert_true(*(rondo_real *)loss->value.data == 0);
    assert_int_equal(rondo_backward(r.tape, loss, 1), RONDO_OK);
    for (int64_t i = 0; i < rondo_params_size(r.params); i++)
        assert_true(rondo_params_grads(r.params)[i] == 0);
    int counted = draw_targets(&aims[1], targets);
    loss = rondo_adaptive_loss(r.adaptive, r.tape, begin(&r), targets, NULL);
    double mean = (double)*(rondo_real *)loss->value.data;
    rondo_cross_entropy_options options = {.divide_by = 40};
    loss = rondo_adaptive_loss(r.adaptive, r.tape, begin(&r), targets, &options);
    near("divide_by", (double)*(rondo_real *)loss->value.data, mean * counted / 40);
    rig_close(&r);
}

static void same_bits_for_any_threads(void **unused) {
    (void)unused;
    static rondo_real grads[8192], dx[ROWS * WIDTH];
    int32_t targets[ROWS];
    draw_targets(&aims[1], targets);
    for (int threads = 1; threads <= 4; threads++) {
        rig r;
        assert_int_equal(rig_open(&r, threads), RONDO_OK);
        rondo_var *loss = rondo_adaptive_loss(r.adaptive, r.tape, begin(&r), targets, NULL);
        assert_int_equal(rondo_backward(r.tape, loss, 1), RONDO_OK);
        size_t bytes = (size_t)rondo_params_size(r.params) * sizeof *grads;
        if (threads == 1) {
            memcpy(grads, rondo_params_grads(r.params), bytes);
            memcpy(dx, r.dx, sizeof dx);
        }
        assert_memory_equal(grads, rondo_params_grads(r.params), bytes);
        assert_memory_equal(dx, r.dx, sizeof dx);
        rig_close(&r);
    }
}

static int everything(void *arg) {
    rig r;
    int32_t targets[ROWS];
    rondo_real rows[ROWS];
    rondo_cross_entropy_options options = {.row_losses = rows};
    (void)arg;
    draw_targets(&aims[1], targets);
    rondo_status status = rig_open(&r, 2);
    if (!status) {
        rondo_var *x = begin(&r);
        rondo_var *loss = rondo_adaptive_loss(r.adaptive, r.tape, x, targets, &options);
        rondo_var *sum = rondo_sum(r.tape, rondo_adaptive_log_probabilities(r.adaptive, r.tape, x));
        status = rondo_backward(r.tape, rondo_add(r.tape, loss, sum), 1);
    }
    rig_close(&r);
    return (int)status;
}

static void memory_fails(void **unused) {
    (void)unused;
    test_every_failure(everything, NULL);
}

/* ---- refusals ---- */

static void refuse_create(int64_t width, int64_t size, int count, const int64_t *cutoff, double div, const char *says) {
    rondo_params *p;
    rondo_adaptive *a;
    rondo_error err = {0};
    assert_int_equal(rondo_params_create(&p, NULL), RONDO_OK);
    assert_int_equal(rondo_adaptive_create(&a, p, "", width, size, count, cutoff, div, &err), RONDO_ARGUMENT);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
    assert_null(a);
    assert_int_equal(rondo_params_count(p), 0);
    rondo_params_destroy(&p);
}

static void refusals(void **unused) {
    (void)unused;
    const int64_t huge = INT32_MAX;
    refuse_create(0, V, 3, cutoffs, 2, "width is 0");
    refuse_create(WIDTH, 1, 3, cutoffs, 2, "V is 1");
    refuse_create(WIDTH, V, 0, cutoffs, 2, "0 cutoffs (must be 1 to");
    refuse_create(WIDTH, V, 99, cutoffs, 2, "99 cutoffs (must be 1 to");
    refuse_create(WIDTH, V, 2, (int64_t[]){7, 7}, 2, "cutoff 1 is 7 (cutoffs must rise");
    refuse_create(WIDTH, V, 1, (int64_t[]){0}, 2, "cutoff 0 is 0");
    refuse_create(WIDTH, V, 1, (int64_t[]){V}, 2, "cutoff 0 is 31");
    refuse_create(WIDTH, V, 3, cutoffs, 0.5, "div is 0.5 (must be 1 or more");
    refuse_create(WIDTH, V, 3, cutoffs, NAN, "div is nan");
    refuse_create(WIDTH, V, 3, cutoffs, 3, "leave the last cluster some width");
    refuse_create((int64_t)1 << 40, V, 3, cutoffs, 2, "width is 1099511627776");
    refuse_create(huge, huge, 1, &(int64_t){huge - 1}, 1, "head.weight': too large");
    refuse_create(WIDTH, V, 3, NULL, 2, "cutoff is NULL");
}

static void refuse_loss(rig *r, rondo_var *x, const int32_t *targets, const rondo_cross_entropy_options *options,
                        rondo_status status, const char *says) {
    rondo_error err = {0};
    assert_null(rondo_adaptive_loss(r->adaptive, r->tape, x, targets, options));
    assert_int_equal(rondo_tape_status(r->tape, &err), status);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
}

static void refused_calls(void **unused) {
    (void)unused;
    rig r;
    int32_t targets[ROWS] = {0};
    assert_int_equal(rig_open(&r, 1), RONDO_OK);
    targets[3] = V;
    refuse_loss(&r, begin(&r), targets, NULL, RONDO_ARGUMENT, "target 31 of row 3 is not in 0..30 or -1");
    targets[3] = -2;
    refuse_loss(&r, begin(&r), targets, NULL, RONDO_ARGUMENT, "target -2 of row 3");
    targets[3] = 0;
    refuse_loss(&r, begin(&r), targets, &(rondo_cross_entropy_options){.label_smoothing = 0.1f}, RONDO_UNSUPPORTED,
                "label_smoothing must be 0");
    rondo_var *narrow = rondo_slice(r.tape, begin(&r), 1, 0, 5);
    refuse_loss(&r, narrow, targets, NULL, RONDO_SHAPE, "x must be (rows, 16)");
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_to_one),       cmocka_unit_test(loss_agrees_with_table),
        cmocka_unit_test(only_what_is_used), cmocka_unit_test(divisors),
        cmocka_unit_test(memory_fails),      cmocka_unit_test(same_bits_for_any_threads),
        cmocka_unit_test(refusals),          cmocka_unit_test(refused_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Losses of forecasts: PyTorch's values and gradients (make_loss_fixtures.py), the same from basic operators, weights,
 * extreme outputs, refusals, threads, failing memory. Needs: JANSSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

#include "core/core.h"
#include "formats/safetensors.h"
#include "rondo/losses.h"
#include "rondo/ops.h"

#define FIXTURES RONDO_SOURCE_DIR "/tests/golden/losses.safetensors"

enum { R = 23, MOST = 3, KINDS = 7 };
enum { SQUARED, ABSOLUTE, HUBER, QUANTILE, GAUSSIAN, STUDENT, BINOMIAL };
static const char *const names[KINDS] = {"squared", "absolute", "huber", "quantile", "gaussian", "student", "binomial"};
static const int widths[KINDS] = {1, 1, 1, 3, 2, 3, 2};
static const rondo_real level[3] = {(rondo_real)0.0625, (rondo_real)0.5, (rondo_real)0.875};
static const double tolerance = sizeof(rondo_real) == 4 ? 2e-6 : 1e-11;

static rondo_context *context;
static rondo_tape *tape;
static rondo__safetensors *file;

/* One call: its arrays and what came of it. */
typedef struct rig {
    int64_t rows;
    rondo_real raw[MOST * R], grad[MOST * R], target[R], weight[R], shift[R], scale[R], losses[R], total;
} rig;

static rondo_var *loss_of(rondo_tape *t, int kind, const rig *r, rondo_var *x, const rondo_loss_options *o) {
    switch (kind) {
    case SQUARED:
        return rondo_squared_loss(t, x, r->target, o);
    case ABSOLUTE:
        return rondo_absolute_loss(t, x, r->target, o);
    case HUBER:
        return rondo_huber_loss(t, x, r->target, (rondo_real)0.75, o);
    case QUANTILE:
        return rondo_quantile_loss(t, x, r->target, 3, level, o);
    default:
        return rondo_distribution_loss(t, (rondo_distribution)(kind - GAUSSIAN), x, r->target, r->shift, r->scale, o);
    }
}

static rondo_var *leaf(rondo_tape *t, int kind, rig *r) {
    rondo_tensor x =
        rondo_tensor_view(RONDO_REAL, r->raw, widths[kind] > 1 ? 2 : 1, (int64_t[]){r->rows, widths[kind]});
    return rondo_leaf(t, &x, r->grad);
}

static rondo_status run_on(rondo_tape *t, int kind, rig *r, rondo_real divide_by) {
    rondo_loss_options options = {.weight = r->weight, .divide_by = divide_by, .row_losses = r->losses};
    memset(r->grad, 0, sizeof r->grad);
    rondo_tape_begin(t, &(rondo_step){.recording = true});
    rondo_var *loss = loss_of(t, kind, r, leaf(t, kind, r), &options);
    rondo_status status = rondo_tape_status(t, NULL);
    if (!status) {
        r->total = *(rondo_real *)loss->value.data;
        status = rondo_backward(t, loss, 1);
    }
    return status;
}

static void run(int kind, rig *r, rondo_real divide_by) {
    assert_int_equal(run_on(tape, kind, r, divide_by), RONDO_OK);
}

static const rondo_tensor *stored(int kind, const char *part) {
    char name[32];
    snprintf(name, sizeof name, "%s.%s", names[kind], part);
    const rondo__named *found = rondo__safetensors_find(file, name);
    return found ? &found->tensor : NULL;
}

/* Single precision numbers of the fixtures, which both libraries take exactly; 1 where there are none. */
static void take(int kind, const char *part, rondo_real *to) {
    const rondo_tensor *t = stored(kind, part);
    for (int64_t i = 0; i < (t ? rondo_tensor_count(t) : R); i++)
        to[i] = t ? (rondo_real)((const float *)t->data)[i] : 1;
}

static void fill(int kind, rig *r) {
    *r = (rig){.rows = R};
    take(kind, "raw", r->raw);
    take(kind, "target", r->target);
    take(kind, "weight", r->weight);
    take(kind, "shift", r->shift);
    take(kind, "scale", r->scale);
}

static void compare(int kind, const char *part, int i, double got, double want) {
    if (!(fabs(got - want) <= tolerance * (1 + fabs(want))))
        fail_msg("%s: %s %d is %.12g, not %.12g", names[kind], part, i, got, want);
}

static void equal_pytorch(void **state) {
    static rig r;
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        fill(kind, &r);
        run(kind, &r, 0);
        const double *rows = stored(kind, "rows")->data, *grad = stored(kind, "grad")->data;
        double sum = 0, weights = 0;
        for (int i = 0; i < R; i++) {
            compare(kind, "row", i, (double)r.losses[i], r.weight[i] > 0 ? rows[i] : 0);
            sum += (double)r.weight[i] * rows[i];
            weights += (double)r.weight[i];
        }
        for (int i = 0; i < R * widths[kind]; i++)
            compare(kind, "gradient", i, (double)r.grad[i], grad[i]);
        compare(kind, "mean", 0, (double)r.total, sum / weights);
        run(kind, &r, 4);
        compare(kind, "quarter", 0, (double)r.total, sum / 4);
    }
}

/* Values and gradients of the plain losses equal those of their formulas in basic operators. */
static rondo_var *composed(int kind, rig *r, rondo_var *x) {
    int width = widths[kind];
    rondo_var *y = rondo_zeros(tape, 2, (int64_t[]){R, width}), *up = rondo_zeros(tape, 1, (int64_t[]){width}),
              *down = rondo_zeros(tape, 1, (int64_t[]){width});
    for (int i = 0; i < R * width; i++)
        ((rondo_real *)y->value.data)[i] = r->target[i / width];
    for (int i = 0; i < width; i++) {
        ((rondo_real *)up->value.data)[i] = kind == QUANTILE ? level[i] : 1;
        ((rondo_real *)down->value.data)[i] = kind == QUANTILE ? 1 - level[i] : 1;
    }
    x = rondo_reshape(tape, x, 2, (int64_t[]){R, width});
    rondo_var *e = rondo_add(tape, y, rondo_affine(tape, x, -1, 0));
    if (kind == SQUARED)
        return rondo_mean(tape, rondo_mul(tape, e, e));
    rondo_var *above = rondo_mul(tape, rondo_relu(tape, e), up);
    rondo_var *below = rondo_mul(tape, rondo_relu(tape, rondo_affine(tape, e, -1, 0)), down);
    return rondo_mean(tape, rondo_add(tape, above, below));
}

static void equal_basic_operators(void **state) {
    static rig r, c;
    static const int kinds[] = {SQUARED, ABSOLUTE, QUANTILE};
    (void)state;
    for (int k = 0; k < 3; k++) {
        fill(kinds[k], &r);
        for (int i = 0; i < R; i++)
            r.weight[i] = 1;
        c = r;
        run(kinds[k], &r, 0);
        rondo_tape_begin(tape, &(rondo_step){.recording = true});
        rondo_var *loss = composed(kinds[k], &c, leaf(tape, kinds[k], &c));
        assert_int_equal(rondo_backward(tape, loss, 1), RONDO_OK);
        compare(kinds[k], "composed", 0, (double)*(rondo_real *)loss->value.data, (double)r.total);
        for (int i = 0; i < R * widths[kinds[k]]; i++)
            compare(kinds[k], "composed gradient", i, (double)c.grad[i], (double)r.grad[i]);
    }
}

/* Whatever stands in a row of weight 0: the same bits. Rows that are not there at all, too. */
static void weightless_rows_are_not_seen(void **state) {
    static rig r, dirty, fewer;
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        fill(kind, &r);
        int width = widths[kind], kept = 0;
        dirty = r;
        fewer = r;
        for (int i = 0; i < R; i++) {
            if (r.weight[i] == 0) {
                dirty.target[i] = dirty.shift[i] = dirty.scale[i] = (rondo_real)NAN;
                for (int j = 0; j < width; j++)
                    dirty.raw[i * width + j] = j ? (rondo_real)NAN : (rondo_real)INFINITY;
                continue;
            }
            fewer.target[kept] = r.target[i];
            fewer.weight[kept] = r.weight[i];
            fewer.shift[kept] = r.shift[i];
            fewer.scale[kept] = r.scale[i];
            memcpy(fewer.raw + kept++ * width, r.raw + i * width, (size_t)width * sizeof *r.raw);
        }
        fewer.rows = kept;
        run(kind, &r, 0);
        run(kind, &dirty, 0);
        run(kind, &fewer, 0);
        assert_true(r.total == dirty.total && r.total == fewer.total && kept < R);
        assert_memory_equal(r.grad, dirty.grad, sizeof r.grad);
        assert_memory_equal(r.losses, dirty.losses, sizeof r.losses);
        for (int i = 0; i < R * width; i++)
            assert_true(r.weight[i / width] > 0 || r.grad[i] == 0);
    }
}

static void nothing_counts(void **state) {
    static rig r;
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        fill(kind, &r);
        memset(r.weight, 0, sizeof r.weight);
        run(kind, &r, 0);
        assert_true(r.total == 0);
        run(kind, &r, 5);
        assert_true(r.total == 0);
        for (int i = 0; i < R * widths[kind]; i++)
            assert_true(r.grad[i] == 0);
        r.rows = 0;
        run(kind, &r, 0);
        assert_true(r.total == 0);
    }
}

/* Raw outputs of ±1e4 and targets as far: finite losses and gradients. */
static void extremes_stay_finite(void **state) {
    static const rondo_real values[] = {-1e4, -90, 0, 90, 1e4}, counts[] = {0, 1, 1e4, 1e6}, scales[] = {1e-3, 1, 1e4};
    static rig r;
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (int scale = 0; scale < 3; scale++)
            for (int i = 0; i < 125 * 5; i++) {
                r = (rig){.rows = 1, .weight = {1}, .raw = {values[i % 5], values[i / 5 % 5], values[i / 25 % 5]}};
                r.target[0] = kind == BINOMIAL ? counts[i / 125 % 4] : values[i / 125];
                r.scale[0] = scales[scale];
                run(kind, &r, 0);
                bool finite = isfinite((double)r.total);
                for (int j = 0; j < widths[kind]; j++)
                    finite = finite && isfinite((double)r.grad[j]);
                if (!finite)
                    fail_msg("%s: loss %g, gradients %g %g %g of %g %g %g at %g, scale %g", names[kind],
                             (double)r.total, (double)r.grad[0], (double)r.grad[1], (double)r.grad[2], (double)r.raw[0],
                             (double)r.raw[1], (double)r.raw[2], (double)r.target[0], (double)r.scale[0]);
            }
}

/* NaN and infinities of counted rows come out, in the loss and in the gradients of their own row alone. */
static void nan_is_seen(void **state) {
    static rig r;
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (int what = 0; what < 3; what++) {
            fill(kind, &r);
            int width = widths[kind], row = 1;
            if (what == 0)
                r.raw[row * width] = (rondo_real)NAN;
            else
                r.target[row] = (rondo_real)(what == 1 ? NAN : INFINITY);
            run(kind, &r, 0);
            assert_true(!isfinite((double)r.total) && !isfinite((double)r.losses[row]));
            assert_true(what == 2 || isnan((double)r.grad[row * width]));
            for (int i = 0; i < R; i++)
                assert_true(i == row || (isfinite((double)r.losses[i]) && isfinite((double)r.grad[i * width])));
        }
    fill(BINOMIAL, &r);
    r.target[1] = -1;
    run(BINOMIAL, &r, 0);
    assert_true(r.losses[1] == (rondo_real)INFINITY);
    fill(GAUSSIAN, &r);
    r.scale[1] = 0;
    run(GAUSSIAN, &r, 0);
    assert_true(isnan((double)r.losses[1]));
}

static void permutation(void **state) {
    static rig r, p;
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        fill(kind, &r);
        p = r;
        int width = widths[kind];
        for (int i = 0; i < R; i++) {
            int to = (i * 5 + 2) % R;
            p.target[to] = r.target[i];
            p.weight[to] = r.weight[i];
            p.shift[to] = r.shift[i];
            p.scale[to] = r.scale[i];
            memcpy(p.raw + to * width, r.raw + i * width, (size_t)width * sizeof *r.raw);
        }
        run(kind, &r, 7);
        run(kind, &p, 7);
        for (int i = 0; i < R; i++) {
            assert_true(r.losses[i] == p.losses[(i * 5 + 2) % R]);
            assert_memory_equal(r.grad + i * width, p.grad + (i * 5 + 2) % R * width, (size_t)width * sizeof *r.grad);
        }
    }
}

static void refuse(rondo_var *got, rondo_status wanted, const char *part) {
    rondo_error err;
    assert_null(got);
    rondo_status status = rondo_tape_status(tape, &err);
    if (status != wanted || !strstr(err.message, part))
        fail_msg("%s '%s', not %s '%s'", rondo_status_name(status), err.message, rondo_status_name(wanted), part);
}

static void refusals(void **state) {
    static rig r;
    (void)state;
    fill(GAUSSIAN, &r);
    const rondo_real wrong_level[2] = {(rondo_real)0.5, 1}, *y = r.target;
    const rondo_loss_options negative = {.divide_by = -1};
    rondo_var *x;
#define REFUSE(call, status, part)                                                                                     \
    do {                                                                                                               \
        rondo_tape_begin(tape, NULL);                                                                                  \
        x = leaf(tape, GAUSSIAN, &r);                                                                                  \
        refuse(call, status, part);                                                                                    \
    } while (0)
    REFUSE(rondo_squared_loss(tape, NULL, y, NULL), RONDO_ARGUMENT, "squared_loss: the prediction is NULL");
    REFUSE(rondo_absolute_loss(tape, x, NULL, NULL), RONDO_ARGUMENT, "absolute_loss: target is NULL");
    REFUSE(rondo_squared_loss(tape, x, y, &negative), RONDO_ARGUMENT, "divide_by is -1");
    REFUSE(rondo_huber_loss(tape, x, y, 0, NULL), RONDO_ARGUMENT, "delta is 0");
    REFUSE(rondo_huber_loss(tape, x, y, (rondo_real)NAN, NULL), RONDO_ARGUMENT, "delta is");
    REFUSE(rondo_quantile_loss(tape, x, y, 0, level, NULL), RONDO_ARGUMENT, "no quantile");
    REFUSE(rondo_quantile_loss(tape, x, y, 2, NULL, NULL), RONDO_ARGUMENT, "no quantile");
    REFUSE(rondo_quantile_loss(tape, x, y, 2, wrong_level, NULL), RONDO_ARGUMENT, "quantile 1 is 1");
    REFUSE(rondo_quantile_loss(tape, x, y, 3, level, NULL), RONDO_SHAPE, "(23, 2) (its last dimension must be 3)");
    REFUSE(rondo_distribution_loss(tape, RONDO_STUDENT_T, x, y, NULL, NULL, NULL), RONDO_SHAPE, "must be 3");
    REFUSE(rondo_distribution_loss(tape, (rondo_distribution)7, x, y, NULL, NULL, NULL), RONDO_ARGUMENT,
           "no distribution 7");
    r.weight[4] = -2;
    const rondo_loss_options weighted = {.weight = r.weight};
    REFUSE(rondo_distribution_loss(tape, RONDO_GAUSSIAN, x, y, NULL, NULL, &weighted), RONDO_ARGUMENT,
           "weight 4 is -2");
}

/* Many rows, so that they are cut. */
enum { MANY = 9001 };
typedef struct large {
    rondo_real raw[3 * MANY], grad[3 * MANY], target[MANY], losses[MANY], total;
} large;

static void run_large(large *l, int kind, int threads) {
    rondo_context *c;
    rondo_tape *t;
    assert_int_equal(rondo_context_create(&c, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&t, c, NULL), RONDO_OK);
    memset(l, 0, sizeof *l);
    for (int i = 0; i < 3 * MANY; i++)
        l->raw[i] = (rondo_real)(6 * rondo__random_uniform(1, 2, (uint64_t)i) - 3);
    for (int i = 0; i < MANY; i++)
        l->target[i] = (rondo_real)rondo__random_below(1, 3, (uint64_t)i, 9);
    rondo_tape_begin(t, &(rondo_step){.recording = true});
    rondo_tensor x = rondo_tensor_view(RONDO_REAL, l->raw, 2, (int64_t[]){MANY, widths[kind]});
    rondo_loss_options options = {.row_losses = l->losses};
    rondo_var *in = rondo_leaf(t, &x, l->grad), *loss;
    if (kind == QUANTILE)
        loss = rondo_quantile_loss(t, in, l->target, 3, level, &options);
    else if (kind < GAUSSIAN)
        loss = rondo_squared_loss(t, in, l->target, &options);
    else
        loss = rondo_distribution_loss(t, (rondo_distribution)(kind - GAUSSIAN), in, l->target, NULL, NULL, &options);
    assert_int_equal(rondo_backward(t, loss, 1), RONDO_OK);
    l->total = *(rondo_real *)loss->value.data;
    rondo_tape_destroy(&t);
    rondo_context_destroy(&c);
}

static void threads(void **state) {
    static large one, more;
    (void)state;
    for (int kind = QUANTILE; kind < KINDS; kind++) {
        run_large(&one, kind, 1);
        for (int n = 2; n <= 3; n++) {
            run_large(&more, kind, n);
            assert_memory_equal(&one, &more, sizeof one);
        }
    }
}

static int whole(void *arg) {
    rondo_context *c = NULL;
    rondo_tape *t = NULL;
    rondo_status status = rondo_context_create(&c, &(rondo_context_options){.threads = 2}, NULL);
    if (!status)
        status = rondo_tape_create(&t, c, NULL);
    for (int kind = 0; !status && kind < KINDS; kind++)
        status = run_on(t, kind, (rig *)arg + kind, 0);
    rondo_tape_destroy(&t);
    rondo_context_destroy(&c);
    return (int)status;
}

static void failing_memory(void **state) {
    static rig r[KINDS];
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        fill(kind, &r[kind]);
    test_every_failure(whole, r);
}

/* After the first step no more memory is asked for; and without recording the value is the same. */
static void steady_memory(void **state) {
    static rig r[KINDS];
    (void)state;
    for (int round = 0; round < 2; round++) {
        uint64_t before = rondo__alloc_count();
        for (int kind = 0; kind < KINDS; kind++) {
            fill(kind, &r[kind]);
            run(kind, &r[kind], 0);
        }
        assert_true(round == 0 || rondo__alloc_count() == before);
    }
    for (int kind = 0; kind < KINDS; kind++) {
        rondo_loss_options options = {.weight = r[kind].weight};
        rondo_tape_begin(tape, NULL);
        rondo_var *loss = loss_of(tape, kind, &r[kind], leaf(tape, kind, &r[kind]), &options);
        assert_true(*(rondo_real *)loss->value.data == r[kind].total);
    }
}

static int begin(void **state) {
    (void)state;
    return rondo__safetensors_read(&file, FIXTURES, NULL) ||
           rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL) ||
           rondo_tape_create(&tape, context, NULL);
}

static int end(void **state) {
    (void)state;
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
    rondo__safetensors_free(&file);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_pytorch),
        cmocka_unit_test(equal_basic_operators),
        cmocka_unit_test(weightless_rows_are_not_seen),
        cmocka_unit_test(nothing_counts),
        cmocka_unit_test(extremes_stay_finite),
        cmocka_unit_test(nan_is_seen),
        cmocka_unit_test(permutation),
        cmocka_unit_test(refusals),
        cmocka_unit_test(threads),
        cmocka_unit_test(failing_memory),
        cmocka_unit_test(steady_memory),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

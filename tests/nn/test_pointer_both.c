/* Coverage loss and pointer-generator: values by the formulas in double, laws, refusals, threads, failing memory. */
#include <math.h>
#include <string.h>

#include "core/core.h"
#include "rondo/attention.h"
#include "support/test.h"

enum { T = 5, B = 4, S = 6, V = 7, X = 10 };
static const double tolerance = sizeof(rondo_real) == 4 ? 1e-5 : 1e-11;

typedef struct rig {
    rondo_context *context;
    rondo_tape *tape;
    rondo_real logits[T * B * V], gate[T * B], weights[T * B * S], coverage[B * S];
    rondo_real dlogits[T * B * V], dgate[T * B], dweights[T * B * S], dcoverage[B * S], row_losses[T * B];
    int32_t copy[S * B], targets[T * B], lengths[B];
} rig;

static double draw(uint64_t stream, int64_t i) { return rondo__random_uniform(4, stream, (uint64_t)i); }

static rondo_status rig_open(rig *r, int threads) {
    *r = (rig){0};
    for (int i = 0; i < T * B * V; i++)
        r->logits[i] = (rondo_real)(4 * draw(1, i) - 2);
    for (int i = 0; i < T * B; i++)
        r->gate[i] = (rondo_real)(4 * draw(2, i) - 2);
    for (int row = 0; row < T * B; row++) {
        double total = 0;
        for (int s = 0; s < S; s++)
            total += draw(3, row * S + s);
        for (int s = 0; s < S; s++)
            r->weights[row * S + s] = (rondo_real)(draw(3, row * S + s) / total);
    }
    for (int i = 0; i < B * S; i++)
        r->coverage[i] = (rondo_real)(0.3 * draw(4, i));
    for (int s = 0; s < S; s++)
        for (int b = 0; b < B; b++)
            r->copy[s * B + b] = (s * 3 + b) % 5 == 4 ? -1 : (s * 5 + b * 2) % X;
    for (int t = 0; t < T; t++)
        for (int b = 0; b < B; b++) /* every third one is in the source */
            r->targets[t * B + b] = (t + b) % 4 == 3   ? -1
                                    : (t + b) % 3 == 0 ? (r->copy[b] < 0 ? 2 : r->copy[b])
                                                       : (t * 5 + b) % V;
    for (int b = 0; b < B; b++)
        r->lengths[b] = b == 1 ? 0 : T - b;
    rondo_status status = rondo_context_create(&r->context, &(rondo_context_options){.threads = threads}, NULL);
    return status ? status : rondo_tape_create(&r->tape, r->context, NULL);
}

static void rig_close(rig *r) {
    rondo_tape_destroy(&r->tape);
    rondo_context_destroy(&r->context);
}

static rondo_var *leaf(rig *r, rondo_real *x, rondo_real *dx, int rank, const int64_t *dims) {
    rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, x, rank, dims);
    return rondo_leaf(r->tape, &tensor, dx);
}
static rondo_var *logits(rig *r) { return leaf(r, r->logits, r->dlogits, 3, (int64_t[]){T, B, V}); }
static rondo_var *gate(rig *r) { return leaf(r, r->gate, r->dgate, 2, (int64_t[]){T, B}); }
static rondo_var *weights(rig *r) { return leaf(r, r->weights, r->dweights, 3, (int64_t[]){T, B, S}); }
static rondo_var *coverage(rig *r) { return leaf(r, r->coverage, r->dcoverage, 2, (int64_t[]){B, S}); }
static void begin(rig *r) { rondo_tape_begin(r->tape, &(rondo_step){.recording = true}); }
static double value(const rondo_var *x) { return (double)*(rondo_real *)x->value.data; }

static rondo_var *pointer_loss(rig *r, rondo_real divide_by) {
    rondo_pointer_options options = {
        .copy = r->copy, .targets = r->targets, .divide_by = divide_by, .row_losses = r->row_losses};
    return rondo_pointer_loss(r->tape, logits(r), gate(r), weights(r), &options);
}

/* p(y) of row (t, b), straight from the definition. */
static double probability(const rig *r, int row, int y) {
    double g = 1 / (1 + exp(-(double)r->gate[row])), total = 0, copied = 0;
    for (int j = 0; j < V; j++)
        total += exp((double)r->logits[row * V + j]);
    for (int s = 0; s < S; s++)
        copied += r->copy[s * B + row % B] == y ? (double)r->weights[row * S + s] : 0;
    return (y < V ? g * exp((double)r->logits[row * V + y]) / total : 0) + (1 - g) * copied;
}

static void loss_by_definition(void **state) {
    rig r;
    double total = 0;
    int counted = 0;
    (void)state;
    assert_int_equal(rig_open(&r, 1), RONDO_OK);
    begin(&r);
    double loss = value(pointer_loss(&r, 0)), divided = value(pointer_loss(&r, 7));
    for (int row = 0; row < T * B; row++) {
        double want = r.targets[row] < 0 ? 0 : -log(probability(&r, row, r.targets[row]));
        assert_true(fabs(want - (double)r.row_losses[row]) <= tolerance * (1 + want));
        total += want;
        counted += r.targets[row] >= 0;
    }
    assert_true(fabs(loss - total / counted) <= tolerance * loss && fabs(divided - total / 7) <= tolerance * divided);
    rig_close(&r);
}

/* Every probability, and that they sum to one less what cannot be copied. */
static void probabilities_by_definition(void **state) {
    rig r;
    (void)state;
    assert_int_equal(rig_open(&r, 2), RONDO_OK);
    rondo_tape_begin(r.tape, NULL);
    rondo_pointer_options options = {.copy = r.copy, .extended = X};
    rondo_var *all = rondo_pointer_log_probabilities(r.tape, logits(&r), gate(&r), weights(&r), &options);
    assert_int_equal(rondo_tape_status(r.tape, NULL), RONDO_OK);
    const rondo_real *log_p = all->value.data;
    for (int row = 0; row < T * B; row++)
        for (int y = 0; y < X; y++) {
            double want = log(probability(&r, row, y)), got = (double)log_p[row * X + y];
            assert_true(isinf(want) ? isinf(got) && got < 0 : fabs(want - got) <= tolerance * (1 + fabs(want)));
        }
    begin(&r);
    all = rondo_pointer_log_probabilities(r.tape, logits(&r), gate(&r), weights(&r), &options);
    assert_int_equal(rondo_backward(r.tape, rondo_sum(r.tape, all), 1), RONDO_UNSUPPORTED);
    rig_close(&r);
}

/* Rows that share a source give the bits of rows with a copy of it each. */
static void probabilities_of_shared_sources(void **state) {
    static const int32_t of[B] = {1, 0, 1, 1};
    rig r;
    int32_t narrow[S * 2];
    (void)state;
    assert_int_equal(rig_open(&r, 1), RONDO_OK);
    for (int s = 0; s < S; s++)
        for (int b = 0; b < 2; b++)
            narrow[s * 2 + b] = r.copy[s * B + b];
    for (int s = 0; s < S; s++)
        for (int b = 0; b < B; b++)
            r.copy[s * B + b] = narrow[s * 2 + of[b]];
    rondo_tape_begin(r.tape, NULL);
    rondo_pointer_options wide = {.copy = r.copy, .extended = X};
    rondo_pointer_options shared = {.copy = narrow, .extended = X, .memory_of = of, .memory_rows = 2};
    rondo_var *a = rondo_pointer_log_probabilities(r.tape, logits(&r), gate(&r), weights(&r), &wide);
    rondo_var *b = rondo_pointer_log_probabilities(r.tape, logits(&r), gate(&r), weights(&r), &shared);
    assert_int_equal(rondo_tape_status(r.tape, NULL), RONDO_OK);
    assert_memory_equal(a->value.data, b->value.data, T * B * X * sizeof(rondo_real));
    shared.memory_rows = 1;
    assert_null(rondo_pointer_log_probabilities(r.tape, logits(&r), gate(&r), weights(&r), &shared));
    assert_int_equal(rondo_tape_status(r.tape, NULL), RONDO_ARGUMENT);
    rig_close(&r);
}

/* Gates and logits far out stay finite; a word that nothing gives costs 87 and moves nothing. */
static void far_out(void **state) {
    rig r;
    (void)state;
    assert_int_equal(rig_open(&r, 1), RONDO_OK);
    for (int i = 0; i < T * B; i++)
        r.gate[i] = i % 2 ? 200 : -200;
    for (int i = 0; i < T * B * V; i++)
        r.logits[i] *= 20;
    r.targets[0] = X + 5; /* row 0: not in its source */
    begin(&r);
    rondo_var *loss = pointer_loss(&r, 1);
    assert_true(isfinite(value(loss)));
    assert_true(r.row_losses[0] == 87);
    assert_int_equal(rondo_backward(r.tape, loss, 1), RONDO_OK);
    for (int j = 0; j < V; j++)
        assert_true(r.dlogits[j] == 0);
    assert_true(r.dgate[0] == 0 && r.dweights[0] == 0);
    for (int i = 0; i < T * B * V; i++)
        assert_true(isfinite((double)r.dlogits[i]));
    for (int i = 0; i < T * B; i++)
        assert_true(isfinite((double)r.dgate[i]));
    for (int i = 0; i < T * B * S; i++)
        assert_true(isfinite((double)r.dweights[i]));
    rig_close(&r);
}

static void nan_is_seen(void **state) {
    rig r;
    (void)state;
    for (int what = 0; what < 4; what++) {
        assert_int_equal(rig_open(&r, 1), RONDO_OK);
        r.targets[0] = what == 3 ? X - 1 : r.copy[0];
        rondo_real *place = what == 0 || what == 3 ? &r.logits[1] : what == 1 ? r.gate : r.weights;
        *place = (rondo_real)NAN;
        begin(&r);
        rondo_var *loss = pointer_loss(&r, 0);
        assert_true(isnan(value(loss)) && isnan((double)r.row_losses[0]) && !isnan((double)r.row_losses[1]));
        assert_int_equal(rondo_backward(r.tape, loss, 1), RONDO_OK);
        assert_true(isnan((double)r.dgate[0]) && !isnan((double)r.dgate[1]));
        rig_close(&r);
    }
    for (int what = 0; what < 2; what++) {
        assert_int_equal(rig_open(&r, 1), RONDO_OK);
        *(what ? r.coverage : r.weights) = (rondo_real)NAN;
        begin(&r);
        assert_true(isnan(value(rondo_coverage_loss(r.tape, weights(&r), coverage(&r), r.lengths, 0))));
        rig_close(&r);
    }
}

static double coverage_loss_by_definition(const rig *r, bool given) {
    double total = 0;
    for (int b = 0; b < B; b++)
        for (int s = 0; s < S; s++) {
            double before = given ? (double)r->coverage[b * S + s] : 0;
            for (int t = 0; t < r->lengths[b]; t++) {
                double w = (double)r->weights[(t * B + b) * S + s];
                total += fmin(w, before);
                before += w;
            }
        }
    return total;
}

static void coverage_loss(void **state) {
    rig r;
    (void)state;
    assert_int_equal(rig_open(&r, 2), RONDO_OK);
    int counted = r.lengths[0] + r.lengths[1] + r.lengths[2] + r.lengths[3];
    begin(&r);
    double with = value(rondo_coverage_loss(r.tape, weights(&r), coverage(&r), r.lengths, 3));
    double without = value(rondo_coverage_loss(r.tape, weights(&r), NULL, r.lengths, 0));
    assert_true(fabs(with - coverage_loss_by_definition(&r, true) / 3) <= tolerance);
    assert_true(fabs(without - coverage_loss_by_definition(&r, false) / counted) <= tolerance);
    for (int b = 0; b < B; b++)
        r.lengths[b] = T;
    double all = value(rondo_coverage_loss(r.tape, weights(&r), NULL, NULL, 1));
    assert_true(fabs(all - coverage_loss_by_definition(&r, false)) <= tolerance);
    for (int b = 0; b < B; b++)
        r.lengths[b] = 0;
    begin(&r);
    rondo_var *none = rondo_coverage_loss(r.tape, weights(&r), NULL, r.lengths, 0);
    assert_true(value(none) == 0);
    assert_int_equal(rondo_backward(r.tape, none, 1), RONDO_OK);
    rig_close(&r);
}

/* Both losses in one step, with gradients. */
static rondo_status both(rig *r) {
    begin(r);
    rondo_var *loss =
        rondo_add(r->tape, pointer_loss(r, 0), rondo_coverage_loss(r->tape, weights(r), coverage(r), r->lengths, 0));
    rondo_status status = rondo_tape_status(r->tape, NULL);
    return status ? status : rondo_backward(r->tape, loss, 1);
}

static void threads(void **state) {
    static rig one, many;
    (void)state;
    assert_int_equal(rig_open(&one, 1), RONDO_OK);
    assert_int_equal(both(&one), RONDO_OK);
    rig_close(&one);
    for (int n = 2; n <= 3; n++) {
        assert_int_equal(rig_open(&many, n), RONDO_OK);
        assert_int_equal(both(&many), RONDO_OK);
        rig_close(&many);
        assert_memory_equal(&one, &many, sizeof one);
    }
}

static int whole(void *arg) {
    rig *r = arg;
    rondo_status status = rig_open(r, 2);
    status = status ? status : both(r);
    rig_close(r);
    return (int)status;
}

static void failing_memory(void **state) {
    static rig r;
    (void)state;
    test_every_failure(whole, &r);
}

/* Calls that must fail, each with one thing wrong. */
static rondo_var *wrong_call(rig *r, int what) {
    rondo_pointer_options options = {.copy = what == 2 ? NULL : r->copy,
                                     .targets = what == 3 ? NULL : r->targets,
                                     .divide_by = what == 4 ? -1 : 0,
                                     .extended = what == 7 ? V - 1 : X,
                                     .memory_of = what == 5 ? r->lengths : NULL};
    if (what <= 6)
        return rondo_pointer_loss(r->tape, what == 0 ? NULL : logits(r), what == 8 ? NULL : gate(r), weights(r),
                                  what == 1 ? NULL : &options);
    if (what <= 9)
        return rondo_pointer_log_probabilities(r->tape, logits(r), what == 9 ? coverage(r) : gate(r), weights(r),
                                               &options);
    return rondo_coverage_loss(r->tape, what == 10 ? NULL : weights(r), what == 11 ? gate(r) : NULL,
                               what == 12 ? r->lengths : NULL, what == 13 ? -1 : 0);
}

static void refusals(void **state) {
    rig r;
    rondo_error err = {0};
    (void)state;
    for (int what = 0; what <= 13; what++) {
        assert_int_equal(rig_open(&r, 1), RONDO_OK);
        begin(&r);
        r.targets[3] = what == 6 ? -2 : r.targets[3];
        r.copy[2] = what == 8 ? X : r.copy[2];
        r.lengths[0] = what == 12 ? T + 1 : r.lengths[0];
        assert_null(wrong_call(&r, what));
        rondo_status want = what == 5 ? RONDO_UNSUPPORTED : what == 9 || what == 11 ? RONDO_SHAPE : RONDO_ARGUMENT;
        assert_int_equal(rondo_tape_status(r.tape, &err), want);
        assert_true(strlen(err.message) > 10 && !strchr(err.message, '\n'));
        rig_close(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(loss_by_definition),
                                       cmocka_unit_test(probabilities_by_definition),
                                       cmocka_unit_test(probabilities_of_shared_sources),
                                       cmocka_unit_test(far_out),
                                       cmocka_unit_test(nan_is_seen),
                                       cmocka_unit_test(coverage_loss),
                                       cmocka_unit_test(threads),
                                       cmocka_unit_test(failing_memory),
                                       cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

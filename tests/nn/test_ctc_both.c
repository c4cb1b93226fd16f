/* CTC loss: values by enumeration of all paths, gradients by composition from basic operators, laws, refusals, failing
 * memory. */
#include "nn/ctc_rig.h"

static const double tolerance = sizeof(rondo_real) == 4 ? 2e-5 : 1e-12;

/* ---- enumeration ---- */

/* Sum over all V^T paths of row b that say its symbols. */
static double enumerate(const rig *r, int b) {
    const int frames = r->lengths[b];
    double total = 0;
    int paths = 1;
    for (int t = 0; t < frames; t++)
        paths *= V;
    for (int path = 0; path < paths; path++) {
        int said[T], count = 0, last = -1, rest = path;
        double p = 1;
        for (int t = 0; t < frames; t++, rest /= V) {
            const int k = rest % V;
            p *= rig_probability(r, t, b, k);
            if (k != r->blank && k != last)
                said[count++] = k;
            last = k;
        }
        bool same = count == r->counts[b];
        for (int i = 0; same && i < count; i++)
            same = said[i] == rig_target(r, b)[i];
        total += same ? p : 0;
    }
    return total;
}

static void all_paths(void **state) {
    rig r;
    (void)state;
    for (int draw = 0; draw < 6; draw++) {
        double total = 0;
        rig_open(&r, draw, NULL);
        rondo_var *loss = rig_loss(&r, &(rondo_ctc_options){.skip_impossible = true});
        for (int b = 0; b < B; b++) {
            const double want = -log(enumerate(&r, b));
            assert_true(isinf(want) ? isinf((double)r.row_losses[b])
                                    : fabs(want - (double)r.row_losses[b]) <= tolerance * (1 + want));
            total += isinf(want) ? 0 : want;
        }
        assert_true(fabs(rig_value(loss) - total / B) <= tolerance * (1 + total));
        const double three = rig_value(rig_loss(&r, &(rondo_ctc_options){.skip_impossible = true, .divide_by = 3}));
        assert_true(fabs(three - total / 3) <= tolerance * (1 + total));
        rig_close(&r);
    }
}

/* ---- composition: probabilities of places as products with a matrix of what may follow what ---- */

static void transitions(const rig *r, int b, int places, rondo_real *follow, rondo_real *pick) {
    for (int s = 0; s < places; s++) {
        const int symbol = s % 2 ? rig_target(r, b)[s / 2] : r->blank;
        pick[symbol * places + s] = 1;
        for (int d = 0; d <= 2 && d <= s; d++)
            if (d < 2 || (s % 2 && rig_target(r, b)[s / 2] != rig_target(r, b)[s / 2 - 1]))
                follow[(s - d) * places + s] = 1;
    }
}

static rondo_var *constant(rig *r, rondo_real *data, int64_t rows, int64_t columns) {
    const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, data, 2, (int64_t[]){rows, columns});
    return rondo_leaf(r->tape, &tensor, NULL);
}

/* Probability of row b as a variable. */
static rondo_var *composed(rig *r, rondo_var *logits, int b, rondo_real *follow, rondo_real *pick, rondo_real *ends) {
    const int places = 2 * r->counts[b] + 1;
    rondo_real start[2 * T + 1] = {1, 1};
    transitions(r, b, places, follow, pick);
    memset(ends, 0, (size_t)places * sizeof *ends);
    memcpy(ends + places, start, (size_t)places * sizeof *ends);
    ends[places - 1] = 1;
    if (places > 1)
        ends[places - 2] = 1;
    rondo_var *p = rondo_softmax(r->tape, logits), *alpha = NULL;
    for (int t = 0; t < r->lengths[b]; t++) {
        rondo_var *row = rondo_slice(r->tape, rondo_slice(r->tape, p, 0, t, t + 1), 1, b, b + 1);
        rondo_var *emitted =
            rondo_matmul(r->tape, rondo_reshape(r->tape, row, 2, (int64_t[]){1, V}), constant(r, pick, V, places));
        rondo_var *reached = alpha ? rondo_matmul(r->tape, alpha, constant(r, follow, places, places))
                                   : constant(r, ends + places, 1, places);
        alpha = rondo_mul(r->tape, reached, emitted);
    }
    return alpha ? rondo_sum(r->tape, rondo_mul(r->tape, alpha, constant(r, ends, 1, places))) : NULL;
}

static void basic_operators(void **state) {
    rig r;
    rondo_real grad[T * B * V];
    (void)state;
    for (int draw = 0; draw < 6; draw++)
        for (int b = 0; b < B; b++) {
            rondo_real follow[(2 * T + 1) * (2 * T + 1)] = {0}, pick[V * (2 * T + 1)] = {0}, ends[2 * (2 * T + 1)];
            rig_open(&r, draw, NULL);
            rondo_var *loss = rig_loss(&r, &(rondo_ctc_options){.skip_impossible = true});
            assert_int_equal(rondo_backward(r.tape, loss, B), RONDO_OK);
            memcpy(grad, r.grad, sizeof grad);
            memset(r.grad, 0, sizeof r.grad);
            rondo_tape_begin(r.tape, &(rondo_step){.recording = true});
            rondo_var *p = composed(&r, rig_logits(&r), b, follow, pick, ends);
            const double value = p ? rig_value(p) : r.counts[b] == 0;
            if (value > 0) {
                assert_true(fabs(-log(value) - (double)r.row_losses[b]) <= tolerance * 50);
                if (p)
                    assert_int_equal(rondo_backward(r.tape, p, (rondo_real)(-1 / value)), RONDO_OK);
            }
            for (int t = 0; t < T; t++)
                for (int k = 0; k < V; k++)
                    assert_true(fabs((double)grad[(t * B + b) * V + k] - (double)r.grad[(t * B + b) * V + k]) <=
                                tolerance * 5);
            rig_close(&r);
        }
}

/* ---- laws ---- */

/* Loss and gradient of everything, skipping what is impossible. */
static void run(rig *r) {
    rondo_var *loss = rig_loss(r, &(rondo_ctc_options){.skip_impossible = true});
    r->loss = rig_value(loss);
    assert_int_equal(rondo_backward(r->tape, loss, 1), RONDO_OK);
}

static void padding_changes_nothing(void **state) {
    static rig plain, other;
    (void)state;
    rig_open(&plain, 1, NULL);
    run(&plain);
    rig_open(&other, 1, NULL);
    for (int b = 0; b < B; b++)
        for (int t = other.lengths[b]; t < T; t++)
            for (int k = 0; k < V; k++)
                other.logits[(t * B + b) * V + k] = (rondo_real)NAN;
    run(&other);
    assert_memory_equal(plain.grad, other.grad, sizeof plain.grad);
    assert_memory_equal(plain.row_losses, other.row_losses, sizeof plain.row_losses);
    assert_true(plain.loss == other.loss);
    rig_close(&plain);
    rig_close(&other);
}

static void rows_change_places(void **state) {
    static rig plain, other;
    (void)state;
    rig_open(&plain, 2, NULL);
    rig_open(&other, 2, NULL);
    int64_t at = 0;
    for (int b = 0; b < B; b++) {
        const int from = (b + 3) % B;
        other.lengths[b] = plain.lengths[from];
        other.counts[b] = plain.counts[from];
        memcpy(other.target + at, rig_target(&plain, from), (size_t)plain.counts[from] * sizeof *other.target);
        at += plain.counts[from];
        for (int t = 0; t < T; t++)
            memcpy(other.logits + (t * B + b) * V, plain.logits + (t * B + from) * V, V * sizeof *other.logits);
    }
    run(&plain);
    run(&other);
    for (int b = 0; b < B; b++) {
        assert_true(other.row_losses[b] == plain.row_losses[(b + 3) % B]);
        for (int t = 0; t < T; t++)
            assert_memory_equal(other.grad + (t * B + b) * V, plain.grad + (t * B + (b + 3) % B) * V,
                                V * sizeof *other.grad);
    }
    rig_close(&plain);
    rig_close(&other);
}

/* All rows empty, no rows, no frames; a forward pass that keeps nothing gives the same bits. */
static void nothing(void **state) {
    rig r;
    (void)state;
    rig_open(&r, 1, NULL);
    const double recorded = rig_value(rig_loss(&r, &(rondo_ctc_options){.skip_impossible = true}));
    rondo_tape_begin(r.tape, NULL);
    assert_true(rig_value(rig_apply(&r, &(rondo_ctc_options){.skip_impossible = true})) == recorded);
    memset(r.counts, 0, sizeof r.counts);
    memset(r.lengths, 0, sizeof r.lengths);
    run(&r);
    assert_true(r.loss == 0);
    for (int i = 0; i < T * B * V; i++)
        assert_true(r.grad[i] == 0);
    for (int axis = 0; axis < 2; axis++) {
        const rondo_tensor empty = rondo_tensor_view(RONDO_REAL, r.logits, 3, (int64_t[]){axis * T, !axis * B, V});
        rondo_tape_begin(r.tape, &(rondo_step){.recording = true});
        rondo_var *loss = rondo_ctc_loss(r.tape, rondo_leaf(r.tape, &empty, r.grad), NULL, r.counts, NULL);
        assert_int_equal(rondo_tape_status(r.tape, NULL), RONDO_OK);
        assert_true(rig_value(loss) == 0);
        assert_int_equal(rondo_backward(r.tape, loss, 1), RONDO_OK);
    }
    rig_close(&r);
}

/* Too few frames: infinite without a gradient, or passed over; the other rows do not see it. */
static void impossible_rows(void **state) {
    static rig skipped, strict;
    (void)state;
    rig_open(&skipped, 3, NULL);
    rig_open(&strict, 3, NULL);
    run(&skipped);
    rondo_var *loss = rig_loss(&strict, &(rondo_ctc_options){0});
    assert_true(isinf(rig_value(loss)) && rig_value(loss) > 0 && isfinite(skipped.loss));
    assert_true(isinf((double)strict.row_losses[RIG_IMPOSSIBLE]) && isinf((double)skipped.row_losses[RIG_IMPOSSIBLE]));
    assert_int_equal(rondo_backward(strict.tape, loss, 1), RONDO_OK);
    for (int i = 0; i < T * B * V; i++) {
        const int b = i / V % B;
        const bool there = isinf((double)strict.row_losses[b]) && i / V / B < strict.lengths[b];
        assert_true(there ? isnan((double)strict.grad[i]) && skipped.grad[i] == 0 : strict.grad[i] == skipped.grad[i]);
    }
    rig_close(&skipped);
    rig_close(&strict);
}

/* Thousands of frames, logits far out: finite, and the gradient of each frame still sums to 0. */
static void far_out(void **state) {
    enum { LONG = 3000, WIDE = 40 };
    static rondo_real logits[LONG * WIDE], grad[LONG * WIDE];
    static int32_t target[200], count = 200;
    rig r;
    (void)state;
    rig_open(&r, 0, NULL);
    for (int i = 0; i < LONG * WIDE; i++)
        logits[i] = (rondo_real)(60 * rig_draw(9, i) - 30);
    for (int i = 0; i < count; i++)
        target[i] = 1 + (i * 7 + i / 5) % (WIDE - 1);
    const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, logits, 3, (int64_t[]){LONG, 1, WIDE});
    rondo_tape_begin(r.tape, &(rondo_step){.recording = true});
    rondo_var *loss = rondo_ctc_loss(r.tape, rondo_leaf(r.tape, &tensor, grad), target, &count, NULL);
    assert_true(isfinite(rig_value(loss)) && rig_value(loss) > LONG);
    assert_int_equal(rondo_backward(r.tape, loss, 1), RONDO_OK);
    for (int t = 0; t < LONG; t++) {
        double total = 0;
        for (int k = 0; k < WIDE; k++)
            total += (double)grad[t * WIDE + k];
        assert_true(fabs(total) < tolerance * 1000); /* of sums near 1e5 */
    }
    rig_close(&r);
}

static void nan_is_seen(void **state) {
    rig r;
    (void)state;
    rig_open(&r, 1, NULL);
    r.logits[(1 * B + 0) * V + 2] = (rondo_real)NAN; /* row 0, frame 1 */
    run(&r);
    assert_true(isnan(r.loss) && isnan((double)r.row_losses[0]) && !isnan((double)r.row_losses[1]));
    assert_true(isnan((double)r.grad[r.blank]) && !isnan((double)r.grad[V + r.blank]));
    rig_close(&r);
    rig_open(&r, 1, NULL);
    r.logits[0] = -INFINITY; /* a symbol that cannot come */
    run(&r);
    assert_true(!isnan(r.loss) && !isnan((double)r.grad[0]));
    rig_close(&r);
}

static void instruction_sets(void **state) {
    static rig scalar, fast;
    char names[128];
    (void)state;
    rig_open(&scalar, 4, "scalar");
    run(&scalar);
    snprintf(names, sizeof names, "%s", rondo_isa_available());
    for (char *rest = names, *name; (name = strtok_r(rest, " ", &rest));) {
        rig_open(&fast, 4, name);
        run(&fast);
        assert_true(fabs(fast.loss - scalar.loss) <= tolerance * scalar.loss);
        for (int i = 0; i < T * B * V; i++)
            assert_true(fabs((double)(fast.grad[i] - scalar.grad[i])) <= tolerance);
        rig_close(&fast);
    }
    rig_close(&scalar);
}

/* ---- refusals, memory ---- */

static void refusals(void **state) {
    rondo_error err = {0};
    rig r;
    (void)state;
    for (int what = 0; what <= 10; what++) {
        rig_open(&r, 1, NULL);
        rondo_ctc_options options = {.lengths = r.lengths, .blank = r.blank};
        r.lengths[1] = what == 0 ? T + 1 : what == 1 ? -1 : r.lengths[1];
        r.counts[2] = what == 2 ? -1 : r.counts[2];
        r.target[0] = what == 3 ? V : what == 4 ? r.blank : what == 5 ? -1 : r.target[0];
        options.blank = what == 6 ? V : what == 7 ? -1 : options.blank;
        options.divide_by = what == 8 ? (rondo_real)NAN : 0;
        rondo_tape_begin(r.tape, &(rondo_step){.recording = true});
        rondo_var *logits = what == 9 ? NULL : rig_logits(&r);
        assert_null(rondo_ctc_loss(r.tape, logits, r.target, what == 10 ? NULL : r.counts, &options));
        assert_int_equal(rondo_tape_status(r.tape, &err), RONDO_ARGUMENT);
        assert_true(strncmp(err.message, "ctc_loss: ", 10) == 0 && !strchr(err.message, '\n'));
        rig_close(&r);
    }
    rig_open(&r, 1, NULL);
    rondo_tape_begin(r.tape, NULL);
    assert_null(rondo_ctc_loss(r.tape, rondo_sum(r.tape, rig_logits(&r)), r.target, r.counts, NULL));
    assert_int_equal(rondo_tape_status(r.tape, &err), RONDO_SHAPE);
    rig_close(&r);
}

static int whole(void *arg) {
    rig *r = arg;
    rondo_status status = rig_make(r, 1, 2, NULL);
    if (!status) {
        rondo_var *loss = rig_loss(r, &(rondo_ctc_options){.skip_impossible = true});
        status = rondo_tape_status(r->tape, NULL);
        status = status ? status : rondo_backward(r->tape, loss, 1);
    }
    rig_close(r);
    return (int)status;
}

static void failing_memory(void **state) {
    static rig r;
    (void)state;
    test_every_failure(whole, &r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_paths),
                                       cmocka_unit_test(basic_operators),
                                       cmocka_unit_test(padding_changes_nothing),
                                       cmocka_unit_test(rows_change_places),
                                       cmocka_unit_test(nothing),
                                       cmocka_unit_test(impossible_rows),
                                       cmocka_unit_test(far_out),
                                       cmocka_unit_test(nan_is_seen),
                                       cmocka_unit_test(instruction_sets),
                                       cmocka_unit_test(refusals),
                                       cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

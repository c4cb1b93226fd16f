/* Calls held back on the tape, to run beside each other: the same bits as calls in turn, whatever the two have in
 * common, whatever stands between them, and whichever of them the loss depends on. */
#include "support/test.h"

#include <string.h>

#include "autograd/tape_inside.h"
#include "rondo/cells.h"
#include "rondo/ops.h"
#include "tensor/context.h"

enum {
    T = 9,
    B = 3,
    H = 6,
    W = H * H,
    X = T * B * H,
    CALLS = 2,
    READ_BEFORE = 2,
    SHARED_WEIGHT = 4,
    READS_FIRST = 8,
    READS_X = 16
};

typedef struct result {
    real out[CALLS][X], dx[X], dw[CALLS][2][W];
} result;

static real values[1 + CALLS * 2][X];

static rondo_var *leaf(rondo_tape *tape, real *value, real *grad, int rank, int64_t d0, int64_t d1) {
    const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, value, rank, (int64_t[]){d0, d1, H});
    return rondo_leaf(tape, &tensor, grad);
}

static void two_calls(rondo_tape *tape, result *r, int kind, rondo_var *out[CALLS]) {
    rondo_var *x = leaf(tape, values[0], r->dx, 3, T, B), *w[CALLS][2];
    for (int i = 0; i < CALLS; i++)
        for (int j = 0; j < 2; j++)
            w[i][j] = leaf(tape, values[1 + 2 * i + j], r->dw[i][j], 2, H, H);
    rondo_var *between = NULL;
    for (int i = 0; i < CALLS; i++) {
        const rondo_elman_weights weights = {w[i][0], w[kind & SHARED_WEIGHT ? 0 : i][1], NULL, NULL};
        const rondo_elman_options options = {.sequence = {.reverse = i == 1, .recurrent_dropout = (real)0.3}};
        rondo_var *in = i && kind & READS_FIRST ? out[0] : x;
        out[i] = rondo_elman(tape, in, NULL, &weights, &options).output;
        if (i == 1 && between)
            out[1] = rondo_add(tape, out[1], between);
        if (i == 0 && kind & READ_BEFORE)
            out[0] = rondo_tanh(tape, out[0]);
        if (i == 0 && kind & READS_X) /* its part of x's gradient has its turn between those of the two */
            between = rondo_tanh(tape, x);
    }
}

static void run(result *r, int threads, bool held, int kind, int from) {
    rondo_context *context = NULL;
    rondo_tape *tape = NULL;
    rondo_var *out[CALLS];
    memset(r, 0, sizeof *r);
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
    rondo_tape_begin(tape, &(rondo_step){.recording = true, .training = true, .seed = 3});
    if (held)
        rondo__tape_hold(tape);
    two_calls(tape, r, kind, out);
    if (held)
        rondo__tape_let_go(tape);
    assert_int_equal(rondo_tape_status(tape, NULL), RONDO_OK);
    if (held && kind == 0)
        assert_true(tape->last->beside && !tape->last->behind);
    rondo_var *vars[CALLS];
    const real *grads[CALLS];
    int count = 0;
    for (int i = 0; i < CALLS; i++) {
        memcpy(r->out[i], out[i]->value.data, sizeof r->out[i]);
        if (from >> i & 1) {
            vars[count] = out[i];
            grads[count++] = values[i];
        }
    }
    assert_int_equal(rondo_backward_from(tape, count, vars, grads), RONDO_OK);
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

static void same_as_in_turn(void **state) {
    static result want, got;
    (void)state;
    for (int i = 0; i < 1 + CALLS * 2; i++)
        for (int j = 0; j < X; j++)
            values[i][j] = (real)(rondo__random_uniform(1, (uint64_t)i, (uint64_t)j) - 0.5);
    for (int kind = 0; kind < 2 * READS_X; kind += 2)
        for (int from = 1; from <= 3; from++) {
            run(&want, 1, false, kind, from);
            for (int threads = 1; threads <= 3; threads++) {
                run(&got, threads, true, kind, from);
                if (memcmp(&want, &got, sizeof want))
                    fail_msg("kind %d, gradients from %d, %d threads: other bits", kind, from, threads);
            }
        }
}

/* A call that nothing follows runs when it is let go, and one that fails leaves no other behind. */
static void one_alone(void **state) {
    static result r;
    rondo_context *context = NULL;
    rondo_tape *tape = NULL;
    (void)state;
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = 2}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
    for (int fails = 0; fails < 2; fails++) {
        rondo_tape_begin(tape, &(rondo_step){.recording = true});
        rondo__tape_hold(tape);
        rondo_var *x = leaf(tape, values[0], r.dx, 3, T, B), *w = leaf(tape, values[1], r.dw[0][0], 2, H, H);
        const rondo_elman_weights weights = {w, w, NULL, NULL};
        rondo_var *y = rondo_elman(tape, x, NULL, &weights, NULL).output;
        if (fails)
            rondo_elman(tape, x, w, &weights, NULL); /* an initial state of a wrong shape */
        rondo__tape_let_go(tape);
        assert_int_equal(rondo_tape_status(tape, NULL), fails ? RONDO_SHAPE : RONDO_OK);
        assert_int_equal(rondo_backward(tape, rondo_sum(tape, y), 1), fails ? RONDO_SHAPE : RONDO_OK);
    }
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_in_turn), cmocka_unit_test(one_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

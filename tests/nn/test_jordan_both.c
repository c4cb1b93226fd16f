/* The Jordan cell, free running and taught, against the laws of all cells. */
#include "nn/cell_laws.h"

enum { X, S0, TEACHER, W_IH, W_SH, B_IH, W_HO, B_O, F };

static void run(const cell *c, rondo_tape *tape, rondo_var *const *in, const rondo_sequence_options *sequence,
                rondo_var **out) {
    rondo_jordan_options options = c->options.jordan;
    options.sequence = *sequence;
    const rondo_jordan_weights weights = {in[W_IH], in[W_SH], in[B_IH], in[W_HO], in[B_O], in[F]};
    const rondo_jordan_result result = rondo_jordan(tape, in[X], in[S0], in[TEACHER], &weights, &options);
    out[0] = result.output, out[1] = result.hidden, out[2] = result.s;
}

static rondo_var *apply(rondo_tape *tape, rondo_activation f, rondo_var *x) {
    return f == RONDO_TANH      ? rondo_tanh(tape, x)
           : f == RONDO_RELU    ? rondo_relu(tape, x)
           : f == RONDO_SIGMOID ? rondo_sigmoid(tape, x)
           : f == RONDO_SOFTMAX ? rondo_softmax(tape, x)
                                : x;
}

static void compose(const cell *c, rondo_tape *tape, rondo_var *const *in, rondo_var *x, rondo_var *s,
                    rondo_var *teacher, rondo_var **out) {
    const rondo_jordan_options *o = &c->options.jordan;
    rondo_var *p = rondo_add(tape, rondo_linear(tape, x, in[W_IH], in[B_IH]), rondo_linear(tape, s, in[W_SH], NULL));
    out[1] = apply(tape, o->activation, p);
    out[0] = rondo_linear(tape, out[1], in[W_HO], in[B_O]);
    rondo_var *feed = teacher;
    if (!feed) {
        feed = apply(tape, o->output, out[0]);
        feed = in[F] ? rondo_matmul(tape, feed, in[F]) : feed;
    }
    out[2] = rondo_add(tape, rondo_affine(tape, s, o->decay, 0), feed);
}

static void weights(real *const *in, rondo__step_weights *w) {
    w->w_ih = in[W_IH], w->w_sh = in[W_SH], w->b_ih = in[B_IH], w->w_ho = in[W_HO], w->b_o = in[B_O];
    w->feedback = in[F];
}

/* H 6, O 5, Q 5 or, with F, 4 */
#define JORDAN                                                                                                         \
    .T = 4, .B = 5, .H = 6, .outputs = 3, .run = run, .compose = compose, .step = &rondo__jordan_step,                 \
    .weights = weights
#define DIRECT .width = {5, 6, 5}
#define THROUGH .width = {5, 6, 4}
#define WEIGHTS(Q)                                                                                                     \
    {'m', 3, 6}, {'m', Q, 6}, {'v', 6, 0}, {'m', 6, 5}, { 'v', 5, 0 }
#define FREE {'t', 3, 0}, {'b', 5, 0}, {0}, WEIGHTS(5)
#define FREE_F                                                                                                         \
    {'t', 3, 0}, {'b', 4, 0}, {0}, WEIGHTS(4), { 'm', 4, 5 }
#define TAUGHT {'t', 3, 0}, {'b', 5, 0}, {'t', 5, 0}, WEIGHTS(5)
#define TAUGHT_F                                                                                                       \
    {'t', 3, 0}, {'b', 4, 0}, {'t', 4, 0}, WEIGHTS(4), { 'm', 4, 5 }
#define OPTIONS(f, g, d) .options.jordan = {.activation = f, .output = g, .decay = (real)d}

static const cell cells[] = {
    {JORDAN, DIRECT, .name = "tanh, identity", .in = {FREE}, OPTIONS(RONDO_TANH, RONDO_IDENTITY, 0)},
    {JORDAN, DIRECT, .name = "decay, sigmoid, ragged", .in = {FREE}, .lengths = ragged_lengths,
     OPTIONS(RONDO_SIGMOID, RONDO_SIGMOID, 0.5)},
    {JORDAN, DIRECT, .name = "relu, tanh, reverse", .in = {FREE}, .sequence.reverse = true,
     OPTIONS(RONDO_RELU, RONDO_TANH, 0.3)},
    {JORDAN, DIRECT, .name = "softmax, reverse, ragged", .in = {FREE}, .sequence.reverse = true,
     .lengths = ragged_lengths, OPTIONS(RONDO_TANH, RONDO_SOFTMAX, 0.6)},
    {JORDAN, THROUGH, .name = "softmax through F", .in = {FREE_F}, OPTIONS(RONDO_TANH, RONDO_SOFTMAX, 0)},
    {JORDAN, THROUGH, .name = "identity through F, ragged", .in = {FREE_F}, .lengths = ragged_lengths,
     OPTIONS(RONDO_TANH, RONDO_IDENTITY, 0.4)},
    {JORDAN, DIRECT, .name = "no biases, no state", OPTIONS(RONDO_TANH, RONDO_SIGMOID, 0.5),
     .in = {{'t', 3, 0}, {0, 5, 0}, {0}, {'m', 3, 6}, {'m', 5, 6}, {0}, {'m', 6, 5}}},
    {JORDAN, DIRECT, .name = "taught", .in = {TAUGHT}, OPTIONS(RONDO_TANH, RONDO_SOFTMAX, 0.5)},
    {JORDAN, DIRECT, .name = "taught, reverse, ragged", .in = {TAUGHT}, .sequence.reverse = true,
     .lengths = ragged_lengths, OPTIONS(RONDO_SIGMOID, RONDO_IDENTITY, 0)},
    {JORDAN, THROUGH, .name = "taught, F unused", .in = {TAUGHT_F}, OPTIONS(RONDO_TANH, RONDO_SOFTMAX, 0.2)},
};

#define TRAINED .T = 4, .B = 5, .H = 6, .outputs = 3, .run = run, .training = true, .lengths = ragged_lengths

static const cell trained[] = {
    {TRAINED, THROUGH, .name = "dropout, softmax through F", .in = {FREE_F},
     .options.jordan = {.output = RONDO_SOFTMAX, .decay = (real)0.5}, .sequence.recurrent_dropout = (real)0.3},
    {TRAINED, DIRECT, .name = "dropout, taught", .in = {TAUGHT}, .options.jordan = {.decay = (real)0.5},
     .sequence.recurrent_dropout = (real)0.3},
};

static void test_laws(void **state) {
    (void)state;
    all_laws(cells, (int)(sizeof cells / sizeof *cells));
}

static void test_training(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof trained / sizeof *trained; i++) {
        law_gradients(&trained[i]);
        law_threads(&trained[i]);
    }
}

static void test_memory(void **state) {
    (void)state;
    law_memory(&trained[0]);
    law_memory(&trained[1]);
}

static void refuse(cell c, rondo_status expected) {
    trial t;
    trial_open(&t, &c, c.T, c.B, 1);
    assert_int_equal(trial_run(&t, c.lengths, false, false), expected);
    trial_close(&t);
}

static void test_refusals(void **state) {
    (void)state;
    cell c = cells[0];
    c.sequence.zoneout = (real)0.1;
    refuse(c, RONDO_ARGUMENT);
    c = cells[0];
    c.options.jordan.decay = 1;
    refuse(c, RONDO_ARGUMENT);
    c = cells[0];
    c.options.jordan.output = RONDO_RELU;
    refuse(c, RONDO_ARGUMENT);
    c = cells[4];
    c.in[F].kind = 0; /* 5 outputs, 4 state units */
    refuse(c, RONDO_SHAPE);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_laws), cmocka_unit_test(test_training),
                                       cmocka_unit_test(test_memory), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

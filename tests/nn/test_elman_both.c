/* The Elman cell against the laws of all cells. */
#include "nn/cell_laws.h"

static void run(const cell *c, rondo_tape *tape, rondo_var *const *in, const rondo_sequence_options *sequence,
                rondo_var **out) {
    rondo_elman_options options = c->options.elman;
    options.sequence = *sequence;
    const rondo_elman_weights weights = {in[2], in[3], in[4], in[5]};
    const rondo_elman_result result = rondo_elman(tape, in[0], in[1], &weights, &options);
    out[0] = result.output, out[1] = result.h;
}

static void compose(const cell *c, rondo_tape *tape, rondo_var *const *in, rondo_var *x, rondo_var *h,
                    rondo_var *teacher, rondo_var **out) {
    (void)teacher;
    rondo_var *a = rondo_add(tape, rondo_linear(tape, x, in[2], in[4]), rondo_linear(tape, h, in[3], in[5]));
    const rondo_activation f = c->options.elman.activation;
    rondo_var *fresh = f == RONDO_TANH   ? rondo_tanh(tape, a)
                       : f == RONDO_RELU ? rondo_relu(tape, a)
                                         : rondo_sigmoid(tape, a);
    const rondo_real rate = c->sequence.zoneout;
    out[0] = out[1] = rondo_add(tape, rondo_affine(tape, h, rate, 0), rondo_affine(tape, fresh, 1 - rate, 0));
}

static void weights(real *const *in, rondo__step_weights *w) {
    w->w_ih = in[2], w->w_hh = in[3], w->b_ih = in[4], w->b_hh = in[5];
}

#define ELMAN                                                                                                          \
    .T = 4, .B = 5, .H = 7, .outputs = 2, .width = {7, 7}, .run = run, .compose = compose, .step = &rondo__elman_step, \
    .weights = weights
#define INPUTS                                                                                                         \
    {'t', 3, 0}, {'b', 7, 0}, {'m', 3, 7}, {'m', 7, 7}, {'v', 7, 0}, { 'v', 7, 0 }

static const cell cells[] = {
    {ELMAN, .name = "tanh", .in = {INPUTS}},
    {ELMAN, .name = "relu, ragged", .in = {INPUTS}, .lengths = ragged_lengths, .options.elman.activation = RONDO_RELU},
    {ELMAN, .name = "sigmoid, reverse", .in = {INPUTS}, .sequence.reverse = true,
     .options.elman.activation = RONDO_SIGMOID},
    {ELMAN, .name = "reverse, ragged", .in = {INPUTS}, .sequence.reverse = true, .lengths = ragged_lengths},
    {ELMAN, .name = "zoneout in use", .in = {INPUTS}, .sequence.zoneout = (real)0.25, .lengths = ragged_lengths},
    {ELMAN, .name = "no biases, no state", .in = {{'t', 3, 0}, {0, 7, 0}, {'m', 3, 7}, {'m', 7, 7}}},
    {ELMAN, .name = "one bias", .in = {{'t', 3, 0}, {'b', 7, 0}, {'m', 3, 7}, {'m', 7, 7}, {0}, {'v', 7, 0}}},
};

static const cell trained[] = {
    {ELMAN, .name = "dropout", .in = {INPUTS}, .training = true, .sequence.recurrent_dropout = (real)0.3,
     .lengths = ragged_lengths},
    {ELMAN, .name = "zoneout", .in = {INPUTS}, .training = true, .sequence.zoneout = (real)0.4},
    {ELMAN, .name = "both, reverse", .in = {INPUTS}, .training = true, .sequence.zoneout = (real)0.4,
     .sequence.recurrent_dropout = (real)0.3, .sequence.reverse = true, .lengths = ragged_lengths},
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
    law_memory(&cells[1]);
    law_memory(&trained[2]);
}

/* Training with zoneout: every unit is either the old value or the fresh one, bit for bit. */
static void test_zoneout_keeps_exactly(void **state) {
    (void)state;
    trial t;
    int kept = 0;
    trial_open(&t, &trained[1], 4, 5, 1);
    assert_int_equal(trial_run(&t, NULL, false, false), RONDO_OK);
    for (int64_t j = 0; j < 3 * 5 * 7; j++)
        kept += t.out[0][j] == t.out[0][j + 5 * 7];
    assert_in_range(kept, 20, 65);
    trial_close(&t);
}

static void refuse(cell c, rondo_status expected) {
    trial t;
    trial_open(&t, &c, c.T, c.B, 1);
    assert_int_equal(trial_run(&t, c.lengths, false, false), expected);
    trial_close(&t);
}

static void test_refusals(void **state) {
    (void)state;
    static const int32_t too_long[5] = {1, 5, 1, 1, 1};
    cell c = cells[0];
    c.lengths = too_long;
    refuse(c, RONDO_ARGUMENT);
    c = cells[0];
    c.options.elman.activation = RONDO_SOFTMAX;
    refuse(c, RONDO_ARGUMENT);
    c = cells[0];
    c.sequence.zoneout = 1;
    refuse(c, RONDO_ARGUMENT);
    c = cells[0];
    c.in[2].m = 6;
    refuse(c, RONDO_SHAPE);
    c = cells[0];
    c.in[3].kind = 0;
    refuse(c, RONDO_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_laws), cmocka_unit_test(test_training),
                                       cmocka_unit_test(test_memory), cmocka_unit_test(test_zoneout_keeps_exactly),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The GRU, both forms, against the laws of all cells. */
#include "nn/cell_laws.h"

enum { X, H0, W_IH, W_HH, B_IH, B_HH, GAIN_X, GAIN_H };

static void run(const cell *c, rondo_tape *tape, rondo_var *const *in, const rondo_sequence_options *sequence,
                rondo_var **out) {
    rondo_gru_options options = c->options.gru;
    options.sequence = *sequence;
    const rondo_gru_weights weights = {in[W_IH], in[W_HH], in[B_IH], in[B_HH], in[GAIN_X], in[GAIN_H]};
    const rondo_gru_result result = rondo_gru(tape, in[X], in[H0], &weights, &options);
    out[0] = result.output, out[1] = result.h;
}

/* Rows [from, to) of the gates: (B, to - from) = LN(v · Wᵀ; gain) + b, the LN where there is a gain. */
static rondo_var *part(rondo_tape *tape, rondo_var *v, rondo_var *w, rondo_var *b, rondo_var *gain, int64_t from,
                       int64_t to) {
    rondo_var *product = rondo_linear(tape, v, rondo_slice(tape, w, 0, from, to), NULL);
    if (gain)
        product = rondo_layer_norm(tape, product, rondo_slice(tape, gain, 0, from, to), NULL, (rondo_real)1e-5);
    return b ? rondo_add(tape, product, rondo_slice(tape, b, 0, from, to)) : product;
}

static void compose(const cell *c, rondo_tape *tape, rondo_var *const *in, rondo_var *x, rondo_var *h,
                    rondo_var *teacher, rondo_var **out) {
    const int64_t H = c->H;
    (void)teacher;
    rondo_var *rz = rondo_sigmoid(tape, rondo_add(tape, part(tape, x, in[W_IH], in[B_IH], in[GAIN_X], 0, 2 * H),
                                                  part(tape, h, in[W_HH], in[B_HH], in[GAIN_H], 0, 2 * H)));
    rondo_var *r = rondo_slice(tape, rz, 1, 0, H), *z = rondo_slice(tape, rz, 1, H, 2 * H), *state;
    if (c->options.gru.reset_before)
        state = part(tape, rondo_mul(tape, r, h), in[W_HH], in[B_HH], in[GAIN_H], 2 * H, 3 * H);
    else
        state = rondo_mul(tape, r, part(tape, h, in[W_HH], in[B_HH], in[GAIN_H], 2 * H, 3 * H));
    rondo_var *n =
        rondo_tanh(tape, rondo_add(tape, part(tape, x, in[W_IH], in[B_IH], in[GAIN_X], 2 * H, 3 * H), state));
    rondo_var *fresh = rondo_add(tape, rondo_mul(tape, rondo_affine(tape, z, -1, 1), n), rondo_mul(tape, z, h));
    const rondo_real rate = c->sequence.zoneout;
    out[0] = out[1] = rondo_add(tape, rondo_affine(tape, h, rate, 0), rondo_affine(tape, fresh, 1 - rate, 0));
}

static void weights(real *const *in, rondo__step_weights *w) {
    w->w_ih = in[W_IH], w->w_hh = in[W_HH], w->b_ih = in[B_IH], w->b_hh = in[B_HH];
    w->gain_x = in[GAIN_X], w->gain_h = in[GAIN_H];
}

#define SIZES .T = 4, .B = 5, .H = 6, .width = {6, 6}
#define CALLS .outputs = 2, .run = run, .compose = compose, .step = &rondo__gru_step, .weights = weights
#define GRU SIZES, CALLS
#define PLAIN                                                                                                          \
    {'t', 3, 0}, {'b', 6, 0}, {'m', 3, 18}, {'m', 6, 18}, {'v', 18, 0}, { 'v', 18, 0 }
#define NORMED                                                                                                         \
    PLAIN, {'v', 18, 0}, { 'v', 18, 0 }
#define NO_BIAS                                                                                                        \
    {'t', 3, 0}, {0, 6, 0}, {'m', 3, 18}, { 'm', 6, 18 }

static const cell cells[] = {
    {GRU, .name = "after", .in = {PLAIN}},
    {GRU, .name = "after, ragged", .in = {PLAIN}, .lengths = ragged_lengths},
    {GRU, .name = "after, reverse, ragged", .in = {PLAIN}, .lengths = ragged_lengths, .sequence.reverse = true},
    {GRU, .name = "after, reverse", .in = {PLAIN}, .sequence.reverse = true},
    {GRU, .name = "after, no biases, no state", .in = {NO_BIAS}},
    {GRU, .name = "after, zoneout in use", .in = {PLAIN}, .sequence.zoneout = (real)0.25, .lengths = ragged_lengths},
    {GRU, .name = "after, normalised", .in = {NORMED}, .lengths = ragged_lengths},
    {GRU, .name = "after, normalised, no biases", .in = {NO_BIAS, {0}, {0}, {'v', 18, 0}, {'v', 18, 0}}},
    {GRU, .name = "before", .in = {PLAIN}, .options.gru.reset_before = true},
    {GRU, .name = "before, reverse, ragged", .in = {PLAIN}, .lengths = ragged_lengths, .sequence.reverse = true,
     .options.gru.reset_before = true},
    {GRU, .name = "before, no biases, no state", .in = {NO_BIAS}, .options.gru.reset_before = true},
    {GRU, .name = "before, one bias", .in = {NO_BIAS, {0}, {'v', 18, 0}}, .options.gru.reset_before = true},
    {GRU, .name = "before, zoneout in use", .in = {PLAIN}, .sequence.zoneout = (real)0.25,
     .options.gru.reset_before = true},
    {GRU, .name = "before, normalised", .in = {NORMED}, .lengths = ragged_lengths, .options.gru.reset_before = true},
};

#define TRAINED                                                                                                        \
    SIZES, .outputs = 2, .run = run, .training = true,                                                                 \
           .sequence = {.recurrent_dropout = (real)0.3, .zoneout = (real)0.4}, .lengths = ragged_lengths

static const cell trained[] = {
    {TRAINED, .name = "after, trained", .in = {PLAIN}},
    {TRAINED, .name = "before, trained", .in = {PLAIN}, .options.gru.reset_before = true},
    {TRAINED, .name = "after, normalised, trained", .in = {NORMED}},
    {TRAINED, .name = "before, normalised, trained", .in = {NORMED}, .options.gru.reset_before = true},
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
    law_memory(&trained[3]);
}

/* Sizes past one panel of the packed weights, and rows enough for several tiles. */
static void test_wide(void **state) {
    (void)state;
    const cell wide = {
        CALLS,
        .name = "wide",
        .T = 4,
        .B = 9,
        .H = 70,
        .width = {70, 70},
        .in = {{'t', 33, 0}, {'b', 70, 0}, {'m', 33, 210}, {'m', 70, 210}, {'v', 210, 0}, {'v', 210, 0}}};
    law_composed(&wide);
    law_rows(&wide);
    law_threads(&wide);
    law_streaming(&wide);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_laws), cmocka_unit_test(test_training),
                                       cmocka_unit_test(test_memory), cmocka_unit_test(test_wide)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

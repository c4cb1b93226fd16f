/* The attention operator: equal to its composition of basic operators, and its laws: steps, padding, order of the
 * batch, shared memories, instruction sets, NaN; windows, dropout, empty shapes. */
#include "nn/attention_composed.h"

static const double tolerance = sizeof(rondo_real) == 4 ? 2e-5 : 1e-11;

static void equals_composition(void **state) {
    (void)state;
    for (size_t i = 0; i < ATT_CASES; i++) {
        att_run fused, oracle;
        if (att_cases[i].position > 0)
            continue;
        att_open(&fused, &att_cases[i]);
        att_open(&oracle, &att_cases[i]);
        att_run_on(&fused, 1, NULL, true, rondo_attention);
        att_run_on(&oracle, 1, NULL, true, composed_attention);
        att_near(&oracle, &fused, tolerance, "its composition");
        att_close(&fused);
        att_close(&oracle);
    }
}

/* By the formula of the header; an edge of the window never falls on a step here. */
static void window(void **state) {
    (void)state;
    for (size_t i = 0; i < ATT_CASES; i++) {
        if (att_cases[i].position == 0 || att_cases[i].options.score != RONDO_SCORE_DOT)
            continue;
        att_run local, global;
        att_case c = att_cases[i];
        att_open(&local, &c);
        int64_t heads = c.options.heads ? c.options.heads : 1;
        double D = (double)c.options.window;
        c.position = 0, c.options.window = 0;
        att_open(&global, &c);
        att_run_on(&local, 1, NULL, false, rondo_attention);
        att_run_on(&global, 1, NULL, false, rondo_attention);
        for (int64_t row = 0; row < c.T * c.B * heads; row++) {
            int64_t tb = row / heads, n = c.ragged ? local.lengths[tb % c.B] : c.S;
            double P = fmax(0, (double)((rondo_real *)local.in[6].data)[tb] * (double)n - 0.5);
            for (int64_t s = 0; s < c.S; s++) {
                double x = (double)s - P, g = fabs(x) > D ? 0 : exp(-x * x / (2 * D * D / 4));
                double want = (double)global.out[1][row * c.S + s] * g;
                assert_true(fabs(want - (double)local.out[1][row * c.S + s]) <= tolerance);
            }
        }
        att_close(&local);
        att_close(&global);
    }
}

/* Single steps, which pass the coverage on, give the bits of one call over all. */
static void steps(void **state) {
    rondo_context *context;
    rondo_tape *tape;
    (void)state;
    att_tape(&context, &tape, 2, NULL);
    for (size_t i = 0; i < ATT_CASES; i++) {
        att_run r;
        att_open(&r, &att_cases[i]);
        assert_int_equal(att_go(&r, tape, false, rondo_attention), RONDO_OK);
        rondo_tape_begin(tape, NULL);
        rondo_var *in[ATT_IN], *coverage = NULL;
        for (int k = 0; k < ATT_IN; k++)
            in[k] = r.in[k].data ? rondo_leaf(tape, &r.in[k], NULL) : NULL;
        coverage = in[5];
        for (int64_t t = 0; t < r.about.T; t++) {
            rondo_attention_options options = r.about.options;
            options.causal_offset += t;
            rondo_attention_input one = {.query = rondo_slice(tape, in[0], 0, t, t + 1),
                                         .keys = in[1],
                                         .values = in[2],
                                         .v = in[3],
                                         .u = in[4],
                                         .coverage = coverage,
                                         .position = in[6] ? rondo_slice(tape, in[6], 0, t, t + 1) : NULL};
            rondo_attention_result got = rondo_attention(tape, &one, &options);
            assert_int_equal(rondo_tape_status(tape, NULL), RONDO_OK);
            int64_t n = r.out_count[0] / r.about.T, m = r.out_count[1] / r.about.T;
            assert_memory_equal(got.context->value.data, r.out[0] + t * n, (size_t)n * sizeof(rondo_real));
            assert_memory_equal(got.weights->value.data, r.out[1] + t * m, (size_t)m * sizeof(rondo_real));
            coverage = got.coverage;
        }
        if (coverage)
            assert_memory_equal(coverage->value.data, r.out[2], (size_t)r.out_count[2] * sizeof(rondo_real));
        att_close(&r);
    }
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

/* to = from, rows of n numbers, with row b of each step coming from row order[b]. */
static void permute(rondo_real *to, const rondo_real *from, int64_t steps_, int64_t B, int64_t n, const int *order) {
    for (int64_t t = 0; t < steps_; t++)
        for (int64_t b = 0; b < B; b++)
            memcpy(to + (t * B + b) * n, from + (t * B + order[b]) * n, (size_t)n * sizeof *to);
}

static void batch_order(void **state) {
    static const int order[ATT_MOST_B] = {2, 0, 1, 3, 4, 5, 6, 7};
    (void)state;
    for (size_t i = 0; i < ATT_CASES; i++) {
        att_run r, p;
        const att_case *c = &att_cases[i];
        if (c->B < 3)
            continue;
        int64_t B = c->B, S = c->S, heads = c->options.heads ? c->options.heads : 1;
        att_open(&r, c);
        att_open(&p, c);
        const int64_t in_steps[ATT_IN] = {c->T, S, S, 0, 0, 1, c->T}, in_width[ATT_IN] = {c->A, c->A, c->W, 0, 0, S, 1};
        for (int k = 0; k < ATT_IN; k++)
            if (r.in[k].data)
                permute(p.in[k].data, r.in[k].data, in_steps[k], B, in_width[k], order);
        for (int64_t b = 0; b < B; b++)
            p.lengths[b] = r.lengths[order[b]];
        const int64_t out_steps[ATT_OUT] = {c->T, c->T, 1}, out_width[ATT_OUT] = {c->W, heads * S, heads == 1 ? S : 0};
        for (int k = 0; k < ATT_OUT; k++)
            permute(p.seed[k], r.seed[k], out_steps[k], B, out_width[k], order);
        att_run_on(&r, 1, NULL, false, rondo_attention);
        att_run_on(&p, 1, NULL, false, rondo_attention);
        rondo_real *room = att_numbers(4096 * 16, 0, 0, 0);
        for (int k = 0; k < ATT_OUT; k++) {
            permute(room, r.out[k], out_steps[k], B, out_width[k], order);
            assert_memory_equal(room, p.out[k], (size_t)r.out_count[k] * sizeof *room);
        }
        for (int k = 0; k < ATT_IN; k++)
            if (in_steps[k] && r.in[k].data) {
                permute(room, r.grad[k], in_steps[k], B, in_width[k], order);
                assert_memory_equal(room, p.grad[k], (size_t)rondo_tensor_count(&r.in[k]) * sizeof *room);
            }
        rondo__free(room);
        att_close(&r);
        att_close(&p);
    }
}

/* What lies beyond a row's length may be anything: same bits, no weight, no gradient. */
static void padding(void **state) {
    (void)state;
    for (size_t i = 0; i < ATT_CASES; i++) {
        const att_case *c = &att_cases[i];
        att_run r, dirty;
        if (!c->ragged)
            continue;
        att_open(&r, c);
        att_open(&dirty, c);
        for (int k = 1; k <= 2; k++)
            for (int64_t s = 0, width = k == 1 ? c->A : c->W; s < c->S; s++)
                for (int64_t b = 0; b < c->B; b++)
                    for (int64_t j = 0; s >= dirty.lengths[b] && j < width; j++)
                        ((rondo_real *)dirty.in[k].data)[(s * c->B + b) * width + j] = (rondo_real)NAN;
        att_run_on(&r, 1, NULL, false, rondo_attention);
        att_run_on(&dirty, 1, NULL, false, rondo_attention);
        att_same(&r, &dirty, "other padding");
        int64_t heads = c->options.heads ? c->options.heads : 1;
        for (int64_t row = 0; row < c->T * c->B * heads; row++)
            for (int64_t s = r.lengths[row / heads % c->B]; s < c->S; s++)
                assert_true(r.out[1][row * c->S + s] == 0);
        for (int64_t s = 0; s < c->S; s++) /* row 1 is empty */
            for (int64_t j = 0; j < c->A; j++)
                assert_true(r.grad[1][(s * c->B + 1) * c->A + j] == 0);
        for (int64_t j = 0; j < c->W; j++)
            assert_true(r.out[0][c->W + j] == 0);
        att_close(&r);
        att_close(&dirty);
    }
}

/* Many queries of one memory give the bits of as many memories. */
static void memory_of(void **state) {
    static const int32_t of[5] = {2, 0, 0, 1, 2};
    rondo_context *context;
    rondo_tape *tape;
    (void)state;
    att_tape(&context, &tape, 2, NULL);
    for (size_t i = 0; i < ATT_CASES; i++) {
        att_case c = att_cases[i];
        att_run many, one;
        int32_t lengths[5];
        c.B = 3;
        att_open(&one, &c);
        c.B = 5;
        att_open(&many, &c);
        for (int64_t s = 0; s < c.S; s++)
            for (int64_t b = 0; b < 5; b++)
                for (int k = 1; k <= 2; k++) {
                    int64_t width = k == 1 ? c.A : c.W;
                    memcpy((rondo_real *)many.in[k].data + (s * 5 + b) * width,
                           (rondo_real *)one.in[k].data + (s * 3 + of[b]) * width, (size_t)width * sizeof(rondo_real));
                }
        for (int b = 0; b < 5; b++)
            lengths[b] = one.lengths[of[b]];
        many.about.options.lengths = c.ragged ? lengths : NULL;
        assert_int_equal(att_go(&many, tape, false, rondo_attention), RONDO_OK);
        rondo_tape_begin(tape, NULL);
        rondo_var *in[ATT_IN];
        for (int k = 0; k < ATT_IN; k++) {
            const rondo_tensor *from = k == 1 || k == 2 ? &one.in[k] : &many.in[k];
            in[k] = from->data ? rondo_leaf(tape, from, NULL) : NULL;
        }
        one.about.options.memory_of = of;
        rondo_attention_input input = {in[0], in[1], in[2], in[3], in[4], in[5], in[6]};
        rondo_attention_result got = rondo_attention(tape, &input, &one.about.options);
        assert_int_equal(rondo_tape_status(tape, NULL), RONDO_OK);
        assert_memory_equal(got.context->value.data, many.out[0], (size_t)many.out_count[0] * sizeof(rondo_real));
        assert_memory_equal(got.weights->value.data, many.out[1], (size_t)many.out_count[1] * sizeof(rondo_real));
        assert_int_equal(att_go(&one, tape, false, rondo_attention), RONDO_UNSUPPORTED);
        att_close(&one);
        att_close(&many);
    }
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

static void instruction_sets(void **state) {
    (void)state;
    char names[64], *rest = names;
    snprintf(names, sizeof names, "%s", rondo_isa_available());
    for (char *isa; (isa = strtok_r(rest, " ", &rest));)
        for (size_t i = 0; i < ATT_CASES; i++) {
            att_run scalar, fast;
            att_open(&scalar, &att_cases[i]);
            att_open(&fast, &att_cases[i]);
            att_run_on(&scalar, 1, "scalar", true, rondo_attention);
            att_run_on(&fast, 1, isa, true, rondo_attention);
            att_near(&scalar, &fast, tolerance, isa);
            att_close(&scalar);
            att_close(&fast);
        }
}

/* A NaN in a query spoils the rows that use it, and no others. */
static void nan_is_seen(void **state) {
    (void)state;
    for (size_t i = 0; i < ATT_CASES; i++) {
        att_run r;
        att_open(&r, &att_cases[i]);
        ((rondo_real *)r.in[0].data)[0] = (rondo_real)NAN; /* t = 0, b = 0 */
        att_run_on(&r, 1, NULL, false, rondo_attention);
        assert_true(isnan((double)r.out[0][0]));
        for (int64_t j = 0; r.about.B > 2 && j < r.about.W; j++)
            assert_false(isnan((double)r.out[0][2 * r.about.W + j]));
        att_close(&r);
    }
}

/* The context is formed of weights that are dropped or scaled; the weights given out are whole. */
static void dropout(void **state) {
    att_case c = {"dropout", 40, 4, 25, 4, 25, .options = {.score = RONDO_SCORE_DOT, .dropout = (rondo_real)0.25}};
    att_run r, plain;
    int64_t dropped = 0, all = c.T * c.B * c.S;
    (void)state;
    att_open(&r, &c);
    att_open(&plain, &c);
    for (int64_t s = 0; s < c.S; s++) /* values: the unit matrix, so that the context is the weights */
        for (int64_t b = 0; b < c.B; b++)
            for (int64_t j = 0; j < c.W; j++)
                ((rondo_real *)r.in[2].data)[(s * c.B + b) * c.W + j] = s == j;
    memcpy(plain.in[2].data, r.in[2].data, (size_t)(c.S * c.B * c.W) * sizeof(rondo_real));
    att_run_on(&r, 1, NULL, true, rondo_attention);
    att_run_on(&plain, 1, NULL, false, rondo_attention);
    for (int64_t i = 0; i < all; i++) {
        double w = (double)r.out[1][i], used = (double)r.out[0][i];
        assert_true(w == (double)plain.out[1][i] && (double)plain.out[0][i] == w);
        assert_true(used == 0 || fabs(used - w / 0.75) <= 1e-6 * w);
        dropped += used == 0;
    }
    assert_true(fabs((double)dropped / (double)all - 0.25) < 0.03);
    att_close(&r);
    att_close(&plain);
}

static void empty_shapes(void **state) {
    (void)state;
    for (size_t i = 0; i < ATT_CASES; i++)
        for (int what = 0; what < 3; what++) {
            att_case c = att_cases[i];
            att_run r;
            *(what == 0 ? &c.T : what == 1 ? &c.B : &c.S) = 0;
            att_open(&r, &c);
            if (what == 2)
                memset(r.lengths, 0, sizeof r.lengths);
            att_run_on(&r, 2, NULL, true, rondo_attention);
            for (int64_t k = 0; k < r.out_count[0]; k++)
                assert_true(r.out[0][k] == 0);
            att_close(&r);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_composition), cmocka_unit_test(window),      cmocka_unit_test(steps),
        cmocka_unit_test(batch_order),        cmocka_unit_test(padding),     cmocka_unit_test(memory_of),
        cmocka_unit_test(instruction_sets),   cmocka_unit_test(nan_is_seen), cmocka_unit_test(dropout),
        cmocka_unit_test(empty_shapes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

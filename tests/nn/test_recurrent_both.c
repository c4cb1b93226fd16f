/* Stacks of recurrent layers: what must hold for the whole that no single layer can show. */
#include "nn/stack.h"

#include <math.h>

static stack_run all, one, other;

#define SAME(s, what, a, b, n)                                                                                         \
    do {                                                                                                               \
        if (memcmp(a, b, (size_t)(n) * sizeof(rondo_real)))                                                            \
            fail_msg("%s: %s differs", (s)->about->name, what);                                                        \
    } while (0)

/* ---- a ragged batch equals each of its rows alone: values bit for bit. Gradients nearly so: where two directions add
 * to one array, a full batch of one row adds product by product, a ragged one whole sums ---- */

static void near(const stack *s, const char *what, const rondo_real *a, const rondo_real *b, int64_t n) {
    const double tolerance = sizeof(rondo_real) == 4 ? 1e-5 : 1e-13;
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)a[i] - (double)b[i]) <= tolerance * (1 + fabs((double)b[i]))))
            fail_msg("%s: %s is %.17g in the batch, %.17g alone", s->about->name, what, (double)a[i], (double)b[i]);
}

static void compare_row(const stack *s, int64_t b) {
    int64_t steps = all.lengths[b], width = rondo_recurrent_output_size(s->net), I = s->about->config.input_size;
    static rondo_real picked[STACK_ROOM];
    stack_pick(all.y, picked, b, steps, width);
    SAME(s, "the output", picked, one.y, steps * width);
    stack_pick(all.dx, picked, b, steps, I);
    near(s, "the gradient of x", picked, one.dx, steps * I);
    for (int i = 0; i < s->places; i++) {
        int64_t h, c;
        stack_widths(s, i, &h, &c);
        SAME(s, "a final h", all.hn[i] + b * h, one.hn[i], h);
        SAME(s, "a final c", all.cn[i] + b * c, one.cn[i], c);
        near(s, "the gradient of h0", all.dh0[i] + b * h, one.dh0[i], h);
        near(s, "the gradient of c0", all.dc0[i] + b * c, one.dc0[i], c);
    }
}

static void padding_is_zero(const stack *s) {
    int64_t width = rondo_recurrent_output_size(s->net), I = s->about->config.input_size;
    for (int64_t b = 0; b < STACK_B; b++)
        for (int64_t t = stack_lengths[b]; t < STACK_T; t++) {
            for (int64_t j = 0; j < width; j++)
                assert_true(all.y[(t * STACK_B + b) * width + j] == 0);
            for (int64_t j = 0; j < I; j++)
                assert_true(all.dx[(t * STACK_B + b) * I + j] == 0);
        }
}

static void rows_alone(void **unused) {
    (void)unused;
    for (size_t k = 0; k < STACK_CASES; k++)
        for (int no_states = 0; no_states < 2; no_states++) {
            stack s;
            stack_open(&s, &stack_cases[k], 2);
            stack_draw(&all);
            all.no_states = no_states != 0;
            stack_go(&s, &all);
            padding_is_zero(&s);
            for (int64_t b = 0; b < STACK_B; b++) {
                stack_row(&s, &all, &one, b);
                stack_go(&s, &one);
                compare_row(&s, b);
            }
            stack_close(&s);
        }
}

/* ---- a sequence in chunks with carried states equals the whole; the states may be read and written in one place ----
 */

static void run_chunks(stack *s, const int64_t *cuts, int chunks, rondo_states *states, rondo_real *y) {
    int64_t I = s->about->config.input_size, width = rondo_recurrent_output_size(s->net), Q;
    static int32_t lengths[8][STACK_B];
    stack_widths(s, s->places - 1, &Q, NULL);
    for (int k = 0; k < chunks; k++) {
        int64_t begin = cuts[k], T = cuts[k + 1] - begin;
        for (int b = 0; b < STACK_B; b++) {
            int64_t left = stack_lengths[b] - begin;
            lengths[k][b] = (int32_t)(left < 0 ? 0 : left > T ? T : left);
        }
        rondo_recurrent_input input = {.lengths = lengths[k], .initial = states, .final_states = states};
        stack_jordan(s, &all, &input);
        if (s->about->teacher)
            input.teacher = stack_leaf(s, all.teacher + begin * STACK_B * Q, NULL, 3, T, STACK_B, Q);
        rondo_var *x = stack_leaf(s, all.x + begin * STACK_B * I, NULL, 3, T, STACK_B, I);
        rondo_var *part = rondo_recurrent_forward(s->net, s->tape, x, &input);
        assert_non_null(part);
        memcpy(y + begin * STACK_B * width, part->value.data, (size_t)(T * STACK_B * width) * sizeof *y);
    }
}

static void chunks(void **unused) {
    (void)unused;
    static const int64_t cuts[][7] = {{0, 2, 6}, {0, 1, 2, 3, 4, 5, 6}, {0, 4, 5, 6}};
    static const int counts[] = {2, 6, 3};
    for (size_t k = 0; k < STACK_CASES * 3; k++) {
        stack_case about = stack_cases[k / 3];
        about.config.bidirectional = false;
        stack s;
        stack_open(&s, &about, 2);
        stack_draw(&all);
        stack_go(&s, &all);
        memset(&other, 0, sizeof other);
        rondo_states states = {0};
        rondo_tape_begin(s.tape, &all.step);
        stack_initial(&s, &all, &states);
        run_chunks(&s, cuts[k % 3], counts[k % 3], &states, other.y);
        SAME(&s, "the output in chunks", all.y, other.y, STACK_T * STACK_B * rondo_recurrent_output_size(s.net));
        for (int i = 0; i < s.places; i++) {
            SAME(&s, "h after chunks", all.hn[i], states.h[i]->value.data, rondo_tensor_count(&states.h[i]->value));
            if (states.c[i])
                SAME(&s, "c after chunks", all.cn[i], states.c[i]->value.data, rondo_tensor_count(&states.c[i]->value));
        }
        stack_close(&s);
    }
}

/* ---- merging and residual sums ---- */

static void run_config(stack_run *run, rondo_recurrent_config config, int64_t *width) {
    stack s;
    stack_case about = {.name = "merge", .config = config};
    stack_open(&s, &about, 1);
    stack_draw(run);
    stack_go(&s, run);
    *width = rondo_recurrent_output_size(s.net);
    stack_close(&s);
}

static void merges(void **unused) {
    (void)unused;
    for (int cell = RONDO_ELMAN; cell <= RONDO_GRU; cell++) {
        rondo_recurrent_config config = {
            .cell = (rondo_cell)cell, .input_size = 5, .hidden_size = 7, .bidirectional = true};
        static stack_run sum, average;
        int64_t W, w;
        run_config(&all, config, &W);
        config.merge = RONDO_MERGE_SUM;
        run_config(&sum, config, &w);
        assert_true(W == 14 && w == 7);
        config.merge = RONDO_MERGE_AVERAGE;
        run_config(&average, config, &w);
        assert_true(w == 7);
        for (int64_t r = 0; r < STACK_T * STACK_B; r++)
            for (int64_t j = 0; j < w; j++) {
                rondo_real both = all.y[r * W + j] + all.y[r * W + w + j];
                assert_true(sum.y[r * w + j] == both && average.y[r * w + j] == both * (rondo_real)0.5);
            }
    }
}

/* Parameters do not depend on how many layers stand above, so one layer is the lower half of two. */
static void residual(void **unused) {
    (void)unused;
    for (int cell = RONDO_ELMAN; cell <= RONDO_GRU; cell++) {
        rondo_recurrent_config config = {.cell = (rondo_cell)cell, .input_size = 5, .hidden_size = 7, .layers = 2};
        static stack_run lower, upper;
        int64_t W;
        run_config(&upper, config, &W);
        config.residual = true;
        run_config(&all, config, &W);
        config.layers = 1;
        run_config(&lower, config, &W);
        for (int64_t i = 0; i < STACK_T * STACK_B * W; i++) { /* Jordan's lower layer passes on tanh of its output */
            double below = cell == RONDO_JORDAN ? tanh((double)lower.y[i]) : (double)lower.y[i];
            assert_true(fabs((double)all.y[i] - ((double)upper.y[i] + below)) < 1e-6);
        }
        rondo_recurrent_config uneven = {
            .cell = (rondo_cell)cell, .input_size = 5, .hidden_sizes = {7, 6}, .layers = 2, .residual = true};
        run_config(&all, uneven, &W);
        uneven.residual = false;
        run_config(&other, uneven, &W);
        assert_memory_equal(all.y, other.y, sizeof all.y); /* widths that differ: no sum */
    }
}

/* ---- dropout between layers: layers that pass ones and zeros on make its mask visible ---- */

enum { MASK_T = 20, MASK_B = 8, MASK_H = 32 };
typedef rondo_real mask_array[MASK_T][MASK_B][MASK_H];

static void set(rondo_params *params, const char *name, int64_t rows, int64_t columns, bool diagonal, rondo_real to) {
    rondo_real *values = rondo_params_at(params, rondo_params_find(params, name))->value.data;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            values[i * columns + j] = !diagonal || i == j ? to : 0;
}

/* y = 1 out of the first layer; the second passes on what reaches it. */
static void draw_mask(mask_array y, rondo_real rate, bool variational, rondo_step step, int threads) {
    stack s;
    stack_case about = {"dropout",
                        {.cell = RONDO_ELMAN,
                         .activation = RONDO_RELU,
                         .input_size = 1,
                         .hidden_size = MASK_H,
                         .layers = 2,
                         .dropout = rate,
                         .variational = variational}};
    stack_open(&s, &about, threads);
    set(s.params, "weight_ih_l0", MASK_H, 1, false, 0);
    for (int l = 0; l < 2; l++) {
        set(s.params, l ? "weight_hh_l1" : "weight_hh_l0", MASK_H, MASK_H, false, 0);
        set(s.params, l ? "bias_ih_l1" : "bias_ih_l0", 1, MASK_H, false, l ? 0 : 1);
        set(s.params, l ? "bias_hh_l1" : "bias_hh_l0", 1, MASK_H, false, 0);
    }
    set(s.params, "weight_ih_l1", MASK_H, MASK_H, true, 1);
    static rondo_real x[MASK_T * MASK_B];
    rondo_tensor tx = rondo_tensor_view(RONDO_REAL, x, 3, (int64_t[]){MASK_T, MASK_B, 1});
    rondo_tape_begin(s.tape, &step);
    rondo_var *out = rondo_recurrent_forward(s.net, s.tape, rondo_leaf(s.tape, &tx, NULL), NULL);
    assert_int_equal(rondo_tape_status(s.tape, NULL), RONDO_OK);
    memcpy(y, out->value.data, sizeof(mask_array));
    stack_close(&s);
}

static double dropped(const rondo_real *mask, int64_t n, double rate) {
    int64_t zeros = 0;
    for (int64_t i = 0; i < n; i++) {
        zeros += mask[i] == 0;
        assert_true(mask[i] == 0 || fabs((double)mask[i] - 1 / (1 - rate)) < 1e-6);
    }
    return (double)zeros / (double)n;
}

static void dropout(void **unused) {
    (void)unused;
    static mask_array first, again;
    rondo_step step = {.training = true, .recording = true, .seed = 4, .step = 9};
    for (int variational = 0; variational < 2; variational++)
        for (int k = 1; k < 4; k++) {
            double rate = k / 4.0;
            draw_mask(first, (rondo_real)rate, variational, step, 1);
            draw_mask(again, (rondo_real)rate, variational, step, 3);
            assert_memory_equal(first, again, sizeof first); /* the step fixes it, threads do not */
            /* 3.5 standard deviations of so many independent draws */
            double draws = (variational ? 1.0 : MASK_T) * MASK_B * MASK_H;
            double share = dropped(first[0][0], MASK_T * MASK_B * MASK_H, rate);
            assert_true(fabs(share - rate) < 3.5 * sqrt(rate * (1 - rate) / draws));
            assert_memory_not_equal(first[0][0], first[0][1], sizeof first[0][0]); /* rows have their own */
            assert_int_equal(memcmp(first[0], first[1], sizeof first[0]) == 0, variational);
            assert_int_equal(memcmp(first[0], first[MASK_T - 1], sizeof first[0]) == 0, variational);
            rondo_step next = step;
            next.step++;
            draw_mask(again, (rondo_real)rate, variational, next, 1);
            assert_memory_not_equal(first, again, sizeof first);
            next.training = false;
            draw_mask(again, (rondo_real)rate, variational, next, 1);
            assert_true(dropped(again[0][0], MASK_T * MASK_B * MASK_H, 0) == 0);
        }
}

/* The last layer's output is not dropped, so one layer knows no dropout; two layers do. */
static void dropout_stays_between(void **unused) {
    (void)unused;
    for (int layers = 1; layers <= 2; layers++) {
        stack s;
        stack_case about = {"between",
                            {.cell = RONDO_GRU, .input_size = 5, .hidden_size = 7, .layers = layers, .dropout = 0.5f}};
        stack_open(&s, &about, 1);
        stack_draw(&all);
        stack_draw(&other);
        other.step.training = true;
        stack_go(&s, &all);
        stack_go(&s, &other);
        assert_int_equal(memcmp(all.y, other.y, sizeof all.y) == 0, layers == 1);
        stack_close(&s);
    }
}

/* ---- memory: no allocation once warm ---- */

static void no_allocation(void **unused) {
    (void)unused;
    for (size_t k = 0; k < STACK_CASES; k++) {
        stack s;
        stack_open(&s, &stack_cases[k], 2);
        stack_draw(&all);
        all.step.training = true;
        stack_go(&s, &all);
        stack_go(&s, &all); /* may join the chunks of the first into one (arena.c) */
        uint64_t before = rondo__alloc_count();
        stack_go(&s, &all);
        if (rondo__alloc_count() != before)
            fail_msg("%s: the third step allocates", s.about->name);
        stack_close(&s);
    }
}

/* ---- what forward is given ---- */

static void refuse(stack *s, rondo_var *x, const rondo_recurrent_input *input, rondo_status status, const char *what) {
    rondo_error err = {0};
    rondo_states states;
    rondo_recurrent_input with = input ? *input : (rondo_recurrent_input){0};
    memset(&states, 0x55, sizeof states);
    with.final_states = &states;
    assert_null(rondo_recurrent_forward(s->net, s->tape, x, &with));
    assert_int_equal(rondo_tape_status(s->tape, &err), status);
    if (!strstr(err.message, what))
        fail_msg("'%s' does not say '%s'", err.message, what);
    for (int i = 0; i < 2 * RONDO_MAX_LAYERS; i++)
        assert_true(!states.h[i] && !states.c[i]);
    rondo_tape_begin(s->tape, NULL);
}

static void refusals(void **unused) {
    (void)unused;
    stack s;
    stack_draw(&all);
    stack_open(&s, &stack_cases[0], 1); /* Elman */
    rondo_tape_begin(s.tape, NULL);
    refuse(&s, stack_leaf(&s, all.x, NULL, 3, 2, 3, 4), NULL, RONDO_SHAPE, "x must be (T, B, 5)");
    refuse(&s, stack_leaf(&s, all.x, NULL, 2, 6, 5, 0), NULL, RONDO_SHAPE, "x must be (T, B, 5)");
    rondo_var *teacher = stack_leaf(&s, all.teacher, NULL, 3, 2, 3, 7);
    refuse(&s, stack_leaf(&s, all.x, NULL, 3, 2, 3, 5), &(rondo_recurrent_input){.teacher = teacher}, RONDO_ARGUMENT,
           "teacher is given to a cell that is not jordan");
    refuse(&s, stack_leaf(&s, all.x, NULL, 3, 2, 3, 5), &(rondo_recurrent_input){.lengths = (int32_t[]){2, 3, 1}},
           RONDO_ARGUMENT, "length");
    rondo_states wrong = {.h = {stack_leaf(&s, all.h0[0], NULL, 2, 3, 6, 0)}};
    refuse(&s, stack_leaf(&s, all.x, NULL, 3, 2, 3, 5), &(rondo_recurrent_input){.initial = &wrong}, RONDO_SHAPE, "h0");
    stack_close(&s);
    stack_case about = {"feedback", {.cell = RONDO_JORDAN, .input_size = 5, .hidden_size = 7, .feedback_size = 4}};
    stack_open(&s, &about, 1);
    rondo_tape_begin(s.tape, NULL);
    refuse(&s, stack_leaf(&s, all.x, NULL, 3, 2, 3, 5), NULL, RONDO_ARGUMENT, "no feedback matrix");
    stack_close(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_alone),    cmocka_unit_test(chunks),   cmocka_unit_test(merges),
        cmocka_unit_test(residual),      cmocka_unit_test(dropout),  cmocka_unit_test(dropout_stays_between),
        cmocka_unit_test(no_allocation), cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Layers that run behind each other, the next one a few steps after the one it reads: the bits of layers in turn, with
 * any number of threads, and clean failure while memory runs out. */
#include "autograd/tape_inside.h"
#include "nn/stack.h"
#include "tensor/context.h"

#include <stdlib.h>

enum { STEPS = 21, MOST_B = 3 };

#define LAYERS(n) .layers = (n), .input_size = STACK_I
static const stack_case cases[] = {
    {"elman", {.cell = RONDO_ELMAN, LAYERS(2), .hidden_size = 7, .zoneout = 0.2f}},
    {"elman, four layers", {.cell = RONDO_ELMAN, LAYERS(4), .hidden_size = 8, .recurrent_dropout = 0.2f}},
    {"lstm", {.cell = RONDO_LSTM, LAYERS(2), .hidden_sizes = {6, 8}, .recurrent_dropout = 0.3f, .peepholes = true}},
    {"lstm, five layers", {.cell = RONDO_LSTM, LAYERS(5), .hidden_size = 7, .learned_initial_state = true}},
    {"lstm, residual", {.cell = RONDO_LSTM, LAYERS(4), .hidden_size = 5, .residual = true, .zoneout_cell = 0.1f}},
    {"lstm, dropout", {.cell = RONDO_LSTM, LAYERS(3), .hidden_size = 5, .dropout = 0.4f}},
    {"lstm, projected", {.cell = RONDO_LSTM, LAYERS(2), .hidden_size = 8, .projection_size = 5}},
    {"lstm, normalised", {.cell = RONDO_LSTM, LAYERS(2), .hidden_size = 6, .layer_norm = true}},
    {"gru", {.cell = RONDO_GRU, LAYERS(3), .hidden_size = 7, .zoneout = 0.1f}},
    {"gru before", {.cell = RONDO_GRU, LAYERS(2), .hidden_size = 7, .reset_before = true, .no_bias = true}},
    {"jordan", {.cell = RONDO_JORDAN, LAYERS(2), .hidden_size = 7, .decay = 0.5f}},
};
#define CASES (sizeof cases / sizeof *cases)

static const struct {
    int threads;
    rondo__cut cut;
} ways[] = {{1, RONDO__CUT_ROWS},  {1, RONDO__CUT_CALLS},   {2, RONDO__CUT_CALLS},
            {3, RONDO__CUT_CALLS}, {2, RONDO__CUT_BY_COST}, {2, RONDO__CUT_UNITS}};

static void draw(stack_run *run, int64_t B, bool recording) {
    static const int32_t full[MOST_B] = {STEPS, STEPS, STEPS};
    stack_draw(run);
    run->T = STEPS;
    run->B = B;
    run->lengths = B == 2 ? full : NULL;
    run->step = (rondo_step){.recording = recording, .training = recording, .seed = 4, .step = 1};
}

/* Calls of the last step that ran behind another one. */
static int pairs(const rondo_tape *tape) {
    int count = 0;
    for (const rondo__record *r = tape->last; r; r = r->previous)
        count += r->beside && r->behind;
    return count;
}

/* What stands between the layers in training, or is summed over all of a row at once, keeps them in turn. */
static bool goes_in_turn(const rondo_recurrent_config *c) {
    return c->cell == RONDO_JORDAN || c->layer_norm || c->dropout > 0;
}

static void same_as_in_turn(void **unused) {
    (void)unused;
    static stack_run first, again;
    for (size_t k = 0; k < CASES * 2 * MOST_B; k++) {
        const stack_case *about = &cases[k / 2 / MOST_B];
        rondo_real *grads = NULL;
        for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
            stack s;
            stack_run *run = way == 0 ? &first : &again;
            stack_open(&s, about, ways[way].threads);
            s.context->cut = ways[way].cut;
            draw(run, 1 + (int64_t)(k / 2 % MOST_B), k % 2);
            stack_go(&s, run);
            if (run->step.recording && ways[way].cut == RONDO__CUT_CALLS && ways[way].threads == 2)
                assert_int_equal(pairs(s.tape) > 0, !goes_in_turn(&about->config));
            const size_t bytes = (size_t)rondo_params_size(s.params) * sizeof *grads;
            if (way == 0) {
                grads = malloc(bytes);
                assert_non_null(grads);
                memcpy(grads, rondo_params_grads(s.params), bytes);
            } else if (memcmp(&first, &again, sizeof first) || memcmp(grads, rondo_params_grads(s.params), bytes)) {
                fail_msg("%s: other bits, way %zu", about->name, way);
            }
            stack_close(&s);
        }
        free(grads);
    }
}

static int whole(void *arg) {
    static stack_run run;
    const stack_case *about = arg;
    stack s = {.about = about, .places = about->config.layers};
    rondo_status status = rondo_context_create(&s.context, &(rondo_context_options){.threads = 2}, NULL);
    if (!status)
        status = rondo_tape_create(&s.tape, s.context, NULL);
    if (!status)
        status = rondo_params_create(&s.params, NULL);
    if (!status)
        status = rondo_recurrent_create(&s.net, s.params, "", &about->config, NULL);
    if (!status)
        status = rondo_params_finish(s.params, 1, NULL);
    for (int step = 0; step < 2 && !status; step++) {
        const uint64_t before = rondo__alloc_count();
        s.context->cut = RONDO__CUT_CALLS;
        draw(&run, 1, true);
        rondo_tape_begin(s.tape, &run.step);
        rondo_var *x = stack_leaf(&s, run.x, run.dx, 3, run.T, run.B, STACK_I);
        rondo_var *y = rondo_recurrent_forward(s.net, s.tape, x, NULL);
        const rondo_real *dy = run.dy;
        status = rondo_tape_status(s.tape, NULL);
        if (!status)
            status = rondo_backward_from(s.tape, 1, &y, &dy);
        if (step == 1 && !status)
            assert_int_equal(rondo__alloc_count(), before);
    }
    stack_close(&s);
    return (int)status;
}

static void every_allocation(void **unused) {
    (void)unused;
    for (size_t k = 0; k < CASES; k++) {
        stack_case about = cases[k];
        test_every_failure(whole, &about);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_in_turn), cmocka_unit_test(every_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

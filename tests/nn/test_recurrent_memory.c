/* Whole stacks while memory fails, allocation by allocation: a clean RONDO_MEMORY, nothing left over, and no gradient
 * touched by a backward that could not finish. */
#include "nn/stack.h"
#include "tensor/context.h"

typedef struct sweep {
    const stack_case *about;
    rondo__cut cut;
    stack_run run;
} sweep;

static rondo_status build(const stack_case *about, stack *s) {
    *s = (stack){.about = about};
    rondo_status status = rondo_context_create(&s->context, &(rondo_context_options){.threads = 2}, NULL);
    if (!status)
        status = rondo_tape_create(&s->tape, s->context, NULL);
    if (!status)
        status = rondo_params_create(&s->params, NULL);
    if (!status)
        status = rondo_recurrent_create(&s->net, s->params, "", &about->config, NULL);
    s->places = about->config.layers * (about->config.bidirectional ? 2 : 1);
    return status ? status : rondo_params_finish(s->params, 1, NULL);
}

static void all_zero(const rondo_real *numbers, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        assert_true(numbers[i] == 0);
}

static rondo_status pass(stack *s, stack_run *run) {
    rondo_states initial = {0}, final_states;
    rondo_recurrent_input input = {.lengths = run->lengths, .initial = &initial, .final_states = &final_states};
    rondo_tape_begin(s->tape, &run->step);
    rondo_var *h0 = NULL;
    int64_t h;
    stack_widths(s, 0, &h, NULL);
    h0 = stack_leaf(s, run->h0[0], run->dh0[0], 2, run->B, h, 1); /* one given state, the others learned */
    initial.h[0] = h0;
    stack_jordan(s, run, &input);
    rondo_var *y =
        rondo_recurrent_forward(s->net, s->tape, stack_leaf(s, run->x, run->dx, 3, run->T, run->B, STACK_I), &input);
    const rondo_real *dy = run->dy;
    rondo_status status = rondo_tape_status(s->tape, NULL);
    return status ? status : rondo_backward_from(s->tape, 1, &y, &dy);
}

static int whole(void *arg) {
    sweep *w = arg;
    stack s;
    rondo_status status = build(w->about, &s);
    stack_draw(&w->run);
    w->run.step = (rondo_step){.recording = true, .training = true, .seed = 1};
    if (!status) {
        s.context->cut = w->cut;
        status = pass(&s, &w->run);
        if (status) {
            all_zero(w->run.dx, STACK_ROOM);
            all_zero(w->run.dh0[0], STACK_PLACES * STACK_STATE);
            all_zero(rondo_params_grads(s.params), rondo_params_size(s.params));
        }
    }
    stack_close(&s);
    return (int)status;
}

static void every_allocation(void **unused) {
    (void)unused;
    static sweep w;
    for (size_t k = 0; k < STACK_CASES; k++) {
        stack_case about = stack_cases[k];
        about.config.dropout = 0.3f;
        about.config.recurrent_dropout = 0.2f;
        about.config.learned_initial_state = true;
        w.about = &about;
        w.cut = k % 2 ? RONDO__CUT_BY_COST : RONDO__CUT_CALLS;
        test_every_failure(whole, &w);
    }
}

/* A step that fails for want of memory can be run again, and gives what it would have given. */
static void failed_step_again(void **unused) {
    (void)unused;
    for (size_t k = 0; k < STACK_CASES; k++) {
        static stack_run good, again;
        stack s;
        stack_open(&s, &stack_cases[k], 2);
        stack_draw(&good);
        stack_go(&s, &good);
        stack_close(&s);
        stack_open(&s, &stack_cases[k], 2);
        stack_draw(&again);
        rondo__alloc_fail_at(1);
        assert_int_equal(pass(&s, &again), RONDO_MEMORY);
        rondo__alloc_fail_at(0);
        stack_draw(&again);
        stack_go(&s, &again);
        assert_memory_equal(&good, &again, sizeof good);
        stack_close(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation), cmocka_unit_test(failed_step_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a training step holds: at most 1.2 times the parameters (values, gradients, two moments of an optimiser) and
 * what the sizes functions of the operators state for forward, which is what the tape holds before backward. */
#include "support/test.h"

#include "autograd/tape.h"
#include "core/core.h"
#include "rondo/nn.h"
#include "rondo/ops.h"

enum { T = 48, B = 16, V = 300, E = 48, H = 64, LAYERS = 3, MOST_STEPS = 4 };

typedef struct model {
    rondo_context *context;
    rondo_tape *tape;
    rondo_params *params;
    rondo_recurrent *net;
    int table, output;
    int32_t ids[T * B];
} model;

static void make(model *m) {
    const rondo_recurrent_config config = {
        .cell = RONDO_LSTM, .input_size = E, .hidden_size = H, .layers = LAYERS, .dropout = (rondo_real)0.2};
    const rondo_init init = {RONDO_INIT_NORMAL, (rondo_real)0.1};
    assert_int_equal(rondo_context_create(&m->context, &(rondo_context_options){.threads = 2}, NULL), 0);
    assert_int_equal(rondo_tape_create(&m->tape, m->context, NULL), 0);
    assert_int_equal(rondo_params_create(&m->params, NULL), 0);
    assert_int_equal(rondo_params_add(m->params, "table", 2, (int64_t[]){V, E}, init, &m->table, NULL), 0);
    assert_int_equal(rondo_recurrent_create(&m->net, m->params, "lstm.", &config, NULL), 0);
    assert_int_equal(rondo_params_add(m->params, "output", 2, (int64_t[]){V, H}, init, &m->output, NULL), 0);
    assert_int_equal(rondo_params_finish(m->params, 1, NULL), 0);
    for (int i = 0; i < T * B; i++)
        m->ids[i] = i * 7 % V;
}

static void drop(model *m) {
    rondo_recurrent_destroy(&m->net);
    rondo_params_destroy(&m->params);
    rondo_tape_destroy(&m->tape);
    rondo_context_destroy(&m->context);
}

/* One step over steps of the text; returns what the tape held before backward. */
static size_t step(model *m, int64_t steps) {
    rondo_tape *t = m->tape;
    rondo_tape_begin(t, &(rondo_step){.training = true, .recording = true, .seed = 1});
    rondo_var *x = rondo_embedding(t, rondo_params_use(m->params, t, m->table), m->ids, 2, (int64_t[]){steps, B});
    rondo_var *y = rondo_recurrent_forward(m->net, t, rondo_dropout(t, x, (rondo_real)0.2, false), NULL);
    y = rondo_dropout(t, y, (rondo_real)0.2, false);
    rondo_var *loss = rondo_linear_cross_entropy(t, y, rondo_params_use(m->params, t, m->output), NULL, m->ids, NULL);
    const size_t stated = rondo__tape_held(t);
    assert_int_equal(rondo_tape_status(t, NULL), 0);
    assert_int_equal(rondo_backward(t, loss, 1), 0);
    return stated;
}

static void test_bound(void **state) {
    model m;
    (void)state;
    make(&m);
    const size_t parameters = 4 * (size_t)rondo_params_size(m.params) * sizeof(rondo_real), stated = step(&m, T);
    assert_true((double)(parameters + rondo_tape_peak_bytes(m.tape)) <= 1.2 * (double)(parameters + stated));
    drop(&m);
}

/* Steps that grow and shrink leave no more chunks behind than the largest needs: an allocation only where a step is
 * larger than all before it, and one more after it. */
static void test_growing_steps(void **state) {
    static const int64_t steps[MOST_STEPS] = {T / 4, T / 2, 3 * T / 4, T};
    model m;
    (void)state;
    make(&m);
    for (int i = 0; i < MOST_STEPS; i++)
        step(&m, steps[i]);
    step(&m, T);
    const uint64_t before = rondo__alloc_count();
    for (int i = 0; i < MOST_STEPS; i++)
        step(&m, steps[i]);
    assert_int_equal(rondo__alloc_count(), before);
    drop(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bound), cmocka_unit_test(test_growing_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

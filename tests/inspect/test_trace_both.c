/* The plain trace says what the cells of training say: all cells and options, stacks, both directions. */
#include "inspect/nets.h"
#include "support/test.h"
#include "tensor/stored.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void close_to(const char *what, int64_t n, const double *a, const real *b) {
    const double bound = sizeof(real) == 8 ? 1e-12 : 2e-5;
    for (int64_t i = 0; i < n; i++) {
        if (!(fabs(a[i] - (double)b[i]) <= bound * (1 + fabs(a[i]))))
            fail_msg("%s[%lld]: %g, not %g", what, (long long)i, a[i], (double)b[i]);
    }
}

static void one(const rondo_recurrent_config *config) {
    rig r;
    rondo_tape *tape;
    rondo_error err = {0};
    rondo__trace trace;
    real x[T * I];
    rig_open(&r, config);
    const rondo__trace_input input = input_of(&r);
    if (rondo__trace_run(&trace, r.net, &input, &err))
        fail_msg("%s", err.message);
    for (int i = 0; i < T * I; i++)
        x[i] = (real)r.x[i];
    assert_int_equal(rondo_tape_create(&tape, r.context, NULL), RONDO_OK);
    rondo_tape_begin(tape, NULL);
    const rondo_tensor tx = rondo_tensor_view(RONDO_REAL, x, 3, (int64_t[]){T, 1, I});
    const rondo_tensor tf = rondo_tensor_view(RONDO_REAL, r.feedback, 2, (int64_t[]){4, 3});
    rondo_states last;
    const rondo_recurrent_input given = {.final_states = &last,
                                         .feedback = input.feedback ? rondo_leaf(tape, &tf, NULL) : NULL};
    rondo_var *y = rondo_recurrent_forward(r.net, tape, rondo_leaf(tape, &tx, NULL), &given);
    if (rondo_tape_status(tape, &err))
        fail_msg("%s", err.message);
    assert_int_equal(trace.width, y->value.dims[2]);
    close_to("y", T * trace.width, trace.y, y->value.data);
    for (int i = 0; i < trace.layers * trace.directions; i++) {
        const rondo__trace_layer *at = &trace.at[i];
        const int64_t end = at->direction ? 0 : T - 1;
        if (config->cell != RONDO_JORDAN)
            close_to("h", at->R, at->output + end * at->R, last.h[i]->value.data);
        if (at->cell)
            close_to("c", at->H, at->cell + end * at->H, last.c[i]->value.data);
    }
    rondo__trace_free(&trace);
    rondo_tape_destroy(&tape);
    rig_close(&r);
}

static void all_cells(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++)
        one(&configs[i]);
}

/* One unit, weights of 0 but for the biases: values that can be worked out by hand. */
static void by_hand(void **state) {
    (void)state;
    rondo_params *params;
    rondo_recurrent *net;
    rondo__trace trace;
    const double x[2] = {0, 0};
    const rondo_recurrent_config config = {.cell = RONDO_LSTM, .input_size = 1, .hidden_size = 1};
    assert_int_equal(rondo_params_create(&params, NULL), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(&net, params, "", &config, NULL), RONDO_OK);
    assert_int_equal(rondo_params_finish(params, 1, NULL), RONDO_OK);
    for (int i = 0; i < rondo_params_count(params); i++)
        memset(rondo_params_at(params, i)->value.data, 0,
               (size_t)rondo_tensor_count(&rondo_params_at(params, i)->value) * sizeof(real));
    real *bias = rondo_params_at(params, rondo_params_find(params, "bias_ih_l0"))->value.data;
    bias[1] = (real)2; /* forget gate */
    bias[2] = (real)1; /* candidate */
    assert_int_equal(rondo__trace_run(&trace, net, &(rondo__trace_input){.T = 2, .x = x}, NULL), RONDO_OK);
    const double f = 1 / (1 + exp(-2)), c1 = 0.5 * tanh(1), c2 = f * c1 + c1;
    const double gates[4][2] = {{0.5, 0.5}, {f, f}, {tanh(1), tanh(1)}, {0.5, 0.5}};
    for (int g = 0; g < 4; g++)
        for (int t = 0; t < 2; t++)
            assert_true(fabs(trace.at[0].gate[g * 2 + t] - gates[g][t]) < 1e-12);
    assert_true(fabs(trace.at[0].cell[1] - c2) < 1e-12);
    assert_true(fabs(trace.y[1] - 0.5 * tanh(c2)) < 1e-12);
    rondo__trace_free(&trace);
    rondo_recurrent_destroy(&net);
    rondo_params_destroy(&params);
}

/* What is altered shows, and only there. */
static void altered(void **state) {
    (void)state;
    rig r;
    rondo__trace trace;
    const rondo_recurrent_config config = {BASE, .cell = RONDO_GRU, .layers = 2, .bidirectional = true};
    rig_open(&r, &config);
    rondo__alter alter = {.on = true, .layer = 1, .direction = 0, .gate = 1, .unit = 2, .value = 1};
    rondo__trace_input input = input_of(&r);
    input.alter = &alter;
    assert_int_equal(rondo__trace_run(&trace, r.net, &input, NULL), RONDO_OK);
    for (int t = 0; t < T; t++) {
        assert_true(trace.at[2].gate[(T + t) * H + 2] == 1);
        assert_true(trace.at[2].gate[(T + t) * H + 3] != 1);
        assert_true(trace.at[2].output[t * H + 2] == 0); /* always the old state, which was 0 */
        assert_true(trace.at[3].gate[(T + t) * H + 2] != 1);
    }
    rondo__trace_free(&trace);
    alter = (rondo__alter){.on = true, .layer = -1, .direction = 1, .gate = -1, .unit = -1, .drop = true};
    assert_int_equal(rondo__trace_run(&trace, r.net, &input, NULL), RONDO_OK);
    for (int t = 0; t < T; t++)
        assert_true(trace.at[1].output[t * H] == 0 && trace.at[0].output[t * H] != 0 && trace.y[t * 2 * H + H] == 0);
    rondo__trace_free(&trace);
    rig_close(&r);
}

static void rounded_weights_are_refused(void **state) {
    (void)state;
    static const rondo__stored halves = {.dtype = RONDO_BF16};
    rig r;
    rondo__trace trace;
    rondo_error err = {0};
    rig_open(&r, &configs[0]);
    const rondo__trace_input input = input_of(&r);
    rondo_params_at(r.params, 1)->stored = &halves;
    assert_int_equal(rondo__trace_run(&trace, r.net, &input, &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "weight_hh_l0"));
    rig_close(&r);
}

static int body(void *arg) {
    const rig *r = arg;
    rondo__trace trace;
    const rondo__trace_input input = input_of(r);
    const rondo_status status = rondo__trace_run(&trace, r->net, &input, NULL);
    if (!status)
        rondo__trace_free(&trace);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    rig r;
    rig_open(&r, &configs[6]);
    test_every_failure(body, &r);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cells),      cmocka_unit_test(by_hand),
        cmocka_unit_test(altered),        cmocka_unit_test(rounded_weights_are_refused),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

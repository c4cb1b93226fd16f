/* Parameters, initial values, and whole networks when memory fails. */
#include "core/core.h"
#include "rondo/nn.h"
#include "support/test.h"

#include <math.h>
#include <string.h>

static void layout_and_refusals(void **unused) {
    (void)unused;
    rondo_params *p;
    rondo_error err = {0};
    int a, b;
    assert_int_equal(rondo_params_create(&p, &err), RONDO_OK);
    rondo_init ones = {RONDO_INIT_CONSTANT, 1};
    assert_int_equal(rondo_params_add(p, "a", 1, (int64_t[]){3}, ones, &a, &err), RONDO_OK);
    assert_int_equal(rondo_params_add(p, "b", 2, (int64_t[]){5, 4}, ones, &b, &err), RONDO_OK);
    assert_int_equal(rondo_params_add(p, "a", 1, (int64_t[]){3}, ones, &a, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_params_add(p, "c", 1, (int64_t[]){0}, ones, &a, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_params_add(p, "c", 2, (int64_t[]){INT64_MAX / 2, 3}, ones, &a, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_params_finish(p, 1, &err), RONDO_OK);
    assert_int_equal(rondo_params_finish(p, 1, &err), RONDO_STATE);
    assert_int_equal(rondo_params_total(p), 23);
    assert_int_equal(rondo_params_at(p, b)->offset * (int64_t)sizeof(rondo_real) % 64, 0);
    double sum = 0;
    for (int64_t i = 0; i < rondo_params_size(p); i++)
        sum += (double)rondo_params_values(p)[i];
    assert_true(sum == 23); /* the gaps are zero */
    rondo_params_destroy(&p);
}

static void orthogonal(void **unused) {
    (void)unused;
    rondo_params *p;
    enum { W = 13, N = 30 };
    assert_int_equal(rondo_params_create(&p, NULL), RONDO_OK);
    assert_int_equal(rondo_params_add(p, "w", 2, (int64_t[]){N, W}, (rondo_init){RONDO_INIT_ORTHOGONAL, 2}, NULL, NULL),
                     0);
    assert_int_equal(rondo_params_finish(p, 5, NULL), RONDO_OK);
    const rondo_real *w = rondo_params_values(p);
    for (int i = 0; i < N; i++)
        for (int j = i / W * W; j <= i; j++) {
            double dot = 0;
            for (int k = 0; k < W; k++)
                dot += (double)w[i * W + k] * (double)w[j * W + k];
            assert_true(fabs(dot - (i == j ? 4 : 0)) < 1e-5);
        }
    rondo_params_destroy(&p);
}

static void forget_gate_and_names(void **unused) {
    (void)unused;
    rondo_params *p;
    rondo_recurrent *net;
    assert_int_equal(rondo_params_create(&p, NULL), RONDO_OK);
    rondo_recurrent_config config = {.cell = RONDO_LSTM, .input_size = 2, .hidden_size = 3, .bidirectional = true};
    assert_int_equal(rondo_recurrent_create(&net, p, "enc.", &config, NULL), RONDO_OK);
    assert_int_equal(rondo_params_finish(p, 5, NULL), RONDO_OK);
    const rondo_real *b = rondo_params_at(p, rondo_params_find(p, "enc.bias_ih_l0_reverse"))->value.data;
    assert_true(b[3] == 1 && b[5] == 1 && fabs((double)b[2]) < 0.6 && fabs((double)b[6]) < 0.6);
    rondo_recurrent_destroy(&net);
    rondo_params_destroy(&p);
}

static void refused(rondo_recurrent_config config, rondo_status status, const char *field) {
    rondo_params *p;
    rondo_recurrent *net;
    rondo_error err = {0};
    assert_int_equal(rondo_params_create(&p, NULL), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(&net, p, "", &config, &err), status);
    if (!strstr(err.message, field))
        fail_msg("'%s' does not name %s", err.message, field);
    assert_int_equal(rondo_params_count(p), 0);
    rondo_params_destroy(&p);
}

static void configurations(void **unused) {
    (void)unused;
    refused((rondo_recurrent_config){.input_size = 2}, RONDO_ARGUMENT, "hidden_size is 0 (must be 1 or more)");
    refused((rondo_recurrent_config){.hidden_size = 2}, RONDO_ARGUMENT, "input_size is 0");
    refused((rondo_recurrent_config){.input_size = 2, .hidden_size = 2, .layers = 17}, RONDO_ARGUMENT, "layers");
    refused((rondo_recurrent_config){.input_size = 2, .hidden_size = 2, .dropout = 1}, RONDO_ARGUMENT, "dropout");
    refused((rondo_recurrent_config){.input_size = 2, .hidden_size = 2, .peepholes = true}, RONDO_UNSUPPORTED,
            "peepholes");
    refused((rondo_recurrent_config){.cell = RONDO_JORDAN, .input_size = 2, .hidden_size = 2, .zoneout = 0.5f},
            RONDO_UNSUPPORTED, "zoneout");
}

/* Everything from nothing to a gradient. */
static int whole_network(void *arg) {
    rondo_context *context = NULL;
    rondo_tape *tape = NULL;
    rondo_params *p = NULL;
    rondo_recurrent *net = NULL;
    rondo_stream *stream = NULL;
    rondo_real x[4 * 3 * 2] = {1, 2}, dy[4 * 3 * 3] = {1};
    rondo_tensor tx = rondo_tensor_view(RONDO_REAL, x, 3, (int64_t[]){4, 3, 2});
    rondo_status status = rondo_context_create(&context, &(rondo_context_options){.threads = 2}, NULL);
    if (!status)
        status = rondo_tape_create(&tape, context, NULL);
    if (!status)
        status = rondo_params_create(&p, NULL);
    if (!status)
        status = rondo_recurrent_create(&net, p, "", arg, NULL);
    if (!status)
        status = rondo_params_finish(p, 1, NULL);
    if (!status)
        status = rondo_stream_open(&stream, context, net, 3, NULL, NULL);
    if (!status) {
        const rondo_real *grad = dy;
        rondo_tape_begin(tape, &(rondo_step){.recording = true, .training = true});
        rondo_var *y = rondo_recurrent_forward(net, tape, rondo_leaf(tape, &tx, NULL), NULL);
        status = rondo_tape_status(tape, NULL);
        if (!status)
            status = rondo_backward_from(tape, 1, &y, &grad);
    }
    rondo_stream_close(&stream);
    rondo_recurrent_destroy(&net);
    rondo_params_destroy(&p);
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
    return (int)status;
}

static void memory_fails(void **unused) {
    (void)unused;
    rondo_recurrent_config config = {.input_size = 2,
                                     .hidden_size = 3,
                                     .layers = 2,
                                     .dropout = 0.5f,
                                     .residual = true,
                                     .learned_initial_state = true};
    for (int cell = RONDO_ELMAN; cell <= RONDO_GRU; cell++) {
        config.cell = (rondo_cell)cell;
        test_every_failure(whole_network, &config);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(layout_and_refusals), cmocka_unit_test(orthogonal),
                                       cmocka_unit_test(forget_gate_and_names), cmocka_unit_test(configurations),
                                       cmocka_unit_test(memory_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Every refused configuration says which field is wrong and what to write instead, and leaves nothing behind; sizes
 * that no machine has fail cleanly. */
#include "core/core.h"
#include "rondo/nn.h"
#include "support/test.h"

#include <math.h>
#include <string.h>

#define GIGA ((int64_t)1 << 30)

typedef struct refusal {
    rondo_recurrent_config config;
    rondo_status status;
    const char *says;
} refusal;

static void refused(const refusal *r) {
    rondo_params *p;
    rondo_recurrent *net = (rondo_recurrent *)&p; /* must become NULL */
    rondo_error err = {0};
    assert_int_equal(rondo_params_create(&p, NULL), RONDO_OK);
    int64_t live = rondo__alloc_live();
    rondo_status status = rondo_recurrent_create(&net, p, "", &r->config, &err);
    if (status != r->status || !strstr(err.message, r->says))
        fail_msg("%s: '%s', not %s: '%s'", rondo_status_name(status), err.message, rondo_status_name(r->status),
                 r->says);
    assert_null(net);
    assert_null(strchr(err.message, '\n'));
    assert_int_equal(rondo_params_count(p), 0);
    assert_true(rondo_params_size(p) == 0 && rondo_params_total(p) == 0);
    assert_true(rondo__alloc_live() <= live + 1); /* the list of parameters may have grown */
    rondo_params_destroy(&p);
}

#define SIZES .input_size = 2, .hidden_size = 3

/* clang-format off */
static const refusal refusals[] = {
    {{.cell = (rondo_cell)9, SIZES}, RONDO_ARGUMENT, "cell is 9 (must be one of rondo_cell)"},
    {{.hidden_size = 3}, RONDO_ARGUMENT, "input_size is 0 (must be 1 or more)"},
    {{.input_size = -4, .hidden_size = 3}, RONDO_ARGUMENT, "input_size is -4 (must be 1 or more)"},
    {{.input_size = 2}, RONDO_ARGUMENT, "hidden_size is 0 (must be 1 or more)"},
    {{.input_size = 2, .hidden_sizes = {3, -1}, .layers = 2}, RONDO_ARGUMENT, "hidden_sizes[1] is -1 (must be 1 or"},
    {{SIZES, .layers = -1}, RONDO_ARGUMENT, "layers is -1 (must be 1 to 16)"},
    {{SIZES, .layers = 17}, RONDO_ARGUMENT, "layers is 17 (must be 1 to 16)"},
    {{SIZES, .merge = (rondo_merge)3}, RONDO_ARGUMENT, "merge is 3 (must be one of rondo_merge)"},
    {{SIZES, .dropout = 1}, RONDO_ARGUMENT, "dropout is 1 (must be from 0 to below 1)"},
    {{SIZES, .dropout = NAN}, RONDO_ARGUMENT, "dropout is nan (must be from 0 to below 1)"},
    {{SIZES, .recurrent_dropout = -0.5f}, RONDO_ARGUMENT, "recurrent_dropout is -0.5 (must be from 0 to below 1)"},
    {{SIZES, .zoneout = 2}, RONDO_ARGUMENT, "zoneout is 2 (must be from 0 to below 1)"},
    {{SIZES, .cell = RONDO_LSTM, .zoneout_cell = 1}, RONDO_ARGUMENT, "zoneout_cell is 1 (must be from 0 to below 1)"},
    {{SIZES, .cell = RONDO_JORDAN, .decay = 1}, RONDO_ARGUMENT, "decay is 1 (must be from 0 to below 1)"},
    {{SIZES, .cell = RONDO_LSTM, .cell_clip = -1}, RONDO_ARGUMENT, "cell_clip is -1 (must be 0, none, or more)"},
    {{SIZES, .cell = RONDO_LSTM, .forget_bias = INFINITY}, RONDO_ARGUMENT, "forget_bias is inf (must be a number"},
    {{SIZES, .cell = RONDO_LSTM, .without_gate = (rondo_without)4}, RONDO_ARGUMENT, "without_gate is 4 (must be one of"},
    {{SIZES, .cell = RONDO_LSTM, .without_gate = RONDO_WITHOUT_INPUT, .no_bias = true}, RONDO_ARGUMENT, "needs biases"},
    {{SIZES, .cell = RONDO_LSTM, .without_gate = RONDO_WITHOUT_INPUT, .coupled_gates = true}, RONDO_ARGUMENT,
     "with coupled_gates there is no input gate to do without"},
    {{SIZES, .cell = RONDO_GRU, .without_gate = RONDO_WITHOUT_OUTPUT}, RONDO_UNSUPPORTED, "without_gate is not an opti"},
    {{SIZES, .cell = RONDO_LSTM, .projection_size = 3}, RONDO_ARGUMENT, "projection_size is 3 (must be below hidden_si"},
    {{SIZES, .cell = RONDO_LSTM, .projection_size = -1}, RONDO_ARGUMENT, "projection_size is -1 (must be 1 or more)"},
    {{SIZES, .cell = RONDO_JORDAN, .output_size = -2}, RONDO_ARGUMENT, "output_size is -2 (must be 1 or more)"},
    {{SIZES, .cell = RONDO_JORDAN, .feedback_size = -2}, RONDO_ARGUMENT, "feedback_size is -2 (must be 1 or more)"},
    {{SIZES, .layer_norm = true}, RONDO_UNSUPPORTED, "layer_norm is not an option of elman (only of lstm and gru; leave"},
    {{SIZES, .cell = RONDO_GRU, .activation = RONDO_RELU}, RONDO_UNSUPPORTED, "activation is not an option of gru"},
    {{SIZES, .cell = RONDO_GRU, .zoneout_cell = 0.1f}, RONDO_UNSUPPORTED, "zoneout_cell is not an option of gru"},
    {{SIZES, .cell = RONDO_JORDAN, .zoneout = 0.1f}, RONDO_UNSUPPORTED, "zoneout is not an option of jordan"},
    {{SIZES, .cell = RONDO_GRU, .projection_size = 1}, RONDO_UNSUPPORTED, "projection_size is not an option of gru"},
    {{SIZES, .cell = RONDO_GRU, .peepholes = true}, RONDO_UNSUPPORTED, "peepholes is not an option of gru (only of lstm"},
    {{SIZES, .cell = RONDO_GRU, .coupled_gates = true}, RONDO_UNSUPPORTED, "coupled_gates is not an option of gru"},
    {{SIZES, .cell = RONDO_GRU, .cell_clip = 1}, RONDO_UNSUPPORTED, "cell_clip is not an option of gru"},
    {{SIZES, .cell = RONDO_LSTM, .reset_before = true}, RONDO_UNSUPPORTED, "reset_before is not an option of lstm (only"},
    {{SIZES, .output_size = 1}, RONDO_UNSUPPORTED, "output_size is not an option of elman (only of jordan"},
    {{SIZES, .output_activation = RONDO_SOFTMAX}, RONDO_UNSUPPORTED, "output_activation is not an option of elman"},
    {{SIZES, .decay = 0.5f}, RONDO_UNSUPPORTED, "decay is not an option of elman"},
    {{SIZES, .feedback_size = 1}, RONDO_UNSUPPORTED, "feedback_size is not an option of elman"},
    {{SIZES, .activation = RONDO_SOFTMAX}, RONDO_UNSUPPORTED, "activation is softmax (must be tanh, relu or sigmoid)"},
    {{SIZES, .activation = (rondo_activation)77}, RONDO_UNSUPPORTED, "activation is unknown (must be tanh, relu or sig"},
    {{SIZES, .cell = RONDO_JORDAN, .output_activation = RONDO_RELU}, RONDO_UNSUPPORTED,
     "output_activation is relu (must be tanh, sigmoid, identity or softmax)"},
    /* sizes beyond any machine */
    {{.input_size = 2, .hidden_size = GIGA * 1024}, RONDO_ARGUMENT, "hidden_size is 1099511627776 (must be 1 or more, an"},
    {{.input_size = INT64_MAX, .hidden_size = 2}, RONDO_ARGUMENT, "input_size is 9223372036854775807 (must be"},
    {{.cell = RONDO_LSTM, .input_size = GIGA, .hidden_size = GIGA}, RONDO_ARGUMENT, "weight_ih_l0': too large"},
    {{.cell = RONDO_GRU, .input_size = 2, .hidden_size = 2 * GIGA - 1}, RONDO_ARGUMENT, "weight_hh_l0': too large"},
    {{.cell = RONDO_JORDAN, .input_size = 2, .hidden_size = 2, .output_size = 2 * GIGA - 1, .feedback_size = 2 * GIGA},
     RONDO_ARGUMENT, "feedback_size is 2147483648"},
};
/* clang-format on */

static void every_refusal(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        refused(&refusals[i]);
}

/* Petabytes can be counted but not had: the declaration stands, finish reports the memory. */
static void petabytes(void **unused) {
    (void)unused;
    for (int cell = RONDO_ELMAN; cell <= RONDO_GRU; cell++) {
        rondo_recurrent_config config = {.cell = (rondo_cell)cell, .input_size = 2, .hidden_size = GIGA / 32};
        rondo_params *p;
        rondo_recurrent *net;
        rondo_error err = {0};
        assert_int_equal(rondo_params_create(&p, NULL), RONDO_OK);
        assert_int_equal(rondo_recurrent_create(&net, p, "", &config, &err), RONDO_OK);
        assert_int_equal(rondo_params_finish(p, 1, &err), RONDO_MEMORY);
        assert_null(rondo_params_values(p));
        rondo_recurrent_destroy(&net);
        rondo_params_destroy(&p);
    }
}

static void arguments(void **unused) {
    (void)unused;
    const rondo_recurrent_config config = {SIZES};
    rondo_params *p;
    rondo_recurrent *net, *second;
    rondo_error err = {0};
    char prefix[300] = "";
    assert_int_equal(rondo_params_create(&p, NULL), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(NULL, p, "", &config, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_recurrent_create(&net, NULL, "", &config, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_recurrent_create(&net, p, "", NULL, NULL), RONDO_ARGUMENT);
    for (size_t length = 120; length < sizeof prefix; length += 170) {
        memset(prefix, 'p', length);
        assert_int_equal(rondo_recurrent_create(&net, p, prefix, &config, &err), RONDO_ARGUMENT);
        assert_int_equal(rondo_params_count(p), 0);
    }
    assert_int_equal(rondo_recurrent_create(&net, p, NULL, &config, &err), RONDO_OK); /* no prefix */
    int declared = rondo_params_count(p);
    assert_int_equal(rondo_recurrent_create(&second, p, NULL, &config, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "weight_ih_l0': declared twice (choose another prefix)"));
    assert_int_equal(rondo_params_count(p), declared); /* the first network's are all still there */
    assert_int_equal(rondo_params_finish(p, 1, &err), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(&second, p, "b.", &config, &err), RONDO_STATE);
    rondo_recurrent_destroy(&net);
    rondo_recurrent_destroy(&net);
    rondo_recurrent_destroy(NULL);
    rondo_params_destroy(&p);
}

/* What get_config and the sizes say of defaults. */
static void defaults(void **unused) {
    (void)unused;
    const rondo_recurrent_config config = {.cell = RONDO_LSTM,
                                           .input_size = 2,
                                           .hidden_size = 5,
                                           .hidden_sizes = {0, 4},
                                           .layers = 2,
                                           .projection_size = 3};
    rondo_params *p;
    rondo_recurrent *net;
    int64_t h, c;
    assert_int_equal(rondo_params_create(&p, NULL), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(&net, p, "", &config, NULL), RONDO_OK);
    assert_true(rondo_recurrent_get_config(net)->hidden_sizes[0] == 5);
    assert_true(rondo_recurrent_output_size(net) == 3);
    rondo_recurrent_state_size(net, 1, &h, &c);
    assert_true(h == 3 && c == 4);
    rondo_recurrent_state_size(net, 2, &h, &c);
    assert_true(h == 0 && c == 0);
    rondo_recurrent_destroy(&net);
    rondo_params_destroy(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_refusal), cmocka_unit_test(petabytes),
                                       cmocka_unit_test(arguments), cmocka_unit_test(defaults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

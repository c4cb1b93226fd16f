/* Cells that only Rondo has come in under their own names: the same bits as the network that they were taken from.
 * Needs: JANSSON YAML. */
#include "import_case.h"

#include <math.h>

#include "exchange/network.h"

enum { T = 5, MOST_WIDTH = 8 };

typedef struct own_cell {
    rondo_recurrent_config config;
    rondo_import_options options;
} own_cell;

static const own_cell cells[] = {{{.cell = RONDO_JORDAN,
                                   .input_size = 3,
                                   .hidden_size = 5,
                                   .layers = 2,
                                   .output_size = 4,
                                   .residual = true,
                                   .output_activation = RONDO_SOFTMAX,
                                   .activation = RONDO_SIGMOID,
                                   .decay = (rondo_real)0.25},
                                  {.output_activation = RONDO_SOFTMAX,
                                   .activation = RONDO_SIGMOID,
                                   .decay = 0.25,
                                   .residual = true,
                                   .cell_given = true,
                                   .cell = RONDO_JORDAN}},
                                 {{.cell = RONDO_LSTM,
                                   .input_size = 3,
                                   .hidden_size = 4,
                                   .layers = 2,
                                   .bidirectional = true,
                                   .peepholes = true,
                                   .layer_norm = true,
                                   .coupled_gates = true,
                                   .learned_initial_state = true,
                                   .cell_clip = (rondo_real)0.5},
                                  {.coupled_gates = true, .cell_clip = 0.5}},
                                 {{.cell = RONDO_GRU,
                                   .input_size = 4,
                                   .hidden_size = 4,
                                   .layers = 3,
                                   .bidirectional = true,
                                   .layer_norm = true,
                                   .reset_before = true,
                                   .residual = true,
                                   .merge = RONDO_MERGE_AVERAGE},
                                  {.reset_before = true, .residual = true, .merge = RONDO_MERGE_AVERAGE}}};

/* Draws a network, writes its weights to path, runs it on x. */
static void make_own(const import_rig *rig, const rondo_recurrent_config *config, const char *path, const rondo_real *x,
                     rondo_real *y) {
    rondo_params *params = NULL;
    rondo_recurrent *net = NULL;
    rondo__network network = {0};
    rondo__named list[IMPORT_MOST];
    rondo_error err = {0};
    if (rondo_params_create(&params, &err) || rondo_recurrent_create(&net, params, "old.name.", config, &err) ||
        rondo_params_finish(params, 5, &err))
        fail_msg("%s", err.message);
    const int count = rondo_params_count(params);
    for (int k = 0; k < count; k++)
        list[k] = (rondo__named){rondo_params_at(params, k)->name, rondo_params_at(params, k)->value};
    for (int64_t k = 0; k < rondo_params_size(params); k++) /* no zeros, which would hide a mistake */
        rondo_params_values(params)[k] += (rondo_real)(0.1 * sin((double)k));
    if (rondo__safetensors_write(path, count, list, 0, NULL, &err) ||
        rondo__network_add(&network, (rondo__network_block){.kind = RONDO__RECURRENT, .net = net}, &err) ||
        rondo__network_run(&network, rig->context, T, NULL, x, y, &err))
        fail_msg("%s", err.message);
    rondo_recurrent_destroy(&net);
    rondo_params_destroy(&params);
}

static void own_cells(void **state) {
    const import_rig *rig = *state;
    rondo_real x[T * MOST_WIDTH], expected[T * MOST_WIDTH];
    for (int k = 0; k < T * MOST_WIDTH; k++)
        x[k] = (rondo_real)cos(k);
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        char path[512], to[512];
        rondo_error err = {0};
        rondo_model *model = NULL;
        rondo_tensor y;
        snprintf(path, sizeof path, "%s", test_path("own.w.safetensors"));
        snprintf(to, sizeof to, "%s", test_path("own.safetensors"));
        make_own(rig, &cells[i].config, path, x, expected);
        const rondo_tensor input = {RONDO_F32, 2, {T, cells[i].config.input_size}, x};
        if (rondo_import(rig->context, path, to, &cells[i].options, NULL, &err) ||
            rondo_model_open(&model, rig->context, to, &err) || rondo_model_apply(model, &input, &y, &err))
            fail_msg("%s", err.message);
        assert_memory_equal(y.data, expected, (size_t)rondo_tensor_count(&y) * sizeof(rondo_real));
        rondo_model_apply_free(&y);
        rondo_model_close(&model);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(own_cells)};
    return cmocka_run_group_tests(tests, import_open, import_close);
}

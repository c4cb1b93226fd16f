/* Models of PyTorch: what they compute, the report, what is refused, failing memory.
 * Needs: JANSSON YAML. */
#include "import_case.h"

#include <math.h>

#include "exchange/network.h"

static void cases(void **state) {
    static const char *const names[] = {"rnn",      "lstm",    "lstm_both", "lstm_projected", "gru",   "gru_no_bias",
                                        "language", "numbers", "nested",    "cells",          "chain", "f64",
                                        "f16",      "bf16"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        import_check(*state, import_write(*state, names[i], NULL, NULL), names[i], NULL);
    const rondo_import_options relu = {.cell_given = true, .cell = RONDO_ELMAN, .activation = RONDO_RELU};
    import_check(*state, import_write(*state, "rnn_relu", NULL, NULL), "rnn_relu", &relu);
}

/* ---- what only Rondo's cells have, under their own names ---- */

typedef struct own_cell {
    rondo_recurrent_config config;
    rondo_import_options options;
} own_cell;

static void own_cells(void **state) {
    const import_rig *rig = *state;
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
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        const rondo_recurrent_config *c = &cells[i].config;
        rondo_params *params = NULL;
        rondo_recurrent *net = NULL;
        rondo__network network = {0};
        rondo__named list[IMPORT_MOST];
        rondo_error err = {0};
        rondo_model *model = NULL;
        rondo_tensor y;
        rondo_real x[5 * 4], expected[5 * 8];
        char path[512], to[512];
        assert_int_equal(rondo_params_create(&params, &err), RONDO_OK);
        assert_int_equal(rondo_recurrent_create(&net, params, "old.name.", c, &err), RONDO_OK);
        assert_int_equal(rondo_params_finish(params, 5, &err), RONDO_OK);
        const int count = rondo_params_count(params);
        for (int k = 0; k < count; k++)
            list[k] = (rondo__named){rondo_params_at(params, k)->name, rondo_params_at(params, k)->value};
        for (int64_t k = 0; k < rondo_params_size(params); k++) /* no zeros that hide a mistake */
            rondo_params_values(params)[k] += (rondo_real)0.1 * (rondo_real)sin((double)k);
        for (int k = 0; k < 20; k++)
            x[k] = (rondo_real)cos(k);
        snprintf(path, sizeof path, "%s", test_path("own.w.safetensors"));
        snprintf(to, sizeof to, "%s", test_path("own.safetensors"));
        assert_int_equal(rondo__safetensors_write(path, count, list, 0, NULL, &err), RONDO_OK);
        if (rondo_import(rig->context, path, to, &cells[i].options, NULL, &err) ||
            rondo_model_open(&model, rig->context, to, &err) ||
            rondo__network_add(&network, (rondo__network_block){.kind = RONDO__RECURRENT, .net = net}, &err) ||
            rondo__network_run(&network, rig->context, 5, NULL, x, expected, &err))
            fail_msg("%s", err.message);
        const rondo_tensor input = {RONDO_F32, 2, {5, c->input_size}, x};
        if (rondo_model_apply(model, &input, &y, &err))
            fail_msg("%s", err.message);
        assert_memory_equal(y.data, expected, (size_t)rondo_tensor_count(&y) * sizeof(rondo_real));
        rondo_model_apply_free(&y);
        rondo_model_close(&model);
        rondo_recurrent_destroy(&net);
        rondo_params_destroy(&params);
    }
}

static const char mapping[] = "# another maker's names\n"
                              "tok: embedding.weight\n"
                              "lstm/W: {to: rnn.weight_ih_l0, gate_order: iofc, transpose: true}\n"
                              "lstm/U: {to: rnn.weight_hh_l0, gate_order: \"i, o, f, c\", transpose: true}\n"
                              "lstm/b: {to: rnn.bias_ih_l0, gate_order: iofc}\n"
                              "lstm/c: {to: rnn.bias_hh_l0, gate_order: iofg}\n"
                              "head.kernel: {to: output.weight, transpose: true}\n"
                              "\"head.*\": \"output.*\"\n"
                              "\"optimizer.*\": null\n";

static void mapped(void **state) {
    char map[512];
    snprintf(map, sizeof map, "%s", test_write("map.yaml", mapping, sizeof mapping - 1));
    const rondo_import_options options = {.mapping = map};
    import_check(*state, import_write(*state, "mapped", NULL, NULL), "mapped", &options);
}

/* ---- the report ---- */

static const rondo_import_line *line_of(const rondo_import_report *report, const char *theirs, const char *ours) {
    for (int i = 0; i < rondo_import_report_count(report); i++) {
        const rondo_import_line *line = rondo_import_report_at(report, i);
        if ((!theirs || (line->theirs && strcmp(line->theirs, theirs) == 0)) &&
            (!ours || (line->ours && strcmp(line->ours, ours) == 0)))
            return line;
    }
    fail_msg("no line of '%s' -> '%s'", theirs ? theirs : "", ours ? ours : "");
    return NULL;
}

static void report(void **state) {
    const import_rig *rig = *state;
    rondo_import_report *r = NULL;
    char map[512];
    snprintf(map, sizeof map, "%s", test_write("map.yaml", mapping, sizeof mapping - 1));
    const rondo_import_options options = {.mapping = map};
    assert_int_equal(rondo_import(rig->context, import_write(rig, "mapped", NULL, NULL), NULL, &options, &r, NULL),
                     RONDO_OK);
    const rondo_import_line *line = line_of(r, "lstm/W", "rnn.weight_ih_l0");
    assert_int_equal(line->fate, RONDO_IMPORT_TAKEN);
    assert_int_equal(line->dims[0], 4);
    assert_int_equal(line->our_dims[0], 12);
    assert_true(line->transposed);
    assert_string_equal(line->their_gates, "iofg");
    assert_string_equal(line->our_gates, "ifgo");
    line = line_of(r, "optimizer.step", NULL);
    assert_int_equal(line->fate, RONDO_IMPORT_LEFT_OUT);
    assert_null(line->ours);
    assert_int_equal(rondo_import_report_count(r), 8);
    assert_string_equal(rondo_import_report_source(r), "pytorch");
    assert_non_null(strstr(rondo_import_report_model(r), "lstm, 1 layer, 4 -> 3 units, embedding of 7 symbols"));
    assert_null(rondo_import_report_at(r, 8));
    assert_null(rondo_import_report_at(r, -1));
    rondo_import_report_free(&r);
    assert_null(r);
    rondo_import_report_free(NULL);
    assert_int_equal(rondo_import_report_count(NULL), 0);
}

/* What fails still says where each tensor went, and which is to blame. */
static void report_of_failure(void **state) {
    const import_rig *rig = *state;
    rondo_import_report *r = NULL;
    rondo_error err = {0};
    const int64_t dims[2] = {3, 2};
    float numbers[6] = {0};
    const rondo__named more[] = {{"attention.weight", rondo_tensor_view(RONDO_F32, numbers, 2, dims)}, {NULL, {0}}};
    assert_int_equal(
        rondo_import(rig->context, import_write(rig, "lstm", more, "rnn.bias_hh_l0"), NULL, NULL, &r, &err),
        RONDO_FORMAT);
    assert_non_null(strstr(err.message, "holds nothing for 'rnn.bias_hh_l0' (12)"));
    assert_int_equal(line_of(r, "attention.weight", NULL)->fate, RONDO_IMPORT_LEFT_OVER);
    assert_int_equal(line_of(r, NULL, "rnn.bias_hh_l0")->fate, RONDO_IMPORT_MISSING);
    assert_int_equal(line_of(r, "rnn.weight_ih_l0", NULL)->fate, RONDO_IMPORT_TAKEN);
    rondo_import_report_free(&r);
}

/* A table that serves as output layer, too: PyTorch's files hold it once or twice. */
static void tied(void **state) {
    const import_rig *rig = *state;
    const rondo_tensor *table = golden_stored(rig->cases, "language|encoder", "weight");
    float hidden[12 * 4] = {0}, bias[7] = {1};
    const rondo__named once[] = {
        {"rnn.weight_ih_l0", rondo_tensor_view(RONDO_F32, hidden, 2, (const int64_t[]){12, 4})},
        {"rnn.weight_hh_l0", rondo_tensor_view(RONDO_F32, hidden, 2, (const int64_t[]){12, 4})},
        {"encoder.weight", *table},
        {"decoder.bias", rondo_tensor_view(RONDO_F32, bias, 1, (const int64_t[]){7})},
        {"decoder.weight", *table}};
    static const char recipe[] =
        "task: language_model\n"
        "data: {train: not-there.txt, tokenizer: char}\n"
        "model: {cell: gru, embedding_size: 4, hidden_size: 4, tie_weights: true, bias: false}\n";
    char path[512], map[512], task[512];
    rondo_import_report *r = NULL;
    rondo_error err = {0};
    snprintf(path, sizeof path, "%s", test_path("tied.w.safetensors"));
    snprintf(task, sizeof task, "%s", test_write("tied.yaml", recipe, sizeof recipe - 1));
    snprintf(map, sizeof map, "%s", test_write("seven.txt", "a\nb\nc\nd\ne\nf\n<unk>\n", 18));
    const rondo_import_options lm = {.recipe = task, .vocabulary = map};
    for (int count = 4; count <= 5; count++) {
        assert_int_equal(rondo__safetensors_write(path, count, once, 0, NULL, &err), RONDO_OK);
        if (rondo_import(rig->context, path, NULL, NULL, &r, &err))
            fail_msg("%s", err.message);
        assert_non_null(strstr(rondo_import_report_model(r), "gru, 1 layer, 4 -> 4 units, reset after the product, "
                                                             "embedding of 7 symbols, output layer of 7"));
        assert_string_equal(line_of(r, NULL, "output.weight")->note, count == 4 ? "tied to the embedding" : "");
        rondo_import_report_free(&r);
        if (rondo_import(rig->context, path, NULL, &lm, &r, &err))
            fail_msg("%s", err.message);
        assert_int_equal(rondo_import_report_count(r), count);
        if (count == 5)
            assert_int_equal(line_of(r, "decoder.weight", NULL)->fate, RONDO_IMPORT_LEFT_OUT);
        rondo_import_report_free(&r);
    }
}

/* ---- what is refused ---- */

static void left_over_and_missing(void **state) {
    const int64_t dims[2] = {3, 2};
    float numbers[6] = {0};
    int64_t steps[1] = {1};
    const rondo__named extra[] = {{"attention.weight", rondo_tensor_view(RONDO_F32, numbers, 2, dims)}, {NULL, {0}}},
                       whole[] = {{"rnn.bias_hh_l0", rondo_tensor_view(RONDO_I64, steps, 1, (int64_t[]){1})},
                                  {NULL, {0}}},
                       twice[] = {{"fc.weight", rondo_tensor_view(RONDO_F32, numbers, 2, dims)}, {NULL, {0}}};
    import_refused(*state, import_write(*state, "lstm", extra, NULL), NULL, RONDO_FORMAT,
                   "tensor 'attention.weight' (3, 2) is left over");
    import_refused(*state, import_write(*state, "lstm", NULL, "rnn.bias_ih_l0"), NULL, RONDO_FORMAT, "rnn.bias_hh_l0");
    import_refused(*state, import_write(*state, "lstm", NULL, "rnn.weight_hh_l0"), NULL, RONDO_FORMAT,
                   "layer 0 has no matrix weight_hh");
    import_refused(*state, import_write(*state, "lstm", whole, "rnn.bias_hh_l0"), NULL, RONDO_FORMAT,
                   "is I64 (weights are");
    import_refused(*state, import_write(*state, "nested", twice, NULL), NULL, RONDO_FORMAT, "left over");
    import_refused(*state, import_write(*state, "lstm_both", NULL, "rnn.weight_ih_l1_reverse"), NULL, RONDO_FORMAT,
                   "rnn.weight_ih_l1_reverse");
}

static void options_that_do_not_fit(void **state) {
    const char *lstm = import_write(*state, "lstm", NULL, NULL);
    import_refused(*state, lstm, &(rondo_import_options){.cell_given = true, .cell = RONDO_GRU}, RONDO_FORMAT,
                   "by its shapes this is lstm, not gru");
    import_refused(*state, lstm, &(rondo_import_options){.prefix = "decoder."}, RONDO_ARGUMENT,
                   "no tensor's name begins with 'decoder.'");
    import_refused(*state, lstm, &(rondo_import_options){.activation = RONDO_RELU}, RONDO_FORMAT, "model.activation");
    import_refused(*state, lstm, &(rondo_import_options){.mapping = "nowhere.yaml"}, RONDO_NOT_FOUND, "nowhere.yaml");
    import_refused(*state, "weights.pt", NULL, RONDO_UNSUPPORTED, "pickle");
    import_refused(*state, "weights.h5", NULL, RONDO_UNSUPPORTED, "HDF5");
    import_refused(*state, "weights.txt", NULL, RONDO_ARGUMENT, "of no kind");
    import_refused(*state, NULL, NULL, RONDO_ARGUMENT, "path is NULL");
}

/* A module of several is chosen by its prefix. */
static void prefix(void **state) {
    import_rig *rig = *state;
    const rondo_import_options nested = {.prefix = "module.model."}, rnn = {.prefix = "rnn."};
    import_check(rig, import_write(rig, "nested", NULL, NULL), "nested", &nested);
    import_check(rig, import_write(rig, "gru", NULL, NULL), "gru", &rnn);
    const int64_t dims[2] = {12, 3}, rows[1] = {12};
    float numbers[36] = {0};
    const rondo__named other[] = {{"decoder.weight_ih_l0", rondo_tensor_view(RONDO_F32, numbers, 2, dims)},
                                  {"decoder.weight_hh_l0", rondo_tensor_view(RONDO_F32, numbers, 2, dims)},
                                  {"decoder.bias_ih_l0", rondo_tensor_view(RONDO_F32, numbers, 1, rows)},
                                  {"decoder.bias_hh_l0", rondo_tensor_view(RONDO_F32, numbers, 1, rows)},
                                  {NULL, {0}}};
    const char *two = import_write(rig, "lstm", other, NULL);
    import_refused(rig, two, NULL, RONDO_FORMAT, "holds 2 recurrent modules, 'rnn.', 'decoder.'");
    import_check(rig, two, "lstm", &rnn);
}

/* A number that is none is found where it stands; so is one that float cannot hold. */
static void bad_numbers(void **state) {
    const import_rig *rig = *state;
    const rondo_tensor *w = golden_stored(rig->cases, "f64|rnn", "weight_hh_l0");
    double numbers[36];
    assert_int_equal(rondo_tensor_count(w), 36);
    const double bad[] = {(double)NAN, (double)INFINITY, 1e300};
    const char *const said[] = {"what is not a number at (5, 2)", "an infinite number at (5, 2)",
                                "too large for float"};
    for (int i = 0; i < 3; i++) {
        memcpy(numbers, w->data, sizeof numbers);
        numbers[17] = bad[i];
        const rondo__named more[] = {{"rnn.weight_hh_l0", rondo_tensor_view(RONDO_F64, numbers, 2, w->dims)},
                                     {NULL, {0}}};
        const char *path = import_write(rig, "f64", more, "rnn.weight_hh_l0");
        import_refused(rig, path, NULL, RONDO_FORMAT, said[i]);
        assert_int_equal(rondo_import(rig->context, path, NULL, &(rondo_import_options){.allow_nan = true}, NULL, NULL),
                         RONDO_OK);
    }
}

static void mappings_refused(void **state) {
    static const struct {
        const char *text, *said;
    } wrong[] = {
        {"lstm/V: rnn.weight_ih_l0\n", "map.yaml:1: no tensor of"},
        {"tok: embedding.weight\nhead.kernel: embedding.weight\n", "would both become 'embedding.weight'"},
        {"\"*\": \"a.*\"\n", "no weights of a recurrent layer"},
        {"\"lstm/*\": rnn.weight_ih_l0\n", "would both become"},
        {"lstm/W: {to: rnn.weight_ih_l0, gate_order: iofc}\n", "has no matrix weight_hh"},
        {"lstm/b: {to: rnn.bias_ih_l0, transpose: true}\n", "transpose is for matrices"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char map[512];
        snprintf(map, sizeof map, "%s", test_write("map.yaml", wrong[i].text, strlen(wrong[i].text)));
        const rondo_import_options options = {.mapping = map};
        import_refused(*state, import_write(*state, "mapped", NULL, NULL), &options, RONDO_FORMAT, wrong[i].said);
    }
}

/* Gates in an order of another cell. */
static void gates_of_another_cell(void **state) {
    char map[512];
    static const char text[] = "rnn.weight_ih_l0: {to: rnn.weight_ih_l0, gate_order: zrh}\n";
    snprintf(map, sizeof map, "%s", test_write("map.yaml", text, sizeof text - 1));
    import_refused(*state, import_write(*state, "lstm", NULL, NULL), &(rondo_import_options){.mapping = map},
                   RONDO_FORMAT, "whose gates are ifgo, not zrn");
}

/* A model file of Rondo needs no import; what was imported goes out and comes in again as it was. */
static void there_and_back(void **state) {
    const import_rig *rig = *state;
    char model[512], out[512];
    rondo_error err = {0};
    rondo_pytorch_result result;
    snprintf(model, sizeof model, "%s", test_path("model.safetensors"));
    snprintf(out, sizeof out, "%s", test_path("out.safetensors"));
    import_check(rig, import_write(rig, "numbers", NULL, NULL), "numbers", NULL);
    import_refused(rig, model, NULL, RONDO_FORMAT, "is a model file of Rondo already");
    rondo_model *opened = NULL;
    assert_int_equal(rondo_model_open(&opened, rig->context, model, &err), RONDO_OK);
    assert_int_equal(rondo_model_export_pytorch(opened, out, NULL, &result, &err), RONDO_OK);
    assert_int_equal(result.tensors, 11);
    assert_string_equal(result.module, "nn.GRU(4, 4, bidirectional=True)");
    import_check(rig, out, "numbers", NULL);
    assert_int_equal(rondo_model_export_pytorch(opened, out, &(rondo_pytorch_options){.prefix = "rnn."}, &result, &err),
                     RONDO_OK);
    assert_int_equal(result.tensors, 8);
    assert_int_equal(rondo_model_export_pytorch(opened, out, &(rondo_pytorch_options){.prefix = "r.n"}, &result, &err),
                     RONDO_ARGUMENT);
    assert_int_equal(rondo_model_export_pytorch(NULL, out, NULL, NULL, &err), RONDO_ARGUMENT);
    rondo_model_close(&opened);
}

/* What PyTorch's modules do not compute does not go out. */
static void not_for_pytorch(void **state) {
    const import_rig *rig = *state;
    static const struct {
        rondo_import_options options;
        const char *name, *said;
    } models[] = {{{.reset_before = true}, "gru", "reset_before"},
                  {{.residual = true}, "gru", "residual"},
                  {{.coupled_gates = true}, "lstm", "coupled_gates"},
                  {{.cell_clip = 3}, "lstm", "cell_clip"},
                  {{.activation = RONDO_SIGMOID}, "rnn", "activation: sigmoid"},
                  {{0}, "chain", "layers of different hidden_size"}};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        rondo_model *model = NULL;
        rondo_error err = {0};
        char to[512];
        snprintf(to, sizeof to, "%s", test_path("odd.safetensors"));
        assert_int_equal(rondo_import(rig->context, import_write(rig, models[i].name, NULL, NULL), to,
                                      &models[i].options, NULL, &err),
                         RONDO_OK);
        assert_int_equal(rondo_model_open(&model, rig->context, to, &err), RONDO_OK);
        assert_int_equal(rondo_model_export_pytorch(model, test_path("never.safetensors"), NULL, NULL, &err),
                         RONDO_UNSUPPORTED);
        if (!strstr(err.message, models[i].said))
            fail_msg("'%s', not '%s'", err.message, models[i].said);
        rondo_model_close(&model);
    }
    assert_int_equal(test_count_files("never"), 0);
}

/* ---- models of a task ---- */

static const char language[] = "task: language_model\n"
                               "data: {train: not-there.txt, tokenizer: char}\n"
                               "model: {cell: lstm, embedding_size: 4, hidden_size: 3}\n";

typedef struct task_files {
    char recipe[512], vocabulary[512];
    rondo_import_options options;
} task_files;

static void write_task(task_files *f, const char *recipe, const char *vocabulary) {
    snprintf(f->recipe, sizeof f->recipe, "%s", test_write("task.yaml", recipe, strlen(recipe)));
    snprintf(f->vocabulary, sizeof f->vocabulary, "%s", test_write("symbols.txt", vocabulary, strlen(vocabulary)));
    f->options = (rondo_import_options){.recipe = f->recipe, .vocabulary = f->vocabulary};
}

/* The rows keep their order; one for <unk> is put behind them, which is never drawn. */
static void language_model(void **state) {
    const import_rig *rig = *state;
    task_files f;
    char to[512];
    rondo_model *model = NULL;
    rondo_tensor y;
    rondo_error err = {0};
    snprintf(to, sizeof to, "%s", test_path("lm.safetensors"));
    write_task(&f, language, "a\nb\n\\n\n\\\\\n \nz\n\xc3\xa9\n"); /* 7 symbols: a b LF \ blank z e' */
    if (rondo_import(rig->context, import_write(rig, "language", NULL, NULL), to, &f.options, NULL, &err) ||
        rondo_model_open(&model, rig->context, to, &err) ||
        rondo_model_apply(model, golden_stored(rig->cases, "language", "x"), &y, &err))
        fail_msg("%s", err.message);
    const float *expected = golden_stored(rig->cases, "language", "y")->data;
    assert_int_equal(y.dims[2], 8);
    for (int64_t row = 0; row < y.dims[0] * y.dims[1]; row++) {
        for (int k = 0; k < 7; k++)
            assert_true(fabsf(((float *)y.data)[row * 8 + k] - expected[row * 7 + k]) < 1e-5f);
        assert_true(((float *)y.data)[row * 8 + 7] < -25);
    }
    assert_string_equal(rondo_model_task(model), "language_model");
    assert_non_null(strstr(rondo_model_info(model), "\"vocabulary_size\": 8"));
    rondo_model_apply_free(&y);
    rondo_model_close(&model);
}

static void tasks_refused(void **state) {
    const char *weights = import_write(*state, "language", NULL, NULL);
    task_files f;
    write_task(&f, language, "a\nb\nc\n");
    import_refused(*state, weights, &f.options, RONDO_FORMAT, "holds nothing for 'embedding.weight' (4, 4)");
    write_task(&f, language, "a\nb\na\n");
    import_refused(*state, weights, &f.options, RONDO_FORMAT, "is there twice");
    write_task(&f, language, "a\nbc\n");
    import_refused(*state, weights, &f.options, RONDO_FORMAT, "cannot be one of a char tokenizer");
    write_task(&f, language, "a\n\xff\n");
    import_refused(*state, weights, &f.options, RONDO_FORMAT, "not UTF-8");
    write_task(&f, language, "a\nb\nc\nd\ne\nf\ng\n");
    f.options.residual = true;
    import_refused(*state, weights, &f.options, RONDO_ARGUMENT, "the recipe says what the cells are");
    f.options.residual = false;
    f.options.cell_given = true;
    f.options.cell = RONDO_GRU;
    import_refused(*state, weights, &f.options, RONDO_FORMAT, "model.cell is lstm");
    f.options.cell_given = false;
    f.options.vocabulary = NULL;
    import_refused(*state, weights, &f.options, RONDO_NOT_FOUND, "not-there.txt");
    write_task(&f, "task: network\nmodel: {cell: lstm}\n", "a\n");
    import_refused(*state, weights, &f.options, RONDO_UNSUPPORTED, "for language models");
    f.options.vocabulary = NULL;
    import_refused(*state, weights, &f.options, RONDO_UNSUPPORTED, "network alone");
}

/* ---- failing memory ---- */

static void no_memory(void **state) {
    char map[512], path[512];
    snprintf(map, sizeof map, "%s", test_write("map.yaml", mapping, sizeof mapping - 1));
    snprintf(path, sizeof path, "%s", import_write(*state, "mapped", NULL, NULL));
    const rondo_import_options options = {.mapping = map};
    import_call call = {*state, path, &options};
    test_every_failure(import_again, &call);
    snprintf(path, sizeof path, "%s", import_write(*state, "chain", NULL, NULL));
    call.options = NULL;
    test_every_failure(import_again, &call);
    task_files f;
    write_task(&f, language, "a\nb\nc\nd\ne\nf\ng\n");
    snprintf(path, sizeof path, "%s", import_write(*state, "language", NULL, NULL));
    call.options = &f.options;
    test_every_failure(import_again, &call);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases),
        cmocka_unit_test(own_cells),
        cmocka_unit_test(tied),
        cmocka_unit_test(mapped),
        cmocka_unit_test(report),
        cmocka_unit_test(report_of_failure),
        cmocka_unit_test(left_over_and_missing),
        cmocka_unit_test(options_that_do_not_fit),
        cmocka_unit_test(prefix),
        cmocka_unit_test(bad_numbers),
        cmocka_unit_test(mappings_refused),
        cmocka_unit_test(gates_of_another_cell),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(not_for_pytorch),
        cmocka_unit_test(language_model),
        cmocka_unit_test(tasks_refused),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, import_open, import_close);
}

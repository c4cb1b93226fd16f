/* Models of PyTorch: what they compute, the report, there and back, failing memory.
 * Needs: JANSSON YAML. */
#include "import_case.h"

static void cases(void **state) {
    static const char *const names[] = {"rnn",      "lstm",    "lstm_both", "lstm_projected", "gru",   "gru_no_bias",
                                        "language", "numbers", "nested",    "cells",          "chain", "f64",
                                        "f16",      "bf16"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        import_check(*state, import_write(*state, names[i], NULL, NULL), names[i], NULL);
    const rondo_import_options relu = {.cell_given = true, .cell = RONDO_ELMAN, .activation = RONDO_RELU};
    import_check(*state, import_write(*state, "rnn_relu", NULL, NULL), "rnn_relu", &relu);
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
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases),
        cmocka_unit_test(tied),
        cmocka_unit_test(mapped),
        cmocka_unit_test(report),
        cmocka_unit_test(report_of_failure),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(not_for_pytorch),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, import_open, import_close);
}

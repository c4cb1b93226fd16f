/* What rondo import refuses of PyTorch's files, and how it is told.
 * Needs: JANSSON YAML. */
#include "import_case.h"

#include <math.h>

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
        {"lstm/W: {to: rnn.weight_ih_l0, gate_order: ifgx}\n", "map.yaml:1: gate_order is not an order of"},
        {"lstm/W: {to: rnn.weight_ih_l0, gate_order: iiii}\n", "map.yaml:1: gate_order is not an order of"},
        {"a: b\nlstm/b: {to: c, transpose: maybe}\n", "map.yaml:2: transpose is not true or false"},
        {"lstm/b: {to: null}\n", "map.yaml:1: 'to' is empty"},
        {"lstm/b: {too: x}\n", "map.yaml:1: only to, gate_order and transpose"},
        {"lstm/b: {to: x, to: y}\n", "map.yaml:1: only to, gate_order and transpose, each once"},
        {"lstm/b: a\nlstm/b: b\n", "map.yaml:2: this name stands above, too"},
        {"lstm/b: {transpose: true}\n", "map.yaml:1: 'to' is missing"},
        {"lstm/b: \"a.*\"\n", "map.yaml:1: '*' stands on the right alone"},
        {"lstm/b: [a]\n", "map.yaml:1:"},
        {"- a\n- b\n", "map.yaml:1: a mapping is lines of"},
        {"\"a.*.*\": b\n", "is not a name with at most one '*'"},
        {"a: b: c\n", "map.yaml:1: not valid YAML"},
        {"a: \"\xff\"\n", "byte 4 is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char map[512];
        snprintf(map, sizeof map, "%s", test_write("map.yaml", wrong[i].text, strlen(wrong[i].text)));
        const rondo_import_options options = {.mapping = map};
        import_refused(*state, import_write(*state, "mapped", NULL, NULL), &options, RONDO_FORMAT, wrong[i].said);
    }
}

/* Too many lines, too many bytes. */
static void mappings_too_large(void **state) {
    rondo__text text = {0};
    char map[512];
    const rondo_import_options options = {.mapping = map};
    for (int i = 0; i <= 4096; i++)
        rondo__text_format(&text, "a%d: b%d\n", i, i);
    snprintf(map, sizeof map, "%s", test_write("lines.yaml", text.data, text.size));
    import_refused(*state, import_write(*state, "mapped", NULL, NULL), &options, RONDO_FORMAT, "more than 4096 lines");
    while (text.size <= 1 << 20)
        rondo__text_format(&text, "# %01000d\n", 0);
    snprintf(map, sizeof map, "%s", test_write("bytes.yaml", text.data, text.size));
    import_refused(*state, import_write(*state, "mapped", NULL, NULL), &options, RONDO_FORMAT, "");
    rondo__text_free(&text);
}

/* Gates in an order of another cell. */
static void gates_of_another_cell(void **state) {
    char map[512];
    static const char text[] = "rnn.weight_ih_l0: {to: rnn.weight_ih_l0, gate_order: zrh}\n";
    snprintf(map, sizeof map, "%s", test_write("map.yaml", text, sizeof text - 1));
    import_refused(*state, import_write(*state, "lstm", NULL, NULL), &(rondo_import_options){.mapping = map},
                   RONDO_FORMAT, "whose gates are ifgo, not zrn");
}

/* A file cut anywhere, and with a bit of any byte of its header turned: read or refused, never a trace. */
static void damaged(void **state) {
    const import_rig *rig = *state;
    char *data;
    size_t size;
    assert_int_equal(rondo__file_read(import_write(rig, "numbers", NULL, NULL), 0, &data, &size, NULL), RONDO_OK);
    uint64_t header;
    memcpy(&header, data, sizeof header);
    const int64_t live = rondo__alloc_live();
    for (size_t i = 0; i < header + 8; i += 2) {
        rondo_error err = {0};
        rondo_import_report *report = NULL;
        data[i] = (char)(data[i] ^ 1 << i % 8);
        rondo_import(rig->context, test_write("turned.safetensors", data, size), NULL, NULL, &report, &err);
        rondo_import_report_free(&report);
        data[i] = (char)(data[i] ^ 1 << i % 8);
        assert_null(strchr(err.message, '\n'));
        if (i % 8 == 0)
            assert_int_not_equal(
                rondo_import(rig->context, test_write("cut.safetensors", data, i), NULL, NULL, NULL, NULL), RONDO_OK);
        assert_int_equal(rondo__alloc_live(), live);
    }
    rondo__free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(left_over_and_missing),
                                       cmocka_unit_test(options_that_do_not_fit),
                                       cmocka_unit_test(prefix),
                                       cmocka_unit_test(bad_numbers),
                                       cmocka_unit_test(mappings_refused),
                                       cmocka_unit_test(mappings_too_large),
                                       cmocka_unit_test(gates_of_another_cell),
                                       cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, import_open, import_close);
}

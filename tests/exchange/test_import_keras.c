/* Weights of Keras in .npz files: what they compute, what is refused, failing memory.
 * Needs: JANSSON YAML ARCHIVE. */
#include "import_case.h"

static const char *const names[] = {"keras_rnn",        "keras_lstm",        "keras_gru_after",
                                    "keras_gru_before", "keras_gru_no_bias", "keras_tagger"};
enum { NAMES = sizeof names / sizeof *names };

static const char *file_of(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, IMPORT_FOLDER "%s.npz", name);
    return path;
}

static void cases(void **state) {
    for (int i = 0; i < NAMES; i++)
        import_check(*state, file_of(names[i]), names[i], NULL);
}

static void report(void **state) {
    const import_rig *rig = *state;
    rondo_import_report *r = NULL;
    int made = 0;
    assert_int_equal(rondo_import(rig->context, file_of("keras_gru_before"), NULL, NULL, &r, NULL), RONDO_OK);
    assert_string_equal(rondo_import_report_source(r), "keras");
    assert_non_null(strstr(rondo_import_report_model(r), "reset before the product"));
    for (int i = 0; i < rondo_import_report_count(r); i++) {
        const rondo_import_line *line = rondo_import_report_at(r, i);
        made += line->fate == RONDO_IMPORT_MADE;
        if (line->fate == RONDO_IMPORT_TAKEN)
            assert_string_equal(line->their_gates, "zrh");
    }
    assert_int_equal(made, 1); /* bias_hh */
    rondo_import_report_free(&r);
}

static void options(void **state) {
    import_refused(*state, file_of("keras_gru_after"), &(rondo_import_options){.reset_before = true}, RONDO_FORMAT,
                   "leave --reset-before out");
    import_refused(*state, file_of("keras_lstm"), &(rondo_import_options){.cell_given = true, .cell = RONDO_ELMAN},
                   RONDO_FORMAT, "by its shapes this is lstm");
    import_refused(*state, file_of("keras_tagger"), &(rondo_import_options){.merge = RONDO_MERGE_SUM}, RONDO_SHAPE,
                   "'dense/kernel' would become 'output.weight' with shape (2, 6), the model has (2, 3)");
}

/* A map leaves what Keras has and we have not; the second layer of two is refused, as its width does not fit. */
static void mapping(void **state) {
    static const char text[] = "\"lstm/*\": null\n", dense[] = "\"dense/*\": null\n";
    char map[512];
    snprintf(map, sizeof map, "%s", test_write("map.yaml", text, sizeof text - 1));
    const import_rig *rig = *state;
    rondo_import_report *r = NULL;
    rondo_import_options o = {.mapping = map};
    assert_int_equal(rondo_import(rig->context, file_of("keras_lstm"), NULL, &o, &r, NULL), RONDO_OK);
    assert_non_null(strstr(rondo_import_report_model(r), "lstm, 1 layer, 3 -> 4 units"));
    rondo_import_report_free(&r);
    snprintf(map, sizeof map, "%s", test_write("map.yaml", dense, sizeof dense - 1));
    assert_int_equal(rondo_import(rig->context, file_of("keras_tagger"), NULL, &o, &r, NULL), RONDO_OK);
    assert_null(strstr(rondo_import_report_model(r), "output"));
    rondo_import_report_free(&r);
}

/* One direction of two, as a network of its own. */
static void prefix(void **state) {
    const import_rig *rig = *state;
    const rondo_import_options o = {.prefix = "bidirectional/backward_lstm/"};
    rondo_import_report *r = NULL;
    assert_int_equal(rondo_import(rig->context, file_of("keras_tagger"), NULL, &o, &r, NULL), RONDO_OK);
    assert_string_equal(rondo_import_report_model(r), "lstm, 1 layer, 4 -> 3 units");
    rondo_import_report_free(&r);
}

/* Weights under Keras's names whose shapes, kinds or places do not fit together. */
static void misfits(void **state) {
    static float zeros[256];
    typedef struct part {
        const char *name;
        int64_t dims[2]; /* the second 0: a vector */
    } part;
    static const struct {
        part parts[6];
        rondo_status status;
        const char *said;
    } wrong[] = {
        {{{"lstm/kernel", {3, 16}}, {"lstm/recurrent_kernel", {4, 15}}},
         RONDO_FORMAT,
         "recurrent_kernel' has shape (4, 15)"},
        {{{"lstm/kernel", {3, 8}}, {"lstm/recurrent_kernel", {4, 8}}},
         RONDO_FORMAT,
         "has shape (4, 8), which does not fit"},
        {{{"lstm/kernel", {3, 12}}, {"lstm/recurrent_kernel", {4, 16}}}, RONDO_FORMAT, "kernel' has shape (3, 12)"},
        {{{"lstm/kernel", {3, 16}}, {"lstm/recurrent_kernel", {4, 16}}, {"lstm/bias", {15, 0}}},
         RONDO_FORMAT,
         "bias' has shape (15)"},
        {{{"gru/kernel", {3, 12}},
          {"gru/recurrent_kernel", {4, 12}},
          {"gru/bias", {2, 12}},
          {"gru_1/kernel", {4, 12}},
          {"gru_1/recurrent_kernel", {4, 12}},
          {"gru_1/bias", {12, 0}}},
         RONDO_UNSUPPORTED,
         "reset_after=False, those before it have the other"},
        {{{"lstm/recurrent_kernel", {4, 16}}}, RONDO_FORMAT, "has no kernel beside it"},
        {{{"bidirectional/backward_lstm/kernel", {3, 16}}, {"bidirectional/backward_lstm/recurrent_kernel", {4, 16}}},
         RONDO_FORMAT,
         "is the second direction of no layer"},
        {{{"encoder/lstm/kernel", {3, 16}},
          {"encoder/lstm/recurrent_kernel", {4, 16}},
          {"decoder/lstm/kernel", {4, 16}},
          {"decoder/lstm/recurrent_kernel", {4, 16}}},
         RONDO_FORMAT,
         "belongs to another layer than"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rondo__named list[7] = {{0}};
        for (int p = 0; p < 6 && wrong[i].parts[p].name; p++)
            list[p] = (rondo__named){
                wrong[i].parts[p].name,
                rondo_tensor_view(RONDO_F32, zeros, wrong[i].parts[p].dims[1] ? 2 : 1, wrong[i].parts[p].dims)};
        import_refused(*state, import_write(*state, "nothing of the cases", list, NULL), NULL, wrong[i].status,
                       wrong[i].said);
    }
}

static void no_memory(void **state) {
    char path[512];
    snprintf(path, sizeof path, "%s", file_of("keras_tagger"));
    import_call call = {*state, path, NULL};
    test_every_failure(import_again, &call);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(cases),    cmocka_unit_test(report), cmocka_unit_test(options),
                                       cmocka_unit_test(mapping),  cmocka_unit_test(prefix), cmocka_unit_test(misfits),
                                       cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, import_open, import_close);
}

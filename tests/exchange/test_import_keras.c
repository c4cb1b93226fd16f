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

static void no_memory(void **state) {
    char path[512];
    snprintf(path, sizeof path, "%s", file_of("keras_tagger"));
    import_call call = {*state, path, NULL};
    test_every_failure(import_again, &call);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(cases),   cmocka_unit_test(report),
                                       cmocka_unit_test(options), cmocka_unit_test(mapping),
                                       cmocka_unit_test(prefix),  cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, import_open, import_close);
}

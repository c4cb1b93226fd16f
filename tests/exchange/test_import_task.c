/* Models of a task from other makers' weights: rows and symbols, what is refused, failing memory.
 * Needs: JANSSON YAML. */
#include "import_case.h"

#include <math.h>

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
    import_refused(*state, weights, &f.options, RONDO_UNSUPPORTED, "for language models and taggers");
    f.options.vocabulary = NULL;
    import_refused(*state, weights, &f.options, RONDO_UNSUPPORTED, "network alone");
}

/* ---- a tagger ---- */

static const char tagger[] = "task: tag\n"
                             "data: {train: not-there.txt}\n"
                             "model: {cell: gru, embedding_size: 4, hidden_size: 4, bidirectional: true, characters: "
                             "{hidden_size: 0}}\n";

/* Row 1 of theirs is the unknown word, which is row 0 of ours. */
static void unknown_word(void **state) {
    const import_rig *rig = *state;
    task_files f;
    char labels[512], to[512];
    rondo_model *model = NULL;
    rondo_tensor y;
    rondo_error err = {0};
    write_task(&f, tagger, "<pad>\n<unk>\nthe\ncat\nsees\na\ndog\n");
    snprintf(labels, sizeof labels, "%s", test_write("labels.txt", "X\nY\n", 4));
    snprintf(to, sizeof to, "%s", test_path("tagger.safetensors"));
    f.options.labels = labels;
    if (rondo_import(rig->context, import_write(rig, "numbers", NULL, NULL), to, &f.options, NULL, &err) ||
        rondo_model_open(&model, rig->context, to, &err))
        fail_msg("%s", err.message);
    const rondo_tensor *x = golden_stored(rig->cases, "numbers", "x");
    int64_t ids[15];
    for (int i = 0; i < 15; i++) {
        const int64_t theirs = ((const int64_t *)x->data)[i];
        ids[i] = theirs == 1 ? 0 : theirs < 1 ? theirs + 1 : theirs;
    }
    const rondo_tensor ours = {RONDO_I64, 2, {5, 3}, ids};
    assert_int_equal(rondo_model_apply(model, &ours, &y, &err), RONDO_OK);
    golden_compare(rig->cases, "numbers", "y", y.data);
    rondo_model_apply_free(&y);
    rondo_model_close(&model);
    f.options.labels = NULL;
    import_refused(rig, import_write(rig, "numbers", NULL, NULL), &f.options, RONDO_ARGUMENT, "needs a file of labels");
    f.options.labels = labels;
    write_task(&f, tagger, "<pad>\n<unk>\nthe\ncat\nsees\na\n");
    f.options.labels = labels;
    import_refused(rig, import_write(rig, "numbers", NULL, NULL), &f.options, RONDO_FORMAT, "embedding.weight");
    write_task(&f, tagger, "");
    f.options.labels = labels;
    import_refused(rig, import_write(rig, "numbers", NULL, NULL), &f.options, RONDO_FORMAT, "is empty");
}

static void no_memory(void **state) {
    task_files f;
    char path[512];
    write_task(&f, language, "a\nb\nc\nd\ne\nf\ng\n");
    snprintf(path, sizeof path, "%s", import_write(*state, "language", NULL, NULL));
    import_call call = {*state, path, &f.options};
    test_every_failure(import_again, &call);
    char labels[512];
    write_task(&f, tagger, "<pad>\n<unk>\nthe\ncat\nsees\na\ndog\n");
    snprintf(labels, sizeof labels, "%s", test_write("labels.txt", "X\nY\n", 4));
    snprintf(path, sizeof path, "%s", import_write(*state, "numbers", NULL, NULL));
    f.options.labels = labels;
    test_every_failure(import_again, &call);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(language_model), cmocka_unit_test(tasks_refused),
                                       cmocka_unit_test(unknown_word), cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, import_open, import_close);
}

/* Evaluation, writing, and what a spoilt model file brings. Needs: JANSSON YAML. */
#include <math.h>
#include <stdlib.h>

#include "formats/safetensors.h"
#include "tiny.h"

static rondo_model *open_model(const tiny *t, rondo_context *context, const char *name) {
    char path[400];
    rondo_error err;
    rondo_model *model;
    snprintf(path, sizeof path, "%s/%s", t->folder, name);
    if (rondo_model_open(&model, context, path, &err) != RONDO_OK)
        fail_msg("%s", err.message);
    return model;
}

static rondo_context *make_context(int threads) {
    rondo_context *context;
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    return context;
}

static bool collect(const char *text, size_t size, void *arg) {
    assert_int_equal(rondo__utf8_check(text, size), size);
    rondo__text_add(arg, text, size);
    return true;
}

/* One run for each kind of model: it opens, measures the text alike on any thread count, and writes. */
static void try_model(const char *const *sets) {
    tiny t = tiny_make("model", sets);
    tiny_run(&t);
    rondo_metrics metrics[2] = {0};
    rondo__text text[3] = {0};
    const char *const file[] = {test_path("tiny.txt")};
    for (int i = 0; i < 2; i++) {
        rondo_context *context = make_context(1 + 2 * i);
        rondo_model *model = open_model(&t, context, "model.safetensors");
        rondo_generate_options options = {.prompt = "the \xe2\x98\x83 cat", .tokens = 40, .seed = 9};
        assert_int_equal(rondo_model_evaluate(model, 1, file, &metrics[i], NULL), RONDO_OK);
        assert_int_equal(rondo_model_generate(model, &options, collect, &text[i], NULL), RONDO_OK);
        options = (rondo_generate_options){.tokens = 30, .temperature = 0.7, .top_k = 5, .top_p = 0.8};
        assert_int_equal(rondo_model_generate(model, &options, collect, &text[2], NULL), RONDO_OK);
        rondo_model_close(&model);
        rondo_context_destroy(&context);
    }
    assert_memory_equal(&metrics[0], &metrics[1], sizeof metrics[0]);
    assert_int_equal(text[0].size, text[1].size);
    assert_memory_equal(text[0].data, text[1].data, text[0].size);
    const double symbols = rondo_metrics_get(&metrics[0], "symbols"),
                 characters = rondo_metrics_get(&metrics[0], "characters");
    assert_true(fabs(rondo_metrics_get(&metrics[0], "loss") * symbols -
                     rondo_metrics_get(&metrics[0], "nats_per_character") * characters) < 1e-6 * symbols);
    assert_true(fabs(log2(rondo_metrics_get(&metrics[0], "perplexity")) -
                     rondo_metrics_get(&metrics[0], "bits_per_symbol")) < 1e-9);
    for (int i = 0; i < 3; i++)
        rondo__text_free(&text[i]);
    tiny_clean(&t);
}

static void test_every_kind(void **state) {
    (void)state;
    static const char *const kinds[][8] = {
        {"model.cell=lstm", "model.embedding_size=7", "model.tie_weights=true"},
        {"data.tokenizer=word", "train.steps_per_sequence=3"},
        {"model.cell=gru", "model.layer_norm=true", "data.tokenizer={type: word, min_count: 3, lowercase: true}"},
        {"model.cell=jordan", "model.layers=1"},
        {"model.cell=jordan", "model.teacher_forcing=true"},
        {"model.cell=jordan", "model.feedback=embedding"},
        {"model.cell=jordan", "model.feedback=embedding", "model.teacher_forcing=true"},
        {"model.cell=elman", "model.activation=relu", "model.learned_initial_state=true"},
#ifdef RONDO_HAVE_SENTENCEPIECE
        {"data.tokenizer={type: sentencepiece, vocab_size: 20}", "train.steps_per_sequence=4"},
#endif
        {"data.tokenizer=word", "model.output=adaptive_softmax", "model.cutoffs=[3, 5]", "model.hidden_size=16",
         "train.steps_per_sequence=3"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        try_model(kinds[i]);
}

/* A copy of the model file with one change; opening it must fail and say so. */
static void expect_bad_file(const char *path, rondo_status want, const char *said) {
    rondo_context *context = make_context(1);
    rondo_model *model;
    rondo_error err;
    if (rondo_model_open(&model, context, path, &err) != want || !strstr(err.message, said) || model)
        fail_msg("'%s', not '%s'", err.message, said);
    rondo_context_destroy(&context);
}

static void change(char *json, const char *from, const char *to) {
    char *at = strstr(json, from);
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
}

static void write_changed(const rondo__safetensors *file, const char *path, int drop, const char *from,
                          const char *to) {
    rondo__named list[64];
    int count = 0;
    char *json = rondo__strdup(rondo__safetensors_metadata(file, "rondo"));
    for (int i = 0; i < rondo__safetensors_count(file); i++) {
        if (i != drop)
            list[count++] = *rondo__safetensors_at(file, i);
    }
    if (from)
        change(json, from, to);
    const rondo__pair pair = {"rondo", json};
    assert_int_equal(rondo__safetensors_write(path, count, list, 1, &pair, NULL), RONDO_OK);
    rondo__free(json);
}

static void test_spoilt_files(void **state) {
    (void)state;
    tiny t = tiny_make("spoilt", (const char *const[]){"train.max_steps=1", NULL});
    char path[400];
    const char *bad = test_path("bad.safetensors");
    rondo__safetensors *file;
    tiny_run(&t);
    snprintf(path, sizeof path, "%s/model.safetensors", t.folder);
    assert_int_equal(rondo__safetensors_read(&file, path, NULL), RONDO_OK);
    for (int i = 0; i < rondo__safetensors_count(file); i++) {
        char said[200];
        snprintf(said, sizeof said, "tensor '%s' is missing", rondo__safetensors_at(file, i)->name);
        write_changed(file, bad, i, NULL, NULL);
        expect_bad_file(bad, RONDO_FORMAT, said);
    }
    write_changed(file, bad, -1, "\"hidden_size\":", "\"hiden_size\" :");
    expect_bad_file(bad, RONDO_FORMAT, "hiden_size");
    write_changed(file, bad, -1, "\"embedding_size\": 5", "\"embedding_size\": 6");
    expect_bad_file(bad, RONDO_FORMAT, "embedding.weight");
    write_changed(file, bad, -1, "\"layers\": 2", "\"layers\": 1");
    expect_bad_file(bad, RONDO_FORMAT, "one too many");
    write_changed(file, bad, -1, "\"format\": 1", "\"format\": 9");
    expect_bad_file(bad, RONDO_FORMAT, "newer Rondo");
    write_changed(file, bad, -1, "\"vocabulary\"", "\"vocabulari\"");
    expect_bad_file(bad, RONDO_FORMAT, "vocabulary");
    write_changed(file, bad, -1, "\"recipe\": {", "\"recipe\": [");
    expect_bad_file(bad, RONDO_FORMAT, "metadata");
    assert_int_equal(rondo__safetensors_write(bad, 1, rondo__safetensors_at(file, 0), 0, NULL, NULL), RONDO_OK);
    expect_bad_file(bad, RONDO_FORMAT, "no metadata 'rondo'");
    expect_bad_file(test_path("nothing.safetensors"), RONDO_NOT_FOUND, "nothing.safetensors");
    rondo__safetensors_free(&file);
    rondo_context *context = make_context(1); /* a checkpoint is a model, too */
    rondo_model *model = open_model(&t, context, "last.safetensors");
    assert_non_null(strstr(rondo_model_info(model), "\"vocabulary_size\": "));
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    tiny_clean(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind), cmocka_unit_test(test_spoilt_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

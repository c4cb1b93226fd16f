/* Recipes: defaults, lines of errors, sets, round trips, damaged texts, and the manual that follows the table. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "train/recipe_schema.h"

#ifdef RONDO_HAVE_YAML
static const char small[] = "task: language_model\n"
                            "data:\n"
                            "  train: a.txt\n"
                            "  tokenizer: word\n"
                            "model: {cell: gru, hidden_size: [8, 16], dropout: 0.25}\n"
                            "train:\n"
                            "  optimizer: {type: sgd, learning_rate: 1e-1}\n";

static rondo_status parse(rondo__recipe *recipe, const char *text, const char *set, rondo_error *err) {
    return rondo__recipe_parse(recipe, "r.yaml", text, strlen(text), set != NULL, &set, err);
}

static void reads(void **state) {
    (void)state;
    rondo__recipe r;
    rondo_error err = {0};
    if (parse(&r, small, "train.seed=1e5", &err) != RONDO_OK)
        fail_msg("%s", err.message);
    assert_int_equal(r.data.tokenizer.type, RONDO__WORD);
    assert_int_equal(r.model.cell, RONDO_GRU);
    assert_int_equal(r.model.layers, 2);
    assert_int_equal(r.model.hidden_sizes[1], 16);
    assert_true(r.train.optimizer.learning_rate == 0.1 && r.model.dropout == 0.25);
    assert_int_equal(r.train.optimizer.type, RONDO__SGD);
    assert_int_equal(r.train.seed, 100000);
    assert_true(r.model.bias && r.train.carry_state);
}

static void round_trips(void **state) {
    (void)state;
    rondo__recipe r, again;
    rondo__text yaml = {0}, json = {0}, twice = {0};
    assert_int_equal(parse(&r, small, "data.valid=\"a: b #\\u00e9\"", NULL), RONDO_OK);
    assert_int_equal(rondo__recipe_yaml(&r, &yaml), RONDO_OK);
    assert_int_equal(rondo__recipe_json(&r, &json), RONDO_OK);
    assert_int_equal(parse(&again, json.data, NULL, NULL), RONDO_OK);
    assert_memory_equal(&r, &again, sizeof r);
    assert_int_equal(parse(&again, yaml.data, NULL, NULL), RONDO_OK);
    assert_memory_equal(&r, &again, sizeof r);
    rondo__recipe_yaml(&again, &twice);
    assert_string_equal(yaml.data, twice.data);
    rondo__text_free(&yaml);
    rondo__text_free(&json);
    rondo__text_free(&twice);
}

#define START "task: language_model\ndata: {train: a}\n"
#define PAIRS "task: translate\ndata:\n  train_source: a\n  train_target: b\n"
static void wrong_recipes(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"", "r.yaml:1: the recipe is empty"},
        {"- a\n", "r.yaml:1: the recipe is a list"},
        {START "model:\n  hiden_size: 3\n", "r.yaml:4: unknown key 'hiden_size' (did you mean 'hidden_size'?)"},
        {START "model:\n\n  layers: two\n", "r.yaml:5: model.layers is 'two' (must be a whole number from 1 to 16)"},
        {START "model: {layers: 17}\n", "r.yaml:3: model.layers is '17'"},
        {START "model: {layers: [1]}\n", "r.yaml:3: model.layers is a list"},
        {START "model: {dropout: .nan}\n", "r.yaml:3: model.dropout is '.nan'"},
        {START "model: {dropout: 1}\n", "must be a number from 0 to below 1"},
        {START "model: {cell: lstn}\n", "did you mean 'lstm'?"},
        {START "model: {cell: gru, cell: gru}\n", "r.yaml:3: key 'cell' stands twice"},
        {START "model: 3\n", "r.yaml:3: model is '3'"},
        {START "model: {epochs: 3}\n", "did you mean train.epochs?"},
        {START "model: {bidirectional: true}\n", "r.yaml:3: a language model cannot be bidirectional"},
        {START "model: {tie_weights: true}\n", "r.yaml:3: model.tie_weights needs equal widths"},
        {START "model: {cell: gru, peepholes: true}\n", "r.yaml:3: model.peepholes is only for model.cell lstm"},
        {START "model: {output: adaptive_softmax}\n", "needs model.cutoffs"},
        {START "model: {output: adaptive_softmax, cutoffs: [5, 5]}\n", "must rise"},
        {START "model: {output: adaptive_softmax, cell: jordan, cutoffs: [5]}\n", "does not go with a Jordan network"},
        {START "model: {output: adaptive_softmax, cutoffs: [5]}\ntrain: {label_smoothing: 0.1}\n",
         "r.yaml:4: train.label_smoothing does not go with model.output adaptive_softmax"},
        {START "model: {output: gaussian}\n", "r.yaml:3: the model.output of a language model is softmax or"},
        {START "model: {tie_weights: true, cell: jordan}\n", "does not go with a Jordan network"},
        {START "model: {tie_weights: true, output: adaptive_softmax, cutoffs: [5]}\n", "needs model.output softmax"},
        {"task: language_model\ndata: {train: a, tokenizer: none}\n", "r.yaml:2: a language model needs a tokenizer"},
        {START "model: {hidden_size: [1, 2], layers: 3}\n", "r.yaml:3: model.layers is 3"},
        {START "train:\n\tseed: 1\n", "r.yaml:4: a tab"},
        {START "train: {seed: \xff}\n", "r.yaml:3: byte 52 is not UTF-8"},
        {START "train: {seed: 1\n", "not valid YAML"},
        {START "---\ntask: 1\n", "second document"},
        {"task: classify\ndata: {train: a, audio: {features: mfcc, mels: 8}}\n",
         "r.yaml:2: data.audio.coefficients is 13 (must be at most data.audio.mels, 8)"},
        {"task: transcribe\ndata: {train: a, audio: {rate: 8000, high_hz: 5000}}\n",
         "r.yaml:2: data.audio.high_hz is 5000 (must be at most half of data.audio.rate, 4000)"},
        {"task: classify\ndata:\n  train: a\n  audio: {low_hz: 4000, rate: 8000}\n",
         "r.yaml:4: data.audio.low_hz is 4000 (must be below where the bands end, 4000)"},
        {"task: classify\n", "r.yaml:1: data.train is missing"},
        {START "model:\n  encoder: {cell: gru}\n", "r.yaml:4: model.encoder.cell is a key of task translate"},
        {PAIRS "train: {carry_state: false}\n", "train.carry_state is a key of task language_model"},
        {PAIRS "model: {hidden_size: 4}\n", "(did you mean model.encoder.hidden_size or model.decoder.hidden_size?)"},
        {"task: translate\n", "r.yaml:1: data.train_source is missing (data.format lines needs it)"},
        {"task: translate\ndata: {train: a}\n", "r.yaml:2: data.train and data.valid are for data.format dictionary"},
        {"task: translate\ndata: {train_source: a}\n", "data.train_target is missing"},
        {"task: translate\ndata: {format: dictionary}\n", "data.train is missing (data.format dictionary needs it)"},
        {"task: translate\ndata: {format: dictionary, train: a}\n", "data.valid is missing"},
        {"task: translate\ndata: {format: dictionary, train_source: a}\n", "data.train_source is only for"},
        {"task: translate\ndata: {format: dictionary, train: a, valid: b, source_tokenizer: char}\n",
         "data.format dictionary has its symbols between blanks"},
        {PAIRS "  valid_source: c\n", "belong together"},
        {PAIRS "  source_tokenizer: none\n", "r.yaml:5: translation needs tokenizers"},
        {PAIRS "  shared_vocabulary: true\n  target_tokenizer: word\n", "r.yaml:6: with data.shared_vocabulary"},
        {PAIRS "  stress: true\n", "data.stress is only for data.format dictionary"},
        {PAIRS "model:\n  encoder: {cell: gru, peepholes: true}\n",
         "r.yaml:6: model.encoder.peepholes is only for model.encoder.cell lstm"},
        {PAIRS "model: {encoder: {heads: 2}}\n", "model.encoder.heads is only for model.encoder.cell transformer"},
        {PAIRS "model: {encoder: {hidden_size: [3, 4], layers: 1}}\n", "r.yaml:5: model.encoder.layers is 1 but"},
        {PAIRS "model: {decoder: {projection_size: 256}}\n", "model.decoder.projection_size must be smaller"},
        {PAIRS "model: {decoder: {bidirectional: true}}\n", "unknown key 'bidirectional'"},
        {PAIRS "model: {decoder: {cell: transformer}, attention: dot}\n", "brings its own attention"},
        {PAIRS "model: {embedding_size: 6, decoder: transformer}\n", "model.decoder is 'transformer'"},
        {PAIRS "model: {embedding_size: 6, decoder: {cell: transformer}}\n",
         "model.decoder.heads is 4, which does not"},
        {PAIRS "model: {encoder: {cell: transformer}, bridge: copy}\n", "set model.bridge: zero"},
        {PAIRS "model: {attention: none, decoder: {input_feeding: true}}\n", "needs attention"},
        {PAIRS "model: {attention: none, bridge: zero}\n", "nothing of the source reaches"},
        {PAIRS "model: {context: every_step}\n", "set model.attention: none"},
        {PAIRS "model: {attention: {type: none, dropout: 0.1}}\n", "model.attention.dropout is only for"},
        {PAIRS "model: {attention: {type: dot, coverage: true}}\n", "model.attention.coverage is only for"},
        {PAIRS "model: {attention: {type: multihead, heads: 2, window: 2}}\n", "with one head"},
        {PAIRS "model: {copy: true}\n", "model.copy needs word tokenizers"},
        {PAIRS "  shared_vocabulary: true\nmodel: {copy: true}\ntrain: {label_smoothing: 0.1}\n",
         "r.yaml:7: train.label_smoothing"},
        {PAIRS "model: {tie_embeddings: all}\n", "needs data.shared_vocabulary"},
        {PAIRS "model: {tie_embeddings: target, combine_size: 3}\n", "needs equal widths"},
        {PAIRS "train: {scheduled_sampling: linear}\n", "train.scheduled_sampling.k must be 1 or more"},
        {PAIRS "train: {scheduled_sampling: {type: exponential, k: 3}}\n", "above 0 and below 1"},
        {PAIRS "train: {scheduled_sampling: {k: 3}}\n", "is only for train.scheduled_sampling.type"},
        {PAIRS "train: {metric: word_error_rate}\n", "only for data.format dictionary"},
        {"task: language_model\n", "data.train is missing"},
        {"data: {train: a}\n", "task is missing"},
        {START "x: &a [*a, *a]\n", "unknown key 'x'"},
        {START "model: &a {cell: *a}\n", "model.cell is a mapping"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rondo__recipe r;
        rondo_error err = {0};
        assert_true(parse(&r, wrong[i].text, NULL, &err) != RONDO_OK);
        if (!strstr(err.message, wrong[i].says) || strchr(err.message, '\n'))
            fail_msg("%s gave: %s", wrong[i].text, err.message);
    }
}

static void of_translate(void **state) {
    (void)state;
    rondo__recipe r, again;
    rondo__text yaml = {0}, json = {0};
    rondo_error err = {0};
    static const char text[] = PAIRS "  source_tokenizer: {type: word, min_count: 2}\n"
                                     "model:\n"
                                     "  embedding_size: 6\n"
                                     "  encoder: {hidden_size: [4, 3], bidirectional: true, zoneout: 0.1}\n"
                                     "  decoder: {cell: gru, hidden_size: 9}\n"
                                     "  attention: additive\n"
                                     "  tie_embeddings: target\n"
                                     "train: {metric: bleu, scheduled_sampling: {type: inverse_sigmoid, k: 7}}\n";
    if (parse(&r, text, "model.bridge=linear", &err))
        fail_msg("%s", err.message);
    assert_int_equal(r.data.source_tokenizer.type, RONDO__WORD);
    assert_int_equal(r.data.target_tokenizer.type, RONDO__CHAR);
    assert_int_equal(r.model.encoder.layers, 2);
    assert_int_equal(r.model.encoder.cell, RONDO_LSTM);
    assert_int_equal(r.model.attention.placement, 1);
    assert_int_equal(r.model.combine_size, 6);
    assert_int_equal(r.model.bridge, 1);
    assert_true(r.train.metric_rises && r.train.scheduled_sampling.k == 7);
    assert_int_equal(rondo__recipe_json(&r, &json), RONDO_OK);
    assert_int_equal(rondo__recipe_yaml(&r, &yaml), RONDO_OK);
    assert_null(strstr(yaml.data, "carry_state"));
    for (int i = 0; i < 2; i++) {
        if (parse(&again, i ? json.data : yaml.data, NULL, &err))
            fail_msg("%s", err.message);
        memcpy(again.model_place, r.model_place, sizeof r.model_place); /* another line */
        assert_memory_equal(&r, &again, sizeof r);
    }
    rondo__text_free(&yaml);
    rondo__text_free(&json);
    assert_int_equal(parse(&r, "task: translate\ndata: {format: dictionary, train: a, valid: b}\n", NULL, NULL),
                     RONDO_OK);
    assert_int_equal(r.data.target_tokenizer.type, RONDO__WORD);
    assert_int_equal(
        parse(&r, PAIRS "model: {encoder: {cell: transformer}, decoder: {cell: transformer}}\n", NULL, NULL), RONDO_OK);
    assert_int_equal(r.model.attention.type, 0);
    assert_int_equal(r.model.bridge, 2);
}

static void wrong_sets(void **state) {
    (void)state;
    static const struct {
        const char *set, *says;
    } wrong[] = {
        {"model.hiden_size=4", "--set model.hiden_size: unknown key 'hiden_size' (did you mean 'hidden_size'?)"},
        {"model.layers", "--set model.layers: not of the form"},
        {"model.dropout=2", "--set model.dropout: model.dropout is '2'"},
        {"model.cell=", "--set model.cell: the value is empty"},
        {"nothing.at.all=1", "unknown key"},
        {"model.peepholes=true", "--set model.peepholes: model.peepholes is only for"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rondo__recipe r;
        rondo_error err = {0};
        assert_true(parse(&r, small, wrong[i].set, &err) != RONDO_OK);
        if (!strstr(err.message, wrong[i].says))
            fail_msg("%s gave: %s", wrong[i].set, err.message);
    }
}

/* Cut at every byte, every bit flipped: no crash; what is refused leaves the recipe as it was. */
static void damaged(void **state) {
    (void)state;
    char text[sizeof small];
    rondo__recipe r, before;
    memset(&r, 7, sizeof r);
    before = r;
    for (size_t size = 0; size < sizeof small; size++) {
        if (rondo__recipe_parse(&r, "r", small, size, 0, NULL, NULL) != RONDO_OK)
            assert_memory_equal(&r, &before, sizeof r);
        r = before;
    }
    for (size_t i = 0; i < (sizeof small - 1) * 8; i++) {
        memcpy(text, small, sizeof small);
        text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
        rondo__recipe_parse(&r, "r", text, sizeof small - 1, 0, NULL, NULL);
    }
}

static void finds_data(void **state) {
    (void)state;
    const char *recipe = test_write("r.yaml", small, sizeof small - 1);
    rondo__recipe r;
    rondo_error err;
    char found[RONDO__PATH];
    unsetenv("RONDO_DATA");
    assert_int_equal(rondo__recipe_read(&r, recipe, 0, NULL, &err), RONDO_NOT_FOUND);
    assert_non_null(strstr(err.message, "r.yaml:3: data file 'a.txt'"));
    assert_non_null(strstr(err.message, "RONDO_DATA"));
    test_write("a.txt.gz", "x", 1);
    assert_int_equal(rondo__recipe_read(&r, recipe, 0, NULL, &err), RONDO_OK);
    assert_int_equal(rondo__recipe_find(&r, "a.txt", found, &err), RONDO_OK);
    assert_string_equal(found + strlen(found) - 8, "a.txt.gz");
}

/* A folder is found as a file is: the series of forecast may be one. */
static void finds_folders(void **state) {
    (void)state;
    rondo__recipe r;
    rondo_error err;
    char found[RONDO__PATH];
    unsetenv("RONDO_DATA");
    rondo__recipe_defaults(&r);
    snprintf(r.folder, sizeof r.folder, "%s", test_path("."));
    const char *shops = test_path("shops");
    assert_int_equal(mkdir(shops, 0777), 0);
    assert_int_equal(rondo__recipe_find(&r, "shops", found, &err), RONDO_OK);
    assert_string_equal(found + strlen(found) - 6, "/shops");
    assert_int_equal(rondo__recipe_find(&r, shops, found, &err), RONDO_OK);
    assert_string_equal(found, shops);
    assert_int_equal(rondo__recipe_find(&r, "shop", found, &err), RONDO_NOT_FOUND);
}

/* The last parts of a path. */
static const char *tail(const char *path, int parts) {
    const char *at = path + strlen(path);
    while (at > path && (parts -= at[-1] == '/') > 0)
        at--;
    return at;
}

static void finds_places_in_archives(void **state) {
    (void)state;
    const char *recipe = test_write("in.yaml", small, sizeof small - 1);
    rondo__recipe r;
    rondo_error err;
    char found[RONDO__PATH];
    unsetenv("RONDO_DATA");
    test_write("a.txt", "x", 1);
    test_write("set.tar", "", 0);
    assert_int_equal(rondo__recipe_read(&r, recipe, 0, NULL, &err), RONDO_OK);
    assert_int_equal(rondo__recipe_find(&r, "set.tar/inner/train", found, &err), RONDO_OK);
    assert_string_equal(tail(found, 3), "set.tar/inner/train");
    assert_int_equal(rondo__recipe_find(&r, "sets.tar/inner/train", found, &err), RONDO_NOT_FOUND);
    assert_non_null(strstr(err.message, "sets.tar/inner/train"));
    char other[RONDO__PATH];
    snprintf(other, sizeof other, "data.folder=%s", "set.tar/inner");
    const char *set = other;
    assert_int_equal(rondo__recipe_read(&r, recipe, 1, &set, &err), RONDO_OK);
    rondo__recipe_pin(&r);
    assert_int_equal(r.data.folder[0], '/');
    assert_string_equal(tail(r.data.folder, 2), "set.tar/inner");
    strcpy(r.folder, "/nowhere"); /* the recipe moved */
    assert_int_equal(rondo__recipe_find(&r, "dev", found, &err), RONDO_OK);
    assert_string_equal(tail(found, 3), "set.tar/inner/dev");
}

static void failing_memory(void **state) {
    (void)state;
    const int64_t live = rondo__alloc_live();
    for (int n = 1; n < 6; n++) {
        rondo__recipe r;
        rondo__text out = {0};
        rondo__alloc_fail_at(n);
        parse(&r, START "model: {cell: lstn}\n", NULL, NULL);
        rondo__recipe_defaults(&r);
        rondo__recipe_json(&r, &out);
        rondo__alloc_fail_at(0);
        rondo__text_free(&out);
        assert_int_equal(rondo__alloc_live(), live);
    }
}
#endif

/* RONDO_WRITE_DOCS=1 writes the page anew. */
static void manual(void **state) {
    (void)state;
    const char *path = RONDO_SOURCE_DIR "/docs/recipe.md";
    rondo__text text = {0};
    char *page;
    size_t size;
    rondo__recipe_manual(&text);
    if (getenv("RONDO_WRITE_DOCS")) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fwrite(text.data, 1, text.size, file);
        fclose(file);
    }
    assert_int_equal(rondo__file_read(path, 0, &page, &size, NULL), RONDO_OK);
    assert_string_equal(page, text.data);
    rondo__free(page);
    rondo__text_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(manual),
#ifdef RONDO_HAVE_YAML
                                       cmocka_unit_test(reads),
                                       cmocka_unit_test(round_trips),
                                       cmocka_unit_test(wrong_recipes),
                                       cmocka_unit_test(wrong_sets),
                                       cmocka_unit_test(damaged),
                                       cmocka_unit_test(finds_data),
                                       cmocka_unit_test(finds_folders),
                                       cmocka_unit_test(finds_places_in_archives),
                                       cmocka_unit_test(of_translate),
                                       cmocka_unit_test(failing_memory)
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

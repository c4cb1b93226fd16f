/* Classifiers of every kind: trained alike on any thread count, measured, used on files, texts and arrays, and
 * streamed. Needs: JANSSON YAML SNDFILE SAMPLERATE KISSFFT. */
#include <stdlib.h>

#include "tiny_sounds.h"

static int make_files(void **state) {
    (void)state;
    tiny_sounds_files();
    return 0;
}

static tiny trained(const char *input, const char *const *sets) {
    tiny t = tiny_sounds_make("model", input, sets);
    tiny_run(&t);
    return t;
}

static void test_learns(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        static const char *const inputs[] = {"sounds", "texts", "series"};
        tiny t = trained(inputs[i], (const char *const[]){"train.max_steps=80", "model.pooling=mean",
                                                          "model.output_dropout=0", NULL});
        if (!(rondo_metrics_get(&t.result.best, "accuracy") >= 0.85))
            fail_msg("%s: accuracy %g", inputs[i], rondo_metrics_get(&t.result.best, "accuracy"));
        assert_true(rondo_metrics_get(&t.result.best, "roc_auc") > 0.9);
        tiny_clean(&t);
    }
}

static void test_where(void **state) {
    (void)state;
    tiny t = trained("sounds", NULL);
    rondo_context *context = tiny_context(1);
    rondo_model *model = tiny_open(&t, context);
    const char *const file[] = {test_path("sounds.tsv")};
    rondo_metrics all, ann, theo;
    rondo_error err = {0};
    assert_int_equal(rondo_model_evaluate(model, 1, file, &all, NULL), RONDO_OK);
    assert_int_equal(rondo_model_select(model, "speaker=ann", NULL), RONDO_OK);
    assert_int_equal(rondo_model_evaluate(model, 1, file, &ann, NULL), RONDO_OK);
    assert_int_equal(rondo_model_select(model, "speaker!=ann", NULL), RONDO_OK);
    assert_int_equal(rondo_model_evaluate(model, 1, file, &theo, NULL), RONDO_OK);
    const double a = rondo_metrics_get(&ann, "examples"), b = rondo_metrics_get(&theo, "examples");
    assert_int_equal(rondo_metrics_get(&all, "examples"), TINY_TRAIN);
    assert_int_equal(a + b, TINY_TRAIN);
    assert_true(fabs(rondo_metrics_get(&all, "loss") * TINY_TRAIN - rondo_metrics_get(&ann, "loss") * a -
                     rondo_metrics_get(&theo, "loss") * b) < 1e-9);
    assert_int_equal(rondo_model_select(model, "speaker=nobody", NULL), RONDO_OK);
    assert_int_equal(rondo_model_evaluate(model, 1, file, &all, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "none of 36 examples"));
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    tiny_clean(&t);
}

/* ---- in use ---- */

static void same(const rondo_classification *a, const rondo_classification *b, int64_t labels) {
    assert_int_equal(a->label, b->label);
    assert_string_equal(a->name, b->name);
    assert_memory_equal(a->probabilities, b->probabilities, (size_t)labels * sizeof(double));
}

static rondo_classify_input file_input(int kind, int i, char path[400], rondo__text *text) {
    static const char *const words[] = {"up above", "down in the", "right betw"};
    const bool texts = strcmp(tiny_kinds[kind][0], "texts") == 0;
    if (texts) {
        rondo__text_format(text, "%s", i == 4 ? "" : words[i % 3]);
        return (rondo_classify_input){.text = text->data};
    }
    snprintf(path, 400, "%s", test_path(""));
    snprintf(path + strlen(path), 400 - strlen(path), "%s-%d.%s", tiny_labels[i % 3], i,
             strcmp(tiny_kinds[kind][0], "sounds") == 0 ? "wav" : "csv");
    return (rondo_classify_input){.file = path};
}

/* Alone or beside others: the same numbers; probabilities make up one. */
static void test_use(void **state) {
    (void)state;
    enum { N = 11 };
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        tiny t = tiny_kind_make("model", kind);
        tiny_run(&t);
        rondo_context *context = tiny_context(2);
        rondo_model *model = tiny_open(&t, context);
        rondo_classify_input input[N];
        rondo_classification all[N], one;
        char path[N][400];
        rondo__text text[N] = {{0}};
        rondo_error err = {0};
        int64_t labels;
        for (int i = 0; i < N; i++)
            input[i] = file_input(kind, i, path[i], &text[i]);
        assert_non_null(rondo_model_labels(model, &labels));
        assert_int_equal(labels, 3);
        if (rondo_model_classify(model, N, input, all, &err))
            fail_msg("%s", err.message);
        for (int i = 0; i < N; i++) {
            double sum = 0;
            assert_int_equal(rondo_model_classify(model, 1, &input[i], &one, NULL), RONDO_OK);
            same(&one, &all[i], labels);
            for (int k = 0; k < 3; k++)
                sum += one.probabilities[k];
            assert_true(fabs(sum - 1) < 1e-12);
            assert_true(one.probability == one.probabilities[one.label]);
            rondo_classifications_free(1, &one);
            rondo__text_free(&text[i]);
        }
        rondo_classifications_free(N, all);
        rondo_model_close(&model);
        rondo_context_destroy(&context);
        tiny_clean(&t);
    }
}

static void test_arrays(void **state) {
    (void)state;
    tiny t = trained("sounds", NULL);
    rondo_context *context = tiny_context(1);
    rondo_model *model = tiny_open(&t, context);
    assert_string_equal(rondo_model_input(model), "audio");
    rondo_sound sound, other = {0, 8000, NULL, 1};
    rondo_classification a, b;
    assert_int_equal(rondo_sound_read(&sound, test_path("low-1.wav"), 0, NULL), RONDO_OK);
    const rondo_classify_input as_sound = {.sound = &sound}, as_file = {.file = test_path("low-1.wav")},
                               empty = {.sound = &other}, both = {.sound = &sound, .text = "x"}, text = {.text = "x"};
    assert_int_equal(rondo_model_classify(model, 1, &as_sound, &a, NULL), RONDO_OK);
    assert_int_equal(rondo_model_classify(model, 1, &as_file, &b, NULL), RONDO_OK);
    same(&a, &b, 3);
    rondo_classifications_free(1, &a);
    rondo_classifications_free(1, &b);
    assert_int_equal(rondo_model_classify(model, 1, &empty, &a, NULL), RONDO_OK);
    rondo_classifications_free(1, &a);
    assert_int_equal(rondo_model_classify(model, 0, NULL, NULL, NULL), RONDO_OK);
    assert_int_equal(rondo_model_classify(model, 1, &both, &a, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_classify(model, 1, &text, &a, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_classify(model, 1, NULL, &a, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_classify(NULL, 1, &text, &a, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_classify(model, 2, (rondo_classify_input[]){as_file, as_sound}, &a, NULL),
                     RONDO_ARGUMENT);
    sound.sample[5] = NAN;
    assert_int_equal(rondo_model_classify(model, 1, &as_sound, &a, NULL), RONDO_ARGUMENT);
    rondo_sound_free(&sound);
    rondo_model_close(&model);
    tiny_clean(&t);
    t = trained("series", (const char *const[]){"model.pooling=max", NULL});
    model = tiny_open(&t, context);
    float rows[2 * 5];
    char *data, path[400];
    size_t size;
    snprintf(path, sizeof path, "%s", test_path("high-0.csv"));
    assert_int_equal(rondo__file_read(path, 0, &data, &size, NULL), RONDO_OK);
    char *at = strchr(data, '\n') + 1;
    for (int i = 0; i < 10; i++, at++)
        rows[i] = strtof(at, &at);
    rondo__free(data);
    const rondo_classify_input as_rows = {.rows = rows, .count = 5}, as_csv = {.file = path};
    assert_int_equal(rondo_model_classify(model, 1, &as_rows, &a, NULL), RONDO_OK);
    assert_int_equal(rondo_model_classify(model, 1, &as_csv, &b, NULL), RONDO_OK);
    same(&a, &b, 3);
    rondo_classifications_free(1, &a);
    rondo_classifications_free(1, &b);
    assert_int_equal(rondo_model_classify(model, 1, &(rondo_classify_input){.rows = rows}, &a, NULL), RONDO_ARGUMENT);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    tiny_clean(&t);
}

/* ---- streams ---- */

/* In pieces of the given sizes; the last probabilities. */
static void play(rondo_classify_stream *stream, const rondo_sound *sound, int64_t piece, double out[3]) {
    const double *probability;
    for (int64_t at = 0; at < sound->count;) {
        const int64_t left = sound->count - at;
        const int64_t taken =
            rondo_classify_stream_feed(stream, left < piece ? left : piece, sound->sample + at, &probability);
        assert_in_range(taken, 1, piece);
        at += taken;
    }
    rondo_classify_stream_finish(stream, &probability);
    memcpy(out, probability, 3 * sizeof *out);
    assert_int_equal(rondo_classify_stream_feed(stream, 1, sound->sample, &probability), 0);
    rondo_classify_stream_reset(stream);
}

static void stream_is_whole(rondo_model *model, rondo_classify_stream *stream, int i, bool exact) {
    rondo_sound sound = tiny_sound(i);
    if (i == 0)
        sound.count = 0;
    if (i == 1)
        sound.count = 70; /* shorter than a window */
    rondo_classification whole;
    double parts[3], again[3];
    assert_int_equal(rondo_model_classify(model, 1, &(rondo_classify_input){.sound = &sound}, &whole, NULL), RONDO_OK);
    const uint64_t before = rondo__alloc_count();
    play(stream, &sound, 80, parts);
    play(stream, &sound, 1 + 7 * i, again);
    assert_int_equal(rondo__alloc_count(), before);
    assert_memory_equal(parts, again, sizeof parts);
    for (int k = 0; k < 3; k++) {
        const double far = fabs(parts[k] - whole.probabilities[k]);
        if (exact ? far != 0 : !(far < 1e-5))
            fail_msg("recording %d: %.9g streamed, %.9g whole", i, parts[k], whole.probabilities[k]);
    }
    rondo_classifications_free(1, &whole);
    rondo_sound_free(&sound);
}

static void test_streams(void **state) {
    (void)state;
    static const char *const poolings[] = {"model.pooling=last", "model.pooling=mean", "model.pooling=max",
                                           "model.pooling=attention"};
    static const char *const cells[] = {"model.cell=lstm", "model.cell=gru", "model.cell=elman", "model.cell=jordan"};
    static const char *const fronts[] = {"data.audio.normalise=global", "data.audio.normalise=running",
                                         "data.audio={mels: 6, normalise: none, deltas: 2}", "model.stack=3"};
    rondo_context *context = tiny_context(2);
    for (int i = 0; i < 16; i++) {
        tiny t = trained("sounds", (const char *const[]){poolings[i % 4], cells[i / 4], fronts[(i + i / 4) % 4],
                                                         "train.max_steps=4", "model.layers=2", NULL});
        rondo_model *model = tiny_open(&t, context);
        rondo_classify_stream *stream;
        assert_int_equal(rondo_classify_stream_open(&stream, model, NULL), RONDO_OK);
        assert_int_equal(rondo_classify_stream_rate(stream), 8000);
        assert_int_equal(rondo_classify_stream_hop(stream), 80);
        for (int k = 0; k < 5; k++)
            stream_is_whole(model, stream, k, i % 4 == 0 || i % 4 == 2);
        rondo_classify_stream_close(&stream);
        rondo_model_close(&model);
        tiny_clean(&t);
    }
    rondo_context_destroy(&context);
}

static void test_series_stream(void **state) {
    (void)state;
    const float rows[] = {0.1f, 0.2f, 0.4f, 0.2f, 0.9f, 0.2f};
    tiny t = trained("series", (const char *const[]){"model.stack=2", NULL});
    rondo_context *context = tiny_context(1);
    rondo_model *model = tiny_open(&t, context);
    rondo_classify_stream *stream;
    rondo_classification whole;
    const double *now;
    assert_int_equal(rondo_classify_stream_open(&stream, model, NULL), RONDO_OK);
    assert_int_equal(rondo_classify_stream_feed(stream, 3, rows, &now), 2);
    assert_non_null(now);
    assert_int_equal(rondo_classify_stream_feed(stream, 1, rows + 4, &now), 1);
    assert_null(now);
    rondo_classify_stream_finish(stream, &now);
    assert_int_equal(rondo_model_classify(model, 1, &(rondo_classify_input){.rows = rows, .count = 3}, &whole, NULL),
                     RONDO_OK);
    assert_memory_equal(now, whole.probabilities, 3 * sizeof(double));
    rondo_classifications_free(1, &whole);
    rondo_classify_stream_reset(stream);
    rondo_classify_stream_finish(stream, &now);
    assert_null(now);
    rondo_classify_stream_close(&stream);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    tiny_clean(&t);
}

static void test_no_stream(void **state) {
    (void)state;
    static const char *const sets[][3] = {{"sounds", "model.bidirectional=true", "begins at the end"},
                                          {"sounds", "data.audio.normalise=recording", "cannot stream"},
                                          {"sounds", "data.audio.normalise=speaker", "cannot stream"},
                                          {"texts", "model.pooling=last", "does not stream"}};
    rondo_context *context = tiny_context(1);
    for (int i = 0; i < 4; i++) {
        tiny t = trained(sets[i][0], (const char *const[]){sets[i][1], "train.max_steps=1", NULL});
        rondo_model *model = tiny_open(&t, context);
        rondo_classify_stream *stream;
        rondo_error err = {0};
        assert_int_equal(rondo_classify_stream_open(&stream, model, &err), RONDO_UNSUPPORTED);
        assert_null(stream);
        if (!strstr(err.message, sets[i][2]))
            fail_msg("%s", err.message);
        rondo_model_close(&model);
        tiny_clean(&t);
    }
    rondo_classify_stream *stream;
    assert_int_equal(rondo_classify_stream_open(&stream, NULL, NULL), RONDO_ARGUMENT);
    rondo_classify_stream_close(&stream);
    rondo_classify_stream_close(NULL);
    rondo_context_destroy(&context);
}

/* ---- memory ---- */

static tiny kept;

static int use_model(void *arg) {
    rondo_context *context = arg;
    rondo_model *model;
    rondo_classify_stream *stream = NULL;
    rondo_classification out[2];
    char path[400];
    const rondo_classify_input input[2] = {{.file = test_path("low-1.wav")}, {.file = test_path("high-0.wav")}};
    snprintf(path, sizeof path, "%s/model.safetensors", kept.folder);
    rondo_status status = rondo_model_open(&model, context, path, NULL);
    if (!status)
        status = rondo_model_classify(model, 2, input, out, NULL);
    if (!status)
        rondo_classifications_free(2, out);
    if (!status)
        status = rondo_classify_stream_open(&stream, model, NULL);
    const char *const file[] = {test_path("sounds-dev.tsv")};
    rondo_metrics metrics;
    if (!status)
        status = rondo_model_evaluate(model, 1, file, &metrics, NULL);
    rondo_classify_stream_close(&stream);
    rondo_model_close(&model);
    return status;
}

static void test_memory(void **state) {
    (void)state;
    rondo_context *context = tiny_context(1);
    kept = trained("sounds", (const char *const[]){"train.max_steps=1", "model.pooling=attention", NULL});
    test_every_failure(use_model, context);
    rondo_context_destroy(&context);
    tiny_clean(&kept);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns),    cmocka_unit_test(test_where),   cmocka_unit_test(test_use),
        cmocka_unit_test(test_arrays),    cmocka_unit_test(test_streams), cmocka_unit_test(test_series_stream),
        cmocka_unit_test(test_no_stream), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, make_files, NULL);
}

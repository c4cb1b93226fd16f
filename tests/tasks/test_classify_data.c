/* Data that a classifier cannot use, or uses in a stated way: each is one line that names the place, or trains.
 * Needs: JANSSON YAML SNDFILE SAMPLERATE KISSFFT. */
#include "tiny_sounds.h"

static void write_text(const char *name, const char *text) { test_write(name, text, strlen(text)); }

static void refused(const char *input, const char *const *sets, const char *said) {
    tiny t = tiny_sounds_make("bad", input, sets);
    const int64_t live = rondo__alloc_live();
    const rondo_status status = tiny_train(&t);
    if (!status || !strstr(t.err.message, said) || strchr(t.err.message, '\n'))
        fail_msg("'%s', not '%s'", status ? t.err.message : "trained", said);
    assert_int_equal(rondo__alloc_live(), live);
    tiny_clean(&t);
}

#define SETS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_labels(void **state) {
    (void)state;
    write_text("strange.tsv", "path\tlabel\nlow-1.wav\tlow\nhigh-0.wav\tshrill\n");
    refused("sounds", SETS("data.valid=strange.tsv"), "strange.tsv:3: the label 'shrill' was never seen in training");
    write_text("alike.tsv", "low-1.wav\tlow\nlow-4.wav\tlow\n");
    refused("sounds", SETS("data.train=alike.tsv"), "all examples have the label 'low'");
    write_text("bare.tsv", "low-1.wav\tlow\nlow-4.wav\n");
    refused("sounds", SETS("data.train=bare.tsv"), "bare.tsv:2: the row has no label");
    write_text("lost.tsv", "low-1.wav\tlow\nnone.wav\thigh\n");
    refused("sounds", SETS("data.train=lost.tsv"), "lost.tsv:2: the file 'none.wav' is missing");
    refused("sounds", SETS("data.where=speaker=nobody"), "none of 36 examples");
    refused("sounds", SETS("data.where=age=7"), "there are: path, label, speaker");
    write_text("one.tsv", "low-1.wav\tlow\n");
    refused("sounds", SETS("data.train=one.tsv"), "all examples have the label");
    refused("texts", SETS("data.train=absent.tsv"), "absent.tsv");
}

/* Also on files that come later. */
static void test_evaluated(void **state) {
    (void)state;
    tiny t = tiny_sounds_make("model", "sounds", SETS("train.max_steps=1"));
    tiny_run(&t);
    rondo_context *context = tiny_context(1);
    rondo_model *model = tiny_open(&t, context);
    rondo_metrics metrics;
    static const char *const cases[][3] = {{"strange.tsv", "", "never seen in training"},
                                           {"lost.tsv", "", "is missing"},
                                           {"absent.tsv", "", "absent.tsv"},
                                           {"sounds-dev.tsv", "speaker", "FIELD=VALUE"}};
    for (int i = 0; i < 4; i++) {
        rondo_error err = {0};
        const char *const file[] = {test_path(cases[i][0])};
        assert_int_equal(rondo_model_select(model, cases[i][1], NULL), RONDO_OK);
        assert_int_not_equal(rondo_model_evaluate(model, 1, file, &metrics, &err), RONDO_OK);
        if (!strstr(err.message, cases[i][2]))
            fail_msg("'%s', not '%s'", err.message, cases[i][2]);
    }
    rondo_classification out;
    rondo_error err = {0};
    write_text("false.wav", "RIFF\x24\x10\0\0WAVEfmt nothing of the kind");
    for (int i = 0; i < 2; i++) {
        const rondo_classify_input input = {.file = test_path(i ? "false.wav" : "none.wav")};
        assert_int_not_equal(rondo_model_classify(model, 1, &input, &out, &err), RONDO_OK);
        assert_non_null(strstr(err.message, i ? "false.wav" : "none.wav"));
    }
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    tiny_clean(&t);
}

static bool keep_notes(const rondo_event *event, void *arg) {
    if (event->kind == RONDO_EVENT_NOTE)
        rondo__text_format(arg, "%s\n", event->message);
    return true;
}

/* Recordings without samples, of one sample, at another rate: they train, and are told of. */
static void test_odd_recordings(void **state) {
    (void)state;
    float samples[2000] = {0.5f};
    for (int i = 1; i < 2000; i++)
        samples[i] = (float)(0.3 * sin(0.3 * i));
    const rondo_sound odd[] = {
        {0, 8000, samples, 1}, {1, 8000, samples, 1}, {2000, 44100, samples, 1}, {2000, 192000, samples, 1}};
    rondo__text list = {0}, notes = {0};
    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "odd%d.wav", i);
        tiny_write_sound(name, &odd[i]);
        rondo__text_format(&list, "%s\t%s\nlow-1.wav\tlow\n", name, i % 2 ? "low" : "high");
    }
    test_write("odd.tsv", list.data, list.size);
    rondo__text_free(&list);
    tiny t = tiny_sounds_make("odd", "sounds",
                              SETS("data.train=odd.tsv", "data.valid=odd.tsv", "data.audio.rate=8000",
                                   "data.augment={speed: 0.1, noise_db: 10, time_masks: 2}", "model.stack=2"));
    t.options.event = keep_notes;
    t.options.event_arg = &notes;
    tiny_run(&t);
    if (!strstr(notes.data, "training: 8 recordings") || !strstr(notes.data, "1 of them are empty"))
        fail_msg("%s", notes.data);
    assert_non_null(strstr(notes.data, "precision")); /* the report of the best evaluation */
    rondo__text_free(&notes);
    tiny_clean(&t);
}

/* A file with a rate of 0 in its header. */
static void test_no_rate(void **state) {
    (void)state;
    char *data;
    size_t size;
    rondo_error err = {0};
    assert_int_equal(rondo__file_read(test_path("low-1.wav"), 0, &data, &size, &err), RONDO_OK);
    memset(data + 24, 0, 4);
    test_write("still.wav", data, size);
    rondo__free(data);
    write_text("still.tsv", "low-1.wav\tlow\nstill.wav\thigh\n");
    refused("sounds", SETS("data.train=still.tsv", "data.valid=still.tsv"), "still.wav");
}

static void test_series(void **state) {
    (void)state;
    write_text("words.csv", "a,b\n1,2\nx,3\n");
    write_text("words.tsv", "low-1.csv\tlow\nwords.csv\thigh\n");
    refused("series", SETS("data.train=words.tsv", "data.valid=words.tsv"), "words.csv:3: column 'a'");
    refused("series", SETS("data.columns=[c]"), "no column 'c'");
}

static void test_recipes(void **state) {
    (void)state;
    refused("texts", SETS("data.audio.mels=10"), "data.audio.mels is for data.input audio");
    refused("texts", SETS("model.stack=2"), "model.stack is for data.input audio or series");
    refused("texts", SETS("data.pattern=\"{label}_{n}\""), "data.pattern is for files");
    refused("texts", SETS("data.tokenizer=none"), "needs a tokenizer");
    refused("series", SETS("data.augment.speed=0.1"), "data.augment.speed is for data.input audio");
    refused("series", SETS("data.augment.warp=0.1"), "data.augment.warp is for data.input audio");
    refused("sounds", SETS("data.augment.warp=0.6"), "data.augment.warp");
    refused("sounds", SETS("data.augment.warp=0.5", "data.audio.mels=60", "data.audio.rate=8000"), "or less warp");
    refused("series", SETS("data.audio.normalise=running"), "running is for data.input audio");
    refused("sounds", SETS("data.pattern=\"{speaker}_{n}\""), "no {label}");
    refused("sounds", SETS("data.columns=[a]"), "data.columns is only for data.input series");
    refused("sounds", SETS("model.bidirectional=true", "model.merge=sum"), "needs model.merge concat");
    refused("sounds", SETS("data.audio.high_hz=7000", "data.audio.rate=8000"), "high_hz");
}

static int make_files(void **state) {
    (void)state;
    tiny_sounds_files();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_labels),         cmocka_unit_test(test_evaluated),
                                       cmocka_unit_test(test_odd_recordings), cmocka_unit_test(test_no_rate),
                                       cmocka_unit_test(test_series),         cmocka_unit_test(test_recipes)};
    return cmocka_run_group_tests(tests, make_files, NULL);
}

/* Transcribers in use: files, sounds, batches, n-best, streams, a language model beside; wrong calls; failing memory.
 * Needs: JANSSON YAML SNDFILE KISSFFT SAMPLERATE. */
#include "tiny_speech.h"

#include "rondo/model.h"

enum { COUNT = 7, FIRST = SOUNDS_TRAIN };

static tiny run, stacked, both;
static rondo_context *context;
static rondo_model *model;
static rondo_sound sound[COUNT];

static rondo_transcript whole(rondo_model *of, int i, const rondo_transcribe_options *options) {
    rondo_transcript out;
    rondo_error err = {0};
    if (rondo_model_transcribe(of, 1, &sound[i], options, &out, &err))
        fail_msg("%s", err.message);
    return out;
}

static void same(const rondo_transcript *a, const rondo_transcript *b) {
    assert_int_equal(a->count, b->count);
    for (int64_t n = 0; n < a->count; n++) {
        assert_string_equal(a->text[n], b->text[n]);
        assert_true(a->score[n] == b->score[n]);
    }
    assert_int_equal(a->symbols, b->symbols);
    for (int64_t i = 0; i < a->symbols; i++) {
        assert_string_equal(a->symbol[i], b->symbol[i]);
        assert_true(a->time[i] == b->time[i]);
    }
}

/* ---- whole recordings ---- */

static void alone_or_beside_others(void **state) {
    (void)state;
    for (int64_t beam = 1; beam <= 4; beam += 3)
        for (int64_t batch = 0; batch <= 3; batch++) {
            const rondo_transcribe_options options = {.beam = beam, .best = beam, .batch = batch};
            rondo_transcript all[COUNT];
            assert_int_equal(rondo_model_transcribe(model, COUNT, sound, &options, all, NULL), RONDO_OK);
            for (int i = 0; i < COUNT; i++) {
                rondo_transcript one = whole(model, i, &options);
                same(&one, &all[i]);
                assert_true(one.seconds == (double)sound[i].count / SOUNDS_RATE);
                rondo_transcript_free(&one);
                rondo_transcript_free(&all[i]);
                rondo_transcript_free(&all[i]);
            }
        }
}

static void files(void **state) {
    const char *file[COUNT];
    char names[COUNT][400];
    rondo_transcript out[COUNT];
    int right = 0;
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "%s", sounds_file(FIRST + i));
        file[i] = names[i];
    }
    assert_int_equal(rondo_model_transcribe_files(model, COUNT, file, NULL, out, NULL), RONDO_OK);
    for (int i = 0; i < COUNT; i++) {
        char text[8];
        sounds_text(FIRST + i, text);
        right += strcmp(text, out[i].text[0]) == 0;
        rondo_transcript_free(&out[i]);
    }
    assert_true(right >= COUNT - 2);
    rondo_error err = {0};
    file[COUNT - 1] = test_path("nowhere.wav");
    assert_int_equal(rondo_model_transcribe_files(model, COUNT, file, NULL, out, &err), RONDO_NOT_FOUND);
    assert_non_null(strstr(err.message, "nowhere.wav"));
}

/* Times rise and lie where the letters are; scores of n-best fall, and they are different texts. */
static void times_and_best(void **state) {
    (void)state;
    rondo_sound made = sounds_make(3, "acb");
    rondo_transcript out;
    const rondo_transcribe_options options = {.beam = 8, .best = 4};
    assert_int_equal(rondo_model_transcribe(model, 1, &made, &options, &out, NULL), RONDO_OK);
    assert_string_equal(out.text[0], "acb");
    assert_int_equal(out.symbols, 3);
    for (int i = 0; i < 3; i++)
        assert_true(fabs(out.time[i] - 0.06 * i - 0.03) < 0.05);
    assert_true(out.count > 1 && out.count <= 4);
    for (int64_t n = 1; n < out.count; n++) {
        assert_true(out.score[n] <= out.score[n - 1]);
        assert_string_not_equal(out.text[n], out.text[n - 1]);
    }
    rondo_transcript_free(&out);
    rondo_sound_free(&made);
}

/* Another rate is resampled; a recording without samples is legal. */
static void odd_sounds(void **state) {
    (void)state;
    rondo_sound made = sounds_make(3, "cab");
    rondo_transcript out;
    assert_int_equal(rondo_sound_resample(&made, 16000, NULL), RONDO_OK);
    assert_int_equal(rondo_model_transcribe(model, 1, &made, NULL, &out, NULL), RONDO_OK);
    assert_string_equal(out.text[0], "cab");
    rondo_transcript_free(&out);
    made.count = 0;
    assert_int_equal(rondo_model_transcribe(model, 1, &made, &(rondo_transcribe_options){.beam = 3}, &out, NULL),
                     RONDO_OK);
    assert_true(out.count >= 1 && out.seconds == 0);
    rondo_transcript_free(&out);
    rondo_sound_free(&made);
}

/* ---- streams ---- */

static void stream_all(rondo_transcribe_stream *stream, const rondo_sound *s, int64_t chunk, rondo__text *out) {
    const char *text;
    rondo_error err = {0};
    out->size = 0;
    for (int64_t at = 0; at < s->count; at += chunk) {
        const int64_t n = s->count - at < chunk ? s->count - at : chunk;
        if (rondo_transcribe_stream_feed(stream, n, s->sample + at, &text, &err))
            fail_msg("%s", err.message);
        rondo__text_add(out, text, strlen(text));
    }
    assert_int_equal(rondo_transcribe_stream_finish(stream, &text, NULL), RONDO_OK);
    rondo__text_add(out, text, strlen(text));
    rondo__text_add(out, "", 1);
}

static void streams_as(rondo_model *of, const rondo_transcribe_options *options) {
    rondo_transcribe_stream *stream;
    rondo_error err = {0};
    rondo__text text = {0};
    if (rondo_transcribe_stream_open(&stream, of, options, &err))
        fail_msg("%s", err.message);
    assert_int_equal(rondo_transcribe_stream_rate(stream), SOUNDS_RATE);
    for (int i = 0; i < COUNT; i++) {
        rondo_transcript one = whole(of, i, options);
        static const int64_t chunks[] = {1, 37, 40, 4000};
        for (int k = i ? 1 : 0; k < 4; k++) {
            stream_all(stream, &sound[i], chunks[k], &text);
            assert_string_equal(text.data, one.text[0]);
            assert_int_equal(rondo_transcribe_stream_feed(stream, 0, NULL, &(const char *){NULL}, NULL), RONDO_STATE);
            rondo_transcribe_stream_reset(stream);
        }
        rondo_transcript_free(&one);
    }
    const rondo_sound nothing = {.rate = SOUNDS_RATE};
    rondo_transcript none;
    assert_int_equal(rondo_model_transcribe(of, 1, &nothing, options, &none, NULL), RONDO_OK);
    stream_all(stream, &nothing, 1, &text);
    assert_string_equal(text.data, none.text[0]);
    rondo_transcript_free(&none);
    rondo__text_free(&text);
    rondo_transcribe_stream_close(&stream);
    rondo_transcribe_stream_close(&stream);
}

static void streams(void **state) {
    (void)state;
    rondo_model *other = sounds_open(&stacked, context);
    streams_as(model, NULL);
    streams_as(model, &(rondo_transcribe_options){.beam = 5, .symbol_bonus = 0.2});
    streams_as(other, NULL);
    streams_as(other, &(rondo_transcribe_options){.beam = 3});
    rondo_model_close(&other);
}

/* Words: a blank goes before each but the first, in streams, too. */
static void words(void **state) {
    (void)state;
    rondo__text list = {0};
    for (int i = 0; i < SOUNDS_TRAIN; i++) {
        char text[8];
        sounds_text(i, text);
        rondo__text_format(&list, "s%d.wav\t%c", i, text[0]);
        for (const char *p = text + 1; *p; p++)
            rondo__text_format(&list, " %c", *p);
        rondo__text_add(&list, "\n", 1);
    }
    test_write("spaced.tsv", list.data, list.size);
    rondo__text_free(&list);
    tiny t = sounds_tiny("words", (const char *const[]){"data.train=spaced.tsv", "data.valid=spaced.tsv",
                                                        "data.tokenizer.type=word", NULL});
    tiny_run(&t);
    assert_true(rondo_metrics_get(&t.result.best, "wer") < 0.1);
    assert_true(rondo_metrics_get(&t.result.best, "label_error_rate") > 0 ||
                rondo_metrics_get(&t.result.best, "wer") == 0);
    rondo_model *other = sounds_open(&t, context);
    rondo_sound made = sounds_make(3, "acb");
    rondo_transcript out;
    assert_int_equal(rondo_model_transcribe(other, 1, &made, NULL, &out, NULL), RONDO_OK);
    assert_string_equal(out.text[0], "a c b");
    assert_string_equal(out.symbol[1], " c");
    rondo_transcript_free(&out);
    rondo_sound_free(&made);
    streams_as(other, NULL);
    streams_as(other, &(rondo_transcribe_options){.beam = 4});
    rondo_model_close(&other);
    tiny_clean(&t);
}

static void greedy_stream_allocates_nothing(void **state) {
    (void)state;
    rondo_transcribe_stream *stream;
    const char *text;
    assert_int_equal(rondo_transcribe_stream_open(&stream, model, NULL, NULL), RONDO_OK);
    const uint64_t before = rondo__alloc_count();
    for (int i = 0; i < COUNT; i++) {
        for (int64_t at = 0; at + 40 <= sound[i].count; at += 40)
            assert_int_equal(rondo_transcribe_stream_feed(stream, 40, sound[i].sample + at, &text, NULL), RONDO_OK);
        assert_int_equal(rondo_transcribe_stream_finish(stream, &text, NULL), RONDO_OK);
        rondo_transcribe_stream_reset(stream);
    }
    assert_true(rondo__alloc_count() == before);
    rondo_transcribe_stream_close(&stream);
}

/* ---- a language model ---- */

static void train_language_model(tiny *t, const char *folder, const char *text, const char *const *sets) {
    static const char recipe[] = "task: language_model\n"
                                 "data: {train: lm.txt, valid_fraction: 0.2}\n"
                                 "model: {cell: gru, embedding_size: 4, hidden_size: 8}\n"
                                 "train: {batch_size: 4, steps_per_sequence: 8, max_steps: 60, epochs: 60,\n"
                                 "        optimizer: {type: adamw, learning_rate: 0.03}}\n";
    *t = (tiny){0};
    rondo__text all = {0};
    for (int i = 0; i < 120; i++)
        rondo__text_format(&all, "%s\n", text);
    test_write("lm.txt", all.data, all.size);
    rondo__text_free(&all);
    snprintf(t->recipe, sizeof t->recipe, "%s", test_write("lm.yaml", recipe, sizeof recipe - 1));
    snprintf(t->folder, sizeof t->folder, "%s", test_path(folder));
    for (; sets && sets[t->options.sets]; t->options.sets++)
        t->set[t->options.sets] = sets[t->options.sets];
    t->options.threads = 1;
    tiny_run(t);
}

/* A model of texts that are all "abc" pulls what is heard towards them, the more the heavier it weighs. */
static void language_model(void **state) {
    (void)state;
    tiny t;
    train_language_model(&t, "lm", "abc", NULL);
    rondo_model *lm = sounds_open(&t, context);
    rondo_sound made = sounds_make(3, "ab");
    rondo_transcript plain, light, heavy;
    const rondo_transcribe_options a = {.beam = 200}, b = {.beam = 200, .language_model = lm, .lm_weight = 1e-9},
                                   c = {.beam = 200, .language_model = lm, .lm_weight = 50};
    assert_int_equal(rondo_model_transcribe(model, 1, &made, &a, &plain, NULL), RONDO_OK);
    assert_int_equal(rondo_model_transcribe(model, 1, &made, &b, &light, NULL), RONDO_OK);
    assert_int_equal(rondo_model_transcribe(model, 1, &made, &c, &heavy, NULL), RONDO_OK);
    assert_string_equal(plain.text[0], "ab");
    assert_string_equal(light.text[0], "ab");
    assert_true(fabs(plain.score[0] - light.score[0]) < 1e-6);
    assert_string_equal(heavy.text[0], "abc");
    rondo_transcript_free(&plain);
    rondo_transcript_free(&light);
    rondo_transcript_free(&heavy);
    streams_as(model, &(rondo_transcribe_options){.language_model = lm, .lm_weight = 0.3});
    rondo_sound_free(&made);
    rondo_model_close(&lm);
    tiny_clean(&t);
}

static void refuse(rondo_model *of, const rondo_transcribe_options *options, rondo_status want, const char *said) {
    rondo_transcript out;
    rondo_error err = {0};
    rondo_transcribe_stream *stream;
    const int64_t live = rondo__alloc_live();
    assert_int_equal(rondo_model_transcribe(of, 1, sound, options, &out, &err), want);
    if (!strstr(err.message, said) || strchr(err.message, '\n'))
        fail_msg("'%s', not '%s'", err.message, said);
    assert_int_equal(rondo_transcribe_stream_open(&stream, of, options, NULL), want);
    assert_null(stream);
    assert_int_equal(rondo__alloc_live(), live);
}

static void wrong_language_models(void **state) {
    (void)state;
    tiny few, words;
    train_language_model(&few, "few", "ab", NULL);
    train_language_model(&words, "words", "ab c", (const char *const[]){"data.tokenizer.type=word", NULL});
    rondo_model *a = sounds_open(&few, context), *b = sounds_open(&words, context);
    refuse(model, &(rondo_transcribe_options){.language_model = a}, RONDO_ARGUMENT, "does not know the symbol 'c'");
    refuse(model, &(rondo_transcribe_options){.language_model = b}, RONDO_UNSUPPORTED, "of characters");
    refuse(model, &(rondo_transcribe_options){.language_model = model}, RONDO_ARGUMENT, "not a language model");
    refuse(model, &(rondo_transcribe_options){.language_model = a, .beam = 1}, RONDO_ARGUMENT, "at least 2");
    refuse(a, NULL, RONDO_UNSUPPORTED, "no transcriber");
    rondo_model_close(&a);
    rondo_model_close(&b);
    tiny_clean(&few);
    tiny_clean(&words);
}

/* ---- wrong calls ---- */

static void wrong_calls(void **state) {
    (void)state;
    rondo_transcript out;
    rondo_transcribe_stream *stream;
    rondo_error err = {0};
    float bad[3] = {0, NAN, 0};
    const rondo_sound sounds[] = {{.count = 3, .rate = 0, .sample = bad},
                                  {.count = 3, .rate = SOUNDS_RATE},
                                  {.count = -1, .rate = SOUNDS_RATE, .sample = bad},
                                  {.count = 3, .rate = RONDO_MAX_RATE + 1, .sample = bad},
                                  {.count = 3, .rate = SOUNDS_RATE, .sample = bad}};
    for (size_t i = 0; i < sizeof sounds / sizeof *sounds; i++)
        assert_int_equal(rondo_model_transcribe(model, 1, &sounds[i], NULL, &out, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "sound 1: sample 2 is not finite"));
    refuse(model, &(rondo_transcribe_options){.beam = -1}, RONDO_ARGUMENT, "beam");
    refuse(model, &(rondo_transcribe_options){.beam = 2, .best = 3}, RONDO_ARGUMENT, "best");
    refuse(model, &(rondo_transcribe_options){.batch = -1}, RONDO_ARGUMENT, "batch");
    refuse(model, &(rondo_transcribe_options){.prune = 1}, RONDO_ARGUMENT, "prune");
    assert_int_equal(rondo_model_transcribe(NULL, 1, sound, NULL, &out, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_transcribe(model, 1, NULL, NULL, &out, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_transcribe(model, 0, NULL, NULL, NULL, NULL), RONDO_OK);
    assert_int_equal(rondo_transcribe_stream_open(NULL, model, NULL, NULL), RONDO_ARGUMENT);
    rondo_model *two = sounds_open(&both, context);
    assert_int_equal(rondo_transcribe_stream_open(&stream, two, NULL, &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "bidirectional"));
    rondo_model_close(&two);
    assert_int_equal(rondo_transcribe_stream_open(&stream, model, NULL, NULL), RONDO_OK);
    const char *text;
    assert_int_equal(rondo_transcribe_stream_feed(stream, 3, bad, &text, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_transcribe_stream_feed(stream, 3, NULL, &text, NULL), RONDO_ARGUMENT);
    rondo_transcribe_stream_close(&stream);
}

static int everything(void *arg) {
    rondo_transcript out[2];
    rondo_transcribe_stream *stream = NULL;
    const char *text;
    const rondo_transcribe_options options = {.beam = 3, .best = 2};
    (void)arg;
    rondo_status status = rondo_model_transcribe(model, 2, sound, &options, out, NULL);
    if (!status) {
        rondo_transcript_free(&out[0]);
        rondo_transcript_free(&out[1]);
        status = rondo_transcribe_stream_open(&stream, model, &options, NULL);
    }
    if (!status)
        status = rondo_transcribe_stream_feed(stream, sound[0].count, sound[0].sample, &text, NULL);
    if (!status)
        status = rondo_transcribe_stream_finish(stream, &text, NULL);
    rondo_transcribe_stream_close(&stream);
    return (int)status;
}

static void failing_memory(void **state) {
    (void)state;
    (void)everything(NULL); /* what is kept for the next call */
    test_every_failure(everything, NULL);
}

static int begin(void **state) {
    (void)state;
    run = sounds_tiny("use", NULL);
    tiny_run(&run);
    stacked = sounds_tiny("stacked", (const char *const[]){"model.stack=2", "model.cell=lstm", "train.epochs=6",
                                                           "data.audio.normalise=running", "model.delay=2",
                                                           "data.audio.deltas=1", NULL});
    tiny_run(&stacked);
    both = sounds_tiny("both", (const char *const[]){"model.bidirectional=true", "train.max_steps=1", NULL});
    tiny_run(&both);
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL), RONDO_OK);
    model = sounds_open(&run, context);
    for (int i = 0; i < COUNT; i++)
        sound[i] = sounds_number(FIRST + i);
    return 0;
}

static int finish(void **state) {
    (void)state;
    for (int i = 0; i < COUNT; i++)
        rondo_sound_free(&sound[i]);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    tiny_clean(&run);
    tiny_clean(&stacked);
    tiny_clean(&both);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(alone_or_beside_others),
                                       cmocka_unit_test(files),
                                       cmocka_unit_test(times_and_best),
                                       cmocka_unit_test(odd_sounds),
                                       cmocka_unit_test(streams),
                                       cmocka_unit_test(words),
                                       cmocka_unit_test(greedy_stream_allocates_nothing),
                                       cmocka_unit_test(language_model),
                                       cmocka_unit_test(wrong_language_models),
                                       cmocka_unit_test(wrong_calls),
                                       cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, begin, finish);
}

/* A transcriber learns, evaluates, notes what does not fit, and refuses what cannot be. Needs: JANSSON YAML SNDFILE
 * KISSFFT. */
#include "tiny_speech.h"

static rondo__text notes;

static bool keep_notes(const rondo_event *event, void *arg) {
    (void)arg;
    if (event->kind == RONDO_EVENT_NOTE && event->message)
        rondo__text_format(&notes, "%s\n", event->message);
    return true;
}

static void noted(const char *what) {
    if (!notes.data || !strstr(notes.data, what))
        fail_msg("'%s' is not among the notes: %s", what, notes.data ? notes.data : "");
}

static rondo_context *open_context(void) {
    rondo_context *context;
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL), RONDO_OK);
    return context;
}

static void learns(void **state) {
    (void)state;
    tiny t = sounds_tiny("learns", NULL);
    tiny_run(&t);
    rondo_context *context = open_context();
    rondo_model *model = sounds_open(&t, context);
    rondo_metrics metrics;
    rondo_error err = {0};
    const char *valid = test_path("valid.tsv");
    if (rondo_model_evaluate(model, 1, &valid, &metrics, &err))
        fail_msg("%s", err.message);
    assert_true(rondo_metrics_get(&metrics, "cer") < 0.1);
    assert_true(rondo_metrics_get(&metrics, "loss") == rondo_metrics_get(&t.result.best, "valid_loss"));
    assert_true(rondo_metrics_get(&metrics, "cer") == rondo_metrics_get(&t.result.best, "cer"));
    assert_true(rondo_metrics_get(&metrics, "wer") == rondo_metrics_get(&metrics, "label_error_rate"));
    assert_true(rondo_metrics_get(&metrics, "recordings") == SOUNDS_VALID);
    assert_true(rondo_metrics_get(&metrics, "passed_over") == 0);
    assert_non_null(strstr(rondo_model_report(model), "characters: "));
    assert_non_null(strstr(rondo_model_info(model), "\"rate\": 4000"));
    /* only some of them */
    assert_int_equal(rondo_model_select(model, "speaker=odd", NULL), RONDO_OK);
    assert_int_equal(rondo_model_evaluate(model, 1, &valid, &metrics, &err), RONDO_OK);
    assert_true(rondo_metrics_get(&metrics, "recordings") == SOUNDS_VALID / 2);
    assert_int_equal(rondo_model_select(model, "speaker=nobody", NULL), RONDO_OK);
    assert_int_equal(rondo_model_evaluate(model, 1, &valid, &metrics, &err), RONDO_FORMAT);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    tiny_clean(&t);
}

/* Any number of threads, the same model. */
static void threads(void **state) {
    static const char *const sets[] = {"train.max_steps=6", "model.bidirectional=true",
                                       "data.augment={gain_db: 6, warp: 0.15}", "data.augment.time_masks=1", NULL};
    (void)state;
    tiny one = sounds_tiny("one", sets), two = sounds_tiny("two", sets);
    two.options.threads = 2;
    tiny_run(&one);
    tiny_run(&two);
    tiny_same_model(&one, &two);
    tiny_clean(&one);
    tiny_clean(&two);
}

/* Too few frames, letters that training never saw: noted, counted, not fatal. */
static void odd_recordings(void **state) {
    static const char *const sets[] = {"train.max_steps=3", NULL};
    (void)state;
    tiny t = sounds_tiny("odd", sets);
    sounds_list("train.tsv", 0, SOUNDS_TRAIN, "s0.wav\tabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc\tx\n");
    sounds_list("valid.tsv", SOUNDS_TRAIN, SOUNDS_TRAIN + SOUNDS_VALID, "s1.wav\tabz\tx\ns2.wav\tcab cab\tx\n");
    t.options.event = keep_notes;
    tiny_run(&t);
    noted("training: 1 recordings have fewer steps than their labels need");
    noted("validation: 2 labels have a symbol that no training label has");
    assert_true(rondo_metrics_get(&t.result.best, "passed_over") == 2);
    assert_true(rondo_metrics_get(&t.result.best, "recordings") == SOUNDS_VALID + 2);
    assert_true(isfinite(rondo_metrics_get(&t.result.best, "valid_loss")));
    rondo__text_free(&notes);
    tiny_clean(&t);
}

/* Labels are spelt; case is folded where the tokenizer does so. */
static void spelling(void **state) {
    static const char *const sets[] = {"train.max_steps=2", "data.spelling=[a=Ah, b=Be, c=]",
                                       "data.tokenizer.lowercase=true", NULL};
    (void)state;
    tiny t = sounds_tiny("spelt", sets);
    tiny_run(&t);
    rondo_context *context = open_context();
    rondo_model *model = sounds_open(&t, context);
    /* a, h, b, e, the single letters of longer labels (a, b, c), line end, unknown */
    assert_non_null(strstr(rondo_model_info(model), "\"vocabulary_size\": 7"));
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    tiny_clean(&t);
}

static void refuse(const char *const *sets, const char *said) {
    tiny t = sounds_tiny("refused", sets);
    const rondo_status status = tiny_train(&t);
    if (status == RONDO_OK || status == RONDO_MEMORY || !strstr(t.err.message, said) || strchr(t.err.message, '\n'))
        fail_msg("%s: '%s', not '%s'", rondo_status_name(status), t.err.message, said);
    tiny_clean(&t);
}

static void refusals(void **state) {
    static const char *const sets[][2] = {
        {"data.spelling=[a=x, a=y]", "one label is spelt twice"},
        {"data.spelling=[zero]", "LABEL=TEXT"},
        {"data.tokenizer.type=none", "labels need symbols"},
        {"train.label_smoothing=0.1", "label_smoothing"},
        {"data.valid=nowhere.tsv", "nowhere.tsv"},
        {"data.where=speaker=nobody", ""},
        {"data.audio.high_hz=3000", "high"},
        {"train.metric=bleu", "bleu"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        refuse((const char *const[]){sets[i][0], NULL}, sets[i][1]);
    /* lists */
    static const char *const lists[][2] = {{"missing.wav\tab\n", "missing.wav"},
                                           {"s0.wav\n", "list.tsv:1"},
                                           {"list.tsv\tab\n", "list.tsv"},
                                           {"s0.wav\ta\xff\n", "UTF-8"},
                                           {"s0.wav\tabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc\n", "fewer steps"}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        test_write("list.tsv", lists[i][0], strlen(lists[i][0]));
        refuse((const char *const[]){"data.train=list.tsv", "train.max_steps=1", NULL}, lists[i][1]);
    }
}

/* Recordings without samples are legal. */
static void empty_recordings(void **state) {
    const rondo_sound nothing = {.rate = SOUNDS_RATE, .channels = 1};
    (void)state;
    tiny t = sounds_tiny("empty", (const char *const[]){"train.max_steps=2", NULL});
    assert_int_equal(rondo_sound_write(&nothing, test_path("nothing.wav"), NULL), RONDO_OK);
    sounds_list("train.tsv", 0, 20, "nothing.wav\ta\tx\n");
    t.options.event = keep_notes;
    tiny_run(&t);
    noted("empty");
    rondo__text_free(&notes);
    tiny_clean(&t);
}

static char model_path[400], few[400];
static rondo_context *owner;

static int open_and_evaluate(void *arg) {
    rondo_model *model = NULL;
    rondo_metrics metrics;
    const char *file = few;
    (void)arg;
    rondo_status status = rondo_model_open(&model, owner, model_path, NULL);
    if (!status)
        status = rondo_model_evaluate(model, 1, &file, &metrics, NULL);
    rondo_model_close(&model);
    return (int)status;
}

static void failing_memory(void **state) {
    (void)state;
    tiny t = sounds_tiny("failing", (const char *const[]){"train.max_steps=1", NULL});
    tiny_run(&t);
    sounds_list("few.tsv", 0, 3, "");
    snprintf(few, sizeof few, "%s", test_path("few.tsv"));
    snprintf(model_path, sizeof model_path, "%s/model.safetensors", t.folder);
    owner = open_context();
    test_every_failure(open_and_evaluate, NULL);
    rondo_context_destroy(&owner);
    tiny_clean(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(learns),         cmocka_unit_test(threads),
                                       cmocka_unit_test(odd_recordings), cmocka_unit_test(spelling),
                                       cmocka_unit_test(refusals),       cmocka_unit_test(empty_recordings),
                                       cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

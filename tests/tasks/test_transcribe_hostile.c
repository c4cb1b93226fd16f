/* Tampered model files of transcribers: each is refused with one line that names the file and the place, before memory
 * is taken by the sizes it claims; numbers that are none are not passed on. Needs: JANSSON YAML SNDFILE KISSFFT. */
#include "hostile.h"
#include "tiny_speech.h"

static int make_model(void **unused) {
    (void)unused;
    run = sounds_tiny("hostile", (const char *const[]){"train.max_steps=1", NULL});
    return hostile_open();
}

static int drop_model(void **unused) {
    (void)unused;
    return hostile_close();
}

static void wrong_descriptions(void **unused) {
    (void)unused;
    static const char *const edits[][3] = {
        {"\"hidden_size\": 16", "\"hidden_size\": 65536", "rnn."},
        {"\"hidden_size\": 16", "\"hidden_size\": 1e300", "recipe:1: model.hidden_size"},
        {"\"cell\": \"gru\"", "\"cell\": \"lstm\"", ""},
        {"\"bidirectional\": false", "\"bidirectional\": true", ""},
        {"\"stack\": 1", "\"stack\": 2", ""},
        {"\"delay\": 1", "\"delay\": -1", "model.delay"},
        {"\"delay\": 1", "\"delay\": 1e12", "model.delay"},
        {"\"mels\": 12", "\"mels\": 11", "listening.mean"},
        {"\"mels\": 12", "\"mels\": 512", ""},
        {"\"rate\": 4000", "\"rate\": 0", "data.audio.rate"},
        {"\"rate\": 4000", "\"rate\": 1", ""},
        {"\"window_ms\": 2e+01", "\"window_ms\": 1e9", "window_ms"},
        {"\"recipe\": {\"task\": \"transcribe\"", "\"recipe\": {\"task\": \"classify\"", ""},
        {"\"type\": \"char\"", "\"type\": \"none\"", ""},
        {"\"vocabulary\": {", "\"vocabulary\": {\"type\": \"sentencepiece\", \"x\": {}, ", "metadata"},
        {"\"c\", ", "", "output.weight"},
        {"\"c\", ", "\"b\", ", "vocabulary"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        edit_refused(edits[i][0], edits[i][1], edits[i][2]);
}

static void wrong_tensors(void **unused) {
    (void)unused;
    rondo__named list[MOST_TENSORS];
    const char *json = rondo__safetensors_metadata(file, "rondo");
    const int count = tensors(list);
    for (int i = 0; i < count; i++) {
        const rondo__named whole = list[i];
        list[i] = list[count - 1];
        refused(write_model(count - 1, list, json), whole.name);
        list[i] = whole;
        list[i].tensor.dims[0]--;
        refused(write_model(count, list, json), whole.name);
        list[i] = whole;
    }
    list[count] = list[0];
    list[count].name = "one.more";
    refused(write_model(count + 1, list, json), "one.more");
}

static void use(const char *name) {
    rondo_model *model;
    rondo_error err = {0};
    const rondo_status opened = rondo_model_open(&model, context, test_path("bad.safetensors"), &err);
    if (opened) { /* moments are checked at once */
        assert_non_null(strstr(err.message, "listening."));
        return;
    }
    rondo_sound sound = sounds_number(1);
    rondo_metrics metrics;
    const char *valid = test_path("valid.tsv");
    for (int64_t beam = 1; beam < 4; beam += 2) {
        rondo_transcript out;
        const rondo_transcribe_options options = {.beam = beam};
        const rondo_status status = rondo_model_transcribe(model, 1, &sound, &options, &out, &err);
        if (status != RONDO_OK && (status != RONDO_NUMERIC || !strstr(err.message, "bad.safetensors: ")))
            fail_msg("%s: %s %s", name, rondo_status_name(status), err.message);
        if (!status)
            rondo_transcript_free(&out);
    }
    const rondo_status status = rondo_model_evaluate(model, 1, &valid, &metrics, &err);
    if (status != RONDO_OK && status != RONDO_NUMERIC)
        fail_msg("%s: %s %s", name, rondo_status_name(status), err.message);
    rondo_sound_free(&sound);
    rondo_model_close(&model);
}

static void no_numbers(void **unused) {
    (void)unused;
    const float odd[] = {(float)NAN, (float)INFINITY, 3e38f};
    const char *json = rondo__safetensors_metadata(file, "rondo");
    rondo__named list[MOST_TENSORS];
    const int count = tensors(list);
    for (int i = 0; i < 3 * count; i++) {
        rondo_tensor *t = &list[i / 3].tensor;
        const rondo_tensor whole = *t;
        const int64_t n = rondo_tensor_count(t);
        t->data = rondo__alloc((size_t)n * sizeof(float));
        for (int64_t j = 0; j < n; j++)
            ((float *)t->data)[j] = odd[i % 3];
        write_model(count, list, json);
        use(list[i / 3].name);
        rondo__free(t->data);
        *t = whole;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(wrong_descriptions), cmocka_unit_test(wrong_tensors),
                                       cmocka_unit_test(no_numbers)};
    return cmocka_run_group_tests(tests, make_model, drop_model);
}

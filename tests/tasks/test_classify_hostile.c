/* Tampered model files of classifiers: each is refused with one line that names the file and the place, before memory
 * is taken by the sizes it claims. Needs: JANSSON YAML SNDFILE SAMPLERATE KISSFFT. */
#include "hostile.h"
#include "tiny_sounds.h"

static void begin(const char *input, const char *const *sets) {
    run = tiny_sounds_make("hostile", input, sets);
    assert_int_equal(hostile_open(), 0);
}

static void refuse_all(size_t count, const char *const (*edits)[3]) {
    for (size_t i = 0; i < count; i++)
        edit_refused(edits[i][0], edits[i][1], edits[i][2]);
    hostile_close();
}

static void audio_descriptions(void **unused) {
    (void)unused;
    static const char *const edits[][3] = {
        {"\"hidden_size\": 7", "\"hidden_size\": 65536", "has shape"},
        {"\"cell\": \"lstm\"", "\"cell\": \"gru\"", "rnn."},
        {"\"bidirectional\": false", "\"bidirectional\": true", "is missing"},
        {"\"pooling\": \"attention\"", "\"pooling\": \"mean\"", "one too many"},
        {"\"pooling\": \"attention\"", "\"pooling\": \"least\"", "recipe:1: model.pooling"},
        {"\"stack\": 1", "\"stack\": 64", "rnn."},
        {"\"stack\": 1", "\"stack\": 0", "recipe:1: model.stack"},
        {"\"input\": \"audio\"", "\"input\": \"text\"", "recipe:1: "},
        {"\"input\": \"audio\"", "\"input\": \"series\"", "recipe:1: "},
        {"\"rate\": 8000", "\"rate\": 0", "data.audio.rate"},
        {"\"rate\": 8000", "\"rate\": -1", "recipe:1: data.audio.rate"},
        {"\"rate\": 8000", "\"rate\": 1", ""},
        {"\"rate\": 8000", "\"rate\": 1e300", "recipe:1: data.audio.rate"},
        {"\"mels\": 6", "\"mels\": 7", "listening.mean"},
        {"\"mels\": 6", "\"mels\": 512", ""},
        {"\"mels\": 6", "\"mels\": 1e18", "recipe:1: data.audio.mels"},
        {"\"window_ms\": 25", "\"window_ms\": 1e9", "recipe:1: data.audio.window_ms"},
        {"\"normalise\": \"global\"", "\"normalise\": \"twice\"", "recipe:1: data.audio.normalise"},
        {"\"labels\": [\"high\", ", "\"labels\": [", "output."},
        {"\"labels\": [\"high\", \"low\", ", "\"labels\": [", "fewer than two labels"},
        {"\"labels\": [\"high\", ", "\"labels\": [\"zoo\", ", "labels"},
        {"\"labels\": [\"high\", ", "\"labels\": [\"low\", ", "labels"},
        {"\"labels\": [\"high\", ", "\"labels\": [\"\", ", "labels"},
        {"\"labels\": [\"high\", ", "\"labels\": [7, ", "labels"},
        {"\"labels\": [\"high\", ", "\"labels\": [\"a\\u0000b\", ", ""},
        {"\"labels\": [\"high\", ", "\"labels\": [\"first\", \"high\", ", "output."},
        {"\"labels\": [", "\"labels\": 7, \"old\": [", "labels"},
        {"\"labels\": [", "\"babels\": [", "labels"},
        {"\"vocabulary\": {", "\"vocabulary\": [], \"old\": {", "vocabulary"},
        {"\"recipe\": {\"task\": \"classify\"", "\"recipe\": {\"task\": \"translate\"", "task"},
    };
    begin("sounds", (const char *const[]){"train.max_steps=1", "model.pooling=attention", NULL});
    refuse_all(sizeof edits / sizeof *edits, edits);
}

static void text_descriptions(void **unused) {
    (void)unused;
    static const char *const edits[][3] = {
        {"\"embedding_size\": 4", "\"embedding_size\": 65536", "embedding.weight"},
        {"\"tokenizer\": {\"type\": \"char\", \"lowercase\"", "\"tokeniser\": {\"type\": \"char\", \"lowercase\"",
         "tok"},
        {"\"input\": \"text\"", "\"input\": \"audio\"", ""},
        {"\"symbols\": [", "\"symbols\": [], \"old\": [", "vocabulary"},
    };
    begin("texts", (const char *const[]){"train.max_steps=1", NULL});
    refuse_all(sizeof edits / sizeof *edits, edits);
}

static void series_descriptions(void **unused) {
    (void)unused;
    static const char *const edits[][3] = {
        {"\"columns\": [\"a\", \"b\"]", "\"columns\": []", "data.columns"},
        {"\"columns\": [\"a\", \"b\"]", "\"columns\": [\"a\"]", "listening.mean"},
        {"\"columns\": [\"a\", \"b\"]", "\"columns\": [\"a\", \"b\", \"c\"]", "listening.mean"},
        {"\"columns\": [\"a\", \"b\"]", "\"columns\": 7", "listening.mean"},
    };
    begin("series", (const char *const[]){"train.max_steps=1", NULL});
    refuse_all(sizeof edits / sizeof *edits, edits);
}

static void tensors_of(void **unused) {
    (void)unused;
    rondo__named list[MOST_TENSORS];
    begin("sounds", (const char *const[]){"train.max_steps=1", NULL});
    const char *json = rondo__safetensors_metadata(file, "rondo");
    const int count = tensors(list);
    for (int i = 0; i < count; i++) {
        const rondo__named whole = list[i];
        list[i] = list[count - 1];
        refused(write_model(count - 1, list, json), whole.name);
        list[i] = whole;
        list[i].tensor.dtype = RONDO_I32;
        refused(write_model(count, list, json), whole.name);
        list[i] = whole;
        list[i].tensor.dims[list[i].tensor.rank++] = 1;
        refused(write_model(count, list, json), whole.name);
        list[i] = whole;
        list[i].tensor.dims[0]--;
        refused(write_model(count, list, json), whole.name);
        list[i] = whole;
    }
    for (int i = 0; i < count; i++) { /* moments that are no numbers, or nothing to divide by */
        float bad[6] = {1, 1, 1, 1, 1, 1};
        const rondo__named whole = list[i];
        if (strncmp(whole.name, "listening.", 10) != 0)
            continue;
        list[i].tensor.data = bad;
        bad[3] = NAN;
        refused(write_model(count, list, json), whole.name);
        bad[3] = INFINITY;
        refused(write_model(count, list, json), whole.name);
        bad[3] = 0;
        if (strstr(whole.name, "deviation"))
            refused(write_model(count, list, json), whole.name);
        list[i] = whole;
    }
    hostile_close();
}

static int make_files(void **unused) {
    (void)unused;
    tiny_sounds_files();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(audio_descriptions), cmocka_unit_test(text_descriptions),
                                       cmocka_unit_test(series_descriptions), cmocka_unit_test(tensors_of)};
    return cmocka_run_group_tests(tests, make_files, NULL);
}

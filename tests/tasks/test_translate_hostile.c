/* Tampered model files of encoder-decoders: each is refused with one line that names the file and the place, before
 * memory is taken by the sizes it claims; numbers that are none are not passed on. Needs: JANSSON YAML. */
#include <math.h>

#include "hostile.h"
#include "tiny_pairs.h"

static int make_model(void **unused) {
    (void)unused;
    run = tiny_pairs_make("hostile", (const char *const[]){"train.max_steps=1", NULL});
    return hostile_open();
}

static int drop_model(void **unused) {
    (void)unused;
    return hostile_close();
}

static void wrong_descriptions(void **unused) {
    (void)unused;
    static const char *const edits[][3] = {
        {"\"embedding_size\": 6", "\"embedding_size\": 65536", "source_embedding.weight"},
        {"\"embedding_size\": 6", "\"embedding_size\": 1e300", "recipe:1: model.embedding_size"},
        {"\"hidden_size\": 5", "\"hidden_size\": 65536", "encoder"},
        {"\"hidden_size\": 10", "\"hidden_size\": 5", ""},
        {"\"hidden_size\": 10", "\"hidden_size\": 11", ""},
        {"\"hidden_size\": 10", "\"hidden_size\": [10, 10]", "recipe:1: model.decoder.layers"},
        {"\"cell\": \"lstm\"", "\"cell\": \"gru\"", ""},
        {"\"cell\": \"lstm\"", "\"cell\": \"transformer\"", ""},
        {"\"bidirectional\": true", "\"bidirectional\": false", ""},
        {"\"type\": \"general\"", "\"type\": \"none\"", ""},
        {"\"type\": \"general\"", "\"type\": \"dot\"", "one too many"},
        {"\"type\": \"general\"", "\"type\": \"multihead\"", ""},
        {"\"copy\": false", "\"copy\": true", "is missing"},
        {"\"combine_size\": 0", "\"combine_size\": 65536", "combine.weight"},
        {"\"tie_embeddings\": \"none\"", "\"tie_embeddings\": \"all\"", "shared_vocabulary"},
        {"\"tie_embeddings\": \"none\"", "\"tie_embeddings\": \"target\"", "widths"},
        {"\"max_length\": 1024", "\"max_length\": 3", "max_length"},
        {"\"recipe\": {\"task\": \"translate\"", "\"recipe\": {\"task\": \"language_model\"", "task"},
        {"\"format\": \"lines\"", "\"format\": \"dictionary\"", "data."},
        {"\"vocabulary\": {\"source\"", "\"vocabulary\": {\"sauce\"", "'source'"},
        {"\"target\": {\"type\"", "\"tarjet\": {\"type\"", "'target'"},
        {"\"vocabulary\": {\"source\": {", "\"vocabulary\": {\"source\": 7, \"old\": {", "'source'"},
        {"\"target\": {\"type\": \"word\"", "\"target\": {\"type\": \"char\"", "vocabulary"},
        {"\"target\": {\"type\": \"word\"", "\"target\": {\"type\": \"sentencepiece\"", "vocabulary"},
        {"\"ichi\", ", "", "source_embedding.weight"},
        {"\"six\", ", "", "target_embedding.weight"},
        {"\"ichi\", ", "\"ni\", ", "vocabulary"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        edit_refused(edits[i][0], edits[i][1], edits[i][2]);
}

static void wrong_tensors(void **unused) {
    (void)unused;
    rondo__named list[MOST_TENSORS];
    const char *json = rondo__safetensors_metadata(file, "rondo");
    const int count = tensors(list);
    int64_t size = 4;
    wrong_tensors_refused();
    list[count] =
        (rondo__named){"source.sentencepiece_model", rondo_tensor_view(RONDO_F32, list[0].tensor.data, 1, &size)};
    refused(write_model(count + 1, list, json), "source.sentencepiece_model");
}

static void no_numbers(void **unused) {
    (void)unused;
    const float odd[] = {(float)NAN, (float)INFINITY, 3e38f};
    const char *json = rondo__safetensors_metadata(file, "rondo"), *const line[] = {"ichi ni san"};
    rondo__named list[MOST_TENSORS];
    const int count = tensors(list);
    char source[300], target[300];
    snprintf(source, sizeof source, "%s", test_path("dev.src"));
    snprintf(target, sizeof target, "%s", test_path("dev.tgt"));
    for (int i = 0; i < 3 * count; i++) {
        rondo_tensor *t = &list[i / 3].tensor;
        const rondo_tensor whole = *t;
        const int64_t n = rondo_tensor_count(t);
        t->data = rondo__alloc((size_t)n * sizeof(float));
        for (int64_t j = 0; j < n; j++)
            ((float *)t->data)[j] = odd[i % 3];
        rondo_model *model;
        rondo_error err = {0};
        if (rondo_model_open(&model, context, write_model(count, list, json), &err))
            fail_msg("%s", err.message);
        for (int64_t beam = 1; beam < 4; beam += 2) {
            rondo_translation out;
            const rondo_translate_options o = {.search = {.beam = beam, .sample = beam == 1 && i % 2}};
            const rondo_status status = rondo_model_translate(model, 1, line, &o, &out, &err);
            if (status != RONDO_OK && (status != RONDO_NUMERIC || !strstr(err.message, "bad.safetensors: ")))
                fail_msg("%s: %s %s", list[i / 3].name, rondo_status_name(status), err.message);
            if (!status)
                rondo_translation_free(&out);
        }
        rondo_translate_report report;
        const rondo_status status =
            rondo_model_evaluate_pairs(model, 2, (const char *const[]){source, target}, NULL, &report, &err);
        if (status != RONDO_OK && status != RONDO_NUMERIC)
            fail_msg("%s: %s %s", list[i / 3].name, rondo_status_name(status), err.message);
        if (!status)
            rondo_translate_report_free(&report);
        rondo_model_close(&model);
        rondo__free(t->data);
        *t = whole;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(wrong_descriptions), cmocka_unit_test(wrong_tensors),
                                       cmocka_unit_test(no_numbers)};
    return cmocka_run_group_tests(tests, make_model, drop_model);
}

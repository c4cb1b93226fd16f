/* Tampered model files of taggers: each is refused with one line that names the file and the place, before memory is
 * taken by the sizes it claims; numbers that are none are not passed on. Needs: JANSSON YAML. */
#include <math.h>

#include "hostile.h"
#include "tiny_tags.h"

static int make_model(void **unused) {
    (void)unused;
    run = tiny_tags_make("hostile", (const char *const[]){"train.max_steps=1", NULL});
    return hostile_open();
}

static int drop_model(void **unused) {
    (void)unused;
    return hostile_close();
}

static void wrong_descriptions(void **unused) {
    (void)unused;
    static const char *const edits[][3] = {
        {"\"embedding_size\": 6", "\"embedding_size\": 65536", "embedding.weight"},
        {"\"embedding_size\": 6", "\"embedding_size\": 1e300", "recipe:1: model.embedding_size"},
        {"\"embedding_size\": 4", "\"embedding_size\": 65536", "characters.embedding.weight"},
        {"\"hidden_size\": 5", "\"hidden_size\": 65536", "rnn."},
        {"\"hidden_size\": 3", "\"hidden_size\": 65536", "characters.rnn."},
        {"\"hidden_size\": 3", "\"hidden_size\": 0", ""},
        {"\"hidden_size\": 5", "\"hidden_size\": [5, 5]", "model.layers"},
        {"\"bidirectional\": true", "\"bidirectional\": false", ""},
        {"\"cell\": \"lstm\"", "\"cell\": \"gru\"", "rnn."},
        {"\"cell\": \"lstm\"", "\"cell\": \"jordan\"", "rnn."},
        {"\"recipe\": {\"task\": \"tag\"", "\"recipe\": {\"task\": \"translate\"", "task"},
        {"\"crf\": false", "\"crf\": true", "crf.transitions"},
        {"\"words\": [", "\"wards\": [", "'words'"},
        {"\"characters\": [", "\"carracters\": [", "'characters'"},
        {"\"labels\": [", "\"lapels\": [", "'labels'"},
        {"\"labels\": [", "\"labels\": {}, \"old\": [", "'labels'"},
        {"\"labels\": [", "\"labels\": [], \"old\": [", "'labels' is empty"},
        {"\"labels\": [", "\"labels\": [7, ", "item 0 of 'labels'"},
        {"\"labels\": [", "\"labels\": [\"\", ", "item 0 of 'labels'"},
        {"\"labels\": [", "\"labels\": [\"a\\tb\", ", "item 0 of 'labels'"},
        {"\"labels\": [", "\"labels\": [\"a\\nb\", ", "item 0 of 'labels'"},
        {"\"labels\": [", "\"labels\": [\"a\\u0000b\", ", "metadata"},
        {"\"labels\": [", "\"labels\": [\"O\", ", "'O' is there twice"},
        {"\"labels\": [", "\"labels\": [\"new\", ", "output."},
        {"\"characters\": [", "\"characters\": [\"ab\", ", "item 0 of 'characters'"},
        {"\"characters\": [", "\"characters\": [\"\xc3\xa9\", ", "characters.embedding.weight"},
        {"\"words\": [", "\"words\": [\"new\", ", "embedding.weight"},
        {"\"words\": [", "\"words\": [[], ", "item 0 of 'words'"},
        {"\"vocabulary\": {", "\"vocabulary\": 3, \"old\": {", "vocabulary"},
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

static void use(rondo_model *model, const char *name) {
    const rondo_sentence sentence = {2, (const char *const[]){"kas", "mied"}};
    rondo_error err = {0};
    rondo_tagging out;
    rondo_metrics metrics = {0};
    rondo_status status = rondo_model_tag(model, 1, &sentence, NULL, &out, &err);
    if (status != RONDO_OK && (status != RONDO_NUMERIC || !strstr(err.message, "bad.safetensors: ")))
        fail_msg("%s: %s %s", name, rondo_status_name(status), err.message);
    if (!status)
        rondo_tagging_free(&out);
    status = rondo_model_evaluate(model, 1, (const char *const[]){test_path("dev.conllu")}, &metrics, &err);
    if (status != RONDO_OK && status != RONDO_NUMERIC)
        fail_msg("%s: %s %s", name, rondo_status_name(status), err.message);
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
        rondo_model *model;
        rondo_error err = {0};
        t->data = rondo__alloc((size_t)n * sizeof(float));
        for (int64_t j = 0; j < n; j++)
            ((float *)t->data)[j] = odd[i % 3];
        if (rondo_model_open(&model, context, write_model(count, list, json), &err))
            fail_msg("%s", err.message);
        use(model, list[i / 3].name);
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

/* Model files that someone has tampered with: each is refused with one line that names the file and the place, before
 * memory is taken by the sizes it claims. Needs: JANSSON YAML. */
#include <math.h>

#include "hostile.h"

static int make_model(void **unused) {
    (void)unused;
    run = tiny_make("hostile", (const char *const[]){"train.max_steps=1", NULL});
    return hostile_open();
}

static int drop_model(void **unused) {
    (void)unused;
    return hostile_close();
}

static void wrong_recipes(void **unused) {
    (void)unused;
    static const char *const edits[][3] = {
        {"\"hidden_size\": 7", "\"hidden_size\": 65536", "has shape"},
        {"\"hidden_size\": 7", "\"hidden_size\": 9223372036854775807", "recipe:1: model.hidden_size"},
        {"\"hidden_size\": 7", "\"hidden_size\": 1e300", "recipe:1: model.hidden_size"},
        {"\"hidden_size\": 7", "\"hidden_size\": -7", "recipe:1: model.hidden_size"},
        {"\"hidden_size\": 7", "\"hidden_size\": 0", "recipe:1: model.hidden_size"},
        {"\"hidden_size\": 7", "\"hidden_size\": null", "recipe:1: model.hidden_size"},
        {"\"hidden_size\": 7", "\"hidden_size\": {}", "recipe:1: model.hidden_size"},
        {"\"hidden_size\": 7", "\"hidden_size\": [65536, 65536]", "has shape"},
        {"\"hidden_size\": 7,", "", "has shape"},
        {"\"embedding_size\": 5", "\"embedding_size\": 65536", "embedding.weight"},
        {"\"layers\": 2", "\"layers\": 16", "is missing"},
        {"\"layers\": 2", "\"layers\": 17", "recipe:1: model.layers"},
        {"\"layers\": 2", "\"layers\": 1", "one too many"},
        {"\"projection_size\": 0", "\"projection_size\": 65536", "projection_size"},
        {"\"projection_size\": 0", "\"projection_size\": 3", "rnn."},
        {"\"cell\": \"lstm\"", "\"cell\": \"gru\"", "rnn."},
        {"\"cell\": \"lstm\"", "\"cell\": \"jordan\"", "rnn."},
        {"\"cell\": \"lstm\"", "\"cell\": 3", "recipe:1: model.cell"},
        {"\"bidirectional\": false", "\"bidirectional\": true", "bidirectional"},
        {"\"tie_weights\": false", "\"tie_weights\": true", "tie_weights"},
        {"\"output\": \"softmax\", \"cutoffs\": []", "\"output\": \"adaptive_softmax\", \"cutoffs\": [100000000]",
         "model.cutoffs"},
        {"\"output\": \"softmax\", \"cutoffs\": []", "\"output\": \"adaptive_softmax\", \"cutoffs\": [3]", "output."},
        {"\"batch_size\": 6", "\"batch_size\": 1e99", "train.batch_size"},
        {"\"recipe\": {\"task\": \"language_model\"", "\"recipe\": {\"task\": \"transcribe\"", "task"},
        {"\"recipe\": {\"task\": \"language_model\"", "\"recipe\": {\"task\": \"dance\"", "recipe:1: task"},
        {"\"task\": \"language_model\", \"recipe\"", "\"task\": \"transcribe\", \"recipe\"", "task"},
        {"\"recipe\": {", "\"recipe\": {\"surprise\": 1, ", "surprise"},
        {"\"recipe\": {", "\"recipe\": {\"model.cell\": 1, ", "model.cell"},
        {"\"model\": {\"cell\"", "\"model\": {\"hiden_size\": 7, \"cell\"", "did you mean 'hidden_size'"},
        {"\"model\": {\"cell\"", "\"model\": {\"cell\": \"gru\", \"cell\"", "stands twice"},
        {"\"recipe\": {", "\"recipe\": {\"task\": \"language_model\", ", "stands twice"},
        {"\"recipe\"", "\"recip\"", "'recipe'"},
        {"\"recipe\": {", "\"recipe\": 7, \"old\": {", "'recipe'"},
        {"\"format\": 1", "\"format\": 999999999999", "newer Rondo"},
        {"\"format\": 1", "\"format\": -1", "format"},
        {"\"format\": 1", "\"format\": \"1\"", "metadata 'rondo'"},
        {"{\"format\": 1", "not json", "metadata 'rondo'"},
        {"{\"format\": 1", "{\"format\": 1, \"format\": 1", "metadata 'rondo'"},
        {"{\"format\": 1", "[{\"format\": 1", "metadata 'rondo'"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        edit_refused(edits[i][0], edits[i][1], edits[i][2]);
    rondo__named list[MOST_TENSORS];
    const int count = tensors(list);
    for (const char *const *text = (const char *const[]){"", "7", "[]", "{}", "\"\"", "null", NULL}; *text; text++)
        refused(write_model(count, list, *text), "metadata 'rondo'");
}

static void wrong_vocabularies(void **unused) {
    (void)unused;
    static const char *const edits[][3] = {
        {"\"symbols\": [", "\"symbols\": [], \"old\": [", "vocabulary"},
        {"\"symbols\": [", "\"symbols\": [\"\", ", "vocabulary: symbol 0"},
        {"\"symbols\": [", "\"symbols\": [\"ab\", ", "vocabulary: symbol 0"},
        {"\"symbols\": [", "\"symbols\": [7, ", "vocabulary: symbol 0"},
        {"\"symbols\": [", "\"symbols\": [[[]], ", "vocabulary: symbol 0"},
        {"\"symbols\": [", "\"symbols\": [\"\xc3\xa9\", ", "embedding.weight"},
        {"\"symbols\": [", "\"symbols\": [\"<unk>\", ", "vocabulary: symbol"},
        {"\"symbols\": [", "\"symbols\": 5, \"old\": [", "vocabulary"},
        {"\"<unk>\"", "\"z\"", "<unk>"},
        {", \"<unk>\"", "", "<unk>"},
        {"\"vocabulary\": {\"type\": \"char\"", "\"vocabulary\": {\"type\": \"word\"", "vocabulary"},
        {"\"vocabulary\": {\"type\": \"char\"", "\"vocabulary\": {\"type\": \"sentencepiece\"", "vocabulary"},
        {"\"vocabulary\": {\"type\": \"char\"", "\"vocabulary\": {\"type\": 1", "vocabulary"},
        {"\"vocabulary\": {", "\"vocabulary\": {}, \"old\": {", "vocabulary"},
        {"\"vocabulary\": {", "\"vocabulary\": null, \"old\": {", "vocabulary"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        edit_refused(edits[i][0], edits[i][1], edits[i][2]);
}

static void deep_nesting(void **unused) {
    (void)unused;
    static const char *const places[] = {"\"recipe\": {", "\"vocabulary\": {", "\"metrics\": {", "\"model\": {",
                                         "\"symbols\": ["};
    static const int depths[] = {500, 1900, 100000};
    for (size_t i = 0; i < 3 * sizeof places / sizeof places[0]; i++) {
        const char *place = places[i / 3];
        const int depth = depths[i % 3];
        rondo__text to = {0};
        rondo__text_format(&to, "%s%s", place, strchr(place, '[') ? "" : "\"deep\": ");
        for (int d = 0; d < depth; d++)
            rondo__text_add(&to, "[", 1);
        for (int d = 0; d < depth; d++)
            rondo__text_add(&to, "]", 1);
        rondo__text_add(&to, ", ", 2);
        const bool ignored = depth < 100000 && (strstr(place, "metrics") || strstr(place, "vocabulary"));
        if (!ignored)
            edit_refused(place, to.data, "");
        rondo__text_free(&to);
    }
}

static void wrong_tensors(void **unused) {
    (void)unused;
    rondo__named list[MOST_TENSORS];
    const char *json = rondo__safetensors_metadata(file, "rondo");
    const int count = tensors(list);
    for (int i = 0; i < count; i++) { /* missing, turned, flat, of one more dimension, of whole numbers, renamed */
        const rondo__named whole = list[i], last = list[count - 1];
        rondo_tensor *t = &list[i].tensor;
        list[i] = last;
        refused(write_model(count - 1, list, json), whole.name);
        list[i] = whole;
        if (t->rank == 2 && t->dims[0] != t->dims[1]) {
            t->dims[0] = whole.tensor.dims[1], t->dims[1] = whole.tensor.dims[0];
            refused(write_model(count, list, json), whole.name);
        }
        *t = whole.tensor;
        t->dims[t->rank++] = 1;
        refused(write_model(count, list, json), whole.name);
        t->rank = 1, t->dims[0] = 0;
        refused(write_model(count, list, json), whole.name);
        t->rank = 0;
        refused(write_model(count, list, json), whole.name);
        *t = whole.tensor;
        t->dtype = RONDO_I32;
        refused(write_model(count, list, json), whole.name);
        list[i] = whole;
        list[i].name = "other";
        refused(write_model(count, list, json), "");
        list[i] = whole;
    }
    list[count] = list[0];
    list[count].name = "one.more";
    refused(write_model(count + 1, list, json), "one.more");
    refused(write_model(0, list, json), "is missing");
}

/* Garbage in place of a SentencePiece model. */
static void wrong_pieces(void **unused) {
    (void)unused;
    unsigned char bytes[4000];
    const int64_t sizes[] = {0, 1, 2, 100, 4000};
    rondo__named list[MOST_TENSORS];
    const int count = tensors(list);
    rondo__text json = edited("\"vocabulary\": {\"type\": \"char\"", "\"vocabulary\": {\"type\": \"sentencepiece\"");
    for (uint64_t i = 0; i < 60; i++) {
        const int64_t size = sizes[i % 5];
        for (uint64_t k = 0; k < sizeof bytes; k++) /* also many that look like a field's key or a length */
            bytes[k] = i < 5    ? 0xff
                       : i < 30 ? (unsigned char)rondo__random_u32(5, i, k)
                                : (unsigned char)"\x0a\x0c\x12\x22\x2a\x00\xff\x04"[rondo__random_u32(5, i, k) % 8];
        list[count] = (rondo__named){"sentencepiece_model", rondo_tensor_view(RONDO_U8, bytes, 1, &size)};
        refused(write_model(count + 1, list, json.data), "SentencePiece");
    }
    list[count].tensor = rondo_tensor_view(RONDO_F32, bytes, 1, (const int64_t[]){4});
    refused(write_model(count + 1, list, json.data), "sentencepiece_model");
    list[count].tensor = rondo_tensor_view(RONDO_U8, bytes, 2, (const int64_t[]){4, 4});
    refused(write_model(count + 1, list, json.data), "sentencepiece_model");
    rondo__text_free(&json);
}

static rondo_model *opened(const char *path) {
    rondo_model *model;
    rondo_error err = {0};
    if (rondo_model_open(&model, context, path, &err))
        fail_msg("%s", err.message);
    return model;
}

static double loss_of(const char *path) {
    rondo_metrics metrics = {0};
    rondo_error err = {0};
    rondo_model *model = opened(path);
    if (rondo_model_evaluate(model, 1, (const char *const[]){test_path("tiny.txt")}, &metrics, &err))
        fail_msg("%s", err.message);
    rondo_model_close(&model);
    return rondo_metrics_get(&metrics, "loss");
}

static void put_as(rondo_dtype dtype, float value, void *to, int64_t at) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (dtype == RONDO_F64)
        ((double *)to)[at] = (double)value;
    else if (dtype == RONDO_BF16)
        ((uint16_t *)to)[at] = (uint16_t)((bits + 0x8000) >> 16);
    else
        ((uint16_t *)to)[at] = /* rounded; what would be subnormal becomes zero */
            fabsf(value) < 7e-5f
                ? 0
                : (uint16_t)((bits >> 16 & 0x8000) | ((bits & 0x7fffffff) - (112 << 23) + 0x1000) >> 13);
}

/* Other float types are welcome: of the same weights, as exactly as they hold them. */
static void other_floats(void **unused) {
    (void)unused;
    static const rondo_dtype dtypes[] = {RONDO_F64, RONDO_F16, RONDO_BF16};
    static const double near[] = {0, 2e-3, 2e-2};
    rondo__named list[MOST_TENSORS];
    const int count = tensors(list);
    const char *json = rondo__safetensors_metadata(file, "rondo");
    const double loss = loss_of(write_model(count, list, json));
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < count; i++) {
            const rondo_tensor *from = &rondo__safetensors_at(file, i)->tensor;
            const int64_t n = rondo_tensor_count(from);
            list[i].tensor.dtype = dtypes[k];
            list[i].tensor.data = rondo__alloc((size_t)n * 8);
            assert_non_null(list[i].tensor.data);
            for (int64_t j = 0; j < n; j++)
                put_as(dtypes[k], ((const float *)from->data)[j], list[i].tensor.data, j);
        }
        assert_true(fabs(loss_of(write_model(count, list, json)) - loss) <= near[k]);
        for (int i = 0; i < count; i++)
            rondo__free(list[i].tensor.data);
    }
}

static bool ignore(const char *text, size_t size, void *arg) { return (void)text, (void)size, (void)arg, true; }

/* A weight that is no number: the file opens, for its shapes are right, but what it computes is not passed on. */
static void no_numbers(void **unused) {
    (void)unused;
    const float odd[] = {(float)NAN, (float)INFINITY, (float)-INFINITY, 3e38f};
    const char *json = rondo__safetensors_metadata(file, "rondo");
    rondo__named list[MOST_TENSORS];
    const int count = tensors(list);
    for (int i = 0; i < 4 * count; i++) {
        rondo_tensor *t = &list[i / 4].tensor;
        const rondo_tensor whole = *t;
        const int64_t n = rondo_tensor_count(t);
        t->data = rondo__alloc((size_t)n * sizeof(float));
        for (int64_t j = 0; j < n; j++)
            ((float *)t->data)[j] = odd[i % 4];
        const char *path = write_model(count, list, json), *const text = test_path("tiny.txt");
        rondo_model *model = opened(path);
        for (int k = 0; k < 4; k++) {
            const rondo_generate_options o = {
                .tokens = 20, .greedy = k == 1, .top_k = k == 2 ? 3 : 0, .top_p = k == 3 ? 0.5 : 0};
            rondo_error err = {0};
            const rondo_status status = rondo_model_generate(model, &o, ignore, NULL, &err);
            assert_true(status == RONDO_OK || status == RONDO_NUMERIC);
            assert_true(i % 4 > 0 || (status == RONDO_NUMERIC && strstr(err.message, "not finite")));
        }
        rondo_metrics metrics = {0};
        rondo_error err = {0};
        const rondo_status status = rondo_model_evaluate(model, 1, &text, &metrics, &err);
        if (status != RONDO_NUMERIC && (status || i % 4 == 0 || !isfinite(rondo_metrics_get(&metrics, "loss"))))
            fail_msg("%s of %g: %s %s", list[i / 4].name, (double)odd[i % 4], rondo_status_name(status), err.message);
        assert_true(!status || (metrics.count == 0 && strstr(err.message, "not finite")));
        rondo_model_close(&model);
        rondo__free(t->data);
        *t = whole;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(wrong_recipes), cmocka_unit_test(wrong_vocabularies),
                                       cmocka_unit_test(deep_nesting),  cmocka_unit_test(wrong_tensors),
                                       cmocka_unit_test(wrong_pieces),  cmocka_unit_test(other_floats),
                                       cmocka_unit_test(no_numbers)};
    return cmocka_run_group_tests(tests, make_model, drop_model);
}

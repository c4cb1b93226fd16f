/* Tampered model files of forecasts: each is refused with one line that names the file and the place, before memory is
 * taken by the sizes it claims; numbers that are none are not passed on. Needs: JANSSON YAML. */
#include "hostile.h"
#include "tiny_series.h"

static int make_model(void **unused) {
    (void)unused;
    run = tiny_series_make("hostile",
                           (const char *const[]){"train.max_steps=1", "data.static=[kind]", "data.covariates=[c]",
                                                 "model.autoregressive=true", "model.output=gaussian", NULL});
    return hostile_open();
}

static int drop_model(void **unused) {
    (void)unused;
    return hostile_close();
}

static void wrong_descriptions(void **unused) {
    (void)unused;
    static const char *const edits[][3] = {
        {"\"hidden_size\": 5", "\"hidden_size\": 65536", "rnn."},
        {"\"window\": 12", "\"window\": 1000000", "path.weight"},
        {"\"window\": 12", "\"window\": 13", "path.weight"},
        {"\"horizon\": 6", "\"horizon\": 100000", "output.weight"},
        {"\"horizon\": 6", "\"horizon\": 0", "model.horizon"},
        {"\"patch\": 1", "\"patch\": 5", "model.patch"},
        {"\"patch\": 1", "\"patch\": 2", "rnn."},
        {"\"output\": \"gaussian\"", "\"output\": \"point\"", "output.weight"},
        {"\"output\": \"gaussian\"", "\"output\": \"student_t\"", "output.weight"},
        {"\"output\": \"gaussian\"", "\"output\": \"softmax\"", "model.output"},
        {"\"output\": \"gaussian\"", "\"output\": \"negative_binomial\"", "model.autoregressive"},
        {"\"mode\": \"direct\"", "\"mode\": \"recursive\"", "model.autoregressive"},
        {"\"mode\": \"direct\"", "\"mode\": \"encoder_decoder\"", "decoder"},
        {"\"independent\": false", "\"independent\": true", "rnn."},
        {"\"autoregressive\": true", "\"autoregressive\": false", "path."},
        {"\"static_embedding_size\": 8", "\"static_embedding_size\": 65536", "rnn."},
        {"\"targets\": [\"a\", \"b\"]", "\"targets\": [\"a\"]", "'columns'"},
        {"\"targets\": [\"a\", \"b\"]", "\"targets\": [\"b\", \"a\"]", "column 0"},
        {"\"targets\": [\"a\", \"b\"]", "\"targets\": []", "data.targets"},
        {"\"covariates\": [\"c\"]", "\"covariates\": [\"c\", \"d\"]", "'columns'"},
        {"\"static\": [\"kind\"]", "\"static\": []", "'categories'"},
        {"\"seconds\": ", "\"seconds\": -1, \"was\": ", "'step'"},
        {"\"seconds\": ", "\"seconds\": 1e300, \"was\": ", "'step'"},
        {"\"season\": 24", "\"season\": 0", "'season'"},
        {"\"season\": 24, \"columns\"", "\"season\": 1000000000000, \"columns\"", "'season'"},
        {"\"scale\": ", "\"scale\": 0, \"was\": ", "column 0"},
        {"\"scale\": ", "\"scale\": -1, \"was\": ", "column 0"},
        {"\"scale\": ", "\"scale\": 1e999, \"was\": ", "rondo"},
        {"\"center\": ", "\"center\": \"x\", \"was\": ", "column 0"},
        {"\"level_scale\": ", "\"level_scale\": 0, \"was\": ", "column 0"},
        {"\"seasonal_error\": ", "\"seasonal_error\": -3, \"was\": ", "column 0"},
        {"\"masked\": false", "\"masked\": true", "rnn."},
        {"[\"large\", \"small\"]", "[\"large\"]", "static.0.weight"},
        {"[\"large\", \"small\"]", "[\"large\", \"large\"]", "twice"},
        {"[\"large\", \"small\"]", "[\"large\", 3]", "no text"},
        {"[\"large\", \"small\"]", "[]", "no categories"},
        {"[[\"large\", \"small\"]]", "7", "'categories'"},
        {"\"vocabulary\": {", "\"vocabulary\": 7, \"old\": {", "vocabulary"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        edit_refused(edits[i][0], edits[i][1], edits[i][2]);
}

static void wrong_tensors(void **unused) {
    (void)unused;
    wrong_tensors_refused();
}

static void check_status(rondo_status status, const rondo_error *err, const char *name) {
    if (status != RONDO_OK && (status != RONDO_NUMERIC || !strstr(err->message, "bad.safetensors: ")))
        fail_msg("%s: %s %s", name, rondo_status_name(status), err->message);
}

static void no_numbers(void **unused) {
    (void)unused;
    const float odd[] = {(float)NAN, (float)INFINITY, 3e38f};
    const char *json = rondo__safetensors_metadata(file, "rondo");
    rondo__named list[MOST_TENSORS];
    const int count = tensors(list);
    char path[300];
    snprintf(path, sizeof path, "%s", test_path("series.csv"));
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
        rondo_forecast out;
        rondo_metrics metrics;
        rondo_status status = rondo_model_forecast(model, path, NULL, &out, &err);
        check_status(status, &err, list[i / 3].name);
        for (int64_t v = 0; !status && v < out.targets * out.horizon; v++)
            assert_true(isfinite(out.series[0].point[v]));
        rondo_forecast_free(&out);
        check_status(rondo_model_evaluate(model, 1, (const char *const[]){path}, &metrics, &err), &err,
                     list[i / 3].name);
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

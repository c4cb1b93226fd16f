/* Time order: the future is changed and nothing moves. Rows after the training part reach neither scaler nor window nor
 * weight; rows after an origin reach no forecast from it. Gaps are masked, never filled in. Needs: JANSSON YAML. */
#include "formats/safetensors.h"
#include "tiny_series.h"

/* Parameters, and what the model file says of the data. The metrics are of the validation part, which did change. */
static void same_learned(const tiny *a, const tiny *b) {
    char path[400];
    rondo__safetensors *x, *y;
    snprintf(path, sizeof path, "%s/last.safetensors", a->folder);
    assert_int_equal(rondo__safetensors_read(&x, path, NULL), RONDO_OK);
    snprintf(path, sizeof path, "%s/last.safetensors", b->folder);
    assert_int_equal(rondo__safetensors_read(&y, path, NULL), RONDO_OK);
    for (int i = 0; i < rondo__safetensors_count(x); i++) {
        const rondo__named *p = rondo__safetensors_at(x, i), *q = rondo__safetensors_find(y, p->name);
        assert_non_null(q);
        if (strncmp(p->name, "train.", 6) == 0)
            continue;
        assert_memory_equal(p->tensor.data, q->tensor.data,
                            (size_t)rondo_tensor_count(&p->tensor) * rondo_dtype_bytes(p->tensor.dtype));
    }
    const char *s = strstr(rondo__safetensors_metadata(x, "rondo"), "\"vocabulary\""),
               *r = strstr(rondo__safetensors_metadata(y, "rondo"), "\"vocabulary\"");
    assert_memory_equal(s, r, (size_t)(strstr(s, "\"metrics\"") - s));
    rondo__safetensors_free(&x);
    rondo__safetensors_free(&y);
}

static void test_training_sees_no_validation(void **state) {
    (void)state;
    for (int i = 0; i < SERIES_KINDS; i++) {
        tiny a = tiny_series_kind("a", i, NULL);
        tiny_run(&a);
        tiny b = tiny_series_kind("b", i, NULL);
        series_write("series.csv", &(series_plan){.changed = SERIES_TRAIN});
        print_message("%d\n", i);
        tiny_run(&b);
        same_learned(&a, &b);
        const double was = rondo_metrics_get(&a.result.best, "mse"), is = rondo_metrics_get(&b.result.best, "mse");
        assert_true(was != is); /* the change is real */
        tiny_clean(&a);
        tiny_clean(&b);
    }
}

static void test_training_sees_training(void **state) {
    (void)state;
    tiny a = tiny_series_kind("a", 0, NULL), b = tiny_series_kind("b", 0, NULL);
    tiny_run(&a);
    series_write("series.csv", &(series_plan){.changed = SERIES_TRAIN - 1});
    tiny_run(&b);
    assert_true(rondo_metrics_get(&a.result.best, "train_loss") != rondo_metrics_get(&b.result.best, "train_loss"));
    tiny_clean(&a);
    tiny_clean(&b);
}

/* The plan is told for the future; all else changes or is not there at all. */
static void test_forecast_sees_no_future(void **state) {
    (void)state;
    char path[3][300];
    for (int i = 0; i < SERIES_KINDS; i++) {
        tiny t = tiny_series_kind("future", i, (const char *const[]){"train.max_steps=2", NULL});
        rondo_context *context = series_context(1);
        tiny_run(&t);
        rondo_model *model = series_open(&t, context);
        const int64_t paths = series_paths(model, 9);
        const rondo_forecast_options from = {.from = "50", .paths = paths, .horizon = 9},
                                     end = {.paths = paths, .horizon = 9};
        snprintf(path[0], 300, "%s", series_write("whole.csv", NULL));
        snprintf(path[1], 300, "%s", series_write("changed.csv", &(series_plan){.changed = 50}));
        snprintf(path[2], 300, "%s", series_write("cut.csv", &(series_plan){.rows = 50, .ahead = 12}));
        rondo_forecast a = series_forecast(model, path[0], &from), b = series_forecast(model, path[1], &from),
                       c = series_forecast(model, path[2], &end);
        print_message("%d\n", i);
        series_same_forecast(&a, &b, "changed");
        series_same_forecast(&a, &c, "cut");
        assert_true(a.has_truth && !c.has_truth);
        rondo_forecast d = series_forecast(model, path[1], &(rondo_forecast_options){.from = "51", .paths = paths});
        rondo_forecast e = series_forecast(model, path[0], &(rondo_forecast_options){.from = "51", .paths = paths});
        assert_true(d.series[0].point[0] != e.series[0].point[0]);
        rondo_forecast *const all[] = {&a, &b, &c, &d, &e};
        for (int k = 0; k < 5; k++)
            rondo_forecast_free(all[k]);
        rondo_model_close(&model);
        rondo_context_destroy(&context);
        tiny_clean(&t);
    }
}

/* A gap in the times and rows without values are the same thing: to training, evaluation and forecasts. */
static void test_gaps_are_masked(void **state) {
    (void)state;
    static const int kinds[] = {0, 1, 4, 7, 10};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        tiny a = tiny_series_kind("a", kinds[i], NULL), b = tiny_series_kind("b", kinds[i], NULL);
        series_write("series.csv", &(series_plan){.noon_lacks = true});
        tiny_run(&a);
        series_write("series.csv", &(series_plan){.empty_noon = true});
        tiny_run(&b);
        print_message("%d\n", kinds[i]);
        tiny_same_model(&a, &b);
        tiny_clean(&a);
        tiny_clean(&b);
    }
}

static bool take_notes(const rondo_event *event, void *arg) {
    if (event->kind == RONDO_EVENT_NOTE)
        rondo__text_format(arg, "%s\n", event->message);
    return true;
}

static void test_missing_values_are_told(void **state) {
    (void)state;
    rondo__text notes = {0};
    for (int i = 0; i < SERIES_KINDS; i++) {
        tiny t = tiny_series_kind("missing", i, NULL);
        series_write("series.csv", &(series_plan){.missing = true, .noon_lacks = true});
        t.options.event = take_notes;
        t.options.event_arg = &notes;
        tiny_run(&t);
        rondo_context *context = series_context(1);
        rondo_model *model = series_open(&t, context);
        char path[300];
        snprintf(path, sizeof path, "%s", test_path("series.csv"));
        print_message("%d\n", i);
        rondo_forecast f =
            series_forecast(model, path, &(rondo_forecast_options){.from = "50", .paths = series_paths(model, 5)});
        assert_true(isfinite(f.series[0].point[0]));
        rondo_forecast_free(&f);
        rondo_model_close(&model);
        rondo_context_destroy(&context);
        tiny_clean(&t);
    }
    assert_non_null(strstr(notes.data, "3 steps are missing between 2020-03-02 05:00 and 2020-03-02 09:00"));
    assert_non_null(strstr(notes.data, "values are missing"));
    assert_non_null(strstr(notes.data, "training windows"));
    rondo__text_free(&notes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_sees_no_validation), cmocka_unit_test(test_training_sees_training),
        cmocka_unit_test(test_forecast_sees_no_future), cmocka_unit_test(test_gaps_are_masked),
        cmocka_unit_test(test_missing_values_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

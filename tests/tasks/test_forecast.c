/* Forecasts from a recipe to a table: every kind trains, opens, measures and continues series, with the same bits on
 * any number of threads; a stream of rows says what the file says. Needs: JANSSON YAML. */
#include "tiny_series.h"

typedef struct outcome {
    rondo_metrics metrics;
    rondo_forecast forecast;
} outcome;

static outcome use(const tiny *t, int threads) {
    char path[300];
    rondo_context *context = series_context(threads);
    rondo_model *model = series_open(t, context);
    outcome out = {0};
    rondo_error err;
    snprintf(path, sizeof path, "%s", test_path("series.csv"));
    if (rondo_model_evaluate(model, 1, (const char *const[]){path}, &out.metrics, &err))
        fail_msg("%s", err.message);
    assert_non_null(strstr(rondo_model_report(model), "seasonal-naive"));
    out.forecast = series_forecast(
        model, path, &(rondo_forecast_options){.from = "70", .paths = series_paths(model, 20), .seed = 3});
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return out;
}

static void check_forecast(const rondo_forecast *f) {
    for (int64_t i = 0; i < f->count; i++) {
        for (int64_t v = 0; v < f->targets * f->horizon; v++) {
            assert_true(isfinite(f->series[i].point[v]) && isfinite(f->series[i].truth[v]));
            for (int q = 1; q < f->quantiles; q++)
                assert_true(f->series[i].quantile[v * f->quantiles + q - 1] <=
                            f->series[i].quantile[v * f->quantiles + q]);
        }
    }
    assert_int_equal(f->count, 2);
    assert_string_equal(f->series[1].name, "south");
    assert_string_equal(f->series[0].when[2], "2020-03-04 00:00");
}

static void test_every_kind(void **state) {
    (void)state;
    for (int i = 0; i < SERIES_KINDS; i++) {
        tiny t = tiny_series_kind("kind", i, NULL), other = tiny_series_kind("other", i, NULL);
        print_message("%d: %s %s\n", i, series_kinds[i][0], series_kinds[i][1] ? series_kinds[i][1] : "");
        other.options.threads = 3;
        tiny_run(&t);
        tiny_run(&other);
        tiny_same_model(&t, &other);
        outcome a = use(&t, 1), b = use(&t, 3);
        assert_memory_equal(&a.metrics, &b.metrics, sizeof a.metrics);
        check_forecast(&a.forecast);
        series_same_forecast(&a.forecast, &b.forecast, "threads");
        rondo_forecast_free(&a.forecast);
        rondo_forecast_free(&b.forecast);
        tiny_clean(&t);
        tiny_clean(&other);
    }
}

/* ---- streams ---- */

/* A row of shop 0 as the stream takes it; columns by the recipe's order. */
static void fill_row(int kind, int row, double *out) {
    int n = 0;
    const bool counts = kind == 11;
    for (int c = counts ? 2 : 0; c < (counts ? 3 : 2); c++)
        out[n++] = c == 2 ? (int)(series_value(0, row, c, false) / 4) : series_value(0, row, c, false);
    if (kind == 2)
        out[n++] = series_value(0, row, 3, false);
    if (kind == 2 || kind == 6 || kind == 9)
        out[n++] = row % 5 == 0;
    for (int i = 0; i < n; i++) /* as many digits as the file has */
        out[i] = round(out[i] * 1e4) / 1e4;
}

static void test_stream_is_whole(void **state) {
    (void)state;
    static const char *const category[] = {"large"};
    char path[300];
    for (int i = 0; i < SERIES_KINDS; i++) {
        tiny t = tiny_series_kind("stream", i, (const char *const[]){"train.max_steps=2", NULL});
        rondo_context *context = series_context(1);
        rondo_error err;
        rondo_forecast_stream *stream;
        double row[8], future[6], point[12], quantile[60];
        tiny_run(&t);
        snprintf(path, sizeof path, "%s", test_path("series.csv"));
        rondo_model *model = series_open(&t, context);
        const rondo_forecast_stream_options o = {.category = category, .paths = series_paths(model, 7), .seed = 5};
        if (rondo_forecast_stream_open(&stream, model, &o, &err))
            fail_msg("%s", err.message);
        const rondo_forecast_stream_sizes sizes = rondo_forecast_stream_get_sizes(stream);
        const uint64_t before = rondo__alloc_count();
        for (int k = 0; k < 40; k++) {
            fill_row(i, k, row);
            for (int h = 0; h < 6; h++)
                future[h] = (k + 1 + h) % 5 == 0;
            if (rondo_forecast_stream_step(stream, 1583020800.0 + 3600 * k, row,
                                           sizes.future_covariates ? future : NULL, point, quantile, &err))
                fail_msg("%s", err.message);
            assert_true(isnan(point[0]) == (k < 11 + (i == 4 || i == 5 || i == 8 || i == 10)));
        }
        assert_int_equal(rondo__alloc_count(), before);
        rondo_forecast whole = series_forecast(
            model, path,
            &(rondo_forecast_options){.from = "40", .series = "north", .paths = series_paths(model, 7), .seed = 5});
        print_message("%d\n", i);
        series_same(whole.series[0].point, point, sizes.targets * 6, "point");
        if (sizes.quantiles)
            series_same(whole.series[0].quantile, quantile, sizes.targets * 6 * sizes.quantiles, "quantile");
        rondo_forecast_free(&whole);
        rondo_forecast_stream_reset(stream);
        assert_int_equal(rondo_forecast_stream_step(stream, 0, row, future, point, NULL, NULL), RONDO_OK);
        assert_true(isnan(point[0]));
        rondo_forecast_stream_close(&stream);
        rondo_model_close(&model);
        rondo_context_destroy(&context);
        tiny_clean(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind), cmocka_unit_test(test_stream_is_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What an evaluation says is the mean of the forecasts from every origin, scored by hand; baselines are what they say;
 * forecasts have the unit of the data; a model learns what is there to learn; every allocation may fail. Needs: JANSSON
 * YAML. */
#include "tiny_series.h"

/* Mean and population deviation of the training rows of both shops. */
static void scale_of(int column, double *mean, double *deviation) {
    double sum = 0, squares = 0;
    for (int shop = 0; shop < 2; shop++)
        for (int k = 0; k < SERIES_TRAIN; k++)
            sum += round(series_value(shop, k, column, false) * 1e4) / 1e4;
    *mean = sum / (2 * SERIES_TRAIN);
    for (int shop = 0; shop < 2; shop++)
        for (int k = 0; k < SERIES_TRAIN; k++)
            squares += pow(round(series_value(shop, k, column, false) * 1e4) / 1e4 - *mean, 2);
    *deviation = sqrt(squares / (2 * SERIES_TRAIN));
}

static void close_to(double is, double should, const char *what) {
    if (!(fabs(is - should) <= 1e-9 * (1 + fabs(should))))
        fail_msg("%s: %.15g, not %.15g", what, is, should);
}

typedef struct sums {
    double squared, absolute, units, naive, seasonal, drift, inside;
    int64_t count;
} sums;

static void add_series(sums *s, const rondo_forecast *f, int shop, int origin) {
    for (int c = 0; c < 2; c++) {
        double mean, deviation;
        scale_of(c, &mean, &deviation);
        for (int h = 0; h < 6; h++) {
            const double y = round(series_value(shop, origin + h, c, false) * 1e4) / 1e4;
            const double p = f->series[shop].point[c * 6 + h];
            const double last = round(series_value(shop, origin - 1, c, false) * 1e4) / 1e4;
            const double first = round(series_value(shop, 0, c, false) * 1e4) / 1e4;
            const double season = round(series_value(shop, origin - 24 + h, c, false) * 1e4) / 1e4;
            close_to(f->series[shop].truth[c * 6 + h], y, "truth");
            s->squared += pow((y - p) / deviation, 2);
            s->absolute += fabs(y - p) / deviation;
            s->units += fabs(y - p);
            s->naive += pow((y - last) / deviation, 2);
            s->seasonal += pow((y - season) / deviation, 2);
            s->drift += pow((y - last - (h + 1) * (last - first) / (origin - 1)) / deviation, 2);
            if (f->quantiles == 3)
                s->inside += y >= f->series[shop].quantile[(c * 6 + h) * 3] &&
                             y <= f->series[shop].quantile[(c * 6 + h) * 3 + 2];
            s->count++;
        }
    }
}

/* The best evaluation of the run is of the validation part: origins 60 to 78 of both shops. */
static void test_evaluation_is_the_mean_of_forecasts(void **state) {
    (void)state;
    static const int kinds[] = {0, 1, 3, 4, 5, 6, 7};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        tiny t = tiny_series_kind("mean", kinds[i], NULL);
        rondo_context *context = series_context(1);
        sums s = {0};
        char path[300], from[32];
        tiny_run(&t);
        snprintf(path, sizeof path, "%s", test_path("series.csv"));
        rondo_model *model = series_open(&t, context);
        for (int origin = SERIES_TRAIN; origin <= SERIES_TRAIN + SERIES_VALID - 6; origin++) {
            snprintf(from, sizeof from, "%d", origin);
            rondo_forecast f = series_forecast(model, path, &(rondo_forecast_options){.from = from});
            add_series(&s, &f, 0, origin);
            add_series(&s, &f, 1, origin);
            rondo_forecast_free(&f);
        }
        const rondo_metrics *m = &t.result.best;
        const double n = (double)s.count;
        print_message("%d: mse %g\n", kinds[i], s.squared / n);
        close_to(rondo_metrics_get(m, "mse"), s.squared / n, "mse");
        close_to(rondo_metrics_get(m, "rmse"), sqrt(s.squared / n), "rmse");
        close_to(rondo_metrics_get(m, "mae"), s.absolute / n, "mae");
        close_to(rondo_metrics_get(m, "mae_units"), s.units / n, "mae_units");
        close_to(rondo_metrics_get(m, "naive_mse"), s.naive / n, "naive_mse");
        close_to(rondo_metrics_get(m, "seasonal_mse"), s.seasonal / n, "seasonal_mse");
        close_to(rondo_metrics_get(m, "drift_mse"), s.drift / n, "drift_mse");
        close_to(rondo_metrics_get(m, "values"), n, "values");
        if (rondo_metrics_get(m, "coverage") >= 0 && kinds[i] != 8)
            close_to(rondo_metrics_get(m, "coverage"), s.inside / n, "coverage");
        rondo_model_close(&model);
        rondo_context_destroy(&context);
        tiny_clean(&t);
    }
}

/* A wave of a day with little noise: far better than naive, and than an untrained model. */
static void test_it_learns(void **state) {
    (void)state;
    static const char *const modes[] = {"model.mode=direct", "model.mode=recursive", "model.mode=encoder_decoder"};
    for (int i = 0; i < 3; i++) {
        tiny t = tiny_series_make("learns",
                                  (const char *const[]){modes[i], "train.max_steps=150", "train.epochs=1000",
                                                        "train.evaluate_every=50", "model.hidden_size=16",
                                                        "train.optimizer.learning_rate=0.02",
                                                        "model.instance_norm=reversible", "train.metric=mse", NULL});
        tiny_run(&t);
        const double mse = rondo_metrics_get(&t.result.best, "mse");
        print_message("%s: mse %g, naive %g\n", modes[i], mse, rondo_metrics_get(&t.result.best, "naive_mse"));
        assert_true(mse < 0.3 * rondo_metrics_get(&t.result.best, "naive_mse"));
        tiny_clean(&t);
    }
}

static void test_refusals(void **state) {
    (void)state;
    tiny t = tiny_series_make("refuse", (const char *const[]){"train.max_steps=1", NULL});
    rondo_context *context = series_context(1);
    rondo_error err;
    rondo_forecast f;
    rondo_forecast_stream *stream;
    double number = 0;
    char path[300];
    tiny_run(&t);
    rondo_model *model = series_open(&t, context);
    snprintf(path, sizeof path, "%s", test_path("series.csv"));
    const double level[] = {0.5, 0.1};
    const struct {
        rondo_forecast_options o;
        const char *said;
    } bad[] = {
        {{.horizon = -1}, "horizon"},
        {{.quantiles = 2, .quantile = level}, "forecasts points"},
        {{.series = "nroth"}, "did you mean 'north'"},
        {{.target = "c"}, "no target"},
        {{.from = "yesterday"}, "'yesterday'"},
        {{.from = "11"}, "shorter than one window"},
        {{.from = "97"}, "neither"},
        {{.from = "2020-03-01 05:00"}, "no series has the 12 steps"},
        {{.from = "2020-03-01 05:00", .series = "north"}, "5 steps are known"},
        {{.from = ""}, "neither"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const int64_t live = rondo__alloc_live();
        if (!rondo_model_forecast(model, path, &bad[i].o, &f, &err) || !strstr(err.message, bad[i].said))
            fail_msg("'%s' is not '%s'", err.message, bad[i].said);
        assert_int_equal(rondo__alloc_live(), live);
    }
    assert_int_equal(rondo_model_forecast(NULL, path, NULL, &f, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_forecast(model, NULL, NULL, &f, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_forecast(model, path, NULL, NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_forecast_stream_open(NULL, model, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_forecast_stream_open(&stream, model, NULL, NULL), RONDO_OK);
    assert_int_equal(rondo_forecast_stream_step(stream, 0, NULL, NULL, &number, NULL, NULL), RONDO_ARGUMENT);
    double point[12];
    const double wrong[][2] = {{INFINITY, 1}, {1e300, 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(rondo_forecast_stream_step(stream, 0, wrong[i], NULL, point, NULL, NULL), RONDO_ARGUMENT);
    rondo_forecast_stream_close(&stream);
    rondo_forecast_stream_close(&stream);
    rondo_forecast_stream_close(NULL);
    rondo_forecast_free(NULL);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    tiny_clean(&t);
}

/* ---- memory ---- */

typedef struct life {
    tiny *t;
    char path[300];
} life;

static int whole_life(void *arg) {
    life *l = arg;
    static const char *const category[] = {"small"};
    rondo_forecast_stream_options o = {.category = category};
    rondo_context *context = NULL;
    rondo_model *model = NULL;
    rondo_forecast out = {0};
    rondo_forecast_stream *stream = NULL;
    rondo_metrics metrics;
    rondo_error err;
    char file[400];
    snprintf(file, sizeof file, "%s/model.safetensors", l->t->folder);
    rondo_status status = rondo_context_create(&context, &(rondo_context_options){.threads = 1}, &err);
    if (!status)
        status = rondo_model_open(&model, context, file, &err);
    if (!status)
        o.paths = series_paths(model, 3);
    if (!status)
        status = rondo_model_forecast(
            model, l->path, &(rondo_forecast_options){.paths = o.paths, .horizon = 8, .from = "80"}, &out, &err);
    if (!status)
        status = rondo_forecast_stream_open(&stream, model, &o, &err);
    if (!status)
        status = rondo_model_evaluate(model, 1, (const char *const[]){l->path}, &metrics, &err);
    rondo_forecast_stream_close(&stream);
    rondo_forecast_free(&out);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return (int)status;
}

static int whole_training(void *arg) {
    tiny *t = ((life *)arg)->t;
    tiny_clean(t);
    return (int)tiny_train(t);
}

static void test_every_allocation_fails(void **state) {
    (void)state;
    static const int kinds[] = {2, 10};
    for (int i = 0; i < 2; i++) {
        tiny t = tiny_series_kind(
            "memory", kinds[i], (const char *const[]){"train.max_steps=1", "model.window=3", "model.horizon=2", NULL});
        life l = {.t = &t};
        series_write("series.csv", &(series_plan){.rows = 84, .ahead = 8});
        snprintf(l.path, sizeof l.path, "%s", test_path("series.csv"));
        tiny_run(&t);
        test_every_failure(whole_life, &l);
        test_every_failure(whole_training, &l);
        tiny_clean(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_evaluation_is_the_mean_of_forecasts),
                                       cmocka_unit_test(test_it_learns), cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_every_allocation_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

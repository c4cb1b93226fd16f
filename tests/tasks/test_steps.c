/* What a step is, and when a run ends: accumulation, divergence, clipping, early stopping. Needs: JANSSON YAML. */
#include <math.h>

#include "formats/safetensors.h"
#include "tiny.h"

static rondo__safetensors *open_last(const tiny *t) {
    char path[400];
    rondo__safetensors *file;
    rondo_error err;
    snprintf(path, sizeof path, "%s/last.safetensors", t->folder);
    if (rondo__safetensors_read(&file, path, &err) != RONDO_OK)
        fail_msg("%s", err.message);
    return file;
}

/* The largest difference between two runs' parameters. */
static double distance(const tiny *a, const tiny *b) {
    rondo__safetensors *x = open_last(a), *y = open_last(b);
    double most = 0;
    for (int i = 0; i < rondo__safetensors_count(x); i++) {
        const rondo__named *p = rondo__safetensors_at(x, i), *q = rondo__safetensors_find(y, p->name);
        if (strncmp(p->name, "train.", 6) == 0 || strncmp(p->name, "state.", 6) == 0)
            continue;
        assert_non_null(q);
        assert_int_equal(rondo_tensor_count(&p->tensor), rondo_tensor_count(&q->tensor));
        for (int64_t j = 0; j < rondo_tensor_count(&p->tensor); j++)
            most = fmax(most, fabs((double)((const rondo_real *)p->tensor.data)[j] -
                                   (double)((const rondo_real *)q->tensor.data)[j]));
    }
    rondo__safetensors_free(&x);
    rondo__safetensors_free(&y);
    return most;
}

/* All of a text in one step: as B streams side by side, or as B chunks of one stream after each other. Without carried
 * states and dropout these are the same sequences, so the steps agree up to rounding; with pairs = 7 the last sequence
 * is shorter than the others, and a mean of means would be another step. */
static void test_accumulate(void **state) {
    (void)state;
    static const char *const texts[] = {"abcabdacb", "abcabdac", "abdc"};
    static const char *const shapes[][2] = {{"train.batch_size=4", "train.accumulate=4"},
                                            {"train.batch_size=4", "train.accumulate=9"},
                                            {"train.batch_size=2", "train.accumulate=2"}};
    for (int i = 0; i < 3; i++) {
        const char *sets[] = {"data.train=few.txt",
                              "data.valid=tiny.txt",
                              "model.dropout=0",
                              "train.optimizer={type: sgd, learning_rate: 1}",
                              "train.clip_norm=0",
                              "train.carry_state=false",
                              "train.steps_per_sequence=2",
                              "train.epochs=10",
                              "train.evaluate_every=10",
                              "train.max_steps=10",
                              shapes[i][0],
                              NULL,
                              NULL};
        test_write("few.txt", texts[i], strlen(texts[i]));
        tiny whole = tiny_make("whole", sets);
        sets[10] = "train.batch_size=1";
        sets[11] = shapes[i][1];
        tiny parts = tiny_make("parts", sets);
        tiny_run(&whole);
        tiny_run(&parts);
        assert_int_equal(whole.result.epochs, 10);
        assert_int_equal(parts.result.epochs, 10);
        if (distance(&whole, &parts) > 1e-6)
            fail_msg("case %d: the parameters differ by %g", i, distance(&whole, &parts));
        assert_true(fabs(rondo_metrics_get(&whole.result.best, "train_loss") -
                         rondo_metrics_get(&parts.result.best, "train_loss")) < 1e-6);
        tiny_clean(&whole);
        tiny_clean(&parts);
    }
}

static void expect_numeric(tiny *t, const char *said) {
    if (tiny_train(t) != RONDO_NUMERIC || !strstr(t->err.message, "train: step ") || !strstr(t->err.message, said) ||
        !strstr(t->err.message, "lower train.optimizer.learning_rate") || strchr(t->err.message, '\n'))
        fail_msg("status %s: '%s', not '%s'", rondo_status_name(t->err.status), t->err.message, said);
}

static void open_model(const tiny *t) {
    char path[400];
    rondo_context *context;
    rondo_model *model;
    rondo_error err;
    snprintf(path, sizeof path, "%s/model.safetensors", t->folder);
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL), RONDO_OK);
    if (rondo_model_open(&model, context, path, &err) != RONDO_OK)
        fail_msg("%s", err.message);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
}

/* A rate that grows till the run is lost: the model of the last good evaluation stays. */
static void test_diverging_run(void **state) {
    (void)state;
    static const char *const sets[] = {"train.optimizer={type: sgd, momentum: 0.99, learning_rate: 1000}",
                                       "train.schedule={warmup_steps: 200}",
                                       "train.max_steps=300",
                                       "train.epochs=99",
                                       "train.clip_norm=0",
                                       "model.cell=elman",
                                       "model.activation=relu",
                                       "train.evaluate_every=1",
                                       NULL};
    tiny t = tiny_make("diverging", sets);
    expect_numeric(&t, "the last good model is kept in");
    open_model(&t);
    tiny_clean(&t);
}

/* A rate far too high from the first step, for every rule, with and without averaged weights: no file that says so. */
static void test_huge_rate(void **state) {
    (void)state;
    static const char *const rules[] = {"sgd", "adam", "adamw", "rmsprop", "adagrad"};
    for (int i = 0; i < 10; i++) {
        char rule[64];
        snprintf(rule, sizeof rule, "train.optimizer={type: %s, learning_rate: 1e%d}", rules[i / 2], i % 2 ? 30 : 38);
        tiny t = tiny_make("huge", (const char *const[]){rule, i % 2 ? "train.ema=0.5" : "train.ema=0", NULL});
        expect_numeric(&t, "loss is ");
        size_t size;
        char path[400];
        snprintf(path, sizeof path, "%s/model.safetensors", t.folder);
        assert_false(rondo__file_exists(path));
        rondo__free(tiny_read(&t, "recipe.yaml", &size));
        tiny_clean(&t);
    }
}

/* While a run is on, a second one in its folder is refused, resumed or not, and changes nothing. */
static bool try_second(const rondo_event *event, void *arg) {
    tiny *second = arg;
    for (int resume = 0; event->kind == RONDO_EVENT_START && resume < 2; resume++) {
        second->options.resume = resume;
        assert_int_equal(tiny_train(second), RONDO_STATE);
        assert_non_null(strstr(second->err.message, ": another run is writing here (wait for it, or choose another"));
    }
    return true;
}

static void test_two_runs(void **state) {
    (void)state;
    tiny first = tiny_make("shared", NULL), second = tiny_make("shared", NULL), alone = tiny_make("alone", NULL);
    first.options.event = try_second;
    first.options.event_arg = &second;
    tiny_run(&alone);
    tiny_run(&first);
    tiny_same_model(&alone, &first);
    second.options.resume = true; /* and the lock is gone */
    tiny_run(&second);
    tiny_clean(&first);
    tiny_clean(&alone);
}

/* Parameters after one step of length 1 (or hardly any) along the clipped gradient. */
static tiny one_step(const char *folder, const char *rate, const char *clip_norm, const char *clip_value) {
    char rule[80];
    snprintf(rule, sizeof rule, "train.optimizer={type: sgd, learning_rate: %s}", rate);
    tiny t = tiny_make(folder, (const char *const[]){rule, clip_norm, clip_value, "train.max_steps=1", NULL});
    tiny_run(&t);
    return t;
}

static void test_clipping(void **state) {
    (void)state;
    tiny start = one_step("start", "1e-38", "train.clip_norm=0", "train.clip_value=0"),
         value = one_step("value", "1", "train.clip_norm=0", "train.clip_value=0.0001"),
         norm = one_step("norm", "1", "train.clip_norm=0.001", "train.clip_value=0"),
         both = one_step("both", "1", "train.clip_norm=0.001", "train.clip_value=0.0001"),
         none = one_step("none", "1", "train.clip_norm=0", "train.clip_value=0");
    assert_true(distance(&start, &value) > 0.99e-4 && distance(&start, &value) < 1.01e-4);
    assert_true(distance(&start, &norm) > 1e-4 && distance(&start, &norm) < 1e-3);
    assert_true(distance(&start, &both) > 0.99e-4 && distance(&start, &both) < 1.01e-4);
    assert_true(distance(&start, &none) > 2e-3);
    tiny *all[] = {&start, &value, &norm, &both, &none};
    for (int i = 0; i < 5; i++)
        tiny_clean(all[i]);
}

/* Smoothing mixes the targets with all symbols, so the training loss is linear in it; validation knows nothing of it.
 */
static void test_label_smoothing(void **state) {
    (void)state;
    static const char *const smoothing[] = {"train.label_smoothing=0", "train.label_smoothing=0.2",
                                            "train.label_smoothing=0.4"};
    double train[3], valid[3];
    for (int i = 0; i < 3; i++) {
        tiny t = tiny_make(
            "smooth", (const char *const[]){"train.optimizer={type: sgd, learning_rate: 1e-30}", smoothing[i], NULL});
        tiny_run(&t);
        train[i] = rondo_metrics_get(&t.result.best, "train_loss");
        valid[i] = rondo_metrics_get(&t.result.best, "valid_loss");
        tiny_clean(&t);
    }
    assert_true(valid[0] == valid[1] && valid[1] == valid[2]);
    assert_true(fabs(train[2] - train[0]) > 1e-3);
    assert_true(fabs((train[1] - train[0]) * 2 - (train[2] - train[0])) < 1e-6);
}

typedef struct history {
    double perplexity[8];
    int count, best; /* evaluations, the last that was the best */
    char end[256];
} history;

static bool note(const rondo_event *event, void *arg) {
    history *h = arg;
    if (event->kind == RONDO_EVENT_EVALUATE) {
        assert_true(h->count < 8);
        h->best = event->best ? h->count : h->best;
        h->perplexity[h->count++] = rondo_metrics_get(event->metrics, "perplexity");
    }
    if (event->kind == RONDO_EVENT_END)
        snprintf(h->end, sizeof h->end, "%s", event->message);
    return true;
}

static history watch(const char *const *sets, double *best) {
    history h = {0};
    tiny t = tiny_make("watched", sets);
    t.options.event = note;
    t.options.event_arg = &h;
    tiny_run(&t);
    assert_int_equal(t.result.steps, 5 * h.count);
    *best = rondo_metrics_get(&t.result.best, "perplexity");
    tiny_clean(&t);
    return h;
}

/* The metric that counts, and which way it is better, decide what is kept and when the run ends. */
static void test_early_stopping(void **state) {
    (void)state;
    const char *sets[] = {"train.evaluate_every=5", "train.patience=2", "train.metric=perplexity", NULL, NULL};
    double best;
    history h = watch(sets, &best); /* it learns: nothing stops it */
    assert_int_equal(h.count, 6);
    assert_int_equal(h.best, 5);
    assert_true(best == h.perplexity[5] && best < h.perplexity[0]);
    assert_string_equal(h.end, "all 30 steps are done");
    sets[3] = "train.metric_rises=true"; /* the first evaluation stays the best */
    h = watch(sets, &best);
    assert_int_equal(h.count, 3);
    assert_int_equal(h.best, 0);
    assert_true(best == h.perplexity[0]);
    assert_string_equal(h.end, "stopped early: perplexity made no progress in 2 evaluations");
    sets[3] = "train.optimizer={type: sgd, learning_rate: 1e-30}"; /* standing still is no progress */
    h = watch(sets, &best);
    assert_int_equal(h.count, 3);
    assert_int_equal(h.best, 0);
    tiny t = tiny_make("unknown", (const char *const[]){"train.metric=accuracy", NULL});
    assert_int_equal(tiny_train(&t), RONDO_ARGUMENT);
    assert_non_null(
        strstr(t.err.message, "train.metric is 'accuracy' (must be one of: valid_loss, train_loss, loss, "));
    assert_int_equal(rmdir(t.folder), -1); /* seen before anything was done */
    tiny_clean(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_accumulate),    cmocka_unit_test(test_diverging_run),
                                       cmocka_unit_test(test_huge_rate),     cmocka_unit_test(test_two_runs),
                                       cmocka_unit_test(test_clipping),      cmocka_unit_test(test_label_smoothing),
                                       cmocka_unit_test(test_early_stopping)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

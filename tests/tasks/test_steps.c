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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_accumulate), cmocka_unit_test(test_diverging_run),
                                       cmocka_unit_test(test_huge_rate), cmocka_unit_test(test_two_runs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

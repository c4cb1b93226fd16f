/* No allocation between the steps of a run; a clean failure when any one allocation fails, and files stay as they were.
 * Needs: JANSSON YAML. */
#include "tiny.h"

typedef struct counter {
    uint64_t last;
    int64_t steps, grew;
} counter;

static bool count_allocations(const rondo_event *event, void *arg) {
    counter *c = arg;
    const uint64_t now = rondo__alloc_count();
    if (event->kind == RONDO_EVENT_STEP) {
        c->steps++;
        c->grew += c->steps > 1 && now != c->last;
    }
    c->last = now;
    return true;
}

static void test_no_allocation_in_steps(void **state) {
    (void)state;
    static const char *const cells[][2] = {
        {"model.cell=lstm"}, {"model.cell=gru"}, {"model.cell=elman"}, {"model.cell=jordan"}};
    for (int i = 0; i < 4; i++) {
        counter c = {0};
        tiny t = tiny_make("steps", cells[i]);
        t.set[t.options.sets++] = "train.evaluate_every=1000";
        t.options.event = count_allocations;
        t.options.event_arg = &c;
        tiny_run(&t);
        assert_int_equal(c.steps, 30);
        assert_int_equal(c.grew, 0);
        tiny_clean(&t);
    }
}

static int train_body(void *arg) {
    tiny *t = arg;
    const rondo_status status = tiny_train(t);
    assert_int_equal(test_count_files("tmp"), 0);
    tiny_clean(t);
    return status;
}

static void test_training(void **state) {
    (void)state;
    static const char *const sets[] = {"train.max_steps=2", "train.evaluate_every=1", "model.layers=1", "train.ema=0.9",
                                       NULL};
    tiny t = tiny_make("oom", sets);
    test_every_failure(train_body, &t);
}

/* Going on fails at any allocation: the files are as they were, or those of a later step, but always whole. */
static int resume_body(void *arg) {
    tiny *t = arg;
    rondo_error err;
    rondo_context *context = NULL;
    rondo_model *model = NULL;
    char path[400];
    t->options.resume = true;
    const rondo_status status = tiny_train(t);
    rondo__alloc_fail_at(0);
    snprintf(path, sizeof path, "%s/last.safetensors", t->folder);
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL), RONDO_OK);
    if (rondo_model_open(&model, context, path, &err) != RONDO_OK)
        fail_msg("%s", err.message);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return status;
}

static void test_resuming(void **state) {
    (void)state;
    tiny t = tiny_make("oom", (const char *const[]){"train.max_steps=2", "model.layers=1", NULL});
    tiny_run(&t);
    for (int64_t nth = 1, status = RONDO_MEMORY; status == RONDO_MEMORY; nth++) {
        const int64_t live = rondo__alloc_live();
        rondo__alloc_fail_at(nth);
        status = resume_body(&t);
        assert_int_equal(rondo__alloc_live(), live);
        assert_true(status == RONDO_MEMORY || (status == RONDO_OK && nth > 50));
    }
    tiny_clean(&t);
}

static bool ignore(const char *text, size_t size, void *arg) { return text && size && !arg; }

static int use_body(void *arg) {
    rondo_context *context = NULL;
    rondo_model *model = NULL;
    rondo_metrics metrics;
    const char *const text[] = {test_path("tiny.txt")};
    rondo_status status = rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL);
    if (!status)
        status = rondo_model_open(&model, context, arg, NULL);
    if (!status)
        status = rondo_model_evaluate(model, 1, text, &metrics, NULL);
    if (!status)
        status =
            rondo_model_generate(model, &(rondo_generate_options){.prompt = "the", .tokens = 5}, ignore, NULL, NULL);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return status;
}

static void test_use(void **state) {
    (void)state;
    tiny t = tiny_make("use", (const char *const[]){"train.max_steps=2", NULL});
    char path[400];
    tiny_run(&t);
    snprintf(path, sizeof path, "%s/model.safetensors", t.folder);
    test_every_failure(use_body, path);
    tiny_clean(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_allocation_in_steps), cmocka_unit_test(test_training),
                                       cmocka_unit_test(test_resuming), cmocka_unit_test(test_use)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

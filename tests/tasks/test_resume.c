/* The same bits with any number of threads, and after any interruption: on request, or by SIGKILL. Needs: JANSSON YAML.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tiny.h"

static const char *const plain[] = {NULL};
static const char *const rich[] = {"train.accumulate=2",
                                   "train.ema=0.9",
                                   "train.save_every=3",
                                   "model.zoneout=0.1",
                                   "train.schedule={type: plateau, warmup_steps: 3, patience: 0}",
                                   NULL};
static const char *const alone[] = {"train.carry_state=false",
                                    "train.optimizer={type: sgd, momentum: 0.9, learning_rate: 0.1}", "model.cell=gru",
                                    "model.learned_initial_state=true", NULL};
static const char *const jordan[] = {"model.cell=jordan", "model.teacher_forcing=true", "model.feedback=embedding",
                                     "train.evaluate_every=0", NULL};
static const char *const *const all[] = {plain, rich, alone, jordan};
enum { CASES = sizeof all / sizeof all[0] };

static void test_any_threads(void **state) {
    (void)state;
    for (int i = 0; i < CASES; i++) {
        tiny one = tiny_make("one", all[i]);
        tiny_run(&one);
        for (int threads = 2; threads <= 4; threads += 2) {
            tiny many = tiny_make("many", all[i]);
            many.options.threads = threads;
            tiny_run(&many);
            tiny_same_model(&one, &many);
            tiny_clean(&many);
        }
        tiny_clean(&one);
    }
}

static bool stop_at(const rondo_event *event, void *arg) {
    const int64_t *step = arg;
    return !(event->kind == RONDO_EVENT_STEP && event->step == *step);
}

static void test_interrupted(void **state) {
    (void)state;
    for (int i = 0; i < CASES; i++) {
        tiny whole = tiny_make("whole", all[i]), parts = tiny_make("parts", all[i]);
        tiny_run(&whole);
        const int64_t stops[] = {1, 2, 9, 10, 11, 20, 29, 30};
        parts.options.event = stop_at;
        for (size_t s = 0; s < sizeof stops / sizeof stops[0]; s++) {
            parts.options.event_arg = (void *)(uintptr_t)&stops[s];
            assert_int_equal(tiny_train(&parts), RONDO_INTERRUPTED);
            assert_int_equal(parts.result.steps, stops[s]);
            parts.options.resume = true;
        }
        parts.options.event = NULL;
        tiny_run(&parts);
        tiny_same_model(&whole, &parts);
        tiny_same_log(&whole, &parts);
        tiny_clean(&whole);
        tiny_clean(&parts);
    }
}

static bool die_at(const rondo_event *event, void *arg) {
    const int64_t *countdown = arg;
    static int64_t seen;
    if (++seen == *countdown)
        kill(getpid(), SIGKILL);
    return event != NULL;
}

/* A child that kills itself at its n-th event, over and over, until one comes through. */
static void test_killed(void **state) {
    (void)state;
    tiny whole = tiny_make("whole", rich), killed = tiny_make("killed", rich);
    tiny_run(&whole);
    killed.options.event = die_at;
    int kills = 0, code = -1;
    for (int64_t n = 5; code != 0 && kills < 50; n += 3) {
        killed.options.event_arg = &n;
        const pid_t child = fork();
        if (child == 0)
            _exit(tiny_train(&killed) == RONDO_OK ? 0 : 1);
        int status;
        waitpid(child, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status))
            fail_msg("the child failed after %d kills", kills);
        code = WIFEXITED(status) ? 0 : -1;
        kills += code != 0;
        char path[400];
        snprintf(path, sizeof path, "%s/last.safetensors", killed.folder);
        killed.options.resume = rondo__file_exists(path);
        if (!killed.options.resume)
            tiny_clean(&killed);
    }
    assert_true(kills > 2);
    tiny_same_model(&whole, &killed);
    tiny_same_log(&whole, &killed);
    tiny_clean(&whole);
    tiny_clean(&killed);
}

static void expect_refusal(tiny *t, const char *set, rondo_status status, const char *said) {
    t->set[0] = set;
    t->options.sets = set != NULL;
    if (tiny_train(t) != status || !strstr(t->err.message, said))
        fail_msg("with %s: '%s', not '%s'", set ? set : "no change", t->err.message, said);
}

static void test_refusals(void **state) {
    (void)state;
    tiny t = tiny_make("refused", NULL);
    size_t before, after;
    t.options.resume = true;
    expect_refusal(&t, NULL, RONDO_NOT_FOUND, "last.safetensors");
    t.options.resume = false;
    tiny_run(&t);
    char *x = tiny_read(&t, "last.safetensors", &before);
    expect_refusal(&t, NULL, RONDO_STATE, "already holds a run (use --resume");
    t.options.resume = true;
    expect_refusal(&t, "model.hidden_size=8", RONDO_STATE, "model.hidden_size: 7, not 8");
    expect_refusal(&t, "data.valid_fraction=0.2", RONDO_STATE, "data.valid_fraction");
    expect_refusal(&t, "train.batch_size=7", RONDO_STATE, "train.batch_size");
    char *y = tiny_read(&t, "last.safetensors", &after);
    assert_int_equal(before, after);
    assert_memory_equal(x, y, before);
    rondo__free(x);
    rondo__free(y);
    t.set[0] = "train.max_steps=40";
    tiny_run(&t);
    assert_int_equal(t.result.steps, 40);
    tiny_clean(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_threads), cmocka_unit_test(test_interrupted),
                                       cmocka_unit_test(test_killed), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

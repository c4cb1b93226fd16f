/* The training curve of a run: whole and cut-off logs. Needs: CAIRO JANSSON. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "rondo/model.h"

#define LINE(step, train, valid, more)                                                                                 \
    "{\"step\": " #step ", \"epoch\": 1, \"train_loss\": " #train ", \"valid_loss\": " #valid more                     \
    ", \"best\": true, \"seconds\": 1.5}\n"

static char picture[200];

static rondo_status plot(const char *log, rondo_error *err) {
    char folder[200];
    snprintf(folder, sizeof folder, "%s", test_write("metrics.jsonl", log, strlen(log)));
    *strrchr(folder, '/') = '\0';
    snprintf(picture, sizeof picture, "%s", test_path("curve.svg"));
    remove(picture);
    return rondo_plot_training(folder, picture, err);
}

static void good(const char *log) {
    rondo_error err = {0};
    if (plot(log, &err) != RONDO_OK)
        fail_msg("%s: %s", log, err.message);
    assert_true(rondo__file_exists(picture));
}

static void bad(const char *log, const char *part) {
    rondo_error err;
    assert_int_equal(plot(log, &err), RONDO_FORMAT);
    if (!strstr(err.message, part))
        fail_msg("'%s' lacks '%s'", err.message, part);
    assert_false(rondo__file_exists(picture));
}

static void whole(void **state) {
    (void)state;
    good(LINE(100, 3.5, 3.6, ", \"perplexity\": 36.6"));
    good(LINE(100, 3.5, 3.6, ", \"bleu\": 3.6, \"perplexity\": 36.6") LINE(200, 2.5, 2.6, ", \"bleu\": 12"));
    good(LINE(100, 3.5, 3.6, "") LINE(200, null, 2.6, "") LINE(300, 1, 2, ""));
}

static void cut_off(void **state) {
    (void)state;
    const char log[] = LINE(100, 3.5, 3.6, "") LINE(200, 2.5, 2.6, "");
    const size_t first = strlen(LINE(100, 3.5, 3.6, ""));
    for (size_t size = first - 1; size < sizeof log; size += size + 3 < sizeof log ? 7 : 1) {
        char part[sizeof log] = {0};
        memcpy(part, log, size);
        good(part);
    }
}

static void broken(void **state) {
    (void)state;
    rondo_error err;
    bad("", "no evaluation yet");
    bad("{\"step\": 1", "no evaluation yet");
    bad("{\"step\": 1}\n", "no evaluation yet");
    bad("{\"train_loss\": 1}\n", "no evaluation yet");
    bad(LINE(100, 3.5, 3.6, "") "]\n" LINE(200, 2.5, 2.6, ""), "metrics.jsonl:2: ");
    bad("7\n" LINE(200, 2.5, 2.6, ""), "metrics.jsonl:1: ");
    assert_int_equal(rondo_plot_training("/no/such/run", picture, &err), RONDO_NOT_FOUND);
    assert_int_equal(rondo_plot_training(NULL, picture, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_plot_training("x", NULL, &err), RONDO_ARGUMENT);
}

static int body(void *arg) {
    (void)arg;
    char folder[200];
    snprintf(folder, sizeof folder, "%s", test_path("metrics.jsonl"));
    *strrchr(folder, '/') = '\0';
    return rondo_plot_training(folder, picture, NULL);
}

static void failing_memory(void **state) {
    (void)state;
    good(LINE(100, 3.5, 3.6, ", \"bleu\": 1") LINE(200, 2.5, 2.6, ", \"bleu\": 2"));
    test_every_failure(body, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(broken),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

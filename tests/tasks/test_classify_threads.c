/* Classifiers of every kind are trained, and measured, alike on any number of threads.
 * Needs: JANSSON YAML SNDFILE SAMPLERATE KISSFFT. */
#include "tiny_sounds.h"

static int make_files(void **state) {
    (void)state;
    tiny_sounds_files();
    return 0;
}

static const char *dev_list(int kind) {
    return strcmp(tiny_kinds[kind][0], "sounds") == 0  ? "sounds-dev.tsv"
           : strcmp(tiny_kinds[kind][0], "texts") == 0 ? "texts-dev.tsv"
                                                       : "series-dev.tsv";
}

static void test_threads(void **state) {
    (void)state;
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        tiny one = tiny_kind_make("one", kind), many = tiny_kind_make("many", kind);
        many.options.threads = 3;
        tiny_run(&one);
        tiny_run(&many);
        tiny_same_model(&one, &many);
        tiny_same_log(&one, &many);
        rondo_metrics metrics[2] = {{0}};
        const char *const file[] = {test_path(dev_list(kind))};
        for (int i = 0; i < 2; i++) {
            rondo_context *context = tiny_context(1 + i);
            rondo_model *model = tiny_open(&one, context);
            rondo_error err = {0};
            if (rondo_model_evaluate(model, 1, file, &metrics[i], &err))
                fail_msg("%s: %s", tiny_kinds[kind][1], err.message);
            assert_non_null(strstr(rondo_model_report(model), "precision"));
            assert_non_null(strstr(rondo_model_info(model), "\"labels\": [\"high\", \"low\", \"middle\"]"));
            rondo_model_close(&model);
            rondo_context_destroy(&context);
        }
        assert_memory_equal(&metrics[0], &metrics[1], sizeof metrics[0]);
        assert_int_equal(rondo_metrics_get(&metrics[0], "examples"), TINY_DEV);
        assert_in_range(rondo_metrics_get(&metrics[0], "accuracy") * 1000, 0, 1000);
        assert_true(rondo_metrics_get(&metrics[0], "loss") > 0);
        tiny_clean(&one);
        tiny_clean(&many);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests(tests, make_files, NULL);
}

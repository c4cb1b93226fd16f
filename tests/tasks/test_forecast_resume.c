/* Forecasts stopped and resumed, in the middle of epochs and at their ends, end with the bits of the uninterrupted run,
 * whatever the kind. Needs: JANSSON YAML. */
#include "resume.h"
#include "tiny_series.h"

static void test_every_kind(void **state) {
    (void)state;
    static const int64_t stops[] = {1, 4, 7, 0};
    static const char *const more[] = {"train.max_steps=9", "train.ema=0.9", "train.patience=9", NULL};
    for (int i = 0; i < SERIES_KINDS; i++) {
        tiny whole = tiny_series_kind("whole", i, more), parts = tiny_series_kind("parts", i, more);
        print_message("%d\n", i);
        resume_same(&whole, &parts, stops);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Classifiers stopped and resumed, in the middle of epochs and at their ends, end with the bits of the uninterrupted
 * run, whatever the kind. Needs: JANSSON YAML SNDFILE SAMPLERATE KISSFFT. */
#include "resume.h"
#include "tiny_sounds.h"

static void test_every_kind(void **state) {
    (void)state;
    static const int64_t stops[] = {1, 7, 8, 13, 0};
    tiny_sounds_files();
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        const char *sets[TINY_KIND_SETS + 4] = {NULL};
        int count = 0;
        for (; tiny_kinds[kind][count + 1]; count++)
            sets[count] = tiny_kinds[kind][count + 1];
        sets[count++] = "train.max_steps=14";
        sets[count] = "train.evaluate_every=5";
        tiny whole = tiny_sounds_make("whole", tiny_kinds[kind][0], sets);
        tiny parts = tiny_sounds_make("parts", tiny_kinds[kind][0], sets);
        resume_same(&whole, &parts, stops);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

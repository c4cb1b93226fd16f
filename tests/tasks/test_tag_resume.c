/* Taggers stopped and resumed, in the middle of epochs and at their ends, end with the bits of the uninterrupted run,
 * whatever the kind. Needs: JANSSON YAML. */
#include "resume.h"
#include "tiny_tags.h"

static void every_kind(void **state) {
    (void)state;
    static const int64_t stops[] = {1, 14, 15, 0};
    for (int i = 0; i < TINY_TAG_KINDS; i++) {
        const char *sets[TINY_TAG_SETS + 2] = {NULL};
        memcpy(sets, tiny_tag_kinds[i], sizeof tiny_tag_kinds[i]);
        int count = 0;
        while (sets[count])
            count++;
        sets[count++] = "train.max_steps=16";
        sets[count] = "train.evaluate_every=5";
        tiny whole = tiny_tags_make("whole", sets), parts = tiny_tags_make("parts", sets);
        resume_same(&whole, &parts, stops);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

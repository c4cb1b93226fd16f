/* Encoder-decoders stopped and resumed, in the middle of epochs and at their ends, end with the bits of the
 * uninterrupted run, whatever the kind. Needs: JANSSON YAML. */
#include "resume.h"
#include "tiny_pairs.h"

static void test_every_kind(void **state) {
    (void)state;
    static const int64_t stops[] = {1, 6, 13, 0};
    for (int i = 0; i < TINY_KINDS; i++) {
        const char *sets[TINY_KIND_SETS + 5] = {NULL};
        memcpy(sets, tiny_kinds[i], sizeof tiny_kinds[i]);
        int count = 0;
        while (sets[count])
            count++;
        sets[count++] = "train.max_steps=14";
        sets[count++] = "train.batch_tokens=300";
        sets[count++] = "train.epochs=20";
        sets[count] = "train.evaluate_every=5";
        tiny whole = tiny_pairs_make("whole", sets), parts = tiny_pairs_make("parts", sets);
        resume_same(&whole, &parts, stops);
        print_message("%s\n", sets[0]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

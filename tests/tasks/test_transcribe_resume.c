/* Transcribers stopped and resumed, in the middle of epochs and at their ends, end with the bits of the uninterrupted
 * run. Needs: JANSSON YAML SNDFILE KISSFFT. */
#include "resume.h"
#include "tiny_speech.h"

static void test_every_kind(void **state) {
    static const int64_t stops[] = {1, 6, 13, 0};
    static const char *const kinds[] = {"model.bidirectional=true", "data.augment.noise_db=20", "model.dropout=0.2"};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *sets[] = {kinds[i], "train.max_steps=24", "train.evaluate_every=5", "model.output_dropout=0.2",
                              NULL};
        tiny whole = sounds_tiny("whole", sets), parts = sounds_tiny("parts", sets);
        resume_same(&whole, &parts, stops);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

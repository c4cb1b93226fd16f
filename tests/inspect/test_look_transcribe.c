/* A look into transcribers is what they compute. Needs: JANSSON YAML SNDFILE SAMPLERATE KISSFFT. */
#include "looking.h"
#include "tasks/tiny_speech.h"

static void every_kind(void **state) {
    (void)state;
    static const char *const kinds[][4] = {{"train.max_steps=10"},
                                           {"train.max_steps=10", "model.bidirectional=true", "model.delay=0"},
                                           {"train.max_steps=10", "model.cell=lstm", "model.stack=2"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        tiny t = sounds_tiny("model", kinds[i]);
        tiny_run(&t);
        rondo_model *model = sounds_open(&t, context);
        const char *file = test_path("valid.tsv");
        const rondo_inspect_data data = {.files = 1, .file = &file};
        const double loss = look_loss(model, 1, &file);
        assert_int_equal(look_check(model, &data, loss), SOUNDS_VALID);
        assert_int_equal(look_check(model, NULL, loss), SOUNDS_VALID);
        look_check_views(model, &data);
        rondo_model_close(&model);
        tiny_clean(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind)};
    return cmocka_run_group_tests(tests, look_make_context, look_drop_context);
}

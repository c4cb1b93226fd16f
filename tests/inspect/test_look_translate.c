/* A look into encoder-decoders of every kind is what they compute: encoder, decoder with all that is fed to it,
 * attention, losses. Needs: JANSSON YAML. */
#include "looking.h"
#include "tasks/tiny_pairs.h"

/* Attention that was asked for shows. */
static void check_parts(rondo_model *model) {
    rondo_inspection *inspection = look_open(model, NULL);
    const rondo__passage *passage = &inspection->look->passage;
    assert_int_equal(rondo__look_at(inspection->look, 0, NULL), RONDO_OK);
    const bool attention = !strstr(rondo_model_info(model), "\"attention\": \"none\"");
    assert_int_equal(passage->attentions > 0, attention);
    assert_true(passage->stacks + passage->attentions >= 2);
    assert_string_equal(passage->target.label[passage->target.T - 1], "</s>");
    assert_string_equal(passage->source.unit, passage->source.unit);
    rondo_inspection_close(&inspection);
}

static void try_kind(const char *const *sets) {
    tiny t = tiny_pairs_make("model", sets);
    tiny_run(&t);
    rondo_model *model = tiny_open(&t, context);
    const char *file[2];
    bool words = false;
    for (int i = 0; sets && i < TINY_KIND_SETS && sets[i]; i++)
        words = words || strcmp(sets[i], "data.format=dictionary") == 0;
    file[0] = test_path(words ? "words.dict" : "dev.src");
    file[1] = test_path("dev.tgt");
    const rondo_inspect_data data = {.files = words ? 1 : 2, .file = file};
    const double loss = look_loss(model, data.files, file);
    assert_true(look_check(model, &data, loss) >= 20);
    assert_true(look_check(model, NULL, NAN) > 0);
    check_parts(model);
    look_check_views(model, &data);
    rondo_model_close(&model);
    tiny_clean(&t);
}

static void first_half(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof tiny_kinds / sizeof *tiny_kinds; i += 2)
        try_kind(tiny_kinds[i]);
}

static void second_half(void **state) {
    (void)state;
    for (size_t i = 1; i < sizeof tiny_kinds / sizeof *tiny_kinds; i += 2)
        try_kind(tiny_kinds[i]);
}

/* A text with its translation, and with what the model makes of it. */
static void texts(void **state) {
    (void)state;
    tiny t = tiny_pairs_make("model", (const char *const[]){"train.max_steps=40", NULL});
    tiny_run(&t);
    rondo_model *model = tiny_open(&t, context);
    look_check(model, &(rondo_inspect_data){.text = "ichi ni", .target = "two one"}, NAN);
    look_check(model, &(rondo_inspect_data){.text = "shi go roku"}, NAN);
    rondo_inspection *inspection = NULL;
    const rondo_inspect_data wrong[] = {{.text = ""},
                                        {.text = "a\nb"},
                                        {.text = "ichi", .target = ""},
                                        {.text = "ichi", .target = "a\nb"},
                                        {.files = 1, .file = (const char *const[]){"one.txt"}}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rondo_error err = {0};
        assert_true(rondo_inspection_open(&inspection, model, &wrong[i], &err) != RONDO_OK);
        assert_true(err.message[0] && !strchr(err.message, '\n'));
    }
    const rondo_inspect_data data = {.text = "ichi", .target = "one"};
    look_every_failure(model, &data, "states");
    look_every_failure(model, &data, "ablate");
    rondo_model_close(&model);
    tiny_clean(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_half),
        cmocka_unit_test(second_half),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, look_make_context, look_drop_context);
}

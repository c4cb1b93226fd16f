/* A look into taggers is what they compute. Needs: JANSSON YAML. */
#include "looking.h"
#include "tasks/tiny_tags.h"

static void every_kind(void **state) {
    (void)state;
    for (int i = 0; i < TINY_TAG_KINDS; i++) {
        const char *sets[TINY_TAG_SETS + 1] = {NULL};
        bool columns = false, deprel = false;
        for (int k = 0; k < TINY_TAG_SETS && tiny_tag_kinds[i][k]; k++) {
            sets[k] = tiny_tag_kinds[i][k];
            columns = columns || strcmp(sets[k], "data.train=tags.txt") == 0;
            deprel = deprel || strcmp(sets[k], "data.tag_column=deprel") == 0;
        }
        tiny t = tiny_tags_make("model", sets);
        tiny_run(&t);
        rondo_model *model = tiny_open(&t, context);
        const char *file = test_path(columns ? "tags.txt" : "dev.conllu");
        const rondo_inspect_data data = {.files = 1, .file = &file};
        const double loss = look_loss(model, 1, &file);
        assert_true(look_check(model, &data, deprel ? NAN : loss) >= 20);
        assert_true(look_check(model, NULL, NAN) > 0);
        look_check(model, &(rondo_inspect_data){.text = "kas  mis brandnews"}, NAN);
        look_check_views(model, &data);
        rondo_model_close(&model);
        tiny_clean(&t);
    }
}

static void failing_memory(void **state) {
    (void)state;
    tiny t = tiny_tags_make("model", NULL);
    tiny_run(&t);
    rondo_model *model = tiny_open(&t, context);
    look_every_failure(model, &(rondo_inspect_data){.text = "kas mis"}, "states");
    rondo_inspection *inspection;
    rondo_error err;
    assert_int_equal(rondo_inspection_open(&inspection, model, &(rondo_inspect_data){.text = "  "}, &err),
                     RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "is empty"));
    rondo_model_close(&model);
    tiny_clean(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind), cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, look_make_context, look_drop_context);
}

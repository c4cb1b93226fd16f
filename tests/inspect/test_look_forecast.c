/* A look into forecasts of every kind is what they compute. Needs: JANSSON YAML. */
#include "looking.h"
#include "tasks/tiny_series.h"

static void every_kind(void **state) {
    (void)state;
    for (int i = 0; i < SERIES_KINDS; i++) {
        tiny t = tiny_series_kind("kind", i, (const char *const[]){"train.max_steps=4", NULL});
        tiny_run(&t);
        rondo_model *model = series_open(&t, context);
        const char *file = test_path("series.csv");
        rondo_inspection *inspection = look_open(model, NULL);
        const rondo__passage *passage = &inspection->look->passage;
        assert_int_equal(rondo__look_at(inspection->look, 1, NULL), RONDO_OK);
        const rondo__look_axis *axis = &passage->stack[0].axis;
        assert_true(axis->features > 0);
        assert_string_equal(axis->unit, "date");
        assert_non_null(strstr(passage->title, "2020-03-"));
        rondo_inspection_close(&inspection);
        const double loss = look_loss(model, 1, &file);
        look_check(model, &(rondo_inspect_data){.files = 1, .file = &file}, loss);
        look_check(model, NULL, NAN);
        if (i % 4 == 0)
            look_check_views(model, NULL);
        rondo_model_close(&model);
        tiny_clean(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind)};
    return cmocka_run_group_tests(tests, look_make_context, look_drop_context);
}

/* Models of the tasks, written as C, compiled without a warning and run: forecasts of every kind, taggers that spell
 * and follow paths. Exit code 77 (skipped) where there is no C compiler. Needs: JANSSON YAML. */
#include "exchange/c_compile.h"
#include "rondo/deploy.h"
#include "tasks/model.h"
#include "tiny_series.h"
#include "tiny_tags.h"

/* kind: of messages; turn: which compiler and precision. */
static void check(rondo_model *model, const char *what, int kind, int turn) {
    static const rondo_c_precision precisions[] = {RONDO_C_FLOAT32, RONDO_C_FLOAT32, RONDO_C_INT16};
    rondo_error err = {0};
    char name[64];
    snprintf(name, sizeof name, "%s %d", what, kind);
    if (rondo_model_export_c(model, test_path("net.c"), &(rondo_c_options){.precision = precisions[turn % 3]}, &err))
        fail_msg("%s: %s", name, err.message);
    c_check(name, c_compilers[turn % C_COMPILERS], test_path("net.c"));
}

static void check_forecast(int kind, bool missing, rondo_context *context) {
    tiny t = tiny_series_kind("c", kind, (const char *const[]){"train.max_steps=1", "train.evaluate_every=1", NULL});
    series_write("series.csv", &(series_plan){.missing = missing});
    tiny_run(&t);
    rondo_model *model = series_open(&t, context);
    check(model, "forecast", kind, kind + missing);
    rondo_model_close(&model);
    tiny_clean(&t);
}

static void forecasts(void **state) {
    for (int kind = 0; kind < SERIES_KINDS; kind++)
        check_forecast(kind, kind % 2, *state);
}

static void taggers(void **state) {
    for (int kind = 0; kind < TINY_TAG_KINDS; kind++) {
        const char *sets[TINY_TAG_SETS + 3] = {NULL};
        int count = 0;
        for (; count < TINY_TAG_SETS && tiny_tag_kinds[kind][count]; count++)
            sets[count] = tiny_tag_kinds[kind][count];
        sets[count++] = "train.max_steps=2";
        sets[count++] = "train.evaluate_every=2";
        tiny t = tiny_tags_make("c", sets);
        tiny_run(&t);
        rondo_model *model = tiny_open(&t, *state);
        check(model, "tagger", kind, kind);
        rondo_model_close(&model);
        tiny_clean(&t);
    }
}

static void language_models(void **state) {
#define SHORT "train.max_steps=2", "train.evaluate_every=2", NULL
    static const char *const sets[][8] = {
        {"model.output=adaptive_softmax", "model.cutoffs=[4, 9]", "model.hidden_size=20", SHORT},
        {"model.cell=jordan", "model.feedback=embedding", "model.teacher_forcing=true", "model.decay=0.3", SHORT},
        {"model.cell=jordan", "model.teacher_forcing=true", SHORT}};
    for (int turn = 0; turn < 5; turn++) {
        tiny t = tiny_make("c", sets[turn < 3 ? 0 : turn - 2]);
        tiny_run(&t);
        rondo_model *model = tiny_open(&t, *state);
        check(model, "language model", turn, turn);
        rondo_model_close(&model);
        tiny_clean(&t);
    }
}

static int write_once(void *model) {
    return (int)rondo_model_export_c(model, test_path("full.c"), &(rondo_c_options){.precision = RONDO_C_INT8}, NULL);
}

static void out_of_memory(void **state) {
    tiny t = tiny_series_kind("c", 6, (const char *const[]){"train.max_steps=1", "train.evaluate_every=1", NULL});
    tiny_run(&t);
    rondo_model *model = series_open(&t, *state);
    test_every_failure(write_once, model);
    rondo_model_close(&model);
    tiny_clean(&t);
}

static int open_context(void **state) {
    *state = tiny_context(1);
    return 0;
}
static int close_context(void **state) {
    rondo_context_destroy((rondo_context **)state);
    return 0;
}

int main(void) {
    if (!c_compiler_found())
        return 77;
    const struct CMUnitTest tests[] = {cmocka_unit_test(forecasts), cmocka_unit_test(taggers),
                                       cmocka_unit_test(language_models), cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}

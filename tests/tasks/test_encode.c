/* Texts and the symbols of a model's network: there and back for every tokenizer, refusals, failing memory.
 * Needs: JANSSON YAML. */
#include "tiny_sounds.h"

static const char text[] = "the cat sees it\na dog";

static void there_and_back(rondo_model *model) {
    rondo_error err = {0};
    int32_t *symbols;
    int64_t count;
    char *again;
    size_t size;
    if (rondo_model_encode(model, text, sizeof text - 1, &symbols, &count, &err))
        fail_msg("%s", err.message);
    assert_true(count >= 6);
    if (rondo_model_decode(model, count, symbols, &again, &size, &err))
        fail_msg("%s", err.message);
    assert_string_equal(again, text);
    assert_int_equal(size, sizeof text - 1);
    const rondo_tensor x = rondo_tensor_view(RONDO_I32, symbols, 1, &count);
    rondo_tensor y;
    assert_int_equal(rondo_model_apply(model, &x, &y, &err), RONDO_OK); /* they are symbols of the network */
    rondo_model_apply_free(&y);
    rondo_model_coded_free(again);
    rondo_model_coded_free(symbols);
}

static void every_tokenizer(void **state) {
    (void)state;
    static const char *const kinds[] = {
        "data.tokenizer=char",
        "data.tokenizer=word",
#ifdef RONDO_HAVE_SENTENCEPIECE
        "data.tokenizer={type: sentencepiece, vocab_size: 21}",
#endif
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        tiny t = tiny_make("encode", (const char *const[]){"train.max_steps=1", kinds[i], NULL});
        tiny_run(&t);
        rondo_context *context = tiny_context(1);
        rondo_model *model = tiny_open(&t, context);
        there_and_back(model);
        rondo_model_close(&model);
        rondo_context_destroy(&context);
        tiny_clean(&t);
    }
}

static int both_ways(void *arg) {
    int32_t *symbols;
    int64_t count;
    char *again = NULL;
    rondo_status status = rondo_model_encode(arg, text, sizeof text - 1, &symbols, &count, NULL);
    if (!status)
        status = rondo_model_decode(arg, count, symbols, &again, NULL, NULL);
    rondo_model_coded_free(again);
    rondo_model_coded_free(symbols);
    return (int)status;
}

static void refusals(void **state) {
    (void)state;
    tiny t = tiny_make("encode", (const char *const[]){"train.max_steps=1", NULL});
    rondo_error err = {0};
    tiny_run(&t);
    rondo_context *context = tiny_context(1);
    rondo_model *model = tiny_open(&t, context);
    const int32_t wrong[] = {0, 1000}, low[] = {-1};
    int32_t *symbols;
    int64_t count;
    char *again;
    assert_int_equal(rondo_model_decode(model, 2, wrong, &again, NULL, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "symbol 1000"));
    assert_int_equal(rondo_model_decode(model, 1, low, &again, NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_decode(model, -1, low, &again, NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_decode(model, 1, NULL, &again, NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_decode(model, 1, low, NULL, NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_decode(NULL, 1, low, &again, NULL, &err), RONDO_ARGUMENT);
    assert_null(again);
    assert_int_equal(rondo_model_encode(NULL, "a", 1, &symbols, &count, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_encode(model, NULL, 1, &symbols, &count, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_encode(model, "a", 1, NULL, &count, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_encode(model, "a", 1, &symbols, NULL, &err), RONDO_ARGUMENT);
    assert_int_not_equal(rondo_model_encode(model, "a\xff", 2, &symbols, &count, &err), RONDO_OK);
    assert_null(symbols);
    assert_int_equal(rondo_model_encode(model, "", 0, &symbols, &count, &err), RONDO_OK);
    assert_int_equal(count, 0);
    assert_int_equal(rondo_model_decode(model, 0, NULL, &again, NULL, &err), RONDO_OK);
    assert_string_equal(again, "");
    rondo_model_coded_free(again);
    test_every_failure(both_ways, model);
    rondo_model_close(&model);
    tiny_clean(&t);

    tiny_sounds_files();
    t = tiny_sounds_make("encode", "series", (const char *const[]){"train.max_steps=1", NULL});
    tiny_run(&t);
    model = tiny_open(&t, context);
    assert_int_equal(rondo_model_encode(model, "a", 1, &symbols, &count, &err), RONDO_UNSUPPORTED);
    assert_int_equal(rondo_model_decode(model, 1, wrong, &again, NULL, &err), RONDO_UNSUPPORTED);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    tiny_clean(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_tokenizer), cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

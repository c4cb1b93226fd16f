/* Status, text buffer, near names, UTF-8, clock, CPU. */
#include <string.h>

#include "core/core.h"
#include "support/test.h"

static void test_status_names(void **state) {
    (void)state;
    assert_string_equal(rondo_status_name(RONDO_OK), "OK");
    assert_string_equal(rondo_status_name(RONDO_STATE), "STATE");
    assert_string_equal(rondo_status_sentence(RONDO_OK), "done");
    assert_string_equal(rondo_status_name((rondo_status)99), "UNKNOWN");
    assert_string_equal(rondo_status_name((rondo_status)-1), "UNKNOWN");
    assert_non_null(rondo_status_sentence((rondo_status)99));
}

static void test_fail(void **state) {
    (void)state;
    rondo_error err;
    assert_int_equal(rondo__fail(NULL, RONDO_IO, "%s", "x"), RONDO_IO);
    assert_int_equal(rondo__fail(&err, RONDO_SHAPE, "a\nb: %d", 3), RONDO_SHAPE);
    assert_int_equal(err.status, RONDO_SHAPE);
    assert_string_equal(err.message, "a?b: 3");
    char word[1001] = {0};
    for (int i = 0; i < 333; i++)
        memcpy(word + 3 * i, "\xe7\xa7\x81", 3);
    for (int lead = 0; lead < 3; lead++) { /* wherever the cut falls, no character is cut in two */
        rondo__fail(&err, RONDO_IO, "%.*s%s", lead, "ab", word);
        size_t length = strlen(err.message);
        assert_in_range(length, 505, 511);
        assert_int_equal(rondo__utf8_check(err.message, length), length);
    }
}

static void test_text(void **state) {
    (void)state;
    rondo__text text = {0};
    rondo__text_add(&text, "ab", 2);
    for (int i = 0; i < 100; i++)
        rondo__text_format(&text, "%d,", i);
    assert_int_equal(text.size, strlen(text.data));
    assert_memory_equal(text.data, "ab0,1,2,", 8);
    assert_string_equal(text.data + text.size - 6, "98,99,");
    rondo__text_add(&text, NULL, 0);
    assert_false(text.failed);
    rondo__text_free(&text);
    assert_null(text.data);
}

static void test_text_keeps_failure(void **state) {
    (void)state;
    rondo__text text = {0};
    rondo__alloc_fail_at(1);
    rondo__text_add(&text, "ab", 2);
    rondo__text_format(&text, "%d", 1);
    assert_true(text.failed);
    assert_int_equal(text.size, 0);
    rondo__text_free(&text);
}

static void test_nearest_name(void **state) {
    (void)state;
    static const char *const names[] = {"hidden_size", "layers", "cell", "lstm", "gru", "dropout", "tie_weights"};
    static const char *const cases[][2] = {
        {"hiden_size", "hidden_size"},
        {"hidden_szie", "hidden_size"},
        {"layer", "layers"},
        {"LSTM", "lstm"},
        {"gur", "gru"},
        {"dropuot", "dropout"},
        {"colour", NULL},
        {"", NULL},
        {"x", NULL},
        {"tieweights", "tie_weights"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = rondo__nearest_name(cases[i][0], names, 7);
        if (cases[i][1]) {
            assert_non_null(found);
            assert_string_equal(found, cases[i][1]);
        } else {
            assert_null(found);
        }
    }
    char longest[200] = {0};
    memset(longest, 'a', 199);
    assert_null(rondo__nearest_name(longest, names, 7));
    assert_null(rondo__nearest_name("cell", names, 0));
}

static void test_utf8(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        int length;
    } cases[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\x80", 0},
        {"\xbf", 0},
        {"\xc0\x80", 0},
        {"\xc1\xbf", 0},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xc2\x7f", 0},
        {"\xc2\xc0", 0},
        {"\xc2", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xed\xa0\x80", 0},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xe7\xa7", 0},
        {"\xe7\xa7\x01", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xf0\x9f\x98", 0},
        {"\xff", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *s = cases[i].bytes;
        assert_int_equal(rondo__utf8_length((const unsigned char *)s, strlen(s)), cases[i].length);
    }
    assert_int_equal(rondo__utf8_length((const unsigned char *)"a", 0), 0);
    assert_int_equal(rondo__utf8_check("a\xe7\xa7\x81z", 5), 5);
    assert_int_equal(rondo__utf8_check("a\xe7\xa7\x81\xffz", 6), 4);
    assert_int_equal(rondo__utf8_check("a\xe7\xa7\x81", 3), 1);
    assert_int_equal(rondo__utf8_check("\0", 1), 1);
    for (size_t i = 0; i < 20; i++) { /* wherever it stands among letters */
        char text[] = "abcdefghijklmnopqrst";
        text[i] = (char)0xff;
        assert_int_equal(rondo__utf8_check(text, 20), i);
    }
}

static void test_machine(void **state) {
    (void)state;
    double before = rondo__clock_seconds();
    assert_true(rondo__clock_seconds() >= before);
    assert_true(rondo__cpu_cores() >= 1);
    const rondo__cpu *cpu = rondo__cpu_get();
    assert_true(cpu->avx512f || !cpu->avx512bw);
    assert_true(!(cpu->avx2 && cpu->neon));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_names), cmocka_unit_test(test_fail),
        cmocka_unit_test(test_text),         cmocka_unit_test(test_text_keeps_failure),
        cmocka_unit_test(test_nearest_name), cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is known of the steps of a text, a series, a recording: worked out by hand. */
#include "support/test.h"

#include "inspect/patterns.h"

#include <math.h>
#include <string.h>

enum { MOST = 64 };

static rondo__look_axis axis_of(const char *unit, int64_t T, const char **text) {
    return (rondo__look_axis){.unit = unit, .T = T, .label = text, .text = text};
}

/* Every character of a text as a step. */
static rondo__look_axis symbols(const char *all, const char *text[MOST], char room[MOST][8]) {
    int64_t T = 0;
    for (const char *p = all; *p; T++) {
        const int n = rondo__utf8_length((const unsigned char *)p, strlen(p));
        memcpy(room[T], p, (size_t)n);
        room[T][n] = '\0';
        text[T] = room[T];
        p += n;
    }
    return axis_of("symbol", T, text);
}

/* expected: a digit or '?' (unknown) for each step. */
static void expect(const rondo__patterns *patterns, const char *name, const char *expected) {
    const int p = rondo__patterns_find(patterns, name);
    if (p < 0)
        fail_msg("no pattern '%s'", name);
    for (int64_t t = 0; expected[t]; t++) {
        const double value = patterns->pattern[p].value[t];
        if (expected[t] == '?' ? !isnan(value) : value != expected[t] - '0')
            fail_msg("%s at %lld: %g, not %c", name, (long long)t, value, expected[t]);
    }
}

static void of_symbols(void **state) {
    (void)state;
    const char *text[MOST];
    char room[MOST][8];
    rondo__patterns found = {0};
    const rondo__look_axis axis = symbols("a\nTo: (x) \"8 c\"\n.", text, room);
    assert_int_equal(rondo__patterns_of(&found, &axis, NULL, NULL), RONDO_OK);
    /*                                          a↵To:_(x)_"8_c"↵.  */
    expect(&found, "line end", "01000000000000010");
    expect(&found, "upper case", "00100000000000000");
    expect(&found, "digit", "00000000000100000");
    expect(&found, "space", "00000100010010000");
    expect(&found, "vowel", "10010000000000000");
    expect(&found, "inside quotes", "00000000001111000");
    expect(&found, "inside brackets", "00000011000000000");
    expect(&found, "before the line's colon", "00110000000000000");
    expect(&found, "position in the word", "??012301230120120");
    rondo__patterns_free(&found);
}

static void of_japanese(void **state) {
    (void)state;
    const char *text[MOST];
    char room[MOST][8];
    rondo__patterns found = {0};
    rondo__look_axis axis = symbols("「私はロボ」。", text, room);
    assert_int_equal(rondo__patterns_of(&found, &axis, "text:はロ", NULL), RONDO_OK);
    expect(&found, "inside quotes", "1111100");
    expect(&found, "kanji", "0100000");
    expect(&found, "hiragana", "0010000");
    expect(&found, "katakana", "0001100");
    expect(&found, "punctuation", "1000011");
    expect(&found, "position in the line", "0123456");
    expect(&found, "text:はロ", "0011000");
    /* again, over another text: nothing of the first is left */
    axis = symbols("''", text, room);
    assert_int_equal(rondo__patterns_of(&found, &axis, NULL, NULL), RONDO_OK);
    expect(&found, "inside quotes", "00");
    assert_int_equal(rondo__patterns_find(&found, "text:はロ"), -1);
    rondo__patterns_free(&found);
}

static void of_words(void **state) {
    (void)state;
    const char *text[] = {"The", " robot", " 3", " is", "\n"};
    rondo__patterns found = {0};
    const rondo__look_axis axis = axis_of("word", 5, text);
    assert_int_equal(rondo__patterns_of(&found, &axis, "text:bot 3", NULL), RONDO_OK);
    expect(&found, "upper case", "10000");
    expect(&found, "digit", "00100");
    expect(&found, "length of the word", "35121");
    expect(&found, "position in the line", "01234"); /* only the last step ends a line: a sentence, not a cut */
    expect(&found, "text:bot 3", "01100");
    assert_int_equal(rondo__patterns_find(&found, "vowel"), -1);
    assert_int_equal(rondo__patterns_find(&found, "position in the word"), -1);
    rondo__patterns_free(&found);
}

static void of_series(void **state) {
    (void)state;
    const double time[] = {1.7e9, 1.7e9 + 3600, 1.7e9 + 86400}; /* 2023-11-14 22:13:20, a Tuesday */
    const double level[] = {5, 7, 6};
    const char *label[] = {"a", "b", "c"};
    rondo__patterns found = {0};
    const rondo__look_axis axis = {
        .unit = "date", .T = 3, .label = label, .time = time, .dated = true, .features = 1, .feature = {{"OT", level}}};
    assert_int_equal(rondo__patterns_of(&found, &axis, "text:x", NULL), RONDO_OK);
    const int hour = rondo__patterns_find(&found, "hour");
    assert_true(found.pattern[hour].value[0] == 22 && found.pattern[hour].value[1] == 23);
    expect(&found, "weekday", "112");
    expect(&found, "position", "012");
    expect(&found, "OT", "576");
    assert_true(isnan(found.pattern[rondo__patterns_find(&found, "change of OT")].value[0]));
    assert_true(found.pattern[rondo__patterns_find(&found, "change of OT")].value[2] == -1);
    assert_int_equal(rondo__patterns_find(&found, "text:x"), -1);
    rondo__patterns_free(&found);
}

static int body(void *arg) {
    rondo__patterns found = {0};
    const rondo_status status = rondo__patterns_of(&found, arg, "text:a", NULL);
    rondo__patterns_free(&found);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    const char *text[MOST];
    char room[MOST][8];
    rondo__look_axis axis = symbols("a \"b\"\nc", text, room);
    test_every_failure(body, &axis);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_symbols), cmocka_unit_test(of_japanese),    cmocka_unit_test(of_words),
        cmocka_unit_test(of_series),  cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

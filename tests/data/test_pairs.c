/* Lines, pairs from parallel files and from a dictionary: marks, line ends, wrong files, grouping, failing memory. */
#include "support/test.h"

#include <string.h>

#include "data/pairs.h"

#define SPLIT(lines, text) rondo__lines_split(lines, "t.txt", text, sizeof(text) - 1, &err)

static void lines(void **state) {
    (void)state;
    rondo__lines l;
    rondo_error err;
    static const struct {
        const char *text;
        int64_t count;
        const char *line[3];
    } cases[] = {{"a\nb\n", 2, {"a", "b"}},
                 {"a\nb", 2, {"a", "b"}},
                 {"\n", 1, {""}},
                 {"a\r\n\r\nb\r\n", 3, {"a", "", "b"}},
                 {"\xef\xbb\xbf"
                  "a\rb",
                  1,
                  {"a\rb"}},
                 {"\n\nx", 3, {"", "", "x"}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(rondo__lines_split(&l, "t", cases[i].text, strlen(cases[i].text), &err), RONDO_OK);
        assert_int_equal(l.count, cases[i].count);
        for (int64_t k = 0; k < l.count; k++)
            assert_string_equal(l.line[k], cases[i].line[k]);
        rondo__text joined = {0};
        rondo__lines again;
        rondo__lines_join(&joined, &l);
        assert_int_equal(rondo__lines_split(&again, "t", joined.data, joined.size, &err), RONDO_OK);
        assert_int_equal(again.count, l.count);
        rondo__text_free(&joined);
        rondo__lines_free(&again);
        rondo__lines_free(&l);
    }
}

static void wrong_lines(void **state) {
    (void)state;
    const int64_t live = rondo__alloc_live();
    rondo__lines l;
    rondo_error err;
    assert_int_equal(SPLIT(&l, ""), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "t.txt: the file is empty"));
    assert_int_equal(rondo__lines_split(&l, "t.txt", NULL, 0, &err), RONDO_FORMAT);
    assert_int_equal(SPLIT(&l, "\xef\xbb\xbf"), RONDO_FORMAT);
    assert_int_equal(SPLIT(&l, "a\0b"), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "byte 1 is NUL"));
    assert_int_equal(SPLIT(&l, "a\n\xff"), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "byte 2 is not UTF-8"));
    assert_null(l.text);
    assert_int_equal(rondo__lines_read(&l, "/nowhere/t.txt", &err), RONDO_NOT_FOUND);
    rondo__lines_free(&l);
    assert_int_equal(rondo__alloc_live(), live);
}

static const char *write_text(const char *name, const char *text) { return test_write(name, text, strlen(text)); }

#ifdef RONDO_HAVE_ZLIB
#include <zlib.h>

static void packed(void **state) {
    (void)state;
    const char *path = test_path("t.txt.gz");
    rondo__lines l;
    rondo_error err = {0};
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzputs(file, "one\r\ntwo"), 8);
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(rondo__lines_read(&l, path, &err), RONDO_OK);
    assert_int_equal(l.count, 2);
    assert_string_equal(l.line[1], "two");
    rondo__lines_free(&l);
}
#endif

static void parallel(void **state) {
    (void)state;
    const int64_t live = rondo__alloc_live();
    const char *ja = write_text("t.ja", "\xe7\x8a\xac\n\xe7\x8c\xab\n"), *en = write_text("t.en", "dog\ncat"),
               *more = write_text("more.en", "dog\ncat\n\n");
    rondo__pair_texts texts;
    rondo_error err = {0};
    assert_int_equal(rondo__pair_texts_read(&texts, ja, en, &err), RONDO_OK);
    assert_int_equal(texts.source.count, 2);
    assert_string_equal(texts.source.line[1], "\xe7\x8c\xab");
    assert_string_equal(texts.target.line[1], "cat");
    rondo__pair_texts_free(&texts);
    assert_int_equal(rondo__pair_texts_read(&texts, ja, more, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "t.ja has 2 lines"));
    assert_non_null(strstr(err.message, "more.en has 3"));
    assert_int_equal(rondo__pair_texts_read(&texts, ja, "/nowhere/t.en", &err), RONDO_NOT_FOUND);
    assert_null(texts.source.text);
    assert_int_equal(rondo__alloc_live(), live);
}

static const char dictionary[] = ";;; an old comment\n"
                                 "'tis T IH1 Z\r\n"
                                 "a AH0\n"
                                 "b  B\tIY1 # the letter\n"
                                 "\n"
                                 "a(2) EY1\n"
                                 "# a comment by itself\n"
                                 "a(3) AH1 #\n"
                                 "\xc3\xa9t(2)a EH2 T #A AA\n"
                                 "(x) EH1 K S\n"
                                 "(2) T UW1";

static void expect_pair(const rondo__pair_texts *texts, int64_t i, const char *source, const char *target) {
    assert_true(i < texts->source.count && texts->source.count == texts->target.count);
    assert_string_equal(texts->source.line[i], source);
    assert_string_equal(texts->target.line[i], target);
}

static void entries(void **state) {
    (void)state;
    rondo__pair_texts texts;
    rondo_error err = {0};
    const char *path = test_write("t.dict", dictionary, sizeof dictionary - 1);
    assert_int_equal(rondo__pair_texts_dictionary(&texts, path, true, &err), RONDO_OK);
    assert_int_equal(texts.source.count, 7 + 1);
    expect_pair(&texts, 0, "' t i s", "T IH1 Z");
    expect_pair(&texts, 2, "b", "B IY1");
    expect_pair(&texts, 3, "a", "EY1");
    expect_pair(&texts, 4, "a", "AH1");
    expect_pair(&texts, 5, "\xc3\xa9 t ( 2 ) a", "EH2 T #A AA");
    expect_pair(&texts, 6, "( x )", "EH1 K S");
    expect_pair(&texts, 7, "( 2 )", "T UW1");
    rondo__pair_texts_free(&texts);
    assert_int_equal(rondo__pair_texts_dictionary(&texts, path, false, &err), RONDO_OK);
    assert_int_equal(texts.source.count, 7); /* AH0 and AH1 have become one */
    expect_pair(&texts, 0, "' t i s", "T IH Z");
    expect_pair(&texts, 1, "a", "AH");
    expect_pair(&texts, 3, "a", "EY");
    rondo__pair_texts_free(&texts);
}

static void wrong_entries(void **state) {
    (void)state;
    const int64_t live = rondo__alloc_live();
    static const struct {
        const char *text, *message;
    } cases[] = {{"a AH0\nbare\n", "wrong.dict:2: 'bare' has no phones"},
                 {"bare # B EH R\n", "wrong.dict:1: 'bare # B EH R' has no phones"},
                 {";;; nothing\n\n# more\n", "no word"},
                 {"\n", "no word"},
                 {"", "empty"},
                 {"a \xff\n", "byte 2 is not UTF-8"}};
    rondo__pair_texts texts;
    rondo_error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(rondo__pair_texts_dictionary(&texts, write_text("wrong.dict", cases[i].text), true, &err),
                         RONDO_FORMAT);
        if (!strstr(err.message, cases[i].message))
            fail_msg("'%s' does not say '%s'", err.message, cases[i].message);
        assert_null(texts.source.text);
        assert_int_equal(rondo__alloc_live(), live);
    }
}

static void grouping(void **state) {
    (void)state;
    rondo__pair_texts texts = {0};
    rondo__answers answers;
    rondo_error err;
    assert_int_equal(SPLIT(&texts.source, "a\nb\na\nc\n\na\n"), RONDO_OK);
    assert_int_equal(SPLIT(&texts.target, "0\n1\n2\n3\n4\n5\n"), RONDO_OK);
    assert_int_equal(rondo__answers_group(&answers, &texts, &err), RONDO_OK);
    const int64_t start[] = {0, 3, 4, 5, 6}, index[] = {0, 2, 5, 1, 3, 4};
    assert_int_equal(answers.groups, 4);
    assert_memory_equal(answers.start, start, sizeof start);
    assert_memory_equal(answers.index, index, sizeof index);
    rondo__answers_free(&answers);
    rondo__pair_texts_free(&texts);
}

static int everything(void *arg) {
    rondo__pair_texts pairs = {0}, entry = {0};
    rondo__answers answers = {0};
    rondo__tokenizer *tokenizer = NULL;
    rondo__id_lines ids = {0};
    const char *const *path = arg;
    const rondo__tokenizer_config config = {.kind = RONDO__WORD};
    int status = rondo__pair_texts_read(&pairs, path[0], path[1], NULL);
    if (!status)
        status = rondo__pair_texts_dictionary(&entry, path[2], false, NULL);
    if (!status)
        status = rondo__answers_group(&answers, &entry, NULL);
    if (!status)
        status = rondo__tokenizer_build_lines(&tokenizer, &config, &pairs.source, &pairs.target, "t", NULL);
    if (!status)
        status = rondo__id_lines_encode(&ids, tokenizer, &pairs.target, NULL);
    rondo__id_lines_free(&ids);
    rondo__tokenizer_free(&tokenizer);
    rondo__answers_free(&answers);
    rondo__pair_texts_free(&entry);
    rondo__pair_texts_free(&pairs);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    const char *path[] = {write_text("m.a", "a b\nc d\n"), write_text("m.b", "x y z\n\n"),
                          test_write("m.dict", dictionary, sizeof dictionary - 1)};
    test_every_failure(everything, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines),         cmocka_unit_test(wrong_lines),
#ifdef RONDO_HAVE_ZLIB
                                       cmocka_unit_test(packed),
#endif
                                       cmocka_unit_test(parallel),      cmocka_unit_test(entries),
                                       cmocka_unit_test(wrong_entries), cmocka_unit_test(grouping),
                                       cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

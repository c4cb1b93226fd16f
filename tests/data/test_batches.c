/* Batches and texts: no pair is lost, streams go on from chunk to chunk; marks, line ends, the split. */
#include "support/test.h"

#include <string.h>

#include "data/batches.h"
#include "data/text.h"

static void no_pair_lost(void **state) {
    (void)state;
    int32_t ids[60], x[60], y[60], lengths[7];
    for (int i = 0; i < 60; i++)
        ids[i] = i;
    for (int64_t count = 8; count <= 40; count++) {
        for (int64_t B = 1; B <= 7; B++) {
            for (int64_t T = 1; T <= 7; T++) {
                rondo__batches batches;
                int seen[60] = {0};
                int64_t targets = 0;
                assert_int_equal(rondo__batches_make(&batches, "t", ids, count, B, T, NULL), RONDO_OK);
                for (int64_t c = 0; c < batches.chunks; c++) {
                    const int64_t steps = rondo__batches_steps(&batches, c);
                    assert_true(steps >= 1 && steps <= T);
                    targets += rondo__batches_fill(&batches, c, x, y, lengths);
                    for (int64_t i = 0; i < steps * B; i++) {
                        assert_int_equal(y[i] >= 0, i / B < lengths[i % B]);
                        if (y[i] >= 0) {
                            assert_int_equal(y[i], x[i] + 1);
                            seen[x[i]]++;
                        }
                    }
                }
                assert_int_equal(targets, count - 1);
                for (int64_t i = 0; i < count - 1; i++)
                    assert_int_equal(seen[i], 1);
            }
        }
    }
}

static void too_short(void **state) {
    (void)state;
    const int32_t ids[4] = {0};
    rondo__batches batches;
    rondo_error err;
    assert_int_equal(rondo__batches_make(&batches, "t.txt", ids, 4, 2, 4, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "at least 5"));
}

static rondo_status take(rondo__corpus *corpus, const char *bytes, size_t size, rondo_error *err) {
    char *data = rondo__alloc(size + 1);
    assert_non_null(data);
    memcpy(data, bytes, size);
    data[size] = '\0';
    return rondo__corpus_take(corpus, "t.txt", data, size, err);
}

static void texts(void **state) {
    (void)state;
    rondo__corpus corpus;
    rondo_error err;
    const int64_t live = rondo__alloc_live();
    assert_int_equal(take(&corpus,
                          "\xef\xbb\xbf"
                          "a\r\nb\rc\n",
                          10, &err),
                     RONDO_OK);
    assert_string_equal(corpus.data, "a\nb\rc\n");
    assert_true(corpus.had_mark && corpus.crlf == 1);
    rondo__corpus_free(&corpus);
    assert_int_equal(take(&corpus, "", 0, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "empty"));
    assert_int_equal(take(&corpus, "a\0b", 3, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "byte 1 is NUL"));
    assert_int_equal(take(&corpus, "ab\xc3", 3, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "byte 2 is not UTF-8"));
    assert_int_equal(rondo__corpus_read(&corpus, "/nowhere/t.txt", &err), RONDO_NOT_FOUND);
    assert_int_equal(rondo__alloc_live(), live);
}

static void split(void **state) {
    (void)state;
    static const char s[] = "\xc3\xa9\xc3\xa9\xe2\x82\xac"
                            "ab"; /* 5 characters */
    assert_int_equal(rondo__corpus_split(s, 9, 0.5), 4);
    assert_int_equal(rondo__corpus_split(s, 9, 0.4), 7);
    assert_int_equal(rondo__corpus_split(s, 9, 0.0), 9);
    assert_int_equal(rondo__corpus_split(s, 9, 1.0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_pair_lost), cmocka_unit_test(too_short),
                                       cmocka_unit_test(texts), cmocka_unit_test(split)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

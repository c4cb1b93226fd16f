/* Scores where there is little, nothing or very much to score, wrong calls, and memory that fails. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "rondo/score.h"
#include "support/test.h"

static const char *const none[] = {NULL};
static const char *const words[] = {"a b c d e f", "g h i", ""};
static const char *const moved[] = {"d e f a b c", "g i i", "x"};

static void test_nothing(void **state) {
    (void)state;
    rondo_bleu bleu;
    rondo_error_rates rates;
    double score = 1;
    assert_int_equal(rondo_bleu_corpus(&bleu, 0, NULL, NULL, RONDO_BLEU_13A, false, NULL), RONDO_OK);
    assert_true(bleu.bleu == 0 && bleu.brevity_penalty == 1 && bleu.system_length == 0);
    assert_int_equal(rondo_chrf_corpus(&score, 0, NULL, NULL, NULL), RONDO_OK);
    assert_true(score == 0);
    score = 1;
    assert_int_equal(rondo_ter_corpus(&score, 0, NULL, NULL, NULL), RONDO_OK);
    assert_true(score == 0);
    assert_int_equal(rondo_error_rates_corpus(&rates, 0, NULL, NULL, NULL, NULL), RONDO_OK);
    assert_true(rates.segment_error_rate == 0 && rates.symbol_error_rate == 0);
}

static void test_wrong_calls(void **state) {
    (void)state;
    rondo_error err;
    rondo_bleu bleu;
    rondo_bootstrap boot;
    double score;
    assert_int_equal(rondo_bleu_corpus(NULL, 1, words, words, RONDO_BLEU_13A, false, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_bleu_corpus(&bleu, -1, words, words, RONDO_BLEU_13A, false, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_bleu_corpus(&bleu, 1, NULL, words, RONDO_BLEU_13A, false, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_bleu_corpus(&bleu, 1, words, none, RONDO_BLEU_13A, false, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "reference[0]"));
    assert_int_equal(rondo_bleu_corpus(&bleu, 1, words, words, (rondo_bleu_tokenizer)7, false, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_chrf_corpus(NULL, 1, words, words, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_chrf_corpus(&score, 1, none, words, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_ter_corpus(NULL, 1, words, words, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_ter_corpus(&score, 1, words, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_bleu_bootstrap(NULL, 1, words, words, words, RONDO_BLEU_13A, false, 0, 1, &err),
                     RONDO_ARGUMENT);
    assert_int_equal(rondo_bleu_bootstrap(&boot, 0, words, words, words, RONDO_BLEU_13A, false, 0, 1, &err),
                     RONDO_ARGUMENT);
    assert_int_equal(rondo_bleu_bootstrap(&boot, 1, words, none, words, RONDO_BLEU_13A, false, 0, 1, &err),
                     RONDO_ARGUMENT);
    assert_int_equal(rondo_bleu_bootstrap(&boot, 1, words, words, words, RONDO_BLEU_13A, false, -5, 1, &err),
                     RONDO_ARGUMENT);
}

static void test_tokenizer_names(void **state) {
    (void)state;
    rondo_bleu_tokenizer found = RONDO_BLEU_13A;
    rondo_error err;
    assert_int_equal(rondo_bleu_tokenizer_find("char", &found, &err), RONDO_OK);
    assert_int_equal(found, RONDO_BLEU_CHAR);
    assert_int_equal(rondo_bleu_tokenizer_find("none", &found, &err), RONDO_OK);
    assert_int_equal(found, RONDO_BLEU_NONE);
    assert_int_equal(rondo_bleu_tokenizer_find("13a", &found, &err), RONDO_OK);
    assert_int_equal(found, RONDO_BLEU_13A);
    assert_int_equal(rondo_bleu_tokenizer_find("ja-mecab", &found, &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "'char'"));
    assert_int_equal(rondo_bleu_tokenizer_find("flores200", &found, &err), RONDO_UNSUPPORTED);
    assert_int_equal(rondo_bleu_tokenizer_find("13b", &found, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_bleu_tokenizer_find(NULL, &found, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_bleu_tokenizer_find("char", NULL, NULL), RONDO_ARGUMENT);
}

static void test_error_rates(void **state) {
    (void)state;
    const char *const system[] = {"T AH M EY T OW", "R EH D", "", "K AE T S", "L  IY D "};
    const char *const tomato[] = {"T AH M AA T OW", "T AH M EY T OW"}, *const read[] = {"R IY D"};
    const char *const nothing[] = {"A B"}, *const cat[] = {"K AE T", "D AO G Z"}, *const lead[] = {"L EH D", "L IY D"};
    const char *const *const answers[] = {tomato, read, nothing, cat, lead};
    const int64_t counts[] = {2, 1, 1, 2, 2};
    rondo_error_rates r;
    assert_int_equal(rondo_error_rates_corpus(&r, 5, system, answers, counts, NULL), RONDO_OK);
    assert_int_equal(r.segments, 5);
    assert_int_equal(r.wrong, 3);
    assert_int_equal(r.edits, 1 + 2 + 1);
    assert_int_equal(r.symbols, 6 + 3 + 2 + 3 + 3);
    assert_true(fabs(r.segment_error_rate - 3.0 / 5) < 1e-15 && fabs(r.symbol_error_rate - 4.0 / 17) < 1e-15);
    const int64_t no_answers[] = {2, 0, 1, 2, 2};
    assert_int_equal(rondo_error_rates_corpus(&r, 5, system, answers, no_answers, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_error_rates_corpus(&r, 5, system, NULL, counts, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_error_rates_corpus(NULL, 5, system, answers, counts, NULL), RONDO_ARGUMENT);
    const char *const *const holes[] = {tomato, none};
    assert_int_equal(rondo_error_rates_corpus(&r, 2, system, holes, counts, NULL), RONDO_ARGUMENT);
}

/* A better and a worse system: the worse one has every third word wrong, the better one every fifth. */
#define SEGMENTS 60
static void make_texts(char text[SEGMENTS][80], const char *list[SEGMENTS], int wrong) {
    for (int i = 0; i < SEGMENTS; i++) {
        int at = 0;
        for (int k = 0; k < 12; k++)
            at +=
                snprintf(text[i] + at, 80 - (size_t)at, "%d ", wrong && (i + k) % wrong == 0 ? 999 : (i * k + k) % 90);
        list[i] = text[i];
    }
}

static void test_bootstrap(void **state) {
    (void)state;
    static char text[3][SEGMENTS][80];
    const char *reference[SEGMENTS], *better[SEGMENTS], *worse[SEGMENTS];
    rondo_bootstrap a, again, swapped, same;
    rondo_bleu bleu;
    make_texts(text[0], reference, 0);
    make_texts(text[1], better, 5);
    make_texts(text[2], worse, 3);
    worse[7] = reference[7];
#define BOOT(out, x, y, samples, seed)                                                                                 \
    assert_int_equal(                                                                                                  \
        rondo_bleu_bootstrap(out, SEGMENTS, x, y, reference, RONDO_BLEU_NONE, false, samples, seed, NULL), RONDO_OK)
    BOOT(&a, better, worse, 0, 1);
    BOOT(&again, better, worse, 1000, 1);
    assert_memory_equal(&a, &again, sizeof a);
    assert_int_equal(a.samples, 1000);
    rondo_bleu_corpus(&bleu, SEGMENTS, better, reference, RONDO_BLEU_NONE, false, NULL);
    assert_true(a.bleu_a == bleu.bleu && a.bleu_a > a.bleu_b && a.p == 0);
    assert_true(a.low_a < a.bleu_a && a.bleu_a < a.high_a && a.low_b < a.bleu_b && a.bleu_b < a.high_b);
    BOOT(&swapped, worse, better, 1000, 1);
    assert_true(swapped.p == a.p && swapped.low_a == a.low_b && swapped.high_b == a.high_a);
    BOOT(&again, better, worse, 1000, 2);
    assert_true(again.low_a != a.low_a && fabs(again.low_a - a.low_a) < 2);
    BOOT(&same, worse, worse, 10, 1);
    assert_true(same.p == 1 && same.low_a == same.low_b);
    BOOT(&same, worse, better, 1, 1);
    assert_true(same.low_a == same.high_a);
#undef BOOT
}

/* 10 000 words, those of the output in another order of blocks and some of them wrong. */
static char *make_long(int words_in_text, bool system) {
    char *text = malloc((size_t)words_in_text * 8 + 1);
    int at = 0;
    assert_non_null(text);
    for (int i = 0; i < words_in_text; i++) {
        const int word = system && i % 40 < 20 ? i + (i % 40 < 10 ? 10 : -10) : i;
        at += snprintf(text + at, 8, "%d ", system && i % 97 == 0 ? -1 : word % 1000);
    }
    return text;
}

static void test_long_segments(void **state) {
    (void)state;
    char *system = make_long(10000, true), *reference = make_long(10000, false);
    const char *s = system, *r = reference;
    const char *const *answers = &r;
    rondo_bleu bleu;
    rondo_error_rates rates;
    double chrf, ter;
    assert_int_equal(rondo_bleu_corpus(&bleu, 1, &s, &r, RONDO_BLEU_13A, true, NULL), RONDO_OK);
    assert_int_equal(bleu.total[0], 10000);
    assert_int_equal(rondo_chrf_corpus(&chrf, 1, &s, &r, NULL), RONDO_OK);
    assert_int_equal(rondo_ter_corpus(&ter, 1, &s, &r, NULL), RONDO_OK);
    assert_int_equal(rondo_error_rates_corpus(&rates, 1, &s, &answers, (int64_t[]){1}, NULL), RONDO_OK);
    assert_true(chrf > 50 && chrf < 100 && ter > 0 && ter < 100 && rates.symbol_error_rate >= ter / 100);
    free(system);
    free(reference);
}

static int score_all(void *arg) {
    (void)arg;
    const char *const *const answers[] = {moved, moved, moved};
    rondo_bleu bleu;
    rondo_error_rates rates;
    rondo_bootstrap boot;
    rondo_error err;
    double score;
    rondo_status status = rondo_bleu_corpus(&bleu, 3, words, moved, RONDO_BLEU_13A, true, &err);
    if (status == RONDO_OK)
        status = rondo_bleu_corpus(&bleu, 3, words, moved, RONDO_BLEU_CHAR, true, &err);
    if (status == RONDO_OK)
        status = rondo_chrf_corpus(&score, 3, words, moved, &err);
    if (status == RONDO_OK)
        status = rondo_ter_corpus(&score, 3, words, moved, &err);
    if (status == RONDO_OK)
        status = rondo_error_rates_corpus(&rates, 3, words, answers, (int64_t[]){1, 2, 3}, &err);
    if (status == RONDO_OK)
        status = rondo_bleu_bootstrap(&boot, 3, words, moved, moved, RONDO_BLEU_13A, true, 20, 1, &err);
    return status;
}

static void test_memory(void **state) {
    (void)state;
    test_every_failure(score_all, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing),         cmocka_unit_test(test_wrong_calls),
                                       cmocka_unit_test(test_tokenizer_names), cmocka_unit_test(test_error_rates),
                                       cmocka_unit_test(test_bootstrap),       cmocka_unit_test(test_long_segments),
                                       cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

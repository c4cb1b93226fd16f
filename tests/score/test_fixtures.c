/* BLEU, chrF and TER equal sacreBLEU's (make_fixtures.py), counts to the last n-gram. */
#include <math.h>
#include <string.h>

#include "rondo/score.h"
#include "support/test.h"

typedef struct bleu_case {
    double bleu, brevity_penalty;
    int64_t correct[4], total[4];
    int64_t system_length, reference_length;
} bleu_case;
typedef struct corpus {
    const char *name;
    int64_t segments;
    const char *system[8], *reference[8];
    bleu_case bleu[6]; /* 13a, none, char, each with the case kept and without */
    double chrf, ter;
} corpus;

#include "cases.h"

#define CORPORA (sizeof corpora / sizeof *corpora)

/* Without utf8proc only ASCII has lower case. */
static bool knows_lower_case_of(const corpus *c) {
#ifdef RONDO_HAVE_UTF8PROC
    (void)c;
    return true;
#else
    for (int64_t i = 0; i < c->segments; i++)
        for (const char *p = c->system[i], *q = c->reference[i]; *p || *q; p += *p != 0, q += *q != 0)
            if ((*p | *q) & 0x80)
                return false;
    return true;
#endif
}

static void close_to(const corpus *c, const char *what, double got, double want) {
    if (!(fabs(got - want) <= 1e-9))
        fail_msg("%s: %s is %.15g, not %.15g", c->name, what, got, want);
}

static void compare_bleu(const corpus *c, rondo_bleu_tokenizer tokenizer, bool lowercase) {
    const bleu_case *want = &c->bleu[2 * tokenizer + lowercase];
    rondo_bleu got;
    assert_int_equal(rondo_bleu_corpus(&got, c->segments, c->system, c->reference, tokenizer, lowercase, NULL),
                     RONDO_OK);
    for (int n = 0; n < 4; n++) {
        if (got.correct[n] != want->correct[n] || got.total[n] != want->total[n])
            fail_msg("%s, tokenizer %d: %lld of %lld %d-grams, not %lld of %lld", c->name, (int)tokenizer,
                     (long long)got.correct[n], (long long)got.total[n], n + 1, (long long)want->correct[n],
                     (long long)want->total[n]);
    }
    assert_int_equal(got.system_length, want->system_length);
    assert_int_equal(got.reference_length, want->reference_length);
    close_to(c, "brevity penalty", got.brevity_penalty, want->brevity_penalty);
    close_to(c, "BLEU", got.bleu, want->bleu);
}

static void test_bleu(void **state) {
    (void)state;
    for (size_t i = 0; i < CORPORA; i++) {
        for (int tokenizer = 0; tokenizer < 3; tokenizer++) {
            compare_bleu(&corpora[i], (rondo_bleu_tokenizer)tokenizer, false);
            if (knows_lower_case_of(&corpora[i]))
                compare_bleu(&corpora[i], (rondo_bleu_tokenizer)tokenizer, true);
        }
    }
}

static void test_chrf(void **state) {
    (void)state;
    for (size_t i = 0; i < CORPORA; i++) {
        const corpus *c = &corpora[i];
        double got = NAN;
        assert_int_equal(rondo_chrf_corpus(&got, c->segments, c->system, c->reference, NULL), RONDO_OK);
        close_to(c, "chrF", got, c->chrf);
    }
}

static void test_ter(void **state) {
    (void)state;
    for (size_t i = 0; i < CORPORA; i++) {
        const corpus *c = &corpora[i];
        double got = NAN;
        if (!knows_lower_case_of(c))
            continue;
        assert_int_equal(rondo_ter_corpus(&got, c->segments, c->system, c->reference, NULL), RONDO_OK);
        close_to(c, "TER", got, c->ter);
    }
}

static void test_signatures(void **state) {
    (void)state;
    const char *const one[] = {"x"};
    rondo_bleu got;
    rondo_bleu_corpus(&got, 1, one, one, RONDO_BLEU_13A, false, NULL);
    assert_memory_equal(got.signature, "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:rondo-", 59);
    rondo_bleu_corpus(&got, 1, one, one, RONDO_BLEU_CHAR, true, NULL);
    assert_memory_equal(got.signature, "nrefs:1|case:lc|eff:no|tok:char|smooth:exp|version:rondo-", 57);
    assert_non_null(strstr(rondo_chrf_signature(), "nc:6|nw:0"));
    assert_non_null(strstr(rondo_ter_signature(), "tok:tercom|norm:no"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bleu), cmocka_unit_test(test_chrf),
                                       cmocka_unit_test(test_ter), cmocka_unit_test(test_signatures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

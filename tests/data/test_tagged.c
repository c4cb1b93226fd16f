/* Sentences with tags: CoNLL-U and columns, what is refused and where, broken input, failing memory. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "data/tagged.h"

#define ROW(id, form, upos) id "\t" form "\t_\t" upos "\t_\t_\t0\troot\t_\t_\n"
static const char conllu[] = "# sent_id = 1\n# text = don't go\n" ROW("1-2", "don't", "_") ROW("1", "do", "AUX")
    ROW("2", "n't", "PART") ROW("3", "go there", "VERB") ROW("3.1", "gone", "VERB") "\n\n# two\n" ROW("1", "#", "SYM");

static rondo_error err;

static rondo_status parse(rondo__tagged *out, const char *text, const rondo__tagged_spec *spec) {
    rondo__lines lines;
    rondo_status status = rondo__lines_split(&lines, "t", text, strlen(text), &err);
    return status ? status : rondo__tagged_take(out, "t", &lines, spec, &err);
}

/* "word/tag word/tag | word/tag ..." */
static void expect(const char *text, const rondo__tagged_spec *spec, const char *wanted) {
    rondo__tagged t;
    rondo__text got = {0};
    if (parse(&t, text, spec))
        fail_msg("%s", err.message);
    for (int64_t s = 0; s < t.sentences; s++) {
        for (int64_t i = t.start[s]; i < t.start[s + 1]; i++)
            rondo__text_format(&got, "%s%s%s%s", got.size ? " " : "", t.word[i], t.tag ? "/" : "",
                               t.tag ? t.tag[i] : "");
        rondo__text_format(&got, "%s", s + 1 < t.sentences ? " |" : "");
    }
    assert_string_equal(got.data, wanted);
    rondo__text_free(&got);
    rondo__tagged_free(&t);
}

static void universal(void **state) {
    (void)state;
    const rondo__tagged_spec plain = {.conllu = true}, words = {.conllu = true, .no_tags = true};
    expect(conllu, &plain, "do/AUX n't/PART go there/VERB | #/SYM");
    expect(conllu, &words, "do n't go there | #");
    expect(conllu, &(rondo__tagged_spec){.conllu = true, .tag_column = "deprel"},
           "do/root n't/root go there/root | #/root");
    expect(conllu, &(rondo__tagged_spec){.conllu = true, .tag_column = "8", .word_column = "upos"},
           "AUX/root PART/root VERB/root | SYM/root");
    expect("\xef\xbb\xbf" ROW("1", "a", "X") " \t\n" ROW("1", "b", "Y"), &plain, "a/X | b/Y");
    expect("1\ta\t_\tX\t_\t_\t0\tr\t_\t_\r\n\r\n1\tb\t_\tY\t_\t_\t0\tr\t_\t_", &plain, "a/X | b/Y");
    rondo__tagged t;
    assert_int_equal(parse(&t, conllu, &plain), RONDO_OK);
    assert_int_equal(t.words, 4);
    assert_int_equal(t.line[0], 4);
    assert_int_equal(t.line[3], 11);
    rondo__tagged_free(&t);
    assert_true(rondo__tagged_is_conllu("a.conllu") && rondo__tagged_is_conllu("x/a.conllu.gz"));
    assert_false(rondo__tagged_is_conllu("a.conll") || rondo__tagged_is_conllu("conllu"));
    assert_int_equal(rondo__conllu_column("feats"), 5);
    assert_int_equal(rondo__conllu_column("10"), 9);
    assert_int_equal(rondo__conllu_column("11"), -1);
    assert_int_equal(rondo__conllu_column("0"), -1);
    assert_int_equal(rondo__conllu_column(""), -1);
}

static void columns(void **state) {
    (void)state;
    const rondo__tagged_spec plain = {0}, words = {.no_tags = true};
    expect("the D\ncat N\n\n\n\nruns V", &plain, "the/D cat/N | runs/V");
    expect("  the   x  D \ncat\ty  N\n", &plain, "the/D cat/N");
    expect("New York\tB\nis\tO\n \t \nup\tO\n", &plain, "New York/B is/O | up/O");
    expect("-DOCSTART- -X- O\n\nEU NNP B-ORG\nrejects VBZ O\n", &plain, "EU/B-ORG rejects/O");
    expect("EU NNP B-ORG\nrejects VBZ O\n", &(rondo__tagged_spec){.tag_column = "2"}, "EU/NNP rejects/VBZ");
    expect("1 EU NNP\n2 x O\n", &(rondo__tagged_spec){.word_column = "2"}, "EU/NNP x/O");
    expect("N the\nV runs\n", &(rondo__tagged_spec){.word_column = "2", .tag_column = "1"}, "the/N runs/V");
    expect("the\ncat\n\nruns\n", &words, "the cat | runs");
    expect("# N\n", &plain, "#/N");
}

static void refused(void **state) {
    (void)state;
    const int64_t live = rondo__alloc_live();
    static const struct {
        const char *text, *said;
        rondo__tagged_spec spec;
    } cases[] = {
        {"a\tb\n", "t:1: 2 columns between tabs (CoNLL-U has 10)", {.conllu = true}},
        {ROW("1", "a", "X") "x\n", "t:2: 1 column between tabs", {.conllu = true}},
        {"1\ta\tb\tc\td\te\tf\tg\th\ti\tj\n", "t:1: 11 columns", {.conllu = true}},
        {ROW("1", "", "X"), "t:1: column 2 (form) is empty", {.conllu = true}},
        {ROW("1", "a", ""), "t:1: column 4 (upos) is empty", {.conllu = true}},
        {ROW("1", "a", "_"), "t:1: the word has no upos", {.conllu = true}},
        {ROW("x", "a", "X"), "t:1: 'x' is no number", {.conllu = true}},
        {ROW("1-", "a", "X"), "t:1: '1-' is no number", {.conllu = true}},
        {ROW("1.x", "a", "X"), "t:1: '1.x' is no number", {.conllu = true}},
        {ROW("0", "a", "X"), "t:1: '0' is no number", {.conllu = true}},
        {ROW("99999999999999999999", "a", "X"), "is no number", {.conllu = true}},
        {ROW("1", "a", "X") ROW("3", "b", "X"), "t:2: word 3 follows word 1", {.conllu = true}},
        {ROW("1", "a", "X") ROW("1", "b", "X"), "t:2: word 1 follows word 1 (a blank line", {.conllu = true}},
        {"# nothing\n\n", "t: there is no word in it", {.conllu = true}},
        {ROW("1", "a", "X"),
         "no column 'upps' for data.tag_column (did you mean 'upos'?)",
         {.conllu = true, .tag_column = "upps"}},
        {ROW("1", "a", "X"), "no column '11' for data.word_column", {.conllu = true, .word_column = "11"}},
        {ROW("1", "a", "X"), "are the same, column 2", {.conllu = true, .tag_column = "form"}},
        {"the\n", "t:1: 1 column, but 2 are needed", {0}},
        {"the D\ncat\n", "t:2: 1 column where the first line has 2", {0}},
        {"the D\n\ncat N V\n", "t:3: 3 columns where the first line has 2", {0}},
        {"the\tD\ncat N\n", "t:2: 1 column where", {0}},
        {"the\tD\n\tN\n", "t:2: the word is empty", {0}},
        {"the\tD\ncat\t\n", "t:2: the tag is empty", {0}},
        {"the D\n", "t:1: 2 columns, but 5 are needed", {.tag_column = "5"}},
        {"the D\n", "data.tag_column is 'upos', but columns of this file go by number", {.tag_column = "upos"}},
        {"the D\n", "data.tag_column is '0'", {.tag_column = "0"}},
        {"the D\n", "data.word_column is '99999999999999999999'", {.word_column = "99999999999999999999"}},
        {"the D\n", "are the same, column 1", {.tag_column = "1"}},
        {"\n\n", "there is no word in it", {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rondo__tagged t;
        if (parse(&t, cases[i].text, &cases[i].spec) != RONDO_FORMAT || !strstr(err.message, cases[i].said))
            fail_msg("case %zu: '%s', not '%s'", i, err.message, cases[i].said);
        assert_null(t.word);
    }
    rondo__tagged t;
    assert_int_equal(rondo__tagged_read(&t, "/nowhere/a.conllu", &cases[0].spec, &err), RONDO_NOT_FOUND);
    assert_int_equal(rondo__alloc_live(), live);
}

/* Cut anywhere, and with any byte changed: refused, or read into sentences that are whole. */
static void broken(void **state) {
    (void)state;
    char text[sizeof conllu];
    for (size_t cut = 0; cut + 1 < sizeof conllu; cut++) {
        for (uint64_t k = 0; k < 24; k++) {
            const rondo__tagged_spec spec = {.conllu = k % 3 > 0, .no_tags = k % 5 == 0};
            rondo__tagged t;
            memcpy(text, conllu, sizeof conllu);
            text[k < 3 ? cut : rondo__random_below(3, cut, k, sizeof conllu - 1)] = "\0\t\n #9-.\xc3"[k % 9];
            if (parse(&t, text, &spec))
                continue;
            assert_true(t.sentences > 0 && t.start[0] == 0 && t.start[t.sentences] == t.words);
            for (int64_t s = 0; s < t.sentences; s++)
                assert_true(t.start[s + 1] > t.start[s]);
            for (int64_t i = 0; i < t.words; i++)
                assert_true(t.word[i][0] && (spec.no_tags || t.tag[i][0]) && t.line[i] >= 1);
            rondo__tagged_free(&t);
        }
    }
}

static int read_all(void *arg) {
    rondo__tagged t;
    const int64_t live = rondo__alloc_live();
    rondo_status status = parse(&t, conllu, arg);
    if (!status)
        rondo__tagged_free(&t);
    assert_int_equal(rondo__alloc_live(), live);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    rondo__tagged_spec spec = {.conllu = true};
    test_every_failure(read_all, &spec);
    spec.no_tags = true;
    test_every_failure(read_all, &spec);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(universal), cmocka_unit_test(columns),
                                       cmocka_unit_test(refused), cmocka_unit_test(broken),
                                       cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

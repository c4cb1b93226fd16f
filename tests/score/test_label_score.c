/* Scores of labels equal those of scikit-learn and seqeval (make_label_fixtures.py), and their edges. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "rondo/label_score.h"
#include "support/test.h"

enum { MOST = 40, CLASSES = 6, SENTENCES = 12 };

typedef struct class_case {
    const char *name;
    int64_t classes, count;
    int32_t truth[MOST], guess[MOST];
    double precision[CLASSES], recall[CLASSES], f1[CLASSES];
    int64_t support[CLASSES];
    double accuracy, macro[3];
} class_case;
typedef struct roc_case {
    const char *name;
    int64_t classes, count;
    int32_t truth[MOST];
    double probability[MOST * CLASSES], auc;
} roc_case;
typedef struct span_case {
    const char *name;
    int64_t sentences;
    const char *truth[SENTENCES], *guess[SENTENCES];
    int64_t spans, guessed, right;
    double scores[3];
} span_case;

#include "label_cases.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void near(const char *name, const char *what, double got, double want) {
    if (!(fabs(got - want) <= 1e-14))
        fail_msg("%s: %s is %.17g, not %.17g", name, what, got, want);
}

static void test_classes(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT(class_cases); k++) {
        const class_case *c = &class_cases[k];
        int64_t confusion[CLASSES * CLASSES] = {0};
        rondo_class_score each[CLASSES];
        int64_t half = c->count / 2;
        assert_int_equal(rondo_confusion_add(confusion, c->classes, half, c->truth, c->guess, NULL), RONDO_OK);
        assert_int_equal(
            rondo_confusion_add(confusion, c->classes, c->count - half, c->truth + half, c->guess + half, NULL),
            RONDO_OK);
        rondo_label_result all = rondo_confusion_score(confusion, c->classes, each);
        assert_int_equal(all.count, c->count);
        near(c->name, "accuracy", all.accuracy, c->accuracy);
        near(c->name, "macro precision", all.macro_precision, c->macro[0]);
        near(c->name, "macro recall", all.macro_recall, c->macro[1]);
        near(c->name, "macro F1", all.macro_f1, c->macro[2]);
        for (int64_t i = 0; i < c->classes; i++) {
            assert_int_equal(each[i].support, c->support[i]);
            near(c->name, "precision", each[i].precision, c->precision[i]);
            near(c->name, "recall", each[i].recall, c->recall[i]);
            near(c->name, "F1", each[i].f1, c->f1[i]);
        }
        rondo_label_result again = rondo_confusion_score(confusion, c->classes, NULL);
        assert_memory_equal(&again, &all, sizeof all);
    }
    rondo_label_result nothing = rondo_confusion_score((int64_t[4]){0}, 2, NULL);
    assert_true(nothing.count == 0 && nothing.accuracy == 0 && nothing.macro_f1 == 0);
    nothing = rondo_confusion_score(NULL, 2, NULL);
    assert_true(nothing.count == 0);
}

static double auc(int64_t count, const double *score, const int32_t *truth) {
    double out = -1;
    assert_int_equal(rondo_roc_auc(&out, count, score, truth, NULL), RONDO_OK);
    return out;
}

static double auc_of_classes(int64_t count, int64_t classes, const double *probability, const int32_t *truth) {
    double out = -1;
    assert_int_equal(rondo_roc_auc_classes(&out, count, classes, probability, truth, NULL), RONDO_OK);
    return out;
}

static void test_roc(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT(roc_cases); k++) {
        const roc_case *c = &roc_cases[k];
        near(c->name, "AUC", auc_of_classes(c->count, c->classes, c->probability, c->truth), c->auc);
    }
    const double score[] = {1, 2, 3, 4}, same[] = {7, 7, 7, 7}, odd[] = {1, NAN, 3, 4};
    const double infinite[] = {-INFINITY, 0, 1, INFINITY};
    const int32_t up[] = {0, 0, 1, 1}, down[] = {1, 1, 0, 0}, mixed[] = {0, 1, 0, 1}, ones[] = {1, 1, 1, 1};
    near("up", "AUC", auc(4, score, up), 1);
    near("down", "AUC", auc(4, score, down), 0);
    near("mixed", "AUC", auc(4, score, mixed), 0.75);
    near("infinite", "AUC", auc(4, infinite, mixed), 0.75);
    near("all tied", "AUC", auc(4, same, mixed), 0.5);
    assert_true(isnan(auc(4, odd, mixed)));
    assert_true(isnan(auc(4, score, ones)));
    assert_true(isnan(auc(0, NULL, NULL)));
    /* a class that never occurs does not count; one class alone has no curve */
    const double three[] = {.8, .1, .1, .2, .6, .2, .5, .4, .1, .1, .8, .1};
    near("two of three", "AUC", auc_of_classes(4, 3, three, mixed), 1);
    assert_true(isnan(auc_of_classes(4, 3, three, ones)));
    assert_true(isnan(auc_of_classes(2, 2, score, ones)));
    assert_true(isnan(auc_of_classes(2, 1, score, (int32_t[]){0, 0})));
}

/* Many ties and many scores: the same as counting all pairs. */
static void test_roc_by_pairs(void **state) {
    enum { N = 500 };
    double score[N], above = 0, pairs = 0;
    int32_t truth[N];
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        score[i] = (double)rondo__random_below(1, 0, i, 60);
        truth[i] = rondo__random_below(1, 1, i, 90) < (uint64_t)score[i];
    }
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            if (truth[i] && !truth[k]) {
                above += score[i] > score[k] ? 1 : score[i] == score[k] ? 0.5 : 0;
                pairs++;
            }
    near("pairs", "AUC", auc(N, score, truth), above / pairs);
}

static void test_roc_refused(void **state) {
    double out;
    const double score[] = {1, 2};
    rondo_error err = {0};
    (void)state;
    assert_int_equal(rondo_roc_auc(NULL, 2, score, (int32_t[]){0, 1}, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_roc_auc(&out, 2, NULL, (int32_t[]){0, 1}, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_roc_auc(&out, 2, score, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_roc_auc(&out, -1, score, (int32_t[]){0, 1}, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_roc_auc(&out, 2, score, (int32_t[]){0, 2}, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "truth 1 is 2"));
    assert_int_equal(rondo_roc_auc_classes(&out, 2, 0, score, (int32_t[]){0, 0}, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_roc_auc_classes(&out, 2, 1, score, (int32_t[]){0, -1}, NULL), RONDO_ARGUMENT);
}

/* ---- spans ---- */

/* Cuts text at its spaces, in place; returns the number of words. */
static int64_t words_of(char *text, const char *words[]) {
    int64_t count = 0;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        words[count++] = word;
    return count;
}

static void add_sentence(rondo_span_score *score, const char *truth, const char *guess) {
    char text[2][200];
    const char *words[2][50];
    assert_true(strlen(truth) < sizeof text[0] && strlen(guess) < sizeof text[1]);
    strcpy(text[0], truth);
    strcpy(text[1], guess);
    int64_t count = words_of(text[0], words[0]);
    assert_int_equal(words_of(text[1], words[1]), count);
    rondo_span_add(score, count, words[0], words[1]);
}

static void test_spans(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT(span_cases); k++) {
        const span_case *c = &span_cases[k];
        rondo_span_score score = {0};
        for (int64_t i = 0; i < c->sentences; i++)
            add_sentence(&score, c->truth[i], c->guess[i]);
        rondo_span_finish(&score);
        assert_int_equal(score.truth, c->spans);
        assert_int_equal(score.predicted, c->guessed);
        assert_int_equal(score.right, c->right);
        near(c->name, "precision", score.precision, c->scores[0]);
        near(c->name, "recall", score.recall, c->scores[1]);
        near(c->name, "F1", score.f1, c->scores[2]);
    }
}

static void spans(const char *truth, const char *guess, int64_t in_truth, int64_t in_guess, int64_t right) {
    rondo_span_score s = {0};
    add_sentence(&s, truth, guess);
    if (s.truth != in_truth || s.predicted != in_guess || s.right != right)
        fail_msg("%s / %s: %d, %d, %d", truth, guess, (int)s.truth, (int)s.predicted, (int)s.right);
}

static void test_span_rules(void **state) {
    (void)state;
    spans("B-A I-A O", "B-A I-A O", 1, 1, 1);
    spans("B-A I-A O", "I-A I-A O", 1, 1, 1); /* I after nothing begins a span */
    spans("B-A I-A I-B", "B-A I-A B-B", 2, 2, 2);
    spans("B-A I-A I-A", "B-A I-A O", 1, 1, 0);
    spans("B-A I-A I-A", "O I-A I-A", 1, 1, 0);
    spans("B-A B-A", "B-A I-A", 2, 1, 0);
    spans("S-A S-A", "B-A B-A", 2, 2, 2);
    spans("B-A E-A I-A", "B-A I-A B-A", 2, 2, 2);
    spans("B-AB", "B-A", 1, 1, 0);
    spans("B I O", "B I O", 1, 1, 1);
    spans("NOUN B-", "BIO B-", 1, 1, 1); /* what has no prefix marks nothing; a type may be empty */
    rondo_span_score s = {.truth = 1};
    rondo_span_add(&s, 0, (const char *const[]){NULL}, (const char *const[]){NULL});
    rondo_span_add(&s, 1, (const char *const[]){NULL}, (const char *const[]){"B-A"});
    assert_true(s.truth == 1 && s.predicted == 1 && s.right == 0);
    rondo_span_add(&s, 1, NULL, NULL);
    rondo_span_add(NULL, 0, NULL, NULL);
    rondo_span_finish(NULL);
    rondo_span_finish(&s);
    assert_true(s.precision == 0 && s.recall == 0 && s.f1 == 0);
}

static void test_are_spans(void **state) {
    (void)state;
#define ARE(...) rondo_labels_are_spans(COUNT(((const char *const[]){__VA_ARGS__})), (const char *const[]){__VA_ARGS__})
    assert_true(ARE("O", "B-PER", "I-PER"));
    assert_true(ARE("B-X"));
    assert_true(ARE("S-X", "B-X", "E-X", "I-X", "O"));
    assert_false(ARE("O"));
    assert_false(ARE("I-PER", "O"));
    assert_false(ARE("O", "B-PER", "NOUN"));
    assert_false(ARE("O", "B-PER", ""));
    assert_false(ARE("O", "B-PER", NULL));
    assert_false(ARE("B-", "O"));
    assert_false(ARE("B", "O"));
    assert_false(rondo_labels_are_spans(0, NULL));
}

static int body(void *arg) {
    const roc_case *c = arg;
    double out;
    rondo_status status = rondo_roc_auc(&out, c->count, c->probability, (int32_t[MOST]){0, 1}, NULL);
    return status ? status : rondo_roc_auc_classes(&out, c->count, c->classes, c->probability, c->truth, NULL);
}

static void test_memory(void **state) {
    roc_case c = roc_cases[2];
    (void)state;
    test_every_failure(body, &c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_classes),      cmocka_unit_test(test_roc),
                                       cmocka_unit_test(test_roc_by_pairs), cmocka_unit_test(test_roc_refused),
                                       cmocka_unit_test(test_spans),        cmocka_unit_test(test_span_rules),
                                       cmocka_unit_test(test_are_spans),    cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Confusion matrices: counts, scores and the table that people read. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "score/label_table.h"
#include "support/test.h"

static void test_counts(void **state) {
    int64_t confusion[9] = {0};
    (void)state;
    assert_int_equal(rondo_confusion_add(confusion, 3, 4, (int32_t[]){0, 0, 2, 1}, (int32_t[]){0, 1, 2, 1}, NULL), 0);
    assert_int_equal(rondo_confusion_add(confusion, 3, 0, NULL, NULL, NULL), RONDO_OK);
    const int64_t expected[9] = {1, 1, 0, 0, 1, 0, 0, 0, 1};
    assert_memory_equal(confusion, expected, sizeof expected);
    rondo_error err = {0};
    assert_int_equal(rondo_confusion_add(confusion, 3, 2, (int32_t[]){0, 3}, (int32_t[]){0, 0}, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "truth 1 is 3"));
    assert_int_equal(rondo_confusion_add(confusion, 3, 2, (int32_t[]){0, 0}, (int32_t[]){0, -1}, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "prediction 1 is -1"));
    assert_memory_equal(confusion, expected, sizeof expected);
    assert_int_equal(rondo_confusion_add(NULL, 3, 0, NULL, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_confusion_add(confusion, 3, 1, NULL, (int32_t[]){0}, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_confusion_add(confusion, 3, 1, (int32_t[]){0}, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_confusion_add(confusion, 0, 0, NULL, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_confusion_add(confusion, 3, -1, NULL, NULL, NULL), RONDO_ARGUMENT);
}

static const char *table(int64_t classes, const char *const *name, const int64_t *confusion) {
    static char copy[20000];
    rondo__text text = {0};
    rondo__label_table(&text, classes, name, confusion);
    assert_false(text.failed);
    assert_true(text.size < sizeof copy);
    memcpy(copy, text.data, text.size + 1);
    rondo__text_free(&text);
    return copy;
}

/* "rare" is never said, "none" neither occurs nor is said. */
static void test_table(void **state) {
    const int64_t confusion[16] = {8, 2, 0, 0, 1, 1234, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    (void)state;
    assert_string_equal(table(4, (const char *[]){"yes", "no, and again no", "rare", "none"}, confusion),
                        "class                 count  predicted  precision     recall         F1\n"
                        "yes                      10          9     0.8889     0.8000     0.8421\n"
                        "no, and again no       1235       1237     0.9976     0.9992     0.9984\n"
                        "rare                      1          0          -     0.0000     0.0000\n"
                        "none                      0          0          -          -          -\n"
                        "mean                   1246       1246     0.6288     0.5997     0.6135\n"
                        "accuracy             0.9968\n"
                        "\n"
                        "                  predicted\n"
                        "truth             yes  no, and   rare  none\n"
                        "yes                 8         2     .     .\n"
                        "no, and again no    1      1234     .     .\n"
                        "rare                .         1     .     .\n"
                        "none                .         .     .     .\n");
}

static void test_names(void **state) {
    const int64_t confusion[4] = {1, 0, 0, 2};
    (void)state;
    const char *odd = table(2, (const char *[]){"a\x1b[2J\xff\n", "\xc3\xa9t\xc3\xa9"}, confusion);
    assert_non_null(strstr(odd, "\na?[2J??  "));
    assert_non_null(strstr(odd, "\n\xc3\xa9t\xc3\xa9                2          2     1.0000"));
    assert_null(strchr(odd, '\x1b'));
    assert_non_null(strstr(table(2, NULL, confusion), "\n1                  2          2     1.0000"));
}

static void test_many_classes(void **state) {
    static int64_t confusion[40 * 40];
    (void)state;
    for (int i = 0; i < 40; i++)
        confusion[i * 40 + i] = 100;
    for (int i = 0; i < 39; i++)
        confusion[i * 40 + i + 1] = 1 + i % 30;
    const char *text = table(40, NULL, confusion);
    assert_non_null(
        strstr(text, "\ntruth      predicted      times\n29         30                30\n28         29   "));
    assert_null(strstr(text, "\n0          1  "));
    assert_non_null(strstr(table(1, NULL, (int64_t[]){0}), "\naccuracy           -\n"));
}

static int body(void *arg) {
    rondo__text text = {0};
    rondo__label_table(&text, 2, NULL, arg);
    rondo_status status = text.failed ? RONDO_MEMORY : RONDO_OK;
    rondo__text_free(&text);
    return status;
}

static void test_memory(void **state) {
    int64_t confusion[4] = {1, 2, 3, 4};
    (void)state;
    test_every_failure(body, confusion);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_names), cmocka_unit_test(test_many_classes),
                                       cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* CSV files: separators, quotes, headers, numbers, and files that are wrong in every way; speed of a large one is a
 * benchmark's business. */
#include "support/test.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"

static rondo_error err;

static rondo_status parse(rondo__csv *csv, const char *text) {
    return rondo__csv_parse(csv, "t.csv", text, strlen(text), &err);
}

static void expect(const char *text, char separator, int64_t columns, int64_t rows, const char *const *cells) {
    rondo__csv csv;
    if (parse(&csv, text))
        fail_msg("%s: %s", text, err.message);
    assert_int_equal(csv.separator, separator);
    assert_int_equal(csv.columns, columns);
    assert_int_equal(csv.rows, rows);
    for (int64_t i = 0; i < columns; i++)
        assert_string_equal(csv.name[i], cells[i]);
    for (int64_t i = 0; i < rows * columns; i++)
        assert_string_equal(csv.cell[i], cells[columns + i]);
    rondo__csv_free(&csv);
}

#define EXPECT(text, separator, columns, rows, ...)                                                                    \
    expect(text, separator, columns, rows, (const char *const[]){__VA_ARGS__})

static void separators(void **state) {
    (void)state;
    EXPECT("a,b\n1,2\n3,4\n", ',', 2, 2, "a", "b", "1", "2", "3", "4");
    EXPECT("a;b\n1,5;2,5\n", ';', 2, 1, "a", "b", "1,5", "2,5");
    EXPECT("1,5;2,5\n2,5;3,5", ';', 2, 2, "1", "2", "1,5", "2,5", "2,5", "3,5");
    EXPECT("a\tb c\n1\t\n\t2\n", '\t', 2, 2, "a", "b c", "1", "", "", "2");
    EXPECT("a|b\n1|2", '|', 2, 1, "a", "b", "1", "2");
    EXPECT("a\n1\n2", ',', 1, 2, "a", "1", "2");
    EXPECT("when,\"x;y\"\n1,\"2;3\"\n", ',', 2, 1, "when", "x;y", "1", "2;3");
    EXPECT("\"a;\"\"b\"\"\",c\n1,2", ',', 2, 1, "a;\"b\"", "c", "1", "2");
}

static void shapes(void **state) {
    (void)state;
    EXPECT("\xef\xbb\xbf"
           "a , b\r\n 1 ,\t2\r\n\r\n   \r\n3,4",
           ',', 2, 2, "a", "b", "1", "2", "3", "4");
    EXPECT("a,b\r1,2\r3,4", ',', 2, 2, "a", "b", "1", "2", "3", "4");
    EXPECT("a,b\n\"x\ny\" , \"\"\n\"p\"\"q\",5\" pipe\n", ',', 2, 2, "a", "b", "x\ny", "", "p\"q", "5\" pipe");
    EXPECT(",b\n1,2", ',', 2, 1, "1", "b", "1", "2");
    EXPECT("1,2\n3,4", ',', 2, 2, "1", "2", "1", "2", "3", "4");
    EXPECT("2016-07-01,\n2016-07-02,4", ',', 2, 2, "1", "2", "2016-07-01", "", "2016-07-02", "4");
    EXPECT("NA,inf\n1,2", ',', 2, 2, "1", "2", "NA", "inf", "1", "2");
    EXPECT("a\n\"\"\n", ',', 1, 1, "a", "");
}

static void lines(void **state) {
    (void)state;
    rondo__csv csv;
    double x;
    assert_int_equal(parse(&csv, "\na,b\n\n\"1\n2\",3\r\n\r\n4,x\n"), RONDO_OK);
    assert_int_equal(csv.line[0], 4);
    assert_int_equal(csv.line[1], 7);
    assert_int_equal(rondo__csv_number(&csv, 1, 1, &x, &err), RONDO_FORMAT);
    assert_string_equal(err.message, "t.csv:7: column 'b': 'x' is not a number (write it as 1234.5; leave the cell "
                                     "empty where there is no value)");
    rondo__csv_free(&csv);
}

static void wrong(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        const char *message;
    } cases[] = {
        {"", 0, "t.csv: the file is empty"},
        {"\n \n", 3, "t.csv: the file is empty"},
        {"a,b\n", 4, "t.csv: there is no row below the header"},
        {"a,b\n1,2\n3\n", 10, "t.csv:3: 1 cell, but the first row has 2 (cells are separated by commas)"},
        {"a;b\n1;2\n\n3;4;5\n", 15, "t.csv:4: 3 cells, but the first row has 2 (cells are separated by semicolons)"},
        {"a,b\n1,\"2\n3,4\n", 13, "t.csv:2: a quote is opened here and never closed"},
        {"a,b\n1,\"2\"3\n", 11, "t.csv:2: text follows the closing quote"},
        {"a,b\n1,\0\n", 8, "t.csv:2: a NUL byte"},
        {"a,b\n1,\xff\n", 8, "t.csv:2: not UTF-8 (convert the file"},
        {"\xff\xfe"
         "a\0",
         4, "t.csv:1: not UTF-8"},
        {"a,b,a\n1,2,3\n", 12, "t.csv:1: columns 1 and 3 are both called 'a' (rename one)"},
        {"2,,a\n1,2,3\n", 11, "t.csv:1: columns 1 and 2 are both called '2'"},
    };
    const int64_t live = rondo__alloc_live();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rondo__csv csv;
        assert_int_equal(rondo__csv_parse(&csv, "t.csv", cases[i].text, cases[i].size, &err), RONDO_FORMAT);
        if (strncmp(err.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("'%s' is not '%s'", err.message, cases[i].message);
        assert_null(csv.text);
        rondo__csv_free(&csv);
    }
    rondo__csv csv;
    assert_int_equal(rondo__csv_read(&csv, "/nowhere/t.csv", &err), RONDO_NOT_FOUND);
    assert_int_equal(rondo__alloc_live(), live);
}

/* ---- numbers ---- */

static void numbers(void **state) {
    (void)state;
    static const char *const good[] = {"0",
                                       "-0",
                                       "+1",
                                       "1.",
                                       ".5",
                                       "-1.25e3",
                                       "1E-3",
                                       "5.827000141143799",
                                       "1.5989999771118164",
                                       "0.4620000123977661",
                                       "9007199254740993",
                                       "9007199254740992",
                                       "123456789012345678901234567890",
                                       "1e22",
                                       "1e23",
                                       "1e-22",
                                       "1e-23",
                                       "2.2250738585072014e-308",
                                       "4.9e-324",
                                       "1e-400",
                                       "1.7976931348623157e308",
                                       "0.1e-7",
                                       "000000000000000000000000001.5",
                                       "9007199254740992.999999999999999999",
                                       "0e999999999999999999999",
                                       "1.00000000000000011102230246251565404236316680908203125",
                                       "1.00000000000000011102230246251565404236316680908203124"};
    double x;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const double want = strtod(good[i], NULL);
        assert_true(rondo__csv_scan(good[i], false, &x));
        assert_memory_equal(&x, &want, sizeof x);
    }
    static const char *const bad[] = {"abc",
                                      "1x",
                                      "0x10",
                                      "1e",
                                      "1e+",
                                      ".",
                                      "+",
                                      "1 2",
                                      "1,5",
                                      "--1",
                                      "inf",
                                      "-Infinity",
                                      "1e400",
                                      "-1e309",
                                      "1.2.3",
                                      "e5",
                                      "nane",
                                      "nan(1)",
                                      "+-1",
                                      ("\xe2\x88\x92"
                                       "1")};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (rondo__csv_scan(bad[i], false, &x))
            fail_msg("'%s' is %g", bad[i], x);
    static const char *const missing[] = {"", "NA", "n/a", "NaN", "nan", "NULL", "None", "-", "?"};
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++)
        assert_true(rondo__csv_scan(missing[i], false, &x) && isnan(x));
    assert_true(rondo__csv_scan("-1,5", true, &x) && x == -1.5);
    assert_false(rondo__csv_scan("1.5", true, &x));
}

/* Random digits and exponents are what strtod says, bit for bit. */
static void random_numbers(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        char text[64];
        double x;
        const int digits = (int)rondo__random_below(1, 1, i, 20), point = (int)rondo__random_below(1, 2, i, 20);
        const uint64_t number = rondo__random_below(1, 3, i, UINT64_MAX);
        const int exponent = (int)rondo__random_below(1, 4, i, 60) - 30;
        snprintf(text, sizeof text, "%llu.%0*llue%d", (unsigned long long)number >> (3 * digits), point,
                 (unsigned long long)number % 1000, exponent);
        const double want = strtod(text, NULL);
        assert_true(rondo__csv_scan(text, false, &x));
        if (x != want)
            fail_msg("%s: %.17g is not %.17g", text, x, want);
    }
}

static void long_numbers(void **state) {
    (void)state;
    static char text[100000];
    double x;
    memset(text, '3', sizeof text - 1);
    text[1] = '.';
    assert_true(rondo__csv_scan(text, false, &x) && x == strtod(text, NULL));
    memset(text, '0', sizeof text - 1);
    assert_true(rondo__csv_scan(text, false, &x) && x == 0);
    text[1] = '.';
    text[sizeof text - 2] = '7'; /* 7e-99997 */
    assert_true(rondo__csv_scan(text, false, &x) && x == 0);
    memset(text, '9', sizeof text - 1);
    assert_false(rondo__csv_scan(text, false, &x));
    /* a digit past all that are looked at decides a tie */
    memset(text, '0', sizeof text - 1);
    memcpy(text, "9007199254740993.", 17);
    assert_true(rondo__csv_scan(text, false, &x) && x == 9007199254740992.0);
    text[5000] = '1';
    assert_true(rondo__csv_scan(text, false, &x) && x == 9007199254740994.0);
}

static void commas(void **state) {
    (void)state;
    rondo__csv csv;
    double x;
    assert_int_equal(parse(&csv, "when;x\n01.02.2016;1,5\n02.02.2016;1.5\n03.02.2016;1.234,5\n"), RONDO_OK);
    assert_true(csv.decimal_comma);
    assert_int_equal(rondo__csv_number(&csv, 0, 1, &x, &err), RONDO_OK);
    assert_true(x == 1.5);
    assert_int_equal(rondo__csv_number(&csv, 1, 1, &x, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "t.csv:3: column 'x': '1.5' is not a number (decimals have a comma"));
    assert_int_equal(rondo__csv_number(&csv, 2, 1, &x, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "without separators of thousands"));
    rondo__csv_free(&csv);
    assert_int_equal(parse(&csv, "a;b\n1;2.5\n3;1,5\n"), RONDO_OK);
    assert_false(csv.decimal_comma);
    rondo__csv_free(&csv);
    assert_int_equal(parse(&csv, "a,b\n1,\"1,234.5\"\n2,-inf\n"), RONDO_OK);
    assert_int_equal(rondo__csv_number(&csv, 0, 1, &x, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "'1,234.5' is not a number (write 1234.5, without"));
    assert_int_equal(rondo__csv_number(&csv, 1, 1, &x, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "t.csv:3: column 'b': '-inf' is infinite (leave the cell empty"));
    rondo__csv_free(&csv);
}

/* A program that lives in a country of decimal commas reads the same; skipped where no such locale is installed. */
static void locales(void **state) {
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8"};
    double x, y;
    bool found = false;
    for (int i = 0; i < 3 && !found; i++)
        found = setlocale(LC_NUMERIC, names[i]) != NULL;
    assert_true(rondo__csv_scan("1.5", false, &x) && rondo__csv_scan("1.5989999771118164", false, &y));
    setlocale(LC_NUMERIC, "C");
    assert_true(x == 1.5 && y == 1.5989999771118164);
    if (!found)
        skip();
}

/* ---- columns ---- */

static void find(void **state) {
    (void)state;
    rondo__csv csv;
    int64_t at;
    assert_int_equal(parse(&csv, "date,open,close\n1,2,3\n"), RONDO_OK);
    assert_int_equal(rondo__csv_find(&csv, "close", &at, &err), RONDO_OK);
    assert_int_equal(at, 2);
    assert_int_equal(rondo__csv_find(&csv, "clos", &at, &err), RONDO_FORMAT);
    assert_string_equal(err.message, "t.csv: no column 'clos' (did you mean 'close'? it has: date, open, close)");
    assert_int_equal(rondo__csv_find(&csv, "temperature", &at, &err), RONDO_FORMAT);
    assert_string_equal(err.message, "t.csv: no column 'temperature' (it has: date, open, close)");
    rondo__csv_free(&csv);
}

/* A hundred thousand columns, a cell of a megabyte: legal, and no slower than their bytes. */
static void large(void **state) {
    (void)state;
    rondo__text text = {0};
    rondo__csv csv;
    int64_t at;
    double x;
    for (int row = 0; row < 2; row++) {
        for (int i = 0; i < 100000; i++)
            rondo__text_format(&text, "%s%s%d", i ? "," : "", row ? "" : "column ", i);
        rondo__text_add(&text, "\n", 1);
    }
    assert_int_equal(parse(&csv, text.data), RONDO_OK);
    assert_int_equal(csv.columns, 100000);
    assert_int_equal(rondo__csv_find(&csv, "column 99999", &at, &err), RONDO_OK);
    assert_int_equal(rondo__csv_number(&csv, 0, at, &x, &err), RONDO_OK);
    assert_true(x == 99999);
    assert_int_equal(rondo__csv_find(&csv, "none", &at, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "column 1, column 2"));
    rondo__csv_free(&csv);
    rondo__text_free(&text);
    rondo__text_format(&text, "a,b\n1,");
    for (int i = 0; i < 1 << 20; i++)
        rondo__text_add(&text, "x", 1);
    assert_int_equal(parse(&csv, text.data), RONDO_OK);
    assert_int_equal(rondo__csv_number(&csv, 0, 1, &x, &err), RONDO_FORMAT);
    assert_true(strlen(err.message) < 250);
    rondo__csv_free(&csv);
    rondo__text_free(&text);
}

#ifdef RONDO_HAVE_ZLIB
#include <zlib.h>

static void packed(void **state) {
    (void)state;
    const char *path = test_path("t.csv.gz");
    rondo__csv csv;
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_true(gzputs(file, "a,b\n1,2\n") > 0);
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(rondo__csv_read(&csv, path, &err), RONDO_OK);
    assert_string_equal(csv.cell[1], "2");
    rondo__csv_free(&csv);
}
#endif

static int everything(void *arg) {
    rondo__csv csv;
    const int status = rondo__csv_read(&csv, arg, NULL);
    rondo__csv_free(&csv);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    rondo__text text = {0};
    for (int i = 0; i < 3000; i++)
        rondo__text_format(&text, i ? "%d,\"2\"\n" : "a,\n", i);
    test_every_failure(everything, (void *)test_write("m.csv", text.data, text.size));
    rondo__text_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators),    cmocka_unit_test(shapes),  cmocka_unit_test(lines),
        cmocka_unit_test(wrong),         cmocka_unit_test(numbers), cmocka_unit_test(random_numbers),
        cmocka_unit_test(long_numbers),  cmocka_unit_test(commas),  cmocka_unit_test(locales),
        cmocka_unit_test(find),          cmocka_unit_test(large),
#ifdef RONDO_HAVE_ZLIB
        cmocka_unit_test(packed),
#endif
        cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

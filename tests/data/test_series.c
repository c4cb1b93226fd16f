/* Series from CSV: which columns and which series, regular steps and gaps, what is missing, and files that are wrong.
 */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "data/series.h"
#include "data/series_build.h"

static rondo_error err;

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SPEC(...) (&(rondo__series_spec){__VA_ARGS__})
#define TX .time = "t", .target = LIST("x")

static rondo_status read_text(rondo__series_set *set, const char *text, const rondo__series_spec *spec) {
    rondo__csv csv;
    rondo_status status = rondo__csv_parse(&csv, "t.csv", text, strlen(text), &err);
    assert_int_equal(status, RONDO_OK);
    status = rondo__series_from_csv(set, &csv, spec, &err);
    rondo__csv_free(&csv);
    return status;
}

static void must_read(rondo__series_set *set, const char *text, const rondo__series_spec *spec) {
    if (read_text(set, text, spec))
        fail_msg("%s", err.message);
}

static void refuse(const char *text, const rondo__series_spec *spec, const char *message) {
    const int64_t live = rondo__alloc_live();
    rondo__series_set set;
    assert_int_equal(read_text(&set, text, spec), RONDO_FORMAT);
    if (strncmp(err.message, message, strlen(message)) != 0)
        fail_msg("'%s' is not '%s'", err.message, message);
    assert_int_equal(set.count, 0);
    assert_int_equal(rondo__alloc_live(), live);
}

/* NaN is equal to NaN here. */
static void expect_values(const rondo__series *s, int64_t columns, const double *want) {
    for (int64_t i = 0; i < s->count * columns; i++) {
        if (isnan(want[i]) ? !isnan(s->value[i]) : s->value[i] != want[i])
            fail_msg("value %lld: %g is not %g", (long long)i, s->value[i], want[i]);
    }
}

static void expect_time(const rondo__series *s, int64_t step, const char *text) {
    char out[32];
    assert_true(step < s->count);
    rondo__time_print(s->time[step], out);
    assert_string_equal(out, text);
}

static void notes_say(const rondo__series_set *set, const char *notes) {
    assert_string_equal(set->notes.data ? set->notes.data : "", notes);
}

/* ---- columns ---- */

static void columns(void **state) {
    (void)state;
    rondo__series_set set;
    must_read(&set, "plan,y,t,z,x,shop\n1,2,2016-07-01,3,4,A\n5,6,2016-07-02,7,8,A\n9,,2016-07-03,,,A\n",
              SPEC(.time = "t", .target = LIST("x", "y"), .covariate = LIST("z"), .future_covariate = LIST("plan"),
                   .fixed = LIST("shop")));
    assert_int_equal(set.targets, 2);
    assert_int_equal(set.covariates, 1);
    assert_int_equal(set.future_covariates, 1);
    assert_int_equal(set.columns, 4);
    assert_string_equal(set.column_name[0], "x");
    assert_string_equal(set.column_name[3], "plan");
    assert_int_equal(set.count, 1);
    const rondo__series *s = set.series;
    assert_int_equal(s->count, 3);
    assert_int_equal(s->known, 2); /* the last row is the future */
    assert_int_equal(set.missing, 0);
    expect_values(s, 4, (double[]){4, 2, 3, 1, 8, 6, 7, 5, NAN, NAN, NAN, 9});
    assert_true(set.step.seconds == 86400 && set.step.months == 0);
    assert_int_equal(set.category[0].count, 1);
    assert_string_equal(set.category[0].name[s->fixed[0]], "A");
    assert_string_equal(s->name, "");
    assert_string_equal(s->path, "t.csv");
    assert_int_equal(s->first_line, 2);
    notes_say(&set, "");
    rondo__series_free(&set);
}

static void no_times(void **state) {
    (void)state;
    rondo__series_set set;
    must_read(&set, "x\n5\n6\n\n7\n", SPEC(.target = LIST("x")));
    assert_true(set.step.seconds == 0 && set.step.months == 0);
    assert_true(set.series[0].start == 0 && set.series[0].time[2] == 2);
    rondo__series_free(&set);
}

static void wrong_columns(void **state) {
    (void)state;
    rondo__series_set set;
    const char *text = "t,x,close\n2016-07-01,1,2\n";
    refuse(text, SPEC(.time = "t", .target = LIST("clos")),
           "t.csv: no column 'clos' (did you mean 'close'? it has: t, x, close)");
    refuse(text, SPEC(.time = "time", .target = LIST("x")), "t.csv: no column 'time'");
    refuse(text, SPEC(TX, .fixed = LIST("shop")), "t.csv: no column 'shop'");
    assert_int_equal(read_text(&set, text, SPEC(TX, .covariate = LIST("x"))), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "'x' is named twice"));
    assert_int_equal(read_text(&set, text, SPEC(.time = "t", .target = NULL)), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "no target"));
    refuse("t,x\n2016-07-01,1\n2016-07-02,abc\n", SPEC(TX), "t.csv:3: column 'x': 'abc' is not a number (");
    refuse("t,x\n2016-07-01,1\n2016-07-02,-Inf\n", SPEC(TX), "t.csv:3: column 'x': '-Inf' is infinite (");
}

/* ---- times ---- */

static void steps(void **state) {
    (void)state;
    static const struct {
        const char *times[4], *step;
        int64_t day, count;
    } cases[] = {
        {{"2016-07-01", "2016-07-02", "2016-07-03"}, "1 day", 0, 3},
        {{"2016-07-01 00:00", "2016-07-01 00:15", "2016-07-01 00:45", "2016-07-01 01:00"}, "15 minutes", 0, 5},
        {{"1467331200", "1467334800", "1467338400"}, "1 hour", 0, 3},
        {{"0.1", "0.2", "0.3", "0.4"}, "100 milliseconds", 0, 4},
        {{"2000", "3000", "4000", "50000"}, "1000 seconds", 0, 49}, /* 50000 is no year */
        {{"1871", "1872", "1874"}, "1 year", 0, 4},
        {{"1871-01", "1871-02", "1871-03"}, "1 month", 0, 3},
        {{"2015-01-31", "2015-02-28", "2015-03-31"}, "1 month", 31, 3},
        {{"2015-02-28", "2015-03-31", "2015-05-31", "2015-06-30"}, "1 month", 31, 5},
        {{"2015-01-30", "2015-02-28", "2015-03-30"}, "1 month", 30, 3},
        {{"2015-07-01", "2015-08-01", "2015-09-01"}, "1 month", 0, 3}, /* twice 31 days */
        {{"2015-01-15 06:00", "2015-04-15 06:00", "2015-10-15 06:00", "2016-01-15 06:00"}, "1 quarter", 0, 5},
        {{"20150601", "20150602", "20150604"}, "1 day", 0, 4},
        {{"2015-06-01"}, "1 row", 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rondo__text text = {0};
        rondo__series_set set;
        char step[32];
        rondo__text_format(&text, "t,x\n");
        for (int k = 0; k < 4 && cases[i].times[k]; k++)
            rondo__text_format(&text, "%s,%d\n", cases[i].times[k], k);
        must_read(&set, text.data, SPEC(TX));
        rondo__time_step_print(set.step, step);
        assert_string_equal(step, cases[i].step);
        assert_int_equal(set.step.day, cases[i].day);
        assert_int_equal(set.series[0].count, cases[i].count);
        for (int64_t k = 0; k < cases[i].count; k++) {
            const double want = rondo__time_after(set.series[0].start, set.step, k);
            assert_true(fabs(set.series[0].time[k] - want) < 1e-6);
        }
        rondo__series_free(&set);
        rondo__text_free(&text);
    }
}

static void gaps(void **state) {
    (void)state;
    rondo__series_set set;
    must_read(&set, "t,x\n2016-07-01,1\n2016-07-02,\n2016-07-03,3\n2016-07-06,6\n2016-07-07,7\n", SPEC(TX));
    const rondo__series *s = set.series;
    assert_int_equal(s->count, 7);
    assert_int_equal(s->known, 7);
    assert_int_equal(set.gaps, 2);
    assert_int_equal(set.missing, 1);
    expect_values(s, 1, (double[]){1, NAN, 3, NAN, NAN, 6, 7});
    expect_time(s, 3, "2016-07-04");
    expect_time(s, 5, "2016-07-06");
    notes_say(&set, "t.csv:5: 2 steps are missing between 2016-07-03 and 2016-07-06 (masked, not filled in)\n"
                    "t.csv:3: column 'x': 1 of 5 values is missing (masked, not filled in), the first here\n");
    rondo__series_free(&set);
}

/* A gap between the last known row and the future. */
static void gap_before_future(void **state) {
    (void)state;
    rondo__series_set set;
    must_read(&set, "t,x,p\n2016-07-01,1,1\n2016-07-02,2,1\n2016-07-03,3,2\n2016-07-05,,3\n",
              SPEC(TX, .future_covariate = LIST("p")));
    assert_int_equal(set.series[0].count, 5);
    assert_int_equal(set.series[0].known, 3);
    assert_int_equal(set.missing, 0);
    rondo__series_free(&set);
}

static void rows(void **state) {
    (void)state;
    rondo__series_set set;
    const char *text =
        "t,x\n2016-07-01,1\n2016-07-04,2\n2016-07-05,3\n2016-07-05 12:00,4\n2016-07-06,5\n2016-07-07,6\n";
    must_read(&set, text, SPEC(TX, .rows = true));
    assert_int_equal(set.series[0].count, 6);
    assert_int_equal(set.gaps, 0);
    expect_time(&set.series[0], 1, "2016-07-04");
    assert_true(set.step.seconds == 43200 || set.step.seconds == 86400);
    rondo__series_free(&set);
    refuse("t,x\n2016-07-02,1\n2016-07-01,2\n", SPEC(TX, .rows = true),
           "t.csv:3: column 't': 2016-07-01 comes after "
           "2016-07-02 of line 2 (sort the rows)");
}

static void wrong_times(void **state) {
    (void)state;
    refuse("t,x\n2016-07-01,1\n\n01.07.2016,2\n", SPEC(TX),
           "t.csv:4: column 't': '01.07.2016' is no time (write 2016-07-01 05:00, or seconds since 1970)");
    refuse("t,x\n2016-07-01,1\n,2\n", SPEC(TX), "t.csv:3: column 't': '' is no time (every row needs its time)");
    refuse("t,x\n1e5,1\nNaN,2\n", SPEC(TX), "t.csv:3: column 't': 'NaN' is no time");
    refuse("t,x\n1e5,1\n1e15,2\n", SPEC(TX), "t.csv:3: column 't': '1e15' is no time");
    refuse("t,x\n2016-07-02 00:00,1\n2016-07-01 05:00,2\n", SPEC(TX),
           "t.csv:3: column 't': 2016-07-01 05:00 comes after 2016-07-02 of line 2 (sort the rows)");
    refuse("t,x\n2016-07-01,1\n2016-07-02,2\n2016-07-02T00:00Z,3\n", SPEC(TX),
           "t.csv:4: column 't': 2016-07-02 stands in line 3 already (keep one of the rows, or name the column that "
           "tells series apart)");
    refuse("t,x\n2016-07-01,1\n2016-07-02,2\n2016-07-03,2\n2016-07-01,3\n", SPEC(TX),
           "t.csv:5: column 't': 2016-07-01 stands in line 2 already");
    refuse("t,x\n2016-07-01 00:00,1\n2016-07-01 01:00,2\n2016-07-01 02:00,2\n2016-07-01 02:30,3\n", SPEC(TX),
           "t.csv:5: 2016-07-01 02:30 follows 2016-07-01 02:00 of line 4, which is no whole number of steps of 1 hour "
           "(with steps: rows, each row is a step)");
    refuse("t,x\n2015-01-15,1\n2015-02-15,1\n2015-03-15,1\n2015-04-16,1\n", SPEC(TX), "t.csv:3: 2015-02-15 follows");
    refuse("t,x\n0.000001,1\n0.000002,2\n0.000003,2\n86400.5,3\n", SPEC(TX),
           "t.csv:5: 86400499996 steps are missing between 1970-01-01 00:00:00.000003 and 1970-01-02 00:00:00.5: too "
           "many for a gap");
}

/* ---- many series ---- */

static void mixed_series(void **state) {
    (void)state;
    rondo__series_set set;
    const rondo__series_spec *spec = SPEC(TX, .series = "id", .fixed = LIST("kind", "id"));
    must_read(&set,
              "t,id,x,kind\n2016-07-01,b,1,K\n2016-07-01,a,2,L\n2016-07-02,b,3,K\n2016-07-02,a,4,L\n"
              "2016-07-05,a,5,L\n2016-07-01,c,6,K\n",
              spec);
    assert_int_equal(set.count, 3);
    assert_string_equal(set.series[0].name, "b");
    assert_string_equal(set.series[1].name, "a");
    assert_int_equal(set.series[0].count, 2);
    assert_int_equal(set.series[1].count, 5);
    expect_values(&set.series[1], 1, (double[]){2, 4, NAN, NAN, 5});
    assert_int_equal(set.series[2].count, 1);
    assert_int_equal(set.series[1].first_line, 3);
    assert_int_equal(set.category[0].count, 2);
    assert_int_equal(set.series[0].fixed[0], 0);
    assert_int_equal(set.series[1].fixed[0], 1);
    assert_int_equal(set.series[2].fixed[0], 0);
    assert_int_equal(set.series[2].fixed[1], 2);
    assert_string_equal(set.category[1].name[1], "a");
    rondo__series_free(&set);
    refuse("t,id,x,kind\n2016-07-01,a,1,K\n2016-07-01,b,1,K\n2016-07-02,a,1,L\n", spec,
           "t.csv:4: column 'kind': 'L', but 'K' in line 2 of the same series (");
    refuse("t,id,x,kind\n2016-07-01,a,1,K\n2016-07-02,,1,K\n", spec, "t.csv:3: column 'id': the cell is empty (");
    refuse("t,id,x,kind\n2016-07-01,a,1,K\n2016-07-01,b,1,K\n2016-07-01,a,1,K\n", spec,
           "t.csv:4: column 't': 2016-07-01 stands in line 2 already (keep one of the rows)");
}

/* The folder of this test, which holds no other CSV files. */
static const char *folder(void) {
    static const char *const text[][2] = {{"b.csv", "t,x\n2016-07-01,1\n2016-07-02,2\n"},
                                          {"a.csv", "x;t\n3,5;2016-07-01\n4;2016-07-02\n5;2016-07-04\n"},
                                          {".hidden.csv", "nothing"},
                                          {"notes.txt", "nothing"}};
    for (int i = 0; i < 4; i++)
        test_write(text[i][0], text[i][1], strlen(text[i][1]));
    return test_path(".");
}

static void folders(void **state) {
    (void)state;
    rondo__series_set set;
    const char *path = folder();
    if (rondo__series_read(&set, path, SPEC(TX), &err))
        fail_msg("%s", err.message);
    assert_int_equal(set.count, 2);
    assert_string_equal(set.series[0].name, "a");
    assert_string_equal(set.series[1].name, "b");
    expect_values(&set.series[0], 1, (double[]){3.5, 4, NAN, 5});
    assert_string_equal(set.series[1].path + strlen(set.series[1].path) - 7, "./b.csv");
    rondo__series_free(&set);
    assert_int_equal(rondo__series_read(&set, path, SPEC(TX, .series = "t"), &err), RONDO_OK);
    assert_int_equal(set.count, 5);
    assert_string_equal(set.series[0].name, "a/2016-07-01");
    rondo__series_free(&set);
    assert_int_equal(rondo__series_read(&set, "/nowhere", SPEC(TX), &err), RONDO_NOT_FOUND);
    const char *empty = test_path("empty");
    mkdir(empty, 0777);
    assert_int_equal(rondo__series_read(&set, empty, SPEC(TX), &err), RONDO_NOT_FOUND);
    assert_non_null(strstr(err.message, "no .csv file in this folder"));
}

/* ---- notes ---- */

static void column_notes(void **state) {
    (void)state;
    rondo__series_set set;
    must_read(&set, "t,x,c,m,n\n2016-07-01,1,5,,1\n2016-07-02,2,5,,NA\n2016-07-03,3,5,,nan\n",
              SPEC(TX, .covariate = LIST("c", "m", "n")));
    notes_say(&set, "column 'c' is constant (a model learns nothing from it; its scale is 1)\n"
                    "column 'm' has no value\n"
                    "t.csv:3: column 'n': 2 of 3 values are missing (masked, not filled in), the first here\n");
    assert_int_equal(set.missing, 5);
    rondo__series_free(&set);
}

/* However much there is to say, it stays short. */
static void short_notes(void **state) {
    (void)state;
    rondo__text text = {0};
    rondo__series_set set;
    const char *covariate[31] = {NULL};
    static char name[30][16];
    int lines = 0;
    rondo__text_format(&text, "t,x");
    for (int i = 0; i < 30; i++) {
        snprintf(name[i], sizeof name[i], "c%d", i);
        covariate[i] = name[i];
        rondo__text_format(&text, ",c%d", i);
    }
    rondo__text_add(&text, "\n", 1);
    for (int k = 0; k < 100; k++) {
        rondo__text_format(&text, "%d,%d", 3600 * (k + k / 3), k);
        for (int i = 0; i < 30; i++)
            rondo__text_format(&text, ",%d", i);
        rondo__text_add(&text, "\n", 1);
    }
    must_read(&set, text.data, SPEC(TX, .covariate = covariate));
    for (const char *at = set.notes.data; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 20);
    assert_non_null(strstr(set.notes.data, "24 further gaps; 33 steps are missing in all"));
    assert_non_null(strstr(set.notes.data, "21 further columns"));
    rondo__series_free(&set);
    rondo__text_free(&text);
}

static int everything(void *arg) {
    rondo__series_set set;
    const rondo__series_spec *spec = SPEC(TX, .covariate = LIST("c"), .fixed = LIST("k"), .series = "s");
    const int status = rondo__series_read(&set, arg, spec, NULL);
    if (!status)
        rondo__series_free(&set);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    char path[1024];
    const char *text = "t,x,c,k,s\n2016-07-01,1,2,A,a\n2016-07-03,1,,A,a\n2016-07-07,1,,A,a\n2016-07-01,1,2,B,b\n";
    snprintf(path, sizeof path, "%s", test_path("."));
    test_write("a.csv", text, strlen(text));
    test_write("b.csv", text, strlen(text));
    test_every_failure(everything, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns),       cmocka_unit_test(no_times),     cmocka_unit_test(wrong_columns),
        cmocka_unit_test(steps),         cmocka_unit_test(gaps),         cmocka_unit_test(gap_before_future),
        cmocka_unit_test(rows),          cmocka_unit_test(wrong_times),  cmocka_unit_test(mixed_series),
        cmocka_unit_test(folders),       cmocka_unit_test(column_notes), cmocka_unit_test(short_notes),
        cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Lists, folders and archives of labelled examples; patterns and choices. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/core.h"
#include "data/labelled.h"
#include "data/labelled_fields.h"
#include "support/test.h"

static const char *const wav[] = {".wav", ".flac", NULL};

static void write_text(const char *name, const char *text) { test_write(name, text, strlen(text)); }

static rondo__labelled read_fine(const char *path, const rondo__labelled_spec *spec) {
    rondo__labelled out;
    rondo_error err = {0};
    if (rondo__labelled_read(&out, path, spec, &err))
        fail_msg("%s", err.message);
    return out;
}

static void refused(const char *path, const rondo__labelled_spec *spec, const char *said) {
    rondo__labelled out;
    rondo_error err = {0};
    const int64_t live = rondo__alloc_live();
    const rondo_status status = rondo__labelled_read(&out, path, spec, &err);
    if (!status || !strstr(err.message, said) || strchr(err.message, '\n'))
        fail_msg("'%s', not '%s'", status ? err.message : "read", said);
    assert_null(out.item);
    assert_int_equal(rondo__alloc_live(), live);
}

/* ---- patterns ---- */

static void field_is(const char *pattern, const char *name, const char *field, const char *expected) {
    const rondo__row row = {.pattern = pattern, .name = name};
    const char *value = NULL;
    size_t size = 0;
    const bool there = rondo__row_field(&row, field, strlen(field), &value, &size);
    assert_int_equal(there, expected != NULL);
    if (expected && (size != strlen(expected) || memcmp(value, expected, size) != 0))
        fail_msg("%s of %s: '%.*s'", field, name, (int)size, value);
}

static void test_patterns(void **state) {
    (void)state;
    static const char plain[] = "{label}_{speaker}_{index}";
    field_is(plain, "7_theo_12", "label", "7");
    field_is(plain, "7_theo_12", "speaker", "theo");
    field_is(plain, "7_theo_12", "index", "12");
    field_is(plain, "7_theo_12", "lab", NULL);
    field_is("a{x}bb{y}", "a1bb2", "x", "1");
    field_is("a{x}bb{y}", "a1bb2", "y", "2");
    field_is("{label}/{speaker}-{n}", "yes/ann-3", "label", "yes");
    field_is("{label}/{speaker}-{n}", "yes/ann-3", "n", "3");
    field_is("{label}.end", "x.end", "label", "x");
    assert_string_equal(rondo__pattern_name(plain, "a/b/7_theo_1"), "7_theo_1");
    assert_string_equal(rondo__pattern_name("{label}/{n}", "a/b/c"), "b/c");
    assert_string_equal(rondo__pattern_name("{label}/{n}", "c"), "c");
    static const char *const wrong[] = {"", "7", "7_theo", "7_theo_", "_theo_1", "7__1", "7_mary_ann_1", "7_theo_1_2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (rondo__pattern_fits(plain, wrong[i]))
            fail_msg("'%s' fits", wrong[i]);
    }
    assert_false(rondo__pattern_fits("a{x}", "b1"));
    assert_false(rondo__pattern_fits("{x}_", "1"));
    static const char *const bad[][2] = {{"label", "no field"}, {"{label", "partner"}, {"label}", "partner"},
                                         {"{a{b}}", "partner"}, {"{}", "no name"},     {"{a}{b}", "touch"},
                                         {"{a}_{a}", "twice"},  {"", "no field"},      {"{a}_{b}_{a}", "twice"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rondo_error err = {0};
        assert_int_equal(rondo__pattern_check(bad[i][0], &err), RONDO_FORMAT);
        if (!strstr(err.message, bad[i][1]))
            fail_msg("%s: '%s'", bad[i][0], err.message);
    }
}

static void test_where(void **state) {
    (void)state;
    const rondo__row row = {.pattern = "{label}_{speaker}_{index}", .name = "7_theo_12"};
    static const struct {
        const char *where;
        bool fits;
    } cases[] = {{"", true},
                 {"speaker=theo", true},
                 {"speaker!=theo", false},
                 {" speaker = theo ", true},
                 {"speaker=ann|theo", true},
                 {"speaker= ann | theo ", true},
                 {"speaker!=ann|theo", false},
                 {"speaker=ann", false},
                 {"speaker=the", false},
                 {"speaker=theodor", false},
                 {"speaker=theo, index=12|13", true},
                 {"speaker=theo,index=13", false},
                 {"index!=13,label!=8,", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(rondo__where_check(cases[i].where, &row, NULL), RONDO_OK);
        if (rondo__where_fits(cases[i].where, &row) != cases[i].fits)
            fail_msg("'%s'", cases[i].where);
    }
    static const char *const bad[][2] = {{"speker=theo", "label, speaker, index"},
                                         {"speaker", "FIELD=VALUE"},
                                         {"=theo", "FIELD=VALUE"},
                                         {"speaker=", "FIELD=VALUE"},
                                         {"speaker=theo,,", "FIELD=VALUE"},
                                         {"!=x", "FIELD=VALUE"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rondo_error err = {0};
        assert_int_equal(rondo__where_check(bad[i][0], &row, &err), RONDO_FORMAT);
        if (!strstr(err.message, bad[i][1]))
            fail_msg("%s: '%s'", bad[i][0], err.message);
    }
}

/* ---- lists ---- */

static void test_texts(void **state) {
    (void)state;
    const rondo__labelled_spec spec = {.texts = true};
    write_text("plain.tsv", "\xef\xbb\xbfgood day\tgreeting\r\n\r\n bye \tfarewell\nfunny thing \t other ");
    rondo__labelled items = read_fine(test_path("plain.tsv"), &spec);
    assert_int_equal(items.count, 3);
    assert_string_equal(items.item[0].text, "good day");
    assert_string_equal(items.item[1].text, "bye");
    assert_string_equal(items.item[1].label, "farewell");
    assert_string_equal(items.item[2].label, "other");
    assert_non_null(strstr(items.item[1].place, "plain.tsv:3"));
    assert_string_equal(items.item[0].speaker, "");
    rondo__labelled_free(&items);
    write_text("head.tsv", "speaker\tLabel\ttext\nann\tx\tone\ntheo\ty\t\n");
    items = read_fine(test_path("head.tsv"), &(rondo__labelled_spec){.texts = true, .where = "speaker=theo"});
    assert_int_equal(items.count, 1);
    assert_string_equal(items.item[0].speaker, "theo");
    assert_string_equal(items.item[0].text, "");
    rondo__labelled_free(&items);
    write_text("bare.tsv", "one\nx\ty\n");
    refused(test_path("bare.tsv"), &spec, "bare.tsv:1: the row has no label");
    write_text("empty.tsv", "one\tx\ntwo\t \n");
    refused(test_path("empty.tsv"), &spec, "empty.tsv:2: the row has no label");
    write_text("more.tsv", "one\tx\ntwo\ty\tz\n");
    refused(test_path("more.tsv"), &spec, "more.tsv:2: 3 cells, the first row has 2");
    write_text("only.tsv", "text\tlabel\n");
    refused(test_path("only.tsv"), &spec, "no examples");
    write_text("nul.tsv", "a\t\xff\n");
    refused(test_path("nul.tsv"), &spec, "nul.tsv");
    refused(test_path("absent.tsv"), &spec, "absent.tsv");
    refused(test_path("head.tsv"), &(rondo__labelled_spec){.texts = true, .where = "speaker=x"}, "none of 2 examples");
    refused(test_path("head.tsv"), &(rondo__labelled_spec){.texts = true, .where = "sex=x"},
            "there are: speaker, Label, text");
    refused(test_path("."), &spec, "come from a list");
}

static void test_paths(void **state) {
    (void)state;
    const rondo__labelled_spec spec = {.ending = wav};
    write_text("one.wav", "x");
    write_text("two.wav", "x");
    rondo__text list = {0};
    rondo__text_format(&list, "path\tlabel\tspeaker\none.wav\ta\tann\n%s\tb\ttheo\n", test_path("two.wav"));
    test_write("list.tsv", list.data, list.size);
    rondo__text_free(&list);
    rondo__labelled items = read_fine(test_path("list.tsv"), &spec);
    assert_int_equal(items.count, 2);
    assert_string_equal(items.item[0].text, test_path("one.wav"));
    assert_string_equal(items.item[1].text, test_path("two.wav"));
    assert_string_equal(items.item[1].speaker, "theo");
    rondo__labelled_free(&items);
    write_text("said.tsv", "speaker\tTEXT\tPath\nann\tturn it on\tone.wav\ntheo\toff\ttwo.wav\n"); /* for transcribe */
    items = read_fine(test_path("said.tsv"), &(rondo__labelled_spec){.ending = wav, .where = "label!=off"});
    assert_int_equal(items.count, 1);
    assert_string_equal(items.item[0].label, "turn it on");
    assert_string_equal(items.item[0].speaker, "ann");
    rondo__labelled_free(&items);
    write_text("lost.tsv", "one.wav\ta\nthree.wav\tb\n");
    refused(test_path("lost.tsv"), &spec, "lost.tsv:2: the file 'three.wav' is missing");
    refused(test_path("one.txt"), &spec, "(check the path, or set RONDO_DATA");
    write_text("note.txt", "x");
    refused(test_path("note.txt"), &spec, "neither a .tsv list");
}

/* ---- folders and archives ---- */

static void test_folder(void **state) {
    (void)state;
    char folder[512], inner[600];
    snprintf(folder, sizeof folder, "%s", test_path("sounds"));
    snprintf(inner, sizeof inner, "%s/deeper", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    refused(folder, &(rondo__labelled_spec){.ending = wav}, "no recordings");
    assert_int_equal(mkdir(inner, 0700), 0);
    write_text("sounds/b_theo_2.wav", "x");
    write_text("sounds/a_ann_1.WAV", "x");
    write_text("sounds/.hidden.wav", "x");
    write_text("sounds/notes.txt", "x");
    write_text("sounds/deeper/c_ann_3.flac", "x");
    const rondo__labelled_spec spec = {.pattern = "{label}_{speaker}_{index}", .ending = wav};
    rondo__labelled items = read_fine(folder, &spec);
    assert_int_equal(items.count, 3);
    assert_string_equal(items.item[0].label, "a");
    assert_string_equal(items.item[1].label, "b");
    assert_string_equal(items.item[2].label, "c");
    assert_string_equal(items.item[2].speaker, "ann");
    rondo__labelled_free(&items);
    items = read_fine(folder, &(rondo__labelled_spec){
                                  .pattern = "{label}_{speaker}_{index}", .where = "speaker!=ann", .ending = wav});
    assert_int_equal(items.count, 1);
    rondo__labelled_free(&items);
    items = read_fine(test_path("sounds/b_theo_2.wav"), &spec);
    assert_int_equal(items.count, 1);
    assert_string_equal(items.item[0].label, "b");
    rondo__labelled_free(&items);
    refused(folder, &(rondo__labelled_spec){.pattern = "{label}-{n}", .ending = wav}, "does not fit the pattern");
    refused(folder, &(rondo__labelled_spec){.ending = wav, .where = "speaker=x"}, "give a data.pattern");
    unlink(test_path("sounds/deeper/c_ann_3.flac"));
    rmdir(inner);
    for (const char *const *name =
             (const char *const[]){"b_theo_2.wav", "a_ann_1.WAV", ".hidden.wav", "notes.txt", NULL};
         *name; name++) {
        snprintf(inner, sizeof inner, "%s/%s", folder, *name);
        unlink(inner);
    }
    rmdir(folder);
}

#ifdef RONDO_HAVE_ARCHIVE
/* A file of a tar archive, as POSIX says. */
static void add_file(rondo__text *tar, const char *name, const char *data) {
    char head[512] = {0}, body[512] = {0};
    unsigned sum = 0;
    snprintf(head, 100, "%s", name);
    memcpy(head + 100, "0000644\0000000000\0000000000", 24);
    snprintf(head + 124, 12, "%011o", (unsigned)strlen(data));
    memcpy(head + 136, "00000000000\0        0", 21);
    memcpy(head + 257, "ustar\00000", 8);
    for (int i = 0; i < 512; i++)
        sum += (unsigned char)head[i];
    snprintf(head + 148, 8, "%06o", sum);
    snprintf(body, sizeof body, "%s", data);
    rondo__text_add(tar, head, 512);
    rondo__text_add(tar, body, 512);
}

static void test_archive(void **state) {
    (void)state;
    rondo__text tar = {0};
    char nothing[1024] = {0}, path[512];
    add_file(&tar, "set/train/2_theo_0.wav", "two");
    add_file(&tar, "set/train/1_ann_0.wav", "one");
    add_file(&tar, "set/dev/1_ann_1.wav", "dev");
    add_file(&tar, "set/README", "read me");
    rondo__text_add(&tar, nothing, sizeof nothing);
    test_write("set.tar", tar.data, tar.size);
    rondo__text_free(&tar);
    const rondo__labelled_spec spec = {.pattern = "{label}_{speaker}_{index}", .ending = wav};
    snprintf(path, sizeof path, "%s/set/train", test_path("set.tar"));
    rondo__labelled items = read_fine(path, &spec);
    assert_int_equal(items.count, 2);
    assert_string_equal(items.item[0].label, "1");
    assert_string_equal(items.item[1].speaker, "theo");
    assert_non_null(strstr(items.item[1].text, "set.tar/set/train/2_theo_0.wav"));
    rondo__labelled_free(&items);
    items = read_fine(test_path("set.tar"), &spec);
    assert_int_equal(items.count, 3);
    rondo__labelled_free(&items);
    snprintf(path, sizeof path, "%s/set/test", test_path("set.tar"));
    refused(path, &spec, "set.tar");
    write_text("in.tsv", "set.tar/set/dev/1_ann_1.wav\tx\n");
    items = read_fine(test_path("in.tsv"), &(rondo__labelled_spec){.ending = wav});
    assert_int_equal(items.count, 1);
    rondo__labelled_free(&items);
}
#else
static void test_archive(void **state) { (void)state; }
#endif

/* ---- parts, memory ---- */

static void test_split(void **state) {
    (void)state;
    rondo__text text = {0};
    for (int i = 0; i < 100; i++)
        rondo__text_format(&text, "text %03d\t%d\n", i, i % 3);
    test_write("many.tsv", text.data, text.size);
    rondo__text_free(&text);
    const rondo__labelled_spec spec = {.texts = true};
    rondo__labelled items = read_fine(test_path("many.tsv"), &spec), part;
    assert_int_equal(rondo__labelled_split(&items, &part, 0.2, NULL), RONDO_OK);
    assert_int_equal(part.count, 20);
    assert_int_equal(items.count, 80);
    int last = 0;
    for (int64_t i = 1; i < part.count; i++)
        assert_true(strcmp(part.item[i - 1].text, part.item[i].text) < 0);
    for (int64_t i = 0; i < part.count; i++)
        last += strcmp(part.item[i].text, "text 080") >= 0;
    assert_in_range(last, 1, 12); /* not just the end */
    rondo__labelled_free(&items);
    items = part;
    assert_int_equal(rondo__labelled_split(&items, &part, 1e-9, NULL), RONDO_OK);
    assert_int_equal(part.count, 1);
    rondo__labelled_free(&items);
    assert_int_equal(rondo__labelled_split(&part, &items, 0.5, NULL), RONDO_FORMAT);
    rondo__labelled_free(&part);
}

/* Cut anywhere, and with any byte changed: read or refused in one line, and nothing is left behind. */
static void test_hostile(void **state) {
    (void)state;
    static const char whole[] =
        "\xef\xbb\xbftext\tlabel\tspeaker\r\nau caf\xc3\xa9\tx\tann\n\n two \ty\ttheo\nthree\tx\t\n";
    const size_t size = sizeof whole - 1;
    const int64_t live = rondo__alloc_live();
    for (size_t i = 0; i < 4 * size; i++) {
        char changed[sizeof whole];
        rondo__labelled items;
        rondo_error err = {0};
        memcpy(changed, whole, size);
        if (i >= size)
            changed[i % size] = "\0\t\n"[i / size - 1];
        test_write("hostile.tsv", changed, i < size ? i : size);
        const rondo_status status = rondo__labelled_read(
            &items, test_path("hostile.tsv"), &(rondo__labelled_spec){.texts = true, .where = "label=x|y"}, &err);
        if (status && (strchr(err.message, '\n') || !err.message[0] || items.item))
            fail_msg("change %zu: '%s'", i, err.message);
        rondo__labelled_free(&items);
        assert_int_equal(rondo__alloc_live(), live);
    }
}

static int read_and_split(void *arg) {
    rondo__labelled items, part;
    (void)arg;
    rondo_status status =
        rondo__labelled_read(&items, test_path("list.tsv"), &(rondo__labelled_spec){.ending = wav}, NULL);
    if (status)
        return status;
    status = rondo__labelled_split(&items, &part, 0.5, NULL);
    rondo__labelled_free(&part);
    rondo__labelled_free(&items);
    return status;
}

static void test_memory(void **state) {
    (void)state;
    test_every_failure(read_and_split, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns), cmocka_unit_test(test_where),   cmocka_unit_test(test_texts),
        cmocka_unit_test(test_paths),    cmocka_unit_test(test_folder),  cmocka_unit_test(test_archive),
        cmocka_unit_test(test_split),    cmocka_unit_test(test_hostile), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

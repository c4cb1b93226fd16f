/* Archives: which files come out, sizes that are bounded, names that mean harm, damage. Needs: ARCHIVE. */
#include "core/core.h"
#include "data/labelled.h"
#include "support/test.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MIB ((size_t)1 << 20)

typedef struct member {
    const char *name;
    const char *data; /* NULL: so many zeros */
    size_t size;
    int type; /* 0: a file */
} member;

static void add(struct archive *a, const member *m) {
    static const char zeros[4096];
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, m->name);
    archive_entry_set_filetype(entry, m->type ? (unsigned)m->type : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, m->type ? 0 : (la_int64_t)m->size);
    if (m->type == AE_IFLNK)
        archive_entry_set_symlink(entry, "/etc/passwd");
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    for (size_t at = 0; !m->type && at < m->size;) {
        const size_t left = m->size - at, n = left < sizeof zeros ? left : sizeof zeros;
        assert_int_equal(archive_write_data(a, m->data ? m->data + at : zeros, m->data ? left : n), m->data ? left : n);
        at += m->data ? left : n;
    }
    archive_entry_free(entry);
}

/* The kind is that of the name's ending. Returns the path. */
static const char *pack(const char *name, size_t count, const member *members) {
    const char *path = test_path(name);
    struct archive *a = archive_write_new();
    if (strstr(name, ".zip"))
        archive_write_set_format_zip(a);
    else
        archive_write_set_format_pax_restricted(a);
    if (strstr(name, ".gz"))
        archive_write_add_filter_gzip(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++)
        add(a, &members[i]);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return path;
}

static const char *const wav_files[] = {".wav", ".flac", NULL};
static const member usual[] = {
    {"set/train/b.wav", "bb", 2},
    {"set/train/a.WAV", "a", 1},
    {"set", NULL, 0, AE_IFDIR},
    {"set/train/notes.txt", "no", 2},
    {"set/trainer/c.wav", "c", 1},
    {"./set/dev/d.flac", "dddd", 4},
    {"set/train/link.wav", NULL, 0, AE_IFLNK},
    {"set/train/empty.wav", "", 0},
    {"set/train/b.wav", "new", 3},
    {"set/train/.wav", "?", 1},
};

static void expect(const rondo__archive *archive, const char *names) {
    rondo__text text = {0};
    for (int64_t i = 0; i < archive->count; i++) {
        const rondo__archive_file *f = &archive->file[i];
        rondo__text_format(&text, "%s=%.*s ", f->name, (int)f->size, f->data);
        assert_int_equal(f->data[f->size], '\0');
    }
    assert_string_equal(text.data ? text.data : "", names);
    rondo__text_free(&text);
}

static void read_as(const char *path, const char *inner, const char *const *ending, const char *names) {
    rondo_error err = {0};
    rondo__archive archive;
    if (rondo__archive_read(&archive, path, inner, ending, MIB, &err))
        fail_msg("%s", err.message);
    expect(&archive, names);
    rondo__archive_free(&archive);
}

static void contents(void **state) {
    (void)state;
    static const char *const kinds[] = {"set.tar", "set.tar.gz", "set.zip"};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        const char *path = pack(kinds[k], COUNT(usual), usual);
        read_as(path, "set/train", wav_files,
                "set/train/.wav=? set/train/a.WAV=a set/train/b.wav=new set/train/empty.wav= ");
        read_as(path, "/set/train//", wav_files,
                "set/train/.wav=? set/train/a.WAV=a set/train/b.wav=new set/train/empty.wav= ");
        read_as(path, "./set/dev", NULL, "set/dev/d.flac=dddd ");
        read_as(path, "set/train/b.wav", NULL, "set/train/b.wav=new ");
        read_as(path, "set/tra", NULL, "");
        read_as(path, "", wav_files,
                "set/dev/d.flac=dddd set/train/.wav=? set/train/a.WAV=a set/train/b.wav=new "
                "set/train/empty.wav= set/trainer/c.wav=c ");
    }
}

/* Names are names: nothing is written, wherever they point. */
static void names_that_mean_harm(void **state) {
    (void)state;
    static const member members[] = {
        {"../../escape.wav", "x", 1}, {"/tmp/rondo-escape.wav", "y", 1}, {"a/../b.wav", "z", 1}};
    read_as(pack("harm.tar", 3, members), "", wav_files, "../../escape.wav=x a/../b.wav=z tmp/rondo-escape.wav=y ");
    assert_false(rondo__file_exists("/tmp/rondo-escape.wav"));
    assert_false(rondo__file_exists("../../escape.wav"));
    assert_int_equal(test_count_files("escape"), 0);
}

static void refuse(const char *path, const char *inner, size_t max_bytes, const char *story) {
    const int64_t live = rondo__alloc_live();
    rondo_error err = {0};
    rondo__archive archive;
    assert_int_equal(rondo__archive_read(&archive, path, inner, wav_files, max_bytes, &err), RONDO_FORMAT);
    if (strncmp(err.message, path, strlen(path)) != 0 || !strstr(err.message, story) || strchr(err.message, '\n'))
        fail_msg("%s", err.message);
    assert_int_equal(archive.count, 0);
    assert_null(archive.file);
    assert_int_equal(rondo__alloc_live(), live);
}

/* A few KiB that unpack to many MiB. */
static void bombs(void **state) {
    (void)state;
    member members[80];
    members[0] = (member){"big.wav", NULL, 40 * MIB};
    const char *path = pack("one.tar.gz", 1, members);
    refuse(path, "", MIB, "/big.wav: larger than the 1048576 bytes");
    read_as(path, "elsewhere", wav_files, "");
    for (int i = 0; i < 80; i++)
        members[i] = (member){"many.wav", NULL, MIB / 4};
    path = pack("many.tar.gz", 80, members);
    refuse(path, "", MIB / 4, "more than the 16777216 bytes");
    for (int i = 0; i < 80; i++)
        members[i] = (member){"none.wav", NULL, 0};
    refuse(pack("names.tar", 80, members), "", 16, "more than the 1024 bytes"); /* names take memory, too */
}

/* Cuts and flips anywhere: an error that names the file, or files of bounded size. */
static void torn(const char *name, const char *packed, size_t size) {
    const int64_t live = rondo__alloc_live();
    static char bytes[70000];
    char path[512];
    assert_true(size < sizeof bytes);
    for (size_t i = 0; i < 200; i++) {
        rondo_error err = {0};
        rondo__archive archive;
        const size_t at = i * size / 200;
        memcpy(bytes, packed, size);
        bytes[at] = (char)(bytes[at] ^ (1 << i % 8));
        snprintf(path, sizeof path, "%s", test_write(name, bytes, i % 2 ? at : size));
        const rondo_status status = rondo__archive_read(&archive, path, "", NULL, MIB, &err);
        if (status && (status != RONDO_FORMAT || strncmp(err.message, path, strlen(path)) != 0))
            fail_msg("%s", err.message);
        rondo__archive_free(&archive);
        assert_int_equal(rondo__alloc_live(), live);
    }
}

static char *slurp(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    static char bytes[70000];
    assert_non_null(file);
    *size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return bytes;
}

static void torn_everywhere(void **state) {
    (void)state;
    static const char *const kinds[] = {"t.tar", "t.tar.gz", "t.zip"};
    static char noise[9000];
    const member members[] = {
        {"a/one.wav", noise, sizeof noise}, {"a/two.wav", noise, 700}, {"a/three.wav", NULL, 5000}};
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)rondo__random_u32(1, 0, i);
    for (size_t k = 0; k < COUNT(kinds); k++) {
        size_t size;
        const char *bytes = slurp(pack(kinds[k], 3, members), &size);
        torn(kinds[k], bytes, size);
        refuse(test_write(kinds[k], bytes, 4000), "", MIB, "damaged"); /* within the first file */
    }
}

static void no_archive(void **state) {
    (void)state;
    rondo_error err = {0};
    rondo__archive archive;
    refuse(test_write("text.tar", "this is no archive, but a text of some length\n", 46), "", MIB, "no archive");
    assert_int_equal(rondo__archive_read(&archive, test_path("missing.tar"), "", NULL, MIB, &err), RONDO_NOT_FOUND);
    assert_non_null(strstr(err.message, "missing.tar"));
}

static void paths(void **state) {
    (void)state;
    static const struct {
        const char *inner;
        bool leads;
    } rows[] = {{"", true}, {"/", true}, {"/train", true}, {"/train/x.tar/y", true}, {".gone/x", false}, {"x", false}};
    char path[600], archive[512];
    size_t size = 0;
    snprintf(archive, sizeof archive, "%s", test_write("p.tar", "", 0));
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(path, sizeof path, "%s%s", archive, rows[i].inner);
        assert_int_equal(rondo__archive_path(path, &size), rows[i].leads);
        if (rows[i].leads)
            assert_int_equal(size, strlen(archive));
    }
    assert_int_equal(mkdir(test_path("folder.tar"), 0777), 0); /* a folder may have such a name */
    assert_false(rondo__archive_path(test_path("folder.tar"), &size));
    rmdir(test_path("folder.tar"));
    assert_false(rondo__archive_path("", &size));
    assert_false(rondo__archive_path("/", &size));
    assert_false(rondo__archive_path(".tar", &size));
    assert_false(rondo__archive_path(test_write("plain.wav", "", 0), &size));
}

static int read_whole(void *path) {
    rondo_error err;
    rondo__archive archive;
    const rondo_status status = rondo__archive_read(&archive, path, "set", wav_files, MIB, &err);
    if (status && archive.file)
        return RONDO_STATE;
    rondo__archive_free(&archive);
    return (int)status;
}

static void failing_memory(void **state) {
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", pack("memory.tar.gz", COUNT(usual), usual));
    test_every_failure(read_whole, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contents),        cmocka_unit_test(names_that_mean_harm), cmocka_unit_test(bombs),
        cmocka_unit_test(torn_everywhere), cmocka_unit_test(no_archive),           cmocka_unit_test(paths),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

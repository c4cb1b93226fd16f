/* Reading files whole, folders, and writing so that nothing half-written is ever seen. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef RONDO_HAVE_ZLIB
#include <zlib.h>
#endif

#include "core/core.h"
#include "support/test.h"

static rondo_error err;

static void expect_content(const char *path, const char *expected, size_t length) {
    char *data;
    size_t size;
    assert_int_equal(rondo__file_read(path, 0, &data, &size, &err), RONDO_OK);
    assert_int_equal(size, length);
    assert_memory_equal(data, expected, length);
    assert_int_equal(data[size], '\0');
    rondo__free(data);
}

static void expect_read_failure(const char *path, size_t max_bytes, rondo_status status) {
    char *data;
    size_t size;
    int64_t live = rondo__alloc_live();
    assert_int_equal(rondo__file_read(path, max_bytes, &data, &size, &err), status);
    assert_null(data);
    assert_int_equal(rondo__alloc_live(), live);
    assert_non_null(strstr(err.message, path));
    assert_null(strchr(err.message, '\n'));
}

static void test_read(void **state) {
    (void)state;
    expect_content(test_write("small", "a\0b\n", 4), "a\0b\n", 4);
    expect_content(test_write("empty", "", 0), "", 0);
    expect_read_failure(test_path("absent"), 0, RONDO_NOT_FOUND);
    expect_read_failure("/tmp", 0, RONDO_NOT_FOUND);
    expect_read_failure(test_path("small"), 3, RONDO_FORMAT);
    assert_true(rondo__file_exists(test_path("small")));
    assert_false(rondo__file_exists(test_path("absent")));
    char *data;
    size_t size;
    assert_int_equal(rondo__file_read(test_path("small"), 4, &data, &size, NULL), RONDO_OK);
    rondo__free(data);
    assert_int_equal(rondo__file_read("/proc/self/status", 0, &data, &size, NULL), RONDO_OK);
    assert_true(size > 100); /* a file that tells no size */
    rondo__free(data);
    rondo__alloc_fail_at(1);
    expect_read_failure(test_path("small"), 0, RONDO_MEMORY);
}

static char large[700000];

static void fill_large(void) {
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (char)rondo__random_u32(1, 1, i / 3);
}

static void *feed_fifo(void *path) {
    int fd = open(path, O_WRONLY);
    for (size_t at = 0; at < sizeof large;) {
        ssize_t n = write(fd, large + at, sizeof large - at);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    close(fd);
    return NULL;
}

static void test_read_fifo(void **state) {
    (void)state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", test_path("fifo"));
    assert_int_equal(mkfifo(path, 0600), 0);
    pthread_t feeder;
    assert_int_equal(pthread_create(&feeder, NULL, feed_fifo, path), 0);
    expect_content(path, large, sizeof large);
    pthread_join(feeder, NULL);
}

static void test_read_gz(void **state) {
    (void)state;
#ifdef RONDO_HAVE_ZLIB
    const char *path = test_path("packed.gz");
    gzFile gz = gzopen(path, "wb");
    assert_int_equal(gzwrite(gz, large, sizeof large), sizeof large);
    assert_int_equal(gzclose(gz), Z_OK);
    expect_content(path, large, sizeof large);
    expect_read_failure(path, 1000, RONDO_FORMAT);

    static char packed[sizeof large];
    FILE *file = fopen(path, "rb");
    size_t size = fread(packed, 1, sizeof packed, file);
    fclose(file);
    expect_read_failure(test_write("cut.gz", packed, size / 2), 0, RONDO_FORMAT);
    expect_read_failure(test_write("cut.gz", packed, size - 4), 0, RONDO_FORMAT);
    expect_read_failure(test_write("cut.gz", packed, 5), 0, RONDO_FORMAT);
    packed[size / 2] ^= 0x55;
    expect_read_failure(test_write("damaged.gz", packed, size), 0, RONDO_FORMAT);
    expect_read_failure(test_write("plain.gz", "just text", 9), 0, RONDO_FORMAT);
    expect_read_failure(test_write("empty.gz", "", 0), 0, RONDO_FORMAT);
#else
    expect_read_failure(test_write("plain.gz", "just text", 9), 0, RONDO_UNSUPPORTED);
#endif
}

static void test_folders(void **state) {
    (void)state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s//b/c/", test_path("made"));
    assert_int_equal(rondo__make_folders(path, &err), RONDO_OK);
    assert_int_equal(rondo__make_folders(path, &err), RONDO_OK);
    assert_true(rondo__file_exists(path));
    snprintf(path, sizeof path, "%s/d", test_write("file", "x", 1));
    assert_int_equal(rondo__make_folders(path, &err), RONDO_IO);
    assert_non_null(strstr(err.message, "is a file, not a folder"));
    assert_int_equal(rondo__make_folders("", &err), RONDO_ARGUMENT);
    for (const char *const *part = (const char *const[]){"made/b/c", "made/b", NULL}; *part; part++)
        assert_int_equal(rmdir(test_path(*part)), 0);
}

static void write_file(const char *path, const char *data, size_t size, size_t piece) {
    rondo__writer *writer;
    assert_int_equal(rondo__writer_open(&writer, path, &err), RONDO_OK);
    for (size_t at = 0; at < size; at += piece)
        assert_int_equal(rondo__writer_put(writer, data + at, piece < size - at ? piece : size - at, &err), RONDO_OK);
    assert_int_equal(rondo__writer_commit(&writer, &err), RONDO_OK);
    assert_null(writer);
}

static void test_write_and_replace(void **state) {
    (void)state;
    static const size_t pieces[] = {1009, 65536, 65537, sizeof large};
    const char *path = test_path("written");
    for (size_t i = 0; i < 4; i++) {
        write_file(path, large, sizeof large, pieces[i]);
        expect_content(path, large, sizeof large);
    }
    write_file(path, "", 0, 1);
    expect_content(path, "", 0);
    assert_int_equal(chmod(path, 0640), 0);
    write_file(path, "new", 3, 3);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640);
    assert_int_equal(test_count_files(".tmp-"), 0);
}

static void test_write_through_link_and_device(void **state) {
    (void)state;
    char link[PATH_MAX];
    snprintf(link, sizeof link, "%s", test_path("link"));
    const char *target = test_write("target", "old", 3);
    assert_int_equal(symlink("target", link), 0);
    write_file(link, "new", 3, 3);
    struct stat about;
    assert_int_equal(lstat(link, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    expect_content(target, "new", 3);
    write_file("/dev/null", large, sizeof large, 1000);
    assert_int_equal(stat("/dev/null", &about), 0);
    assert_true(S_ISCHR(about.st_mode));
}

static void test_abandon(void **state) {
    (void)state;
    const char *path = test_write("kept", "old", 3);
    rondo__writer *writer;
    assert_int_equal(rondo__writer_open(&writer, path, &err), RONDO_OK);
    assert_int_equal(rondo__writer_put(writer, large, sizeof large, &err), RONDO_OK);
    expect_content(path, "old", 3);
    assert_int_equal(test_count_files(".tmp-"), 1);
    rondo__writer_abandon(&writer);
    assert_null(writer);
    rondo__writer_abandon(&writer);
    expect_content(path, "old", 3);
    assert_int_equal(test_count_files(".tmp-"), 0);
}

/* Sealed, a file is whole on the disk under another name: it can take its own, or go. */
static void test_seal(void **state) {
    (void)state;
    const char *path = test_write("sealed", "old", 3);
    for (int turn = 0; turn < 2; turn++) {
        rondo__writer *writer;
        assert_int_equal(rondo__writer_open(&writer, path, &err), RONDO_OK);
        assert_int_equal(rondo__writer_put(writer, large, sizeof large, &err), RONDO_OK);
        assert_int_equal(rondo__writer_seal(writer, &err), RONDO_OK);
        assert_int_equal(rondo__writer_seal(writer, &err), RONDO_OK);
        expect_content(path, "old", 3);
        if (turn == 0)
            rondo__writer_abandon(&writer);
        else
            assert_int_equal(rondo__writer_commit(&writer, &err), RONDO_OK);
        assert_int_equal(test_count_files(".tmp-"), 0);
    }
    expect_content(path, large, sizeof large);
}

/* A limit on the size of files stands for the full disk: the kernel writes what fits, then refuses. */
static void test_full_disk(void **state) {
    (void)state;
    const char *path = test_write("full", "old", 3);
    struct rlimit before, small;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){100000, before.rlim_max};
    for (size_t size = 100001; size <= sizeof large; size += 299999) {
        rondo__writer *writer;
        assert_int_equal(rondo__writer_open(&writer, path, &err), RONDO_OK);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        (void)rondo__writer_put(writer, large, 1000, &err);
        (void)rondo__writer_put(writer, large, size - 1000, &err);
        rondo_status status = rondo__writer_commit(&writer, &err);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_int_equal(status, RONDO_IO);
        assert_null(writer);
        assert_non_null(strstr(err.message, path));
        expect_content(path, "old", 3);
        assert_int_equal(test_count_files(".tmp-"), 0);
    }
}

static void test_full_device(void **state) {
    (void)state;
    rondo__writer *writer;
    if (!rondo__file_exists("/dev/full"))
        skip();
    assert_int_equal(rondo__writer_open(&writer, "/dev/full", &err), RONDO_OK);
    assert_int_equal(rondo__writer_put(writer, "x", 1, &err), RONDO_OK);
    assert_int_equal(rondo__writer_commit(&writer, &err), RONDO_IO);
    assert_string_equal(err.message, "/dev/full: cannot write: No space left on device");
}

static void test_cannot_open(void **state) {
    (void)state;
    rondo__writer *writer;
    int64_t live = rondo__alloc_live();
    assert_int_equal(rondo__writer_open(&writer, test_path("no/such/folder"), &err), RONDO_IO);
    assert_null(writer);
    assert_int_equal(rondo__writer_open(&writer, "/tmp", &err), RONDO_IO);
    assert_string_equal(err.message, "/tmp: is a folder, not a file (choose another name)");
    assert_int_equal(rondo__writer_open(&writer, "", &err), RONDO_ARGUMENT);
    rondo__alloc_fail_at(1);
    assert_int_equal(rondo__writer_open(&writer, test_path("x"), &err), RONDO_MEMORY);
    assert_int_equal(rondo__alloc_live(), live);
    assert_int_equal(test_count_files(".tmp-"), 0);
}

static void test_unwritable_folder(void **state) {
    (void)state;
    if (geteuid() == 0)
        skip(); /* root may write anywhere */
    char path[PATH_MAX];
    const char *folder = test_path("closed");
    assert_int_equal(mkdir(folder, 0500), 0);
    snprintf(path, sizeof path, "%s/x", folder);
    rondo__writer *writer;
    assert_int_equal(rondo__writer_open(&writer, path, &err), RONDO_IO);
    assert_non_null(strstr(err.message, "Permission denied"));
}

static void test_lock(void **state) {
    (void)state;
    int one, two, pipes[2];
    char byte = 0, folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", test_path("locked"));
    assert_int_equal(rondo__make_folders(folder, &err), RONDO_OK);
    assert_true(rondo__folder_lock(&one, folder));
    assert_true(one >= 0);
    assert_false(rondo__folder_lock(&two, folder)); /* in this process, too */
    assert_int_equal(two, -1);
    rondo__folder_unlock(&two);
    assert_false(rondo__folder_lock(&two, folder)); /* the failure took nothing away */
    rondo__folder_unlock(&one);
    assert_int_equal(one, -1);
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        byte = rondo__folder_lock(&one, folder) ? 'y' : 'n';
        _exit(write(pipes[1], &byte, 1) == 1 && pause() ? 0 : 1);
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_false(rondo__folder_lock(&two, folder));
    kill(child, SIGKILL); /* a lock does not outlive its holder */
    waitpid(child, NULL, 0);
    assert_true(rondo__folder_lock(&two, folder));
    assert_true(two >= 0);
    rondo__folder_unlock(&two);
    assert_int_equal(test_count_files("lock"), 1); /* the folder itself */
    rmdir(folder);
    assert_true(rondo__folder_lock(&one, folder)); /* no folder, no other holder */
    assert_int_equal(one, -1);
    close(pipes[0]);
    close(pipes[1]);
}

int main(void) {
    fill_large();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_read_fifo),
        cmocka_unit_test(test_read_gz),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_write_and_replace),
        cmocka_unit_test(test_write_through_link_and_device),
        cmocka_unit_test(test_abandon),
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_full_device),
        cmocka_unit_test(test_cannot_open),
        cmocka_unit_test(test_unwritable_folder),
        cmocka_unit_test(test_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

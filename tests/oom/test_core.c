/* Every allocation of the core fails once: clean statuses, nothing left over, old files untouched. */
#include <string.h>

#include "core/core.h"
#include "support/test.h"

static int make_pool(void *arg) {
    rondo_error err;
    rondo__pool *pool;
    rondo_status status = rondo__pool_create(&pool, *(int *)arg, &err);
    rondo__pool_destroy(&pool);
    return (int)status;
}

static int read_file(void *path) {
    rondo_error err;
    char *data;
    size_t size;
    rondo_status status = rondo__file_read(path, 0, &data, &size, &err);
    if (status == RONDO_MEMORY && (data || size || !strstr(err.message, path)))
        return RONDO_STATE;
    rondo__free(data);
    return (int)status;
}

static int write_file(void *path) {
    rondo_error err;
    rondo__writer *writer;
    rondo_status status = rondo__writer_open(&writer, path, &err);
    if (status == RONDO_OK)
        status = rondo__writer_put(writer, "new", 3, &err);
    if (status == RONDO_OK)
        status = rondo__writer_commit(&writer, &err);
    return (int)status;
}

static int build_text(void *arg) {
    rondo__text text = {0};
    for (int i = 0; i < 1000; i++)
        rondo__text_format(&text, "%d %s\n", i, (const char *)arg);
    int status = text.failed ? RONDO_MEMORY : RONDO_OK;
    rondo__text_free(&text);
    return status;
}

static int grow_arena(void *arg) {
    (void)arg;
    rondo__arena arena;
    rondo__arena_init(&arena);
    int status = RONDO_OK;
    for (int round = 0; round < 3 && status == RONDO_OK; round++) {
        for (size_t i = 0; i < 60 && status == RONDO_OK; i++)
            status = rondo__arena_push(&arena, i * 1000) ? RONDO_OK : RONDO_MEMORY;
        rondo__arena_clear(&arena);
    }
    rondo__arena_free(&arena);
    return status;
}

static void test_threads(void **state) {
    (void)state;
    for (int threads = 1; threads <= 4; threads++)
        test_every_failure(make_pool, &threads);
}

static void test_files(void **state) {
    (void)state;
    static char large[600000];
    test_every_failure(read_file, (void *)test_write("large", large, sizeof large));
    char proc[] = "/proc/self/maps"; /* tells no size: the buffer grows */
    test_every_failure(read_file, proc);
    const char *path = test_write("old", "old", 3);
    test_every_failure(write_file, (void *)path);
    assert_int_equal(test_count_files(".tmp-"), 0);
}

static void test_text_and_arena(void **state) {
    (void)state;
    char word[] = "word";
    test_every_failure(build_text, word);
    test_every_failure(grow_arena, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_text_and_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* .npz files and rondo/arrays.h: round trips with what NumPy wrote, damage, names, failing memory. Needs: ARCHIVE. */
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "formats/npz.h"
#include "rondo/arrays.h"
#include "support/test.h"

static void read_seed(const char *name, char **data, size_t *size) {
    char path[512];
    rondo_error err = {0};
    snprintf(path, sizeof path, "%s/fuzz/corpus/npz/%s", RONDO_SOURCE_DIR, name);
    if (rondo__file_read(path, 0, data, size, &err))
        fail_msg("%s", err.message);
}

static void reads(void **state) {
    (void)state;
    static const float a[6] = {0, 1, 2, 3, 4, 5};
    char *data;
    size_t size;
    rondo__npz npz;
    rondo_error err = {0};
    read_seed("two", &data, &size);
    if (rondo__npz_parse(&npz, "two", data, size, &err))
        fail_msg("%s", err.message);
    assert_int_equal(npz.count, 2);
    assert_string_equal(npz.name[0], "a");
    assert_string_equal(npz.name[1], "b");
    assert_int_equal(npz.tensor[0].dtype, RONDO_F32);
    assert_int_equal(npz.tensor[0].rank, 2);
    assert_memory_equal(npz.tensor[0].data, a, sizeof a);
    assert_int_equal(npz.tensor[1].dtype, RONDO_I64);
    rondo__npz_free(&npz);
    rondo__free(data);
    read_seed("packed", &data, &size);
    assert_int_equal(rondo__npz_parse(&npz, "packed", data, size, &err), RONDO_OK);
    assert_int_equal(npz.tensor[0].dtype, RONDO_F64);
    assert_int_equal(npz.tensor[1].dtype, RONDO_BOOL);
    assert_int_equal(npz.tensor[1].rank, 0);
    rondo__npz_free(&npz);
    rondo__free(data);
}

static void damaged(void **state) {
    (void)state;
    static const char *const seeds[] = {"two", "packed"};
    for (int k = 0; k < 2; k++) {
        char *data;
        size_t size;
        rondo__npz npz;
        read_seed(seeds[k], &data, &size);
        const int64_t live = rondo__alloc_live();
        for (size_t cut = 0; cut < size; cut++) {
            (void)rondo__npz_parse(&npz, "cut", data, cut, NULL);
            rondo__npz_free(&npz);
        }
        for (size_t i = 0; i < size * 8; i++) {
            data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
            (void)rondo__npz_parse(&npz, "flipped", data, size, NULL);
            rondo__npz_free(&npz);
            data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        }
        assert_int_equal(rondo__alloc_live(), live);
        rondo__free(data);
    }
}

static void files(void **state) {
    (void)state;
    float numbers[3] = {1, 2, 3};
    uint16_t halves[2] = {0x3f80, 0xc000}; /* 1, -2 */
    const rondo_tensor tensor = {RONDO_F32, 1, {3}, numbers}, bfloat = {RONDO_BF16, 1, {2}, halves};
    rondo_arrays *arrays;
    rondo_error err = {0};
    assert_int_equal(rondo_array_write(test_path("one.npy"), &tensor, &err), RONDO_OK);
    assert_int_equal(rondo_arrays_read(&arrays, test_path("one.npy"), &err), RONDO_OK);
    assert_int_equal(rondo_arrays_count(arrays), 1);
    assert_string_equal(rondo_arrays_name(arrays, 0), "one");
    assert_memory_equal(rondo_arrays_at(arrays, 0)->data, numbers, sizeof numbers);
    assert_null(rondo_arrays_at(arrays, 1));
    assert_null(rondo_arrays_name(arrays, -1));
    rondo_arrays_free(&arrays);
    rondo_arrays_free(&arrays);
    assert_int_equal(rondo_array_write(test_path("wide.npy"), &bfloat, &err), RONDO_OK);
    assert_int_equal(rondo_arrays_read(&arrays, test_path("wide.npy"), &err), RONDO_OK);
    assert_true(((const float *)rondo_arrays_at(arrays, 0)->data)[1] == -2);
    rondo_arrays_free(&arrays);
    assert_int_equal(rondo_arrays_read(&arrays, test_path("none.npz"), &err), RONDO_NOT_FOUND);
    assert_int_equal(rondo_arrays_read(&arrays, test_write("a.txt", "x", 1), &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_arrays_read(&arrays, test_write("a.npz", "x", 1), &err), RONDO_FORMAT);
    assert_null(arrays);
}

static int read_all(void *arg) {
    rondo_arrays *arrays;
    rondo_status status = rondo_arrays_read(&arrays, arg, NULL);
    rondo_arrays_free(&arrays);
    return (int)status;
}

static void no_memory(void **state) {
    (void)state;
    char *data, path[512];
    size_t size;
    read_seed("two", &data, &size);
    snprintf(path, sizeof path, "%s", test_write("two.npz", data, size));
    rondo__free(data);
    test_every_failure(read_all, path);
    const rondo_tensor tensor = {RONDO_F32, 0, {0}, path};
    snprintf(path, sizeof path, "%s", test_path("one.npy"));
    assert_int_equal(rondo_array_write(path, &tensor, NULL), RONDO_OK);
    test_every_failure(read_all, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(damaged), cmocka_unit_test(files),
                                       cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

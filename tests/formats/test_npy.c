/* npy: round trips of every type and rank, hostile headers, damaged files, failing memory. */
#include "support/test.h"

#include <string.h>

#include "formats/npy.h"

static double numbers[6] = {1, 2, 3, 4, 5, 6};

static void round_trips(void **state) {
    (void)state;
    static const rondo_dtype types[] = {RONDO_F32, RONDO_F64, RONDO_I32, RONDO_I64,
                                        RONDO_U8,  RONDO_F16, RONDO_I8,  RONDO_BOOL};
    const char *path = test_path("a.npy");
    for (int i = 0; i < 8; i++) {
        for (int rank = 0; rank <= 4; rank++) {
            const rondo_tensor tensor = {types[i], rank, {rank == 1 ? 6 : 2, 3, 1, 1}, numbers};
            rondo_tensor got;
            assert_int_equal(rondo__npy_write(path, &tensor, NULL), RONDO_OK);
            assert_int_equal(rondo__npy_read(&got, path, NULL), RONDO_OK);
            assert_int_equal(got.dtype, types[i]);
            assert_int_equal(got.rank, rank);
            assert_memory_equal(got.dims, tensor.dims, (size_t)rank * sizeof(int64_t));
            assert_memory_equal(got.data, numbers, (size_t)rondo_tensor_count(&got) * rondo_dtype_bytes(got.dtype));
            rondo__free(got.data);
        }
    }
    const rondo_tensor half = {RONDO_BF16, 0, {0}, numbers};
    assert_int_equal(rondo__npy_write(path, &half, NULL), RONDO_ARGUMENT);
}

static rondo_status parse(const char *header, int version, rondo_error *err) {
    char file[512] = "\x93NUMPY";
    const size_t begin = version == 1 ? 10 : 12, size = strlen(header);
    rondo_tensor got;
    file[6] = (char)version;
    file[8] = (char)size;
    memcpy(file + begin, header, size);
    rondo_status status = rondo__npy_parse(&got, "m", file, begin + size + 4, err);
    if (status == RONDO_OK)
        rondo__free(got.data);
    return status;
}

static void headers(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "{}",
        "{'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775799,9223372036854775799)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x"};
    rondo_error err;
    for (int version = 1; version <= 3; version++)
        assert_int_equal(parse("{\"shape\":(1,),'descr': '<f4', 'fortran_order': False,  } \n", version, &err),
                         RONDO_OK);
    assert_int_equal(parse("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4, &err), RONDO_FORMAT);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(parse(wrong[i], 1, &err), RONDO_FORMAT);
}

/* The first index runs fastest: b[i][j][k] of shape (2, 3, 2) stands at i + 2 j + 6 k. */
static void fortran_order(void **state) {
    (void)state;
    static const char header[] = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2), }";
    char file[128] = "\x93NUMPY\1";
    rondo_tensor got;
    const size_t size = sizeof header - 1;
    file[8] = (char)size;
    memcpy(file + 10, header, size);
    for (int i = 0; i < 12; i++)
        file[10 + size + (size_t)i] = (char)i;
    assert_int_equal(rondo__npy_parse(&got, "m", file, 10 + size + 12, NULL), RONDO_OK);
    for (int i = 0; i < 12; i++)
        assert_int_equal(((uint8_t *)got.data)[i], i / 6 + 2 * (i / 2 % 3) + 6 * (i % 2));
    rondo__free(got.data);
    assert_int_equal(rondo__npy_parse(&got, "m", file, 10 + size + 11, NULL), RONDO_FORMAT);
}

static void damaged(void **state) {
    (void)state;
    const rondo_tensor tensor = {RONDO_F64, 2, {2, 3}, numbers};
    const char *path = test_path("b.npy");
    const int64_t live = rondo__alloc_live();
    rondo_tensor got;
    char *data;
    size_t size;
    assert_int_equal(rondo__npy_write(path, &tensor, NULL), RONDO_OK);
    assert_int_equal(rondo__file_read(path, 0, &data, &size, NULL), RONDO_OK);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(rondo__npy_parse(&got, "cut", data, cut, NULL), RONDO_FORMAT);
    for (size_t i = 0; i < size * 8; i++) {
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        if (rondo__npy_parse(&got, "flipped", data, size, NULL) == RONDO_OK)
            rondo__free(got.data);
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
    }
    rondo__free(data);
    rondo_status status = RONDO_MEMORY;
    for (int n = 1; status == RONDO_MEMORY; n++) {
        rondo__alloc_fail_at(n);
        status = rondo__npy_write(path, &tensor, NULL);
        if (status == RONDO_OK)
            status = rondo__npy_read(&got, path, NULL);
        rondo__alloc_fail_at(0);
        if (status == RONDO_OK)
            rondo__free(got.data);
        assert_int_equal(rondo__alloc_live(), live);
    }
    assert_int_equal(status, RONDO_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trips), cmocka_unit_test(headers),
                                       cmocka_unit_test(fortran_order), cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* safetensors: round trip, same bytes, conversions, hostile files, failing memory. */
#include "support/test.h"

#include <math.h>
#include <string.h>

#include "formats/safetensors.h"

static float weights[6] = {1, -2, 3.5F, 0, 1e-20F, 6};
static uint8_t bytes_of[3] = {1, 2, 255};

static rondo_status write_sample(const char *path, rondo_error *err) {
    const rondo__named tensors[] = {{"a.weight", {RONDO_F32, 2, {2, 3}, weights}},
                                    {"empty", {RONDO_I64, 3, {2, 0, 5}, NULL}},
                                    {"scalar", {RONDO_F32, 0, {0}, weights}},
                                    {"bytes \"\n\xc3\xa9", {RONDO_U8, 1, {3}, bytes_of}}};
    const rondo__pair pairs[] = {{"recipe", "{\"a\": \"\\\\\"}\n"}, {"b", ""}};
    return rondo__safetensors_write(path, 4, tensors, 2, pairs, err);
}

static void round_trip(void **state) {
    (void)state;
    const char *path = test_path("a.safetensors"), *twin = test_path("b.safetensors");
    char *x, *y;
    size_t a, b;
    uint64_t header;
    rondo__safetensors *file;
    rondo_error err = {0};
    assert_int_equal(write_sample(path, &err), RONDO_OK);
    assert_int_equal(write_sample(twin, &err), RONDO_OK);
    assert_int_equal(rondo__file_read(path, 0, &x, &a, &err), RONDO_OK);
    assert_int_equal(rondo__file_read(twin, 0, &y, &b, &err), RONDO_OK);
    assert_int_equal(a, b);
    assert_memory_equal(x, y, a);
    memcpy(&header, x, 8);
    assert_int_equal((header + 8) % 64, 0);
    rondo__free(x);
    rondo__free(y);
    if (rondo__safetensors_read(&file, path, &err) != RONDO_OK)
        fail_msg("%s", err.message);
    assert_int_equal(rondo__safetensors_count(file), 4);
    assert_string_equal(rondo__safetensors_metadata(file, "recipe"), "{\"a\": \"\\\\\"}\n");
    assert_null(rondo__safetensors_metadata(file, "c"));
    const rondo__named *named = rondo__safetensors_find(file, "bytes \"\n\xc3\xa9");
    assert_memory_equal(named->tensor.data, bytes_of, 3);
    for (int i = 0; i < 4; i++)
        assert_int_equal((uintptr_t)rondo__safetensors_at(file, i)->tensor.data % 64, 0);
    rondo_real got[6];
    rondo_tensor out = {RONDO_REAL, 2, {2, 3}, got};
    assert_int_equal(rondo__safetensors_copy(file, "a.weight", &out, &err), RONDO_OK);
    for (int i = 0; i < 6; i++)
        assert_true(got[i] == (rondo_real)weights[i]);
    out.dims[0] = 3;
    assert_int_equal(rondo__safetensors_copy(file, "a.weight", &out, &err), RONDO_SHAPE);
    assert_string_equal(err.message, "tensor 'a.weight' has shape (2, 3) in the file, the model needs (3, 3)");
    rondo__safetensors_free(&file);
}

static rondo_status parse(const char *header, size_t data, rondo_error *err) {
    const uint64_t size = strlen(header);
    char file[2048] = {0};
    rondo__safetensors *out;
    memcpy(file, &size, 8);
    memcpy(file + 8, header, size);
    rondo_status status = rondo__safetensors_parse(&out, "m", file, 8 + size + data, err);
    rondo__safetensors_free(&out);
    return status;
}

static void hostile_headers(void **state) {
    (void)state;
#define T(shape, offsets) "{\"a\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
    static const struct {
        const char *header;
        const char *says;
    } wrong[] = {
        {"", "byte 8"},
        {"[]", "byte 8"},
        {"{", "header is wrong"},
        {"{}  x", "header is wrong"},
        {"{\"a\":1}", "'a'"},
        {"{\"a\":{}}", "dtype"},
        {"{\"__metadata__\":{\"x\":1}}", "'x'"},
        {"{\"a\":{\"dtype\":\"F8\",\"shape\":[],\"data_offsets\":[0,4]}}", "'F8' is unknown"},
        {T("[1,1,1,1,1]", "[0,4]"), "5 dimensions"},
        {T("[-1]", "[0,4]"), "shape"},
        {T("[1.0]", "[0,4]"), "shape"},
        {T("[9223372036854775807,9223372036854775807]", "[0,4]"), "too large"},
        {T("[0,9223372036854775807,9]", "[0,0]"), "too large"},
        {T("[99999999999999999999]", "[0,4]"), "header is wrong"},
        {T("[1]", "[0,8]"), "offsets span 8"},
        {T("[1]", "[4,0]"), "rising"},
        {T("[1]", "[0]"), "rising"},
        {T("[1]", "[-4,0]"), "rising"},
        {T("[2]", "[0,8]"), "has 4"},
        {T("[0]", "[0,0]"), "belong to none"},
        {T("[0]", "[2,2]"), "gap"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
         "\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[1,4]}}",
         "overlap"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
         "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
         "header is wrong"},
    };
    rondo_error err;
    assert_int_equal(parse(T("[1]", "[0,4]"), 4, &err), RONDO_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(parse(wrong[i].header, 4, &err), RONDO_FORMAT);
        if (!strstr(err.message, wrong[i].says) || strchr(err.message, '\n'))
            fail_msg("%s gave: %s", wrong[i].header, err.message);
    }
}

/* {"__metadata__":{"checksum":"crc32:00000000": where a flipped bit takes the checksum away */
static bool in_checksum(size_t byte) { return byte >= 8 + 17 && byte < 8 + 43; }

/* A file cut at every byte, and with one bit of each byte flipped: never a crash, never a leak; the checksum tells. */
static void damaged_files(void **state) {
    (void)state;
    char *data;
    size_t size;
    const char *path = test_path("c.safetensors");
    assert_int_equal(write_sample(path, NULL), RONDO_OK);
    assert_int_equal(rondo__file_read(path, 0, &data, &size, NULL), RONDO_OK);
    const int64_t live = rondo__alloc_live();
    for (size_t cut = 0; cut < size; cut++) {
        rondo__safetensors *file;
        assert_int_equal(rondo__safetensors_parse(&file, "cut", data, cut, NULL), RONDO_FORMAT);
    }
    for (size_t i = 0; i < size * 8; i++) {
        rondo__safetensors *file;
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        const rondo_status status = rondo__safetensors_parse(&file, "flipped", data, size, NULL);
        if (!status && !in_checksum(i / 8))
            fail_msg("bit %zu of %zu was flipped, and the file was taken", i, size * 8);
        rondo__safetensors_free(&file);
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
    }
    assert_int_equal(rondo__alloc_live(), live);
    rondo__free(data);
}

static void conversions(void **state) {
    (void)state;
    static const uint16_t half[] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x7c00};
    static const rondo_real expected[] = {1, -2, (rondo_real)(1.0 / 16777216), 65504, 0, (rondo_real)INFINITY};
    static const uint16_t brain[] = {0x3f80, 0xc000};
    static double wide[] = {0.5, -3};
    const rondo__named tensors[] = {{"half", {RONDO_F16, 1, {6}, (void *)(uintptr_t)half}},
                                    {"brain", {RONDO_BF16, 1, {2}, (void *)(uintptr_t)brain}},
                                    {"wide", {RONDO_F64, 1, {2}, wide}},
                                    {"bytes", {RONDO_U8, 1, {2}, wide}}};
    const char *path = test_path("d.safetensors");
    rondo_real got[6];
    rondo_tensor out = {RONDO_REAL, 1, {6}, got};
    rondo__safetensors *file;
    assert_int_equal(rondo__safetensors_write(path, 4, tensors, 0, NULL, NULL), RONDO_OK);
    assert_int_equal(rondo__safetensors_read(&file, path, NULL), RONDO_OK);
    assert_int_equal(rondo__safetensors_copy(file, "half", &out, NULL), RONDO_OK);
    for (int i = 0; i < 6; i++)
        assert_true(got[i] == expected[i]);
    out.dims[0] = 2;
    assert_int_equal(rondo__safetensors_copy(file, "brain", &out, NULL), RONDO_OK);
    assert_true(got[0] == 1 && got[1] == -2);
    assert_int_equal(rondo__safetensors_copy(file, "wide", &out, NULL), RONDO_OK);
    assert_true(got[0] == (rondo_real)0.5 && got[1] == -3);
    assert_int_equal(rondo__safetensors_copy(file, "bytes", &out, NULL), RONDO_FORMAT);
    assert_int_equal(rondo__safetensors_copy(file, "none", &out, NULL), RONDO_FORMAT);
    rondo__safetensors_free(&file);
}

static void failing_memory(void **state) {
    (void)state;
    const char *path = test_path("e.safetensors");
    const int64_t live = rondo__alloc_live();
    rondo_status status = RONDO_MEMORY;
    for (int n = 1; status == RONDO_MEMORY; n++) {
        rondo__safetensors *file = NULL;
        rondo__alloc_fail_at(n);
        status = write_sample(path, NULL);
        if (status == RONDO_OK)
            status = rondo__safetensors_read(&file, path, NULL);
        rondo__alloc_fail_at(0);
        rondo__safetensors_free(&file);
        assert_int_equal(rondo__alloc_live(), live);
    }
    assert_int_equal(status, RONDO_OK);
    assert_int_equal(test_count_files("tmp"), 0);
}

static void refused_names(void **state) {
    (void)state;
    const rondo__named twice[] = {{"a", {RONDO_F32, 0, {0}, weights}}, {"a", {RONDO_F32, 0, {0}, weights}}};
    const rondo__named reserved = {"__metadata__", {RONDO_F32, 0, {0}, weights}};
    const rondo__named broken = {"\xff", {RONDO_F32, 0, {0}, weights}};
    const char *path = test_path("f.safetensors");
    assert_int_equal(rondo__safetensors_write(path, 2, twice, 0, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo__safetensors_write(path, 1, &reserved, 0, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo__safetensors_write(path, 1, &broken, 0, NULL, NULL), RONDO_ARGUMENT);
    assert_false(rondo__file_exists(path));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip),      cmocka_unit_test(refused_names),
                                       cmocka_unit_test(hostile_headers), cmocka_unit_test(damaged_files),
                                       cmocka_unit_test(conversions),     cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

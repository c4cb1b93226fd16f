/* Reading ONNX files: good ones, damaged ones, hostile ones, and data in other files. Needs: PROTOBUF_C. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/onnx.h"
#include "support/onnx_build.h"
#include "support/test.h"

static const float numbers[4] = {1, 2, 3, 4};

static void small_model(rondo__text *file) {
    rondo__text graph = {0}, attributes = {0};
    put_port(&graph, 11, "x", 1);
    put_port(&graph, 12, "y", 1);
    put_array(&graph, "w", 1, 4, numbers, sizeof numbers);
    put_int_attribute(&attributes, "axis", -1);
    put_node(&graph, "Add", "x w", "s", NULL);
    put_node(&graph, "Softmax", "s", "y", &attributes);
    put_string(&graph, 2, "small");
    put_model(file, &graph, 13);
}

static void reads(void **state) {
    (void)state;
    rondo__text file = {0};
    rondo__onnx *model;
    rondo_error err = {0};
    small_model(&file);
    if (rondo__onnx_parse(&model, "small", NULL, file.data, file.size, &err))
        fail_msg("%s", err.message);
    assert_int_equal(model->opset, 13);
    assert_string_equal(model->graph->name, "small");
    assert_int_equal(model->graph->nodes, 2);
    assert_string_equal(model->graph->node[1].op, "Softmax");
    assert_string_equal(model->graph->node[0].input[1], "w");
    assert_int_equal(model->graph->node[1].attribute[0].i, -1);
    assert_int_equal(model->graph->initialisers, 1);
    assert_memory_equal(model->graph->initialiser[0].data, numbers, sizeof numbers);
    assert_int_equal(model->graph->input[0].dtype, RONDO_F32);
    assert_int_equal(model->graph->input[0].rank, -1);
    rondo__onnx_free(&model);
    assert_null(model);
    rondo__text_free(&file);
}

/* Cut and flipped everywhere: an error in one line, or another model; never a crash or a leak. */
static void damaged(void **state) {
    (void)state;
    rondo__text file = {0};
    small_model(&file);
    const int64_t live = rondo__alloc_live();
    rondo__onnx *model;
    for (size_t cut = 0; cut < file.size; cut++) {
        rondo_error err = {0};
        if (rondo__onnx_parse(&model, "cut", NULL, file.data, cut, &err) != RONDO_OK) {
            assert_null(model);
            assert_null(strchr(err.message, '\n'));
            assert_true(err.message[0] != '\0');
        }
        rondo__onnx_free(&model);
    }
    for (size_t i = 0; i < file.size * 8; i++) {
        file.data[i / 8] = (char)(file.data[i / 8] ^ (1 << i % 8));
        (void)rondo__onnx_parse(&model, "flipped", NULL, file.data, file.size, NULL);
        rondo__onnx_free(&model);
        file.data[i / 8] = (char)(file.data[i / 8] ^ (1 << i % 8));
    }
    assert_int_equal(rondo__alloc_live(), live);
    rondo__text_free(&file);
}

static rondo_status parse(rondo__text *file, rondo_error *err) {
    rondo__onnx *model;
    rondo_status status = rondo__onnx_parse(&model, "hostile", NULL, file->data, file->size, err);
    rondo__onnx_free(&model);
    rondo__text_free(file);
    return status;
}

static rondo_status parse_tensor(int64_t dim, int dims, int type, size_t bytes, rondo_error *err) {
    rondo__text file = {0}, graph = {0}, tensor = {0};
    static const char zeros[64];
    for (int d = 0; d < dims; d++)
        put_whole(&tensor, 1, dim);
    put_whole(&tensor, 2, type);
    put_string(&tensor, 8, "w");
    put_bytes(&tensor, 9, zeros, bytes);
    put_message(&graph, 5, &tensor);
    put_model(&file, &graph, 13);
    return parse(&file, err);
}

/* Numbers in the field of their type; small types stand one to an int32. */
static void typed_fields(void **state) {
    (void)state;
    const double doubles[2] = {1.5, -2};
    const uint8_t as_bool[2] = {0, 1}, as_byte[2] = {0, 7};
    const uint16_t as_short[2] = {0, 7};
    const int64_t as_long[2] = {0, 7};
    const int32_t as_int[2] = {0, 7};
    const struct {
        int type, field;
        const void *data; /* of the field */
        size_t size;
        const void *want;
        size_t bytes;
    } cases[] = {{11, 10, doubles, 16, doubles, 16}, {7, 7, "\0\7", 2, as_long, 16}, {6, 5, "\0\7", 2, as_int, 8},
                 {9, 5, "\0\7", 2, as_bool, 2},      {2, 5, "\0\7", 2, as_byte, 2},  {3, 5, "\0\7", 2, as_byte, 2},
                 {10, 5, "\0\7", 2, as_short, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rondo__text file = {0}, graph = {0}, tensor = {0};
        rondo__onnx *model;
        rondo_error err = {0};
        put_whole(&tensor, 1, 2);
        put_whole(&tensor, 2, cases[i].type);
        put_string(&tensor, 8, "w");
        put_bytes(&tensor, cases[i].field, cases[i].data, cases[i].size);
        put_message(&graph, 5, &tensor);
        put_model(&file, &graph, 13);
        if (rondo__onnx_parse(&model, "typed", NULL, file.data, file.size, &err))
            fail_msg("type %d: %s", cases[i].type, err.message);
        assert_memory_equal(model->graph->initialiser[0].data, cases[i].want, cases[i].bytes);
        rondo__onnx_free(&model);
        rondo__text_free(&file);
    }
}

static void hostile_tensors(void **state) {
    (void)state;
    rondo_error err = {0};
    assert_int_equal(parse_tensor(2, 2, 1, 16, &err), RONDO_OK);
    assert_int_equal(parse_tensor(2, 2, 1, 15, &err), RONDO_FORMAT);
    assert_int_equal(parse_tensor(0, 3, 1, 0, &err), RONDO_OK);
    assert_int_equal(parse_tensor(-1, 1, 1, 4, &err), RONDO_FORMAT);
    assert_int_equal(parse_tensor(INT64_MAX, 1, 1, 4, &err), RONDO_FORMAT);
    assert_int_equal(parse_tensor((int64_t)1 << 32, 2, 1, 0, &err), RONDO_FORMAT); /* 2^64 elements are 0 */
    assert_int_equal(parse_tensor(1, 8, 1, 4, &err), RONDO_OK);
    assert_int_equal(parse_tensor(1, 9, 1, 4, &err), RONDO_FORMAT);
    assert_int_equal(parse_tensor(1, 1, 8, 4, &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "'w' is string"));
    assert_int_equal(parse_tensor(1, 1, -7, 4, &err), RONDO_UNSUPPORTED);
}

/* Graphs within graphs: a few bytes each, as many as wanted. */
static void nested(void **state) {
    (void)state;
    for (int depth = 2; depth <= 5000; depth = depth < 20 ? depth + 1 : depth * 5) {
        rondo__text graph = {0}, file = {0};
        rondo_error err = {0};
        for (int level = 1; level < depth; level++) {
            rondo__text outer = {0}, attributes = {0};
            put_graph_attribute(&attributes, "body", &graph);
            put_node(&outer, "Loop", "", "", &attributes);
            graph = outer;
        }
        put_model(&file, &graph, 13);
        assert_int_equal(parse(&file, &err), depth <= RONDO__ONNX_DEPTH ? RONDO_OK : RONDO_FORMAT);
        if (depth > RONDO__ONNX_DEPTH)
            assert_non_null(strstr(err.message, "within each other"));
    }
}

/* Two bytes a piece become a struct: memory stays within a multiple of the file. */
static void many_small_pieces(void **state) {
    (void)state;
    for (int field = 1; field <= 12; field++) {
        rondo__text file = {0}, graph = {0};
        rondo_error err = {0};
        for (int i = 0; i < 20000; i++)
            put_bytes(&graph, field, "", 0);
        put_model(&file, &graph, 13);
        const rondo_status status = parse(&file, &err);
        if (status != RONDO_OK && status != RONDO_UNSUPPORTED && status != RONDO_FORMAT)
            fail_msg("field %d: %s", field, err.message);
    }
}

/* ---- data in other files ---- */

static void put_entry(rondo__text *tensor, const char *key, const char *value) {
    rondo__text entry = {0};
    put_string(&entry, 1, key);
    put_string(&entry, 2, value);
    put_message(tensor, 13, &entry);
}

static rondo_status read_external(const char *location, const char *offset, const char *length, float *first,
                                  rondo_error *err) {
    rondo__text file = {0}, graph = {0}, tensor = {0};
    rondo__onnx *model;
    put_whole(&tensor, 1, 2);
    put_whole(&tensor, 2, 1);
    put_string(&tensor, 8, "w");
    put_whole(&tensor, 14, 1);
    if (location)
        put_entry(&tensor, "location", location);
    if (offset)
        put_entry(&tensor, "offset", offset);
    if (length)
        put_entry(&tensor, "length", length);
    put_message(&graph, 5, &tensor);
    put_model(&file, &graph, 13);
    const char *path = test_write("m.onnx", file.data, file.size);
    rondo__text_free(&file);
    rondo_status status = rondo__onnx_read(&model, path, err);
    if (!status)
        *first = ((const float *)model->graph->initialiser[0].data)[0];
    rondo__onnx_free(&model);
    return status;
}

static void external(void **state) {
    (void)state;
    rondo_error err = {0};
    float first = 0;
    test_write("data.bin", numbers, sizeof numbers);
    assert_int_equal(read_external("data.bin", NULL, NULL, &first, &err), RONDO_OK);
    assert_true(first == 1);
    assert_int_equal(read_external("data.bin", "8", "8", &first, &err), RONDO_OK);
    assert_true(first == 3);
    assert_int_equal(read_external("./data.bin", "4", "8", &first, &err), RONDO_OK);
    assert_true(first == 2);
    assert_int_equal(read_external("data.bin", "12", "8", &first, &err), RONDO_FORMAT);
    assert_int_equal(read_external("data.bin", "8", "4", &first, &err), RONDO_FORMAT);
    assert_int_equal(read_external("data.bin", "-8", NULL, &first, &err), RONDO_FORMAT);
    assert_int_equal(read_external("data.bin", "99999999999999999999", NULL, &first, &err), RONDO_FORMAT);
    assert_int_equal(read_external("data.bin", "18446744073709551608", NULL, &first, &err), RONDO_FORMAT);
    assert_int_equal(read_external("none.bin", NULL, NULL, &first, &err), RONDO_NOT_FOUND);
    assert_int_equal(read_external(NULL, NULL, NULL, &first, &err), RONDO_FORMAT);
    assert_int_equal(read_external("", NULL, NULL, &first, &err), RONDO_FORMAT);
    assert_int_equal(read_external("/etc/hostname", NULL, NULL, &first, &err), RONDO_FORMAT);
    assert_int_equal(read_external("../data.bin", NULL, NULL, &first, &err), RONDO_FORMAT);
    assert_int_equal(read_external("a/../../data.bin", NULL, NULL, &first, &err), RONDO_FORMAT);
    assert_int_equal(read_external(".", NULL, NULL, &first, &err), RONDO_FORMAT);
    unlink(test_path("link.bin"));
    assert_int_equal(symlink("/proc/self/exe", test_path("link.bin")), 0);
    assert_int_equal(read_external("link.bin", NULL, NULL, &first, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "folder"));
    assert_int_equal(mkfifo(test_path("pipe.bin"), 0600), 0);
    assert_int_equal(read_external("pipe.bin", NULL, NULL, &first, &err), RONDO_FORMAT);
}

static int load(void *arg) {
    const rondo__text *file = arg;
    rondo__onnx *model;
    rondo_status status = rondo__onnx_parse(&model, "small", NULL, file->data, file->size, NULL);
    rondo__onnx_free(&model);
    return (int)status;
}

static void no_memory(void **state) {
    (void)state;
    rondo__text file = {0};
    small_model(&file);
    test_every_failure(load, &file);
    rondo__text_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads),        cmocka_unit_test(damaged),
                                       cmocka_unit_test(nested),       cmocka_unit_test(many_small_pieces),
                                       cmocka_unit_test(external),     cmocka_unit_test(hostile_tensors),
                                       cmocka_unit_test(typed_fields), cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

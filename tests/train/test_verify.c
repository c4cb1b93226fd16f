/* Checksums of a run's files: right, wrong, absent; the two ways to compute them; failing memory. Needs: JANSSON. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "formats/checksum.h"
#include "formats/safetensors.h"
#include "train/verify.h"

static void known_values(void **state) {
    (void)state;
    assert_int_equal(rondo__crc32(0, "", 0), 0);
    assert_int_equal(rondo__crc32(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(rondo__crc32(rondo__crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
    uint32_t crc;
    assert_true(rondo__crc_read("crc32:cbf43926", 14, &crc));
    assert_int_equal(crc, 0xcbf43926);
    assert_false(rondo__crc_read("crc32:cbf4392", 13, &crc));
    assert_false(rondo__crc_read("crc32:CBF43926", 14, &crc));
    assert_false(rondo__crc_read("sha:1:cbf43926", 14, &crc));
}

static void put(const char *name, const char *data, size_t size) {
    rondo__writer *writer;
    assert_int_equal(rondo__writer_open(&writer, test_path(name), NULL), RONDO_OK);
    assert_int_equal(rondo__writer_put(writer, data, size, NULL), RONDO_OK);
    assert_int_equal(rondo__writer_commit(&writer, NULL), RONDO_OK);
}

static void put_text(const char *name, const char *text) { put(name, text, strlen(text)); }

static void write_all(void) {
    float numbers[3] = {1, 2, 3};
    rondo__text yaml = {0}, lines = {0};
    rondo__text_format(&yaml, "task: tag\n");
    rondo__sign_yaml(&yaml);
    put("recipe.yaml", yaml.data, yaml.size);
    for (int i = 0; i < 3; i++) {
        rondo__text line = {0};
        rondo__text_format(&line, "{\"step\": %d}", i);
        rondo__sign_line(&line);
        rondo__text_add(&lines, line.data, line.size);
        rondo__text_free(&line);
    }
    put("metrics.jsonl", lines.data, lines.size);
    const rondo__named tensor = {"a", {RONDO_F32, 1, {3}, numbers}};
    assert_int_equal(rondo__safetensors_write(test_path("model.safetensors"), 1, &tensor, 0, NULL, NULL), RONDO_OK);
    rondo__text_free(&yaml);
    rondo__text_free(&lines);
}

static void folder_of(char folder[200]) {
    snprintf(folder, 200, "%s", test_path("x"));
    *strrchr(folder, '/') = '\0';
}

static void count(const char *path, rondo_verdict verdict, const char *why, void *arg) {
    (void)path;
    ((int *)arg)[verdict]++;
    assert_true((verdict == RONDO_DAMAGED) == (why[0] != '\0'));
}

static void verdicts(void **state) {
    (void)state;
    char folder[200];
    int found[3] = {0};
    rondo_error err;
    write_all();
    folder_of(folder);
    assert_int_equal(rondo_verify(folder, count, found, &err), RONDO_OK);
    assert_int_equal(found[RONDO_WHOLE], 3);
    put_text("metrics.jsonl", "{\"step\": 1, \"checksum\": \"crc32:00000000\"}\n");
    assert_int_equal(rondo_verify(folder, count, found, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "metrics.jsonl:1: "));
    assert_int_equal(found[RONDO_WHOLE], 5);
    assert_int_equal(found[RONDO_DAMAGED], 1);
    put_text("metrics.jsonl", "{\"step\": 1}\n");
    put_text("recipe.yaml", "");
    assert_int_equal(rondo_verify(folder, count, found, &err), RONDO_OK);
    assert_int_equal(found[RONDO_UNSIGNED], 2);
    put_text("model.safetensors", "short");
    put_text("recipe.yaml", "# checksum crc32:00000000\n");
    assert_int_equal(rondo_verify(folder, NULL, NULL, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "2 of 3 files are damaged"));
    assert_int_equal(rondo_verify(NULL, NULL, NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_verify("/no/such", NULL, NULL, &err), RONDO_NOT_FOUND);
}

static int body(void *arg) { return rondo_verify(arg, NULL, NULL, NULL); }

static void failing_memory(void **state) {
    (void)state;
    char folder[200];
    write_all();
    folder_of(folder);
    test_every_failure(body, folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

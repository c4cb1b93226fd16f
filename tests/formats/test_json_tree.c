/* The reader of JSON against Jansson, and the one that builds without libyaml have against libyaml. Needs: JANSSON
 * YAML. */
#include "support/test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "formats/json_tree.h"
#include "formats/yaml_tree.h"

/* ---- JSON ---- */

static void same(const rondo__json *a, json_t *b) {
    const char *key;
    json_t *member;
    size_t i = 0;
    switch (json_typeof(b)) {
    case JSON_OBJECT:
        assert_int_equal(a->type, RONDO__JSON_OBJECT);
        assert_int_equal(a->size, json_object_size(b));
        json_object_foreach(b, key, member) {
            const char *name = NULL;
            rondo__json *got = NULL;
            assert_true(rondo__json_member(a, i++, &name, &got));
            assert_ptr_equal(got, rondo__json_get(a, key));
            assert_string_equal(name, key);
            same(got, member);
        }
        assert_false(rondo__json_member(a, i, &key, &(rondo__json *){NULL}));
        break;
    case JSON_ARRAY:
        assert_int_equal(a->type, RONDO__JSON_ARRAY);
        assert_int_equal(a->size, json_array_size(b));
        for (; i < a->size; i++)
            same(rondo__json_at(a, i), json_array_get(b, i));
        assert_null(rondo__json_at(a, i));
        break;
    case JSON_STRING:
        assert_int_equal(a->type, RONDO__JSON_STRING);
        assert_int_equal(a->size, json_string_length(b));
        assert_memory_equal(a->text, json_string_value(b), a->size + 1);
        break;
    case JSON_INTEGER:
        assert_int_equal(a->type, RONDO__JSON_INTEGER);
        assert_true(a->whole == json_integer_value(b));
        break;
    case JSON_REAL:
        assert_int_equal(a->type, RONDO__JSON_REAL);
        assert_true(a->real == json_real_value(b));
        break;
    default:
        assert_int_equal(a->type, json_is_null(b)   ? RONDO__JSON_NULL
                                  : json_is_true(b) ? RONDO__JSON_TRUE
                                                    : RONDO__JSON_FALSE);
    }
}

/* Both read it to the same, or both refuse it. */
static bool compare(const char *text, size_t size) {
    rondo__json_error error;
    json_error_t want;
    char *copy = size ? malloc(size) : NULL; /* so that AddressSanitizer sees its end */
    if (size)
        memcpy(copy, text, size);
    rondo__json *a = rondo__json_parse(copy, size, true, &error);
    json_t *b = json_loadb(copy ? copy : "", size, JSON_REJECT_DUPLICATES, &want);
    if (!a != !b)
        fail_msg("'%.*s': here %s, Jansson %s", (int)size, text, a ? "good" : error.text, b ? "good" : want.text);
    if (a)
        same(a, b);
    else
        assert_true(error.text[0] && !error.memory && error.position <= (int)size);
    rondo__json_free(a);
    json_decref(b);
    free(copy);
    return a != NULL;
}

static const char model[] =
    "{\"format\": 1, \"task\": \"language_model\",\n \"recipe\": {\"model\": {\"cell\": \"lstm\", \"layers\": 2, "
    "\"dropout\": 0.25, \"tie\": true, \"sizes\": [1, -2, 3e2, 4E-1, 0.5e+1]}, \"none\": null},\n"
    " \"vocabulary\": {\"symbols\": [\"a\", \"\\n\", \"\\u00e9\\u65e5\", \"\xe6\x97\xa5\", \"\\ud83d\\ude00\", "
    "\"\\\"\\\\\\/\\b\\f\\r\\t\", "
    "\"\"]}, \"empty\": [{}, [], [[]]], \"not\": false}";

static void test_texts(void **state) {
    static const char *const good[] = {"{}",
                                       " [ ] ",
                                       "[0]",
                                       "[-0, 9223372036854775807, -9223372036854775808]",
                                       "{\"a\":{\"a\":{\"a\":[]}}}",
                                       "[1e-999]",
                                       "\n\t\r [1.5]\n"};
    static const char *const bad[] = {"",
                                      " ",
                                      "1",
                                      "\"a\"",
                                      "nul",
                                      "{",
                                      "[",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "{\"a\"",
                                      "{\"a\":",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "[01]",
                                      "[1.]",
                                      "[.5]",
                                      "[+1]",
                                      "[1e]",
                                      "[1e+]",
                                      "[--1]",
                                      "[-]",
                                      "[nan]",
                                      "[True]",
                                      "[9223372036854775808]",
                                      "[1e999]",
                                      "[\"\n\"]",
                                      "[\"\\x\"]",
                                      "[\"\\u12\"]",
                                      "[\"\\u0000\"]",
                                      "[\"\\ud800\"]",
                                      "[\"\\udc00\"]",
                                      "[\"\\ud800\\u0041\"]",
                                      "[\"\xff\"]",
                                      "[\"\xc0\x80\"]",
                                      "[\"\xed\xa0\x80\"]",
                                      "[\"abc",
                                      "[\"\\",
                                      "[] []",
                                      "{\"a\":1,\"a\":2}",
                                      "[1 2]",
                                      "{\"a\" 1}",
                                      "[nulll]",
                                      "{\"a\\u0000b\":1}",
                                      "/**/[]"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(compare(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(compare(bad[i], strlen(bad[i])));
    assert_true(compare(model, sizeof model - 1));
    assert_false(compare("[\0]", 3));
}

/* Cut off everywhere, and with bytes changed, put in and left out. */
static void test_damage(void **state) {
    static const char bytes[] = "{}[]\",:\\u0123456789eE+-.dabntrf \n\x80\xff\xe6";
    int read = 0;
    (void)state;
    for (size_t size = 0; size < sizeof model - 1; size++)
        compare(model, size);
    for (uint64_t round = 0; round < 20000; round++) {
        char text[sizeof model + 4];
        size_t size = sizeof model - 1;
        memcpy(text, model, size);
        for (uint64_t i = 0; i < 1 + round % 3; i++) {
            const size_t at = rondo__random_below(1, round, 4 * i, size);
            const char byte = bytes[rondo__random_below(1, round, 4 * i + 1, sizeof bytes - 1)];
            const uint64_t how = rondo__random_below(1, round, 4 * i + 2, 3);
            if (how != 0)
                memmove(text + at + (how == 1), text + at + (how == 2), size - at - (how == 2));
            size += how == 1 ? 1u : how == 2 ? (size_t)-1 : 0u;
            if (how != 2)
                text[at] = byte;
        }
        read += compare(text, size);
    }
    assert_true(read > 1000 && read < 19000);
}

static void test_depth(void **state) {
    char text[1000];
    rondo__json_error error;
    (void)state;
    memset(text, '[', sizeof text);
    assert_null(rondo__json_parse(text, sizeof text, true, &error));
    assert_non_null(strstr(error.text, "deep"));
}

static int parse(void *arg) {
    rondo__json_error error;
    rondo__json *root = rondo__json_parse(arg, strlen(arg), true, &error);
    const bool good = root != NULL;
    rondo__json_free(root);
    assert_true(good || error.memory);
    return good ? RONDO_OK : RONDO_MEMORY;
}

/* ---- the same as a YAML document ---- */

static void same_node(const rondo__yaml_document *ours, int a, yaml_document_t *theirs, int b) {
    const rondo__yaml_node *x = rondo__yaml_at(ours, a);
    const yaml_node_t *y = yaml_document_get_node(theirs, b);
    assert_non_null(x);
    assert_non_null(y);
    assert_int_equal(x->start_mark.line, y->start_mark.line);
    assert_int_equal(x->type, y->type);
    if (y->type == YAML_SCALAR_NODE) {
        assert_int_equal(x->data.scalar.length, y->data.scalar.length);
        assert_memory_equal(x->data.scalar.value, y->data.scalar.value, x->data.scalar.length + 1);
        assert_int_equal(x->data.scalar.style, y->data.scalar.style != YAML_PLAIN_SCALAR_STYLE);
    } else if (y->type == YAML_SEQUENCE_NODE) {
        const ptrdiff_t count = y->data.sequence.items.top - y->data.sequence.items.start;
        assert_int_equal(x->data.sequence.items.top - x->data.sequence.items.start, count);
        for (ptrdiff_t i = 0; i < count; i++)
            same_node(ours, x->data.sequence.items.start[i], theirs, y->data.sequence.items.start[i]);
    } else {
        const ptrdiff_t count = y->data.mapping.pairs.top - y->data.mapping.pairs.start;
        assert_int_equal(x->data.mapping.pairs.top - x->data.mapping.pairs.start, count);
        for (ptrdiff_t i = 0; i < count; i++) {
            same_node(ours, x->data.mapping.pairs.start[i].key, theirs, y->data.mapping.pairs.start[i].key);
            same_node(ours, x->data.mapping.pairs.start[i].value, theirs, y->data.mapping.pairs.start[i].value);
        }
    }
}

static void test_yaml(void **state) {
    static const char *const texts[] = {("{\"task\": \"tag\", \"a\": [1, -2.50, {\"b\": [[], {}]}],\n \"c\": {\"d\": "
                                         "\"x\\n\\u00e9\", \"e\": null},\n\n \"f\": true}\n"),
                                        "{}",
                                        "0.002",
                                        "char",
                                        "'a b'",
                                        "\"\"",
                                        "[1, 2]",
                                        "{type: 1}"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        rondo__yaml_parser ours = {.text = texts[i], .size = strlen(texts[i])};
        rondo__yaml_document a;
        yaml_parser_t parser;
        yaml_document_t b;
        if (i == 7) { /* YAML that is no JSON */
            assert_false(rondo__yaml_load(&ours, &a));
            assert_non_null(strstr(ours.problem, "JSON"));
            continue;
        }
        yaml_parser_initialize(&parser);
        yaml_parser_set_input_string(&parser, (const unsigned char *)texts[i], strlen(texts[i]));
        assert_true(yaml_parser_load(&parser, &b));
        assert_true(rondo__yaml_load(&ours, &a));
        same_node(&a, 1, &b, 1);
        rondo__yaml_free(&a);
        assert_true(rondo__yaml_load(&ours, &a)); /* nothing more comes */
        assert_null(rondo__yaml_at(&a, 1));
        yaml_document_delete(&b);
        yaml_parser_delete(&parser);
    }
}

static int load(void *arg) {
    rondo__yaml_parser parser = {.text = arg, .size = strlen(arg)};
    rondo__yaml_document document;
    const bool good = rondo__yaml_load(&parser, &document);
    assert_true(good || parser.error == RONDO__YAML_MEMORY);
    rondo__yaml_free(&document);
    return good ? RONDO_OK : RONDO_MEMORY;
}

static void test_out_of_memory(void **state) {
    (void)state;
    test_every_failure(parse, (void *)(uintptr_t)model);
    test_every_failure(load, (void *)(uintptr_t)model);
    test_every_failure(load, (void *)(uintptr_t) "scalar");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_damage),
                                       cmocka_unit_test(test_depth), cmocka_unit_test(test_yaml),
                                       cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

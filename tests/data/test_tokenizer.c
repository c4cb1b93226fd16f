/* Tokenizers: order of ids, round trips, streaming, JSON there and back, wrong texts, failing memory. Needs: JANSSON.
 */
#include "support/test.h"

#include <string.h>

#include "data/tokenizer.h"

static const char text[] = "the cat saw the dog\nthe dog saw a \xc3\xa9t\xc3\xa9\n";

static rondo__tokenizer *build(rondo__tokenizer_config config, const char *s) {
    rondo__tokenizer *t;
    rondo_error err = {0};
    if (rondo__tokenizer_build(&t, &config, s, strlen(s), "t.txt", &err) != RONDO_OK)
        fail_msg("%s", err.message);
    return t;
}

static void round_trip(const rondo__tokenizer *t, const char *s, const char *expected) {
    int32_t *ids;
    int64_t count;
    rondo__text whole = {0}, streamed = {0};
    assert_int_equal(rondo__tokenizer_encode(t, s, strlen(s), &ids, &count, NULL), RONDO_OK);
    assert_int_equal(rondo__tokenizer_decode(t, ids, count, true, &whole), RONDO_OK);
    for (int64_t i = 0; i < count; i++)
        assert_int_equal(rondo__tokenizer_decode(t, ids + i, 1, i == 0, &streamed), RONDO_OK);
    assert_string_equal(whole.data, expected);
    assert_string_equal(streamed.data, expected);
    rondo__text_free(&whole);
    rondo__text_free(&streamed);
    rondo__free(ids);
}

static void json_round_trip(rondo__tokenizer **t) {
    rondo__text json = {0};
    rondo__tokenizer *again;
    size_t size;
    const void *model = rondo__tokenizer_piece_model(*t, &size);
    rondo_error err = {0};
    assert_int_equal(rondo__tokenizer_json(*t, &json), RONDO_OK);
    if (rondo__tokenizer_from_json(&again, json.data, model, size, &err) != RONDO_OK)
        fail_msg("%s", err.message);
    assert_int_equal(rondo__tokenizer_size(again), rondo__tokenizer_size(*t));
    assert_int_equal(rondo__tokenizer_unknown(again), rondo__tokenizer_unknown(*t));
    assert_int_equal(rondo__tokenizer_line_end(again), rondo__tokenizer_line_end(*t));
    rondo__tokenizer_free(t);
    rondo__text_free(&json);
    *t = again;
}

static void characters(void **state) {
    (void)state;
    rondo__tokenizer *t = build((rondo__tokenizer_config){.kind = RONDO__CHAR}, "abbccc\n");
    json_round_trip(&t);
    assert_int_equal(rondo__tokenizer_size(t), 5);
    assert_int_equal(rondo__tokenizer_unknown(t), 4);
    assert_int_equal(rondo__tokenizer_line_end(t), 2); /* c, b, \n, a, <unk> */
    round_trip(t, "cab\n", "cab\n");
    round_trip(t, "cx", "c\xef\xbf\xbd");
    rondo__tokenizer_free(&t);
}

static void words(void **state) {
    (void)state;
    rondo__tokenizer *t = build((rondo__tokenizer_config){.kind = RONDO__WORD}, text);
    json_round_trip(&t);
    assert_int_equal(rondo__tokenizer_size(t), 8); /* the, <eos>, dog, saw, a, cat, ete, <unk> */
    assert_int_equal(rondo__tokenizer_line_end(t), 0 + 1);
    round_trip(t, text, text);
    round_trip(t, "the  cow", "the <unk>");
    rondo__tokenizer_free(&t);
    t = build((rondo__tokenizer_config){.kind = RONDO__WORD, .min_count = 2, .max_size = 4}, text);
    assert_int_equal(rondo__tokenizer_size(t), 4);
    assert_int_equal(rondo__tokenizer_unknown(t), 0); /* it stands for the most of all */
    rondo__tokenizer_free(&t);
}

static void lower_case(void **state) {
    (void)state;
    rondo__tokenizer *t = build((rondo__tokenizer_config){.kind = RONDO__WORD, .lowercase = true}, "The CAT the\n");
    round_trip(t, "THE cat\n", "the cat\n");
    rondo__tokenizer_free(&t);
}

#ifdef RONDO_HAVE_SENTENCEPIECE
static void pieces(void **state) {
    (void)state;
    for (int bpe = 0; bpe < 2; bpe++) {
        const rondo__tokenizer_config config = {
            .kind = RONDO__SENTENCEPIECE, .vocab_size = 16, .model_type = bpe ? "bpe" : NULL};
        rondo__tokenizer *t = build(config, text), *again = build(config, text);
        size_t a, b;
        const void *x = rondo__tokenizer_piece_model(t, &a), *y = rondo__tokenizer_piece_model(again, &b);
        assert_int_equal(a, b);
        assert_memory_equal(x, y, a);
        rondo__tokenizer_free(&again);
        json_round_trip(&t);
        round_trip(t, text, text);
        rondo__tokenizer_free(&t);
    }
}

static rondo_status open_pieces(const void *model, size_t size, rondo_error *err) {
    static const char line[] =
        "the \xe2\x98\x83 cat \xef\xbc\xa1 \xe3\x8d\xbf e\xcc\x81 hears\n\n q \xf0\x9f\x98\x80\n";
    rondo__tokenizer *t;
    int32_t *ids;
    int64_t count;
    rondo_status status = rondo__tokenizer_from_json(&t, "{\"type\": \"sentencepiece\"}", model, size, err);
    if (status)
        return status;
    if (!rondo__tokenizer_encode(t, line, sizeof line - 1, &ids, &count, NULL)) {
        for (int64_t i = 0; i < count; i++)
            assert_true(ids[i] >= 0 && ids[i] < rondo__tokenizer_size(t));
        rondo__free(ids);
    }
    rondo__tokenizer_free(&t);
    return RONDO_OK;
}

static void expect_damaged(const void *model, size_t size) {
    rondo_error err = {0};
    assert_int_equal(open_pieces(model, size, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "SentencePiece"));
}

/* SentencePiece itself believes the table of its normaliser, and would read outside of it. */
static void damaged_pieces(void **state) {
    (void)state;
    rondo__tokenizer *t = build((rondo__tokenizer_config){.kind = RONDO__SENTENCEPIECE, .vocab_size = 16}, text);
    size_t size;
    const char *model = rondo__tokenizer_piece_model(t, &size);
    char *bad = rondo__alloc(size);
    assert_non_null(bad);
    char *table = memcpy(bad, model, size);
    while (memcmp(table, "nmt_nfkc\x12", 9) != 0)
        assert_true(++table < bad + size - 16);
    for (table += 9; *table & 0x80; table++) /* its length, seven bits a byte */
        continue;
    table++;
    const size_t at = (size_t)(table - bad);
    assert_int_equal(open_pieces(bad, size, NULL), RONDO_OK);
    const uint32_t trie[] = {0, 4, 1023, 1u << 30, UINT32_MAX},
                   units[] = {0x7ffffd00, 0x7ffffc00, 0x40000000, UINT32_MAX};
    for (size_t i = 0; i < sizeof trie / sizeof trie[0]; i++) {
        memcpy(bad + at, &trie[i], 4);
        expect_damaged(bad, size);
    }
    memcpy(bad, model, size);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        memcpy(bad + at + 4, &units[i], 4);
        expect_damaged(bad, size);
    }
    for (uint64_t i = 0; i < 200; i++) { /* cut, and with a few bytes changed */
        memcpy(bad, model, size);
        for (uint64_t k = 0; k < 1 + i % 8; k++)
            bad[rondo__random_below(5, k, i, i % 3 ? size : 1500)] = (char)rondo__random_u32(6, k, i);
        open_pieces(bad, i % 5 ? size : rondo__random_below(7, 0, i, size), NULL);
    }
    rondo__free(bad);
    rondo__tokenizer_free(&t);
}
#endif

static void wrong_texts(void **state) {
    (void)state;
    const rondo__tokenizer_config config = {.kind = RONDO__CHAR};
    rondo__tokenizer *t;
    rondo_error err;
    assert_int_equal(rondo__tokenizer_build(&t, &config, "ab\xff", 3, "t.txt", &err), RONDO_FORMAT);
    assert_string_equal(err.message, "t.txt: byte 2 is not UTF-8 (convert it, for example with iconv)");
    assert_null(t);
    assert_int_equal(rondo__tokenizer_build(&t, &config, "a\0b", 3, "t.txt", &err), RONDO_FORMAT);
}

static void wrong_json(void **state) {
    (void)state;
    static const char *const wrong[] = {"",
                                        "[]",
                                        "{",
                                        "{\"type\": 1}",
                                        "{\"type\": \"char\"}",
                                        "{\"type\": \"char\", \"symbols\": []}",
                                        "{\"type\": \"char\", \"symbols\": [\"a\"]}",
                                        "{\"type\": \"char\", \"symbols\": [\"ab\", \"<unk>\"]}",
                                        "{\"type\": \"char\", \"symbols\": [\"a\", \"a\", \"<unk>\"]}",
                                        "{\"type\": \"word\", \"symbols\": [\"<unk>\"]}",
                                        "{\"type\": \"word\", \"symbols\": [\"a b\", \"<unk>\", \"<eos>\"]}",
                                        "{\"type\": \"word\", \"symbols\": [3]}",
                                        "{\"type\": \"sentencepiece\"}",
                                        "{\"type\": \"char\", \"type\": \"char\", \"symbols\": [\"<unk>\"]}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rondo__tokenizer *t;
        rondo_error err = {0};
        assert_int_equal(rondo__tokenizer_from_json(&t, wrong[i], NULL, 0, &err), RONDO_FORMAT);
        assert_null(t);
        assert_true(err.message[0] != '\0');
    }
}

/* Every n-th allocation fails once: a clean status, and nothing stays behind. */
static void failing_memory(void **state) {
    (void)state;
    const int64_t live = rondo__alloc_live();
    for (int kind = 0; kind < 2; kind++) {
        const rondo__tokenizer_config config = {.kind = kind ? RONDO__WORD : RONDO__CHAR, .lowercase = true};
        rondo_status status = RONDO_MEMORY;
        for (int n = 1; status == RONDO_MEMORY; n++) {
            rondo__tokenizer *t = NULL;
            int32_t *ids = NULL;
            int64_t count;
            rondo__alloc_fail_at(n);
            status = rondo__tokenizer_build(&t, &config, text, sizeof text - 1, "t", NULL);
            if (status == RONDO_OK)
                status = rondo__tokenizer_encode(t, text, sizeof text - 1, &ids, &count, NULL);
            rondo__alloc_fail_at(0);
            rondo__free(ids);
            rondo__tokenizer_free(&t);
            assert_int_equal(rondo__alloc_live(), live);
        }
        assert_int_equal(status, RONDO_OK);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters),  cmocka_unit_test(words),          cmocka_unit_test(lower_case),
#ifdef RONDO_HAVE_SENTENCEPIECE
        cmocka_unit_test(pieces),      cmocka_unit_test(damaged_pieces),
#endif
        cmocka_unit_test(wrong_texts), cmocka_unit_test(wrong_json),     cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

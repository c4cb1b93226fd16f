/* Lines as ids, for every kind of tokenizer: no end symbol, the line comes back; vocabularies of one side and of both;
 * SentencePiece trained from raw Japanese. Needs: JANSSON. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/pairs.h"

static rondo__lines split(const char *text, size_t size) {
    rondo__lines lines;
    rondo_error err = {0};
    if (rondo__lines_split(&lines, "t", text, size, &err))
        fail_msg("%s", err.message);
    return lines;
}

static rondo__tokenizer *build(rondo__tokenizer_config config, const rondo__lines *first, const rondo__lines *second) {
    rondo__tokenizer *t;
    rondo_error err = {0};
    if (rondo__tokenizer_build_lines(&t, &config, first, second, "t", &err))
        fail_msg("%s", err.message);
    assert_true(rondo__tokenizer_line_end(t) >= 0 && rondo__tokenizer_unknown(t) >= 0);
    return t;
}

static void expect_text(const rondo__tokenizer *t, const rondo__id_lines *ids, int64_t i, const char *expected) {
    rondo__text text = {0};
    rondo__text_add(&text, "", 0);
    for (int64_t k = ids->start[i]; k < ids->start[i + 1]; k++)
        assert_true(ids->ids[k] >= 0 && ids->ids[k] < rondo__tokenizer_size(t) &&
                    ids->ids[k] != rondo__tokenizer_line_end(t));
    assert_int_equal(rondo__tokenizer_decode(t, ids->ids + ids->start[i], rondo__id_lines_length(ids, i), true, &text),
                     RONDO_OK);
    assert_string_equal(text.data, expected);
    rondo__text_free(&text);
}

/* Encodes lines as a model would that was read from its file, and compares what comes back. */
static void round_trips(rondo__tokenizer *t, const rondo__lines *lines, const char *const *expected) {
    rondo__id_lines ids;
    rondo__text json = {0};
    rondo__tokenizer *read;
    size_t size;
    const void *model = rondo__tokenizer_piece_model(t, &size);
    rondo_error err = {0};
    assert_int_equal(rondo__tokenizer_json(t, &json), RONDO_OK);
    if (rondo__tokenizer_from_json(&read, json.data, model, size, &err))
        fail_msg("%s", err.message);
    assert_int_equal(rondo__id_lines_encode(&ids, read, lines, NULL), RONDO_OK);
    assert_int_equal(ids.count, lines->count);
    for (int64_t i = 0; i < ids.count; i++)
        expect_text(read, &ids, i, expected[i]);
    rondo__id_lines_free(&ids);
    rondo__text_free(&json);
    rondo__tokenizer_free(&read);
    rondo__tokenizer_free(&t);
}

static const char english[] = "the  cat saw\tthe dog \n\nthe <eos> dog\n<unk> saw the cat";

static void words(void **state) {
    (void)state;
    const char *const back[] = {"the cat saw the dog", "", "the <unk> dog", "<unk> saw the cat"};
    rondo__lines lines = split(english, sizeof english - 1);
    round_trips(build((rondo__tokenizer_config){.kind = RONDO__WORD}, &lines, NULL), &lines, back);
    rondo__lines_free(&lines);
}

static void characters(void **state) {
    (void)state;
    rondo__lines lines = split(english, sizeof english - 1);
    round_trips(build((rondo__tokenizer_config){.kind = RONDO__CHAR}, &lines, NULL), &lines,
                (const char *const *)lines.line);
    rondo__lines_free(&lines);
    lines = split("ab", 2); /* no line end in the text: the vocabulary has one all the same */
    rondo__tokenizer *t = build((rondo__tokenizer_config){.kind = RONDO__CHAR}, &lines, NULL);
    assert_int_equal(rondo__tokenizer_size(t), 4);
    rondo__tokenizer_free(&t);
    rondo__lines_free(&lines);
}

static void shared(void **state) {
    (void)state;
    rondo__lines first = split("a b c\na\n", 8), second = split("x c\n", 4);
    rondo__tokenizer *t = build((rondo__tokenizer_config){.kind = RONDO__WORD}, &first, &second);
    int32_t *ids;
    int64_t count;
    assert_int_equal(rondo__tokenizer_size(t), 6); /* a b c x <unk> <eos> */
    assert_int_equal(rondo__line_encode(t, "a x c", 5, &ids, &count, NULL), RONDO_OK);
    assert_int_equal(count, 3);
    for (int64_t i = 0; i < count; i++)
        assert_true(ids[i] != rondo__tokenizer_unknown(t));
    rondo__free(ids);
    assert_int_equal(rondo__line_encode(t, "", 0, &ids, &count, NULL), RONDO_OK);
    assert_int_equal(count, 0);
    rondo__free(ids);
    assert_int_equal(rondo__line_encode(t, "a \xff", 3, &ids, &count, NULL), RONDO_FORMAT);
    assert_null(ids);
    rondo__tokenizer_free(&t);
    rondo__lines_free(&first);
    rondo__lines_free(&second);
}

#ifdef RONDO_HAVE_SENTENCEPIECE

/* Sentences without blanks from a few words; every character often enough to be in the vocabulary. */
static void make_japanese(rondo__text *text, uint64_t lines) {
    static const char *const words[4][6] = {{"私は", "彼女は", "猫が", "先生は", "友達も", "犬と"},
                                            {"駅で", "昨日", "毎朝", "大きい", "学校の", "東京へ"},
                                            {"本を", "パンを", "ロボットと", "手紙を", "カメラも", "魚を"},
                                            {"読みました", "食べません", "見ますか", "買った", "忘れない", "待つ"}};
    for (uint64_t i = 0; i < lines; i++) {
        for (uint64_t k = 0; k < 4; k++)
            rondo__text_format(text, "%s", words[k][rondo__random_below(9, k, i, 6)]);
        rondo__text_format(text, "。\n");
    }
}

static void raw_japanese(void **state) {
    (void)state;
    rondo__text text = {0};
    make_japanese(&text, 400);
    rondo__lines lines = split(text.data, text.size);
    for (int bpe = 0; bpe < 2; bpe++) {
        const rondo__tokenizer_config config = {
            .kind = RONDO__SENTENCEPIECE, .vocab_size = 100, .model_type = bpe ? "bpe" : NULL};
        rondo__tokenizer *t = build(config, &lines, NULL), *again = build(config, &lines, NULL);
        rondo__id_lines ids;
        size_t size, other;
        const void *model = rondo__tokenizer_piece_model(t, &size), *twin = rondo__tokenizer_piece_model(again, &other);
        assert_int_equal(rondo__tokenizer_size(t), 100);
        assert_int_equal(size, other);
        assert_memory_equal(model, twin, size);
        assert_int_equal(rondo__id_lines_encode(&ids, t, &lines, NULL), RONDO_OK);
        assert_true(ids.start[ids.count] < (int64_t)(text.size / 3 * 4 / 5));
        /* pieces are more than characters */
        for (int64_t i = 0; i < ids.start[ids.count]; i++)
            assert_true(ids.ids[i] != rondo__tokenizer_unknown(t));
        rondo__id_lines_free(&ids);
        rondo__tokenizer_free(&again);
        round_trips(t, &lines, (const char *const *)lines.line);
    }
    rondo__lines_free(&lines);
    rondo__text_free(&text);
}

/* The status of training; the message's size, -1: none. */
static rondo_status train(const char *text, size_t size, int64_t vocab_size, bool bpe, rondo_error *err,
                          long long *nearest) {
    const rondo__tokenizer_config config = {
        .kind = RONDO__SENTENCEPIECE, .vocab_size = vocab_size, .model_type = bpe ? "bpe" : NULL};
    rondo__tokenizer *t;
    err->message[0] = '\0';
    const rondo_status status = rondo__tokenizer_build(&t, &config, text, size, "t.ja", err);
    const char *at = strstr(err->message, "(set it to ");
    if (!at || (sscanf(at, "(set it to %lld", nearest) != 1 && sscanf(at, "(set it to at least %lld", nearest) != 1))
        *nearest = -1;
    rondo__tokenizer_free(&t);
    return status;
}

static void wrong_sizes(void **state) {
    (void)state;
    rondo__text text = {0};
    rondo_error err;
    long long nearest, none;
    make_japanese(&text, 60);
    for (int bpe = 0; bpe < 2; bpe++) {
        static const int64_t sizes[] = {8, 100000};
        for (int i = 0; i < 2; i++) {
            assert_int_equal(train(text.data, text.size, sizes[i], bpe, &err, &nearest), RONDO_FORMAT);
            assert_non_null(strstr(err.message, "t.ja: "));
            assert_true(nearest > 8 && nearest < 100000);
            assert_int_equal(train(text.data, text.size, nearest, bpe, &err, &none), RONDO_OK);
            assert_int_equal(train(text.data, text.size, nearest + (i ? 1 : -1), bpe, &err, &none), RONDO_FORMAT);
        }
    }
    rondo__text_free(&text);
}

/* What is written to stderr while it trains: nothing, also when it fails. */
static void quiet(void **state) {
    (void)state;
    rondo__text text = {0};
    rondo_error err;
    long long nearest;
    char *written;
    size_t size;
    const char *path = test_path("stderr");
    const int kept = dup(2), file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    make_japanese(&text, 60);
    assert_true(kept >= 0 && file >= 0 && dup2(file, 2) == 2);
    for (int bpe = 0; bpe < 2; bpe++) {
        static const int64_t sizes[] = {8, 100, 5000};
        for (int i = 0; i < 3; i++)
            train(text.data, text.size, sizes[i], bpe, &err, &nearest);
    }
    assert_int_equal(dup2(kept, 2), 2);
    close(kept);
    close(file);
    assert_int_equal(rondo__file_read(path, 0, &written, &size, NULL), RONDO_OK);
    assert_string_equal(written, "");
    rondo__free(written);
    rondo__text_free(&text);
}

/* Texts on which SentencePiece by itself ends the process, or learns nothing. */
static void hard_texts(void **state) {
    (void)state;
    static const char *const wrong[] = {"\n\n", "  \n \t\n", "\xe3\x80\x80\n", "\xe2\x96\x81", "\xe2\x96\x85\n", ""};
    rondo_error err;
    long long nearest;
    for (int bpe = 0; bpe < 2; bpe++) {
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            assert_int_equal(train(wrong[i], strlen(wrong[i]), 100, bpe, &err, &nearest), RONDO_FORMAT);
            assert_non_null(strstr(err.message, "t.ja: a SentencePiece model cannot be trained on it"));
        }
        rondo__text text = {0};
        make_japanese(&text, 6000);
        for (size_t i = 0; i < text.size; i++) { /* one line of 80000 characters without a blank */
            if (text.data[i] == '\n')
                text.data[i] = '-';
        }
        assert_int_equal(train(text.data, text.size, 90, bpe, &err, &nearest), RONDO_OK);
        rondo__text_free(&text);
    }
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),        cmocka_unit_test(characters),  cmocka_unit_test(shared),
#ifdef RONDO_HAVE_SENTENCEPIECE
        cmocka_unit_test(raw_japanese), cmocka_unit_test(wrong_sizes), cmocka_unit_test(quiet),
        cmocka_unit_test(hard_texts)
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

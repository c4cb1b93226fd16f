/* Vocabularies as JSON: {"type": "word", "lowercase": false, "symbols": ["the", "<unk>", ...]}, by id. A SentencePiece
 * model travels as bytes beside it. The reader checks that symbols are what the kind can make. */
#include <string.h>

#include "data/text.h"
#include "data/tokenizer_kinds.h"
#include "formats/json_text.h"
#include "formats/json_tree.h"

static const char *const kinds[] = {"char", "word", "sentencepiece"};

rondo_status rondo__tokenizer_json(const rondo__tokenizer *tokenizer, rondo__text *json) {
    rondo__text_format(json, "{\"type\": \"%s\", \"lowercase\": %s", kinds[tokenizer->kind],
                       tokenizer->lowercase ? "true" : "false");
    if (tokenizer->kind != RONDO__SENTENCEPIECE) {
        rondo__text_format(json, ", \"symbols\": [");
        for (int64_t i = 0; i < tokenizer->symbols.count; i++) {
            size_t size;
            const char *symbol = rondo__symbols_text(&tokenizer->symbols, i, &size);
            rondo__text_add(json, ", ", i > 0 ? 2 : 0);
            rondo__json_string(json, symbol, size);
        }
        rondo__text_add(json, "]", 1);
    }
    rondo__text_add(json, "}", 1);
    return json->failed ? RONDO_MEMORY : RONDO_OK;
}

/* Can the kind have this symbol? Characters are single code points but for the specials; words hold no blank. */
static bool fits(const rondo__tokenizer *t, const char *s, size_t size) {
    if (size == sizeof RONDO__UNK - 1 && memcmp(s, RONDO__UNK, size) == 0)
        return true;
    if (t->kind == RONDO__CHAR)
        return rondo__utf8_length((const unsigned char *)s, size) == (int)size && size > 0;
    return size > 0 && strcspn(s, " \t\r\n\v\f") == size;
}

static rondo_status read_symbols(rondo__tokenizer *t, const rondo__json *symbols, rondo_error *err) {
    const size_t count = rondo__json_size(symbols);
    if (!rondo__json_is_array(symbols) || count == 0 || count > INT32_MAX / 2)
        return rondo__fail(err, RONDO_FORMAT, "vocabulary: 'symbols' is not a list of symbols");
    for (size_t i = 0; i < count; i++) {
        const rondo__json *item = rondo__json_at(symbols, i);
        const char *s = rondo__json_as_text(item);
        int32_t index;
        if (!s || !fits(t, s, rondo__json_text_size(item)))
            return rondo__fail(err, RONDO_FORMAT, "vocabulary: symbol %zu cannot be one of a %s tokenizer", i,
                               kinds[t->kind]);
        index = rondo__symbols_add(&t->symbols, s, rondo__json_text_size(item), 1);
        if (index < 0)
            return rondo__fail(err, RONDO_MEMORY, "no memory for the vocabulary");
        if ((size_t)index != i)
            return rondo__fail(err, RONDO_FORMAT, "vocabulary: symbol %zu, '%s', is there twice", i,
                               rondo__show(s).text);
    }
    rondo__tokenizer_specials(t);
    if (t->unknown < 0 || (t->kind == RONDO__WORD && t->line_end < 0))
        return rondo__fail(err, RONDO_FORMAT, "vocabulary: <unk> or <eos> is missing");
    return RONDO_OK;
}

static rondo_status read_object(rondo__tokenizer *t, const rondo__json *object, const void *model, size_t size,
                                rondo_error *err) {
    const char *type = rondo__json_as_text(rondo__json_get(object, "type"));
    int kind = 0;
    while (kind < 3 && !(type && strcmp(kinds[kind], type) == 0))
        kind++;
    if (kind == 3)
        return rondo__fail(err, RONDO_FORMAT, "vocabulary: 'type' is not char, word or sentencepiece");
    t->kind = (rondo__tokenizer_kind)kind;
    t->lowercase = rondo__json_is_true(rondo__json_get(object, "lowercase"));
    if (t->kind != RONDO__SENTENCEPIECE)
        return read_symbols(t, rondo__json_get(object, "symbols"), err);
    if (!model || size == 0)
        return rondo__fail(err, RONDO_FORMAT, "vocabulary: the SentencePiece model is missing in the file");
    t->lowercase = false;
    rondo__text_add(&t->model, model, size);
    if (t->model.failed)
        return rondo__fail(err, RONDO_MEMORY, "no memory for the SentencePiece model");
    return rondo__piece_open(t, "vocabulary", err);
}

rondo_status rondo__tokenizer_from_json(rondo__tokenizer **out, const char *json, const void *piece_model,
                                        size_t piece_size, rondo_error *err) {
    rondo__json_error problem;
    rondo__json *object;
    rondo_status status;
    *out = NULL;
    object = rondo__json_parse(json, strlen(json), true, &problem);
    if (!object && problem.memory)
        return rondo__fail(err, RONDO_MEMORY, "no memory for the vocabulary");
    if (!object)
        return rondo__fail(err, RONDO_FORMAT, "vocabulary: not valid JSON near byte %d: %s", problem.position,
                           rondo__show(problem.text).text);
    *out = rondo__calloc(1, sizeof **out);
    status = *out ? read_object(*out, object, piece_model, piece_size, err)
                  : rondo__fail(err, RONDO_MEMORY, "no memory for the tokenizer");
    rondo__json_free(object);
    if (status != RONDO_OK)
        rondo__tokenizer_free(out);
    return status;
}

#include "data/tokenizer.h"

#include <string.h>

#include "data/text.h"
#include "data/tokenizer_kinds.h"

bool rondo__ids_add(rondo__ids *ids, const int32_t *id, int64_t count) {
    if (ids->count + count > ids->capacity) {
        const int64_t capacity = (ids->count + count) * 2 + 64;
        int32_t *data = rondo__realloc(ids->data, (size_t)ids->count * sizeof *id, (size_t)capacity * sizeof *id);
        if (!data)
            return false;
        ids->data = data;
        ids->capacity = capacity;
    }
    if (count > 0)
        memcpy(ids->data + ids->count, id, (size_t)count * sizeof *id);
    ids->count += count;
    return true;
}

void rondo__tokenizer_specials(rondo__tokenizer *t) {
    t->unknown = rondo__symbols_find(&t->symbols, RONDO__UNK, sizeof RONDO__UNK - 1);
    t->line_end = t->kind == RONDO__WORD ? rondo__symbols_find(&t->symbols, RONDO__EOS, sizeof RONDO__EOS - 1)
                                         : rondo__symbols_find(&t->symbols, "\n", 1);
}

/* text itself, or its lower-case form in *lower. False: out of memory. */
static bool prepare(const rondo__tokenizer *t, const char **text, size_t *size, rondo__text *lower) {
    if (!t->lowercase)
        return true;
    rondo__text_lower(lower, *text, *size);
    *text = lower->data ? lower->data : "";
    *size = lower->size;
    return !lower->failed;
}

static rondo_status build(rondo__tokenizer *t, const rondo__tokenizer_config *config, const char *text, size_t size,
                          const char *label, rondo_error *err) {
    rondo__text lower = {0};
    rondo_status status = rondo__text_valid(label, text, size, err);
    t->kind = config->kind;
    t->lowercase = config->lowercase && config->kind != RONDO__SENTENCEPIECE;
    t->unknown = t->line_end = -1;
    if (status != RONDO_OK)
        return status;
    if (config->kind == RONDO__SENTENCEPIECE)
        return rondo__piece_build(t, config, text, size, label, err);
    if (config->kind != RONDO__CHAR && config->kind != RONDO__WORD)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: no vocabulary is built without a tokenizer", label);
    if (!prepare(t, &text, &size, &lower)) {
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory for the text in lower case", label);
    } else if (config->kind == RONDO__CHAR) {
        status = rondo__char_build(t, text, size, err);
    } else {
        status = rondo__word_build(t, config, text, size, err);
    }
    rondo__text_free(&lower);
    rondo__tokenizer_specials(t);
    return status;
}

rondo_status rondo__tokenizer_build(rondo__tokenizer **out, const rondo__tokenizer_config *config, const char *text,
                                    size_t size, const char *label, rondo_error *err) {
    rondo_status status;
    *out = rondo__calloc(1, sizeof **out);
    if (!*out)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the tokenizer", label);
    status = build(*out, config, text, size, label, err);
    if (status != RONDO_OK)
        rondo__tokenizer_free(out);
    return status;
}

void rondo__tokenizer_free(rondo__tokenizer **tokenizer) {
    if (!tokenizer || !*tokenizer)
        return;
    rondo__symbols_free(&(*tokenizer)->symbols);
    rondo__text_free(&(*tokenizer)->model);
#ifdef RONDO_HAVE_SENTENCEPIECE
    rondo__pieces_close((*tokenizer)->pieces);
#endif
    rondo__free(*tokenizer);
    *tokenizer = NULL;
}

const void *rondo__tokenizer_piece_model(const rondo__tokenizer *tokenizer, size_t *size) {
    *size = tokenizer->model.size;
    return tokenizer->model.data;
}

rondo__tokenizer_kind rondo__tokenizer_get_kind(const rondo__tokenizer *tokenizer) { return tokenizer->kind; }

int64_t rondo__tokenizer_size(const rondo__tokenizer *tokenizer) {
#ifdef RONDO_HAVE_SENTENCEPIECE
    if (tokenizer->pieces)
        return rondo__pieces_count(tokenizer->pieces);
#endif
    return tokenizer->symbols.count;
}

int32_t rondo__tokenizer_unknown(const rondo__tokenizer *tokenizer) { return tokenizer->unknown; }
int32_t rondo__tokenizer_line_end(const rondo__tokenizer *tokenizer) { return tokenizer->line_end; }

static rondo_status encode(const rondo__tokenizer *t, const char *text, size_t size, rondo__ids *ids,
                           rondo_error *err) {
    switch (t->kind) {
    case RONDO__CHAR:
        return rondo__char_encode(t, text, size, ids, err);
    case RONDO__WORD:
        return rondo__word_encode(t, text, size, ids, err);
    default:
        return rondo__piece_encode(t, text, size, ids, err);
    }
}

rondo_status rondo__tokenizer_encode(const rondo__tokenizer *tokenizer, const char *text, size_t size, int32_t **ids,
                                     int64_t *count, rondo_error *err) {
    rondo__text lower = {0};
    rondo__ids row = {0};
    rondo_status status = rondo__text_valid("text", text, size, err);
    *ids = NULL;
    *count = 0;
    if (status == RONDO_OK && !prepare(tokenizer, &text, &size, &lower))
        status = rondo__fail(err, RONDO_MEMORY, "no memory for the text in lower case");
    if (status == RONDO_OK)
        status = encode(tokenizer, text, size, &row, err);
    rondo__text_free(&lower);
    if (status == RONDO_OK && !row.data && !(row.data = rondo__alloc(sizeof(int32_t))))
        status = rondo__fail(err, RONDO_MEMORY, "no memory for the symbols of the text");
    if (status != RONDO_OK) {
        rondo__free(row.data);
        return status;
    }
    *ids = row.data;
    *count = row.count;
    return RONDO_OK;
}

rondo_status rondo__tokenizer_decode(const rondo__tokenizer *tokenizer, const int32_t *ids, int64_t count, bool first,
                                     rondo__text *text) {
    const int64_t size = rondo__tokenizer_size(tokenizer);
    for (int64_t i = 0; i < count; i++) {
        const bool fresh = (first && i == 0) || (text->size > 0 && text->data[text->size - 1] == '\n');
        if (ids[i] < 0 || ids[i] >= size)
            return RONDO_ARGUMENT;
        if (tokenizer->kind == RONDO__CHAR) {
            rondo__char_decode(tokenizer, ids[i], text);
        } else if (tokenizer->kind == RONDO__WORD) {
            rondo__word_decode(tokenizer, ids[i], fresh, text);
        } else {
            rondo__piece_decode(tokenizer, ids[i], fresh, text);
        }
    }
    return text->failed ? RONDO_MEMORY : RONDO_OK;
}

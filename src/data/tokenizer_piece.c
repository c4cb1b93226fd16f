/* Subwords by SentencePiece. A line is encoded by itself; </s> ends it. */
#include "data/tokenizer_kinds.h"

#include <stdlib.h>
#include <string.h>

#define BLANK "\xe2\x96\x81" /* U+2581 stands for a blank in pieces */

#ifdef RONDO_HAVE_SENTENCEPIECE

static bool put_text(void *arg, const void *data, size_t size) {
    rondo__text *text = arg;
    rondo__text_add(text, data, size);
    return !text->failed;
}

static bool put_ids(void *arg, const void *data, size_t size) {
    return rondo__ids_add(arg, data, (int64_t)(size / sizeof(int32_t)));
}

rondo_status rondo__piece_open(rondo__tokenizer *t, const char *label, rondo_error *err) {
    rondo__pieces_error error;
    if (!rondo__piece_model_is_sound(t->model.data, t->model.size))
        return rondo__fail(err, RONDO_FORMAT, "%s: not a SentencePiece model: its bytes are damaged", label);
    t->pieces = rondo__pieces_open(t->model.data, t->model.size, &error);
    if (!t->pieces)
        return rondo__fail(err, RONDO_FORMAT, "%s: not a SentencePiece model: %s", label, error.why);
    t->unknown = rondo__pieces_unknown(t->pieces);
    t->line_end = rondo__pieces_line_end(t->pieces);
    if (rondo__pieces_count(t->pieces) < 1)
        return rondo__fail(err, RONDO_FORMAT, "%s: the SentencePiece model has no pieces", label);
    if (t->line_end < 0)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: the SentencePiece model has no </s>, which ends lines (train it with an eos_id)",
                           label);
    return RONDO_OK;
}

static rondo_status load_model(rondo__tokenizer *t, const char *path, rondo_error *err) {
    char *data;
    size_t size;
    rondo_status status = rondo__file_read(path, (size_t)1 << 30, &data, &size, err);
    if (status != RONDO_OK)
        return status;
    rondo__text_add(&t->model, data, size);
    rondo__free(data);
    return t->model.failed ? rondo__fail(err, RONDO_MEMORY, "%s: no memory", path) : rondo__piece_open(t, path, err);
}

rondo_status rondo__piece_build(rondo__tokenizer *t, const rondo__tokenizer_config *config, const char *text,
                                size_t size, const char *label, rondo_error *err) {
    const bool bpe = config->model_type && strcmp(config->model_type, "bpe") == 0;
    rondo__pieces_error error;
    if (config->model && *config->model)
        return load_model(t, config->model, err);
    if (rondo__pieces_train(text, size, config->vocab_size > 0 ? config->vocab_size : 8000, bpe, put_text, &t->model,
                            &error))
        return rondo__piece_open(t, label, err);
    if (t->model.failed)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the SentencePiece model", label);
    return rondo__fail(err, RONDO_FORMAT, "%s: a SentencePiece model cannot be trained on it: %s", label, error.why);
}

rondo_status rondo__piece_encode(const rondo__tokenizer *t, const char *text, size_t size, rondo__ids *ids,
                                 rondo_error *err) {
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        const size_t length = end ? (size_t)(end - text) - at : size - at;
        rondo__pieces_error error;
        if (!rondo__pieces_encode(t->pieces, text + at, length, put_ids, ids, &error))
            return rondo__fail(err, RONDO_MEMORY, "SentencePiece: %s", error.why);
        if (end && !rondo__ids_add(ids, &t->line_end, 1))
            return rondo__fail(err, RONDO_MEMORY, "no memory for the symbols of the text");
        at += length + (end != NULL);
    }
    return RONDO_OK;
}

/* The text of a piece, with blanks where U+2581 stands. */
static void add_piece(const char *piece, size_t size, bool fresh, rondo__text *text) {
    const size_t mark = sizeof BLANK - 1;
    for (size_t i = 0; i < size;) {
        if (size - i >= mark && memcmp(piece + i, BLANK, mark) == 0) {
            rondo__text_add(text, " ", !(fresh && i == 0));
            i += mark;
        } else {
            rondo__text_add(text, piece + i, 1);
            i++;
        }
    }
}

void rondo__piece_decode(const rondo__tokenizer *t, int32_t id, bool fresh, rondo__text *text) {
    size_t size;
    const char *piece = rondo__pieces_text(t->pieces, id, &size);
    char byte;
    if (id == t->line_end) {
        rondo__text_add(text, "\n", 1);
        return;
    }
    switch (rondo__pieces_kind(t->pieces, id)) {
    case RONDO__PIECE_UNKNOWN:
        rondo__text_add(text, "\xef\xbf\xbd", 3);
        break;
    case RONDO__PIECE_CONTROL:
        break;
    case RONDO__PIECE_BYTE: /* <0xE2> */
        byte = (char)strtol(size > 3 ? piece + 3 : "0", NULL, 16);
        rondo__text_add(text, &byte, 1);
        break;
    case RONDO__PIECE_TEXT:
        add_piece(piece, size, fresh, text);
        break;
    }
}

#else

rondo_status rondo__piece_open(rondo__tokenizer *t, const char *label, rondo_error *err) {
    (void)t;
    return rondo__fail(err, RONDO_UNSUPPORTED,
                       "%s: this build has no SentencePiece (install libsentencepiece-dev and build again)", label);
}

rondo_status rondo__piece_build(rondo__tokenizer *t, const rondo__tokenizer_config *config, const char *text,
                                size_t size, const char *label, rondo_error *err) {
    (void)config, (void)text, (void)size;
    return rondo__piece_open(t, label, err);
}

rondo_status rondo__piece_encode(const rondo__tokenizer *t, const char *text, size_t size, rondo__ids *ids,
                                 rondo_error *err) {
    (void)text, (void)size, (void)ids;
    return rondo__piece_open((rondo__tokenizer *)(uintptr_t)t, "text", err);
}

void rondo__piece_decode(const rondo__tokenizer *t, int32_t id, bool fresh, rondo__text *text) {
    (void)t, (void)id, (void)fresh, (void)text;
}

#endif

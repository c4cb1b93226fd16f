/* Inside the tokenizers: the object, and what each kind implements. */
#ifndef RONDO_DATA_TOKENIZER_KINDS_H
#define RONDO_DATA_TOKENIZER_KINDS_H

#include "data/sentencepiece_shim.h"
#include "data/symbols.h"
#include "data/tokenizer.h"

#define RONDO__UNK "<unk>"
#define RONDO__EOS "<eos>"

struct rondo__tokenizer {
    rondo__tokenizer_kind kind;
    bool lowercase;
    int32_t unknown, line_end;
    rondo__symbols symbols; /* char, word: by id */
    rondo__text model;      /* sentencepiece: its file */
    rondo__pieces *pieces;
};

/* A growing row of ids. */
typedef struct rondo__ids {
    int32_t *data;
    int64_t count, capacity;
} rondo__ids;
bool rondo__ids_add(rondo__ids *ids, const int32_t *id, int64_t count); /* false: out of memory */

/* Each builds from a checked text (lower-cased where asked), encodes a checked text, and decodes one id. */
rondo_status rondo__char_build(rondo__tokenizer *t, const char *text, size_t size, rondo_error *err);
rondo_status rondo__char_encode(const rondo__tokenizer *t, const char *text, size_t size, rondo__ids *ids,
                                rondo_error *err);
rondo_status rondo__word_build(rondo__tokenizer *t, const rondo__tokenizer_config *config, const char *text,
                               size_t size, rondo_error *err);
rondo_status rondo__word_encode(const rondo__tokenizer *t, const char *text, size_t size, rondo__ids *ids,
                                rondo_error *err);
rondo_status rondo__piece_build(rondo__tokenizer *t, const rondo__tokenizer_config *config, const char *text,
                                size_t size, const char *label, rondo_error *err);
/* Opens t->model. */
/* Can the library read these bytes without leaving them (piece_check.c)? */
bool rondo__piece_model_is_sound(const void *model, size_t size);
rondo_status rondo__piece_open(rondo__tokenizer *t, const char *label, rondo_error *err);
rondo_status rondo__piece_encode(const rondo__tokenizer *t, const char *text, size_t size, rondo__ids *ids,
                                 rondo_error *err);
/* fresh: at the start of the text or of a line, where no blank precedes a word. */
void rondo__char_decode(const rondo__tokenizer *t, int32_t id, rondo__text *text);
void rondo__word_decode(const rondo__tokenizer *t, int32_t id, bool fresh, rondo__text *text);
void rondo__piece_decode(const rondo__tokenizer *t, int32_t id, bool fresh, rondo__text *text);

/* Looks the specials of char and word up in t->symbols. */
void rondo__tokenizer_specials(rondo__tokenizer *t);

#endif

/* What stands around a network where it is deployed: the front end before it, and what its numbers mean as texts. Tasks
 * fill it in; exporters write it down. It points into the model and owns nothing. */
#ifndef RONDO_EXCHANGE_AROUND_H
#define RONDO_EXCHANGE_AROUND_H

#include "core/core.h"
#include "rondo/audio.h"

/* Texts of numbers [0, count). */
typedef struct rondo__texts_of {
    const char *what; /* "symbol", "source", "target", "word", "label" */
    int64_t count;
    int32_t unknown;                                           /* stands for other texts; -1: nothing does */
    bool (*text)(const void *of, int64_t i, rondo__text *out); /* appends; false: out of memory */
    const void *of;
    bool finds; /* is a text's number asked for: whole words or characters */
} rondo__texts_of;

/* What a pointer's decoder says when it copies: of each source symbol the target's. count 0: unknown. */
typedef struct rondo__twins {
    int64_t count;
    bool (*twin)(const void *of, int64_t i, int32_t *out); /* -1: it has none; false: out of memory */
    const void *of;
    bool words;      /* a symbol that has none is a word, which can be copied all the same */
    int32_t unknown; /* the source's, which stands for many words; -1: nothing does */
} rondo__twins;

#define RONDO__AROUND_TEXTS 4
typedef struct rondo__around {
    const rondo_frontend *frontend; /* NULL: none */
    int64_t stack;                  /* frames of a step */
    int texts;
    rondo__texts_of text[RONDO__AROUND_TEXTS];
    rondo__twins twins;
} rondo__around;

struct rondo__tokenizer;
struct rondo__symbols;
/* Appends a tokenizer's symbols; of SentencePiece pieces as they are written. */
void rondo__around_add_tokenizer(rondo__around *around, const char *what, const struct rondo__tokenizer *tokenizer);
/* Appends symbols under numbers from 1 on; 0 is any other. */
void rondo__around_add_symbols(rondo__around *around, const char *what, const struct rondo__symbols *symbols);
/* Appends names; of: an array of texts. */
void rondo__around_add_names(rondo__around *around, const char *what, int64_t count, const char *const *name,
                             int32_t unknown, bool finds);

#endif

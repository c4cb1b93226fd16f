/* Text to ids and back. */
#ifndef RONDO_DATA_TOKENIZER_H
#define RONDO_DATA_TOKENIZER_H

#include "core/core.h"

typedef enum rondo__tokenizer_kind {
    RONDO__CHAR,
    RONDO__WORD,
    RONDO__SENTENCEPIECE,
    RONDO__NO_TOKENIZER
} rondo__tokenizer_kind;

typedef struct rondo__tokenizer_config {
    rondo__tokenizer_kind kind;
    bool lowercase;         /* word, char: by utf8proc (ASCII only where it is not built in) */
    int64_t min_count;      /* word: rarer ones become <unk>; 0: 1 */
    int64_t max_size;       /* word: the most frequent ones, specials included; 0: no limit */
    int64_t vocab_size;     /* sentencepiece training; 0: 8000 */
    const char *model;      /* sentencepiece: path of a given model, NULL: train one */
    const char *model_type; /* "unigram" (NULL) or "bpe" */
} rondo__tokenizer_config;

typedef struct rondo__tokenizer rondo__tokenizer;

/* Builds the vocabulary from a text (UTF-8, checked). Symbols are sorted by falling count, then by bytes, so that id
 * order is frequency order (adaptive softmax needs that). Word: lines are split at blanks, each line ends in "<eos>";
 * specials <unk> and <eos> are always there ("<unk>" in the text is that symbol). Char: every code point incl. newline;
 * <unk> only as the last id, for text never seen. Sentencepiece: its own ids; a line end is </s>. */
rondo_status rondo__tokenizer_build(rondo__tokenizer **out, const rondo__tokenizer_config *config, const char *text,
                                    size_t size, const char *label, rondo_error *err);
/* From what a model file holds: the JSON that rondo__tokenizer_json wrote, and the SentencePiece model (or NULL, 0). */
rondo_status rondo__tokenizer_from_json(rondo__tokenizer **out, const char *json, const void *piece_model,
                                        size_t piece_size, rondo_error *err);
void rondo__tokenizer_free(rondo__tokenizer **tokenizer);
rondo_status rondo__tokenizer_json(const rondo__tokenizer *tokenizer, rondo__text *json);
/* The SentencePiece model bytes, or NULL. */
const void *rondo__tokenizer_piece_model(const rondo__tokenizer *tokenizer, size_t *size);

rondo__tokenizer_kind rondo__tokenizer_get_kind(const rondo__tokenizer *tokenizer);
int64_t rondo__tokenizer_size(const rondo__tokenizer *tokenizer);    /* V */
int32_t rondo__tokenizer_unknown(const rondo__tokenizer *tokenizer); /* id, or -1 */
int32_t
rondo__tokenizer_line_end(const rondo__tokenizer *tokenizer); /* id of what ends a line ("\n", <eos>, </s>), or -1 */
/* Ids of a text, allocated by rondo__alloc into *ids (caller frees). */
rondo_status rondo__tokenizer_encode(const rondo__tokenizer *tokenizer, const char *text, size_t size, int32_t **ids,
                                     int64_t *count, rondo_error *err);
/* Text of ids, appended; words are joined by blanks, <eos> is a line end. first: the ids begin a text or a line, so no
 * blank goes before the first word. Streaming: decode one id after another into the same buffer with first = false
 * gives the same text (a buffer that ends in a line end counts as fresh); with an emptied buffer, pass first = true
 * after a line end. */
rondo_status rondo__tokenizer_decode(const rondo__tokenizer *tokenizer, const int32_t *ids, int64_t count, bool first,
                                     rondo__text *text);
#endif

/* SentencePiece behind a C face. The only C++ of the library: every exception ends here, every failure is a sentence.
 */
#ifndef RONDO_DATA_SENTENCEPIECE_SHIM_H
#define RONDO_DATA_SENTENCEPIECE_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rondo__pieces rondo__pieces;
typedef struct rondo__pieces_error {
    char why[200];
} rondo__pieces_error;
typedef enum rondo__piece_kind {
    RONDO__PIECE_TEXT,
    RONDO__PIECE_UNKNOWN,
    RONDO__PIECE_CONTROL,
    RONDO__PIECE_BYTE
} rondo__piece_kind;

/* Takes size bytes; false stops. */
typedef bool (*rondo__pieces_put)(void *arg, const void *data, size_t size);
/* Trains on the lines of text, in one thread with a fixed seed: the same text gives the same model, of exactly
 * vocab_size pieces. A size that the text cannot give is an error that names the nearest possible one. */
bool rondo__pieces_train(const char *text, size_t size, int64_t vocab_size, bool bpe, rondo__pieces_put put, void *arg,
                         rondo__pieces_error *error);
/* NULL: the bytes are not a model. Copies what it needs. */
rondo__pieces *rondo__pieces_open(const void *model, size_t size, rondo__pieces_error *error);
void rondo__pieces_close(rondo__pieces *pieces); /* NULL is fine */
int64_t rondo__pieces_count(const rondo__pieces *pieces);
int32_t rondo__pieces_unknown(const rondo__pieces *pieces);
int32_t rondo__pieces_line_end(const rondo__pieces *pieces); /* </s>, or -1 */
/* Ids of one line, handed to put as one array of int32_t. */
bool rondo__pieces_encode(const rondo__pieces *pieces, const char *line, size_t size, rondo__pieces_put put, void *arg,
                          rondo__pieces_error *error);
/* The piece's text; lives as long as pieces. */
const char *rondo__pieces_text(const rondo__pieces *pieces, int32_t id, size_t *size);
rondo__piece_kind rondo__pieces_kind(const rondo__pieces *pieces, int32_t id);

#ifdef __cplusplus
}
#endif
#endif

/* Pairs of sequences, source and target, as ids: read from parallel files or from a pronunciation dictionary, and laid
 * out in batches by number of tokens. */
#ifndef RONDO_DATA_PAIRS_H
#define RONDO_DATA_PAIRS_H

#include "data/tokenizer.h"

/* Lines of text, kept apart. */
typedef struct rondo__lines {
    char *text; /* NUL after each line */
    char **line;
    int64_t count;
} rondo__lines;
/* Lines of a UTF-8 file (.gz by name), CRLF and a byte order mark taken off; a last line without line end counts. */
rondo_status rondo__lines_read(rondo__lines *out, const char *path, rondo_error *err);
/* The same from memory (copied). */
rondo_status rondo__lines_split(rondo__lines *out, const char *label, const char *text, size_t size, rondo_error *err);
/* Takes over a text that is known to be UTF-8 without NUL (as one that was written here is), on failure too. */
rondo_status rondo__lines_take(rondo__lines *out, const char *label, rondo__text *text, rondo_error *err);
void rondo__lines_free(rondo__lines *lines);
/* Appends the lines to a text, each with a line end. */
void rondo__lines_join(rondo__text *out, const rondo__lines *lines);
/* A vocabulary for lines: that of first and, where they share it, of second (may be NULL). It has a line end, which is
 * both the end symbol of targets and the start symbol of decoders. */
rondo_status rondo__tokenizer_build_lines(rondo__tokenizer **out, const rondo__tokenizer_config *config,
                                          const rondo__lines *first, const rondo__lines *second, const char *label,
                                          rondo_error *err);

/* A corpus of pairs as texts. Parallel files: line n of both belong together. A dictionary (cmudict): "WORD P1 P2 ...",
 * "WORD(2) ..." is a further pronunciation, " # ..." a comment: the source is the word's letters separated by blanks,
 * the target the phones separated by blanks, with or without their stress digits. Equal (word, phones) lines count
 * once. */
typedef struct rondo__pair_texts {
    rondo__lines source, target; /* equal counts */
} rondo__pair_texts;
/* Refuses unequal numbers of lines, naming both files and counts. */
rondo_status rondo__pair_texts_read(rondo__pair_texts *out, const char *source_path, const char *target_path,
                                    rondo_error *err);
rondo_status rondo__pair_texts_dictionary(rondo__pair_texts *out, const char *path, bool stress, rondo_error *err);
/* The same from the lines of a dictionary. */
rondo_status rondo__pair_texts_entries(rondo__pair_texts *out, const char *label, const rondo__lines *lines,
                                       bool stress, rondo_error *err);
void rondo__pair_texts_free(rondo__pair_texts *texts);
/* For dictionaries: groups neighbouring-or-not equal sources: every distinct source once in order of arrival, with the
 * indices of its targets: group g has answers index[start[g]] .. index[start[g + 1] - 1]. */
typedef struct rondo__answers {
    int64_t groups;
    int64_t *start; /* (groups + 1) */
    int64_t *index; /* (pairs) */
} rondo__answers;
rondo_status rondo__answers_group(rondo__answers *out, const rondo__pair_texts *texts, rondo_error *err);
void rondo__answers_free(rondo__answers *answers);

/* Ids of one line, without end symbol: <eos> written out in the line is an unknown word. As rondo__tokenizer_encode. */
rondo_status rondo__line_encode(const rondo__tokenizer *tokenizer, const char *line, size_t size, int32_t **ids,
                                int64_t *count, rondo_error *err);
/* Ids of many lines in one block; line i holds ids start[i] .. start[i + 1] - 1, without any end symbol. */
typedef struct rondo__id_lines {
    int64_t count;
    int64_t *start; /* (count + 1) */
    int32_t *ids;
} rondo__id_lines;
rondo_status rondo__id_lines_encode(rondo__id_lines *out, const rondo__tokenizer *tokenizer, const rondo__lines *lines,
                                    rondo_error *err);
void rondo__id_lines_free(rondo__id_lines *lines);
static inline int64_t rondo__id_lines_length(const rondo__id_lines *lines, int64_t i) {
    return lines->start[i + 1] - lines->start[i];
}

/* Batches of pairs, filled by number of tokens. Pairs stand sorted by length (target, then source: little is padding),
 * and batches are cut from that row; pairs of equal lengths change places from epoch to epoch, and so do the batches.
 * All of it depends on (seed, epoch) only. Pairs with an empty side, or longer than max_length on a side (0: no limit),
 * are left out and counted. */
typedef struct rondo__pair_batches {
    const rondo__id_lines *source, *target;
    int64_t batch_tokens; /* of a batch at most, padding included: target tokens with their end symbols, and source
                             tokens; a longer pair is a batch by itself. 0: by sentences */
    int64_t batch_size;   /* sentences of a batch where batch_tokens is 0 */
    int64_t max_length;
    uint64_t seed;
    bool shuffle;    /* false: sorted by length, always the same (validation) */
    int64_t skipped; /* pairs left out */
    int64_t pairs;   /* pairs kept */
    int64_t batches; /* of an epoch: the same number in every epoch */
    int64_t epoch;   /* laid out now, -1: none */
    int64_t *sorted; /* (pairs) by length, then as they came */
    int64_t *order;  /* (pairs) of this epoch */
    int64_t *start;  /* (batches + 1) into order */
    int64_t *place;  /* (batches) order of the batches */
    /* most cells (steps * rows) that a batch's source or target array can have, over all epochs */
    int64_t largest_cells;
    int64_t largest_rows;
} rondo__pair_batches;
/* Set the fields from source to shuffle, then call. label: the files, for messages. RONDO_FORMAT when no pair is left.
 */
rondo_status rondo__pair_batches_make(rondo__pair_batches *batches, const char *label, rondo_error *err);
void rondo__pair_batches_free(rondo__pair_batches *batches);

/* One batch as arrays, time-major, -1 padding. The target gets start in front of inputs and end behind targets: T is
 * the longest target + 1, and target_lengths count that symbol. Arrays belong to the caller: source, inputs and targets
 * hold largest_cells numbers, lengths largest_rows. */
typedef struct rondo__pair_batch {
    int64_t S, T, B, tokens; /* tokens: counted targets */
    const int64_t *pair;     /* (B) indices of the pairs */
    int32_t *source, *source_lengths, *inputs, *targets, *target_lengths;
} rondo__pair_batch;
/* batch < batches. Lays the epoch out if it is another one than before (allocates nothing). */
void rondo__pair_batches_fill(rondo__pair_batches *batches, int64_t epoch, int64_t batch, int32_t start_symbol,
                              int32_t end_symbol, rondo__pair_batch *out);
/* Steps of the longest source and target, times pairs. */
int64_t rondo__pair_batches_cells(rondo__pair_batches *batches, int64_t epoch, int64_t batch);
#endif

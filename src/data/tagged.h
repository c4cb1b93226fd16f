/* Sentences of words, each with a tag: CoNLL-U, or lines of columns. */
#ifndef RONDO_DATA_TAGGED_H
#define RONDO_DATA_TAGGED_H

#include "data/pairs.h"

typedef struct rondo__tagged_spec {
    bool conllu;
    const char *word_column; /* CoNLL-U: a name or a number from 1; else a number; "" or NULL: form, the first */
    const char *tag_column;  /* "" or NULL: upos, the last */
    bool no_tags;            /* only the words are read; what stands in the tag's column may be anything */
} rondo__tagged_spec;

typedef struct rondo__tagged {
    int64_t sentences, words; /* sentences have at least one word each */
    int64_t *start;           /* (sentences + 1) first word of each sentence */
    int64_t *line;            /* (words) where each stands in the file, from 1 */
    char **word, **tag;       /* (words) tag: NULL with no_tags */
    rondo__lines text;        /* what they point into, in pieces */
} rondo__tagged;

/* Is it CoNLL-U, by its name (.conllu, .conllu.gz)? */
bool rondo__tagged_is_conllu(const char *path);
/* Column 0 to 9 of CoNLL-U by its name or number, -1: there is none such. */
int rondo__conllu_column(const char *name);

/* A file; spec->conllu is found out by its name. In CoNLL-U lines of '#', ranges of tokens (3-4) and empty nodes (8.1)
 * are passed over. Columns stand between tabs where the first line has one, else between blanks; a blank line ends a
 * sentence, and lines of "-DOCSTART-" are passed over. Errors: FILE:LINE: what. */
rondo_status rondo__tagged_read(rondo__tagged *out, const char *path, const rondo__tagged_spec *spec, rondo_error *err);
/* From lines, which are taken over, on failure too. label: the file, for messages. */
rondo_status rondo__tagged_take(rondo__tagged *out, const char *label, rondo__lines *lines,
                                const rondo__tagged_spec *spec, rondo_error *err);
void rondo__tagged_free(rondo__tagged *tagged);

#endif

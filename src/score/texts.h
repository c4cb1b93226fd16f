/* What all scores share: texts as rows of numbers, and a trie that names words and counts n-grams.
 *
 * Every function that needs memory returns false when there is none, and leaves its object fit to be freed. */
#ifndef RONDO_SCORE_TEXTS_H
#define RONDO_SCORE_TEXTS_H

#include "core/core.h"

/* ---- rows (row.c): the code points of a text, or the numbers of its words ---- */
typedef struct rondo__row {
    uint32_t *data;
    size_t count, capacity;
} rondo__row;
bool rondo__row_reserve(rondo__row *row, size_t capacity); /* keeps what the row holds */
void rondo__row_free(rondo__row *row);
static inline void rondo__row_push(rondo__row *row, uint32_t symbol) { row->data[row->count++] = symbol; }

/* Code points of text; lower: in lower case. A byte that is no UTF-8 counts as one character, U+DC00 + byte, as
 * Python's surrogateescape has it: a score of hours of work shall not fail for one broken character of the output. */
bool rondo__row_decode(rondo__row *row, const char *text, bool lower);
/* White space of Unicode, and of ASCII also the four separators 0x1C to 0x1F: what Python's str.split() takes for it.
 */
bool rondo__is_space(uint32_t code);
void rondo__row_strip_end(rondo__row *row);   /* drops the white space at the end */
void rondo__row_drop_spaces(rondo__row *row); /* drops all white space */

/* ---- trie (trie.c): a node is a sequence of symbols; node 0 is the empty one ---- */
typedef struct rondo__trie_node {
    uint32_t parent, symbol, depth;
    uint32_t times[2]; /* how often it was counted in either text */
} rondo__trie_node;
typedef struct rondo__trie {
    rondo__trie_node *node;
    uint32_t *slot; /* hash table over (parent, symbol); 0 is free */
    size_t count, capacity, slots;
    int shift; /* 64 - log2 of the slots in use */
} rondo__trie;
void rondo__trie_free(rondo__trie *trie);
/* Empties the trie, with room for so many nodes beside the root. */
bool rondo__trie_clear(rondo__trie *trie, size_t nodes);
/* The node of parent's sequence and symbol; made if it is not there. Room must have been asked for. */
uint32_t rondo__trie_child(rondo__trie *trie, uint32_t parent, uint32_t symbol);

/* Numbers of the words of text, which stand between white space: the same word, the same number. names: cleared with
 * room for all code points of all the texts whose words are to be compared. */
bool rondo__row_words(rondo__row *words, const rondo__row *text, rondo__trie *names);
/* The words of two UTF-8 texts, comparable with each other. scratch: two rows. */
bool rondo__row_words_of_pair(rondo__row words[2], const char *a, const char *b, bool lower, rondo__row scratch[2],
                              rondo__trie *names);
/* Clears the trie and counts all n-grams of both texts, n from 1 to order. */
bool rondo__trie_count(rondo__trie *trie, const rondo__row text[2], int order);
/* matches[n - 1] += n-grams of the first text that the second has too, each as often as in the rarer one. */
void rondo__trie_matches(const rondo__trie *trie, int64_t *matches);
static inline int64_t rondo__ngrams(size_t length, int n) { return (int64_t)length >= n ? (int64_t)length - n + 1 : 0; }

/* ---- the door (check.c) ---- */
/* RONDO_ARGUMENT unless both lists hold segments texts. */
rondo_status rondo__score_check(const char *where, int64_t segments, const char *const *system,
                                const char *const *reference, rondo_error *err);
rondo_status rondo__score_memory(const char *where, rondo_error *err);

#endif

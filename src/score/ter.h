/* Translation edit rate: word edits, with a block of words that moves counting as one. */
#ifndef RONDO_SCORE_TER_H
#define RONDO_SCORE_TER_H

#include "score/texts.h"

/* Edit distances between a system's words (n) and a reference's (m), kept near the diagonal: row i, for the first i
 * words of the system, holds columns [rondo__ter_low, rondo__ter_high), and what lies outside counts as out of reach.
 */
typedef struct rondo__ter_table {
    const uint32_t *system, *reference;
    int32_t n, m;
    int32_t reach; /* columns to either side of the diagonal */
    int32_t width; /* of a row in memory */
    double slope;  /* columns per row */
    int32_t *cost; /* (n + 1, width); room for two more rows behind them */
    size_t capacity;
} rondo__ter_table;
void rondo__ter_table_free(rondo__ter_table *table);
/* Sets sizes and memory for these words; fills nothing. False: out of memory or too long. */
bool rondo__ter_table_make(rondo__ter_table *table, const rondo__row *system, const rondo__row *reference);
/* Fills the rows after the first `from` words; those above stand. */
void rondo__ter_fill(rondo__ter_table *table, int32_t from);
int32_t rondo__ter_distance(const rondo__ter_table *table);

/* Words [from, middle) and [middle, to) change places: what moving a block comes to. */
typedef struct rondo__ter_swap {
    int32_t from, middle, to;
} rondo__ter_swap;
/* The distance that the system's words would have after the swap. */
int32_t rondo__ter_distance_after(const rondo__ter_table *table, rondo__ter_swap swap);

/* Where edits are: for each word of the reference the word of the system that it stands at (-1: before the first), and
 * for either side whether the word is wrong. */
typedef struct rondo__ter_alignment {
    int32_t *at;                             /* (m) */
    uint8_t *wrong_system, *wrong_reference; /* (n), (m) */
} rondo__ter_alignment;
void rondo__ter_align(const rondo__ter_table *table, rondo__ter_alignment *out);

typedef struct rondo__ter_counter {
    rondo__row text[2], words[2], moved;
    rondo__trie names;
    rondo__ter_table table;
    rondo__ter_alignment alignment;
    size_t alignment_capacity;
} rondo__ter_counter;
void rondo__ter_counter_free(rondo__ter_counter *counter);
/* Edits between counter->words, moves included; moves words about. False: out of memory. */
bool rondo__ter_edits(rondo__ter_counter *counter, int64_t *edits);

#endif

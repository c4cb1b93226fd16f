/* A set of strings with counts: every string once, found by hash; its index is its place in order of arrival. */
#ifndef RONDO_DATA_SYMBOLS_H
#define RONDO_DATA_SYMBOLS_H

#include "core/core.h"

typedef struct rondo__symbol {
    size_t start, size; /* bytes in the set's text */
    int64_t count;
} rondo__symbol;

typedef struct rondo__symbols {
    rondo__text bytes;
    rondo__symbol *item;
    int32_t *slot; /* open addressing; index + 1, 0 is free */
    int64_t count, capacity, slots;
} rondo__symbols;

void rondo__symbols_free(rondo__symbols *set);
/* Index of the string, -1: absent. */
int32_t rondo__symbols_find(const rondo__symbols *set, const char *s, size_t size);
/* Adds times to the count of the string, which joins the set if need be. Index, or -1: out of memory. */
int32_t rondo__symbols_add(rondo__symbols *set, const char *s, size_t size, int64_t times);
static inline const char *rondo__symbols_text(const rondo__symbols *set, int64_t index, size_t *size) {
    *size = set->item[index].size;
    return set->bytes.data + set->item[index].start;
}
/* Makes sorted (empty) hold at most limit of set's strings with a count from least on: by falling count, then by bytes.
 * Its counts are those of set. False: out of memory. */
bool rondo__symbols_sort(const rondo__symbols *set, rondo__symbols *sorted, int64_t least, int64_t limit);

#endif

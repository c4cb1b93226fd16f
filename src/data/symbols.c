#include "data/symbols.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const char *s, size_t size) { /* FNV-1a */
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)s[i]) * 1099511628211u;
    return hash ^ hash >> 32;
}

void rondo__symbols_free(rondo__symbols *set) {
    rondo__text_free(&set->bytes);
    rondo__free(set->item);
    rondo__free(set->slot);
    *set = (rondo__symbols){0};
}

/* Slot that holds the string, or the free one where it would go. */
static int64_t slot_of(const rondo__symbols *set, const char *s, size_t size) {
    const uint64_t mask = (uint64_t)set->slots - 1;
    for (uint64_t at = hash_of(s, size) & mask;; at = (at + 1) & mask) {
        const int32_t index = set->slot[at] - 1;
        if (index < 0 ||
            (set->item[index].size == size && memcmp(set->bytes.data + set->item[index].start, s, size) == 0))
            return (int64_t)at;
    }
}

int32_t rondo__symbols_find(const rondo__symbols *set, const char *s, size_t size) {
    return set->slots > 0 ? set->slot[slot_of(set, s, size)] - 1 : -1;
}

/* Room for one more: the table stays at most half full. */
static bool grow(rondo__symbols *set) {
    const int64_t capacity = set->capacity > 0 ? set->capacity * 2 : 256;
    if (capacity > INT32_MAX / 2)
        return false;
    rondo__symbol *item = rondo__realloc(set->item, (size_t)set->count * sizeof *item, (size_t)capacity * sizeof *item);
    if (!item)
        return false;
    set->item = item;
    int32_t *slot = rondo__calloc((size_t)capacity * 2, sizeof *slot);
    if (!slot)
        return false;
    rondo__free(set->slot);
    set->slot = slot;
    set->slots = capacity * 2;
    set->capacity = capacity;
    for (int64_t i = 0; i < set->count; i++)
        slot[slot_of(set, set->bytes.data + item[i].start, item[i].size)] = (int32_t)i + 1;
    return true;
}

int32_t rondo__symbols_add(rondo__symbols *set, const char *s, size_t size, int64_t times) {
    int32_t index = rondo__symbols_find(set, s, size);
    if (index < 0) {
        if (set->count == set->capacity && !grow(set))
            return -1;
        const size_t start = set->bytes.size;
        rondo__text_add(&set->bytes, s, size);
        if (set->bytes.failed)
            return -1;
        index = (int32_t)set->count++;
        set->item[index] = (rondo__symbol){.start = start, .size = size};
        set->slot[slot_of(set, s, size)] = index + 1;
    }
    set->item[index].count += times;
    return index;
}

typedef struct ranked {
    const char *text;
    rondo__symbol symbol;
} ranked;

static int by_rank(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    const size_t size = x->symbol.size < y->symbol.size ? x->symbol.size : y->symbol.size;
    int order;
    if (x->symbol.count != y->symbol.count)
        return x->symbol.count > y->symbol.count ? -1 : 1;
    order = memcmp(x->text, y->text, size);
    return order ? order : (x->symbol.size > y->symbol.size) - (x->symbol.size < y->symbol.size);
}

bool rondo__symbols_sort(const rondo__symbols *set, rondo__symbols *sorted, int64_t least, int64_t limit) {
    ranked *all = rondo__calloc((size_t)set->count + 1, sizeof *all);
    bool fine = all != NULL;
    if (!all)
        return false;
    for (int64_t i = 0; i < set->count; i++)
        all[i] = (ranked){set->bytes.data + set->item[i].start, set->item[i]};
    qsort(all, (size_t)set->count, sizeof *all, by_rank);
    for (int64_t i = 0; i < set->count && i < limit && all[i].symbol.count >= least && fine; i++)
        fine = rondo__symbols_add(sorted, all[i].text, all[i].symbol.size, all[i].symbol.count) >= 0;
    rondo__free(all);
    return fine;
}

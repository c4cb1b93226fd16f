/* A trie over 32-bit symbols, held as a list of nodes and one hash table from (parent, symbol) to the child.
 *
 * It does both things that the scores need. A word is the node at the end of its characters, so that two words are
 * equal when their nodes are. An n-gram is a node n deep, and from one start all its lengths are found on one walk:
 * exact counts, without hashing any sequence as a whole. Clearing costs what the next texts need, not what the longest
 * needed. */
#include <string.h>

#include "score/texts.h"

#define MOST_NODES ((size_t)1 << 30)

void rondo__trie_free(rondo__trie *trie) {
    rondo__free(trie->node);
    rondo__free(trie->slot);
    *trie = (rondo__trie){0};
}

static bool make_room(rondo__trie *trie, size_t nodes, size_t slots) {
    if (nodes > trie->capacity) {
        rondo__free(trie->node);
        trie->node = NULL;
        trie->capacity = 0;
        trie->node = rondo__alloc(nodes * sizeof *trie->node);
        if (!trie->node)
            return false;
        trie->capacity = nodes;
    }
    if (slots > trie->slots) {
        rondo__free(trie->slot);
        trie->slot = NULL;
        trie->slots = 0;
        trie->slot = rondo__alloc(slots * sizeof *trie->slot);
        if (!trie->slot)
            return false;
        trie->slots = slots;
    }
    return true;
}

bool rondo__trie_clear(rondo__trie *trie, size_t nodes) {
    int bits = 6;
    if (nodes >= MOST_NODES)
        return false;
    nodes++;
    while ((size_t)1 << bits < nodes * 2)
        bits++;
    if (!make_room(trie, nodes, (size_t)1 << bits))
        return false;
    memset(trie->slot, 0, sizeof *trie->slot << bits);
    trie->shift = 64 - bits;
    trie->node[0] = (rondo__trie_node){0};
    trie->count = 1;
    return true;
}

uint32_t rondo__trie_child(rondo__trie *trie, uint32_t parent, uint32_t symbol) {
    const size_t mask = SIZE_MAX >> trie->shift;
    const uint64_t key = ((uint64_t)parent << 32 | symbol) * 0x9E3779B97F4A7C15u;
    for (size_t at = (size_t)((key ^ key >> 29) * 0xBF58476D1CE4E5B9u >> trie->shift);; at = (at + 1) & mask) {
        const uint32_t child = trie->slot[at];
        if (child == 0) {
            trie->node[trie->count] = (rondo__trie_node){parent, symbol, trie->node[parent].depth + 1, {0, 0}};
            return trie->slot[at] = (uint32_t)trie->count++;
        }
        if (trie->node[child].parent == parent && trie->node[child].symbol == symbol)
            return child;
    }
}

bool rondo__row_words(rondo__row *words, const rondo__row *text, rondo__trie *names) {
    words->count = 0;
    if (!rondo__row_reserve(words, text->count))
        return false;
    uint32_t word = 0;
    for (size_t i = 0; i < text->count; i++) {
        const bool space = rondo__is_space(text->data[i]);
        if (!space)
            word = rondo__trie_child(names, word, text->data[i]);
        if (word && (space || i + 1 == text->count)) {
            rondo__row_push(words, word);
            word = 0;
        }
    }
    return true;
}

bool rondo__row_words_of_pair(rondo__row words[2], const char *a, const char *b, bool lower, rondo__row scratch[2],
                              rondo__trie *names) {
    return rondo__row_decode(&scratch[0], a, lower) && rondo__row_decode(&scratch[1], b, lower) &&
           rondo__trie_clear(names, scratch[0].count + scratch[1].count) &&
           rondo__row_words(&words[0], &scratch[0], names) && rondo__row_words(&words[1], &scratch[1], names);
}

static void count_side(rondo__trie *trie, const rondo__row *text, int order, int side) {
    for (size_t start = 0; start < text->count; start++) {
        uint32_t node = 0;
        for (size_t at = start; at < text->count && at < start + (size_t)order; at++) {
            node = rondo__trie_child(trie, node, text->data[at]);
            trie->node[node].times[side]++;
        }
    }
}

bool rondo__trie_count(rondo__trie *trie, const rondo__row text[2], int order) {
    size_t nodes;
    if (!rondo__size_mul(text[0].count + text[1].count, (size_t)order, &nodes) || !rondo__trie_clear(trie, nodes))
        return false;
    count_side(trie, &text[0], order, 0);
    count_side(trie, &text[1], order, 1);
    return true;
}

void rondo__trie_matches(const rondo__trie *trie, int64_t *matches) {
    for (size_t i = 1; i < trie->count; i++) {
        const rondo__trie_node *node = &trie->node[i];
        matches[node->depth - 1] += node->times[0] < node->times[1] ? node->times[0] : node->times[1];
    }
}

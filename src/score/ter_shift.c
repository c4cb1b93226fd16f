/* The search for moves. Finding the fewest edits with moves is hard (NP), so TER is defined by a greedy search: as long
 * as it helps, make the move that lowers the edit distance most, and count one for each.
 *
 * A move takes words of the system that also stand in the reference, at most 10 of them and at most 50 places off,
 * where either place has an error, and puts them next to the words that stand where the reference has them. Of equal
 * gains the longest block wins, then the first, then the one that goes furthest to the front. The search ends after
 * 1000 candidates, and a round in which that happens makes no move: these limits are part of the definition, as the
 * scores depend on them. */
#include <string.h>

#include "score/ter.h"

#define LONGEST_MOVE 10
#define FURTHEST_MOVE 50
#define MOST_CANDIDATES 1000

typedef struct move {
    int32_t gain, length, from, target;
} move;

typedef struct search {
    rondo__ter_counter *counter;
    int32_t n, m;
    int64_t candidates;
    bool any;
    move best;
} search;

/* The block [from, from + length) goes before the word at target. A target inside the block moves it on by so many. */
static rondo__ter_swap swap_of(const move *m, int32_t words) {
    if (m->target < m->from)
        return (rondo__ter_swap){m->target, m->from, m->from + m->length};
    int32_t to = m->target > m->from + m->length ? m->target : m->target + m->length;
    return (rondo__ter_swap){m->from, m->from + m->length, to < words ? to : words};
}

static bool beats(const move *a, const move *b) {
    if (a->gain != b->gain)
        return a->gain > b->gain;
    if (a->length != b->length)
        return a->length > b->length;
    return a->from != b->from ? a->from < b->from : a->target < b->target;
}

static bool any_wrong(const uint8_t *wrong, int32_t length) { return memchr(wrong, 1, (size_t)length) != NULL; }

/* Tries all targets for the system's words [from, from + length), which stand in the reference from `there` on. */
static void try_block(search *s, int32_t from, int32_t there, int32_t length) {
    const rondo__ter_table *table = &s->counter->table;
    const rondo__ter_alignment *alignment = &s->counter->alignment;
    int32_t previous = -1;
    for (int32_t place = there - 1; place < there + length && place < s->m; place++) {
        const int32_t target = place < 0 ? 0 : alignment->at[place] + 1;
        if (target == previous)
            continue;
        previous = target;
        move candidate = {0, length, from, target};
        candidate.gain = rondo__ter_distance(table) - rondo__ter_distance_after(table, swap_of(&candidate, s->n));
        if (!s->any || beats(&candidate, &s->best))
            s->best = candidate;
        s->any = true;
        s->candidates++;
    }
}

static bool is_worth_a_try(const search *s, int32_t from, int32_t there, int32_t length) {
    const rondo__ter_alignment *alignment = &s->counter->alignment;
    const int32_t stands = alignment->at[there];
    return any_wrong(alignment->wrong_system + from, length) && any_wrong(alignment->wrong_reference + there, length) &&
           (stands < from || stands >= from + length);
}

/* All blocks that begin at these two places. */
static void try_places(search *s, int32_t from, int32_t there) {
    const uint32_t *system = s->counter->words[0].data, *reference = s->counter->words[1].data;
    for (int32_t length = 1; length <= LONGEST_MOVE && from + length <= s->n && there + length <= s->m; length++) {
        if (system[from + length - 1] != reference[there + length - 1] || s->candidates >= MOST_CANDIDATES)
            return;
        if (is_worth_a_try(s, from, there, length))
            try_block(s, from, there, length);
    }
}

static void find_best(search *s) {
    s->any = false;
    for (int32_t from = 0; from < s->n; from++) {
        const int32_t last = from < s->m - 1 - FURTHEST_MOVE ? from + FURTHEST_MOVE : s->m - 1;
        for (int32_t there = from > FURTHEST_MOVE ? from - FURTHEST_MOVE : 0; there <= last; there++) {
            try_places(s, from, there);
            if (s->candidates >= MOST_CANDIDATES)
                return;
        }
    }
}

static void make_move(rondo__ter_counter *counter, rondo__ter_swap swap) {
    uint32_t *words = counter->words[0].data, *kept = counter->moved.data;
    const size_t first = (size_t)(swap.middle - swap.from), second = (size_t)(swap.to - swap.middle);
    memcpy(kept, words + swap.from, first * sizeof *words);
    memmove(words + swap.from, words + swap.middle, second * sizeof *words);
    memcpy(words + swap.from + second, kept, first * sizeof *words);
    rondo__ter_fill(&counter->table, swap.from);
}

static bool make_alignment(rondo__ter_counter *counter) {
    rondo__ter_alignment *a = &counter->alignment;
    const size_t n = counter->words[0].count, m = counter->words[1].count;
    const size_t places = n > m ? n : m;
    if (places <= counter->alignment_capacity)
        return true;
    rondo__free(a->at);
    counter->alignment_capacity = 0;
    a->at = rondo__calloc(places, sizeof *a->at + 2); /* the two lists of marks stand behind it */
    if (!a->at)
        return false;
    a->wrong_system = (uint8_t *)(a->at + places);
    a->wrong_reference = a->wrong_system + places;
    counter->alignment_capacity = places;
    return true;
}

void rondo__ter_counter_free(rondo__ter_counter *counter) {
    for (int side = 0; side < 2; side++) {
        rondo__row_free(&counter->text[side]);
        rondo__row_free(&counter->words[side]);
    }
    rondo__row_free(&counter->moved);
    rondo__trie_free(&counter->names);
    rondo__ter_table_free(&counter->table);
    rondo__free(counter->alignment.at);
}

bool rondo__ter_edits(rondo__ter_counter *counter, int64_t *edits) {
    rondo__row *words = counter->words;
    if (words[1].count == 0) {
        *edits = (int64_t)words[0].count;
        return true;
    }
    if (!make_alignment(counter) || !rondo__row_reserve(&counter->moved, words[0].count) ||
        !rondo__ter_table_make(&counter->table, &words[0], &words[1]))
        return false;
    search s = {.counter = counter, .n = counter->table.n, .m = counter->table.m};
    int64_t moves = 0;
    rondo__ter_fill(&counter->table, 0);
    for (;; moves++) {
        rondo__ter_align(&counter->table, &counter->alignment);
        find_best(&s);
        if (s.candidates >= MOST_CANDIDATES || !s.any || s.best.gain <= 0)
            break;
        make_move(counter, swap_of(&s.best, s.n));
    }
    *edits = moves + rondo__ter_distance(&counter->table);
    return true;
}

/* Edit distance near the diagonal, from the side of the system's words: a row per word of it, a column per word of the
 * reference.
 *
 * Every candidate of a move asks for a distance, and nearly all of its table is the one at hand: rows before the
 * changed words are the same, and once a row after them differs from the one at hand by one constant everywhere, so
 * will all that follow. Only the rows between are computed. */
#include <math.h>

#include "score/ter.h"

#define REACH 25
#define FAR (INT32_MAX / 2) /* out of reach; FAR + 1 is no better, so it never spreads */
#define LONGEST (INT32_MAX / 8)

void rondo__ter_table_free(rondo__ter_table *table) {
    rondo__free(table->cost);
    *table = (rondo__ter_table){0};
}

bool rondo__ter_table_make(rondo__ter_table *t, const rondo__row *system, const rondo__row *reference) {
    size_t cells, bytes;
    if (system->count > LONGEST || reference->count > LONGEST)
        return false;
    t->system = system->data;
    t->reference = reference->data;
    t->n = (int32_t)system->count;
    t->m = (int32_t)reference->count;
    t->slope = t->n > 0 ? (double)t->m / (double)t->n : 1;
    t->reach = t->slope / 2 > REACH ? (int32_t)ceil(t->slope / 2 + REACH) : REACH;
    t->width = t->reach + 2 + (t->slope > t->reach ? (int32_t)t->slope : t->reach);
    if (!rondo__size_mul((size_t)t->n + 3, (size_t)t->width, &cells) ||
        !rondo__size_mul(cells, sizeof *t->cost, &bytes))
        return false;
    if (cells <= t->capacity)
        return true;
    rondo__free(t->cost);
    t->capacity = 0;
    t->cost = rondo__alloc(bytes);
    if (t->cost)
        t->capacity = cells;
    return t->cost != NULL;
}

static int32_t low(const rondo__ter_table *t, int32_t row) {
    const int32_t first = (int32_t)floor(row * t->slope) - t->reach;
    return row > 0 && first > 0 ? first : 0;
}

/* Row 0 reaches as far as row 1 looks; the last row to the end. */
static int32_t high(const rondo__ter_table *t, int32_t row) {
    const int32_t end = (int32_t)floor((row > 0 ? row : 1) * t->slope) + t->reach;
    return row == t->n || end > t->m + 1 ? t->m + 1 : end;
}

static int32_t *row_of(const rondo__ter_table *t, int32_t row) { return t->cost + (size_t)row * (size_t)t->width; }

static int32_t cost_at(const rondo__ter_table *t, int32_t row, int32_t column) {
    if (row == 0)
        return column;
    const int32_t first = low(t, row);
    return column < first || column >= high(t, row) ? FAR : row_of(t, row)[column - first];
}

/* out: the row of a table whose row before is above, for this word. */
static void next_row(const rondo__ter_table *t, int32_t row, uint32_t word, const int32_t *above, int32_t *out) {
    const int32_t first = low(t, row), end = high(t, row), first_above = low(t, row - 1), end_above = high(t, row - 1);
    int32_t left = FAR;
    for (int32_t j = first; j < end; j++) {
        const int32_t up = j >= first_above && j < end_above ? above[j - first_above] : FAR;
        int32_t best = up + 1;
        if (j > 0) {
            const bool known = j > first_above && j <= end_above;
            const int32_t change = (known ? above[j - 1 - first_above] : FAR) + (word != t->reference[j - 1]);
            best = change < best ? change : best;
            best = left + 1 < best ? left + 1 : best;
        }
        left = out[j - first] = best < FAR ? best : FAR;
    }
}

void rondo__ter_fill(rondo__ter_table *t, int32_t from) {
    const int32_t end = high(t, 0);
    for (int32_t j = 0; j < end && j < t->width; j++)
        t->cost[j] = j;
    for (int32_t i = from + 1; i <= t->n; i++)
        next_row(t, i, t->system[i - 1], row_of(t, i - 1), row_of(t, i));
}

int32_t rondo__ter_distance(const rondo__ter_table *t) { return cost_at(t, t->n, t->m); }

static uint32_t word_after(const rondo__ter_table *t, rondo__ter_swap swap, int32_t at) {
    if (at < swap.from || at >= swap.to)
        return t->system[at];
    const int32_t moved = swap.middle + (at - swap.from);
    return t->system[moved < swap.to ? moved : moved - (swap.to - swap.from)];
}

/* Whether the row is the known one of the table plus one number, *difference, in all its columns. */
static bool runs_along(const rondo__ter_table *t, int32_t row, const int32_t *costs, int32_t *difference) {
    const int32_t columns = high(t, row) - low(t, row), *known = row_of(t, row);
    bool found = false;
    *difference = 0;
    for (int32_t j = 0; j < columns; j++) {
        if ((costs[j] == FAR) != (known[j] == FAR))
            return false;
        if (costs[j] == FAR)
            continue;
        if (found && costs[j] - known[j] != *difference)
            return false;
        *difference = costs[j] - known[j];
        found = true;
    }
    return true;
}

int32_t rondo__ter_distance_after(const rondo__ter_table *t, rondo__ter_swap swap) {
    const int32_t *above = row_of(t, swap.from);
    int32_t difference;
    if (swap.from == swap.middle || swap.middle == swap.to)
        return rondo__ter_distance(t);
    for (int32_t i = swap.from + 1; i <= t->n; i++) {
        int32_t *row = row_of(t, t->n + 1 + i % 2);
        next_row(t, i, word_after(t, swap, i - 1), above, row);
        if (i >= swap.to && runs_along(t, i, row, &difference))
            return rondo__ter_distance(t) + difference;
        above = row;
    }
    return above[t->m - low(t, t->n)];
}

/* Backwards from the corner; of equally good ways a pair of words comes first, then a word too many, then a missing
 * one: the choice decides which moves are tried. */
void rondo__ter_align(const rondo__ter_table *t, rondo__ter_alignment *out) {
    int32_t i = t->n, j = t->m;
    while (i > 0 || j > 0) {
        const int32_t cost = cost_at(t, i, j);
        const bool wrong = i > 0 && j > 0 && t->system[i - 1] != t->reference[j - 1];
        if (i > 0 && j > 0 && cost == cost_at(t, i - 1, j - 1) + wrong) {
            out->at[j - 1] = i - 1;
            out->wrong_system[i - 1] = out->wrong_reference[j - 1] = wrong;
            i--;
            j--;
        } else if (j == 0 || (i > 0 && cost == cost_at(t, i - 1, j) + 1)) {
            out->wrong_system[--i] = 1;
        } else {
            out->at[j - 1] = i - 1;
            out->wrong_reference[--j] = 1;
        }
    }
}

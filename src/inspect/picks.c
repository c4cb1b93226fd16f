#include "inspect/picks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { AROUND = 20, APART = 20 }; /* steps kept on each side; between two picks at least */

rondo_status rondo__picks_make(rondo__picks *out, int64_t limit, rondo_error *err) {
    *out = (rondo__picks){.limit = limit, .pick = rondo__calloc((size_t)limit, sizeof(rondo__pick))};
    return out->pick ? RONDO_OK
                     : rondo__fail(err, RONDO_MEMORY, "inspect: no memory for %lld places", (long long)limit);
}

static void free_pick(rondo__pick *pick) {
    rondo__free(pick->name);
    rondo__free(pick->value);
}

void rondo__picks_free(rondo__picks *picks) {
    for (int64_t i = 0; i < picks->count; i++)
        free_pick(&picks->pick[i]);
    rondo__free(picks->pick);
    *picks = (rondo__picks){0};
}

/* What the steps are in a row of them: symbols, words with blanks between them, and of what is no text a point each. */
bool rondo__picks_blank(const rondo__look_axis *axis, int64_t t) {
    return axis->text && t > 0 && axis->text[t][0] == ' ' && axis->text[t][1];
}
static const char *name_of(const rondo__look_axis *axis, int64_t t) { return axis->text ? axis->label[t] : "·"; }

/* Pointers, and behind them the texts they point to, in one piece. */
static const char **copy_names(const rondo__pick *pick, const rondo__look_axis *axis) {
    size_t bytes = (size_t)pick->count * sizeof(char *);
    for (int64_t i = 0; i < pick->count; i++)
        bytes += strlen(name_of(axis, pick->begin + i)) + 2;
    const char **out = rondo__alloc(bytes);
    char *at = out ? (char *)(out + pick->count) : NULL;
    for (int64_t i = 0; out && i < pick->count; i++) {
        const int64_t t = pick->begin + i;
        out[i] = at;
        if (i && rondo__picks_blank(axis, t))
            *at++ = ' ';
        at = stpcpy(at, name_of(axis, t)) + 1;
    }
    return out;
}

/* "symbol 38"; where steps have their own names, "second 0.12" */
static void name_place(rondo__pick *pick, const rondo__look_axis *axis) {
    const int64_t t = pick->begin + pick->from;
    if (axis->text)
        snprintf(pick->place, sizeof pick->place, "%s %lld", axis->unit, (long long)t);
    else
        snprintf(pick->place, sizeof pick->place, "%s %.40s", axis->unit, axis->label[t]);
}

static rondo_status insert(rondo__picks *picks, rondo__pick pick, const rondo__look_axis *axis, const double *value,
                           rondo_error *err) {
    pick.name = copy_names(&pick, axis);
    name_place(&pick, axis);
    pick.value = rondo__alloc((size_t)pick.count * sizeof *pick.value);
    if (!pick.name || !pick.value) {
        free_pick(&pick);
        return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for a place");
    }
    memcpy(pick.value, value + pick.begin, (size_t)pick.count * sizeof *value);
    if (picks->count == picks->limit)
        free_pick(&picks->pick[--picks->count]);
    int64_t at = picks->count++;
    for (; at > 0 && picks->pick[at - 1].score < pick.score; at--)
        picks->pick[at] = picks->pick[at - 1];
    picks->pick[at] = pick;
    return RONDO_OK;
}

static int64_t highest(int64_t windows, const double *score) {
    int64_t best = -1;
    for (int64_t i = 0; i < windows; i++)
        if (!isnan(score[i]) && (best < 0 || score[i] > score[best]))
            best = i;
    return best;
}

rondo_status rondo__picks_offer(rondo__picks *picks, int64_t passage, const rondo__look_axis *axis, const double *value,
                                int64_t length, double *score, rondo_error *err) {
    const int64_t windows = axis->T - length + 1, apart = length > APART ? length : APART;
    rondo_status status = RONDO_OK;
    for (int64_t taken = 0; taken < picks->limit && !status; taken++) {
        const int64_t best = highest(windows, score);
        if (best < 0 || (picks->count == picks->limit && score[best] <= picks->pick[picks->count - 1].score))
            break;
        const int64_t begin = best > AROUND ? best - AROUND : 0, after = best + length + AROUND;
        const rondo__pick pick = {.score = score[best],
                                  .passage = passage,
                                  .begin = begin,
                                  .count = (after < axis->T ? after : axis->T) - begin,
                                  .from = best - begin,
                                  .to = best - begin + length};
        status = insert(picks, pick, axis, value, err);
        for (int64_t i = best - apart + 1; i < best + apart; i++)
            if (i >= 0 && i < windows)
                score[i] = NAN;
    }
    return status;
}

/* Error rates over symbols between blanks: how many segments are wrong, and how many symbols must be inserted, deleted
 * or changed (Levenshtein 1966) to make them right. Of several right answers the nearest counts, of equally near ones
 * the first. */

#include "rondo/score.h"
#include "score/texts.h"

typedef struct measure {
    rondo__row words[2], scratch[2], costs;
    rondo__trie names;
} measure;

static void measure_free(measure *m) {
    for (int side = 0; side < 2; side++) {
        rondo__row_free(&m->words[side]);
        rondo__row_free(&m->scratch[side]);
    }
    rondo__row_free(&m->costs);
    rondo__trie_free(&m->names);
}

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* One row of the usual table at a time; what both have in common at either end costs nothing and is left out. */
static bool edit_distance(measure *m, int64_t *edits) {
    const uint32_t *a = m->words[0].data, *b = m->words[1].data;
    size_t n = m->words[0].count, k = m->words[1].count;
    for (; n > 0 && k > 0 && a[n - 1] == b[k - 1]; n--)
        k--;
    for (; n > 0 && k > 0 && *a == *b; n--, a++, b++)
        k--;
    m->costs.count = 0;
    if (!rondo__row_reserve(&m->costs, k + 1))
        return false;
    uint32_t *cost = m->costs.data;
    for (size_t j = 0; j <= k; j++)
        cost[j] = (uint32_t)j;
    for (size_t i = 0; i < n; i++) {
        uint32_t diagonal = cost[0]++;
        for (size_t j = 1; j <= k; j++) {
            const uint32_t change = diagonal + (a[i] != b[j - 1]);
            diagonal = cost[j];
            cost[j] = least(change, least(cost[j], cost[j - 1]) + 1);
        }
    }
    *edits = cost[k];
    return true;
}

static bool add_segment(measure *m, rondo_error_rates *sum, const char *system, const char *const *answers,
                        int64_t count) {
    int64_t best = INT64_MAX, symbols = 0;
    for (int64_t i = 0; i < count && best > 0; i++) {
        int64_t edits;
        if (!rondo__row_words_of_pair(m->words, system, answers[i], false, m->scratch, &m->names) ||
            !edit_distance(m, &edits))
            return false;
        if (edits < best) {
            best = edits;
            symbols = (int64_t)m->words[1].count;
        }
    }
    sum->segments++;
    sum->wrong += best > 0;
    sum->edits += best;
    sum->symbols += symbols;
    return true;
}

static rondo_status check(const char *where, int64_t segments, const char *const *system,
                          const char *const *const *answers, const int64_t *answer_count, rondo_error *err) {
    if (segments > 0 && (!system || !answers || !answer_count))
        return rondo__fail(err, RONDO_ARGUMENT, "%s: system, answers and answer_count may not be NULL", where);
    for (int64_t i = 0; i < segments; i++) {
        if (answer_count[i] < 1)
            return rondo__fail(err, RONDO_ARGUMENT, "%s: segment %lld has %lld answers (one at least)", where,
                               (long long)i, (long long)answer_count[i]);
        bool whole = system[i] && answers[i];
        for (int64_t k = 0; whole && k < answer_count[i]; k++)
            whole = answers[i][k] != NULL;
        if (!whole)
            return rondo__fail(err, RONDO_ARGUMENT, "%s: segment %lld holds a NULL (an empty text is \"\")", where,
                               (long long)i);
    }
    return RONDO_OK;
}

/* Share of whole; where there is nothing to be got right, anything is all wrong. */
static double rate(int64_t part, int64_t whole) {
    if (whole == 0)
        return part > 0 ? 1 : 0;
    return (double)part / (double)whole;
}

rondo_status rondo_error_rates_corpus(rondo_error_rates *out, int64_t segments, const char *const *system,
                                      const char *const *const *answers, const int64_t *answer_count,
                                      rondo_error *err) {
    const char *where = "rondo_error_rates_corpus";
    if (!out || segments < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: out is NULL or segments negative", where);
    rondo_status status = check(where, segments, system, answers, answer_count, err);
    if (status != RONDO_OK)
        return status;
    measure m = {0};
    rondo_error_rates sum = {0};
    bool fine = true;
    for (int64_t i = 0; i < segments && fine; i++)
        fine = add_segment(&m, &sum, system[i], answers[i], answer_count[i]);
    measure_free(&m);
    if (!fine)
        return rondo__score_memory(where, err);
    sum.segment_error_rate = rate(sum.wrong, sum.segments);
    sum.symbol_error_rate = rate(sum.edits, sum.symbols);
    *out = sum;
    return RONDO_OK;
}

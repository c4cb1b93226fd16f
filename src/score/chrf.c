/* chrF: character n-gram F-score (Popovic, WMT 2015), for a whole corpus with one reference each: chrF2 with n from 1
 * to 6, no word n-grams, white space left out, case kept.
 *
 *   precision_n = matches / n-grams of the system, recall_n = matches / n-grams of the reference, over all segments
 *   P, R = means over those n of which both sides have n-grams;  chrF = 5 P R / (4 P + R)
 *
 * Where a segment's reference is too short for an n-gram, the system's n-grams of that length are not counted either.
 */
#include "rondo/score.h"
#include "score/texts.h"

#define ORDER 6
#define BETA2 4.0 /* beta 2: recall weighs twice as much as precision */

typedef struct counts {
    int64_t system[ORDER], reference[ORDER], matches[ORDER];
} counts;

static bool add_segment(counts *sum, rondo__row text[2], rondo__trie *ngrams, const char *system,
                        const char *reference) {
    if (!rondo__row_decode(&text[0], system, false) || !rondo__row_decode(&text[1], reference, false))
        return false;
    rondo__row_drop_spaces(&text[0]);
    rondo__row_drop_spaces(&text[1]);
    if (!rondo__trie_count(ngrams, text, ORDER))
        return false;
    for (int n = 1; n <= ORDER; n++) {
        const int64_t reference_ngrams = rondo__ngrams(text[1].count, n);
        sum->system[n - 1] += reference_ngrams > 0 ? rondo__ngrams(text[0].count, n) : 0;
        sum->reference[n - 1] += reference_ngrams;
    }
    rondo__trie_matches(ngrams, sum->matches);
    return true;
}

static double f_score(const counts *sum) {
    double precision = 0, recall = 0;
    int orders = 0;
    for (int n = 0; n < ORDER; n++) {
        if (sum->system[n] == 0 || sum->reference[n] == 0)
            continue;
        precision += (double)sum->matches[n] / (double)sum->system[n];
        recall += (double)sum->matches[n] / (double)sum->reference[n];
        orders++;
    }
    if (orders == 0 || precision + recall == 0)
        return 0;
    precision /= orders;
    recall /= orders;
    return 100 * (1 + BETA2) * precision * recall / (BETA2 * precision + recall);
}

rondo_status rondo_chrf_corpus(double *out, int64_t segments, const char *const *system, const char *const *reference,
                               rondo_error *err) {
    const char *where = "rondo_chrf_corpus";
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: out is NULL", where);
    const rondo_status status = rondo__score_check(where, segments, system, reference, err);
    if (status != RONDO_OK)
        return status;
    rondo__row text[2] = {{0}, {0}};
    rondo__trie ngrams = {0};
    counts sum = {0};
    bool fine = true;
    for (int64_t i = 0; i < segments && fine; i++)
        fine = add_segment(&sum, text, &ngrams, system[i], reference[i]);
    rondo__row_free(&text[0]);
    rondo__row_free(&text[1]);
    rondo__trie_free(&ngrams);
    if (!fine)
        return rondo__score_memory(where, err);
    *out = f_score(&sum);
    return RONDO_OK;
}

const char *rondo_chrf_signature(void) {
    return "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:rondo-" RONDO_VERSION;
}

/* TER: translation edit rate (Snover, Dorr, Schwartz, Micciulla and Makhoul, AMTA 2006), for a whole corpus with one
 * reference each: edits / words of the references. Words are what stands between white space, in lower case. */
#include "score/ter.h"
#include "rondo/score.h"

static double rate(int64_t edits, int64_t words) {
    if (words == 0)
        return edits > 0 ? 100 : 0;
    return 100 * ((double)edits / (double)words);
}

rondo_status rondo_ter_corpus(double *out, int64_t segments, const char *const *system, const char *const *reference,
                              rondo_error *err) {
    const char *where = "rondo_ter_corpus";
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: out is NULL", where);
    const rondo_status status = rondo__score_check(where, segments, system, reference, err);
    if (status != RONDO_OK)
        return status;
    rondo__ter_counter counter = {0};
    int64_t edits = 0, words = 0, more = 0;
    bool fine = true;
    for (int64_t i = 0; i < segments && fine; i++) {
        fine = rondo__row_words_of_pair(counter.words, system[i], reference[i], true, counter.text, &counter.names) &&
               rondo__ter_edits(&counter, &more);
        edits += more;
        words += (int64_t)counter.words[1].count;
    }
    rondo__ter_counter_free(&counter);
    if (!fine)
        return rondo__score_memory(where, err);
    *out = rate(edits, words);
    return RONDO_OK;
}

const char *rondo_ter_signature(void) {
    return "nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:rondo-" RONDO_VERSION;
}

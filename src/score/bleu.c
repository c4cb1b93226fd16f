/* BLEU: a method for automatic evaluation of machine translation (Papineni, Roukos, Ward and Zhu, ACL 2002), for a
 * whole corpus with one reference each.
 *
 *   p_n  = n-grams of the system that the reference has too, clipped per segment / n-grams of the system, n = 1 to 4
 *   BP   = 1 if the system is longer than the reference, else exp(1 - reference / system)
 *   BLEU = BP * exp(mean of log p_n)
 *
 * Exponential smoothing, as in NIST's mteval: the k-th p_n without a match counts as 1 / (2^k * n-grams). An order of
 * which the system has no n-gram at all makes the score 0, and so does a corpus without any match. */
#include "score/bleu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void rondo__bleu_counter_free(rondo__bleu_counter *counter) {
    for (int side = 0; side < 2; side++) {
        rondo__row_free(&counter->text[side]);
        rondo__row_free(&counter->words[side]);
    }
    rondo__row_free(&counter->scratch);
    rondo__trie_free(&counter->names);
    rondo__trie_free(&counter->ngrams);
}

static bool prepare(rondo__bleu_counter *counter, int side, const char *text) {
    rondo__row *row = &counter->text[side];
    if (!rondo__row_decode(row, text, counter->lowercase))
        return false;
    rondo__row_strip_end(row);
    return rondo__bleu_tokenize(row, &counter->scratch, counter->tokenizer);
}

bool rondo__bleu_count(rondo__bleu_counter *counter, rondo__bleu_counts *out, const char *system,
                       const char *reference) {
    rondo__row *words = counter->words;
    if (!prepare(counter, 0, system) || !prepare(counter, 1, reference) ||
        !rondo__trie_clear(&counter->names, counter->text[0].count + counter->text[1].count) ||
        !rondo__row_words(&words[0], &counter->text[0], &counter->names) ||
        !rondo__row_words(&words[1], &counter->text[1], &counter->names) ||
        !rondo__trie_count(&counter->ngrams, words, RONDO__BLEU_ORDER))
        return false;
    *out = (rondo__bleu_counts){.length = {(int64_t)words[0].count, (int64_t)words[1].count}};
    for (int n = 1; n <= RONDO__BLEU_ORDER; n++)
        out->total[n - 1] = rondo__ngrams(words[0].count, n);
    rondo__trie_matches(&counter->ngrams, out->correct);
    return true;
}

static double brevity_penalty(int64_t system, int64_t reference) {
    if (system >= reference)
        return 1;
    return system > 0 ? exp(1 - (double)reference / (double)system) : 0;
}

static void smoothed_precisions(double precision[RONDO__BLEU_ORDER], const rondo__bleu_counts *sum) {
    double smoothing = 1;
    for (int n = 0; n < RONDO__BLEU_ORDER && sum->total[n] > 0; n++) {
        if (sum->correct[n] > 0) {
            precision[n] = 100.0 * (double)sum->correct[n] / (double)sum->total[n];
        } else {
            smoothing *= 2;
            precision[n] = 100.0 / (smoothing * (double)sum->total[n]);
        }
    }
}

void rondo__bleu_score(rondo_bleu *out, const rondo__bleu_counts *sum) {
    int64_t matches = 0;
    double logs = 0;
    *out = (rondo_bleu){.brevity_penalty = brevity_penalty(sum->length[0], sum->length[1]),
                        .system_length = sum->length[0],
                        .reference_length = sum->length[1]};
    memcpy(out->correct, sum->correct, sizeof out->correct);
    memcpy(out->total, sum->total, sizeof out->total);
    for (int n = 0; n < RONDO__BLEU_ORDER; n++)
        matches += sum->correct[n];
    if (matches == 0)
        return;
    smoothed_precisions(out->precision, sum);
    for (int n = 0; n < RONDO__BLEU_ORDER; n++)
        logs += log(out->precision[n]);
    out->bleu = out->brevity_penalty * exp(logs / RONDO__BLEU_ORDER);
}

static bool count_corpus(rondo__bleu_counter *counter, rondo__bleu_counts *sum, int64_t segments,
                         const char *const *system, const char *const *reference) {
    for (int64_t i = 0; i < segments; i++) {
        rondo__bleu_counts counts;
        if (!rondo__bleu_count(counter, &counts, system[i], reference[i]))
            return false;
        rondo__bleu_add(sum, &counts);
    }
    return true;
}

rondo_status rondo_bleu_corpus(rondo_bleu *out, int64_t segments, const char *const *system,
                               const char *const *reference, rondo_bleu_tokenizer tokenizer, bool lowercase,
                               rondo_error *err) {
    const char *where = "rondo_bleu_corpus";
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: out is NULL", where);
    rondo_status status = rondo__score_check(where, segments, system, reference, err);
    if (status == RONDO_OK)
        status = rondo__bleu_check_tokenizer(where, tokenizer, err);
    if (status != RONDO_OK)
        return status;
    rondo__bleu_counter counter = {.tokenizer = tokenizer, .lowercase = lowercase};
    rondo__bleu_counts sum = {0};
    const bool fine = count_corpus(&counter, &sum, segments, system, reference);
    rondo__bleu_counter_free(&counter);
    if (!fine)
        return rondo__score_memory(where, err);
    rondo__bleu_score(out, &sum);
    snprintf(out->signature, sizeof out->signature, "nrefs:1|case:%s|eff:no|tok:%s|smooth:exp|version:rondo-%s",
             lowercase ? "lc" : "mixed", rondo__bleu_tokenizer_name(tokenizer), RONDO_VERSION);
    return RONDO_OK;
}

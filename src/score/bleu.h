/* BLEU in two halves: counts of one segment, and the score of a sum of counts. The bootstrap adds the same counts up in
 * many ways. */
#ifndef RONDO_SCORE_BLEU_H
#define RONDO_SCORE_BLEU_H

#include "rondo/score.h"
#include "score/texts.h"

#define RONDO__BLEU_ORDER 4

typedef struct rondo__bleu_counts {
    int64_t correct[RONDO__BLEU_ORDER], total[RONDO__BLEU_ORDER];
    int64_t length[2]; /* words of system and reference */
} rondo__bleu_counts;

typedef struct rondo__bleu_counter {
    rondo_bleu_tokenizer tokenizer;
    bool lowercase;
    rondo__row text[2], scratch, words[2];
    rondo__trie names, ngrams;
} rondo__bleu_counter;
void rondo__bleu_counter_free(rondo__bleu_counter *counter);
/* Counts of one segment. False: out of memory. */
bool rondo__bleu_count(rondo__bleu_counter *counter, rondo__bleu_counts *out, const char *system,
                       const char *reference);
static inline void rondo__bleu_add(rondo__bleu_counts *sum, const rondo__bleu_counts *counts) {
    for (int n = 0; n < RONDO__BLEU_ORDER; n++) {
        sum->correct[n] += counts->correct[n];
        sum->total[n] += counts->total[n];
    }
    sum->length[0] += counts->length[0];
    sum->length[1] += counts->length[1];
}
/* Fills all of out but the signature. */
void rondo__bleu_score(rondo_bleu *out, const rondo__bleu_counts *sum);
rondo_status rondo__bleu_check_tokenizer(const char *where, rondo_bleu_tokenizer tokenizer, rondo_error *err);

/* Cuts the text, in place, into words between blanks. False: out of memory. */
bool rondo__bleu_tokenize(rondo__row *text, rondo__row *scratch, rondo_bleu_tokenizer tokenizer);
const char *rondo__bleu_tokenizer_name(rondo_bleu_tokenizer tokenizer);

#endif

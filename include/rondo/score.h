/* Scores of output texts against reference texts: BLEU, chrF, TER, error rates, and whether a difference is more than
 * chance. The values are sacreBLEU 2's. A text is UTF-8, NUL-terminated, one segment without line end; a byte that is
 * no UTF-8 counts as one character. No segments at all are legal but for the bootstrap. Lower case is Unicode's where
 * Rondo was built with utf8proc, ASCII's elsewhere. */
#ifndef RONDO_SCORE_H
#define RONDO_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "rondo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rondo_bleu_tokenizer { RONDO_BLEU_13A, RONDO_BLEU_NONE, RONDO_BLEU_CHAR } rondo_bleu_tokenizer;
/* "13a", "none", "char" -> *out; RONDO_UNSUPPORTED for ja-mecab, zh and what else sacreBLEU knows, with what to use;
 * RONDO_ARGUMENT else. */
RONDO_API rondo_status rondo_bleu_tokenizer_find(const char *name, rondo_bleu_tokenizer *out, rondo_error *err);

typedef struct rondo_bleu {
    double bleu;         /* 0 to 100 */
    double precision[4]; /* 0 to 100, smoothed */
    double brevity_penalty;
    int64_t correct[4], total[4];
    int64_t system_length, reference_length;
    char signature[96]; /* "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:rondo-0.1.0" */
} rondo_bleu;
/* Corpus BLEU (Papineni 2002; exponential smoothing). references: one each. */
RONDO_API rondo_status rondo_bleu_corpus(rondo_bleu *out, int64_t segments, const char *const *system,
                                         const char *const *reference, rondo_bleu_tokenizer tokenizer, bool lowercase,
                                         rondo_error *err);
/* chrF2 (Popovic 2015): character n-grams to 6, no word n-grams, beta 2. 0 to 100. */
RONDO_API rondo_status rondo_chrf_corpus(double *out, int64_t segments, const char *const *system,
                                         const char *const *reference, rondo_error *err);
RONDO_API const char *rondo_chrf_signature(void); /* "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:..." */
/* Translation edit rate (Snover 2006) with sacreBLEU's defaults, 0 upwards, in per cent. */
RONDO_API rondo_status rondo_ter_corpus(double *out, int64_t segments, const char *const *system,
                                        const char *const *reference, rondo_error *err);
RONDO_API const char *rondo_ter_signature(void);

/* Paired bootstrap (Koehn 2004): BLEU of both systems over resampled segments. */
typedef struct rondo_bootstrap {
    double bleu_a, bleu_b;               /* on all segments */
    double low_a, high_a, low_b, high_b; /* 95 % intervals */
    double p;                            /* share of samples in which the better system is not better */
    int64_t samples;
} rondo_bootstrap;
RONDO_API rondo_status rondo_bleu_bootstrap(rondo_bootstrap *out, int64_t segments, const char *const *system_a,
                                            const char *const *system_b, const char *const *reference,
                                            rondo_bleu_tokenizer tokenizer, bool lowercase,
                                            int64_t samples /* 0: 1000 */, uint64_t seed, rondo_error *err);

/* Error rates over symbols separated by blanks, each segment with one or more right answers; the nearest counts. */
typedef struct rondo_error_rates {
    double segment_error_rate; /* share of segments that equal none of their answers ("word error rate" of g2p) */
    double symbol_error_rate;  /* edits to the nearest answer / symbols of that answer ("phone error rate" of g2p) */
    int64_t segments, wrong, edits, symbols;
} rondo_error_rates;
/* answers[i] has answer_count[i] texts. */
RONDO_API rondo_status rondo_error_rates_corpus(rondo_error_rates *out, int64_t segments, const char *const *system,
                                                const char *const *const *answers, const int64_t *answer_count,
                                                rondo_error *err);

#ifdef __cplusplus
}
#endif
#endif

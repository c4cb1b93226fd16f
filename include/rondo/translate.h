/* Encoder-decoder models in use: lines in, lines out. */
#ifndef RONDO_TRANSLATE_H
#define RONDO_TRANSLATE_H

#include "rondo/model.h"
#include "rondo/score.h"
#include "rondo/search.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rondo_translate_options {
    rondo_search_options search;
    int64_t batch; /* lines at a time, longest with longest; 0: 64 */
    bool
        replace_unknown; /* an unknown symbol becomes the source word looked at most (word tokenizers with attention) */
    const char *prefix;  /* text that every output begins with; NULL: none */
    int ensemble;        /* further models whose probabilities are averaged with this one's */
    rondo_model *const *member;
} rondo_translate_options;

/* One line's translations, the best first. Strings belong to the result. */
typedef struct rondo_translation {
    int64_t count; /* hypotheses, at least 1 */
    char **text;
    double *score, *log_probability;
    /* of the first: where each output symbol looked; NULL unless search.want_weights */
    int64_t source_count, target_count;    /* symbols, the end symbols included where they were looked at */
    char **source_symbol, **target_symbol; /* as one would print them */
    rondo_real *weights;                   /* (target_count, source_count) */
} rondo_translation;
/* Translates lines (UTF-8, NUL-terminated, without line ends). out[i] belongs to line i; an empty line gives an empty
 * line. Lines may be as long as memory allows, but for models with learned positions, which refuse what is longer. A
 * line is named in errors by its number from 1, plus search.first_source. What was made ready for the first call
 * (packed weights) serves later ones. On success free each with rondo_translation_free; on failure nothing needs to be
 * freed. */
RONDO_API rondo_status rondo_model_translate(rondo_model *model, int64_t lines, const char *const *line,
                                             const rondo_translate_options *options, rondo_translation *out,
                                             rondo_error *err);
RONDO_API void rondo_translation_free(rondo_translation *translation);
/* Where the first hypothesis looked, by the file's ending: .png or .svg (a grid with the source's symbols above and the
 * target's beside it) or .npy (target_count, source_count). RONDO_ARGUMENT where weights were not wanted. */
RONDO_API rondo_status rondo_translation_save_attention(const rondo_translation *translation, const char *path,
                                                        rondo_error *err);

/* ---- how good is it? ---- */

/* Zero means the default. */
typedef struct rondo_translate_evaluate_options {
    rondo_search_options search; /* beam, length_penalty, ... */
    int64_t batch;
    rondo_bleu_tokenizer tokenizer; /* of BLEU; 0: 13a */
    bool lowercase;                 /* BLEU of texts in lower case */
} rondo_translate_evaluate_options;

/* Sentences whose source has low to high symbols (high 0: or more). */
typedef struct rondo_translate_bucket {
    int64_t low, high, segments;
    double bleu; /* NaN where there are none */
} rondo_translate_bucket;
#define RONDO_TRANSLATE_BUCKETS 6

typedef struct rondo_translate_report {
    rondo_metrics metrics; /* loss, perplexity, accuracy, tokens; bleu, chrf, ter, bleu_short (less than 12 source
                              symbols), bleu_long (12 and more); of a dictionary word_error_rate, phone_error_rate */
    char signature[96];    /* of BLEU; "" for a dictionary */
    rondo_translate_bucket bucket[RONDO_TRANSLATE_BUCKETS];
    int buckets;      /* 0 for a dictionary */
    int64_t segments; /* lines; of a dictionary, distinct words */
    char **system;    /* (segments) what the model wrote */
    char **reference; /* (segments) of a dictionary: the first right answer */
    int64_t skipped;  /* pairs that the loss leaves out, for a side is empty */
} rondo_translate_report;
/* Measures the model on pairs that it has not seen: two files of parallel lines, or one dictionary, as it was trained.
 * options may be NULL. On success free the report. */
RONDO_API rondo_status rondo_model_evaluate_pairs(rondo_model *model, int files, const char *const *file,
                                                  const rondo_translate_evaluate_options *options,
                                                  rondo_translate_report *out, rondo_error *err);
RONDO_API void rondo_translate_report_free(rondo_translate_report *report);

/* ---- averaging ---- */
/* Writes a model whose weights are the mean of those of several models of one recipe and vocabulary: the last few
 * evaluated ones of a run (train.keep), for example. Reading is strict: names and shapes must agree. */
RONDO_API rondo_status rondo_models_average(int models, const char *const *path, const char *to, rondo_error *err);

#ifdef __cplusplus
}
#endif
#endif

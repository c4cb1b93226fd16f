/* Encoder-decoder models in use: lines in, lines out. */
#ifndef RONDO_TRANSLATE_H
#define RONDO_TRANSLATE_H

#include "rondo/model.h"
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
/* Translates lines (UTF-8, NUL-terminated). out[i] belongs to line i; an empty line gives an empty line. On success
 * free each with rondo_translation_free; on failure nothing needs to be freed. */
RONDO_API rondo_status rondo_model_translate(rondo_model *model, int64_t lines, const char *const *line,
                                             const rondo_translate_options *options, rondo_translation *out,
                                             rondo_error *err);
RONDO_API void rondo_translation_free(rondo_translation *translation);

#ifdef __cplusplus
}
#endif
#endif

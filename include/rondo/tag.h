/* Words in, labels out: a trained tagger in use. */
#ifndef RONDO_TAG_H
#define RONDO_TAG_H

#include "rondo/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The labels of a tagger by number, *count of them; they live as long as the model. NULL: the model is for another
 * task. */
RONDO_API const char *const *rondo_model_tags(const rondo_model *model, int64_t *count);

typedef struct rondo_sentence {
    int64_t count;
    const char *const *word; /* (count) UTF-8, none empty */
} rondo_sentence;
typedef struct rondo_tag_options {
    bool probabilities;
    int64_t first; /* so many sentences went before these: for messages, "sentence 3: ..." */
} rondo_tag_options;
typedef struct rondo_tagging {
    int64_t count;
    int32_t *number;     /* (count) of each word's label */
    const char **label;  /* (count) its name; lives as long as the model */
    double *probability; /* (count) of that label given the sentence; NULL: not asked for */
} rondo_tagging;
/* Tags sentences, each for itself: out (sentences) receives one result for each. An empty sentence gives an empty
 * one. options may be NULL. On failure nothing needs to be freed. */
RONDO_API rondo_status rondo_model_tag(rondo_model *model, int64_t sentences, const rondo_sentence *sentence,
                                       const rondo_tag_options *options, rondo_tagging *out, rondo_error *err);
RONDO_API void rondo_tagging_free(rondo_tagging *tagging);

/* Tags sentences in CoNLL-U and hands them to write as a whole, with the model's column (such as upos) put in for the
 * words; everything else stays as it is. text NULL: they are those of the file path (.gz is unpacked); else size bytes,
 * and path is for messages. write returns false: RONDO_INTERRUPTED. */
RONDO_API rondo_status rondo_model_tag_conllu(rondo_model *model, const char *path, const char *text, size_t size,
                                              rondo_text_fn write, void *arg, rondo_error *err);

#ifdef __cplusplus
}
#endif
#endif

/* What all tasks over texts do with a tokenizer: from the recipe, from a model file, into a model file. */
#ifndef RONDO_TASKS_VOCABULARY_H
#define RONDO_TASKS_VOCABULARY_H

#include "data/tokenizer.h"
#include "formats/safetensors.h"
#include "train/recipe.h"

/* The section of a recipe as a tokenizer's configuration. model: room for the name of a given SentencePiece model. */
rondo_status rondo__vocabulary_config(const rondo__recipe *recipe, const rondo__recipe_tokenizer *section,
                                      char model[RONDO__PATH], rondo__tokenizer_config *out, rondo_error *err);
/* From the JSON of a model file's metadata, and the tensor beside it that holds a SentencePiece model. file NULL: there
 * is none. */
rondo_status rondo__vocabulary_load(rondo__tokenizer **out, const char *json, const rondo__safetensors *file,
                                    const char *tensor, const char *path, rondo_error *err);
/* That tensor into out (at most max, so 0 or 1); returns how many. */
int rondo__vocabulary_tensor(const rondo__tokenizer *tokenizer, const char *name, int max, rondo__named *out);

#endif

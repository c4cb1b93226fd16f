/* What the checks of combinations share: each names the place of the key to blame, the first of the keys concerned that
 * was set. */
#ifndef RONDO_TRAIN_RECIPE_CHECK_H
#define RONDO_TRAIN_RECIPE_CHECK_H

#include "train/recipe_schema.h"

typedef struct rondo__recipe_checking {
    rondo__recipe *recipe;
    const rondo__recipe_origin *origin;
    rondo_error *err;
} rondo__recipe_checking;

typedef struct rondo__recipe_spot {
    char text[RONDO__SPOT];
} rondo__recipe_spot;

/* Place of the row path, or of other (may be NULL) when the first was not set, or line 1. */
rondo__recipe_spot rondo__recipe_place(const rondo__recipe_checking *c, const char *path, const char *other);
rondo_status rondo__recipe_refuse(const rondo__recipe_checking *c, const char *path, const char *other,
                                  const char *why);
bool rondo__recipe_given(const rondo__recipe_checking *c, const char *path);
/* A recurrent stack's sizes; section: "model.encoder". */
rondo_status rondo__recipe_check_stack(const rondo__recipe_checking *c, const char *section, int64_t hidden_size,
                                       const int64_t *sizes, int64_t *layers, int64_t projection_size);

/* The stack under model that all tasks but translate have. */
rondo_status rondo__recipe_check_model(const rondo__recipe_checking *c);
/* The front end under data.audio of the tasks over recordings. */
rondo_status rondo__recipe_check_audio(const rondo__recipe_checking *c);

/* Of one task each, in recipe_check_TASK.c. What resolves sets defaults that hang on other keys, before the checks. */
rondo_status rondo__recipe_check_language_model(const rondo__recipe_checking *c);
void rondo__recipe_resolve_translate(const rondo__recipe_checking *c);
rondo_status rondo__recipe_check_translate(const rondo__recipe_checking *c);
void rondo__recipe_resolve_forecast(const rondo__recipe_checking *c);
rondo_status rondo__recipe_check_forecast(const rondo__recipe_checking *c);
rondo_status rondo__recipe_check_classify(const rondo__recipe_checking *c);
rondo_status rondo__recipe_check_transcribe(const rondo__recipe_checking *c);
rondo_status rondo__recipe_check_tag(const rondo__recipe_checking *c);

#endif

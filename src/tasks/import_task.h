/* The model of a recipe's task, for weights of another maker to go into. */
#ifndef RONDO_TASKS_IMPORT_TASK_H
#define RONDO_TASKS_IMPORT_TASK_H

#include "rondo/import.h"
#include "train/model_file.h"

/* What a vocabulary file says of the rows of theirs. */
typedef struct rondo__import_rows {
    bool spare;      /* ours may have some behind theirs */
    int64_t unknown; /* the row that is our first; -1: as it is */
} rondo__import_rows;

/* Reads the recipe, and gets the vocabulary from its data or from the file that the options name. The parameters have
 * memory and some values. On failure *out is NULL. */
rondo_status rondo__import_make_task(rondo__task_object **out, rondo_context *context,
                                     const rondo_import_options *options, rondo__import_rows *rows, rondo_error *err);

/* import_vocabulary.c: from the files that the options name into meta->vocabulary, as a model file holds it. */
rondo_status rondo__import_vocabulary(rondo__model_meta *meta, const rondo_import_options *options,
                                      rondo__import_rows *rows, rondo_error *err);

#endif

/* Model files: parameters under their names; in the metadata under "rondo" one JSON object
 *
 *   {"format": 1, "version": "0.1.0", "task": ..., "recipe": {...}, "vocabulary": {...}, "metrics": {...}}
 *
 * and "format": "pt", which some readers of the format look for. A checkpoint is a model file with more tensors, named
 * "train." and "state.", which a reader of models passes over. */
#ifndef RONDO_TRAIN_MODEL_FILE_H
#define RONDO_TRAIN_MODEL_FILE_H

#include "train/task.h"

#define RONDO__MODEL_FORMAT 1

/* As rondo__model_write, with further tensors. */
rondo_status rondo__model_put(rondo__task_object *task, const char *path, const real *values,
                              const rondo_metrics *metrics, int extras, const rondo__named *extra, rondo_error *err);

/* What the metadata holds. Strings belong to the struct. */
typedef struct rondo__model_meta {
    rondo__recipe recipe;
    char *vocabulary; /* JSON */
    rondo_metrics metrics;
} rondo__model_meta;
/* Reads and checks it; path is for messages. On failure nothing needs to be freed. */
rondo_status rondo__model_meta_read(rondo__model_meta *meta, const rondo__safetensors *file, const char *path,
                                    rondo_error *err);
/* The object `key` of a JSON text (such as meta's vocabulary), as text of its own (rondo__free). */
rondo_status rondo__model_meta_part(const char *json, const char *key, const char *path, char **out, rondo_error *err);
void rondo__model_meta_free(rondo__model_meta *meta);

/* Do the declared parameters (finished or not) match the file? Missing, extra and misshapen tensors are named. allowed:
 * names of tensors beside the parameters (NULL ends). */
rondo_status rondo__model_fits(rondo_params *params, const rondo__safetensors *file, const char *path,
                               const char *const *allowed, rondo_error *err);
/* For a model in use: checks that the declared parameters fit the file, then takes memory for their values alone (no
 * gradients) and copies them. */
rondo_status rondo__model_fill(rondo_params *params, const rondo__safetensors *file, const char *path,
                               const char *const *allowed, rondo_error *err);
/* Copies every parameter from a file that fits. */
rondo_status rondo__model_values(rondo_params *params, const rondo__safetensors *file, rondo_error *err);

#endif

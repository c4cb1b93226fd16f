/* Model files: parameters under their names; in the metadata under "rondo" one JSON object
 *
 *   {"format": 1, "version": "0.1.0", "task": ..., "recipe": {...}, "vocabulary": {...}, "metrics": {...}}
 *
 * and "format": "pt", which some readers of the format look for. A checkpoint is a model file with more tensors, named
 * "train." and "state.", which a reader of models passes over.
 *
 * A file with metadata "rondo.weights" (one JSON object that says how it was made) holds matrices in low precision, for
 * use, not for training: I8 with the scales of its rows beside it, NAME_scale (F32, as many as rows), and, where it was
 * calibrated, the scale of what it is multiplied with, NAME_input_scale (F32, one); or BF16. */
#ifndef RONDO_TRAIN_MODEL_FILE_H
#define RONDO_TRAIN_MODEL_FILE_H

#include "train/task.h"

#define RONDO__MODEL_FORMAT 1

/* As rondo__model_write, with further tensors. */
rondo_status rondo__model_put(rondo__task_object *task, const char *path, const real *values,
                              const rondo_metrics *metrics, int extras, const rondo__named *extra, rondo_error *err);

#define RONDO__WEIGHTS_KEY "rondo.weights"
#define RONDO__SCALE "_scale"
#define RONDO__INPUT_SCALE "_input_scale"
/* model_weights.c: is this such a file? */
bool rondo__model_is_low(const rondo__safetensors *file);
/* Is the parameter there as a whole, in low precision? RONDO_OK and *low RONDO_I8 or RONDO_BF16; RONDO_REAL: it is not
 * of low precision. */
rondo_status rondo__model_low_dtype(const rondo_param *param, const rondo__safetensors *file, const char *path,
                                    rondo_dtype *low, rondo_error *err);
/* Does the name belong to a parameter's scales? */
bool rondo__model_is_scale(rondo_params *params, const rondo__safetensors *file, const char *name);
/* Fills parameter `index`, which holds low precision, from a file that fits. */
void rondo__model_low_values(rondo_params *params, int index, const rondo__safetensors *file);

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
/* Of a checkpoint's tensors: is this one of its run alone, no part of the model? */
bool rondo__model_is_of_run(const char *name);

#endif

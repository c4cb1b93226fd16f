/* The labels of a task, by number. */
#ifndef RONDO_TASKS_LABEL_NAMES_H
#define RONDO_TASKS_LABEL_NAMES_H

#include "core/core.h"

typedef struct rondo__label_names {
    int64_t count;
    char **name; /* (count), in order of bytes */
} rondo__label_names;
/* Of all different names. */
rondo_status rondo__label_names_make(rondo__label_names *out, int64_t count, const char *const *name, rondo_error *err);
void rondo__label_names_free(rondo__label_names *table);
int32_t rondo__label_names_find(const rondo__label_names *table, const char *name); /* -1: unknown */
/* A JSON array of texts. */
void rondo__label_names_json(const rondo__label_names *table, rondo__text *json);
/* The array `key` of a JSON object: texts, not empty, rising. path is for messages. */
rondo_status rondo__label_names_load(rondo__label_names *out, const char *json, const char *key, const char *path,
                                     rondo_error *err);

#endif

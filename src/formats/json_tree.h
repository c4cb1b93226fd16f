/* JSON read into a tree, for builds without Jansson (cmake/standin maps its names to these): what model files need, as
 * strict as Jansson is. Needs no library. */
#ifndef RONDO_FORMATS_JSON_TREE_H
#define RONDO_FORMATS_JSON_TREE_H

#include "core/core.h"

typedef enum rondo__json_type {
    RONDO__JSON_NULL,
    RONDO__JSON_FALSE,
    RONDO__JSON_TRUE,
    RONDO__JSON_INTEGER,
    RONDO__JSON_REAL,
    RONDO__JSON_STRING,
    RONDO__JSON_ARRAY,
    RONDO__JSON_OBJECT
} rondo__json_type;

typedef struct rondo__json {
    rondo__json_type type;
    unsigned line;             /* from 0 */
    const char *key;           /* in an object */
    const char *text;          /* of all but arrays and objects: strings decoded, numbers as they are written */
    size_t size;               /* bytes of text; values of an array or object */
    struct rondo__json *child; /* (size) in order */
    const char *raw;           /* where it stands in the source, which must outlive whoever looks */
    size_t raw_size;
    int64_t whole;
    double real; /* of integers too */
} rondo__json;

typedef struct rondo__json_error {
    int line, column, position; /* from 1, from 1, bytes before */
    bool memory;                /* there was none */
    char text[80];
} rondo__json_error;

/* An array or object with everything in it, for rondo__json_free; NULL: error says why. Object keys must differ if
 * `different` is set. */
rondo__json *rondo__json_parse(const char *text, size_t size, bool different, rondo__json_error *error);
void rondo__json_free(rondo__json *root); /* NULL is fine */

/* NULL where value is NULL, no object or array, or has no such member. */
rondo__json *rondo__json_get(const rondo__json *value, const char *key);
rondo__json *rondo__json_at(const rondo__json *value, size_t index);
/* Steps through an object: false at its end. */
bool rondo__json_member(const rondo__json *value, size_t index, const char **key, rondo__json **member);

#endif

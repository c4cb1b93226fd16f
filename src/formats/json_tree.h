/* JSON read into a tree: what model files need, as strict as Jansson is. (The command writes with Jansson. Where memory
 * runs out Jansson's reader finds the text wrong, or stops the program with an assertion, so the library has its own.)
 */
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
#define RONDO__JSON_EACH(object, key, value)                                                                           \
    for (size_t json_i = 0; rondo__json_member(object, json_i, &(key), &(value)); json_i++)

/* What is it? NULL is nothing. */
static inline bool rondo__json_is(const rondo__json *v, rondo__json_type type) { return v && v->type == type; }
static inline bool rondo__json_is_object(const rondo__json *v) { return rondo__json_is(v, RONDO__JSON_OBJECT); }
static inline bool rondo__json_is_array(const rondo__json *v) { return rondo__json_is(v, RONDO__JSON_ARRAY); }
static inline bool rondo__json_is_string(const rondo__json *v) { return rondo__json_is(v, RONDO__JSON_STRING); }
static inline bool rondo__json_is_integer(const rondo__json *v) { return rondo__json_is(v, RONDO__JSON_INTEGER); }
static inline bool rondo__json_is_null(const rondo__json *v) { return rondo__json_is(v, RONDO__JSON_NULL); }
static inline bool rondo__json_is_true(const rondo__json *v) { return rondo__json_is(v, RONDO__JSON_TRUE); }
static inline bool rondo__json_is_number(const rondo__json *v) {
    return rondo__json_is_integer(v) || rondo__json_is(v, RONDO__JSON_REAL);
}

/* Its value; nothing, where it is something else. */
static inline size_t rondo__json_size(const rondo__json *v) {
    return rondo__json_is_array(v) || rondo__json_is_object(v) ? v->size : 0;
}
static inline const char *rondo__json_as_text(const rondo__json *v) {
    return rondo__json_is_string(v) ? v->text : NULL;
}
static inline size_t rondo__json_text_size(const rondo__json *v) { return rondo__json_is_string(v) ? v->size : 0; }
static inline int64_t rondo__json_as_whole(const rondo__json *v) { return rondo__json_is_integer(v) ? v->whole : 0; }
static inline double rondo__json_as_number(const rondo__json *v) { return rondo__json_is_number(v) ? v->real : 0; }

#endif

/* Stands where Jansson is not: the part of its interface that Rondo uses, over formats/json_tree.h. */
#ifndef RONDO_STANDIN_JANSSON_H
#define RONDO_STANDIN_JANSSON_H

#include <string.h>

#include "formats/json_tree.h"

typedef rondo__json json_t;
typedef rondo__json_error json_error_t;
enum { JSON_REJECT_DUPLICATES = 1, JSON_COMPACT = 0, json_error_out_of_memory = 1 };
#define json_error_code(error) ((int)(error)->memory)

#define json_loadb(text, bytes, flags, error) rondo__json_parse(text, bytes, (flags) != 0, error)
#define json_loads(text, flags, error) rondo__json_parse(text, strlen(text), (flags) != 0, error)
#define json_decref rondo__json_free
#define json_object_get rondo__json_get
#define json_array_get rondo__json_at
#define json_object_foreach(object, key, value)                                                                        \
    for (size_t json_i = 0; rondo__json_member(object, json_i, &(key), &(value)); json_i++)

static inline int json_is(const json_t *v, rondo__json_type type) { return v && v->type == type; }
#define json_is_object(v) json_is(v, RONDO__JSON_OBJECT)
#define json_is_array(v) json_is(v, RONDO__JSON_ARRAY)
#define json_is_string(v) json_is(v, RONDO__JSON_STRING)
#define json_is_integer(v) json_is(v, RONDO__JSON_INTEGER)
#define json_is_null(v) json_is(v, RONDO__JSON_NULL)
#define json_is_true(v) json_is(v, RONDO__JSON_TRUE)
static inline int json_is_number(const json_t *v) { return json_is_integer(v) || json_is(v, RONDO__JSON_REAL); }

static inline size_t json_array_size(const json_t *v) { return json_is_array(v) ? v->size : 0; }
static inline size_t json_object_size(const json_t *v) { return json_is_object(v) ? v->size : 0; }
static inline const char *json_string_value(const json_t *v) { return json_is_string(v) ? v->text : NULL; }
static inline size_t json_string_length(const json_t *v) { return json_is_string(v) ? v->size : 0; }
static inline long long json_integer_value(const json_t *v) { return json_is_integer(v) ? v->whole : 0; }
static inline double json_number_value(const json_t *v) { return json_is_number(v) ? v->real : 0; }
/* The text as it stood in the source. */
static inline size_t json_dumpb(const json_t *v, char *to, size_t size, int flags) {
    (void)flags;
    if (v->raw_size <= size)
        memcpy(to, v->raw, v->raw_size);
    return v->raw_size;
}

#endif

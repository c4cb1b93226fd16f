/* Writing JSON text, and showing strings of unknown origin in one-line messages. Needs no library. */
#ifndef RONDO_FORMATS_JSON_TEXT_H
#define RONDO_FORMATS_JSON_TEXT_H

#include "core/core.h"

/* Adds s (size bytes of valid UTF-8) as a JSON string with its quotes. */
void rondo__json_string(rondo__text *text, const char *s, size_t size);
/* Adds the shortest decimal form that reads back as the same double; finite numbers only. */
void rondo__json_number(rondo__text *text, double value);

#define RONDO__SHOWN 72
/* A copy of s that is safe inside an error line: control characters and broken UTF-8 become '?', long strings end in
 * "...". */
typedef struct rondo__shown {
    char text[RONDO__SHOWN];
} rondo__shown;
rondo__shown rondo__show(const char *s);

#endif

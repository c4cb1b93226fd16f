/* Text files for training: read whole, checked, and cut into a training and a validation part. */
#ifndef RONDO_DATA_TEXT_H
#define RONDO_DATA_TEXT_H

#include "core/core.h"

typedef struct rondo__corpus {
    char *data; /* UTF-8 without byte order mark, lines end in \n; NUL-terminated */
    size_t size;
    bool had_mark; /* a byte order mark was taken off */
    int64_t crlf;  /* so many \r\n became \n */
} rondo__corpus;

/* Reads a text (.gz by name). Refuses an empty file, NUL bytes and what is not UTF-8, each with its byte. */
rondo_status rondo__corpus_read(rondo__corpus *out, const char *path, rondo_error *err);
/* The same from memory: takes over data, which comes from rondo__alloc and has a NUL at data[size]; frees it on
 * failure. */
rondo_status rondo__corpus_take(rondo__corpus *out, const char *label, char *data, size_t size, rondo_error *err);
void rondo__corpus_free(rondo__corpus *corpus);
/* Bytes of the training part: the first floor((1 - fraction) * characters) characters; the rest is for validation. */
size_t rondo__corpus_split(const char *text, size_t size, double fraction);
/* RONDO_FORMAT when text holds a NUL or is not UTF-8. */
rondo_status rondo__text_valid(const char *label, const char *text, size_t size, rondo_error *err);
/* Appends text in lower case: by Unicode with utf8proc, ASCII only without. */
void rondo__text_lower(rondo__text *out, const char *text, size_t size);

#endif

/* A text buffer that grows, which keeps its first failure, so that a long builder is checked once; and a number read
 * from a text. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"

/* Room for size more bytes and the NUL. */
static bool make_room(rondo__text *text, size_t size) {
    size_t needed;
    if (text->failed)
        return false;
    if (rondo__size_add(text->size, size, &needed) && rondo__size_add(needed, 1, &needed)) {
        if (needed <= text->capacity)
            return true;
        size_t capacity = needed < 64 ? 64 : needed < SIZE_MAX / 2 ? needed * 2 : needed;
        char *grown = rondo__realloc(text->data, text->size, capacity);
        if (grown) {
            text->data = grown;
            text->capacity = capacity;
            grown[text->size] = '\0';
            return true;
        }
    }
    text->failed = true;
    return false;
}

void rondo__text_add(rondo__text *text, const char *data, size_t size) {
    if (!make_room(text, size))
        return;
    if (size)
        memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void rondo__text_format(rondo__text *text, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        text->failed = true;
    if (!make_room(text, length > 0 ? (size_t)length : 0))
        return;
    va_start(args, format);
    vsnprintf(text->data + text->size, (size_t)length + 1, format, args);
    va_end(args);
    text->size += (size_t)length;
}

void rondo__text_free(rondo__text *text) {
    rondo__free(text->data);
    *text = (rondo__text){0};
}

bool rondo__text_number(const char *text, double *out) {
    char *end;
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain)
        return false;
    *out = strtod_l(text, &end, plain);
    freelocale(plain);
    return end != text && *end == '\0';
}

#include "formats/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The two-character escape of c, or 0. */
static char short_escape(unsigned char c) {
    switch (c) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

void rondo__json_string(rondo__text *text, const char *s, size_t size) {
    size_t begin = 0;
    rondo__text_add(text, "\"", 1);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        rondo__text_add(text, s + begin, i - begin);
        begin = i + 1;
        if (short_escape(c)) {
            rondo__text_format(text, "\\%c", short_escape(c));
        } else {
            rondo__text_format(text, "\\u%04x", c);
        }
    }
    rondo__text_add(text, s + begin, size - begin);
    rondo__text_add(text, "\"", 1);
}

void rondo__json_number(rondo__text *text, double value) {
    char buffer[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(buffer, sizeof buffer, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value)
            break;
    }
    /* 1e-08 and 2 are JSON as they are; a locale's decimal comma is not. */
    for (char *p = buffer; *p; p++) {
        if (*p == ',')
            *p = '.';
    }
    rondo__text_add(text, buffer, strlen(buffer));
}

rondo__shown rondo__show(const char *s) {
    rondo__shown shown;
    size_t size = strlen(s), out = 0, i = 0;
    const size_t room = RONDO__SHOWN - 4; /* for "..." and the NUL */
    while (i < size) {
        int length = rondo__utf8_length((const unsigned char *)s + i, size - i);
        size_t step = length > 0 ? (size_t)length : 1;
        if (out + step > room) {
            memcpy(shown.text + out, "...", 3);
            out += 3;
            break;
        }
        if (length == 0 || (unsigned char)s[i] < 0x20 || s[i] == 0x7f) {
            shown.text[out++] = '?';
        } else {
            memcpy(shown.text + out, s + i, step);
            out += step;
        }
        i += step;
    }
    shown.text[out] = '\0';
    return shown;
}

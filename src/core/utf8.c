/* UTF-8 as Unicode defines it (table 3-7 of the standard): the second byte's range depends on the first, which rules
 * out overlong forms, surrogates and values above U+10FFFF. */
#include <string.h>

#include "core/core.h"

static bool is_tail(unsigned char c) { return (c & 0xC0) == 0x80; }

static bool second_fits(unsigned char first, unsigned char second) {
    switch (first) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF;
    case 0xED:
        return second >= 0x80 && second <= 0x9F;
    case 0xF0:
        return second >= 0x90 && second <= 0xBF;
    case 0xF4:
        return second >= 0x80 && second <= 0x8F;
    default:
        return is_tail(second);
    }
}

int rondo__utf8_length(const unsigned char *p, size_t left) {
    if (left == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    int length = p[0] >= 0xC2 && p[0] <= 0xDF   ? 2
                 : p[0] >= 0xE0 && p[0] <= 0xEF ? 3
                 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4
                                                : 0;
    if (length == 0 || left < (size_t)length || !second_fits(p[0], p[1]))
        return 0;
    for (int i = 2; i < length; i++)
        if (!is_tail(p[i]))
            return 0;
    return length;
}

size_t rondo__utf8_check(const char *data, size_t size) {
    size_t at = 0;
    while (at < size) {
        uint64_t eight; /* most texts are mostly ASCII */
        if (size - at >= sizeof eight) {
            memcpy(&eight, data + at, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof eight;
                continue;
            }
        }
        int length = rondo__utf8_length((const unsigned char *)data + at, size - at);
        if (length == 0)
            return at;
        at += (size_t)length;
    }
    return size;
}

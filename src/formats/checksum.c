#include "formats/checksum.h"

#include <stdio.h>
#include <string.h>

#ifdef RONDO_HAVE_ZLIB
#include <zlib.h>

uint32_t rondo__crc32(uint32_t crc, const void *data, size_t size) {
    const Bytef *bytes = data;
    for (size_t piece; size > 0; bytes += piece, size -= piece) {
        piece = size < ((size_t)1 << 30) ? size : (size_t)1 << 30;
        crc = (uint32_t)crc32(crc, bytes, (uInt)piece);
    }
    return crc;
}

#else /* four bits at a time: small and slow */

uint32_t rondo__crc32(uint32_t crc, const void *data, size_t size) {
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    const unsigned char *bytes = data;
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc = table[(crc ^ bytes[i]) & 15] ^ crc >> 4;
        crc = table[(crc ^ (uint32_t)(bytes[i] >> 4)) & 15] ^ crc >> 4;
    }
    return ~crc;
}

#endif

void rondo__crc_print(uint32_t crc, char digits[RONDO__CRC_DIGITS + 1]) {
    snprintf(digits, RONDO__CRC_DIGITS + 1, "%08lx", (unsigned long)crc);
}

bool rondo__crc_read(const char *text, size_t size, uint32_t *crc) {
    static const char digits[] = "0123456789abcdef";
    if (size < RONDO__CRC_PREFIX + RONDO__CRC_DIGITS || memcmp(text, RONDO__CRC_BLANK, RONDO__CRC_PREFIX) != 0)
        return false;
    *crc = 0;
    for (int i = 0; i < RONDO__CRC_DIGITS; i++) {
        const char *found = memchr(digits, text[RONDO__CRC_PREFIX + i], 16);
        if (!found)
            return false;
        *crc = *crc << 4 | (uint32_t)(found - digits);
    }
    return true;
}

uint32_t rondo__crc_of(const char *data, size_t size, size_t place) {
    const uint32_t before = rondo__crc32(0, data, place);
    const uint32_t there = rondo__crc32(before, "00000000", RONDO__CRC_DIGITS);
    return rondo__crc32(there, data + place + RONDO__CRC_DIGITS, size - place - RONDO__CRC_DIGITS);
}

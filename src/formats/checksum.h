/* CRC-32 (IEEE 802.3, as gzip, PNG and Python's zlib.crc32 have it), and where Rondo's own files carry it. */
#ifndef RONDO_FORMATS_CHECKSUM_H
#define RONDO_FORMATS_CHECKSUM_H

#include "core/core.h"

/* Goes on with crc; begin with 0. */
uint32_t rondo__crc32(uint32_t crc, const void *data, size_t size);

/* A text carries its checksum as "crc32:" and 8 digits; it was made with zeros in place of the digits. */
#define RONDO__CRC_BLANK "crc32:00000000"
#define RONDO__CRC_PREFIX 6 /* bytes before the digits */
#define RONDO__CRC_DIGITS 8
void rondo__crc_print(uint32_t crc, char digits[RONDO__CRC_DIGITS + 1]);
/* "crc32:" and 8 lower-case digits at text, and no more is looked at. */
bool rondo__crc_read(const char *text, size_t size, uint32_t *crc);
/* The checksum of data, of which the digits at data[place] count as zeros. */
uint32_t rondo__crc_of(const char *data, size_t size, size_t place);

#endif

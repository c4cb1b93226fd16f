/* Is a SentencePiece model safe to open? The library trusts the table of its normaliser: a double-array trie that it
 * walks without looking at its bounds, at the first text already. So a model of unknown origin is looked at before.
 *
 *   model (protobuf): field 3 and 5: normaliser, denormaliser; in these field 2: the table
 *   table: 4 bytes: size S of the trie | S bytes: units of 32 bits | the rest: texts, each ended by a zero byte
 *   unit: bits 0-7 label, 8 "has a value", 10-30 offset (bit 9: times 256), 31 "is a value"
 *
 * From unit i the walk goes to base = i ^ offset, takes the value there, and tries base ^ byte for the next byte. So it
 * stays inside if, for every unit that is not a value, all of base's block of 256 is inside. */
#include <string.h>

#include "data/tokenizer_kinds.h"

typedef struct span {
    const unsigned char *at, *end;
} span;

static bool read_varint(span *s, uint64_t *out) {
    *out = 0;
    for (int shift = 0; shift < 64 && s->at < s->end; shift += 7) {
        const uint64_t byte = *s->at++;
        *out |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* The next field: its number, and its bytes where it has a length (else none). False: malformed. */
static bool read_field(span *s, uint64_t *number, span *content) {
    uint64_t tag, size = 0;
    if (!read_varint(s, &tag) || tag > UINT32_MAX)
        return false;
    *number = tag >> 3;
    *content = (span){s->at, s->at};
    switch (tag & 7) {
    case 0:
        return read_varint(s, &size);
    case 1:
        size = 8;
        break;
    case 2:
        if (!read_varint(s, &size))
            return false;
        break;
    case 5:
        size = 4;
        break;
    default: /* groups, which no model has */
        return false;
    }
    if (size > (uint64_t)(s->end - s->at))
        return false;
    if ((tag & 7) == 2)
        *content = (span){s->at, s->at + size};
    s->at += size;
    return true;
}

static uint32_t unit_at(const unsigned char *units, size_t i) {
    uint32_t unit;
    memcpy(&unit, units + 4 * i, sizeof unit);
    return unit;
}

static bool table_is_sound(span table) {
    const size_t size = (size_t)(table.end - table.at);
    if (size == 0)
        return true;
    const size_t trie = size >= 4 ? unit_at(table.at, 0) : 0, units = trie / 4;
    if (size < 4 || trie > size - 4 || trie % 4 != 0 || units < 256)
        return false;
    const unsigned char *unit = table.at + 4;
    const size_t texts = size - 4 - trie;
    if (texts == 0 || table.end[-1] != 0)
        return false;
    for (size_t i = 0; i < units; i++) {
        const uint32_t u = unit_at(unit, i);
        const size_t base = i ^ (size_t)(u >> 10 & 0x1fffff) << ((u & 0x200) >> 6);
        if (i > 0 && u >> 31)
            continue;
        if (u >> 31 || (base | 255) >= units || ((u >> 8 & 1) && (unit_at(unit, base) & 0x7fffffff) >= texts))
            return false;
    }
    return true;
}

static bool normaliser_is_sound(span message) {
    uint64_t number;
    span content;
    while (message.at < message.end) {
        if (!read_field(&message, &number, &content) || (number == 2 && !table_is_sound(content)))
            return false;
    }
    return true;
}

bool rondo__piece_model_is_sound(const void *model, size_t size) {
    span message = {model, (const unsigned char *)model + size}, content;
    uint64_t number;
    while (message.at < message.end) {
        if (!read_field(&message, &number, &content) || ((number == 3 || number == 5) && !normaliser_is_sound(content)))
            return false;
    }
    return size > 0;
}

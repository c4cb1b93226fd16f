/* A walk over the bytes of an ONNX file before they are unpacked.
 *
 * The library that unpacks follows messages within messages as deep as the file has them, on the stack. A graph may
 * hold a node that holds an attribute that holds a graph, so a few bytes buy one more level. This walk knows just which
 * fields lead to messages, refuses what lies too deep, and on its way finds lengths that leave their message, with the
 * byte where they stand. */
#include "formats/onnx.h"

enum message { MODEL, GRAPH, NODE, ATTRIBUTE, LEAF };
enum { VARINT, FIXED64, BYTES, GROUP, GROUP_END, FIXED32 };

typedef struct walk {
    const char *label;
    const unsigned char *start;
    rondo_error *err;
} walk;

static rondo_status bad(const walk *w, const unsigned char *at, const char *what) {
    return rondo__fail(w->err, RONDO_FORMAT, "%s: byte %zu: %s (no ONNX file, or a damaged one)", w->label,
                       (size_t)(at - w->start), what);
}

static bool take_varint(const unsigned char **at, const unsigned char *end, uint64_t *out) {
    *out = 0;
    for (int shift = 0; shift < 70 && *at < end; shift += 7) {
        const unsigned char byte = *(*at)++;
        *out |= shift < 64 ? (uint64_t)(byte & 127) << shift : 0;
        if (!(byte & 128))
            return true;
    }
    return false;
}

/* The kind of message that a field of bytes holds. */
static enum message field_message(enum message within, uint64_t field) {
    if (within == MODEL && field == 7)
        return GRAPH;
    if (within == GRAPH && field == 1)
        return NODE;
    if (within == NODE && field == 5)
        return ATTRIBUTE;
    if (within == ATTRIBUTE && (field == 6 || field == 11))
        return GRAPH;
    return LEAF;
}

/* depth: graphs around this message. The recursion goes three calls per graph. */
static rondo_status walk_message(const walk *w, enum message kind, const unsigned char *at, const unsigned char *end,
                                 int depth) {
    if (depth > RONDO__ONNX_DEPTH)
        return rondo__fail(w->err, RONDO_FORMAT, "%s: byte %zu: more than %d graphs within each other", w->label,
                           (size_t)(at - w->start), RONDO__ONNX_DEPTH);
    while (at < end) {
        const unsigned char *begin = at;
        uint64_t key, value;
        if (!take_varint(&at, end, &key) || key >> 3 == 0 || key >> 3 > 536870911)
            return bad(w, begin, "no field of a message begins here");
        if ((key & 7) == FIXED64 || (key & 7) == FIXED32) {
            const int size = (key & 7) == FIXED64 ? 8 : 4;
            if (end - at < size)
                return bad(w, begin, "a number is cut off");
            at += size;
            continue;
        }
        if ((key & 7) != VARINT && (key & 7) != BYTES)
            return bad(w, begin, "a field of unknown kind");
        if (!take_varint(&at, end, &value))
            return bad(w, begin, "a number is cut off");
        if ((key & 7) == VARINT)
            continue;
        if (value > (uint64_t)(end - at))
            return bad(w, begin, "a field is longer than what holds it (is the file cut off?)");
        const enum message inner = field_message(kind, key >> 3);
        if (inner != LEAF) {
            rondo_status status = walk_message(w, inner, at, at + value, depth + (inner == GRAPH));
            if (status)
                return status;
        }
        at += value;
    }
    return RONDO_OK;
}

rondo_status rondo__onnx_check_nesting(const char *label, const void *data, size_t size, rondo_error *err) {
    const walk w = {label, data, err};
    if (size == 0)
        return rondo__fail(err, RONDO_FORMAT, "%s: the file is empty (no ONNX file)", label);
    return walk_message(&w, MODEL, data, (const unsigned char *)data + size, 0);
}

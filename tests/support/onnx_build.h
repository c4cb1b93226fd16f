/* Writes the messages of ONNX files, also such as no tool would write: each function adds one field to a text. */
#ifndef TESTS_SUPPORT_ONNX_BUILD_H
#define TESTS_SUPPORT_ONNX_BUILD_H

#include <string.h>

#include "core/core.h"

static inline void put_varint(rondo__text *out, uint64_t n) {
    for (; n > 127; n >>= 7) {
        const char byte = (char)((n & 127) | 128);
        rondo__text_add(out, &byte, 1);
    }
    const char last = (char)n;
    rondo__text_add(out, &last, 1);
}

static inline void put_whole(rondo__text *out, int field, int64_t n) {
    put_varint(out, (uint64_t)field << 3);
    put_varint(out, (uint64_t)n);
}

static inline void put_bytes(rondo__text *out, int field, const void *data, size_t size) {
    put_varint(out, (uint64_t)field << 3 | 2);
    put_varint(out, size);
    rondo__text_add(out, data, size);
}

static inline void put_string(rondo__text *out, int field, const char *s) { put_bytes(out, field, s, strlen(s)); }

/* Adds inner as a message, and frees it. */
static inline void put_message(rondo__text *out, int field, rondo__text *inner) {
    put_bytes(out, field, inner->data ? inner->data : "", inner->size);
    rondo__text_free(inner);
}

/* names: blank between them; "-": absent. attributes may be NULL: fields 5 that are put as they are, and freed. */
static inline void put_node(rondo__text *graph, const char *op, const char *in, const char *out_names,
                            rondo__text *attributes) {
    rondo__text node = {0};
    const char *lists[2] = {in, out_names};
    for (int k = 0; k < 2; k++) {
        for (const char *at = lists[k]; *at;) {
            const size_t size = strcspn(at, " ");
            put_bytes(&node, k + 1, at, *at == '-' ? 0 : size);
            at += size + strspn(at + size, " ");
        }
    }
    put_string(&node, 4, op);
    if (attributes) {
        rondo__text_add(&node, attributes->data, attributes->size);
        rondo__text_free(attributes);
    }
    put_message(graph, 1, &node);
}

static inline void put_int_attribute(rondo__text *attributes, const char *name, int64_t value) {
    rondo__text a = {0};
    put_string(&a, 1, name);
    put_whole(&a, 3, value);
    put_whole(&a, 20, 2);
    put_message(attributes, 5, &a);
}

static inline void put_float_attribute(rondo__text *attributes, const char *name, float value) {
    rondo__text a = {0};
    put_string(&a, 1, name);
    put_varint(&a, 2 << 3 | 5);
    rondo__text_add(&a, (const char *)&value, sizeof value);
    put_whole(&a, 20, 1);
    put_message(attributes, 5, &a);
}

/* Frees body. */
static inline void put_graph_attribute(rondo__text *attributes, const char *name, rondo__text *body) {
    rondo__text a = {0};
    put_string(&a, 1, name);
    put_message(&a, 6, body);
    put_whole(&a, 20, 5);
    put_message(attributes, 5, &a);
}

/* An input (field 11) or output (12) of floats, nothing said of the shape. type 0: nothing said at all. */
static inline void put_port(rondo__text *graph, int field, const char *name, int type) {
    rondo__text port = {0}, about = {0}, tensor = {0};
    put_string(&port, 1, name);
    if (type) {
        put_whole(&tensor, 1, type);
        put_message(&about, 1, &tensor);
        put_message(&port, 2, &about);
    }
    put_message(graph, field, &port);
}

/* An initialiser of one dimension. */
static inline void put_array(rondo__text *graph, const char *name, int type, int64_t count, const void *data,
                             size_t bytes) {
    rondo__text tensor = {0};
    put_whole(&tensor, 1, count);
    put_whole(&tensor, 2, type);
    put_string(&tensor, 8, name);
    put_bytes(&tensor, 9, data, bytes);
    put_message(graph, 5, &tensor);
}

/* The file around a graph, which is freed. */
static inline void put_model(rondo__text *file, rondo__text *graph, int64_t opset) {
    rondo__text set = {0};
    put_whole(file, 1, 8);
    put_message(file, 7, graph);
    put_whole(&set, 2, opset);
    put_message(file, 8, &set);
}

#endif

#include "formats/onnx_out.h"

#include <stdio.h>
#include <string.h>

#include "formats/onnx.h"
#include "formats/onnx_out_parts.h"

/* ---- the encoding ---- */

void rondo__wire_number(rondo__text *to, uint64_t n) {
    char bytes[10];
    size_t size = 0;
    for (; n > 127; n >>= 7)
        bytes[size++] = (char)((n & 127) | 128);
    bytes[size++] = (char)n;
    rondo__text_add(to, bytes, size);
}

void rondo__wire_whole(rondo__text *to, int field, int64_t n) {
    rondo__wire_number(to, (uint64_t)field << 3);
    rondo__wire_number(to, (uint64_t)n);
}

void rondo__wire_bytes(rondo__text *to, int field, const void *data, size_t size) {
    rondo__wire_number(to, (uint64_t)field << 3 | 2);
    rondo__wire_number(to, size);
    rondo__text_add(to, data, size);
}

void rondo__wire_string(rondo__text *to, int field, const char *s) { rondo__wire_bytes(to, field, s, strlen(s)); }

void rondo__wire_message(rondo__text *to, int field, rondo__text *inner) {
    to->failed = to->failed || inner->failed;
    rondo__wire_bytes(to, field, inner->data ? inner->data : "", inner->size);
    rondo__text_free(inner);
}

static void wire_float(rondo__text *to, int field, float x) {
    rondo__wire_number(to, (uint64_t)field << 3 | 5);
    rondo__text_add(to, (const char *)&x, sizeof x);
}

/* ---- the builder ---- */

rondo_status rondo__onnx_out_open(rondo__onnx_out **out, rondo_error *err) {
    *out = rondo__calloc(1, sizeof **out);
    if (!*out)
        return rondo__fail(err, RONDO_MEMORY, "onnx: no memory to write a graph");
    rondo__text_add(&(*out)->names, "", 1);
    (*out)->values = 1; /* 0 is absent */
    return RONDO_OK;
}

void rondo__onnx_out_close(rondo__onnx_out **out) {
    if (!*out)
        return;
    rondo__onnx_out *o = *out;
    for (int i = 0; i < o->arrays; i++) {
        rondo__text_free(&o->array[i].head);
        rondo__free(o->array[i].data);
    }
    for (int d = 0; d <= o->depth; d++)
        rondo__text_free(&o->graph[d]);
    rondo__text_free(&o->notes);
    rondo__text_free(&o->names);
    rondo__free(o->array);
    rondo__free(o->name_at);
    rondo__free(o);
    *out = NULL;
}

void rondo__onnx_out_fail(rondo__onnx_out *o, rondo_status status, const char *message) {
    if (!o->status) {
        o->status = status;
        snprintf(o->message, sizeof o->message, "%s", message);
    }
}

rondo_status rondo__onnx_out_status(const rondo__onnx_out *o) { return o->status; }

static bool lacks_memory(rondo__onnx_out *o, bool lacking) {
    if (lacking)
        rondo__onnx_out_fail(o, RONDO_MEMORY, "onnx: no memory to write the graph");
    return lacking;
}

/* A list that grows: room for one more of so many bytes. */
static bool grown(rondo__onnx_out *o, void **list, int count, int *room, size_t bytes) {
    if (count < *room)
        return true;
    const size_t more = *room ? 2 * (size_t)*room : 64;
    void *p = rondo__realloc(*list, (size_t)*room * bytes, more * bytes);
    if (lacks_memory(o, !p))
        return false;
    *list = p;
    *room = (int)more;
    return true;
}

/* ---- values ---- */

int rondo__onnx_value_named(rondo__onnx_out *o, const char *name) {
    if (o->status || !grown(o, (void **)&o->name_at, o->values, &o->name_room, sizeof *o->name_at))
        return 0;
    o->name_at[0] = 0;
    o->name_at[o->values] = o->names.size;
    rondo__text_add(&o->names, name, strlen(name) + 1);
    return lacks_memory(o, o->names.failed) ? 0 : o->values++;
}

int rondo__onnx_value_like(rondo__onnx_out *o, const char *like) {
    char name[64];
    snprintf(name, sizeof name, "%.40s_%d", like, o->values);
    return rondo__onnx_value_named(o, name);
}

const char *rondo__onnx_name_of(const rondo__onnx_out *o, int value) {
    return value ? o->names.data + o->name_at[value] : "";
}

static void put_port(rondo__onnx_out *o, int field, int value, rondo_dtype dtype, const rondo__onnx_shape *shape) {
    rondo__text port = {0}, type = {0}, tensor = {0}, dims = {0};
    for (int d = 0; d < shape->rank; d++) {
        rondo__text dim = {0};
        if (shape->dims[d] >= 0)
            rondo__wire_whole(&dim, 1, shape->dims[d]);
        else if (shape->names[d])
            rondo__wire_string(&dim, 2, shape->names[d]);
        rondo__wire_message(&dims, 1, &dim);
    }
    rondo__wire_whole(&tensor, 1, rondo__onnx_type_number(dtype));
    rondo__wire_message(&tensor, 2, &dims);
    rondo__wire_message(&type, 1, &tensor);
    rondo__wire_string(&port, 1, rondo__onnx_name_of(o, value));
    rondo__wire_message(&port, 2, &type);
    rondo__wire_message(&o->graph[o->depth], field, &port);
    lacks_memory(o, o->graph[o->depth].failed);
}

int rondo__onnx_input(rondo__onnx_out *o, const char *name, rondo_dtype dtype, const rondo__onnx_shape *shape) {
    const int value = o->depth ? rondo__onnx_value_like(o, name) : rondo__onnx_value_named(o, name);
    if (!o->status)
        put_port(o, 11, value, dtype, shape);
    return value;
}

void rondo__onnx_output(rondo__onnx_out *o, int value, const char *name, rondo_dtype dtype,
                        const rondo__onnx_shape *shape) {
    const int named = o->depth ? rondo__onnx_value_like(o, name) : rondo__onnx_value_named(o, name);
    int leaving[1] = {named};
    if (o->status)
        return;
    rondo__onnx_node_to(o, "Identity", 1, &value, 1, leaving, NULL);
    if (!o->status)
        put_port(o, 12, named, dtype, shape);
}

/* ---- arrays ---- */

/* Takes data, which is the array's from now on. */
static int add_array(rondo__onnx_out *o, int value, rondo_dtype dtype, int rank, const int64_t *dims, void *data,
                     size_t bytes) {
    if (o->status || lacks_memory(o, !data) ||
        !grown(o, (void **)&o->array, o->arrays, &o->array_room, sizeof *o->array)) {
        rondo__free(data);
        return 0;
    }
    rondo__onnx_array *a = &o->array[o->arrays++];
    *a = (rondo__onnx_array){.value = value, .data = data, .bytes = bytes};
    for (int d = 0; d < rank; d++)
        rondo__wire_whole(&a->head, 1, dims[d]);
    rondo__wire_whole(&a->head, 2, rondo__onnx_type_number(dtype));
    rondo__wire_string(&a->head, 8, rondo__onnx_name_of(o, value));
    lacks_memory(o, a->head.failed);
    return value;
}

static bool count_of(int rank, const int64_t *dims, size_t *count) {
    *count = 1;
    for (int d = 0; d < rank; d++)
        if (!rondo__size_mul(*count, (size_t)dims[d], count))
            return false;
    return true;
}

/* An array's name; where another has it already, one that begins with it. */
static int array_value(rondo__onnx_out *o, const char *name) {
    for (int i = 0; name && i < o->arrays; i++)
        if (strcmp(rondo__onnx_name_of(o, o->array[i].value), name) == 0)
            return rondo__onnx_value_like(o, name);
    return name ? rondo__onnx_value_named(o, name) : rondo__onnx_value_like(o, "weight");
}

int rondo__onnx_floats(rondo__onnx_out *o, const char *name, int rank, const int64_t *dims, const real *data) {
    size_t count, bytes;
    if (o->status || lacks_memory(o, !count_of(rank, dims, &count) || !rondo__size_mul(count, sizeof(float), &bytes)))
        return 0;
    float *copy = rondo__alloc(bytes ? bytes : 1);
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = (float)data[i];
    return add_array(o, array_value(o, name), RONDO_F32, rank, dims, copy, bytes);
}

static int add_copy(rondo__onnx_out *o, int value, rondo_dtype dtype, int rank, const int64_t *dims, const void *data) {
    size_t count;
    if (o->status || lacks_memory(o, !count_of(rank, dims, &count)))
        return 0;
    const size_t bytes = count * rondo_dtype_bytes(dtype);
    void *copy = rondo__alloc(bytes ? bytes : 1);
    if (copy)
        memcpy(copy, data, bytes);
    return add_array(o, value, dtype, rank, dims, copy, bytes);
}

int rondo__onnx_default(rondo__onnx_out *o, int input, rondo_dtype dtype, int rank, const int64_t *dims,
                        const void *data) {
    return add_copy(o, input, dtype, rank, dims, data);
}

/* The array of small constants with these bytes that is there already, or a new one. */
static int constant(rondo__onnx_out *o, rondo_dtype dtype, int rank, int64_t count, const void *data) {
    const size_t bytes = (size_t)count * rondo_dtype_bytes(dtype);
    for (int i = 0; i < o->arrays && !o->status; i++) {
        const rondo__onnx_array *a = &o->array[i];
        if (a->shared && a->dtype == dtype && a->rank == rank && a->bytes == bytes && memcmp(a->data, data, bytes) == 0)
            return a->value;
    }
    const int value = add_copy(o, rondo__onnx_value_like(o, "constant"), dtype, rank, &count, data);
    if (value && !o->status) {
        rondo__onnx_array *a = &o->array[o->arrays - 1];
        a->shared = true;
        a->dtype = dtype;
        a->rank = rank;
    }
    return value;
}

int rondo__onnx_list(rondo__onnx_out *o, int count, const int64_t *list) {
    return constant(o, RONDO_I64, 1, count, list);
}
int rondo__onnx_doubles(rondo__onnx_out *o, int64_t n, const double *data) {
    return constant(o, RONDO_F64, 1, n, data);
}

int rondo__onnx_whole(rondo__onnx_out *o, int64_t x) { return constant(o, RONDO_I64, 0, 1, &x); }
int rondo__onnx_whole32(rondo__onnx_out *o, int32_t x) { return constant(o, RONDO_I32, 0, 1, &x); }
int rondo__onnx_number(rondo__onnx_out *o, double x) {
    const float f = (float)x;
    return constant(o, RONDO_F32, 0, 1, &f);
}
int rondo__onnx_truth(rondo__onnx_out *o, bool x) {
    const uint8_t byte = x;
    return constant(o, RONDO_BOOL, 0, 1, &byte);
}

int rondo__onnx_find(const rondo__onnx_out *o, const void *source) {
    for (int i = 0; i < o->remembered; i++)
        if (o->memory[i].source == source)
            return o->memory[i].value;
    return 0;
}

void rondo__onnx_remember(rondo__onnx_out *o, const void *source, int value) {
    if (o->remembered < (int)(sizeof o->memory / sizeof *o->memory))
        o->memory[o->remembered++] = (rondo__onnx_memo){source, value};
}

/* ---- nodes ---- */

static void put_attribute(rondo__text *node, const rondo__onnx_give *give) {
    rondo__text a = {0};
    rondo__wire_string(&a, 1, give->name);
    switch (give->kind) {
    case RONDO__ATTR_FLOAT:
        wire_float(&a, 2, give->f);
        break;
    case RONDO__ATTR_INT:
        rondo__wire_whole(&a, 3, give->i);
        break;
    case RONDO__ATTR_TEXT:
        rondo__wire_string(&a, 4, give->s);
        break;
    case RONDO__ATTR_GRAPH:
        rondo__wire_message(&a, 6, give->graph);
        break;
    case RONDO__ATTR_INTS:
        for (int i = 0; i < give->count; i++)
            rondo__wire_whole(&a, 8, give->ints[i]);
        break;
    case RONDO__ATTR_TEXTS:
        for (int i = 0; i < give->count; i++)
            rondo__wire_string(&a, 9, give->texts[i]);
        break;
    }
    rondo__wire_whole(&a, 20, give->kind);
    rondo__wire_message(node, 5, &a);
}

static void drop_graphs(const rondo__onnx_give *give) {
    for (; give && give->name; give++)
        if (give->graph)
            rondo__text_free(give->graph);
}

void rondo__onnx_node_to(rondo__onnx_out *o, const char *op, int inputs, const int *input, int outputs,
                         const int *output, const rondo__onnx_give *give) {
    rondo__text node = {0};
    char name[64];
    if (o->status) {
        drop_graphs(give);
        return;
    }
    while (inputs > 0 && input[inputs - 1] == 0) /* absent ones at the end are left out */
        inputs--;
    for (int i = 0; i < inputs; i++)
        rondo__wire_string(&node, 1, rondo__onnx_name_of(o, input[i]));
    for (int i = 0; i < outputs; i++)
        rondo__wire_string(&node, 2, rondo__onnx_name_of(o, output[i]));
    snprintf(name, sizeof name, "%s_node_%d", op, ++o->nodes);
    rondo__wire_string(&node, 3, name);
    rondo__wire_string(&node, 4, op);
    for (; give && give->name; give++)
        put_attribute(&node, give);
    rondo__wire_message(&o->graph[o->depth], 1, &node);
    lacks_memory(o, o->graph[o->depth].failed);
}

void rondo__onnx_node_put(rondo__onnx_out *o, const char *op, int inputs, const int *input, int outputs, int *output,
                          const rondo__onnx_give *give) {
    for (int i = 0; i < outputs; i++)
        output[i] = rondo__onnx_value_like(o, op);
    rondo__onnx_node_to(o, op, inputs, input, outputs, output, give);
}

int rondo__onnx_op(rondo__onnx_out *o, const char *op, int a, int b, int c) {
    int value = 0;
    rondo__onnx_node_put(o, op, 3, (const int[]){a, b, c}, 1, &value, NULL);
    return value;
}

int rondo__onnx_op_with(rondo__onnx_out *o, const char *op, int a, int b, int c, rondo__onnx_give give) {
    const rondo__onnx_give list[2] = {give, {.name = NULL}};
    int value = 0;
    rondo__onnx_node_put(o, op, 3, (const int[]){a, b, c}, 1, &value, list);
    return value;
}

int rondo__onnx_joined(rondo__onnx_out *o, int64_t axis, int count, const int *parts) {
    const rondo__onnx_give give[2] = {RONDO__GIVE_INT("axis", axis), {.name = NULL}};
    int value = parts[0];
    if (count > 1)
        rondo__onnx_node_put(o, "Concat", count, parts, 1, &value, give);
    return value;
}

/* ---- bodies ---- */

void rondo__onnx_body_begin(rondo__onnx_out *o) {
    if (o->depth + 1 == RONDO__ONNX_DEPTH) {
        rondo__onnx_out_fail(o, RONDO_UNSUPPORTED, "onnx: too many graphs within each other");
        return;
    }
    o->depth++;
}

void rondo__onnx_body_end(rondo__onnx_out *o, rondo__text *graph) {
    *graph = (rondo__text){0};
    if (o->depth == 0)
        return;
    char name[32];
    snprintf(name, sizeof name, "body_%d", o->nodes);
    *graph = o->graph[o->depth];
    rondo__wire_string(graph, 2, name);
    o->graph[o->depth--] = (rondo__text){0};
    lacks_memory(o, graph->failed);
}

void rondo__onnx_note(rondo__onnx_out *o, const char *key, const char *text, size_t size) {
    rondo__text entry = {0};
    if (o->status)
        return;
    rondo__wire_string(&entry, 1, key);
    rondo__wire_bytes(&entry, 2, text, size);
    rondo__wire_message(&o->notes, 14, &entry);
    lacks_memory(o, o->notes.failed);
}

/* From the builder to the file. All lengths are known before the first byte goes out, so that weights go straight from
 * where they are. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "formats/onnx_out_parts.h"
#include "rondo/context.h"

/* Readers of messages stop at 2 GiB; small arrays stay in the file, whose shapes need them. */
enum { MOST = 0x7fff0000, SMALL = 1024, ALIGN = 64 };

static size_t number_size(uint64_t n) {
    size_t size = 1;
    for (; n > 127; n >>= 7)
        size++;
    return size;
}

static size_t field_size(size_t bytes) { return 1 + number_size(bytes) + bytes; }

static bool is_outside(const rondo__onnx_array *a, bool external) { return external && a->bytes > SMALL; }

static size_t array_size(const rondo__onnx_array *a, bool external) {
    return a->head.size + (is_outside(a, external) ? 0 : field_size(a->bytes));
}

static rondo_status put(rondo__writer *w, rondo__text *text, rondo_error *err) {
    rondo_status status = text->failed ? rondo__fail(err, RONDO_MEMORY, "onnx: no memory to write the graph")
                                       : rondo__writer_put(w, text->data, text->size, err);
    rondo__text_free(text);
    return status;
}

/* ---- arrays in a file of their own ---- */

static void put_entry(rondo__text *head, const char *key, const char *value) {
    rondo__text entry = {0};
    rondo__wire_string(&entry, 1, key);
    rondo__wire_string(&entry, 2, value);
    rondo__wire_message(head, 13, &entry);
}

static rondo_status put_outside(rondo__onnx_out *o, rondo__writer *w, const char *location, rondo_error *err) {
    static const char zeros[ALIGN];
    size_t at = 0;
    rondo_status status = RONDO_OK;
    for (int i = 0; i < o->arrays && !status; i++) {
        rondo__onnx_array *a = &o->array[i];
        char number[32];
        if (!is_outside(a, true))
            continue;
        const size_t gap = (ALIGN - at % ALIGN) % ALIGN;
        status = rondo__writer_put(w, zeros, gap, err);
        if (!status)
            status = rondo__writer_put(w, a->data, a->bytes, err);
        at += gap;
        put_entry(&a->head, "location", location);
        snprintf(number, sizeof number, "%zu", at);
        put_entry(&a->head, "offset", number);
        snprintf(number, sizeof number, "%zu", a->bytes);
        put_entry(&a->head, "length", number);
        rondo__wire_whole(&a->head, 14, 1);
        at += a->bytes;
        if (a->head.failed)
            status = rondo__fail(err, RONDO_MEMORY, "onnx: no memory to write the graph");
    }
    return status;
}

static rondo_status add_file(rondo__onnx_files *files, const char *path, rondo__writer **out, rondo_error *err) {
    assert(files->count < RONDO__ONNX_FILES);
    const rondo_status status = rondo__writer_open(out, path, err);
    if (!status)
        files->file[files->count++] = *out;
    return status;
}

static rondo_status write_outside(rondo__onnx_out *o, const char *path, rondo__onnx_files *files, rondo_error *err) {
    rondo__text name = {0};
    rondo__writer *w;
    rondo__text_format(&name, "%s.data", path);
    if (name.failed)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to write it", path);
    const char *slash = strrchr(name.data, '/');
    rondo_status status = add_file(files, name.data, &w, err);
    if (!status)
        status = put_outside(o, w, slash ? slash + 1 : name.data, err);
    rondo__text_free(&name);
    return status;
}

/* ---- the model ---- */

static rondo_status put_arrays(const rondo__onnx_out *o, rondo__writer *w, bool external, rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int i = 0; i < o->arrays && !status; i++) {
        const rondo__onnx_array *a = &o->array[i];
        rondo__text head = {0};
        rondo__wire_number(&head, 5 << 3 | 2);
        rondo__wire_number(&head, array_size(a, external));
        rondo__text_add(&head, a->head.data, a->head.size);
        if (!is_outside(a, external)) {
            rondo__wire_number(&head, 9 << 3 | 2);
            rondo__wire_number(&head, a->bytes);
        }
        status = put(w, &head, err);
        if (!status && !is_outside(a, external))
            status = rondo__writer_put(w, a->data, a->bytes, err);
    }
    return status;
}

/* All but the arrays' numbers. */
static rondo_status put_model(const rondo__onnx_out *o, rondo__writer *w, size_t arrays, bool external,
                              rondo_error *err) {
    rondo__text head = {0}, tail = {0}, set = {0};
    rondo__wire_whole(&head, 1, RONDO__ONNX_IR);
    rondo__wire_string(&head, 2, "rondo");
    rondo__wire_string(&head, 3, rondo_version());
    rondo__wire_number(&head, 7 << 3 | 2);
    rondo__wire_number(&head, o->graph[0].size + arrays);
    rondo__text_add(&head, o->graph[0].data, o->graph[0].size);
    rondo__wire_string(&set, 1, "");
    rondo__wire_whole(&set, 2, RONDO__ONNX_OPSET);
    rondo__wire_message(&tail, 8, &set);
    rondo__text_add(&tail, o->notes.data ? o->notes.data : "", o->notes.size);
    rondo_status status = put(w, &head, err);
    if (!status)
        status = put_arrays(o, w, external, err);
    if (!status)
        return put(w, &tail, err);
    rondo__text_free(&tail);
    return status;
}

static size_t arrays_size(const rondo__onnx_out *o, bool external) {
    size_t sum = 0;
    for (int i = 0; i < o->arrays; i++)
        sum += field_size(array_size(&o->array[i], external));
    return sum;
}

static rondo_status write_files(rondo__onnx_out *o, const char *path, bool external, rondo__onnx_files *files,
                                rondo_error *err) {
    rondo__writer *model;
    rondo_status status = external ? write_outside(o, path, files, err) : RONDO_OK;
    if (!status)
        status = add_file(files, path, &model, err);
    return status ? status : put_model(o, model, arrays_size(o, external), external, err);
}

void rondo__onnx_files_abandon(rondo__onnx_files *files) {
    for (int i = 0; i < files->count; i++)
        rondo__writer_abandon(&files->file[i]);
    files->count = 0;
}

rondo_status rondo__onnx_files_commit(rondo__onnx_files *files, rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int i = 0; i < files->count && !status; i++)
        status = rondo__writer_seal(files->file[i], err);
    for (int i = 0; i < files->count && !status; i++)
        status = rondo__writer_commit(&files->file[i], err);
    rondo__onnx_files_abandon(files);
    return status;
}

rondo_status rondo__onnx_out_finish(rondo__onnx_out *o, const char *path, const char *graph_name, bool external,
                                    rondo__onnx_files *files, rondo_error *err) {
    if (!o->status) {
        rondo__wire_string(&o->graph[0], 2, graph_name);
        if (o->graph[0].failed || o->notes.failed)
            rondo__onnx_out_fail(o, RONDO_MEMORY, "onnx: no memory to write the graph");
    }
    if (o->status)
        return rondo__fail(err, o->status, "%s", o->message);
    external = external || arrays_size(o, false) + o->graph[0].size + o->notes.size > MOST;
    return write_files(o, path, external, files, err);
}

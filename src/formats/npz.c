#include "formats/npz.h"

#include <string.h>

#include "formats/json_text.h"
#include "formats/npy.h"

void rondo__npz_free(rondo__npz *npz) {
    for (int i = 0; i < npz->count; i++) {
        rondo__free(npz->name[i]);
        rondo__free(npz->tensor[i].data);
    }
    rondo__free(npz->name);
    rondo__free(npz->tensor);
    *npz = (rondo__npz){0};
}

#ifdef RONDO_HAVE_ARCHIVE
#include <archive.h>
#include <archive_entry.h>

#define PIECE ((size_t)64 << 10)
enum { MOST_ARRAYS = 1 << 20, DEFLATE_MOST = 1032 };

typedef struct reading {
    struct archive *source;
    const char *label;
    size_t left; /* bytes that may still come out */
    rondo__npz *out;
    rondo_error *err;
} reading;

static rondo_status damaged(const reading *r) {
    const char *story = archive_error_string(r->source);
    return rondo__fail(r->err, RONDO_FORMAT, "%s: damaged, or no .npz file: %s", r->label,
                       rondo__show(story ? story : "unknown").text);
}

static rondo_status no_memory(const reading *r) {
    return rondo__fail(r->err, RONDO_MEMORY, "%s: no memory for its arrays", r->label);
}

/* All bytes of the entry at hand. Memory doubles as they come; sizes that the archive claims are not believed. */
static rondo_status read_bytes(reading *r, char **data, size_t *size) {
    size_t room = 0;
    *data = NULL;
    *size = 0;
    for (;;) {
        if (*size == room) {
            const size_t grown = room ? 2 * room : PIECE;
            char *more = rondo__realloc(*data, *size, grown);
            if (!more)
                return no_memory(r);
            *data = more;
            room = grown;
        }
        const la_ssize_t n = archive_read_data(r->source, *data + *size, room - *size);
        if (n == ARCHIVE_RETRY)
            continue;
        if (n < 0)
            return damaged(r);
        if (n == 0)
            return RONDO_OK;
        if ((size_t)n > r->left)
            return rondo__fail(r->err, RONDO_FORMAT, "%s: its arrays are larger than a file of this size can hold",
                               r->label);
        r->left -= (size_t)n;
        *size += (size_t)n;
    }
}

static rondo_status make_room(reading *r) {
    rondo__npz *out = r->out;
    const size_t room = out->room ? 2 * (size_t)out->room : 16;
    if (out->count < out->room)
        return RONDO_OK;
    char **names = rondo__realloc(out->name, (size_t)out->count * sizeof *names, room * sizeof *names);
    if (!names)
        return no_memory(r);
    out->name = names;
    rondo_tensor *tensors = rondo__realloc(out->tensor, (size_t)out->count * sizeof *tensors, room * sizeof *tensors);
    if (!tensors)
        return no_memory(r);
    out->tensor = tensors;
    out->room = (int)room;
    return RONDO_OK;
}

static rondo_status add_array(reading *r, const char *name, const char *data, size_t size) {
    rondo__npz *out = r->out;
    const size_t length = strlen(name);
    rondo_status status = make_room(r);
    rondo__text text = {0};
    if (status)
        return status;
    rondo__text_format(&text, "%s: '%s'", r->label, rondo__show(name).text);
    status = text.failed ? no_memory(r) : rondo__npy_parse(&out->tensor[out->count], text.data, data, size, r->err);
    rondo__text_free(&text);
    if (status)
        return status;
    out->name[out->count] = rondo__strdup(name);
    if (!out->name[out->count]) {
        rondo__free(out->tensor[out->count].data);
        return no_memory(r);
    }
    if (length > 4 && strcmp(name + length - 4, ".npy") == 0)
        out->name[out->count][length - 4] = '\0';
    out->count++;
    for (int i = 0; i + 1 < out->count; i++)
        if (strcmp(out->name[i], out->name[out->count - 1]) == 0)
            return rondo__fail(r->err, RONDO_FORMAT, "%s: two arrays are named '%s'", r->label,
                               rondo__show(out->name[i]).text);
    return RONDO_OK;
}

static rondo_status read_entry(reading *r, struct archive_entry *entry) {
    const char *name = archive_entry_pathname(entry);
    char *data;
    size_t size;
    if (!name)
        name = archive_entry_pathname_utf8(entry);
    if (!name || !*name)
        return rondo__fail(r->err, RONDO_FORMAT, "%s: holds an array whose name cannot be read", r->label);
    if (archive_entry_filetype(entry) != AE_IFREG)
        return RONDO_OK;
    if (r->out->count == MOST_ARRAYS)
        return rondo__fail(r->err, RONDO_FORMAT, "%s: holds more than %d arrays", r->label, MOST_ARRAYS);
    rondo_status status = read_bytes(r, &data, &size);
    if (!status)
        status = add_array(r, name, data, size);
    rondo__free(data);
    return status;
}

rondo_status rondo__npz_parse(rondo__npz *out, const char *label, const void *data, size_t size, rondo_error *err) {
    reading r = {.source = archive_read_new(), .label = label, .out = out, .err = err};
    struct archive_entry *entry;
    rondo_status status = RONDO_OK;
    int code = ARCHIVE_OK;
    *out = (rondo__npz){0};
    if (!r.source)
        return no_memory(&r);
    if (!rondo__size_mul(size, DEFLATE_MOST, &r.left))
        r.left = SIZE_MAX;
    if (archive_read_support_format_zip(r.source) != ARCHIVE_OK ||
        archive_read_open_memory(r.source, data, size) != ARCHIVE_OK)
        status = damaged(&r);
    while (!status && (code = archive_read_next_header(r.source, &entry)) != ARCHIVE_EOF) {
        if (code == ARCHIVE_RETRY)
            continue;
        status = code < ARCHIVE_WARN ? damaged(&r) : read_entry(&r, entry);
    }
    archive_read_free(r.source);
    if (status)
        rondo__npz_free(out);
    return status;
}
#else
rondo_status rondo__npz_parse(rondo__npz *out, const char *label, const void *data, size_t size, rondo_error *err) {
    (void)data, (void)size;
    *out = (rondo__npz){0};
    return rondo__fail(err, RONDO_UNSUPPORTED,
                       "%s: this build has no libarchive, which reads .npz files (save its arrays as .npy files)",
                       label);
}
#endif

rondo_status rondo__npz_read(rondo__npz *out, const char *path, rondo_error *err) {
    char *data;
    size_t size;
    *out = (rondo__npz){0};
    rondo_status status = rondo__file_read(path, 0, &data, &size, err);
    if (status)
        return status;
    status = rondo__npz_parse(out, path, data, size, err);
    rondo__free(data);
    return status;
}

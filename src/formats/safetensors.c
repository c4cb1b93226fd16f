/* Reading safetensors.
 *
 *   8 bytes: N, little-endian | N bytes: JSON object, blanks after it | data: the tensors, one after the other
 *
 * The header maps each name to {"dtype", "shape", "data_offsets": [begin, end]}, offsets counted from the start of the
 * data; "__metadata__" maps strings to strings. Nothing of it is believed: each tensor is checked alone (dtype, rank,
 * size in bytes = end - begin), then all are sorted by offset and must tile the data exactly: so offsets outside the
 * file, overlaps and gaps are one check. Then every tensor is copied to a 64-byte aligned place of its own, since files
 * of other writers may put numbers at any address. */
#include "formats/safetensors.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/checksum.h"
#include "formats/json_text.h"
#include "formats/json_tree.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "safetensors files are read and written as they lie in memory");

#define HEADER_LIMIT ((uint64_t)100 * 1000 * 1000)

typedef struct entry {
    rondo__named named;
    uint64_t begin, end; /* bytes from the start of the data */
} entry;

struct rondo__safetensors {
    rondo__json *header; /* owns all names and metadata */
    int count;
    entry *entries; /* by offset */
    char *data;
    rondo__signature signature;
};

/* What is being read, for messages. */
typedef struct place {
    const char *label;
    const char *name; /* of the tensor */
    rondo_error *err;
} place;

static bool find_dtype(const char *name, rondo_dtype *out) {
    static const rondo_dtype all[] = {RONDO_F32,  RONDO_F64, RONDO_I32, RONDO_I64, RONDO_U8,
                                      RONDO_BF16, RONDO_F16, RONDO_I8,  RONDO_BOOL};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(name, rondo_dtype_name(all[i])) == 0) {
            *out = all[i];
            return true;
        }
    }
    return false;
}

static rondo_status bad_tensor(const place *at, const char *what) {
    return rondo__fail(at->err, RONDO_FORMAT, "%s: tensor '%s': %s", at->label, rondo__show(at->name).text, what);
}

static rondo_status read_dtype(const place *at, const rondo__json *object, rondo_dtype *out) {
    const rondo__json *dtype = rondo__json_get(object, "dtype");
    if (!rondo__json_is_string(dtype))
        return bad_tensor(at, "'dtype' is not a string");
    if (!find_dtype(rondo__json_as_text(dtype), out)) {
        return rondo__fail(at->err, RONDO_FORMAT,
                           "%s: tensor '%s': dtype '%s' is unknown (F32, F64, I32, I64, U8, BF16 and F16 can be read)",
                           at->label, rondo__show(at->name).text, rondo__show(rondo__json_as_text(dtype)).text);
    }
    return RONDO_OK;
}

static rondo_status read_shape(const place *at, const rondo__json *object, rondo_tensor *tensor) {
    const rondo__json *shape = rondo__json_get(object, "shape");
    if (!rondo__json_is_array(shape))
        return bad_tensor(at, "'shape' is not a list");
    if (rondo__json_size(shape) > RONDO_MAX_RANK)
        return rondo__fail(at->err, RONDO_FORMAT, "%s: tensor '%s' has %zu dimensions (at most %d can be read)",
                           at->label, rondo__show(at->name).text, rondo__json_size(shape), RONDO_MAX_RANK);
    tensor->rank = (int)rondo__json_size(shape);
    for (int d = 0; d < tensor->rank; d++) {
        const rondo__json *n = rondo__json_at(shape, (size_t)d);
        if (!rondo__json_is_integer(n) || rondo__json_as_whole(n) < 0)
            return bad_tensor(at, "a dimension of 'shape' is not a whole number from 0");
        tensor->dims[d] = rondo__json_as_whole(n);
    }
    return RONDO_OK;
}

/* The size in bytes, false on overflow. A zero dimension does not excuse the others. */
static bool tensor_bytes(const rondo_tensor *tensor, size_t *out) {
    size_t bytes = rondo_dtype_bytes(tensor->dtype);
    bool empty = false;
    for (int d = 0; d < tensor->rank; d++) {
        empty = empty || tensor->dims[d] == 0;
        if (tensor->dims[d] != 0 && !rondo__size_mul(bytes, (size_t)tensor->dims[d], &bytes))
            return false;
    }
    *out = empty ? 0 : bytes;
    return bytes <= INT64_MAX;
}

static rondo_status read_offsets(const place *at, const rondo__json *object, entry *out) {
    const rondo__json *offsets = rondo__json_get(object, "data_offsets");
    const rondo__json *begin = rondo__json_at(offsets, 0), *end = rondo__json_at(offsets, 1);
    if (rondo__json_size(offsets) != 2 || !rondo__json_is_integer(begin) || !rondo__json_is_integer(end) ||
        rondo__json_as_whole(begin) < 0 || rondo__json_as_whole(end) < rondo__json_as_whole(begin))
        return bad_tensor(at, "'data_offsets' are not two rising whole numbers");
    out->begin = (uint64_t)rondo__json_as_whole(begin);
    out->end = (uint64_t)rondo__json_as_whole(end);
    return RONDO_OK;
}

static rondo_status read_entry(const place *at, const rondo__json *object, entry *out) {
    size_t bytes;
    rondo_status status;
    memset(out, 0, sizeof *out);
    out->named.name = at->name;
    if (!rondo__json_is_object(object))
        return bad_tensor(at, "its description is not an object");
    if ((status = read_dtype(at, object, &out->named.tensor.dtype)) != RONDO_OK ||
        (status = read_shape(at, object, &out->named.tensor)) != RONDO_OK ||
        (status = read_offsets(at, object, out)) != RONDO_OK)
        return status;
    if (!tensor_bytes(&out->named.tensor, &bytes))
        return bad_tensor(at, "its shape is too large");
    if (out->end - out->begin != bytes)
        return rondo__fail(at->err, RONDO_FORMAT, "%s: tensor '%s': shape and dtype need %zu bytes, offsets span %llu",
                           at->label, rondo__show(at->name).text, bytes, (unsigned long long)(out->end - out->begin));
    return RONDO_OK;
}

static int by_offset(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->named.name, y->named.name);
}

/* The sorted tensors must tile the data: no gap, no overlap, nothing outside. */
static rondo_status check_tiling(const rondo__safetensors *file, const char *label, uint64_t size, rondo_error *err) {
    uint64_t next = 0;
    for (int i = 0; i < file->count; i++) {
        const entry *e = &file->entries[i];
        const place at = {label, e->named.name, err};
        if (e->end > size)
            return rondo__fail(err, RONDO_FORMAT,
                               "%s: tensor '%s' ends at byte %llu of the data, which has %llu (is the file cut off?)",
                               label, rondo__show(e->named.name).text, (unsigned long long)e->end,
                               (unsigned long long)size);
        if (e->begin < next)
            return bad_tensor(&at, "its bytes overlap those of another tensor");
        if (e->begin > next)
            return bad_tensor(&at, "there is a gap before its bytes");
        next = e->end;
    }
    if (next != size)
        return rondo__fail(err, RONDO_FORMAT, "%s: %llu bytes after the last tensor belong to none", label,
                           (unsigned long long)(size - next));
    return RONDO_OK;
}

static rondo_status check_metadata(const rondo__json *metadata, const char *label, rondo_error *err) {
    const char *key;
    rondo__json *value;
    if (!rondo__json_is_object(metadata))
        return rondo__fail(err, RONDO_FORMAT, "%s: '__metadata__' is not an object of strings", label);
    RONDO__JSON_EACH(metadata, key, value) {
        if (!rondo__json_is_string(value))
            return rondo__fail(err, RONDO_FORMAT, "%s: '__metadata__' entry '%s' is not a string", label,
                               rondo__show(key).text);
    }
    return RONDO_OK;
}

static rondo_status read_entries(rondo__safetensors *file, const char *label, uint64_t size, rondo_error *err) {
    const char *key;
    rondo__json *value;
    const size_t objects = rondo__json_size(file->header);
    rondo_status status;
    file->entries = objects < INT32_MAX ? rondo__calloc(objects, sizeof(entry)) : NULL;
    if (!file->entries)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for %zu tensors", label, objects);
    RONDO__JSON_EACH(file->header, key, value) {
        const place at = {label, key, err};
        if (strcmp(key, "__metadata__") == 0) {
            status = check_metadata(value, label, err);
        } else {
            status = read_entry(&at, value, &file->entries[file->count++]);
        }
        if (status != RONDO_OK)
            return status;
    }
    qsort(file->entries, (size_t)file->count, sizeof(entry), by_offset);
    return check_tiling(file, label, size, err);
}

static size_t padded(size_t bytes) { return (bytes + RONDO_ALIGN - 1) / RONDO_ALIGN * RONDO_ALIGN; }

/* Gives every tensor an aligned place. The sum cannot overflow: the tensors tile a file that is in memory, and each
 * padding is paid for by at least a few dozen bytes of header, which is in memory too. */
static rondo_status copy_data(rondo__safetensors *file, const char *label, const char *data, rondo_error *err) {
    size_t total = 0, next = 0;
    assert(file->entries || file->count == 0);
    for (int i = 0; i < file->count; i++)
        total += padded((size_t)(file->entries[i].end - file->entries[i].begin));
    file->data = rondo__alloc(total);
    if (!file->data)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for %zu bytes of tensors", label, total);
    for (int i = 0; i < file->count; i++) {
        entry *e = &file->entries[i];
        const size_t bytes = (size_t)(e->end - e->begin);
        e->named.tensor.data = file->data + next;
        if (bytes > 0)
            memcpy(file->data + next, data + e->begin, bytes);
        next += padded(bytes);
    }
    return RONDO_OK;
}

static rondo_status read_header(rondo__safetensors *file, const char *label, const char *text, size_t size,
                                rondo_error *err) {
    rondo__json_error problem;
    if (size == 0 || text[0] != '{')
        return rondo__fail(err, RONDO_FORMAT, "%s: no '{' at byte 8 (this is not a safetensors file)", label);
    file->header = rondo__json_parse(text, size, true, &problem);
    if (file->header)
        return RONDO_OK;
    if (problem.memory)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the header", label);
    return rondo__fail(err, RONDO_FORMAT, "%s: the header is wrong near byte %d: %s", label, problem.position + 8,
                       rondo__show(problem.text).text);
}

/* Where the digits of the checksum stand among the header's bytes, 0: not as Rondo writes them. */
static size_t find_digits(const char *header, size_t size, const char *value) {
    char quoted[64];
    const int length = snprintf(quoted, sizeof quoted, "\"checksum\":\"%.20s\"", value);
    for (const char *p = header; (p = memchr(p, '"', size - (size_t)(p - header))) != NULL; p++) {
        if (size - (size_t)(p - header) >= (size_t)length && memcmp(p, quoted, (size_t)length) == 0)
            return (size_t)(p - header) + (size_t)length - 1 - RONDO__CRC_DIGITS;
    }
    return 0;
}

static rondo_status check_signature(rondo__safetensors *file, const char *label, const char *data, size_t size,
                                    size_t header, rondo_error *err) {
    uint32_t carried;
    const char *value = rondo__safetensors_metadata(file, "checksum");
    if (!value || strlen(value) != sizeof RONDO__CRC_BLANK - 1 || !rondo__crc_read(value, strlen(value), &carried))
        return RONDO_OK;
    const size_t digits = find_digits(data + 8, header, value);
    if (!digits)
        return RONDO_OK;
    const uint32_t found = rondo__crc_of(data, size, 8 + digits);
    if (found != carried)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: damaged: it carries the checksum %s, but its bytes have crc32:%08lx (copy it again; if "
                           "another program changed it on purpose, take 'checksum' out of its metadata)",
                           label, value, (unsigned long)found);
    file->signature = RONDO__SIGNED;
    return RONDO_OK;
}

static rondo_status parse(rondo__safetensors *file, const char *label, const char *data, size_t size,
                          rondo_error *err) {
    uint64_t header;
    rondo_status status;
    if (size < 8)
        return rondo__fail(err, RONDO_FORMAT, "%s: only %zu bytes (this is not a safetensors file, or it is cut off)",
                           label, size);
    memcpy(&header, data, 8);
    if (header > HEADER_LIMIT)
        return rondo__fail(err, RONDO_FORMAT, "%s: a header of %llu bytes (this is not a safetensors file)", label,
                           (unsigned long long)header);
    if (header > size - 8)
        return rondo__fail(err, RONDO_FORMAT, "%s: the header needs %llu bytes, %zu are there (the file is cut off)",
                           label, (unsigned long long)header, size - 8);
    if ((status = read_header(file, label, data + 8, (size_t)header, err)) != RONDO_OK ||
        (status = check_signature(file, label, data, size, (size_t)header, err)) != RONDO_OK ||
        (status = read_entries(file, label, size - 8 - header, err)) != RONDO_OK)
        return status;
    return copy_data(file, label, data + 8 + header, err);
}

rondo_status rondo__safetensors_parse(rondo__safetensors **out, const char *label, const void *data, size_t size,
                                      rondo_error *err) {
    rondo_status status;
    *out = rondo__calloc(1, sizeof **out);
    if (!*out)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory", label);
    status = parse(*out, label, data, size, err);
    if (status != RONDO_OK)
        rondo__safetensors_free(out);
    return status;
}

rondo_status rondo__safetensors_read(rondo__safetensors **out, const char *path, rondo_error *err) {
    char *data;
    size_t size;
    rondo_status status;
    *out = NULL;
    status = rondo__file_read(path, 0, &data, &size, err);
    if (status != RONDO_OK)
        return status;
    status = rondo__safetensors_parse(out, path, data, size, err);
    rondo__free(data);
    return status;
}

void rondo__safetensors_free(rondo__safetensors **file) {
    if (!file || !*file)
        return;
    rondo__json_free((*file)->header);
    rondo__free((*file)->entries);
    rondo__free((*file)->data);
    rondo__free(*file);
    *file = NULL;
}

int rondo__safetensors_count(const rondo__safetensors *file) { return file->count; }

const rondo__named *rondo__safetensors_at(const rondo__safetensors *file, int index) {
    return index >= 0 && index < file->count ? &file->entries[index].named : NULL;
}

rondo__signature rondo__safetensors_signature(const rondo__safetensors *file) { return file->signature; }

const char *rondo__safetensors_metadata(const rondo__safetensors *file, const char *key) {
    return rondo__json_as_text(rondo__json_get(rondo__json_get(file->header, "__metadata__"), key));
}

const rondo__named *rondo__safetensors_find(const rondo__safetensors *file, const char *name) {
    for (int i = 0; i < rondo__safetensors_count(file); i++) {
        const rondo__named *named = rondo__safetensors_at(file, i);
        if (strcmp(named->name, name) == 0)
            return named;
    }
    return NULL;
}

/* An .npy file is
 *
 *   "\x93NUMPY" | major, minor | header length: 2 bytes (version 1) or 4 (2, 3) | header | the numbers
 *
 * with a Python dictionary as header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }. Its three keys may
 * come in any order; the scanner below knows just the literals that can stand there. */
#include "formats/npy.h"

#include <string.h>

#include "formats/json_text.h"

#define MAGIC "\x93NUMPY"

static const struct {
    const char *name;
    rondo_dtype dtype;
} types[] = {{"<f4", RONDO_F32}, {"<f8", RONDO_F64}, {"<f2", RONDO_F16}, {"<i4", RONDO_I32},
             {"<i8", RONDO_I64}, {"|u1", RONDO_U8},  {"|i1", RONDO_I8},  {"|b1", RONDO_BOOL}};

typedef struct scanner {
    const char *at, *end;
    const char *label;
    rondo_error *err;
    bool seen[3]; /* descr, fortran_order, shape */
    bool fortran; /* the first index runs fastest, as in arrays that were transposed */
} scanner;

static rondo_status bad(const scanner *s, const char *what) {
    return rondo__fail(s->err, RONDO_FORMAT, "%s: %s (not an .npy file that can be read)", s->label, what);
}

static void skip_blanks(scanner *s) {
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool take(scanner *s, const char *word) {
    const size_t size = strlen(word);
    skip_blanks(s);
    if ((size_t)(s->end - s->at) < size || memcmp(s->at, word, size) != 0)
        return false;
    s->at += size;
    return true;
}

/* A quoted string without escapes, into room bytes. */
static bool take_string(scanner *s, char *out, size_t room) {
    size_t size = 0;
    char quote;
    skip_blanks(s);
    if (s->at == s->end || (*s->at != '\'' && *s->at != '"'))
        return false;
    for (quote = *s->at++; s->at < s->end && *s->at != quote; s->at++) {
        if (size + 1 >= room || *s->at == '\\')
            return false;
        out[size++] = *s->at;
    }
    out[size] = '\0';
    return s->at < s->end && s->at++;
}

static bool take_whole(scanner *s, int64_t *out) {
    uint64_t value = 0;
    skip_blanks(s);
    if (s->at == s->end || *s->at < '0' || *s->at > '9')
        return false;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++) {
        if (value > (INT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (uint64_t)(*s->at - '0');
    }
    *out = (int64_t)value;
    return true;
}

static rondo_status take_type(scanner *s, rondo_tensor *out) {
    char name[16];
    if (!take_string(s, name, sizeof name))
        return bad(s, "'descr' is not a plain type");
    if (name[0] && name[1] && name[2] == '1')
        name[0] = '|'; /* one byte has no order */
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, name) == 0) {
            out->dtype = types[i].dtype;
            return RONDO_OK;
        }
    }
    return rondo__fail(
        s->err, RONDO_FORMAT,
        "%s: numbers of type '%s' (only f2, f4, f8, i1, i4, i8, u1 and b1 in little-endian order can be read)",
        s->label, rondo__show(name).text);
}

static rondo_status take_shape(scanner *s, rondo_tensor *out) {
    if (!take(s, "("))
        return bad(s, "'shape' is not a tuple");
    while (!take(s, ")")) {
        if (out->rank == RONDO_MAX_RANK)
            return rondo__fail(s->err, RONDO_FORMAT, "%s: more than %d dimensions (at most so many can be read)",
                               s->label, RONDO_MAX_RANK);
        if (!take_whole(s, &out->dims[out->rank]))
            return bad(s, "'shape' holds something that is no dimension");
        out->rank++;
        if (!take(s, ",")) {
            if (take(s, ")"))
                return RONDO_OK;
            return bad(s, "'shape' is not closed");
        }
    }
    return RONDO_OK;
}

static rondo_status take_entry(scanner *s, rondo_tensor *out) {
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    char key[16];
    int k = 0;
    if (!take_string(s, key, sizeof key) || !take(s, ":"))
        return bad(s, "the header is not a dictionary");
    while (k < 3 && strcmp(key, keys[k]) != 0)
        k++;
    if (k == 3 || s->seen[k])
        return bad(s, "the header has an unknown or repeated key");
    s->seen[k] = true;
    if (k == 0)
        return take_type(s, out);
    if (k == 2)
        return take_shape(s, out);
    s->fortran = take(s, "True");
    return s->fortran || take(s, "False") ? RONDO_OK : bad(s, "'fortran_order' is neither True nor False");
}

static rondo_status read_header(scanner *s, rondo_tensor *out) {
    if (!take(s, "{"))
        return bad(s, "the header is not a dictionary");
    while (!take(s, "}")) {
        rondo_status status = take_entry(s, out);
        if (status != RONDO_OK)
            return status;
        if (!take(s, ",")) {
            if (take(s, "}"))
                break;
            return bad(s, "the header is not closed");
        }
    }
    skip_blanks(s);
    if (s->at != s->end || !s->seen[0] || !s->seen[1] || !s->seen[2])
        return bad(s, "the header is not complete");
    return RONDO_OK;
}

/* Size of what stands before the numbers, 0 when it is not there; *begin where the dictionary begins. */
static size_t header_end(const unsigned char *data, size_t size, size_t *begin) {
    uint64_t length;
    if (size < 10 || memcmp(data, MAGIC, 6) != 0 || data[6] < 1 || data[6] > 3)
        return 0;
    *begin = data[6] == 1 ? 10 : 12;
    if (size < *begin)
        return 0;
    length = data[8] | (uint64_t)data[9] << 8;
    if (data[6] > 1)
        length |= (uint64_t)data[10] << 16 | (uint64_t)data[11] << 24;
    return length <= size - *begin ? *begin + (size_t)length : 0;
}

/* False on overflow; a zero dimension does not excuse the others. */
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

/* The numbers stand with the first index running fastest; ours run with the last. */
static void copy_fortran(const rondo_tensor *to, const char *from) {
    const size_t each = rondo_dtype_bytes(to->dtype);
    const int64_t count = rondo_tensor_count(to);
    int64_t stride[RONDO_MAX_RANK], index[RONDO_MAX_RANK] = {0}, at = 0;
    for (int64_t d = to->rank - 1, n = 1; d >= 0; n *= to->dims[d], d--)
        stride[d] = n;
    for (int64_t i = 0; i < count; i++) {
        memcpy((char *)to->data + (size_t)at * each, from + (size_t)i * each, each);
        for (int d = 0; d < to->rank; d++) {
            at += stride[d];
            if (++index[d] < to->dims[d])
                break;
            at -= stride[d] * to->dims[d];
            index[d] = 0;
        }
    }
}

rondo_status rondo__npy_parse(rondo_tensor *out, const char *label, const void *data, size_t size, rondo_error *err) {
    scanner s = {.label = label, .err = err};
    rondo_tensor tensor = {0};
    size_t begin, bytes, end = header_end(data, size, &begin);
    rondo_status status;
    memset(out, 0, sizeof *out);
    if (end == 0)
        return bad(&s, "no whole header");
    s.at = (const char *)data + begin;
    s.end = (const char *)data + end;
    status = read_header(&s, &tensor);
    if (status != RONDO_OK)
        return status;
    if (!tensor_bytes(&tensor, &bytes))
        return bad(&s, "the shape is too large");
    if (bytes != size - end)
        return rondo__fail(err, RONDO_FORMAT, "%s: the array needs %zu bytes, %zu are there (is the file cut off?)",
                           label, bytes, size - end);
    tensor.data = rondo__alloc(bytes);
    if (!tensor.data)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for %zu bytes", label, bytes);
    if (bytes > 0 && s.fortran)
        copy_fortran(&tensor, (const char *)data + end);
    else if (bytes > 0)
        memcpy(tensor.data, (const char *)data + end, bytes);
    *out = tensor;
    return RONDO_OK;
}

rondo_status rondo__npy_read(rondo_tensor *out, const char *path, rondo_error *err) {
    char *data;
    size_t size;
    rondo_status status = rondo__file_read(path, 0, &data, &size, err);
    memset(out, 0, sizeof *out);
    if (status != RONDO_OK)
        return status;
    status = rondo__npy_parse(out, path, data, size, err);
    rondo__free(data);
    return status;
}

/* The dictionary, with blanks and a line end so that the numbers begin on 64 bytes. */
static bool make_header(rondo__text *header, const rondo_tensor *tensor) {
    const char *name = NULL;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        name = types[i].dtype == tensor->dtype ? types[i].name : name;
    if (!name)
        return false;
    rondo__text_format(header, "{'descr': '%s', 'fortran_order': False, 'shape': (", name);
    for (int d = 0; d < tensor->rank; d++)
        rondo__text_format(header, d ? ", %lld" : "%lld", (long long)tensor->dims[d]);
    rondo__text_format(header, "%s), }", tensor->rank == 1 ? "," : "");
    while (!header->failed && (header->size + 11) % 64 != 0)
        rondo__text_add(header, " ", 1);
    rondo__text_add(header, "\n", 1);
    return true;
}

static rondo_status write_parts(const char *path, const rondo__text *header, const rondo_tensor *tensor,
                                rondo_error *err) {
    const unsigned char start[10] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)(header->size & 255), (unsigned char)(header->size >> 8)};
    const size_t bytes = (size_t)rondo_tensor_count(tensor) * rondo_dtype_bytes(tensor->dtype);
    rondo__writer *writer = NULL;
    rondo_status status = rondo__writer_open(&writer, path, err);
    if (status == RONDO_OK)
        status = rondo__writer_put(writer, start, sizeof start, err);
    if (status == RONDO_OK)
        status = rondo__writer_put(writer, header->data, header->size, err);
    if (status == RONDO_OK && bytes > 0)
        status = rondo__writer_put(writer, tensor->data, bytes, err);
    if (status == RONDO_OK)
        return rondo__writer_commit(&writer, err);
    rondo__writer_abandon(&writer);
    return status;
}

rondo_status rondo__npy_write(const char *path, const rondo_tensor *tensor, rondo_error *err) {
    rondo__text header = {0};
    rondo_status status = rondo_tensor_check(tensor, err);
    if (status != RONDO_OK)
        return status;
    if (!make_header(&header, tensor)) {
        status =
            rondo__fail(err, RONDO_ARGUMENT, "%s: an .npy file cannot hold %s", path, rondo_dtype_name(tensor->dtype));
    } else if (header.failed) {
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory for the header", path);
    } else {
        status = write_parts(path, &header, tensor, err);
    }
    rondo__text_free(&header);
    return status;
}

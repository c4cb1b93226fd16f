/* Writing safetensors: the same input gives the same bytes. The header lists "__metadata__" first, then the tensors in
 * the order given; blanks after it make the data begin on 64 bytes. Tensors follow each other without a gap (the format
 * allows none), so each is 64-byte aligned as long as the sizes before it are multiples of 64. */
#include <string.h>

#include "formats/checksum.h"
#include "formats/json_text.h"
#include "formats/safetensors.h"

/* The checksum stands first, so that its digits have a fixed place. */
#define OPENING "{\"__metadata__\":{\"checksum\":\"" RONDO__CRC_BLANK "\""
enum { DIGITS_AT = 8 + sizeof OPENING - 2 - RONDO__CRC_DIGITS };

static rondo_status check_string(const char *path, const char *what, const char *s, rondo_error *err) {
    const size_t size = strlen(s);
    if (rondo__utf8_check(s, size) == size)
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "%s: %s '%s' is not UTF-8", path, what, rondo__show(s).text);
}

static rondo_status check_tensors(const char *path, int count, const rondo__named *tensors, rondo_error *err) {
    for (int i = 0; i < count; i++) {
        rondo_status status = check_string(path, "tensor", tensors[i].name, err);
        if (status == RONDO_OK)
            status = rondo_tensor_check(&tensors[i].tensor, err);
        if (status != RONDO_OK)
            return status;
        if (strcmp(tensors[i].name, "__metadata__") == 0)
            return rondo__fail(err, RONDO_ARGUMENT, "%s: no tensor can be named __metadata__", path);
        for (int j = 0; j < i; j++) {
            if (strcmp(tensors[i].name, tensors[j].name) == 0)
                return rondo__fail(err, RONDO_ARGUMENT, "%s: two tensors are named '%s'", path,
                                   rondo__show(tensors[i].name).text);
        }
    }
    return RONDO_OK;
}

static rondo_status check_metadata(const char *path, int pairs, const rondo__pair *metadata, rondo_error *err) {
    for (int i = 0; i < pairs; i++) {
        rondo_status status = check_string(path, "metadata key", metadata[i].key, err);
        if (status == RONDO_OK)
            status = check_string(path, "metadata of key", metadata[i].value, err);
        if (status != RONDO_OK)
            return status;
        if (strcmp(metadata[i].key, "checksum") == 0)
            return rondo__fail(err, RONDO_ARGUMENT, "%s: the metadata entry 'checksum' is the writer's own", path);
        for (int j = 0; j < i; j++) {
            if (strcmp(metadata[i].key, metadata[j].key) == 0)
                return rondo__fail(err, RONDO_ARGUMENT, "%s: two metadata entries are named '%s'", path,
                                   rondo__show(metadata[i].key).text);
        }
    }
    return RONDO_OK;
}

static void add_metadata(rondo__text *header, int pairs, const rondo__pair *metadata) {
    rondo__text_add(header, OPENING, sizeof OPENING - 1);
    for (int i = 0; i < pairs; i++) {
        rondo__text_add(header, ",", 1);
        rondo__json_string(header, metadata[i].key, strlen(metadata[i].key));
        rondo__text_add(header, ":", 1);
        rondo__json_string(header, metadata[i].value, strlen(metadata[i].value));
    }
    rondo__text_add(header, "}", 1);
}

static size_t tensor_bytes(const rondo_tensor *tensor) {
    return (size_t)rondo_tensor_count(tensor) * rondo_dtype_bytes(tensor->dtype);
}

/* False when the offsets overflow. */
static bool add_tensor(rondo__text *header, const rondo__named *named, size_t *offset) {
    const size_t begin = *offset;
    if (!rondo__size_add(begin, tensor_bytes(&named->tensor), offset) || *offset > INT64_MAX)
        return false;
    rondo__json_string(header, named->name, strlen(named->name));
    rondo__text_format(header, ":{\"dtype\":\"%s\",\"shape\":[", rondo_dtype_name(named->tensor.dtype));
    for (int d = 0; d < named->tensor.rank; d++)
        rondo__text_format(header, "%s%lld", d ? "," : "", (long long)named->tensor.dims[d]);
    rondo__text_format(header, "],\"data_offsets\":[%zu,%zu]}", begin, *offset);
    return true;
}

static rondo_status make_header(rondo__text *header, const char *path, int count, const rondo__named *tensors,
                                int pairs, const rondo__pair *metadata, rondo_error *err) {
    size_t offset = 0;
    add_metadata(header, pairs, metadata);
    for (int i = 0; i < count; i++) {
        rondo__text_add(header, ",", 1);
        if (!add_tensor(header, &tensors[i], &offset))
            return rondo__fail(err, RONDO_ARGUMENT, "%s: the tensors are too large for one file", path);
    }
    rondo__text_add(header, "}", 1);
    while (!header->failed && (header->size + 8) % RONDO_ALIGN != 0)
        rondo__text_add(header, " ", 1);
    if (header->failed)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the header", path);
    return RONDO_OK;
}

/* Of everything, the digits taken as zeros, which they are up to here. */
static void sign(rondo__text *header, int count, const rondo__named *tensors) {
    const uint64_t size = header->size;
    char digits[RONDO__CRC_DIGITS + 1];
    uint32_t crc = rondo__crc32(0, &size, sizeof size);
    crc = rondo__crc32(crc, header->data, header->size);
    for (int i = 0; i < count; i++)
        crc = rondo__crc32(crc, tensors[i].tensor.data, tensor_bytes(&tensors[i].tensor));
    rondo__crc_print(crc, digits);
    memcpy(header->data + DIGITS_AT - 8, digits, RONDO__CRC_DIGITS);
}

static rondo_status put_all(rondo__writer *writer, const rondo__text *header, int count, const rondo__named *tensors,
                            rondo_error *err) {
    const uint64_t size = header->size;
    rondo_status status = rondo__writer_put(writer, &size, sizeof size, err);
    if (status == RONDO_OK)
        status = rondo__writer_put(writer, header->data, header->size, err);
    for (int i = 0; i < count && status == RONDO_OK; i++) {
        const size_t bytes = tensor_bytes(&tensors[i].tensor);
        if (bytes > 0)
            status = rondo__writer_put(writer, tensors[i].tensor.data, bytes, err);
    }
    return status;
}

rondo_status rondo__safetensors_write(const char *path, int count, const rondo__named *tensors, int pairs,
                                      const rondo__pair *metadata, rondo_error *err) {
    rondo__text header = {0};
    rondo__writer *writer = NULL;
    rondo_status status = check_tensors(path, count, tensors, err);
    if (status == RONDO_OK)
        status = check_metadata(path, pairs, metadata, err);
    if (status == RONDO_OK)
        status = make_header(&header, path, count, tensors, pairs, metadata, err);
    if (status == RONDO_OK)
        status = rondo__writer_open(&writer, path, err);
    if (status == RONDO_OK)
        sign(&header, count, tensors);
    if (status == RONDO_OK)
        status = put_all(writer, &header, count, tensors, err);
    if (status == RONDO_OK) {
        status = rondo__writer_commit(&writer, err);
    } else {
        rondo__writer_abandon(&writer);
    }
    rondo__text_free(&header);
    return status;
}

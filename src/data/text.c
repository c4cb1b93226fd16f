#include "data/text.h"

#include <math.h>
#include <string.h>

#ifdef RONDO_HAVE_UTF8PROC
#include <utf8proc.h>
#endif

rondo_status rondo__text_valid(const char *label, const char *text, size_t size, rondo_error *err) {
    const size_t valid = rondo__utf8_check(text, size);
    const char *nul = memchr(text, '\0', valid);
    if (nul)
        return rondo__fail(err, RONDO_FORMAT, "%s: byte %zu is NUL (this is not a text file)", label,
                           (size_t)(nul - text));
    if (valid < size)
        return rondo__fail(err, RONDO_FORMAT, "%s: byte %zu is not UTF-8 (convert it, for example with iconv)", label,
                           valid);
    return RONDO_OK;
}

/* Takes off the byte order mark and the \r of \r\n, in place. */
static void normalise(rondo__corpus *corpus) {
    char *data = corpus->data;
    size_t from = 0, to = 0;
    if (corpus->size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        corpus->had_mark = true;
        from = 3;
    }
    for (; from < corpus->size; from++) {
        if (data[from] == '\r' && from + 1 < corpus->size && data[from + 1] == '\n') {
            corpus->crlf++;
            continue;
        }
        data[to++] = data[from];
    }
    corpus->size = to;
    data[to] = '\0';
}

rondo_status rondo__corpus_take(rondo__corpus *out, const char *label, char *data, size_t size, rondo_error *err) {
    rondo_status status = rondo__text_valid(label, data, size, err);
    *out = (rondo__corpus){.data = data, .size = size};
    if (status == RONDO_OK) {
        normalise(out);
        if (out->size == 0)
            status = rondo__fail(err, RONDO_FORMAT, "%s: the file is empty", label);
    }
    if (status != RONDO_OK)
        rondo__corpus_free(out);
    return status;
}

rondo_status rondo__corpus_read(rondo__corpus *out, const char *path, rondo_error *err) {
    char *data;
    size_t size;
    rondo_status status = rondo__file_read(path, 0, &data, &size, err);
    *out = (rondo__corpus){0};
    return status == RONDO_OK ? rondo__corpus_take(out, path, data, size, err) : status;
}

void rondo__corpus_free(rondo__corpus *corpus) {
    rondo__free(corpus->data);
    *corpus = (rondo__corpus){0};
}

static bool starts_character(char c) { return ((unsigned char)c & 0xc0) != 0x80; }

size_t rondo__corpus_split(const char *text, size_t size, double fraction) {
    int64_t characters = 0, keep;
    size_t i = 0;
    for (size_t k = 0; k < size; k++)
        characters += starts_character(text[k]);
    keep = (int64_t)floor((1 - fraction) * (double)characters);
    for (; i < size; i++) {
        if (starts_character(text[i]) && keep-- <= 0)
            break;
    }
    return i;
}

#ifdef RONDO_HAVE_UTF8PROC
void rondo__text_lower(rondo__text *out, const char *text, size_t size) {
    for (size_t i = 0; i < size && !out->failed;) {
        utf8proc_int32_t code;
        utf8proc_uint8_t bytes[4];
        utf8proc_ssize_t length =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(size - i), &code);
        if (length <= 0)
            break; /* the text was checked: not reached */
        const utf8proc_ssize_t bytes_out = utf8proc_encode_char(utf8proc_tolower(code), bytes);
        rondo__text_add(out, (const char *)bytes, (size_t)bytes_out);
        i += (size_t)length;
    }
}
#else
void rondo__text_lower(rondo__text *out, const char *text, size_t size) {
    const size_t begin = out->size;
    rondo__text_add(out, text, size);
    for (size_t i = begin; i < out->size && !out->failed; i++) {
        if (out->data[i] >= 'A' && out->data[i] <= 'Z')
            out->data[i] = (char)(out->data[i] + ('a' - 'A'));
    }
}
#endif

/* Lines of text, kept apart: one block of text whose line ends became NULs, and a row of pointers into it. */
#include "data/pairs.h"

#include <string.h>

#include "data/text.h"

static int64_t count_lines(const rondo__text *text) {
    int64_t count = text->size > 0 && text->data[text->size - 1] != '\n';
    for (size_t i = 0; i < text->size; i++)
        count += text->data[i] == '\n';
    return count;
}

rondo_status rondo__lines_take(rondo__lines *out, const char *label, rondo__text *text, rondo_error *err) {
    const int64_t count = count_lines(text);
    char *at = text->data;
    size_t bytes;
    *out = (rondo__lines){.text = text->data, .count = count};
    *text = (rondo__text){0};
    out->line = rondo__size_mul((size_t)count, sizeof *out->line, &bytes) ? rondo__alloc(bytes) : NULL;
    if (!out->line) {
        rondo__lines_free(out);
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for %lld lines", label, (long long)count);
    }
    for (int64_t i = 0; i < count; i++) {
        out->line[i] = at;
        at = strchrnul(at, '\n'); /* the text holds no NUL but for the one at its end */
        *at++ = '\0';
    }
    return RONDO_OK;
}

static rondo_status cut_corpus(rondo__lines *out, const char *label, rondo__corpus *corpus, rondo_error *err) {
    rondo__text text = {.data = corpus->data, .size = corpus->size};
    return rondo__lines_take(out, label, &text, err);
}

rondo_status rondo__lines_read(rondo__lines *out, const char *path, rondo_error *err) {
    rondo__corpus corpus;
    const rondo_status status = rondo__corpus_read(&corpus, path, err);
    *out = (rondo__lines){0};
    return status == RONDO_OK ? cut_corpus(out, path, &corpus, err) : status;
}

rondo_status rondo__lines_split(rondo__lines *out, const char *label, const char *text, size_t size, rondo_error *err) {
    rondo__corpus corpus;
    size_t bytes;
    char *copy = rondo__size_add(size, 1, &bytes) ? rondo__alloc(bytes) : NULL;
    *out = (rondo__lines){0};
    if (!copy)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for %zu bytes of text", label, size);
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    const rondo_status status = rondo__corpus_take(&corpus, label, copy, size, err);
    return status == RONDO_OK ? cut_corpus(out, label, &corpus, err) : status;
}

void rondo__lines_join(rondo__text *out, const rondo__lines *lines) {
    for (int64_t i = 0; i < lines->count && !out->failed; i++) {
        rondo__text_add(out, lines->line[i], strlen(lines->line[i]));
        rondo__text_add(out, "\n", 1);
    }
}

void rondo__lines_free(rondo__lines *lines) {
    rondo__free(lines->text);
    rondo__free(lines->line);
    *lines = (rondo__lines){0};
}

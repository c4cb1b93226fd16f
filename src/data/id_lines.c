/* Lines as ids, and the vocabularies for lines. */
#include "data/pairs.h"

#include <string.h>

#include "data/tokenizer_kinds.h"

rondo_status rondo__tokenizer_build_lines(rondo__tokenizer **out, const rondo__tokenizer_config *config,
                                          const rondo__lines *first, const rondo__lines *second, const char *label,
                                          rondo_error *err) {
    rondo__text text = {0};
    *out = NULL;
    rondo__lines_join(&text, first);
    if (second)
        rondo__lines_join(&text, second);
    const rondo_status status =
        text.failed ? rondo__fail(err, RONDO_MEMORY, "%s: no memory for the text of the vocabulary", label)
                    : rondo__tokenizer_build(out, config, text.data ? text.data : "", text.size, label, err);
    rondo__text_free(&text);
    return status;
}

rondo_status rondo__line_encode(const rondo__tokenizer *tokenizer, const char *line, size_t size, int32_t **ids,
                                int64_t *count, rondo_error *err) {
    const rondo_status status = rondo__tokenizer_encode(tokenizer, line, size, ids, count, err);
    for (int64_t i = 0; i < *count; i++) {
        if ((*ids)[i] == rondo__tokenizer_line_end(tokenizer))
            (*ids)[i] = rondo__tokenizer_unknown(tokenizer);
    }
    return status;
}

static rondo_status add_line(rondo__ids *row, const rondo__tokenizer *tokenizer, const char *line, rondo_error *err) {
    int32_t *ids;
    int64_t count;
    rondo_status status = rondo__line_encode(tokenizer, line, strlen(line), &ids, &count, err);
    if (status == RONDO_OK && !rondo__ids_add(row, ids, count))
        status = rondo__fail(err, RONDO_MEMORY, "no memory for the symbols of the lines");
    rondo__free(ids);
    return status;
}

rondo_status rondo__id_lines_encode(rondo__id_lines *out, const rondo__tokenizer *tokenizer, const rondo__lines *lines,
                                    rondo_error *err) {
    rondo__ids row = {0};
    rondo_status status = RONDO_OK;
    *out = (rondo__id_lines){.count = lines->count};
    out->start = rondo__calloc((size_t)lines->count + 1, sizeof *out->start);
    if (!out->start)
        status = rondo__fail(err, RONDO_MEMORY, "no memory for %lld lines of symbols", (long long)lines->count);
    for (int64_t i = 0; i < lines->count && status == RONDO_OK; i++) {
        status = add_line(&row, tokenizer, lines->line[i], err);
        out->start[i + 1] = row.count;
    }
    out->ids = row.data;
    if (status != RONDO_OK)
        rondo__id_lines_free(out);
    return status;
}

void rondo__id_lines_free(rondo__id_lines *lines) {
    rondo__free(lines->start);
    rondo__free(lines->ids);
    *lines = (rondo__id_lines){0};
}

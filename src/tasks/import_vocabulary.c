/* Vocabularies of other makers, one symbol per line in the order of their rows, as the JSON of a model file.
 *
 *   language_model   the lines as they are; <unk> and for words <eos> are put behind them where they lack them, and get
 *                    rows of their own (src/exchange/import_fill.c)
 *   tag              a word per line, and in another file a label per line. The unknown word, our first, is their line
 *                    <unk> or, without such a line, their first, whatever is in it */
#include <string.h>

#include "data/tokenizer.h"
#include "formats/json_text.h"
#include "tasks/import_task.h"

/* "\n", "\t" and "\\" stand for what a line cannot hold; returns the size. */
static size_t unescape(char *line, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        char c = line[i];
        if (c == '\\' && i + 1 < size && strchr("nt\\", line[i + 1])) {
            i++;
            c = line[i] == 'n' ? '\n' : line[i] == 't' ? '\t' : '\\';
        }
        line[n++] = c;
    }
    return n;
}

typedef struct lines {
    char *text; /* the file */
    int64_t count, room;
    char **line; /* each ended by a NUL */
    size_t *size;
    const char *path;
    rondo_error *err;
} lines;

static void free_lines(lines *l) {
    rondo__free(l->text);
    rondo__free(l->line);
    rondo__free(l->size);
    *l = (lines){0};
}

static rondo_status split(lines *l, size_t size) {
    for (size_t i = 0; i < size; i++)
        l->room += l->text[i] == '\n';
    l->room++;
    l->line = rondo__calloc((size_t)l->room, sizeof *l->line);
    l->size = rondo__calloc((size_t)l->room, sizeof *l->size);
    if (!l->line || !l->size)
        return rondo__fail(l->err, RONDO_MEMORY, "%s: no memory for its lines", l->path);
    for (size_t at = 0; at < size; l->count++) {
        const char *end = memchr(l->text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - (l->text + at)) : size - at;
        l->line[l->count] = l->text + at;
        at += length + 1;
        if (length > 0 && l->line[l->count][length - 1] == '\r')
            length--;
        l->size[l->count] = unescape(l->line[l->count], length);
    }
    return RONDO_OK;
}

static rondo_status read_lines(lines *l, const char *path, rondo_error *err) {
    size_t size;
    *l = (lines){.path = path, .err = err};
    rondo_status status = rondo__file_read(path, 0, &l->text, &size, err);
    if (status)
        return status;
    const size_t valid = rondo__utf8_check(l->text, size);
    status = valid < size ? rondo__fail(err, RONDO_FORMAT, "%s: byte %zu is not UTF-8", path, valid) : split(l, size);
    if (!status && l->count == 0)
        status = rondo__fail(err, RONDO_FORMAT, "%s: is empty (a symbol per line, in the order of the rows)", path);
    if (status)
        free_lines(l);
    return status;
}

/* The line that holds just this; -1: none. */
static int64_t find(const lines *l, const char *symbol) {
    const size_t size = strlen(symbol);
    for (int64_t i = 0; i < l->count; i++)
        if (l->size[i] == size && memcmp(l->line[i], symbol, size) == 0)
            return i;
    return -1;
}

/* All lines but one (-1: all). */
static void put(rondo__text *json, const lines *l, int64_t without) {
    const char *between = "";
    rondo__text_add(json, "[", 1);
    for (int64_t i = 0; i < l->count; i++) {
        if (i == without)
            continue;
        rondo__text_format(json, "%s", between);
        rondo__json_string(json, l->line[i], l->size[i]);
        between = ", ";
    }
}

static rondo_status language_model(rondo__text *json, const rondo__recipe_tokenizer *section, const lines *words,
                                   rondo_error *err) {
    const bool word = section->type == RONDO__WORD;
    if (!word && section->type != RONDO__CHAR)
        return rondo__fail(err, RONDO_UNSUPPORTED, "%s: a vocabulary file is for data.tokenizer char or word",
                           words->path);
    rondo__text_format(json, "{\"type\": \"%s\", \"lowercase\": %s, \"symbols\": ", word ? "word" : "char",
                       section->lowercase ? "true" : "false");
    put(json, words, -1);
    rondo__text_format(json, "%s%s]}", find(words, "<unk>") < 0 ? ", \"<unk>\"" : "",
                       word && find(words, "<eos>") < 0 ? ", \"<eos>\"" : "");
    return RONDO_OK;
}

static rondo_status tag(rondo__text *json, const lines *words, const char *labels, int64_t unknown, rondo_error *err) {
    lines names;
    if (!labels)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: a tagger needs a file of labels, too (--labels)", words->path);
    rondo_status status = read_lines(&names, labels, err);
    if (status)
        return status;
    rondo__text_format(json, "{\"words\": ");
    put(json, words, unknown);
    rondo__text_format(json, "], \"characters\": [], \"labels\": ");
    put(json, &names, -1);
    rondo__text_format(json, "]}");
    free_lines(&names);
    return RONDO_OK;
}

static rondo_status write_json(rondo__text *json, const rondo__recipe *recipe, const rondo_import_options *o,
                               const lines *words, rondo__import_rows *rows, rondo_error *err) {
    if (recipe->task == RONDO__LANGUAGE_MODEL) {
        rows->spare = true;
        return language_model(json, &recipe->data.tokenizer, words, err);
    }
    if (recipe->task != RONDO__TAG)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "%s: a vocabulary file is for language models and taggers (the recipe's data give the "
                           "vocabulary of others)",
                           words->path);
    const int64_t unknown = find(words, "<unk>");
    rows->unknown = unknown < 0 ? 0 : unknown;
    return tag(json, words, o->labels, rows->unknown, err);
}

rondo_status rondo__import_vocabulary(rondo__model_meta *meta, const rondo_import_options *options,
                                      rondo__import_rows *rows, rondo_error *err) {
    rondo__text json = {0};
    lines words;
    rondo_status status = read_lines(&words, options->vocabulary, err);
    if (status)
        return status;
    status = write_json(&json, &meta->recipe, options, &words, rows, err);
    if (!status && json.failed)
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory for the vocabulary", options->vocabulary);
    if (status)
        rondo__text_free(&json);
    free_lines(&words);
    meta->vocabulary = json.data;
    return status;
}

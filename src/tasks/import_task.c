/* With a vocabulary file, line n is the symbol of row n of theirs: what a model file would hold as JSON is written from
 * it, and the task is loaded as from such a file. Symbols that Rondo needs and the file has not, <unk> and for words
 * <eos>, are put behind the others; their rows are made (import_fill.c). Without the file the recipe's data give the
 * vocabulary, in the order that training would give it. */
#include "tasks/import_task.h"

#include <string.h>

#include "data/text.h"
#include "data/tokenizer.h"
#include "formats/json_text.h"
#include "train/model_file.h"

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

typedef struct symbols {
    rondo__text json;
    bool unknown, end; /* <unk>, <eos> are there */
    bool first;
} symbols;

static void put(symbols *s, const char *symbol, size_t size) {
    rondo__text_add(&s->json, ", ", s->first ? 0 : 2);
    rondo__json_string(&s->json, symbol, size);
    s->first = false;
    s->unknown |= size == 5 && memcmp(symbol, "<unk>", 5) == 0;
    s->end |= size == 5 && memcmp(symbol, "<eos>", 5) == 0;
}

static rondo_status write_symbols(symbols *s, const char *path, rondo__tokenizer_kind kind, rondo_error *err) {
    char *text;
    size_t size;
    rondo_status status = rondo__file_read(path, 0, &text, &size, err);
    if (status)
        return status;
    if (rondo__utf8_check(text, size) < size)
        status = rondo__fail(err, RONDO_FORMAT, "%s: byte %zu is not UTF-8", path, rondo__utf8_check(text, size));
    for (size_t at = 0; at < size && !status;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - (text + at)) : size - at;
        const size_t next = at + length + 1;
        if (length > 0 && text[at + length - 1] == '\r')
            length--;
        put(s, text + at, unescape(text + at, length));
        at = next;
    }
    rondo__free(text);
    if (!status && !s->unknown)
        put(s, "<unk>", 5);
    if (!status && !s->end && kind == RONDO__WORD)
        put(s, "<eos>", 5);
    return status;
}

static rondo_status read_vocabulary(rondo__model_meta *meta, const char *path, rondo_error *err) {
    const rondo__recipe_tokenizer *section = &meta->recipe.data.tokenizer;
    symbols s = {.first = true};
    if (meta->recipe.task != RONDO__LANGUAGE_MODEL)
        return rondo__fail(
            err, RONDO_UNSUPPORTED,
            "%s: a vocabulary file is for language models (the recipe's data give the vocabulary of others)", path);
    if (section->type != RONDO__CHAR && section->type != RONDO__WORD)
        return rondo__fail(err, RONDO_UNSUPPORTED, "%s: a vocabulary file is for data.tokenizer char or word", path);
    rondo__text_format(&s.json, "{\"type\": \"%s\", \"lowercase\": %s, \"symbols\": [",
                       section->type == RONDO__CHAR ? "char" : "word", section->lowercase ? "true" : "false");
    rondo_status status = write_symbols(&s, path, (rondo__tokenizer_kind)section->type, err);
    rondo__text_format(&s.json, "]}");
    if (!status && s.json.failed)
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory for the vocabulary", path);
    if (status)
        rondo__text_free(&s.json);
    meta->vocabulary = s.json.data;
    return status;
}

/* Needs none of the recipe's data, so whether they are there is not asked. */
static rondo_status read_recipe(rondo__recipe *recipe, const rondo_import_options *o, rondo_error *err) {
    char *text;
    size_t size;
    if (!o->vocabulary)
        return rondo__recipe_read(recipe, o->recipe, o->sets, o->set, err);
    rondo_status status = rondo__file_read(o->recipe, (size_t)1 << 20, &text, &size, err);
    if (status)
        return status;
    status = rondo__recipe_parse(recipe, o->recipe, text, size, o->sets, o->set, err);
    rondo__free(text);
    return status;
}

static rondo_status make(rondo__task_object **out, rondo_context *context, rondo__model_meta *meta,
                         const rondo_import_options *o, rondo_error *err) {
    rondo_status status = read_recipe(&meta->recipe, o, err);
    if (status)
        return status;
    const rondo__task_class *class = rondo__task_find(meta->recipe.task);
    if (!class)
        return rondo__fail(err, RONDO_UNSUPPORTED, "%s: this build has no such task", o->recipe);
    if (!o->vocabulary)
        return rondo__task_create(out, class, context, &meta->recipe, err);
    status = read_vocabulary(meta, o->vocabulary, err);
    return status ? status : rondo__task_load(out, class, context, meta, NULL, o->vocabulary, err);
}

rondo_status rondo__import_make_task(rondo__task_object **out, rondo_context *context,
                                     const rondo_import_options *options, rondo_error *err) {
    rondo__model_meta *meta = rondo__calloc(1, sizeof *meta);
    *out = NULL;
    if (!meta)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to read it", options->recipe);
    const rondo_status status = make(out, context, meta, options, err);
    rondo__model_meta_free(meta);
    rondo__free(meta);
    return status;
}

#include "formats/yaml_tree.h"

#include <stdio.h>
#include <string.h>

#include "formats/json_tree.h"

/* How much of everything a value needs. */
typedef struct amounts {
    size_t nodes, items, pairs;
} amounts;

static void count(const rondo__json *value, amounts *sum) {
    const bool object = value->type == RONDO__JSON_OBJECT, list = value->type == RONDO__JSON_ARRAY;
    sum->nodes++;
    for (size_t i = 0; (object || list) && i < value->size; i++) {
        sum->items += list;
        sum->pairs += object;
        sum->nodes += object;
        count(&value->child[i], sum);
    }
}

static int new_node(rondo__yaml_document *d, rondo__yaml_type type, size_t line) {
    d->nodes[d->count] = (rondo__yaml_node){.type = type, .start_mark = {line}};
    return ++d->count;
}

static int new_scalar(rondo__yaml_document *d, const char *text, size_t size, size_t line, bool quoted) {
    const int number = new_node(d, RONDO__YAML_SCALAR, line);
    d->nodes[number - 1].data.scalar.value = (unsigned char *)(uintptr_t)text;
    d->nodes[number - 1].data.scalar.length = size;
    d->nodes[number - 1].data.scalar.style = quoted;
    return number;
}

/* The value and all below it; next: what is not yet taken of items and pairs. */
static int convert(rondo__yaml_document *d, const rondo__json *value, amounts *next) {
    const bool object = value->type == RONDO__JSON_OBJECT;
    if (!object && value->type != RONDO__JSON_ARRAY)
        return new_scalar(d, value->text, value->size, value->line, value->type == RONDO__JSON_STRING);
    const int number = new_node(d, object ? RONDO__YAML_MAPPING : RONDO__YAML_SEQUENCE, value->line);
    int *item = d->items + next->items;
    rondo__yaml_pair *pair = d->pairs + next->pairs;
    next->items += object ? 0 : value->size;
    next->pairs += object ? value->size : 0;
    for (size_t i = 0; i < value->size; i++) {
        const rondo__json *child = &value->child[i];
        if (object)
            pair[i].key = new_scalar(d, child->key, strlen(child->key), child->line, true);
        const int made = convert(d, child, next);
        if (object)
            pair[i].value = made;
        else
            item[i] = made;
    }
    rondo__yaml_node *node = &d->nodes[number - 1];
    if (object) {
        node->data.mapping.pairs.start = pair;
        node->data.mapping.pairs.top = pair + value->size;
    } else {
        node->data.sequence.items.start = item;
        node->data.sequence.items.top = item + value->size;
    }
    return number;
}

static bool no_memory(rondo__yaml_parser *parser, rondo__yaml_document *document) {
    parser->error = RONDO__YAML_MEMORY;
    rondo__yaml_free(document);
    return false;
}

static bool load_json(rondo__yaml_parser *parser, rondo__yaml_document *d, const char *text) {
    rondo__json_error error;
    amounts sum = {0}, next = {0};
    d->json = rondo__json_parse(text, parser->size, false, &error);
    if (!d->json && !error.memory) {
        snprintf(parser->story, sizeof parser->story,
                 "this build, without libyaml, reads recipes as JSON only, and here is %s", error.text);
        parser->error = RONDO__YAML_WRONG;
        parser->problem = parser->story;
        parser->problem_mark.line = (size_t)error.line - 1;
        return false;
    }
    if (d->json) {
        count(d->json, &sum);
        d->nodes = rondo__calloc(sum.nodes, sizeof *d->nodes);
        d->items = rondo__calloc(sum.items, sizeof *d->items);
        d->pairs = rondo__calloc(sum.pairs, sizeof *d->pairs);
    }
    if (!d->nodes || !d->items || !d->pairs)
        return no_memory(parser, d);
    convert(d, d->json, &next);
    return true;
}

static bool load_scalar(rondo__yaml_parser *parser, rondo__yaml_document *d, const char *text, size_t size) {
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\n'))
        size--;
    const bool quoted = size > 1 && (*text == '"' || *text == '\'') && text[size - 1] == *text;
    d->nodes = rondo__calloc(1, sizeof *d->nodes);
    d->scalar = rondo__alloc(size + 1);
    if (!d->nodes || !d->scalar)
        return no_memory(parser, d);
    size -= quoted ? 2 : 0;
    memcpy(d->scalar, text + quoted, size);
    d->scalar[size] = '\0';
    new_scalar(d, d->scalar, size, 0, quoted);
    return true;
}

bool rondo__yaml_load(rondo__yaml_parser *parser, rondo__yaml_document *document) {
    const char *text = parser->text;
    size_t blanks = 0;
    *document = (rondo__yaml_document){0};
    parser->text = NULL;
    while (text && blanks < parser->size && (text[blanks] == ' ' || text[blanks] == '\n'))
        blanks++;
    if (!text || blanks == parser->size)
        return true;
    const size_t size = parser->size - blanks;
    const char *line_end = memchr(text + blanks, '\n', size), first = text[blanks];
    const bool line = !line_end || (size_t)(line_end - text) == parser->size - 1;
    if (first == '{' || first == '[' || !line || memchr(text + blanks, ':', size))
        return load_json(parser, document, text);
    return load_scalar(parser, document, text + blanks, size);
}

void rondo__yaml_free(rondo__yaml_document *document) {
    rondo__free(document->nodes);
    rondo__free(document->items);
    rondo__free(document->pairs);
    rondo__free(document->scalar);
    rondo__json_free(document->json);
    *document = (rondo__yaml_document){0};
}

rondo__yaml_node *rondo__yaml_at(const rondo__yaml_document *document, int number) {
    return number >= 1 && number <= document->count ? &document->nodes[number - 1] : NULL;
}

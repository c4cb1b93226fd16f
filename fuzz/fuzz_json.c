/* Fuzz target, see fuzz/README.md: any bytes as JSON, and as a YAML document in the reader of builds without libyaml.
 * Every value that is read lies inside the source and is valid JSON again. */
#include "formats/json_tree.h"
#include "formats/yaml_tree.h"

#include <string.h>

static void json_look(const rondo__json *value, const char *data, size_t size) {
    const bool holds = value->type >= RONDO__JSON_ARRAY;
    if (value->raw < data || value->raw_size == 0 || (size_t)(value->raw - data) + value->raw_size > size ||
        (!holds && strlen(value->text) != value->size))
        __builtin_trap();
    for (size_t i = 0; holds && i < value->size; i++)
        json_look(&value->child[i], data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    rondo__json_error error, none;
    rondo__json *root = rondo__json_parse(text, size, true, &error);
    if (root) {
        json_look(root, text, size);
        rondo__json *again = rondo__json_parse(root->raw, root->raw_size, true, &none);
        if (!again || again->size != root->size)
            __builtin_trap();
        rondo__json_free(again);
    }
    rondo__json_free(root);
    rondo__yaml_parser parser = {.text = text, .size = size};
    rondo__yaml_document document;
    if (rondo__yaml_load(&parser, &document) && root && !rondo__yaml_at(&document, 1))
        __builtin_trap();
    rondo__yaml_free(&document);
    return 0;
}

/* Reading recipes: YAML nodes are walked along the schema table, so depth is bounded by the table and an alias costs no
 * more than what it stands for. Each field remembers where it was set, for the messages of later checks. */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "formats/json_text.h"
#include "train/recipe_schema.h"

#define RECIPE_LIMIT ((size_t)1 << 20) /* bytes */

typedef struct reader {
    rondo__recipe *recipe;
    rondo__recipe_origin *origin;
    yaml_document_t *document;
    int set; /* index of the --set being read, -1: the file */
    rondo_error *err;
} reader;

typedef struct spot {
    char text[256];
} spot;

/* "recipe.yaml:7" or "--set model.cell" */
static spot place_of(const reader *in, const yaml_node_t *node) {
    spot place;
    if (in->set < 0) {
        snprintf(place.text, sizeof place.text, "%.200s:%zu", in->origin->label, node ? node->start_mark.line + 1 : 1);
    } else {
        const char *set = in->origin->set[in->set];
        snprintf(place.text, sizeof place.text, "--set %.*s", (int)(strcspn(set, "=") % 200), set);
    }
    return place;
}

static const char *scalar_of(const yaml_node_t *node) { return (const char *)node->data.scalar.value; }

/* What the node holds, for a message: "'two'", "a list", "empty". */
static rondo__shown held(const yaml_node_t *node) {
    rondo__shown shown, value;
    if (node->type != YAML_SCALAR_NODE)
        return rondo__show(node->type == YAML_SEQUENCE_NODE ? "a list" : "a mapping");
    if (node->data.scalar.length == 0)
        return rondo__show("empty");
    value = rondo__show(scalar_of(node));
    value.text[RONDO__SHOWN - 4] = '\0';
    snprintf(shown.text, sizeof shown.text, "'%.*s'", RONDO__SHOWN - 4, value.text);
    return shown;
}

static rondo_status wrong_value(const reader *in, const rondo__field *field, const yaml_node_t *node) {
    rondo__text expects = {0};
    const char *near = NULL;
    rondo_status status;
    int count = 0;
    rondo__field_expects(field, &expects);
    if (field->type == RONDO__CHOICE && node->type == YAML_SCALAR_NODE) {
        while (field->names[count])
            count++;
        near = rondo__nearest_name(scalar_of(node), field->names, count);
    }
    if (near)
        rondo__text_format(&expects, "; did you mean '%s'?", near);
    if (field->type == RONDO__TEXT && node->type == YAML_MAPPING_NODE)
        rondo__text_format(&expects, "; a text that begins with { stands between quotes");
    status = rondo__fail(in->err, RONDO_FORMAT, "%s: %s is %s (must be %s)", place_of(in, node).text, field->path,
                         held(node).text, expects.data && !expects.failed ? expects.data : "of another kind");
    rondo__text_free(&expects);
    return status;
}

static bool scan_node(const reader *in, const rondo__field *field, const yaml_node_t *node, int index) {
    return node && node->type == YAML_SCALAR_NODE && strlen(scalar_of(node)) == node->data.scalar.length &&
           rondo__field_scan(field, in->recipe, scalar_of(node), index);
}

static rondo_status read_field(reader *in, int row, const yaml_node_t *node) {
    const rondo__field *field = &rondo__recipe_fields[row];
    in->origin->line[row] = in->set < 0 ? (int)node->start_mark.line + 1 : -1 - in->set;
    rondo__field_set_default(field, in->recipe);
    const bool list = field->type == RONDO__WHOLES || field->type == RONDO__NUMBERS || field->type == RONDO__TEXTS;
    if (!list || node->type != YAML_SEQUENCE_NODE)
        return scan_node(in, field, node, -1) ? RONDO_OK : wrong_value(in, field, node);
    const yaml_node_item_t *first = node->data.sequence.items.start;
    const ptrdiff_t count = node->data.sequence.items.top - first;
    const ptrdiff_t most = field->type == RONDO__TEXTS ? RONDO__LIST : (ptrdiff_t)field->size;
    if (count > most || (count == 0 && field->scalar))
        return wrong_value(in, field, node);
    for (ptrdiff_t i = 0; i < count; i++) {
        const yaml_node_t *item = yaml_document_get_node(in->document, first[i]);
        if (!scan_node(in, field, item, (int)i))
            return wrong_value(in, field, item ? item : node);
    }
    return RONDO_OK;
}

/* The names directly below a section, each once; returns their number. Storage holds their bytes. */
static int child_names(const char *section, char storage[][RONDO__NAME], const char **names) {
    const size_t size = strlen(section);
    int count = 0;
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const char *path = rondo__recipe_fields[i].path;
        if (size > 0 && (strncmp(path, section, size) != 0 || path[size] != '.'))
            continue;
        path += size > 0 ? size + 1 : 0;
        snprintf(storage[count], RONDO__NAME, "%.*s", (int)strcspn(path, "."), path);
        if (count == 0 || strcmp(storage[count], storage[count - 1]) != 0) {
            names[count] = storage[count];
            count++;
        }
    }
    return count;
}

/* Another key of that name, for a key that stands in the wrong section. */
static const char *elsewhere(const char *key) {
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const char *dot = strrchr(rondo__recipe_fields[i].path, '.');
        if (dot && strcmp(dot + 1, key) == 0)
            return rondo__recipe_fields[i].path;
    }
    return NULL;
}

static rondo_status unknown_key(const reader *in, const char *section, const char *key, const yaml_node_t *node) {
    char storage[RONDO__FIELDS_MAX][RONDO__NAME];
    const char *names[RONDO__FIELDS_MAX] = {NULL};
    const int count = child_names(section, storage, names);
    const char *near = rondo__nearest_name(key, names, count), *other = elsewhere(key);
    const spot place = place_of(in, node);
    const rondo__shown shown = rondo__show(key);
    if (other)
        return rondo__fail(in->err, RONDO_FORMAT, "%s: unknown key '%s' in %s (did you mean %s?)", place.text,
                           shown.text, *section ? section : "the recipe", other);
    if (near)
        return rondo__fail(in->err, RONDO_FORMAT, "%s: unknown key '%s' (did you mean '%s'?)", place.text, shown.text,
                           near);
    return rondo__fail(in->err, RONDO_FORMAT, "%s: unknown key '%s' in %s (docs/recipe.md lists all keys)", place.text,
                       shown.text, *section ? section : "the recipe");
}

static rondo_status read_section(reader *in, const char *section, const yaml_node_t *node);

/* The value at a path that is a field, a section, or a section by its shorthand (tokenizer: char). */
static rondo_status read_path(reader *in, const char *path, const yaml_node_t *node) {
    char type[RONDO__NAME * 2];
    int row = rondo__field_find(path);
    if (row >= 0)
        return read_field(in, row, node);
    if (node->type == YAML_MAPPING_NODE)
        return read_section(in, path, node);
    snprintf(type, sizeof type, "%.100s.type", path);
    row = rondo__field_find(type);
    if (row >= 0)
        return read_field(in, row, node);
    return rondo__fail(in->err, RONDO_FORMAT, "%s: %s is %s (must hold keys of its own, indented below it)",
                       place_of(in, node).text, path, held(node).text);
}

static bool same_scalar(const yaml_node_t *a, const yaml_node_t *b) {
    return a->data.scalar.length == b->data.scalar.length &&
           memcmp(a->data.scalar.value, b->data.scalar.value, a->data.scalar.length) == 0;
}

/* All pairs before this one had known, different keys, so this looks at few. */
static const yaml_node_t *earlier_twin(const reader *in, const yaml_node_t *mapping, const yaml_node_pair_t *pair,
                                       const yaml_node_t *key) {
    for (const yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < pair; p++) {
        const yaml_node_t *other = yaml_document_get_node(in->document, p->key);
        if (other && same_scalar(other, key))
            return other;
    }
    return NULL;
}

static rondo_status read_pair(reader *in, const char *section, const yaml_node_t *mapping,
                              const yaml_node_pair_t *pair) {
    const yaml_node_t *key = yaml_document_get_node(in->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(in->document, pair->value), *twin;
    char path[RONDO__NAME * 2];
    if (!key || !value || key->type != YAML_SCALAR_NODE)
        return rondo__fail(in->err, RONDO_FORMAT, "%s: a key is not a plain name", place_of(in, key).text);
    snprintf(path, sizeof path, "%s%s%.*s", section, *section ? "." : "", RONDO__NAME - 1, scalar_of(key));
    if (key->data.scalar.length >= RONDO__NAME || strchr(scalar_of(key), '.') ||
        (rondo__field_find(path) < 0 && !rondo__field_is_section(path)))
        return unknown_key(in, section, scalar_of(key), key);
    twin = earlier_twin(in, mapping, pair, key);
    if (twin)
        return rondo__fail(in->err, RONDO_FORMAT, "%s: key '%s' stands twice (first on line %zu; remove one)",
                           place_of(in, key).text, scalar_of(key), twin->start_mark.line + 1);
    return read_path(in, path, value);
}

static rondo_status read_section(reader *in, const char *section, const yaml_node_t *node) {
    rondo_status status = RONDO_OK;
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; pair < node->data.mapping.pairs.top && status == RONDO_OK; pair++)
        status = read_pair(in, section, node, pair);
    return status;
}

static size_t line_at(const char *text, size_t offset) {
    size_t line = 1;
    for (size_t i = 0; i < offset; i++)
        line += text[i] == '\n';
    return line;
}

/* Does indentation on this line (from 1) hold a tab? */
static bool tab_on_line(const char *text, size_t size, size_t line) {
    size_t i = 0;
    for (; i < size && line > 1; i++)
        line -= text[i] == '\n';
    while (i < size && text[i] == ' ')
        i++;
    return i < size && text[i] == '\t';
}

static rondo_status syntax_error(const reader *in, const yaml_parser_t *parser, const char *text, size_t size) {
    spot place = place_of(in, NULL);
    size_t line = parser->problem_mark.line + 1;
    if (parser->error == YAML_MEMORY_ERROR)
        return rondo__fail(in->err, RONDO_MEMORY, "%s: no memory to read it", place.text);
    if (parser->error == YAML_READER_ERROR)
        line = line_at(text, parser->problem_offset < size ? parser->problem_offset : size);
    if (in->set < 0)
        snprintf(place.text, sizeof place.text, "%.200s:%zu", in->origin->label, line);
    if (tab_on_line(text, size, line))
        return rondo__fail(in->err, RONDO_FORMAT, "%s: a tab stands in the indentation (YAML takes only blanks there)",
                           place.text);
    return rondo__fail(in->err, RONDO_FORMAT, "%s: not valid YAML: %s (check indentation, colons and quotes)",
                       place.text, parser->problem ? parser->problem : "it cannot be read");
}

static rondo_status check_root(const reader *in, const yaml_node_t *root, const char *what) {
    if (!root)
        return rondo__fail(in->err, RONDO_FORMAT, "%s: %s is empty", place_of(in, NULL).text, what);
    if (in->set < 0 && root->type != YAML_MAPPING_NODE)
        return rondo__fail(in->err, RONDO_FORMAT,
                           "%s: the recipe is %s (must be keys with values, such as task: "
                           "language_model)",
                           place_of(in, root).text, held(root).text);
    return RONDO_OK;
}

/* Loads the one document of the text and reads it as what stands at path ("" for the whole). */
static rondo_status read_document(reader *in, const char *path, const char *text, size_t size) {
    yaml_parser_t parser;
    yaml_document_t document, second;
    rondo_status status;
    if (!yaml_parser_initialize(&parser))
        return rondo__fail(in->err, RONDO_MEMORY, "%s: no memory to read it", place_of(in, NULL).text);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    if (!yaml_parser_load(&parser, &document)) {
        status = syntax_error(in, &parser, text, size);
        yaml_parser_delete(&parser);
        return status;
    }
    const yaml_node_t *root = yaml_document_get_root_node(&document);
    in->document = &document;
    status = check_root(in, root, in->set < 0 ? "the recipe" : "the value");
    if (status == RONDO_OK)
        status = *path ? read_path(in, path, root) : read_section(in, "", root);
    if (status == RONDO_OK && !yaml_parser_load(&parser, &second)) {
        status = syntax_error(in, &parser, text, size);
    } else if (status == RONDO_OK) {
        const yaml_node_t *more = yaml_document_get_root_node(&second);
        if (more)
            status = rondo__fail(in->err, RONDO_FORMAT, "%s: a second document begins (a recipe is one)",
                                 place_of(in, more).text);
        yaml_document_delete(&second);
    }
    in->document = NULL;
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    return status;
}

static rondo_status read_file_text(reader *in, const char *text, size_t size) {
    const size_t valid = rondo__utf8_check(text, size);
    if (size > RECIPE_LIMIT)
        return rondo__fail(in->err, RONDO_FORMAT, "%s: %zu bytes are too many for a recipe", in->origin->label, size);
    if (valid < size)
        return rondo__fail(in->err, RONDO_FORMAT, "%s:%zu: byte %zu is not UTF-8 (convert it, for example with iconv)",
                           in->origin->label, line_at(text, valid), valid);
    in->set = -1;
    return read_document(in, "", text, size);
}

/* One "key.path=value". */
static rondo_status read_set(reader *in, int index) {
    const char *set = in->origin->set[index], *equal = strchr(set, '='), *dot;
    char path[RONDO__NAME * 2], section[RONDO__NAME * 2];
    in->set = index;
    if (!equal || equal == set || (size_t)(equal - set) >= sizeof path)
        return rondo__fail(in->err, RONDO_ARGUMENT, "--set %s: not of the form key.path=value", rondo__show(set).text);
    snprintf(path, sizeof path, "%.*s", (int)(equal - set), set);
    if (rondo__utf8_check(set, strlen(set)) < strlen(set))
        return rondo__fail(in->err, RONDO_ARGUMENT, "--set %s: not UTF-8", rondo__show(path).text);
    if (rondo__field_find(path) >= 0 || rondo__field_is_section(path))
        return read_document(in, path, equal + 1, strlen(equal + 1));
    dot = strrchr(path, '.');
    snprintf(section, sizeof section, "%.*s", dot ? (int)(dot - path) : 0, path);
    if (dot && !rondo__field_is_section(section))
        return unknown_key(in, "", path, NULL);
    return unknown_key(in, section, dot ? dot + 1 : path, NULL);
}

static rondo_status read_all(rondo__recipe *recipe, rondo__recipe_origin *origin, const char *text, size_t size,
                             int sets, rondo_error *err) {
    reader in = {recipe, origin, NULL, -1, err};
    rondo_status status = read_file_text(&in, text, size);
    for (int i = 0; i < sets && status == RONDO_OK; i++)
        status = read_set(&in, i);
    return status;
}

/* folder: of the recipe file, whose data files must then exist; NULL: the recipe comes from memory. */
static rondo_status parse_in(rondo__recipe *recipe, const char *folder, const char *text, size_t size, int sets,
                             rondo__recipe_origin *origin, rondo_error *err) {
    rondo__recipe read;
    rondo_status status;
    rondo__recipe_defaults(&read);
    if (folder)
        memcpy(read.folder, folder, strlen(folder) + 1);
    status = read_all(&read, origin, text, size, sets, err);
    if (status == RONDO_OK)
        status = rondo__recipe_check(&read, origin, err);
    if (status == RONDO_OK && folder)
        status = rondo__recipe_check_files(&read, origin, err);
    if (status == RONDO_OK)
        *recipe = read;
    return status;
}

rondo_status rondo__recipe_parse(rondo__recipe *recipe, const char *label, const char *text, size_t size, int sets,
                                 const char *const *set, rondo_error *err) {
    rondo__recipe_origin origin = {.label = label, .set = set};
    return parse_in(recipe, NULL, text, size, sets, &origin, err);
}

rondo_status rondo__recipe_read(rondo__recipe *recipe, const char *path, int sets, const char *const *set,
                                rondo_error *err) {
    rondo__recipe_origin origin = {.label = path, .set = set};
    const char *slash = strrchr(path, '/');
    char folder[RONDO__PATH], *text;
    size_t size;
    rondo_status status;
    if (strlen(path) >= sizeof folder)
        return rondo__fail(err, RONDO_ARGUMENT, "%.100s...: the path is too long", path);
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + (slash == path) : 1, slash ? path : ".");
    status = rondo__file_read(path, RECIPE_LIMIT, &text, &size, err);
    if (status != RONDO_OK)
        return status;
    status = parse_in(recipe, folder, text, size, sets, &origin, err);
    rondo__free(text);
    return status;
}

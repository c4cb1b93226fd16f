/* The mapping file: YAML, so JSON too. Keys are names of theirs, values names of ours.
 *
 *   tok.weight: embedding.weight
 *   "decoder.lstm.*": {to: "rnn.*", gate_order: iofc}
 *   head.kernel: {to: output.weight, transpose: true}
 *   "aux.*": null                      # left out
 *
 * One '*' stands for any characters; the first rule that fits counts. The file is hostile: no depth beyond two, no
 * aliases that could grow, every name checked. */
#include <string.h>
#include <yaml.h>

#include "exchange/import.h"
#include "formats/json_text.h"

#define MAPPING_LIMIT ((size_t)1 << 20) /* bytes */

void rondo__mapping_free(rondo__mapping *mapping) {
    for (int i = 0; i < mapping->count; i++) {
        rondo__free(mapping->rule[i].theirs);
        rondo__free(mapping->rule[i].ours);
    }
    rondo__free(mapping->rule);
    *mapping = (rondo__mapping){0};
}

/* The part of name that the '*' of pattern stands for; false: it does not fit. */
static bool fits(const char *pattern, const char *name, const char **part, size_t *size) {
    const char *star = strchr(pattern, '*');
    const size_t n = strlen(name);
    *part = name;
    *size = 0;
    if (!star)
        return strcmp(pattern, name) == 0;
    const size_t head = (size_t)(star - pattern), tail = strlen(star + 1);
    *part = name + head;
    *size = n - head - tail;
    return n >= head + tail && strncmp(name, pattern, head) == 0 && strcmp(name + n - tail, star + 1) == 0;
}

bool rondo__mapping_find(const rondo__mapping *mapping, const char *name, rondo__mapping_rule **rule, char *ours,
                         size_t size) {
    const char *part = name;
    size_t wild = 0;
    *rule = NULL;
    ours[0] = '\0';
    for (int i = 0; i < mapping->count && !*rule; i++)
        if (fits(mapping->rule[i].theirs, name, &part, &wild))
            *rule = &mapping->rule[i];
    if (!*rule || !(*rule)->ours)
        return true;
    const char *to = (*rule)->ours, *star = strchr(to, '*');
    const size_t head = star ? (size_t)(star - to) : strlen(to), tail = star ? strlen(star + 1) : 0;
    wild = star ? wild : 0;
    if (head + wild + tail >= size)
        return false;
    memcpy(ours, to, head);
    memcpy(ours + head, part, wild);
    memcpy(ours + head + wild, star ? star + 1 : "", tail + 1);
    return true;
}

typedef struct reader {
    rondo__mapping *out;
    const char *label;
    yaml_document_t *document;
    rondo_error *err;
} reader;

static rondo_status bad(const reader *r, const yaml_node_t *node, const char *what) {
    return rondo__fail(r->err, RONDO_FORMAT, "%s:%zu: %s", r->label, node ? node->start_mark.line + 1 : 1, what);
}

/* Text of a scalar without a NUL inside; NULL: it is none. */
static const char *text_of(const yaml_node_t *node) {
    if (!node || node->type != YAML_SCALAR_NODE)
        return NULL;
    const char *text = (const char *)node->data.scalar.value;
    return strlen(text) == node->data.scalar.length ? text : NULL;
}

static bool is_null(const yaml_node_t *node) {
    const char *text = text_of(node);
    return text && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (!*text || strcmp(text, "null") == 0 || strcmp(text, "~") == 0);
}

static int stars(const char *text) {
    int n = 0;
    for (; *text; text++)
        n += *text == '*';
    return n;
}

static rondo_status read_name(const reader *r, const yaml_node_t *node, const char *what, char **out) {
    const char *text = text_of(node);
    if (!text || !*text || stars(text) > 1)
        return rondo__fail(r->err, RONDO_FORMAT, "%s:%zu: %s is not a name with at most one '*'", r->label,
                           node ? node->start_mark.line + 1 : 1, what);
    *out = rondo__strdup(text);
    return *out ? RONDO_OK : rondo__fail(r->err, RONDO_MEMORY, "%s: no memory to read it", r->label);
}

/* "i,f,c,o" or "ifgo": c and n, h are other names of the same gates. */
static rondo_status read_gates(const reader *r, const yaml_node_t *node, char out[8]) {
    const char *text = text_of(node);
    size_t n = 0, letters = 0;
    for (; text && *text; text++) {
        if (strchr(", ", *text))
            continue;
        if (n == 4 || !strchr("ifgcornzh", *text))
            break;
        out[n++] = *text == 'c' ? 'g' : *text == 'h' ? 'n' : *text;
    }
    out[n] = '\0';
    const char *all = n == 4 ? "ifgo" : n == 3 && strchr(out, 'z') ? "rzn" : "ifo";
    for (size_t i = 0; i < n; i++)
        letters += strchr(out, all[i]) != NULL;
    if (!text || *text || n < 3 || letters != n)
        return bad(r, node,
                   "gate_order is not an order of i f g o (LSTM; c is g), of r z n (GRU; h is n) or of i f o "
                   "(peepholes)");
    return RONDO_OK;
}

static rondo_status read_flag(const reader *r, const yaml_node_t *node, bool *out) {
    const char *text = text_of(node);
    const bool yes = text && strcmp(text, "true") == 0;
    if (!yes && !(text && strcmp(text, "false") == 0))
        return bad(r, node, "transpose is not true or false");
    *out = yes;
    return RONDO_OK;
}

static rondo_status read_detail(const reader *r, rondo__mapping_rule *rule, const yaml_node_t *key,
                                const yaml_node_t *value) {
    const char *name = text_of(key);
    if (name && strcmp(name, "to") == 0 && !rule->ours)
        return is_null(value) ? bad(r, value, "'to' is empty (write null in place of the braces to leave it out)")
                              : read_name(r, value, "'to'", &rule->ours);
    if (name && strcmp(name, "gate_order") == 0 && !*rule->gates)
        return read_gates(r, value, rule->gates);
    if (name && strcmp(name, "transpose") == 0)
        return read_flag(r, value, &rule->transpose);
    return bad(r, key, "only to, gate_order and transpose, each once, stand within braces");
}

static rondo_status read_rule(reader *r, const yaml_node_pair_t *pair) {
    const yaml_node_t *key = yaml_document_get_node(r->document, pair->key),
                      *value = yaml_document_get_node(r->document, pair->value);
    rondo__mapping_rule *rule = &r->out->rule[r->out->count++];
    rule->line = key ? (int)key->start_mark.line + 1 : 1;
    rondo_status status = read_name(r, key, "the key", &rule->theirs);
    for (int i = 0; i + 1 < r->out->count && !status; i++)
        if (strcmp(r->out->rule[i].theirs, rule->theirs) == 0)
            status = bad(r, key, "this name stands above, too (remove one)");
    if (status || is_null(value))
        return status;
    if (!value || value->type != YAML_MAPPING_NODE) {
        status = read_name(r, value, "the value", &rule->ours);
    } else {
        const yaml_node_pair_t *p = value->data.mapping.pairs.start;
        for (; p < value->data.mapping.pairs.top && !status; p++)
            status = read_detail(r, rule, yaml_document_get_node(r->document, p->key),
                                 yaml_document_get_node(r->document, p->value));
        if (!status && !rule->ours)
            status = bad(r, value, "'to' is missing");
    }
    if (!status && strchr(rule->ours, '*') && !strchr(rule->theirs, '*'))
        status = bad(r, value, "'*' stands on the right alone");
    return status;
}

static rondo_status read_root(reader *r, const yaml_node_t *root) {
    if (!root || root->type != YAML_MAPPING_NODE)
        return bad(r, root, "a mapping is lines of 'theirs: ours'");
    const yaml_node_pair_t *first = root->data.mapping.pairs.start;
    const ptrdiff_t count = root->data.mapping.pairs.top - first;
    if (count > 4096)
        return bad(r, root, "has more than 4096 lines (use '*')");
    r->out->rule = rondo__calloc((size_t)count + 1, sizeof *r->out->rule);
    if (!r->out->rule)
        return rondo__fail(r->err, RONDO_MEMORY, "%s: no memory to read it", r->label);
    rondo_status status = RONDO_OK;
    for (ptrdiff_t i = 0; i < count && !status; i++)
        status = read_rule(r, first + i);
    return status;
}

static rondo_status parse(reader *r, const char *text, size_t size) {
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser))
        return rondo__fail(r->err, RONDO_MEMORY, "%s: no memory to read it", r->label);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    rondo_status status;
    if (yaml_parser_load(&parser, &document)) {
        r->document = &document;
        status = read_root(r, yaml_document_get_root_node(&document));
        yaml_document_delete(&document);
    } else {
        status = rondo__fail(r->err, parser.error == YAML_MEMORY_ERROR ? RONDO_MEMORY : RONDO_FORMAT,
                             "%s:%zu: not valid YAML: %s", r->label, parser.problem_mark.line + 1,
                             parser.problem ? parser.problem : "it cannot be read");
    }
    yaml_parser_delete(&parser);
    return status;
}

rondo_status rondo__mapping_parse(rondo__mapping *out, const char *label, const char *text, size_t size,
                                  rondo_error *err) {
    reader r = {.out = out, .label = label, .err = err};
    *out = (rondo__mapping){0};
    if (size > MAPPING_LIMIT)
        return rondo__fail(err, RONDO_FORMAT, "%s: %zu bytes are too many for a mapping", label, size);
    if (rondo__utf8_check(text, size) < size)
        return rondo__fail(err, RONDO_FORMAT, "%s: byte %zu is not UTF-8", label, rondo__utf8_check(text, size));
    const rondo_status status = parse(&r, text, size);
    if (status)
        rondo__mapping_free(out);
    return status;
}

rondo_status rondo__mapping_read(rondo__mapping *out, const char *path, rondo_error *err) {
    char *text;
    size_t size;
    *out = (rondo__mapping){0};
    rondo_status status = rondo__file_read(path, MAPPING_LIMIT, &text, &size, err);
    if (status)
        return status;
    status = rondo__mapping_parse(out, path, text, size, err);
    rondo__free(text);
    return status;
}

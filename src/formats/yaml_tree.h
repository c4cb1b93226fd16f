/* JSON as a YAML document, for builds without libyaml (cmake/standin maps its names to these): the recipe in a model
 * file is JSON, which is YAML. A text of one line that is neither object nor list is one scalar, as in --set. */
#ifndef RONDO_FORMATS_YAML_TREE_H
#define RONDO_FORMATS_YAML_TREE_H

#include "core/core.h"

typedef enum rondo__yaml_type { RONDO__YAML_SCALAR = 1, RONDO__YAML_SEQUENCE, RONDO__YAML_MAPPING } rondo__yaml_type;
typedef struct rondo__yaml_pair {
    int key, value; /* numbers of nodes, from 1 */
} rondo__yaml_pair;
typedef struct rondo__yaml_mark {
    size_t line; /* from 0 */
} rondo__yaml_mark;

typedef struct rondo__yaml_node {
    rondo__yaml_type type;
    rondo__yaml_mark start_mark;
    struct {
        struct {
            unsigned char *value;
            size_t length;
            bool style; /* quoted */
        } scalar;
        struct {
            struct {
                int *start, *top;
            } items;
        } sequence;
        struct {
            struct {
                rondo__yaml_pair *start, *top;
            } pairs;
        } mapping;
    } data;
} rondo__yaml_node;

typedef struct rondo__yaml_document {
    rondo__yaml_node *nodes;
    int count;
    int *items;
    rondo__yaml_pair *pairs;
    struct rondo__json *json; /* owns the texts */
    char *scalar;
} rondo__yaml_document;

typedef enum rondo__yaml_error {
    RONDO__YAML_GOOD,
    RONDO__YAML_MEMORY,
    RONDO__YAML_READER,
    RONDO__YAML_WRONG
} rondo__yaml_error;
typedef struct rondo__yaml_parser {
    const char *text; /* NULL: read */
    size_t size, problem_offset;
    rondo__yaml_error error;
    const char *problem;
    rondo__yaml_mark problem_mark;
    char story[160];
} rondo__yaml_parser;

/* False: parser->error says why, and the document is empty. A second load gives an empty document. */
bool rondo__yaml_load(rondo__yaml_parser *parser, rondo__yaml_document *document);
void rondo__yaml_free(rondo__yaml_document *document);
/* From 1, the root; NULL: there is none of this number. */
rondo__yaml_node *rondo__yaml_at(const rondo__yaml_document *document, int number);

#endif

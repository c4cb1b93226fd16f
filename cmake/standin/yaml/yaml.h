/* Stands where libyaml is not: the part of its interface that Rondo uses, over formats/yaml_tree.h. */
#ifndef RONDO_STANDIN_YAML_H
#define RONDO_STANDIN_YAML_H

#include "formats/yaml_tree.h"

typedef rondo__yaml_node yaml_node_t;
typedef rondo__yaml_pair yaml_node_pair_t;
typedef int yaml_node_item_t;
typedef rondo__yaml_document yaml_document_t;
typedef rondo__yaml_parser yaml_parser_t;
#define YAML_SCALAR_NODE RONDO__YAML_SCALAR
#define YAML_SEQUENCE_NODE RONDO__YAML_SEQUENCE
#define YAML_MAPPING_NODE RONDO__YAML_MAPPING
#define YAML_PLAIN_SCALAR_STYLE false
#define YAML_MEMORY_ERROR RONDO__YAML_MEMORY
#define YAML_READER_ERROR RONDO__YAML_READER

#define yaml_parser_initialize(parser) (*(parser) = (yaml_parser_t){0}, true)
#define yaml_parser_set_encoding(parser, encoding) ((void)(parser))
#define yaml_parser_set_input_string(parser, string, bytes)                                                            \
    ((parser)->text = (const char *)(string), (parser)->size = (bytes))
#define yaml_parser_delete(parser) ((void)(parser))
#define yaml_parser_load rondo__yaml_load
#define yaml_document_delete rondo__yaml_free
#define yaml_document_get_node rondo__yaml_at
#define yaml_document_get_root_node(document) rondo__yaml_at(document, 1)

#endif

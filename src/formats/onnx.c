/* Reading ONNX: the bytes are checked (onnx_nesting.c), unpacked by protobuf-c into messages, and these become plain
 * structs whose strings and arrays point into the messages. */
#include "formats/onnx.h"

#ifdef RONDO_HAVE_PROTOBUF_C
#include <string.h>

#include "formats/onnx_parts.h"

/* A field of two bytes may become a struct of some 200. More than this, and a file is made to hurt. */
enum { COST_PER_BYTE = 160, COST_AT_ALL = 1 << 20, COST_OF_BLOCK = 64 };

typedef struct rondo__onnx_block {
    struct rondo__onnx_block *next;
    char fill[RONDO_ALIGN - sizeof(void *)];
} rondo__onnx_block;

static void *unpack_alloc(void *arg, size_t bytes) {
    rondo__onnx_memory *m = arg;
    size_t cost;
    if (!rondo__size_add(bytes, COST_OF_BLOCK, &cost) || cost > m->budget)
        return NULL;
    void *p = rondo__alloc(bytes);
    m->no_memory = m->no_memory || !p;
    m->budget -= cost;
    return p;
}

static void unpack_free(void *arg, void *p) {
    (void)arg;
    rondo__free(p);
}

void *rondo__onnx_push(const rondo__onnx_reader *r, size_t count, size_t bytes) {
    size_t all;
    void *p = rondo__size_mul(count, bytes, &all) ? rondo__arena_push(&r->model->memory->arena, all ? all : 1) : NULL;
    if (!p) {
        rondo__fail(r->err, RONDO_MEMORY, "%s: no memory for the graph", r->label);
        return NULL;
    }
    memset(p, 0, all);
    return p;
}

void *rondo__onnx_bytes(const rondo__onnx_reader *r, size_t bytes) {
    size_t all;
    struct rondo__onnx_block *block = rondo__size_add(bytes, sizeof *block, &all) ? rondo__alloc(all) : NULL;
    if (!block) {
        rondo__fail(r->err, RONDO_MEMORY, "%s: no memory for %zu bytes of data", r->label, bytes);
        return NULL;
    }
    block->next = r->model->memory->blocks;
    r->model->memory->blocks = block;
    return block + 1;
}

/* ---- inputs and outputs ---- */

static rondo_status take_value(const rondo__onnx_reader *r, const RondoOnnx__ValueInfo *from, rondo__onnx_value *out) {
    const RondoOnnx__TensorType *type = from->type ? from->type->tensor_type : NULL;
    out->name = rondo__onnx_string(from->name);
    out->rank = -1;
    if (!type)
        return RONDO_OK;
    out->typed = rondo__onnx_dtype(type->elem_type, &out->dtype);
    if (!type->shape)
        return RONDO_OK;
    if (type->shape->n_dim > RONDO__ONNX_RANK)
        return rondo__fail(r->err, RONDO_FORMAT, "%s: '%s' has more than %d dimensions", r->label,
                           rondo__show(out->name).text, RONDO__ONNX_RANK);
    out->rank = (int)type->shape->n_dim;
    for (int d = 0; d < out->rank; d++) {
        const RondoOnnx__Dim *dim = type->shape->dim[d];
        out->dims[d] = dim->has_value && dim->value >= 0 ? dim->value : -1;
        out->dim_names[d] = dim->param && *dim->param ? dim->param : NULL;
    }
    return RONDO_OK;
}

static rondo_status take_values(const rondo__onnx_reader *r, size_t count, RondoOnnx__ValueInfo *const *from,
                                const rondo__onnx_value **out) {
    rondo__onnx_value *values = rondo__onnx_push(r, count, sizeof *values);
    rondo_status status = values ? RONDO_OK : RONDO_MEMORY;
    for (size_t i = 0; !status && i < count; i++)
        status = take_value(r, from[i], &values[i]);
    *out = values;
    return status;
}

/* ---- nodes ---- */

static rondo_status take_graph(const rondo__onnx_reader *r, const RondoOnnx__Graph *from,
                               const rondo__onnx_graph **out);

static rondo_status take_strings(const rondo__onnx_reader *r, const RondoOnnx__Attribute *from,
                                 rondo__onnx_attribute *out) {
    const char **strings = rondo__onnx_push(r, from->n_strings, sizeof *strings);
    if (!strings)
        return RONDO_MEMORY;
    for (size_t i = 0; i < from->n_strings; i++) {
        const ProtobufCBinaryData *s = &from->strings[i];
        char *copy = rondo__onnx_push(r, s->len + 1, 1);
        if (!copy)
            return RONDO_MEMORY;
        memcpy(copy, s->len ? (const char *)s->data : "", s->len);
        strings[i] = copy;
    }
    out->strings = strings;
    return RONDO_OK;
}

static rondo_status take_tensor(const rondo__onnx_reader *r, const RondoOnnx__Tensor *from,
                                const rondo__onnx_tensor **out) {
    rondo__onnx_tensor *tensor = rondo__onnx_push(r, 1, sizeof *tensor);
    *out = tensor;
    return tensor ? rondo__onnx_take_tensor(r, from, tensor) : RONDO_MEMORY;
}

/* Old files leave the type out: then it is that of what is there. */
static int64_t kind_of(const RondoOnnx__Attribute *from) {
    if (from->has_type && from->type != 0)
        return from->type;
    return from->has_f       ? RONDO__ONNX_FLOAT
           : from->has_i     ? RONDO__ONNX_INT
           : from->has_s     ? RONDO__ONNX_STRING
           : from->t         ? RONDO__ONNX_TENSOR
           : from->g         ? RONDO__ONNX_GRAPH
           : from->n_floats  ? RONDO__ONNX_FLOATS
           : from->n_strings ? RONDO__ONNX_STRINGS
                             : RONDO__ONNX_INTS;
}

static rondo_status bad_attribute(const rondo__onnx_reader *r, const RondoOnnx__Attribute *from, const char *what) {
    return rondo__fail(r->err, RONDO_FORMAT, "%s: attribute '%s' %s", r->label,
                       rondo__show(rondo__onnx_string(from->name)).text, what);
}

static rondo_status take_attribute(const rondo__onnx_reader *r, const RondoOnnx__Attribute *from,
                                   rondo__onnx_attribute *out) {
    const int64_t kind = kind_of(from);
    out->name = rondo__onnx_string(from->name);
    if (from->ref_attr_name && *from->ref_attr_name)
        return bad_attribute(r, from, "refers to a function's attribute (only functions can; inline them)");
    if (kind < RONDO__ONNX_FLOAT || kind > RONDO__ONNX_STRINGS)
        return bad_attribute(r, from, "is of a kind that cannot be read");
    out->kind = (rondo__onnx_kind)kind;
    out->f = from->f;
    out->i = from->i;
    out->floats = from->floats;
    out->ints = from->ints;
    out->s = "";
    if (kind == RONDO__ONNX_STRING) {
        char *copy = rondo__onnx_push(r, from->s.len + 1, 1);
        if (!copy)
            return RONDO_MEMORY;
        memcpy(copy, from->s.len ? (const char *)from->s.data : "", from->s.len);
        out->s = copy;
    }
    out->count = (int64_t)(kind == RONDO__ONNX_FLOATS    ? from->n_floats
                           : kind == RONDO__ONNX_STRINGS ? from->n_strings
                                                         : from->n_ints);
    if (kind == RONDO__ONNX_STRINGS)
        return take_strings(r, from, out);
    if (kind == RONDO__ONNX_TENSOR)
        return from->t ? take_tensor(r, from->t, &out->tensor) : bad_attribute(r, from, "holds no tensor");
    if (kind == RONDO__ONNX_GRAPH)
        return from->g ? take_graph(r, from->g, &out->graph) : bad_attribute(r, from, "holds no graph");
    return RONDO_OK;
}

static rondo_status take_node(const rondo__onnx_reader *r, const RondoOnnx__Node *from, rondo__onnx_node *out) {
    rondo__onnx_attribute *attributes = rondo__onnx_push(r, from->n_attribute, sizeof *attributes);
    rondo_status status = attributes ? RONDO_OK : RONDO_MEMORY;
    if (from->n_input > INT32_MAX || from->n_output > INT32_MAX || from->n_attribute > INT32_MAX)
        return rondo__fail(r->err, RONDO_FORMAT, "%s: a node has too many inputs", r->label);
    *out = (rondo__onnx_node){.name = rondo__onnx_string(from->name),
                              .op = rondo__onnx_string(from->op_type),
                              .domain = rondo__onnx_string(from->domain),
                              .inputs = (int)from->n_input,
                              .outputs = (int)from->n_output,
                              .attributes = (int)from->n_attribute,
                              .input = (const char *const *)from->input,
                              .output = (const char *const *)from->output,
                              .attribute = attributes};
    if (strcmp(out->domain, "ai.onnx") == 0)
        out->domain = "";
    for (size_t i = 0; !status && i < from->n_attribute; i++)
        status = take_attribute(r, from->attribute[i], &attributes[i]);
    return status;
}

static rondo_status take_graph(const rondo__onnx_reader *r, const RondoOnnx__Graph *from,
                               const rondo__onnx_graph **out) {
    rondo__onnx_graph *graph = rondo__onnx_push(r, 1, sizeof *graph);
    rondo__onnx_node *nodes = graph ? rondo__onnx_push(r, from->n_node, sizeof *nodes) : NULL;
    rondo__onnx_tensor *tensors = nodes ? rondo__onnx_push(r, from->n_initializer, sizeof *tensors) : NULL;
    if (!tensors)
        return RONDO_MEMORY;
    if (from->n_sparse_initializer > 0)
        return rondo__fail(r->err, RONDO_UNSUPPORTED, "%s: graph '%s' has sparse arrays (store them dense)", r->label,
                           rondo__show(rondo__onnx_string(from->name)).text);
    if (from->n_node > INT32_MAX || from->n_initializer > INT32_MAX || from->n_input > INT32_MAX ||
        from->n_output > INT32_MAX)
        return rondo__fail(r->err, RONDO_FORMAT, "%s: a graph has too many parts", r->label);
    *graph = (rondo__onnx_graph){.name = rondo__onnx_string(from->name),
                                 .nodes = (int)from->n_node,
                                 .initialisers = (int)from->n_initializer,
                                 .inputs = (int)from->n_input,
                                 .outputs = (int)from->n_output,
                                 .node = nodes,
                                 .initialiser = tensors};
    *out = graph;
    rondo_status status = take_values(r, from->n_input, from->input, &graph->input);
    if (!status)
        status = take_values(r, from->n_output, from->output, &graph->output);
    for (size_t i = 0; !status && i < from->n_initializer; i++)
        status = rondo__onnx_take_tensor(r, from->initializer[i], &tensors[i]);
    for (size_t i = 0; !status && i < from->n_node; i++)
        status = take_node(r, from->node[i], &nodes[i]);
    return status;
}

/* ---- the model ---- */

static rondo_status take_model(const rondo__onnx_reader *r, const RondoOnnx__Model *from) {
    rondo__onnx *model = r->model;
    char *label = rondo__onnx_push(r, strlen(r->label) + 1, 1);
    if (!label)
        return RONDO_MEMORY;
    model->label = memcpy(label, r->label, strlen(r->label));
    model->producer = rondo__onnx_string(from->producer_name);
    model->producer_version = rondo__onnx_string(from->producer_version);
    model->ir_version = from->ir_version;
    for (size_t i = 0; i < from->n_opset_import; i++) {
        const char *domain = rondo__onnx_string(from->opset_import[i]->domain);
        if (!*domain || strcmp(domain, "ai.onnx") == 0)
            model->opset = from->opset_import[i]->version;
    }
    if (!from->graph || !from->has_ir_version)
        return rondo__fail(r->err, RONDO_FORMAT, "%s: holds no graph (no ONNX model)", r->label);
    return take_graph(r, from->graph, &model->graph);
}

static rondo_status unpack(const rondo__onnx_reader *r, const void *data, size_t size) {
    rondo__onnx_memory *m = r->model->memory;
    ProtobufCAllocator allocator = {unpack_alloc, unpack_free, m};
    size_t budget;
    if (!rondo__size_mul(size, COST_PER_BYTE, &budget) || !rondo__size_add(budget, COST_AT_ALL, &budget))
        budget = SIZE_MAX;
    m->budget = budget;
    m->message = rondo_onnx__model__unpack(&allocator, size, data);
    if (m->no_memory)
        return rondo__fail(r->err, RONDO_MEMORY, "%s: no memory to unpack it", r->label);
    if (!m->message)
        return rondo__fail(r->err, RONDO_FORMAT, "%s: cannot be unpacked (no ONNX file, or a damaged one)", r->label);
    return RONDO_OK;
}

rondo_status rondo__onnx_parse(rondo__onnx **out, const char *label, const char *folder, const void *data, size_t size,
                               rondo_error *err) {
    rondo__onnx *model;
    *out = NULL;
    rondo_status status = rondo__onnx_check_nesting(label, data, size, err);
    if (status)
        return status;
    model = rondo__calloc(1, sizeof *model);
    if (model)
        model->memory = rondo__calloc(1, sizeof *model->memory);
    if (!model || !model->memory) {
        rondo__free(model);
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the model", label);
    }
    rondo__arena_init(&model->memory->arena);
    const rondo__onnx_reader r = {model, label, folder, err};
    status = unpack(&r, data, size);
    if (!status)
        status = take_model(&r, model->memory->message);
    if (status)
        rondo__onnx_free(&model);
    *out = model;
    return status;
}

rondo_status rondo__onnx_read(rondo__onnx **out, const char *path, rondo_error *err) {
    const char *slash = strrchr(path, '/');
    char *data, *folder;
    size_t size;
    *out = NULL;
    rondo_status status = rondo__file_read(path, 0, &data, &size, err);
    if (status)
        return status;
    folder = rondo__strdup(path);
    if (!folder) {
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory for its name", path);
    } else {
        folder[slash ? slash - path + (slash == path) : 0] = '\0';
        status = rondo__onnx_parse(out, path, folder, data, size, err);
    }
    rondo__free(folder);
    rondo__free(data);
    return status;
}

void rondo__onnx_free(rondo__onnx **model) {
    if (!model || !*model)
        return;
    rondo__onnx_memory *m = (*model)->memory;
    ProtobufCAllocator allocator = {unpack_alloc, unpack_free, m};
    while (m->blocks) {
        rondo__onnx_block *block = m->blocks;
        m->blocks = block->next;
        rondo__free(block);
    }
    if (m->message)
        rondo_onnx__model__free_unpacked(m->message, &allocator);
    rondo__arena_free(&m->arena);
    rondo__free(m);
    rondo__free(*model);
    *model = NULL;
}
#else
rondo_status rondo__onnx_parse(rondo__onnx **out, const char *label, const char *folder, const void *data, size_t size,
                               rondo_error *err) {
    (void)folder, (void)data, (void)size;
    *out = NULL;
    return rondo__fail(err, RONDO_UNSUPPORTED,
                       "%s: this build has no protobuf-c, which reads ONNX files (install libprotobuf-c-dev and "
                       "protobuf-c-compiler, and build again)",
                       label);
}

rondo_status rondo__onnx_read(rondo__onnx **out, const char *path, rondo_error *err) {
    return rondo__onnx_parse(out, path, NULL, NULL, 0, err);
}

void rondo__onnx_free(rondo__onnx **model) { (void)model; }
#endif

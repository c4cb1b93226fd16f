/* What an ONNX file holds, as JSON, whether or not it can be run. */
#include <stdlib.h>
#include <string.h>

#include "exchange/graph.h"

static void add_text(rondo__text *out, const char *key, const char *value) {
    rondo__json_string(out, key, strlen(key));
    rondo__text_add(out, ": ", 2);
    /* strings of the file may be broken UTF-8, which JSON must not be */
    if (rondo__utf8_check(value, strlen(value)) == strlen(value)) {
        rondo__json_string(out, value, strlen(value));
    } else {
        const rondo__shown shown = rondo__show(value);
        rondo__json_string(out, shown.text, strlen(shown.text));
    }
}

static void add_shape(rondo__text *out, int rank, const int64_t *dims) {
    rondo__text_format(out, ", \"shape\": [");
    for (int d = 0; d < rank; d++)
        rondo__text_format(out, "%s%lld", d ? ", " : "", (long long)dims[d]);
    rondo__text_add(out, "]", 1);
}

static void add_values(rondo__text *out, const char *key, int count, const rondo__onnx_value *values) {
    rondo__text_format(out, ", \"%s\": [", key);
    for (int i = 0; i < count; i++) {
        rondo__text_add(out, i ? ", {" : "{", i ? 3 : 1);
        add_text(out, "name", values[i].name);
        if (values[i].typed)
            rondo__text_format(out, ", \"dtype\": \"%s\"", rondo_dtype_name(values[i].dtype));
        if (values[i].rank >= 0)
            add_shape(out, values[i].rank, values[i].dims);
        rondo__text_add(out, "}", 1);
    }
    rondo__text_add(out, "]", 1);
}

static void add_arrays(rondo__text *out, const rondo__onnx_graph *graph) {
    rondo__text_format(out, ", \"tensors\": [");
    for (int i = 0; i < graph->initialisers; i++) {
        const rondo__onnx_tensor *t = &graph->initialiser[i];
        rondo__text_add(out, i ? ", {" : "{", i ? 3 : 1);
        add_text(out, "name", t->name);
        rondo__text_format(out, ", \"dtype\": \"%s\"", rondo_dtype_name(t->dtype));
        add_shape(out, t->rank, t->dims);
        rondo__text_add(out, "}", 1);
    }
    rondo__text_add(out, "]", 1);
}

/* ---- operators, counted over all graphs ---- */

static void count_nodes(const rondo__onnx_graph *graph, size_t *count) {
    *count += (size_t)graph->nodes;
    for (int i = 0; i < graph->nodes; i++)
        for (int a = 0; a < graph->node[i].attributes; a++)
            if (graph->node[i].attribute[a].kind == RONDO__ONNX_GRAPH)
                count_nodes(graph->node[i].attribute[a].graph, count);
}

static void list_nodes(const rondo__onnx_graph *graph, const rondo__onnx_node **list, size_t *count) {
    for (int i = 0; i < graph->nodes; i++) {
        list[(*count)++] = &graph->node[i];
        for (int a = 0; a < graph->node[i].attributes; a++)
            if (graph->node[i].attribute[a].kind == RONDO__ONNX_GRAPH)
                list_nodes(graph->node[i].attribute[a].graph, list, count);
    }
}

static int compare(const void *a, const void *b) {
    const rondo__onnx_node *x = *(const rondo__onnx_node *const *)a, *y = *(const rondo__onnx_node *const *)b;
    const int order = strcmp(x->op, y->op);
    return order ? order : strcmp(x->domain, y->domain);
}

/* Each operator once, with how many nodes it has; only_unknown: names of those that are not supported. */
static void add_operators(rondo__text *out, const rondo__onnx_node *const *list, size_t count, bool only_unknown) {
    bool first = true;
    rondo__text_format(out, only_unknown ? ", \"unsupported\": [" : ", \"operators\": {");
    for (size_t i = 0; i < count;) {
        size_t same = 1;
        while (i + same < count && compare(&list[i], &list[i + same]) == 0)
            same++;
        if (!only_unknown || !rondo__find_operator(list[i])) {
            const rondo__shown name = rondo__show(list[i]->op);
            rondo__text_add(out, ", ", first ? 0 : 2);
            rondo__json_string(out, name.text, strlen(name.text));
            if (!only_unknown)
                rondo__text_format(out, ": %zu", same);
            first = false;
        }
        i += same;
    }
    rondo__text_add(out, only_unknown ? "]" : "}", 1);
}

static rondo_status add_nodes(rondo__text *out, const rondo__onnx *model, rondo_error *err) {
    size_t count = 0, listed = 0;
    count_nodes(model->graph, &count);
    const rondo__onnx_node **list = rondo__calloc(count + 1, sizeof *list);
    if (!list)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to describe it", model->label);
    list_nodes(model->graph, list, &listed);
    qsort(list, count, sizeof *list, compare);
    rondo__text_format(out, ", \"nodes\": %zu", count);
    add_operators(out, list, count, false);
    add_operators(out, list, count, true);
    rondo__free(list);
    return RONDO_OK;
}

rondo_status rondo_graph_describe(char **text, const char *path, rondo_error *err) {
    rondo__onnx *model;
    rondo__text out = {0};
    if (text)
        *text = NULL;
    if (!text || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_graph_describe: text or path is NULL");
    rondo_status status = rondo__onnx_read(&model, path, err);
    if (status)
        return status;
    rondo__text_format(&out, "{\"format\": \"onnx\", ");
    add_text(&out, "producer", model->producer);
    rondo__text_add(&out, ", ", 2);
    add_text(&out, "producer_version", model->producer_version);
    rondo__text_format(&out, ", \"ir_version\": %lld, \"opset\": %lld", (long long)model->ir_version,
                       (long long)model->opset);
    add_values(&out, "inputs", model->graph->inputs, model->graph->input);
    add_values(&out, "outputs", model->graph->outputs, model->graph->output);
    status = add_nodes(&out, model, err);
    add_arrays(&out, model->graph);
    rondo__text_add(&out, "}", 1);
    if (!status && out.failed)
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory to describe it", path);
    rondo__onnx_free(&model);
    if (status)
        rondo__text_free(&out);
    *text = status ? NULL : out.data;
    return status;
}

void rondo_graph_text_free(char *text) { rondo__free(text); }

/* What operators see of their node: inputs, outputs, attributes, and how they complain. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exchange/graph.h"

const rondo__array *rondo__in(const rondo__graph_call *call, int i) {
    return i < call->step->inputs ? rondo__slot_value(call->graph, call->step->in[i]) : NULL;
}

bool rondo__in_fixed(const rondo__graph_call *call, int i) {
    return i >= call->step->inputs || call->step->in[i] < 0 || call->graph->fixed[call->step->in[i]];
}

rondo__array *rondo__out(const rondo__graph_call *call, int i) {
    if (i >= call->step->outputs || call->step->out[i] < 0)
        return NULL;
    rondo__array *out = &call->graph->slot[call->step->out[i]];
    rondo__array_drop(out);
    return out;
}

rondo_status rondo__make_out(const rondo__graph_call *call, int i, rondo_dtype dtype, int rank, const int64_t *dims,
                             rondo__array **out, rondo_error *err) {
    *out = rondo__out(call, i);
    if (!*out)
        return RONDO_OK;
    if (rank > RONDO__ONNX_RANK)
        return rondo__bad(call, err, RONDO_UNSUPPORTED, "its result has %d dimensions (at most %d are supported)", rank,
                          RONDO__ONNX_RANK);
    return rondo__array_make(*out, dtype, rank, dims) ? RONDO_OK : rondo__no_memory(call, err);
}

rondo_status rondo__out_reshaped(const rondo__graph_call *call, const rondo__array *a, int rank, const int64_t *dims) {
    rondo__array *out = rondo__out(call, 0);
    if (out)
        rondo__array_reshape(out, a, rank, dims);
    return RONDO_OK;
}

rondo_status rondo__bad(const rondo__graph_call *call, rondo_error *err, rondo_status status, const char *format, ...) {
    const rondo__onnx_node *node = call->node;
    const char *known = *node->name ? node->name : node->outputs > 0 ? node->output[0] : "?";
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return rondo__fail(err, status, "%s: node '%s' (%s): %s", call->graph->model->label, rondo__show(known).text,
                       node->op, what);
}

rondo_status rondo__no_memory(const rondo__graph_call *call, rondo_error *err) {
    return rondo__bad(call, err, RONDO_MEMORY, "no memory for its result");
}

/* ---- attributes ---- */

const rondo__onnx_attribute *rondo__attribute(const rondo__onnx_node *node, const char *name) {
    for (int i = 0; i < node->attributes; i++)
        if (strcmp(node->attribute[i].name, name) == 0)
            return &node->attribute[i];
    return NULL;
}

int64_t rondo__attribute_int(const rondo__onnx_node *node, const char *name, int64_t otherwise) {
    const rondo__onnx_attribute *a = rondo__attribute(node, name);
    return a && a->kind == RONDO__ONNX_INT ? a->i : otherwise;
}

double rondo__attribute_float(const rondo__onnx_node *node, const char *name, double otherwise) {
    const rondo__onnx_attribute *a = rondo__attribute(node, name);
    return a && a->kind == RONDO__ONNX_FLOAT ? (double)a->f : otherwise;
}

const char *rondo__attribute_text(const rondo__onnx_node *node, const char *name, const char *otherwise) {
    const rondo__onnx_attribute *a = rondo__attribute(node, name);
    return a && a->kind == RONDO__ONNX_STRING ? a->s : otherwise;
}

rondo_status rondo__whole_list(const rondo__graph_call *call, int i, const char *attribute, int room, int64_t *out,
                               int *count, rondo_error *err) {
    const rondo__array *list = rondo__in(call, i);
    const rondo__onnx_attribute *a = attribute ? rondo__attribute(call->node, attribute) : NULL;
    const bool of_attribute = !list && a && a->kind == RONDO__ONNX_INTS;
    const int64_t n = list ? list->count : of_attribute ? a->count : -1;
    *count = -1;
    if (list && (list->rank > 1 || rondo__is_float(list->dtype)))
        return rondo__bad(call, err, RONDO_SHAPE, "input %d must be a list of whole numbers", i);
    if (n > room)
        return rondo__bad(call, err, RONDO_SHAPE, "a list of %lld numbers is too long (at most %d)", (long long)n,
                          room);
    if (list)
        rondo__array_read_whole(list, 0, n, out);
    else if (of_attribute)
        for (int64_t k = 0; k < n; k++)
            out[k] = a->ints[k];
    *count = (int)n;
    return RONDO_OK;
}

rondo_status rondo__check_axis(const rondo__graph_call *call, int64_t axis, int rank, int *out, rondo_error *err) {
    if (axis < -rank || axis >= rank)
        return rondo__bad(call, err, RONDO_SHAPE, "axis %lld is not one of the %d dimensions", (long long)axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return RONDO_OK;
}

/* A plain chain of RNN, GRU and LSTM nodes of an ONNX file becomes a stack.
 *
 * The nodes are walked in the file's order, and of each array the walk knows what it is: a weight, the input, what the
 * chain computes step by step, last states, or shapes and initial states on their way. Exporters put many nodes around
 * a chain that only move numbers; these are followed, with the meaning of each axis, so that nothing that would compute
 * something else goes through. Any other node is refused by name: running whole graphs is rondo_graph's business. */
#include <stdio.h>
#include <string.h>

#include "exchange/import_onnx.h"

enum { MOST_VALUES = 20000 }; /* they are looked up one by one */

rondo_status rondo__chain_bad(const rondo__chain *c, const char *format, ...) {
    char what[sizeof c->in->err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const char *name = *c->node->name ? c->node->name : c->node->outputs ? c->node->output[0] : "";
    return rondo__fail(c->in->err, RONDO_UNSUPPORTED,
                       "%s: node '%s' (%s) %s: no plain chain that becomes a stack (rondo run runs the whole graph)",
                       c->in->path, rondo__show(name).text, rondo__show(c->node->op).text, what);
}

/* ---- values ---- */

static rondo__chain_value *find(const rondo__chain *c, const char *name) {
    for (int i = c->values - 1; i >= 0; i--)
        if (strcmp(c->value[i].name, name) == 0)
            return &c->value[i];
    return NULL;
}

const rondo__chain_value *rondo__chain_in(const rondo__chain *c, int i) {
    return i < c->node->inputs && *c->node->input[i] ? find(c, c->node->input[i]) : NULL;
}

/* Old files name their initialisers as inputs, too; nothing else may have a name twice. */
static rondo__chain_value *put(rondo__chain *c, const char *name, rondo__chain_kind kind) {
    const rondo__chain_value *old = *name ? find(c, name) : NULL;
    if (old && !(old->kind == RONDO__CHAIN_INPUT && kind == RONDO__CHAIN_WEIGHT))
        c->twice = name;
    rondo__chain_value *v = &c->value[c->values++];
    *v = (rondo__chain_value){.name = name, .kind = kind, .at = -1};
    return v;
}

rondo__chain_value *rondo__chain_out(rondo__chain *c, int i, rondo__chain_kind kind) {
    return put(c, i < c->node->outputs ? c->node->output[i] : "", kind);
}

rondo_status rondo__chain_weight(const rondo__chain *c, int i, int rank, const char *name, int *at) {
    const rondo__chain_value *v = rondo__chain_in(c, i);
    *at = -1;
    if (i >= c->node->inputs || !*c->node->input[i])
        return RONDO_OK;
    if (!v || v->kind != RONDO__CHAIN_WEIGHT)
        return rondo__chain_bad(c, "computes its %s", name);
    if (c->in->theirs[v->at].array.rank != rank)
        return rondo__chain_bad(c, "has %s of %d dimensions, not %d", name, c->in->theirs[v->at].array.rank, rank);
    *at = v->at;
    return RONDO_OK;
}

/* ---- the list of tensors: initialisers, and the arrays of Constant nodes ---- */

static const rondo__onnx_tensor *constant_of(const rondo__onnx_node *node) {
    const rondo__onnx_attribute *a = rondo__attribute(node, "value");
    return strcmp(node->op, "Constant") == 0 && !*node->domain && node->outputs == 1 && a &&
                   a->kind == RONDO__ONNX_TENSOR
               ? a->tensor
               : NULL;
}

static void list_one(rondo__theirs *out, const char *name, const rondo__onnx_tensor *t) {
    out->name = name;
    out->array = (rondo__array){.dtype = t->dtype, .rank = t->rank, .count = t->count, .data = t->data};
    memcpy(out->array.dims, t->dims, sizeof t->dims);
}

rondo_status rondo__import_onnx_list(rondo__import *in) {
    const rondo__onnx_graph *g = in->onnx->graph;
    if (g->initialisers > MOST_VALUES || g->nodes > MOST_VALUES || g->inputs > MOST_VALUES)
        return rondo__fail(in->err, RONDO_UNSUPPORTED, "%s: more than %d nodes are no plain chain", in->path,
                           MOST_VALUES);
    in->theirs = rondo__calloc((size_t)g->initialisers + (size_t)g->nodes + 1, sizeof *in->theirs);
    if (!in->theirs)
        return rondo__import_no_memory(in);
    for (int i = 0; i < g->initialisers; i++)
        list_one(&in->theirs[in->count++], g->initialiser[i].name, &g->initialiser[i]);
    for (int i = 0; i < g->nodes; i++)
        if (constant_of(&g->node[i]))
            list_one(&in->theirs[in->count++], g->node[i].output[0], constant_of(&g->node[i]));
    return RONDO_OK;
}

/* ---- the layers around the stack ---- */

/* A table whose rows the input picks. */
static rondo_status embed(rondo__chain *c, bool *known) {
    const rondo__chain_value *table = rondo__chain_in(c, 0), *ids = rondo__chain_in(c, 1);
    rondo_status status = RONDO_OK;
    *known = table && ids && table->kind == RONDO__CHAIN_WEIGHT && ids->kind == RONDO__CHAIN_INPUT && ids->plain &&
             rondo__attribute_int(c->node, "axis", 0) == 0 && c->in->theirs[table->at].array.rank == 2;
    if (!*known)
        return RONDO_OK;
    if (c->layers > 0 || rondo__import_piece(c->in, "embedding.weight"))
        return rondo__chain_bad(c, "is a second embedding");
    rondo__import_add(c->in, table->at, "embedding.weight", &status);
    rondo__chain_out(c, 0, RONDO__CHAIN_INPUT)->plain = true;
    return status;
}

static bool ends_in_features(const rondo__chain *c, const rondo__chain_value *v) {
    return v && v->kind == RONDO__CHAIN_STREAM && v->layers == c->layers && strchr(v->axes, 'F') && !v->biased;
}

static rondo_status add_matrix(rondo__chain *c, int at, bool transposed) {
    const rondo__array *w = &c->in->theirs[at].array;
    const int64_t rows = w->dims[transposed], columns = w->dims[!transposed];
    rondo_status status;
    if (columns != c->width)
        return rondo__chain_bad(c, "multiplies rows of %lld by a matrix for %lld", (long long)c->width,
                                (long long)columns);
    rondo__piece *p = rondo__import_add_part(c->in, at, "output.weight", 0, rows, columns, &status);
    if (p)
        p->transposed = transposed;
    return status;
}

/* MatMul, Gemm: the output layer. */
static rondo_status multiply(rondo__chain *c, bool *known) {
    const rondo__chain_value *x = rondo__chain_in(c, 0);
    const bool gemm = strcmp(c->node->op, "Gemm") == 0;
    int w, b = -1;
    *known = ends_in_features(c, x) && !x->linear && x->axes[strlen(x->axes) - 1] == 'F';
    if (!*known)
        return RONDO_OK;
    const rondo__chain_value from = *x;
    rondo_status status = rondo__chain_weight(c, 1, 2, "matrix", &w);
    if (!status && gemm)
        status = rondo__chain_weight(c, 2, 1, "bias", &b);
    if (!status && (w < 0 || (gemm && (rondo__attribute_float(c->node, "alpha", 1) != 1 ||
                                       rondo__attribute_float(c->node, "beta", 1) != 1 ||
                                       rondo__attribute_int(c->node, "transA", 0) != 0))))
        status = rondo__chain_bad(c, "is no linear layer");
    if (!status)
        status = add_matrix(c, w, !(gemm && rondo__attribute_int(c->node, "transB", 0)));
    if (!status && b >= 0)
        rondo__import_add(c->in, b, "output.bias", &status);
    rondo__chain_value *out = rondo__chain_out(c, 0, RONDO__CHAIN_STREAM);
    out->layers = from.layers;
    memcpy(out->axes, from.axes, sizeof out->axes);
    out->linear = true;
    out->biased = b >= 0;
    return status;
}

/* Add: the output layer's bias. */
static rondo_status shift(rondo__chain *c, bool *known) {
    const rondo__chain_value *a = rondo__chain_in(c, 0), *b = rondo__chain_in(c, 1);
    const rondo__chain_value *x = ends_in_features(c, a) ? a : b, *bias = x == a ? b : a;
    rondo_status status = RONDO_OK;
    *known = ends_in_features(c, x) && x->linear && bias && bias->kind == RONDO__CHAIN_WEIGHT &&
             x->axes[strlen(x->axes) - 1] == 'F' && c->in->theirs[bias->at].array.rank == 1;
    if (!*known)
        return RONDO_OK;
    const rondo__chain_value from = *x;
    rondo__import_add(c->in, bias->at, "output.bias", &status);
    rondo__chain_value *out = rondo__chain_out(c, 0, RONDO__CHAIN_STREAM);
    const char *name = out->name;
    *out = from;
    out->name = name;
    out->biased = true;
    return status;
}

/* ---- the walk ---- */

static rondo_status walk_node(rondo__chain *c) {
    const char *op = c->node->op;
    bool known = false;
    rondo_status status = RONDO_OK;
    if (constant_of(c->node))
        return RONDO_OK;
    if (*c->node->domain)
        return rondo__chain_bad(c, "is of domain '%s'", rondo__show(c->node->domain).text);
    if (rondo__chain_is_cell(c->node))
        return rondo__chain_cell(c);
    if (strcmp(op, "Gather") == 0)
        status = embed(c, &known);
    else if (strcmp(op, "MatMul") == 0 || strcmp(op, "Gemm") == 0)
        status = multiply(c, &known);
    else if (strcmp(op, "Add") == 0)
        status = shift(c, &known);
    if (!status && !known)
        status = rondo__chain_move(c, &known);
    return status || known ? status : rondo__chain_bad(c, "computes");
}

static rondo_status check_outputs(rondo__chain *c) {
    const rondo__onnx_graph *g = c->in->onnx->graph;
    const bool linear = rondo__import_piece(c->in, "output.weight") != NULL;
    for (int i = 0; i < g->outputs; i++) {
        const rondo__chain_value *v = find(c, g->output[i].name);
        if (v && v->kind == RONDO__CHAIN_STREAM && v->layers == c->layers && v->linear == linear)
            return RONDO_OK;
    }
    return rondo__fail(c->in->err, RONDO_UNSUPPORTED,
                       "%s: no output of the graph is what the last layer computes step by step (rondo run runs the "
                       "whole graph)",
                       c->in->path);
}

/* What is no weight of the chain is a shape or an initial state; the walk has seen to it that these are zero. */
static void leave_rest_out(rondo__import *in) {
    for (int i = 0; i < in->count; i++)
        if (rondo__import_free(&in->theirs[i]))
            in->theirs[i].left_out = "no weight of the chain";
}

static rondo_status add_no_bias(rondo__import *in) {
    const rondo__piece *w = rondo__import_piece(in, "output.weight");
    rondo_status status = RONDO_OK;
    if (w && !rondo__import_piece(in, "output.bias"))
        rondo__import_add_part(in, -1, "output.bias", 0, w->dims[0], 0, &status);
    return status;
}

static rondo_status walk(rondo__chain *c) {
    const rondo__onnx_graph *g = c->in->onnx->graph;
    rondo_status status = RONDO_OK;
    for (int i = 0; i < g->inputs; i++)
        put(c, g->input[i].name, RONDO__CHAIN_INPUT)->plain = true;
    for (int i = 0; i < c->in->count; i++) /* behind the inputs, before which they count */
        put(c, c->in->theirs[i].name, RONDO__CHAIN_WEIGHT)->at = i;
    for (int i = 0; i < g->nodes && !status && !c->twice; i++) {
        c->node = &g->node[i];
        status = walk_node(c);
    }
    if (!status && c->twice)
        status =
            rondo__fail(c->in->err, RONDO_FORMAT, "%s: '%s' is made twice", c->in->path, rondo__show(c->twice).text);
    if (!status && c->layers > 0)
        status = check_outputs(c);
    if (!status)
        status = add_no_bias(c->in);
    if (!status)
        leave_rest_out(c->in);
    return status;
}

rondo_status rondo__import_onnx(rondo__import *in) {
    const rondo__onnx_graph *g = in->onnx->graph;
    rondo__chain c = {.in = in};
    size_t values = (size_t)g->inputs + (size_t)in->count + 1;
    for (int i = 0; i < g->nodes; i++)
        values += g->node[i].outputs > 0 ? (size_t)g->node[i].outputs + 3 : 3;
    c.value = values <= 8 * MOST_VALUES ? rondo__calloc(values, sizeof *c.value) : NULL;
    rondo_status status = c.value ? walk(&c) : rondo__import_no_memory(in);
    rondo__free(c.value);
    return status || in->wanted ? status : rondo__import_network(in);
}

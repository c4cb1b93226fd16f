/* Fuzz target, see fuzz/README.md: any bytes as an ONNX model: read, planned, and run on small inputs where it can be;
 * and read as a chain that becomes a stack. */
#include <string.h>

#include "exchange/import.h"
#include "formats/onnx.h"
#include "rondo/graph.h"

enum { MOST_INPUTS = 8, MOST_NUMBERS = 512 };

/* Names and shapes of the file must be whole, whatever else they are. */
static void look_at(const rondo__onnx_graph *graph, int depth) {
    if (depth > RONDO__ONNX_DEPTH)
        __builtin_trap();
    for (int i = 0; i < graph->initialisers; i++) {
        const rondo__onnx_tensor *t = &graph->initialiser[i];
        volatile unsigned char sum = 0;
        for (size_t k = 0; k < (size_t)t->count * rondo_dtype_bytes(t->dtype); k++)
            sum = (unsigned char)(sum + ((const unsigned char *)t->data)[k]);
    }
    for (int i = 0; i < graph->nodes; i++) {
        for (int k = 0; k < graph->node[i].inputs; k++)
            (void)strlen(graph->node[i].input[k]);
        for (int k = 0; k < graph->node[i].attributes; k++)
            if (graph->node[i].attribute[k].kind == RONDO__ONNX_GRAPH)
                look_at(graph->node[i].attribute[k].graph, depth + 1);
    }
}

/* What comes in has the shapes that the file asks for, open ones 2. Loops may not end: only graphs without are run. */
static bool has_loop(const rondo__onnx_graph *graph) {
    for (int i = 0; i < graph->nodes; i++)
        for (int k = 0; k < graph->node[i].attributes; k++)
            if (graph->node[i].attribute[k].kind == RONDO__ONNX_GRAPH)
                return true;
    return false;
}

static bool make_input(const rondo_graph_port *port, double *memory, rondo_graph_value *out) {
    int64_t count = 1;
    *out = (rondo_graph_value){port->name, {port->typed ? port->dtype : RONDO_F32, port->rank < 0 ? 1 : port->rank}};
    if (out->tensor.rank > RONDO_MAX_RANK)
        return false;
    for (int d = 0; d < out->tensor.rank; d++) {
        const int64_t dim = port->rank < 0 || port->dims[d] < 0 ? 2 : port->dims[d];
        if (dim > MOST_NUMBERS || (count *= dim) > MOST_NUMBERS)
            return false;
        out->tensor.dims[d] = dim;
    }
    memset(memory, 0, MOST_NUMBERS * sizeof *memory);
    out->tensor.data = memory;
    return true;
}

static void run(const uint8_t *data, size_t size) {
    static double memory[MOST_INPUTS][MOST_NUMBERS];
    rondo_graph_value inputs[MOST_INPUTS];
    rondo_context *context = NULL;
    rondo_graph *graph = NULL;
    int count = 0;
    if (rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL) == RONDO_OK &&
        rondo_graph_parse(&graph, context, "fuzz", data, size, NULL, NULL) == RONDO_OK) {
        while (count < MOST_INPUTS && count < rondo_graph_inputs(graph) &&
               make_input(rondo_graph_input(graph, count), memory[count], &inputs[count]))
            count++;
        (void)rondo_graph_run(graph, count, inputs, NULL);
    }
    rondo_graph_destroy(&graph);
    rondo_context_destroy(&context);
}

/* Takes the model. */
static void chain(rondo__onnx *model) {
    static const rondo_import_options none;
    rondo_error err = {0};
    rondo__import in = {.path = "fuzz", .options = &none, .onnx = model, .err = &err};
    if (rondo__import_onnx_list(&in) == RONDO_OK) {
        for (int i = 0; i < in.count; i++)
            in.theirs[i].key = in.theirs[i].name;
        if (rondo__import_find(&in, NULL) != RONDO_OK && strchr(err.message, '\n'))
            __builtin_trap();
        rondo_import_report *report = rondo__import_report(&in, NULL);
        rondo_import_report_free(&report);
    }
    rondo__import_close(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo__onnx *model;
    rondo_error err = {0};
    if (rondo__onnx_parse(&model, "fuzz", NULL, data, size, &err) != RONDO_OK) {
        if (strchr(err.message, '\n'))
            __builtin_trap();
        return 0;
    }
    look_at(model->graph, 0);
    if (!has_loop(model->graph))
        run(data, size);
    chain(model);
    return 0;
}

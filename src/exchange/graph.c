/* Loading and running graphs: see graph.h, and rondo/graph.h for the public face. */
#include "exchange/graph.h"

#include <string.h>

/* ---- loading ---- */

static void make_port(rondo_graph_port *out, const rondo__onnx_value *from, bool optional) {
    *out = (rondo_graph_port){
        .name = from->name, .typed = from->typed, .dtype = from->dtype, .rank = from->rank, .optional = optional};
    memcpy(out->dims, from->dims, sizeof out->dims);
}

static rondo_status make_ports(rondo_graph *g, rondo_error *err) {
    const rondo__onnx_graph *from = g->model->graph;
    const size_t in = (size_t)from->inputs, out = (size_t)from->outputs;
    g->input = rondo__calloc(in + 1, sizeof *g->input);
    g->output = rondo__calloc(out + 1, sizeof *g->output);
    g->made = rondo__calloc(out + 1, sizeof *g->made);
    g->result = rondo__calloc(out + 1, sizeof *g->result);
    if (!g->input || !g->output || !g->made || !g->result)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the graph", g->model->label);
    for (size_t i = 0; i < in; i++)
        make_port(&g->input[i], &from->input[i], g->constant[g->plan->input[i]].data != NULL);
    for (size_t i = 0; i < out; i++)
        make_port(&g->output[i], &from->output[i], false);
    return RONDO_OK;
}

/* Takes the model. */
static rondo_status finish_load(rondo_graph **out, rondo_context *context, rondo__onnx *model,
                                const rondo_graph_options *options, rondo_error *err) {
    rondo_graph *g = rondo__calloc(1, sizeof *g);
    if (!g) {
        rondo_status status = rondo__fail(err, RONDO_MEMORY, "%s: no memory for the graph", model->label);
        rondo__onnx_free(&model);
        return status;
    }
    g->model = model;
    g->context = context;
    g->options = options ? *options : (rondo_graph_options){0};
    rondo__arena_init(&g->arena);
    rondo_status status = rondo__plan_graph(g, err);
    if (!status)
        status = make_ports(g, err);
    if (status)
        rondo_graph_destroy(&g);
    *out = g;
    return status;
}

rondo_status rondo_graph_load(rondo_graph **out, rondo_context *context, const char *path,
                              const rondo_graph_options *options, rondo_error *err) {
    rondo__onnx *model;
    if (out)
        *out = NULL;
    if (!out || !context || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_graph_load: out, context or path is NULL");
    rondo_status status = rondo__onnx_read(&model, path, err);
    return status ? status : finish_load(out, context, model, options, err);
}

rondo_status rondo_graph_parse(rondo_graph **out, rondo_context *context, const char *label, const void *data,
                               size_t size, const rondo_graph_options *options, rondo_error *err) {
    rondo__onnx *model;
    if (out)
        *out = NULL;
    if (!out || !context || !label || (!data && size))
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_graph_parse: out, context, label or data is NULL");
    rondo_status status = rondo__onnx_parse(&model, label, NULL, data, size, err);
    return status ? status : finish_load(out, context, model, options, err);
}

static void free_kept(rondo__plan *plan) {
    for (int s = 0; plan && s < plan->steps; s++) {
        rondo__graph_step *step = &plan->step[s];
        if (step->kept_free)
            step->kept_free(step->kept);
        for (int b = 0; step->body && b < step->bodies; b++)
            free_kept(step->body[b]);
    }
}

static void drop_results(rondo_graph *g) {
    for (int i = 0; g->made && i < g->model->graph->outputs; i++)
        rondo__array_drop(&g->made[i]);
    g->has_run = false;
}

void rondo_graph_destroy(rondo_graph **graph) {
    if (!graph || !*graph)
        return;
    rondo_graph *g = *graph;
    drop_results(g);
    free_kept(g->plan);
    rondo_tape_destroy(&g->tape);
    rondo__arena_free(&g->arena);
    rondo__free(g->input);
    rondo__free(g->output);
    rondo__free(g->made);
    rondo__free(g->result);
    rondo__onnx_free(&g->model);
    rondo__free(g);
    *graph = NULL;
}

int rondo_graph_inputs(const rondo_graph *graph) { return graph ? graph->model->graph->inputs : 0; }
int rondo_graph_outputs(const rondo_graph *graph) { return graph ? graph->model->graph->outputs : 0; }

const rondo_graph_port *rondo_graph_input(const rondo_graph *graph, int index) {
    return index >= 0 && index < rondo_graph_inputs(graph) ? &graph->input[index] : NULL;
}

const rondo_graph_port *rondo_graph_output(const rondo_graph *graph, int index) {
    return index >= 0 && index < rondo_graph_outputs(graph) ? &graph->output[index] : NULL;
}

const rondo_tensor *rondo_graph_result(const rondo_graph *graph, int index) {
    return index >= 0 && index < rondo_graph_outputs(graph) && graph->has_run ? &graph->result[index] : NULL;
}

/* ---- running ---- */

const rondo__array *rondo__slot_value(const rondo_graph *graph, int slot) {
    if (slot < 0)
        return NULL;
    if (graph->slot[slot].data)
        return &graph->slot[slot];
    return graph->constant[slot].data ? &graph->constant[slot] : NULL;
}

rondo_status rondo__run_plan(rondo_graph *graph, rondo__plan *plan, rondo_error *err) {
    for (int s = 0; s < plan->steps; s++) {
        rondo__graph_step *step = &plan->step[s];
        const rondo__graph_call call = {graph, step, step->node, step->op->kind};
        rondo_status status = step->op->run(&call, err);
        if (status)
            return status;
        for (int i = 0; i < step->drops; i++)
            rondo__array_drop(&graph->slot[step->drop[i]]);
    }
    return RONDO_OK;
}

static rondo_status check_input(const rondo_graph *g, const rondo_graph_port *port, const rondo_tensor *given,
                                rondo_error *err) {
    bool fits = port->rank < 0 || port->rank == given->rank;
    rondo_status status = rondo_tensor_check(given, err);
    if (status)
        return status;
    for (int d = 0; fits && d < port->rank; d++)
        fits = port->dims[d] < 0 || port->dims[d] == given->dims[d];
    if (!fits)
        return rondo__fail(err, RONDO_SHAPE, "%s: input '%s' has shape %s (the model wants %s)", g->model->label,
                           rondo__show(port->name).text, rondo__dims_show(given->rank, given->dims).text,
                           rondo__dims_show(port->rank, port->dims).text);
    if (port->typed && rondo__is_float(port->dtype) != rondo__is_float(given->dtype))
        return rondo__fail(err, RONDO_ARGUMENT, "%s: input '%s' is given as %s (the model wants %s)", g->model->label,
                           rondo__show(port->name).text, rondo_dtype_name(given->dtype), rondo_dtype_name(port->dtype));
    return RONDO_OK;
}

/* A whole number that the input's type cannot hold must not become another one. */
static bool same_numbers(const rondo__array *a, const rondo__array *b) {
    for (int64_t i = 0; i < a->count; i++)
        if (rondo__array_whole_at(a, i) != rondo__array_whole_at(b, i))
            return false;
    return true;
}

static void convert(const rondo__array *from, const rondo__array *to) {
    for (int64_t at = 0; at < from->count; at += RONDO__CHUNK) {
        const int64_t n = from->count - at < RONDO__CHUNK ? from->count - at : RONDO__CHUNK;
        double numbers[RONDO__CHUNK];
        int64_t wholes[RONDO__CHUNK];
        if (rondo__is_float(to->dtype)) {
            rondo__array_read(from, at, n, numbers);
            rondo__array_write(to, at, n, numbers);
        } else {
            rondo__array_read_whole(from, at, n, wholes);
            rondo__array_write_whole(to, at, n, wholes);
        }
    }
}

static rondo_status take_input(rondo_graph *g, int index, const rondo_tensor *given, rondo_error *err) {
    const rondo_graph_port *port = &g->input[index];
    rondo__array *slot = &g->slot[g->plan->input[index]];
    rondo_status status = check_input(g, port, given, err);
    if (status)
        return status;
    if (slot->data)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: input '%s' is given twice", g->model->label,
                           rondo__show(port->name).text);
    rondo__array view = {.dtype = given->dtype, .rank = given->rank, .count = rondo_tensor_count(given)};
    memcpy(view.dims, given->dims, sizeof given->dims);
    view.data = given->data ? given->data : (void *)&g->options; /* no elements */
    if (!port->typed || port->dtype == given->dtype) {
        *slot = view;
        return RONDO_OK;
    }
    if (!rondo__array_make(slot, port->dtype, view.rank, view.dims))
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for input '%s'", g->model->label,
                           rondo__show(port->name).text);
    convert(&view, slot);
    if (!rondo__is_float(port->dtype) && !same_numbers(&view, slot))
        return rondo__fail(err, RONDO_ARGUMENT, "%s: input '%s' holds numbers that %s cannot", g->model->label,
                           rondo__show(port->name).text, rondo_dtype_name(port->dtype));
    return RONDO_OK;
}

static rondo_status take_inputs(rondo_graph *g, int count, const rondo_graph_value *inputs, rondo_error *err) {
    const int wanted = rondo_graph_inputs(g);
    for (int i = 0; i < count; i++) {
        int index = 0;
        while (inputs[i].name && index < wanted && strcmp(g->input[index].name, inputs[i].name) != 0)
            index++;
        if (!inputs[i].name || index == wanted)
            return rondo__fail(err, RONDO_ARGUMENT, "%s: has no input '%s' (its inputs begin with '%s')",
                               g->model->label, inputs[i].name ? rondo__show(inputs[i].name).text : "NULL",
                               wanted ? rondo__show(g->input[0].name).text : "nothing");
        rondo_status status = take_input(g, index, &inputs[i].tensor, err);
        if (status)
            return status;
    }
    for (int i = 0; i < wanted; i++)
        if (!rondo__slot_value(g, g->plan->input[i]))
            return rondo__fail(err, RONDO_ARGUMENT, "%s: input '%s' is missing (it is %s%s%s)", g->model->label,
                               rondo__show(g->input[i].name).text,
                               g->input[i].typed ? rondo_dtype_name(g->input[i].dtype) : "of any type",
                               g->input[i].rank < 0 ? "" : ", of shape ",
                               g->input[i].rank < 0 ? "" : rondo__dims_show(g->input[i].rank, g->input[i].dims).text);
    return RONDO_OK;
}

/* Numbers of the caller and of the file are copied, so that results are the graph's own. */
static rondo_status take_result(rondo_graph *g, int index, rondo_error *err) {
    const rondo__array *a = rondo__slot_value(g, g->plan->output[index]);
    const char *name = g->output[index].name;
    if (!a)
        return rondo__fail(err, RONDO_FORMAT, "%s: output '%s' was not made", g->model->label, rondo__show(name).text);
    if (a->rank > RONDO_MAX_RANK)
        return rondo__fail(err, RONDO_UNSUPPORTED, "%s: output '%s' has %d dimensions (at most %d can be handed out)",
                           g->model->label, rondo__show(name).text, a->rank, RONDO_MAX_RANK);
    if (a->shared) {
        rondo__array_share(&g->made[index], a);
    } else {
        if (!rondo__array_make(&g->made[index], a->dtype, a->rank, a->dims))
            return rondo__fail(err, RONDO_MEMORY, "%s: no memory for output '%s'", g->model->label,
                               rondo__show(name).text);
        memcpy(g->made[index].data, a->data, (size_t)a->count * rondo_dtype_bytes(a->dtype));
    }
    g->result[index] = rondo_tensor_view(a->dtype, g->made[index].data, a->rank, a->dims);
    return RONDO_OK;
}

rondo_status rondo_graph_run(rondo_graph *graph, int count, const rondo_graph_value *inputs, rondo_error *err) {
    if (!graph || count < 0 || (count && !inputs))
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_graph_run: graph or inputs is NULL");
    drop_results(graph);
    rondo_status status = take_inputs(graph, count, inputs, err);
    if (!status)
        status = rondo__run_plan(graph, graph->plan, err);
    for (int i = 0; !status && i < rondo_graph_outputs(graph); i++)
        status = take_result(graph, i, err);
    for (int i = 0; i < graph->slots; i++)
        rondo__array_drop(&graph->slot[i]);
    graph->has_run = !status;
    if (status)
        drop_results(graph);
    return status;
}

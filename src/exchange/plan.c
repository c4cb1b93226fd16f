/* From a file's graph to a plan: every operator known, every name resolved, nothing made twice, nothing used before it
 * is made. See graph.h.
 *
 * Names live in scopes: a body sees the names around it, and its own vanish when it ends. One hash table holds all
 * living names; each scope remembers where its own begin, and an inner name hides an outer one. */
#include <string.h>

#include "exchange/graph.h"

typedef struct known_name {
    const char *text;
    int slot, level; /* of the plan that made it */
    int next;        /* in the same bucket, -1: last */
} known_name;

typedef struct planner {
    rondo_graph *graph;
    rondo_error *err;
    int names, most;  /* upper bound of names: all inputs, initialisers and outputs of nodes in the file */
    known_name *list; /* (most) */
    int *bucket;      /* (buckets), -1: empty */
    uint32_t buckets; /* a power of two */
    int *last_use;    /* (most), by slot: the last step of its own plan that uses it, -1: none, INT32_MAX: an output */
    int *level_of_slot; /* (most) */
    int level;
    int step_at[RONDO__ONNX_DEPTH + 2]; /* by level: the step that is being planned there */
} planner;

static uint32_t hash(const char *text) {
    uint32_t h = 2166136261u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 16777619u;
    return h ^ h >> 15;
}

static rondo_status fail_node(const planner *p, rondo_status status, const rondo__onnx_node *node, const char *what,
                              const char *name) {
    const char *known = *node->name ? node->name : node->outputs > 0 ? node->output[0] : "?";
    return rondo__fail(p->err, status, "%s: node '%s' (%s): %s%s%s", p->graph->model->label, rondo__show(known).text,
                       rondo__show(node->op).text, what, name ? ": " : "", name ? rondo__show(name).text : "");
}

static int find(const planner *p, const char *text) {
    int at = p->bucket[hash(text) & (p->buckets - 1)];
    while (at >= 0 && strcmp(p->list[at].text, text) != 0)
        at = p->list[at].next;
    return at;
}

/* The slot of a new name, -1 when the same graph has it already. */
static int add(planner *p, const char *text) {
    const int there = find(p, text);
    const uint32_t at = hash(text) & (p->buckets - 1);
    if (there >= 0 && p->list[there].level == p->level)
        return -1;
    const int slot = p->graph->slots++;
    p->list[p->names] = (known_name){text, slot, p->level, p->bucket[at]};
    p->bucket[at] = p->names++;
    p->last_use[slot] = -1;
    p->level_of_slot[slot] = p->level;
    return slot;
}

static void leave_scope(planner *p, int first) {
    while (p->names > first) {
        const known_name *n = &p->list[--p->names];
        p->bucket[hash(n->text) & (p->buckets - 1)] = n->next;
    }
}

static void *push(const planner *p, size_t count, size_t bytes) {
    size_t all;
    void *m = rondo__size_mul(count, bytes, &all) ? rondo__arena_push(&p->graph->arena, all ? all : 1) : NULL;
    if (m)
        memset(m, 0, all);
    else
        rondo__fail(p->err, RONDO_MEMORY, "%s: no memory to plan the graph", p->graph->model->label);
    return m;
}

/* ---- inputs and initialisers ---- */

static rondo_status add_initialisers(planner *p, const rondo__onnx_graph *graph) {
    for (int i = 0; i < graph->initialisers; i++) {
        const rondo__onnx_tensor *t = &graph->initialiser[i];
        const int known = find(p, t->name);
        const bool is_input = known >= 0 && p->list[known].level == p->level;
        const int slot = is_input ? p->list[known].slot : add(p, t->name);
        if (!*t->name || slot < 0 || p->graph->constant[slot].data)
            return rondo__fail(p->err, RONDO_FORMAT, "%s: two arrays are named '%s'", p->graph->model->label,
                               rondo__show(t->name).text);
        rondo__array *a = &p->graph->constant[slot];
        *a = (rondo__array){.dtype = t->dtype, .rank = t->rank, .count = t->count, .data = t->data};
        memcpy(a->dims, t->dims, sizeof a->dims);
        p->graph->fixed[slot] = !is_input;
    }
    return RONDO_OK;
}

static rondo_status add_inputs(planner *p, rondo__plan *plan) {
    const rondo__onnx_graph *graph = plan->graph;
    plan->input = push(p, (size_t)graph->inputs, sizeof *plan->input);
    if (!plan->input)
        return RONDO_MEMORY;
    for (int i = 0; i < graph->inputs; i++) {
        plan->input[i] = *graph->input[i].name ? add(p, graph->input[i].name) : -1;
        if (plan->input[i] < 0)
            return rondo__fail(p->err, RONDO_FORMAT, "%s: two inputs are named '%s'", p->graph->model->label,
                               rondo__show(graph->input[i].name).text);
    }
    return RONDO_OK;
}

/* ---- nodes ---- */

/* Is it in the operator's list, of the right kind? */
static bool knows_attribute(const rondo__operator *op, const rondo__onnx_attribute *a) {
    static const char kinds[] = {
        [RONDO__ONNX_FLOAT] = 'f', [RONDO__ONNX_INT] = 'i',    [RONDO__ONNX_STRING] = 's', [RONDO__ONNX_TENSOR] = 't',
        [RONDO__ONNX_GRAPH] = 'g', [RONDO__ONNX_FLOATS] = 'F', [RONDO__ONNX_INTS] = 'I',   [RONDO__ONNX_STRINGS] = 'S'};
    const size_t size = strlen(a->name);
    for (const char *at = op->attributes; size > 0 && (at = strstr(at, a->name)) != NULL; at++)
        if (at > op->attributes && at[-1] == ' ' && at[size] == ':' && at[size + 1] == kinds[a->kind])
            return true;
    return false;
}

static rondo_status check_node(const planner *p, const rondo__onnx_node *node, const rondo__operator *op) {
    if (!op)
        return fail_node(p, RONDO_UNSUPPORTED, node,
                         "this operator is not supported (docs/onnx.md lists those that are)",
                         *node->domain ? node->domain : NULL);
    if (op->since > p->graph->model->opset)
        return fail_node(p, RONDO_UNSUPPORTED, node, "this operator is supported from a later opset on", NULL);
    if (node->inputs < op->least_in || (op->most_in >= 0 && node->inputs > op->most_in))
        return fail_node(p, RONDO_FORMAT, node, "has a wrong number of inputs", NULL);
    if (node->outputs < op->least_out || (op->most_out >= 0 && node->outputs > op->most_out))
        return fail_node(p, RONDO_FORMAT, node, "has a wrong number of outputs", NULL);
    for (int i = 0; i < op->least_in; i++)
        if (!*node->input[i])
            return fail_node(p, RONDO_FORMAT, node, "lacks an input that it needs", NULL);
    for (int i = 0; i < node->attributes; i++) {
        if (!knows_attribute(op, &node->attribute[i]))
            return fail_node(p, RONDO_UNSUPPORTED, node, "has an attribute that is not supported, or not of this kind",
                             node->attribute[i].name);
        for (int j = 0; j < i; j++)
            if (strcmp(node->attribute[i].name, node->attribute[j].name) == 0)
                return fail_node(p, RONDO_FORMAT, node, "has an attribute twice", node->attribute[i].name);
    }
    return RONDO_OK;
}

/* A slot is needed until the step of its own plan within which it is used. */
static int use(planner *p, const char *text) {
    const int at = find(p, text);
    if (at < 0)
        return -1;
    const int slot = p->list[at].slot, step = p->step_at[p->list[at].level];
    if (p->last_use[slot] < step)
        p->last_use[slot] = step;
    return slot;
}

static rondo_status plan_graph(planner *p, const rondo__onnx_graph *from, rondo__plan **out);

static rondo_status plan_bodies(planner *p, rondo__graph_step *step) {
    const rondo__onnx_node *node = step->node;
    for (int i = 0; i < node->attributes; i++)
        step->bodies += node->attribute[i].kind == RONDO__ONNX_GRAPH;
    step->body = push(p, (size_t)step->bodies, sizeof(rondo__plan *));
    rondo_status status = step->body ? RONDO_OK : RONDO_MEMORY;
    for (int i = 0, b = 0; !status && i < node->attributes; i++)
        if (node->attribute[i].kind == RONDO__ONNX_GRAPH)
            status = plan_graph(p, node->attribute[i].graph, &step->body[b++]);
    return status;
}

static rondo_status plan_node(planner *p, const rondo__onnx_node *node, rondo__graph_step *step) {
    const rondo__operator *op = rondo__find_operator(node);
    rondo_status status = check_node(p, node, op);
    if (status)
        return status;
    *step = (rondo__graph_step){.node = node, .op = op, .inputs = node->inputs, .outputs = node->outputs};
    step->in = push(p, (size_t)node->inputs, sizeof *step->in);
    step->out = push(p, (size_t)node->outputs, sizeof *step->out);
    if (!step->in || !step->out)
        return RONDO_MEMORY;
    for (int i = 0; i < node->inputs; i++) {
        step->in[i] = *node->input[i] ? use(p, node->input[i]) : -1;
        if (*node->input[i] && step->in[i] < 0)
            return fail_node(p, RONDO_FORMAT, node,
                             "uses an array that nothing before it makes (a cycle, or nodes out of order)",
                             node->input[i]);
    }
    status = plan_bodies(p, step);
    for (int i = 0; !status && i < node->outputs; i++) {
        step->out[i] = *node->output[i] ? add(p, node->output[i]) : -1;
        if (*node->output[i] && step->out[i] < 0)
            return fail_node(p, RONDO_FORMAT, node, "makes an array of a name that is taken", node->output[i]);
    }
    return status;
}

static rondo_status find_outputs(planner *p, rondo__plan *plan) {
    const rondo__onnx_graph *graph = plan->graph;
    plan->output = push(p, (size_t)graph->outputs, sizeof *plan->output);
    if (!plan->output)
        return RONDO_MEMORY;
    p->step_at[p->level] = INT32_MAX;
    for (int i = 0; i < graph->outputs; i++) {
        plan->output[i] = use(p, graph->output[i].name);
        if (plan->output[i] < 0)
            return rondo__fail(p->err, RONDO_FORMAT, "%s: the output '%s' is made by no node", p->graph->model->label,
                               rondo__show(graph->output[i].name).text);
    }
    return RONDO_OK;
}

/* Each slot of this plan (not of its bodies, which clear up behind themselves) goes with its last step; what no step
 * uses goes with the step that makes it. */
static rondo_status plan_drops(const planner *p, rondo__plan *plan) {
    for (int s = 0; s < plan->steps; s++)
        for (int i = 0; i < plan->step[s].outputs; i++) {
            const int slot = plan->step[s].out[i];
            if (slot >= 0 && p->last_use[slot] < s)
                p->last_use[slot] = s;
        }
    for (int slot = plan->first; slot < plan->last; slot++)
        if (p->level_of_slot[slot] == p->level && p->last_use[slot] >= 0 && p->last_use[slot] < plan->steps)
            plan->step[p->last_use[slot]].drops++;
    for (int s = 0; s < plan->steps; s++) {
        plan->step[s].drop = push(p, (size_t)plan->step[s].drops, sizeof(int));
        if (!plan->step[s].drop)
            return RONDO_MEMORY;
        plan->step[s].drops = 0;
    }
    for (int slot = plan->first; slot < plan->last; slot++) {
        if (p->level_of_slot[slot] == p->level && p->last_use[slot] >= 0 && p->last_use[slot] < plan->steps) {
            rondo__graph_step *step = &plan->step[p->last_use[slot]];
            step->drop[step->drops++] = slot;
        }
    }
    return RONDO_OK;
}

static rondo_status plan_graph(planner *p, const rondo__onnx_graph *from, rondo__plan **out) {
    const int first_name = p->names;
    rondo__plan *plan = push(p, 1, sizeof *plan);
    *out = plan;
    if (plan)
        plan->step = push(p, (size_t)from->nodes, sizeof *plan->step);
    if (!plan || !plan->step)
        return RONDO_MEMORY;
    p->level++;
    plan->graph = from;
    plan->first = p->graph->slots;
    rondo_status status = add_inputs(p, plan);
    if (!status)
        status = add_initialisers(p, from);
    for (int i = 0; !status && i < from->nodes; i++) {
        p->step_at[p->level] = i;
        plan->steps = i + 1;
        status = plan_node(p, &from->node[i], &plan->step[i]);
    }
    if (!status)
        status = find_outputs(p, plan);
    plan->last = p->graph->slots;
    if (!status)
        status = plan_drops(p, plan);
    leave_scope(p, first_name);
    p->level--;
    return status;
}

/* ---- the whole ---- */

static void count_names(const rondo__onnx_graph *graph, size_t *names) {
    *names += (size_t)graph->inputs + (size_t)graph->initialisers;
    for (int i = 0; i < graph->nodes; i++) {
        *names += (size_t)graph->node[i].outputs;
        for (int a = 0; a < graph->node[i].attributes; a++)
            if (graph->node[i].attribute[a].kind == RONDO__ONNX_GRAPH)
                count_names(graph->node[i].attribute[a].graph, names);
    }
}

static rondo_status check_opset(const planner *p) {
    enum { LEAST = 7, MOST = 28 };
    const rondo__onnx *model = p->graph->model;
    if (model->opset < LEAST || model->opset > MOST)
        return rondo__fail(p->err, RONDO_UNSUPPORTED,
                           "%s: is written in opset %lld (7 to 28 are read; onnx.version_converter changes it)",
                           model->label, (long long)model->opset);
    return RONDO_OK;
}

rondo_status rondo__plan_graph(rondo_graph *graph, rondo_error *err) {
    planner p = {.graph = graph, .err = err, .buckets = 16};
    size_t names = 0;
    rondo_status status = check_opset(&p);
    if (status)
        return status;
    count_names(graph->model->graph, &names);
    if (names > INT32_MAX / 4)
        return rondo__fail(err, RONDO_FORMAT, "%s: has too many names", graph->model->label);
    while (p.buckets < 2 * names)
        p.buckets *= 2;
    p.list = rondo__calloc(names + 1, sizeof *p.list);
    p.bucket = rondo__calloc(p.buckets, sizeof *p.bucket);
    p.last_use = rondo__calloc(names + 1, sizeof *p.last_use);
    p.level_of_slot = rondo__calloc(names + 1, sizeof *p.level_of_slot);
    graph->slot = push(&p, names, sizeof *graph->slot);
    graph->constant = push(&p, names, sizeof *graph->constant);
    graph->fixed = push(&p, names, sizeof *graph->fixed);
    if (!p.list || !p.bucket || !p.last_use || !p.level_of_slot || !graph->slot || !graph->constant || !graph->fixed) {
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory to plan the graph", graph->model->label);
    } else {
        memset(p.bucket, 0xff, p.buckets * sizeof *p.bucket);
        status = plan_graph(&p, graph->model->graph, &graph->plan);
    }
    rondo__free(p.list);
    rondo__free(p.bucket);
    rondo__free(p.last_use);
    rondo__free(p.level_of_slot);
    return status;
}

/* An encoder-decoder as nodes: what encdec.h says, for a batch. */
#include "exchange/onnx_write.h"

#include <stdio.h>
#include <string.h>

#include "nn/recurrent.h"

#define NEVER (-1e30)

static int op1(const rondo__onnx_pair *p, const char *op, int a) { return rondo__onnx_op(p->o, op, a, 0, 0); }
static int op2(const rondo__onnx_pair *p, const char *op, int a, int b) { return rondo__onnx_op(p->o, op, a, b, 0); }
static int op3(const rondo__onnx_pair *p, const char *op, int a, int b, int c) {
    return rondo__onnx_op(p->o, op, a, b, c);
}
static int number(const rondo__onnx_pair *p, double x) { return rondo__onnx_number(p->o, x); }

static int map(const rondo__onnx_pair *p, const char *name, const rondo__affine *a, int x) {
    return a->weight ? rondo__onnx_linear(p->o, name, x, a->out, a->in, a->weight, a->bias) : x;
}

static int expanded(const rondo__onnx_pair *p, int x, int width) {
    const int shape[2] = {p->batch, width};
    return op2(p, "Expand", x, rondo__onnx_joined(p->o, 0, 2, shape));
}

/* ---- what is handed on ---- */

static void hand(rondo__onnx_handed *out, int *count, const char *name, int layer, int *value, int64_t width) {
    snprintf(out[*count].name, sizeof out[*count].name, layer < 0 ? "%s" : "%s%d", name, layer);
    out[*count].value = value;
    out[(*count)++].width = width;
}

int rondo__onnx_pair_hands(rondo__onnx_pair *p, rondo__onnx_handed out[RONDO__PAIR_STATES]) {
    const rondo_recurrent *net = rondo__encdec_decoder(p->pair);
    int count = 0;
    for (int l = 0; l < net->config.layers; l++) {
        hand(out, &count, "h_l", l, &p->h[l], net->layer[l].state);
        if (net->layer[l].cell)
            hand(out, &count, "c_l", l, &p->c[l], net->layer[l].cell);
    }
    if (p->pair->feeds)
        hand(out, &count, "fed", -1, &p->fed, p->pair->A);
    if (p->pair->look.u)
        hand(out, &count, "coverage", -1, &p->coverage, -1);
    if (p->pair->repeats)
        hand(out, &count, "context", -1, &p->context, p->pair->C);
    return count;
}

/* ---- encode ---- */

static int first_state(rondo__onnx_pair *p, const rondo__first *first, const rondo__onnx_stack *encoder, int layer,
                       bool cell) {
    const rondo_recurrent *net = rondo__encdec_decoder(p->pair);
    const int D = encoder->net->directions, place = first->layer * D;
    const int *from = (first->cell ? encoder->c : encoder->h) + place;
    const real *learned = rondo__onnx_first_state(net, layer, cell);
    const int64_t dims[2] = {1, cell ? net->layer[layer].cell : net->layer[layer].state};
    char name[48];
    switch (first->kind) {
    case RONDO__FIRST_SUM:
        return D == 2 ? op2(p, "Add", from[0], from[1]) : from[0];
    case RONDO__FIRST_JOINED:
        return rondo__onnx_joined(p->o, 1, D, from);
    case RONDO__FIRST_LINEAR:
        snprintf(name, sizeof name, "bridge.%c_l%d.", cell ? 'c' : 'h', layer);
        return op1(p, "Tanh", map(p, name, &first->map, rondo__onnx_joined(p->o, 1, D, from)));
    default:
        snprintf(name, sizeof name, "decoder.%c0_l%d", cell ? 'c' : 'h', layer);
        return expanded(p, learned ? rondo__onnx_floats(p->o, name, 2, dims, learned) : number(p, 0),
                        rondo__onnx_list(p->o, 1, dims + 1));
    }
}

static void first_states(rondo__onnx_pair *p, const rondo__onnx_stack *encoder) {
    const rondo_recurrent *net = rondo__encdec_decoder(p->pair);
    for (int l = 0; l < net->config.layers; l++) {
        p->h[l] = first_state(p, &p->pair->h[l], encoder, l, false);
        if (net->layer[l].cell)
            p->c[l] = first_state(p, &p->pair->c[l], encoder, l, true);
    }
}

/* (S, B, width) as its heads: (B, heads, S, width / heads), or the last two turned. */
static int by_heads(const rondo__onnx_pair *p, int x, int64_t width, bool turned) {
    static const int64_t orders[2][4] = {{1, 2, 0, 3}, {1, 2, 3, 0}};
    const int64_t heads = p->pair->look.heads;
    const int apart = rondo__onnx_reshape(p->o, x, 4, (const int64_t[]){0, 0, heads, width / heads});
    return rondo__onnx_turn(p->o, apart, 4, orders[turned]);
}

static void prepare_memory(rondo__onnx_pair *p, int memory) {
    const rondo__look *l = &p->pair->look;
    const int keys = map(p, "attention.key.", &l->key, memory), values = map(p, "attention.value.", &l->value, memory);
    p->keys = l->v ? rondo__onnx_turn(p->o, keys, 3, (const int64_t[]){1, 0, 2}) : by_heads(p, keys, l->A, true);
    p->values = by_heads(p, values, l->W, false);
}

void rondo__onnx_see_lengths(rondo__onnx_pair *p, int steps) {
    const int count = rondo__onnx_cast(p->o, rondo__onnx_squeeze(p->o, steps, 0), RONDO_I32);
    const int range = op3(p, "Range", rondo__onnx_whole32(p->o, 0), count, rondo__onnx_whole32(p->o, 1));
    p->live = op2(p, "Less", rondo__onnx_unsqueeze(p->o, range, 0), rondo__onnx_unsqueeze(p->o, p->lengths, 1));
}

void rondo__onnx_encode(rondo__onnx_pair *p, int source) {
    const rondo_recurrent *net = rondo__encdec_encoder(p->pair);
    const int steps = rondo__onnx_dim(p->o, source, 0), top = (net->config.layers - 1) * net->directions;
    rondo__onnx_net n = {.o = p->o,
                         .network = &p->pair->encoder,
                         .stack_name = "encoder.",
                         .table_name = "source_embedding.weight",
                         .batch = p->batch,
                         .lengths = p->lengths,
                         .ends = true,
                         .rank = 3};
    int memory = source;
    for (int i = 0; i < n.network->count; i++)
        memory = rondo__onnx_block(&n, i, memory);
    first_states(p, &n.last);
    if (p->pair->look.present)
        prepare_memory(p, memory);
    if (p->pair->look.present)
        rondo__onnx_see_lengths(p, steps);
    if (p->pair->feeds)
        p->fed = expanded(p, number(p, 0), rondo__onnx_list(p->o, 1, &p->pair->A));
    if (p->pair->look.u)
        p->coverage = expanded(p, number(p, 0), steps);
    if (p->pair->repeats)
        p->context = rondo__onnx_joined(p->o, 1, net->directions, n.last.h + top);
}

/* ---- attention ---- */

/* (B, S) as (B, 1, 1, S) */
static int wide(const rondo__onnx_pair *p, int x) {
    return rondo__onnx_op(p->o, "Unsqueeze", x, rondo__onnx_list(p->o, 2, (const int64_t[]){1, 2}), 0);
}

/* (B, heads, 1, S) */
static int energies(const rondo__onnx_pair *p, int q) {
    const rondo__look *l = &p->pair->look;
    if (!l->v) {
        const int parts = rondo__onnx_reshape(p->o, q, 4, (const int64_t[]){0, l->heads, 1, l->A / l->heads});
        return op2(p, "Mul", op2(p, "MatMul", parts, p->keys), number(p, (double)l->scale));
    }
    int sum = op2(p, "Add", p->keys, rondo__onnx_unsqueeze(p->o, q, 1)); /* (B, S, A) */
    if (l->u)
        sum = op2(p, "Add", sum,
                  op2(p, "Mul", rondo__onnx_unsqueeze(p->o, p->coverage, 2),
                      rondo__onnx_vector(p->o, "attention.coverage.weight", l->A, l->u)));
    const rondo__affine v = {1, l->A, l->v, NULL};
    return wide(p, rondo__onnx_squeeze(p->o, map(p, "attention.v.", &v, op1(p, "Tanh", sum)), 2));
}

/* Weights (B, 1, 1, S) under a window around the place that the query (B, H) asks for. */
static int windowed(const rondo__onnx_pair *p, int weights, int query) {
    const rondo__look *l = &p->pair->look;
    const rondo__affine v = {1, l->place.out, l->place_v, NULL};
    const double D = (double)l->window;
    const int share =
        op1(p, "Sigmoid",
            map(p, "attention.position_v.", &v, op1(p, "Tanh", map(p, "attention.position.", &l->place, query))));
    const int n = rondo__onnx_cast(p->o, rondo__onnx_unsqueeze(p->o, p->lengths, 1), RONDO_F32);
    const int place = op2(p, "Max", op2(p, "Sub", op2(p, "Mul", n, share), number(p, 0.5)), number(p, 0)); /* (B, 1) */
    const int count = rondo__onnx_squeeze(p->o, rondo__onnx_dim(p->o, p->live, 1), 0);
    const int range = op3(p, "Range", rondo__onnx_whole(p->o, 0), count, rondo__onnx_whole(p->o, 1));
    const int off = op2(p, "Sub", rondo__onnx_unsqueeze(p->o, rondo__onnx_cast(p->o, range, RONDO_F32), 0), place);
    const int bell = op1(p, "Exp", op2(p, "Mul", op2(p, "Mul", off, off), number(p, -2 / (D * D))));
    const int outside = op2(p, "Greater", op1(p, "Abs", off), number(p, D));
    return op2(p, "Mul", weights, wide(p, op3(p, "Where", outside, number(p, 0), bell)));
}

/* query (B, H) -> context (B, C) */
static int look(rondo__onnx_pair *p, int query) {
    const rondo__look *l = &p->pair->look;
    const int live = wide(p, p->live), e = energies(p, map(p, "attention.query.", &l->query, query));
    int w = rondo__onnx_op_with(p->o, "Softmax", op3(p, "Where", live, e, number(p, NEVER)), 0, 0,
                                (rondo__onnx_give)RONDO__GIVE_INT("axis", -1));
    w = op3(p, "Where", live, w, number(p, 0));
    if (l->window)
        w = windowed(p, w, query);
    const int mean = l->heads > 1 ? rondo__onnx_reduce(p->o, "ReduceMean", w, 1, true) : w;
    p->weights = rondo__onnx_op(p->o, "Squeeze", mean, rondo__onnx_list(p->o, 2, (const int64_t[]){1, 2}), 0);
    if (l->u)
        p->coverage = op2(p, "Add", p->coverage, p->weights);
    const int context = rondo__onnx_reshape(p->o, op2(p, "MatMul", w, p->values), 2, (const int64_t[]){0, l->W});
    return map(p, "attention.out.", &l->out, context);
}

/* ---- one step ---- */

static int embedded(const rondo__onnx_pair *p, int symbol) {
    const int64_t dims[2] = {p->pair->target, p->pair->E};
    int table = rondo__onnx_find(p->o, p->pair->embedding);
    if (!table) {
        table = rondo__onnx_floats(p->o, "target_embedding.weight", 2, dims, p->pair->embedding);
        rondo__onnx_remember(p->o, p->pair->embedding, table);
    }
    return op2(p, "Gather", table, symbol);
}

static int joined(const rondo__onnx_pair *p, int a, int b, int c) {
    const int given[3] = {a, b, c};
    int part[3], count = 0;
    for (int i = 0; i < 3; i++)
        if (given[i])
            part[count++] = given[i];
    return rondo__onnx_joined(p->o, 1, count, part);
}

static int run_cells(rondo__onnx_pair *p, int x) {
    rondo__onnx_stack s = {.net = rondo__encdec_decoder(p->pair),
                           .name = "decoder.",
                           .x = rondo__onnx_unsqueeze(p->o, x, 0),
                           .batch = p->batch,
                           .ends = true};
    memcpy(s.h, p->h, sizeof p->h);
    memcpy(s.c, p->c, sizeof p->c);
    const int h = rondo__onnx_squeeze(p->o, rondo__onnx_stack_put(p->o, &s), 0);
    memcpy(p->h, s.h, sizeof p->h);
    memcpy(p->c, s.c, sizeof p->c);
    return p->pair->decoder.count == 2 ? op1(p, "Tanh", h) : h;
}

int rondo__onnx_say(rondo__onnx_pair *p, int symbol) {
    const rondo__encdec *pair = p->pair;
    const int top = rondo__encdec_decoder(pair)->config.layers - 1, y = embedded(p, symbol);
    int context = pair->before ? look(p, p->h[top]) : 0;
    const int h = run_cells(p, joined(p, y, pair->repeats ? p->context : context, pair->feeds ? p->fed : 0));
    if (pair->look.present && !pair->before)
        context = look(p, h);
    int a = h;
    if (pair->combine.weight) {
        const int all = pair->before ? joined(p, h, context, y) : joined(p, context, h, 0);
        a = op1(p, "Tanh", map(p, "combine.", &pair->combine, all));
    }
    if (pair->feeds)
        p->fed = a;
    return map(p, "output.", &pair->output, a);
}

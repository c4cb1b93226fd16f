/* An encoder-decoder as nodes: what encdec.h says, for a batch. */
#include "exchange/onnx_write.h"

#include <stdio.h>
#include <string.h>

#include "nn/recurrent.h"
#include "nn/transformer.h"

#define NEVER (-1e30)

static int op1(const rondo__onnx_pair *p, const char *op, int a) { return rondo__onnx_op(p->o, op, a, 0, 0); }
static int op2(const rondo__onnx_pair *p, const char *op, int a, int b) { return rondo__onnx_op(p->o, op, a, b, 0); }
static int op3(const rondo__onnx_pair *p, const char *op, int a, int b, int c) {
    return rondo__onnx_op(p->o, op, a, b, c);
}
static int number(const rondo__onnx_pair *p, double x) { return rondo__onnx_number(p->o, x); }

int rondo__onnx_map(const rondo__onnx_pair *p, const char *name, const rondo__affine *a, int x) {
    return a->weight ? rondo__onnx_linear(p->o, name, x, a->out, a->in, a->weight, a->bias) : x;
}

static int expanded(const rondo__onnx_pair *p, int x, int width) {
    const int shape[2] = {p->batch, width};
    return op2(p, "Expand", x, rondo__onnx_joined(p->o, 0, 2, shape));
}

/* ---- what is handed on ---- */

typedef struct hands {
    rondo__onnx_handed *out;
    int count;
} hands;

static void hand(hands *h, const char *name, int layer, int *value, rondo__onnx_shape shape) {
    rondo__onnx_handed *one = &h->out[h->count++];
    snprintf(one->name, sizeof one->name, layer < 0 ? "%s" : "%s%d", name, layer);
    one->value = value;
    one->shape = shape;
}

/* (B, width); -1: S */
static rondo__onnx_shape rows(int64_t width) { return (rondo__onnx_shape){2, {-1, width}, {"B", "S"}}; }

int rondo__onnx_pair_hands(rondo__onnx_pair *p, rondo__onnx_handed out[RONDO__PAIR_STATES]) {
    hands h = {out, 0};
    if (p->pair->decoder_transformer) {
        const int64_t N = p->pair->decoder_transformer->config.size;
        const rondo__onnx_shape past = {3, {-1, -1, N}, {NULL, "B"}};
        for (int l = 0; l < p->pair->decoder_transformer->config.layers; l++) {
            hand(&h, "past_keys_l", l, &p->past_keys[l], past);
            hand(&h, "past_values_l", l, &p->past_values[l], past);
        }
        return h.count;
    }
    const rondo_recurrent *net = rondo__encdec_decoder(p->pair);
    for (int l = 0; l < net->config.layers; l++) {
        hand(&h, "h_l", l, &p->h[l], rows(net->layer[l].state));
        if (net->layer[l].cell)
            hand(&h, "c_l", l, &p->c[l], rows(net->layer[l].cell));
    }
    if (p->pair->feeds)
        hand(&h, "fed", -1, &p->fed, rows(p->pair->A));
    if (p->pair->look.u)
        hand(&h, "coverage", -1, &p->coverage, rows(-1));
    if (p->pair->repeats)
        hand(&h, "context", -1, &p->context, rows(p->pair->C));
    return h.count;
}

static rondo__onnx_shape keys_shape(int64_t width, int64_t heads) {
    return (rondo__onnx_shape){4, {-1, heads, width / heads, -1}, {"B", NULL, NULL, "S"}};
}
static rondo__onnx_shape values_shape(int64_t width, int64_t heads) {
    return (rondo__onnx_shape){4, {-1, heads, -1, width / heads}, {"B", NULL, "S"}};
}

int rondo__onnx_pair_reads(rondo__onnx_pair *p, rondo__onnx_handed out[RONDO__PAIR_MEMORIES]) {
    const rondo__look *l = &p->pair->look;
    const rondo_transformer *net = p->pair->decoder_transformer;
    hands h = {out, 0};
    for (int i = 0; net && i < net->config.layers; i++) {
        hand(&h, "keys_l", i, &p->keys[i], keys_shape(net->config.size, net->config.heads));
        hand(&h, "values_l", i, &p->values[i], values_shape(net->config.size, net->config.heads));
    }
    if (l->present) {
        hand(&h, "keys", -1, &p->keys[0],
             l->v ? (rondo__onnx_shape){3, {-1, -1, l->A}, {"B", "S"}} : keys_shape(l->A, l->heads));
        hand(&h, "values", -1, &p->values[0], values_shape(l->W, l->heads));
    }
    return h.count;
}

/* ---- encode ---- */

static int first_state(rondo__onnx_pair *p, const rondo__first *first, const rondo__onnx_stack *encoder, int layer,
                       bool cell) {
    const rondo_recurrent *net = rondo__encdec_decoder(p->pair);
    const int D = encoder->net ? encoder->net->directions : 1, place = first->layer * D; /* none: a Transformer */
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
        return op1(p, "Tanh", rondo__onnx_map(p, name, &first->map, rondo__onnx_joined(p->o, 1, D, from)));
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

int rondo__onnx_heads(const rondo__onnx_pair *p, int x, int64_t width, int64_t heads, bool turned) {
    static const int64_t orders[2][4] = {{1, 2, 0, 3}, {1, 2, 3, 0}};
    const int apart = rondo__onnx_reshape(p->o, x, 4, (const int64_t[]){0, 0, heads, width / heads});
    return rondo__onnx_turn(p->o, apart, 4, orders[turned]);
}

static void prepare_memory(rondo__onnx_pair *p, int memory) {
    const rondo__look *l = &p->pair->look;
    const int keys = rondo__onnx_map(p, "attention.key.", &l->key, memory);
    const int values = rondo__onnx_map(p, "attention.value.", &l->value, memory);
    p->keys[0] = l->v ? rondo__onnx_turn(p->o, keys, 3, (const int64_t[]){1, 0, 2})
                      : rondo__onnx_heads(p, keys, l->A, l->heads, true);
    p->values[0] = rondo__onnx_heads(p, values, l->W, l->heads, false);
}

void rondo__onnx_see_lengths(rondo__onnx_pair *p, int steps) {
    const int count = rondo__onnx_cast(p->o, rondo__onnx_squeeze(p->o, steps, 0), RONDO_I32);
    const int range = op3(p, "Range", rondo__onnx_whole32(p->o, 0), count, rondo__onnx_whole32(p->o, 1));
    p->live = op2(p, "Less", rondo__onnx_unsqueeze(p->o, range, 0), rondo__onnx_unsqueeze(p->o, p->lengths, 1));
}

static int encode(rondo__onnx_pair *p, rondo__onnx_net *n, int source) {
    int x = source;
    for (int i = 0; i < n->network->count; i++)
        x = rondo__onnx_block(n, i, x);
    return p->pair->encoder_transformer ? rondo__onnx_transformer_encode(p, x) : x;
}

/* What a recurrent decoder is handed by its first step. */
static void begin(rondo__onnx_pair *p, const rondo__onnx_stack *encoder, int steps) {
    first_states(p, encoder);
    if (p->pair->feeds)
        p->fed = expanded(p, number(p, 0), rondo__onnx_list(p->o, 1, &p->pair->A));
    if (p->pair->look.u)
        p->coverage = expanded(p, number(p, 0), steps);
    if (p->pair->repeats)
        p->context = rondo__onnx_joined(p->o, 1, encoder->net->directions,
                                        encoder->h + (encoder->net->config.layers - 1) * encoder->net->directions);
}

void rondo__onnx_encode(rondo__onnx_pair *p, int source) {
    const int steps = rondo__onnx_dim(p->o, source, 0);
    rondo__onnx_net n = {.o = p->o,
                         .network = &p->pair->encoder,
                         .stack_name = "encoder.",
                         .table_name = "source_embedding.weight",
                         .batch = p->batch,
                         .lengths = p->lengths,
                         .ends = true,
                         .rank = 3};
    if (rondo__onnx_pair_looks(p) || p->pair->encoder_transformer)
        rondo__onnx_see_lengths(p, steps);
    const int memory = encode(p, &n, source);
    if (p->pair->look.present)
        prepare_memory(p, memory);
    if (p->pair->decoder_transformer)
        rondo__onnx_transformer_prepare(p, memory);
    else
        begin(p, &n.last, steps);
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
        return op2(p, "Mul", op2(p, "MatMul", parts, p->keys[0]), number(p, (double)l->scale));
    }
    int sum = op2(p, "Add", p->keys[0], rondo__onnx_unsqueeze(p->o, q, 1)); /* (B, S, A) */
    if (l->u)
        sum = op2(p, "Add", sum,
                  op2(p, "Mul", rondo__onnx_unsqueeze(p->o, p->coverage, 2),
                      rondo__onnx_vector(p->o, "attention.coverage.weight", l->A, l->u)));
    const rondo__affine v = {1, l->A, l->v, NULL};
    return wide(p, rondo__onnx_squeeze(p->o, rondo__onnx_map(p, "attention.v.", &v, op1(p, "Tanh", sum)), 2));
}

/* Weights (B, 1, 1, S) under a window around the place that the query (B, H) asks for. */
static int windowed(const rondo__onnx_pair *p, int weights, int query) {
    const rondo__look *l = &p->pair->look;
    const rondo__affine v = {1, l->place.out, l->place_v, NULL};
    const double D = (double)l->window;
    const int share = op1(p, "Sigmoid",
                          rondo__onnx_map(p, "attention.position_v.", &v,
                                          op1(p, "Tanh", rondo__onnx_map(p, "attention.position.", &l->place, query))));
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
    const int live = wide(p, p->live), e = energies(p, rondo__onnx_map(p, "attention.query.", &l->query, query));
    int w = rondo__onnx_op_with(p->o, "Softmax", op3(p, "Where", live, e, number(p, NEVER)), 0, 0,
                                (rondo__onnx_give)RONDO__GIVE_INT("axis", -1));
    w = op3(p, "Where", live, w, number(p, 0));
    if (l->window)
        w = windowed(p, w, query);
    const int mean = l->heads > 1 ? rondo__onnx_reduce(p->o, "ReduceMean", w, 1, true) : w;
    p->weights = rondo__onnx_op(p->o, "Squeeze", mean, rondo__onnx_list(p->o, 2, (const int64_t[]){1, 2}), 0);
    if (l->u)
        p->coverage = op2(p, "Add", p->coverage, p->weights);
    const int context = rondo__onnx_reshape(p->o, op2(p, "MatMul", w, p->values[0]), 2, (const int64_t[]){0, l->W});
    return rondo__onnx_map(p, "attention.out.", &l->out, context);
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

/* X - V: words beyond the vocabulary, int64 (1). */
static int words_beyond(const rondo__onnx_pair *p) {
    const int64_t rest = -1, V = p->pair->target;
    const int all = rondo__onnx_reshape(p->o, p->copy, 1, &rest);
    const int last = rondo__onnx_reduce(p->o, "ReduceMax", all, 0, true);
    return op2(p, "Max", op2(p, "Sub", last, rondo__onnx_whole(p->o, V - 1)), rondo__onnx_whole(p->o, 0));
}

/* See 2017: g softmax(logits) + (1 - g) weights, each to its word; as logarithms. */
static int point(const rondo__onnx_pair *p, int logits, int gate) {
    const int g = op1(p, "Sigmoid", gate), zero = number(p, 0); /* (B, 1) */
    const int said = op2(p, "Mul", g, rondo__onnx_activation(p->o, logits, RONDO_SOFTMAX));
    const int room[2] = {p->batch, words_beyond(p)};
    const int both[2] = {said, op2(p, "Expand", zero, rondo__onnx_joined(p->o, 0, 2, room))};
    const int ids = rondo__onnx_turn(p->o, p->copy, 2, (const int64_t[]){1, 0}); /* (B, S) */
    const int copied = op2(p, "Mul", op2(p, "Sub", number(p, 1), g), p->weights);
    const int known = op2(p, "GreaterOrEqual", ids, rondo__onnx_whole(p->o, 0));
    const int in[3] = {rondo__onnx_joined(p->o, 1, 2, both), op2(p, "Max", ids, rondo__onnx_whole(p->o, 0)),
                       op3(p, "Where", known, copied, zero)};
    const rondo__onnx_give give[3] = {RONDO__GIVE_INT("axis", 1), RONDO__GIVE_TEXT("reduction", "add"), {.name = NULL}};
    int sum;
    rondo__onnx_node_put(p->o, "ScatterElements", 3, in, 1, &sum, give);
    return op1(p, "Log", sum);
}

/* Words beyond the vocabulary are told as the unknown one. */
static int told(const rondo__onnx_pair *p, int symbol) {
    if (!p->pair->pointer.weight)
        return symbol;
    const int known = op2(p, "Less", symbol, rondo__onnx_whole(p->o, p->pair->target));
    return op3(p, "Where", known, symbol, rondo__onnx_whole(p->o, p->pair->unknown));
}

int rondo__onnx_say(rondo__onnx_pair *p, int symbol) {
    const rondo__encdec *pair = p->pair;
    const int y = embedded(p, told(p, symbol));
    int context = 0;
    if (pair->before)
        context = look(p, p->h[rondo__encdec_decoder(pair)->config.layers - 1]);
    const int h = pair->decoder_transformer
                      ? rondo__onnx_transformer_step(p, y)
                      : run_cells(p, joined(p, y, pair->repeats ? p->context : context, pair->feeds ? p->fed : 0));
    if (pair->look.present && !pair->before)
        context = look(p, h);
    int a = h;
    if (pair->combine.weight) {
        const int all = pair->before ? joined(p, h, context, y) : joined(p, context, h, 0);
        a = op1(p, "Tanh", rondo__onnx_map(p, "combine.", &pair->combine, all));
    }
    if (pair->feeds)
        p->fed = a;
    const int logits = rondo__onnx_map(p, "output.", &pair->output, a);
    if (!pair->pointer.weight)
        return logits;
    return point(p, logits, rondo__onnx_map(p, "pointer.", &pair->pointer, joined(p, context, h, y)));
}

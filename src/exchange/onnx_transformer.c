/* A Transformer's encoder over a whole source, and one step of its decoder, which is handed the keys and values of the
 * steps before: (P, B, N), none at first. Keys and values of the memory are made once. */
#include "exchange/onnx_write.h"

#include <math.h>
#include <stdio.h>

#include "nn/params.h"
#include "nn/transformer.h"

#define NEVER (-1e30)

static int op1(const rondo__onnx_pair *p, const char *op, int a) { return rondo__onnx_op(p->o, op, a, 0, 0); }
static int op2(const rondo__onnx_pair *p, const char *op, int a, int b) { return rondo__onnx_op(p->o, op, a, b, 0); }
static int op3(const rondo__onnx_pair *p, const char *op, int a, int b, int c) {
    return rondo__onnx_op(p->o, op, a, b, c);
}
static int number(const rondo__onnx_pair *p, double x) { return rondo__onnx_number(p->o, x); }

static const real *values(const rondo_transformer *net, int index) { return rondo__param_values(net->params, index); }

typedef struct place {
    rondo__onnx_pair *p;
    const rondo_transformer *net;
    const char *side; /* "encoder." */
    int layer;
} place;

static const char *array_name(const place *a, const char *what, char room[96]) {
    snprintf(room, 96, "%slayers.%d.%.60s", a->side, a->layer, what);
    return room;
}

/* A parameter, once however often it is asked for. */
static int vector(const place *a, int index) {
    const real *data = values(a->net, index);
    if (!data)
        return 0;
    int known = rondo__onnx_find(a->p->o, data);
    if (!known) {
        known = rondo__onnx_vector(a->p->o, NULL, a->net->config.size, data);
        rondo__onnx_remember(a->p->o, data, known);
    }
    return known;
}

static int norm(const place *a, rondo__norm n, int x) {
    return rondo__onnx_norm(a->p->o, x, vector(a, n.gain), vector(a, n.bias));
}

/* ---- places in the sequence ---- */

/* (T, N) of steps first to first + T in double, as the library computes them. */
static int sinusoids(const place *a, int steps) {
    rondo__onnx_out *o = a->p->o;
    const int64_t N = a->net->config.size, half = (N + 1) / 2;
    const int frequencies = rondo__onnx_doubles(o, half, a->net->frequencies);
    const int angle = op2(a->p, "Mul", rondo__onnx_unsqueeze(o, rondo__onnx_cast(o, steps, RONDO_F64), 1), frequencies);
    const int part[2] = {rondo__onnx_unsqueeze(o, op1(a->p, "Sin", angle), 2),
                         rondo__onnx_unsqueeze(o, op1(a->p, "Cos", angle), 2)};
    const int both = rondo__onnx_reshape(o, rondo__onnx_joined(o, 2, 2, part), 2, (const int64_t[]){0, 2 * half});
    return rondo__onnx_cast(o, N % 2 ? rondo__onnx_cut(o, both, 1, 0, N) : both, RONDO_F32);
}

/* x (T, B, N) scaled, with the places of steps (int64 (T)). */
static int with_places(const place *a, int x, int steps) {
    const rondo_transformer_config *c = &a->net->config;
    const int scaled = op2(a->p, "Mul", x, number(a->p, sqrt((double)c->size)));
    char room[96];
    int table = 0;
    if (c->positions == RONDO_POSITIONS_NONE)
        return scaled;
    if (c->positions == RONDO_POSITIONS_LEARNED) {
        const int64_t dims[2] = {c->max_length, c->size};
        snprintf(room, sizeof room, "%spositions.weight", a->side);
        table =
            op2(a->p, "Gather", rondo__onnx_floats(a->p->o, room, 2, dims, values(a->net, a->net->positions)), steps);
    } else {
        table = sinusoids(a, steps);
    }
    return op2(a->p, "Add", scaled, rondo__onnx_unsqueeze(a->p->o, table, 1));
}

/* ---- parts of a layer ---- */

/* keys (B, heads, d, S), values (B, heads, S, d), x (T, B, N), live (B, 1, 1, S) or 0 -> (T, B, N) */
static int attend(const place *a, const rondo_attention_layer *layer, const char *name, int x, int keys, int held,
                  int live, int *weights) {
    rondo__onnx_pair *p = a->p;
    const rondo__look l = rondo__look_of(layer);
    char full[40], room[96];
    snprintf(full, sizeof full, "%s.q_proj.", name);
    const int q = rondo__onnx_heads(p, rondo__onnx_map(p, array_name(a, full, room), &l.query, x), l.A, l.heads, false);
    int e = op2(p, "Mul", op2(p, "MatMul", q, keys), number(p, (double)l.scale));
    if (live)
        e = op3(p, "Where", live, e, number(p, NEVER));
    int w = rondo__onnx_op_with(p->o, "Softmax", e, 0, 0, (rondo__onnx_give)RONDO__GIVE_INT("axis", -1));
    if (live)
        w = op3(p, "Where", live, w, number(p, 0));
    *weights = w;
    const int context = rondo__onnx_turn(p->o, op2(p, "MatMul", w, held), 4, (const int64_t[]){2, 0, 1, 3});
    snprintf(full, sizeof full, "%s.out_proj.", name);
    return rondo__onnx_map(p, array_name(a, full, room), &l.out,
                           rondo__onnx_reshape(p->o, context, 3, (const int64_t[]){0, 0, l.W}));
}

/* Keys or values (S, B, N) of what is looked at. */
static int projected(const place *a, const char *name, const rondo__affine *map, int memory) {
    char room[96];
    return rondo__onnx_map(a->p, array_name(a, name, room), map, memory);
}

static int live_keys(const rondo__onnx_pair *p) {
    return rondo__onnx_op(p->o, "Unsqueeze", p->live, rondo__onnx_list(p->o, 2, (const int64_t[]){1, 2}), 0);
}

static int attend_self(const place *a, int x) {
    rondo__onnx_pair *p = a->p;
    const rondo_attention_layer *self = a->net->layer[a->layer].self;
    const rondo__look l = rondo__look_of(self);
    int keys = projected(a, "self_attn.k_proj.", &l.key, x), held = projected(a, "self_attn.v_proj.", &l.value, x),
        weights;
    const bool steps = a->net == p->pair->decoder_transformer;
    if (steps) {
        keys = p->past_keys[a->layer] = rondo__onnx_joined(p->o, 0, 2, (const int[]){p->past_keys[a->layer], keys});
        held = p->past_values[a->layer] = rondo__onnx_joined(p->o, 0, 2, (const int[]){p->past_values[a->layer], held});
    }
    return attend(a, self, "self_attn", x, rondo__onnx_heads(p, keys, l.A, l.heads, true),
                  rondo__onnx_heads(p, held, l.W, l.heads, false), steps ? 0 : live_keys(p), &weights);
}

static int attend_memory(const place *a, int x) {
    rondo__onnx_pair *p = a->p;
    int weights;
    const int y = attend(a, a->net->layer[a->layer].memory, "multihead_attn", x, p->keys[a->layer], p->values[a->layer],
                         live_keys(p), &weights);
    const int mean = rondo__onnx_reduce(p->o, "ReduceMean", weights, 1, false);
    p->weights = rondo__onnx_squeeze(p->o, mean, 1); /* of the last layer, at last */
    return y;
}

static int feed_forward(const place *a, int x) {
    const rondo__transformer_layer *layer = &a->net->layer[a->layer];
    const int64_t N = a->net->config.size, F = a->net->config.feed_forward_size;
    char room[96];
    x = rondo__onnx_linear(a->p->o, array_name(a, "linear1.", room), x, F, N, values(a->net, layer->inner),
                           values(a->net, layer->inner_bias));
    return rondo__onnx_linear(a->p->o, array_name(a, "linear2.", room), op1(a->p, "Relu", x), N, F,
                              values(a->net, layer->outer), values(a->net, layer->outer_bias));
}

static int run_layers(place *a, int x) {
    static int (*const parts[])(const place *, int) = {
        [SELF_ATTENTION] = attend_self, [MEMORY_ATTENTION] = attend_memory, [FEED_FORWARD] = feed_forward};
    const bool after = a->net->config.post_norm;
    for (a->layer = 0; a->layer < a->net->config.layers; a->layer++) {
        const rondo__transformer_layer *layer = &a->net->layer[a->layer];
        for (int part = 0; part < LAYER_PARTS; part++) {
            if (part == MEMORY_ATTENTION && !layer->memory)
                continue;
            x = op2(a->p, "Add", x, parts[part](a, after ? x : norm(a, layer->norm[part], x)));
            if (after)
                x = norm(a, layer->norm[part], x);
        }
    }
    return after ? x : norm(a, a->net->norm, x);
}

/* ---- both sides ---- */

static int range(const rondo__onnx_pair *p, int from, int to) {
    return op3(p, "Range", from, to, rondo__onnx_whole(p->o, 1));
}

int rondo__onnx_transformer_encode(rondo__onnx_pair *p, int x) {
    place a = {p, p->pair->encoder_transformer, "encoder.", 0};
    const int steps = range(p, rondo__onnx_whole(p->o, 0), rondo__onnx_squeeze(p->o, rondo__onnx_dim(p->o, x, 0), 0));
    const int y = run_layers(&a, with_places(&a, x, steps));
    const int live = rondo__onnx_turn(p->o, p->live, 2, (const int64_t[]){1, 0});
    return op3(p, "Where", rondo__onnx_unsqueeze(p->o, live, 2), y, number(p, 0));
}

void rondo__onnx_transformer_prepare(rondo__onnx_pair *p, int memory) {
    place a = {p, p->pair->decoder_transformer, "decoder.", 0};
    const int64_t none = 0, N = a.net->config.size;
    const int shape[3] = {rondo__onnx_list(p->o, 1, &none), p->batch, rondo__onnx_list(p->o, 1, &N)};
    const int empty = op2(p, "Expand", number(p, 0), rondo__onnx_joined(p->o, 0, 3, shape));
    for (a.layer = 0; a.layer < a.net->config.layers; a.layer++) {
        const rondo__look l = rondo__look_of(a.net->layer[a.layer].memory);
        p->keys[a.layer] =
            rondo__onnx_heads(p, projected(&a, "multihead_attn.k_proj.", &l.key, memory), l.A, l.heads, true);
        p->values[a.layer] =
            rondo__onnx_heads(p, projected(&a, "multihead_attn.v_proj.", &l.value, memory), l.W, l.heads, false);
        p->past_keys[a.layer] = p->past_values[a.layer] = empty;
    }
}

int rondo__onnx_transformer_step(rondo__onnx_pair *p, int y) {
    place a = {p, p->pair->decoder_transformer, "decoder.", 0};
    const int before = rondo__onnx_dim(p->o, p->past_keys[0], 0);
    const int x = with_places(&a, rondo__onnx_unsqueeze(p->o, y, 0), before);
    return rondo__onnx_squeeze(p->o, run_layers(&a, x), 0);
}

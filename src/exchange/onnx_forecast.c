/* The blocks of forecasts as nodes: windows of known length (W, B, ·), results (B, H, n, P); step by step (T, B, n, P).
 *
 * What measures a window and what brings results back into its unit is reckoned in double, as the library does: sums
 * over hundreds of steps, and values far from 0 with a small spread, would lose two digits in float. Between the two
 * stands the network, in float. */
#include "exchange/onnx_write.h"

#include <math.h>
#include <string.h>

#include "nn/recurrent.h"

static int op1(const rondo__onnx_net *n, const char *op, int a) { return rondo__onnx_op(n->o, op, a, 0, 0); }
static int op2(const rondo__onnx_net *n, const char *op, int a, int b) { return rondo__onnx_op(n->o, op, a, b, 0); }
static int op3(const rondo__onnx_net *n, const char *op, int a, int b, int c) {
    return rondo__onnx_op(n->o, op, a, b, c);
}
static int number(const rondo__onnx_net *n, double x) { return rondo__onnx_number(n->o, x); }
static int number64(const rondo__onnx_net *n, double x) { return rondo__onnx_doubles(n->o, 1, &x); } /* (1) */
static int as64(const rondo__onnx_net *n, int x) { return rondo__onnx_cast(n->o, x, RONDO_F64); }
static int as32(const rondo__onnx_net *n, int x) { return rondo__onnx_cast(n->o, x, RONDO_F32); }
static const rondo__horizon *horizon_of(const rondo__onnx_net *n) { return &n->network->horizon; }

/* ---- standardised columns ---- */

static int doubles(const rondo__onnx_net *n, const char *name, int rank, const int64_t *dims, const double *all) {
    if (!all)
        rondo__onnx_out_fail(n->o, RONDO_MEMORY, "onnx: no memory for a forecast's scales");
    return all ? rondo__onnx_default(n->o, rondo__onnx_value_named(n->o, name), RONDO_F64, rank, dims, all) : 0;
}

/* (count): numbers of columns from `first` on, `otherwise` where there are none. */
static int columns(const rondo__onnx_net *n, const char *name, const double *of, int64_t first, int64_t count,
                   double otherwise) {
    double *all = rondo__calloc((size_t)count, sizeof *all);
    for (int64_t i = 0; all && i < count; i++)
        all[i] = of && first + i < horizon_of(n)->columns ? of[first + i] : otherwise;
    const int value = doubles(n, name, 1, &count, all);
    rondo__free(all);
    return value;
}

static int standard(const rondo__onnx_net *n, int x, const char *const names[2], int64_t first, int64_t count) {
    const rondo__horizon *h = horizon_of(n);
    if (!h->center)
        return x;
    x = op2(n, "Sub", as64(n, x), columns(n, names[0], h->center, first, count, 0));
    return as32(n, op2(n, "Div", x, columns(n, names[1], h->scale, first, count, 1)));
}

/* ---- the window ---- */

/* z (W, B, past) in double, there bool: sets n->shift, n->size (1, B, past) and returns what is normed. */
static int norm(rondo__onnx_net *n, int z, int there) {
    rondo__onnx_out *o = n->o;
    const int none = number64(n, 0), one = number64(n, 1);
    const int known = op3(n, "Where", there, z, none);
    const int count = rondo__onnx_reduce(o, "ReduceSum", as64(n, there), 0, true);
    const int some = op2(n, "Greater", count, none), least = op2(n, "Max", count, one);
    if (horizon_of(n)->norm == RONDO__NORM_MEAN) {
        const int sum = rondo__onnx_reduce(o, "ReduceSum", op1(n, "Abs", known), 0, true);
        n->size = op3(n, "Where", op2(n, "Greater", sum, none), op2(n, "Div", sum, least), one);
        return op2(n, "Div", z, n->size);
    }
    n->shift = op2(n, "Div", rondo__onnx_reduce(o, "ReduceSum", known, 0, true), least);
    const int off = op3(n, "Where", there, op2(n, "Sub", z, n->shift), none);
    const int squares = rondo__onnx_reduce(o, "ReduceSum", op2(n, "Mul", off, off), 0, true);
    const int deviation = op1(n, "Sqrt", op2(n, "Add", op2(n, "Div", squares, least), number64(n, 1e-5)));
    n->size = op3(n, "Where", some, deviation, one);
    return op2(n, "Div", op2(n, "Sub", z, n->shift), n->size);
}

static int masks(const rondo__onnx_net *n, int there) {
    const rondo__horizon *h = horizon_of(n);
    int64_t list[RONDO__FEATURES];
    for (int i = 0; i < h->masks; i++)
        list[i] = h->mask[i];
    const int picked = rondo__onnx_op_with(n->o, "Gather", there, rondo__onnx_list(n->o, h->masks, list), 0,
                                           (rondo__onnx_give)RONDO__GIVE_INT("axis", 2));
    return rondo__onnx_cast(n->o, picked, RONDO_F32);
}

/* (W, B, F) -> (W / patch, B, patch F) */
static int patches(const rondo__onnx_net *n, int x, int64_t steps, int64_t width) {
    const int64_t patch = horizon_of(n)->patch;
    if (patch == 1)
        return x;
    const int shape[4] = {rondo__onnx_list(n->o, 1, (const int64_t[]){steps / patch}),
                          rondo__onnx_list(n->o, 1, &patch), n->batch, rondo__onnx_list(n->o, 1, &width)};
    const int apart = op2(n, "Reshape", x, rondo__onnx_joined(n->o, 0, 4, shape));
    const int turned = rondo__onnx_turn(n->o, apart, 4, (const int64_t[]){0, 2, 1, 3});
    return rondo__onnx_reshape(n->o, turned, 3, (const int64_t[]){0, 0, patch * width});
}

static int window(rondo__onnx_net *n, const rondo__network_block *b, int x) {
    static const char *const names[2] = {"center", "scale"};
    const rondo__horizon *h = horizon_of(n);
    const bool normed = h->W > 0 && h->norm != RONDO__NORM_NONE;
    const int there = op1(n, "Not", op1(n, "IsNaN", x));
    int z = standard(n, x, names, 0, b->in);
    if (normed) {
        int part[2] = {rondo__onnx_cut(n->o, z, 2, 0, h->past), 0};
        part[0] = as32(n, norm(n, as64(n, part[0]), rondo__onnx_cut(n->o, there, 2, 0, h->past)));
        if (b->in > h->past)
            part[1] = rondo__onnx_cut(n->o, z, 2, h->past, b->in);
        z = rondo__onnx_joined(n->o, 2, part[1] ? 2 : 1, part);
    }
    z = op3(n, "Where", there, z, number(n, 0));
    const int both[2] = {z, h->masks ? masks(n, there) : 0};
    n->window = rondo__onnx_joined(n->o, 2, h->masks ? 2 : 1, both);
    return h->W ? patches(n, n->window, h->W, b->in + h->masks) : n->window;
}

/* ---- beside the steps ---- */

/* x (T, B, ·) with the embedded categories beside it. */
static int fixed(const rondo__onnx_net *n, int x) {
    const rondo__horizon *h = horizon_of(n);
    int part[RONDO__FEATURES / 3 + 1] = {x};
    for (int i = 0; i < h->fixed; i++) {
        const int64_t dims[2] = {h->categories[i], h->fixed_width};
        int table = rondo__onnx_find(n->o, h->fixed_table[i]);
        if (!table) {
            table = rondo__onnx_floats(n->o, NULL, 2, dims, h->fixed_table[i]);
            rondo__onnx_remember(n->o, h->fixed_table[i], table);
        }
        const int id = rondo__onnx_op_with(n->o, "Gather", n->fixed, rondo__onnx_whole(n->o, i), 0,
                                           (rondo__onnx_give)RONDO__GIVE_INT("axis", 1)); /* (B) */
        const int row = op2(n, "Gather", table, op2(n, "Max", id, rondo__onnx_whole(n->o, 0)));
        const int known = rondo__onnx_unsqueeze(n->o, op2(n, "GreaterOrEqual", id, rondo__onnx_whole(n->o, 0)), 1);
        const int seen = op3(n, "Where", known, row, number(n, 0)); /* (B, width) */
        const int shape[3] = {rondo__onnx_dim(n->o, x, 0), n->batch, rondo__onnx_list(n->o, 1, &h->fixed_width)};
        part[1 + i] = op2(n, "Expand", rondo__onnx_unsqueeze(n->o, seen, 0), rondo__onnx_joined(n->o, 0, 3, shape));
    }
    return rondo__onnx_joined(n->o, 2, 1 + h->fixed, part);
}

static int step_at(const rondo__onnx_net *n, int x, int64_t t) {
    return rondo__onnx_op_with(n->o, "Gather", x, rondo__onnx_whole(n->o, t), 0,
                               (rondo__onnx_give)RONDO__GIVE_INT("axis", 0));
}

static int ends(rondo__onnx_net *n, const rondo__network_block *b, int x) {
    const rondo__horizon *h = horizon_of(n);
    const int part[2] = {step_at(n, x, h->W / h->patch - 1), b->out == b->in ? 0 : step_at(n, x, 0)};
    n->rank = 2;
    return rondo__onnx_joined(n->o, 1, part[1] ? 2 : 1, part);
}

/* The input (H, B, A), standardised, without gaps. */
static int known_ahead(const rondo__onnx_net *n) {
    static const char *const names[2] = {"center_ahead", "scale_ahead"};
    const rondo__horizon *h = horizon_of(n);
    const int z = standard(n, n->ahead, names, h->past, h->ahead);
    return op3(n, "Where", op1(n, "IsNaN", n->ahead), number(n, 0), z);
}

static int ahead(const rondo__onnx_net *n, int x) {
    const rondo__horizon *h = horizon_of(n);
    const int by_row = rondo__onnx_turn(n->o, known_ahead(n), 3, (const int64_t[]){1, 0, 2});
    const int part[2] = {x, rondo__onnx_reshape(n->o, by_row, 2, (const int64_t[]){0, h->H * h->ahead})};
    return rondo__onnx_joined(n->o, 1, 2, part);
}

/* ---- the decoder ---- */

/* The last patch of the targets: (B, patch n). */
static int last_known(const rondo__onnx_net *n) {
    const rondo__horizon *h = horizon_of(n);
    const int steps = rondo__onnx_cut(n->o, n->window, 0, h->W - h->patch, h->W);
    const int targets = rondo__onnx_turn(n->o, rondo__onnx_cut(n->o, steps, 2, 0, h->n), 3, (const int64_t[]){1, 0, 2});
    return rondo__onnx_reshape(n->o, targets, 2, (const int64_t[]){0, h->patch * h->n});
}

/* What stands for each value: raw (B, patch n P) -> (B, patch n). */
static int told(const rondo__onnx_net *n, int raw) {
    const rondo__horizon *h = horizon_of(n);
    if (h->P == 1)
        return raw;
    const int apart = rondo__onnx_reshape(n->o, raw, 3, (const int64_t[]){0, h->patch * h->n, h->P});
    return rondo__onnx_op_with(n->o, "Gather", apart,
                               rondo__onnx_whole(n->o, h->outcome == RONDO__RISING ? h->P / 2 : 0), 0,
                               (rondo__onnx_give)RONDO__GIVE_INT("axis", 2));
}

/* One step: last, states, ahead (B, ·) -> last, states, raw. Its weights are arrays of the file, made here. */
static void put_step(const rondo__onnx_net *n, const rondo__network_block *b, rondo__text *body) {
    const rondo__horizon *h = horizon_of(n);
    rondo__onnx_out *o = n->o;
    const int64_t raw_width = h->patch * h->n * h->P, told_width = h->patch * h->n;
    const int64_t width = rondo_recurrent_output_size(b->net), ahead_width = h->ahead ? h->patch * h->ahead : 1;
    const rondo__onnx_shape last = {2, {-1, told_width}, {"B"}}, known = {2, {h->ahead ? -1 : 1, ahead_width}, {"B"}},
                            raw = {2, {-1, raw_width}, {"B"}};
    rondo__onnx_stack s = {.net = b->net, .name = "decoder.", .batch = n->batch, .ends = true};
    const int layers = b->net->config.layers;
    int part[2];
    rondo__onnx_body_begin(o);
    part[0] = rondo__onnx_input(o, "last", RONDO_F32, &last);
    for (int l = 0; l < layers; l++) {
        s.h[l] = rondo__onnx_input(o, "h", RONDO_F32, &(rondo__onnx_shape){2, {-1, b->net->layer[l].state}, {"B"}});
        if (b->net->layer[l].cell)
            s.c[l] = rondo__onnx_input(o, "c", RONDO_F32, &(rondo__onnx_shape){2, {-1, b->net->layer[l].cell}, {"B"}});
    }
    part[1] = rondo__onnx_input(o, "ahead", RONDO_F32, &known);
    s.x = fixed(n, rondo__onnx_unsqueeze(o, rondo__onnx_joined(o, 1, h->ahead ? 2 : 1, part), 0));
    int y = rondo__onnx_squeeze(o, rondo__onnx_stack_put(o, &s), 0);
    if (b->net->config.cell == RONDO_JORDAN)
        y = op1(n, "Tanh", y);
    y = rondo__onnx_linear(o, "output.", y, raw_width, width, b->weight, b->bias);
    rondo__onnx_output(o, told(n, y), "last", RONDO_F32, &last);
    for (int l = 0; l < layers; l++) {
        rondo__onnx_output(o, s.h[l], "h", RONDO_F32, &(rondo__onnx_shape){2, {-1, b->net->layer[l].state}, {"B"}});
        if (b->net->layer[l].cell)
            rondo__onnx_output(o, s.c[l], "c", RONDO_F32, &(rondo__onnx_shape){2, {-1, b->net->layer[l].cell}, {"B"}});
    }
    rondo__onnx_output(o, y, "raw", RONDO_F32, &raw);
    rondo__onnx_body_end(o, body);
}

static int decode(rondo__onnx_net *n, const rondo__network_block *b) {
    const rondo__horizon *h = horizon_of(n);
    const int64_t steps = h->H / h->patch, dims[2] = {steps, 1};
    int in[2 + 2 * RONDO_MAX_LAYERS], out[2 + 2 * RONDO_MAX_LAYERS], count = 0;
    rondo__text body;
    in[count++] = last_known(n);
    for (int l = 0; l < b->net->config.layers; l++) {
        in[count++] = n->last.h[l];
        if (b->net->layer[l].cell)
            in[count++] = n->last.c[l];
    }
    if (h->ahead) /* as many turns as steps, even with nothing to tell */
        in[count++] = patches(n, known_ahead(n), h->H, h->ahead);
    else
        in[count++] = rondo__onnx_unsqueeze(n->o, op2(n, "Expand", number(n, 0), rondo__onnx_list(n->o, 2, dims)), 2);
    put_step(n, b, &body);
    const rondo__onnx_give give[3] = {{.name = "body", .kind = RONDO__ATTR_GRAPH, .graph = &body},
                                      RONDO__GIVE_INT("num_scan_inputs", 1),
                                      {.name = NULL}};
    rondo__onnx_node_put(n->o, "Scan", count, in, count, out, give);
    n->rank = 2;
    const int by_row = rondo__onnx_turn(n->o, out[count - 1], 3, (const int64_t[]){1, 0, 2});
    return rondo__onnx_reshape(n->o, by_row, 2, (const int64_t[]){0, b->out});
}

/* ---- the result ---- */

/* raw as (..., H, n, P) */
static int apart(const rondo__onnx_net *n, int raw) {
    const rondo__horizon *h = horizon_of(n);
    if (h->W)
        return rondo__onnx_reshape(n->o, raw, 4, (const int64_t[]){0, h->H, h->n, h->P});
    return rondo__onnx_reshape(n->o, raw, 5, (const int64_t[]){0, 0, h->H, h->n, h->P});
}

/* Adds to each value one product of its target's own past. */
static int own_past(const rondo__onnx_net *n, const rondo__network_block *b, int x) {
    const rondo__horizon *h = horizon_of(n);
    rondo__onnx_out *o = n->o;
    real spread[RONDO__FEATURES] = {1};
    for (int64_t i = 1; h->outcome <= RONDO__RISING && i < h->P; i++)
        spread[i] = 1;
    const int past = rondo__onnx_turn(o, rondo__onnx_cut(o, n->window, 2, 0, h->n), 3, (const int64_t[]){1, 2, 0});
    int y = rondo__onnx_linear(o, "path.", past, h->H, h->W, b->weight, b->bias); /* (B, n, H) */
    y = rondo__onnx_unsqueeze(o, rondo__onnx_turn(o, y, 3, (const int64_t[]){0, 2, 1}), 3);
    if (h->P > 1)
        y = op2(n, "Mul", y, rondo__onnx_vector(o, "path.spread", h->P, spread));
    return op2(n, "Add", apart(n, x), y);
}

/* (H, n, 1): of value (h, j) the number that of(j) is, times h^power where changes are summed up. */
static int by_value(const rondo__onnx_net *n, const char *name, const double *of, double power, double otherwise) {
    const rondo__horizon *h = horizon_of(n);
    const int64_t dims[3] = {h->H, h->n, 1};
    double *all = rondo__calloc((size_t)(h->H * h->n), sizeof *all);
    for (int64_t i = 0; all && i < h->H * h->n; i++) {
        const double k = h->cumulative ? pow((double)(i / h->n + 1), power) : 1;
        all[i] = k * (of ? of[i % h->n] : otherwise);
    }
    const int value = doubles(n, name, 3, dims, all);
    rondo__free(all);
    return value;
}

/* A window's norm (1, B, past) as (B, 1, n, 1). */
static int of_window(const rondo__onnx_net *n, int x) {
    const int targets = rondo__onnx_cut(n->o, x, 2, 0, horizon_of(n)->n);
    return rondo__onnx_unsqueeze(n->o, rondo__onnx_turn(n->o, targets, 3, (const int64_t[]){1, 0, 2}), 3);
}

/* In double. m = k center + scale k shift; s = scale sqrt(k) size */
static int middle_of(const rondo__onnx_net *n) {
    const int center = by_value(n, "outcome.center", horizon_of(n)->center, 1, 0);
    if (!n->shift)
        return center;
    return op2(n, "Add", center,
               op2(n, "Mul", by_value(n, "outcome.shift", horizon_of(n)->scale, 1, 1), of_window(n, n->shift)));
}

static int size_of(const rondo__onnx_net *n) {
    const int size = by_value(n, "outcome.scale", horizon_of(n)->scale, 0.5, 1);
    return n->size ? op2(n, "Mul", size, of_window(n, n->size)) : size;
}

/* a_i (..., 1) and, of those that are positive, sp(a_i); in double. */
static int raw_at(const rondo__onnx_net *n, int raw, int64_t i) {
    return as64(n, rondo__onnx_cut(n->o, raw, -1, i, i + 1));
}
static int positive(const rondo__onnx_net *n, int raw, int64_t i) {
    const int y = op1(n, "Softplus", rondo__onnx_cut(n->o, raw, -1, i, i + 1));
    return op2(n, "Add", as64(n, y), number64(n, 1e-6));
}

static int rising(const rondo__onnx_net *n, int y) {
    const int64_t P = horizon_of(n)->P;
    const rondo__onnx_give give[3] = {RONDO__GIVE_INT("axis", -1), RONDO__GIVE_INT("largest", 0), {.name = NULL}};
    int out[2] = {y, 0};
    if (P > 1)
        rondo__onnx_node_put(n->o, "TopK", 2, (const int[]){y, rondo__onnx_list(n->o, 1, &P)}, 2, out, give);
    return out[0];
}

static int outcome(const rondo__onnx_net *n, int raw) {
    const int s = size_of(n);
    int part[3] = {0, 0, 0};
    switch (horizon_of(n)->outcome) {
    case RONDO__POINTS:
    case RONDO__RISING:
        return rising(n, as32(n, op2(n, "Add", middle_of(n), op2(n, "Mul", s, as64(n, raw)))));
    case RONDO__COUNTS:
        part[0] = op2(n, "Mul", s, positive(n, raw, 0));
        part[1] = op2(n, "Div", positive(n, raw, 1), op1(n, "Sqrt", s));
        return as32(n, rondo__onnx_joined(n->o, -1, 2, part));
    default:
        part[0] = op2(n, "Add", middle_of(n), op2(n, "Mul", s, raw_at(n, raw, 0)));
        part[1] = op2(n, "Mul", s, positive(n, raw, 1));
        if (horizon_of(n)->outcome == RONDO__STUDENT)
            part[2] = op2(n, "Add", number64(n, 2), positive(n, raw, 2));
        return as32(n, rondo__onnx_joined(n->o, -1, part[2] ? 3 : 2, part));
    }
}

int rondo__onnx_forecast_block(rondo__onnx_net *n, const rondo__network_block *b, int x) {
    switch (b->kind) {
    case RONDO__WINDOW:
        return window(n, b, x);
    case RONDO__FIXED:
        return fixed(n, x);
    case RONDO__ENDS:
        return ends(n, b, x);
    case RONDO__AHEAD:
        return ahead(n, x);
    case RONDO__DECODE:
        return decode(n, b);
    case RONDO__OWN_PAST:
        return own_past(n, b, x);
    case RONDO__OUTCOME:
        return outcome(n, apart(n, x));
    default:
        rondo__onnx_out_fail(n->o, RONDO_UNSUPPORTED, "onnx: a block of this kind cannot be written");
        return 0;
    }
}

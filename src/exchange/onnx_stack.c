/* A recurrent stack as nodes. ONNX's RNN, GRU and LSTM say most of it, both directions in one node; a layer with what
 * they cannot say (layer norm, zoneout, projection, a clipped cell; the Jordan network) is a Scan for each direction.
 *
 * Order of gates: ours i, f, g, o is ONNX's i, o, f, c; ours r, z, n is z, r, h. Coupled gates are i = 1 - f here and
 * f = 1 - i there: with the forget gate's weights negated in the place of the input gate's, i = σ(-a_f) = 1 - f. */
#include "exchange/onnx_write.h"

#include <stdio.h>
#include <string.h>

#include "nn/params.h"
#include "nn/recurrent.h"

typedef struct layer_at {
    rondo__onnx_out *o;
    rondo__onnx_stack *s;
    const rondo_recurrent_config *config;
    int layer, D;
    const rondo__recurrent_layer *p; /* (D) */
    int gates;
} layer_at;

static const real *values(const layer_at *l, int index) { return rondo__param_values(l->s->net->params, index); }

const real *rondo__onnx_first_state(const rondo_recurrent *net, int place, bool cell) {
    const int index = cell ? net->layer[place].c0 : net->layer[place].h0;
    return rondo__param_values(net->params, index);
}

static bool is_native(const rondo_recurrent_config *c) {
    return c->cell != RONDO_JORDAN && !c->layer_norm && c->zoneout == 0 && c->zoneout_cell == 0 &&
           (c->cell != RONDO_LSTM || (c->projection_size == 0 && c->cell_clip == 0));
}

/* ---- weights of a native node ---- */

/* Which of our gates stands at place g there; -1: the forget gate negated. */
static int gate_at(const layer_at *l, int g) {
    static const int lstm[4] = {0, 3, 1, 2}, gru[3] = {1, 0, 2};
    if (l->config->cell == RONDO_GRU)
        return gru[g];
    if (l->config->cell == RONDO_LSTM)
        return g == 0 && l->config->coupled_gates ? -1 : lstm[g];
    return 0;
}

/* Rows of w (gates H, columns) in the order of ONNX. */
static void reorder(const layer_at *l, int64_t columns, const real *w, real *to) {
    const int64_t block = l->p[0].H * columns;
    for (int g = 0; g < l->gates; g++) {
        const int from = gate_at(l, g);
        const real sign = from < 0 ? -1 : 1;
        for (int64_t i = 0; w && i < block; i++)
            to[g * block + i] = sign * w[(from < 0 ? 1 : from) * block + i];
    }
}

typedef const real *part_of(const layer_at *l, int direction);
static const real *w_ih(const layer_at *l, int d) { return values(l, l->p[d].w_ih); }
static const real *w_hh(const layer_at *l, int d) { return values(l, l->p[d].w_hh); }

static const char *array_name(const layer_at *l, const char *what, char room[96]) {
    snprintf(room, 96, "%s%s_l%d", l->s->name, what, l->layer);
    return room;
}

/* What a node holds of both directions: (D, rows of one), rank 3 where columns > 0. */
static int stacked(const layer_at *l, const char *what, int64_t rows, int64_t columns, real *data) {
    char room[96];
    const int64_t dims[3] = {l->D, rows, columns};
    const int value = data ? rondo__onnx_floats(l->o, array_name(l, what, room), columns ? 3 : 2, dims, data) : 0;
    if (!data)
        rondo__onnx_out_fail(l->o, RONDO_MEMORY, "onnx: no memory for a layer");
    rondo__free(data);
    return value;
}

static real *room_for(const layer_at *l, int64_t rows, int64_t columns) {
    size_t count;
    return rondo__size_mul((size_t)(rows * l->D), (size_t)columns, &count) ? rondo__calloc(count, sizeof(real)) : NULL;
}

static int matrix(const layer_at *l, const char *what, int64_t columns, part_of *part) {
    const int64_t rows = l->gates * l->p[0].H;
    real *data = room_for(l, rows, columns);
    for (int d = 0; data && d < l->D; d++)
        reorder(l, columns, part(l, d), data + d * rows * columns);
    return stacked(l, what, rows, columns, data);
}

static int biases(const layer_at *l) {
    const int64_t rows = l->gates * l->p[0].H;
    if (l->p[0].b_ih < 0 && l->p[0].b_hh < 0)
        return 0;
    real *data = room_for(l, 2 * rows, 1);
    for (int d = 0; data && d < l->D; d++) {
        reorder(l, 1, values(l, l->p[d].b_ih), data + 2 * d * rows);
        reorder(l, 1, values(l, l->p[d].b_hh), data + (2 * d + 1) * rows);
    }
    return stacked(l, "B", 2 * rows, 0, data);
}

/* Ours p_i, p_f, p_o; there i, o, f. */
static int peepholes(const layer_at *l) {
    const int64_t H = l->p[0].H;
    if (l->config->cell != RONDO_LSTM || l->p[0].peephole < 0)
        return 0;
    real *data = room_for(l, 3 * H, 1);
    for (int d = 0; data && d < l->D; d++) {
        const real *p = values(l, l->p[d].peephole);
        real *to = data + 3 * d * H;
        for (int64_t j = 0; j < H; j++) {
            to[j] = l->config->coupled_gates ? -p[H + j] : p[j];
            to[H + j] = p[2 * H + j];
            to[2 * H + j] = p[H + j];
        }
    }
    return stacked(l, "P", 3 * H, 0, data);
}

/* ---- states ---- */

/* (1, width) for every row: (B, width). */
static int expanded(const layer_at *l, int row, int64_t width) {
    const int parts[2] = {l->s->batch, rondo__onnx_list(l->o, 1, &width)};
    return rondo__onnx_op(l->o, "Expand", row, rondo__onnx_joined(l->o, 0, 2, parts), 0);
}

/* The state that place begins with, (B, width); 0: zeros that need not be said. */
static int first_state(const layer_at *l, int place, bool cell, bool said) {
    const int given = cell ? l->s->c[place] : l->s->h[place];
    const rondo__recurrent_layer *p = &l->s->net->layer[place];
    const int64_t width = cell ? p->cell : p->state, dims[2] = {1, width};
    const real *learned = rondo__onnx_first_state(l->s->net, place, cell);
    char what[24], room[96];
    if (given || width == 0 || (!learned && !said))
        return given;
    if (!learned)
        return expanded(l, rondo__onnx_number(l->o, 0), width);
    snprintf(what, sizeof what, "%s%s", cell ? "c0" : "h0", place % l->D ? "_reverse" : "");
    return expanded(l, rondo__onnx_floats(l->o, array_name(l, what, room), 2, dims, learned), width);
}

/* (D, B, width) of both directions; 0: none is given. */
static int joined_states(const layer_at *l, bool cell) {
    int part[2] = {0, 0};
    bool any = false;
    for (int d = 0; d < l->D; d++) {
        const int place = l->layer * l->D + d;
        any = any || (cell ? l->s->c[place] : l->s->h[place]) || rondo__onnx_first_state(l->s->net, place, cell);
    }
    if (!any || (cell && l->p[0].cell == 0))
        return 0;
    for (int d = 0; d < l->D; d++)
        part[d] = rondo__onnx_unsqueeze(l->o, first_state(l, l->layer * l->D + d, cell, true), 0);
    return rondo__onnx_joined(l->o, 0, l->D, part);
}

static void part_states(const layer_at *l, int both, int *out) {
    for (int d = 0; d < l->D; d++)
        out[l->layer * l->D + d] = rondo__onnx_op_with(l->o, "Gather", both, rondo__onnx_whole(l->o, d), 0,
                                                       (rondo__onnx_give)RONDO__GIVE_INT("axis", 0));
}

/* ---- one layer ---- */

static const char *activation_name(rondo_activation kind) {
    return kind == RONDO_RELU ? "Relu" : kind == RONDO_SIGMOID ? "Sigmoid" : "Tanh";
}

static void put_native(const layer_at *l, int x, int out[3]) {
    static const char *const ops[] = {[RONDO_ELMAN] = "RNN", [RONDO_LSTM] = "LSTM", [RONDO_GRU] = "GRU"};
    const char *const name = activation_name(l->config->activation), *const names[2] = {name, name};
    const bool lstm = l->config->cell == RONDO_LSTM;
    const int in[8] = {x,
                       matrix(l, "W", l->p[0].I, w_ih),
                       matrix(l, "R", l->p[0].H, w_hh),
                       biases(l),
                       l->s->lengths,
                       joined_states(l, false),
                       lstm ? joined_states(l, true) : 0,
                       peepholes(l)};
    rondo__onnx_give give[5] = {RONDO__GIVE_INT("hidden_size", l->p[0].H),
                                RONDO__GIVE_TEXT("direction", l->D == 2 ? "bidirectional" : "forward"),
                                {.name = NULL},
                                {.name = NULL}};
    if (l->config->cell == RONDO_GRU)
        give[2] = (rondo__onnx_give)RONDO__GIVE_INT("linear_before_reset", !l->config->reset_before);
    if (lstm && l->config->coupled_gates)
        give[2] = (rondo__onnx_give)RONDO__GIVE_INT("input_forget", 1);
    if (l->config->cell == RONDO_ELMAN)
        give[2] = (rondo__onnx_give){.name = "activations", .kind = RONDO__ATTR_TEXTS, .count = l->D, .texts = names};
    rondo__onnx_node_put(l->o, ops[l->config->cell], 8, in, !l->s->ends ? 1 : lstm ? 3 : 2, out, give);
}

/* (T, D, B, R) -> (T, B, merged) */
static int merge(const layer_at *l, int y) {
    if (l->D == 1)
        return rondo__onnx_squeeze(l->o, y, 1);
    if (l->config->merge == RONDO_MERGE_CONCAT)
        return rondo__onnx_reshape(l->o, rondo__onnx_turn(l->o, y, 4, (const int64_t[]){0, 2, 1, 3}), 3,
                                   (const int64_t[]){0, 0, 2 * l->p[0].R});
    const int sum = rondo__onnx_reduce(l->o, "ReduceSum", y, 1, false);
    return l->config->merge == RONDO_MERGE_SUM ? sum
                                               : rondo__onnx_op(l->o, "Mul", sum, rondo__onnx_number(l->o, 0.5), 0);
}

static int native_layer(const layer_at *l, int x) {
    int out[3] = {0, 0, 0};
    put_native(l, x, out);
    if (l->s->ends)
        part_states(l, out[1], l->s->h);
    if (l->s->ends && l->config->cell == RONDO_LSTM)
        part_states(l, out[2], l->s->c);
    return merge(l, out[0]);
}

static int scanned_layer(const layer_at *l, int x) {
    int part[2] = {0, 0};
    if (l->s->lengths && !l->s->live)
        l->s->live = rondo__onnx_live(l->o, x, l->s->lengths);
    for (int d = 0; d < l->D; d++) {
        const int place = l->layer * l->D + d;
        int h = first_state(l, place, false, true), c = first_state(l, place, true, true);
        part[d] = rondo__onnx_scan_cell(l->o, l->s, l->layer, d, x, &h, &c);
        if (l->config->cell == RONDO_JORDAN && l->layer < l->config->layers - 1)
            part[d] = rondo__onnx_activation(l->o, part[d], RONDO_TANH);
        l->s->h[place] = h;
        l->s->c[place] = c;
    }
    if (l->D == 1)
        return part[0];
    if (l->config->merge == RONDO_MERGE_CONCAT)
        return rondo__onnx_joined(l->o, 2, 2, part);
    const int sum = rondo__onnx_op(l->o, "Add", part[0], part[1], 0);
    return l->config->merge == RONDO_MERGE_SUM ? sum
                                               : rondo__onnx_op(l->o, "Mul", sum, rondo__onnx_number(l->o, 0.5), 0);
}

int rondo__onnx_stack_put(rondo__onnx_out *o, rondo__onnx_stack *s) {
    static const int gates[] = {[RONDO_ELMAN] = 1, [RONDO_JORDAN] = 1, [RONDO_LSTM] = 4, [RONDO_GRU] = 3};
    const rondo_recurrent_config *config = &s->net->config;
    int x = s->x;
    for (int layer = 0; layer < config->layers && !rondo__onnx_out_status(o); layer++) {
        const layer_at l = {.o = o,
                            .s = s,
                            .config = config,
                            .layer = layer,
                            .D = s->net->directions,
                            .p = &s->net->layer[layer * s->net->directions],
                            .gates = gates[config->cell]};
        const int y = is_native(config) ? native_layer(&l, x) : scanned_layer(&l, x);
        x = rondo__recurrent_is_residual(s->net, layer) ? rondo__onnx_op(o, "Add", y, x, 0) : y;
    }
    return x;
}

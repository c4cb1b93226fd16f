/* Cells that ONNX has no operator for, as the body of a Scan over the steps. What depends on the input alone is one
 * product before it. Steps behind a row's end keep the state and give zeros; the second direction scans from the end.
 */
#include "exchange/onnx_write.h"

#include <stdio.h>

#include "nn/params.h"
#include "nn/recurrent.h"

typedef struct cell_at {
    rondo__onnx_out *o;
    const rondo__onnx_stack *s;
    const rondo_recurrent_config *config;
    const rondo__recurrent_layer *p;
    int layer, direction;
} cell_at;

static const real *values(const cell_at *c, int index) { return rondo__param_values(c->s->net->params, index); }

static const char *array_name(const cell_at *c, const char *what, char room[96]) {
    snprintf(room, 96, "%s%s_l%d%s", c->s->name, what, c->layer, c->direction ? "_reverse" : "");
    return room;
}

static int vector(const cell_at *c, const char *what, int64_t n, int index) {
    char room[96];
    return rondo__onnx_vector(c->o, array_name(c, what, room), n, values(c, index));
}

static int turned(const cell_at *c, const char *what, int64_t rows, int64_t columns, int index) {
    char room[96];
    return rondo__onnx_turned(c->o, array_name(c, what, room), rows, columns, values(c, index));
}

static int op2(const cell_at *c, const char *op, int a, int b) { return rondo__onnx_op(c->o, op, a, b, 0); }
static int op1(const cell_at *c, const char *op, int a) { return rondo__onnx_op(c->o, op, a, 0, 0); }
/* Numbers [from, to) of the last dimension. */
static int cut(const cell_at *c, int x, int64_t from, int64_t to) { return rondo__onnx_cut(c->o, x, -1, from, to); }

/* h = keep h_prev + (1 - keep) fresh */
static int mix(const cell_at *c, double keep, int before, int fresh) {
    if (keep == 0)
        return fresh;
    return op2(c, "Add", op2(c, "Mul", before, rondo__onnx_number(c->o, keep)),
               op2(c, "Mul", fresh, rondo__onnx_number(c->o, 1 - keep)));
}

/* ---- what a body needs; arrays are made before it ---- */

typedef struct weights {
    int hh, hn;                 /* (R, G H), or of the GRU that resets before: (H, 2H) and (H, H) */
    int bias_h;                 /* (G H) that goes with the state's product */
    int gain_h, gain_c, bias_c; /* norms */
    int peephole[3];            /* (H) each */
    int hr;                     /* (H, P) */
    int ho, bias_o, feedback;   /* Jordan */
    int gain_h_n, bias_n;       /* GRU: those of n */
    int minus_clip, clip, one;
} weights;

/* State before and after a step; y: what it says. */
typedef struct step_values {
    int h, c, a; /* a: the input's part */
    int new_h, new_c, y;
    int told, left; /* Jordan that is taught: what is fed, (B, Q), what is left of the state, (B, 1) */
} step_values;

/* ---- LSTM ---- */

static void lstm_weights(const cell_at *c, weights *w) {
    const rondo__recurrent_layer *p = c->p;
    const int64_t H = p->H;
    char room[96];
    w->hh = turned(c, "weight_hh", 4 * H, p->R, p->w_hh);
    w->bias_h = vector(c, "bias_hh", 4 * H, p->b_hh);
    w->gain_h = vector(c, "gain_h", 4 * H, p->gain_h);
    w->gain_c = vector(c, "gain_c", H, p->gain_c);
    w->bias_c = vector(c, "bias_c", H, p->bias_c);
    w->hr = p->w_hr >= 0 ? turned(c, "weight_hr", p->R, H, p->w_hr) : 0;
    if (c->config->coupled_gates)
        w->one = rondo__onnx_number(c->o, 1);
    for (int g = 0; p->peephole >= 0 && g < 3; g++) {
        static const char *const names[] = {"peephole_i", "peephole_f", "peephole_o"};
        w->peephole[g] = rondo__onnx_vector(c->o, array_name(c, names[g], room), H, values(c, p->peephole) + g * H);
    }
    if (c->config->cell_clip > 0) {
        w->clip = rondo__onnx_number(c->o, (double)c->config->cell_clip);
        w->minus_clip = rondo__onnx_number(c->o, -(double)c->config->cell_clip);
    }
}

static int gate(const cell_at *c, int a, int64_t g, int peephole, int cell) {
    const int64_t H = c->p->H;
    int x = cut(c, a, g * H, (g + 1) * H);
    if (peephole)
        x = op2(c, "Add", x, op2(c, "Mul", peephole, cell));
    return op1(c, "Sigmoid", x);
}

static void lstm_step(const cell_at *c, const weights *w, step_values *v) {
    const int64_t H = c->p->H;
    int r = op2(c, "MatMul", v->h, w->hh);
    if (w->gain_h)
        r = rondo__onnx_norm(c->o, r, w->gain_h, 0);
    const int a = op2(c, "Add", v->a, rondo__onnx_plus(c->o, r, w->bias_h));
    const int f = gate(c, a, 1, w->peephole[1], v->c);
    const int i = c->config->coupled_gates ? op2(c, "Sub", w->one, f) : gate(c, a, 0, w->peephole[0], v->c);
    const int g = op1(c, "Tanh", cut(c, a, 2 * H, 3 * H));
    int cell = op2(c, "Add", op2(c, "Mul", f, v->c), op2(c, "Mul", i, g));
    if (w->clip)
        cell = rondo__onnx_op(c->o, "Clip", cell, w->minus_clip, w->clip);
    const int out = gate(c, a, 3, w->peephole[2], cell);
    const int seen = w->gain_c ? rondo__onnx_norm(c->o, cell, w->gain_c, w->bias_c) : cell;
    int h = op2(c, "Mul", out, op1(c, "Tanh", seen));
    if (w->hr)
        h = op2(c, "MatMul", h, w->hr);
    v->new_c = mix(c, (double)c->config->zoneout_cell, v->c, cell);
    v->new_h = v->y = mix(c, (double)c->config->zoneout, v->h, h);
}

/* ---- GRU ---- */

static int part_of(const cell_at *c, const char *what, int index, int64_t from, int64_t n) {
    char room[96];
    return index < 0 ? 0 : rondo__onnx_vector(c->o, array_name(c, what, room), n, values(c, index) + from);
}

static void gru_weights(const cell_at *c, weights *w) {
    const rondo__recurrent_layer *p = c->p;
    const int64_t H = p->H;
    char room[96];
    w->hh = rondo__onnx_turned(c->o, array_name(c, "weight_hh_rz", room), 2 * H, H, values(c, p->w_hh));
    w->hn = rondo__onnx_turned(c->o, array_name(c, "weight_hh_n", room), H, H, values(c, p->w_hh) + 2 * H * H);
    w->bias_h = part_of(c, "bias_hh_rz", p->b_hh, 0, 2 * H);
    w->bias_n = part_of(c, "bias_hh_n", p->b_hh, 2 * H, H);
    w->gain_h = part_of(c, "gain_h_rz", p->gain_h, 0, 2 * H);
    w->gain_h_n = part_of(c, "gain_h_n", p->gain_h, 2 * H, H);
    w->one = rondo__onnx_number(c->o, 1);
}

static int state_part(const cell_at *c, int h, int weight, int gain, int bias) {
    int x = op2(c, "MatMul", h, weight);
    if (gain)
        x = rondo__onnx_norm(c->o, x, gain, 0);
    return rondo__onnx_plus(c->o, x, bias);
}

static void gru_step(const cell_at *c, const weights *w, step_values *v) {
    const int64_t H = c->p->H;
    const int rz =
        op1(c, "Sigmoid", op2(c, "Add", cut(c, v->a, 0, 2 * H), state_part(c, v->h, w->hh, w->gain_h, w->bias_h)));
    const int r = cut(c, rz, 0, H), z = cut(c, rz, H, 2 * H), a = cut(c, v->a, 2 * H, 3 * H);
    const int from = c->config->reset_before ? op2(c, "Mul", r, v->h) : v->h;
    int n = state_part(c, from, w->hn, w->gain_h_n, w->bias_n);
    if (!c->config->reset_before)
        n = op2(c, "Mul", r, n);
    n = op1(c, "Tanh", op2(c, "Add", a, n));
    const int h = op2(c, "Add", op2(c, "Mul", op2(c, "Sub", w->one, z), n), op2(c, "Mul", z, v->h));
    v->new_h = v->y = mix(c, (double)c->config->zoneout, v->h, h);
}

/* ---- Elman, Jordan ---- */

static void elman_weights(const cell_at *c, weights *w) {
    w->hh = turned(c, "weight_hh", c->p->H, c->p->H, c->p->w_hh);
    w->bias_h = vector(c, "bias_hh", c->p->H, c->p->b_hh);
}

static void elman_step(const cell_at *c, const weights *w, step_values *v) {
    const int a = op2(c, "Add", v->a, state_part(c, v->h, w->hh, 0, w->bias_h));
    v->new_h = v->y = mix(c, (double)c->config->zoneout, v->h, rondo__onnx_activation(c->o, a, c->config->activation));
}

static bool is_last(const cell_at *c) { return c->layer == c->config->layers - 1; }

static bool is_taught(const cell_at *c) { return c->s->told && is_last(c); }

static void jordan_weights(const cell_at *c, weights *w) {
    const rondo__recurrent_layer *p = c->p;
    char room[96];
    w->hh = turned(c, "weight_sh", p->H, p->state, p->w_sh);
    w->ho = turned(c, "weight_ho", p->R, p->H, p->w_ho);
    w->bias_o = vector(c, "bias_o", p->R, p->b_o);
    if (!is_last(c) || !c->s->feedback)
        return;
    w->feedback = rondo__onnx_find(c->o, c->s->feedback); /* an embedding */
    if (!w->feedback)
        w->feedback = rondo__onnx_floats(c->o, array_name(c, "feedback", room), 2, (const int64_t[]){p->R, p->state},
                                         c->s->feedback);
}

static void jordan_step(const cell_at *c, const weights *w, step_values *v) {
    const rondo_activation output = is_last(c) ? c->config->output_activation : RONDO_TANH;
    const int s = v->told ? op2(c, "Add", op2(c, "Mul", v->left, v->h), v->told) : v->h;
    const int a = op2(c, "Add", v->a, op2(c, "MatMul", s, w->hh));
    const int h = rondo__onnx_activation(c->o, a, c->config->activation);
    v->y = rondo__onnx_plus(c->o, op2(c, "MatMul", h, w->ho), w->bias_o);
    if (v->told) { /* by the next symbol */
        v->new_h = s;
        return;
    }
    int fed = rondo__onnx_activation(c->o, v->y, output);
    if (w->feedback)
        fed = op2(c, "MatMul", fed, w->feedback);
    if (c->config->decay != 0)
        fed = op2(c, "Add", op2(c, "Mul", v->h, rondo__onnx_number(c->o, (double)c->config->decay)), fed);
    v->new_h = fed;
}

/* ---- the input's part, over all steps ---- */

static int input_part(const cell_at *c, int x, int64_t rows) {
    const int w = turned(c, "weight_ih", rows, c->p->I, c->p->w_ih);
    const int bias = vector(c, "bias_ih", rows, c->p->b_ih);
    int a = op2(c, "MatMul", x, w);
    if (c->p->gain_x < 0 || c->config->cell == RONDO_JORDAN || c->config->cell == RONDO_ELMAN)
        return rondo__onnx_plus(c->o, a, bias);
    if (c->config->cell == RONDO_LSTM)
        return rondo__onnx_plus(c->o, rondo__onnx_norm(c->o, a, vector(c, "gain_x", rows, c->p->gain_x), 0), bias);
    const int64_t H = c->p->H;
    const int part[2] = {
        rondo__onnx_norm(c->o, cut(c, a, 0, 2 * H), part_of(c, "gain_x_rz", c->p->gain_x, 0, 2 * H), 0),
        rondo__onnx_norm(c->o, cut(c, a, 2 * H, 3 * H), part_of(c, "gain_x_n", c->p->gain_x, 2 * H, H), 0)};
    return rondo__onnx_plus(c->o, rondo__onnx_joined(c->o, -1, 2, part), bias);
}

/* ---- the Scan ---- */

typedef struct kind {
    int64_t gates;
    void (*prepare)(const cell_at *, weights *);
    void (*step)(const cell_at *, const weights *, step_values *);
} kind;

static int kept(const cell_at *c, int live, int now, int before) {
    return live ? rondo__onnx_op(c->o, "Where", live, now, before) : now;
}

static void put_body(const cell_at *c, const kind *k, const weights *w, int64_t rows, rondo__text *graph) {
    const bool cell = c->p->cell > 0;
    const rondo__onnx_shape h = {2, {-1, c->p->state}, {"B"}}, state = {2, {-1, c->p->cell}, {"B"}},
                            a = {2, {-1, rows}, {"B"}}, live_shape = {2, {-1, 1}, {"B"}}, y = {2, {-1, c->p->R}, {"B"}};
    step_values v = {0};
    rondo__onnx_body_begin(c->o);
    v.h = rondo__onnx_input(c->o, "h", RONDO_F32, &h);
    if (cell)
        v.c = rondo__onnx_input(c->o, "c", RONDO_F32, &state);
    v.a = rondo__onnx_input(c->o, "a", RONDO_F32, &a);
    const int live = c->s->live ? rondo__onnx_input(c->o, "live", RONDO_BOOL, &live_shape) : 0;
    if (is_taught(c)) {
        v.told = rondo__onnx_input(c->o, "told", RONDO_F32, &h);
        v.left = rondo__onnx_input(c->o, "left", RONDO_F32, &(rondo__onnx_shape){2, {-1, 1}, {"B"}});
    }
    k->step(c, w, &v);
    rondo__onnx_output(c->o, kept(c, live, v.new_h, v.h), "h", RONDO_F32, &h);
    if (cell)
        rondo__onnx_output(c->o, kept(c, live, v.new_c, v.c), "c", RONDO_F32, &state);
    rondo__onnx_output(c->o, kept(c, live, v.y, rondo__onnx_number(c->o, 0)), "y", RONDO_F32, &y);
    rondo__onnx_body_end(c->o, graph);
}

int rondo__onnx_scan_cell(rondo__onnx_out *o, const rondo__onnx_stack *s, int layer, int direction, int x, int *h,
                          int *cell) {
    static const kind kinds[] = {[RONDO_ELMAN] = {1, elman_weights, elman_step},
                                 [RONDO_JORDAN] = {1, jordan_weights, jordan_step},
                                 [RONDO_LSTM] = {4, lstm_weights, lstm_step},
                                 [RONDO_GRU] = {3, gru_weights, gru_step}};
    const cell_at c = {.o = o,
                       .s = s,
                       .config = &s->net->config,
                       .p = &s->net->layer[layer * s->net->directions + direction],
                       .layer = layer,
                       .direction = direction};
    const kind *k = &kinds[c.config->cell];
    const int64_t rows = k->gates * c.p->H, way[4] = {direction, direction, direction, direction};
    const bool two = c.p->cell > 0;
    rondo__text body;
    weights w = {0};
    k->prepare(&c, &w);
    const int given[6] = {
        *h, *cell, input_part(&c, x, rows), s->live, is_taught(&c) ? s->told : 0, is_taught(&c) ? s->left : 0};
    int in[6] = {0}, count = 0;
    for (int i = 0; i < 6; i++)
        if (given[i] && (i != 1 || two))
            in[count++] = given[i];
    put_body(&c, k, &w, rows, &body);
    const int scanned = count - (two ? 2 : 1);
    const rondo__onnx_give give[5] = {{.name = "body", .kind = RONDO__ATTR_GRAPH, .graph = &body},
                                      RONDO__GIVE_INT("num_scan_inputs", scanned),
                                      RONDO__GIVE_INTS("scan_input_directions", scanned, way),
                                      RONDO__GIVE_INTS("scan_output_directions", 1, way),
                                      {.name = NULL}};
    int out[3] = {0, 0, 0};
    rondo__onnx_node_put(o, "Scan", count, in, two ? 3 : 2, out, give);
    *h = out[0];
    *cell = two ? out[1] : 0;
    return two ? out[2] : out[1];
}

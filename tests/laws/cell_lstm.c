/* The LSTM before the laws: its arrays, its operator, one step of it from basic operators, its streaming layer. */
#include "laws/law.h"

/* x h0 c0 w_ih w_hh, then what the case has. */
enum { X, H0, C0, W_IH, W_HH, FIRST_OPTIONAL };

static int64_t state_width(const law_case *c) { return c->P ? c->P : c->H; }

static int declare(const law_case *c, law_array *a) {
    int64_t H = c->H, R = state_width(c);
    int n = 0;
    a[n++] = (law_array){LAW_SEQUENCE, 3, {c->T, c->B, c->I}, 0};
    a[n++] = (law_array){LAW_STATE, 2, {c->B, R}, 0};
    a[n++] = (law_array){LAW_STATE, 2, {c->B, H}, 0};
    a[n++] = (law_array){LAW_PARAMETER, 2, {4 * H, c->I}, 0};
    a[n++] = (law_array){LAW_PARAMETER, 2, {4 * H, R}, 0};
    for (int i = 0; i < 2 && !c->no_bias; i++)
        a[n++] = (law_array){LAW_PARAMETER, 1, {4 * H}, 0};
    if (c->P)
        a[n++] = (law_array){LAW_PARAMETER, 2, {c->P, H}, 0};
    if (c->peephole)
        a[n++] = (law_array){LAW_PARAMETER, 2, {3, H}, 0};
    for (int i = 0; i < 2 && c->norm; i++)
        a[n++] = (law_array){LAW_PARAMETER, 1, {4 * H}, 1};
    for (int i = 0; i < 2 && c->norm; i++)
        a[n++] = (law_array){LAW_PARAMETER, 1, {H}, i == 0};
    return n;
}

static rondo_lstm_weights weights_of(const law_case *c, rondo_var *const *in) {
    rondo_lstm_weights w = {.w_ih = in[W_IH], .w_hh = in[W_HH]};
    int n = FIRST_OPTIONAL;
    if (!c->no_bias) {
        w.b_ih = in[n++];
        w.b_hh = in[n++];
    }
    if (c->P)
        w.w_hr = in[n++];
    if (c->peephole)
        w.peephole = in[n++];
    if (c->norm) {
        w.gain_x = in[n++];
        w.gain_h = in[n++];
        w.gain_c = in[n++];
        w.bias_c = in[n++];
    }
    return w;
}

static rondo_lstm_options options_of(const law_case *c) {
    return (rondo_lstm_options){.sequence = {.lengths = c->lengths,
                                             .reverse = c->reverse,
                                             .recurrent_dropout = c->recurrent_dropout,
                                             .zoneout = c->zoneout,
                                             .zoneout_cell = c->zoneout_cell},
                                .cell_clip = c->clip,
                                .coupled_gates = c->coupled};
}

static void apply(rondo_tape *tape, const law_case *c, rondo_var *const *in, rondo_var **out) {
    rondo_lstm_weights weights = weights_of(c, in);
    rondo_lstm_options options = options_of(c);
    rondo_lstm_result result = rondo_lstm(tape, in[X], in[H0], in[C0], &weights, &options);
    out[0] = result.output;
    out[1] = result.h;
    out[2] = result.c;
}

/* Columns of gate k (0 i, 1 f, 2 g, 3 o), with peephole row p times c where there is one. */
static rondo_var *gate(rondo_tape *tape, const law_case *c, rondo_var *a, int k, rondo_var *peephole, int p,
                       rondo_var *cell) {
    rondo_var *y = rondo_slice(tape, a, 1, k * c->H, (k + 1) * c->H);
    if (peephole && p >= 0)
        y = rondo_add(tape, y, rondo_mul(tape, cell, rondo_slice(tape, peephole, 0, p, p + 1)));
    return k == 2 ? rondo_tanh(tape, y) : rondo_sigmoid(tape, y);
}

static rondo_var *zone(rondo_tape *tape, real rate, rondo_var *old, rondo_var *fresh) {
    if (rate == 0)
        return fresh;
    return rondo_add(tape, rondo_affine(tape, old, rate, 0), rondo_affine(tape, fresh, 1 - rate, 0));
}

static void compose(rondo_tape *tape, const law_case *c, rondo_var *const *in, rondo_var **out) {
    const real eps = (real)1e-5;
    rondo_lstm_weights w = weights_of(c, in);
    rondo_var *ax = rondo_linear(tape, in[X], w.w_ih, c->norm ? NULL : w.b_ih);
    rondo_var *ah = rondo_linear(tape, in[H0], w.w_hh, c->norm ? NULL : w.b_hh);
    if (c->norm) {
        ax = rondo_layer_norm(tape, ax, w.gain_x, w.b_ih, eps);
        ah = rondo_layer_norm(tape, ah, w.gain_h, w.b_hh, eps);
    }
    rondo_var *a = rondo_add(tape, ax, ah);
    rondo_var *f = gate(tape, c, a, 1, w.peephole, 1, in[C0]);
    rondo_var *i = c->coupled ? rondo_affine(tape, f, -1, 1) : gate(tape, c, a, 0, w.peephole, 0, in[C0]);
    rondo_var *g = gate(tape, c, a, 2, NULL, -1, NULL);
    rondo_var *cell = rondo_add(tape, rondo_mul(tape, f, in[C0]), rondo_mul(tape, i, g));
    if (c->clip > 0)
        cell = rondo_clip(tape, cell, c->clip);
    rondo_var *o = gate(tape, c, a, 3, w.peephole, 2, cell);
    rondo_var *seen = c->norm ? rondo_layer_norm(tape, cell, w.gain_c, w.bias_c, eps) : cell;
    rondo_var *h = rondo_mul(tape, o, rondo_tanh(tape, seen));
    if (c->P)
        h = rondo_linear(tape, h, w.w_hr, NULL);
    out[0] = out[1] = zone(tape, c->zoneout, in[H0], h);
    out[2] = zone(tape, c->zoneout_cell, in[C0], cell);
}

static void open_step(const law_case *c, real *const *values, const rondo_param *param, rondo__step_layer *layer,
                      rondo__step_weights *w) {
    int n = FIRST_OPTIONAL;
    layer->R = state_width(c);
    layer->options.lstm = options_of(c);
    *w = (rondo__step_weights){.w_ih = &param[W_IH], .w_hh = &param[W_HH]};
    if (!c->no_bias) {
        w->b_ih = values[n++];
        w->b_hh = values[n++];
    }
    if (c->P)
        w->w_hr = &param[n++];
    if (c->peephole)
        w->peephole = values[n++];
    if (c->norm) {
        w->gain_x = values[n++];
        w->gain_h = values[n++];
        w->gain_c = values[n++];
        w->bias_c = values[n++];
    }
}

const law_cell law_lstm = {.name = "lstm",
                           .results = 3,
                           .declare = declare,
                           .apply = apply,
                           .compose = compose,
                           .open_step = open_step,
                           .step = &rondo__lstm_step};

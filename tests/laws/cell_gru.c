/* The GRU, both forms, before the laws: its arrays, its operator, one step of it from basic operators, its streaming
 * layer. */
#include "laws/law.h"

/* x h0 w_ih w_hh, then what the case has. */
enum { X, H0, W_IH, W_HH, FIRST_OPTIONAL };

static int declare(const law_case *c, law_array *a) {
    int64_t H = c->H;
    int n = 0;
    a[n++] = (law_array){LAW_SEQUENCE, 3, {c->T, c->B, c->I}, 0};
    a[n++] = (law_array){LAW_STATE, 2, {c->B, H}, 0};
    a[n++] = (law_array){LAW_PARAMETER, 2, {3 * H, c->I}, 0};
    a[n++] = (law_array){LAW_PARAMETER, 2, {3 * H, H}, 0};
    for (int i = 0; i < 2 && !c->no_bias; i++)
        a[n++] = (law_array){LAW_PARAMETER, 1, {3 * H}, 0};
    for (int i = 0; i < 2 && c->norm; i++)
        a[n++] = (law_array){LAW_PARAMETER, 1, {3 * H}, 1};
    return n;
}

static rondo_gru_weights weights_of(const law_case *c, rondo_var *const *in) {
    rondo_gru_weights w = {.w_ih = in[W_IH], .w_hh = in[W_HH]};
    int n = FIRST_OPTIONAL;
    if (!c->no_bias) {
        w.b_ih = in[n++];
        w.b_hh = in[n++];
    }
    if (c->norm) {
        w.gain_x = in[n++];
        w.gain_h = in[n++];
    }
    return w;
}

static rondo_gru_options options_of(const law_case *c) {
    return (rondo_gru_options){.sequence = {.lengths = c->lengths,
                                            .reverse = c->reverse,
                                            .recurrent_dropout = c->recurrent_dropout,
                                            .zoneout = c->zoneout},
                               .reset_before = c->reset_before};
}

static void apply(rondo_tape *tape, const law_case *c, rondo_var *const *in, rondo_var **out) {
    rondo_gru_weights weights = weights_of(c, in);
    rondo_gru_options options = options_of(c);
    rondo_gru_result result = rondo_gru(tape, in[X], in[H0], &weights, &options);
    out[0] = result.output;
    out[1] = result.h;
}

/* Gate rows [from, to): LN(v · Wᵀ; gain) + b, the LN where there is a gain. */
static rondo_var *product(rondo_tape *tape, rondo_var *v, rondo_var *w, rondo_var *b, rondo_var *gain, int64_t from,
                          int64_t to) {
    rondo_var *y = rondo_linear(tape, v, rondo_slice(tape, w, 0, from, to), NULL);
    if (gain)
        y = rondo_layer_norm(tape, y, rondo_slice(tape, gain, 0, from, to), NULL, (real)1e-5);
    return b ? rondo_add(tape, y, rondo_slice(tape, b, 0, from, to)) : y;
}

static void compose(rondo_tape *tape, const law_case *c, rondo_var *const *in, rondo_var **out) {
    rondo_gru_weights w = weights_of(c, in);
    int64_t H = c->H, G = 3 * H;
    rondo_var *h = in[H0], *state;
    rondo_var *rz = rondo_sigmoid(tape, rondo_add(tape, product(tape, in[X], w.w_ih, w.b_ih, w.gain_x, 0, 2 * H),
                                                  product(tape, h, w.w_hh, w.b_hh, w.gain_h, 0, 2 * H)));
    rondo_var *r = rondo_slice(tape, rz, 1, 0, H), *z = rondo_slice(tape, rz, 1, H, 2 * H);
    if (c->reset_before)
        state = product(tape, rondo_mul(tape, r, h), w.w_hh, w.b_hh, w.gain_h, 2 * H, G);
    else
        state = rondo_mul(tape, r, product(tape, h, w.w_hh, w.b_hh, w.gain_h, 2 * H, G));
    rondo_var *n = rondo_tanh(tape, rondo_add(tape, product(tape, in[X], w.w_ih, w.b_ih, w.gain_x, 2 * H, G), state));
    rondo_var *fresh = rondo_add(tape, rondo_mul(tape, rondo_affine(tape, z, -1, 1), n), rondo_mul(tape, z, h));
    rondo_var *kept = rondo_affine(tape, h, c->zoneout, 0);
    out[0] = out[1] = rondo_add(tape, kept, rondo_affine(tape, fresh, 1 - c->zoneout, 0));
}

static void open_step(const law_case *c, real *const *values, const rondo_param *param, rondo__step_layer *layer,
                      rondo__step_weights *w) {
    int n = FIRST_OPTIONAL;
    layer->R = c->H;
    layer->options.gru = options_of(c);
    *w = (rondo__step_weights){.w_ih = &param[W_IH], .w_hh = &param[W_HH]};
    if (!c->no_bias) {
        w->b_ih = values[n++];
        w->b_hh = values[n++];
    }
    if (c->norm) {
        w->gain_x = values[n++];
        w->gain_h = values[n++];
    }
}

const law_cell law_gru = {.name = "gru",
                          .results = 2,
                          .declare = declare,
                          .apply = apply,
                          .compose = compose,
                          .open_step = open_step,
                          .step = &rondo__gru_step};

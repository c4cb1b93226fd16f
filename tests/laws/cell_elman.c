/* The Elman cell before the laws: its arrays, its operator, one step of it from basic operators, its streaming layer.
 */
#include "laws/law.h"

enum { X, H0, W_IH, W_HH, B_IH, B_HH };

static int declare(const law_case *c, law_array *a) {
    int64_t H = c->H;
    int n = 0;
    a[n++] = (law_array){LAW_SEQUENCE, 3, {c->T, c->B, c->I}, 0};
    a[n++] = (law_array){LAW_STATE, 2, {c->B, H}, 0};
    a[n++] = (law_array){LAW_PARAMETER, 2, {H, c->I}, 0};
    a[n++] = (law_array){LAW_PARAMETER, 2, {H, H}, 0};
    for (int i = 0; i < 2 && !c->no_bias; i++)
        a[n++] = (law_array){LAW_PARAMETER, 1, {H}, 0};
    return n;
}

static rondo_elman_options options_of(const law_case *c) {
    return (rondo_elman_options){.sequence = {.lengths = c->lengths,
                                              .reverse = c->reverse,
                                              .recurrent_dropout = c->recurrent_dropout,
                                              .zoneout = c->zoneout},
                                 .activation = c->activation};
}

static void apply(rondo_tape *tape, const law_case *c, rondo_var *const *in, rondo_var **out) {
    rondo_elman_weights weights = {.w_ih = in[W_IH], .w_hh = in[W_HH]};
    rondo_elman_options options = options_of(c);
    if (!c->no_bias) {
        weights.b_ih = in[B_IH];
        weights.b_hh = in[B_HH];
    }
    rondo_elman_result result = rondo_elman(tape, in[X], in[H0], &weights, &options);
    out[0] = result.output;
    out[1] = result.h;
}

static rondo_var *activate(rondo_tape *tape, rondo_activation f, rondo_var *a) {
    if (f == RONDO_TANH)
        return rondo_tanh(tape, a);
    return f == RONDO_RELU ? rondo_relu(tape, a) : rondo_sigmoid(tape, a);
}

static void compose(rondo_tape *tape, const law_case *c, rondo_var *const *in, rondo_var **out) {
    rondo_var *ax = rondo_linear(tape, in[X], in[W_IH], c->no_bias ? NULL : in[B_IH]);
    rondo_var *ah = rondo_linear(tape, in[H0], in[W_HH], c->no_bias ? NULL : in[B_HH]);
    rondo_var *fresh = activate(tape, c->activation, rondo_add(tape, ax, ah));
    rondo_var *kept = rondo_affine(tape, in[H0], c->zoneout, 0);
    out[0] = out[1] = rondo_add(tape, kept, rondo_affine(tape, fresh, 1 - c->zoneout, 0));
}

static void open_step(const law_case *c, real *const *values, const rondo_param *param, rondo__step_layer *layer,
                      rondo__step_weights *w) {
    layer->R = c->H;
    layer->options.elman = options_of(c);
    *w = (rondo__step_weights){.w_ih = &param[W_IH], .w_hh = &param[W_HH]};
    if (!c->no_bias) {
        w->b_ih = values[B_IH];
        w->b_hh = values[B_HH];
    }
}

const law_cell law_elman = {.name = "elman",
                            .results = 2,
                            .declare = declare,
                            .apply = apply,
                            .compose = compose,
                            .open_step = open_step,
                            .step = &rondo__elman_step};

/* The Jordan cell, free running and taught, before the laws. P is the output's width; Q, when it is not 0, that of what
 * a feedback matrix makes of it. */
#include "laws/law.h"

/* x s0 w_ih w_sh w_ho, then what the case has: b_ih b_o, F, teacher. */
enum { X, S0, W_IH, W_SH, W_HO, FIRST_OPTIONAL };

static int64_t state_width(const law_case *c) { return c->Q ? c->Q : c->P; }

static int declare(const law_case *c, law_array *a) {
    int64_t H = c->H, O = c->P, Q = state_width(c);
    int n = 0;
    a[n++] = (law_array){LAW_SEQUENCE, 3, {c->T, c->B, c->I}, 0};
    a[n++] = (law_array){LAW_STATE, 2, {c->B, Q}, 0};
    a[n++] = (law_array){LAW_PARAMETER, 2, {H, c->I}, 0};
    a[n++] = (law_array){LAW_PARAMETER, 2, {H, Q}, 0};
    a[n++] = (law_array){LAW_PARAMETER, 2, {O, H}, 0};
    if (!c->no_bias) {
        a[n++] = (law_array){LAW_PARAMETER, 1, {H}, 0};
        a[n++] = (law_array){LAW_PARAMETER, 1, {O}, 0};
    }
    if (c->Q)
        a[n++] = (law_array){LAW_PARAMETER, 2, {O, Q}, 0};
    if (c->teacher)
        a[n++] = (law_array){LAW_SEQUENCE, 3, {c->T, c->B, Q}, 0};
    return n;
}

static rondo_jordan_weights weights_of(const law_case *c, rondo_var *const *in, rondo_var **teacher) {
    rondo_jordan_weights w = {.w_ih = in[W_IH], .w_sh = in[W_SH], .w_ho = in[W_HO]};
    int n = FIRST_OPTIONAL;
    if (!c->no_bias) {
        w.b_ih = in[n++];
        w.b_o = in[n++];
    }
    if (c->Q)
        w.feedback = in[n++];
    *teacher = c->teacher ? in[n++] : NULL;
    return w;
}

static rondo_jordan_options options_of(const law_case *c) {
    return (rondo_jordan_options){
        .sequence = {.lengths = c->lengths, .reverse = c->reverse, .recurrent_dropout = c->recurrent_dropout},
        .activation = c->activation,
        .output = c->output,
        .decay = c->decay};
}

static void apply(rondo_tape *tape, const law_case *c, rondo_var *const *in, rondo_var **out) {
    rondo_var *teacher;
    rondo_jordan_weights weights = weights_of(c, in, &teacher);
    rondo_jordan_options options = options_of(c);
    rondo_jordan_result result = rondo_jordan(tape, in[X], in[S0], teacher, &weights, &options);
    out[0] = result.output;
    out[1] = result.hidden;
    out[2] = result.s;
}

static rondo_var *activate(rondo_tape *tape, rondo_activation f, rondo_var *a) {
    switch (f) {
    case RONDO_TANH:
        return rondo_tanh(tape, a);
    case RONDO_RELU:
        return rondo_relu(tape, a);
    case RONDO_SIGMOID:
        return rondo_sigmoid(tape, a);
    case RONDO_SOFTMAX:
        return rondo_softmax(tape, a);
    default:
        return a;
    }
}

static void compose(rondo_tape *tape, const law_case *c, rondo_var *const *in, rondo_var **out) {
    rondo_var *feed;
    rondo_jordan_weights w = weights_of(c, in, &feed);
    rondo_var *p = rondo_add(tape, rondo_linear(tape, in[X], w.w_ih, w.b_ih), rondo_linear(tape, in[S0], w.w_sh, NULL));
    out[1] = activate(tape, c->activation, p);
    out[0] = rondo_linear(tape, out[1], w.w_ho, w.b_o);
    if (!c->teacher) {
        feed = activate(tape, c->output, out[0]);
        feed = w.feedback ? rondo_matmul(tape, feed, w.feedback) : feed;
    }
    out[2] = rondo_add(tape, rondo_affine(tape, in[S0], c->decay, 0), feed);
}

static void open_step(const law_case *c, real *const *values, const rondo_param *param, rondo__step_layer *layer,
                      rondo__step_weights *w) {
    int n = FIRST_OPTIONAL;
    layer->O = c->P;
    layer->R = layer->Q = state_width(c);
    layer->options.jordan = options_of(c);
    *w = (rondo__step_weights){.w_ih = &param[W_IH], .w_sh = &param[W_SH], .w_ho = &param[W_HO]};
    if (!c->no_bias) {
        w->b_ih = values[n++];
        w->b_o = values[n++];
    }
    if (c->Q)
        w->feedback = values[n++];
}

const law_cell law_jordan = {.name = "jordan",
                             .results = 3,
                             .declare = declare,
                             .apply = apply,
                             .compose = compose,
                             .open_step = open_step,
                             .step = &rondo__jordan_step};

/* The Elman network (Elman, "Finding structure in time", 1990): the hidden layer sees its own last activation. This is
 * nn.RNN with tanh or ReLU, and sigmoid as in the paper.
 *
 * Equations, for one row at one step:
 *
 *     a_t = W_ih x_t + b_ih + W_hh (m∘h_{t-1}) + b_hh       m: recurrent dropout, 1 without
 *     f_t = f(a_t)
 *     h_t = k_t∘h_{t-1} + (1 - k_t)∘f_t                     k_t: zoneout, 0 without
 *
 * Layout. x (T, B, I), output (T, B, H); W_ih (H, I), W_hh (H, H), biases (H): PyTorch's weight_ih_l0 and so on; ONNX
 * RNN has the same matrices (W, R) and both biases side by side (B). Inside, arrays hold packed rows (sequence.h), N of
 * them.
 *
 * Saved from forward to backward (| ragged: only then, else the padded array itself serves):
 *
 *     plan | x (N, I) ragged | h (N, H) ragged | f (N, H) zoneout, else f is h | h0 (B, H) | mask (B, H) | keep (N, H)
 *
 * Scratch of forward:   W_ihᵀ, W_hhᵀ packed (unless the tape keeps them) | b_ih + b_hh (H) | m∘h (2, B, H)
 * Scratch of backward:  W_hh packed | dh (B, H) | d (B, H) | m∘.. (B, H) | da (N, H) | h_{t-1} (N, H) ragged
 * or masked | db (H) | dy (N, H) ragged | dx (N, I) ragged | packing room of the products */
#include <string.h>

#include "nn/activation.h"
#include "nn/cell.h"
#include "nn/step.h"
#include "nn/walk.h"

enum { X, H0, W_IH, W_HH, B_IH, B_HH, INPUTS };

/* One call: sizes, and where everything stands. */
typedef struct elman {
    rondo_context *context;
    const rondo_elman_options *options;
    const rondo__kernels *kernels;
    int64_t T, B, I, H, N;
    rondo__plan *plan;
    void *plan_memory;
    const real *x; /* (N, I) */
    real *h;       /* (N, H) */
    real *f;       /* (N, H) */
    real *h0;      /* (B, H) */
    real *mask;    /* (B, H) or NULL */
    real *keep;    /* (N, H) or NULL */
    real *x_room;  /* (N, I), ragged only */
    real *masked;  /* (2, B, H): units write the next step's while others read */
    rondo__form ih, hh;
    const real *w_ih, *w_hh; /* packed */
    rondo__inputs inputs;
    real *bias;    /* (H); backward: its gradient */
    real *dh, *d;  /* (B, H) */
    real *da;      /* (N, H) */
    real *prev;    /* (N, H) */
    real *dy_room; /* (N, H) */
    real *dx_room; /* (N, I) */
    void *room;
    const real *dy; /* (N, H) */
    rondo__input_back x_back;
} elman;

static size_t elman_saved(const rondo_call *call, elman *e) {
    bool dense;
    const rondo_sequence_options *sequence = &e->options->sequence;
    rondo__carver c = {call->saved, 0};
    e->N = rondo__count_rows(e->T, e->B, sequence, &dense);
    e->plan = rondo__carve_bytes(&c, sizeof *e->plan);
    e->plan_memory = rondo__carve_bytes(&c, rondo__plan_bytes(e->T, e->B));
    e->x_room = rondo__carve_if(&c, !dense, e->N * e->I);
    e->h = rondo__carve_if(&c, !dense, e->N * e->H);
    e->h0 = rondo__carve(&c, e->B * e->H);
    e->mask = rondo__carve_if(&c, call->training && sequence->recurrent_dropout > 0, e->B * e->H);
    e->keep = rondo__carve_if(&c, sequence->zoneout > 0, e->N * e->H);
    e->f = rondo__carve_if(&c, sequence->zoneout > 0, e->N * e->H);
    if (call->saved) {
        e->x = dense ? rondo__values(call->in[X]) : e->x_room;
        e->h = dense ? rondo__values(call->out[0]) : e->h;
        e->f = e->f ? e->f : e->h;
    }
    return c.used;
}

static size_t elman_scratch(const rondo_call *call, elman *e, bool backward) {
    rondo__carver c = {call->scratch, 0};
    bool dense;
    e->N = rondo__count_rows(e->T, e->B, &e->options->sequence, &dense);
    e->masked = rondo__carve(&c, 2 * e->B * e->H);
    e->hh = rondo__carve_form(
        &c, call, (rondo__form){.input = W_HH, .M = e->H, .K = e->H, .transposed = !backward, .uses = e->N});
    e->ih = (rondo__form){.input = W_IH, .M = e->H, .K = e->I, .transposed = !backward, .uses = e->N};
    if (!backward) {
        e->ih = rondo__carve_form(&c, call, e->ih);
        e->bias = rondo__carve(&c, e->H);
        return c.used;
    }
    e->ih = rondo__carve_input_form(&c, call, e->ih);
    e->dh = rondo__carve(&c, e->B * e->H);
    e->d = rondo__carve(&c, e->B * e->H);
    e->da = rondo__carve(&c, e->N * e->H);
    e->prev = rondo__carve_if(&c, !dense || e->options->sequence.recurrent_dropout > 0, e->N * e->H);
    e->bias = rondo__carve(&c, e->H);
    e->dy_room = rondo__carve_if(&c, !dense, e->N * e->H);
    e->dx_room = rondo__carve_if(&c, !dense, e->N * e->I);
    size_t room = rondo__weight_grad_scratch(e->H, e->I, e->N);
    room = rondo__larger(room, rondo__weight_grad_scratch(e->H, e->H, e->N));
    e->room = rondo__carve_bytes(&c, room);
    return c.used;
}

static elman elman_sizes(const rondo_call *call) {
    const int64_t *x = call->in[X]->value.dims;
    return (elman){.context = call->context,
                   .options = call->options,
                   .kernels = call->context->kernels,
                   .T = x[0],
                   .B = x[1],
                   .I = x[2],
                   .H = call->in[W_HH]->value.dims[1]};
}

static size_t elman_saved_bytes(const rondo_call *call) {
    rondo_call measured = *call;
    elman e = elman_sizes(call);
    measured.saved = NULL;
    return elman_saved(&measured, &e);
}

static size_t elman_scratch_bytes(const rondo_call *call, bool backward) {
    rondo_call measured = *call;
    elman e = elman_sizes(call);
    measured.scratch = NULL;
    return elman_scratch(&measured, &e, backward);
}

static elman elman_open(const rondo_call *call, bool backward) {
    elman e = elman_sizes(call);
    elman_saved(call, &e);
    elman_scratch(call, &e, backward);
    return e;
}

static rondo_status elman_shape(rondo_call *call, rondo_error *err) {
    const rondo_elman_options *options = call->options;
    rondo_status status = rondo__expect_sequence(call, &options->sequence, W_HH, "w_hh", err);
    if (status != RONDO_OK)
        return status;
    if (options->activation != RONDO_TANH && options->activation != RONDO_RELU && options->activation != RONDO_SIGMOID)
        return rondo__fail(err, RONDO_ARGUMENT, "elman: activation %d is none of tanh, ReLU, sigmoid",
                           (int)options->activation);
    const int64_t *x = call->in[X]->value.dims, T = x[0], B = x[1], I = x[2], H = call->in[W_HH]->value.dims[1];
    const rondo__expected expected[INPUTS] = {{"x", false, 3, {T, B, I}}, {"h0", true, 2, {B, H}},
                                              {"w_ih", false, 2, {H, I}}, {"w_hh", false, 2, {H, H}},
                                              {"b_ih", true, 1, {H}},     {"b_hh", true, 1, {H}}};
    status = rondo__expect_inputs(call, INPUTS, expected, err);
    if (status == RONDO_OK)
        status = rondo__expect_room("elman", T, B, H + I, err);
    rondo__set_shape(call->out[0], 3, T, B, H);
    rondo__set_shape(call->out[1], 2, B, H, 0);
    return status;
}

/* ---- forward ---- */

static void elman_inputs(void *arg) {
    const elman *e = arg;
    rondo__input_product(e->context, &e->inputs);
}

static void elman_walk_steps(elman *e, void (*before_rows)(void *e), rondo__rows_task by_rows,
                             rondo__units_task by_units) {
    rondo__walk_steps(e->context, e->plan,
                      &(rondo__walk){.units = e->H,
                                     .products = e->H * e->H,
                                     .before_rows = before_rows,
                                     .by_rows = by_rows,
                                     .by_units = by_units,
                                     .arg = e});
}

/* Units of the rows of one step: f holds W_ih x + b and becomes f_t; h receives h_t. All (rows, H). The streaming step
 * runs on it too. */
static void elman_rows(const elman *e, int64_t rows, rondo__units u, real *h, real *f, const real *keep,
                       const real *h_prev, const real *h_in) {
    rondo__gates_product(e->kernels, rows, 1, u, u.H, h_in, u.H, e->w_hh, f, u.H, NULL, true);
    rondo__activate_units(e->kernels, e->options->activation, rows, u, f, f);
    if (keep)
        rondo__mix_units(rows, u, h, keep, h_prev, f);
}

static void elman_walk(void *arg, int64_t first, int64_t count, int worker) {
    (void)worker;
    const elman *e = arg;
    const rondo__plan *plan = e->plan;
    const int64_t H = e->H, place = first * H;
    int64_t ready = rondo__inputs_ready(&e->inputs);
    for (int64_t s = 0; s < plan->steps; s++) {
        const int64_t rows = rondo__plan_running(plan, s, first, count), at = (plan->start[s] + first) * H;
        if (rows == 0)
            break;
        if (s == ready)
            rondo__input_units(e->kernels, &e->inputs, rondo__all_units(H), s, &ready);
        const real *h_prev = rondo__entering(plan, s, first, H, e->h0, e->h);
        const real *h_in =
            rondo__masked(e->kernels, rows * H, e->masked + place, h_prev, rondo__offset(e->mask, place));
        elman_rows(e, rows, rondo__all_units(H), e->h + at, e->f + at, rondo__offset(e->keep, at), h_prev, h_in);
        rondo__steps_done(e->context, s + 1);
    }
}

/* The units of m∘h, where step s reads them. */
static const real *elman_mask_units(const elman *e, int64_t s, int64_t rows, rondo__units u, const real *h) {
    if (!e->mask)
        return h;
    real *masked = e->masked + s % 2 * e->B * e->H;
    rondo__on_units(e->kernels->mul, rows, u, masked, h, e->mask);
    return masked;
}

static void elman_walk_units(void *arg, int64_t first, int64_t end, int worker) {
    const elman *e = arg;
    const rondo__plan *plan = e->plan;
    const rondo__units units = {e->H, first, end};
    const real *h_in = elman_mask_units(e, 0, plan->active[0], units, e->h0);
    int64_t ready = 0;
    if (e->mask)
        rondo__pool_meet(e->context->pool, worker);
    for (int64_t s = 0; s < plan->steps; s++) {
        const int64_t at = plan->start[s] * e->H;
        rondo__input_units(e->kernels, &e->inputs, units, s, &ready);
        elman_rows(e, plan->active[s], units, e->h + at, e->f + at, rondo__offset(e->keep, at),
                   rondo__entering(plan, s, 0, e->H, e->h0, e->h), h_in);
        if (s + 1 == plan->steps)
            break;
        h_in = elman_mask_units(e, s + 1, plan->active[s + 1], units, e->h + at);
        rondo__pool_meet(e->context->pool, worker);
    }
}

static rondo_status elman_forward(rondo_call *call, rondo_error *err) {
    (void)err;
    elman e = elman_open(call, false);
    const rondo_sequence_options *sequence = &e.options->sequence;
    rondo_context *context = call->context;
    const int64_t H = e.H, I = e.I;

    /* 1. the plan; x and h0 in its order; masks */
    rondo__plan_make(e.plan, e.plan_memory, e.T, e.B, sequence);
    e.x = rondo__packed_view(context, e.plan, I, rondo__values(call->in[X]), e.x_room);
    rondo__order_rows(e.plan, H, e.h0, rondo__values(call->in[H0]));
    if (e.mask)
        rondo__recurrent_mask(context, e.plan, H, e.mask, sequence->recurrent_dropout, call->seed, call->stream);
    if (e.keep)
        rondo__zoneout_mask(context, e.plan, H, e.keep, sequence->zoneout, call->training, call->seed, call->stream);
    /* 2. weights packed once, both biases in one */
    e.w_ih = rondo__form_packed(call, &e.ih);
    e.w_hh = rondo__form_packed(call, &e.hh);
    const real *bias = rondo__bias_sum(H, e.bias, rondo__values(call->in[B_IH]), rondo__values(call->in[B_HH]));
    /* 3. all inputs in one product, straight to where a_t then f_t will stand, then the steps; by units, blocks of
     * steps with their inputs */
    e.inputs = (rondo__inputs){e.plan, I, 1, H, e.x, e.w_ih, bias, e.f, context};
    elman_walk_steps(&e, elman_inputs, elman_walk, elman_walk_units);
    /* 4. outputs in the order of the batch */
    rondo__final_rows(e.plan, H, rondo__values(call->out[1]), e.h0, e.h);
    if (!e.plan->dense)
        rondo__scatter_rows(context, e.plan, H, rondo__values(call->out[0]), e.h, false);
    return RONDO_OK;
}

/* ---- backward ----
 * Let dh_t be the gradient of h_t: what comes from the output at t plus what step t+1 sends back. Then
 *
 *     df_t = (1 - k_t)∘dh_t                       da_t = df_t ∘ f'(a_t)
 *     dh_{t-1} += k_t∘dh_t + m∘(W_hhᵀ da_t)
 *
 * and over all rows, outside the loop,
 *
 *     dW_hh = Σ da_t (m∘h_{t-1})ᵀ    dW_ih = Σ da_t x_tᵀ    db = Σ da_t    dx_t = W_ihᵀ da_t
 *
 * A row that ends early starts with the gradient of its final state, which dh holds from the beginning. */

/* Rows at places first.. of step s, up to da: what a unit does by itself. */
static void elman_units_back(const elman *e, int64_t s, int64_t first, int64_t rows, rondo__units u) {
    const int64_t H = e->H, packed = (e->plan->start[s] + first) * H;
    real *dh = e->dh + first * H, *d = e->keep ? e->d + first * H : dh;
    rondo__on_units(e->kernels->add, rows, u, dh, dh, e->dy + packed);
    if (e->keep)
        rondo__split_units(rows, u, d, dh, e->keep + packed);
    for (int64_t at = packed + u.first; at < packed + rows * H; at += H)
        memset(e->da + at, 0, (size_t)(u.end - u.first) * sizeof(real));
    rondo__activate_units_backward(e->kernels, e->options->activation, rows, u, e->da + packed, e->f + packed, d);
}

/* The product of da, all units of it. */
static void elman_product_back(const elman *e, int64_t s, int64_t first, int64_t rows, rondo__units u) {
    const int64_t H = e->H, place = first * H;
    rondo__recurrent_back(e->kernels, rows, u, H, e->dh + place, e->da + e->plan->start[s] * H + place, H, e->w_hh,
                          rondo__offset(e->mask, place), e->masked + place, e->keep != NULL);
}

static void elman_walk_back(void *arg, int64_t first, int64_t count, int worker) {
    (void)worker;
    elman *e = arg;
    for (int64_t s = e->plan->steps - 1; s >= 0; s--) {
        const int64_t rows = rondo__plan_running(e->plan, s, first, count);
        if (rows == 0)
            continue;
        rondo__steps_await(e->context, e->plan->steps - s);
        elman_units_back(e, s, first, rows, rondo__all_units(e->H));
        elman_product_back(e, s, first, rows, rondo__all_units(e->H));
        rondo__input_grad_steps(&e->x_back, s);
    }
}

/* The step before begins with own units again and writes to other rows of da: one meeting a step is enough. */
static void elman_walk_back_units(void *arg, int64_t first, int64_t end, int worker) {
    const elman *e = arg;
    const rondo__units units = {e->H, first, end};
    for (int64_t s = e->plan->steps - 1; s >= 0; s--) {
        elman_units_back(e, s, 0, e->plan->active[s], units);
        rondo__pool_meet(e->context->pool, worker);
        elman_product_back(e, s, 0, e->plan->active[s], units);
    }
}

static void elman_open_x_back(const rondo_call *call, elman *e) {
    rondo_var *x = call->in[X];
    const real *packed = rondo__wants_grad(x) ? rondo__form_packed(call, &e->ih) : NULL;
    e->x_back = (rondo__input_back){e->context, e->plan, x, e->I, e->H, packed, e->da, e->dx_room, 0};
}

/* All but the gradient of x. */
static void elman_own_back(rondo_call *call, elman *e) {
    rondo_context *context = call->context;
    const int64_t H = e->H, I = e->I;

    /* 4. gradients of the outputs in the order of the plan */
    e->dy = rondo__packed_view(context, e->plan, H, call->out[0]->grad, e->dy_room);
    rondo__order_rows(e->plan, H, e->dh, call->out[1]->grad);
    /* 3. the steps, last to first */
    e->w_hh = rondo__form_packed(call, &e->hh);
    elman_walk_steps(e, NULL, elman_walk_back, elman_walk_back_units);
    if (rondo__wants_grad(call->in[H0]))
        rondo__unorder_rows(e->plan, H, call->in[H0]->grad, e->dh, true);
    /* 2. weights and inputs, each one product over all rows */
    rondo__recurrent_weight_grad(context, e->room, e->plan, call->in[W_HH], H, H, e->da, call->in[H0] ? e->h0 : NULL,
                                 e->h, e->mask, e->prev);
    rondo__weight_grad(context, e->room, call->in[W_IH], 0, H, I, e->N, e->da, H, e->x);
    rondo__bias_grads(context, call->in[B_IH], call->in[B_HH], H, e->N, e->da, e->bias);
}

static rondo_status elman_backward_own(rondo_call *call, rondo_error *err) {
    (void)err;
    elman e = elman_open(call, true);
    elman_own_back(call, &e);
    return RONDO_OK;
}

static rondo_status elman_backward_x(rondo_call *call, rondo_error *err) {
    (void)err;
    elman e = elman_open(call, true);
    elman_open_x_back(call, &e);
    rondo__input_grad(&e.x_back);
    return RONDO_OK;
}

static rondo_status elman_backward(rondo_call *call, rondo_error *err) {
    (void)err;
    elman e = elman_open(call, true);
    elman_open_x_back(call, &e);
    elman_own_back(call, &e);
    rondo__input_grad(&e.x_back);
    return RONDO_OK;
}

/* ---- the operator ---- */

static bool elman_in_steps(const rondo_call *call) {
    const rondo_sequence_options *sequence = &((const rondo_elman_options *)call->options)->sequence;
    const int64_t *x = call->in[X]->value.dims;
    return rondo__walks_in_steps(x[0], x[1], sequence);
}

static const rondo__together elman_together = {elman_backward_own, elman_backward_x, elman_in_steps};

static const rondo_op elman_op = {
    .name = "elman",
    .options_size = sizeof(rondo_elman_options),
    .shape = elman_shape,
    .saved_bytes = elman_saved_bytes,
    .scratch_bytes = elman_scratch_bytes,
    .device[RONDO_CPU] = {elman_forward, elman_backward},
    .together = &elman_together,
    .weights = 1 << W_IH | 1 << W_HH,
};

/* Layers start their weights uniform in ±1/√H (PyTorch's choice), which keeps the product W_hh h of unit scale; for
 * ReLU the identity as W_hh (Le 2015) remembers longer and can be had through the parameters. */
rondo_elman_result rondo_elman(rondo_tape *tape, rondo_var *x, rondo_var *h0, const rondo_elman_weights *weights,
                               const rondo_elman_options *options) {
    const rondo_elman_weights none = {NULL}, *w = weights ? weights : &none;
    const rondo_elman_options defaults = {.activation = RONDO_TANH};
    rondo_var *const in[INPUTS] = {x, h0, w->w_ih, w->w_hh, w->b_ih, w->b_hh};
    rondo_var *out[2];
    rondo_apply(tape, &elman_op, options ? options : &defaults, INPUTS, in, 2, out);
    return (rondo_elman_result){out[0], out[1]};
}

/* ---- streaming ---- */

/* memory: this | W_ihᵀ | W_hhᵀ | bias (H) | f (B, H) | keep (B, H), all the rate, where zoneout is set */
typedef struct elman_stream {
    elman cell;
    rondo_elman_options options;
    real *w_ih, *w_hh; /* packed */
    const real *bias;  /* (H) or NULL */
} elman_stream;

static size_t elman_stream_carve(const rondo__step_layer *layer, elman_stream *stream, bool place) {
    rondo__carver c = {place ? layer->memory : NULL, 0};
    const int64_t B = layer->B, I = layer->I, H = layer->H;
    rondo__carve_bytes(&c, sizeof *stream);
    stream->options = layer->options.elman;
    stream->cell = (elman){.options = &stream->options, .kernels = layer->kernels, .B = B, .I = I, .H = H};
    stream->cell.w_ih = stream->w_ih = rondo__carve(&c, rondo__packed_count(I, H));
    stream->cell.w_hh = stream->w_hh = rondo__carve(&c, rondo__packed_count(H, H));
    stream->cell.bias = rondo__carve(&c, H);
    stream->cell.f = rondo__carve(&c, B * H);
    stream->cell.keep = rondo__carve_if(&c, layer->options.elman.sequence.zoneout > 0, B * H);
    return c.used;
}

static size_t elman_stream_bytes(const rondo__step_layer *layer, const rondo__step_weights *weights) {
    (void)weights;
    elman_stream stream;
    return elman_stream_carve(layer, &stream, false);
}

static void elman_stream_pack(rondo__step_layer *layer, const rondo__step_weights *weights) {
    elman_stream *stream = layer->memory;
    const int64_t H = layer->H;
    elman_stream_carve(layer, stream, true);
    layer->units = H;
    const elman *e = &stream->cell;
    rondo__param_pack(weights->w_ih, layer->context, stream->w_ih);
    rondo__param_pack(weights->w_hh, layer->context, stream->w_hh);
    stream->bias = NULL;
    if (rondo__bias_sum(H, e->bias, weights->b_ih, weights->b_hh)) {
        const real *sum = rondo__bias_sum(H, e->bias, weights->b_ih, weights->b_hh);
        if (sum != e->bias)
            memcpy(e->bias, sum, (size_t)H * sizeof *sum);
        stream->bias = e->bias;
    }
    for (int64_t j = 0; e->keep && j < layer->B * H; j++)
        e->keep[j] = layer->options.elman.sequence.zoneout;
}

static void elman_stream_units(rondo__step_layer *layer, const real *x, real *y, int64_t first, int64_t end) {
    const elman_stream *stream = layer->memory;
    const elman *e = &stream->cell;
    const int64_t B = layer->B, I = layer->I, H = layer->H;
    layer->kernels->gemm(B, H, I, x, I, 1, e->w_ih, first, end, e->f, H, stream->bias, false);
    elman_rows(e, B, (rondo__units){H, first, end}, e->f, e->f, e->keep, layer->h, layer->h);
    for (int64_t at = first; at < B * H; at += H)
        memcpy(y + at, e->f + at, (size_t)(end - first) * sizeof *y);
}

static void elman_stream_finish(rondo__step_layer *layer) {
    const elman_stream *stream = layer->memory;
    memcpy(layer->h, stream->cell.f, (size_t)(layer->B * layer->H) * sizeof(real));
}

static void elman_stream_step(rondo__step_layer *layer, const real *x, real *y) {
    elman_stream_units(layer, x, y, 0, layer->H);
    elman_stream_finish(layer);
}

const rondo__step_class rondo__elman_step = {elman_stream_bytes, elman_stream_pack, elman_stream_step,
                                             elman_stream_units, elman_stream_finish};

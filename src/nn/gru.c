/* The gated recurrent unit (Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014), in both its
 * forms. They are different models; weights of one do not serve the other.
 *
 * Equations, for one row at one step, with h̃ = m∘h_{t-1} (m: recurrent dropout, 1 without):
 *
 *     r = σ(W_ir x + b_ir + W_hr h̃ + b_hr)                z = σ(W_iz x + b_iz + W_hz h̃ + b_hz)
 *     n = tanh(W_in x + b_in + r∘(W_hn h̃ + b_hn))         reset after the product: nn.GRU, the default
 *     n = tanh(W_in x + b_in + W_hn (r∘h̃) + b_hn)         reset before the product: the paper's
 *     h' = (1 - z)∘n + z∘h_{t-1}
 *     h_t = k∘h_{t-1} + (1 - k)∘h'                        k: zoneout, 0 without
 *
 * Layer normalisation replaces each product of [r,z] (2H wide) and of n (H wide), input's and state's apart, by its LN
 * with gain_x, gain_h; biases are added after it.
 *
 * Layout. x (T, B, I), output (T, B, H); W_ih (3H, I), W_hh (3H, H), biases and gains (3H), gates r, z, n: PyTorch's
 * weight_ih_l0 and so on. ONNX GRU orders z, r, n (linear_before_reset = 1 is reset after); Keras z, r, n transposed
 * (reset_after likewise). Inside, arrays hold packed rows (sequence.h), N of them.
 *
 * Saved from forward to backward (ragged: only then, else the padded array itself serves):
 *
 *     plan | x (N, I) ragged | h (N, H) ragged | h0 (B, H) | mask (B, H) | keep (N, H)
 *     | gates r|z|n (N, 3H) | reset after: W_hn h̃ + b_hn (N, H)
 *     | normalised: raw products of x and of h, (N, 3H) each, and four times (mean, rstd) (N, 2)
 *
 * Scratch of forward:   W_ihᵀ, W_hhᵀ packed (unless the tape keeps them) | b_ih + b_hh (3H) | recurrent products of a
 * step (B, 3H) | m∘h (2, B, H) | r∘m∘h, h' (B, H)
 *
 * Scratch of backward:  W_hh packed (likewise) | dh, d, .. (B, H) | da of x, da of h, each again before normalisation
 * (N, 3H) | m∘h_{t-1} (N, H) ragged, masked or reset before, r∘ of it | sums (3H) | dy, dx, ragged only | packing room
 * of the products
 *
 * Reset before has one pre-activation for both sides, so da of x is da of h there, and both biases act as one. */
#include "nn/gru.h"

#include <string.h>

static void gru_saved(const rondo_call *call, rondo__gru *g, rondo__carver *c) {
    const rondo_sequence_options *sequence = &g->options->sequence;
    const int64_t N = g->N, B = g->B, H = g->H;
    g->plan = rondo__carve_bytes(c, sizeof *g->plan);
    g->plan_memory = rondo__carve_bytes(c, rondo__plan_bytes(g->T, B));
    g->x_room = rondo__carve_if(c, !g->dense, N * g->I);
    g->h = rondo__carve_if(c, !g->dense, N * H);
    g->h0 = rondo__carve(c, B * H);
    g->mask = rondo__carve_if(c, call->training && sequence->recurrent_dropout > 0, B * H);
    g->keep = rondo__carve_if(c, sequence->zoneout > 0, N * H);
    g->gates = rondo__carve(c, N * 3 * H);
    g->ahn = rondo__carve_if(c, !g->options->reset_before, N * H);
    g->raw_x = rondo__carve_if(c, g->norm, N * 3 * H);
    g->raw_h = rondo__carve_if(c, g->norm, N * 3 * H);
    for (int i = 0; i < 4; i++)
        g->stats[i] = rondo__carve_if(c, g->norm, N * 2);
    if (c->base) {
        g->x = g->dense ? rondo__values(call->in[GRU_X]) : g->x_room;
        g->h = g->dense ? rondo__values(call->out[0]) : g->h;
    }
}

static void gru_backward_scratch(rondo__gru *g, rondo__carver *c) {
    const int64_t N = g->N, H = g->H;
    const bool before = g->options->reset_before;
    g->dh = rondo__carve(c, g->B * H);
    g->d = rondo__carve(c, g->B * H);
    g->da_x = rondo__carve(c, N * 3 * H);
    g->da_h = before ? g->da_x : rondo__carve(c, N * 3 * H);
    g->draw_x = g->norm ? rondo__carve(c, N * 3 * H) : g->da_x;
    g->draw_h = g->norm ? rondo__carve(c, N * 3 * H) : g->da_h;
    g->prev = rondo__carve_if(c, before || !g->dense || g->options->sequence.recurrent_dropout > 0, N * H);
    g->reset = rondo__carve_if(c, before, N * H);
    g->dy_room = rondo__carve_if(c, !g->dense, N * H);
    g->dx_room = rondo__carve_if(c, !g->dense, N * g->I);
    size_t room = rondo__weight_grad_scratch(3 * H, g->I, N);
    room = rondo__larger(room, rondo__weight_grad_scratch(3 * H, H, N));
    g->room = rondo__carve_bytes(c, room);
}

static void gru_scratch(const rondo_call *call, rondo__gru *g, rondo__carver *c, bool backward) {
    const int64_t B = g->B, H = g->H;
    const bool before = g->options->reset_before;
    const rondo__form hh = {.input = GRU_W_HH, .M = 3 * H, .K = H, .transposed = !backward, .uses = g->N};
    g->ih = hh;
    g->ih.input = GRU_W_IH;
    g->ih.K = g->I;
    g->hh = g->hn = hh;
    if (before) {
        g->hh.M = g->hn.row = 2 * H;
        g->hn.M = H;
        g->hn = rondo__carve_form(c, call, g->hn);
    }
    g->hh = rondo__carve_form(c, call, g->hh);
    g->masked = rondo__carve(c, 2 * B * H);
    g->fresh = rondo__carve(c, B * H);
    g->bias = rondo__carve(c, 3 * H);
    if (backward) {
        g->ih = rondo__carve_input_form(c, call, g->ih);
        gru_backward_scratch(g, c);
        return;
    }
    g->ih = rondo__carve_form(c, call, g->ih);
    g->ah = rondo__carve(c, B * 3 * H);
    g->reset = rondo__carve_if(c, before, B * H);
}

static rondo__gru gru_sizes(const rondo_call *call) {
    const int64_t *x = call->in[GRU_X]->value.dims;
    rondo__gru g = {.context = call->context,
                    .options = call->options,
                    .kernels = call->context->kernels,
                    .T = x[0],
                    .B = x[1],
                    .I = x[2]};
    g.H = call->in[GRU_W_HH]->value.dims[1];
    g.norm = call->in[GRU_GAIN_X] != NULL;
    g.N = rondo__count_rows(g.T, g.B, &g.options->sequence, &g.dense);
    return g;
}

static size_t gru_saved_bytes(const rondo_call *call) {
    rondo__carver c = {NULL, 0};
    rondo__gru g = gru_sizes(call);
    gru_saved(call, &g, &c);
    return c.used;
}

static size_t gru_scratch_bytes(const rondo_call *call, bool backward) {
    rondo__carver c = {NULL, 0};
    rondo__gru g = gru_sizes(call);
    gru_scratch(call, &g, &c, backward);
    return c.used;
}

rondo__gru rondo__gru_open(const rondo_call *call, bool backward) {
    rondo__carver saved = {call->saved, 0}, scratch = {call->scratch, 0};
    rondo__gru g = gru_sizes(call);
    gru_saved(call, &g, &saved);
    gru_scratch(call, &g, &scratch, backward);
    g.gates_of = (rondo__gru_gates){.kernels = g.kernels,
                                    .H = g.H,
                                    .reset_before = g.options->reset_before,
                                    .b_hh = g.options->reset_before ? NULL : rondo__values(call->in[GRU_B_HH]),
                                    .gain_h = rondo__values(call->in[GRU_GAIN_H])};
    return g;
}

void rondo__gru_pack(const rondo_call *call, rondo__gru *g) {
    g->gates_of.w_hh = rondo__form_packed(call, &g->hh);
    g->gates_of.w_hn = g->options->reset_before ? rondo__form_packed(call, &g->hn) : NULL;
}

void rondo__gru_walk(rondo__gru *g, void (*before_rows)(void *g), rondo__rows_task by_rows,
                     rondo__units_task by_units) {
    rondo__walk_steps(g->context, g->plan,
                      &(rondo__walk){.units = g->H,
                                     .products = 3 * g->H * g->H,
                                     .meetings = g->options->reset_before ? 2 : 1,
                                     .before_rows = before_rows,
                                     .by_rows = by_rows,
                                     .by_units = g->norm ? NULL : by_units,
                                     .arg = g});
}

static rondo_status gru_shape(rondo_call *call, rondo_error *err) {
    const rondo_gru_options *options = call->options;
    rondo_status status = rondo__expect_sequence(call, &options->sequence, GRU_W_HH, "w_hh", err);
    if (status != RONDO_OK)
        return status;
    const int64_t *x = call->in[GRU_X]->value.dims, T = x[0], B = x[1], I = x[2];
    const int64_t H = call->in[GRU_W_HH]->value.dims[1];
    const rondo__expected expected[GRU_INPUTS] = {{"x", false, 3, {T, B, I}},     {"h0", true, 2, {B, H}},
                                                  {"w_ih", false, 2, {3 * H, I}}, {"w_hh", false, 2, {3 * H, H}},
                                                  {"b_ih", true, 1, {3 * H}},     {"b_hh", true, 1, {3 * H}},
                                                  {"gain_x", true, 1, {3 * H}},   {"gain_h", true, 1, {3 * H}}};
    status = rondo__expect_inputs(call, GRU_INPUTS, expected, err);
    if (status == RONDO_OK && !call->in[GRU_GAIN_X] != !call->in[GRU_GAIN_H])
        status = rondo__fail(err, RONDO_ARGUMENT, "gru: gain_x and gain_h go together, one is missing");
    if (status == RONDO_OK)
        status = rondo__expect_room("gru", T, B, H + I, err);
    rondo__set_shape(call->out[0], 3, T, B, H);
    rondo__set_shape(call->out[1], 2, B, H, 0);
    return status;
}

/* ---- forward: one step ---- */

/* out (rows, n; 3H apart) = LN(x; gain), + bias where there is one. */
static void normalise(const rondo__gru_gates *g, int64_t rows, int64_t n, real *out, const real *x, const real *gain,
                      const real *bias, real *stats) {
    for (int64_t i = 0; i < rows; i++)
        g->kernels->layer_norm_row(n, out + i * 3 * g->H, x + i * 3 * g->H, gain, bias, RONDO_NORM_EPS, stats + 2 * i);
}

static void recurrent_products(const rondo__gru_gates *g, const rondo__gru_rows *r) {
    const int64_t H = g->H, G = 3 * H;
    if (!g->gain_h) {
        rondo__gates_product(g->kernels, r->rows, 3, r->units, H, r->h_in, H, g->w_hh, r->ah, G, g->b_hh, false);
        return;
    }
    g->kernels->gemm(r->rows, G, H, r->h_in, H, 1, g->w_hh, 0, G, r->raw_h, G, NULL, false);
    normalise(g, r->rows, 2 * H, r->ah, r->raw_h, g->gain_h, g->b_hh, r->stats_rz);
    normalise(g, r->rows, H, r->ah + 2 * H, r->raw_h + 2 * H, g->gain_h + 2 * H, g->b_hh ? g->b_hh + 2 * H : NULL,
              r->stats_n);
}

/* `count` gates from column `from` on += recurrent product of in (rows, H), normalised where there is a gain. */
static void add_product(const rondo__gru_gates *g, const rondo__gru_rows *r, int64_t from, int64_t count,
                        const real *in, const real *packed, real *stats) {
    const int64_t H = g->H, G = 3 * H, n = count * H;
    if (!g->gain_h) {
        rondo__gates_product(g->kernels, r->rows, count, r->units, H, in, H, packed, r->gates + from, G, NULL, true);
        return;
    }
    g->kernels->gemm(r->rows, n, H, in, H, 1, packed, 0, n, r->raw_h + from, G, NULL, false);
    for (int64_t i = 0; i < r->rows; i++) { /* what the gates hold is added as a bias */
        real *gates = r->gates + i * G + from;
        g->kernels->layer_norm_row(n, gates, r->raw_h + i * G + from, g->gain_h + from, gates, RONDO_NORM_EPS,
                                   stats + 2 * i);
    }
}

void rondo__gru_begin_rows(const rondo__gru_gates *g, const rondo__gru_rows *r) {
    const int64_t H = g->H, first = r->units.first, n = r->units.end - first;
    if (!g->reset_before) {
        recurrent_products(g, r);
        return;
    }
    add_product(g, r, 0, 2, r->h_in, g->w_hh, r->stats_rz);
    for (int64_t i = 0; i < r->rows; i++) {
        real *gates = r->gates + i * 3 * H + first;
        g->kernels->sigmoid(n, gates, gates);
        g->kernels->sigmoid(n, gates + H, gates + H);
        g->kernels->mul(n, r->reset + i * H + first, gates, r->h_in + i * H + first);
    }
}

static void end_reset_after(const rondo__gru_gates *g, const rondo__gru_rows *r, real *h) {
    const int64_t H = g->H, G = 3 * H, first = r->units.first, n = r->units.end - first;
    for (int64_t i = 0; i < r->rows; i++) {
        const int64_t at = i * H + first;
        real *gates = r->gates + i * G + first;
        const real *ah = r->ah + i * G + first;
        if (r->ahn)
            memcpy(r->ahn + at, ah + 2 * H, (size_t)n * sizeof(real));
        g->kernels->gru_gates(n, H, gates, gates, ah, r->h_prev + at, h + at);
    }
}

/* h = (1 - z)∘n + z∘h_prev over count units. */
static void interpolate(int64_t count, real *h, const real *z, const real *n, const real *h_prev) {
    for (int64_t j = 0; j < count; j++)
        h[j] = (1 - z[j]) * n[j] + z[j] * h_prev[j];
}

static void end_reset_before(const rondo__gru_gates *g, const rondo__gru_rows *r, real *h) {
    const int64_t H = g->H, first = r->units.first, n = r->units.end - first;
    add_product(g, r, 2 * H, 1, r->reset, g->w_hn, r->stats_n);
    for (int64_t i = 0; i < r->rows; i++) {
        const int64_t at = i * H + first;
        real *gates = r->gates + i * 3 * H + first;
        g->kernels->tanh(n, gates + 2 * H, gates + 2 * H);
        interpolate(n, h + at, gates + H, gates + 2 * H, r->h_prev + at);
    }
}

void rondo__gru_end_rows(const rondo__gru_gates *g, const rondo__gru_rows *r) {
    real *h = r->keep ? r->fresh : r->h;
    if (g->reset_before)
        end_reset_before(g, r, h);
    else
        end_reset_after(g, r, h);
    if (r->keep)
        rondo__mix_units(r->rows, r->units, r->h, r->keep, r->h_prev, h);
}

/* ---- forward: all steps ---- */

/* Step s of rows at places first.., all but h_in. */
static rondo__gru_rows rows_of_step(const rondo__gru *g, int64_t s, int64_t first, int64_t rows) {
    const int64_t H = g->H, at = g->plan->start[s] + first, place = first * H;
    return (rondo__gru_rows){.rows = rows,
                             .units = rondo__all_units(H),
                             .h_prev = rondo__entering(g->plan, s, first, H, g->h0, g->h),
                             .gates = g->gates + at * 3 * H,
                             .h = g->h + at * H,
                             .ah = g->ah + first * 3 * H,
                             .reset = rondo__offset(g->reset, place),
                             .ahn = rondo__offset(g->ahn, at * H),
                             .raw_h = rondo__offset(g->raw_h, at * 3 * H),
                             .stats_rz = rondo__offset(g->stats[2], at * 2),
                             .stats_n = rondo__offset(g->stats[3], at * 2),
                             .keep = rondo__offset(g->keep, at * H),
                             .fresh = g->fresh + place};
}

static void gru_walk(void *arg, int64_t first, int64_t count, int worker) {
    (void)worker;
    const rondo__gru *g = arg;
    const int64_t H = g->H, place = first * H;
    int64_t ready = rondo__inputs_ready(&g->inputs);
    for (int64_t s = 0; s < g->plan->steps; s++) {
        const int64_t rows = rondo__plan_running(g->plan, s, first, count);
        if (rows == 0)
            break;
        if (s == ready)
            rondo__input_units(g->kernels, &g->inputs, rondo__all_units(H), s, &ready);
        rondo__gru_rows r = rows_of_step(g, s, first, rows);
        r.h_in = rondo__masked(g->kernels, rows * H, g->masked + place, r.h_prev, rondo__offset(g->mask, place));
        rondo__gru_step_rows(&g->gates_of, &r);
        rondo__steps_done(g->context, s + 1);
    }
}

/* The units of m∘h, where step s reads them. */
static const real *mask_units(const rondo__gru *g, int64_t s, int64_t rows, rondo__units u, const real *h) {
    if (!g->mask)
        return h;
    real *masked = g->masked + s % 2 * g->B * g->H;
    rondo__on_units(g->kernels->mul, rows, u, masked, h, g->mask);
    return masked;
}

static void gru_walk_units(void *arg, int64_t first, int64_t end, int worker) {
    const rondo__gru *g = arg;
    const rondo__plan *plan = g->plan;
    const rondo__units units = {g->H, first, end};
    rondo__pool *pool = g->context->pool;
    const real *h_in = mask_units(g, 0, plan->active[0], units, g->h0);
    int64_t ready = 0;
    if (g->mask)
        rondo__pool_meet(pool, worker);
    for (int64_t s = 0; s < plan->steps; s++) {
        rondo__input_units(g->kernels, &g->inputs, units, s, &ready);
        rondo__gru_rows r = rows_of_step(g, s, 0, plan->active[s]);
        r.units = units;
        r.h_in = h_in;
        rondo__gru_begin_rows(&g->gates_of, &r);
        if (g->options->reset_before)
            rondo__pool_meet(pool, worker);
        rondo__gru_end_rows(&g->gates_of, &r);
        if (s + 1 == plan->steps)
            break;
        h_in = mask_units(g, s + 1, plan->active[s + 1], units, r.h);
        rondo__pool_meet(pool, worker);
    }
}

static void prepare_inputs(const rondo_call *call, rondo__gru *g) {
    const real *bias = rondo__values(call->in[GRU_B_IH]);
    if (g->options->reset_before)
        bias = rondo__bias_sum(3 * g->H, g->bias, bias, rondo__values(call->in[GRU_B_HH]));
    g->inputs = (rondo__inputs){.plan = g->plan,
                                .I = g->I,
                                .gates = 3,
                                .H = g->H,
                                .x = g->x,
                                .packed = rondo__form_packed(call, &g->ih),
                                .bias = g->norm ? NULL : bias,
                                .y = g->norm ? g->raw_x : g->gates,
                                .context = g->context};
    g->gain_x = rondo__values(call->in[GRU_GAIN_X]);
    g->bias_x = bias;
}

/* gates (N, 3H) = W_ih x + bias, normalised where there are gains. */
static void gru_inputs(void *arg) {
    const rondo__gru *g = arg;
    const int64_t H = g->H, G = 3 * H;
    rondo__input_product(g->context, &g->inputs);
    if (g->norm) {
        rondo__norm_rows(g->context, g->N, 2 * H, G, g->gates, g->raw_x, g->gain_x, g->bias_x, g->stats[0]);
        rondo__norm_rows(g->context, g->N, H, G, g->gates + 2 * H, g->raw_x + 2 * H, g->gain_x + 2 * H,
                         g->bias_x ? g->bias_x + 2 * H : NULL, g->stats[1]);
    }
}

static rondo_status gru_forward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__gru g = rondo__gru_open(call, false);
    const rondo_sequence_options *sequence = &g.options->sequence;
    rondo_context *context = call->context;
    const int64_t H = g.H;

    /* 1. the plan; x and h0 in its order; masks */
    rondo__plan_make(g.plan, g.plan_memory, g.T, g.B, sequence);
    g.x = rondo__packed_view(context, g.plan, g.I, rondo__values(call->in[GRU_X]), g.x_room);
    rondo__order_rows(g.plan, H, g.h0, rondo__values(call->in[GRU_H0]));
    if (g.mask)
        rondo__recurrent_mask(context, g.plan, H, g.mask, sequence->recurrent_dropout, call->seed, call->stream);
    if (g.keep)
        rondo__zoneout_mask(context, g.plan, H, g.keep, sequence->zoneout, call->training, call->seed, call->stream);
    /* 2. weights packed once */
    prepare_inputs(call, &g);
    rondo__gru_pack(call, &g);
    /* 3. all inputs in one product, then the steps; by units, blocks of steps with their inputs */
    rondo__gru_walk(&g, gru_inputs, gru_walk, gru_walk_units);
    /* 4. outputs in the order of the batch */
    rondo__final_rows(g.plan, H, rondo__values(call->out[1]), g.h0, g.h);
    if (!g.plan->dense)
        rondo__scatter_rows(context, g.plan, H, rondo__values(call->out[0]), g.h, false);
    return RONDO_OK;
}

/* ---- the operator ---- */

/* Normalisation goes over the products of all inputs at once. */
static bool gru_in_steps(const rondo_call *call) {
    const rondo__gru g = gru_sizes(call);
    return !g.norm && rondo__walks_in_steps(g.T, g.B, &g.options->sequence);
}

static const rondo__together gru_together = {rondo__gru_backward_own, rondo__gru_backward_in, gru_in_steps};

static const rondo_op gru_op = {
    .name = "gru",
    .options_size = sizeof(rondo_gru_options),
    .shape = gru_shape,
    .saved_bytes = gru_saved_bytes,
    .scratch_bytes = gru_scratch_bytes,
    .device[RONDO_CPU] = {gru_forward, rondo__gru_backward},
    .together = &gru_together,
    .weights = 1 << GRU_W_IH | 1 << GRU_W_HH,
};

/* Layers start their weights uniform in ±1/√H (PyTorch's choice) and all gates half open: z = 1/2 carries the state
 * from step to step without a biased start, since what z takes from the old state it gives to the new. */
rondo_gru_result rondo_gru(rondo_tape *tape, rondo_var *x, rondo_var *h0, const rondo_gru_weights *weights,
                           const rondo_gru_options *options) {
    const rondo_gru_weights none = {NULL}, *w = weights ? weights : &none;
    const rondo_gru_options defaults = {.reset_before = false};
    rondo_var *const in[GRU_INPUTS] = {x, h0, w->w_ih, w->w_hh, w->b_ih, w->b_hh, w->gain_x, w->gain_h};
    rondo_var *out[2];
    rondo_apply(tape, &gru_op, options ? options : &defaults, GRU_INPUTS, in, 2, out);
    return (rondo_gru_result){out[0], out[1]};
}

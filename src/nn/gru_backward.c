/* Backward of the GRU; gru.c tells the equations and the layout.
 *
 * Let dh be the gradient of h_t: what comes from the output at t plus what step t+1 sends back, and d = (1 - k)∘dh that
 * of h' = (1 - z)∘n + z∘h_{t-1}. Then for both forms
 *
 *     da_n = d∘(1 - z)∘(1 - n²)     da_z = d∘(h_{t-1} - n)∘z(1 - z)     dh_{t-1} = k∘dh + d∘z + m∘dh̃
 *
 * and, with p_n = W_hn h̃ + b_hn,
 *
 *     reset after:    da_r = da_n∘p_n∘r(1 - r)     of the state's side of n: dp_n = da_n∘r
 *                     dh̃ = W_hhᵀ (da_r | da_z | dp_n)
 *     reset before:   q = W_hnᵀ da_n               da_r = q∘h̃∘r(1 - r)
 *                     dh̃ = q∘r + W_h(r,z)ᵀ (da_r | da_z)
 *
 * Layer normalisation stands between a product and its pre-activation: the gradient passes back through it before it
 * meets W. Over all rows, outside the loop: dW_hh = Σ (da_r | da_z | dp_n) h̃ᵀ (reset before: da_n (r∘h̃)ᵀ for the last
 * block), dW_ih = Σ da xᵀ, db = Σ da, dx = W_ihᵀ da, and gains by columns. */
#include <string.h>

#include "nn/gru.h"

/* draw columns [from, from + n) of rows at.. = gradient before the normalisation; without it they are da itself. */
static void norm_back(const rondo__gru *g, int64_t at, int64_t rows, int64_t from, int64_t n, const real *stats) {
    const int64_t G = 3 * g->H;
    if (!g->norm)
        return;
    for (int64_t i = at; i < at + rows; i++) {
        real *draw = g->draw_h + i * G + from;
        memset(draw, 0, (size_t)n * sizeof(real));
        g->kernels->layer_norm_backward_row(n, draw, NULL, NULL, g->da_h + i * G + from, g->raw_h + i * G + from,
                                            g->gates_of.gain_h + from, stats + 2 * i);
    }
}

/* Packed rows [at, at + rows) of one step, at places first..; d and dh (rows, H) as told above. */
typedef struct step_back {
    int64_t at, first, rows;
    rondo__units units; /* all with layer normalisation */
    int worker;
    bool meets; /* with workers that have other units */
    const real *h_prev;
    real *d, *dh;
} step_back;

/* What the other units' gradients are read after. */
static void meet_others(const rondo__gru *g, const step_back *b) {
    if (b->meets)
        rondo__pool_meet(g->context->pool, b->worker);
}

/* dh += m∘(the gradients of count gates · W_hh). */
static void product_back(const rondo__gru *g, const step_back *b, int64_t count) {
    const int64_t H = g->H, G = 3 * H, place = b->first * H;
    rondo__recurrent_back(g->kernels, b->rows, b->units, count * H, b->dh, g->draw_h + b->at * G, G, g->gates_of.w_hh,
                          rondo__offset(g->mask, place), g->masked + place, true);
}

static void back_reset_after(const rondo__gru *g, const step_back *b) {
    const int64_t H = g->H, first = b->units.first, at = b->at;
    for (int64_t i = 0; i < b->rows; i++) {
        const int64_t row = (at + i) * H + first, gates = (at + i) * 3 * H + first, place = i * H + first;
        g->kernels->gru_gates_backward(b->units.end - first, H, g->da_x + gates, g->da_h + gates, b->dh + place,
                                       b->d + place, g->gates + gates, g->ahn + row, b->h_prev + place);
    }
    norm_back(g, at, b->rows, 0, 2 * H, g->stats[2]);
    norm_back(g, at, b->rows, 2 * H, H, g->stats[3]);
    meet_others(g, b);
    product_back(g, b, 3);
}

/* n units of a row: da_z, da_n, and the direct path d∘z into dh. */
static void update_gate_back(int64_t count, int64_t H, real *da, real *dh, const real *d, const real *gates,
                             const real *h_prev) {
    const real *z = gates + H, *n = gates + 2 * H;
    for (int64_t j = 0; j < count; j++) {
        da[H + j] = d[j] * (h_prev[j] - n[j]) * (z[j] * (1 - z[j]));
        da[2 * H + j] = d[j] * (1 - z[j]) * (1 - n[j] * n[j]);
        dh[j] += d[j] * z[j];
    }
}

/* The same of da_r, from q = W_hnᵀ da_n, and m∘(q∘r) into dh. */
static void reset_gate_back(int64_t count, real *da, real *dh, const real *q, const real *r, const real *h_prev,
                            const real *mask) {
    for (int64_t j = 0; j < count; j++) {
        const real m = mask ? mask[j] : 1;
        da[j] = q[j] * (m * h_prev[j]) * (r[j] * (1 - r[j]));
        dh[j] += m * (q[j] * r[j]);
    }
}

static void back_reset_before(const rondo__gru *g, const step_back *b) {
    const int64_t H = g->H, G = 3 * H, at = b->at, place = b->first * H, first = b->units.first;
    const int64_t count = b->units.end - first;
    real *q = g->fresh + place;
    for (int64_t i = 0; i < b->rows; i++) {
        const int64_t gates = (at + i) * G + first, unit = i * H + first;
        update_gate_back(count, H, g->da_h + gates, b->dh + unit, b->d + unit, g->gates + gates, b->h_prev + unit);
    }
    norm_back(g, at, b->rows, 2 * H, H, g->stats[3]);
    meet_others(g, b);
    rondo__gates_product(g->kernels, b->rows, 1, b->units, H, g->draw_h + at * G + 2 * H, G, g->gates_of.w_hn, q, H,
                         NULL, false);
    for (int64_t i = 0; i < b->rows; i++) {
        const int64_t gates = (at + i) * G + first, unit = i * H + first;
        reset_gate_back(count, g->da_h + gates, b->dh + unit, q + unit, g->gates + gates, b->h_prev + unit,
                        rondo__offset(g->mask, place + unit));
    }
    norm_back(g, at, b->rows, 0, 2 * H, g->stats[2]);
    meet_others(g, b);
    product_back(g, b, 2);
}

static void clear_units(int64_t rows, rondo__units u, real *x) {
    for (int64_t at = u.first; at < rows * u.H; at += u.H)
        memset(x + at, 0, (size_t)(u.end - u.first) * sizeof *x);
}

/* Step s: what a unit does by itself, then products that read all units' gradients of this step. The step before it
 * begins with own units again and writes to other rows of da, so nobody need wait for the products of others. */
static void step_backward(const rondo__gru *g, int64_t s, step_back *b) {
    const int64_t H = g->H;
    b->at = g->plan->start[s] + b->first;
    b->h_prev = rondo__entering(g->plan, s, b->first, H, g->h0, g->h);
    rondo__on_units(g->kernels->add, b->rows, b->units, g->keep ? b->dh : b->d, b->dh, g->dy + b->at * H);
    if (g->keep)
        rondo__split_units(b->rows, b->units, b->d, b->dh, g->keep + b->at * H);
    else
        clear_units(b->rows, b->units, b->dh);
    if (g->options->reset_before)
        back_reset_before(g, b);
    else
        back_reset_after(g, b);
}

static void gru_walk_back(void *arg, int64_t first, int64_t count, int worker) {
    rondo__gru *g = arg;
    step_back b = {.first = first,
                   .units = rondo__all_units(g->H),
                   .worker = worker,
                   .d = g->d + first * g->H,
                   .dh = g->dh + first * g->H};
    for (int64_t s = g->plan->steps - 1; s >= 0; s--) {
        b.rows = rondo__plan_running(g->plan, s, first, count);
        if (b.rows == 0)
            continue;
        rondo__steps_await(g->context, g->plan->steps - s);
        step_backward(g, s, &b);
        rondo__input_grad_steps(&g->x_back, s);
    }
}

static void gru_walk_back_units(void *arg, int64_t first, int64_t end, int worker) {
    const rondo__gru *g = arg;
    step_back b = {.units = {g->H, first, end}, .worker = worker, .meets = true, .d = g->d, .dh = g->dh};
    for (int64_t s = g->plan->steps - 1; s >= 0; s--) {
        b.rows = g->plan->active[s];
        step_backward(g, s, &b);
    }
}

/* reset (N, H) = r∘h̃, from prev (N, H) = h̃. */
static void reset_rows(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const rondo__gru *g = arg;
    for (int64_t i = begin; i < end; i++)
        g->kernels->mul(g->H, g->reset + i * g->H, g->prev + i * g->H, g->gates + i * 3 * g->H);
}

static void recurrent_weight_grads(rondo_call *call, rondo__gru *g) {
    rondo_context *context = call->context;
    rondo_var *w = call->in[GRU_W_HH];
    const int64_t H = g->H, G = 3 * H;
    const real *initial = call->in[GRU_H0] ? g->h0 : NULL;
    if (!g->options->reset_before) {
        rondo__recurrent_weight_grad(context, g->room, g->plan, w, G, H, g->draw_h, initial, g->h, g->mask, g->prev);
        return;
    }
    if (!rondo__wants_grad(w))
        return;
    rondo__previous_rows(context, g->plan, H, g->prev, initial, g->h);
    rondo__mask_rows(context, g->plan, H, g->prev, g->mask);
    rondo__parallel(context, g->N, 1 + 16384 / H, reset_rows, g);
    rondo__weight_grad(context, g->room, w, 0, 2 * H, H, g->N, g->draw_h, G, g->prev);
    rondo__weight_grad(context, g->room, w, 2 * H, H, H, g->N, g->draw_h + 2 * H, G, g->reset);
}

/* da of r and z is the same on both sides, with reset before that of n, too. */
static void bias_grads(rondo_call *call, const rondo__gru *g) {
    rondo_context *context = call->context;
    rondo_var *b_ih = call->in[GRU_B_IH], *b_hh = call->in[GRU_B_HH];
    const int64_t H = g->H, G = 3 * H, shared = g->options->reset_before ? G : 2 * H;
    if (!rondo__wants_grad(b_ih) || !rondo__wants_grad(b_hh)) {
        rondo__bias_grad(context, b_ih, G, g->N, g->da_x);
        rondo__bias_grad(context, b_hh, G, g->N, g->da_h);
        return;
    }
    memset(g->bias, 0, (size_t)G * sizeof(real));
    rondo__column_sums(context, g->N, G, g->da_x, G, g->bias);
    context->kernels->add(G, b_ih->grad, b_ih->grad, g->bias);
    context->kernels->add(shared, b_hh->grad, b_hh->grad, g->bias);
    if (shared < G)
        rondo__column_sums(context, g->N, H, g->da_h + shared, G, (real *)b_hh->grad + shared);
}

/* dgain (3H) += over all rows, r|z and n apart. */
static void gain_grads(rondo_context *context, const rondo__gru *g, rondo_var *gain, const real *da, const real *raw,
                       real *const stats[2]) {
    const int64_t H = g->H, G = 3 * H;
    if (!rondo__wants_grad(gain))
        return;
    rondo__norm_gain_sums(context, g->N, 2 * H, G, gain->grad, da, raw, stats[0]);
    rondo__norm_gain_sums(context, g->N, H, G, gain->grad + 2 * H, da + 2 * H, raw + 2 * H, stats[1]);
}

/* Through the normalisation of the input's products: draw_x from da_x, and the gains of both sides. */
static void norm_grads(rondo_call *call, const rondo__gru *g) {
    const int64_t H = g->H, G = 3 * H;
    const real *gain = rondo__values(call->in[GRU_GAIN_X]);
    if (!g->norm)
        return;
    rondo__norm_rows_backward(call->context, g->N, 2 * H, G, g->draw_x, g->da_x, g->raw_x, gain, g->stats[0]);
    rondo__norm_rows_backward(call->context, g->N, H, G, g->draw_x + 2 * H, g->da_x + 2 * H, g->raw_x + 2 * H,
                              gain + 2 * H, g->stats[1]);
    gain_grads(call->context, g, call->in[GRU_GAIN_X], g->da_x, g->raw_x, &g->stats[0]);
    gain_grads(call->context, g, call->in[GRU_GAIN_H], g->da_h, g->raw_h, &g->stats[2]);
}

static void open_x_back(const rondo_call *call, rondo__gru *g) {
    rondo_var *x = call->in[GRU_X];
    const real *packed = rondo__wants_grad(x) ? rondo__form_packed(call, &g->ih) : NULL;
    g->x_back = (rondo__input_back){g->context, g->plan, x, g->I, 3 * g->H, packed, g->draw_x, g->dx_room, 0};
}

/* All but the gradient of x. */
static void backward_own(rondo_call *call, rondo__gru *g) {
    rondo_context *context = call->context;
    const int64_t H = g->H, G = 3 * H;

    /* 4. gradients of the outputs in the order of the plan */
    g->dy = rondo__packed_view(context, g->plan, H, call->out[0]->grad, g->dy_room);
    rondo__order_rows(g->plan, H, g->dh, call->out[1]->grad);
    /* 3. the steps, last to first, on weights packed the other way */
    rondo__gru_pack(call, g);
    rondo__gru_walk(g, NULL, gru_walk_back, gru_walk_back_units);
    if (rondo__wants_grad(call->in[GRU_H0]))
        rondo__unorder_rows(g->plan, H, call->in[GRU_H0]->grad, g->dh, true);
    /* 2. 1. weights, gains and inputs, each over all rows */
    norm_grads(call, g);
    recurrent_weight_grads(call, g);
    rondo__weight_grad(context, g->room, call->in[GRU_W_IH], 0, G, g->I, g->N, g->draw_x, G, g->x);
    bias_grads(call, g);
}

rondo_status rondo__gru_backward_own(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__gru g = rondo__gru_open(call, true);
    backward_own(call, &g);
    return RONDO_OK;
}

rondo_status rondo__gru_backward_in(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__gru g = rondo__gru_open(call, true);
    open_x_back(call, &g);
    rondo__input_grad(&g.x_back);
    return RONDO_OK;
}

rondo_status rondo__gru_backward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__gru g = rondo__gru_open(call, true);
    open_x_back(call, &g);
    backward_own(call, &g);
    rondo__input_grad(&g.x_back);
    return RONDO_OK;
}

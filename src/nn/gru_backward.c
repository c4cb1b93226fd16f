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
    const real *h_prev;
    real *d, *dh;
} step_back;

static void back_reset_after(const rondo__gru *g, const step_back *b) {
    const int64_t H = g->H, G = 3 * H, at = b->at, place = b->first * H;
    for (int64_t i = 0; i < b->rows; i++)
        g->kernels->gru_gates_backward(H, H, g->da_x + (at + i) * G, g->da_h + (at + i) * G, b->dh + i * H,
                                       b->d + i * H, g->gates + (at + i) * G, g->ahn + (at + i) * H, b->h_prev + i * H);
    norm_back(g, at, b->rows, 0, 2 * H, g->stats[2]);
    norm_back(g, at, b->rows, 2 * H, H, g->stats[3]);
    rondo__recurrent_back(g->kernels, b->rows, H, G, b->dh, g->draw_h + at * G, G, g->gates_of.w_hh,
                          rondo__offset(g->mask, place), g->masked + place);
}

/* One row: da_z, da_n, and the direct path d∘z into dh. */
static void update_gate_back(int64_t H, real *da, real *dh, const real *d, const real *gates, const real *h_prev) {
    const real *z = gates + H, *n = gates + 2 * H;
    for (int64_t j = 0; j < H; j++) {
        da[H + j] = d[j] * (h_prev[j] - n[j]) * (z[j] * (1 - z[j]));
        da[2 * H + j] = d[j] * (1 - z[j]) * (1 - n[j] * n[j]);
        dh[j] += d[j] * z[j];
    }
}

/* One row: da_r from q = W_hnᵀ da_n, and m∘(q∘r) into dh. */
static void reset_gate_back(int64_t H, real *da, real *dh, const real *q, const real *r, const real *h_prev,
                            const real *mask) {
    for (int64_t j = 0; j < H; j++) {
        const real m = mask ? mask[j] : 1;
        da[j] = q[j] * (m * h_prev[j]) * (r[j] * (1 - r[j]));
        dh[j] += m * (q[j] * r[j]);
    }
}

static void back_reset_before(const rondo__gru *g, const step_back *b) {
    const int64_t H = g->H, G = 3 * H, at = b->at, place = b->first * H;
    real *q = g->fresh + place;
    for (int64_t i = 0; i < b->rows; i++)
        update_gate_back(H, g->da_h + (at + i) * G, b->dh + i * H, b->d + i * H, g->gates + (at + i) * G,
                         b->h_prev + i * H);
    norm_back(g, at, b->rows, 2 * H, H, g->stats[3]);
    g->kernels->gemm(b->rows, H, H, g->draw_h + at * G + 2 * H, G, 1, g->gates_of.w_hn, 0, H, q, H, NULL, false);
    for (int64_t i = 0; i < b->rows; i++)
        reset_gate_back(H, g->da_h + (at + i) * G, b->dh + i * H, q + i * H, g->gates + (at + i) * G, b->h_prev + i * H,
                        rondo__offset(g->mask, place + i * H));
    norm_back(g, at, b->rows, 0, 2 * H, g->stats[2]);
    rondo__recurrent_back(g->kernels, b->rows, H, 2 * H, b->dh, g->draw_h + at * G, G, g->gates_of.w_hh,
                          rondo__offset(g->mask, place), g->masked + place);
}

static void gru_walk_back(void *arg, int64_t first, int64_t count, int worker) {
    (void)worker;
    const rondo__gru *g = arg;
    const rondo__plan *plan = g->plan;
    const int64_t H = g->H;
    step_back b = {.first = first, .d = g->d + first * H, .dh = g->dh + first * H};
    for (int64_t s = plan->steps - 1; s >= 0; s--) {
        b.rows = rondo__plan_running(plan, s, first, count);
        b.at = plan->start[s] + first;
        if (b.rows == 0)
            continue;
        b.h_prev = rondo__entering(plan, s, first, H, g->h0, g->h);
        g->kernels->add(b.rows * H, b.dh, b.dh, g->dy + b.at * H);
        rondo__zoneout_split(b.rows * H, b.d, b.dh, rondo__offset(g->keep, b.at * H));
        if (g->options->reset_before)
            back_reset_before(g, &b);
        else
            back_reset_after(g, &b);
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
    if (!rondo__wants_grad(w))
        return;
    rondo__previous_rows(context, g->plan, H, g->prev, g->h0, g->h);
    rondo__mask_rows(context, g->plan, H, g->prev, g->mask);
    if (!g->options->reset_before) {
        rondo__weight_grad(context, g->room, w, 0, G, H, g->N, g->draw_h, G, g->prev);
        return;
    }
    rondo__parallel(context, g->N, 1 + 16384 / H, reset_rows, g);
    rondo__weight_grad(context, g->room, w, 0, 2 * H, H, g->N, g->draw_h, G, g->prev);
    rondo__weight_grad(context, g->room, w, 2 * H, H, H, g->N, g->draw_h + 2 * H, G, g->reset);
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

rondo_status rondo__gru_backward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__gru g = rondo__gru_open(call, true);
    rondo_context *context = call->context;
    const int64_t H = g.H, G = 3 * H;

    /* 5. gradients of the outputs in the order of the plan */
    g.dy = rondo__packed_view(context, g.plan, H, call->out[0]->grad, g.dy_room);
    rondo__order_rows(g.plan, H, g.dh, call->out[1]->grad);
    /* 4. 3. the steps, last to first, on weights packed the other way */
    rondo__gru_pack(call, &g);
    rondo__walk_rows(context, g.plan, gru_walk_back, &g);
    if (rondo__wants_grad(call->in[GRU_H0]))
        rondo__unorder_rows(g.plan, H, call->in[GRU_H0]->grad, g.dh, true);
    /* 2. weights, gains and inputs, each over all rows */
    norm_grads(call, &g);
    recurrent_weight_grads(call, &g);
    rondo__weight_grad(context, g.room, call->in[GRU_W_IH], 0, G, g.I, g.N, g.draw_x, G, g.x);
    rondo__bias_grad(context, call->in[GRU_B_IH], G, g.N, g.da_x);
    rondo__bias_grad(context, call->in[GRU_B_HH], G, g.N, g.da_h);
    rondo__input_grad(call, g.room, g.plan, call->in[GRU_X], &g.ih, g.draw_x, g.dx_room);
    return RONDO_OK;
}

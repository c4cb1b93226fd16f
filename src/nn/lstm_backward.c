/* Backward of the LSTM, in mirror order of lstm.c. For one row at one step, with dh and dc the gradients of h and c
 * from the output and from the step after, δ the gradients of the four gates' inputs (da, i|f|g|o):
 *
 *     zoneout     dh* = (1-k)∘dh, dh⁻ = k∘dh            dc* = (1-k')∘dc, dc⁻ = k'∘dc
 *     projection  du = W_hrᵀ dh*
 *     output      δ_o = du∘tanh(c*)∘o(1-o)              dc* += du∘o∘(1-tanh²(c*)) + p_o∘δ_o     (0 where c* was
 * clipped) cell        δ_i = dc*∘g∘i(1-i)   δ_f = dc*∘c⁻∘f(1-f)   δ_g = dc*∘i∘(1-g²) dc⁻ += dc*∘f + p_i∘δ_i + p_f∘δ_f
 * coupled: δ_f = dc*∘(c⁻-g)∘f(1-f), δ_i = 0 product     dh⁻ += m∘(W_hhᵀ δ)                    normalised: W_hhᵀ dz with
 * dz the gradient through LN
 *
 * With layer normalisation of the cell the output line goes through LN, so it is done here (normed_output_backward) and
 * the gate kernel gets du = 0 and does the rest.
 *
 * Only dh and dc pass from step to step. Everything that is summed over rows (weights, biases, peepholes, gains) is
 * left for after the walk, from δ of all rows, each sum in one fixed order: the bits know nothing of threads.
 *
 * Scratch: da, dz (N,4H), dn (N,H) normalised: through the norms; otherwise δ takes the place of the saved gates, which
 * nobody reads after it | dr (N,P) projected: dh* | dh (B,R) dc (B,H) running | kept_h (B,R) kept_c (B,H) zoneout | du
 * (B,H) | tanh_c (B,H) where it is not saved | one room, where it is wanted, for dout (N,R) ragged, previous (N,R) the
 * left operand of dW_hh where it is not the output itself, x and dx (N,I) ragged | packed weights (unless the tape
 * keeps them) | room for the products. */
#include <string.h>

#include "nn/cell.h"
#include "nn/lstm.h"

typedef struct scratch {
    void *plan;
    rondo__form hh, hr, ih;
    real *da, *dz, *dn;    /* (N, 4H), (N, 4H), (N, H) */
    real *dr;              /* (N, P) */
    real *dh, *dc;         /* (B, R), (B, H) */
    real *kept_h, *kept_c; /* (B, R), (B, H) */
    real *du;              /* (B, H); dh itself in the plain cell */
    real *tanh_c;          /* (B, H) of a step, unless it is saved */
    real *dout, *previous; /* (N, R) these four are needed one after the other, and share their room */
    real *x, *dx;          /* (N, I) */
    real *sums;            /* (4H) */
    void *product;
} scratch;

static size_t largest_product(const rondo__lstm_sizes *s) {
    size_t bytes = rondo__product_scratch(4 * s->H, s->I, s->N), hh = rondo__product_scratch(4 * s->H, s->R, s->N);
    size_t start = rondo__product_scratch(4 * s->H, s->R, s->B);
    size_t hr = s->projected ? rondo__product_scratch(s->R, s->H, s->N) : 0;
    bytes = hh > bytes ? hh : bytes;
    bytes = start > bytes ? start : bytes;
    return hr > bytes ? hr : bytes;
}

static scratch lay_out(const rondo__lstm_sizes *s, const rondo_call *call, rondo__carver *carver) {
    scratch m = {.plan = rondo__carve_bytes(carver, rondo__plan_bytes(s->T, s->B))};
    int64_t NH = s->N * s->H, NR = s->N * s->R, BH = s->B * s->H, BR = s->B * s->R;
    bool wants_x = rondo__lstm_grad(call, LSTM_X) != NULL;
    m.hh = rondo__carve_form(carver, call, rondo__lstm_form(s, LSTM_W_HH, false));
    if (s->projected)
        m.hr = rondo__carve_form(carver, call, rondo__lstm_form(s, LSTM_W_HR, false));
    if (wants_x)
        m.ih = rondo__carve_form(carver, call, rondo__lstm_form(s, LSTM_W_IH, false));
    m.da = rondo__carve_if(carver, s->norm, 4 * NH);
    m.dz = rondo__carve_if(carver, s->norm, 4 * NH);
    m.dn = rondo__carve_if(carver, s->norm, NH);
    m.dr = rondo__carve_if(carver, s->projected, NR);
    m.dh = rondo__carve(carver, BR);
    m.dc = rondo__carve(carver, BH);
    m.kept_h = rondo__carve_if(carver, s->zone_h, BR);
    m.kept_c = rondo__carve_if(carver, s->zone_c, BH);
    m.du = s->projected || s->norm ? rondo__carve(carver, BH) : m.dh;
    m.tanh_c = rondo__carve_if(carver, !s->norm, BH);
    real *rows = rondo__carve_if(carver, s->ragged || s->dropout, s->ragged && s->I > s->R ? s->N * s->I : NR);
    m.dout = m.x = m.dx = m.previous = rows;
    m.sums = rondo__carve(carver, 4 * s->H);
    m.product = rondo__carve_bytes(carver, largest_product(s));
    return m;
}

size_t rondo__lstm_backward_scratch(const rondo_call *call) {
    rondo__lstm_sizes sizes = rondo__lstm_sizes_of(call);
    rondo__carver carver = {0};
    lay_out(&sizes, call, &carver);
    return carver.used;
}

/* ---- one step ---- */

typedef struct backward_run {
    const rondo_call *call;
    const rondo__kernels *kernels;
    rondo__lstm_sizes sizes;
    rondo__lstm_saved saved;
    scratch scratch;
    rondo__plan plan;
    const real *dout;      /* (N, R) gradient of the output */
    const real *packed_hh; /* W_hh (4H, R) */
    const real *packed_hr; /* W_hr (P, H) */
    const real *peephole, *gain_h, *gain_c;
    real clip;
    bool coupled;
    rondo__input_back x_back;
} backward_run;

/* kept = keep∘d, d = (1-keep)∘d */
static void split(int64_t count, real *kept, real *d, const real *keep) {
    memcpy(kept, d, (size_t)count * sizeof *d);
    rondo__zoneout_split(count, d, kept, keep);
}

/* One normalised row: δ_o, and dc += the gradient through tanh, LN and the peephole; dn gets the gradient of LN(c). */
static void normed_output_backward(const backward_run *run, real *da_o, real *dc, real *dn, const real *du,
                                   const real *o, const real *tanh_c, const real *c, const real *stats) {
    int64_t H = run->sizes.H;
    const real *p_o = run->peephole ? run->peephole + 2 * H : NULL;
    for (int64_t j = 0; j < H; j++) {
        da_o[j] = du[j] * tanh_c[j] * o[j] * (1 - o[j]);
        dn[j] = du[j] * o[j] * (1 - tanh_c[j] * tanh_c[j]);
        if (p_o)
            dc[j] += p_o[j] * da_o[j];
    }
    run->kernels->layer_norm_backward_row(H, dc, NULL, NULL, dn, c, run->gain_c, stats);
}

static void gates_backward(const backward_run *run, const rondo__lstm_rows *rows, int64_t n, int64_t row,
                           int64_t first) {
    const rondo__kernels *k = run->kernels;
    const scratch *m = &run->scratch;
    int64_t H = run->sizes.H;
    for (int64_t r = 0; r < n; r++) {
        real *da = m->da + (row + r) * 4 * H, *dc = m->dc + (first + r) * H, *du = m->du + (first + r) * H;
        const real *gates = rows->gates + r * 4 * H, *tanh_c = rows->tanh_c + r * H, *c = rows->cell + r * H;
        if (run->gain_h) {
            /* δ_o waits in da's o block while the kernel, told du = 0, would write zeros there: keep it in dz's */
            real *da_o = m->dz + (row + r) * 4 * H;
            normed_output_backward(run, da_o, dc, m->dn + (row + r) * H, du, gates + 3 * H, tanh_c, c,
                                   rows->stats_c + 2 * r);
            memset(du, 0, (size_t)H * sizeof *du);
        } else {
            k->tanh(H, rows->tanh_c + r * H, c);
        }
        k->lstm_gates_backward(H, H, da, dc, NULL, du, gates, tanh_c, rows->c_prev + r * H, c, run->peephole, run->clip,
                               run->coupled);
        if (run->gain_h)
            memcpy(da + 3 * H, m->dz + (row + r) * 4 * H, (size_t)H * sizeof *da);
    }
}

/* dz: da through the normalisation of the recurrent product. */
static void norm_backward(const backward_run *run, const rondo__lstm_rows *rows, int64_t n, int64_t row) {
    int64_t G = 4 * run->sizes.H;
    real *dz = run->scratch.dz + row * G;
    const real *da = run->scratch.da + row * G;
    memset(dz, 0, (size_t)(n * G) * sizeof *dz);
    for (int64_t r = 0; r < n; r++)
        run->kernels->layer_norm_backward_row(G, dz + r * G, NULL, NULL, da + r * G, rows->zh + r * G, run->gain_h,
                                              rows->stats_h + 2 * r);
}

/* dh and dc of n rows from behind step to before it. */
static void retreat(const backward_run *run, int64_t step, int64_t first, int64_t n) {
    const rondo__kernels *k = run->kernels;
    const rondo__lstm_sizes *s = &run->sizes;
    const scratch *m = &run->scratch;
    int64_t H = s->H, R = s->R, G = 4 * H, row = run->plan.start[step] + first;
    rondo__lstm_rows rows = rondo__lstm_rows_at(s, &run->saved, &run->plan, step, first);
    real *dh = m->dh + first * R, *dc = m->dc + first * H, *du = m->du + first * H;
    /* 4. the output's gradient joins */
    k->add(n * R, dh, dh, run->dout + row * R);
    /* 3. zoneout and projection */
    if (s->zone_h)
        split(n * R, m->kept_h + first * R, dh, rows.keep_h);
    if (s->zone_c)
        split(n * H, m->kept_c + first * H, dc, rows.keep_c);
    if (s->projected) {
        memcpy(m->dr + row * R, dh, (size_t)(n * R) * sizeof *dh);
        k->gemm(n, H, R, dh, R, 1, run->packed_hr, 0, H, du, H, NULL, false);
    } else if (du != dh) {
        memcpy(du, dh, (size_t)(n * H) * sizeof *dh);
    }
    /* 2. gates */
    gates_backward(run, &rows, n, row, first);
    if (s->norm)
        norm_backward(run, &rows, n, row);
    /* 1. the recurrent product */
    k->gemm(n, R, G, m->dz + row * G, G, 1, run->packed_hh, 0, R, dh, R, NULL, false);
    if (s->dropout)
        k->mul(n * R, dh, dh, rows.mask);
    if (s->zone_h)
        k->add(n * R, dh, dh, m->kept_h + first * R);
    if (s->zone_c)
        k->add(n * H, dc, dc, m->kept_c + first * H);
}

static void walk_backward(void *arg, int64_t first, int64_t count, int worker) {
    (void)worker;
    backward_run *run = arg;
    for (int64_t step = run->plan.steps - 1; step >= 0; step--) {
        int64_t n = rondo__plan_running(&run->plan, step, first, count);
        if (n == 0)
            continue;
        rondo__steps_await(run->call->context, run->plan.steps - step);
        retreat(run, step, first, n);
        rondo__input_grad_steps(&run->x_back, step);
    }
}

/* ---- the same by units: cells without normalisation and projection, where du is dh ---- */

/* op(count, out, a, b) on units [first, end) of n rows, H apart. */
static void on_units(void (*op)(int64_t, real *, const real *, const real *), int64_t n, int64_t H, int64_t first,
                     int64_t end, real *out, const real *a, const real *b) {
    for (int64_t at = first; at < n * H; at += H)
        op(end - first, out + at, a + at, b + at);
}

static void split_units(int64_t n, int64_t H, int64_t first, int64_t end, real *kept, real *d, const real *keep) {
    for (int64_t at = first; at < n * H; at += H)
        split(end - first, kept + at, d + at, keep + at);
}

static void gates_backward_units(const backward_run *run, const rondo__lstm_rows *rows, int64_t n, int64_t row,
                                 int64_t first, int64_t end) {
    const scratch *m = &run->scratch;
    const int64_t H = run->sizes.H;
    for (int64_t r = 0; r < n; r++) {
        const int64_t at = r * H + first, gates = r * 4 * H + first;
        run->kernels->tanh(end - first, rows->tanh_c + at, rows->cell + at);
        run->kernels->lstm_gates_backward(end - first, H, m->da + row * 4 * H + gates, m->dc + at, NULL, m->dh + at,
                                          rows->gates + gates, rows->tanh_c + at, rows->c_prev + at, rows->cell + at,
                                          rondo__offset((real *)run->peephole, first), run->clip, run->coupled);
    }
}

/* Everything that a unit does by itself comes before the meeting, then the product reads all units' δ of this step. The
 * next step begins with own units again and writes to other rows of δ, so one meeting is enough. */
static void retreat_units(const backward_run *run, int64_t step, int64_t first, int64_t end, int worker) {
    const rondo__kernels *k = run->kernels;
    const rondo__lstm_sizes *s = &run->sizes;
    const scratch *m = &run->scratch;
    const int64_t H = s->H, G = 4 * H, row = run->plan.start[step], n = run->plan.active[step];
    const rondo__lstm_rows rows = rondo__lstm_rows_at(s, &run->saved, &run->plan, step, 0);
    on_units(k->add, n, H, first, end, m->dh, m->dh, run->dout + row * H);
    if (s->zone_h)
        split_units(n, H, first, end, m->kept_h, m->dh, rows.keep_h);
    if (s->zone_c)
        split_units(n, H, first, end, m->kept_c, m->dc, rows.keep_c);
    gates_backward_units(run, &rows, n, row, first, end);
    rondo__pool_meet(run->call->context->pool, worker);
    k->gemm(n, H, G, m->da + row * G, G, 1, run->packed_hh, first, end, m->dh, H, NULL, false);
    if (s->dropout)
        on_units(k->mul, n, H, first, end, m->dh, m->dh, rows.mask);
    if (s->zone_h)
        on_units(k->add, n, H, first, end, m->dh, m->dh, m->kept_h);
    if (s->zone_c)
        on_units(k->add, n, H, first, end, m->dc, m->dc, m->kept_c);
}

static void walk_backward_units(void *arg, int64_t first, int64_t end, int worker) {
    const backward_run *run = arg;
    for (int64_t step = run->plan.steps - 1; step >= 0; step--)
        retreat_units(run, step, first, end, worker);
}

/* ---- sums over all rows ---- */

/* dW (M, K) += dyᵀ·x over rows [0, N): dy (N, M), x (N, K). */
static void weight_gradient(const backward_run *run, int input, int64_t M, int64_t K, int64_t N, const real *dy,
                            const real *x) {
    if (N > 0)
        rondo__weight_grad(run->call->context, run->scratch.product, run->call->in[input], 0, M, K, N, dy, M, x);
}

/* The state that entered each row's step is, in a full batch without dropout, the output one step away: the product is
 * done in two pieces, the step after the initial states and the others. Otherwise it is gathered. */
static void recurrent_gradient(const backward_run *run) {
    const rondo__lstm_sizes *s = &run->sizes;
    const scratch *m = &run->scratch;
    int64_t G = 4 * s->H, R = s->R, rest = s->N - s->B;
    if (s->N == 0 || !rondo__lstm_grad(run->call, LSTM_W_HH))
        return;
    if (!m->previous) {
        int64_t start = run->plan.start[0], later = run->plan.reverse ? 0 : s->B, earlier = s->B - later;
        if (run->call->in[LSTM_H0])
            weight_gradient(run, LSTM_W_HH, G, R, s->B, m->dz + start * G, run->saved.h0);
        weight_gradient(run, LSTM_W_HH, G, R, rest, m->dz + later * G, run->saved.h + earlier * R);
        return;
    }
    rondo__previous_rows(run->call->context, &run->plan, R, m->previous, run->saved.h0, run->saved.h);
    rondo__mask_rows(run->call->context, &run->plan, R, m->previous, run->saved.mask);
    weight_gradient(run, LSTM_W_HH, G, R, s->N, m->dz, m->previous);
}

/* db_ih and db_hh are the same sums. */
static void bias_gradients(const backward_run *run) {
    real *b_ih = rondo__lstm_grad(run->call, LSTM_B_IH), *b_hh = rondo__lstm_grad(run->call, LSTM_B_HH);
    int64_t G = 4 * run->sizes.H;
    if (!b_ih && !b_hh)
        return;
    real *sums = run->scratch.sums;
    memset(sums, 0, (size_t)G * sizeof *sums);
    rondo__column_sums(run->call->context, run->sizes.N, G, run->scratch.da, G, sums);
    if (b_ih)
        run->kernels->add(G, b_ih, b_ih, sums);
    if (b_hh)
        run->kernels->add(G, b_hh, b_hh, sums);
}

static void peephole_columns(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const backward_run *run = arg;
    int64_t H = run->sizes.H;
    real *dp = rondo__lstm_grad(run->call, LSTM_PEEPHOLE);
    for (int64_t step = 0; step < run->plan.steps; step++) {
        rondo__lstm_rows rows = rondo__lstm_rows_at(&run->sizes, &run->saved, &run->plan, step, 0);
        for (int64_t r = 0; r < run->plan.active[step]; r++) {
            const real *da = run->scratch.da + (run->plan.start[step] + r) * 4 * H;
            for (int64_t j = begin; j < end; j++) {
                dp[j] += da[j] * rows.c_prev[r * H + j];
                dp[H + j] += da[H + j] * rows.c_prev[r * H + j];
                dp[2 * H + j] += da[3 * H + j] * rows.cell[r * H + j];
            }
        }
    }
}

/* Gains and biases of the norms; dz turns from the gradient of the recurrent product into that of the input's. */
static void norm_gradients(const backward_run *run) {
    rondo_context *context = run->call->context;
    const scratch *m = &run->scratch;
    const rondo__lstm_saved *saved = &run->saved;
    int64_t N = run->sizes.N, H = run->sizes.H, G = 4 * H;
    real *gain_x = rondo__lstm_grad(run->call, LSTM_GAIN_X), *gain_h = rondo__lstm_grad(run->call, LSTM_GAIN_H);
    real *gain_c = rondo__lstm_grad(run->call, LSTM_GAIN_C), *bias_c = rondo__lstm_grad(run->call, LSTM_BIAS_C);
    if (gain_x)
        rondo__norm_gain_sums(context, N, G, G, gain_x, m->da, saved->zx, saved->stats_x);
    if (gain_h)
        rondo__norm_gain_sums(context, N, G, G, gain_h, m->da, saved->zh, saved->stats_h);
    if (gain_c)
        rondo__norm_gain_sums(context, N, H, H, gain_c, m->dn, saved->cell, saved->stats_c);
    if (bias_c)
        rondo__column_sums(context, N, H, m->dn, H, bias_c);
    rondo__norm_rows_backward(context, N, G, G, m->dz, m->da, saved->zx, rondo__lstm_value(run->call, LSTM_GAIN_X),
                              saved->stats_x);
}

static void input_weight_gradient(const backward_run *run) {
    const rondo__lstm_sizes *s = &run->sizes;
    const scratch *m = &run->scratch;
    if (!rondo__lstm_grad(run->call, LSTM_W_IH))
        return;
    const real *x =
        rondo__packed_view(run->call->context, &run->plan, s->I, rondo__lstm_value(run->call, LSTM_X), m->x);
    weight_gradient(run, LSTM_W_IH, 4 * s->H, s->I, s->N, m->dz, x);
}

static void open_x_back(backward_run *run) {
    const rondo_call *call = run->call;
    const scratch *m = &run->scratch;
    rondo_var *x = call->in[LSTM_X];
    const real *packed = rondo__wants_grad(x) ? rondo__form_packed(call, &m->ih) : NULL;
    run->x_back =
        (rondo__input_back){call->context, &run->plan, x, run->sizes.I, 4 * run->sizes.H, packed, m->dz, m->dx, 0};
}

static void state_gradients(const backward_run *run) {
    real *dh0 = rondo__lstm_grad(run->call, LSTM_H0), *dc0 = rondo__lstm_grad(run->call, LSTM_C0);
    if (dh0)
        rondo__unorder_rows(&run->plan, run->sizes.R, dh0, run->scratch.dh, true);
    if (dc0)
        rondo__unorder_rows(&run->plan, run->sizes.H, dc0, run->scratch.dc, true);
}

static backward_run open_run(const rondo_call *call) {
    backward_run run = {.call = call, .kernels = call->context->kernels, .sizes = rondo__lstm_sizes_of(call)};
    const rondo__lstm_sizes *s = &run.sizes;
    run.saved = rondo__lstm_lay_out(s, call, &(rondo__carver){.base = call->saved});
    run.scratch = lay_out(s, call, &(rondo__carver){.base = call->scratch});
    if (!s->norm) {
        run.scratch.da = run.scratch.dz = run.saved.gates;
        run.saved.tanh_c = run.scratch.tanh_c;
    }
    rondo__plan_make(&run.plan, run.scratch.plan, s->T, s->B, &((const rondo_lstm_options *)call->options)->sequence);
    return run;
}

static void prepare(backward_run *run) {
    const rondo_call *call = run->call;
    const rondo__lstm_sizes *s = &run->sizes;
    const rondo_lstm_options *options = call->options;
    scratch *m = &run->scratch;
    run->peephole = rondo__lstm_value(call, LSTM_PEEPHOLE);
    run->gain_h = rondo__lstm_value(call, LSTM_GAIN_H);
    run->gain_c = rondo__lstm_value(call, LSTM_GAIN_C);
    run->clip = options->cell_clip;
    run->coupled = options->coupled_gates;
    run->packed_hh = rondo__form_packed(call, &m->hh);
    run->packed_hr = s->projected ? rondo__form_packed(call, &m->hr) : NULL;
}

/* All but the gradient of x. */
static void backward_own(backward_run *run) {
    const rondo_call *call = run->call;
    const rondo__lstm_sizes *s = &run->sizes;
    prepare(run);
    /* 4. gradients of the outputs, in the order of the plan */
    rondo__order_rows(&run->plan, s->R, run->scratch.dh, call->out[LSTM_H]->grad);
    rondo__order_rows(&run->plan, s->H, run->scratch.dc, call->out[LSTM_C]->grad);
    run->dout = rondo__packed_view(call->context, &run->plan, s->R, call->out[LSTM_OUTPUT]->grad, run->scratch.dout);
    /* 3. all steps, backward in time */
    rondo__walk_steps(call->context, &run->plan,
                      &(rondo__walk){.units = s->H,
                                     .products = 4 * s->H * s->R,
                                     .by_rows = walk_backward,
                                     .by_units = rondo__lstm_has_units(s) ? walk_backward_units : NULL,
                                     .arg = run});
    recurrent_gradient(run);
    weight_gradient(run, LSTM_W_HR, s->R, s->H, s->N, run->scratch.dr, run->saved.hidden);
    if (rondo__lstm_grad(call, LSTM_PEEPHOLE))
        rondo__parallel(call->context, s->H, 64, peephole_columns, run);
    bias_gradients(run);
    /* 1. the initial states */
    state_gradients(run);
    /* 2. the inputs, through their normalisation */
    if (s->norm)
        norm_gradients(run);
    input_weight_gradient(run);
}

rondo_status rondo__lstm_backward_own(rondo_call *call, rondo_error *err) {
    (void)err;
    backward_run run = open_run(call);
    backward_own(&run);
    return RONDO_OK;
}

rondo_status rondo__lstm_backward_in(rondo_call *call, rondo_error *err) {
    (void)err;
    backward_run run = open_run(call);
    open_x_back(&run);
    rondo__input_grad(&run.x_back);
    return RONDO_OK;
}

rondo_status rondo__lstm_backward(rondo_call *call, rondo_error *err) {
    (void)err;
    backward_run run = open_run(call);
    open_x_back(&run);
    backward_own(&run);
    rondo__input_grad(&run.x_back);
    return RONDO_OK;
}

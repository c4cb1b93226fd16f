/* LSTM: long short-term memory (Hochreiter & Schmidhuber 1997) with a forget gate (Gers, Schmidhuber & Cummins 2000),
 * as a whole-sequence operator. Options: peepholes (Gers & Schmidhuber 2000), a projected state (Sak 2014), coupled
 * gates (Greff 2017), layer normalisation (Ba 2016), a clipped cell, recurrent dropout (Gal 2016), zoneout (Krueger
 * 2017). Not offered: more than one cell per block, a bidirectional run (two calls, see reverse).
 *
 * Equations, for one row; ∘ is the product of elements, m the dropout mask, k and k' the zoneout masks:
 *
 *     a  = W_ih x + b_ih + W_hh (m∘h⁻) + b_hh          or, normalised, LN(W_ih x) + LN(W_hh (m∘h⁻)) + b_ih + b_hh
 *     i  = σ(a_i + p_i∘c⁻)    f = σ(a_f + p_f∘c⁻)    g = tanh(a_g)          coupled: i = 1 - f
 *     c* = clip(f∘c⁻ + i∘g)   o = σ(a_o + p_o∘c*)
 *     u  = o∘tanh(c*)                                  or, normalised, o∘tanh(LN(c*))
 *     h* = u                                           or, projected, W_hr u
 *     h  = k∘h⁻ + (1-k)∘h*    c = k'∘c⁻ + (1-k')∘c*
 *
 * Layout. Gates stand i|f|g|o, as in PyTorch and Keras (ONNX: i|o|f|c; peepholes there i|o|f, here i|f|o). W_ih (4H,
 * I), W_hh (4H, R) and W_hr (P, H) are PyTorch's weight_ih_l0, weight_hh_l0, weight_hr_l0.
 *
 * Memory. Inner arrays hold the N = Σ lengths rows that exist, step after step (sequence.h). Saved for backward:
 *
 *     gates (N,4H) | cell (N,H) c* | h0 (B,R) | c0 (B,H)                                                   always
 *     h (N,R)       ragged; a full batch has it in the output      c (N,H)                       zoned cell
 *     hidden (N,H)  u, with projection                             mask (B,R) keep_h (N,R) keep_c (N,H)
 *     zx zh (N,4H) stats_x stats_h stats_c (N,2)    normalised: products before LN, means and deviations
 *     tanh_c (N,H)                                  normalised; otherwise backward makes tanh(c*) anew, row by row
 *
 * Scratch of forward: the packed weights (unless the tape keeps them), the sum of the biases, the packed rows of x when
 * ragged, and row buffers per place of the batch (two with dropout: units write the next step's while others read).
 * Scratch of backward: see lstm_backward.c.
 *
 * Threads share the steps out by rows or by units (walk.h). No row and no unit's arithmetic knows its neighbours: the
 * bits are those of the row run alone, and those of the streaming step (lstm_step.c). */
#include "nn/lstm.h"

#include "nn/cell.h"

/* Inputs that a thread multiplies at once: numbers of gates, at least so many rows; by rows only from OWN_ROWS of a
 * step on: fewer would read all of W_ih for little. */
enum { INPUT_NUMBERS = 64 * 1024, INPUT_ROWS = 96, OWN_ROWS = 6 };

static const rondo_lstm_options *options_of(const rondo_call *call) { return call->options; }

/* ---- shapes ---- */

static rondo_status expect_shapes(const rondo_call *call, const rondo__lstm_sizes *s, rondo_error *err) {
    int64_t B = s->B, I = s->I, H = s->H, R = s->R;
    const rondo__expected expected[LSTM_INPUTS] = {
        [LSTM_X] = {"x", false, 3, {s->T, B, I}},
        [LSTM_H0] = {"h0", true, 2, {B, R}},
        [LSTM_C0] = {"c0", true, 2, {B, H}},
        [LSTM_W_IH] = {"w_ih", false, 2, {4 * H, I}},
        [LSTM_W_HH] = {"w_hh", false, 2, {4 * H, R}},
        [LSTM_B_IH] = {"b_ih", true, 1, {4 * H}},
        [LSTM_B_HH] = {"b_hh", true, 1, {4 * H}},
        [LSTM_W_HR] = {"w_hr", true, 2, {R, H}},
        [LSTM_PEEPHOLE] = {"peephole", true, 2, {3, H}},
        [LSTM_GAIN_X] = {"gain_x", true, 1, {4 * H}},
        [LSTM_GAIN_H] = {"gain_h", true, 1, {4 * H}},
        [LSTM_GAIN_C] = {"gain_c", true, 1, {H}},
        [LSTM_BIAS_C] = {"bias_c", true, 1, {H}},
    };
    return rondo__expect_inputs(call, LSTM_INPUTS, expected, err);
}

static rondo_status check_options(const rondo_call *call, rondo_error *err) {
    const rondo_lstm_options *options = options_of(call);
    int norms = 0;
    for (int i = LSTM_GAIN_X; i <= LSTM_BIAS_C; i++)
        norms += call->in[i] != NULL;
    if (norms != 0 && norms != 4)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "lstm: %d of gain_x, gain_h, gain_c, bias_c are given (all four or none)", norms);
    if (!(options->cell_clip >= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "lstm: cell_clip is %g, it must not be negative (0: none)",
                           (double)options->cell_clip);
    return RONDO_OK;
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__expect_sequence(call, &options_of(call)->sequence, LSTM_W_IH, "w_ih", err);
    if (!status && call->in[LSTM_W_HR])
        status = rondo__expect_rank("lstm", "w_hr", call->in[LSTM_W_HR], 2, err);
    if (status)
        return status;
    rondo__lstm_sizes s = rondo__lstm_sizes_of(call);
    if (s.H == 0 || s.R == 0)
        return rondo__fail(err, RONDO_SHAPE, "lstm: no units: w_ih has %lld rows (it is (4H, I)), w_hr is (P, H)",
                           (long long)call->in[LSTM_W_IH]->value.dims[0]);
    status = expect_shapes(call, &s, err);
    if (!status)
        status = check_options(call, err);
    if (!status)
        status = rondo__expect_room("lstm", s.T, s.B, s.H + s.R + s.I, err);
    rondo__set_shape(call->out[LSTM_OUTPUT], 3, s.T, s.B, s.R);
    rondo__set_shape(call->out[LSTM_H], 2, s.B, s.R, 0);
    rondo__set_shape(call->out[LSTM_C], 2, s.B, s.H, 0);
    return status;
}

/* ---- memory ---- */

rondo__lstm_sizes rondo__lstm_sizes_of(const rondo_call *call) {
    const rondo_sequence_options *sequence = &options_of(call)->sequence;
    const int64_t *x = call->in[LSTM_X]->value.dims;
    rondo__lstm_sizes s = {.T = x[0], .B = x[1], .I = x[2], .H = call->in[LSTM_W_IH]->value.dims[0] / 4};
    s.projected = call->in[LSTM_W_HR] != NULL;
    s.R = s.projected ? call->in[LSTM_W_HR]->value.dims[0] : s.H;
    s.norm = call->in[LSTM_GAIN_H] != NULL;
    s.dropout = call->training && sequence->recurrent_dropout > 0;
    s.zone_h = sequence->zoneout > 0;
    s.zone_c = sequence->zoneout_cell > 0;
    bool dense;
    s.N = rondo__count_rows(s.T, s.B, sequence, &dense);
    s.ragged = !dense;
    return s;
}

rondo__lstm_saved rondo__lstm_lay_out(const rondo__lstm_sizes *s, const rondo_call *call, rondo__carver *carver) {
    rondo__lstm_saved m = {0};
    int64_t NH = s->N * s->H, NR = s->N * s->R;
    m.gates = rondo__carve(carver, 4 * NH);
    m.cell = rondo__carve(carver, NH);
    m.tanh_c = rondo__carve_if(carver, s->norm, NH);
    m.h0 = rondo__carve(carver, s->B * s->R);
    m.c0 = rondo__carve(carver, s->B * s->H);
    m.h = s->ragged ? rondo__carve(carver, NR) : call->out[LSTM_OUTPUT]->value.data;
    m.c = s->zone_c ? rondo__carve(carver, NH) : m.cell;
    m.hidden = s->projected ? rondo__carve(carver, NH) : m.h;
    m.mask = rondo__carve_if(carver, s->dropout, s->B * s->R);
    m.keep_h = rondo__carve_if(carver, s->zone_h, NR);
    m.keep_c = rondo__carve_if(carver, s->zone_c, NH);
    m.zx = rondo__carve_if(carver, s->norm, 4 * NH);
    m.zh = rondo__carve_if(carver, s->norm, 4 * NH);
    m.stats_x = rondo__carve_if(carver, s->norm, 2 * s->N);
    m.stats_h = rondo__carve_if(carver, s->norm, 2 * s->N);
    m.stats_c = rondo__carve_if(carver, s->norm, 2 * s->N);
    return m;
}

rondo__lstm_rows rondo__lstm_rows_at(const rondo__lstm_sizes *s, const rondo__lstm_saved *m, const rondo__plan *plan,
                                     int64_t step, int64_t first) {
    int64_t row = plan->start[step] + first, before = step > 0 ? plan->start[step - 1] + first : first;
    return (rondo__lstm_rows){
        .gates = rondo__offset(m->gates, row * 4 * s->H),
        .cell = rondo__offset(m->cell, row * s->H),
        .tanh_c = rondo__offset(m->tanh_c, (s->norm ? row : first) * s->H),
        .hidden = rondo__offset(m->hidden, row * s->H),
        .h = rondo__offset(m->h, row * s->R),
        .c = rondo__offset(m->c, row * s->H),
        .h_prev = rondo__offset(step > 0 ? m->h : m->h0, before * s->R),
        .c_prev = rondo__offset(step > 0 ? m->c : m->c0, before * s->H),
        .mask = rondo__offset(m->mask, first * s->R),
        .keep_h = rondo__offset(m->keep_h, row * s->R),
        .keep_c = rondo__offset(m->keep_c, row * s->H),
        .zh = rondo__offset(m->zh, row * 4 * s->H),
        .stats_h = rondo__offset(m->stats_h, row * 2),
        .stats_c = rondo__offset(m->stats_c, row * 2),
    };
}

rondo__form rondo__lstm_form(const rondo__lstm_sizes *s, int input, bool transposed) {
    return (rondo__form){.input = input,
                         .M = input == LSTM_W_HR ? s->R : 4 * s->H,
                         .K = input == LSTM_W_IH   ? s->I
                              : input == LSTM_W_HH ? s->R
                                                   : s->H,
                         .transposed = transposed,
                         .uses = s->N};
}

typedef struct scratch {
    void *plan;
    rondo__form ih, hh, hr;
    real *bias;   /* (4H) */
    real *x;      /* (N, I) when ragged */
    real *masked; /* (2, B, R) */
    real *tanh_c; /* (B, H) of a step, unless it is saved */
} scratch;

static scratch lay_out_scratch(const rondo__lstm_sizes *s, const rondo_call *call, rondo__carver *carver) {
    scratch m = {.plan = rondo__carve_bytes(carver, rondo__plan_bytes(s->T, s->B))};
    m.ih = rondo__carve_form(carver, call, rondo__lstm_form(s, LSTM_W_IH, true));
    m.hh = rondo__carve_form(carver, call, rondo__lstm_form(s, LSTM_W_HH, true));
    if (s->projected)
        m.hr = rondo__carve_form(carver, call, rondo__lstm_form(s, LSTM_W_HR, true));
    m.bias = rondo__carve(carver, 4 * s->H);
    m.x = rondo__carve_if(carver, s->ragged, s->N * s->I);
    m.masked = rondo__carve_if(carver, s->dropout, 2 * s->B * s->R);
    m.tanh_c = rondo__carve_if(carver, !s->norm, s->B * s->H);
    return m;
}

static size_t saved_bytes(const rondo_call *call) {
    rondo__lstm_sizes sizes = rondo__lstm_sizes_of(call);
    rondo__carver carver = {0};
    rondo__lstm_lay_out(&sizes, call, &carver);
    return carver.used;
}

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    if (backward)
        return rondo__lstm_backward_scratch(call);
    rondo__lstm_sizes sizes = rondo__lstm_sizes_of(call);
    rondo__carver carver = {0};
    lay_out_scratch(&sizes, call, &carver);
    return carver.used;
}

/* ---- forward ---- */

typedef struct forward_run {
    rondo_context *context;
    const real *x, *packed_ih; /* (N, I); W_ihᵀ (I, 4H), packed */
    bool own_inputs;           /* by rows: threads multiply the inputs of their own rows, block by block */
    const real *bias, *gain_x; /* (4H) or NULL */
    rondo__lstm_sizes sizes;
    rondo__lstm_saved saved;
    scratch scratch;
    rondo__plan plan;
    rondo__lstm_cell cell;
} forward_run;

/* The input product of steps [from, to) for units [first, end): in any plan these steps' rows lie together. */
static void input_units(const forward_run *run, int64_t from, int64_t to, int64_t first, int64_t end) {
    const rondo__plan *plan = &run->plan;
    const int64_t I = run->sizes.I, H = run->sizes.H, G = 4 * H, a = plan->start[from], b = plan->start[to - 1];
    const int64_t row = a < b ? a : b, rows = a < b ? b + plan->active[to - 1] - a : a + plan->active[from] - b;
    rondo__gates_product(run->cell.kernels, rows, 4, (rondo__units){H, first, end}, I, run->x + row * I, I,
                         run->packed_ih, run->saved.gates + row * G, G, run->bias, false);
}

/* The end of the steps from `from` on whose inputs a thread multiplies at once, for its places first..: their gates
 * stay in its cache until the steps come to them, if that are rows enough to read the weights for. */
static int64_t input_steps(const forward_run *run, int64_t from, int64_t first, int64_t count) {
    const int64_t fit = INPUT_NUMBERS / (4 * run->sizes.H), free = fit > INPUT_ROWS ? fit : INPUT_ROWS;
    const int64_t most = rondo__block_rows(run->context, run->sizes.N, free);
    int64_t rows = 0, to = from;
    for (; to < run->plan.steps; to++) {
        rows += rondo__plan_running(&run->plan, to, first, count);
        if (rows > most && to > from)
            break;
    }
    return to;
}

/* The input product of steps [from, to) for places first..: panel after panel, each for all of the steps. */
static void input_rows(const forward_run *run, int64_t from, int64_t to, int64_t first, int64_t count) {
    const rondo__plan *plan = &run->plan;
    const int64_t I = run->sizes.I, G = 4 * run->sizes.H;
    for (int64_t n = 0; n < G; n += RONDO_PANEL)
        for (int64_t s = from; s < to; s++) {
            const int64_t row = plan->start[s] + first;
            run->cell.kernels->gemm(rondo__plan_running(plan, s, first, count), G, I, run->x + row * I, I, 1,
                                    run->packed_ih, n, n + RONDO_PANEL < G ? n + RONDO_PANEL : G,
                                    run->saved.gates + row * G, G, run->bias, false);
        }
}

static void walk_forward(void *arg, int64_t first, int64_t count, int worker) {
    (void)worker;
    const forward_run *run = arg;
    int64_t ready = run->own_inputs ? 0 : run->plan.steps;
    for (int64_t s = 0; s < run->plan.steps; s++) {
        int64_t n = rondo__plan_running(&run->plan, s, first, count);
        if (n == 0)
            return;
        if (s == ready) {
            ready = input_steps(run, s, first, count);
            rondo__steps_await(run->context, ready);
            if (count == run->sizes.B)
                input_units(run, s, ready, 0, run->sizes.H);
            else
                input_rows(run, s, ready, first, count);
        }
        rondo__lstm_rows rows = rondo__lstm_rows_at(&run->sizes, &run->saved, &run->plan, s, first);
        rows.masked = rondo__offset(run->scratch.masked, first * run->sizes.R);
        rondo__lstm_advance(&run->cell, n, &rows);
        rondo__steps_done(run->context, s + 1);
    }
}

/* Units [first, end) of h∘mask, where step s reads it. */
static void mask_units(const forward_run *run, int64_t s, int64_t n, int64_t first, int64_t end, const real *h) {
    const int64_t H = run->sizes.H;
    real *masked = run->scratch.masked + s % 2 * run->sizes.B * H;
    for (int64_t at = first; at < n * H; at += H)
        run->cell.kernels->mul(end - first, masked + at, h + at, run->saved.mask + at);
}

static void walk_forward_units(void *arg, int64_t first, int64_t end, int worker) {
    const forward_run *run = arg;
    const rondo__plan *plan = &run->plan;
    int64_t ready = 0;
    if (run->sizes.dropout) {
        mask_units(run, 0, run->sizes.B, first, end, run->saved.h0);
        rondo__pool_meet(run->context->pool, worker);
    }
    for (int64_t s = 0; s < plan->steps; s++) {
        if (s == ready) {
            ready = input_steps(run, s, 0, plan->B);
            input_units(run, s, ready, first, end);
        }
        rondo__lstm_rows rows = rondo__lstm_rows_at(&run->sizes, &run->saved, plan, s, 0);
        rows.masked = rondo__offset(run->scratch.masked, s % 2 * run->sizes.B * run->sizes.R);
        rondo__lstm_advance_units(&run->cell, plan->active[s], &rows, first, end);
        if (run->sizes.dropout)
            mask_units(run, s + 1, plan->active[s], first, end, rows.h);
        if (s + 1 < plan->steps)
            rondo__pool_meet(run->context->pool, worker);
    }
}

static void prepare_inputs(const rondo_call *call, forward_run *run) {
    const rondo__lstm_sizes *s = &run->sizes;
    run->x = rondo__packed_view(call->context, &run->plan, s->I, rondo__lstm_value(call, LSTM_X), run->scratch.x);
    run->bias = rondo__bias_sum(4 * s->H, run->scratch.bias, rondo__lstm_value(call, LSTM_B_IH),
                                rondo__lstm_value(call, LSTM_B_HH));
    run->packed_ih = rondo__form_packed(call, &run->scratch.ih);
    run->gain_x = rondo__lstm_value(call, LSTM_GAIN_X);
    run->own_inputs = !s->norm && (s->B >= OWN_ROWS * run->context->threads || run->context->cut == RONDO__CUT_ROWS ||
                                   rondo__in_steps(run->context));
}

/* The product of all inputs, into gates; normalised if the cell is. */
static void input_product(void *arg) {
    const forward_run *run = arg;
    const rondo__lstm_sizes *s = &run->sizes;
    const int64_t G = 4 * s->H;
    if (run->own_inputs)
        return;
    rondo__product(run->context, s->N, G, s->I, run->x, s->I, 1, run->packed_ih,
                   s->norm ? run->saved.zx : run->saved.gates, G, s->norm ? NULL : run->bias, false);
    if (s->norm)
        rondo__norm_rows(run->context, s->N, G, G, run->saved.gates, run->saved.zx, run->gain_x, run->bias,
                         run->saved.stats_x);
}

static void make_masks(const rondo_call *call, const forward_run *run) {
    const rondo_sequence_options *sequence = &options_of(call)->sequence;
    const rondo__lstm_sizes *s = &run->sizes;
    if (s->dropout)
        rondo__recurrent_mask(call->context, &run->plan, s->R, run->saved.mask, sequence->recurrent_dropout, call->seed,
                              call->stream);
    if (s->zone_h)
        rondo__zoneout_mask(call->context, &run->plan, s->R, run->saved.keep_h, sequence->zoneout, call->training,
                            call->seed, call->stream);
    if (s->zone_c) /* another seed: h and c draw apart */
        rondo__zoneout_mask(call->context, &run->plan, s->H, run->saved.keep_c, sequence->zoneout_cell, call->training,
                            call->seed ^ UINT64_C(0x6c73746d2d63656c), call->stream);
}

static void prepare_cell(const rondo_call *call, forward_run *run) {
    const rondo__lstm_sizes *s = &run->sizes;
    run->cell = (rondo__lstm_cell){
        .kernels = call->context->kernels,
        .H = s->H,
        .R = s->R,
        .packed_hh = rondo__form_packed(call, &run->scratch.hh),
        .packed_hr = s->projected ? rondo__form_packed(call, &run->scratch.hr) : NULL,
        .peephole = rondo__lstm_value(call, LSTM_PEEPHOLE),
        .gain_h = rondo__lstm_value(call, LSTM_GAIN_H),
        .gain_c = rondo__lstm_value(call, LSTM_GAIN_C),
        .bias_c = rondo__lstm_value(call, LSTM_BIAS_C),
        .clip = options_of(call)->cell_clip,
        .coupled = options_of(call)->coupled_gates,
    };
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    (void)err;
    forward_run run = {.context = call->context, .sizes = rondo__lstm_sizes_of(call)};
    const rondo__lstm_sizes *s = &run.sizes;
    run.saved = rondo__lstm_lay_out(s, call, &(rondo__carver){.base = call->saved});
    run.scratch = lay_out_scratch(s, call, &(rondo__carver){.base = call->scratch});
    if (!s->norm)
        run.saved.tanh_c = run.scratch.tanh_c;

    /* 1. the plan of rows, initial states and masks */
    rondo__plan_make(&run.plan, run.scratch.plan, s->T, s->B, &options_of(call)->sequence);
    rondo__order_rows(&run.plan, s->R, run.saved.h0, rondo__lstm_value(call, LSTM_H0));
    rondo__order_rows(&run.plan, s->H, run.saved.c0, rondo__lstm_value(call, LSTM_C0));
    make_masks(call, &run);
    /* 2. all steps, in blocks with the products of their inputs, or after one for all inputs */
    prepare_inputs(call, &run);
    prepare_cell(call, &run);
    rondo__walk_steps(call->context, &run.plan,
                      &(rondo__walk){.units = s->H,
                                     .products = 4 * s->H * s->R,
                                     .before_rows = input_product,
                                     .by_rows = walk_forward,
                                     .by_units = rondo__lstm_has_units(s) ? walk_forward_units : NULL,
                                     .arg = &run});
    /* 3. out */
    if (s->ragged)
        rondo__scatter_rows(call->context, &run.plan, s->R, call->out[LSTM_OUTPUT]->value.data, run.saved.h, false);
    rondo__final_rows(&run.plan, s->R, rondo__values(call->out[LSTM_H]), run.saved.h0, run.saved.h);
    rondo__final_rows(&run.plan, s->H, rondo__values(call->out[LSTM_C]), run.saved.c0, run.saved.c);
    return RONDO_OK;
}

/* Normalisation goes over the products of all inputs at once. */
static bool in_steps(const rondo_call *call) {
    const rondo__lstm_sizes s = rondo__lstm_sizes_of(call);
    return !s.norm && rondo__walks_in_steps(s.T, s.B, &options_of(call)->sequence);
}

static const rondo__together lstm_together = {rondo__lstm_backward_own, rondo__lstm_backward_in, in_steps};

static const rondo_op lstm_op = {
    .name = "lstm",
    .options_size = sizeof(rondo_lstm_options),
    .shape = shape,
    .saved_bytes = saved_bytes,
    .scratch_bytes = scratch_bytes,
    .device[RONDO_CPU] = {forward, rondo__lstm_backward},
    .together = &lstm_together,
    .weights = 1 << LSTM_W_IH | 1 << LSTM_W_HH | 1 << LSTM_W_HR,
};

rondo_lstm_result rondo_lstm(rondo_tape *tape, rondo_var *x, rondo_var *h0, rondo_var *c0,
                             const rondo_lstm_weights *weights, const rondo_lstm_options *options) {
    static const rondo_lstm_weights no_weights;
    static const rondo_lstm_options defaults;
    const rondo_lstm_weights *w = weights ? weights : &no_weights;
    rondo_var *in[LSTM_INPUTS] = {x,       h0,          c0,        w->w_ih,   w->w_hh,   w->b_ih,  w->b_hh,
                                  w->w_hr, w->peephole, w->gain_x, w->gain_h, w->gain_c, w->bias_c};
    rondo_var *out[LSTM_OUTPUTS];
    rondo_apply(tape, &lstm_op, options ? options : &defaults, LSTM_INPUTS, in, LSTM_OUTPUTS, out);
    return (rondo_lstm_result){out[LSTM_OUTPUT], out[LSTM_H], out[LSTM_C]};
}

/* The Jordan network (Jordan, "Serial order: a parallel distributed processing approach", 1986): what is carried from
 * step to step is not the hidden layer but the network's own output, in state units with a fading memory.
 *
 * Equations, for one row at one step:
 *
 *     h_t = f(W_ih x_t + b_ih + W_sh (m∘s_t))        m: recurrent dropout, 1 without
 *     a_t = W_ho h_t + b_o        y_t = g(a_t)
 *     s_{t+1} = decay s_t + feed_t
 *     feed_t = y_t               free running
 *              y_t·F             free running through a feedback matrix, for example an embedding: its expected row
 *              target_t          teacher forcing
 *
 * The output is a_t, before g, so that a cross-entropy can take logits. This is the variant whose state units have one
 * common, fixed decay and no connections among each other but that.
 *
 * Layout. x (T, B, I), output (T, B, O), hidden (T, B, H), state (B, Q), teacher (T, B, Q); W_ih (H, I), W_sh (H, Q),
 * W_ho (O, H), F (O, Q). Neither PyTorch, ONNX nor Keras has this cell. Inside, arrays hold packed rows (sequence.h),
 * N.
 *
 * Two ways to run. Free running is serial: per step the products with W_sh, W_ho and F. With a teacher s_t does not
 * depend on the network, so the states of all steps come first and then each product is one over all N rows.
 *
 * Saved from forward to backward (ragged: only then, else the padded array itself serves):
 *
 *     plan | x (N, I) ragged | m∘s (N, Q) | h (N, H) ragged | a (N, O) ragged | mask (B, Q)
 *     | free running, g not the identity: y (N, O)
 *
 * Scratch of forward:   W_ihᵀ, W_shᵀ, W_hoᵀ, F packed (unless the tape keeps them) | s (B, Q) | targets (N, Q) ragged
 * Scratch of backward:  W_sh, W_ho, Fᵀ packed | ds (B, Q) | of a (N, O), h and its pre-activation (N, H) | teaching: of
 * m∘s (N, Q), else with F: of y·F (N, Q) and y (B, O) | (B, Q) | the outputs' gradients, dx, ragged only | packing room
 * of the products */
#include "nn/jordan.h"

#include <string.h>

static void jordan_saved(const rondo_call *call, rondo__jordan *j, rondo__carver *c) {
    const int64_t N = j->N;
    j->plan = rondo__carve_bytes(c, sizeof *j->plan);
    j->plan_memory = rondo__carve_bytes(c, rondo__plan_bytes(j->T, j->B));
    j->x_room = rondo__carve_if(c, !j->dense, N * j->I);
    j->s_in = rondo__carve(c, N * j->Q);
    j->h = rondo__carve_if(c, !j->dense, N * j->H);
    j->a = rondo__carve_if(c, !j->dense, N * j->O);
    j->y = rondo__carve_if(c, !j->teaching && j->options->output != RONDO_IDENTITY, N * j->O);
    j->mask = rondo__carve_if(c, call->training && j->options->sequence.recurrent_dropout > 0, j->B * j->Q);
    if (c->base) {
        j->x = j->dense ? rondo__values(call->in[JORDAN_X]) : j->x_room;
        j->a = j->dense ? rondo__values(call->out[0]) : j->a;
        j->h = j->dense ? rondo__values(call->out[1]) : j->h;
        j->y = j->y ? j->y : j->a;
    }
}

static size_t largest_product(const rondo__jordan *j) {
    size_t most = rondo__weight_grad_scratch(j->H, j->I, j->N);
    most = rondo__larger(most, rondo__weight_grad_scratch(j->H, j->Q, j->N));
    most = rondo__larger(most, rondo__weight_grad_scratch(j->O, j->H, j->N));
    return rondo__larger(most, rondo__weight_grad_scratch(j->O, j->Q, j->N));
}

static void jordan_backward_scratch(rondo__jordan *j, rondo__carver *c) {
    const int64_t N = j->N;
    const bool fed_back = j->fed_back && !j->teaching;
    j->da_o = rondo__carve_if(c, !j->teaching, N * j->O);
    j->dh = rondo__carve(c, N * j->H);
    j->da_h = rondo__carve(c, N * j->H);
    j->ds_in = rondo__carve_if(c, j->teaching, N * j->Q);
    j->dfeed = rondo__carve_if(c, fed_back, N * j->Q);
    j->dy = rondo__carve_if(c, fed_back, j->B * j->O);
    j->masked = rondo__carve(c, j->B * j->Q);
    j->dout_room = rondo__carve_if(c, !j->dense, N * j->O);
    j->dhidden_room = rondo__carve_if(c, !j->dense, N * j->H);
    j->dx_room = rondo__carve_if(c, !j->dense, N * j->I);
    j->room = rondo__carve_bytes(c, largest_product(j));
}

/* Backward wants each the other way round. */
static void jordan_forms(const rondo_call *call, rondo__jordan *j, rondo__carver *c, bool backward) {
    const rondo__form ih = {.input = JORDAN_W_IH, .M = j->H, .K = j->I, .transposed = !backward, .uses = j->N};
    const rondo__form sh = {.input = JORDAN_W_SH, .M = j->H, .K = j->Q, .transposed = !backward, .uses = j->N};
    const rondo__form ho = {.input = JORDAN_W_HO, .M = j->O, .K = j->H, .transposed = !backward, .uses = j->N};
    const rondo__form f = {.input = JORDAN_F, .M = j->O, .K = j->Q, .transposed = backward, .uses = j->N};
    j->ih = backward ? rondo__carve_input_form(c, call, ih) : rondo__carve_form(c, call, ih);
    j->sh = rondo__carve_form(c, call, sh);
    j->ho = rondo__carve_form(c, call, ho);
    if (j->fed_back && !j->teaching)
        j->f = rondo__carve_form(c, call, f);
}

static void jordan_scratch(const rondo_call *call, rondo__jordan *j, rondo__carver *c, bool backward) {
    jordan_forms(call, j, c, backward);
    j->s = rondo__carve(c, j->B * j->Q);
    j->teacher_room = rondo__carve_if(c, j->teaching && !j->dense, j->N * j->Q);
    if (backward)
        jordan_backward_scratch(j, c);
}

static rondo__jordan jordan_sizes(const rondo_call *call) {
    const int64_t *x = call->in[JORDAN_X]->value.dims;
    rondo__jordan j = {.context = call->context,
                       .options = call->options,
                       .kernels = call->context->kernels,
                       .T = x[0],
                       .B = x[1],
                       .I = x[2]};
    j.H = call->in[JORDAN_W_SH]->value.dims[0];
    j.Q = call->in[JORDAN_W_SH]->value.dims[1];
    j.O = call->in[JORDAN_W_HO]->value.dims[0];
    j.teaching = call->in[JORDAN_TEACHER] != NULL;
    j.fed_back = call->in[JORDAN_F] != NULL;
    j.N = rondo__count_rows(j.T, j.B, &j.options->sequence, &j.dense);
    return j;
}

static size_t jordan_saved_bytes(const rondo_call *call) {
    rondo__carver c = {NULL, 0};
    rondo__jordan j = jordan_sizes(call);
    jordan_saved(call, &j, &c);
    return c.used;
}

static size_t jordan_scratch_bytes(const rondo_call *call, bool backward) {
    rondo__carver c = {NULL, 0};
    rondo__jordan j = jordan_sizes(call);
    jordan_scratch(call, &j, &c, backward);
    return c.used;
}

rondo__jordan rondo__jordan_open(const rondo_call *call, bool backward) {
    rondo__carver saved = {call->saved, 0}, scratch = {call->scratch, 0};
    rondo__jordan j = jordan_sizes(call);
    jordan_saved(call, &j, &saved);
    jordan_scratch(call, &j, &scratch, backward);
    j.net = (rondo__jordan_net){.kernels = j.kernels,
                                .H = j.H,
                                .O = j.O,
                                .Q = j.Q,
                                .activation = j.options->activation,
                                .output = j.options->output,
                                .decay = j.options->decay,
                                .b_o = rondo__values(call->in[JORDAN_B_O])};
    return j;
}

void rondo__jordan_pack(const rondo_call *call, rondo__jordan *j) {
    j->net.w_sh = rondo__form_packed(call, &j->sh);
    j->net.w_ho = rondo__form_packed(call, &j->ho);
    j->net.feedback = j->fed_back && !j->teaching ? rondo__form_packed(call, &j->f) : NULL;
}

static rondo_status check_options(const rondo_jordan_options *options, rondo_error *err) {
    const rondo_activation f = options->activation, g = options->output;
    if (options->sequence.zoneout != 0 || options->sequence.zoneout_cell != 0)
        return rondo__fail(err, RONDO_ARGUMENT, "jordan: there is no hidden-to-hidden path for zoneout (set it to 0)");
    if (f != RONDO_TANH && f != RONDO_RELU && f != RONDO_SIGMOID)
        return rondo__fail(err, RONDO_ARGUMENT, "jordan: activation %d is none of tanh, ReLU, sigmoid", (int)f);
    if (g != RONDO_IDENTITY && g != RONDO_TANH && g != RONDO_SIGMOID && g != RONDO_SOFTMAX)
        return rondo__fail(err, RONDO_ARGUMENT, "jordan: output %d is none of identity, tanh, sigmoid, softmax",
                           (int)g);
    if (!(options->decay >= 0 && options->decay < 1))
        return rondo__fail(err, RONDO_ARGUMENT, "jordan: decay is %g, it must be at least 0 and below 1",
                           (double)options->decay);
    return RONDO_OK;
}

static rondo_status jordan_shape(rondo_call *call, rondo_error *err) {
    const rondo_jordan_options *options = call->options;
    rondo_status status = rondo__expect_sequence(call, &options->sequence, JORDAN_W_SH, "w_sh", err);
    if (status == RONDO_OK)
        status = rondo__expect_rank("jordan", "w_ho", call->in[JORDAN_W_HO], 2, err);
    if (status == RONDO_OK)
        status = check_options(options, err);
    if (status != RONDO_OK)
        return status;
    const int64_t *x = call->in[JORDAN_X]->value.dims, T = x[0], B = x[1], I = x[2];
    const int64_t H = call->in[JORDAN_W_SH]->value.dims[0], Q = call->in[JORDAN_W_SH]->value.dims[1];
    const int64_t O = call->in[JORDAN_W_HO]->value.dims[0];
    const rondo__expected expected[JORDAN_INPUTS] = {
        {"x", false, 3, {T, B, I}}, {"s0", true, 2, {B, Q}},    {"teacher", true, 3, {T, B, Q}},
        {"w_ih", false, 2, {H, I}}, {"w_sh", false, 2, {H, Q}}, {"b_ih", true, 1, {H}},
        {"w_ho", false, 2, {O, H}}, {"b_o", true, 1, {O}},      {"feedback", true, 2, {O, Q}}};
    status = rondo__expect_inputs(call, JORDAN_INPUTS, expected, err);
    if (status == RONDO_OK && (O < 1 || (!call->in[JORDAN_F] && !call->in[JORDAN_TEACHER] && O != Q)))
        status = rondo__fail(err, RONDO_SHAPE,
                             "jordan: %lld outputs cannot be fed to %lld state units (give a feedback matrix)",
                             (long long)O, (long long)Q);
    if (status == RONDO_OK)
        status = rondo__expect_room("jordan", T, B, I + H + O + Q, err);
    rondo__set_shape(call->out[0], 3, T, B, O);
    rondo__set_shape(call->out[1], 3, T, B, H);
    rondo__set_shape(call->out[2], 2, B, Q, 0);
    return status;
}

/* ---- forward, free running: one step ---- */

void rondo__jordan_decay_units(const rondo__kernels *kernels, int64_t rows, rondo__units u, real *s, real decay) {
    const int64_t count = u.end - u.first;
    for (int64_t at = u.first; at < rows * u.H; at += u.H)
        if (decay == 0)
            memset(s + at, 0, (size_t)count * sizeof *s);
        else
            kernels->affine(count, s + at, s + at, decay, 0);
}

void rondo__jordan_hidden(const rondo__jordan_net *net, const rondo__jordan_rows *r, rondo__units hidden) {
    const int64_t Q = net->Q;
    rondo__gates_product(net->kernels, r->rows, 1, hidden, Q, r->s_in, Q, net->w_sh, r->h, net->H, NULL, true);
    rondo__activate_units(net->kernels, net->activation, r->rows, hidden, r->h, r->h);
}

void rondo__jordan_outputs(const rondo__jordan_net *net, const rondo__jordan_rows *r, rondo__units outputs) {
    const int64_t H = net->H;
    rondo__gates_product(net->kernels, r->rows, 1, outputs, H, r->h, H, net->w_ho, r->a, net->O, net->b_o, false);
    if (net->output != RONDO_SOFTMAX)
        rondo__activate_units(net->kernels, net->output, r->rows, outputs, r->y, r->a);
}

void rondo__jordan_feed(const rondo__jordan_net *net, const rondo__jordan_rows *r, rondo__units states) {
    const int64_t O = net->O;
    rondo__jordan_decay_units(net->kernels, r->rows, states, r->s, net->decay);
    if (net->feedback)
        rondo__gates_product(net->kernels, r->rows, 1, states, O, r->y, O, net->feedback, r->s, net->Q, NULL, true);
    else
        rondo__on_units(net->kernels->add, r->rows, states, r->s, r->s, r->y);
}

void rondo__jordan_step_rows(const rondo__jordan_net *net, const rondo__jordan_rows *r) {
    rondo__jordan_hidden(net, r, rondo__all_units(net->H));
    rondo__jordan_outputs(net, r, rondo__all_units(net->O));
    if (net->output == RONDO_SOFTMAX)
        rondo__activate(net->kernels, RONDO_SOFTMAX, r->rows, net->O, r->y, r->a);
    rondo__jordan_feed(net, r, rondo__all_units(net->Q));
}

void rondo__jordan_enter(const rondo__jordan *j, int64_t rows, rondo__units u, real *s_in, const real *s,
                         const real *mask) {
    if (mask)
        rondo__on_units(j->kernels->mul, rows, u, s_in, s, mask);
    else
        for (int64_t at = u.first; at < rows * u.H; at += u.H)
            memcpy(s_in + at, s + at, (size_t)(u.end - u.first) * sizeof *s);
}

static void jordan_walk(void *arg, int64_t first, int64_t count, int worker) {
    (void)worker;
    const rondo__jordan *j = arg;
    const rondo__plan *plan = j->plan;
    const int64_t Q = j->Q;
    const rondo__units states = rondo__all_units(Q);
    real *s = j->s + first * Q;
    for (int64_t step = 0; step < plan->steps; step++) {
        const int64_t rows = rondo__plan_running(plan, step, first, count), at = plan->start[step] + first;
        if (rows == 0)
            break;
        rondo__jordan_enter(j, rows, states, j->s_in + at * Q, s, rondo__offset(j->mask, first * Q));
        if (j->teaching) { /* the state alone; all else follows over all rows */
            rondo__jordan_decay(j->kernels, rows * Q, s, j->options->decay);
            j->kernels->add(rows * Q, s, s, j->teacher + at * Q);
            continue;
        }
        const rondo__jordan_rows r = {rows, j->s_in + at * Q, j->h + at * j->H, j->a + at * j->O, j->y + at * j->O, s};
        rondo__jordan_step_rows(&j->net, &r);
    }
}

/* ---- forward, teacher forcing: everything but the states ---- */

static void activate_rows(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const rondo__jordan *j = arg;
    real *h = j->h + begin * j->H;
    rondo__activate(j->kernels, j->options->activation, end - begin, j->H, h, h);
}

static void taught_outputs(rondo_context *context, rondo__jordan *j) {
    const int64_t N = j->N, H = j->H, O = j->O, Q = j->Q;
    rondo__product(context, N, H, Q, j->s_in, Q, 1, j->net.w_sh, j->h, H, NULL, true);
    rondo__parallel(context, N, 1 + 8192 / H, activate_rows, j);
    rondo__product(context, N, O, H, j->h, H, 1, j->net.w_ho, j->a, O, j->net.b_o, false);
}

static void jordan_inputs(void *arg) {
    const rondo__jordan *j = arg;
    rondo__input_product(j->context, &j->inputs);
}

static rondo_status jordan_forward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__jordan j = rondo__jordan_open(call, false);
    const rondo_sequence_options *sequence = &j.options->sequence;
    rondo_context *context = call->context;
    const int64_t I = j.I, H = j.H, Q = j.Q;

    /* 1. the plan; x, targets and s0 in its order; the mask */
    rondo__plan_make(j.plan, j.plan_memory, j.T, j.B, sequence);
    j.x = rondo__packed_view(context, j.plan, I, rondo__values(call->in[JORDAN_X]), j.x_room);
    if (j.teaching)
        j.teacher = rondo__packed_view(context, j.plan, Q, rondo__values(call->in[JORDAN_TEACHER]), j.teacher_room);
    rondo__order_rows(j.plan, Q, j.s, rondo__values(call->in[JORDAN_S0]));
    if (j.mask)
        rondo__recurrent_mask(call->context, j.plan, Q, j.mask, sequence->recurrent_dropout, call->seed, call->stream);
    /* 2. weights packed once */
    rondo__jordan_pack(call, &j);
    const real *w_ih = rondo__form_packed(call, &j.ih);
    /* 3. all inputs in one product, straight to where h_t will stand, then the steps; by units, blocks of steps with
     * their inputs */
    j.inputs = (rondo__inputs){j.plan, I, 1, H, j.x, w_ih, rondo__values(call->in[JORDAN_B_IH]), j.h, context};
    rondo__jordan_walk(&j, jordan_inputs, jordan_walk);
    if (j.teaching)
        taught_outputs(context, &j);
    /* 4. outputs in the order of the batch; s holds each row's state after its last step */
    rondo__unorder_rows(j.plan, Q, rondo__values(call->out[2]), j.s, false);
    if (!j.plan->dense) {
        rondo__scatter_rows(context, j.plan, j.O, rondo__values(call->out[0]), j.a, false);
        rondo__scatter_rows(context, j.plan, H, rondo__values(call->out[1]), j.h, false);
    }
    return RONDO_OK;
}

/* ---- the operator ---- */

static const rondo_op jordan_op = {
    .name = "jordan",
    .options_size = sizeof(rondo_jordan_options),
    .shape = jordan_shape,
    .saved_bytes = jordan_saved_bytes,
    .scratch_bytes = jordan_scratch_bytes,
    .device[RONDO_CPU] = {jordan_forward, rondo__jordan_backward},
    .weights = 1 << JORDAN_W_IH | 1 << JORDAN_W_SH | 1 << JORDAN_W_HO,
};

/* With a decay d near 1 the state units sum about 1/(1-d) outputs; layers start W_sh like all weights and leave the
 * scale to training. */
rondo_jordan_result rondo_jordan(rondo_tape *tape, rondo_var *x, rondo_var *s0, rondo_var *teacher,
                                 const rondo_jordan_weights *weights, const rondo_jordan_options *options) {
    const rondo_jordan_weights none = {NULL}, *w = weights ? weights : &none;
    const rondo_jordan_options defaults = {.decay = 0};
    rondo_var *const in[JORDAN_INPUTS] = {x, s0, teacher, w->w_ih, w->w_sh, w->b_ih, w->w_ho, w->b_o, w->feedback};
    rondo_var *out[3];
    rondo_apply(tape, &jordan_op, options ? options : &defaults, JORDAN_INPUTS, in, 3, out);
    return (rondo_jordan_result){out[0], out[1], out[2]};
}

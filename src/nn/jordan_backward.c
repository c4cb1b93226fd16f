/* Backward of the Jordan cell; jordan.c tells the equations and the layout.
 *
 * Let ds be the gradient of s_{t+1} (at a row's last step: of its final state). Then
 *
 *     dfeed = ds             free running: dy = dfeed, or dfeed·Fᵀ       da_t = dout_t + gᵀ'(a_t) dy
 *                            teaching:     dtarget_t = dfeed            da_t = dout_t
 *     dh_t = dhidden_t + W_hoᵀ da_t         dp_t = dh_t ∘ f'(p_t)       p_t: pre-activation of h_t
 *     ds (of s_t) = decay ds + m∘(W_shᵀ dp_t)
 *
 * Softmax has a full Jacobian: gᵀ' dy = y∘(dy - y·dy). Over all rows, outside the loop: dF = Σ y dfeedᵀ, dW_ho = Σ da
 * hᵀ, db_o = Σ da, dW_sh = Σ dp (m∘s)ᵀ, dW_ih = Σ dp xᵀ, db_ih = Σ dp, dx = W_ihᵀ dp. With a teacher nothing but the
 * scan of ds is serial. */
#include <string.h>

#include "nn/jordan.h"

/* ---- free running ---- */

const real *rondo__jordan_fed_back(const rondo__jordan *j, int64_t at, int64_t first, int64_t rows, rondo__units states,
                                   rondo__units outputs) {
    const int64_t O = j->O, Q = j->Q;
    const real *ds = j->s + first * Q;
    real *dy = rondo__offset(j->dy, first * O);
    if (!j->net.feedback)
        return ds;
    for (int64_t row = states.first; row < rows * Q; row += Q)
        memcpy(j->dfeed + at * Q + row, ds + row, (size_t)(states.end - states.first) * sizeof *ds);
    rondo__gates_product(j->kernels, rows, 1, outputs, Q, ds, Q, j->net.feedback, dy, O, NULL, false);
    return dy;
}

void rondo__jordan_outputs_back(const rondo__jordan *j, int64_t at, int64_t rows, rondo__units outputs,
                                const real *dy) {
    const int64_t O = j->O;
    real *da = j->da_o + at * O;
    for (int64_t row = outputs.first; row < rows * O; row += O)
        memcpy(da + row, j->dout + at * O + row, (size_t)(outputs.end - outputs.first) * sizeof *da);
    rondo__activate_units_backward(j->kernels, j->options->output, rows, outputs, da, j->y + at * O, dy);
}

void rondo__jordan_hidden_back(const rondo__jordan *j, int64_t at, int64_t rows, rondo__units hidden) {
    const int64_t O = j->O, H = j->H;
    const size_t bytes = (size_t)(hidden.end - hidden.first) * sizeof(real);
    real *dh = j->dh + at * H, *da = j->da_h + at * H;
    for (int64_t row = hidden.first; row < rows * H; row += H) {
        memcpy(dh + row, j->dhidden + at * H + row, bytes);
        memset(da + row, 0, bytes);
    }
    rondo__gates_product(j->kernels, rows, 1, hidden, O, j->da_o + at * O, O, j->net.w_ho, dh, H, NULL, true);
    rondo__activate_units_backward(j->kernels, j->options->activation, rows, hidden, da, j->h + at * H, dh);
}

void rondo__jordan_states_back(const rondo__jordan *j, int64_t at, int64_t first, int64_t rows, rondo__units states) {
    const int64_t H = j->H, place = first * j->Q;
    rondo__jordan_decay_units(j->kernels, rows, states, j->s + place, j->options->decay);
    rondo__recurrent_back(j->kernels, rows, states, H, j->s + place, j->da_h + at * H, H, j->net.w_sh,
                          rondo__offset(j->mask, place), j->masked + place, true);
}

static void walk_back_free(void *arg, int64_t first, int64_t count, int worker) {
    (void)worker;
    const rondo__jordan *j = arg;
    const rondo__units outputs = rondo__all_units(j->O), states = rondo__all_units(j->Q);
    for (int64_t step = j->plan->steps - 1; step >= 0; step--) {
        const int64_t rows = rondo__plan_running(j->plan, step, first, count), at = j->plan->start[step] + first;
        if (rows == 0)
            continue;
        rondo__jordan_outputs_back(j, at, rows, outputs, rondo__jordan_fed_back(j, at, first, rows, states, outputs));
        rondo__jordan_hidden_back(j, at, rows, rondo__all_units(j->H));
        rondo__jordan_states_back(j, at, first, rows, states);
    }
}

/* ---- teacher forcing ---- */

/* dh (N, H) = dhidden, and da_h = dh∘f' once the product with W_ho was added; both in ranges of rows. */
static void copy_hidden(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const rondo__jordan *j = arg;
    memcpy(j->dh + begin * j->H, j->dhidden + begin * j->H, (size_t)((end - begin) * j->H) * sizeof(real));
}

static void activation_back(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const rondo__jordan *j = arg;
    const int64_t at = begin * j->H, rows = end - begin;
    memset(j->da_h + at, 0, (size_t)(rows * j->H) * sizeof(real));
    rondo__activate_backward(j->kernels, j->options->activation, rows, j->H, j->da_h + at, j->h + at, j->dh + at);
}

/* The scan: ds of s_{t+1} is the gradient of target_t (kept where m∘s's gradient stood), then of s_t. */
static void walk_back_taught(void *arg, int64_t first, int64_t count, int worker) {
    (void)worker;
    const rondo__jordan *j = arg;
    const rondo__plan *plan = j->plan;
    const int64_t Q = j->Q, place = first * Q;
    real *ds = j->s + place, *room = j->masked + place;
    for (int64_t step = plan->steps - 1; step >= 0; step--) {
        const int64_t n = rondo__plan_running(plan, step, first, count) * Q;
        real *ds_in = j->ds_in + (plan->start[step] + first) * Q;
        if (n == 0)
            continue;
        memcpy(room, ds, (size_t)n * sizeof *ds);
        rondo__jordan_decay(j->kernels, n, ds, j->options->decay);
        if (j->mask)
            j->kernels->mul_add(n, ds, ds_in, j->mask + place);
        else
            j->kernels->add(n, ds, ds, ds_in);
        memcpy(ds_in, room, (size_t)n * sizeof *ds);
    }
}

static void teacher_back(rondo_call *call, rondo__jordan *j) {
    rondo_context *context = call->context;
    const int64_t N = j->N, H = j->H, O = j->O, Q = j->Q;
    rondo_var *teacher = call->in[JORDAN_TEACHER];
    rondo__parallel(context, N, 1 + 16384 / H, copy_hidden, j);
    rondo__product(context, N, H, O, j->dout, O, 1, j->net.w_ho, j->dh, H, NULL, true);
    rondo__parallel(context, N, 1 + 8192 / H, activation_back, j);
    rondo__product(context, N, Q, H, j->da_h, H, 1, j->net.w_sh, j->ds_in, Q, NULL, false);
    rondo__walk_rows(context, j->plan, walk_back_taught, j);
    if (!rondo__wants_grad(teacher))
        return;
    if (j->plan->dense)
        j->kernels->add(N * Q, teacher->grad, teacher->grad, j->ds_in);
    else
        rondo__scatter_rows(context, j->plan, Q, teacher->grad, j->ds_in, true);
}

/* ---- all of it ---- */

static void weight_grads(rondo_call *call, const rondo__jordan *j) {
    rondo_context *context = call->context;
    const int64_t N = j->N, I = j->I, H = j->H, O = j->O, Q = j->Q;
    const real *da_o = j->teaching ? j->dout : j->da_o;
    if (j->net.feedback)
        rondo__weight_grad(context, j->room, call->in[JORDAN_F], 0, O, Q, N, j->y, O, j->dfeed);
    rondo__weight_grad(context, j->room, call->in[JORDAN_W_HO], 0, O, H, N, da_o, O, j->h);
    rondo__bias_grad(context, call->in[JORDAN_B_O], O, N, da_o);
    rondo__weight_grad(context, j->room, call->in[JORDAN_W_SH], 0, H, Q, N, j->da_h, H, j->s_in);
    rondo__weight_grad(context, j->room, call->in[JORDAN_W_IH], 0, H, I, N, j->da_h, H, j->x);
    rondo__bias_grad(context, call->in[JORDAN_B_IH], H, N, j->da_h);
    rondo_var *x = call->in[JORDAN_X];
    const real *packed = rondo__wants_grad(x) ? rondo__form_packed(call, &j->ih) : NULL;
    rondo__input_grad(&(rondo__input_back){context, j->plan, x, I, H, packed, j->da_h, j->dx_room, 0});
}

rondo_status rondo__jordan_backward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__jordan j = rondo__jordan_open(call, true);
    rondo_context *context = call->context;

    /* 4. gradients of the outputs in the order of the plan */
    j.dout = rondo__packed_view(context, j.plan, j.O, call->out[0]->grad, j.dout_room);
    j.dhidden = rondo__packed_view(context, j.plan, j.H, call->out[1]->grad, j.dhidden_room);
    rondo__order_rows(j.plan, j.Q, j.s, call->out[2]->grad);
    /* 3. the steps, last to first, on weights packed the other way */
    rondo__jordan_pack(call, &j);
    if (j.teaching)
        teacher_back(call, &j);
    else
        rondo__jordan_walk_back(&j, walk_back_free);
    if (rondo__wants_grad(call->in[JORDAN_S0]))
        rondo__unorder_rows(j.plan, j.Q, call->in[JORDAN_S0]->grad, j.s, true);
    /* 2. weights and inputs, each one product over all rows */
    weight_grads(call, &j);
    return RONDO_OK;
}

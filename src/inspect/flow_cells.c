/* One step back through each of the four cells: the derivatives of what trace_cells.c writes, in its order reversed.
 * What it kept (gates, states) is read; d… is the gradient of the loss with respect to …. */
#include <math.h>
#include <string.h>

#include "inspect/flow.h"
#include "inspect/plain.h"
#include "nn/recurrent.h"

static const real *weights(const rondo__back_step *s, int index) {
    return index < 0 ? NULL : rondo_params_at(s->net->params, index)->value.data;
}

static const double *gate(const rondo__back_step *s, int index) {
    return s->at->gate + (index * s->T + s->t) * s->at->H;
}

static void back_inputs(const rondo__back_step *s, int64_t N, const double *da) {
    if (s->dx)
        rondo__plain_product_back(N, s->at->I, weights(s, s->p->w_ih), da, s->dx);
}

/* d (n), of y = f(x) -> of x */
static void activate_back(rondo_activation f, int64_t n, const double *y, double *d) {
    double along = 0;
    for (int64_t i = 0; f == RONDO_SOFTMAX && i < n; i++)
        along += d[i] * y[i];
    for (int64_t i = 0; i < n; i++)
        d[i] = f == RONDO_TANH      ? d[i] * (1 - y[i] * y[i])
               : f == RONDO_RELU    ? (y[i] > 0 ? d[i] : 0)
               : f == RONDO_SIGMOID ? d[i] * y[i] * (1 - y[i])
               : f == RONDO_SOFTMAX ? y[i] * (d[i] - along)
                                    : d[i];
}

static void back_elman(const rondo__back_step *s) {
    const int64_t H = s->at->H;
    const double zone = (double)s->net->config.zoneout;
    for (int64_t j = 0; j < H; j++) {
        s->a[j] = (1 - zone) * s->dh[j];
        s->dh[j] *= zone;
    }
    activate_back(s->net->config.activation, H, gate(s, 0), s->a);
    rondo__plain_product_back(H, H, weights(s, s->p->w_hh), s->a, s->dh);
    back_inputs(s, H, s->a);
}

/* ---- Jordan ---- */

/* y (O): the output after its function, as it is fed back */
static void jordan_output(const rondo__back_step *s, double *y) {
    const int64_t O = s->at->O;
    memcpy(y, s->at->output + s->t * O, (size_t)O * sizeof *y);
    if (s->is_last)
        rondo__plain_activate(s->net->config.output_activation, O, y);
}

/* da (O): of what is fed back, through F where there is one, and of what leaves as the output */
static void jordan_output_back(const rondo__back_step *s, const double *y, double *da) {
    const int64_t O = s->at->O, Q = s->at->Q;
    const bool taught = s->is_last && s->taught;
    const real *f = s->is_last && !taught ? s->feedback : NULL;
    for (int64_t o = 0; o < O; o++) {
        da[o] = (f || taught ? 0 : s->dh[o]) + (s->is_last ? 0 : s->dy[o]);
        for (int64_t q = 0; f && q < Q; q++)
            da[o] += s->dh[q] * (double)f[o * Q + q];
    }
    activate_back(s->is_last ? s->net->config.output_activation : RONDO_TANH, O, y, da);
    for (int64_t o = 0; s->is_last && o < O; o++)
        da[o] += s->dy[o];
}

static void back_jordan(const rondo__back_step *s) {
    const int64_t H = s->at->H, O = s->at->O, Q = s->at->Q;
    double *y = s->a, *dh = s->a, *da = s->b;
    jordan_output(s, y);
    jordan_output_back(s, y, da);
    memset(dh, 0, (size_t)H * sizeof *dh);
    rondo__plain_product_back(O, H, weights(s, s->p->w_ho), da, dh);
    activate_back(s->net->config.activation, H, s->at->hidden + s->t * H, dh);
    for (int64_t q = 0; q < Q; q++)
        s->dh[q] *= (double)s->net->config.decay;
    rondo__plain_product_back(H, Q, weights(s, s->p->w_sh), dh, s->dh);
    back_inputs(s, H, dh);
}

/* ---- LSTM ---- */

/* du (H): of o∘tanh(c), which is the state, or is projected to it; dh becomes what zoneout hands on. */
static void lstm_state_back(const rondo__back_step *s, double *du, double *room) {
    const int64_t H = s->at->H, R = s->at->R;
    const double zone = (double)s->net->config.zoneout;
    for (int64_t j = 0; j < R; j++) {
        room[j] = (1 - zone) * s->dh[j];
        s->dh[j] *= zone;
    }
    if (s->p->w_hr < 0) {
        memcpy(du, room, (size_t)H * sizeof *du);
        return;
    }
    memset(du, 0, (size_t)H * sizeof *du);
    rondo__plain_product_back(R, H, weights(s, s->p->w_hr), room, du);
}

/* The cell as the step makes it, and without the clip. */
static double lstm_made(const rondo__back_step *s, int64_t j, double *before) {
    const double clip = (double)s->net->config.cell_clip;
    *before = gate(s, 1)[j] * s->c[j] + gate(s, 0)[j] * gate(s, 2)[j];
    return clip > 0 ? rondo__plain_clip(clip, *before) : *before;
}

/* d_o of the output gate's sum, and dc += what comes by the cell's way to the state. du (H); c, squashed (H): room */
static void lstm_output_back(const rondo__back_step *s, const double *du, double *d_o, double *c, double *squashed) {
    const int64_t H = s->at->H;
    const real *peephole = weights(s, s->p->peephole), *gain = weights(s, s->p->gain_c);
    const double *o = gate(s, 3), zone = (double)s->net->config.zoneout_cell;
    double before;
    for (int64_t j = 0; j < H; j++)
        squashed[j] = c[j] = lstm_made(s, j, &before);
    if (gain)
        rondo__plain_norm(H, gain, weights(s, s->p->bias_c), squashed);
    for (int64_t j = 0; j < H; j++) {
        const double f = tanh(squashed[j]);
        d_o[j] = du[j] * f * o[j] * (1 - o[j]);
        squashed[j] = du[j] * o[j] * (1 - f * f);
    }
    if (gain)
        rondo__plain_norm_back(H, gain, c, squashed);
    for (int64_t j = 0; j < H; j++)
        c[j] = (1 - zone) * s->dc[j] + squashed[j] + (peephole ? (double)peephole[2 * H + j] * d_o[j] : 0);
}

/* made (H): of the cell as it was made -> da of i, f, g (H each), dc of the one that entered */
static void lstm_gates_back(const rondo__back_step *s, const double *made, double *da) {
    const rondo_recurrent_config *config = &s->net->config;
    const int64_t H = s->at->H;
    const real *peephole = weights(s, s->p->peephole);
    const double *i = gate(s, 0), *f = gate(s, 1), *g = gate(s, 2);
    for (int64_t j = 0; j < H; j++) {
        double before;
        const double kept = lstm_made(s, j, &before), dc = kept == before ? made[j] : 0;
        const double di = dc * g[j], df = dc * s->c[j] - (config->coupled_gates ? di : 0);
        da[j] = config->coupled_gates ? 0 : di * i[j] * (1 - i[j]);
        da[H + j] = df * f[j] * (1 - f[j]);
        da[2 * H + j] = dc * i[j] * (1 - g[j] * g[j]);
        s->dc[j] = (double)config->zoneout_cell * s->dc[j] + dc * f[j];
        if (peephole)
            s->dc[j] += (double)peephole[j] * da[j] + (double)peephole[H + j] * da[H + j];
    }
}

static void back_lstm(const rondo__back_step *s) {
    const int64_t H = s->at->H, R = s->at->R, N = 4 * H;
    double *da = s->a, *du = s->b, *made = s->b + H, *squashed = s->b + 2 * H;
    lstm_state_back(s, du, squashed);
    lstm_output_back(s, du, da + 3 * H, made, squashed);
    if (s->made)
        memcpy(s->made, made, (size_t)H * sizeof *made);
    lstm_gates_back(s, made, da);
    memcpy(s->b, da, (size_t)N * sizeof *da);
    if (s->p->gain_h >= 0) {
        rondo__plain_norm_back(N, weights(s, s->p->gain_x), s->px + s->t * N, s->a);
        rondo__plain_norm_back(N, weights(s, s->p->gain_h), s->ph + s->t * N, s->b);
    }
    rondo__plain_product_back(N, R, weights(s, s->p->w_hh), s->b, s->dh);
    back_inputs(s, N, s->a);
}

/* ---- GRU ---- */

/* Reset and update gate together, and the candidate, as they are normalised. */
static void gru_norm_back(const rondo__back_step *s, int gain, const double *product, double *da) {
    const int64_t H = s->at->H;
    const real *g = weights(s, gain);
    if (!g)
        return;
    rondo__plain_norm_back(2 * H, g, product + s->t * 3 * H, da);
    rondo__plain_norm_back(H, g + 2 * H, product + (s->t * 3 + 2) * H, da + 2 * H);
}

/* room (H): W_hn h, normalised, + b_hn: what the reset gate is multiplied with */
static void gru_recurrent(const rondo__back_step *s, double *room) {
    const int64_t H = s->at->H;
    const real *gain = weights(s, s->p->gain_h), *bias = weights(s, s->p->b_hh);
    memcpy(room, s->ph + (s->t * 3 + 2) * H, (size_t)H * sizeof *room);
    if (gain)
        rondo__plain_norm(H, gain + 2 * H, NULL, room);
    for (int64_t j = 0; bias && j < H; j++)
        room[j] += (double)bias[2 * H + j];
}

/* What zoneout and the update gate hand on stays in dh; a (3H): da of z and n */
static void gru_update_back(const rondo__back_step *s, double *a) {
    const int64_t H = s->at->H;
    const double zone = (double)s->net->config.zoneout, *z = gate(s, 1), *n = gate(s, 2);
    for (int64_t j = 0; j < H; j++) {
        const double d = (1 - zone) * s->dh[j];
        a[H + j] = d * (s->h[j] - n[j]) * z[j] * (1 - z[j]);
        a[2 * H + j] = d * (1 - z[j]) * (1 - n[j] * n[j]);
        s->dh[j] = zone * s->dh[j] + d * z[j];
    }
}

/* a (3H) as above -> its da of r; b (3H): da as the recurrent products see it. Reset after the product. */
static void gru_reset_after(const rondo__back_step *s, double *a, double *b) {
    const int64_t H = s->at->H;
    const double *r = gate(s, 0);
    gru_recurrent(s, b);
    for (int64_t j = 0; j < H; j++)
        a[j] = a[2 * H + j] * b[j] * r[j] * (1 - r[j]);
    memcpy(b, a, (size_t)(3 * H) * sizeof *b);
    for (int64_t j = 0; j < H; j++)
        b[2 * H + j] *= r[j];
    gru_norm_back(s, s->p->gain_h, s->ph, b);
    rondo__plain_product_back(3 * H, H, weights(s, s->p->w_hh), b, s->dh);
}

/* Reset before the product: r∘h goes through W_hn. room (H) */
static void gru_reset_before(const rondo__back_step *s, double *a, double *b, double *room) {
    const int64_t H = s->at->H;
    const real *gain = weights(s, s->p->gain_h), *w = weights(s, s->p->w_hh);
    const double *r = gate(s, 0);
    memcpy(b + 2 * H, a + 2 * H, (size_t)H * sizeof *b);
    if (gain)
        rondo__plain_norm_back(H, gain + 2 * H, s->ph + (s->t * 3 + 2) * H, b + 2 * H);
    memset(room, 0, (size_t)H * sizeof *room);
    rondo__plain_product_back(H, H, w + 2 * H * H, b + 2 * H, room);
    for (int64_t j = 0; j < H; j++) {
        a[j] = room[j] * s->h[j] * r[j] * (1 - r[j]);
        s->dh[j] += room[j] * r[j];
    }
    memcpy(b, a, (size_t)(2 * H) * sizeof *b);
    if (gain)
        rondo__plain_norm_back(2 * H, gain, s->ph + s->t * 3 * H, b);
    rondo__plain_product_back(2 * H, H, w, b, s->dh);
}

static void back_gru(const rondo__back_step *s) {
    const int64_t H = s->at->H;
    gru_update_back(s, s->a);
    if (s->net->config.reset_before)
        gru_reset_before(s, s->a, s->b, s->b + 3 * H);
    else
        gru_reset_after(s, s->a, s->b);
    gru_norm_back(s, s->p->gain_x, s->px, s->a);
    back_inputs(s, 3 * H, s->a);
}

/* ---- by cell ---- */

rondo__back_cell rondo__back_cell_of(rondo_cell cell) {
    static const rondo__back_cell cells[] = {
        [RONDO_ELMAN] = back_elman, [RONDO_JORDAN] = back_jordan, [RONDO_LSTM] = back_lstm, [RONDO_GRU] = back_gru};
    return cells[cell];
}

void rondo__back_wants(const rondo_recurrent *net, bool *px, bool *ph) {
    const rondo_recurrent_config *config = &net->config;
    *px = config->layer_norm;
    *ph = config->layer_norm || (config->cell == RONDO_GRU && !config->reset_before);
}

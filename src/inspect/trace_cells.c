/* The equations of the four cells, for one row at one step. The letters are those of lstm.c, gru.c, elman.c, jordan.c.
 */
#include <math.h>
#include <string.h>

#include "inspect/plain.h"
#include "inspect/trace.h"
#include "nn/params.h"
#include "nn/recurrent.h"

static const real *weights(const rondo__trace_step *s, int index) { return rondo__param_values(s->net->params, index); }

static void add_bias(int64_t N, const real *b, double *y) {
    for (int64_t i = 0; b && i < N; i++)
        y[i] += (double)b[i];
}

/* ---- what is altered ---- */

static const rondo__alter *altered(const rondo__trace_step *s) {
    const rondo__alter *alter = s->input->alter;
    if (!alter || !alter->on || (alter->layer >= 0 && alter->layer != s->at->layer) ||
        (alter->direction >= 0 && alter->direction != s->at->direction))
        return NULL;
    return alter;
}

/* Writes a gate down, after freezing it. */
static void keep_gate(const rondo__trace_step *s, int gate, double *value) {
    const rondo__alter *alter = altered(s);
    for (int64_t j = 0; j < s->at->H; j++) {
        if (alter && alter->gate == gate && (alter->unit < 0 || alter->unit == j))
            value[j] = alter->values ? alter->values[j] : alter->value;
        s->at->gate[(gate * s->T + s->t) * s->at->H + j] = value[j];
    }
}

static void silence(const rondo__trace_step *s, double *h) {
    const rondo__alter *alter = altered(s);
    for (int64_t j = 0; alter && alter->silence && j < s->at->H; j++)
        h[j] = alter->unit < 0 || alter->unit == j ? 0 : h[j];
}

/* Adds to a state at one step, if that is asked for. */
static void nudge(const rondo__trace_step *s, bool cell, double *state) {
    const rondo__alter *alter = altered(s);
    if (alter && alter->nudge && alter->cell == cell && alter->t == s->t)
        state[alter->unit] += alter->value;
}

static void keep(double *to, int64_t n, int64_t t, const double *from) {
    memcpy(to + t * n, from, (size_t)n * sizeof *to);
}

/* ---- cells ---- */

static void step_elman(const rondo__trace_step *s) {
    const rondo_recurrent_config *config = &s->net->config;
    const int64_t H = s->at->H;
    const double zone = (double)config->zoneout;
    memset(s->a, 0, (size_t)H * sizeof *s->a);
    rondo__plain_product(H, s->at->I, weights(s, s->p->w_ih), s->x, s->a);
    rondo__plain_product(H, H, weights(s, s->p->w_hh), s->h, s->a);
    add_bias(H, weights(s, s->p->b_ih), s->a);
    add_bias(H, weights(s, s->p->b_hh), s->a);
    rondo__plain_activate(config->activation, H, s->a);
    keep_gate(s, 0, s->a);
    for (int64_t j = 0; j < H; j++)
        s->h[j] = zone * s->h[j] + (1 - zone) * s->a[j];
    silence(s, s->h);
    nudge(s, false, s->h);
    keep(s->at->hidden, H, s->t, s->h);
    keep(s->at->output, H, s->t, s->h);
}

/* feed_t = y, or y · F, or what it is taught */
static void feed_back(const rondo__trace_step *s, const double *y) {
    const int64_t O = s->at->O, Q = s->at->Q;
    const double *taught = s->is_last && s->input->teacher ? s->input->teacher + s->t * Q : NULL;
    const real *f = s->is_last && !taught ? s->input->feedback : NULL;
    for (int64_t q = 0; q < Q; q++) {
        double feed = taught ? taught[q] : f ? 0 : y[q];
        for (int64_t o = 0; f && o < O; o++)
            feed += y[o] * (double)f[o * Q + q];
        s->h[q] = (double)s->net->config.decay * s->h[q] + feed;
    }
}

static void step_jordan(const rondo__trace_step *s) {
    const rondo_recurrent_config *config = &s->net->config;
    const int64_t H = s->at->H, O = s->at->O;
    double *h = s->a, *y = s->b;
    nudge(s, false, s->h);
    keep(s->at->state, s->at->Q, s->t, s->h);
    memset(h, 0, (size_t)H * sizeof *h);
    memset(y, 0, (size_t)O * sizeof *y);
    rondo__plain_product(H, s->at->I, weights(s, s->p->w_ih), s->x, h);
    rondo__plain_product(H, s->at->Q, weights(s, s->p->w_sh), s->h, h);
    add_bias(H, weights(s, s->p->b_ih), h);
    rondo__plain_activate(config->activation, H, h);
    keep_gate(s, 0, h);
    silence(s, h);
    keep(s->at->hidden, H, s->t, h);
    rondo__plain_product(O, H, weights(s, s->p->w_ho), h, y);
    add_bias(O, weights(s, s->p->b_o), y);
    if (s->is_last)
        keep(s->at->output, O, s->t, y);
    rondo__plain_activate(s->is_last ? config->output_activation : RONDO_TANH, O, y);
    if (!s->is_last)
        keep(s->at->output, O, s->t, y);
    feed_back(s, y);
}

/* a = W_ih x + b_ih + W_hh h + b_hh, each product normalised where there are gains. */
static void lstm_products(const rondo__trace_step *s) {
    const int64_t H = s->at->H, R = s->at->R;
    double *a = s->a, *b = s->b;
    memset(a, 0, (size_t)(4 * H) * sizeof *a);
    memset(b, 0, (size_t)(4 * H) * sizeof *b);
    rondo__plain_product(4 * H, s->at->I, weights(s, s->p->w_ih), s->x, a);
    rondo__plain_product(4 * H, R, weights(s, s->p->w_hh), s->h, b);
    if (s->p->gain_x >= 0) {
        rondo__plain_norm(4 * H, weights(s, s->p->gain_x), NULL, a);
        rondo__plain_norm(4 * H, weights(s, s->p->gain_h), NULL, b);
    }
    for (int64_t j = 0; j < 4 * H; j++)
        a[j] += b[j];
    add_bias(4 * H, weights(s, s->p->b_ih), a);
    add_bias(4 * H, weights(s, s->p->b_hh), a);
}

static void lstm_cell(const rondo__trace_step *s) {
    const rondo_recurrent_config *config = &s->net->config;
    const int64_t H = s->at->H;
    const real *peephole = weights(s, s->p->peephole);
    const double clip = (double)config->cell_clip;
    double *i = s->a, *f = i + H, *g = f + H, *o = g + H, *c = s->b;
    for (int64_t j = 0; j < H; j++) {
        f[j] = rondo__plain_sigmoid(f[j] + (peephole ? (double)peephole[H + j] * s->c[j] : 0));
        i[j] = rondo__plain_sigmoid(i[j] + (peephole ? (double)peephole[j] * s->c[j] : 0));
        g[j] = tanh(g[j]);
    }
    keep_gate(s, 1, f);
    for (int64_t j = 0; config->coupled_gates && j < H; j++)
        i[j] = 1 - f[j];
    keep_gate(s, 0, i);
    keep_gate(s, 2, g);
    for (int64_t j = 0; j < H; j++) {
        c[j] = f[j] * s->c[j] + i[j] * g[j];
        c[j] = clip > 0 ? rondo__plain_clip(clip, c[j]) : c[j];
    }
    nudge(s, true, c);
    for (int64_t j = 0; j < H; j++)
        o[j] = rondo__plain_sigmoid(o[j] + (peephole ? (double)peephole[2 * H + j] * c[j] : 0));
    keep_gate(s, 3, o);
}

static void step_lstm(const rondo__trace_step *s) {
    const rondo_recurrent_config *config = &s->net->config;
    const int64_t H = s->at->H, R = s->at->R;
    const double zone_h = (double)config->zoneout, zone_c = (double)config->zoneout_cell;
    lstm_products(s);
    lstm_cell(s);
    double *u = s->a, *o = s->a + 3 * H, *c = s->b, *squashed = s->b + H, *r = s->b + 2 * H;
    memcpy(squashed, c, (size_t)H * sizeof *c);
    if (s->p->gain_c >= 0)
        rondo__plain_norm(H, weights(s, s->p->gain_c), weights(s, s->p->bias_c), squashed);
    for (int64_t j = 0; j < H; j++)
        u[j] = o[j] * tanh(squashed[j]);
    silence(s, u);
    keep(s->at->hidden, H, s->t, u);
    memset(r, 0, (size_t)R * sizeof *r);
    if (s->p->w_hr >= 0)
        rondo__plain_product(R, H, weights(s, s->p->w_hr), u, r);
    else
        memcpy(r, u, (size_t)H * sizeof *r);
    for (int64_t j = 0; j < R; j++)
        s->h[j] = zone_h * s->h[j] + (1 - zone_h) * r[j];
    nudge(s, false, s->h);
    for (int64_t j = 0; j < H; j++)
        s->c[j] = zone_c * s->c[j] + (1 - zone_c) * c[j];
    keep(s->at->cell, H, s->t, s->c);
    keep(s->at->output, R, s->t, s->h);
}

/* Reset and update gate together, then, of 3 products, the candidate. */
static void gru_norm(const rondo__trace_step *s, int gain, double *a, int products) {
    if (gain < 0)
        return;
    rondo__plain_norm(2 * s->at->H, weights(s, gain), NULL, a);
    if (products == 3)
        rondo__plain_norm(s->at->H, weights(s, gain) + 2 * s->at->H, NULL, a + 2 * s->at->H);
}

/* b = W_hn (r∘h), the product of the candidate where the reset comes before it */
static void gru_reset_before(const rondo__trace_step *s, const double *r, double *b) {
    const int64_t H = s->at->H;
    double *reset = s->b + 3 * H;
    for (int64_t j = 0; j < H; j++)
        reset[j] = r[j] * s->h[j];
    memset(b, 0, (size_t)H * sizeof *b);
    rondo__plain_product(H, H, weights(s, s->p->w_hh) + 2 * H * H, reset, b);
    if (s->p->gain_h >= 0)
        rondo__plain_norm(H, weights(s, s->p->gain_h) + 2 * H, NULL, b);
}

static void step_gru(const rondo__trace_step *s) {
    const rondo_recurrent_config *config = &s->net->config;
    const int64_t H = s->at->H;
    const double zone = (double)config->zoneout;
    const real *b_hh = weights(s, s->p->b_hh);
    double *r = s->a, *z = r + H, *n = z + H, *of_h = s->b + 2 * H;
    memset(s->a, 0, (size_t)(3 * H) * sizeof *s->a);
    memset(s->b, 0, (size_t)(3 * H) * sizeof *s->b);
    rondo__plain_product(3 * H, s->at->I, weights(s, s->p->w_ih), s->x, s->a);
    rondo__plain_product(config->reset_before ? 2 * H : 3 * H, H, weights(s, s->p->w_hh), s->h, s->b);
    gru_norm(s, s->p->gain_x, s->a, 3);
    gru_norm(s, s->p->gain_h, s->b, config->reset_before ? 2 : 3);
    add_bias(3 * H, weights(s, s->p->b_ih), s->a);
    for (int64_t j = 0; j < 2 * H; j++)
        s->a[j] = rondo__plain_sigmoid(s->a[j] + s->b[j] + (b_hh ? (double)b_hh[j] : 0));
    keep_gate(s, 0, r);
    keep_gate(s, 1, z);
    if (config->reset_before)
        gru_reset_before(s, r, of_h);
    for (int64_t j = 0; j < H; j++) {
        const double recurrent = of_h[j] + (b_hh ? (double)b_hh[2 * H + j] : 0);
        n[j] = tanh(n[j] + (config->reset_before ? recurrent : r[j] * recurrent));
    }
    keep_gate(s, 2, n);
    for (int64_t j = 0; j < H; j++)
        s->h[j] = zone * s->h[j] + (1 - zone) * ((1 - z[j]) * n[j] + z[j] * s->h[j]);
    silence(s, s->h);
    nudge(s, false, s->h);
    keep(s->at->hidden, H, s->t, s->h);
    keep(s->at->output, H, s->t, s->h);
}

rondo__trace_cell rondo__trace_cell_of(rondo_cell cell) {
    static const rondo__trace_cell cells[] = {
        [RONDO_ELMAN] = step_elman, [RONDO_JORDAN] = step_jordan, [RONDO_LSTM] = step_lstm, [RONDO_GRU] = step_gru};
    return cells[cell];
}

const char *const *rondo__trace_gates(rondo_cell cell, int *count) {
    static const char *const lstm[] = {"input gate", "forget gate", "candidate", "output gate"};
    static const char *const gru[] = {"reset gate", "update gate", "candidate"};
    static const char *const plain[] = {"candidate"};
    *count = cell == RONDO_LSTM ? 4 : cell == RONDO_GRU ? 3 : 1;
    return cell == RONDO_LSTM ? lstm : cell == RONDO_GRU ? gru : plain;
}

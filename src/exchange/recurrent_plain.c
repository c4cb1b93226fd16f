/* The recurrent operators as their specification writes them, row by row, in double. Any activation, clip, coupled
 * gates, peepholes, both forms of the GRU's reset; every number that the fast cells give is compared with these.
 *
 * With a_g = W_g x_t + Wb_g + R_g h + Rb_g for each gate g, and every function's argument clipped first:
 *   RNN   h' = f(a_i)
 *   GRU   z = f(a_z), r = f(a_r), n = g(W_h x_t + Wb_h + R_h (r∘h) + Rb_h), or with linear_before_reset
 *         n = g(W_h x_t + Wb_h + r∘(R_h h + Rb_h));  h' = (1 - z)∘n + z∘h
 *   LSTM  i = f(a_i + P_i∘c), f = f(a_f + P_f∘c) or 1 - i with input_forget, g = g(a_c), c' = f∘c + i∘g,
 *         o = f(a_o + P_o∘c'), h' = o∘h(c')
 * A row of length 0 keeps its initial state; outputs beyond a row's length are 0. */
#include <string.h>

#include "exchange/recurrent.h"

/* One direction's weights, and the state of the row at hand. */
typedef struct row_work {
    const double *w, *r, *wb, *rb, *p; /* (G*H, I), (G*H, H), (G*H), (G*H), (3*H) */
    const rondo__activation *f;
    double *x, *h, *c;     /* (I), (H), (H) */
    double *a, *recurrent; /* (G*H) */
    double *reset;         /* (H): r∘h */
} row_work;

/* y (N) = b + W (N, K) x */
static void affine(int64_t N, int64_t K, const double *w, const double *b, const double *x, double *y) {
    for (int64_t i = 0; i < N; i++) {
        double sum = 0;
        for (int64_t k = 0; k < K; k++)
            sum += w[i * K + k] * x[k];
        y[i] = sum + b[i];
    }
}

static void clip(const rondo__recurrent_node *n, int64_t count, double *x) {
    for (int64_t i = 0; n->clipped && i < count; i++)
        x[i] = x[i] > n->clip ? n->clip : x[i] < -n->clip ? -n->clip : x[i];
}

static void activate(const rondo__recurrent_node *n, const rondo__activation *f, int64_t count, double *x) {
    clip(n, count, x);
    rondo__apply_function(f, count, x);
}

static void step_rnn(const rondo__recurrent_node *n, row_work *s) {
    for (int64_t j = 0; j < n->H; j++)
        s->h[j] = s->a[j] + s->recurrent[j];
    activate(n, &s->f[0], n->H, s->h);
}

static void step_gru(const rondo__recurrent_node *n, row_work *s) {
    const int64_t H = n->H;
    double *z = s->a, *r = s->a + H, *candidate = s->a + 2 * H, *of_state = s->recurrent + 2 * H;
    for (int64_t j = 0; j < 2 * H; j++)
        s->a[j] += s->recurrent[j];
    activate(n, &s->f[0], 2 * H, z);
    if (!n->linear_before_reset) {
        for (int64_t j = 0; j < H; j++)
            s->reset[j] = r[j] * s->h[j];
        affine(H, H, s->r + 2 * H * H, s->rb + 2 * H, s->reset, of_state);
    }
    for (int64_t j = 0; j < H; j++)
        candidate[j] += n->linear_before_reset ? r[j] * of_state[j] : of_state[j];
    activate(n, &s->f[1], H, candidate);
    for (int64_t j = 0; j < H; j++)
        s->h[j] = (1 - z[j]) * candidate[j] + z[j] * s->h[j];
}

static void step_lstm(const rondo__recurrent_node *n, row_work *s) {
    const int64_t H = n->H;
    double *i = s->a, *o = s->a + H, *f = s->a + 2 * H, *g = s->a + 3 * H;
    for (int64_t j = 0; j < 4 * H; j++)
        s->a[j] += s->recurrent[j];
    for (int64_t j = 0; s->p && j < H; j++) {
        i[j] += s->p[j] * s->c[j];
        f[j] += s->p[2 * H + j] * s->c[j];
    }
    activate(n, &s->f[0], H, i);
    activate(n, &s->f[0], H, f);
    activate(n, &s->f[1], H, g);
    for (int64_t j = 0; j < H; j++) {
        s->c[j] = (n->input_forget ? 1 - i[j] : f[j]) * s->c[j] + i[j] * g[j];
        o[j] += s->p ? s->p[H + j] * s->c[j] : 0;
        s->h[j] = s->c[j];
    }
    activate(n, &s->f[0], H, o);
    activate(n, &s->f[2], H, s->h);
    for (int64_t j = 0; j < H; j++)
        s->h[j] *= o[j];
}

static void run_row(const rondo__recurrent_node *n, row_work *s, int64_t d, int64_t b) {
    const int64_t length = rondo__length_of(n, b), at = rondo__state_at(n, d, b), G = n->G * n->H;
    memset(s->h, 0, (size_t)n->H * sizeof *s->h);
    memset(s->c, 0, (size_t)n->H * sizeof *s->c);
    if (n->h0)
        rondo__array_read(n->h0, at, n->H, s->h);
    if (n->c0)
        rondo__array_read(n->c0, at, n->H, s->c);
    for (int64_t k = 0; k < length; k++) {
        const int64_t t = n->reverse[d] ? length - 1 - k : k;
        rondo__array_read(n->x, rondo__x_at(n, t, b), n->I, s->x);
        affine(G, n->I, s->w, s->wb, s->x, s->a);
        affine(n->kind == RONDO__NODE_GRU && !n->linear_before_reset ? 2 * n->H : G, n->H, s->r, s->rb, s->h,
               s->recurrent);
        if (n->kind == RONDO__NODE_RNN)
            step_rnn(n, s);
        else if (n->kind == RONDO__NODE_GRU)
            step_gru(n, s);
        else
            step_lstm(n, s);
        if (n->y)
            rondo__array_write(n->y, rondo__y_at(n, t, d, b), n->H, s->h);
    }
    if (n->yh)
        rondo__array_write(n->yh, at, n->H, s->h);
    if (n->yc)
        rondo__array_write(n->yc, at, n->H, s->c);
}

/* All weights in double; NULL: no memory. Absent biases are zeros. */
typedef struct weights {
    double *w, *r, *b, *p;
} weights;

static bool read_weights(const rondo__recurrent_node *n, weights *all) {
    all->w = rondo__array_doubles(n->w);
    all->r = rondo__array_doubles(n->r);
    all->b = n->b ? rondo__array_doubles(n->b) : rondo__calloc((size_t)(2 * n->D * n->G * n->H), sizeof(double));
    all->p = n->p ? rondo__array_doubles(n->p) : NULL;
    return all->w && all->r && all->b && (all->p || !n->p);
}

rondo_status rondo__recurrent_plain(const rondo__graph_call *call, const rondo__recurrent_node *n, rondo_error *err) {
    const int64_t H = n->H, G = n->G * H;
    weights all = {0};
    size_t count = 0;
    double *memory = NULL;
    if (rondo__size_add((size_t)(2 * G + 3 * H), (size_t)n->I, &count))
        memory = rondo__calloc(count, sizeof *memory);
    rondo_status status = read_weights(n, &all) && memory ? RONDO_OK : rondo__no_memory(call, err);
    if (!status && n->y)
        memset(n->y->data, 0, (size_t)n->y->count * rondo_dtype_bytes(n->y->dtype));
    for (int64_t d = 0; !status && d < n->D; d++) {
        row_work s = {.w = all.w + d * G * n->I,
                      .r = all.r + d * G * H,
                      .wb = all.b + d * 2 * G,
                      .rb = all.b + d * 2 * G + G,
                      .p = n->p ? all.p + d * 3 * H : NULL,
                      .f = n->function[d],
                      .a = memory,
                      .recurrent = memory + G,
                      .h = memory + 2 * G,
                      .c = memory + 2 * G + H,
                      .reset = memory + 2 * G + 2 * H,
                      .x = memory + 2 * G + 3 * H};
        for (int64_t b = 0; b < n->B; b++)
            run_row(n, &s, d, b);
    }
    rondo__free(all.w);
    rondo__free(all.r);
    rondo__free(all.b);
    rondo__free(all.p);
    rondo__free(memory);
    return status;
}

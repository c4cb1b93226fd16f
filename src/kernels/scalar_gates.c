/* The gates of LSTM and GRU for n units of one row. Every unit reads all its inputs before it writes an output, which
 * is what lets outputs stand where inputs stood. */
#include "kernels/maths.h"
#include "kernels/scalar.h"

static void lstm_gates(int64_t n, int64_t H, real *a, const real *c_prev, real *c, real *tanh_c, real *h,
                       const real *peephole, real clip, bool coupled) {
    for (int64_t j = 0; j < n; j++) {
        real p = c_prev[j], ai = a[j], af = a[H + j], ao = a[3 * H + j];
        if (peephole) {
            ai += peephole[j] * p;
            af += peephole[H + j] * p;
        }
        real f = rondo__sigmoid(af), i = coupled ? (real)1 - f : rondo__sigmoid(ai), g = rondo__tanh(a[2 * H + j]);
        real cell = f * p + i * g;
        if (clip > 0)
            cell = rondo__limit(cell, clip);
        if (peephole)
            ao += peephole[2 * H + j] * cell;
        real o = rondo__sigmoid(ao), squashed = rondo__tanh(cell);
        a[j] = i;
        a[H + j] = f;
        a[2 * H + j] = g;
        a[3 * H + j] = o;
        c[j] = cell;
        tanh_c[j] = squashed;
        if (h)
            h[j] = o * squashed;
    }
}

/* Mirror of lstm_gates, from h back to the pre-activations. */
static void lstm_gates_backward(int64_t n, int64_t H, real *da, real *dc, real *dpeephole, const real *dh,
                                const real *gates, const real *tanh_c, const real *c_prev, const real *c,
                                const real *peephole, real clip, bool coupled) {
    for (int64_t j = 0; j < n; j++) {
        real i = gates[j], f = gates[H + j], g = gates[2 * H + j], o = gates[3 * H + j];
        real dhj = dh[j], t = tanh_c[j], p = c_prev[j], cell = c[j];
        real dao = dhj * t * (o * ((real)1 - o));
        real d = dc[j] + dhj * o * ((real)1 - t * t);
        if (peephole)
            d += dao * peephole[2 * H + j];
        if (clip > 0 && (cell >= clip || cell <= -clip))
            d = 0;
        real di = d * g, df = d * p, dag = d * i * ((real)1 - g * g);
        real daf = (coupled ? df - di : df) * (f * ((real)1 - f));
        real dai = coupled ? 0 : di * (i * ((real)1 - i));
        real back = d * f;
        if (peephole)
            back += dai * peephole[j] + daf * peephole[H + j];
        da[j] = dai;
        da[H + j] = daf;
        da[2 * H + j] = dag;
        da[3 * H + j] = dao;
        dc[j] = back;
        if (dpeephole) {
            dpeephole[j] += dai * p;
            dpeephole[H + j] += daf * p;
            dpeephole[2 * H + j] += dao * cell;
        }
    }
}

static void gru_gates(int64_t n, int64_t H, real *gates, const real *ax, const real *ah, const real *h_prev, real *h) {
    for (int64_t j = 0; j < n; j++) {
        real r = rondo__sigmoid(ax[j] + ah[j]), z = rondo__sigmoid(ax[H + j] + ah[H + j]);
        real fresh = rondo__tanh(ax[2 * H + j] + r * ah[2 * H + j]);
        real p = h_prev[j];
        gates[j] = r;
        gates[H + j] = z;
        gates[2 * H + j] = fresh;
        h[j] = fresh + z * (p - fresh);
    }
}

static void gru_gates_backward(int64_t n, int64_t H, real *dax, real *dah, real *dh_prev, const real *dh,
                               const real *gates, const real *ahn, const real *h_prev) {
    for (int64_t j = 0; j < n; j++) {
        real r = gates[j], z = gates[H + j], fresh = gates[2 * H + j], dhj = dh[j], m = ahn[j], p = h_prev[j];
        real dan = dhj * ((real)1 - z) * ((real)1 - fresh * fresh);
        real daz = dhj * (p - fresh) * (z * ((real)1 - z));
        real dar = dan * m * (r * ((real)1 - r));
        dh_prev[j] += z * dhj;
        dax[j] = dar;
        dax[H + j] = daz;
        dax[2 * H + j] = dan;
        dah[j] = dar;
        dah[H + j] = daz;
        dah[2 * H + j] = dan * r;
    }
}

void rondo__scalar_gates(rondo__kernels *table) {
    table->lstm_gates = lstm_gates;
    table->lstm_gates_backward = lstm_gates_backward;
    table->gru_gates = gru_gates;
    table->gru_gates_backward = gru_gates_backward;
}

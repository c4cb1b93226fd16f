/* One step of the LSTM (equations: lstm.c), for the operator by rows and by units, and for streams. */
#include "nn/cell.h"
#include "nn/lstm.h"

/* gates += the recurrent product, normalised if the cell is. */
static void recurrent_product(const rondo__lstm_cell *cell, int64_t n, const rondo__lstm_rows *rows) {
    const rondo__kernels *k = cell->kernels;
    int64_t G = 4 * cell->H, R = cell->R;
    const real *h = rondo__masked(k, n * R, rows->masked, rows->h_prev, rows->mask);
    if (!cell->gain_h) {
        k->gemm(n, G, R, h, R, 1, cell->packed_hh, 0, G, rows->gates, G, NULL, true);
        return;
    }
    k->gemm(n, G, R, h, R, 1, cell->packed_hh, 0, G, rows->zh, G, NULL, false);
    for (int64_t r = 0; r < n; r++) { /* what the gates hold is added as a bias */
        real *gates = rows->gates + r * G;
        k->layer_norm_row(G, gates, rows->zh + r * G, cell->gain_h, gates, RONDO_NORM_EPS, rows->stats_h + 2 * r);
    }
}

/* h of one normalised row: o∘tanh(LN(c)). */
static void normed_output(const rondo__lstm_cell *cell, real *h, real *tanh_c, const real *c, const real *o,
                          real stats[2]) {
    const rondo__kernels *k = cell->kernels;
    k->layer_norm_row(cell->H, tanh_c, c, cell->gain_c, cell->bias_c, RONDO_NORM_EPS, stats);
    k->tanh(cell->H, tanh_c, tanh_c);
    k->mul(cell->H, h, o, tanh_c);
}

void rondo__lstm_advance(const rondo__lstm_cell *cell, int64_t n, const rondo__lstm_rows *rows) {
    const rondo__kernels *k = cell->kernels;
    int64_t H = cell->H, R = cell->R;
    recurrent_product(cell, n, rows);
    for (int64_t r = 0; r < n; r++) {
        real *gates = rows->gates + r * 4 * H, *c = rows->cell + r * H, *tanh_c = rows->tanh_c + r * H;
        real *hidden = rows->hidden + r * H;
        k->lstm_gates(H, H, gates, rows->c_prev + r * H, c, tanh_c, cell->gain_h ? NULL : hidden, cell->peephole,
                      cell->clip, cell->coupled);
        if (cell->gain_h)
            normed_output(cell, hidden, tanh_c, c, gates + 3 * H, rows->stats_c + 2 * r);
    }
    if (cell->packed_hr)
        k->gemm(n, R, H, rows->hidden, H, 1, cell->packed_hr, 0, R, rows->h, R, NULL, false);
    if (rows->keep_h)
        rondo__zoneout_mix(n * R, rows->h, rows->keep_h, rows->h_prev, rows->h);
    if (rows->keep_c)
        rondo__zoneout_mix(n * H, rows->c, rows->keep_c, rows->c_prev, rows->cell);
}

/* Units [first, end) of each row, the rows H apart. */
static void mix_units(int64_t n, int64_t H, int64_t first, int64_t end, real *h, const real *keep, const real *h_prev,
                      const real *fresh) {
    for (int64_t at = first; keep && at < n * H; at += H)
        rondo__zoneout_mix(end - first, h + at, keep + at, h_prev + at, fresh + at);
}

void rondo__lstm_advance_units(const rondo__lstm_cell *cell, int64_t n, const rondo__lstm_rows *rows, int64_t first,
                               int64_t end) {
    const rondo__kernels *k = cell->kernels;
    const int64_t H = cell->H, G = 4 * H;
    const real *h = rows->mask ? rows->masked : rows->h_prev;
    for (int64_t gate = 0; gate < G; gate += H)
        k->gemm(n, G, H, h, H, 1, cell->packed_hh, gate + first, gate + end, rows->gates, G, NULL, true);
    for (int64_t r = 0; r < n; r++) {
        const int64_t at = r * H + first;
        k->lstm_gates(end - first, H, rows->gates + r * G + first, rows->c_prev + at, rows->cell + at,
                      rows->tanh_c + at, rows->hidden + at, rondo__offset((real *)cell->peephole, first), cell->clip,
                      cell->coupled);
    }
    mix_units(n, H, first, end, rows->h, rows->keep_h, rows->h_prev, rows->h);
    mix_units(n, H, first, end, rows->c, rows->keep_c, rows->c_prev, rows->cell);
}

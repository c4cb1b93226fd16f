/* The LSTM one step at a time, on the step of lstm.c: the same products, kernels and order, so the same bits.
 *
 * Memory of a layer: the step's own record | packed weights | biases summed | gates (B,4H) and the other rows of a
 * step. Small parameters (peepholes, gains, a lone bias) are used where they stand. */
#include <assert.h>
#include <string.h>

#include "nn/cell.h"
#include "nn/lstm.h"
#include "nn/step.h"

typedef struct lstm_step {
    rondo__lstm_cell cell;
    rondo__lstm_rows rows;
    const real *packed_ih; /* (I, 4H) */
    const real *bias;      /* (4H) or NULL */
    const real *gain_x;    /* (4H) or NULL */
    real *zx;              /* (B, 4H) with layer normalisation */
} lstm_step;

/* What pack fills in. */
typedef struct pieces {
    lstm_step *step;
    real *packed_ih, *packed_hh, *packed_hr, *bias, *keep_h, *keep_c;
} pieces;

static pieces lay_out(const rondo__step_layer *layer, const rondo__step_weights *w, rondo__carver *carver,
                      rondo__lstm_rows *rows, real **zx) {
    int64_t B = layer->B, I = layer->I, H = layer->H, R = layer->R;
    const rondo_sequence_options *sequence = &layer->options.lstm.sequence;
    bool norm = w->gain_h != NULL;
    pieces m = {.step = rondo__carve_bytes(carver, sizeof(lstm_step))};
    m.packed_ih = rondo__carve(carver, rondo__packed_count(I, 4 * H));
    m.packed_hh = rondo__carve(carver, rondo__packed_count(R, 4 * H));
    m.packed_hr = rondo__carve_if(carver, w->w_hr != NULL, rondo__packed_count(H, R));
    m.bias = rondo__carve_if(carver, w->b_ih && w->b_hh, 4 * H);
    m.keep_h = rondo__carve_if(carver, sequence->zoneout > 0, B * R);
    m.keep_c = rondo__carve_if(carver, sequence->zoneout_cell > 0, B * H);
    rows->gates = rondo__carve(carver, B * 4 * H);
    rows->tanh_c = rondo__carve(carver, B * H);
    rows->cell = rondo__carve(carver, B * H);
    rows->h = rondo__carve(carver, B * R);
    rows->hidden = w->w_hr ? rondo__carve(carver, B * H) : rows->h;
    rows->zh = rondo__carve_if(carver, norm, B * 4 * H);
    rows->stats_h = rondo__carve_if(carver, norm, B * 2);
    rows->stats_c = rondo__carve_if(carver, norm, B * 2);
    *zx = rondo__carve_if(carver, norm, B * 4 * H);
    return m;
}

static size_t bytes(const rondo__step_layer *layer, const rondo__step_weights *weights) {
    rondo__carver carver = {0};
    rondo__lstm_rows rows = {0};
    real *zx;
    lay_out(layer, weights, &carver, &rows, &zx);
    return carver.used;
}

static void fill(real *array, int64_t count, real value) {
    for (int64_t j = 0; array && j < count; j++)
        array[j] = value;
}

static void pack(rondo__step_layer *layer, const rondo__step_weights *w) {
    const rondo__kernels *k = layer->kernels;
    const rondo_lstm_options *options = &layer->options.lstm;
    int64_t B = layer->B, H = layer->H, R = layer->R, G = 4 * H;
    layer->units = w->w_hr || w->gain_h ? 0 : H;
    rondo__lstm_rows rows = {0};
    real *zx;
    pieces m = lay_out(layer, w, &(rondo__carver){.base = layer->memory}, &rows, &zx);
    assert(m.step); /* layer->memory is there */
    rondo__param_pack(w->w_ih, layer->context, m.packed_ih);
    rondo__param_pack(w->w_hh, layer->context, m.packed_hh);
    if (w->w_hr)
        rondo__param_pack(w->w_hr, layer->context, m.packed_hr);
    fill(m.keep_h, B * R, options->sequence.zoneout);
    fill(m.keep_c, B * H, options->sequence.zoneout_cell);
    rows.keep_h = m.keep_h;
    rows.keep_c = m.keep_c;
    *m.step = (lstm_step){
        .cell = {.kernels = k,
                 .H = H,
                 .R = R,
                 .packed_hh = m.packed_hh,
                 .packed_hr = m.packed_hr,
                 .peephole = w->peephole,
                 .gain_h = w->gain_h,
                 .gain_c = w->gain_c,
                 .bias_c = w->bias_c,
                 .clip = options->cell_clip,
                 .coupled = options->coupled_gates},
        .rows = rows,
        .packed_ih = m.packed_ih,
        .bias = rondo__bias_sum(G, m.bias, w->b_ih, w->b_hh),
        .gain_x = w->gain_x,
        .zx = zx,
    };
}

/* The rows of this step. The cell's new state stands where the old one stood, as each unit reads only its own. */
static rondo__lstm_rows rows_of(const rondo__step_layer *layer) {
    const lstm_step *m = layer->memory;
    rondo__lstm_rows rows = m->rows;
    rows.h_prev = layer->h;
    rows.c_prev = layer->c;
    rows.c = layer->c;
    rows.cell = rows.keep_c ? rows.cell : layer->c;
    return rows;
}

static void step_units(rondo__step_layer *layer, const real *x, real *y, int64_t first, int64_t end) {
    const lstm_step *m = layer->memory;
    const int64_t B = layer->B, I = layer->I, H = layer->H, G = 4 * H;
    const rondo__lstm_rows rows = rows_of(layer);
    for (int64_t gate = 0; gate < G; gate += H)
        layer->kernels->gemm(B, G, I, x, I, 1, m->packed_ih, gate + first, gate + end, rows.gates, G, m->bias, false);
    rondo__lstm_advance_units(&m->cell, B, &rows, first, end);
    for (int64_t at = first; at < B * H; at += H)
        memcpy(y + at, rows.h + at, (size_t)(end - first) * sizeof *y);
}

static void finish(rondo__step_layer *layer) {
    const lstm_step *m = layer->memory;
    memcpy(layer->h, m->rows.h, (size_t)(layer->B * layer->R) * sizeof(real));
}

static void step(rondo__step_layer *layer, const real *x, real *y) {
    const lstm_step *m = layer->memory;
    const rondo__kernels *k = layer->kernels;
    int64_t B = layer->B, I = layer->I, H = layer->H, R = layer->R, G = 4 * H;
    const rondo__lstm_rows rows = rows_of(layer);
    k->gemm(B, G, I, x, I, 1, m->packed_ih, 0, G, m->gain_x ? m->zx : rows.gates, G, m->gain_x ? NULL : m->bias, false);
    for (int64_t r = 0; m->gain_x && r < B; r++) {
        real stats[2];
        k->layer_norm_row(G, rows.gates + r * G, m->zx + r * G, m->gain_x, m->bias, RONDO_NORM_EPS, stats);
    }
    rondo__lstm_advance(&m->cell, B, &rows);
    memcpy(y, rows.h, (size_t)(B * R) * sizeof *y);
    finish(layer);
}

const rondo__step_class rondo__lstm_step = {bytes, pack, step, step_units, finish};

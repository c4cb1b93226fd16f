/* The GRU's streaming step: one layer, one step, on the gate arithmetic of gru.c. The layer's memory holds
 *
 *     gru_stream | W_ihᵀ, W_hhᵀ packed | biases, gains (3H) | of one step: gates, products.. (B, 3H), h' .. (B, H) */
#include <string.h>

#include "nn/gru.h"
#include "nn/step.h"

typedef struct gru_stream {
    rondo__gru_gates gates_of;
    real *w_ih, *w_hh, *w_hn;                /* packed */
    real *bias_x, *bias_h, *gain_x, *gain_h; /* (3H), NULL where absent */
    real *gates, *raw, *ah;                  /* (B, 3H) */
    real *fresh, *reset, *keep;              /* (B, H); keep is all the rate, where zoneout is set */
    real *next;                              /* (B, H): the new state, until all units of it are made */
    real *stats;                             /* (B, 2) */
} gru_stream;

static size_t carve(const rondo__step_layer *layer, const rondo__step_weights *weights, gru_stream *stream,
                    bool place) {
    rondo__carver c = {place ? layer->memory : NULL, 0};
    const int64_t B = layer->B, H = layer->H, G = 3 * H;
    const bool before = layer->options.gru.reset_before, norm = weights->gain_x != NULL;
    rondo__carve_bytes(&c, sizeof *stream);
    stream->w_ih = rondo__carve(&c, rondo__packed_count(layer->I, G));
    stream->w_hh = rondo__carve(&c, rondo__packed_count(H, before ? 2 * H : G));
    stream->w_hn = rondo__carve_if(&c, before, rondo__packed_count(H, H));
    stream->bias_x = rondo__carve_if(&c, weights->b_ih || (before && weights->b_hh), G);
    stream->bias_h = rondo__carve_if(&c, weights->b_hh && !before, G);
    stream->gain_x = rondo__carve_if(&c, norm, G);
    stream->gain_h = rondo__carve_if(&c, norm, G);
    stream->gates = rondo__carve(&c, B * G);
    stream->ah = rondo__carve(&c, B * G);
    stream->raw = rondo__carve_if(&c, norm, B * G);
    stream->stats = rondo__carve_if(&c, norm, B * 2);
    stream->fresh = rondo__carve(&c, B * H);
    stream->reset = rondo__carve(&c, B * H);
    stream->next = rondo__carve(&c, B * H);
    stream->keep = rondo__carve_if(&c, layer->options.gru.sequence.zoneout > 0, B * H);
    return c.used;
}

static size_t gru_stream_bytes(const rondo__step_layer *layer, const rondo__step_weights *weights) {
    gru_stream stream;
    return carve(layer, weights, &stream, false);
}

static void copy(real *to, const real *from, int64_t n) {
    if (to && to != from)
        memcpy(to, from, (size_t)n * sizeof *to);
}

static void gru_stream_pack(rondo__step_layer *layer, const rondo__step_weights *weights) {
    gru_stream *stream = layer->memory;
    const int64_t H = layer->H, G = 3 * H, wide = layer->options.gru.reset_before ? 2 * H : G;
    carve(layer, weights, stream, true);
    layer->units = layer->options.gru.reset_before || weights->gain_x ? 0 : H;
    rondo__param_pack(weights->w_ih, layer->context, stream->w_ih);
    rondo__param_pack_rows(weights->w_hh, layer->context, stream->w_hh, 0, wide);
    if (stream->w_hn)
        rondo__param_pack_rows(weights->w_hh, layer->context, stream->w_hn, 2 * H, H);
    const bool before = layer->options.gru.reset_before;
    copy(stream->bias_x, rondo__bias_sum(G, stream->bias_x, weights->b_ih, before ? weights->b_hh : NULL), G);
    copy(stream->bias_h, weights->b_hh, G);
    copy(stream->gain_x, weights->gain_x, G);
    copy(stream->gain_h, weights->gain_h, G);
    for (int64_t j = 0; stream->keep && j < layer->B * H; j++)
        stream->keep[j] = layer->options.gru.sequence.zoneout;
    stream->gates_of =
        (rondo__gru_gates){layer->kernels, H, before, stream->w_hh, stream->w_hn, stream->bias_h, stream->gain_h};
}

/* gates (B, 3H) = LN(W_ih x; gain) + bias, r|z and n apart. */
static void normalised_inputs(const rondo__step_layer *layer, const gru_stream *stream) {
    const int64_t H = layer->H, G = 3 * H;
    const real *bias = stream->bias_x, *bias_n = bias ? bias + 2 * H : NULL;
    for (int64_t i = 0; i < layer->B; i++) {
        real *gates = stream->gates + i * G, *raw = stream->raw + i * G;
        layer->kernels->layer_norm_row(2 * H, gates, raw, stream->gain_x, bias, RONDO_NORM_EPS, stream->stats);
        layer->kernels->layer_norm_row(H, gates + 2 * H, raw + 2 * H, stream->gain_x + 2 * H, bias_n, RONDO_NORM_EPS,
                                       stream->stats);
    }
}

static rondo__gru_rows rows_of(const rondo__step_layer *layer, rondo__units units) {
    const gru_stream *stream = layer->memory;
    return (rondo__gru_rows){.rows = layer->B,
                             .units = units,
                             .h_prev = layer->h,
                             .h_in = layer->h,
                             .gates = stream->gates,
                             .h = stream->next,
                             .ah = stream->ah,
                             .reset = stream->reset,
                             .raw_h = stream->raw,
                             .stats_rz = stream->stats,
                             .stats_n = stream->stats,
                             .keep = stream->keep,
                             .fresh = stream->fresh};
}

/* Reset before the product needs all units of r∘h at once, layer normalisation whole rows: those have no units. */
static void gru_stream_units(rondo__step_layer *layer, const real *x, real *y, int64_t first, int64_t end) {
    const gru_stream *stream = layer->memory;
    const int64_t B = layer->B, I = layer->I, H = layer->H;
    const rondo__units units = {H, first, end};
    const rondo__gru_rows rows = rows_of(layer, units);
    rondo__gates_product(layer->kernels, B, 3, units, I, x, I, stream->w_ih, stream->gates, 3 * H, stream->bias_x,
                         false);
    rondo__gru_step_rows(&stream->gates_of, &rows);
    for (int64_t at = first; at < B * H; at += H)
        memcpy(y + at, stream->next + at, (size_t)(end - first) * sizeof *y);
}

static void gru_stream_finish(rondo__step_layer *layer) {
    const gru_stream *stream = layer->memory;
    copy(layer->h, stream->next, layer->B * layer->H);
}

static void gru_stream_step(rondo__step_layer *layer, const real *x, real *y) {
    const gru_stream *stream = layer->memory;
    const int64_t B = layer->B, I = layer->I, H = layer->H, G = 3 * H;
    if (stream->gain_x) {
        const rondo__gru_rows rows = rows_of(layer, rondo__all_units(H));
        layer->kernels->gemm(B, G, I, x, I, 1, stream->w_ih, 0, G, stream->raw, G, NULL, false);
        normalised_inputs(layer, stream);
        rondo__gru_step_rows(&stream->gates_of, &rows);
        copy(y, stream->next, B * H);
    } else {
        gru_stream_units(layer, x, y, 0, H);
    }
    gru_stream_finish(layer);
}

const rondo__step_class rondo__gru_step = {gru_stream_bytes, gru_stream_pack, gru_stream_step, gru_stream_units,
                                           gru_stream_finish};

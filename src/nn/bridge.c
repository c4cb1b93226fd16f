/* The bridge: the encoder's final states become the decoder's first ones.
 *
 *   copy    layer l from layer l. Two directions: side by side where the decoder is twice as wide, else added
 *   linear  layer l: tanh(W [forward; backward] + b) of the encoder's layer l, or of its last layer where the two have
 *           not the same number of layers; an LSTM's c is made of c, or of h where the encoder has no c
 *   zero    zeros, or what the decoder has learned to start from */
#include "nn/seq2seq.h"

#include <stdio.h>

#include "autograd/tape.h"
#include "nn/rows.h"

static int layers_of(const rondo_recurrent *net) { return net->config.layers; }

/* Widths of one direction's state of the encoder's layer l. */
static int64_t encoder_width(const rondo_seq2seq *net, int l, bool cell) {
    const rondo__recurrent_layer *layer = &net->encoder->layer[l * net->encoder->directions];
    return cell ? layer->cell : layer->state;
}

static int64_t decoder_width(const rondo_seq2seq *net, int l, bool cell) {
    return cell ? net->decoder->layer[l].cell : net->decoder->layer[l].state;
}

static rondo_status check_copy(const rondo_seq2seq *net, int l, bool cell, rondo_error *err) {
    const int D = net->encoder->directions;
    const int64_t from = encoder_width(net, l, cell), to = decoder_width(net, l, cell);
    if (!from && to)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "seq2seq: bridge copy: the decoder's LSTM has cell states, the encoder has none (use "
                           "bridge linear or zero)");
    if (!to || from == to || D * from == to)
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT,
                       "seq2seq: bridge copy: layer %d of the encoder has a state %lld wide%s, the decoder's is %lld "
                       "wide (make them equal, or use bridge linear or zero)",
                       l, (long long)from, D == 2 ? " in each direction" : "", (long long)to);
}

static void check_copies(const rondo_seq2seq *net, rondo__declarer *d) {
    const int encoder = layers_of(net->encoder), decoder = layers_of(net->decoder);
    if (encoder != decoder)
        d->status = rondo__fail(d->err, RONDO_ARGUMENT,
                                "seq2seq: bridge copy: the encoder has %d layers and the decoder %d (make them equal, "
                                "or use bridge linear or zero)",
                                encoder, decoder);
    for (int l = 0; l < decoder && !d->status; l++) {
        d->status = check_copy(net, l, false, d->err);
        if (!d->status)
            d->status = check_copy(net, l, true, d->err);
    }
}

/* The encoder's layer that the decoder's layer l starts from. */
static int origin(const rondo_seq2seq *net, int l) {
    const int layers = layers_of(net->encoder);
    return layers == layers_of(net->decoder) ? l : layers - 1;
}

static void declare_one(rondo_seq2seq *net, rondo__declarer *d, int l, bool cell) {
    const int64_t to = decoder_width(net, l, cell);
    int64_t from = encoder_width(net, origin(net, l), cell);
    char name[32];
    if (!to)
        return;
    from = (from ? from : encoder_width(net, origin(net, l), false)) * net->encoder->directions;
    snprintf(name, sizeof name, "bridge.%c_l%d.weight", cell ? 'c' : 'h', l);
    int weight = rondo__declare(d, name, to, from, rondo__linear_init(from));
    snprintf(name, sizeof name, "bridge.%c_l%d.bias", cell ? 'c' : 'h', l);
    int bias = rondo__declare(d, name, 0, to, (rondo_init){RONDO_INIT_ZEROS, 0});
    (cell ? net->bridge.c_weight : net->bridge.h_weight)[l] = weight;
    (cell ? net->bridge.c_bias : net->bridge.h_bias)[l] = bias;
}

void rondo__bridge_declare(rondo_seq2seq *net, rondo__declarer *d) {
    if (net->config.bridge == RONDO_BRIDGE_COPY)
        check_copies(net, d);
    for (int l = 0; net->config.bridge == RONDO_BRIDGE_LINEAR && l < layers_of(net->decoder); l++) {
        declare_one(net, d, l, false);
        declare_one(net, d, l, true);
    }
}

/* ---- in use ---- */

rondo_var *rondo__bridge_joined(const rondo_seq2seq *net, rondo_tape *tape, rondo_var *const *state, int layer) {
    return net->encoder->directions == 1 ? state[layer] : rondo_concat(tape, 1, 2, state + 2 * layer);
}

static rondo_var *copied(const rondo_seq2seq *net, rondo_tape *tape, rondo_var *const *state, int l, bool cell) {
    if (net->encoder->directions == 2 && encoder_width(net, l, cell) == decoder_width(net, l, cell))
        return rondo_add(tape, state[2 * l], state[2 * l + 1]);
    return rondo__bridge_joined(net, tape, state, l);
}

static rondo_var *projected(const rondo_seq2seq *net, rondo_tape *tape, const rondo_states *encoder, int l, bool cell) {
    const bool from_cell = cell && encoder_width(net, origin(net, l), true);
    const int weight = (cell ? net->bridge.c_weight : net->bridge.h_weight)[l];
    const int bias = (cell ? net->bridge.c_bias : net->bridge.h_bias)[l];
    rondo_var *state = rondo__bridge_joined(net, tape, from_cell ? encoder->c : encoder->h, origin(net, l));
    return rondo_tanh(tape, rondo_linear(tape, state, rondo_params_use(net->params, tape, weight),
                                         rondo_params_use(net->params, tape, bias)));
}

static rondo_var *own_start(const rondo_seq2seq *net, rondo_tape *tape, int l, bool cell, int64_t B) {
    const rondo__recurrent_layer *layer = &net->decoder->layer[l];
    const int learned = cell ? layer->c0 : layer->h0;
    const int64_t dims[2] = {B, decoder_width(net, l, cell)};
    if (learned >= 0)
        return rondo__expand_rows(tape, rondo_params_use(net->params, tape, learned), B);
    return rondo_zeros(tape, 2, dims);
}

static rondo_var *first_state(const rondo_seq2seq *net, rondo_tape *tape, const rondo_states *encoder, int l, bool cell,
                              int64_t B) {
    if (!decoder_width(net, l, cell))
        return NULL;
    switch (net->config.bridge) {
    case RONDO_BRIDGE_COPY:
        return copied(net, tape, cell ? encoder->c : encoder->h, l, cell);
    case RONDO_BRIDGE_LINEAR:
        return projected(net, tape, encoder, l, cell);
    default:
        return own_start(net, tape, l, cell, B);
    }
}

void rondo__bridge_states(rondo_seq2seq *net, rondo_tape *tape, const rondo_states *encoder, int64_t B,
                          rondo_states *out) {
    *out = (rondo_states){{NULL}, {NULL}};
    for (int l = 0; l < layers_of(net->decoder) && !rondo__tape_failed(tape); l++) {
        out->h[l] = first_state(net, tape, encoder, l, false, B);
        out->c[l] = first_state(net, tape, encoder, l, true, B);
    }
}

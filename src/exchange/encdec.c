/* An encoder-decoder's parts, found in the library's own description of it. */
#include "exchange/encdec.h"

#include <math.h>

#include "nn/attention.h"
#include "nn/params.h"
#include "nn/seq2seq.h"

static const real *values(const rondo_params *params, int index) { return rondo__param_values(params, index); }

rondo__affine rondo__affine_of(const rondo_params *params, int weight, int bias) {
    if (weight < 0)
        return (rondo__affine){.weight = NULL};
    const int64_t *dims = rondo_params_at((rondo_params *)params, weight)->value.dims;
    return (rondo__affine){dims[0], dims[1], values(params, weight), values(params, bias)};
}

int64_t rondo__encdec_places(const rondo__encdec *pair) {
    const rondo_transformer *net = pair->decoder_transformer;
    return net && net->config.positions == RONDO_POSITIONS_LEARNED ? net->config.max_length : 0;
}

/* ---- parts ---- */

static rondo_status add_stack(rondo__network *network, rondo_recurrent *net, rondo_error *err) {
    rondo_status status =
        rondo__network_add(network, (rondo__network_block){.kind = RONDO__RECURRENT, .net = net}, err);
    if (!status && net->config.cell == RONDO_JORDAN)
        status = rondo__network_add(network,
                                    (rondo__network_block){.kind = RONDO__ACTIVATION, .activation = RONDO_TANH}, err);
    return status;
}

static rondo_status add_networks(rondo__encdec *pair, const rondo_seq2seq *net, rondo_error *err) {
    const rondo__network_block symbols = {.kind = RONDO__EMBEDDING,
                                          .in = net->config.source_vocabulary,
                                          .out = net->config.source_embedding_size,
                                          .weight = values(net->params, net->source_table)};
    rondo_status status = rondo__network_add(&pair->encoder, symbols, err);
    if (!status && net->encoder)
        status = add_stack(&pair->encoder, net->encoder, err);
    return status || !net->decoder ? status : add_stack(&pair->decoder, net->decoder, err);
}

rondo__look rondo__look_of(const rondo_attention_layer *layer) {
    if (!layer)
        return (rondo__look){.present = false};
    const rondo_params *params = layer->params;
    const rondo_attention_config *c = &layer->config;
    rondo__look look = {.present = true,
                        .query = rondo__affine_of(params, layer->query, layer->query_bias),
                        .key = rondo__affine_of(params, layer->key, layer->key_bias),
                        .value = rondo__affine_of(params, layer->value, layer->value_bias),
                        .out = rondo__affine_of(params, layer->out, layer->out_bias),
                        .place = rondo__affine_of(params, layer->position, -1),
                        .v = values(params, layer->v),
                        .u = values(params, layer->coverage),
                        .place_v = values(params, layer->position_v),
                        .heads = c->heads,
                        .window = c->window};
    const int64_t width = c->type == RONDO_ATTENTION_MULTIHEAD    ? c->size / c->heads
                          : c->type == RONDO_ATTENTION_SCALED_DOT ? c->memory_size
                                                                  : 1;
    look.scale = (real)(1 / sqrt((double)width));
    rondo_attention_layer_memory_size(layer, &look.A, &look.W);
    return look;
}

/* As nn/bridge.c does it. */
static rondo__first first_of(const rondo_seq2seq *net, int l, bool cell) {
    const rondo_recurrent *encoder = net->encoder, *decoder = net->decoder;
    if (!encoder)
        return (rondo__first){.kind = RONDO__FIRST_OWN};
    const int layers = encoder->config.layers;
    rondo__first first = {
        .kind = RONDO__FIRST_OWN, .layer = layers == decoder->config.layers ? l : layers - 1, .cell = cell};
    const rondo__recurrent_layer *from = &encoder->layer[first.layer * encoder->directions], *to = &decoder->layer[l];
    if (net->config.bridge == RONDO_BRIDGE_COPY)
        first.kind =
            (cell ? from->cell == to->cell : from->state == to->state) ? RONDO__FIRST_SUM : RONDO__FIRST_JOINED;
    if (net->config.bridge == RONDO_BRIDGE_LINEAR) {
        const rondo__bridge *bridge = &net->bridge;
        first.kind = RONDO__FIRST_LINEAR;
        first.map = rondo__affine_of(net->params, (cell ? bridge->c_weight : bridge->h_weight)[l],
                                     (cell ? bridge->c_bias : bridge->h_bias)[l]);
        first.cell = cell && from->cell > 0;
    }
    return first;
}

rondo_status rondo__encdec_of(rondo__encdec *out, const rondo_seq2seq *net, int32_t end, rondo_error *err) {
    *out =
        (rondo__encdec){.source = net->config.source_vocabulary, .target = net->config.target_vocabulary, .end = end};
    rondo_status status = add_networks(out, net, err);
    if (status)
        return status;
    out->encoder_transformer = net->encoder_transformer;
    out->decoder_transformer = net->decoder_transformer;
    out->M = net->M;
    out->E = net->config.target_embedding_size;
    out->H = net->H;
    out->C = net->C;
    out->A = net->A;
    out->embedding = values(net->params, net->target_table);
    out->look = rondo__look_of(net->attention);
    out->before = net->config.attention_before;
    out->feeds = net->config.input_feeding;
    out->repeats = net->config.context == RONDO_CONTEXT_EVERY_STEP;
    out->combine = rondo__affine_of(net->params, net->combine, -1);
    out->output = rondo__affine_of(net->params, net->output, net->output_bias);
    out->pointer = rondo__affine_of(net->params, net->pointer, net->pointer_bias);
    for (int l = 0; net->decoder && l < net->decoder->config.layers; l++) {
        out->h[l] = first_of(net, l, false);
        if (net->decoder->layer[l].cell > 0)
            out->c[l] = first_of(net, l, true);
    }
    return RONDO_OK;
}

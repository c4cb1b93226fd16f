#include "exchange/network.h"

#include <string.h>

#include "nn/params.h"
#include "nn/recurrent.h"

rondo_status rondo__network_add(rondo__network *network, rondo__network_block block, rondo_error *err) {
    const int64_t before = rondo__network_output(network);
    if (network->count == RONDO__BLOCKS)
        return rondo__fail(err, RONDO_UNSUPPORTED, "export: the model has more than %d blocks", RONDO__BLOCKS);
    if (block.kind == RONDO__RECURRENT) {
        block.in = rondo_recurrent_get_config(block.net)->input_size;
        block.out = rondo_recurrent_output_size(block.net);
    } else if (block.kind == RONDO__SCALE || block.kind == RONDO__POOL || block.kind == RONDO__ACTIVATION ||
               block.kind == RONDO__BEST_PATH || block.kind == RONDO__OWN_PAST || block.kind == RONDO__OUTCOME) {
        block.out = block.in = before ? before : block.in;
    } else if (before && block.in == 0) {
        block.in = before;
    }
    network->block[network->count++] = block;
    return RONDO_OK;
}

const rondo__network_block *rondo__network_find(const rondo__network *network, rondo__block_kind kind) {
    for (int i = 0; i < network->count; i++)
        if (network->block[i].kind == kind)
            return &network->block[i];
    return NULL;
}

void rondo__network_row(const rondo__network *network, const real *weight, int64_t i, int64_t width, real *out) {
    const rondo__stored *stored = rondo__params_stored_at(network->params, weight);
    if (stored)
        rondo__stored_row(stored, i, out);
    else
        memcpy(out, weight + i * width, (size_t)width * sizeof *out);
}

void rondo__network_pack(const rondo__network *network, rondo_context *context, const real *weight, int64_t rows,
                         int64_t width, real *packed) {
    const rondo__stored *stored = rondo__params_stored_at(network->params, weight);
    if (stored)
        rondo__stored_pack(context, packed, stored, 0, rows);
    else
        rondo__pack(context, packed, weight, 1, width, width, rows);
}

bool rondo__network_reads_symbols(const rondo__network *network) {
    return network->count > 0 && network->block[0].kind == RONDO__EMBEDDING;
}

bool rondo__network_is_pooled(const rondo__network *network) {
    return rondo__network_find(network, RONDO__POOL) || rondo__network_find(network, RONDO__ENDS) ||
           rondo__network_find(network, RONDO__DECODE);
}

bool rondo__network_streams(const rondo__network *network) {
    for (int i = 0; i < network->count; i++) {
        const rondo__network_block *b = &network->block[i];
        if ((b->kind == RONDO__RECURRENT && b->net->directions == 2) ||
            (b->kind == RONDO__POOL && b->pooling == RONDO_POOL_ATTENTION) ||
            (b->kind == RONDO__WINDOW && network->horizon.W > 0))
            return false;
    }
    return true;
}

int64_t rondo__network_output(const rondo__network *network) {
    return network->count ? network->block[network->count - 1].out : 0;
}

static int64_t widest_layer(const rondo_recurrent *net, int64_t widest) {
    for (int l = 0; l < net->config.layers; l++) {
        const int64_t width = net->layer[l * net->directions].R * net->directions;
        widest = width > widest ? width : widest;
    }
    return widest;
}

int64_t rondo__network_widest(const rondo__network *network) {
    int64_t widest = 1;
    for (int i = 0; i < network->count; i++) {
        const rondo__network_block *b = &network->block[i];
        widest = b->in > widest && b->kind != RONDO__EMBEDDING ? b->in : widest;
        widest = b->out > widest ? b->out : widest;
        if (b->kind == RONDO__RECURRENT)
            widest = widest_layer(b->net, widest);
    }
    return widest;
}

int rondo__network_directions(const rondo__network *network, int i) {
    while (i-- > 0)
        if (network->block[i].kind == RONDO__RECURRENT)
            return network->block[i].net->directions;
    return 1;
}

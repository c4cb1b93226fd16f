#include "exchange/network.h"

#include <string.h>

#include "nn/recurrent.h"

rondo_status rondo__network_add(rondo__network *network, rondo__network_block block, rondo_error *err) {
    if (network->count == RONDO__BLOCKS)
        return rondo__fail(err, RONDO_UNSUPPORTED, "export: the model has more than %d blocks", RONDO__BLOCKS);
    if (block.kind == RONDO__RECURRENT) {
        block.in = rondo_recurrent_get_config(block.net)->input_size;
        block.out = rondo_recurrent_output_size(block.net);
    } else if (block.kind == RONDO__SCALE || block.kind == RONDO__POOL || block.kind == RONDO__ACTIVATION) {
        block.out = block.in = rondo__network_output(network) ? rondo__network_output(network) : block.in;
    }
    network->block[network->count++] = block;
    return RONDO_OK;
}

bool rondo__network_reads_symbols(const rondo__network *network) {
    return network->count > 0 && network->block[0].kind == RONDO__EMBEDDING;
}

bool rondo__network_is_pooled(const rondo__network *network) {
    for (int i = 0; i < network->count; i++)
        if (network->block[i].kind == RONDO__POOL)
            return true;
    return false;
}

bool rondo__network_streams(const rondo__network *network) {
    for (int i = 0; i < network->count; i++) {
        const rondo__network_block *b = &network->block[i];
        if ((b->kind == RONDO__RECURRENT && b->net->directions == 2) ||
            (b->kind == RONDO__POOL && b->pooling == RONDO_POOL_ATTENTION))
            return false;
    }
    return true;
}

int64_t rondo__network_output(const rondo__network *network) {
    return network->count ? network->block[network->count - 1].out : 0;
}

int64_t rondo__network_widest(const rondo__network *network) {
    int64_t widest = 1;
    for (int i = 0; i < network->count; i++) {
        const rondo__network_block *b = &network->block[i];
        widest = b->in > widest && b->kind != RONDO__EMBEDDING ? b->in : widest;
        widest = b->out > widest ? b->out : widest;
        for (int l = 0; b->kind == RONDO__RECURRENT && l < b->net->config.layers; l++) {
            int64_t width = b->net->layer[l * b->net->directions].R * b->net->directions;
            widest = width > widest ? width : widest;
        }
    }
    return widest;
}

/* ---- the reference ---- */

static rondo_var *constant(rondo_tape *tape, const real *data, int64_t rows, int64_t columns) {
    const int64_t dims[2] = {rows, columns};
    if (!data)
        return NULL;
    const rondo_tensor view = rows ? rondo_tensor_view(RONDO_REAL, (void *)data, 2, dims)
                                   : rondo_tensor_view(RONDO_REAL, (void *)data, 1, dims + 1);
    return rondo_leaf(tape, &view, NULL);
}

static rondo_var *scale(rondo_tape *tape, const rondo__network_block *b, rondo_var *x) {
    real *data = x ? x->value.data : NULL; /* nothing is recorded: in place */
    for (int64_t i = 0; x && i < rondo_tensor_count(&x->value); i++)
        data[i] = data[i] * (b->weight ? b->weight[i % b->in] : 1) + (b->bias ? b->bias[i % b->in] : 0);
    (void)tape;
    return x;
}

static rondo_var *pool(rondo_tape *tape, const rondo__network_block *b, rondo_var *x, int directions) {
    rondo_var *score = NULL;
    if (b->pooling == RONDO_POOL_ATTENTION)
        score = rondo_linear(tape, x, constant(tape, b->weight, 1, b->in), NULL);
    return rondo_pool(tape, x, score, &(rondo_pool_options){.kind = b->pooling, .directions = directions});
}

static rondo_var *activate(rondo_tape *tape, rondo_var *x, rondo_activation kind) {
    switch (kind) {
    case RONDO_TANH:
        return rondo_tanh(tape, x);
    case RONDO_RELU:
        return rondo_relu(tape, x);
    case RONDO_SIGMOID:
        return rondo_sigmoid(tape, x);
    case RONDO_SOFTMAX:
        return rondo_softmax(tape, x);
    default:
        return x;
    }
}

/* Directions of the last recurrent block before place i. */
static int directions_before(const rondo__network *network, int i) {
    while (i-- > 0)
        if (network->block[i].kind == RONDO__RECURRENT)
            return network->block[i].net->directions;
    return 1;
}

static rondo_var *run_block(const rondo__network *network, int i, rondo_tape *tape, rondo_var *x) {
    const rondo__network_block *b = &network->block[i];
    const rondo_recurrent_input input = {.feedback =
                                             b->kind == RONDO__RECURRENT && b->feedback
                                                 ? constant(tape, b->feedback, b->out, b->net->config.feedback_size)
                                                 : NULL};
    switch (b->kind) {
    case RONDO__SCALE:
        return scale(tape, b, x);
    case RONDO__RECURRENT:
        return rondo_recurrent_forward(b->net, tape, x, &input);
    case RONDO__POOL:
        return pool(tape, b, x, directions_before(network, i));
    case RONDO__LINEAR:
        return rondo_linear(tape, x, constant(tape, b->weight, b->out, b->in), constant(tape, b->bias, 0, b->out));
    case RONDO__ACTIVATION:
        return activate(tape, x, b->activation);
    default:
        return x;
    }
}

static void start(const rondo__network *network, int64_t T, const int32_t *symbols, const real *x, real *to) {
    const rondo__network_block *b = &network->block[0];
    if (!symbols) {
        memcpy(to, x, (size_t)(T * b->in) * sizeof *to);
        return;
    }
    for (int64_t t = 0; t < T; t++)
        memcpy(to + t * b->out, b->weight + symbols[t] * b->out, (size_t)b->out * sizeof *to);
}

rondo_status rondo__network_run(const rondo__network *network, rondo_context *context, int64_t T,
                                const int32_t *symbols, const real *x, real *out, rondo_error *err) {
    rondo_tape *tape = NULL;
    rondo_status status = rondo_tape_create(&tape, context, err);
    if (status)
        return status;
    rondo_tape_begin(tape, NULL);
    const int64_t dims[3] = {T, 1, symbols ? network->block[0].out : network->block[0].in};
    rondo_var *y = rondo_zeros(tape, 3, dims);
    if (y)
        start(network, T, symbols, x, y->value.data);
    for (int i = symbols ? 1 : 0; i < network->count; i++)
        y = run_block(network, i, tape, y);
    status = rondo_tape_status(tape, err);
    if (!status && y)
        memcpy(out, y->value.data, (size_t)rondo_tensor_count(&y->value) * sizeof *out);
    rondo_tape_destroy(&tape);
    return status;
}

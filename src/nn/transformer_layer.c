/* One layer of a Transformer: attention to the sequence itself, in decoders attention to the memory, and a feed-forward
 * network, each with a residual sum and a layer norm around it:
 *
 *   pre-norm    x = x + dropout(part(norm(x)))        gradients reach the lowest layer unscaled (Xiong 2020)
 *   post-norm   x = norm(x + dropout(part(x)))        the paper
 *   feed-forward: W2 relu(W1 x + b1) + b2
 *
 * Names are those of nn.TransformerEncoderLayer and nn.TransformerDecoderLayer: norms are counted, so that norm2 is the
 * memory's in a decoder and the feed-forward network's in an encoder. */
#include <stdio.h>

#include "autograd/tape.h"
#include "nn/transformer.h"

/* nn.LayerNorm's. */
#define EPSILON ((real)1e-5)

/* ---- parameters ---- */

rondo__norm rondo__norm_declare(rondo__declarer *d, const char *name, int64_t size) {
    char full[64];
    rondo__norm norm;
    snprintf(full, sizeof full, "%s.weight", name);
    norm.gain = rondo__declare(d, full, 0, size, (rondo_init){RONDO_INIT_CONSTANT, 1});
    snprintf(full, sizeof full, "%s.bias", name);
    norm.bias = rondo__declare(d, full, 0, size, (rondo_init){RONDO_INIT_ZEROS, 0});
    return norm;
}

static void declare_attention(const rondo_transformer *net, rondo__declarer *d, const char *name, int64_t memory_size,
                              rondo_attention_layer **out) {
    const rondo_attention_config config = {.type = RONDO_ATTENTION_MULTIHEAD,
                                           .query_size = net->config.size,
                                           .memory_size = memory_size,
                                           .heads = net->config.heads,
                                           .dropout = net->config.attention_dropout};
    char full[RONDO__MAX_NAME];
    if (rondo__declare_prefix(d, name, full))
        d->status = rondo_attention_layer_create(out, d->params, full, &config, d->err);
}

static void declare_feed_forward(const rondo_transformer *net, rondo__declarer *d, rondo__transformer_layer *layer) {
    const int64_t N = net->config.size, F = net->config.feed_forward_size;
    const rondo_init xavier = {RONDO_INIT_XAVIER, 1}, zeros = {RONDO_INIT_ZEROS, 0};
    layer->inner = rondo__declare(d, "linear1.weight", F, N, xavier);
    layer->inner_bias = rondo__declare(d, "linear1.bias", 0, F, zeros);
    layer->outer = rondo__declare(d, "linear2.weight", N, F, xavier);
    layer->outer_bias = rondo__declare(d, "linear2.bias", 0, N, zeros);
}

void rondo__transformer_layer_declare(rondo_transformer *net, rondo__declarer *d, int l) {
    rondo__transformer_layer *layer = &net->layer[l];
    const int64_t M = net->config.memory_size;
    char prefix[RONDO__MAX_NAME], name[32];
    snprintf(name, sizeof name, "layers.%d.", l);
    if (!rondo__declare_prefix(d, name, prefix))
        return;
    rondo__declarer own = {.where = d->where, .params = d->params, .prefix = prefix, .err = d->err};
    declare_attention(net, &own, "self_attn.", net->config.size, &layer->self);
    if (M)
        declare_attention(net, &own, "multihead_attn.", M, &layer->memory);
    declare_feed_forward(net, &own, layer);
    layer->norm[SELF_ATTENTION] = rondo__norm_declare(&own, "norm1", net->config.size);
    if (M)
        layer->norm[MEMORY_ATTENTION] = rondo__norm_declare(&own, "norm2", net->config.size);
    layer->norm[FEED_FORWARD] = rondo__norm_declare(&own, M ? "norm3" : "norm2", net->config.size);
    d->status = own.status;
}

/* ---- in use ---- */

static rondo_var *use(const rondo_transformer *net, rondo_tape *tape, int index) {
    return rondo_params_use(net->params, tape, index);
}

rondo_var *rondo__norm_run(const rondo_transformer *net, rondo_tape *tape, rondo__norm norm, rondo_var *x) {
    return rondo_layer_norm(tape, x, use(net, tape, norm.gain), use(net, tape, norm.bias), EPSILON);
}

static rondo_var *append(rondo_tape *tape, rondo_var *before, rondo_var *steps) {
    return rondo_concat(tape, 0, 2, (rondo_var *[]){before, steps});
}

/* Keys and values of earlier steps are taken as they were made: they depend on nothing that came later. */
static rondo_var *attend_self(rondo__transformer_run *run, int l, rondo_var *x) {
    const rondo_transformer_input *input = run->input;
    rondo_attention_layer *self = run->net->layer[l].self;
    rondo_attention_memory made = rondo_attention_layer_prepare(self, run->tape, x, run->key_lengths);
    if (run->store) {
        rondo__past_append(run->store, run->tape, l, &made);
    } else if (run->before) {
        made.keys = append(run->tape, input->past->keys[l], made.keys);
        made.values = append(run->tape, input->past->values[l], made.values);
    }
    if (input->now) {
        input->now->keys[l] = made.keys;
        input->now->values[l] = made.values;
    }
    const rondo_attend_options options = {.causal = run->net->config.causal, .causal_offset = run->before};
    return rondo_attention_layer_attend(self, run->tape, x, &made, &options).context;
}

static rondo_var *attend_memory(rondo__transformer_run *run, int l, rondo_var *x) {
    const rondo_attend_options options = {.memory_of = run->input->memory_of};
    rondo_attention_result result =
        rondo_attention_layer_attend(run->net->layer[l].memory, run->tape, x, &run->input->memory[l], &options);
    run->weights = result.weights;
    return result.context;
}

static rondo_var *feed_forward(rondo__transformer_run *run, int l, rondo_var *x) {
    const rondo_transformer *net = run->net;
    const rondo__transformer_layer *layer = &net->layer[l];
    rondo_tape *tape = run->tape;
    x = rondo_linear(tape, x, use(net, tape, layer->inner), use(net, tape, layer->inner_bias));
    return rondo_linear(tape, rondo_relu(tape, x), use(net, tape, layer->outer), use(net, tape, layer->outer_bias));
}

rondo_var *rondo__transformer_layer_run(rondo__transformer_run *run, int l, rondo_var *x) {
    static rondo_var *(*const parts[])(rondo__transformer_run *, int, rondo_var *) = {
        [SELF_ATTENTION] = attend_self, [MEMORY_ATTENTION] = attend_memory, [FEED_FORWARD] = feed_forward};
    const rondo_transformer *net = run->net;
    const rondo__transformer_layer *layer = &net->layer[l];
    const bool after = net->config.post_norm;
    for (int part = 0; part < LAYER_PARTS; part++) {
        if (part == MEMORY_ATTENTION && !layer->memory)
            continue;
        rondo_var *y = parts[part](run, l, after ? x : rondo__norm_run(net, run->tape, layer->norm[part], x));
        x = rondo_add(run->tape, x, rondo_dropout(run->tape, y, net->config.dropout, false));
        if (after)
            x = rondo__norm_run(net, run->tape, layer->norm[part], x);
    }
    return x;
}

/* An encoder-decoder (rondo/seq2seq.h): its parts and their parameters.
 *
 * Widths follow from each other: the memory is as wide as the encoder's output, attention is asked how wide its context
 * is, and the decoder's input is made of
 *
 *     | symbol (Et) | context (C): attention before the cell, or context every_step | a_{t-1} (A): input feeding |
 *
 * Embeddings start as nn.Embedding, but small where the same numbers are the output layer, too; before a Transformer,
 * which multiplies them by sqrt(E), with deviation 1/sqrt(E). Linear layers start as nn.Linear. Combining is without
 * bias, as in Luong's paper. A Transformer decoder looks at the memory by itself; its output is a_t. */
#include "nn/seq2seq.h"

#include <math.h>

static void declare_stack(rondo__declarer *d, const char *name, const rondo_recurrent_config *config,
                          rondo_recurrent **out) {
    char full[RONDO__MAX_NAME];
    if (rondo__declare_prefix(d, name, full))
        d->status = rondo_recurrent_create(out, d->params, full, config, d->err);
}

/* config: defaults are filled in. */
static void declare_transformer(rondo__declarer *d, const char *name, rondo_transformer_config *config,
                                rondo_transformer **out) {
    char full[RONDO__MAX_NAME];
    if (rondo__declare_prefix(d, name, full))
        d->status = rondo_transformer_create(out, d->params, full, config, d->err);
    if (!d->status)
        *config = (*out)->config;
}

static rondo_init embedding_init(int64_t E, bool transformer, bool tied) {
    const double deviation = transformer ? 1 / sqrt((double)E) : tied ? 0.1 : 1;
    return (rondo_init){RONDO_INIT_NORMAL, (real)deviation};
}

static void declare_embeddings(rondo_seq2seq *net, rondo__declarer *d) {
    const rondo_seq2seq_config *config = &net->config;
    const int64_t Es = config->source_embedding_size, Et = config->target_embedding_size;
    const bool shared = config->tie == RONDO_TIE_ALL;
    if (!shared)
        net->source_table = rondo__declare(d, "source_embedding.weight", config->source_vocabulary, Es,
                                           embedding_init(Es, config->encoder_transformer, false));
    net->target_table = rondo__declare(d, "target_embedding.weight", config->target_vocabulary, Et,
                                       embedding_init(Et, config->decoder_transformer, config->tie));
    if (shared)
        net->source_table = net->target_table;
}

static void declare_attention(rondo_seq2seq *net, rondo__declarer *d) {
    rondo_attention_config *attention = &net->config.attention;
    char full[RONDO__MAX_NAME];
    if (d->status || attention->type == RONDO_ATTENTION_NONE)
        return;
    attention->query_size = net->H;
    attention->memory_size = net->M;
    if (rondo__declare_prefix(d, "attention.", full))
        d->status = rondo_attention_layer_create(&net->attention, d->params, full, attention, d->err);
    if (!d->status)
        net->C = rondo_attention_layer_output_size(net->attention);
}

/* The encoder, and how wide is what it leaves: the memory, and the last states where they enter every step. */
static void declare_encoder(rondo_seq2seq *net, rondo__declarer *d) {
    rondo_seq2seq_config *config = &net->config;
    if (config->encoder_transformer) {
        net->M = config->encoder_transformer->size;
        declare_transformer(d, "encoder.", &net->encoder_config, &net->encoder_transformer);
        return;
    }
    declare_stack(d, "encoder.", &config->encoder, &net->encoder);
    if (d->status)
        return;
    config->encoder = *rondo_recurrent_get_config(net->encoder);
    const int D = net->encoder->directions;
    net->M = rondo_recurrent_output_size(net->encoder);
    if (config->context == RONDO_CONTEXT_EVERY_STEP)
        net->C = D * net->encoder->layer[(config->encoder.layers - 1) * D].state;
}

/* H: the last layer's output and state have one width, since Jordan's has no feedback matrix here. */
static int64_t decoder_width(const rondo_seq2seq_config *whole) {
    const rondo_recurrent_config *config = &whole->decoder;
    if (whole->decoder_transformer)
        return whole->decoder_transformer->size;
    if (config->cell == RONDO_JORDAN)
        return config->output_size;
    return config->projection_size ? config->projection_size : config->hidden_sizes[config->layers - 1];
}

static void declare_decoder(rondo_seq2seq *net, rondo__declarer *d) {
    rondo_seq2seq_config *config = &net->config;
    if (config->decoder_transformer) {
        net->decoder_config.memory_size = net->M;
        declare_transformer(d, "decoder.", &net->decoder_config, &net->decoder_transformer);
        return;
    }
    const bool context = config->attention_before || config->context == RONDO_CONTEXT_EVERY_STEP;
    config->decoder.input_size =
        config->target_embedding_size + (context ? net->C : 0) + (config->input_feeding ? net->A : 0);
    declare_stack(d, "decoder.", &config->decoder, &net->decoder);
    if (!d->status)
        rondo__bridge_declare(net, d);
}

static void declare_output(rondo_seq2seq *net, rondo__declarer *d) {
    rondo_seq2seq_config *config = &net->config;
    const int64_t E = config->target_embedding_size, V = config->target_vocabulary;
    const int64_t seen = net->H + (net->attention ? net->C : 0) + (config->attention_before ? E : 0);
    if (d->status)
        return;
    if (config->tie && net->A != E) {
        d->status = rondo__fail(d->err, RONDO_ARGUMENT,
                                "seq2seq: tied embeddings: target_embedding_size is %lld but what enters the output "
                                "layer is %lld wide (make them equal: combine_size sets it)",
                                (long long)E, (long long)net->A);
        return;
    }
    if (net->attention || config->combine_size)
        net->combine = rondo__declare(d, "combine.weight", net->A, seen, rondo__linear_init(seen));
    config->combine_size = net->combine >= 0 ? net->A : 0;
    net->output =
        config->tie ? net->target_table : rondo__declare(d, "output.weight", V, net->A, rondo__linear_init(net->A));
    net->output_bias = rondo__declare(d, "output.bias", 0, V, (rondo_init){RONDO_INIT_ZEROS, 0});
    if (config->pointer) {
        const int64_t all = net->C + net->H + E;
        net->pointer = rondo__declare(d, "pointer.weight", 1, all, rondo__linear_init(all));
        net->pointer_bias = rondo__declare(d, "pointer.bias", 0, 1, (rondo_init){RONDO_INIT_ZEROS, 0});
    }
}

static rondo_seq2seq *make(rondo_params *params, const rondo_seq2seq_config *config) {
    rondo_seq2seq *net = rondo__calloc(1, sizeof *net);
    if (!net)
        return NULL;
    *net = (rondo_seq2seq){.config = *config, .params = params};
    if (config->encoder_transformer) {
        net->encoder_config = *config->encoder_transformer;
        net->encoder_config.size = config->source_embedding_size;
        net->config.encoder_transformer = &net->encoder_config;
    }
    if (config->decoder_transformer) {
        net->decoder_config = *config->decoder_transformer;
        net->decoder_config.size = config->target_embedding_size;
        net->config.decoder_transformer = &net->decoder_config;
    }
    net->source_table = net->target_table = net->combine = net->output = net->output_bias = -1;
    net->pointer = net->pointer_bias = -1;
    for (int l = 0; l < RONDO_MAX_LAYERS; l++)
        net->bridge.h_weight[l] = net->bridge.h_bias[l] = net->bridge.c_weight[l] = net->bridge.c_bias[l] = -1;
    return net;
}

rondo_status rondo_seq2seq_create(rondo_seq2seq **out, rondo_params *params, const char *prefix,
                                  const rondo_seq2seq_config *config, rondo_error *err) {
    if (out)
        *out = NULL;
    if (!out || !params || !config)
        return rondo__fail(err, RONDO_ARGUMENT, "seq2seq: %s is NULL",
                           !out      ? "out"
                           : !params ? "params (rondo_params_create makes it)"
                                     : "config");
    rondo_seq2seq_config resolved = *config;
    rondo_status status = rondo__seq2seq_resolve(&resolved, err);
    if (status)
        return status;
    rondo_seq2seq *net = make(params, &resolved);
    if (!net)
        return rondo__fail(err, RONDO_MEMORY, "seq2seq: out of memory");
    int before = rondo_params_count(params);
    rondo__declarer d = {.where = "seq2seq", .params = params, .prefix = prefix ? prefix : "", .err = err};
    net->H = decoder_width(&net->config);
    net->A = net->config.combine_size ? net->config.combine_size : net->H;
    declare_embeddings(net, &d);
    declare_encoder(net, &d);
    declare_attention(net, &d);
    declare_decoder(net, &d);
    declare_output(net, &d);
    if (d.status) {
        rondo__params_truncate(params, before);
        rondo_seq2seq_destroy(&net);
        return d.status;
    }
    *out = net;
    return RONDO_OK;
}

void rondo_seq2seq_destroy(rondo_seq2seq **net) {
    if (!net || !*net)
        return;
    rondo_recurrent_destroy(&(*net)->encoder);
    rondo_recurrent_destroy(&(*net)->decoder);
    rondo_transformer_destroy(&(*net)->encoder_transformer);
    rondo_transformer_destroy(&(*net)->decoder_transformer);
    rondo_attention_layer_destroy(&(*net)->attention);
    rondo__free(*net);
    *net = NULL;
}

const rondo_seq2seq_config *rondo_seq2seq_get_config(const rondo_seq2seq *net) { return &net->config; }

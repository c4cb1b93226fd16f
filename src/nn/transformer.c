/* The Transformer (Vaswani 2017; rondo/transformer.h): an encoder, or with a memory a decoder.
 *
 *   x (T, B, N) -> sqrt(N) * x + positions -> dropout -> layers -> [layer norm: pre-norm] -> (T, B, N)
 *
 * It takes embedded symbols as they are: the factor sqrt(N) of the paper (3.4) is applied here, whatever the positions
 * are, so that a table of embeddings that is also the output layer may be small, of deviation 1/sqrt(N).
 *
 * Everything is composed of the tape's operators on whole (T, B, N) arrays. Padding runs along with the rest, but no
 * valid step looks at it, and the last operator puts zeros in its place, so that nothing flows back from it either.
 *
 * A decoder in use is called with a few steps at a time, usually one. All it needs of the steps before are their keys
 * and values in each layer (past, now); every operator gives a row the same bits alone or among others, so steps one by
 * one equal the whole sequence. */
#include <math.h>

#include "autograd/tape.h"
#include "nn/rows.h"
#include "nn/transformer.h"

/* ---- configuration ---- */

static rondo_status check_size(const char *field, int64_t value, rondo_error *err) {
    if (value >= 1 && value <= INT32_MAX)
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "transformer: %s is %lld (must be from 1 to below 2^31)", field,
                       (long long)value);
}

static rondo_status check_rate(const char *field, real value, rondo_error *err) {
    if (value >= 0 && value < 1)
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "transformer: %s is %g (must be from 0 to below 1)", field, (double)value);
}

static rondo_status check_sizes(const rondo_transformer_config *config, rondo_error *err) {
    rondo_status status = check_size("size", config->size, err);
    if (!status)
        status = check_size("heads", config->heads, err);
    if (!status && config->size % config->heads)
        status = rondo__fail(err, RONDO_ARGUMENT, "transformer: %lld heads do not divide the size %lld",
                             (long long)config->heads, (long long)config->size);
    if (!status)
        status = check_size("feed_forward_size", config->feed_forward_size, err);
    if (!status && config->memory_size)
        status = check_size("memory_size", config->memory_size, err);
    if (!status && config->positions == RONDO_POSITIONS_LEARNED)
        status = check_size("max_length (of learned positions)", config->max_length, err);
    if (!status && (config->layers < 1 || config->layers > RONDO_MAX_LAYERS))
        status = rondo__fail(err, RONDO_ARGUMENT, "transformer: layers is %d (must be from 1 to %d)", config->layers,
                             RONDO_MAX_LAYERS);
    return status;
}

static rondo_status resolve(rondo_transformer_config *config, rondo_error *err) {
    config->heads = config->heads ? config->heads : 1;
    config->layers = config->layers ? config->layers : 1;
    if (!config->feed_forward_size && config->size <= INT32_MAX)
        config->feed_forward_size = 4 * config->size;
    config->causal = config->causal || config->memory_size;
    rondo_status status = check_sizes(config, err);
    if (!status && (unsigned)config->positions > RONDO_POSITIONS_NONE)
        status = rondo__fail(err, RONDO_ARGUMENT, "transformer: positions is %d (must be one of rondo_positions)",
                             (int)config->positions);
    if (!status)
        status = check_rate("dropout", config->dropout, err);
    return status ? status : check_rate("attention_dropout", config->attention_dropout, err);
}

/* ---- create, destroy ---- */

static void declare_positions(rondo_transformer *net, rondo__declarer *d) {
    const int64_t N = net->config.size;
    size_t bytes;
    if (net->config.positions == RONDO_POSITIONS_LEARNED)
        net->positions = rondo__declare(d, "positions.weight", net->config.max_length, N,
                                        (rondo_init){RONDO_INIT_NORMAL, (real)(1 / sqrt((double)N))});
    if (net->config.positions != RONDO_POSITIONS_SINUSOIDAL)
        return;
    if (rondo__size_mul((size_t)(N + 1) / 2, sizeof *net->frequencies, &bytes))
        net->frequencies = rondo__alloc(bytes);
    if (net->frequencies)
        rondo__position_frequencies(N, net->frequencies);
    else
        d->status = rondo__fail(d->err, RONDO_MEMORY, "transformer: out of memory");
}

static void declare_all(rondo_transformer *net, rondo__declarer *d) {
    declare_positions(net, d);
    for (int l = 0; l < net->config.layers && !d->status; l++)
        rondo__transformer_layer_declare(net, d, l);
    if (!net->config.post_norm)
        net->norm = rondo__norm_declare(d, "norm", net->config.size);
}

rondo_status rondo_transformer_create(rondo_transformer **out, rondo_params *params, const char *prefix,
                                      const rondo_transformer_config *config, rondo_error *err) {
    if (out)
        *out = NULL;
    if (!out || !params || !config)
        return rondo__fail(err, RONDO_ARGUMENT, "transformer: %s is NULL",
                           !out      ? "out"
                           : !params ? "params (rondo_params_create makes it)"
                                     : "config");
    rondo_transformer_config own = *config;
    rondo_status status = resolve(&own, err);
    if (status)
        return status;
    rondo_transformer *net = rondo__calloc(1, sizeof *net);
    if (!net)
        return rondo__fail(err, RONDO_MEMORY, "transformer: out of memory");
    net->config = own;
    net->params = params;
    net->positions = -1;
    int before = rondo_params_count(params);
    rondo__declarer d = {.where = "transformer", .params = params, .prefix = prefix ? prefix : "", .err = err};
    declare_all(net, &d);
    if (d.status) {
        rondo__params_truncate(params, before);
        rondo_transformer_destroy(&net);
        return d.status;
    }
    *out = net;
    return RONDO_OK;
}

void rondo_transformer_destroy(rondo_transformer **net) {
    if (!net || !*net)
        return;
    for (int l = 0; l < RONDO_MAX_LAYERS; l++) {
        rondo_attention_layer_destroy(&(*net)->layer[l].self);
        rondo_attention_layer_destroy(&(*net)->layer[l].memory);
    }
    rondo__free((*net)->frequencies);
    rondo__free(*net);
    *net = NULL;
}

/* ---- checks of a call ---- */

static const char *wrong_use(const rondo_transformer *net, const rondo_transformer_input *input) {
    if (net->config.memory_size && !input->memory)
        return "a decoder needs a memory (rondo_transformer_prepare makes it)";
    if (!net->config.memory_size && (input->memory || input->memory_of))
        return "an encoder looks at no memory (set memory_size to make a decoder)";
    if (!net->config.causal && ((input->past && input->past->steps) || input->now))
        return "past and now are for a causal network, in which later steps change nothing of earlier ones";
    return NULL;
}

static bool is_shape(const rondo_var *var, int64_t steps, const rondo_var *x) {
    const int64_t *dims = x->value.dims;
    return var && var->value.rank == 3 && var->value.dims[0] == steps && var->value.dims[1] == dims[1] &&
           var->value.dims[2] == dims[2];
}

static void check_past(const rondo_transformer *net, rondo_tape *tape, const rondo_var *x,
                       const rondo_transformer_past *past) {
    if (past->steps < 0 || past->steps > INT32_MAX - x->value.dims[0]) {
        rondo__tape_fail(tape, RONDO_ARGUMENT, "transformer: a past of %lld steps", (long long)past->steps);
        return;
    }
    for (int l = 0; past->steps && l < net->config.layers; l++)
        if (!is_shape(past->keys[l], past->steps, x) || !is_shape(past->values[l], past->steps, x))
            rondo__tape_fail(tape, RONDO_SHAPE,
                             "transformer: the past of layer %d must have keys and values of (%lld, %lld, %lld)", l,
                             (long long)past->steps, (long long)x->value.dims[1], (long long)net->config.size);
}

static bool check_call(const rondo_transformer *net, rondo_tape *tape, const rondo_var *x,
                       const rondo_transformer_input *input) {
    if (rondo__tape_failed(tape))
        return false;
    if (!net || !x)
        rondo__tape_fail(tape, RONDO_ARGUMENT, "transformer: %s is NULL", net ? "x" : "net");
    else if (x->value.rank != 3 || x->value.dims[2] != net->config.size)
        rondo__tape_fail(tape, RONDO_SHAPE, "transformer: x must be (steps, batch, %lld)", (long long)net->config.size);
    else if (wrong_use(net, input))
        rondo__tape_fail(tape, RONDO_ARGUMENT, "transformer: %s", wrong_use(net, input));
    else if (input->past)
        check_past(net, tape, x, input->past);
    return !rondo__tape_failed(tape);
}

/* ---- forward ---- */

void rondo_transformer_prepare(rondo_transformer *net, rondo_tape *tape, rondo_var *memory, const int32_t *lengths,
                               rondo_attention_memory out[RONDO_MAX_LAYERS]) {
    for (int l = 0; out && l < RONDO_MAX_LAYERS; l++)
        out[l] = (rondo_attention_memory){.lengths = lengths};
    if (rondo__tape_failed(tape))
        return;
    if (!net || !out || !net->config.memory_size) {
        rondo__tape_fail(tape, RONDO_ARGUMENT, "transformer: %s",
                         !net   ? "net is NULL"
                         : !out ? "out is NULL"
                                : "an encoder looks at no memory (set memory_size to make a decoder)");
        return;
    }
    for (int l = 0; l < net->config.layers; l++)
        out[l] = rondo_attention_layer_prepare(net->layer[l].memory, tape, memory, lengths);
}

/* Rows go on from a past that is valid in full; a row that has ended is padding from here on. */
static const int32_t *lengths_with_past(rondo_tape *tape, int64_t B, const int32_t *lengths, int64_t before) {
    if (!lengths || !before)
        return lengths;
    int32_t *all = rondo__step_memory(tape, B, sizeof *all);
    for (int64_t b = 0; all && b < B; b++)
        all[b] = (int32_t)before + lengths[b];
    return all;
}

static rondo_var *mean_over_heads(rondo_tape *tape, rondo_var *weights) {
    if (!weights || weights->value.rank == 3)
        return weights;
    const int64_t *dims = weights->value.dims, heads = dims[2], mean[3] = {dims[0], dims[1], dims[3]};
    rondo_var *sum = NULL;
    for (int64_t h = 0; h < heads; h++) {
        rondo_var *one = rondo_reshape(tape, rondo_slice(tape, weights, 2, h, h + 1), 3, mean);
        sum = h ? rondo_add(tape, sum, one) : one;
    }
    return rondo_affine(tape, sum, 1 / (real)heads, 0);
}

/* Steps in padding look nowhere. */
static rondo_var *mask_weights(const rondo__transformer_run *run, rondo_var *weights) {
    return weights ? rondo__mask_padding(run->tape, weights, run->input->lengths) : NULL;
}

static rondo_var *run_layers(rondo__transformer_run *run, rondo_var *x) {
    const rondo_transformer *net = run->net;
    const rondo__positions places = {.lengths = run->input->lengths,
                                     .offset = run->before,
                                     .scale = (real)sqrt((double)net->config.size),
                                     .frequencies = net->frequencies};
    x = rondo__add_positions(run->tape, x, rondo_params_use(net->params, run->tape, net->positions), &places);
    x = rondo_dropout(run->tape, x, net->config.dropout, false);
    for (int l = 0; l < net->config.layers && !rondo__tape_failed(run->tape); l++)
        x = rondo__transformer_layer_run(run, l, x);
    if (!net->config.post_norm)
        x = rondo__norm_run(net, run->tape, net->norm, x);
    return rondo__mask_padding(run->tape, x, run->input->lengths);
}

static rondo_var *forward(rondo__transformer_run *run, rondo_var *x, rondo_var **weights) {
    run->key_lengths = lengths_with_past(run->tape, x->value.dims[1], run->input->lengths, run->before);
    x = run_layers(run, x);
    if (weights && !rondo__tape_failed(run->tape))
        *weights = mask_weights(run, mean_over_heads(run->tape, run->weights));
    return rondo__tape_failed(run->tape) ? NULL : x;
}

rondo_var *rondo_transformer_forward(rondo_transformer *net, rondo_tape *tape, rondo_var *x,
                                     const rondo_transformer_input *input, rondo_var **weights) {
    static const rondo_transformer_input nothing;
    input = input ? input : &nothing;
    if (weights)
        *weights = NULL;
    if (!check_call(net, tape, x, input))
        return NULL;
    rondo__transformer_run run = {
        .net = net, .tape = tape, .input = input, .before = input->past ? input->past->steps : 0};
    const int64_t T = x->value.dims[0];
    x = forward(&run, x, weights);
    if (input->now)
        input->now->steps = run.before + T;
    return x;
}

rondo_var *rondo__transformer_step(rondo_transformer *net, rondo_tape *tape, rondo_var *x,
                                   const rondo_transformer_input *input, const rondo__past_store *store,
                                   rondo_var **weights) {
    if (!check_call(net, tape, x, input))
        return NULL;
    rondo__transformer_run run = {.net = net, .tape = tape, .input = input, .store = store, .before = store->steps};
    return forward(&run, x, weights);
}

/* The types of attention with their parameters: projections before and behind the operator.
 *
 *   dot, scaled dot   keys = memory
 *   general           keys = W memory
 *   concat, additive  keys = W_k memory, query = W_q query [+ b];  W [q; m] of the paper is the sum of both
 *   multihead         query, keys and values projected with biases, scale 1/sqrt(A / heads), the context projected
 *   local-p           position = sigmoid(v_p · tanh(W_p query))
 *
 * Keys and values are made once for all steps that look at a memory (prepare). Matrices start uniform within
 * 1/sqrt(fan-in), as nn.Linear's; multihead as nn.MultiheadAttention's, Xavier with zero biases. */
#include <math.h>
#include <stdio.h>

#include "autograd/tape.h"
#include "nn/attention.h"
#include "nn/params.h"

/* ---- checks ---- */

static rondo_status check_sizes(const rondo_attention_config *c, rondo_error *err) {
    if (c->query_size < 1 || c->memory_size < 1 || c->size < 1 || c->output_size < 1 || c->query_size > INT32_MAX ||
        c->memory_size > INT32_MAX || c->size > INT32_MAX || c->output_size > INT32_MAX)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "attention: query, memory, inner and output size are %lld, %lld, %lld, %lld (must be 1 or "
                           "more)",
                           (long long)c->query_size, (long long)c->memory_size, (long long)c->size,
                           (long long)c->output_size);
    if (c->heads < 1 || c->size % c->heads)
        return rondo__fail(err, RONDO_ARGUMENT, "attention: %lld heads do not divide the size %lld",
                           (long long)c->heads, (long long)c->size);
    if (!(c->dropout >= 0 && c->dropout < 1))
        return rondo__fail(err, RONDO_ARGUMENT, "attention: dropout is %g (it must be in [0, 1))", (double)c->dropout);
    if (c->window < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "attention: window is %lld (0: global, or 1 and more)",
                           (long long)c->window);
    return RONDO_OK;
}

static rondo_status check_config(const rondo_attention_config *c, rondo_error *err) {
    bool additive = c->type == RONDO_ATTENTION_CONCAT || c->type == RONDO_ATTENTION_ADDITIVE;
    if (c->type <= RONDO_ATTENTION_NONE || c->type > RONDO_ATTENTION_MULTIHEAD)
        return rondo__fail(err, RONDO_ARGUMENT, "attention: type %d has no layer", (int)c->type);
    if (c->type <= RONDO_ATTENTION_SCALED_DOT && c->query_size != c->memory_size)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "attention: dot wants a query (%lld) as wide as the memory (%lld); general does not",
                           (long long)c->query_size, (long long)c->memory_size);
    if (c->type != RONDO_ATTENTION_MULTIHEAD && c->heads > 1)
        return rondo__fail(err, RONDO_ARGUMENT, "attention: %lld heads (only multihead has more than one)",
                           (long long)c->heads);
    if (c->coverage && !additive)
        return rondo__fail(err, RONDO_ARGUMENT, "attention: coverage is a feature of concat and additive only");
    return check_sizes(c, err);
}

/* ---- parameters ---- */

/* Declares one after the other; keeps the first failure. */
typedef struct declarer {
    rondo_params *params;
    const char *prefix;
    rondo_status status;
    rondo_error *err;
} declarer;

/* rows 0: a vector of `columns`. */
static int declare(declarer *d, const char *name, int64_t rows, int64_t columns, rondo_init init) {
    char full[256];
    int index = -1, length = snprintf(full, sizeof full, "%s%s", d->prefix ? d->prefix : "", name);
    if (d->status)
        return -1;
    if (length < 0 || (size_t)length >= sizeof full)
        d->status = rondo__fail(d->err, RONDO_ARGUMENT, "attention: the prefix is too long (at most 90 characters)");
    else
        d->status = rondo_params_add(d->params, full, rows ? 2 : 1,
                                     rows ? (int64_t[]){rows, columns} : (int64_t[]){columns}, init, &index, d->err);
    return index;
}

static rondo_init uniform(int64_t fan_in) { return (rondo_init){RONDO_INIT_UNIFORM, (real)(1 / sqrt((double)fan_in))}; }

static void declare_scores(declarer *d, rondo_attention_layer *layer) {
    const rondo_attention_config *c = &layer->config;
    int64_t A = c->size, Q = c->query_size, M = c->memory_size;
    if (c->type == RONDO_ATTENTION_GENERAL)
        layer->key = declare(d, "key.weight", Q, M, uniform(M));
    if (c->type != RONDO_ATTENTION_CONCAT && c->type != RONDO_ATTENTION_ADDITIVE)
        return;
    bool joint = c->type == RONDO_ATTENTION_CONCAT;
    layer->query = declare(d, "query.weight", A, Q, uniform(joint ? Q + M : Q));
    if (!joint)
        layer->query_bias = declare(d, "query.bias", 0, A, uniform(Q));
    layer->key = declare(d, "key.weight", A, M, uniform(joint ? Q + M : M));
    layer->v = declare(d, "v", 0, A, uniform(A));
    if (c->coverage)
        layer->coverage = declare(d, "coverage", 0, A, uniform(A));
}

static void declare_multihead(declarer *d, rondo_attention_layer *layer) {
    const rondo_attention_config *c = &layer->config;
    const rondo_init xavier = {RONDO_INIT_XAVIER, 1}, zeros = {RONDO_INIT_ZEROS, 0};
    int64_t A = c->size;
    layer->query = declare(d, "q_proj.weight", A, c->query_size, xavier);
    layer->query_bias = declare(d, "q_proj.bias", 0, A, zeros);
    layer->key = declare(d, "k_proj.weight", A, c->memory_size, xavier);
    layer->key_bias = declare(d, "k_proj.bias", 0, A, zeros);
    layer->value = declare(d, "v_proj.weight", A, c->memory_size, xavier);
    layer->value_bias = declare(d, "v_proj.bias", 0, A, zeros);
    layer->out = declare(d, "out_proj.weight", c->output_size, A, xavier);
    layer->out_bias = declare(d, "out_proj.bias", 0, c->output_size, zeros);
}

static rondo_status declare_all(rondo_attention_layer *layer, const char *prefix, rondo_error *err) {
    declarer d = {layer->params, prefix, RONDO_OK, err};
    int64_t A = layer->config.size;
    if (layer->config.type == RONDO_ATTENTION_MULTIHEAD)
        declare_multihead(&d, layer);
    else
        declare_scores(&d, layer);
    if (layer->config.window) {
        layer->position =
            declare(&d, "position.weight", A, layer->config.query_size, uniform(layer->config.query_size));
        layer->position_v = declare(&d, "position_v", 0, A, uniform(A));
    }
    return d.status;
}

rondo_status rondo_attention_layer_create(rondo_attention_layer **out, rondo_params *params, const char *prefix,
                                          const rondo_attention_config *config, rondo_error *err) {
    if (out)
        *out = NULL;
    if (!out || !params || !config)
        return rondo__fail(err, RONDO_ARGUMENT, "attention: %s is NULL",
                           !out      ? "out"
                           : !params ? "params (rondo_params_create makes it)"
                                     : "config");
    rondo_attention_config own = *config;
    own.size = own.size ? own.size : own.query_size;
    own.output_size = own.output_size ? own.output_size : own.query_size;
    own.heads = own.heads ? own.heads : 1;
    rondo_status status = check_config(&own, err);
    if (status)
        return status;
    rondo_attention_layer *layer = rondo__alloc(sizeof *layer);
    if (!layer)
        return rondo__fail(err, RONDO_MEMORY, "attention: out of memory");
    *layer = (rondo_attention_layer){params, own, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, NULL};
    int before = rondo_params_count(params);
    status = declare_all(layer, prefix, err);
    if (status) {
        rondo__params_truncate(params, before);
        rondo_attention_layer_destroy(&layer);
        return status;
    }
    *out = layer;
    return RONDO_OK;
}

void rondo_attention_layer_destroy(rondo_attention_layer **layer) {
    if (!layer || !*layer)
        return;
    rondo__free(*layer);
    *layer = NULL;
}

int64_t rondo_attention_layer_output_size(const rondo_attention_layer *layer) {
    return layer->config.type == RONDO_ATTENTION_MULTIHEAD ? layer->config.output_size : layer->config.memory_size;
}

void rondo_attention_layer_memory_size(const rondo_attention_layer *layer, int64_t *keys, int64_t *values) {
    const rondo_attention_config *c = &layer->config;
    *values = c->type == RONDO_ATTENTION_MULTIHEAD ? c->size : c->memory_size;
    *keys = c->type <= RONDO_ATTENTION_GENERAL ? c->query_size : c->size;
}

/* ---- use ---- */

static rondo_var *use(const rondo_attention_layer *layer, rondo_tape *tape, int index) {
    return rondo_params_use(layer->params, tape, index);
}

/* W x + b, or x itself where the type has no W. */
static rondo_var *project(const rondo_attention_layer *layer, rondo_tape *tape, rondo_var *x, int weight, int bias) {
    return weight < 0 ? x : rondo_linear(tape, x, use(layer, tape, weight), use(layer, tape, bias));
}

static bool check_input(rondo_tape *tape, const rondo_var *x, const char *name, int64_t width) {
    if (!x || x->value.rank != 3 || x->value.dims[2] != width)
        rondo__tape_fail(tape, x ? RONDO_SHAPE : RONDO_ARGUMENT, "attention: the %s must be (steps, batch, %lld)", name,
                         (long long)width);
    return !rondo__tape_failed(tape);
}

rondo_attention_memory rondo_attention_layer_prepare(rondo_attention_layer *layer, rondo_tape *tape, rondo_var *memory,
                                                     const int32_t *lengths) {
    rondo_attention_memory made = {.lengths = lengths};
    if (!layer)
        rondo__tape_fail(tape, RONDO_ARGUMENT, "attention: the layer is NULL");
    if (!layer || !check_input(tape, memory, "memory", layer->config.memory_size))
        return made;
    made.keys = project(layer, tape, memory, layer->key, layer->key_bias);
    made.values = project(layer, tape, memory, layer->value, layer->value_bias);
    return made;
}

/* (T, B), NULL for global attention. */
static rondo_var *predict_position(const rondo_attention_layer *layer, rondo_tape *tape, rondo_var *query) {
    if (!layer->config.window)
        return NULL;
    rondo_var *hidden = rondo_tanh(tape, rondo_linear(tape, query, use(layer, tape, layer->position), NULL));
    rondo_var *v = rondo_reshape(tape, use(layer, tape, layer->position_v), 2, (int64_t[]){1, layer->config.size});
    return rondo_reshape(tape, rondo_sigmoid(tape, rondo_linear(tape, hidden, v, NULL)), 2, query->value.dims);
}

static rondo_attention_options options_of(const rondo_attention_layer *layer, const rondo_attention_memory *memory,
                                          const rondo_attend_options *options) {
    const rondo_attention_config *c = &layer->config;
    double width = (double)(c->type == RONDO_ATTENTION_MULTIHEAD    ? c->size / c->heads
                            : c->type == RONDO_ATTENTION_SCALED_DOT ? c->memory_size
                                                                    : 1);
    return (rondo_attention_options){.score = layer->v >= 0 ? RONDO_SCORE_ADDITIVE : RONDO_SCORE_DOT,
                                     .heads = c->heads,
                                     .scale = (real)(1 / sqrt(width)),
                                     .lengths = memory->lengths,
                                     .causal = options->causal,
                                     .causal_offset = options->causal_offset,
                                     .window = c->window,
                                     .dropout = c->dropout,
                                     .memory_of = options->memory_of};
}

rondo_attention_result rondo_attention_layer_attend(rondo_attention_layer *layer, rondo_tape *tape, rondo_var *query,
                                                    const rondo_attention_memory *memory,
                                                    const rondo_attend_options *options) {
    static const rondo_attend_options defaults;
    options = options ? options : &defaults;
    if (!layer || !memory)
        rondo__tape_fail(tape, RONDO_ARGUMENT, "attention: the %s is NULL",
                         layer ? "memory (rondo_attention_layer_prepare makes it)" : "layer");
    if (!layer || !memory || !check_input(tape, query, "query", layer->config.query_size))
        return (rondo_attention_result){0};
    rondo_attention_options own = options_of(layer, memory, options);
    rondo_attention_input input = {.query = project(layer, tape, query, layer->query, layer->query_bias),
                                   .keys = memory->keys,
                                   .values = memory->values,
                                   .v = use(layer, tape, layer->v),
                                   .u = use(layer, tape, layer->coverage),
                                   .coverage = options->coverage,
                                   .position = predict_position(layer, tape, query)};
    rondo_attention_result result = rondo_attention(tape, &input, &own);
    result.context = project(layer, tape, result.context, layer->out, layer->out_bias);
    if (rondo__tape_failed(tape))
        return (rondo_attention_result){0};
    if (layer->watch)
        layer->watch->seen(layer->watch->arg, layer, result.weights);
    return result;
}

/* Attention, and what stands on it. */
#include "differential/differ.h"

static void attention(differ *d) {
    const int64_t T = differ_get(d, "T"), S = differ_get(d, "S"), B = differ_get(d, "B");
    const bool additive = differ_is(d, "additive"), local = differ_is(d, "local");
    const int64_t heads = additive ? 1 : differ_get(d, "heads");
    const int64_t A = heads * differ_get(d, "A"), W = heads * differ_get(d, "W");
    const rondo_attention_options options = {.score = additive ? RONDO_SCORE_ADDITIVE : RONDO_SCORE_DOT,
                                             .heads = heads,
                                             .scale = additive ? 0 : (rondo_real)0.5,
                                             .lengths = differ_lengths(d, B, S),
                                             .causal = differ_is(d, "causal") && !local,
                                             .causal_offset = differ_get(d, "offset"),
                                             .window = local ? 2 : 0};
    const rondo_attention_input input = {
        .query = LEAF(d, T, B, A),
        .keys = LEAF(d, S, B, A),
        .values = LEAF(d, S, B, W),
        .v = additive ? LEAF(d, A) : NULL,
        .u = additive ? LEAF_IF(d, "coverage", A) : NULL,
        .coverage = additive ? LEAF_IF(d, "coverage", B, S) : NULL,
        .position = local ? differ_leaf(d, 2, (int64_t[]){T, B}, 0.5, 0.4) : NULL,
    };
    const rondo_attention_result result = rondo_attention(d->tape, &input, &options);
    differ_result(d, result.context);
    differ_result(d, result.weights);
    if (result.coverage)
        differ_result(d, result.coverage);
}

static void attention_layer_free(void *object) {
    rondo_attention_layer *layer = object;
    rondo_attention_layer_destroy(&layer);
}

static void attention_layer(differ *d) {
    const int64_t T = differ_get(d, "T"), S = differ_get(d, "S"), B = differ_get(d, "B"), M = 4 * differ_get(d, "M");
    const rondo_attention_type type = (rondo_attention_type)(1 + differ_pick(d, "type", 6));
    const bool alike = type == RONDO_ATTENTION_DOT || type == RONDO_ATTENTION_SCALED_DOT;
    const int64_t Q = alike ? M : 4 * differ_get(d, "Q");
    const rondo_attention_config config = {.type = type,
                                           .query_size = Q,
                                           .memory_size = M,
                                           .heads = type == RONDO_ATTENTION_MULTIHEAD ? differ_get(d, "heads") : 0};
    rondo_params *params = differ_params(d);
    rondo_attention_layer *layer = NULL;
    rondo_attention_layer_create(&layer, params, "", &config, &d->err);
    differ_later(d, attention_layer_free, layer);
    differ_finish(d, params);
    const int32_t *lengths = differ_lengths(d, B, S);
    const rondo_attention_memory memory = rondo_attention_layer_prepare(layer, d->tape, LEAF(d, S, B, M), lengths);
    const rondo_attention_result result = rondo_attention_layer_attend(layer, d->tape, LEAF(d, T, B, Q), &memory, NULL);
    differ_result(d, result.context);
    differ_result(d, result.weights);
}

static void pointer(differ *d) {
    const int64_t T = differ_get(d, "T"), S = differ_get(d, "S"), B = differ_get(d, "B"), V = differ_get(d, "V");
    const rondo_pointer_options options = {.copy = differ_ints(d, S * B, -1, V + 1),
                                           .targets = differ_ints(d, T * B, -1, V - 1)};
    rondo_var *logits = LEAF(d, T, B, V), *gate = LEAF(d, T, B);
    rondo_var *weights = rondo_softmax(d->tape, LEAF(d, T, B, S));
    differ_result(d, rondo_pointer_loss(d->tape, logits, gate, weights, &options));
}

const differ_family differ_attention[] = {
    {"attention",
     5e-5,
     attention,
     {{"T", 1, 6},
      {"S", 1, 12},
      {"B", 1, 6},
      {"A", 1, 20},
      {"W", 1, 20},
      {"heads", 1, 3},
      {"additive", 0, 1},
      {"coverage", 0, 1},
      {"local", 0, 1},
      {"causal", 0, 1},
      {"offset", 0, 3},
      {"ragged", 0, 1}}},
    {"attention_layer",
     1e-4,
     attention_layer,
     {{"T", 1, 6},
      {"S", 1, 12},
      {"B", 1, 6},
      {"M", 1, 8},
      {"Q", 1, 8},
      {"type", 0, 5},
      {"heads", 1, 2},
      {"ragged", 0, 1}}},
    {"pointer", 5e-5, pointer, {{"T", 1, 6}, {"S", 1, 12}, {"B", 1, 6}, {"V", 2, 30}}},
    {0},
};

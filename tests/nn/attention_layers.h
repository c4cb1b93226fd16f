/* A layer of attention over a padded memory, for the tests: one case for each type, with its options. */
#ifndef TESTS_NN_ATTENTION_LAYERS_H
#define TESTS_NN_ATTENTION_LAYERS_H

#include "nn/attention_run.h"

typedef struct layer_case {
    const char *name;
    rondo_attention_config config;
    const char *params; /* as "name(rows,columns) ...", in order */
} layer_case;

static const layer_case layer_cases[] = {
    {"dot", {.type = RONDO_ATTENTION_DOT, .query_size = 5, .memory_size = 5}, ""},
    {"scaled dot",
     {.type = RONDO_ATTENTION_SCALED_DOT, .query_size = 5, .memory_size = 5, .window = 2},
     "position.weight(5,5) position_v(5) "},
    {"general", {.type = RONDO_ATTENTION_GENERAL, .query_size = 4, .memory_size = 7}, "key.weight(4,7) "},
    {"concat",
     {.type = RONDO_ATTENTION_CONCAT, .query_size = 4, .memory_size = 7, .size = 6},
     "query.weight(6,4) key.weight(6,7) v(6) "},
    {"concat with coverage",
     {.type = RONDO_ATTENTION_CONCAT, .query_size = 4, .memory_size = 7, .size = 6, .coverage = true},
     "query.weight(6,4) key.weight(6,7) v(6) coverage(6) "},
    {"additive",
     {.type = RONDO_ATTENTION_ADDITIVE, .query_size = 4, .memory_size = 7},
     "query.weight(4,4) query.bias(4) key.weight(4,7) v(4) "},
    {"additive, everything",
     {.type = RONDO_ATTENTION_ADDITIVE, .query_size = 4, .memory_size = 7, .size = 6, .coverage = true, .window = 3},
     "query.weight(6,4) query.bias(6) key.weight(6,7) v(6) coverage(6) position.weight(6,4) position_v(6) "},
    {"multihead",
     {.type = RONDO_ATTENTION_MULTIHEAD, .query_size = 6, .memory_size = 7, .heads = 3, .output_size = 5},
     "q_proj.weight(6,6) q_proj.bias(6) k_proj.weight(6,7) k_proj.bias(6) v_proj.weight(6,7) v_proj.bias(6) "
     "out_proj.weight(5,6) out_proj.bias(5) "},
    {"multihead, one head",
     {.type = RONDO_ATTENTION_MULTIHEAD, .query_size = 6, .memory_size = 6, .size = 4},
     "q_proj.weight(4,6) q_proj.bias(4) k_proj.weight(4,6) k_proj.bias(4) v_proj.weight(4,6) v_proj.bias(4) "
     "out_proj.weight(6,4) out_proj.bias(6) "},
};
enum { LAYER_CASES = sizeof layer_cases / sizeof *layer_cases, LAYER_T = 4, LAYER_B = 3, LAYER_S = 6 };
static const int32_t layer_lengths[LAYER_B] = {6, 0, 3};

typedef struct layer_rig {
    rondo_context *context;
    rondo_tape *tape;
    rondo_params *params;
    rondo_attention_layer *layer;
    rondo_tensor query, memory;
    rondo_real *dquery, *dmemory;
} layer_rig;

static inline rondo_status layer_open(layer_rig *r, const layer_case *c, int threads) {
    const rondo_attention_config *config = &c->config;
    *r = (layer_rig){0};
    int64_t q = LAYER_T * LAYER_B * config->query_size, m = LAYER_S * LAYER_B * config->memory_size;
    rondo_status status = rondo_context_create(&r->context, &(rondo_context_options){.threads = threads}, NULL);
    status = status ? status : rondo_tape_create(&r->tape, r->context, NULL);
    status = status ? status : rondo_params_create(&r->params, NULL);
    status = status ? status : rondo_attention_layer_create(&r->layer, r->params, "a.", config, NULL);
    status = status ? status : rondo_params_finish(r->params, 5, NULL);
    if (status)
        return status;
    r->query = rondo_tensor_view(RONDO_REAL, NULL, 3, (int64_t[]){LAYER_T, LAYER_B, config->query_size});
    r->memory = rondo_tensor_view(RONDO_REAL, NULL, 3, (int64_t[]){LAYER_S, LAYER_B, config->memory_size});
    static rondo_real room[4][4096]; /* cleared or drawn anew for each rig: the tests use one at a time */
    memset(room, 0, sizeof room);
    for (int64_t i = 0; i < q; i++)
        room[0][i] = (rondo_real)(2 * rondo__random_uniform(8, 1, (uint64_t)i) - 1);
    for (int64_t i = 0; i < m; i++)
        room[1][i] = (rondo_real)(2 * rondo__random_uniform(8, 2, (uint64_t)i) - 1);
    r->query.data = room[0], r->memory.data = room[1], r->dquery = room[2], r->dmemory = room[3];
    return RONDO_OK;
}

static inline void layer_close(layer_rig *r) {
    rondo_attention_layer_destroy(&r->layer);
    rondo_params_destroy(&r->params);
    rondo_tape_destroy(&r->tape);
    rondo_context_destroy(&r->context);
}

static inline rondo_attention_result layer_attend(layer_rig *r, rondo_var *query, rondo_var *memory,
                                                  const rondo_attend_options *options) {
    rondo_attention_memory made = rondo_attention_layer_prepare(r->layer, r->tape, memory, layer_lengths);
    return rondo_attention_layer_attend(r->layer, r->tape, query, &made, options);
}

/* Sums of all outputs, so that backward reaches every parameter. */
static inline rondo_var *layer_loss(layer_rig *r, const rondo_attention_result *got) {
    rondo_var *squares = rondo_mul(r->tape, got->context, got->context);
    rondo_var *loss = rondo_add(r->tape, rondo_sum(r->tape, squares),
                                rondo_sum(r->tape, rondo_mul(r->tape, got->weights, got->weights)));
    return got->coverage
               ? rondo_add(r->tape, loss, rondo_sum(r->tape, rondo_mul(r->tape, got->coverage, got->coverage)))
               : loss;
}

#endif

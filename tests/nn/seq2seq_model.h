/* Small encoder-decoders of every kind, and a ragged batch of pairs for them. */
#ifndef TESTS_NN_SEQ2SEQ_MODEL_H
#define TESTS_NN_SEQ2SEQ_MODEL_H

#include <math.h>
#include <string.h>

#include "core/core.h"
#include "rondo/seq2seq.h"
#include "support/test.h"

enum {
    MODEL_VS = 5,
    MODEL_V = 6,
    MODEL_X = 8, /* extended vocabulary */
    MODEL_S = 4,
    MODEL_T = 3,
    MODEL_B = 3,
    MODEL_EMBEDDING = 3
};

typedef struct model_case {
    const char *name;
    rondo_seq2seq_config config; /* vocabularies and embedding sizes are filled in where they are 0 */
} model_case;

#define MODEL_ENCODER(kind, width, ...) .encoder = {.cell = (kind), .hidden_size = (width), __VA_ARGS__}
#define MODEL_DECODER(kind, width, ...) .decoder = {.cell = (kind), .hidden_size = (width), __VA_ARGS__}

/* As wide as the embedding. */
static const rondo_transformer_config model_transformer = {.heads = 3, .layers = 2, .feed_forward_size = 4},
                                      model_post_norm = {.feed_forward_size = 5,
                                                         .post_norm = true,
                                                         .positions = RONDO_POSITIONS_LEARNED,
                                                         .max_length = 12};

static const model_case model_plain[] = {
    {"elman, copy", {MODEL_ENCODER(RONDO_ELMAN, 4), MODEL_DECODER(RONDO_ELMAN, 4)}},
    {"lstm both directions side by side, copy",
     {MODEL_ENCODER(RONDO_LSTM, 2, .bidirectional = true), MODEL_DECODER(RONDO_LSTM, 4)}},
    {"gru both directions added, copy, tied target",
     {MODEL_ENCODER(RONDO_GRU, 3, .bidirectional = true), MODEL_DECODER(RONDO_GRU, 3), .tie = RONDO_TIE_TARGET}},
    {"gru to lstm, linear, every step, all tied",
     {MODEL_ENCODER(RONDO_GRU, 2, .bidirectional = true, .layers = 2), MODEL_DECODER(RONDO_LSTM, 4),
      .bridge = RONDO_BRIDGE_LINEAR, .context = RONDO_CONTEXT_EVERY_STEP, .source_vocabulary = MODEL_V,
      .combine_size = 3, .tie = RONDO_TIE_ALL}},
    {"lstm projected, linear, one layer to two",
     {MODEL_ENCODER(RONDO_LSTM, 4, .projection_size = 2),
      MODEL_DECODER(RONDO_LSTM, 5, .projection_size = 3, .layers = 2), .bridge = RONDO_BRIDGE_LINEAR}},
    {"jordan, two layers, copy, every step",
     {MODEL_ENCODER(RONDO_JORDAN, 3, .layers = 2, .decay = 0.5f), MODEL_DECODER(RONDO_JORDAN, 3, .layers = 2),
      .context = RONDO_CONTEXT_EVERY_STEP}},
    {"gru, learned start",
     {MODEL_ENCODER(RONDO_GRU, 3, .learned_initial_state = true),
      MODEL_DECODER(RONDO_GRU, 4, .learned_initial_state = true), .bridge = RONDO_BRIDGE_ZERO,
      .context = RONDO_CONTEXT_EVERY_STEP}},
};
#define MODEL_PLAIN (sizeof model_plain / sizeof *model_plain)

static const model_case model_attentive[] = {
    {"lstm, dot after",
     {MODEL_ENCODER(RONDO_LSTM, 2, .bidirectional = true), MODEL_DECODER(RONDO_LSTM, 4),
      .attention.type = RONDO_ATTENTION_DOT}},
    {"lstm, general after, input feeding, tied target",
     {MODEL_ENCODER(RONDO_LSTM, 2, .bidirectional = true), MODEL_DECODER(RONDO_LSTM, 4), .combine_size = 3,
      .attention.type = RONDO_ATTENTION_GENERAL, .input_feeding = true, .tie = RONDO_TIE_TARGET}},
    {"gru, additive before",
     {MODEL_ENCODER(RONDO_GRU, 2, .bidirectional = true), MODEL_DECODER(RONDO_GRU, 3), .bridge = RONDO_BRIDGE_LINEAR,
      .attention = {.type = RONDO_ATTENTION_ADDITIVE, .size = 4}, .attention_before = true}},
    {"gru, additive before, learned start, input feeding",
     {MODEL_ENCODER(RONDO_GRU, 3), MODEL_DECODER(RONDO_GRU, 3, .learned_initial_state = true, .layers = 2),
      .bridge = RONDO_BRIDGE_ZERO, .attention.type = RONDO_ATTENTION_ADDITIVE, .attention_before = true,
      .input_feeding = true}},
    {"gru, concat with coverage and its loss",
     {MODEL_ENCODER(RONDO_GRU, 3), MODEL_DECODER(RONDO_GRU, 3), .coverage_loss = 0.5f,
      .attention = {.type = RONDO_ATTENTION_CONCAT, .coverage = true}}},
    {"elman, additive, coverage, input feeding, pointer",
     {MODEL_ENCODER(RONDO_ELMAN, 3), MODEL_DECODER(RONDO_ELMAN, 3), .pointer = true, .coverage_loss = 1,
      .input_feeding = true, .attention = {.type = RONDO_ATTENTION_ADDITIVE, .coverage = true}}},
    {"lstm, scaled dot, pointer",
     {MODEL_ENCODER(RONDO_LSTM, 3), MODEL_DECODER(RONDO_LSTM, 3), .pointer = true,
      .attention.type = RONDO_ATTENTION_SCALED_DOT}},
    {"lstm, two heads after",
     {MODEL_ENCODER(RONDO_LSTM, 3), MODEL_DECODER(RONDO_LSTM, 3),
      .attention = {.type = RONDO_ATTENTION_MULTIHEAD, .size = 4, .heads = 2}}},
    {"gru, two heads before",
     {MODEL_ENCODER(RONDO_GRU, 3), MODEL_DECODER(RONDO_GRU, 3), .attention_before = true,
      .attention = {.type = RONDO_ATTENTION_MULTIHEAD, .size = 4, .heads = 2}}},
    {"jordan, general, window",
     {MODEL_ENCODER(RONDO_JORDAN, 3), MODEL_DECODER(RONDO_JORDAN, 3), .input_feeding = true,
      .attention = {.type = RONDO_ATTENTION_GENERAL, .window = 2}}},
    {"transformer", {.encoder_transformer = &model_transformer, .decoder_transformer = &model_transformer}},
    {"transformer, post-norm, learned places, all tied",
     {.encoder_transformer = &model_post_norm,
      .decoder_transformer = &model_post_norm,
      .source_vocabulary = MODEL_V,
      .tie = RONDO_TIE_ALL}},
    {"gru to transformer, pointer, coverage loss",
     {MODEL_ENCODER(RONDO_GRU, 2, .bidirectional = true), .decoder_transformer = &model_transformer, .pointer = true,
      .coverage_loss = 0.5f}},
    {"transformer to gru, additive before, input feeding",
     {.encoder_transformer = &model_transformer,
      MODEL_DECODER(RONDO_GRU, 3),
      .bridge = RONDO_BRIDGE_ZERO,
      .attention.type = RONDO_ATTENTION_ADDITIVE,
      .attention_before = true,
      .input_feeding = true}},
};
#define MODEL_ATTENTIVE (sizeof model_attentive / sizeof *model_attentive)

typedef struct model {
    const char *name;
    rondo_context *context;
    rondo_tape *tape;
    rondo_params *params;
    rondo_seq2seq *net;
} model;

/* Deterministic values in [-0.7, 0.7]. */
static inline void model_fill(rondo_params *params) {
    for (int i = 0; i < rondo_params_count(params); i++) {
        rondo_param *p = rondo_params_at(params, i);
        for (int64_t j = 0; j < rondo_tensor_count(&p->value); j++)
            ((rondo_real *)p->value.data)[j] =
                (rondo_real)(1.4 * rondo__random_uniform(17, (uint64_t)i, (uint64_t)j) - 0.7);
    }
}

static inline rondo_seq2seq_config model_config(const model_case *about) {
    rondo_seq2seq_config config = about->config;
    if (!config.source_vocabulary)
        config.source_vocabulary = MODEL_VS;
    config.target_vocabulary = MODEL_V;
    config.source_embedding_size = config.target_embedding_size = MODEL_EMBEDDING;
    return config;
}

static inline rondo_status model_try(model *m, const model_case *about, int threads) {
    const rondo_seq2seq_config config = model_config(about);
    *m = (model){.name = about->name};
    rondo_status status = rondo_context_create(&m->context, &(rondo_context_options){.threads = threads}, NULL);
    if (!status)
        status = rondo_tape_create(&m->tape, m->context, NULL);
    if (!status)
        status = rondo_params_create(&m->params, NULL);
    if (!status)
        status = rondo_seq2seq_create(&m->net, m->params, "net.", &config, NULL);
    if (!status)
        status = rondo_params_finish(m->params, 1, NULL);
    if (!status)
        model_fill(m->params);
    return status;
}

static inline void model_close(model *m) {
    rondo_seq2seq_destroy(&m->net);
    rondo_params_destroy(&m->params);
    rondo_tape_destroy(&m->tape);
    rondo_context_destroy(&m->context);
}

static inline void model_open(model *m, const model_case *about, int threads) {
    rondo_error err = {0};
    const rondo_seq2seq_config config = model_config(about);
    rondo_params *params;
    rondo_seq2seq *net;
    assert_int_equal(rondo_params_create(&params, NULL), RONDO_OK);
    if (rondo_seq2seq_create(&net, params, "", &config, &err))
        fail_msg("%s: %s", about->name, err.message);
    rondo_seq2seq_destroy(&net);
    rondo_params_destroy(&params);
    assert_int_equal(model_try(m, about, threads), RONDO_OK);
}

/* A ragged batch; arrays have room for padding. */
enum { MODEL_ROOM_S = MODEL_S + 2, MODEL_ROOM_T = MODEL_T + 2 };
typedef struct model_batch {
    rondo_pairs_batch batch;
    int32_t source[MODEL_ROOM_S * MODEL_B], copy[MODEL_ROOM_S * MODEL_B], source_lengths[MODEL_B];
    int32_t inputs[MODEL_ROOM_T * MODEL_B], targets[MODEL_ROOM_T * MODEL_B], copy_targets[MODEL_ROOM_T * MODEL_B];
    int32_t target_lengths[MODEL_B];
} model_batch;

/* Source row b, place s; target row b, step t. A target may be a symbol that only copying reaches. */
static inline int32_t model_source(int64_t b, int64_t s) { return (int32_t)((3 * b + 2 * s + 1) % MODEL_VS); }
static inline int32_t model_copy(int64_t b, int64_t s) {
    return (b + s) % 4 == 3 ? -1 : (int32_t)((2 * b + 3 * s) % MODEL_X);
}
static inline int32_t model_target(int64_t b, int64_t t) { return (int32_t)((2 * b + 3 * t + 1) % MODEL_V); }
static inline int32_t model_copy_target(int64_t b, int64_t t) { return t == 1 ? model_copy(b, 0) : model_target(b, t); }
static inline int32_t model_input(int64_t b, int64_t t) { return t ? model_target(b, t - 1) : 0; }
static const int32_t model_source_lengths[MODEL_B] = {2, 4, 3}, model_target_lengths[MODEL_B] = {3, 1, 2};

/* Rows row[0..B) with their lengths, padded to S and T. */
static inline void model_pairs(model_batch *m, int64_t S, int64_t T, int64_t B, const int *row) {
    memset(m, 0, sizeof *m);
    for (int64_t i = 0; i < B; i++) {
        int64_t b = row ? row[i] : i;
        m->source_lengths[i] = model_source_lengths[b];
        m->target_lengths[i] = model_target_lengths[b];
        for (int64_t s = 0; s < S; s++) {
            m->source[s * B + i] = s < model_source_lengths[b] ? model_source(b, s) : -1;
            m->copy[s * B + i] = s < model_source_lengths[b] ? model_copy(b, s) : -1;
        }
        for (int64_t t = 0; t < T; t++) {
            const bool inside = t < model_target_lengths[b];
            m->inputs[t * B + i] = inside ? model_input(b, t) : -1;
            m->targets[t * B + i] = inside ? model_target(b, t) : -1;
            m->copy_targets[t * B + i] = inside ? model_copy_target(b, t) : -1;
        }
    }
    m->batch = (rondo_pairs_batch){.S = S,
                                   .T = T,
                                   .B = B,
                                   .source = m->source,
                                   .source_lengths = m->source_lengths,
                                   .inputs = m->inputs,
                                   .targets = m->targets,
                                   .target_lengths = m->target_lengths,
                                   .copy = m->copy,
                                   .copy_targets = m->copy_targets};
}

static inline rondo_var *model_loss(model *m, const rondo_step *step, const model_batch *batch,
                                    const rondo_seq2seq_loss_options *options) {
    rondo_error err = {0};
    rondo_tape_begin(m->tape, step);
    rondo_var *loss = rondo_seq2seq_loss(m->net, m->tape, &batch->batch, options);
    if (rondo_tape_status(m->tape, &err))
        fail_msg("%s: %s", m->name, err.message);
    return loss;
}

/* The loss, its gradients in the params' block. */
static inline double model_backward(model *m, const model_batch *batch, const rondo_seq2seq_loss_options *options) {
    rondo_var *loss =
        model_loss(m, &(rondo_step){.training = true, .recording = true, .seed = 5, .step = 3}, batch, options);
    rondo_params_clear_grads(m->params);
    assert_int_equal(rondo_backward(m->tape, loss, 1), RONDO_OK);
    return (double)*(rondo_real *)loss->value.data;
}

#endif

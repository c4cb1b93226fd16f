/* Encoder-decoders: what create declares and refuses, what calls refuse, scheduled sampling. */
#include "nn/seq2seq_model.h"

#include "nn/seq2seq.h"

#include <stdio.h>

/* ---- create ---- */

static void names(void **unused) {
    (void)unused;
    static const char *const want[] = {
        "source_embedding.weight", "target_embedding.weight", "encoder.weight_ih_l0", "decoder.weight_ih_l0",
        "bridge.h_l0.weight",      "bridge.h_l0.bias",        "bridge.c_l0.weight",   "bridge.c_l0.bias",
        "combine.weight",          "output.weight",           "output.bias"};
    model m;
    const model_case about = {
        "names",
        {MODEL_ENCODER(RONDO_GRU, 3), MODEL_DECODER(RONDO_LSTM, 3), .combine_size = 5, .bridge = RONDO_BRIDGE_LINEAR}};
    char name[64];
    model_open(&m, &about, 1);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        snprintf(name, sizeof name, "net.%s", want[i]);
        if (rondo_params_find(m.params, name) < 0)
            fail_msg("no parameter %s", name);
    }
    assert_int_equal(rondo_seq2seq_get_config(m.net)->decoder.input_size, MODEL_EMBEDDING);
    assert_int_equal(rondo_seq2seq_get_config(m.net)->combine_size, 5);
    model_close(&m);
    /* tied: one table for all three */
    model_open(&m, &model_plain[3], 1);
    assert_true(rondo_params_find(m.params, "net.source_embedding.weight") < 0);
    assert_true(rondo_params_find(m.params, "net.output.weight") < 0);
    model_close(&m);
}

typedef struct refusal {
    const char *says;
    rondo_seq2seq_config config; /* written over what `sound` says, where it is not 0 */
    rondo_status status;         /* 0: RONDO_ARGUMENT */
} refusal;

#define SOUND .source_vocabulary = 5, .target_vocabulary = 6, .source_embedding_size = 3, .target_embedding_size = 3
#define CELLS MODEL_ENCODER(RONDO_GRU, 3), MODEL_DECODER(RONDO_GRU, 3)
static const rondo_transformer_config transformer = {.size = 3}, wide = {.size = 4}, decoder = {.memory_size = 2},
                                      two_heads = {.heads = 2};

static const refusal refusals[] = {
    {"source_vocabulary is 0", {.target_vocabulary = 6}, 0},
    {"target_vocabulary is -1", {.source_vocabulary = 5, .target_vocabulary = -1}, 0},
    {"source_embedding_size is 0", {.source_vocabulary = 5, .target_vocabulary = 6}, 0},
    {"combine_size is -3", {SOUND, CELLS, .combine_size = -3}, 0},
    {"embedding_dropout is 1", {SOUND, CELLS, .embedding_dropout = 1}, 0},
    {"output_dropout is -1", {SOUND, CELLS, .output_dropout = -1}, 0},
    {"coverage_loss is -1", {SOUND, CELLS, .coverage_loss = -1}, 0},
    {"bridge is 7", {SOUND, CELLS, .bridge = (rondo_bridge)7}, 0},
    {"attention.type is 99", {SOUND, CELLS, .attention.type = (rondo_attention_type)99}, 0},
    {"attention_before needs attention", {SOUND, CELLS, .attention_before = true}, 0},
    {"input_feeding needs attention", {SOUND, CELLS, .input_feeding = true}, 0},
    {"pointer needs attention", {SOUND, CELLS, .pointer = true}, 0},
    {"coverage_loss needs attention", {SOUND, CELLS, .coverage_loss = 1}, 0},
    {"pointer needs attention with one head, not 2",
     {SOUND, CELLS, .pointer = true, .attention = {.type = RONDO_ATTENTION_MULTIHEAD, .heads = 2}},
     0},
    {"context every_step is for no attention",
     {SOUND, CELLS, .context = RONDO_CONTEXT_EVERY_STEP, .attention.type = RONDO_ATTENTION_GENERAL},
     0},
    {"encoder_transformer: size is 4, the embedding's is 3", {SOUND, CELLS, .encoder_transformer = &wide}, 0},
    {"decoder_transformer: size is 4, the embedding's is 3", {SOUND, CELLS, .decoder_transformer = &wide}, 0},
    {"encoder_transformer: memory_size is 2", {SOUND, CELLS, .encoder_transformer = &decoder}, 0},
    {"transformer: 2 heads do not divide the size 3", {SOUND, CELLS, .decoder_transformer = &two_heads}, 0},
    {"use bridge zero", {SOUND, CELLS, .encoder_transformer = &transformer}, 0},
    {"nothing of a Transformer encoder reaches",
     {SOUND, CELLS, .encoder_transformer = &transformer, .bridge = RONDO_BRIDGE_ZERO},
     0},
    {"attention.type is for recurrent decoders",
     {SOUND, CELLS, .decoder_transformer = &transformer, .attention.type = RONDO_ATTENTION_DOT},
     0},
    {"input_feeding is for recurrent decoders",
     {SOUND, CELLS, .decoder_transformer = &transformer, .input_feeding = true},
     0},
    {"context every_step is for recurrent decoders",
     {SOUND, CELLS, .decoder_transformer = &transformer, .context = RONDO_CONTEXT_EVERY_STEP},
     0},
    {"decoder.bidirectional",
     {SOUND, MODEL_ENCODER(RONDO_GRU, 3), MODEL_DECODER(RONDO_GRU, 3, .bidirectional = true)},
     0},
    {"learned_initial_state needs bridge zero",
     {SOUND, MODEL_ENCODER(RONDO_GRU, 3), MODEL_DECODER(RONDO_GRU, 3, .learned_initial_state = true)},
     0},
    {"encoder.output_activation must be tanh",
     {SOUND, MODEL_ENCODER(RONDO_JORDAN, 3, .output_activation = RONDO_SOFTMAX), MODEL_DECODER(RONDO_GRU, 3)},
     0},
    {"decoder.feedback_size must be 0",
     {SOUND, MODEL_ENCODER(RONDO_GRU, 3), MODEL_DECODER(RONDO_JORDAN, 3, .feedback_size = 3)},
     0},
    {"tie all needs one vocabulary, not 5 source and 6", {SOUND, CELLS, .tie = RONDO_TIE_ALL}, 0},
    {"tie all needs embeddings of one width, not 3 and 4",
     {.source_vocabulary = 5,
      .target_vocabulary = 5,
      .source_embedding_size = 3,
      .target_embedding_size = 4,
      CELLS,
      .tie = RONDO_TIE_ALL},
     0},
    {"target_embedding_size is 3 but what enters the output layer is 4 wide",
     {SOUND, CELLS, .tie = RONDO_TIE_TARGET, .combine_size = 4},
     0},
    {"recurrent: hidden_size is 0", {SOUND, MODEL_ENCODER(RONDO_GRU, 3)}, 0},
    {"recurrent: hidden_size is 0", {SOUND, MODEL_DECODER(RONDO_GRU, 3)}, 0},
    {"bridge copy: the decoder's LSTM has cell states",
     {SOUND, MODEL_ENCODER(RONDO_GRU, 3), MODEL_DECODER(RONDO_LSTM, 3)},
     0},
    {"bridge copy: the encoder has 2 layers and the decoder 1",
     {SOUND, MODEL_ENCODER(RONDO_GRU, 3, .layers = 2), MODEL_DECODER(RONDO_GRU, 3)},
     0},
    {"layer 0 of the encoder has a state 3 wide in each direction, the decoder's is 5 wide",
     {SOUND, MODEL_ENCODER(RONDO_GRU, 3, .bidirectional = true), MODEL_DECODER(RONDO_GRU, 5)},
     0},
};

static void refuse(rondo_params *params, const char *prefix, const rondo_seq2seq_config *config, rondo_status status,
                   const char *says) {
    rondo_seq2seq *net;
    rondo_error err = {0};
    assert_int_equal(rondo_seq2seq_create(&net, params, prefix, config, &err), status ? status : RONDO_ARGUMENT);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
    assert_null(net);
    assert_int_equal(rondo_params_count(params), 0);
}

static void refused_configurations(void **unused) {
    (void)unused;
    rondo_params *params;
    char prefix[200];
    const rondo_seq2seq_config sound = {SOUND, CELLS};
    assert_int_equal(rondo_params_create(&params, NULL), RONDO_OK);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        refuse(params, "", &refusals[i].config, refusals[i].status, refusals[i].says);
    memset(prefix, 'x', sizeof prefix);
    prefix[sizeof prefix - 1] = '\0';
    refuse(params, prefix, &sound, 0, "is too long");
    refuse(params, "", NULL, 0, "config is NULL");
    assert_int_equal(rondo_seq2seq_create(NULL, params, "", &sound, NULL), RONDO_ARGUMENT);
    rondo_seq2seq_destroy(NULL);
    rondo_params_destroy(&params);
}

/* ---- calls ---- */

static void refuse_loss(model *m, const model_batch *batch, const rondo_seq2seq_loss_options *options,
                        rondo_status status, const char *says) {
    rondo_error err = {0};
    rondo_tape_begin(m->tape, NULL);
    assert_null(rondo_seq2seq_loss(m->net, m->tape, &batch->batch, options));
    assert_int_equal(rondo_tape_status(m->tape, &err), status);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
}

static void refused_losses(void **unused) {
    (void)unused;
    model m;
    model_batch sound, batch;
    model_open(&m, &model_plain[1], 1);
    model_pairs(&sound, MODEL_S, MODEL_T, MODEL_B, NULL);
    refuse_loss(&m, &sound, &(rondo_seq2seq_loss_options){.sampling = 2}, RONDO_ARGUMENT, "sampling is 2");
    refuse_loss(&m, &sound, &(rondo_seq2seq_loss_options){.divide_by = -1}, RONDO_ARGUMENT, "divide_by is -1");
    refuse_loss(&m, &sound, &(rondo_seq2seq_loss_options){.label_smoothing = 2}, RONDO_ARGUMENT,
                "label smoothing is 2");
    batch = sound;
    batch.batch.S = 0;
    refuse_loss(&m, &batch, NULL, RONDO_ARGUMENT, "S 0, T 3, B 3");
    batch.batch.S = INT64_MAX;
    refuse_loss(&m, &batch, NULL, RONDO_ARGUMENT, "below 2^31");
    batch = sound;
    batch.batch.targets = NULL;
    refuse_loss(&m, &batch, NULL, RONDO_ARGUMENT, "targets of the batch is NULL");
    batch = sound;
    batch.batch.target_lengths = (int32_t[]){1, 4, 1};
    refuse_loss(&m, &batch, NULL, RONDO_ARGUMENT, "target_lengths[1] is 4");
    batch = sound;
    batch.batch.source_lengths = (int32_t[]){1, 2, 5};
    refuse_loss(&m, &batch, NULL, RONDO_ARGUMENT, "lengths[2] is 5");
    batch = sound;
    int32_t ids[MODEL_T * MODEL_B] = {MODEL_V};
    batch.batch.targets = ids;
    refuse_loss(&m, &batch, NULL, RONDO_ARGUMENT, "target 0 is 6");
    ids[0] = -2;
    refuse_loss(&m, &batch, NULL, RONDO_ARGUMENT, "target 0 is -2");
    batch = sound;
    batch.batch.inputs = ids;
    refuse_loss(&m, &batch, NULL, RONDO_ARGUMENT, "id 0 is -2");
    assert_null(rondo_seq2seq_loss(m.net, NULL, &sound.batch, NULL));
    model_close(&m);
}

static void refuse_step(rondo_decoding *d, int64_t rows, int32_t parent, int32_t symbol, rondo_status status,
                        const char *says) {
    rondo_error err = {0};
    rondo_real scores[MODEL_V];
    assert_int_equal(rondo_decoding_step(d, rows, &parent, &symbol, scores, NULL, &err), status);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
}

static void refused_decoding(void **unused) {
    (void)unused;
    model m;
    rondo_decoding *d;
    rondo_error err = {0};
    const int32_t source[2] = {1, 2}, outside[2] = {1, MODEL_VS}, lengths[1] = {3};
    model_open(&m, &model_plain[1], 1);
    assert_int_equal(rondo_decoding_open(&d, m.context, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_decoding_open(&d, m.context, m.net, NULL), RONDO_OK);
    refuse_step(d, 1, 0, 0, RONDO_STATE, "call rondo_decoding_begin");
    assert_int_equal(rondo_decoding_begin(d, 0, 1, source, NULL, NULL, 0, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_decoding_begin(d, 2, 1, NULL, NULL, NULL, 0, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_decoding_begin(d, 2, 1, outside, NULL, NULL, 0, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_decoding_begin(d, 2, 1, source, lengths, NULL, 0, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_decoding_begin(d, 2, 1, source, NULL, source, 9, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "for pointer networks"));
    refuse_step(d, 1, 0, 0, RONDO_STATE, "call rondo_decoding_begin");
    assert_int_equal(rondo_decoding_begin(d, 2, 1, source, NULL, NULL, 0, &err), RONDO_OK);
    refuse_step(d, -1, 0, 0, RONDO_ARGUMENT, "-1 rows");
    refuse_step(d, 1, 1, 0, RONDO_ARGUMENT, "parent[0] is 1, the step before had 1 rows");
    refuse_step(d, 1, -1, 0, RONDO_ARGUMENT, "parent[0] is -1");
    refuse_step(d, 1, 0, MODEL_V, RONDO_ARGUMENT, "symbols[0] is 6");
    refuse_step(d, 1, 0, -1, RONDO_ARGUMENT, "symbols[0] is -1");
    refuse_step(d, 0, 0, 0, RONDO_OK, "");
    refuse_step(d, 1, 0, 0, RONDO_ARGUMENT, "the step before had 0 rows");
    rondo_decoding_close(&d);
    rondo_decoding_close(&d);
    model_close(&m);
    rondo_params *params;
    rondo_seq2seq *net;
    const rondo_seq2seq_config sound = {SOUND, CELLS};
    assert_int_equal(rondo_params_create(&params, NULL), RONDO_OK);
    assert_int_equal(rondo_seq2seq_create(&net, params, "", &sound, NULL), RONDO_OK);
    rondo_context *context;
    assert_int_equal(rondo_context_create(&context, NULL, NULL), RONDO_OK);
    assert_int_equal(rondo_decoding_open(&d, context, net, NULL), RONDO_STATE);
    rondo_seq2seq_destroy(&net);
    rondo_params_destroy(&params);
    rondo_context_destroy(&context);
}

/* ---- scheduled sampling ---- */

enum { ROWS = 12000, SYMBOLS = 3 };

/* Draws follow the distribution and the rate, and only the seed, the step and the row decide them. */
static void draws(void **unused) {
    (void)unused;
    static rondo_real logits[ROWS * SYMBOLS];
    static int32_t told[ROWS], first[ROWS];
    static const double p[SYMBOLS] = {0.5, 0.3, 0.2};
    int counts[SYMBOLS] = {0}, changed = 0;
    rondo_context *context;
    rondo_tape *tape;
    for (int i = 0; i < ROWS * SYMBOLS; i++)
        logits[i] = (rondo_real)log(p[i % SYMBOLS]) + 3;
    for (int r = 0; r < ROWS; r++)
        told[r] = r % 8 == 7 ? -1 : 7;
    for (int threads = 1; threads <= 2; threads++) {
        assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
        assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
        rondo_tape_begin(tape, &(rondo_step){.training = true, .seed = 4, .step = 2});
        rondo_tensor value = rondo_tensor_view(RONDO_REAL, logits, 2, (int64_t[]){ROWS, SYMBOLS});
        const int32_t *ids = rondo__sample_symbols(tape, rondo_leaf(tape, &value, NULL), told, (rondo_real)0.25);
        assert_non_null(ids);
        if (threads == 1)
            memcpy(first, ids, sizeof first);
        assert_memory_equal(first, ids, sizeof first);
        rondo_tape_destroy(&tape);
        rondo_context_destroy(&context);
    }
    for (int r = 0; r < ROWS; r++) {
        assert_int_equal(told[r] < 0, first[r] < 0);
        if (first[r] >= 0 && first[r] != 7) {
            counts[first[r]]++;
            changed++;
        }
    }
    assert_true(fabs(changed / (ROWS * 7.0 / 8) - 0.25) < 0.03);
    for (int v = 0; v < SYMBOLS; v++)
        assert_true(fabs(counts[v] / (double)changed - p[v]) < 0.06);
}

/* What is sampled changes the loss in training, with the seed, and never in use. */
static void sampling(void **unused) {
    (void)unused;
    model m;
    model_batch batch;
    model_open(&m, &model_plain[0], 1);
    model_pairs(&batch, MODEL_S, MODEL_T, MODEL_B, NULL);
    const rondo_seq2seq_loss_options always = {.sampling = 1};
    rondo_real loss[4];
    const rondo_step steps[4] = {{.training = true, .seed = 1},
                                 {.training = true, .seed = 1},
                                 {.training = true, .seed = 1, .step = 1},
                                 {.training = false, .seed = 1}};
    for (int i = 0; i < 4; i++)
        loss[i] = *(rondo_real *)model_loss(&m, &steps[i], &batch, &always)->value.data;
    rondo_real forced = *(rondo_real *)model_loss(&m, &steps[0], &batch, NULL)->value.data;
    assert_true(loss[0] == loss[1] && loss[0] != loss[2] && loss[3] == forced && loss[0] != forced);
    model_close(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),          cmocka_unit_test(refused_configurations),
        cmocka_unit_test(refused_losses), cmocka_unit_test(refused_decoding),
        cmocka_unit_test(draws),          cmocka_unit_test(sampling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

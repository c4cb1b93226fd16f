/* What a configuration of an encoder-decoder may say. Every refusal is one line that names the field and the mend. */
#include "nn/seq2seq.h"

#include <math.h>

static rondo_status check_size(const char *field, int64_t value, rondo_error *err) {
    if (value >= 1 && value <= INT32_MAX)
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "seq2seq: %s is %lld (must be from 1 to below 2^31)", field,
                       (long long)value);
}

static rondo_status check_rate(const char *field, real value, rondo_error *err) {
    if (value >= 0 && value < 1)
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "seq2seq: %s is %g (must be from 0 to below 1)", field, (double)value);
}

static rondo_status check_numbers(const rondo_seq2seq_config *config, rondo_error *err) {
    rondo_status status = check_size("source_vocabulary", config->source_vocabulary, err);
    if (!status)
        status = check_size("target_vocabulary", config->target_vocabulary, err);
    if (!status)
        status = check_size("source_embedding_size", config->source_embedding_size, err);
    if (!status)
        status = check_size("target_embedding_size", config->target_embedding_size, err);
    if (!status && config->combine_size)
        status = check_size("combine_size", config->combine_size, err);
    if (!status)
        status = check_rate("embedding_dropout", config->embedding_dropout, err);
    if (!status)
        status = check_rate("output_dropout", config->output_dropout, err);
    if (!status && !(config->coverage_loss >= 0 && isfinite((double)config->coverage_loss)))
        status = rondo__fail(err, RONDO_ARGUMENT, "seq2seq: coverage_loss is %g (must be 0, none, or more)",
                             (double)config->coverage_loss);
    return status;
}

static rondo_status check_choices(const rondo_seq2seq_config *config, rondo_error *err) {
    const struct {
        const char *field, *kind;
        unsigned value, last;
    } choice[] = {
        {"bridge", "rondo_bridge", (unsigned)config->bridge, RONDO_BRIDGE_ZERO},
        {"context", "rondo_context_use", (unsigned)config->context, RONDO_CONTEXT_EVERY_STEP},
        {"tie", "rondo_tie", (unsigned)config->tie, RONDO_TIE_ALL},
        {"attention.type", "rondo_attention_type", (unsigned)config->attention.type, RONDO_ATTENTION_MULTIHEAD}};
    for (size_t i = 0; i < sizeof choice / sizeof *choice; i++)
        if (choice[i].value > choice[i].last)
            return rondo__fail(err, RONDO_ARGUMENT, "seq2seq: %s is %u (must be one of %s)", choice[i].field,
                               choice[i].value, choice[i].kind);
    return RONDO_OK;
}

/* ---- attention ---- */

/* What only attention, or only attention with one head, can do; a Transformer tells where it looked as one, the mean
 * over its heads. */
static rondo_status check_needs(const rondo_seq2seq_config *config, rondo_error *err) {
    const rondo_attention_config *attention = &config->attention;
    const bool transformer = config->decoder_transformer != NULL;
    const bool none = attention->type == RONDO_ATTENTION_NONE && !transformer, many = attention->heads > 1;
    const struct {
        const char *field;
        bool used, one_head;
    } option[] = {{"attention_before", config->attention_before, false},
                  {"input_feeding", config->input_feeding, false},
                  {"pointer", config->pointer, true},
                  {"coverage_loss", config->coverage_loss > 0, true},
                  {"attention.coverage", attention->coverage, true}};
    for (size_t i = 0; i < sizeof option / sizeof *option; i++) {
        if (option[i].used && none)
            return rondo__fail(err, RONDO_ARGUMENT, "seq2seq: %s needs attention (choose an attention type)",
                               option[i].field);
        if (option[i].used && option[i].one_head && many)
            return rondo__fail(err, RONDO_ARGUMENT, "seq2seq: %s needs attention with one head, not %lld",
                               option[i].field, (long long)attention->heads);
    }
    return RONDO_OK;
}

/* What belongs to a recurrent decoder. */
static rondo_status check_own_attention(const rondo_seq2seq_config *config, rondo_error *err) {
    const struct {
        const char *field;
        bool used;
    } option[] = {{"attention.type", config->attention.type != RONDO_ATTENTION_NONE},
                  {"attention.coverage", config->attention.coverage},
                  {"attention_before", config->attention_before},
                  {"input_feeding", config->input_feeding},
                  {"context every_step", config->context == RONDO_CONTEXT_EVERY_STEP}};
    for (size_t i = 0; config->decoder_transformer && i < sizeof option / sizeof *option; i++)
        if (option[i].used)
            return rondo__fail(err, RONDO_ARGUMENT,
                               "seq2seq: %s is for recurrent decoders, a Transformer has its own attention (leave it "
                               "out)",
                               option[i].field);
    return RONDO_OK;
}

static rondo_status check_attention(const rondo_seq2seq_config *config, rondo_error *err) {
    rondo_status status = check_own_attention(config, err);
    if (!status)
        status = check_needs(config, err);
    if (!status && config->attention.type != RONDO_ATTENTION_NONE && config->context == RONDO_CONTEXT_EVERY_STEP)
        status = rondo__fail(err, RONDO_ARGUMENT,
                             "seq2seq: context every_step is for no attention, which gives each step a context of its "
                             "own (choose one of them)");
    return status;
}

/* ---- encoder and decoder ---- */

/* Jordan's stack gives its last layer before the output function; here it is always tanh. */
static rondo_status check_jordan(const char *part, const rondo_recurrent_config *config, rondo_error *err) {
    if (config->cell != RONDO_JORDAN)
        return RONDO_OK;
    if (config->output_activation != RONDO_TANH)
        return rondo__fail(err, RONDO_ARGUMENT, "seq2seq: %s.output_activation must be tanh (leave it out)", part);
    if (config->feedback_size)
        return rondo__fail(err, RONDO_ARGUMENT, "seq2seq: %s.feedback_size must be 0 (leave it out)", part);
    return RONDO_OK;
}

/* size 0: the embedding's. */
static rondo_status check_width(const char *part, const rondo_transformer_config *config, int64_t E, rondo_error *err) {
    if (!config || !config->size || config->size == E)
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT,
                       "seq2seq: %s_transformer: size is %lld, the embedding's is %lld (make them equal, or leave size "
                       "out)",
                       part, (long long)config->size, (long long)E);
}

static rondo_status check_transformers(const rondo_seq2seq_config *config, rondo_error *err) {
    const rondo_transformer_config *encoder = config->encoder_transformer;
    rondo_status status = check_width("encoder", encoder, config->source_embedding_size, err);
    if (!status)
        status = check_width("decoder", config->decoder_transformer, config->target_embedding_size, err);
    if (status || !encoder)
        return status;
    if (encoder->memory_size)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "seq2seq: encoder_transformer: memory_size is %lld (an encoder has none: leave it out)",
                           (long long)encoder->memory_size);
    if (config->decoder_transformer)
        return RONDO_OK;
    if (config->bridge != RONDO_BRIDGE_ZERO || config->context == RONDO_CONTEXT_EVERY_STEP)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "seq2seq: a Transformer encoder has no last state for a recurrent decoder (use bridge zero "
                           "and context initial)");
    if (config->attention.type == RONDO_ATTENTION_NONE)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "seq2seq: nothing of a Transformer encoder reaches a recurrent decoder without attention "
                           "(choose an attention type)");
    return RONDO_OK;
}

static rondo_status check_stacks(const rondo_seq2seq_config *config, rondo_error *err) {
    if (config->decoder_transformer)
        return config->encoder_transformer ? RONDO_OK : check_jordan("encoder", &config->encoder, err);
    if (config->decoder.bidirectional)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "seq2seq: decoder.bidirectional: a decoder writes in one direction (set it to false)");
    if (config->decoder.learned_initial_state && config->bridge != RONDO_BRIDGE_ZERO)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "seq2seq: decoder.learned_initial_state needs bridge zero (the bridge gives the first "
                           "state)");
    rondo_status status = config->encoder_transformer ? RONDO_OK : check_jordan("encoder", &config->encoder, err);
    return status ? status : check_jordan("decoder", &config->decoder, err);
}

static rondo_status check_tie(const rondo_seq2seq_config *config, rondo_error *err) {
    if (config->tie != RONDO_TIE_ALL)
        return RONDO_OK;
    if (config->source_vocabulary != config->target_vocabulary)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "seq2seq: tie all needs one vocabulary, not %lld source and %lld target symbols (share "
                           "the vocabulary, or tie target)",
                           (long long)config->source_vocabulary, (long long)config->target_vocabulary);
    if (config->source_embedding_size != config->target_embedding_size)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "seq2seq: tie all needs embeddings of one width, not %lld and %lld (make them equal)",
                           (long long)config->source_embedding_size, (long long)config->target_embedding_size);
    return RONDO_OK;
}

rondo_status rondo__seq2seq_resolve(rondo_seq2seq_config *config, rondo_error *err) {
    rondo_status status = check_numbers(config, err);
    if (!status)
        status = check_choices(config, err);
    if (!status)
        status = check_attention(config, err);
    if (!status)
        status = check_transformers(config, err);
    if (!status)
        status = check_stacks(config, err);
    if (!status)
        status = check_tie(config, err);
    if (status)
        return status;
    config->encoder.input_size = config->source_embedding_size;
    config->decoder.input_size = 1; /* until the width of the context is known */
    if (config->decoder_transformer)
        return RONDO_OK;
    return rondo__recurrent_resolve(&config->decoder, err);
}

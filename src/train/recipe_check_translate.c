/* Keys of an encoder-decoder that do not fit together, and defaults that hang on other keys. */
#include "rondo/seq2seq.h"
#include "train/recipe_check.h"

#include <stdio.h>
#include <string.h>

typedef rondo__recipe_checking checking;

static rondo_status refuse(const checking *c, const char *path, const char *other, const char *why) {
    return rondo__recipe_refuse(c, path, other, why);
}

void rondo__recipe_resolve_translate(const rondo__recipe_checking *c) {
    rondo__recipe_data *data = &c->recipe->data;
    rondo__recipe_model *model = &c->recipe->model;
    const bool dictionary = data->format == RONDO__PAIR_DICTIONARY;
    if (dictionary && !rondo__recipe_given(c, "data.source_tokenizer.type"))
        data->source_tokenizer.type = RONDO__WORD;
    if (dictionary && !rondo__recipe_given(c, "data.target_tokenizer.type"))
        data->target_tokenizer.type = RONDO__WORD;
    if (model->decoder.cell == RONDO__TRANSFORMER && !rondo__recipe_given(c, "model.attention.type"))
        model->attention.type = RONDO_ATTENTION_NONE;
    if (model->encoder.cell == RONDO__TRANSFORMER && !rondo__recipe_given(c, "model.bridge"))
        model->bridge = RONDO_BRIDGE_ZERO;
    if (model->attention.type == RONDO_ATTENTION_ADDITIVE && !rondo__recipe_given(c, "model.attention.placement"))
        model->attention.placement = 1;
    if (model->tie_embeddings != RONDO_TIE_NONE && model->attention.type != RONDO_ATTENTION_NONE &&
        !rondo__recipe_given(c, "model.combine_size"))
        model->combine_size = model->embedding_size;
}

static rondo_status missing(const checking *c, const char *path, const char *format) {
    return rondo__fail(c->err, RONDO_FORMAT, "%s: %s is missing (data.format %s needs it)",
                       rondo__recipe_place(c, path, "data.format").text, path, format);
}

static rondo_status check_files(const checking *c) {
    const rondo__recipe_data *data = &c->recipe->data;
    if (data->format == RONDO__PAIR_DICTIONARY) {
        if (!data->train[0])
            return missing(c, "data.train", "dictionary");
        return data->valid[0] ? RONDO_OK : missing(c, "data.valid", "dictionary");
    }
    if (data->train[0] || data->valid[0])
        return refuse(c, data->train[0] ? "data.train" : "data.valid", NULL,
                      "data.train and data.valid are for data.format dictionary (parallel files: data.train_source, "
                      "data.train_target, data.valid_source, data.valid_target)");
    if (!data->train_source[0])
        return missing(c, "data.train_source", "lines");
    if (!data->train_target[0])
        return missing(c, "data.train_target", "lines");
    if (!data->valid_source[0] != !data->valid_target[0])
        return refuse(c, "data.valid_source", "data.valid_target",
                      "data.valid_source and data.valid_target belong together (give both, or none)");
    return RONDO_OK;
}

static bool same_tokenizer(const rondo__recipe_tokenizer *a, const rondo__recipe_tokenizer *b) {
    return a->type == b->type && a->lowercase == b->lowercase && a->min_count == b->min_count &&
           a->max_size == b->max_size && a->vocab_size == b->vocab_size && a->model_type == b->model_type &&
           strcmp(a->model, b->model) == 0;
}

static rondo_status check_tokenizers(const checking *c) {
    const rondo__recipe_data *data = &c->recipe->data;
    const rondo__recipe_tokenizer *source = &data->source_tokenizer, *target = &data->target_tokenizer;
    rondo__recipe defaults;
    if (source->type == RONDO__NO_TOKENIZER || target->type == RONDO__NO_TOKENIZER)
        return refuse(c,
                      source->type == RONDO__NO_TOKENIZER ? "data.source_tokenizer.type" : "data.target_tokenizer.type",
                      NULL, "translation needs tokenizers (char, word or sentencepiece)");
    if (data->format == RONDO__PAIR_DICTIONARY && (source->type != RONDO__WORD || target->type != RONDO__WORD))
        return refuse(c, source->type != RONDO__WORD ? "data.source_tokenizer.type" : "data.target_tokenizer.type",
                      "data.format",
                      "data.format dictionary has its symbols between blanks (leave the tokenizers out, or set word)");
    rondo__recipe_defaults(&defaults);
    defaults.data.target_tokenizer.type = data->format == RONDO__PAIR_DICTIONARY ? RONDO__WORD : RONDO__CHAR;
    if (data->shared_vocabulary && !same_tokenizer(target, &defaults.data.target_tokenizer) &&
        !same_tokenizer(target, source))
        return refuse(c, "data.target_tokenizer.type", "data.shared_vocabulary",
                      "with data.shared_vocabulary both sides use data.source_tokenizer (leave data.target_tokenizer "
                      "out)");
    return RONDO_OK;
}

static rondo_status check_stacks(const checking *c) {
    rondo__recipe_stack *e = &c->recipe->model.encoder, *d = &c->recipe->model.decoder;
    rondo_status status =
        rondo__recipe_check_stack(c, "model.encoder", e->hidden_size, e->hidden_sizes, &e->layers, e->projection_size);
    return status ? status
                  : rondo__recipe_check_stack(c, "model.decoder", d->hidden_size, d->hidden_sizes, &d->layers,
                                              d->projection_size);
}

static rondo_status check_heads(const checking *c, const rondo__recipe_stack *stack, const char *path) {
    const int64_t width = c->recipe->model.embedding_size;
    if (stack->cell != RONDO__TRANSFORMER || width % stack->heads == 0)
        return RONDO_OK;
    return rondo__fail(c->err, RONDO_FORMAT, "%s: %s is %lld, which does not divide model.embedding_size, %lld",
                       rondo__recipe_place(c, path, "model.embedding_size").text, path, (long long)stack->heads,
                       (long long)width);
}

static rondo_status check_transformer(const checking *c) {
    const rondo__recipe_model *m = &c->recipe->model;
    const bool encoder = m->encoder.cell == RONDO__TRANSFORMER, decoder = m->decoder.cell == RONDO__TRANSFORMER;
    rondo_status status = check_heads(c, &m->encoder, "model.encoder.heads");
    if (!status)
        status = check_heads(c, &m->decoder, "model.decoder.heads");
    if (!status && decoder && m->attention.type != RONDO_ATTENTION_NONE)
        status = refuse(c, "model.attention.type", "model.decoder.cell",
                        "a Transformer decoder brings its own attention (leave model.attention out)");
    if (!status && encoder && !decoder && m->bridge != RONDO_BRIDGE_ZERO)
        status = refuse(c, "model.bridge", "model.encoder.cell",
                        "a Transformer encoder has no last state to start the decoder from (set model.bridge: zero)");
    if (!status && decoder && c->recipe->train.scheduled_sampling.type != RONDO__NO_SAMPLING)
        status = refuse(c, "train.scheduled_sampling.type", "model.decoder.cell",
                        "train.scheduled_sampling is for recurrent decoders (a Transformer's steps run all at once)");
    return status;
}

static rondo_status check_attention(const checking *c) {
    const rondo__recipe_model *m = &c->recipe->model;
    const bool none = m->attention.type == RONDO_ATTENTION_NONE, transformer = m->decoder.cell == RONDO__TRANSFORMER;
    const bool many = m->attention.heads > 1;
    if (none && m->decoder.input_feeding)
        return refuse(c, "model.decoder.input_feeding", "model.attention.type",
                      "model.decoder.input_feeding needs attention (set model.attention.type)");
    if ((!none || transformer) && m->context != RONDO_CONTEXT_INITIAL)
        return refuse(c, "model.context", "model.attention.type",
                      "model.context every_step is for a decoder without attention, which gives each step a context "
                      "of its own (set model.attention: none, or leave model.context out)");
    if (none && !transformer && m->context == RONDO_CONTEXT_INITIAL && m->bridge == RONDO_BRIDGE_ZERO)
        return refuse(c, "model.bridge", "model.attention.type",
                      "without attention, context and bridge nothing of the source reaches the decoder (set one of "
                      "them)");
    if (many && m->attention.window > 0)
        return refuse(c, "model.attention.window", "model.attention.heads",
                      "model.attention.window needs attention with one head");
    if (many && m->attention.coverage_loss > 0)
        return refuse(c, "model.attention.coverage_loss", "model.attention.heads",
                      "model.attention.coverage_loss needs attention with one head");
    return RONDO_OK;
}

static rondo_status check_copy(const checking *c) {
    const rondo__recipe_model *m = &c->recipe->model;
    const rondo__recipe_data *data = &c->recipe->data;
    const bool words = data->source_tokenizer.type == RONDO__WORD && data->target_tokenizer.type == RONDO__WORD;
    if (!m->copy)
        return RONDO_OK;
    if ((m->attention.type == RONDO_ATTENTION_NONE && m->decoder.cell != RONDO__TRANSFORMER) || m->attention.heads > 1)
        return refuse(c, "model.copy", "model.attention.type",
                      "model.copy needs model.attention with one head, or a Transformer decoder");
    if (!words && !data->shared_vocabulary)
        return refuse(c, "model.copy", "data.source_tokenizer.type",
                      "model.copy needs word tokenizers on both sides, or data.shared_vocabulary");
    if (c->recipe->train.label_smoothing > 0)
        return refuse(c, "train.label_smoothing", "model.copy",
                      "train.label_smoothing does not go with model.copy (set it to 0)");
    return RONDO_OK;
}

static rondo_status check_ties(const checking *c) {
    const rondo__recipe_model *m = &c->recipe->model;
    const rondo__recipe_stack *d = &m->decoder;
    const int64_t last = d->hidden_sizes[0] ? d->hidden_sizes[d->layers - 1] : d->hidden_size;
    const int64_t cell = d->projection_size ? d->projection_size : last;
    const bool attends = m->attention.type != RONDO_ATTENTION_NONE;
    const int64_t width = d->cell == RONDO__TRANSFORMER    ? m->embedding_size
                          : attends && m->combine_size > 0 ? m->combine_size
                                                           : cell;
    if (!attends && m->combine_size > 0)
        return refuse(c, "model.combine_size", "model.attention.type",
                      "model.combine_size needs attention (without it the decoder's own output is used)");
    if (m->tie_embeddings == RONDO_TIE_NONE)
        return RONDO_OK;
    if (m->tie_embeddings == RONDO_TIE_ALL && !c->recipe->data.shared_vocabulary)
        return refuse(c, "model.tie_embeddings", NULL, "model.tie_embeddings all needs data.shared_vocabulary: true");
    if (width != m->embedding_size)
        return rondo__fail(
            c->err, RONDO_FORMAT,
            "%s: model.tie_embeddings needs equal widths (model.embedding_size is %lld, the output's width is %lld)",
            rondo__recipe_place(c, "model.tie_embeddings", "model.combine_size").text, (long long)m->embedding_size,
            (long long)width);
    return RONDO_OK;
}

static rondo_status check_sampling(const checking *c) {
    const int type = c->recipe->train.scheduled_sampling.type;
    const double k = c->recipe->train.scheduled_sampling.k;
    if (type == RONDO__SAMPLING_EXPONENTIAL && !(k > 0 && k < 1))
        return refuse(c, "train.scheduled_sampling.k", "train.scheduled_sampling.type",
                      "train.scheduled_sampling.k must be above 0 and below 1 for exponential, such as 0.9999");
    if ((type == RONDO__SAMPLING_LINEAR || type == RONDO__SAMPLING_INVERSE_SIGMOID) && !(k >= 1))
        return refuse(c, "train.scheduled_sampling.k", "train.scheduled_sampling.type",
                      "train.scheduled_sampling.k must be 1 or more, such as 2000 (batches)");
    return RONDO_OK;
}

/* A metric that this format does not have would never be better than before. */
static rondo_status check_metric(const checking *c) {
    static const char *const of_lines[] = {"bleu", "chrf"};
    static const char *const of_dictionary[] = {"word_error_rate", "phone_error_rate"};
    const bool dictionary = c->recipe->data.format == RONDO__PAIR_DICTIONARY;
    const char *metric = c->recipe->train.metric;
    for (int i = 0; i < 2; i++) {
        if (strcmp(metric, dictionary ? of_lines[i] : of_dictionary[i]) == 0)
            return rondo__fail(c->err, RONDO_FORMAT, "%s: train.metric is %s, which is only for data.format %s",
                               rondo__recipe_place(c, "train.metric", NULL).text, metric,
                               dictionary ? "lines" : "dictionary");
    }
    return RONDO_OK;
}

/* The builder of the network tells what does not fit; the key behind it is most likely one of these, in this order. */
static rondo_status note_place(const checking *c) {
    static const char *const paths[] = {"model.bridge",
                                        "model.decoder.layers",
                                        "model.encoder.layers",
                                        "model.decoder.hidden_size",
                                        "model.encoder.hidden_size",
                                        "model.decoder.cell"};
    size_t i = 0;
    while (i + 1 < sizeof paths / sizeof *paths && !rondo__recipe_given(c, paths[i]))
        i++;
    snprintf(c->recipe->model_place, sizeof c->recipe->model_place, "%s",
             rondo__recipe_place(c, paths[i], "model.encoder.cell").text);
    return RONDO_OK;
}

rondo_status rondo__recipe_check_translate(const rondo__recipe_checking *c) {
    static rondo_status (*const checks[])(const checking *) = {
        check_files, check_tokenizers, check_stacks,   check_transformer, check_attention,
        check_copy,  check_ties,       check_sampling, check_metric,      note_place};
    rondo_status status = RONDO_OK;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0] && !status; i++)
        status = checks[i](c);
    return status;
}

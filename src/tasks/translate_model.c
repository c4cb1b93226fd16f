/* From a recipe to the parts of an encoder-decoder. */
#include "tasks/translate.h"

static rondo_recurrent_config stack_config(const rondo__recipe_stack *s) {
    rondo_recurrent_config config = {
        .cell = (rondo_cell)s->cell,
        .hidden_size = s->hidden_size,
        .layers = (int)s->layers,
        .bidirectional = s->bidirectional,
        .merge = (rondo_merge)s->merge,
        .residual = s->residual,
        .dropout = (real)s->dropout,
        .variational = s->variational,
        .recurrent_dropout = (real)s->recurrent_dropout,
        .zoneout = (real)s->zoneout,
        .zoneout_cell = (real)s->zoneout_cell,
        .layer_norm = s->layer_norm,
        .activation = (rondo_activation)s->activation,
        .projection_size = s->projection_size,
        .peepholes = s->peepholes,
        .coupled_gates = s->coupled_gates,
        .without_gate = (rondo_without)s->without_gate,
        .cell_clip = (real)s->cell_clip,
        .forget_bias = s->forget_bias != 0 ? (real)s->forget_bias : (real)1e-30, /* 0 would ask for the default */
        .reset_before = s->reset_before,
        .decay = (real)s->decay,
    };
    for (int i = 0; i < RONDO_MAX_LAYERS; i++)
        config.hidden_sizes[i] = s->hidden_sizes[i];
    return config;
}

static rondo_transformer_config transformer_config(const rondo__recipe_stack *s, int64_t size) {
    return (rondo_transformer_config){.size = size,
                                      .heads = s->heads,
                                      .feed_forward_size = s->feed_forward_size,
                                      .layers = (int)s->layers,
                                      .post_norm = s->post_norm,
                                      .positions = (rondo_positions)s->positions,
                                      .max_length = s->max_length,
                                      .dropout = (real)s->dropout,
                                      .attention_dropout = (real)s->attention_dropout};
}

static rondo_attention_config attention_config(const rondo__recipe_attention *a) {
    return (rondo_attention_config){.type = (rondo_attention_type)a->type,
                                    .size = a->size,
                                    .heads = a->heads,
                                    .window = a->window,
                                    .coverage = a->coverage,
                                    .dropout = (real)a->dropout};
}

/* Vs, V: symbols of the source's and of the target's vocabulary. */
static rondo_status declare(const rondo__recipe_model *m, int64_t Vs, int64_t V, rondo_params **params,
                            rondo_seq2seq **net, rondo_error *err) {
    const rondo_transformer_config encoder = transformer_config(&m->encoder, m->embedding_size),
                                   decoder = transformer_config(&m->decoder, m->embedding_size);
    const rondo_seq2seq_config config = {
        .source_vocabulary = Vs,
        .target_vocabulary = V,
        .source_embedding_size = m->embedding_size,
        .target_embedding_size = m->embedding_size,
        .encoder = m->encoder.cell == RONDO__TRANSFORMER ? (rondo_recurrent_config){0} : stack_config(&m->encoder),
        .decoder = m->decoder.cell == RONDO__TRANSFORMER ? (rondo_recurrent_config){0} : stack_config(&m->decoder),
        .encoder_transformer = m->encoder.cell == RONDO__TRANSFORMER ? &encoder : NULL,
        .decoder_transformer = m->decoder.cell == RONDO__TRANSFORMER ? &decoder : NULL,
        .bridge = (rondo_bridge)m->bridge,
        .context = (rondo_context_use)m->context,
        .attention = attention_config(&m->attention),
        .attention_before = m->attention.type != RONDO_ATTENTION_NONE && m->attention.placement == 1,
        .input_feeding = m->decoder.input_feeding,
        .combine_size = m->combine_size,
        .tie = (rondo_tie)m->tie_embeddings,
        .pointer = m->copy,
        .coverage_loss = (real)m->attention.coverage_loss,
        .embedding_dropout = (real)m->embedding_dropout,
        .output_dropout = (real)m->output_dropout,
    };
    rondo_status status = rondo_params_create(params, err);
    return status ? status : rondo_seq2seq_create(net, *params, "", &config, err);
}

rondo_status rondo__translate_check(const rondo__recipe *recipe, rondo_error *err) {
    enum { ANY_VOCABULARY = 8 };
    rondo_params *params = NULL;
    rondo_seq2seq *net = NULL;
    rondo_error inner = {0};
    const rondo_status status = declare(&recipe->model, ANY_VOCABULARY, ANY_VOCABULARY, &params, &net, &inner);
    rondo_seq2seq_destroy(&net);
    rondo_params_destroy(&params);
    if (status == RONDO_MEMORY)
        return rondo__fail(err, status, "%s", inner.message);
    const char *place = recipe->model_place[0] ? recipe->model_place : "the recipe's model";
    return status ? rondo__fail(err, status, "%s: %s", place, inner.message) : RONDO_OK;
}

rondo_status rondo__translate_symbols(rondo__translate *t, rondo_error *err) {
    t->V = rondo__tokenizer_size(t->target);
    t->end = rondo__tokenizer_line_end(t->target);
    t->unknown = rondo__tokenizer_unknown(t->target);
    if (t->end >= 0)
        return RONDO_OK;
    return rondo__fail(err, RONDO_FORMAT, "vocabulary: the target's has no line end, which ends a translation");
}

rondo_status rondo__translate_build(rondo__translate *t, const rondo__safetensors *file, const char *path,
                                    rondo_error *err) {
    static const char *const allowed[] = {"source.sentencepiece_model", "target.sentencepiece_model", NULL};
    rondo_status status =
        declare(&t->base.recipe.model, rondo__tokenizer_size(t->source), t->V, &t->base.params, &t->net, err);
    if (status)
        return status;
    return file ? rondo__model_fill(t->base.params, file, path, allowed, err)
                : rondo_params_finish(t->base.params, t->base.recipe.train.seed, err);
}

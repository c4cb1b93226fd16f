/* The encoder-decoder as a task of the training loop. */
#include <math.h>

#include "tasks/translate.h"
#include "tasks/vocabulary.h"

static void clear(rondo__task_object *task) {
    rondo__translate *t = (rondo__translate *)task;
    rondo_decoding_close(&t->decoding);
    rondo__room_free(&t->room);
    rondo__part_free(&t->train);
    rondo__part_free(&t->valid);
    rondo_seq2seq_destroy(&t->net);
    if (t->target != t->source)
        rondo__tokenizer_free(&t->target);
    rondo__tokenizer_free(&t->source);
}

static rondo_status create(rondo__task_object *task, rondo_error *err) {
    rondo__translate *t = (rondo__translate *)task;
    rondo_status status = rondo__translate_check(&task->recipe, err);
    if (!status)
        status = rondo__translate_read(t, err);
    if (!status)
        status = rondo__translate_build(t, NULL, NULL, err);
    if (!status)
        status = rondo__room_make(&t->room, t, &t->train, err);
    return status;
}

/* One side's vocabulary: its JSON, and the SentencePiece model beside it. */
static rondo_status load_side(rondo__tokenizer **out, const rondo__model_meta *meta, const rondo__safetensors *file,
                              const char *side, const char *tensor, const char *path, rondo_error *err) {
    char *json = NULL;
    rondo_status status = rondo__model_meta_part(meta->vocabulary, side, path, &json, err);
    if (!status)
        status = rondo__vocabulary_load(out, json, file, tensor, path, err);
    rondo__free(json);
    return status;
}

static rondo_status load(rondo__task_object *task, const rondo__model_meta *meta, const rondo__safetensors *file,
                         const char *path, rondo_error *err) {
    rondo__translate *t = (rondo__translate *)task;
    rondo_status status = load_side(&t->source, meta, file, "source", "source.sentencepiece_model", path, err);
    if (!status && meta->recipe.data.shared_vocabulary)
        t->target = t->source;
    else if (!status)
        status = load_side(&t->target, meta, file, "target", "target.sentencepiece_model", path, err);
    if (!status)
        status = rondo__translate_symbols(t, err);
    if (!status)
        status = rondo__translate_build(t, file, path, err);
    return status;
}

static int64_t batches_per_epoch(const rondo__task_object *task) {
    return ((const rondo__translate *)task)->train.batches.batches;
}

static int64_t batch_cells(rondo__task_object *task, int64_t epoch, int64_t batch) {
    rondo__translate *c = (rondo__translate *)task;
    return rondo__pair_batches_cells(&c->train.batches, epoch, batch);
}

/* Scheduled sampling (Bengio 2015): after i batches the rate at which a step is told what the model itself drew. */
static double sampling_rate(const rondo__recipe *recipe, int64_t i) {
    const double k = recipe->train.scheduled_sampling.k, least = recipe->train.scheduled_sampling.minimum;
    double known = 1;
    switch ((rondo__sampling_kind)recipe->train.scheduled_sampling.type) {
    case RONDO__NO_SAMPLING:
        return 0;
    case RONDO__SAMPLING_LINEAR:
        known = 1 - (double)i / k;
        break;
    case RONDO__SAMPLING_EXPONENTIAL:
        known = pow(k, (double)i);
        break;
    case RONDO__SAMPLING_INVERSE_SIGMOID:
        known = k / (k + exp((double)i / k));
        break;
    }
    return 1 - (known > least ? known : least);
}

static rondo_var *loss(rondo__task_object *task, rondo_tape *tape, int64_t epoch, int64_t batch, int64_t *symbols) {
    rondo__translate *t = (rondo__translate *)task;
    const rondo_pairs_batch pairs = rondo__room_fill(&t->room, t, &t->train, epoch, batch);
    const rondo_seq2seq_loss_options options = {
        .label_smoothing = (real)task->recipe.train.label_smoothing,
        .sampling = (real)sampling_rate(&task->recipe, epoch * t->train.batches.batches + batch)};
    *symbols = t->room.batch.tokens;
    return rondo_seq2seq_loss(t->net, tape, &pairs, &options);
}

static rondo_status vocabulary(rondo__task_object *task, rondo__text *json) {
    const rondo__translate *t = (const rondo__translate *)task;
    rondo__text_format(json, "{\"source\": ");
    rondo_status status = rondo__tokenizer_json(t->source, json);
    if (!status && t->target != t->source) {
        rondo__text_format(json, ", \"target\": ");
        status = rondo__tokenizer_json(t->target, json);
    }
    rondo__text_format(json, "}");
    return status ? status : json->failed ? RONDO_MEMORY : RONDO_OK;
}

static int extra_tensors(rondo__task_object *task, int max, rondo__named *out) {
    const rondo__translate *t = (const rondo__translate *)task;
    int count = rondo__vocabulary_tensor(t->source, "source.sentencepiece_model", max, out);
    if (t->target != t->source)
        count += rondo__vocabulary_tensor(t->target, "target.sentencepiece_model", max - count, out + count);
    return count;
}

static void describe_stack(const rondo__recipe_stack *s, const char *name, const char *cell, int64_t embedding,
                           rondo__text *json) {
    rondo__text_format(json, "\"%s\": \"%s\", \"%s_layers\": %lld, \"%s_size\": %lld, ", name, cell, name,
                       (long long)s->layers, name,
                       (long long)(s->cell == RONDO__TRANSFORMER ? embedding
                                   : s->hidden_sizes[0]          ? s->hidden_sizes[s->layers - 1]
                                                                 : s->hidden_size));
}

static void describe(const rondo__task_object *task, rondo__text *json) {
    const rondo__translate *t = (const rondo__translate *)task;
    const rondo__recipe *recipe = &task->recipe;
    const rondo__recipe_model *m = &recipe->model;
    const char *decoder = rondo__recipe_choice(recipe, "model.decoder.cell");
    describe_stack(&m->encoder, "encoder", rondo__recipe_choice(recipe, "model.encoder.cell"), m->embedding_size, json);
    rondo__text_format(json, "\"encoder_bidirectional\": %s, ", m->encoder.bidirectional ? "true" : "false");
    describe_stack(&m->decoder, "decoder", decoder, m->embedding_size, json);
    rondo__text_format(json, "\"attention\": \"%s\", \"embedding_size\": %lld, ",
                       m->decoder.cell == RONDO__TRANSFORMER ? decoder
                                                             : rondo__recipe_choice(recipe, "model.attention.type"),
                       (long long)m->embedding_size);
    rondo__text_format(json, "\"source_vocabulary_size\": %lld, \"target_vocabulary_size\": %lld, ",
                       (long long)rondo__tokenizer_size(t->source), (long long)t->V);
    rondo__text_format(json, "\"source_tokenizer\": \"%s\", \"target_tokenizer\": \"%s\", ",
                       rondo__recipe_choice(recipe, "data.source_tokenizer.type"),
                       rondo__recipe_choice(recipe, t->target == t->source ? "data.source_tokenizer.type"
                                                                           : "data.target_tokenizer.type"));
}

const rondo__task_class rondo__translate_class = {
    .name = "translate",
    .symbol = "tokens",
    .size = sizeof(rondo__translate),
    .create = create,
    .load = load,
    .clear = clear,
    .batches_per_epoch = batches_per_epoch,
    .batch_cells = batch_cells,
    .loss = loss,
    .evaluate = rondo__translate_evaluate,
    .metrics = rondo__translate_metrics,
    .describe = describe,
    .vocabulary = vocabulary,
    .extra_tensors = extra_tensors,
    .encdec = rondo__translate_encdec,
    .around = rondo__translate_around,
    .look = &rondo__translate_look,
};

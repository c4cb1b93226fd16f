/* The language model as a task: batches in order, states carried from chunk to chunk. */
#include <string.h>

#include "exchange/around.h"
#include "exchange/network.h"
#include "tasks/language_model.h"
#include "tasks/stack.h"
#include "tasks/vocabulary.h"

static void clear(rondo__task_object *task) {
    rondo__lm *lm = (rondo__lm *)task;
    rondo__lm_memory_free(&lm->memory);
    rondo__free(lm->train);
    rondo__free(lm->valid);
    rondo__free(lm->order);
    rondo__free(lm->x);
    rondo__free(lm->y);
    rondo__free(lm->lengths);
    rondo_adaptive_destroy(&lm->adaptive);
    rondo_recurrent_destroy(&lm->net);
    rondo__tokenizer_free(&lm->tokenizer);
}

/* Room for one batch; B and T are at most the number of symbols. */
static rondo_status make_room(rondo__lm *lm, rondo_error *err) {
    const size_t B = (size_t)lm->batches.B;
    size_t count;
    const bool fits = rondo__size_mul(B, (size_t)rondo__batches_steps(&lm->batches, 0), &count);
    lm->x = fits ? rondo__calloc(count, sizeof *lm->x) : NULL;
    lm->y = fits ? rondo__calloc(count, sizeof *lm->y) : NULL;
    lm->lengths = rondo__calloc(B, sizeof *lm->lengths);
    const bool shuffled = !lm->base.recipe.train.carry_state;
    if (shuffled)
        lm->order = rondo__calloc((size_t)lm->batches.chunks, sizeof *lm->order);
    if (!lm->x || !lm->y || !lm->lengths || (shuffled && !lm->order))
        return rondo__fail(err, RONDO_MEMORY, "language_model: no memory for a batch of %lld sequences",
                           (long long)lm->batches.B);
    return rondo__lm_memory_make(&lm->memory, lm->net, lm->batches.B, err);
}

static rondo_status create(rondo__task_object *task, rondo_error *err) {
    rondo__lm *lm = (rondo__lm *)task;
    lm->order_epoch = -1;
    rondo_status status = rondo__lm_read(lm, err);
    if (!status)
        status = rondo__lm_build(lm, NULL, NULL, err);
    if (!status)
        status = make_room(lm, err);
    return status;
}

static rondo_status load(rondo__task_object *task, const rondo__model_meta *meta, const rondo__safetensors *file,
                         const char *path, rondo_error *err) {
    rondo__lm *lm = (rondo__lm *)task;
    rondo_status status =
        rondo__vocabulary_load(&lm->tokenizer, meta->vocabulary, file, "sentencepiece_model", path, err);
    if (!status)
        status = rondo__lm_build(lm, file, path, err);
    return status;
}

static int64_t batches_per_epoch(const rondo__task_object *task) { return ((const rondo__lm *)task)->batches.chunks; }

/* Without carried states any order of chunks will do: one drawn for each epoch. */
static int64_t chunk_of(rondo__lm *lm, int64_t epoch, int64_t batch) {
    if (!lm->order)
        return batch;
    if (lm->order_epoch != epoch) /* "order" */
        rondo__random_order(lm->base.recipe.train.seed, 0x6f72646572000000u ^ (uint64_t)epoch, lm->batches.chunks,
                            lm->order);
    lm->order_epoch = epoch;
    return lm->order[batch];
}

static rondo_var *loss(rondo__task_object *task, rondo_tape *tape, int64_t epoch, int64_t batch, int64_t *symbols) {
    rondo__lm *lm = (rondo__lm *)task;
    const int64_t chunk = chunk_of(lm, epoch, batch);
    const bool warm = task->recipe.train.carry_state && batch > 0;
    rondo_states initial;
    *symbols = rondo__batches_fill(&lm->batches, chunk, lm->x, lm->y, lm->lengths);
    if (warm)
        rondo__lm_memory_use(&lm->memory, tape, &initial);
    memset(&lm->final_states, 0, sizeof lm->final_states);
    const rondo__lm_chunk c = {.T = rondo__batches_steps(&lm->batches, chunk),
                               .B = lm->batches.B,
                               .inputs = lm->x,
                               .targets = lm->y,
                               .known = lm->y,
                               .lengths = lm->lengths,
                               .initial = warm ? &initial : NULL,
                               .final_states = &lm->final_states,
                               .loss = {.label_smoothing = (real)task->recipe.train.label_smoothing}};
    return rondo__lm_loss(lm, tape, &c);
}

static void after_batch(rondo__task_object *task) {
    rondo__lm *lm = (rondo__lm *)task;
    rondo__lm_memory_take(&lm->memory, &lm->final_states);
}

static int state(rondo__task_object *task, int max, rondo__named *out) {
    rondo__lm *lm = (rondo__lm *)task;
    return task->recipe.train.carry_state ? rondo__lm_memory_list(&lm->memory, max, out) : 0;
}

static void describe(const rondo__task_object *task, rondo__text *json) {
    const rondo__lm *lm = (const rondo__lm *)task;
    rondo__stack_describe(&task->recipe, json);
    rondo__text_format(json, "\"embedding_size\": %lld, \"vocabulary_size\": %lld, \"tokenizer\": \"%s\", ",
                       (long long)lm->E, (long long)lm->V, rondo__recipe_choice(&task->recipe, "data.tokenizer.type"));
}

static rondo_status vocabulary(rondo__task_object *task, rondo__text *json) {
    return rondo__tokenizer_json(((rondo__lm *)task)->tokenizer, json);
}

static int extra_tensors(rondo__task_object *task, int max, rondo__named *out) {
    return rondo__vocabulary_tensor(((rondo__lm *)task)->tokenizer, "sentencepiece_model", max, out);
}

/* Logits of the next symbol; of an adaptive softmax its log-probabilities. */
static rondo_status network(rondo__task_object *task, rondo__network *out, rondo_error *err) {
    const rondo__lm *lm = (const rondo__lm *)task;
    const real *table = rondo_params_at(task->params, lm->embedding)->value.data;
    rondo_status status = rondo__network_add(
        out, (rondo__network_block){.kind = RONDO__EMBEDDING, .in = lm->V, .out = lm->E, .weight = table}, err);
    if (!status)
        status = rondo__network_add(out,
                                    (rondo__network_block){.kind = RONDO__RECURRENT,
                                                           .net = lm->net,
                                                           .feedback = lm->feeds_embedding ? table : NULL,
                                                           .taught = lm->teacher},
                                    err);
    if (status || lm->jordan)
        return status;
    if (lm->adaptive)
        return rondo__network_add(
            out, (rondo__network_block){.kind = RONDO__ADAPTIVE, .out = lm->V, .adaptive = lm->adaptive}, err);
    return rondo__network_add(out,
                              (rondo__network_block){.kind = RONDO__LINEAR,
                                                     .in = lm->W,
                                                     .out = lm->V,
                                                     .weight = rondo_params_at(task->params, lm->weight)->value.data,
                                                     .bias = rondo_params_at(task->params, lm->bias)->value.data},
                              err);
}

static void around(const rondo__task_object *task, rondo__around *out) {
    rondo__around_add_tokenizer(out, "symbol", ((const rondo__lm *)task)->tokenizer);
}

const rondo__task_class rondo__language_model = {
    .name = "language_model",
    .symbol = "symbols",
    .size = sizeof(rondo__lm),
    .create = create,
    .load = load,
    .clear = clear,
    .batches_per_epoch = batches_per_epoch,
    .loss = loss,
    .after_batch = after_batch,
    .evaluate = rondo__lm_evaluate,
    .metrics = rondo__lm_metrics,
    .state = state,
    .describe = describe,
    .vocabulary = vocabulary,
    .extra_tensors = extra_tensors,
    .network = network,
    .around = around,
    .look = &rondo__language_model_look,
};

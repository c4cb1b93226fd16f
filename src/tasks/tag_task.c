/* The tagger as a task of the training loop. */
#include "autograd/tape.h"
#include "exchange/around.h"
#include "exchange/network.h"
#include "tasks/stack.h"
#include "tasks/tag.h"

static void clear(rondo__task_object *task) {
    rondo__tag *t = (rondo__tag *)task;
    rondo__arena_free(&t->batch.room);
    rondo__free(t->score.confusion);
    rondo__frame_batches_free(&t->batches);
    rondo__tag_set_free(&t->train);
    rondo__tag_set_free(&t->valid);
    rondo__tagged_free(&t->train_text);
    rondo__tagged_free(&t->valid_text);
    rondo__tag_rules_free(&t->rules);
    rondo_crf_destroy(&t->crf);
    rondo_recurrent_destroy(&t->spelling);
    rondo_recurrent_destroy(&t->net);
    rondo__tag_vocabulary_free(&t->vocabulary);
}

static rondo_status create(rondo__task_object *task, rondo_error *err) {
    rondo__tag *t = (rondo__tag *)task;
    rondo_status status = rondo__tag_read(t, err);
    if (!status)
        status = rondo__tag_build(t, NULL, NULL, err);
    return status;
}

static rondo_status load(rondo__task_object *task, const rondo__model_meta *meta, const rondo__safetensors *file,
                         const char *path, rondo_error *err) {
    rondo__tag *t = (rondo__tag *)task;
    rondo_status status = rondo__tag_vocabulary_load(&t->vocabulary, meta->vocabulary, &meta->recipe, path, err);
    if (!status)
        status = rondo__tag_build(t, file, path, err);
    return status;
}

static int64_t batches_per_epoch(const rondo__task_object *task) { return ((const rondo__tag *)task)->batches.batches; }

static int64_t batch_cells(rondo__task_object *task, int64_t epoch, int64_t batch) {
    rondo__tag *c = (rondo__tag *)task;
    return rondo__frame_batches_cells(&c->batches, epoch, batch);
}

static rondo_var *loss(rondo__task_object *task, rondo_tape *tape, int64_t epoch, int64_t batch, int64_t *symbols) {
    rondo__tag *t = (rondo__tag *)task;
    const int64_t *sentence;
    rondo_error err;
    const int64_t count = rondo__frame_batches_get(&t->batches, epoch, batch, &sentence);
    const rondo_status status = rondo__tag_fill(t, &t->train, count, sentence, epoch, &err);
    if (status) {
        rondo__tape_fail(tape, status, "%s", err.message);
        return NULL;
    }
    *symbols = t->batch.counted;
    return rondo__tag_loss(t, tape);
}

static void describe(const rondo__task_object *task, rondo__text *json) {
    const rondo__tag *t = (const rondo__tag *)task;
    const rondo__recipe_model *m = &task->recipe.model;
    rondo__stack_describe(&task->recipe, json);
    rondo__text_format(json,
                       "\"embedding_size\": %lld, \"characters_hidden_size\": %lld, \"crf\": %s, "
                       "\"vocabulary_size\": %lld, \"characters\": %lld, \"labels\": %lld, ",
                       (long long)m->embedding_size, (long long)m->characters.hidden_size, m->crf ? "true" : "false",
                       (long long)t->V, (long long)t->vocabulary.characters.count + 1, (long long)t->K);
}

static void note_set(rondo__text *lines, const char *name, const rondo__tag_set *set) {
    int64_t unknown = 0;
    for (int64_t i = 0; i < set->words; i++)
        unknown += set->word[i] == 0;
    rondo__text_format(lines, "%s: %lld sentences, %lld words (%.1f %% without a vector of their own)\n", name,
                       (long long)set->sentences, (long long)set->words,
                       100 * (double)unknown / (double)(set->words > 0 ? set->words : 1));
}

static void notes(const rondo__task_object *task, rondo__text *lines) {
    const rondo__tag *t = (const rondo__tag *)task;
    note_set(lines, "training", &t->train);
    note_set(lines, "validation", &t->valid);
    if (t->K == 1)
        rondo__text_format(lines, "all words have the same tag (is data.tag_column right?)\n");
    if (t->unseen)
        rondo__text_format(lines,
                           "validation: %lld words have a tag that training never shows (the first in line %lld): they "
                           "count as wrong\n",
                           (long long)t->unseen, (long long)t->unseen_line);
}

static rondo_status vocabulary(rondo__task_object *task, rondo__text *json) {
    return rondo__tag_vocabulary_json(&((rondo__tag *)task)->vocabulary, json);
}

static const real *values(const rondo__tag *t, int index) { return rondo_params_at(t->base.params, index)->value.data; }

static rondo_status add_spelling(const rondo__tag *t, rondo__network *out, rondo_error *err) {
    const rondo_recurrent_config *c = rondo_recurrent_get_config(t->spelling);
    return rondo__network_add(out,
                              (rondo__network_block){.kind = RONDO__SPELLING,
                                                     .out = rondo__network_output(out) + 2 * c->hidden_size,
                                                     .net = t->spelling,
                                                     .weight = values(t, t->character_embedding),
                                                     .symbols = t->vocabulary.characters.count + 1,
                                                     .width = c->input_size},
                              err);
}

/* Transitions that were learned, and which there may be. */
static rondo_status add_path(const rondo__tag *t, rondo__network *out, rondo_error *err) {
    const rondo__tag_rules *rules = &t->rules;
    rondo__network_block path = {.kind = RONDO__BEST_PATH,
                                 .transition = rules->none,
                                 .end = rules->end,
                                 .allowed = rules->allowed,
                                 .allowed_start = rules->start};
    if (t->crf) {
        path.transition = values(t, rondo_params_find(t->base.params, "crf.transitions"));
        path.start = values(t, rondo_params_find(t->base.params, "crf.start_transitions"));
        path.end = values(t, rondo_params_find(t->base.params, "crf.end_transitions"));
        path.forbidden_end = rules->end;
    }
    return rondo__network_add(out, path, err);
}

/* Scores of the labels, from words by number, and the best path where labels depend on each other. */
static rondo_status network(rondo__task_object *task, rondo__network *out, rondo_error *err) {
    const rondo__tag *t = (const rondo__tag *)task;
    const rondo__network_block words = {.kind = RONDO__EMBEDDING,
                                        .in = t->V,
                                        .out = task->recipe.model.embedding_size,
                                        .weight = values(t, t->embedding)};
    const rondo__network_block labels = {
        .kind = RONDO__LINEAR, .in = t->W, .out = t->K, .weight = values(t, t->weight), .bias = values(t, t->bias)};
    rondo_status status = rondo__network_add(out, words, err);
    if (!status && t->spelling)
        status = add_spelling(t, out, err);
    if (!status)
        status = rondo__network_add(out, (rondo__network_block){.kind = RONDO__RECURRENT, .net = t->net}, err);
    if (!status)
        status = rondo__network_add(out, labels, err);
    return status || (!t->crf && !t->rules.allowed) ? status : add_path(t, out, err);
}

static void around(const rondo__task_object *task, rondo__around *out) {
    const rondo__tag *t = (const rondo__tag *)task;
    rondo__around_add_symbols(out, "word", &t->vocabulary.words);
    if (t->spelling)
        rondo__around_add_symbols(out, "character", &t->vocabulary.characters);
    rondo__around_add_names(out, "label", t->K, t->vocabulary.label, -1, true);
}

const rondo__task_class rondo__tag_class = {
    .name = "tag",
    .symbol = "words",
    .size = sizeof(rondo__tag),
    .create = create,
    .load = load,
    .clear = clear,
    .batches_per_epoch = batches_per_epoch,
    .batch_cells = batch_cells,
    .loss = loss,
    .evaluate = rondo__tag_evaluate,
    .metrics = rondo__tag_metrics,
    .describe = describe,
    .notes = notes,
    .report = rondo__tag_report,
    .vocabulary = vocabulary,
    .network = network,
    .around = around,
    .look = &rondo__tag_look,
};

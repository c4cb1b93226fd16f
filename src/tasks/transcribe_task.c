/* Transcription as a task of the training loop. */
#include <stdio.h>
#include <string.h>

#include "autograd/tape.h"
#include "exchange/around.h"
#include "exchange/network.h"
#include "tasks/stack.h"
#include "tasks/transcribe.h"
#include "tasks/vocabulary.h"

static void clear(rondo__task_object *task) {
    rondo__transcribe *t = (rondo__transcribe *)task;
    rondo__transcribe_part_free(&t->train);
    rondo__transcribe_part_free(&t->valid);
    rondo__frame_batches_free(&t->batches);
    rondo__transcribe_room_free(&t->room[0]);
    rondo__transcribe_room_free(&t->room[1]);
    rondo__listening_free(&t->listening);
    rondo__text_free(&t->report);
    rondo_recurrent_destroy(&t->net);
    rondo__tokenizer_free(&t->tokenizer);
}

static rondo_status create(rondo__task_object *task, rondo_error *err) {
    rondo__transcribe *t = (rondo__transcribe *)task;
    rondo_status status = rondo__transcribe_read(t, err);
    if (!status)
        status = rondo__transcribe_build(t, NULL, NULL, err);
    return status;
}

static rondo_status load(rondo__task_object *task, const rondo__model_meta *meta, const rondo__safetensors *file,
                         const char *path, rondo_error *err) {
    rondo__transcribe *t = (rondo__transcribe *)task;
    rondo_status status =
        rondo__vocabulary_load(&t->tokenizer, meta->vocabulary, file, "sentencepiece_model", path, err);
    if (!status)
        status = rondo__listening_load(&t->listening, task->context, &meta->recipe, 0, file, path, err);
    if (!status)
        status = rondo__transcribe_build(t, file, path, err);
    return status;
}

static int64_t batches_per_epoch(const rondo__task_object *task) {
    return ((const rondo__transcribe *)task)->batches.batches;
}

static int64_t batch_cells(rondo__task_object *task, int64_t epoch, int64_t batch) {
    rondo__transcribe *c = (rondo__transcribe *)task;
    return rondo__frame_batches_cells(&c->batches, epoch, batch);
}

static rondo_var *loss(rondo__task_object *task, rondo_tape *tape, int64_t epoch, int64_t batch, int64_t *symbols) {
    rondo__transcribe *t = (rondo__transcribe *)task;
    const rondo__transcribe_room *r = &t->room[task->slot];
    (void)epoch, (void)batch;
    *symbols = r->symbols;
    const rondo_ctc_options options = {.lengths = r->frames.lengths,
                                       .blank = t->blank,
                                       .divide_by = (real)(r->symbols > 0 ? r->symbols : 1),
                                       .skip_impossible = true};
    return rondo_ctc_loss(tape, rondo__transcribe_logits(t, tape), r->target, r->target_lengths, &options);
}

static void describe(const rondo__task_object *task, rondo__text *json) {
    const rondo__transcribe *t = (const rondo__transcribe *)task;
    rondo__stack_describe(&task->recipe, json);
    rondo__text_format(json, "\"input_size\": %lld, \"rate\": %lld, \"vocabulary_size\": %lld, \"tokenizer\": \"%s\", ",
                       (long long)t->I, (long long)t->listening.config.rate, (long long)t->blank,
                       rondo__recipe_choice(&task->recipe, "data.tokenizer.type"));
}

static void note_part(const rondo__transcribe_part *part, const char *name, rondo__text *lines) {
    rondo__listening_notes(&part->frames, name, lines);
    if (part->impossible > 0)
        rondo__text_format(lines,
                           "%s: %lld recordings have fewer steps than their labels need: the loss passes them over\n",
                           name, (long long)part->impossible);
    if (part->foreigners > 0)
        rondo__text_format(lines,
                           "%s: %lld labels have a symbol that no training label has: the loss passes them over, and "
                           "the symbol counts as an error\n",
                           name, (long long)part->foreigners);
}

static void notes(const rondo__task_object *task, rondo__text *lines) {
    const rondo__transcribe *t = (const rondo__transcribe *)task;
    note_part(&t->train, "training", lines);
    note_part(&t->valid, "validation", lines);
}

static void report(const rondo__task_object *task, rondo__text *lines) {
    const rondo__transcribe *t = (const rondo__transcribe *)task;
    if (t->report.size > 0)
        rondo__text_add(lines, t->report.data, t->report.size);
}

static rondo_status vocabulary(rondo__task_object *task, rondo__text *json) {
    return rondo__tokenizer_json(((const rondo__transcribe *)task)->tokenizer, json);
}

static int extra_tensors(rondo__task_object *task, int max, rondo__named *out) {
    const rondo__transcribe *t = (const rondo__transcribe *)task;
    const int count = rondo__vocabulary_tensor(t->tokenizer, "sentencepiece_model", max, out);
    return count + rondo__listening_tensors(&t->listening, max - count, out + count);
}

/* Probabilities of the symbols and of the blank, from model.stack frames a step as the front end leaves them. */
static rondo_status network(rondo__task_object *task, rondo__network *out, rondo_error *err) {
    const rondo__transcribe *t = (const rondo__transcribe *)task;
    rondo_status status = rondo__network_add(out, (rondo__network_block){.kind = RONDO__RECURRENT, .net = t->net}, err);
    if (!status)
        status =
            rondo__network_add(out,
                               (rondo__network_block){.kind = RONDO__LINEAR,
                                                      .in = t->W,
                                                      .out = t->V,
                                                      .weight = rondo_params_at(task->params, t->weight)->value.data,
                                                      .bias = rondo_params_at(task->params, t->bias)->value.data},
                               err);
    return status ? status
                  : rondo__network_add(
                        out, (rondo__network_block){.kind = RONDO__ACTIVATION, .activation = RONDO_SOFTMAX}, err);
}

static void around(const rondo__task_object *task, rondo__around *out) {
    const rondo__transcribe *t = (const rondo__transcribe *)task;
    out->frontend = t->listening.frontend;
    out->stack = t->listening.stack;
    rondo__around_add_tokenizer(out, "symbol", t->tokenizer);
}

const rondo__task_class rondo__transcribe_class = {
    .name = "transcribe",
    .symbol = "symbols",
    .size = sizeof(rondo__transcribe),
    .labelled = true,
    .create = create,
    .load = load,
    .clear = clear,
    .batches_per_epoch = batches_per_epoch,
    .batch_cells = batch_cells,
    .prepare = rondo__transcribe_prepare,
    .loss = loss,
    .evaluate = rondo__transcribe_evaluate,
    .metrics = rondo__transcribe_metrics,
    .describe = describe,
    .notes = notes,
    .report = report,
    .vocabulary = vocabulary,
    .extra_tensors = extra_tensors,
    .network = network,
    .around = around,
    .look = &rondo__transcribe_look,
};

/* The classifier as a task of the training loop. */
#include <stdio.h>
#include <string.h>

#include "autograd/tape.h"
#include "exchange/around.h"
#include "exchange/network.h"
#include "tasks/classify.h"
#include "tasks/stack.h"
#include "tasks/vocabulary.h"

static void clear(rondo__task_object *task) {
    rondo__classify *c = (rondo__classify *)task;
    rondo__classify_room_free(&c->room[0]);
    rondo__classify_room_free(&c->room[1]);
    rondo__classify_part_free(&c->train);
    rondo__classify_part_free(&c->valid);
    rondo__frame_batches_free(&c->batches);
    rondo__free(c->class_weights);
    rondo__free(c->confusion);
    rondo_recurrent_destroy(&c->net);
    rondo__listening_free(&c->listening);
    rondo__tokenizer_free(&c->tokenizer);
    rondo__label_names_free(&c->labels);
}

static rondo_status create(rondo__task_object *task, rondo_error *err) {
    rondo__classify *c = (rondo__classify *)task;
    c->input = (rondo__input_kind)task->recipe.data.input;
    rondo_status status = rondo__classify_read(c, err);
    if (!status)
        status = rondo__classify_build(c, NULL, NULL, err);
    return status;
}

static int64_t columns_of(const rondo__recipe *recipe) {
    int64_t count = 0;
    while (count < RONDO__LIST && recipe->data.columns[count][0])
        count++;
    return count;
}

static rondo_status load_input(rondo__classify *c, const rondo__model_meta *meta, const rondo__safetensors *file,
                               const char *path, rondo_error *err) {
    const int64_t columns = columns_of(&meta->recipe);
    char *json = NULL;
    if (c->input == RONDO__INPUT_SERIES && columns == 0)
        return rondo__fail(err, RONDO_FORMAT, "%s: its recipe names no data.columns", path);
    if (c->input != RONDO__INPUT_TEXT)
        return rondo__listening_load(&c->listening, c->base.context, &meta->recipe,
                                     c->input == RONDO__INPUT_SERIES ? columns : 0, file, path, err);
    rondo_status status = rondo__model_meta_part(meta->vocabulary, "tokenizer", path, &json, err);
    if (!status)
        status = rondo__vocabulary_load(&c->tokenizer, json, file, "sentencepiece_model", path, err);
    rondo__free(json);
    return status;
}

static rondo_status load(rondo__task_object *task, const rondo__model_meta *meta, const rondo__safetensors *file,
                         const char *path, rondo_error *err) {
    rondo__classify *c = (rondo__classify *)task;
    c->input = (rondo__input_kind)task->recipe.data.input;
    rondo_status status = rondo__label_names_load(&c->labels, meta->vocabulary, "labels", path, err);
    if (!status && c->labels.count < 2)
        status = rondo__fail(err, RONDO_FORMAT, "%s: vocabulary: fewer than two labels", path);
    if (!status)
        status = load_input(c, meta, file, path, err);
    if (!status)
        status = rondo__classify_build(c, file, path, err);
    return status;
}

static int64_t batches_per_epoch(const rondo__task_object *task) {
    return ((const rondo__classify *)task)->batches.batches;
}

static int64_t batch_cells(rondo__task_object *task, int64_t epoch, int64_t batch) {
    rondo__classify *c = (rondo__classify *)task;
    return rondo__frame_batches_cells(&c->batches, epoch, batch);
}

static rondo_var *loss(rondo__task_object *task, rondo_tape *tape, int64_t epoch, int64_t batch, int64_t *symbols) {
    rondo__classify *c = (rondo__classify *)task;
    const rondo__classify_room *r = &c->room[task->slot];
    (void)epoch, (void)batch;
    *symbols = r->B;
    const rondo_cross_entropy_options options = {.label_smoothing = (real)task->recipe.train.label_smoothing,
                                                 .class_weights = c->class_weights};
    return rondo_cross_entropy(tape, rondo__classify_logits(c, tape), r->targets, &options);
}

static void describe(const rondo__task_object *task, rondo__text *json) {
    const rondo__classify *c = (const rondo__classify *)task;
    rondo__stack_describe(&task->recipe, json);
    rondo__text_format(json,
                       "\"input\": \"%s\", \"pooling\": \"%s\", \"input_size\": %lld, \"classes\": %lld, \"labels\": ",
                       rondo__recipe_choice(&task->recipe, "data.input"),
                       rondo__recipe_choice(&task->recipe, "model.pooling"), (long long)c->I, (long long)c->C);
    rondo__label_names_json(&c->labels, json);
    rondo__text_format(json, ", ");
}

static void notes(const rondo__task_object *task, rondo__text *lines) {
    const rondo__classify *c = (const rondo__classify *)task;
    if (c->input != RONDO__INPUT_TEXT) {
        rondo__listening_notes(&c->train.frames, "training", lines);
        rondo__listening_notes(&c->valid.frames, "validation", lines);
    } else
        rondo__text_format(lines, "training: %lld texts; validation: %lld texts\n", (long long)c->train.count,
                           (long long)c->valid.count);
    for (int64_t k = 0; c->class_weights && k < c->C; k++) {
        if (!(c->class_weights[k] > 0))
            rondo__text_format(lines, "label '%s' has no example left for training\n", c->labels.name[k]);
    }
}

static rondo_status vocabulary(rondo__task_object *task, rondo__text *json) {
    const rondo__classify *c = (const rondo__classify *)task;
    rondo_status status = RONDO_OK;
    rondo__text_format(json, "{\"labels\": ");
    rondo__label_names_json(&c->labels, json);
    if (c->tokenizer) {
        rondo__text_format(json, ", \"tokenizer\": ");
        status = rondo__tokenizer_json(c->tokenizer, json);
    }
    rondo__text_format(json, "}");
    return status ? status : json->failed ? RONDO_MEMORY : RONDO_OK;
}

static int extra_tensors(rondo__task_object *task, int max, rondo__named *out) {
    const rondo__classify *c = (const rondo__classify *)task;
    if (c->tokenizer)
        return rondo__vocabulary_tensor(c->tokenizer, "sentencepiece_model", max, out);
    return rondo__listening_tensors(&c->listening, max, out);
}

/* Probabilities of the labels, from symbols or from frames as the front end leaves them. */
static rondo_status network(rondo__task_object *task, rondo__network *out, rondo_error *err) {
    const rondo__classify *c = (const rondo__classify *)task;
    const rondo__recipe_model *m = &task->recipe.model;
    rondo_status status = RONDO_OK;
#define VALUES(index) (rondo_params_at(task->params, index)->value.data)
    const rondo__network_block blocks[] = {
        {.kind = RONDO__RECURRENT, .net = c->net},
        {.kind = RONDO__POOL,
         .in = c->W,
         .pooling = (rondo_pooling)m->pooling,
         .weight = c->attention >= 0 ? VALUES(c->attention) : NULL},
        {.kind = RONDO__LINEAR, .in = c->W, .out = c->C, .weight = VALUES(c->weight), .bias = VALUES(c->bias)},
        {.kind = RONDO__ACTIVATION, .in = c->C, .activation = RONDO_SOFTMAX},
    };
    if (c->tokenizer)
        status = rondo__network_add(out,
                                    (rondo__network_block){.kind = RONDO__EMBEDDING,
                                                           .in = rondo__tokenizer_size(c->tokenizer),
                                                           .out = c->I,
                                                           .weight = VALUES(c->embedding)},
                                    err);
    for (size_t i = 0; !status && i < sizeof blocks / sizeof *blocks; i++)
        status = rondo__network_add(out, blocks[i], err);
    return status;
#undef VALUES
}

static void around(const rondo__task_object *task, rondo__around *out) {
    const rondo__classify *c = (const rondo__classify *)task;
    out->frontend = c->listening.frontend;
    out->stack = c->listening.frontend ? c->listening.stack : 1;
    if (c->tokenizer)
        rondo__around_add_tokenizer(out, "symbol", c->tokenizer);
    rondo__around_add_names(out, "label", c->labels.count, (const char *const *)c->labels.name, -1, true);
}

const rondo__task_class rondo__classify_class = {
    .name = "classify",
    .symbol = "sequences",
    .size = sizeof(rondo__classify),
    .labelled = true,
    .create = create,
    .load = load,
    .clear = clear,
    .batches_per_epoch = batches_per_epoch,
    .batch_cells = batch_cells,
    .prepare = rondo__classify_prepare_batch,
    .loss = loss,
    .evaluate = rondo__classify_evaluate,
    .metrics = rondo__classify_metrics,
    .describe = describe,
    .notes = notes,
    .report = rondo__classify_report,
    .vocabulary = vocabulary,
    .extra_tensors = extra_tensors,
    .network = network,
    .around = around,
    .look = &rondo__classify_look,
};

/* Recordings with labels. A label is spelt as data.spelling says, or stands for itself. */
#include <string.h>

#include "data/text.h"
#include "tasks/transcribe.h"
#include "tasks/vocabulary.h"
#include "tensor/context.h"

void rondo__transcribe_part_free(rondo__transcribe_part *part) {
    rondo__labelled_free(&part->items);
    rondo__frames_free(&part->frames);
    rondo__lines_free(&part->texts);
    rondo__id_lines_free(&part->ids);
    rondo__free(part->length);
    rondo__free(part->foreign);
    *part = (rondo__transcribe_part){0};
}

static rondo_status no_memory(rondo_error *err) { return rondo__fail(err, RONDO_MEMORY, "transcribe: no memory"); }

/* ---- texts ---- */

static const char *spell(const rondo__recipe *recipe, const char *label) {
    const rondo__names *spelling = &recipe->data.spelling;
    const size_t size = strlen(label);
    for (int i = 0; i < RONDO__LIST && (*spelling)[i][0]; i++)
        if (strncmp((*spelling)[i], label, size) == 0 && (*spelling)[i][size] == '=')
            return (*spelling)[i] + size + 1;
    return label;
}

/* One line for each label; a line end within it is a blank. */
static rondo_status read_texts(const rondo__transcribe *t, rondo__transcribe_part *part, rondo_error *err) {
    rondo__text all = {0};
    rondo_status status = RONDO_OK;
    for (int64_t i = 0; i < part->count && !status; i++) {
        const rondo__labelled_item *item = &part->items.item[i];
        const char *text = spell(&t->base.recipe, item->label);
        const size_t size = strlen(text), begin = all.size;
        if (rondo__utf8_check(text, size) != size)
            status = rondo__fail(err, RONDO_FORMAT, "%.400s: the label is not UTF-8", item->place);
        rondo__text_add(&all, text, size);
        for (size_t k = begin; !all.failed && k < all.size; k++)
            if (all.data[k] == '\n')
                all.data[k] = ' ';
        rondo__text_add(&all, "\n", 1);
    }
    if (!status && all.failed)
        status = no_memory(err);
    if (!status)
        return rondo__lines_take(&part->texts, "transcribe", &all, err);
    rondo__text_free(&all);
    return status;
}

static rondo_status make_tokenizer(rondo__transcribe *t, rondo_error *err) {
    const rondo__recipe *recipe = &t->base.recipe;
    char model[RONDO__PATH];
    rondo__tokenizer_config config;
    bool any = false;
    for (int64_t i = 0; i < t->train.count; i++)
        any = any || t->train.texts.line[i][0];
    if (!any)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: no recording has a label (give data.pattern with {label}, or a .tsv list)",
                           recipe->data.train);
    rondo_status status = rondo__vocabulary_config(recipe, &recipe->data.tokenizer, model, &config, err);
    return status
               ? status
               : rondo__tokenizer_build_lines(&t->tokenizer, &config, &t->train.texts, NULL, recipe->data.train, err);
}

/* ---- ids ---- */

static int64_t steps_needed(const int32_t *ids, int64_t count) {
    int64_t needed = count;
    for (int64_t i = 1; i < count; i++)
        needed += ids[i] == ids[i - 1];
    return needed;
}

/* Characters have no unknown symbol in training; what is unknown later can neither be learned nor be written. With
 * words the unknown one is a symbol like others. */
static bool is_foreign(const rondo__transcribe *t, const int32_t *ids, int64_t count) {
    bool found = false;
    for (int64_t i = 0; i < count && rondo__tokenizer_get_kind(t->tokenizer) == RONDO__CHAR; i++)
        found = found || ids[i] == rondo__tokenizer_unknown(t->tokenizer);
    return found;
}

static rondo_status encode(const rondo__transcribe *t, rondo__transcribe_part *part, rondo_error *err) {
    rondo_status status = rondo__id_lines_encode(&part->ids, t->tokenizer, &part->texts, err);
    if (status)
        return status;
    part->foreign = rondo__calloc((size_t)part->count, sizeof *part->foreign);
    part->length = rondo__listening_lengths(&part->frames);
    if (!part->foreign || !part->length)
        return no_memory(err);
    for (int64_t i = 0; i < part->count; i++) {
        const int32_t *ids = part->ids.ids + part->ids.start[i];
        const int64_t count = rondo__id_lines_length(&part->ids, i);
        part->foreign[i] = is_foreign(t, ids, count);
        part->foreigners += part->foreign[i];
        const bool impossible =
            steps_needed(ids, count) > rondo__listening_steps(&t->listening, part->frames.length[i]);
        part->impossible += impossible;
        part->usable += !impossible && !part->foreign[i];
    }
    return RONDO_OK;
}

/* ---- parts ---- */

/* Without any that has a loss there is nothing to learn from, and no model could be the best one. */
static rondo_status check_parts(const rondo__transcribe *t, rondo_error *err) {
    if (t->train.usable > 0 && t->valid.usable > 0)
        return RONDO_OK;
    if (t->train.usable > 0)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: no recording for validation has a loss: %lld of %lld have a symbol that no training "
                           "label has, %lld fewer steps than symbols (choose others)",
                           t->base.recipe.data.valid[0] ? t->base.recipe.data.valid : t->base.recipe.data.train,
                           (long long)t->valid.foreigners, (long long)t->valid.count, (long long)t->valid.impossible);
    return rondo__fail(err, RONDO_FORMAT,
                       "%s: every recording has fewer steps than its label has symbols (lower model.stack or "
                       "data.audio.hop_ms)",
                       t->base.recipe.data.train);
}

rondo_status rondo__transcribe_read(rondo__transcribe *t, rondo_error *err) {
    rondo__recipe *recipe = &t->base.recipe;
    rondo__transcribe_part *train = &t->train, *valid = &t->valid;
    rondo_status status =
        rondo__listening_lists(recipe, false, rondo__recording_endings, &train->items, &valid->items, err);
    train->count = train->items.count;
    valid->count = valid->items.count;
    if (!status)
        status = read_texts(t, train, err);
    if (!status)
        status = read_texts(t, valid, err);
    if (!status)
        status = make_tokenizer(t, err);
    if (!status)
        status = rondo__listening_begin(&t->listening, t->base.context, recipe, &train->items, &train->frames, err);
    if (!status)
        status = rondo__listening_read(&t->listening, &valid->items, &valid->frames, err);
    if (!status)
        status = encode(t, train, err);
    if (!status)
        status = encode(t, valid, err);
    if (!status)
        status = check_parts(t, err);
    return status ? status
                  : rondo__frame_batches_make(&t->batches, train->count, train->length, recipe->train.batch_size, true,
                                              recipe->train.seed, err);
}

/* All else about recordings that have been listed, unless that failed. */
static rondo_status take_items(rondo__transcribe *t, rondo_status status, rondo__transcribe_part *out,
                               rondo_error *err) {
    out->count = out->items.count;
    if (!status)
        status = read_texts(t, out, err);
    if (!status)
        status = rondo__listening_read(&t->listening, &out->items, &out->frames, err);
    if (!status)
        status = encode(t, out, err);
    if (status)
        rondo__transcribe_part_free(out);
    return status;
}

rondo_status rondo__transcribe_open(rondo__transcribe *t, const char *path, rondo__transcribe_part *out,
                                    rondo_error *err) {
    *out = (rondo__transcribe_part){0};
    rondo_status status =
        rondo__listening_list(&t->base.recipe, path, t->base.where, false, rondo__recording_endings, &out->items, err);
    return take_items(t, status, out, err);
}

rondo_status rondo__transcribe_open_valid(rondo__transcribe *t, rondo__transcribe_part *out, rondo_error *err) {
    *out = (rondo__transcribe_part){0};
    rondo_status status = rondo__listening_valid(&t->base.recipe, false, rondo__recording_endings, &out->items, err);
    return take_items(t, status, out, err);
}

/* ---- batches ---- */

static bool make_room(int32_t **memory, size_t *room, size_t count) {
    if (count <= *room)
        return true;
    rondo__free(*memory);
    *memory = rondo__calloc(count, sizeof **memory);
    *room = *memory ? count : 0;
    return *memory != NULL;
}

static rondo_status begin_listening(const rondo__transcribe *t, rondo__transcribe_room *r,
                                    const rondo__listening_order *order, rondo__work *work, rondo_error *err) {
    const int64_t delay = t->base.recipe.model.delay;
    if (!make_room(&r->delayed, &r->delayed_room, (size_t)order->count))
        return no_memory(err);
    rondo_status status = rondo__listening_begin_fill(&r->frames, order, work, err);
    if (!status && r->frames.T > INT32_MAX - delay)
        status = rondo__fail(err, RONDO_ARGUMENT, "a sequence of %lld steps is too long", (long long)r->frames.T);
    for (int64_t b = 0; b < order->count && !status; b++)
        r->delayed[b] = r->frames.lengths[b] + (int32_t)delay;
    return status;
}

rondo_status rondo__transcribe_listen(rondo__transcribe *t, const rondo__frame_set *set, int64_t count,
                                      const int64_t *example, rondo_error *err) {
    rondo__transcribe_room *r = &t->room[t->base.slot];
    const rondo__listening_order order = {.listening = &t->listening, .set = set, .count = count, .example = example};
    rondo__work work;
    rondo_status status = begin_listening(t, r, &order, &work, err);
    if (!status)
        rondo__pool_run(t->base.context->pool, work.n, work.task, work.arg);
    return status;
}

static rondo_status fill_targets(rondo__transcribe_room *r, const rondo__transcribe_part *part, int64_t count,
                                 const int64_t *example, rondo_error *err) {
    r->symbols = 0;
    for (int64_t b = 0; b < count; b++)
        r->symbols += rondo__id_lines_length(&part->ids, example[b]);
    if (!make_room(&r->target, &r->target_room, (size_t)r->symbols) ||
        !make_room(&r->target_lengths, &r->lengths_room, (size_t)count))
        return no_memory(err);
    for (int64_t b = 0, at = 0; b < count; b++) {
        const int64_t length = rondo__id_lines_length(&part->ids, example[b]);
        if (length > 0)
            memcpy(r->target + at, part->ids.ids + part->ids.start[example[b]], (size_t)length * sizeof *r->target);
        r->target_lengths[b] = (int32_t)length;
        at += length;
    }
    return RONDO_OK;
}

rondo_status rondo__transcribe_fill(rondo__transcribe *t, const rondo__transcribe_part *part, int64_t count,
                                    const int64_t *example, rondo_error *err) {
    rondo_status status = fill_targets(&t->room[t->base.slot], part, count, example, err);
    return status ? status : rondo__transcribe_listen(t, &part->frames, count, example, err);
}

rondo_status rondo__transcribe_prepare(rondo__task_object *task, int slot, int64_t epoch, int64_t batch,
                                       rondo__work *work, rondo_error *err) {
    rondo__transcribe *t = (rondo__transcribe *)task;
    rondo__listening_order order = {.listening = &t->listening,
                                    .set = &t->train.frames,
                                    .training = true,
                                    .seed = task->recipe.train.seed,
                                    .epoch = epoch};
    order.count = rondo__frame_batches_get(&t->batches, epoch, batch, &order.example);
    rondo_status status = fill_targets(&t->room[slot], &t->train, order.count, order.example, err);
    return status ? status : begin_listening(t, &t->room[slot], &order, work, err);
}

void rondo__transcribe_room_free(rondo__transcribe_room *room) {
    rondo__listening_batch_free(&room->frames);
    rondo__free(room->delayed);
    rondo__free(room->target);
    rondo__free(room->target_lengths);
    *room = (rondo__transcribe_room){0};
}

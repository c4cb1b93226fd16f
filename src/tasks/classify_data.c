/* The examples of a classifier. */
#include <stdio.h>
#include <string.h>

#include "tasks/classify.h"
#include "tasks/vocabulary.h"
#include "tensor/context.h"

static const char *const tables[] = {".csv", ".csv.gz", NULL};

const char *const *rondo__classify_endings(const rondo__classify *c) {
    return c->input == RONDO__INPUT_SERIES ? tables : rondo__recording_endings;
}

void rondo__classify_part_free(rondo__classify_part *part) {
    rondo__labelled_free(&part->items);
    rondo__frames_free(&part->frames);
    rondo__id_lines_free(&part->ids);
    rondo__free(part->label);
    rondo__free(part->length);
    *part = (rondo__classify_part){0};
}

/* ---- labels ---- */

static rondo_status no_memory(rondo_error *err) { return rondo__fail(err, RONDO_MEMORY, "classify: no memory"); }

static rondo_status make_labels(rondo__classify *c, const char *path, rondo_error *err) {
    const rondo__labelled *items = &c->train.items;
    const char **name = rondo__calloc((size_t)items->count, sizeof *name);
    rondo_status status = RONDO_OK;
    if (!name)
        return no_memory(err);
    for (int64_t i = 0; i < items->count && !status; i++) {
        name[i] = items->item[i].label;
        if (!*name[i])
            status = rondo__fail(err, RONDO_FORMAT,
                                 "%s: the example has no label (give data.pattern with {label}, or a "
                                 ".tsv list)",
                                 items->item[i].place);
    }
    if (!status)
        status = rondo__label_names_make(&c->labels, items->count, name, err);
    rondo__free(name);
    if (!status && c->labels.count < 2)
        status =
            rondo__fail(err, RONDO_FORMAT, "%s: all examples have the label '%.100s' (two different ones are needed)",
                        path, c->labels.name[0]);
    return status;
}

/* A label that training did not have could never be right: that is told, not counted. */
static rondo_status find_labels(const rondo__classify *c, rondo__classify_part *part, rondo_error *err) {
    part->label = rondo__calloc((size_t)part->count, sizeof *part->label);
    if (!part->label)
        return no_memory(err);
    for (int64_t i = 0; i < part->count; i++) {
        const rondo__labelled_item *item = &part->items.item[i];
        part->label[i] = rondo__label_names_find(&c->labels, item->label);
        if (part->label[i] < 0)
            return rondo__fail(err, RONDO_FORMAT,
                               "%.250s: the label '%.80s' was never seen in training (%lld are known, from '%.40s' to "
                               "'%.40s'; leave the example out, or train with it)",
                               item->place, item->label, (long long)c->C, c->labels.name[0],
                               c->labels.name[c->labels.count - 1]);
    }
    return RONDO_OK;
}

/* The weights of rare labels make up for their number: examples / (labels · examples of the label). */
static rondo_status weigh(rondo__classify *c, rondo_error *err) {
    if (!c->base.recipe.data.class_weights)
        return RONDO_OK;
    c->class_weights = rondo__calloc((size_t)c->C, sizeof *c->class_weights);
    if (!c->class_weights)
        return no_memory(err);
    for (int64_t i = 0; i < c->train.count; i++)
        c->class_weights[c->train.label[i]] += 1;
    for (int64_t k = 0; k < c->C; k++) { /* 0: all of its examples went to validation */
        if (c->class_weights[k] > 0)
            c->class_weights[k] = (real)((double)c->train.count / ((double)c->C * (double)c->class_weights[k]));
    }
    return RONDO_OK;
}

/* ---- texts ---- */

static rondo_status lines_of(const rondo__labelled *items, rondo__lines *out, rondo_error *err) {
    rondo__text text = {0};
    for (int64_t i = 0; i < items->count; i++) {
        const char *line = items->item[i].text;
        rondo__text_add(&text, line, strlen(line));
        rondo__text_add(&text, "\n", 1);
    }
    if (text.failed) {
        rondo__text_free(&text);
        return no_memory(err);
    }
    return rondo__lines_take(out, "classify", &text, err);
}

static rondo_status encode(rondo__classify *c, rondo__classify_part *part, rondo_error *err) {
    rondo__lines lines = {0};
    rondo_status status = lines_of(&part->items, &lines, err);
    if (!status)
        status = rondo__id_lines_encode(&part->ids, c->tokenizer, &lines, err);
    rondo__lines_free(&lines);
    return status;
}

static rondo_status make_tokenizer(rondo__classify *c, const char *path, rondo_error *err) {
    char model[RONDO__PATH];
    rondo__tokenizer_config config;
    rondo__lines lines = {0};
    rondo_status status =
        rondo__vocabulary_config(&c->base.recipe, &c->base.recipe.data.tokenizer, model, &config, err);
    if (!status)
        status = lines_of(&c->train.items, &lines, err);
    if (!status)
        status = rondo__tokenizer_build_lines(&c->tokenizer, &config, &lines, NULL, path, err);
    rondo__lines_free(&lines);
    return status;
}

/* ---- parts ---- */

rondo_status rondo__classify_set_lengths(rondo__classify_part *part, rondo_error *err) {
    if (part->frames.count > 0) {
        part->length = rondo__listening_lengths(&part->frames);
        return part->length ? RONDO_OK : no_memory(err);
    }
    part->length = rondo__calloc((size_t)part->count, sizeof *part->length);
    for (int64_t i = 0; part->length && i < part->count; i++)
        part->length[i] = rondo__id_lines_length(&part->ids, i);
    return part->length ? RONDO_OK : no_memory(err);
}

static rondo_status read_series(const rondo__classify *c, rondo__classify_part *part, char ***names, rondo_error *err) {
    const rondo__names *columns = &c->base.recipe.data.columns;
    const char *list[RONDO__LIST + 1] = {NULL};
    for (int i = 0; i < RONDO__LIST && (*columns)[i][0]; i++)
        list[i] = (*columns)[i];
    return rondo__frames_read_series(&part->frames, &part->items, list, names, err);
}

rondo_status rondo__classify_prepare(rondo__classify *c, rondo__classify_part *part, rondo_error *err) {
    rondo_status status;
    part->count = part->items.count;
    if (c->input == RONDO__INPUT_TEXT)
        status = encode(c, part, err);
    else if (c->input == RONDO__INPUT_AUDIO)
        status = rondo__listening_read(&c->listening, &part->items, &part->frames, err);
    else {
        status = read_series(c, part, NULL, err);
        if (!status)
            status = rondo__listening_series(&c->listening, &part->frames, err);
    }
    return status ? status : rondo__classify_set_lengths(part, err);
}

/* The columns that were found stand in the recipe from now on, and so in the model. */
static rondo_status keep_columns(rondo__classify *c, char **names, rondo_error *err) {
    rondo__names *columns = &c->base.recipe.data.columns;
    for (int i = 0; names[i]; i++) {
        if (i == RONDO__LIST || strlen(names[i]) >= RONDO__NAME)
            return rondo__fail(
                err, RONDO_FORMAT,
                "%.200s: column '%.80s': more than %d columns, or a name of %d bytes (name the columns in "
                "data.columns)",
                c->train.items.item[0].text, names[i], RONDO__LIST, RONDO__NAME);
        memset((*columns)[i], 0, RONDO__NAME);
        memcpy((*columns)[i], names[i], strlen(names[i]));
    }
    return RONDO_OK;
}

static rondo_status begin_series(rondo__classify *c, rondo_error *err) {
    char **names = NULL;
    rondo_status status = read_series(c, &c->train, &names, err);
    if (!status)
        status = keep_columns(c, names, err);
    rondo__frames_names_free(&names);
    return status
               ? status
               : rondo__listening_begin_series(&c->listening, c->base.context, &c->base.recipe, &c->train.frames, err);
}

/* The training part gives what the others are read by: tokenizer, moments, columns. */
static rondo_status begin_train(rondo__classify *c, const char *path, rondo_error *err) {
    rondo_status status;
    c->train.count = c->train.items.count;
    if (c->input == RONDO__INPUT_TEXT) {
        status = make_tokenizer(c, path, err);
        if (!status)
            status = encode(c, &c->train, err);
    } else if (c->input == RONDO__INPUT_AUDIO)
        status = rondo__listening_begin(&c->listening, c->base.context, &c->base.recipe, &c->train.items,
                                        &c->train.frames, err);
    else
        status = begin_series(c, err);
    return status ? status : rondo__classify_set_lengths(&c->train, err);
}

rondo_status rondo__classify_read(rondo__classify *c, rondo_error *err) {
    const rondo__recipe *recipe = &c->base.recipe;
    const char *path = recipe->data.train;
    rondo_status status = rondo__listening_lists(recipe, c->input == RONDO__INPUT_TEXT, rondo__classify_endings(c),
                                                 &c->train.items, &c->valid.items, err);
    if (!status)
        status = make_labels(c, path, err);
    c->C = c->labels.count;
    c->valid.count = c->valid.items.count;
    c->train.count = c->train.items.count;
    if (!status)
        status = find_labels(c, &c->train, err);
    if (!status)
        status = find_labels(c, &c->valid, err);
    if (!status)
        status = begin_train(c, path, err);
    if (!status)
        status = rondo__classify_prepare(c, &c->valid, err);
    if (!status)
        status = weigh(c, err);
    return status ? status
                  : rondo__frame_batches_make(&c->batches, c->train.count, c->train.length, recipe->train.batch_size,
                                              true, recipe->train.seed, err);
}

rondo_status rondo__classify_open(rondo__classify *c, const char *path, rondo__classify_part *out, rondo_error *err) {
    *out = (rondo__classify_part){0};
    rondo_status status = rondo__listening_list(&c->base.recipe, path, c->base.where, c->input == RONDO__INPUT_TEXT,
                                                rondo__classify_endings(c), &out->items, err);
    out->count = out->items.count;
    if (!status)
        status = find_labels(c, out, err);
    if (!status)
        status = rondo__classify_prepare(c, out, err);
    if (status)
        rondo__classify_part_free(out);
    return status;
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

static rondo_status fill_ids(rondo__classify_room *r, const rondo__classify_part *part, const int64_t *example,
                             rondo_error *err) {
    size_t count;
    r->T = 1;
    for (int64_t b = 0; b < r->B; b++) {
        const int64_t length = rondo__id_lines_length(&part->ids, example[b]);
        r->T = length > r->T ? length : r->T;
    }
    if (r->T > INT32_MAX || !rondo__size_mul((size_t)r->T, (size_t)r->B, &count) ||
        !make_room(&r->ids, &r->ids_room, count) || !make_room(&r->lengths, &r->lengths_room, (size_t)r->B))
        return no_memory(err);
    for (int64_t b = 0; b < r->B; b++) {
        const int32_t *ids = part->ids.ids + part->ids.start[example[b]];
        r->lengths[b] = (int32_t)rondo__id_lines_length(&part->ids, example[b]);
        for (int64_t t = 0; t < r->T; t++)
            r->ids[t * r->B + b] = t < r->lengths[b] ? ids[t] : -1;
    }
    return RONDO_OK;
}

static rondo_status begin_fill(rondo__classify *c, rondo__classify_room *r, const rondo__classify_part *part,
                               const rondo__listening_order *order, rondo__work *work, rondo_error *err) {
    rondo_status status;
    *work = (rondo__work){0};
    r->B = order->count;
    if (!make_room(&r->targets, &r->targets_room, (size_t)r->B))
        return no_memory(err);
    for (int64_t b = 0; b < r->B; b++)
        r->targets[b] = part->label ? part->label[order->example[b]] : -1;
    if (c->input == RONDO__INPUT_TEXT)
        return fill_ids(r, part, order->example, err);
    status = rondo__listening_begin_fill(&r->frames, order, work, err);
    r->T = r->frames.T;
    return status;
}

rondo_status rondo__classify_fill(rondo__classify *c, const rondo__classify_part *part, int64_t count,
                                  const int64_t *example, rondo_error *err) {
    rondo__classify_room *r = &c->room[c->base.slot];
    const rondo__listening_order order = {
        .listening = &c->listening, .set = &part->frames, .count = count, .example = example};
    rondo__work work;
    rondo_status status = begin_fill(c, r, part, &order, &work, err);
    if (!status)
        rondo__pool_run(c->base.context->pool, work.n, work.task, work.arg);
    return status;
}

rondo_status rondo__classify_prepare_batch(rondo__task_object *task, int slot, int64_t epoch, int64_t batch,
                                           rondo__work *work, rondo_error *err) {
    rondo__classify *c = (rondo__classify *)task;
    rondo__listening_order order = {.listening = &c->listening,
                                    .set = &c->train.frames,
                                    .training = true,
                                    .seed = task->recipe.train.seed,
                                    .epoch = epoch};
    order.count = rondo__frame_batches_get(&c->batches, epoch, batch, &order.example);
    return begin_fill(c, &c->room[slot], &c->train, &order, work, err);
}

void rondo__classify_room_free(rondo__classify_room *room) {
    rondo__listening_batch_free(&room->frames);
    rondo__free(room->ids);
    rondo__free(room->lengths);
    rondo__free(room->targets);
    *room = (rondo__classify_room){0};
}

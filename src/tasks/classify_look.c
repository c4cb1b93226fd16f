/* A classifier's passages: its examples. */
#include <string.h>

#include "tasks/classify.h"
#include "tasks/look.h"

typedef struct reading {
    int parts;
    rondo__classify_part *part;
    int64_t *passages;
} reading;

/* The recipe's own examples for validation. */
static rondo_status read_valid(rondo__classify *c, rondo__classify_part *out, rondo_error *err) {
    rondo_status status = rondo__listening_valid(&c->base.recipe, c->input == RONDO__INPUT_TEXT,
                                                 rondo__classify_endings(c), &out->items, err);
    out->count = out->items.count;
    out->label = status ? NULL : rondo__calloc((size_t)out->count, sizeof *out->label);
    if (!status && !out->label)
        status = rondo__look_no_memory(err);
    for (int64_t i = 0; !status && i < out->count; i++)
        out->label[i] = rondo__label_names_find(&c->labels, out->items.item[i].label);
    return status ? status : rondo__classify_prepare(c, out, err);
}

static rondo_status read_text(rondo__classify *c, const char *text, rondo__classify_part *out, rondo_error *err) {
    if (c->input != RONDO__INPUT_TEXT)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: this model reads no text (give files)");
    if (strchr(text, '\n') || !*text)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: --text is %s (give one line of text)",
                           *text ? "more than a line" : "empty");
    out->items.item = rondo__calloc(1, sizeof *out->items.item);
    out->label = rondo__calloc(1, sizeof *out->label);
    if (!out->items.item || !out->label)
        return rondo__look_no_memory(err);
    out->items.count = 1;
    rondo__labelled_item *item = out->items.item;
    *item = (rondo__labelled_item){rondo__strdup("--text"), rondo__strdup(text), rondo__strdup(""), rondo__strdup("")};
    out->label[0] = -1;
    return item->place && item->text && item->label && item->speaker ? rondo__classify_prepare(c, out, err)
                                                                     : rondo__look_no_memory(err);
}

static rondo_status look_open(rondo__look *look, const rondo__look_data *data, rondo_error *err) {
    rondo__classify *c = (rondo__classify *)look->task;
    reading *r = look->reading = rondo__calloc(1, sizeof *r);
    if (!r)
        return rondo__look_no_memory(err);
    r->parts = data->files ? data->files : 1;
    r->part = rondo__calloc((size_t)r->parts, sizeof *r->part);
    r->passages = rondo__calloc((size_t)r->parts, sizeof *r->passages);
    rondo_status status = r->part && r->passages ? RONDO_OK : rondo__look_no_memory(err);
    for (int i = 0; i < r->parts && !status; i++) {
        status = data->text    ? read_text(c, data->text, &r->part[i], err)
                 : data->files ? rondo__classify_open(c, data->file[i], &r->part[i], err)
                               : read_valid(c, &r->part[i], err);
        r->passages[i] = r->part[i].count;
        look->passages += r->passages[i];
    }
    return status;
}

static void look_close(rondo__look *look) {
    reading *r = look->reading;
    for (int i = 0; r->part && i < r->parts; i++)
        rondo__classify_part_free(&r->part[i]);
    rondo__free(r->part);
    rondo__free(r->passages);
    rondo__free(r);
}

/* The columns of a table, as they enter the network. */
static bool axis_of_rows(rondo__look_axis *axis, rondo__passage *out, const rondo__classify *c,
                         const rondo__classify_part *part, int64_t example, int64_t T) {
    const int64_t width = part->frames.width, stack = c->listening.stack, length = part->frames.length[example];
    bool fine = rondo__axis_numbers(axis, out, T);
    for (int64_t k = 0; fine && k < width && k < RONDO__LOOK_FEATURES; k++) {
        double *value = rondo__axis_feature(axis, out, c->base.recipe.data.columns[k]);
        fine = value != NULL;
        for (int64_t t = 0; fine && t < T; t++) {
            const int64_t row = (t + 1) * stack <= length ? (t + 1) * stack - 1 : length - 1;
            value[t] = (double)part->frames.frame[example][row * width + k];
        }
    }
    return fine;
}

static bool axis_of(rondo__look_axis *axis, rondo__passage *out, const rondo__classify *c,
                    const rondo__classify_part *part, int64_t example) {
    const rondo__classify_room *room = &c->room[c->base.slot];
    if (c->tokenizer)
        return rondo__axis_symbols(axis, out, c->tokenizer, room->lengths[0], room->ids);
    const int64_t T = room->frames.lengths[0];
    return part->frames.sound ? rondo__axis_heard(axis, out, &c->listening, &part->frames, example, T)
                              : axis_of_rows(axis, out, c, part, example, T);
}

/* A text is its own title; a file's is its name. */
static const char *title_of(const rondo__classify *c, const rondo__labelled_item *item) {
    const char *slash = c->tokenizer ? NULL : strrchr(item->text, '/');
    return slash ? slash + 1 : item->text;
}

static rondo_status look_lay(rondo__look *look, int64_t index, rondo__passage *out, rondo_error *err) {
    rondo__classify *c = (rondo__classify *)look->task;
    reading *r = look->reading;
    const rondo__classify_part *part = &r->part[rondo__look_part(r->parts, r->passages, &index)];
    const rondo__labelled_item *item = &part->items.item[index];
    rondo_status status = rondo__classify_fill(c, part, 1, &index, err);
    if (status)
        return status;
    rondo__look_stack *stack = rondo__look_add_stack(out, "stack", c->net);
    out->title = rondo__look_text(out, "%s", title_of(c, item));
    out->answer = *item->label ? rondo__look_text(out, "%s", item->label) : NULL;
    out->counted = part->label[index] >= 0;
    return out->title && axis_of(&stack->axis, out, c, part, index) && rondo__look_losses(out, 1, NULL)
               ? RONDO_OK
               : rondo__look_no_memory(err);
}

static rondo_var *look_run(rondo__look *look, int64_t only, real *loss) {
    rondo__classify *c = (rondo__classify *)look->task;
    const rondo_cross_entropy_options options = {.divide_by = 1, .row_losses = loss};
    (void)only;
    return rondo_cross_entropy(look->tape, rondo__classify_logits(c, look->tape), c->room[c->base.slot].targets,
                               &options);
}

const rondo__look_class rondo__classify_look = {look_open, look_close, look_lay, look_run};

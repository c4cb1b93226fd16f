/* Checks of several keys together. Each names the place of the key to blame: the first of the keys concerned that was
 * set. */
#include <stdio.h>
#include <string.h>

#include "train/recipe_schema.h"

typedef struct check {
    rondo__recipe *recipe;
    const rondo__recipe_origin *origin;
    rondo_error *err;
} check;

typedef struct spot {
    char text[256];
} spot;

/* Place of the row path, or of other (may be NULL) when the first was not set, or line 1. */
static spot place_of(const check *c, const char *path, const char *other) {
    const int row = rondo__field_find(path), second = other ? rondo__field_find(other) : -1;
    int line = row >= 0 ? c->origin->line[row] : 0;
    spot place;
    if (line == 0 && second >= 0)
        line = c->origin->line[second];
    if (line < 0) {
        const char *set = c->origin->set[-1 - line];
        snprintf(place.text, sizeof place.text, "--set %.*s", (int)(strcspn(set, "=") % 200), set);
    } else {
        snprintf(place.text, sizeof place.text, "%.200s:%d", c->origin->label, line ? line : 1);
    }
    return place;
}

static rondo_status refuse(const check *c, const char *path, const char *other, const char *why) {
    return rondo__fail(c->err, RONDO_FORMAT, "%s: %s", place_of(c, path, other).text, why);
}

static rondo_status check_required(const check *c) {
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const rondo__field *field = &rondo__recipe_fields[i];
        const bool empty = field->type == RONDO__TEXT && *(const char *)rondo__field_of(field, c->recipe) == '\0';
        if (field->required && (c->origin->line[i] == 0 || empty))
            return rondo__fail(c->err, RONDO_FORMAT, "%s: %s is missing (every recipe must give it)",
                               place_of(c, field->path, NULL).text, field->path);
    }
    return RONDO_OK;
}

/* Keys that belong to another cell, optimiser, ... than the one chosen. */
static rondo_status check_only(const check *c) {
    rondo__recipe defaults;
    rondo__recipe_defaults(&defaults);
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const rondo__field *field = &rondo__recipe_fields[i], *choice;
        rondo__text names = {0};
        rondo_status status;
        int chosen;
        if (!field->only || rondo__field_equal(field, c->recipe, &defaults))
            continue;
        choice = &rondo__recipe_fields[rondo__field_find(field->only)];
        chosen = *(const int *)rondo__field_of(choice, c->recipe);
        if (field->only_values >> chosen & 1)
            continue;
        for (int k = 0; choice->names[k]; k++) {
            if (field->only_values >> k & 1)
                rondo__text_format(&names, "%s%s", names.size ? " or " : "", choice->names[k]);
        }
        status = rondo__fail(c->err, RONDO_FORMAT, "%s: %s is only for %s %s (here it is %s)",
                             place_of(c, field->path, field->only).text, field->path, choice->path,
                             names.data && !names.failed ? names.data : "others", choice->names[chosen]);
        rondo__text_free(&names);
        return status;
    }
    return RONDO_OK;
}

/* Runs first: a recipe of a task that is not built in is refused for that, whatever else it holds. */
static rondo_status check_task(const check *c) {
    const rondo__field *task = &rondo__recipe_fields[rondo__field_find("task")];
    if (c->recipe->task != RONDO__LANGUAGE_MODEL)
        return rondo__fail(c->err, RONDO_UNSUPPORTED, "%s: task '%s' is not in this build",
                           place_of(c, "task", NULL).text, task->names[c->recipe->task]);
    if (c->recipe->model.bidirectional)
        return refuse(c, "model.bidirectional", NULL,
                      "a language model cannot be bidirectional (it would see the future that it predicts)");
    if (c->recipe->data.tokenizer.type == RONDO__NO_TOKENIZER)
        return refuse(c, "data.tokenizer.type", NULL,
                      "a language model needs a tokenizer (char, word or sentencepiece)");
    return RONDO_OK;
}

static rondo_status check_layers(const check *c) {
    rondo__recipe_model *model = &c->recipe->model;
    int64_t count = 0;
    while (count < RONDO_MAX_LAYERS && model->hidden_sizes[count] != 0)
        count++;
    if (count == 0)
        return RONDO_OK;
    if (c->origin->line[rondo__field_find("model.layers")] == 0)
        model->layers = count;
    if (model->layers != count)
        return rondo__fail(c->err, RONDO_FORMAT, "%s: model.layers is %lld but model.hidden_size lists %lld sizes",
                           place_of(c, "model.layers", "model.hidden_size").text, (long long)model->layers,
                           (long long)count);
    return RONDO_OK;
}

static rondo_status check_widths(const check *c) {
    const rondo__recipe_model *model = &c->recipe->model;
    const int64_t last = model->hidden_sizes[0] ? model->hidden_sizes[model->layers - 1] : model->hidden_size;
    const int64_t width = model->projection_size ? model->projection_size : last;
    for (int64_t i = 0; i < model->layers; i++) {
        const int64_t hidden = model->hidden_sizes[i] ? model->hidden_sizes[i] : model->hidden_size;
        if (model->projection_size >= hidden)
            return refuse(c, "model.projection_size", "model.hidden_size",
                          "model.projection_size must be smaller than model.hidden_size");
    }
    if (!model->tie_weights)
        return RONDO_OK;
    if (model->cell == RONDO_JORDAN)
        return refuse(c, "model.tie_weights", "model.cell",
                      "model.tie_weights does not go with a Jordan network (its output layer is part of the cell)");
    if (model->output != 0)
        return refuse(c, "model.tie_weights", "model.output", "model.tie_weights needs model.output softmax");
    if (width != model->embedding_size)
        return rondo__fail(
            c->err, RONDO_FORMAT,
            "%s: model.tie_weights needs equal widths (embedding_size is %lld, the output's width is %lld)",
            place_of(c, "model.tie_weights", NULL).text, (long long)model->embedding_size, (long long)width);
    return RONDO_OK;
}

static rondo_status check_output(const check *c) {
    const int64_t *cutoffs = c->recipe->model.cutoffs;
    if (c->recipe->model.output == 0)
        return RONDO_OK;
    if (c->recipe->model.cell == RONDO_JORDAN)
        return refuse(c, "model.output", "model.cell",
                      "model.output adaptive_softmax does not go with a Jordan network (its output is fed back)");
    if (cutoffs[0] == 0)
        return refuse(c, "model.output", NULL,
                      "model.output adaptive_softmax needs model.cutoffs, such as [2000, 10000]");
    for (int i = 1; i < 8 && cutoffs[i] != 0; i++) {
        if (cutoffs[i] <= cutoffs[i - 1])
            return refuse(c, "model.cutoffs", NULL, "model.cutoffs must rise");
    }
    if (c->recipe->train.label_smoothing > 0)
        return refuse(c, "train.label_smoothing", "model.output",
                      "train.label_smoothing does not go with model.output adaptive_softmax");
    return RONDO_OK;
}

static rondo_status check_train(const check *c) {
    if (c->recipe->train.optimizer.nesterov && c->recipe->train.optimizer.momentum <= 0)
        return refuse(c, "train.optimizer.nesterov", NULL,
                      "train.optimizer.nesterov needs a train.optimizer.momentum above 0");
    if (c->recipe->train.metric[0] == '\0')
        return refuse(c, "train.metric", NULL, "train.metric is empty (valid_loss is the default)");
    return RONDO_OK;
}

rondo_status rondo__recipe_check(rondo__recipe *recipe, const rondo__recipe_origin *origin, rondo_error *err) {
    static rondo_status (*const checks[])(const check *) = {check_task,   check_required, check_only, check_layers,
                                                            check_widths, check_output,   check_train};
    const check c = {recipe, origin, err};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        rondo_status status = checks[i](&c);
        if (status != RONDO_OK)
            return status;
    }
    return RONDO_OK;
}

rondo_status rondo__recipe_check_files(const rondo__recipe *recipe, const rondo__recipe_origin *origin,
                                       rondo_error *err) {
    const check c = {(rondo__recipe *)(uintptr_t)recipe, origin, err};
    char found[RONDO__PATH];
    rondo_error missing;
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const rondo__field *field = &rondo__recipe_fields[i];
        const char *name = rondo__field_of(field, recipe);
        rondo_status status;
        if (!field->file || *name == '\0')
            continue;
        status = rondo__recipe_find(recipe, name, found, &missing);
        if (status != RONDO_OK)
            return rondo__fail(err, status, "%s: %s", place_of(&c, field->path, NULL).text, missing.message);
    }
    return RONDO_OK;
}

/* Checks of several keys together. Each names the place of the key to blame: the first of the keys concerned that was
 * set. */
#include <stdio.h>
#include <string.h>

#include "train/recipe_check.h"

rondo__recipe_spot rondo__recipe_place(const rondo__recipe_checking *c, const char *path, const char *other) {
    const int row = rondo__field_find(path), second = other ? rondo__field_find(other) : -1;
    int line = row >= 0 ? c->origin->line[row] : 0;
    rondo__recipe_spot place;
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

rondo_status rondo__recipe_refuse(const rondo__recipe_checking *c, const char *path, const char *other,
                                  const char *why) {
    return rondo__fail(c->err, RONDO_FORMAT, "%s: %s", rondo__recipe_place(c, path, other).text, why);
}

bool rondo__recipe_given(const rondo__recipe_checking *c, const char *path) {
    return c->origin->line[rondo__field_find(path)] != 0;
}

/* Keys of another task. A key of the language model's stack is most likely meant for the encoder or the decoder. */
static rondo_status check_tasks(const rondo__recipe_checking *c) {
    const rondo__field *task = &rondo__recipe_fields[rondo__field_find("task")];
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const rondo__field *field = &rondo__recipe_fields[i];
        if (c->origin->line[i] == 0 || rondo__field_in_task(field, c->recipe->task))
            continue;
        char near[RONDO__NAME * 2], mend[RONDO__NAME * 4] = "leave it out";
        const char *key = strrchr(field->path, '.');
        int owner = 0;
        while (!rondo__field_in_task(field, owner))
            owner++;
        snprintf(near, sizeof near, "model.encoder%.60s", key ? key : "");
        if (c->recipe->task == RONDO__TRANSLATE && rondo__field_find(near) >= 0)
            snprintf(mend, sizeof mend, "did you mean %s or model.decoder%s?", near, key);
        return rondo__fail(c->err, RONDO_FORMAT, "%s: %s is a key of task %s, this recipe is for %s (%s)",
                           rondo__recipe_place(c, field->path, NULL).text, field->path, task->names[owner],
                           task->names[c->recipe->task], mend);
    }
    return RONDO_OK;
}

/* Defaults that hang on other keys; before the checks, which see the whole. */
static rondo_status resolve(const rondo__recipe_checking *c) {
    if (c->recipe->task == RONDO__TRANSLATE)
        rondo__recipe_resolve_translate(c);
    if (c->recipe->task == RONDO__FORECAST)
        rondo__recipe_resolve_forecast(c);
    return RONDO_OK;
}

static rondo_status check_required(const rondo__recipe_checking *c) {
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const rondo__field *field = &rondo__recipe_fields[i];
        const bool empty = field->type == RONDO__TEXT && *(const char *)rondo__field_of(field, c->recipe) == '\0';
        if (field->required >> c->recipe->task & 1 && (c->origin->line[i] == 0 || empty))
            return rondo__fail(c->err, RONDO_FORMAT, "%s: %s is missing (every recipe must give it)",
                               rondo__recipe_place(c, field->path, NULL).text, field->path);
    }
    return RONDO_OK;
}

/* Keys that belong to another cell, optimiser, ... than the one chosen. */
static rondo_status check_only(const rondo__recipe_checking *c) {
    rondo__recipe defaults;
    rondo__recipe_defaults(&defaults);
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const rondo__field *field = &rondo__recipe_fields[i], *choice;
        rondo__text names = {0};
        rondo_status status;
        int chosen;
        if (!field->only || !rondo__field_in_task(field, c->recipe->task) ||
            rondo__field_equal(field, c->recipe, &defaults))
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
                             rondo__recipe_place(c, field->path, field->only).text, field->path, choice->path,
                             names.data && !names.failed ? names.data : "others", choice->names[chosen]);
        rondo__text_free(&names);
        return status;
    }
    return RONDO_OK;
}

/* A list of sizes says how many layers there are. */
static rondo_status check_layers(const rondo__recipe_checking *c, const char *section, const int64_t *sizes,
                                 int64_t *layers) {
    char path[RONDO__NAME * 2], list[RONDO__NAME * 2];
    int64_t count = 0;
    while (count < RONDO_MAX_LAYERS && sizes[count] != 0)
        count++;
    if (count == 0)
        return RONDO_OK;
    snprintf(path, sizeof path, "%s.layers", section);
    snprintf(list, sizeof list, "%s.hidden_size", section);
    if (!rondo__recipe_given(c, path))
        *layers = count;
    if (*layers != count)
        return rondo__fail(c->err, RONDO_FORMAT, "%s: %s is %lld but %s lists %lld sizes",
                           rondo__recipe_place(c, path, list).text, path, (long long)*layers, list, (long long)count);
    return RONDO_OK;
}

rondo_status rondo__recipe_check_stack(const rondo__recipe_checking *c, const char *section, int64_t hidden_size,
                                       const int64_t *sizes, int64_t *layers, int64_t projection_size) {
    char path[RONDO__NAME * 2], hidden[RONDO__NAME * 2];
    rondo_status status = check_layers(c, section, sizes, layers);
    snprintf(path, sizeof path, "%s.projection_size", section);
    snprintf(hidden, sizeof hidden, "%s.hidden_size", section);
    for (int64_t i = 0; i < *layers && !status; i++) {
        if (projection_size >= (sizes[i] ? sizes[i] : hidden_size))
            status = rondo__fail(c->err, RONDO_FORMAT, "%s: %s must be smaller than %s",
                                 rondo__recipe_place(c, path, hidden).text, path, hidden);
    }
    return status;
}

/* Which numbers are better when they are larger; a recipe that does not say gets what the metric needs. */
static rondo_status check_metric(const rondo__recipe_checking *c) {
    static const char *const rising[] = {"accuracy", "bleu", "chrf", "macro_f1", "span_f1", "roc_auc", "coverage"};
    rondo__recipe_train *train = &c->recipe->train;
    if (train->metric[0] == '\0')
        return rondo__recipe_refuse(c, "train.metric", NULL, "train.metric is empty (valid_loss is the default)");
    for (size_t i = 0; i < sizeof rising / sizeof rising[0]; i++) {
        if (strcmp(train->metric, rising[i]) == 0 && !rondo__recipe_given(c, "train.metric_rises"))
            train->metric_rises = true;
    }
    return RONDO_OK;
}

static rondo_status check_train(const rondo__recipe_checking *c) {
    if (c->recipe->train.optimizer.nesterov && c->recipe->train.optimizer.momentum <= 0)
        return rondo__recipe_refuse(c, "train.optimizer.nesterov", NULL,
                                    "train.optimizer.nesterov needs a train.optimizer.momentum above 0");
    return check_metric(c);
}

rondo_status rondo__recipe_check_model(const rondo__recipe_checking *c) {
    rondo__recipe_model *m = &c->recipe->model;
    return rondo__recipe_check_stack(c, "model", m->hidden_size, m->hidden_sizes, &m->layers, m->projection_size);
}

static rondo_status check_of_task(const rondo__recipe_checking *c) {
    switch ((rondo__task_kind)c->recipe->task) {
    case RONDO__LANGUAGE_MODEL:
        return rondo__recipe_check_language_model(c);
    case RONDO__TRANSLATE:
        return rondo__recipe_check_translate(c);
    case RONDO__CLASSIFY:
        return rondo__recipe_check_classify(c);
    case RONDO__TAG:
        return rondo__recipe_check_tag(c);
    case RONDO__FORECAST:
        return rondo__recipe_check_forecast(c);
    case RONDO__TRANSCRIBE:
        return rondo__recipe_check_transcribe(c);
    case RONDO__NETWORK:
        return rondo__recipe_check_model(c);
    }
    return RONDO_OK;
}

rondo_status rondo__recipe_check(rondo__recipe *recipe, const rondo__recipe_origin *origin, rondo_error *err) {
    static rondo_status (*const checks[])(const rondo__recipe_checking *) = {
        check_tasks, check_required, resolve, check_only, check_train, check_of_task};
    const rondo__recipe_checking c = {recipe, origin, err};
    rondo_status status = RONDO_OK;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0] && !status; i++)
        status = checks[i](&c);
    return status;
}

rondo_status rondo__recipe_check_files(const rondo__recipe *recipe, const rondo__recipe_origin *origin,
                                       rondo_error *err) {
    const rondo__recipe_checking c = {(rondo__recipe *)(uintptr_t)recipe, origin, err};
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
            return rondo__fail(err, status, "%s: %s", rondo__recipe_place(&c, field->path, NULL).text, missing.message);
    }
    return RONDO_OK;
}

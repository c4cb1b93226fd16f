/* The JSON in a model file's metadata, read as something that a stranger wrote. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "formats/json_text.h"
#include "formats/json_tree.h"
#include "train/metrics.h"
#include "train/model_file.h"

/* A part of the object as text of its own. */
static rondo_status part_text(const rondo__json *root, const char *key, char **out, const char *path,
                              rondo_error *err) {
    const rondo__json *part = rondo__json_get(root, key);
    if (!rondo__json_is_object(part))
        return rondo__fail(err, RONDO_FORMAT, "%s: metadata 'rondo' has no object '%s' (not a model file of Rondo)",
                           path, key);
    *out = rondo__alloc(part->raw_size + 1);
    if (*out) {
        memcpy(*out, part->raw, part->raw_size);
        (*out)[part->raw_size] = '\0';
    }
    return *out ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "%s: no memory for its metadata", path);
}

rondo_status rondo__model_meta_part(const char *json, const char *key, const char *path, char **out, rondo_error *err) {
    rondo__json_error where;
    rondo__json *root = rondo__json_parse(json, strlen(json), true, &where);
    *out = NULL;
    if (!root)
        return rondo__fail(err, where.memory ? RONDO_MEMORY : RONDO_FORMAT, "%s: metadata 'rondo': %.150s", path,
                           where.text);
    const rondo_status status = part_text(root, key, out, path, err);
    rondo__json_free(root);
    return status;
}

static rondo_status read_recipe(rondo__recipe *recipe, const rondo__json *root, const char *path, rondo_error *err) {
    char *text = NULL, label[RONDO__PATH];
    rondo_status status = part_text(root, "recipe", &text, path, err);
    snprintf(label, sizeof label, "%s: recipe", path);
    assert(status || text);
    if (!status)
        status = rondo__recipe_parse(recipe, label, text, strlen(text), 0, NULL, err);
    rondo__free(text);
    return status;
}

/* The task is written beside the recipe for readers that know no recipes; the two must agree. */
static rondo_status check_task(const rondo__json *root, const char *path, rondo_error *err) {
    const char *beside = rondo__json_as_text(rondo__json_get(root, "task"));
    const char *inside = rondo__json_as_text(rondo__json_get(rondo__json_get(root, "recipe"), "task"));
    if (beside && (!inside || strcmp(beside, inside) != 0))
        return rondo__fail(err, RONDO_FORMAT, "%s: metadata 'rondo' is of task '%s', its recipe of task '%s'", path,
                           rondo__show(beside).text, rondo__show(inside ? inside : "").text);
    return RONDO_OK;
}

static void read_metrics(rondo_metrics *metrics, rondo__json *object) {
    const char *key;
    rondo__json *value;
    RONDO__JSON_EACH(object, key, value) {
        if (rondo__json_is_number(value))
            rondo__metrics_set(metrics, key, rondo__json_as_number(value));
    }
}

static rondo_status read_root(rondo__model_meta *meta, rondo__json *root, const char *path, rondo_error *err) {
    const rondo__json *format = rondo__json_get(root, "format");
    if (!rondo__json_is_integer(format))
        return rondo__fail(err, RONDO_FORMAT, "%s: metadata 'rondo' is not the description of a model", path);
    if (rondo__json_as_whole(format) != RONDO__MODEL_FORMAT)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: format %lld of model files is unknown (a newer Rondo wrote it; this one reads %d)",
                           path, (long long)rondo__json_as_whole(format), RONDO__MODEL_FORMAT);
    rondo_status status = read_recipe(&meta->recipe, root, path, err);
    if (!status)
        status = check_task(root, path, err);
    if (!status)
        status = part_text(root, "vocabulary", &meta->vocabulary, path, err);
    if (!status)
        read_metrics(&meta->metrics, rondo__json_get(root, "metrics"));
    return status;
}

rondo_status rondo__model_meta_read(rondo__model_meta *meta, const rondo__safetensors *file, const char *path,
                                    rondo_error *err) {
    memset(meta, 0, sizeof *meta);
    const char *text = rondo__safetensors_metadata(file, "rondo");
    if (!text)
        return rondo__fail(
            err, RONDO_FORMAT,
            "%s: no metadata 'rondo': the weights are there, but not what model they belong to (a model file "
            "is written by rondo train)",
            path);
    rondo__json_error where;
    rondo__json *root = rondo__json_parse(text, strlen(text), true, &where);
    if (!root && where.memory)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for its metadata", path);
    if (!root)
        return rondo__fail(err, RONDO_FORMAT, "%s: metadata 'rondo', line %d, column %d: %.150s", path, where.line,
                           where.column, where.text);
    rondo_status status = read_root(meta, root, path, err);
    rondo__json_free(root);
    if (status)
        rondo__model_meta_free(meta);
    return status;
}

void rondo__model_meta_free(rondo__model_meta *meta) {
    rondo__free(meta->vocabulary);
    meta->vocabulary = NULL;
}

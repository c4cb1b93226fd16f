/* The JSON in a model file's metadata, read as something that a stranger wrote. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "formats/json_text.h"
#include "train/metrics.h"
#include "train/model_file.h"

#ifdef RONDO_HAVE_JANSSON
#include <jansson.h>

/* A part of the object as text of its own. */
static rondo_status part_text(const json_t *root, const char *key, char **out, const char *path, rondo_error *err) {
    const json_t *part = json_object_get(root, key);
    if (!json_is_object(part))
        return rondo__fail(err, RONDO_FORMAT, "%s: metadata 'rondo' has no object '%s' (not a model file of Rondo)",
                           path, key);
    const size_t size = json_dumpb(part, NULL, 0, JSON_COMPACT);
    *out = size ? rondo__alloc(size + 1) : NULL;
    if (*out)
        (*out)[json_dumpb(part, *out, size, JSON_COMPACT)] = '\0';
    return *out ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "%s: no memory for its metadata", path);
}

rondo_status rondo__model_meta_part(const char *json, const char *key, const char *path, char **out, rondo_error *err) {
    json_error_t where;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &where);
    *out = NULL;
    if (!root)
        return rondo__fail(err, RONDO_FORMAT, "%s: metadata 'rondo': %.150s", path, where.text);
    const rondo_status status = part_text(root, key, out, path, err);
    json_decref(root);
    return status;
}

static rondo_status read_recipe(rondo__recipe *recipe, const json_t *root, const char *path, rondo_error *err) {
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
static rondo_status check_task(const json_t *root, const char *path, rondo_error *err) {
    const char *beside = json_string_value(json_object_get(root, "task"));
    const char *inside = json_string_value(json_object_get(json_object_get(root, "recipe"), "task"));
    if (beside && (!inside || strcmp(beside, inside) != 0))
        return rondo__fail(err, RONDO_FORMAT, "%s: metadata 'rondo' is of task '%s', its recipe of task '%s'", path,
                           rondo__show(beside).text, rondo__show(inside ? inside : "").text);
    return RONDO_OK;
}

static void read_metrics(rondo_metrics *metrics, json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        if (json_is_number(value))
            rondo__metrics_set(metrics, key, json_number_value(value));
    }
}

static rondo_status read_root(rondo__model_meta *meta, json_t *root, const char *path, rondo_error *err) {
    const json_t *format = json_object_get(root, "format");
    if (!json_is_integer(format))
        return rondo__fail(err, RONDO_FORMAT, "%s: metadata 'rondo' is not the description of a model", path);
    if (json_integer_value(format) != RONDO__MODEL_FORMAT)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: format %lld of model files is unknown (a newer Rondo wrote it; this one reads %d)",
                           path, (long long)json_integer_value(format), RONDO__MODEL_FORMAT);
    rondo_status status = read_recipe(&meta->recipe, root, path, err);
    if (!status)
        status = check_task(root, path, err);
    if (!status)
        status = part_text(root, "vocabulary", &meta->vocabulary, path, err);
    if (!status)
        read_metrics(&meta->metrics, json_object_get(root, "metrics"));
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
    json_error_t where;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return rondo__fail(err, RONDO_FORMAT, "%s: metadata 'rondo', line %d, column %d: %.150s", path, where.line,
                           where.column, where.text);
    rondo_status status = read_root(meta, root, path, err);
    json_decref(root);
    if (status)
        rondo__model_meta_free(meta);
    return status;
}

#else

rondo_status rondo__model_meta_read(rondo__model_meta *meta, const rondo__safetensors *file, const char *path,
                                    rondo_error *err) {
    (void)file;
    memset(meta, 0, sizeof *meta);
    return rondo__fail(err, RONDO_UNSUPPORTED, "%s: this build cannot read JSON (build with jansson)", path);
}

rondo_status rondo__model_meta_part(const char *json, const char *key, const char *path, char **out, rondo_error *err) {
    (void)json, (void)key;
    *out = NULL;
    return rondo__fail(err, RONDO_UNSUPPORTED, "%s: this build cannot read JSON (build with jansson)", path);
}

#endif

void rondo__model_meta_free(rondo__model_meta *meta) {
    rondo__free(meta->vocabulary);
    meta->vocabulary = NULL;
}

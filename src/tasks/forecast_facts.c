/* What the training rows told, in the metadata of the model file under "vocabulary":
 *
 *   {"step": {"seconds": 3600, "months": 0, "day": 0}, "weekdays": false, "season": 24,
 *    "columns": [{"name": "OT", "center": ..., "scale": ..., "masked": false,
 *                 "level_center": ..., "level_scale": ..., "seasonal_error": ... or null}, ...],
 *    "categories": [["a shop", ...], ...]}
 *
 * The reader takes it for hostile: columns must be the recipe's, numbers finite, scales above 0. */
#include "tasks/forecast.h"

#include <math.h>
#include <string.h>

#include "formats/json_text.h"
#include "formats/json_tree.h"
#include "train/metrics.h"

void rondo__facts_free(rondo__forecast_facts *facts) {
    for (int c = 0; c < RONDO__LIST; c++)
        rondo__symbols_free(&facts->category[c]);
}

/* Name of column c: targets, covariates, future covariates. */
static const char *column_name(const rondo__forecast *f, int64_t c) {
    const rondo__recipe_series *r = &f->base.recipe.data.series;
    if (c < f->N)
        return r->targets[c];
    return c < f->N + f->covariates ? r->covariates[c - f->N] : r->future_covariates[c - f->N - f->covariates];
}

static void add_number(rondo__text *json, const char *key, double value) {
    rondo__text_format(json, ", \"%s\": ", key);
    rondo__json_real(json, value);
}

static void add_column(const rondo__forecast *f, int64_t c, rondo__text *json) {
    const rondo__forecast_facts *a = &f->facts;
    const char *name = column_name(f, c);
    rondo__text_format(json, "%s{\"name\": ", c ? ", " : "");
    rondo__json_string(json, name, strlen(name));
    rondo__text_format(json, ", \"masked\": %s", a->masked[c] ? "true" : "false");
    add_number(json, "center", a->center[c]);
    add_number(json, "scale", a->scale[c]);
    if (c < f->N) {
        add_number(json, "level_center", a->level_center[c]);
        add_number(json, "level_scale", a->level_scale[c]);
        add_number(json, "seasonal_error", a->seasonal_error[c]);
    }
    rondo__text_add(json, "}", 1);
}

rondo_status rondo__facts_json(const rondo__forecast *f, rondo__text *json) {
    const rondo__forecast_facts *a = &f->facts;
    rondo__text_format(json, "{\"step\": {\"seconds\": ");
    rondo__json_real(json, a->step.seconds);
    rondo__text_format(json, ", \"months\": %lld, \"day\": %lld}, \"weekdays\": %s, \"season\": %lld, \"columns\": [",
                       (long long)a->step.months, (long long)a->step.day, a->weekdays ? "true" : "false",
                       (long long)a->season);
    for (int64_t c = 0; c < f->columns; c++)
        add_column(f, c, json);
    rondo__text_format(json, "], \"categories\": [");
    for (int64_t c = 0; c < f->fixed_columns; c++) {
        rondo__text_format(json, "%s[", c ? ", " : "");
        for (int64_t i = 0; i < a->category[c].count; i++) {
            size_t size;
            const char *name = rondo__symbols_text(&a->category[c], i, &size);
            rondo__text_add(json, ", ", i ? 2 : 0);
            rondo__json_string(json, name, size);
        }
        rondo__text_add(json, "]", 1);
    }
    rondo__text_format(json, "]}");
    return json->failed ? RONDO_MEMORY : RONDO_OK;
}

#define MOST_SEASON 1000000

static rondo_status wrong(const char *path, const char *what, rondo_error *err) {
    return rondo__fail(err, RONDO_FORMAT, "%s: metadata 'rondo': vocabulary: %s", path, what);
}

/* A finite number within [least, most]. */
static bool number(const rondo__json *object, const char *key, double least, double most, double *out) {
    const rondo__json *value = rondo__json_get(object, key);
    *out = rondo__json_as_number(value);
    return rondo__json_is_number(value) && *out >= least && *out <= most;
}

static bool whole(const rondo__json *object, const char *key, int64_t least, int64_t most, int64_t *out) {
    const rondo__json *value = rondo__json_get(object, key);
    *out = rondo__json_as_whole(value);
    return rondo__json_is_integer(value) && *out >= least && *out <= most;
}

static bool parse_step(rondo__forecast_facts *a, const rondo__json *root) {
    const rondo__json *step = rondo__json_get(root, "step");
    a->weekdays = rondo__json_is_true(rondo__json_get(root, "weekdays"));
    return number(step, "seconds", 0, 1e12, &a->step.seconds) && whole(step, "months", 0, 12000, &a->step.months) &&
           whole(step, "day", 0, 31, &a->step.day) && whole(root, "season", 1, MOST_SEASON, &a->season) &&
           (!a->weekdays || a->step.seconds == 86400);
}

static bool parse_column(rondo__forecast *f, int64_t c, const rondo__json *column) {
    rondo__forecast_facts *a = &f->facts;
    const char *name = rondo__json_as_text(rondo__json_get(column, "name"));
    const rondo__json *error = rondo__json_get(column, "seasonal_error");
    a->masked[c] = rondo__json_is_true(rondo__json_get(column, "masked"));
    if (!name || strcmp(name, column_name(f, c)) != 0 || !number(column, "center", -1e300, 1e300, &a->center[c]) ||
        !number(column, "scale", 1e-300, 1e300, &a->scale[c]))
        return false;
    if (c >= f->N)
        return true;
    a->seasonal_error[c] = rondo__json_is_null(error) ? NAN : rondo__json_as_number(error);
    return number(column, "level_center", -1e300, 1e300, &a->level_center[c]) &&
           number(column, "level_scale", 1e-300, 1e300, &a->level_scale[c]) &&
           (rondo__json_is_null(error) || (rondo__json_is_number(error) && a->seasonal_error[c] >= 0));
}

static rondo_status parse_categories(rondo__forecast *f, const rondo__json *root, const char *path, rondo_error *err) {
    const rondo__json *lists = rondo__json_get(root, "categories");
    if (!rondo__json_is_array(lists) || rondo__json_size(lists) != (size_t)f->fixed_columns)
        return wrong(path, "'categories' is no list of the recipe's static columns", err);
    for (size_t c = 0; c < rondo__json_size(lists); c++) {
        const rondo__json *list = rondo__json_at(lists, c);
        const size_t count = rondo__json_size(list);
        if (!rondo__json_is_array(list) || count == 0 || count > INT32_MAX / 2)
            return wrong(path, "a static column has no categories", err);
        for (size_t i = 0; i < count; i++) {
            const rondo__json *name = rondo__json_at(list, i);
            if (!rondo__json_is_string(name))
                return wrong(path, "a category is no text", err);
            const int32_t id =
                rondo__symbols_add(&f->facts.category[c], rondo__json_as_text(name), rondo__json_text_size(name), 1);
            if (id < 0)
                return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the categories", path);
            if ((size_t)id != i)
                return wrong(path, "a category is there twice", err);
        }
    }
    return RONDO_OK;
}

static rondo_status parse(rondo__forecast *f, const rondo__json *root, const char *path, rondo_error *err) {
    const rondo__json *columns = rondo__json_get(root, "columns");
    if (!parse_step(&f->facts, root))
        return wrong(path, "'step' or 'season' is not what a forecast has", err);
    if (!rondo__json_is_array(columns) || rondo__json_size(columns) != (size_t)f->columns)
        return wrong(path, "'columns' are not the recipe's", err);
    for (int64_t c = 0; c < f->columns; c++) {
        if (!parse_column(f, c, rondo__json_at(columns, (size_t)c)))
            return rondo__fail(err, RONDO_FORMAT,
                               "%s: metadata 'rondo': vocabulary: column %lld is not '%s' with its center and scale",
                               path, (long long)c, rondo__show(column_name(f, c)).text);
    }
    return parse_categories(f, root, path, err);
}

rondo_status rondo__facts_parse(rondo__forecast *f, const char *json, const char *path, rondo_error *err) {
    rondo__json_error where;
    rondo__json *root = rondo__json_parse(json, strlen(json), true, &where);
    if (!root)
        return rondo__fail(err, where.memory ? RONDO_MEMORY : RONDO_FORMAT, "%s: metadata 'rondo': vocabulary: %.150s",
                           path, where.text);
    const rondo_status status = parse(f, root, path, err);
    rondo__json_free(root);
    return status;
}

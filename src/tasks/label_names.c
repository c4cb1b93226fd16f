#include "tasks/label_names.h"

#include <stdlib.h>
#include <string.h>

#include "formats/json_text.h"
#include "formats/json_tree.h"

void rondo__label_names_free(rondo__label_names *table) {
    for (int64_t i = 0; table->name && i < table->count; i++)
        rondo__free(table->name[i]);
    rondo__free(table->name);
    *table = (rondo__label_names){0};
}

static rondo_status no_memory(int64_t count, rondo_error *err) {
    return rondo__fail(err, RONDO_MEMORY, "labels: no memory for %lld of them", (long long)count);
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

rondo_status rondo__label_names_make(rondo__label_names *out, int64_t count, const char *const *name,
                                     rondo_error *err) {
    *out = (rondo__label_names){0};
    const char **sorted = rondo__calloc((size_t)count, sizeof *sorted);
    out->name = sorted ? rondo__calloc((size_t)count, sizeof *out->name) : NULL;
    if (!out->name) {
        rondo__free(sorted);
        return no_memory(count, err);
    }
    for (int64_t i = 0; i < count; i++)
        sorted[i] = name[i];
    qsort(sorted, (size_t)count, sizeof *sorted, by_name);
    bool whole = true;
    for (int64_t i = 0; i < count && whole; i++) {
        if (i > 0 && strcmp(sorted[i], sorted[i - 1]) == 0)
            continue;
        out->name[out->count] = rondo__strdup(sorted[i]);
        whole = out->name[out->count++] != NULL;
    }
    rondo__free(sorted);
    if (whole && out->count <= INT32_MAX)
        return RONDO_OK;
    rondo__label_names_free(out);
    return no_memory(count, err);
}

int32_t rondo__label_names_find(const rondo__label_names *table, const char *name) {
    int64_t low = 0, high = table->count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const int order = strcmp(table->name[middle], name);
        if (order == 0)
            return (int32_t)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

void rondo__label_names_json(const rondo__label_names *table, rondo__text *json) {
    rondo__text_add(json, "[", 1);
    for (int64_t i = 0; i < table->count; i++) {
        rondo__text_add(json, ", ", i ? 2 : 0);
        rondo__json_string(json, table->name[i], strlen(table->name[i]));
    }
    rondo__text_add(json, "]", 1);
}

static rondo_status bad(const char *path, const char *key, const char *what, rondo_error *err) {
    return rondo__fail(err, RONDO_FORMAT, "%s: vocabulary: '%s' %s", path, key, what);
}

static rondo_status take(rondo__label_names *out, const rondo__json *array, const char *key, const char *path,
                         rondo_error *err) {
    const size_t count = rondo__json_size(array);
    if (!rondo__json_is_array(array) || count == 0 || count > INT32_MAX)
        return bad(path, key, "is no list of labels", err);
    out->name = rondo__calloc(count, sizeof *out->name);
    if (!out->name)
        return no_memory((int64_t)count, err);
    for (size_t i = 0; i < count; i++) {
        const rondo__json *item = rondo__json_at(array, i);
        const char *text = rondo__json_as_text(item);
        if (!text || !*text || strlen(text) != rondo__json_text_size(item) ||
            (i > 0 && strcmp(out->name[i - 1], text) >= 0))
            return bad(path, key, "holds what is no label, or labels out of order", err);
        out->name[i] = rondo__strdup(text);
        if (!out->name[i])
            return no_memory((int64_t)count, err);
        out->count++;
    }
    return RONDO_OK;
}

rondo_status rondo__label_names_load(rondo__label_names *out, const char *json, const char *key, const char *path,
                                     rondo_error *err) {
    rondo__json_error where;
    rondo__json *root = rondo__json_parse(json, strlen(json), true, &where);
    *out = (rondo__label_names){0};
    if (!root)
        return rondo__fail(err, where.memory ? RONDO_MEMORY : RONDO_FORMAT, "%s: vocabulary: %.150s", path, where.text);
    const rondo_status status = take(out, rondo__json_get(root, key), key, path, err);
    rondo__json_free(root);
    if (status)
        rondo__label_names_free(out);
    return status;
}

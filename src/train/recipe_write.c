/* Recipes written back: all keys of the task with their values, as YAML for people and as JSON for model files. Both
 * walk the table once and open and close sections where the paths of two neighbouring rows part. */
#include <string.h>

#include "train/recipe_schema.h"

/* Bytes of the sections that a and b share ("train.optimizer." of "train.optimizer.x" and "train.optimizer.y"). */
static size_t shared_sections(const char *a, const char *b) {
    size_t shared = 0;
    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++) {
        if (a[i] == '.')
            shared = i + 1;
    }
    return shared;
}

static int dots(const char *path, size_t size) {
    int count = 0;
    for (size_t i = 0; i < size; i++)
        count += path[i] == '.';
    return count;
}

static rondo_status finish(const rondo__text *out) { return out->failed ? RONDO_MEMORY : RONDO_OK; }

rondo_status rondo__recipe_yaml(const rondo__recipe *recipe, rondo__text *out) {
    const char *last = "";
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const rondo__field *field = &rondo__recipe_fields[i];
        if (!rondo__field_in_task(field, recipe->task))
            continue;
        const char *key = field->path + shared_sections(last, field->path), *dot;
        for (; (dot = strchr(key, '.')) != NULL; key = dot + 1)
            rondo__text_format(out, "%*s%.*s:\n", 2 * dots(field->path, (size_t)(key - field->path)), "",
                               (int)(dot - key), key);
        rondo__text_format(out, "%*s%s: ", 2 * dots(field->path, strlen(field->path)), "", key);
        rondo__field_print(field, recipe, false, out);
        rondo__text_add(out, "\n", 1);
        last = field->path;
    }
    return finish(out);
}

rondo_status rondo__recipe_json(const rondo__recipe *recipe, rondo__text *out) {
    const char *last = "";
    rondo__text_add(out, "{", 1);
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const rondo__field *field = &rondo__recipe_fields[i];
        if (field->local || !rondo__field_in_task(field, recipe->task))
            continue;
        const size_t shared = shared_sections(last, field->path);
        const char *key = field->path + shared, *dot;
        for (int close = dots(last + shared, strlen(last + shared)); close > 0; close--)
            rondo__text_add(out, "}", 1);
        rondo__text_add(out, ", ", i > 0 ? 2 : 0);
        for (; (dot = strchr(key, '.')) != NULL; key = dot + 1)
            rondo__text_format(out, "\"%.*s\": {", (int)(dot - key), key);
        rondo__text_format(out, "\"%s\": ", key);
        rondo__field_print(field, recipe, true, out);
        last = field->path;
    }
    for (int close = dots(last, strlen(last)); close >= 0; close--)
        rondo__text_add(out, "}", 1);
    return finish(out);
}

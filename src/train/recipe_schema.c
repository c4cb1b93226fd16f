#include "train/recipe_schema.h"

#include <assert.h>
#include <string.h>

int rondo__field_find(const char *path) {
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        if (strcmp(rondo__recipe_fields[i].path, path) == 0)
            return i;
    }
    return -1;
}

bool rondo__field_is_section(const char *path) {
    const size_t size = strlen(path);
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const char *p = rondo__recipe_fields[i].path;
        if (size == 0 || (strncmp(p, path, size) == 0 && p[size] == '.'))
            return true;
    }
    return false;
}

void rondo__field_set_default(const rondo__field *field, rondo__recipe *recipe) {
    void *at = rondo__field_at(field, recipe);
    switch (field->type) {
    case RONDO__CHOICE:
        *(int *)at = (int)field->number;
        break;
    case RONDO__BOOL:
        *(bool *)at = field->number != 0;
        break;
    case RONDO__WHOLE:
        *(int64_t *)at = (int64_t)field->number;
        break;
    case RONDO__NUMBER:
        *(double *)at = field->number;
        break;
    case RONDO__TEXT:
        memset(at, 0, field->size);
        strncpy(at, field->text ? field->text : "", field->size - 1);
        break;
    case RONDO__WHOLES:
        memset(at, 0, field->size * sizeof(int64_t));
        if (field->scalar)
            *(int64_t *)(void *)((char *)recipe + field->scalar) = (int64_t)field->number;
        break;
    case RONDO__NUMBERS:
        memset(at, 0, field->size * sizeof(double));
        break;
    case RONDO__TEXTS:
        memset(at, 0, sizeof(rondo__names));
        break;
    }
}

bool rondo__field_equal(const rondo__field *field, const rondo__recipe *a, const rondo__recipe *b) {
    const void *x = rondo__field_of(field, a), *y = rondo__field_of(field, b);
    switch (field->type) {
    case RONDO__CHOICE:
        return *(const int *)x == *(const int *)y;
    case RONDO__BOOL:
        return *(const bool *)x == *(const bool *)y;
    case RONDO__WHOLE:
        return *(const int64_t *)x == *(const int64_t *)y;
    case RONDO__NUMBER:
        return *(const double *)x == *(const double *)y;
    case RONDO__TEXT:
        return strcmp(x, y) == 0;
    case RONDO__WHOLES:
        return memcmp(x, y, field->size * sizeof(int64_t)) == 0 &&
               (!field->scalar ||
                memcmp((const char *)a + field->scalar, (const char *)b + field->scalar, sizeof(int64_t)) == 0);
    case RONDO__NUMBERS:
        return memcmp(x, y, field->size * sizeof(double)) == 0;
    case RONDO__TEXTS:
        return memcmp(x, y, sizeof(rondo__names)) == 0;
    }
    return false;
}

const char *rondo__recipe_choice(const rondo__recipe *recipe, const char *path) {
    const int row = rondo__field_find(path);
    assert(row >= 0 && rondo__recipe_fields[row].type == RONDO__CHOICE);
    return rondo__recipe_fields[row].names[*(const int *)rondo__field_of(&rondo__recipe_fields[row], recipe)];
}

void rondo__recipe_defaults(rondo__recipe *recipe) {
    memset(recipe, 0, sizeof *recipe);
    for (int i = 0; i < rondo__recipe_field_count; i++)
        rondo__field_set_default(&rondo__recipe_fields[i], recipe);
    recipe->folder[0] = '.';
}

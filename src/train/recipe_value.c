/* One value of a recipe: read from a scalar, described, printed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats/json_text.h"
#include "train/recipe_schema.h"

/* A decimal number and nothing else, whatever the process's locale. */
static bool scan_number(const char *value, double *out) {
    if (*value == '\0' || value[strspn(value, "0123456789+-.eE")] != '\0')
        return false;
    return rondo__text_number(value, out) && isfinite(*out);
}

static bool in_range(const rondo__field *field, double value) {
    return (field->above_low ? value > field->low : value >= field->low) &&
           (field->below_high ? value < field->high : value <= field->high);
}

/* Whole numbers may be written 100000 or 1e5; the table keeps them below 2^53, where doubles are exact. */
static bool scan_whole(const rondo__field *field, const char *value, int64_t *out) {
    double number;
    if (!scan_number(value, &number) || number != floor(number) || !in_range(field, number))
        return false;
    *out = (int64_t)number;
    return true;
}

static bool scan_bool(const char *value, bool *out) {
    static const char *const yes[] = {"true", "True", "TRUE", "yes", "on"};
    static const char *const no[] = {"false", "False", "FALSE", "no", "off"};
    for (int i = 0; i < 5; i++) {
        if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
            *out = strcmp(value, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

static bool scan_text(size_t room, const char *value, char *out) {
    const size_t size = strlen(value);
    if (size >= room)
        return false;
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
            return false;
    }
    memset(out, 0, room);
    memcpy(out, value, size);
    return true;
}

static bool scan_choice(const rondo__field *field, const char *value, int *out) {
    for (int i = 0; field->names[i]; i++) {
        if (strcmp(field->names[i], value) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

bool rondo__field_scan(const rondo__field *field, rondo__recipe *recipe, const char *value, int index) {
    void *at = rondo__field_at(field, recipe);
    int64_t whole;
    switch (field->type) {
    case RONDO__CHOICE:
        return scan_choice(field, value, at);
    case RONDO__BOOL:
        return scan_bool(value, at);
    case RONDO__WHOLE:
        return scan_whole(field, value, at);
    case RONDO__NUMBER: {
        double number;
        if (!scan_number(value, &number) || !in_range(field, number))
            return false;
        *(double *)at = number;
        return true;
    }
    case RONDO__TEXT:
        return scan_text(field->size, value, at);
    case RONDO__WHOLES:
        if (!scan_whole(field, value, &whole) || index >= (int)field->size || (index < 0 && !field->scalar))
            return false;
        if (index >= 0)
            ((int64_t *)at)[index] = whole;
        if (index <= 0 && field->scalar)
            *(int64_t *)(void *)((char *)recipe + field->scalar) = whole;
        return true;
    case RONDO__NUMBERS: {
        double number;
        if (index >= (int)field->size || !scan_number(value, &number) || number == 0 || !in_range(field, number))
            return false;
        ((double *)at)[index < 0 ? 0 : index] = number;
        return true;
    }
    case RONDO__TEXTS: {
        char(*names)[RONDO__NAME] = at;
        if (index >= RONDO__LIST || (index >= 0 && *value == '\0'))
            return false;
        return scan_text(RONDO__NAME, value, names[index < 0 ? 0 : index]);
    }
    }
    return false;
}

static void add_range(const rondo__field *field, rondo__text *out) {
    rondo__text_format(out, field->above_low ? " above " : " from ");
    rondo__json_number(out, field->low);
    if (isinf(field->high) || field->high >= 9007199254740991.0)
        return;
    rondo__text_format(out, field->below_high ? " to below " : field->above_low ? " to at most " : " to ");
    rondo__text_format(out, "%.15g", field->high);
}

void rondo__field_expects(const rondo__field *field, rondo__text *out) {
    switch (field->type) {
    case RONDO__CHOICE:
        rondo__text_format(out, "one of ");
        for (int i = 0; field->names[i]; i++)
            rondo__text_format(out, "%s%s", i ? ", " : "", field->names[i]);
        break;
    case RONDO__BOOL:
        rondo__text_format(out, "true or false");
        break;
    case RONDO__WHOLE:
        rondo__text_format(out, "a whole number");
        add_range(field, out);
        break;
    case RONDO__NUMBER:
        rondo__text_format(out, "a number");
        add_range(field, out);
        break;
    case RONDO__TEXT:
        rondo__text_format(out, "a text of less than %zu bytes without control characters", field->size);
        break;
    case RONDO__WHOLES:
        rondo__text_format(out, field->scalar ? "a whole number" : "a list of at most %zu whole numbers", field->size);
        add_range(field, out);
        if (field->scalar)
            rondo__text_format(out, ", or a list of at most %zu", field->size);
        break;
    case RONDO__NUMBERS:
        rondo__text_format(out, "a number");
        add_range(field, out);
        rondo__text_format(out, ", or a list of at most %zu", field->size);
        break;
    case RONDO__TEXTS:
        rondo__text_format(out, "a list of at most %d texts of less than %d bytes each", RONDO__LIST, RONDO__NAME);
        break;
    }
}

static bool is_simple(const char *s) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    bool ignored;
    if (*s == '\0' || !strchr(letters, *s) || scan_bool(s, &ignored))
        return false;
    for (; *s; s++) {
        if (!strchr(letters, *s) && !strchr("0123456789.-/", *s))
            return false;
    }
    return true;
}

static void print_string(const char *s, bool quoted, rondo__text *out) {
    if (quoted || !is_simple(s)) {
        rondo__json_string(out, s, strlen(s));
    } else {
        rondo__text_add(out, s, strlen(s));
    }
}

static void print_wholes(const rondo__field *field, const rondo__recipe *recipe, rondo__text *out) {
    const int64_t *list = rondo__field_of(field, recipe);
    if (list[0] == 0 && field->scalar) {
        const int64_t *one = (const void *)((const char *)recipe + field->scalar);
        rondo__text_format(out, "%lld", (long long)*one);
        return;
    }
    rondo__text_add(out, "[", 1);
    for (size_t i = 0; i < field->size && list[i] != 0; i++)
        rondo__text_format(out, "%s%lld", i ? ", " : "", (long long)list[i]);
    rondo__text_add(out, "]", 1);
}

static void print_numbers(const rondo__field *field, const double *list, rondo__text *out) {
    rondo__text_add(out, "[", 1);
    for (size_t i = 0; i < field->size && list[i] != 0; i++) {
        rondo__text_format(out, "%s", i ? ", " : "");
        rondo__json_number(out, list[i]);
    }
    rondo__text_add(out, "]", 1);
}

static void print_texts(const char (*list)[RONDO__NAME], bool quoted, rondo__text *out) {
    rondo__text_add(out, "[", 1);
    for (int i = 0; i < RONDO__LIST && list[i][0]; i++) {
        rondo__text_format(out, "%s", i ? ", " : "");
        print_string(list[i], quoted, out);
    }
    rondo__text_add(out, "]", 1);
}

void rondo__field_print(const rondo__field *field, const rondo__recipe *recipe, bool quoted, rondo__text *out) {
    const void *at = rondo__field_of(field, recipe);
    switch (field->type) {
    case RONDO__CHOICE:
        print_string(field->names[*(const int *)at], quoted, out);
        break;
    case RONDO__BOOL:
        rondo__text_format(out, "%s", *(const bool *)at ? "true" : "false");
        break;
    case RONDO__WHOLE:
        rondo__text_format(out, "%lld", (long long)*(const int64_t *)at);
        break;
    case RONDO__NUMBER:
        rondo__json_number(out, *(const double *)at);
        break;
    case RONDO__TEXT:
        print_string(at, quoted, out);
        break;
    case RONDO__WHOLES:
        print_wholes(field, recipe, out);
        break;
    case RONDO__NUMBERS:
        print_numbers(field, at, out);
        break;
    case RONDO__TEXTS:
        print_texts(at, quoted, out);
        break;
    }
}

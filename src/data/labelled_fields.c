#include "data/labelled_fields.h"

#include <string.h>

/* ---- patterns ---- */

/* One field of a pattern with the text behind it. */
typedef struct part {
    const char *field, *text; /* neither ends in NUL */
    size_t field_size, text_size;
    const char *next; /* where the pattern goes on */
} part;

/* The field that begins at p, which is a brace. */
static part part_at(const char *p) {
    part out = {.field = p + 1, .field_size = strcspn(p + 1, "}")};
    out.text = out.field + out.field_size + 1;
    out.text_size = strcspn(out.text, "{");
    out.next = out.text + out.text_size;
    return out;
}

static rondo_status refuse(const char *pattern, const char *what, rondo_error *err) {
    return rondo__fail(err, RONDO_FORMAT, "pattern '%.200s': %s (such as {label}_{speaker}_{index})", pattern, what);
}

static rondo_status check_braces(const char *pattern, rondo_error *err) {
    bool inside = false;
    for (const char *p = pattern; *p; p++) {
        if ((*p == '{' && inside) || (*p == '}' && !inside))
            return refuse(pattern, "a brace has no partner", err);
        if (*p == '{' && p[1] == '}')
            return refuse(pattern, "a field has no name", err);
        if (*p == '{' || *p == '}')
            inside = *p == '{';
    }
    return inside ? refuse(pattern, "a brace has no partner", err) : RONDO_OK;
}

rondo_status rondo__pattern_check(const char *pattern, rondo_error *err) {
    rondo_status status = check_braces(pattern, err);
    const char *p = status ? "" : pattern + strcspn(pattern, "{");
    if (!status && !*p)
        return refuse(pattern, "it has no field", err);
    while (*p) {
        const part a = part_at(p);
        if (a.text_size == 0 && *a.next)
            return refuse(pattern, "two fields touch (put a text between them)", err);
        for (const char *q = a.next; *q; q = part_at(q).next) {
            const part b = part_at(q);
            if (b.field_size == a.field_size && memcmp(a.field, b.field, a.field_size) == 0)
                return refuse(pattern, "a field comes twice", err);
        }
        p = a.next;
    }
    return status;
}

const char *rondo__pattern_name(const char *pattern, const char *path) {
    const char *at = path + strlen(path);
    int parts = 1;
    for (const char *p = pattern; *p; p++)
        parts += *p == '/';
    for (; at > path; at--) {
        if (at[-1] == '/' && --parts == 0)
            break;
    }
    return at;
}

static const char *find(const char *name, const char *text, size_t size) {
    for (; *name; name++) {
        if (strncmp(name, text, size) == 0)
            return name;
    }
    return NULL;
}

/* Matches, and tells the value of one field on the way. */
static bool match(const char *pattern, const char *name, const char *wanted, size_t size, const char **value,
                  size_t *value_size) {
    size_t before = strcspn(pattern, "{");
    const char *text = pattern, *p = pattern + before;
    if (strncmp(name, text, before) != 0)
        return false;
    name += before;
    while (*p) {
        const part a = part_at(p);
        const char *end = a.text_size ? find(name, a.text, a.text_size) : name + strlen(name);
        if (!end || end == name || memchr(name, '/', (size_t)(end - name)))
            return false;
        if (before && find(name, text, before) && find(name, text, before) < end)
            return false;
        if (wanted && a.field_size == size && memcmp(a.field, wanted, size) == 0) {
            *value = name;
            *value_size = (size_t)(end - name);
        }
        name = end + a.text_size;
        text = a.text;
        before = a.text_size;
        p = a.next;
    }
    return *name == '\0';
}

bool rondo__pattern_fits(const char *pattern, const char *name) { return match(pattern, name, NULL, 0, NULL, NULL); }

/* ---- fields ---- */

bool rondo__row_field(const rondo__row *row, const char *field, size_t size, const char **value, size_t *value_size) {
    *value = NULL;
    if (row->pattern)
        return match(row->pattern, row->name, field, size, value, value_size) && *value;
    for (int64_t i = 0; i < row->columns; i++) {
        if (strlen(row->column[i]) == size && memcmp(row->column[i], field, size) == 0) {
            *value = row->cell[i];
            *value_size = strlen(row->cell[i]);
            return true;
        }
    }
    return false;
}

/* ---- choices ---- */

typedef struct clause {
    const char *field, *values;
    size_t field_size, values_size;
    bool not ;
    const char *next; /* the clause after it, or the end */
} clause;

static void trim(const char **text, size_t *size) {
    while (*size > 0 && strchr(" \t", **text))
        (*text)++, (*size)--;
    while (*size > 0 && strchr(" \t", (*text)[*size - 1]))
        (*size)--;
}

/* False: that is no clause. */
static bool clause_at(const char *p, clause *out) {
    const size_t size = strcspn(p, ","), equal = strcspn(p, "=");
    out->next = p + size + (p[size] == ',');
    if (equal >= size)
        return false;
    out->not = equal > 0 && p[equal - 1] == '!';
    out->field = p;
    out->field_size = equal - out->not ;
    out->values = p + equal + 1;
    out->values_size = size - equal - 1;
    trim(&out->field, &out->field_size);
    trim(&out->values, &out->values_size);
    return out->field_size > 0 && out->values_size > 0;
}

static bool one_of(const clause *c, const char *value, size_t size) {
    for (size_t at = 0, end; at <= c->values_size; at = end + 1) {
        for (end = at; end < c->values_size && c->values[end] != '|';)
            end++;
        const char *text = c->values + at;
        size_t length = end - at;
        trim(&text, &length);
        if (length == size && memcmp(text, value, size) == 0)
            return true;
    }
    return false;
}

static void list_fields(const rondo__row *row, rondo__text *out) {
    for (const char *p = row->pattern ? row->pattern + strcspn(row->pattern, "{") : ""; *p; p = part_at(p).next)
        rondo__text_format(out, "%s%.*s", out->size ? ", " : "", (int)part_at(p).field_size, part_at(p).field);
    for (int64_t i = 0; !row->pattern && i < row->columns; i++)
        rondo__text_format(out, "%s%s", out->size ? ", " : "", row->column[i]);
}

static rondo_status refuse_field(const char *where, const clause *c, const rondo__row *row, rondo_error *err) {
    rondo__text known = {0};
    list_fields(row, &known);
    const rondo_status status =
        rondo__fail(err, RONDO_FORMAT, "where '%.120s': there is no field '%.*s' (%s%.200s)", where, (int)c->field_size,
                    c->field, known.size ? "there are: " : "give a data.pattern, or a .tsv with a header",
                    known.data && !known.failed ? known.data : "");
    rondo__text_free(&known);
    return status;
}

rondo_status rondo__where_check(const char *where, const rondo__row *row, rondo_error *err) {
    const char *value;
    size_t size;
    clause c;
    for (const char *p = where; *p; p = c.next) {
        if (!clause_at(p, &c))
            return rondo__fail(err, RONDO_FORMAT, "where '%.200s': not FIELD=VALUE|VALUE or FIELD!=VALUE, ... ('%.*s')",
                               where, (int)strcspn(p, ","), p);
        if (!rondo__row_field(row, c.field, c.field_size, &value, &size))
            return refuse_field(where, &c, row, err);
    }
    return RONDO_OK;
}

bool rondo__where_fits(const char *where, const rondo__row *row) {
    const char *value;
    size_t size;
    clause c;
    for (const char *p = where; *p; p = c.next) {
        if (!clause_at(p, &c) || !rondo__row_field(row, c.field, c.field_size, &value, &size) ||
            one_of(&c, value, size) == c.not )
            return false;
    }
    return true;
}

/* Reading labelled examples: one item after the other is taken, or passed over, with the fields of its row. */
#include "data/labelled.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "data/labelled_fields.h"
#include "data/labelled_folder.h"
#include "data/pairs.h"

enum { MOST_COLUMNS = 64 };
#define MOST_BYTES ((size_t)256 << 20) /* of one recording in an archive */

typedef struct reading {
    const char *path;
    const rondo__labelled_spec *spec;
    rondo__labelled *out;
    int64_t capacity, seen;
    bool checked; /* where, against the first row */
} reading;

static void free_item(rondo__labelled_item *item) {
    rondo__free(item->place);
    rondo__free(item->text);
    rondo__free(item->label);
    rondo__free(item->speaker);
}

void rondo__labelled_free(rondo__labelled *items) {
    for (int64_t i = 0; i < items->count; i++)
        free_item(&items->item[i]);
    rondo__free(items->item);
    *items = (rondo__labelled){0};
}

static rondo_status no_memory(const char *path, rondo_error *err) {
    return rondo__fail(err, RONDO_MEMORY, "%s: no memory for its examples", path);
}

/* ---- one item ---- */

static char *copy(const char *text, size_t size) {
    char *out = rondo__alloc(size + 1);
    if (out) {
        if (size)
            memcpy(out, text, size);
        out[size] = '\0';
    }
    return out;
}

static char *field_copy(const rondo__row *row, const char *field) {
    const char *value = "";
    size_t size = 0;
    if (!rondo__row_field(row, field, strlen(field), &value, &size))
        return copy("", 0);
    return copy(value, size);
}

static bool grow(reading *r) {
    const int64_t wanted = r->capacity ? 2 * r->capacity : 64;
    void *grown = rondo__realloc(r->out->item, (size_t)r->out->count * sizeof *r->out->item,
                                 (size_t)wanted * sizeof *r->out->item);
    if (grown) {
        r->out->item = grown;
        r->capacity = wanted;
    }
    return grown != NULL;
}

/* Does the row count? The clauses are read against the first one. */
static rondo_status choose(reading *r, const rondo__row *row, bool *taken, rondo_error *err) {
    const char *where = r->spec->where ? r->spec->where : "";
    rondo_status status = RONDO_OK;
    if (!r->checked)
        status = rondo__where_check(where, row, err);
    r->checked = true;
    r->seen++;
    *taken = !status && rondo__where_fits(where, row);
    return status;
}

static rondo_status take(reading *r, const char *place, const char *text, const rondo__row *row, rondo_error *err) {
    bool taken;
    rondo_status status = choose(r, row, &taken, err);
    if (status || !taken)
        return status;
    if (r->out->count == r->capacity && !grow(r))
        return no_memory(r->path, err);
    rondo__labelled_item item = {rondo__strdup(place), rondo__strdup(text), field_copy(row, "label"),
                                 field_copy(row, "speaker")};
    if (!item.place || !item.text || !item.label || !item.speaker) {
        free_item(&item);
        return no_memory(r->path, err);
    }
    r->out->item[r->out->count++] = item;
    return RONDO_OK;
}

/* ---- lists ---- */

typedef struct list {
    const char *column[MOST_COLUMNS];
    char *cell[MOST_COLUMNS];
    char name[MOST_COLUMNS][16]; /* of columns without a header */
    int64_t columns, text, label;
} list;

/* Cuts a line at its tabs; blanks around a cell go. Returns the number of cells, at most MOST_COLUMNS. */
static int64_t cut(char *line, char **cell) {
    int64_t count = 0;
    for (char *next = line; next && count < MOST_COLUMNS;) {
        char *at = next;
        next = strchr(at, '\t');
        char *end = next ? next : at + strlen(at);
        if (next)
            *next++ = '\0';
        while (*at == ' ')
            at++;
        while (end > at && end[-1] == ' ')
            *--end = '\0';
        cell[count++] = at;
    }
    return count;
}

static int64_t column_of(const list *l, const char *name) {
    for (int64_t i = 0; i < l->columns; i++) {
        if (strcasecmp(l->cell[i], name) == 0)
            return i;
    }
    return -1;
}

/* The first row says the columns: a header, or the text (or path) and the label. True: it was a header. The label of a
 * file may be called "text": what a recording says. */
static bool read_header(list *l, bool texts) {
    const int64_t text = column_of(l, texts ? "text" : "path");
    const int64_t said = texts ? -1 : column_of(l, "text");
    int64_t label = column_of(l, "label");
    const bool other = label < 0 && said >= 0, header = (label >= 0 || other) && text >= 0;
    if (other)
        label = said;
    for (int64_t i = 0; i < l->columns; i++) {
        snprintf(l->name[i], sizeof l->name[i], "%d", (int)i + 1);
        l->column[i] = !header ? l->name[i] : other && i == label ? "label" : l->cell[i];
    }
    l->text = header ? text : 0;
    l->label = header ? label : 1;
    if (!header && l->columns > 1) {
        l->column[0] = texts ? "text" : "path";
        l->column[1] = "label";
    }
    return header;
}

/* A path of a list, relative to its folder; it must be there. */
static rondo_status locate(const reading *r, const char *place, const char *name, rondo__text *out, rondo_error *err) {
    const char *slash = strrchr(r->path, '/');
    size_t size;
    if (name[0] != '/' && slash)
        rondo__text_format(out, "%.*s/%s", (int)(slash - r->path), r->path, name);
    else
        rondo__text_add(out, name, strlen(name));
    if (out->failed)
        return no_memory(r->path, err);
    if (rondo__file_exists(out->data) || rondo__archive_path(out->data, &size))
        return RONDO_OK;
    return rondo__fail(err, RONDO_NOT_FOUND, "%s: the file '%.150s' is missing (looked for %.200s)", place, name,
                       out->data);
}

static rondo_status take_row(reading *r, list *l, const char *place, int64_t cells, rondo_error *err) {
    const rondo__row row = {.columns = cells, .column = l->column, .cell = (const char *const *)l->cell};
    if (cells <= l->label || !*l->cell[l->label])
        return rondo__fail(err, RONDO_FORMAT, "%s: the row has no label (%s<tab>LABEL is expected)", place,
                           r->spec->texts ? "TEXT" : "PATH");
    if (cells != l->columns)
        return rondo__fail(err, RONDO_FORMAT, "%s: %lld cells, the first row has %lld (cells are parted by one tab)",
                           place, (long long)cells, (long long)l->columns);
    if (r->spec->texts)
        return take(r, place, l->cell[l->text], &row, err);
    rondo__text path = {0};
    rondo_status status = locate(r, place, l->cell[l->text], &path, err);
    if (!status)
        status = take(r, place, path.data, &row, err);
    rondo__text_free(&path);
    return status;
}

static rondo_status read_rows(reading *r, rondo__lines *lines, list *l, rondo_error *err) {
    rondo_status status = RONDO_OK;
    bool begun = false;
    for (int64_t i = 0; i < lines->count && !status; i++) {
        char place[512];
        if (lines->line[i][strspn(lines->line[i], " \t")] == '\0')
            continue;
        const int64_t cells = cut(lines->line[i], l->cell);
        snprintf(place, sizeof place, "%.480s:%lld", r->path, (long long)i + 1);
        if (!begun) {
            begun = true;
            l->columns = cells;
            if (read_header(l, r->spec->texts))
                continue;
        }
        status = take_row(r, l, place, cells, err);
    }
    return status;
}

static rondo_status read_list(reading *r, rondo_error *err) {
    rondo__lines lines;
    rondo_status status = rondo__lines_read(&lines, r->path, err);
    list *l = status ? NULL : rondo__calloc(1, sizeof *l);
    if (!status)
        status = l ? read_rows(r, &lines, l, err) : no_memory(r->path, err);
    rondo__free(l);
    rondo__lines_free(&lines);
    return status;
}

/* ---- files ---- */

/* name: of the file as its archive or folder knows it; path: as it is found. */
static rondo_status take_file(reading *r, const char *path, rondo_error *err) {
    const char *pattern = r->spec->pattern && *r->spec->pattern ? r->spec->pattern : NULL;
    const char *name = pattern ? rondo__pattern_name(pattern, path) : path, *dot = strrchr(path, '.');
    const char *slash = strrchr(path, '/');
    char *base = copy(name, dot && dot > name && (!slash || dot > slash + 1) ? (size_t)(dot - name) : strlen(name));
    const rondo__row row = {.pattern = pattern, .name = base};
    rondo_status status = RONDO_OK;
    if (!base)
        return no_memory(r->path, err);
    if (pattern && !rondo__pattern_fits(pattern, base))
        status = rondo__fail(err, RONDO_FORMAT,
                             "%.250s: the name '%.100s' does not fit the pattern '%.100s' "
                             "(rename it, or change data.pattern)",
                             path, base, pattern);
    if (!status)
        status = take(r, path, path, &row, err);
    rondo__free(base);
    return status;
}

static rondo_status read_archive(reading *r, size_t size, rondo_error *err) {
    const char *inner = r->path[size] == '/' ? r->path + size + 1 : "";
    rondo__archive archive = {0};
    char *file = copy(r->path, size);
    rondo_status status =
        file ? rondo__archive_read(&archive, file, inner, r->spec->ending, MOST_BYTES, err) : no_memory(r->path, err);
    for (int64_t i = 0; !status && i < archive.count; i++) {
        rondo__text path = {0};
        rondo__text_format(&path, "%s/%s", file, archive.file[i].name);
        status = path.failed ? no_memory(r->path, err) : take_file(r, path.data, err);
        rondo__text_free(&path);
    }
    if (!status && archive.count == 0)
        status = rondo__fail(err, RONDO_FORMAT, "%s: there are no recordings or files to read in it", r->path);
    rondo__archive_free(&archive);
    rondo__free(file);
    return status;
}

static rondo_status read_folder(reading *r, rondo_error *err) {
    rondo__file_names names = {0};
    rondo_status status = rondo__folder_files(&names, r->path, r->spec->ending, err);
    for (int64_t i = 0; !status && i < names.count; i++)
        status = take_file(r, names.name[i], err);
    if (!status && names.count == 0)
        status = rondo__fail(err, RONDO_FORMAT, "%s: there are no recordings or files to read in it", r->path);
    rondo__file_names_free(&names);
    return status;
}

static bool ends_in(const char *path, const char *ending) {
    const size_t size = strlen(path), part = strlen(ending);
    return size > part && strcasecmp(path + size - part, ending) == 0;
}

/* ---- all ---- */

static rondo_status read_any(reading *r, rondo_error *err) {
    struct stat about;
    size_t size;
    const bool found = stat(r->path, &about) == 0, folder = found && S_ISDIR(about.st_mode);
    const bool listed = found && !folder && (ends_in(r->path, ".tsv") || ends_in(r->path, ".tsv.gz"));
    if (listed || (r->spec->texts && found && !folder && !rondo__archive_path(r->path, &size)))
        return read_list(r, err);
    if (r->spec->texts && found)
        return rondo__fail(err, RONDO_FORMAT, "%s: texts come from a list (a .tsv file with TEXT<tab>LABEL in a line)",
                           r->path);
    if (folder)
        return read_folder(r, err);
    if (rondo__archive_path(r->path, &size))
        return read_archive(r, size, err);
    if (!found)
        return rondo__fail(err, RONDO_NOT_FOUND,
                           "%s: there is no such list, folder or archive (check the path, or set RONDO_DATA to the "
                           "folder of the data sets)",
                           r->path);
    if (rondo__file_ends_so(r->path, r->spec->ending))
        return take_file(r, r->path, err);
    return rondo__fail(err, RONDO_FORMAT, "%s: neither a .tsv list nor a folder, an archive or a file to read",
                       r->path);
}

rondo_status rondo__labelled_read(rondo__labelled *out, const char *path, const rondo__labelled_spec *spec,
                                  rondo_error *err) {
    reading r = {.path = path, .spec = spec, .out = out};
    *out = (rondo__labelled){0};
    rondo_status status = spec->pattern && *spec->pattern ? rondo__pattern_check(spec->pattern, err) : RONDO_OK;
    if (!status)
        status = read_any(&r, err);
    if (!status && out->count == 0 && r.seen > 0)
        status = rondo__fail(err, RONDO_FORMAT, "%s: none of %lld examples fits where '%.150s'", path,
                             (long long)r.seen, spec->where);
    else if (!status && out->count == 0)
        status = rondo__fail(err, RONDO_FORMAT, "%s: there are no examples in it", path);
    if (status)
        rondo__labelled_free(out);
    return status;
}

/* The row is drawn once, for all seeds, and what is drawn first becomes the second part. */
rondo_status rondo__labelled_split(rondo__labelled *items, rondo__labelled *second, double fraction, rondo_error *err) {
    const int64_t n = items->count, wanted = (int64_t)((double)n * fraction + 0.5);
    const int64_t count = wanted < 1 ? 1 : wanted > n - 1 ? n - 1 : wanted;
    *second = (rondo__labelled){0};
    if (n < 2)
        return rondo__fail(err, RONDO_FORMAT, "%s: one example cannot be split (give data.valid)",
                           n ? items->item[0].place : "data.train");
    rondo__labelled_item *part = rondo__calloc((size_t)count, sizeof *part), *rest;
    rest = part ? rondo__calloc((size_t)(n - count), sizeof *rest) : NULL;
    if (!rest) {
        rondo__free(part);
        return rondo__fail(err, RONDO_MEMORY, "data.valid_fraction: no memory for %lld examples", (long long)n);
    }
    int64_t taken = 0, left = 0;
    for (int64_t i = 0; i < n; i++) { /* selection sampling (Knuth, algorithm S): both parts keep their order */
        const uint64_t below = rondo__random_below(1, 0x73706c6974000000u, (uint64_t)i, (uint64_t)(n - i));
        if ((int64_t)below < count - taken)
            part[taken++] = items->item[i];
        else
            rest[left++] = items->item[i];
    }
    rondo__free(items->item);
    *items = (rondo__labelled){left, rest};
    *second = (rondo__labelled){taken, part};
    return RONDO_OK;
}

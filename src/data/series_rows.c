/* Rows of one CSV file to series: columns by name, rows by series (which may stand mixed), times in order. */
#include <string.h>

#include "data/series_build.h"
#include "data/times.h"
#include "formats/json_text.h"

/* A file on its way: where its columns are, and which rows belong together. */
typedef struct file {
    rondo__series_build *b;
    const rondo__csv *csv;
    const char *base;
    int64_t time, series; /* columns, -1: none */
    int64_t *column;      /* (columns) of values, then (fixed columns) */
    bool epoch;           /* times are numbers */
    rondo__symbols names; /* of the series */
    int64_t *row;         /* (rows) by series, in order of the file */
    int64_t *begin;       /* (series + 1) into row */
} file;

static const char *cell(const file *f, int64_t row, int64_t column) {
    return f->csv->cell[row * f->csv->columns + column];
}

static rondo_status find_column(const file *f, const char *name, int64_t *column) {
    *column = -1;
    return name && *name ? rondo__csv_find(f->csv, name, column, f->b->err) : RONDO_OK;
}

static rondo_status find_columns(file *f) {
    const rondo__series_set *set = f->b->set;
    const int64_t all = set->columns + set->fixed_columns;
    rondo_status status = find_column(f, f->b->spec->time, &f->time);
    if (status == RONDO_OK)
        status = find_column(f, f->b->spec->series, &f->series);
    f->column = rondo__calloc((size_t)all, sizeof *f->column);
    if (status == RONDO_OK && !f->column)
        status = rondo__series_no_memory(f->b, f->csv->path);
    for (int64_t i = 0; i < all && status == RONDO_OK; i++)
        status = rondo__csv_find(f->csv, i < set->columns ? set->column_name[i] : f->b->spec->fixed[i - set->columns],
                                 &f->column[i], f->b->err);
    return status;
}

/* 2016 alone is a year, but among 2015.5 or 10000 it is a number of seconds, as all numbers of the column are. */
static bool has_epoch_times(const file *f) {
    double number, time;
    for (int64_t i = 0; f->time >= 0 && i < f->csv->rows; i++) {
        const char *text = cell(f, i, f->time);
        if (rondo__csv_scan(text, false, &number) && rondo__time_scan(text, &time) && number == time)
            return true;
    }
    return false;
}

/* Sorts the rows by series, each in the order of the file. */
static rondo_status group_rows(file *f) {
    const int64_t rows = f->csv->rows;
    int32_t *id = rondo__calloc((size_t)rows, sizeof *id);
    rondo_status status = id ? RONDO_OK : rondo__series_no_memory(f->b, f->csv->path);
    for (int64_t i = 0; i < rows && status == RONDO_OK; i++) {
        const char *name = f->series < 0 ? "" : cell(f, i, f->series);
        if (f->series >= 0 && *name == '\0')
            status = rondo__fail(f->b->err, RONDO_FORMAT,
                                 "%s:%lld: column '%s': the cell is empty (it tells which series the row belongs to)",
                                 f->csv->path, (long long)f->csv->line[i], rondo__show(f->b->spec->series).text);
        else if ((id[i] = rondo__symbols_add(&f->names, name, strlen(name), 1)) < 0)
            status = rondo__series_no_memory(f->b, f->csv->path);
    }
    f->begin = rondo__calloc((size_t)f->names.count + 2, sizeof *f->begin);
    f->row = rondo__calloc((size_t)rows, sizeof *f->row);
    if (status == RONDO_OK && (!f->begin || !f->row))
        status = rondo__series_no_memory(f->b, f->csv->path);
    if (status == RONDO_OK) {
        for (int64_t i = 0; i < rows; i++) /* counts, two places on: then begin[k + 1] runs from begin to end of k */
            f->begin[id[i] + 2]++;
        for (int64_t k = 2; k < f->names.count + 2; k++)
            f->begin[k] += f->begin[k - 1];
        for (int64_t i = 0; i < rows; i++)
            f->row[f->begin[id[i] + 1]++] = i;
    }
    rondo__free(id);
    return status;
}

/* ---- one series ---- */

static rondo_status read_time(const file *f, int64_t row, double *out) {
    const char *text = cell(f, row, f->time);
    const bool number = f->epoch && rondo__csv_scan(text, false, out) && *out == *out;
    if ((number || rondo__time_scan(text, out)) && rondo__time_valid(*out))
        return RONDO_OK;
    return rondo__fail(f->b->err, RONDO_FORMAT, "%s:%lld: column '%s': '%s' is no time (%s)", f->csv->path,
                       (long long)f->csv->line[row], rondo__show(f->csv->name[f->time]).text, rondo__show(text).text,
                       *text ? "write 2016-07-01 05:00, or seconds since 1970" : "every row needs its time");
}

/* The step before `at` that has the same time, else the one right before it. */
static int64_t same_time(const rondo__series *s, int64_t at) {
    int64_t low = 0, high = at;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (s->time[middle] < s->time[at])
            low = middle + 1;
        else
            high = middle;
    }
    return low < at && s->time[low] == s->time[at] ? low : at - 1;
}

/* Time `at` is not after the one before it: times up to there rise. */
static rondo_status fail_order(const file *f, const rondo__series *s, const int64_t *line, int64_t at) {
    const int64_t other = same_time(s, at);
    const bool twice = s->time[other] == s->time[at];
    char time[32], before[32];
    rondo__time_print(s->time[at], time);
    rondo__time_print(s->time[other], before);
    const char *column = f->csv->name[f->time];
    if (twice)
        return rondo__fail(f->b->err, RONDO_FORMAT, "%s:%lld: column '%s': %s stands in line %lld already (%s)",
                           s->path, (long long)line[at], rondo__show(column).text, time, (long long)line[other],
                           f->series < 0 ? "keep one of the rows, or name the column that tells series apart"
                                         : "keep one of the rows");
    return rondo__fail(f->b->err, RONDO_FORMAT, "%s:%lld: column '%s': %s comes after %s of line %lld (sort the rows)",
                       s->path, (long long)line[at], rondo__show(column).text, time, before, (long long)line[other]);
}

static rondo_status fill_times(const file *f, rondo__series *s, const int64_t *row, const int64_t *line) {
    for (int64_t k = 0; k < s->count; k++) {
        s->time[k] = (double)k;
        if (f->time < 0)
            continue;
        const rondo_status status = read_time(f, row[k], &s->time[k]);
        if (status != RONDO_OK)
            return status;
        if (k > 0 && !(s->time[k] > s->time[k - 1]))
            return fail_order(f, s, line, k);
    }
    s->start = s->time[0];
    return RONDO_OK;
}

static rondo_status fill_values(const file *f, rondo__series *s, const int64_t *row) {
    const int64_t columns = f->b->set->columns;
    for (int64_t k = 0; k < s->count; k++) {
        for (int64_t c = 0; c < columns; c++) {
            const rondo_status status =
                rondo__csv_number(f->csv, row[k], f->column[c], &s->value[k * columns + c], f->b->err);
            if (status != RONDO_OK)
                return status;
        }
    }
    return RONDO_OK;
}

static rondo_status fill_fixed(const file *f, rondo__series *s, const int64_t *row) {
    for (int64_t c = 0; c < f->b->set->fixed_columns; c++) {
        const int64_t column = f->column[f->b->set->columns + c];
        const char *first = cell(f, row[0], column);
        for (int64_t k = 1; k < s->count; k++) {
            const char *other = cell(f, row[k], column);
            if (strcmp(first, other) != 0)
                return rondo__fail(f->b->err, RONDO_FORMAT,
                                   "%s:%lld: column '%s': '%s', but '%s' in line %lld of the same series (a static "
                                   "column has one value in a series)",
                                   s->path, (long long)f->csv->line[row[k]], rondo__show(f->csv->name[column]).text,
                                   rondo__show(other).text, rondo__show(first).text, (long long)f->csv->line[row[0]]);
        }
        s->fixed[c] = rondo__symbols_add(&f->b->category[c], first, strlen(first), 1);
        if (s->fixed[c] < 0)
            return rondo__series_no_memory(f->b, s->path);
    }
    return RONDO_OK;
}

/* Name and path as one block. In a folder, series of a file are told apart as FILE/SERIES. */
static bool set_name(const file *f, rondo__series *s, const char *name, size_t size) {
    const size_t base = strlen(f->base), path = strlen(f->csv->path) + 1;
    const bool both = base > 0 && size > 0;
    char *at = rondo__alloc(base + both + size + 1 + path);
    if (!at)
        return false;
    s->name = at;
    at = (char *)memcpy(at, f->base, base) + base;
    if (both)
        *at++ = '/';
    if (size > 0)
        memcpy(at, name, size);
    at[size] = '\0';
    s->path = memcpy(at + size + 1, f->csv->path, path);
    return true;
}

/* Room for one more series. */
static bool grow(rondo__series_build *b) {
    const size_t old = (size_t)b->capacity, more = old ? old * 2 : 4;
    if (b->set->count < b->capacity)
        return true;
    rondo__series *series = rondo__realloc(b->set->series, old * sizeof *series, more * sizeof *series);
    if (!series)
        return false;
    b->set->series = series;
    int64_t **line = rondo__realloc(b->line, old * sizeof *line, more * sizeof(int64_t *));
    if (!line)
        return false;
    b->line = line;
    b->capacity = (int64_t)more;
    return true;
}

static rondo_status add_series(file *f, const int64_t *row, int64_t rows, const char *name, size_t size) {
    rondo__series_build *b = f->b;
    rondo__series_set *set = b->set;
    size_t cells;
    if (!grow(b) || !rondo__size_mul((size_t)rows, (size_t)set->columns, &cells))
        return rondo__series_no_memory(b, f->csv->path);
    rondo__series *s = &set->series[set->count];
    *s = (rondo__series){.count = rows, .first_line = f->csv->line[row[0]]};
    int64_t *line = b->line[set->count++] = rondo__calloc((size_t)rows, sizeof *line);
    s->time = rondo__calloc((size_t)rows, sizeof *s->time);
    s->value = rondo__calloc(cells, sizeof *s->value);
    s->fixed = rondo__calloc((size_t)set->fixed_columns, sizeof *s->fixed);
    if (!line || !s->time || !s->value || !s->fixed || !set_name(f, s, name, size))
        return rondo__series_no_memory(b, f->csv->path);
    for (int64_t k = 0; k < rows; k++)
        line[k] = f->csv->line[row[k]];
    rondo_status status = fill_times(f, s, row, line);
    if (status == RONDO_OK)
        status = fill_values(f, s, row);
    return status == RONDO_OK ? fill_fixed(f, s, row) : status;
}

rondo_status rondo__series_add(rondo__series_build *b, const rondo__csv *csv, const char *base) {
    file f = {.b = b, .csv = csv, .base = base};
    rondo_status status = find_columns(&f);
    if (status == RONDO_OK) {
        f.epoch = has_epoch_times(&f);
        status = group_rows(&f);
    }
    for (int64_t k = 0; k < f.names.count && status == RONDO_OK; k++) {
        size_t size;
        const char *name = rondo__symbols_text(&f.names, k, &size);
        status = add_series(&f, f.row + f.begin[k], f.begin[k + 1] - f.begin[k], name, size);
    }
    rondo__symbols_free(&f.names);
    rondo__free(f.column);
    rondo__free(f.row);
    rondo__free(f.begin);
    return status;
}

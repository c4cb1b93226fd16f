/* Series from files: which files there are, and the order of the work. A set is read file by file (series_rows.c), then
 * its step is found (series_step.c), then what is missing is noted (series_notes.c) and gaps become steps without
 * values (series_steps.c). */
#include "data/series.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/series_build.h"
#include "formats/json_text.h"

static int64_t list_length(const char *const *list) {
    int64_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

/* Names of the columns in their order; the pointers and the texts are one block. */
static rondo_status set_columns(rondo__series_build *b) {
    rondo__series_set *set = b->set;
    const char *const *const lists[] = {b->spec->target, b->spec->covariate, b->spec->future_covariate};
    size_t bytes = 0;
    set->targets = list_length(lists[0]);
    set->covariates = list_length(lists[1]);
    set->future_covariates = list_length(lists[2]);
    set->columns = set->targets + set->covariates + set->future_covariates;
    set->fixed_columns = list_length(b->spec->fixed);
    if (set->targets == 0)
        return rondo__fail(b->err, RONDO_ARGUMENT, "series: no target column (name one under data.targets)");
    for (int k = 0; k < 3; k++) {
        for (int64_t i = 0; lists[k] && lists[k][i]; i++)
            bytes += sizeof(char *) + strlen(lists[k][i]) + 1;
    }
    set->column_name = rondo__alloc(bytes);
    set->category = rondo__calloc((size_t)set->fixed_columns, sizeof *set->category);
    b->category = rondo__calloc((size_t)set->fixed_columns, sizeof *b->category);
    if (!set->column_name || !set->category || !b->category)
        return rondo__series_no_memory(b, "series");
    char *at = (char *)(set->column_name + set->columns), **name = set->column_name;
    for (int k = 0; k < 3; k++) {
        for (int64_t i = 0; lists[k] && lists[k][i]; i++) {
            *name++ = strcpy(at, lists[k][i]);
            at += strlen(at) + 1;
        }
    }
    return RONDO_OK;
}

static rondo_status check_columns(const rondo__series_build *b) {
    const rondo__series_set *set = b->set;
    for (int64_t i = 0; i < set->columns; i++) {
        for (int64_t k = 0; k < i; k++) {
            if (strcmp(set->column_name[i], set->column_name[k]) == 0)
                return rondo__fail(b->err, RONDO_ARGUMENT,
                                   "column '%s' is named twice (a target is among the network's inputs by itself)",
                                   rondo__show(set->column_name[i]).text);
        }
    }
    return RONDO_OK;
}

/* ---- files ---- */

static rondo_status add_file(rondo__series_build *b, const char *path, const char *base) {
    rondo__csv csv;
    rondo_status status = rondo__csv_read(&csv, path, b->err);
    if (status == RONDO_OK)
        status = rondo__series_add(b, &csv, base);
    rondo__csv_free(&csv);
    return status;
}

/* Bytes of a name without .csv or .csv.gz; 0: it has neither. */
static size_t stem_length(const char *name) {
    static const char *const endings[] = {".csv", ".csv.gz", ".CSV"};
    const size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t ending = strlen(endings[i]);
        if (name[0] != '.' && length > ending && strcmp(name + length - ending, endings[i]) == 0)
            return length - ending;
    }
    return 0;
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The names of the CSV files in a folder, in order. */
static rondo_status list_files(const char *path, rondo__text *text, char ***names, int64_t *count, rondo_error *err) {
    const struct dirent *entry;
    DIR *folder = opendir(path);
    size_t bytes, at = 0;
    *count = 0;
    if (!folder)
        return rondo__fail(err, RONDO_NOT_FOUND, "%s: cannot list the folder: %s", path, strerror(errno));
    while ((entry = readdir(folder)) != NULL) {
        if (stem_length(entry->d_name) > 0) {
            rondo__text_add(text, entry->d_name, strlen(entry->d_name) + 1);
            ++*count;
        }
    }
    closedir(folder);
    *names = rondo__size_mul((size_t)*count, sizeof **names, &bytes) ? rondo__alloc(bytes) : NULL;
    if (text->failed || !*names)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the names of its files", path);
    for (int64_t i = 0; i < *count; i++, at += strlen(text->data + at) + 1)
        (*names)[i] = text->data + at;
    if (*count == 0)
        return rondo__fail(err, RONDO_NOT_FOUND, "%s: no .csv file in this folder (each file there is a series)", path);
    qsort(*names, (size_t)*count, sizeof **names, compare_names);
    return RONDO_OK;
}

static rondo_status add_named(rondo__series_build *b, const char *folder, const char *name) {
    rondo__text path = {0}, stem = {0};
    rondo__text_format(&path, "%s/%s", folder, name);
    rondo__text_add(&stem, name, stem_length(name));
    const rondo_status status =
        path.failed || stem.failed ? rondo__series_no_memory(b, folder) : add_file(b, path.data, stem.data);
    rondo__text_free(&path);
    rondo__text_free(&stem);
    return status;
}

static rondo_status add_folder(rondo__series_build *b, const char *path) {
    rondo__text text = {0};
    char **names = NULL;
    int64_t count;
    rondo_status status = list_files(path, &text, &names, &count, b->err);
    for (int64_t i = 0; i < count && status == RONDO_OK; i++)
        status = add_named(b, path, names[i]);
    rondo__free(names);
    rondo__text_free(&text);
    return status;
}

static bool is_folder(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* ---- the whole ---- */

static rondo_status begin(rondo__series_build *b) {
    *b->set = (rondo__series_set){0};
    const rondo_status status = set_columns(b);
    return status == RONDO_OK ? check_columns(b) : status;
}

/* The names of the categories leave their sets. */
static rondo_status take_categories(rondo__series_build *b) {
    for (int64_t c = 0; c < b->set->fixed_columns; c++) {
        const rondo__symbols *names = &b->category[c];
        size_t bytes = (size_t)names->count * sizeof(char *) + names->bytes.size + (size_t)names->count;
        char **name = rondo__alloc(bytes);
        if (!name)
            return rondo__series_no_memory(b, "series");
        char *at = (char *)(name + names->count);
        for (int64_t i = 0; i < names->count; i++) {
            size_t size;
            const char *text = rondo__symbols_text(names, i, &size);
            name[i] = at;
            if (size > 0)
                memcpy(at, text, size);
            at[size] = '\0';
            at += size + 1;
        }
        b->set->category[c].name = name;
        b->set->category[c].count = names->count;
    }
    return RONDO_OK;
}

static rondo_status finish(rondo__series_build *b, rondo_status status) {
    rondo__series_set *set = b->set;
    rondo__text columns = {0};
    if (status == RONDO_OK)
        status = rondo__series_find_step(b);
    if (status == RONDO_OK)
        status = rondo__series_note_columns(b, &columns);
    if (status == RONDO_OK)
        status = rondo__series_lay_out(b);
    if (columns.size > 0)
        rondo__text_add(&set->notes, columns.data, columns.size);
    if (status == RONDO_OK && (columns.failed || set->notes.failed))
        status = rondo__series_no_memory(b, set->series[0].path);
    if (status == RONDO_OK)
        status = take_categories(b);
    rondo__text_free(&columns);
    for (int64_t i = 0; i < set->count; i++)
        rondo__free(b->line[i]);
    for (int64_t c = 0; b->category && c < set->fixed_columns; c++)
        rondo__symbols_free(&b->category[c]);
    rondo__free(b->line);
    rondo__free(b->category);
    if (status != RONDO_OK)
        rondo__series_free(set);
    return status;
}

rondo_status rondo__series_read(rondo__series_set *out, const char *path, const rondo__series_spec *spec,
                                rondo_error *err) {
    rondo__series_build b = {.set = out, .spec = spec, .err = err};
    rondo_status status = begin(&b);
    if (status == RONDO_OK)
        status = is_folder(path) ? add_folder(&b, path) : add_file(&b, path, "");
    return finish(&b, status);
}

rondo_status rondo__series_from_csv(rondo__series_set *out, const rondo__csv *csv, const rondo__series_spec *spec,
                                    rondo_error *err) {
    rondo__series_build b = {.set = out, .spec = spec, .err = err};
    rondo_status status = begin(&b);
    if (status == RONDO_OK)
        status = rondo__series_add(&b, csv, "");
    return finish(&b, status);
}

void rondo__series_free(rondo__series_set *set) {
    for (int64_t i = 0; i < set->count; i++) {
        rondo__free(set->series[i].name); /* with its path */
        rondo__free(set->series[i].time);
        rondo__free(set->series[i].value);
        rondo__free(set->series[i].fixed);
    }
    for (int64_t c = 0; set->category && c < set->fixed_columns; c++)
        rondo__free(set->category[c].name);
    rondo__free(set->series);
    rondo__free(set->category);
    rondo__free(set->column_name);
    rondo__text_free(&set->notes);
    *set = (rondo__series_set){0};
}

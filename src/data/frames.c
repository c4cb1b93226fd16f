/* Sets of recordings and of CSV files, read into memory. */
#include "data/frames.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv_parts.h"
#include "tensor/context.h"

void rondo__frames_free(rondo__frame_set *set) {
    for (int64_t i = 0; i < set->count; i++) {
        if (set->sound)
            rondo_sound_free(&set->sound[i]);
        if (set->frame)
            rondo__free(set->frame[i]);
    }
    rondo__free(set->sound);
    rondo__free(set->length);
    rondo__free(set->frame);
    rondo__free(set->speaker);
    rondo__free(set->speaker_moments);
    *set = (rondo__frame_set){0};
}

typedef struct voice {
    const char *speaker;
    int64_t item;
} voice;

static int by_speaker(const void *a, const void *b) {
    const voice *x = a, *y = b;
    const int order = strcmp(x->speaker, y->speaker);
    return order ? order : (x->item > y->item) - (x->item < y->item);
}

/* Speakers by order of first appearance: sorted by name, each finds its first item; then they are counted as they come.
 */
static bool number_speakers(rondo__frame_set *set, const rondo__labelled *items) {
    voice *row = rondo__calloc((size_t)items->count, sizeof *row);
    int64_t *first = rondo__calloc((size_t)items->count, sizeof *first);
    for (int64_t i = 0; row && first && i < items->count; i++)
        row[i] = (voice){items->item[i].speaker, i};
    if (row && first) {
        qsort(row, (size_t)items->count, sizeof *row, by_speaker);
        for (int64_t k = 0; k < items->count; k++) {
            const bool same = k > 0 && strcmp(row[k].speaker, row[k - 1].speaker) == 0;
            first[row[k].item] = same ? first[row[k - 1].item] : row[k].item;
        }
        for (int64_t i = 0; i < items->count; i++) {
            const bool named = items->item[i].speaker[0] != '\0';
            set->speaker[i] = !named ? -1 : first[i] == i ? (int32_t)set->speakers++ : set->speaker[first[i]];
        }
    }
    const bool whole = row && first;
    rondo__free(row);
    rondo__free(first);
    return whole;
}

static rondo_status make_room(rondo__frame_set *set, const rondo__labelled *items, bool sounds, rondo_error *err) {
    const size_t n = (size_t)items->count;
    *set = (rondo__frame_set){.count = items->count};
    set->sound = sounds ? rondo__calloc(n, sizeof *set->sound) : NULL;
    set->length = rondo__calloc(n, sizeof *set->length);
    set->frame = rondo__calloc(n, sizeof *set->frame);
    set->speaker = rondo__calloc(n, sizeof *set->speaker);
    if ((sounds && !set->sound) || !set->length || !set->frame || !set->speaker || !number_speakers(set, items))
        return rondo__fail(err, RONDO_MEMORY, "no memory for %lld examples", (long long)items->count);
    return RONDO_OK;
}

/* ---- recordings ---- */

#define MOST_BYTES ((size_t)256 << 20)
#define MOST_VALUE 1e30 /* of a cell: products with it are still numbers */

typedef struct source {
    const rondo__labelled *items;
    rondo__frame_set *set;
    int64_t rate;
    rondo__archive archive; /* the one that most items lie in */
    size_t archive_size;    /* bytes of its name */
    const char *archive_name;
    rondo_status *status; /* (count) */
} source;

/* The folder that holds all items of the archive which the item at first lies in; bytes from the start of a path. */
static size_t common_folder(const rondo__labelled *items, int64_t first, size_t archive) {
    const char *path = items->item[first].text;
    size_t common = strlen(path);
    for (int64_t i = first; i < items->count; i++) {
        const char *other = items->item[i].text;
        size_t same = 0;
        if (strncmp(other, path, archive) != 0 || other[archive] != '/')
            continue;
        while (same < common && other[same] == path[same])
            same++;
        common = same;
    }
    while (common > archive && path[common] != '/')
        common--;
    return common;
}

static rondo_status open_archive(source *s, int64_t first, size_t size, rondo_error *err) {
    const char *path = s->items->item[first].text;
    const size_t folder = common_folder(s->items, first, size);
    char *text = rondo__alloc(folder + 2);
    if (!text)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to read it", path);
    memcpy(text, path, folder);
    text[folder] = text[folder + 1] = '\0';
    text[size] = '\0';
    rondo__archive_free(&s->archive);
    const char *inner = folder > size ? text + size + 1 : "";
    rondo_status status = rondo__archive_read(&s->archive, text, inner, NULL, MOST_BYTES, err);
    s->archive_size = size;
    s->archive_name = path;
    rondo__free(text);
    return status;
}

static bool in_archive(const source *s, const char *path) {
    return s->archive_name && strncmp(path, s->archive_name, s->archive_size) == 0 && path[s->archive_size] == '/';
}

/* Makes the archive of item i the open one, if it lies in any. */
static rondo_status follow_archive(source *s, int64_t i, rondo_error *err) {
    const char *path = s->items->item[i].text;
    size_t size;
    if (in_archive(s, path) || rondo__file_exists(path) || !rondo__archive_path(path, &size) || path[size] != '/')
        return RONDO_OK;
    return open_archive(s, i, size, err);
}

static const rondo__archive_file *find_file(const rondo__archive *archive, const char *name) {
    int64_t low = 0, high = archive->count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const int order = strcmp(archive->file[middle].name, name);
        if (order == 0)
            return &archive->file[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static rondo_status read_sound(const source *s, int64_t i, rondo_error *err) {
    const rondo__labelled_item *item = &s->items->item[i];
    if (!in_archive(s, item->text))
        return rondo_sound_read(&s->set->sound[i], item->text, s->rate, err);
    const rondo__archive_file *file = find_file(&s->archive, item->text + s->archive_size + 1);
    if (!file)
        return rondo__fail(err, RONDO_NOT_FOUND, "%s: the archive has no such file (%.200s)", item->place, item->text);
    return rondo_sound_decode(&s->set->sound[i], item->text, file->data, (int64_t)file->size, s->rate, err);
}

static void read_one(void *arg, int64_t begin, int64_t end, int worker) {
    source *s = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        s->status[i] = read_sound(s, i, NULL);
}

/* Items [begin, end), which lie in one archive or in none. The first that failed tells its story: it is read again, for
 * threads keep none. */
static rondo_status read_range(source *s, rondo_context *context, int64_t begin, int64_t end, rondo_error *err) {
    source part = *s;
    const rondo__labelled items = {end - begin, s->items->item + begin};
    rondo__frame_set set = *s->set;
    set.sound += begin;
    part.items = &items;
    part.set = &set;
    part.status = s->status + begin;
    rondo__parallel(context, end - begin, 8, read_one, &part);
    for (int64_t i = 0; i < items.count; i++) {
        if (!part.status[i])
            continue;
        rondo_status status = part.status[i] == RONDO_MEMORY ? RONDO_OK : read_sound(&part, i, err);
        return status ? status
                      : rondo__fail(err, part.status[i], "%s: %s", items.item[i].text,
                                    rondo_status_sentence(part.status[i]));
    }
    return RONDO_OK;
}

/* Do items begin and i come from the same archive, or both from none? */
static bool goes_on(const source *s, int64_t begin, int64_t i) {
    const char *path = s->items->item[i].text;
    size_t size;
    if (in_archive(s, s->items->item[begin].text))
        return in_archive(s, path);
    return !in_archive(s, path) && (rondo__file_exists(path) || !rondo__archive_path(path, &size));
}

static rondo_status read_all(source *s, rondo_context *context, rondo_audio_config *config, rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int64_t begin = 0, end; begin < s->items->count && !status; begin = end) {
        status = follow_archive(s, begin, err);
        for (end = begin + 1; end < s->items->count && goes_on(s, begin, end);)
            end++;
        if (!status && s->rate == 0) { /* the first recording gives the rate */
            status = read_sound(s, 0, err);
            s->rate = config->rate = s->set->sound[0].rate;
            rondo_sound_free(&s->set->sound[0]);
        }
        if (!status)
            status = read_range(s, context, begin, end, err);
    }
    return status;
}

rondo_status rondo__frames_read_sounds(rondo__frame_set *out, rondo_context *context, const rondo__labelled *items,
                                       rondo_audio_config *config, rondo_error *err) {
    source s = {.items = items, .set = out, .rate = config->rate};
    rondo_status status = make_room(out, items, true, err);
    s.status = status ? NULL : rondo__calloc((size_t)items->count, sizeof *s.status);
    if (!status && !s.status)
        status = rondo__fail(err, RONDO_MEMORY, "no memory for %lld recordings", (long long)items->count);
    if (!status)
        status = read_all(&s, context, config, err);
    for (int64_t i = 0; i < items->count && !status; i++) {
        out->seconds += (double)out->sound[i].count / (double)out->sound[i].rate;
        out->empty += out->sound[i].count == 0;
    }
    rondo__archive_free(&s.archive);
    rondo__free(s.status);
    if (status)
        rondo__frames_free(out);
    return status;
}

static bool copy_sound(rondo_sound *out, const rondo_sound *sound) {
    size_t bytes;
    *out = *sound;
    out->sample = NULL;
    if (rondo__size_mul((size_t)sound->count, sizeof(float), &bytes))
        out->sample = rondo__alloc(bytes);
    if (out->sample && sound->count > 0)
        memcpy(out->sample, sound->sample, bytes);
    return out->sample != NULL;
}

rondo_status rondo__frames_take_sounds(rondo__frame_set *out, const rondo__labelled *items,
                                       const rondo_sound *const *sound, rondo_error *err) {
    rondo_status status = make_room(out, items, true, err);
    for (int64_t i = 0; i < items->count && !status; i++) {
        if (!copy_sound(&out->sound[i], sound[i]))
            status = rondo__fail(err, RONDO_MEMORY, "no memory for %lld samples", (long long)sound[i]->count);
        out->seconds += sound[i]->rate > 0 ? (double)sound[i]->count / (double)sound[i]->rate : 0;
        out->empty += sound[i]->count == 0;
    }
    if (status)
        rondo__frames_free(out);
    return status;
}

rondo_status rondo__frames_take_rows(rondo__frame_set *out, const rondo__labelled *items, int64_t width,
                                     const float *const *rows, const int64_t *count, rondo_error *err) {
    rondo_status status = make_room(out, items, false, err);
    out->width = width;
    for (int64_t i = 0; i < items->count && !status; i++) {
        size_t numbers;
        out->length[i] = count[i];
        if (rondo__size_mul((size_t)out->length[i], (size_t)width, &numbers))
            out->frame[i] = rondo__calloc(numbers, sizeof(float));
        if (!out->frame[i])
            status = rondo__fail(err, RONDO_MEMORY, "no memory for %lld rows", (long long)count[i]);
        else
            memcpy(out->frame[i], rows[i], numbers * sizeof(float));
    }
    if (status)
        rondo__frames_free(out);
    return status;
}

/* ---- CSV files ---- */

void rondo__frames_names_free(char ***names) {
    for (int64_t i = 0; *names && (*names)[i]; i++)
        rondo__free((*names)[i]);
    rondo__free(*names);
    *names = NULL;
}

static char **copy_names(int64_t count, const char *const *name) {
    char **out = rondo__calloc((size_t)count + 1, sizeof *out);
    for (int64_t i = 0; out && i < count; i++) {
        out[i] = rondo__strdup(name[i]);
        if (!out[i])
            rondo__frames_names_free(&out);
    }
    return out;
}

static rondo_status fill_rows(const rondo__csv *csv, char **names, int64_t width, float *frame, rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int64_t k = 0; k < width && !status; k++) {
        int64_t column;
        status = rondo__csv_find(csv, names[k], &column, err);
        for (int64_t row = 0; row < csv->rows && !status; row++) {
            double value = 0;
            const char *cell = csv->cell[row * csv->columns + column];
            status = rondo__csv_infinite(cell)
                         ? rondo__fail(err, RONDO_FORMAT,
                                       "%s:%lld: column '%s': '%s' is infinite (write a number, or leave the row out)",
                                       csv->path, (long long)csv->line[row], names[k], cell)
                         : rondo__csv_number(csv, row, column, &value, err);
            if (!status && value != value)
                status = rondo__fail(err, RONDO_FORMAT,
                                     "%s:%lld: column '%s': the value is missing (fill it, or leave "
                                     "the row out)",
                                     csv->path, (long long)csv->line[row], names[k]);
            if (!status && fabs(value) > MOST_VALUE)
                status =
                    rondo__fail(err, RONDO_FORMAT, "%s:%lld: column '%s': %g is too large (write it in a larger unit)",
                                csv->path, (long long)csv->line[row], names[k], value);
            if (!status)
                frame[row * width + k] = (float)value;
        }
    }
    return status;
}

static rondo_status read_csv(rondo__frame_set *set, int64_t i, const char *path, char ***names, rondo_error *err) {
    rondo__csv csv;
    rondo_status status = rondo__csv_read(&csv, path, err);
    if (status)
        return status;
    if (!*names)
        *names = copy_names(csv.columns, (const char *const *)csv.name);
    while (*names && i == 0 && (*names)[set->width])
        set->width++;
    size_t count;
    set->length[i] = csv.rows;
    set->frame[i] = *names && rondo__size_mul((size_t)set->length[i], (size_t)set->width, &count)
                        ? rondo__calloc(count, sizeof(float))
                        : NULL;
    status = set->frame[i] ? fill_rows(&csv, *names, set->width, set->frame[i], err)
                           : rondo__fail(err, RONDO_MEMORY, "%s: no memory for its rows", path);
    rondo__csv_free(&csv);
    return status;
}

rondo_status rondo__frames_read_series(rondo__frame_set *out, const rondo__labelled *items, const char *const *columns,
                                       char ***names, rondo_error *err) {
    char **kept = NULL;
    int64_t given = 0;
    rondo_status status = make_room(out, items, false, err);
    while (columns && columns[given])
        given++;
    if (!status && given > 0 && !(kept = copy_names(given, columns)))
        status = rondo__fail(err, RONDO_MEMORY, "no memory for the names of %lld columns", (long long)given);
    for (int64_t i = 0; i < items->count && !status; i++)
        status = read_csv(out, i, items->item[i].text, &kept, err);
    if (status)
        rondo__frames_free(out);
    if (names && !status)
        *names = kept;
    else
        rondo__frames_names_free(&kept);
    return status;
}

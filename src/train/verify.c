/* Are the files of a model or a run the bytes that were written? Each carries its checksum (formats/checksum.h):
 *   *.safetensors   in its metadata
 *   metrics.jsonl   in each line, as "checksum"
 *   recipe.yaml     in its last line, a comment */
#include "train/verify.h"

#include <assert.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/checksum.h"
#include "formats/safetensors.h"

static const char yaml_mark[] = "# checksum " RONDO__CRC_BLANK;
static const char line_mark[] = ", \"checksum\": \"" RONDO__CRC_BLANK "\"}";

/* Bytes from the start of a mark to its digits. */
static size_t digits_in(const char *mark) {
    return (size_t)(strstr(mark, RONDO__CRC_BLANK) - mark) + RONDO__CRC_PREFIX;
}

static void sign(rondo__text *text, const char *mark) {
    char digits[RONDO__CRC_DIGITS + 1];
    const size_t place = text->size + digits_in(mark);
    rondo__text_add(text, mark, strlen(mark));
    if (!text->failed) {
        rondo__crc_print(rondo__crc32(0, text->data, text->size), digits);
        memcpy(text->data + place, digits, RONDO__CRC_DIGITS);
    }
    rondo__text_add(text, "\n", 1);
}

void rondo__sign_yaml(rondo__text *yaml) { sign(yaml, yaml_mark); }

void rondo__sign_line(rondo__text *line) {
    if (line->failed)
        return;
    assert(line->size && line->data[line->size - 1] == '}');
    line->size--;
    sign(line, line_mark);
}

/* ---- reading ---- */

static bool ends_in(const char *text, size_t size, const char *end) {
    return size >= strlen(end) && memcmp(text + size - strlen(end), end, strlen(end)) == 0;
}

/* Without a whole mark: it is damaged where anything is left of one. */
static rondo_verdict judge_unmarked(const char *text, size_t size, const char *mark) {
    const size_t most = strlen(mark) + 1, end = size < most ? size : most;
    const char *tail = text + size - end;
    return memmem(tail, end, "checksum", 8) || memmem(tail, end, "crc32:", 6) ? RONDO_DAMAGED : RONDO_UNSIGNED;
}

/* text without its line end; does it bear the mark, and the right digits? */
static rondo_verdict judge(const char *text, size_t size, const char *mark) {
    const size_t length = strlen(mark), digits = digits_in(mark);
    uint32_t carried;
    if (size < length)
        return judge_unmarked(text, size, mark);
    const char *own = text + size - length;
    if (memcmp(own, mark, digits) != 0 || !ends_in(text, size, mark + digits + RONDO__CRC_DIGITS) ||
        !rondo__crc_read(own + digits - RONDO__CRC_PREFIX, RONDO__CRC_PREFIX + RONDO__CRC_DIGITS, &carried))
        return judge_unmarked(text, size, mark);
    return rondo__crc_of(text, size, size - length + digits) == carried ? RONDO_WHOLE : RONDO_DAMAGED;
}

static rondo_verdict judge_mark(const char *text, size_t size) {
    return judge(text, size - (size && text[size - 1] == '\n'), yaml_mark);
}

bool rondo__yaml_is_signed(const char *yaml, size_t size) { return judge_mark(yaml, size) == RONDO_WHOLE; }

static rondo_verdict judge_yaml(const char *path, const char *text, size_t size, rondo_error *err) {
    const rondo_verdict verdict = judge_mark(text, size);
    if (verdict == RONDO_DAMAGED)
        rondo__fail(err, RONDO_FORMAT, "%s: changed since it was written: its last line has another checksum", path);
    return verdict;
}

/* A last line without its end is one that a run is writing, or was killed at: it is none yet. */
static rondo_verdict judge_lines(const char *path, const char *text, size_t size, rondo_error *err) {
    rondo_verdict all = RONDO_WHOLE;
    const char *end;
    long long number = 1;
    for (size_t at = 0; at < size && (end = memchr(text + at, '\n', size - at)) != NULL; number++) {
        const size_t length = (size_t)(end - text) - at;
        const rondo_verdict verdict = judge(text + at, length, line_mark);
        at += length + 1;
        if (verdict == RONDO_DAMAGED) {
            rondo__fail(err, RONDO_FORMAT, "%s:%lld: changed since it was written: it has another checksum", path,
                        number);
            return RONDO_DAMAGED;
        }
        all = verdict == RONDO_UNSIGNED ? RONDO_UNSIGNED : all;
    }
    return all;
}

static rondo_verdict judge_tensors(const char *path, rondo_error *err) {
    rondo__safetensors *file;
    if (rondo__safetensors_read(&file, path, err))
        return RONDO_DAMAGED;
    const rondo_verdict verdict = rondo__safetensors_signature(file) == RONDO__SIGNED ? RONDO_WHOLE : RONDO_UNSIGNED;
    rondo__safetensors_free(&file);
    return verdict;
}

static rondo_verdict judge_file(const char *path, rondo_error *err) {
    char *text;
    size_t size;
    const size_t length = strlen(path);
    if (!ends_in(path, length, ".jsonl") && !ends_in(path, length, ".yaml"))
        return judge_tensors(path, err);
    if (rondo__file_read(path, 0, &text, &size, err))
        return RONDO_DAMAGED;
    const rondo_verdict verdict =
        ends_in(path, length, ".jsonl") ? judge_lines(path, text, size, err) : judge_yaml(path, text, size, err);
    rondo__free(text);
    return verdict;
}

typedef struct tally {
    rondo_verify_fn report;
    void *arg;
    int files, damaged;
    rondo_error first; /* of the damaged ones */
} tally;

static rondo_status verify_file(tally *t, const char *path, rondo_error *caller) {
    rondo_error err = {0};
    const rondo_verdict verdict = judge_file(path, &err);
    if (verdict == RONDO_DAMAGED && err.status == RONDO_MEMORY) /* says nothing of the file */
        return rondo__fail(caller, RONDO_MEMORY, "%s", err.message);
    t->files++;
    if (verdict == RONDO_DAMAGED && t->damaged++ == 0)
        t->first = err;
    if (t->report)
        t->report(path, verdict, verdict == RONDO_DAMAGED ? err.message : "", t->arg);
    return RONDO_OK;
}

static bool is_own(const char *name) {
    return ends_in(name, strlen(name), ".safetensors") || strcmp(name, "metrics.jsonl") == 0 ||
           strcmp(name, "recipe.yaml") == 0;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

typedef struct names {
    char **item;
    size_t count;
} names;

static bool add_name(names *list, const char *name) {
    if ((list->count & (list->count - 1)) == 0) { /* full at each power of two */
        char **grown = rondo__realloc(list->item, list->count * sizeof *grown,
                                      (list->count ? 2 * list->count : 1) * sizeof *grown);
        list->item = grown ? grown : list->item;
        if (!grown)
            return false;
    }
    list->item[list->count] = rondo__strdup(name);
    return list->item[list->count] && ++list->count;
}

static void free_names(names *list) {
    for (size_t i = 0; i < list->count; i++)
        rondo__free(list->item[i]);
    rondo__free(list->item);
}

static rondo_status list_folder(names *list, const char *folder, rondo_error *err) {
    DIR *entries = opendir(folder);
    bool whole = true;
    if (!entries)
        return rondo__fail(err, RONDO_IO, "%s: the folder cannot be read", folder);
    for (const struct dirent *entry; whole && (entry = readdir(entries)) != NULL;)
        whole = !is_own(entry->d_name) || add_name(list, entry->d_name);
    closedir(entries);
    if (!whole)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to list it", folder);
    if (!list->count)
        return rondo__fail(err, RONDO_NOT_FOUND, "%s: holds no file of a run (name a run's folder or a model file)",
                           folder);
    qsort(list->item, list->count, sizeof *list->item, by_name);
    return RONDO_OK;
}

static rondo_status verify_folder(tally *t, const char *folder, rondo_error *err) {
    char path[PATH_MAX];
    names list = {0};
    rondo_status status = list_folder(&list, folder, err);
    for (size_t i = 0; i < list.count && !status; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, list.item[i]);
        status = verify_file(t, path, err);
    }
    free_names(&list);
    return status;
}

rondo_status rondo_verify(const char *path, rondo_verify_fn report, void *arg, rondo_error *err) {
    struct stat about;
    rondo_status status = RONDO_OK;
    tally t = {.report = report, .arg = arg};
    if (!path || !path[0])
        return rondo__fail(err, RONDO_ARGUMENT, "verify: no path is given");
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
        status = verify_folder(&t, path, err);
    else if (!rondo__file_exists(path))
        status = rondo__fail(err, RONDO_NOT_FOUND, "%s: not there (name a run's folder or a model file)", path);
    else
        status = verify_file(&t, path, err);
    if (status || t.damaged == 0)
        return status;
    if (t.files == 1 || t.damaged == 1)
        return rondo__fail(err, RONDO_FORMAT, "%s", t.first.message);
    return rondo__fail(err, RONDO_FORMAT, "%s: %d of %d files are damaged (bring them back from a copy)", path,
                       t.damaged, t.files);
}

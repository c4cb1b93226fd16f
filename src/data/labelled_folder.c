#include "data/labelled_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MOST_DEPTH = 32 };

bool rondo__file_ends_so(const char *path, const char *const *ending) {
    const size_t size = strlen(path);
    if (!ending)
        return true;
    for (; *ending; ending++) {
        const size_t part = strlen(*ending);
        if (size > part && strcasecmp(path + size - part, *ending) == 0)
            return true;
    }
    return false;
}

void rondo__file_names_free(rondo__file_names *names) {
    for (int64_t i = 0; i < names->count; i++)
        rondo__free(names->name[i]);
    rondo__free(names->name);
    *names = (rondo__file_names){0};
}

static bool add(rondo__file_names *names, char *name) {
    if (names->count == names->capacity) {
        const int64_t wanted = names->capacity ? 2 * names->capacity : 64;
        char **grown =
            rondo__realloc(names->name, (size_t)names->count * sizeof *grown, (size_t)wanted * sizeof *grown);
        if (!grown)
            return false;
        names->name = grown;
        names->capacity = wanted;
    }
    names->name[names->count++] = name;
    return true;
}

static rondo_status walk(rondo__file_names *out, const char *path, const char *const *ending, int depth,
                         rondo_error *err);

static rondo_status visit(rondo__file_names *out, const char *folder, const char *entry, const char *const *ending,
                          int depth, rondo_error *err) {
    struct stat about;
    rondo__text path = {0};
    rondo_status status = RONDO_OK;
    rondo__text_format(&path, "%s/%s", folder, entry);
    if (path.failed)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the names of its files", folder);
    if (lstat(path.data, &about) == 0 && S_ISDIR(about.st_mode))
        status = walk(out, path.data, ending, depth + 1, err);
    else if (rondo__file_ends_so(entry, ending) && stat(path.data, &about) == 0 && S_ISREG(about.st_mode)) {
        if (add(out, path.data))
            return RONDO_OK; /* the name is the list's now */
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory for the names of its files", folder);
    }
    rondo__text_free(&path);
    return status;
}

static rondo_status walk(rondo__file_names *out, const char *path, const char *const *ending, int depth,
                         rondo_error *err) {
    DIR *folder = depth < MOST_DEPTH ? opendir(path) : NULL;
    rondo_status status = RONDO_OK;
    if (!folder)
        return rondo__fail(err, RONDO_NOT_FOUND, "%s: cannot read the folder: %s", path,
                           depth < MOST_DEPTH ? strerror(errno) : "folders within folders are too many");
    for (struct dirent *e = readdir(folder); e && !status; e = readdir(folder)) {
        if (e->d_name[0] != '.')
            status = visit(out, path, e->d_name, ending, depth, err);
    }
    closedir(folder);
    return status;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

rondo_status rondo__folder_files(rondo__file_names *out, const char *path, const char *const *ending,
                                 rondo_error *err) {
    *out = (rondo__file_names){0};
    rondo_status status = walk(out, path, ending, 0, err);
    if (status)
        rondo__file_names_free(out);
    else if (out->count > 0)
        qsort(out->name, (size_t)out->count, sizeof *out->name, by_name);
    return status;
}

/* Where a recipe's data lie. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/labelled.h"
#include "train/recipe.h"

/* A file, a folder, or a place in an archive, which only reading it can tell to be there. */
static bool is_there(const char *path) {
    size_t size;
    return rondo__file_exists(path) || rondo__archive_path(path, &size);
}

/* folder/name or, where that is absent, folder/name.gz. */
static bool try_folder(const char *folder, const char *name, char found[RONDO__PATH], rondo__text *tried) {
    static const char *const endings[] = {"", ".gz"};
    for (int i = 0; i < 2; i++) {
        int size = snprintf(found, RONDO__PATH, "%s%s%s%s", folder ? folder : "", folder ? "/" : "", name, endings[i]);
        if (size > 0 && size < RONDO__PATH && is_there(found))
            return true;
    }
    rondo__text_format(tried, "%s%s%s%s", tried->size ? ", " : "", folder ? folder : "", folder ? "/" : "", name);
    return false;
}

/* data.folder as seen from here. False: there is none. */
static bool other_folder(const rondo__recipe *recipe, char out[2 * RONDO__PATH]) {
    const char *folder = recipe->data.folder;
    const bool absolute = folder[0] == '/';
    snprintf(out, 2 * RONDO__PATH, "%s%s%s", absolute ? "" : recipe->folder, absolute ? "" : "/", folder);
    return folder[0] != '\0';
}

static bool try_folders(const rondo__recipe *recipe, const char *data, const char *name, char found[RONDO__PATH],
                        rondo__text *tried) {
    char other[2 * RONDO__PATH];
    if (name[0] == '/')
        return try_folder(NULL, name, found, tried);
    return try_folder(recipe->folder, name, found, tried) ||
           (other_folder(recipe, other) && try_folder(other, name, found, tried)) ||
           (data && *data && try_folder(data, name, found, tried));
}

rondo_status rondo__recipe_find(const rondo__recipe *recipe, const char *name, char found[RONDO__PATH],
                                rondo_error *err) {
    const char *data = getenv("RONDO_DATA");
    rondo__text tried = {0};
    rondo_status status;
    const bool absolute = name[0] == '/', given = data && *data;
    if (try_folders(recipe, data, name, found, &tried)) {
        rondo__text_free(&tried);
        return RONDO_OK;
    }
    found[0] = '\0';
    status = rondo__fail(err, RONDO_NOT_FOUND,
                         "data file '%.100s' was not found at %.250s, also not with .gz (%s, or run scripts/get-data)",
                         name, tried.data && !tried.failed ? tried.data : "its places",
                         absolute ? "check the path"
                         : given  ? "set RONDO_DATA to its folder"
                                  : "RONDO_DATA is not set; set it to the folder of the data");
    rondo__text_free(&tried);
    return status;
}

/* path without links and dots; of one that leads into an archive the part before. False: it is too long, or not there.
 */
static bool whole_path(const char *path, char whole[PATH_MAX]) {
    char archive[PATH_MAX];
    size_t size, length;
    if (realpath(path, whole))
        return true;
    if (!rondo__archive_path(path, &size) || size >= sizeof archive)
        return false;
    memcpy(archive, path, size);
    archive[size] = '\0';
    if (!realpath(archive, whole))
        return false;
    length = strlen(whole);
    return (size_t)snprintf(whole + length, PATH_MAX - length, "%s", path + size) < PATH_MAX - length;
}

const char *rondo__data_find(const char *path, char room[RONDO__PATH]) {
    const char *data = getenv("RONDO_DATA");
    rondo__text tried = {0};
    const bool below = path[0] != '/' && !is_there(path) && data && *data && try_folder(data, path, room, &tried);
    rondo__text_free(&tried);
    return below ? room : path;
}

void rondo__recipe_pin(rondo__recipe *recipe) {
    char other[2 * RONDO__PATH], whole[PATH_MAX];
    const bool given = other_folder(recipe, other);
    if (!whole_path(given ? other : recipe->folder, whole) || strlen(whole) >= RONDO__PATH)
        return;
    for (const char *c = whole; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return; /* a recipe cannot hold it */
    }
    if (rondo__utf8_check(whole, strlen(whole)) == strlen(whole))
        memcpy(recipe->data.folder, whole, strlen(whole) + 1);
}

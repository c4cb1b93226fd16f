/* Where a recipe's data lie. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/recipe.h"

/* folder/name or, where that is absent, folder/name.gz. */
static bool try_folder(const char *folder, const char *name, char found[RONDO__PATH], rondo__text *tried) {
    static const char *const endings[] = {"", ".gz"};
    for (int i = 0; i < 2; i++) {
        int size = snprintf(found, RONDO__PATH, "%s%s%s%s", folder ? folder : "", folder ? "/" : "", name, endings[i]);
        if (size > 0 && size < RONDO__PATH && rondo__file_exists(found))
            return true;
    }
    rondo__text_format(tried, "%s%s%s%s", tried->size ? ", " : "", folder ? folder : "", folder ? "/" : "", name);
    return false;
}

rondo_status rondo__recipe_find(const rondo__recipe *recipe, const char *name, char found[RONDO__PATH],
                                rondo_error *err) {
    const char *data = getenv("RONDO_DATA");
    rondo__text tried = {0};
    rondo_status status;
    const bool absolute = name[0] == '/', given = data && *data;
    bool there = try_folder(absolute ? NULL : recipe->folder, name, found, &tried);
    if (!there && !absolute && given)
        there = try_folder(data, name, found, &tried);
    if (there) {
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

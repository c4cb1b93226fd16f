/* The files of a folder. */
#ifndef RONDO_DATA_LABELLED_FOLDER_H
#define RONDO_DATA_LABELLED_FOLDER_H

#include "core/core.h"

typedef struct rondo__file_names {
    int64_t count, capacity;
    char **name; /* (count) FOLDER/..., in order of bytes */
} rondo__file_names;
/* Regular files below a folder with one of the endings (any case; NULL: all). Hidden ones, and links to folders, are
 * passed over. */
rondo_status rondo__folder_files(rondo__file_names *out, const char *path, const char *const *ending, rondo_error *err);
void rondo__file_names_free(rondo__file_names *names);
/* ending NULL: true. */
bool rondo__file_ends_so(const char *path, const char *const *ending);

#endif

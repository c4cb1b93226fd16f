/* Labelled examples: texts or files, each with a label, from a list, a folder or an archive. */
#ifndef RONDO_DATA_LABELLED_H
#define RONDO_DATA_LABELLED_H

#include "core/core.h"

typedef struct rondo__labelled_item {
    char *place;   /* for messages: "list.tsv:7", or the path */
    char *text;    /* the text itself; of files: the path (inside an archive: ARCHIVE/PATH) */
    char *label;   /* "" where only the paths matter */
    char *speaker; /* the field or column `speaker`; "" where there is none */
} rondo__labelled_item;
typedef struct rondo__labelled {
    int64_t count;
    rondo__labelled_item *item;
} rondo__labelled;

typedef struct rondo__labelled_spec {
    bool texts;          /* items are texts ("TEXT<tab>LABEL" in a .tsv), not files */
    const char *pattern; /* "{label}_{speaker}_{index}": of base names without ending, or with "/" of folders, too:
                            "{label}/{speaker}_{index}"; NULL or "": none */
    const char *where; /* "speaker!=theo, index=3|4": which count; NULL or "": all. Fields are those of the pattern, or
                          the columns of the .tsv's header */
    const char *const
        *ending; /* of the files that are taken from a folder or an archive (".wav", ".flac"); NULL ends */
} rondo__labelled_spec;

/* path: a .tsv (path or text, label, further columns; a first row with "path" (or "text") and "label" is a header, of
 * files also one with "path" and "text"; paths are relative to the list), a folder, an archive (.tar, .tar.gz, .zip),
 * or a folder inside of one (data.tar/train); their files in order of name. Errors: FILE:LINE of a row without a label;
 * a file of the list that is missing; a name that does not fit the pattern; a field that where does not find; nothing
 * left. */
rondo_status rondo__labelled_read(rondo__labelled *out, const char *path, const rondo__labelled_spec *spec,
                                  rondo_error *err);
void rondo__labelled_free(rondo__labelled *items);
/* Takes a part of the items out, for validation: which ones is drawn once and for all, and hangs on their number alone.
 */
rondo_status rondo__labelled_split(rondo__labelled *items, rondo__labelled *second, double fraction, rondo_error *err);

/* ---- archives (archive.c; libarchive) ---- */
/* Does path name an archive that is a file, or lead into one? size: bytes of its name in path. */
bool rondo__archive_path(const char *path, size_t *size);
/* All regular files below inner ("" for all) with a given ending, unpacked into memory. Names are relative to the
 * archive, in order of name. Nothing is written to disk. Sizes are bounded by max_bytes each and 64 times that in all.
 */
typedef struct rondo__archive_file {
    char *name;
    char *data; /* a NUL follows */
    size_t size;
    int64_t place; /* in the archive */
} rondo__archive_file;
typedef struct rondo__archive {
    int64_t count;
    rondo__archive_file *file;
} rondo__archive;
rondo_status rondo__archive_read(rondo__archive *out, const char *path, const char *inner, const char *const *ending,
                                 size_t max_bytes, rondo_error *err);
void rondo__archive_free(rondo__archive *archive);

#endif

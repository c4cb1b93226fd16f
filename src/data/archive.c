/* Archives, unpacked into memory through libarchive.
 *
 * Nothing is written to disk, so a name with .. or a leading / in it is only a name. Sizes that an archive claims are
 * not believed: bytes are counted as they come, of each file and of all of them. Of libarchive's formats and filters
 * only those are enabled that are done in the process itself. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "data/labelled.h"

#define ALL_FILES 64 /* times max_bytes */

/* ---- paths that lead into an archive ---- */
static bool ends_in(const char *name, size_t size, const char *ending) {
    const size_t length = strlen(ending);
    return size > length && strncasecmp(name + size - length, ending, length) == 0;
}

static bool is_archive_name(const char *path, size_t size) {
    static const char *const endings[] = {".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".zip"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (ends_in(path, size, endings[i]))
            return true;
    }
    return false;
}

/* The first size bytes of path name a regular file. */
static bool is_file(const char *path, size_t size) {
    struct stat about;
    char name[PATH_MAX];
    if (size >= sizeof name)
        return false;
    memcpy(name, path, size);
    name[size] = '\0';
    return stat(name, &about) == 0 && S_ISREG(about.st_mode);
}

bool rondo__archive_path(const char *path, size_t *size) {
    for (size_t i = 1; path[i - 1]; i++) {
        if ((path[i] == '/' || path[i] == '\0') && is_archive_name(path, i) && is_file(path, i)) {
            *size = i;
            return true;
        }
    }
    return false;
}

void rondo__archive_free(rondo__archive *archive) {
    for (int64_t i = 0; archive->file && i < archive->count; i++) {
        rondo__free(archive->file[i].name);
        rondo__free(archive->file[i].data);
    }
    rondo__free(archive->file);
    *archive = (rondo__archive){0};
}

#ifdef RONDO_HAVE_ARCHIVE
#include <archive.h>
#include <archive_entry.h>

#define PIECE ((size_t)64 << 10)

typedef struct reading {
    struct archive *source;
    const char *path, *inner;
    const char *const *ending;
    size_t max_bytes, left; /* of one file; of all that are still to come */
    rondo__archive *out;
    int64_t room;
} reading;

static rondo_status fail_archive(const reading *r, const char *name, rondo_error *err) {
    const char *story = archive_error_string(r->source);
    char line[160];
    size_t n = 0;
    for (const char *c = story ? story : "unknown"; *c && n + 1 < sizeof line; c++)
        line[n++] = *c == '\n' || *c == '\r' ? ' ' : *c;
    line[n] = '\0';
    return rondo__fail(err, RONDO_FORMAT, "%s%s%s: damaged, or no archive that can be read: %s", r->path,
                       *name ? "/" : "", name, line);
}

/* "./a", "/a" and "a" are one name. */
static const char *plain_name(const char *name) {
    for (;;) {
        if (name[0] == '/')
            name++;
        else if (name[0] == '.' && name[1] == '/')
            name += 2;
        else
            return name;
    }
}

/* Is name inner, or below it? */
static bool is_below(const char *name, const char *inner) {
    size_t size = strlen(inner);
    while (size > 0 && inner[size - 1] == '/')
        size--;
    return size == 0 || (strncmp(name, inner, size) == 0 && (name[size] == '/' || name[size] == '\0'));
}

static bool is_wanted(const reading *r, struct archive_entry *entry, const char *name) {
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) || !is_below(name, r->inner))
        return false;
    for (const char *const *e = r->ending; e && *e; e++) {
        if (ends_in(name, strlen(name), *e))
            return true;
    }
    return !r->ending || !*r->ending;
}

/* The place of the next file, its name filled in. */
static rondo_status add_file(reading *r, const char *name, rondo__archive_file **file, rondo_error *err) {
    rondo__archive *out = r->out;
    const size_t cost = sizeof **file + strlen(name) + 1;
    if (cost > r->left)
        return rondo__fail(err, RONDO_FORMAT, "%s: holds more than the %zu bytes allowed here", r->path,
                           r->max_bytes * ALL_FILES);
    r->left -= cost;
    if (out->count == r->room) {
        const int64_t room = r->room ? 2 * r->room : 64;
        rondo__archive_file *grown =
            rondo__realloc(out->file, (size_t)out->count * sizeof *grown, (size_t)room * sizeof *grown);
        if (!grown)
            return rondo__fail(err, RONDO_MEMORY, "%s: no memory for its names", r->path);
        out->file = grown;
        r->room = room;
    }
    *file = &out->file[out->count];
    **file = (rondo__archive_file){.name = rondo__strdup(name), .place = out->count};
    if (!(*file)->name)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for its names", r->path);
    out->count++;
    return RONDO_OK;
}

static rondo_status check_size(const reading *r, const rondo__archive_file *file, rondo_error *err) {
    if (file->size > r->max_bytes)
        return rondo__fail(err, RONDO_FORMAT, "%s/%s: larger than the %zu bytes allowed here", r->path, file->name,
                           r->max_bytes);
    if (file->size > r->left)
        return rondo__fail(err, RONDO_FORMAT, "%s: holds more than the %zu bytes allowed here", r->path,
                           r->max_bytes * ALL_FILES);
    return RONDO_OK;
}

/* Doubles as bytes come; one byte more for a NUL. */
static rondo_status read_data(reading *r, rondo__archive_file *file, rondo_error *err) {
    size_t room = 0;
    for (;;) {
        if (file->size + 1 >= room) {
            const size_t grown = room ? 2 * room : PIECE;
            char *data = rondo__realloc(file->data, file->size, grown);
            if (!data)
                return rondo__fail(err, RONDO_MEMORY, "%s/%s: no memory to unpack it", r->path, file->name);
            file->data = data;
            room = grown;
        }
        const la_ssize_t n = archive_read_data(r->source, file->data + file->size, room - file->size - 1);
        if (n == ARCHIVE_RETRY)
            continue;
        if (n < 0)
            return fail_archive(r, file->name, err);
        file->data[file->size += (size_t)n] = '\0';
        const rondo_status status = check_size(r, file, err);
        if (status || n == 0)
            return status;
    }
}

/* Thousands of small files keep no large blocks. */
static rondo_status shrink(const reading *r, rondo__archive_file *file, rondo_error *err) {
    if (file->size + 1 > PIECE / 2)
        return RONDO_OK;
    char *data = rondo__alloc(file->size + 1);
    if (!data)
        return rondo__fail(err, RONDO_MEMORY, "%s/%s: no memory to unpack it", r->path, file->name);
    memcpy(data, file->data, file->size + 1);
    rondo__free(file->data);
    file->data = data;
    return RONDO_OK;
}

static rondo_status read_entry(reading *r, struct archive_entry *entry, rondo_error *err) {
    rondo__archive_file *file = NULL;
    const char *name = archive_entry_pathname(entry);
    if (!name)
        name = archive_entry_pathname_utf8(entry);
    if (!name)
        return rondo__fail(err, RONDO_FORMAT, "%s: holds a file whose name cannot be read (pack it again)", r->path);
    name = plain_name(name);
    if (!is_wanted(r, entry, name))
        return RONDO_OK;
    rondo_status status = add_file(r, name, &file, err);
    if (!status)
        status = read_data(r, file, err);
    if (status)
        return status;
    r->left -= file->size;
    return shrink(r, file, err);
}

static rondo_status read_entries(reading *r, rondo_error *err) {
    for (;;) {
        struct archive_entry *entry;
        const int code = archive_read_next_header(r->source, &entry);
        if (code == ARCHIVE_EOF)
            return RONDO_OK;
        if (code == ARCHIVE_RETRY)
            continue;
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
            return fail_archive(r, "", err);
        const rondo_status status = read_entry(r, entry, err);
        if (status)
            return status;
    }
}

static rondo_status read_source(reading *r, rondo_error *err) {
    struct archive *a = r->source;
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_zip(a);
    if (archive_read_open_filename(a, r->path, 1 << 16) != ARCHIVE_OK)
        return fail_archive(r, "", err);
    return read_entries(r, err);
}

static int by_name(const void *a, const void *b) {
    const rondo__archive_file *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* Of two files of one name, which an archive has that was added to, the later one counts. */
static void sort_files(rondo__archive *out) {
    int64_t kept = 0;
    if (out->count > 0)
        qsort(out->file, (size_t)out->count, sizeof *out->file, by_name);
    for (int64_t i = 0; i < out->count; i++) {
        if (i + 1 < out->count && strcmp(out->file[i].name, out->file[i + 1].name) == 0) {
            rondo__free(out->file[i].name);
            rondo__free(out->file[i].data);
        } else
            out->file[kept++] = out->file[i];
    }
    out->count = kept;
}

rondo_status rondo__archive_read(rondo__archive *out, const char *path, const char *inner, const char *const *ending,
                                 size_t max_bytes, rondo_error *err) {
    reading r = {.path = path, .inner = plain_name(inner), .ending = ending, .max_bytes = max_bytes, .out = out};
    rondo_status status;
    *out = (rondo__archive){0};
    if (!rondo__size_mul(max_bytes, ALL_FILES, &r.left))
        r.left = SIZE_MAX;
    if (!rondo__file_exists(path))
        return rondo__fail(err, RONDO_NOT_FOUND, "%s: the archive is not there", path);
    r.source = archive_read_new();
    status = r.source ? read_source(&r, err) : rondo__fail(err, RONDO_MEMORY, "%s: no memory to unpack it", path);
    if (r.source)
        archive_read_free(r.source);
    if (status)
        rondo__archive_free(out);
    else
        sort_files(out);
    return status;
}
#else
rondo_status rondo__archive_read(rondo__archive *out, const char *path, const char *inner, const char *const *ending,
                                 size_t max_bytes, rondo_error *err) {
    (void)inner, (void)ending, (void)max_bytes;
    *out = (rondo__archive){0};
    return rondo__fail(err, RONDO_UNSUPPORTED,
                       "%s: this build has no libarchive, which reads archives (unpack it into a folder and name that)",
                       path);
}
#endif

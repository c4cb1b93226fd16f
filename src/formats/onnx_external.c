/* Data that an ONNX file keeps in another file: {location, offset, length}.
 *
 * The location comes from the file and so is hostile: it must name a regular file inside the model's folder, also after
 * all symbolic links have been followed, and the bytes asked for must be there before memory is taken for them. */
#include "formats/onnx.h"

#ifdef RONDO_HAVE_PROTOBUF_C
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/onnx_parts.h"

typedef struct place {
    const char *location;
    uint64_t offset, length;
    bool sized;
} place;

static rondo_status bad(const rondo__onnx_reader *r, const RondoOnnx__Tensor *from, const char *what) {
    return rondo__fail(r->err, RONDO_FORMAT, "%s: tensor '%s': its data are in another file: %s", r->label,
                       rondo__show(rondo__onnx_string(from->name)).text, what);
}

static bool read_whole(const char *text, uint64_t *out) {
    char *end;
    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *out <= INT64_MAX;
}

static rondo_status find_place(const rondo__onnx_reader *r, const RondoOnnx__Tensor *from, place *out) {
    *out = (place){0};
    for (size_t i = 0; i < from->n_external_data; i++) {
        const char *key = rondo__onnx_string(from->external_data[i]->key), *value = from->external_data[i]->value;
        if (strcmp(key, "location") == 0)
            out->location = value;
        else if (strcmp(key, "offset") == 0 && !read_whole(value, &out->offset))
            return bad(r, from, "its offset is no number");
        else if (strcmp(key, "length") == 0 && !(out->sized = read_whole(value, &out->length)))
            return bad(r, from, "its length is no number");
    }
    if (!out->location || !*out->location)
        return bad(r, from, "which, is not said");
    return RONDO_OK;
}

static bool leaves_folder(const char *location) {
    if (location[0] == '/' || strchr(location, '\\'))
        return true;
    for (const char *part = location; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
        if (part[0] == '.' && part[1] == '.' && (part[2] == '/' || part[2] == '\0'))
            return true;
    return false;
}

/* The file, with links followed, is below the folder, with links followed. path: PATH_MAX. */
static rondo_status confine(const rondo__onnx_reader *r, const RondoOnnx__Tensor *from, const char *location,
                            char *path) {
    char folder[PATH_MAX], joined[PATH_MAX];
    const char *base = r->folder && *r->folder ? r->folder : ".";
    if (!r->folder)
        return bad(r, from, "which cannot be had here");
    if (leaves_folder(location))
        return bad(r, from, "a name that leads out of the model's folder is not followed");
    const size_t size = strlen(base) + 1 + strlen(location) + 1;
    if (size > sizeof joined)
        return bad(r, from, "its name is too long");
    memcpy(joined, base, strlen(base));
    joined[strlen(base)] = '/';
    memcpy(joined + strlen(base) + 1, location, strlen(location) + 1);
    if (!realpath(base, folder) || !realpath(joined, path))
        return rondo__fail(r->err, RONDO_NOT_FOUND,
                           "%s: tensor '%s' is in the file '%s', which is not beside the model", r->label,
                           rondo__show(rondo__onnx_string(from->name)).text, rondo__show(location).text);
    const size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
    if (strncmp(path, folder, length) != 0 || path[length] != '/')
        return bad(r, from, "a link that leads out of the model's folder is not followed");
    return RONDO_OK;
}

static bool read_all(int file, char *out, size_t bytes, uint64_t offset) {
    while (bytes > 0) {
        const ssize_t n = pread(file, out, bytes, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        out += n;
        bytes -= (size_t)n;
        offset += (uint64_t)n;
    }
    return true;
}

/* out NULL: only looks whether the bytes are there. */
rondo_status rondo__onnx_external(const rondo__onnx_reader *r, const RondoOnnx__Tensor *from, size_t bytes, void *out) {
    char path[PATH_MAX];
    place at;
    struct stat about;
    rondo_status status = find_place(r, from, &at);
    if (!status && at.sized && at.length != bytes)
        status = bad(r, from, "it is not as long there as its shape says");
    if (!status)
        status = confine(r, from, at.location, path);
    if (status)
        return status;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return bad(r, from, "which cannot be opened");
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode))
        status = bad(r, from, "which is no plain file");
    else if ((uint64_t)about.st_size < at.offset || (uint64_t)about.st_size - at.offset < bytes)
        status = bad(r, from, "which ends before them (is it cut off?)");
    else if (out && !read_all(file, out, bytes, at.offset))
        status = bad(r, from, "which cannot be read");
    close(file);
    return status;
}
#endif

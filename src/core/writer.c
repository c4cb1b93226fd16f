/* Writing files so that a reader, or a crash at any moment, sees either the old file or the whole new one: everything
 * goes to PATH.tmp-PID in the same folder, is forced to disk, then takes the name in one rename.
 *
 * A path that leads through a symbolic link replaces what the link points to, not the link. A path that names a device
 * or a pipe (/dev/stdout, /dev/null) is written straight: there is nothing to rename over. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/core.h"

#define BUFFER ((size_t)64 << 10)

struct rondo__writer {
    int fd;
    bool direct; /* a device or pipe: no temporary file */
    bool failed; /* a piece is lost: never commit */
    bool sealed; /* written and closed */
    size_t held; /* bytes in buffer */
    char path[PATH_MAX], target[PATH_MAX], temporary[PATH_MAX + 32];
    char buffer[BUFFER];
};

static rondo_status fail_write(const rondo__writer *w, const char *what, rondo_error *err) {
    return rondo__fail(err, RONDO_IO, "%s: cannot %s: %s", w->path, what, strerror(errno));
}

/* Finds out what stands at the path; *mode becomes the permissions to keep, 0 when nothing is there. */
static rondo_status look_at_target(rondo__writer *w, mode_t *mode, rondo_error *err) {
    struct stat about;
    *mode = 0;
    if (stat(w->path, &about) != 0 || !realpath(w->path, w->target)) {
        memcpy(w->target, w->path, sizeof w->target);
        return RONDO_OK; /* nothing there, or opening will tell */
    }
    if (S_ISDIR(about.st_mode))
        return rondo__fail(err, RONDO_IO, "%s: is a folder, not a file (choose another name)", w->path);
    w->direct = !S_ISREG(about.st_mode);
    *mode = about.st_mode & 07777;
    return RONDO_OK;
}

static rondo_status open_files(rondo__writer *w, rondo_error *err) {
    mode_t mode;
    rondo_status status = look_at_target(w, &mode, err);
    if (status != RONDO_OK)
        return status;
    snprintf(w->temporary, sizeof w->temporary, "%s.tmp-%ld", w->target, (long)getpid());
    const char *name = w->direct ? w->path : w->temporary;
    int flags = w->direct ? O_WRONLY | O_CLOEXEC : O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    do
        w->fd = open(name, flags, 0666);
    while (w->fd < 0 && errno == EINTR);
    if (w->fd < 0)
        return fail_write(w, "write", err);
    if (mode && !w->direct)
        (void)!fchmod(w->fd, mode); /* a file system without permissions is no reason to fail */
    return RONDO_OK;
}

rondo_status rondo__writer_open(rondo__writer **out, const char *path, rondo_error *err) {
    *out = NULL;
    size_t length = strlen(path);
    if (length == 0 || length >= PATH_MAX)
        return rondo__fail(err, RONDO_ARGUMENT, "'%s': not a usable name for a file", path);
    rondo__writer *w = rondo__alloc(sizeof *w);
    if (!w)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to write it", path);
    *w = (rondo__writer){.fd = -1};
    memcpy(w->path, path, length + 1);
    rondo_status status = open_files(w, err);
    if (status != RONDO_OK) {
        rondo__free(w);
        return status;
    }
    *out = w;
    return RONDO_OK;
}

static rondo_status write_all(rondo__writer *w, const char *data, size_t bytes, rondo_error *err) {
    while (bytes > 0) {
        ssize_t n = write(w->fd, data, bytes < SSIZE_MAX ? bytes : SSIZE_MAX);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            w->failed = true;
            return fail_write(w, "write", err);
        }
        data += n;
        bytes -= (size_t)n;
    }
    return RONDO_OK;
}

static rondo_status flush(rondo__writer *w, rondo_error *err) {
    size_t held = w->held;
    w->held = 0;
    return write_all(w, w->buffer, held, err);
}

rondo_status rondo__writer_put(rondo__writer *w, const void *data, size_t bytes, rondo_error *err) {
    if (bytes > BUFFER - w->held) {
        rondo_status status = flush(w, err);
        if (status != RONDO_OK)
            return status;
    }
    if (bytes > BUFFER)
        return write_all(w, data, bytes, err);
    if (bytes > 0)
        memcpy(w->buffer + w->held, data, bytes);
    w->held += bytes;
    return RONDO_OK;
}

/* Makes the rename itself last. A folder that cannot be opened or synced is not an error: the file is whole. */
static void sync_folder(const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (!slash || length == 0)
        snprintf(folder, sizeof folder, "%s", slash ? "/" : ".");
    else
        snprintf(folder, sizeof folder, "%.*s", (int)length, path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

rondo_status rondo__writer_seal(rondo__writer *w, rondo_error *err) {
    if (w->failed)
        return rondo__fail(err, RONDO_IO, "%s: not written: an earlier write failed", w->path);
    if (w->sealed)
        return RONDO_OK;
    rondo_status status = flush(w, err);
    if (status != RONDO_OK)
        return status;
    if (!w->direct && fsync(w->fd) != 0)
        return fail_write(w, "write", err);
    int fd = w->fd;
    w->fd = -1;
    if (close(fd) != 0 && errno != EINTR)
        return fail_write(w, "write", err);
    w->sealed = true;
    return RONDO_OK;
}

static rondo_status finish(rondo__writer *w, rondo_error *err) {
    rondo_status status = rondo__writer_seal(w, err);
    if (status != RONDO_OK || w->direct)
        return status;
    if (rename(w->temporary, w->target) != 0)
        return fail_write(w, "put the file in place", err);
    sync_folder(w->target);
    return RONDO_OK;
}

rondo_status rondo__writer_commit(rondo__writer **writer, rondo_error *err) {
    rondo_status status = finish(*writer, err);
    if (status != RONDO_OK) {
        rondo__writer_abandon(writer);
        return status;
    }
    rondo__free(*writer);
    *writer = NULL;
    return RONDO_OK;
}

void rondo__writer_abandon(rondo__writer **writer) {
    if (!writer || !*writer)
        return;
    rondo__writer *w = *writer;
    if (w->fd >= 0)
        close(w->fd);
    if (!w->direct)
        unlink(w->temporary);
    rondo__free(w);
    *writer = NULL;
}

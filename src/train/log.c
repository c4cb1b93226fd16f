/* metrics.jsonl: one line per evaluation, added whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train/loop.h"

static bool write_whole(int file, const char *data, size_t size) {
    while (size > 0) {
        const ssize_t done = write(file, data, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        data += done;
        size -= (size_t)done;
    }
    return true;
}

rondo_status rondo__log_add(const char *path, const rondo__text *line, rondo_error *err) {
    const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0)
        return rondo__fail(err, RONDO_IO, "%s: cannot be opened for writing: %s", path, strerror(errno));
    struct stat before = {0};
    rondo_status status = RONDO_OK;
    if (fstat(file, &before) || !write_whole(file, line->data, line->size) || fsync(file)) {
        status = rondo__fail(err, RONDO_IO, "%s: cannot be written: %s", path, strerror(errno));
        if (ftruncate(file, before.st_size))
            status = RONDO_IO;
    }
    if (close(file) && !status)
        status = rondo__fail(err, RONDO_IO, "%s: cannot be written: %s", path, strerror(errno));
    return status;
}

/* Bytes of the first `lines` whole lines. */
static size_t size_of_lines(const char *data, size_t size, int64_t lines) {
    size_t end = 0;
    while (lines-- > 0) {
        const char *next = end < size ? memchr(data + end, '\n', size - end) : NULL;
        if (!next)
            break;
        end = (size_t)(next - data) + 1;
    }
    return end;
}

rondo_status rondo__log_cut(const char *path, int64_t lines, rondo_error *err) {
    if (!rondo__file_exists(path))
        return RONDO_OK;
    char *data = NULL;
    size_t size = 0;
    rondo_status status = rondo__file_read(path, 0, &data, &size, err);
    const size_t keep = status ? 0 : size_of_lines(data, size, lines);
    if (!status && keep < size) {
        rondo__writer *writer = NULL;
        status = rondo__writer_open(&writer, path, err);
        if (!status && !(status = rondo__writer_put(writer, data, keep, err)))
            status = rondo__writer_commit(&writer, err);
        rondo__writer_abandon(&writer);
    }
    rondo__free(data);
    return status;
}

/* Reading files whole, making and locking folders. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/core.h"

#ifdef RONDO_HAVE_ZLIB
#include <zlib.h>
#endif

#define PIECE ((size_t)256 << 10)

/* Where the bytes come from: a file descriptor, or zlib on top of one. */
typedef struct source {
    const char *path;
    int fd;
#ifdef RONDO_HAVE_ZLIB
    gzFile gz;
#endif
} source;

static bool ends_in_gz(const char *path) {
    size_t length = strlen(path);
    return length > 3 && strcmp(path + length - 3, ".gz") == 0;
}

/* The commonest failures by kind: what is not there is the caller's to mend, the rest is the machine's. */
static rondo_status fail_open(const char *path, rondo_error *err) {
    int code = errno;
    bool machine = code == EIO || code == EMFILE || code == ENFILE || code == ENOMEM;
    return rondo__fail(err, machine ? RONDO_IO : RONDO_NOT_FOUND, "%s: cannot open: %s", path, strerror(code));
}

/* Reads up to size bytes; *got is 0 at the end. */
static rondo_status read_plain(source *s, char *data, size_t size, size_t *got, rondo_error *err) {
    ssize_t n;
    do
        n = read(s->fd, data, size < SSIZE_MAX ? size : SSIZE_MAX);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return rondo__fail(err, RONDO_IO, "%s: cannot read: %s", s->path, strerror(errno));
    *got = (size_t)n;
    return RONDO_OK;
}

#ifdef RONDO_HAVE_ZLIB
static rondo_status fail_gz(const source *s, rondo_error *err) {
    int code = Z_OK;
    const char *story = gzerror(s->gz, &code);
    if (code == Z_ERRNO)
        return rondo__fail(err, RONDO_IO, "%s: cannot read: %s", s->path, strerror(errno));
    if (code == Z_MEM_ERROR)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to unpack it", s->path);
    if (code == Z_BUF_ERROR)
        return rondo__fail(err, RONDO_FORMAT, "%s: the gzip data end too early (copy the file again)", s->path);
    return rondo__fail(err, RONDO_FORMAT, "%s: damaged gzip data: %s", s->path, story);
}

static rondo_status read_gz(source *s, char *data, size_t size, size_t *got, rondo_error *err) {
    int n = gzread(s->gz, data, size < PIECE ? (unsigned)size : (unsigned)PIECE);
    if (gzdirect(s->gz))
        return rondo__fail(err, RONDO_FORMAT, "%s: the name ends in .gz but the content is not gzip data (rename it)",
                           s->path);
    int code = Z_OK;
    gzerror(s->gz, &code);
    if (n < 0 || code != Z_OK)
        return fail_gz(s, err);
    *got = (size_t)n;
    return RONDO_OK;
}
#endif

static rondo_status source_open(source *s, const char *path, struct stat *about, rondo_error *err) {
    *s = (source){.path = path};
    do
        s->fd = open(path, O_RDONLY | O_CLOEXEC);
    while (s->fd < 0 && errno == EINTR);
    if (s->fd < 0)
        return fail_open(path, err);
    if (fstat(s->fd, about)) {
        rondo_status status = rondo__fail(err, RONDO_IO, "%s: cannot read: %s", path, strerror(errno));
        close(s->fd);
        return status;
    }
    if (S_ISDIR(about->st_mode)) {
        close(s->fd);
        return rondo__fail(err, RONDO_NOT_FOUND, "%s: is a folder, not a file", path);
    }
    if (S_ISCHR(about->st_mode) || S_ISBLK(about->st_mode)) { /* /dev/zero never ends */
        close(s->fd);
        return rondo__fail(err, RONDO_NOT_FOUND, "%s: is a device, not a file", path);
    }
    if (!ends_in_gz(path))
        return RONDO_OK;
#ifdef RONDO_HAVE_ZLIB
    s->gz = gzdopen(s->fd, "rb");
    if (s->gz)
        return RONDO_OK;
    close(s->fd);
    return rondo__fail(err, RONDO_MEMORY, "%s: no memory to unpack it", path);
#else
    close(s->fd);
    return rondo__fail(err, RONDO_UNSUPPORTED, "%s: this build lacks zlib (unpack the file first)", path);
#endif
}

static rondo_status source_read(source *s, char *data, size_t size, size_t *got, rondo_error *err) {
#ifdef RONDO_HAVE_ZLIB
    if (s->gz)
        return read_gz(s, data, size, got, err);
#endif
    return read_plain(s, data, size, got, err);
}

static void source_close(source *s) {
#ifdef RONDO_HAVE_ZLIB
    if (s->gz) {
        gzclose(s->gz); /* closes fd */
        return;
    }
#endif
    close(s->fd);
}

typedef struct bytes {
    char *data;
    size_t size, capacity;
} bytes;

/* At least one free byte, which is where the NUL goes in the end. */
static bool grow(bytes *b, size_t first) {
    if (b->data && b->size + 1 < b->capacity)
        return true;
    size_t capacity = b->data ? b->capacity : first;
    if (b->data && !rondo__size_mul(capacity, 2, &capacity))
        return false;
    char *grown = rondo__realloc(b->data, b->size, capacity);
    if (!grown)
        return false;
    b->data = grown;
    b->capacity = capacity;
    return true;
}

static rondo_status read_all(source *s, size_t first, size_t max_bytes, bytes *b, rondo_error *err) {
    for (;;) {
        size_t got = 0;
        if (!grow(b, first))
            return rondo__fail(err, RONDO_MEMORY, "%s: no memory to read it", s->path);
        rondo_status status = source_read(s, b->data + b->size, b->capacity - b->size - 1, &got, err);
        if (status != RONDO_OK || got == 0)
            return status;
        b->size += got;
        if (max_bytes && b->size > max_bytes)
            return rondo__fail(err, RONDO_FORMAT, "%s: larger than the %zu bytes allowed here", s->path, max_bytes);
    }
}

/* The size a plain file tells, and room to see its end, saves copies; whatever tells no size (a pipe, /proc) grows. */
static size_t first_capacity(const struct stat *about, bool packed, size_t max_bytes) {
    size_t size = S_ISREG(about->st_mode) && about->st_size > 0 ? (size_t)about->st_size : 0;
    if (max_bytes && size > max_bytes)
        size = max_bytes;
    return size == 0 || packed ? PIECE : size < SIZE_MAX - 2 ? size + 2 : size;
}

rondo_status rondo__file_read(const char *path, size_t max_bytes, char **data, size_t *size, rondo_error *err) {
    *data = NULL;
    *size = 0;
    source s;
    struct stat about = {0};
    rondo_status status = source_open(&s, path, &about, err);
    if (status != RONDO_OK)
        return status;
    bytes b = {0};
    status = read_all(&s, first_capacity(&about, ends_in_gz(path), max_bytes), max_bytes, &b, err);
    source_close(&s);
    if (status != RONDO_OK) {
        rondo__free(b.data);
        return status;
    }
    assert(b.data);
    b.data[b.size] = '\0';
    *data = b.data;
    *size = b.size;
    return RONDO_OK;
}

bool rondo__file_exists(const char *path) { return access(path, F_OK) == 0; }

bool rondo__file_same(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static rondo_status make_folder(const char *path, rondo_error *err) {
    struct stat about;
    if (mkdir(path, 0777) == 0)
        return RONDO_OK;
    int code = errno;
    if (stat(path, &about) == 0) {
        if (S_ISDIR(about.st_mode))
            return RONDO_OK;
        return rondo__fail(err, RONDO_IO, "%s: is a file, not a folder (choose another name)", path);
    }
    return rondo__fail(err, RONDO_IO, "%s: cannot make the folder: %s", path, strerror(code));
}

rondo_status rondo__make_folders(const char *path, rondo_error *err) {
    char part[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof part)
        return rondo__fail(err, RONDO_ARGUMENT, "'%s': not a usable name for a folder", path);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        rondo_status status = make_folder(part, err);
        if (status != RONDO_OK)
            return status;
    }
    return RONDO_OK;
}

bool rondo__folder_lock(int *lock, const char *path) {
    int code = 0;
    *lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (*lock >= 0 && (code = flock(*lock, LOCK_EX | LOCK_NB) ? errno : 0) == EINTR)
        ;
    if (code)
        rondo__folder_unlock(lock);
    return code != EWOULDBLOCK;
}

void rondo__folder_unlock(int *lock) {
    if (*lock >= 0)
        close(*lock);
    *lock = -1;
}

bool rondo__ends_in(const char *path, const char *ending) {
    const size_t size = strlen(path), part = strlen(ending);
    return size > part && strcmp(path + size - part, ending) == 0;
}

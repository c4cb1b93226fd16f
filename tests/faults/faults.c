/* A library put before the C library (LD_PRELOAD) that lets the n-th system call which changes a file go wrong.
 *
 *   RONDO_FAULT=kill:N        SIGKILL before call N
 *   RONDO_FAULT=torn:N        call N, if it writes, writes half; then SIGKILL
 *   RONDO_FAULT=after:N       SIGKILL after call N
 *   RONDO_FAULT=fail:N:CODE   call N fails with errno CODE
 *   RONDO_FAULT=from:N:CODE   so do all after it: a disk that has gone
 *   RONDO_FAULT=short:N       write N takes one byte; the caller must go on
 *   RONDO_FAULT=signal:N:S    raises signal S before call N
 *   RONDO_FAULT_LOG=FILE      every call is added to FILE: "write 120 PATH", "rename FROM TO", ...
 *
 * Calls are counted over all threads from 1. Only what reaches a file of a path counts: pipes, terminals and the log
 * do not. See faults.sh. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef enum fault { NONE, KILL, TORN, AFTER, FAIL, FROM, SHORT, SIGNAL } fault;

static fault kind;
static long nth, code;
static int journal = -1;
static atomic_long calls;

__attribute__((constructor)) static void begin(void) {
    static const char *const names[] = {"", "kill:", "torn:", "after:", "fail:", "from:", "short:", "signal:"};
    const char *text = getenv("RONDO_FAULT"), *path = getenv("RONDO_FAULT_LOG");
    for (int i = KILL; text && i <= SIGNAL; i++) {
        if (strncmp(text, names[i], strlen(names[i])) == 0) {
            char *end;
            kind = (fault)i;
            nth = strtol(text + strlen(names[i]), &end, 10);
            code = *end == ':' ? strtol(end + 1, NULL, 10) : 0;
        }
    }
    if (path)
        journal = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

static void end_it(void) {
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* The file behind a descriptor, NULL: not one with a path. */
static const char *path_of(int fd, char out[PATH_MAX]) {
    char link[64];
    struct stat about;
    if (syscall(SYS_fstat, fd, &about) || !(S_ISREG(about.st_mode) || S_ISDIR(about.st_mode)))
        return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, out, PATH_MAX - 1);
    if (size <= 0)
        return NULL;
    out[size] = '\0';
    return out;
}

/* Counts a call and says what is to happen to it. */
static fault meet(const char *what, const char *a, const char *b, long bytes) {
    const long n = atomic_fetch_add(&calls, 1) + 1;
    if (journal >= 0) {
        char line[3 * PATH_MAX];
        const int size = bytes >= 0 ? snprintf(line, sizeof line, "%s %ld %s\n", what, bytes, a)
                                    : snprintf(line, sizeof line, "%s %s%s%s\n", what, a, b ? " " : "", b ? b : "");
        syscall(SYS_write, journal, line, (size_t)size);
    }
    if (kind == FROM && n >= nth) {
        errno = (int)code;
        return FAIL;
    }
    if (n != nth)
        return NONE;
    if (kind == KILL)
        end_it();
    if (kind == SIGNAL)
        raise((int)code);
    if (kind == FAIL)
        errno = (int)code;
    return kind;
}

static long after(fault what, long result) {
    if (what == AFTER || what == TORN)
        end_it();
    return result;
}

ssize_t write(int fd, const void *data, size_t size) {
    char path[PATH_MAX];
    const char *name = path_of(fd, path);
    const fault what = name ? meet("write", name, NULL, (long)size) : NONE;
    if (what == FAIL)
        return -1;
    const size_t now = what == TORN ? size / 2 : what == SHORT && size > 1 ? 1 : size;
    return after(what, syscall(SYS_write, fd, data, now));
}

static int sync_call(const char *name, long number, int fd) {
    char path[PATH_MAX];
    const char *file = path_of(fd, path);
    const fault what = file ? meet(name, file, NULL, -1) : NONE;
    return what == FAIL ? -1 : (int)after(what, syscall(number, fd));
}

int fsync(int fd) { return sync_call("fsync", SYS_fsync, fd); }
int fdatasync(int fd) { return sync_call("fdatasync", SYS_fdatasync, fd); }

int ftruncate(int fd, off_t size) {
    char path[PATH_MAX];
    const char *name = path_of(fd, path);
    const fault what = name ? meet("ftruncate", name, NULL, (long)size) : NONE;
    return what == FAIL ? -1 : (int)after(what, syscall(SYS_ftruncate, fd, size));
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

int rename(const char *from, const char *to) {
    const fault what = meet("rename", from, to, -1);
    return what == FAIL ? -1 : (int)after(what, syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlink(const char *path) {
    const fault what = meet("unlink", path, NULL, -1);
    return what == FAIL ? -1 : (int)after(what, syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int rmdir(const char *path) {
    const fault what = meet("rmdir", path, NULL, -1);
    return what == FAIL ? -1 : (int)after(what, syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR));
}

int mkdir(const char *path, mode_t mode) {
    const fault what = meet("mkdir", path, NULL, -1);
    return what == FAIL ? -1 : (int)after(what, syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

static int open_call(const char *path, int flags, mode_t mode) {
    const fault what = flags & (O_WRONLY | O_RDWR) ? meet("open", path, NULL, -1) : NONE;
    return what == FAIL ? -1 : (int)after(what, syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_call(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_call(path, flags, mode);
}
/* what open becomes with _FORTIFY_SOURCE */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __open_2(const char *path, int flags) { return open_call(path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_call(path, flags, 0); }

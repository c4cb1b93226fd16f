#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 1 << 16 };

int cli_lines_open(cli_lines *lines, const char *path, int64_t most) {
    *lines = (cli_lines){.name = path ? path : "stdin", .file = STDIN_FILENO, .most = most};
    if (path)
        lines->file = open(path, O_RDONLY | O_CLOEXEC);
    if (lines->file < 0)
        return cli_fail(CLI_USAGE, "%s: cannot be opened: %s", path, strerror(errno));
    lines->terminal = isatty(lines->file);
    lines->most = lines->terminal ? 1 : most;
    lines->line = calloc((size_t)lines->most, sizeof *lines->line);
    if (lines->line)
        return -1;
    cli_lines_close(lines);
    return cli_fail(CLI_FAILED, "%s: no memory for its lines", lines->name);
}

void cli_lines_close(cli_lines *lines) {
    if (lines->file > STDIN_FILENO)
        close(lines->file);
    free(lines->text);
    free(lines->given);
    free(lines->line);
    *lines = (cli_lines){.file = -1};
}

/* Room for size bytes in *data; false: none. */
static bool reserve(char **data, size_t *room, size_t size) {
    if (size <= *room)
        return true;
    size_t wanted = *room * 2 > size ? *room * 2 : size;
    char *bigger = realloc(*data, wanted);
    if (!bigger)
        return false;
    *data = bigger;
    *room = wanted;
    return true;
}

/* Reads some more; 0: the end, -1: an error. */
static int read_more(cli_lines *lines) {
    if (!reserve(&lines->text, &lines->room, lines->size + CHUNK)) {
        errno = ENOMEM;
        return -1;
    }
    ssize_t got;
    do
        got = read(lines->file, lines->text + lines->size, CHUNK);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        lines->size += (size_t)got;
    lines->end = got == 0;
    return got < 0 ? -1 : got > 0;
}

static bool more_is_there(const cli_lines *lines) {
    struct pollfd ready = {.fd = lines->file, .events = POLLIN};
    return poll(&ready, 1, 0) > 0;
}

/* Whole lines of what was read, at most `most`; *end: bytes up to the end of the last of them. */
static int64_t whole_lines(const cli_lines *lines, size_t *end) {
    int64_t count = 0;
    *end = 0;
    while (count < lines->most && *end < lines->size) {
        const char *next = memchr(lines->text + *end, '\n', lines->size - *end);
        if (!next && !lines->end)
            break;
        *end = next ? (size_t)(next - lines->text) + 1 : lines->size;
        count++;
    }
    return count;
}

/* Moves the first `end` bytes over, and cuts them into lines. */
static int give(cli_lines *lines, size_t end) {
    if (!reserve(&lines->given, &lines->given_room, end + 1))
        return cli_fail(CLI_FAILED, "%s: no memory for its lines", lines->name);
    memcpy(lines->given, lines->text, end);
    lines->given[end] = '\0';
    lines->size -= end;
    memmove(lines->text, lines->text + end, lines->size);
    const bool marked = lines->number == 0 && end >= 3 && memcmp(lines->given, "\xEF\xBB\xBF", 3) == 0;
    char *at = lines->given + (marked ? 3 : 0); /* a byte order mark is no part of the text */
    for (int64_t i = 0; i < lines->count; i++) {
        char *stop = memchr(at, '\n', end - (size_t)(at - lines->given));
        stop = stop ? stop : lines->given + end;
        lines->line[i] = at;
        *stop = '\0';
        if (memchr(at, '\0', (size_t)(stop - at)))
            return cli_fail(CLI_USAGE, "%s: line %lld: holds a NUL byte (this is not a text)", lines->name,
                            (long long)lines->number + i + 1);
        if (stop > at && stop[-1] == '\r')
            stop[-1] = '\0';
        at = stop + 1;
    }
    return -1;
}

int cli_lines_next(cli_lines *lines) {
    size_t end = 0;
    lines->number += lines->count;
    lines->count = whole_lines(lines, &end);
    while (!lines->end && (lines->count == 0 || (lines->count < lines->most && more_is_there(lines)))) {
        if (read_more(lines) < 0)
            return cli_fail(errno == ENOMEM ? CLI_FAILED : CLI_USAGE, "%s: cannot be read: %s", lines->name,
                            strerror(errno));
        lines->count = whole_lines(lines, &end);
    }
    return lines->count > 0 ? give(lines, end) : -1;
}

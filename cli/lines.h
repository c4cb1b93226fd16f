/* Lines from a file, a pipe or a terminal, as many at a time as are there. */
#ifndef RONDO_CLI_LINES_H
#define RONDO_CLI_LINES_H

#include "cli.h"

typedef struct cli_lines {
    const char *name; /* for messages */
    int file;
    bool end;      /* of the file */
    bool terminal; /* a line at a time */
    char *text;    /* what was read and not yet given */
    size_t size, room;
    char **line; /* the lines given last, in given */
    char *given;
    size_t given_room;
    int64_t count, most; /* lines given last; at most so many at once */
    int64_t number;      /* lines given before these */
} cli_lines;

/* path NULL: stdin. Returns -1, or the exit code after a message. */
int cli_lines_open(cli_lines *lines, const char *path, int64_t most);
void cli_lines_close(cli_lines *lines);
/* Waits for at least one line, then takes all that are there at once, at most `most`: count 0 at the end. Lines come
 * without their ends and stay valid until the next call. Returns -1, or the exit code after a message. */
int cli_lines_next(cli_lines *lines);

#endif

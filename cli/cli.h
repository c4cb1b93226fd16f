/* What the commands share: the table of options, the messages, the exit codes. A command's file holds its options, its
 * help and its run function; nothing here knows a command. */
#ifndef RONDO_CLI_CLI_H
#define RONDO_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "rondo/rondo.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

typedef enum cli_kind {
    CLI_FLAG,  /* bool */
    CLI_WHOLE, /* int64_t within [least, most] */
    CLI_REAL,  /* double within [least, most] */
    CLI_SEED,  /* uint64_t */
    CLI_TEXT,  /* const char * */
    CLI_LIST,  /* cli_list: the option may be repeated; with `many` it takes all words up to the next option */
    CLI_CHOICE /* int: place of the word in choices */
} cli_kind;

#define CLI_MAX_LIST 256
typedef struct cli_list {
    int count;
    const char *item[CLI_MAX_LIST];
} cli_list;

typedef struct cli_option {
    const char *name; /* "--threads" */
    cli_kind kind;
    void *target;
    const char *value; /* "N": shown in the help */
    const char *help;
    double least, most;         /* WHOLE, REAL; both 0: no bound */
    const char *const *choices; /* CHOICE: ends in NULL */
    bool many;                  /* LIST */
    bool *given;                /* NULL, or set to true when the option is there */
} cli_option;

typedef struct cli_command {
    const char *name;
    const char *summary;               /* one line for `rondo --help` */
    const char *usage;                 /* "rondo train RECIPE.yaml [options]" */
    const char *about;                 /* a paragraph or two, and an example */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit code */
} cli_command;

extern const cli_command cli_train, cli_eval, cli_translate, cli_classify, cli_transcribe, cli_tag, cli_forecast,
    cli_generate, cli_average, cli_info, cli_run, cli_import, cli_export, cli_inspect, cli_bench;

/* Parses argv[1..argc) by the table; words that are no option go to words (at most max_words, at least min_words).
 * Returns -1 to go on, or the exit code: `--help` was answered (0) or the call is wrong (2, message printed). */
int cli_parse(const cli_command *command, int argc, char **argv, int options, const cli_option *option, int min_words,
              int max_words, const char **words);

/* One line on stderr, "rondo: ..."; returns the exit code given. */
int cli_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The library's error as a line, with the exit code that CLI.md gives its kind. */
int cli_report(rondo_status status, const rondo_error *err);

/* Does the name end in this, with something before it? */
bool cli_ends_in(const char *name, const char *ending);

/* The nearest of names to word, or NULL. */
const char *cli_nearest(const char *word, int count, const char *const *names);

/* Writes what is buffered on stdout; a full disk or closed pipe becomes an error line and CLI_FAILED. */
int cli_flush(int code);

/* A context for a command: threads 0 = all cores. On failure prints and returns the exit code, else -1. */
int cli_context(rondo_context **context, int64_t threads);
/* The same with a rondo_precision, whose names these are. */
extern const char *const cli_precisions[];
int cli_context_of(rondo_context **context, int64_t threads, int precision);

/* {"name": value, ...}; not-a-number becomes null. */
void cli_print_metrics_json(const rondo_metrics *metrics);

/* "1:02:03" or "4:05" */
void cli_format_time(double seconds, char out[32]);
/* "12.3k", "4.56M" */
void cli_format_count(double count, char out[32]);

#endif

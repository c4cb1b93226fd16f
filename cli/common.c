/* Messages, exit codes and number formats of all commands. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* One line, whatever names of files hold: what would end it, or steer a terminal, is a question mark. */
int cli_fail(int code, const char *format, ...) {
    char line[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    fprintf(stderr, "rondo: %s\n", line);
    return code;
}

int cli_report(rondo_status status, const rondo_error *err) {
    const char *story = err->message[0] ? err->message : rondo_status_sentence(status);
    switch (status) {
    case RONDO_OK:
        return CLI_DONE;
    case RONDO_MEMORY:
    case RONDO_IO:
    case RONDO_NUMERIC:
    case RONDO_INTERRUPTED:
        return cli_fail(CLI_FAILED, "%s", story);
    default:
        return cli_fail(CLI_USAGE, "%s", story);
    }
}

bool cli_ends_in(const char *name, const char *ending) {
    const size_t size = strlen(name), part = strlen(ending);
    return size > part && strcmp(name + size - part, ending) == 0;
}

/* Levenshtein distance, capped at short words: names of options and commands. */
static int distance(const char *a, const char *b) {
    enum { MOST = 48 };
    size_t n = strlen(a), m = strlen(b);
    if (n > MOST || m > MOST)
        return MOST;
    int row[MOST + 1];
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[m];
}

const char *cli_nearest(const char *word, int count, const char *const *names) {
    const char *best = NULL;
    int least = (int)strlen(word) / 3 + 2;
    for (int i = 0; i < count; i++) {
        int d = distance(word, names[i]);
        if (d < least) {
            least = d;
            best = names[i];
        }
    }
    return best;
}

int cli_flush(int code) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (errno == EPIPE) /* as in `rondo generate | head -1`: the reader has what it wanted */
        return code;
    return cli_fail(CLI_FAILED, "stdout: cannot be written: %s", strerror(errno));
}

const char *const cli_precisions[] = {"f32", "bf16", "int8", NULL};

int cli_context_of(rondo_context **context, int64_t threads, int precision) {
    const rondo_context_options options = {.threads = (int)threads, .precision = (rondo_precision)precision};
    rondo_error err = {0};
    rondo_status status = rondo_context_create(context, &options, &err);
    return status ? cli_report(status, &err) : -1;
}

int cli_context(rondo_context **context, int64_t threads) {
    return cli_context_of(context, threads, RONDO_PRECISION_F32);
}

void cli_print_metrics_json(const rondo_metrics *metrics) {
    putchar('{');
    for (int i = 0; i < metrics->count; i++) {
        printf("%s\"%s\": ", i ? ", " : "", metrics->item[i].name);
        double x = metrics->item[i].value;
        if (!isfinite(x))
            fputs("null", stdout);
        else if (x == floor(x) && fabs(x) < 1e15)
            printf("%.0f", x);
        else
            printf("%.9g", x);
    }
    puts("}");
}

void cli_format_time(double seconds, char out[32]) {
    long s = seconds < 0 || !isfinite(seconds) ? 0 : seconds > 3.6e8 ? 360000000 : (long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(out, 32, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, 32, "%ld:%02ld", s / 60, s % 60);
}

void cli_format_count(double count, char out[32]) {
    if (count >= 1e6)
        snprintf(out, 32, "%.3gM", count / 1e6);
    else if (count >= 1e4)
        snprintf(out, 32, "%.3gk", count / 1e3);
    else
        snprintf(out, 32, "%.0f", count);
}

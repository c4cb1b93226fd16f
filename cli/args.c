/* Options by table: parsing, messages, and the text of --help. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const cli_option *find(int options, const cli_option *option, const char *word, size_t length) {
    for (int i = 0; i < options; i++)
        if (strlen(option[i].name) == length && memcmp(option[i].name, word, length) == 0)
            return &option[i];
    return NULL;
}

static int unknown(const cli_command *command, int options, const cli_option *option, const char *word) {
    const char *names[64];
    int count = 0;
    for (int i = 0; i < options && count < 63; i++)
        names[count++] = option[i].name;
    names[count++] = "--help";
    const char *near = cli_nearest(word, count, names);
    if (near)
        return cli_fail(CLI_USAGE, "%s: unknown option '%s' (did you mean '%s'?)", command->name, word, near);
    return cli_fail(CLI_USAGE, "%s: unknown option '%s' (see rondo %s --help)", command->name, word, command->name);
}

static int out_of_range(const cli_command *command, const cli_option *o, const char *text, const char *what) {
    if (o->least < o->most && o->most < 1e15)
        return cli_fail(CLI_USAGE, "%s: %s is '%s' (must be %s from %.12g to %.12g)", command->name, o->name, text,
                        what, o->least, o->most);
    if (o->least < o->most)
        return cli_fail(CLI_USAGE, "%s: %s is '%s' (must be %s of at least %.12g)", command->name, o->name, text, what,
                        o->least);
    return cli_fail(CLI_USAGE, "%s: %s is '%s' (must be %s)", command->name, o->name, text, what);
}

static bool in_range(const cli_option *o, double x) { return !(o->least < o->most) || (x >= o->least && x <= o->most); }

static int set_choice(const cli_command *command, const cli_option *o, const char *text) {
    char list[256] = "";
    size_t used = 0;
    for (int i = 0; o->choices[i]; i++) {
        if (strcmp(o->choices[i], text) == 0) {
            *(int *)o->target = i;
            return -1;
        }
        int n = snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", o->choices[i]);
        used += n > 0 && (size_t)n < sizeof list - used ? (size_t)n : 0;
    }
    return cli_fail(CLI_USAGE, "%s: %s is '%s' (must be one of: %s)", command->name, o->name, text, list);
}

static int set_number(const cli_command *command, const cli_option *o, const char *text) {
    char *end = NULL;
    errno = 0;
    if (o->kind == CLI_WHOLE) {
        long long x = strtoll(text, &end, 10);
        if (end == text || *end || errno || !in_range(o, (double)x))
            return out_of_range(command, o, text, "a whole number");
        *(int64_t *)o->target = x;
    } else if (o->kind == CLI_SEED) {
        unsigned long long x = strtoull(text, &end, 10);
        if (end == text || *end || errno || text[0] == '-')
            return out_of_range(command, o, text, "a whole number of 0 or more");
        *(uint64_t *)o->target = x;
    } else {
        double x = strtod(text, &end);
        if (end == text || *end || errno || !isfinite(x) || !in_range(o, x))
            return out_of_range(command, o, text, "a number");
        *(double *)o->target = x;
    }
    return -1;
}

static int set_value(const cli_command *command, const cli_option *o, const char *text) {
    switch (o->kind) {
    case CLI_WHOLE:
    case CLI_SEED:
    case CLI_REAL:
        return set_number(command, o, text);
    case CLI_TEXT:
        *(const char **)o->target = text;
        return -1;
    case CLI_CHOICE:
        return set_choice(command, o, text);
    case CLI_LIST: {
        cli_list *list = o->target;
        if (list->count == CLI_MAX_LIST)
            return cli_fail(CLI_USAGE, "%s: %s was given more than %d times", command->name, o->name, CLI_MAX_LIST);
        list->item[list->count++] = text;
        return -1;
    }
    case CLI_FLAG:
        break;
    }
    return -1;
}

static void help(const cli_command *command, int options, const cli_option *option) {
    printf("usage: %s\n\n%s\n", command->usage, command->about);
    printf("\noptions:\n");
    for (int i = 0; i < options; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s%s", option[i].name, option[i].value ? " " : "",
                 option[i].value ? option[i].value : "", option[i].many ? "..." : "");
        printf("  %-22s %s\n", left, option[i].help);
    }
    printf("  %-22s %s\n", "--help", "this text");
}

/* One option at argv[*at] (which begins with "-"); moves *at past what it takes. */
static int take(const cli_command *command, int argc, char **argv, int options, const cli_option *option, int *at) {
    const char *word = argv[*at], *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    const cli_option *o = find(options, option, word, length);
    if (!o)
        return unknown(command, options, option, word);
    if (o->given)
        *o->given = true;
    ++*at;
    if (o->kind == CLI_FLAG) {
        if (equals)
            return cli_fail(CLI_USAGE, "%s: %s takes no value", command->name, o->name);
        *(bool *)o->target = true;
        return -1;
    }
    if (equals)
        return set_value(command, o, equals + 1);
    if (*at >= argc)
        return cli_fail(CLI_USAGE, "%s: %s needs a value, as in %s %s", command->name, o->name, o->name, o->value);
    int code = set_value(command, o, argv[(*at)++]);
    while (code < 0 && o->many && *at < argc && strncmp(argv[*at], "--", 2) != 0)
        code = set_value(command, o, argv[(*at)++]);
    return code;
}

int cli_parse(const cli_command *command, int argc, char **argv, int options, const cli_option *option, int min_words,
              int max_words, const char **words) {
    int count = 0;
    bool only_words = false;
    for (int at = 1; at < argc;) {
        if (!only_words && (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)) {
            help(command, options, option);
            return cli_flush(CLI_DONE);
        }
        if (!only_words && strcmp(argv[at], "--") == 0) {
            only_words = true;
            at++;
        } else if (!only_words && argv[at][0] == '-' && argv[at][1]) {
            int code = take(command, argc, argv, options, option, &at);
            if (code >= 0)
                return code;
        } else {
            if (count == max_words)
                return cli_fail(CLI_USAGE, "%s: '%s' is one word too many (usage: %s)", command->name, argv[at],
                                command->usage);
            words[count++] = argv[at++];
        }
    }
    if (count < min_words)
        return cli_fail(CLI_USAGE, "%s: something is missing (usage: %s)", command->name, command->usage);
    for (int i = count; i < max_words; i++)
        words[i] = NULL;
    return -1;
}

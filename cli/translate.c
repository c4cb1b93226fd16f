/* rondo translate: a line in, a line out. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "lines.h"

enum { WINDOW = 4 }; /* batches that are read before they are put in order of length */

typedef struct translating {
    const char *path, *file;
    const char *attention;
    cli_list members;
    int64_t nbest, threads;
    int dtype;
    rondo_translate_options options;
    rondo_context *context;
    rondo_model *model, *member[CLI_MAX_LIST];
    rondo_translation *out; /* (window) */
    bool timed;
    double opening, translating; /* seconds */
} translating;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t fresh_seed(void) {
    uint32_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = (uint32_t)getpid();
    return seed;
}

/* ---- attention ---- */

static const char *picture_ending(const char *path) {
    static const char *const endings[] = {".png", ".svg", ".npy"};
    for (int i = 0; i < 3; i++)
        if (cli_ends_in(path, endings[i]))
            return strrchr(path, '.');
    return NULL;
}

/* The first line's picture has the name as given, line N's has -N before the ending. */
static int save_attention(const translating *t, const rondo_translation *r, int64_t number) {
    char path[4096];
    rondo_error err = {0};
    const char *dot = picture_ending(t->attention);
    if (!r->weights) /* an empty line */
        return -1;
    int size = number == 1 ? snprintf(path, sizeof path, "%s", t->attention)
                           : snprintf(path, sizeof path, "%.*s-%lld%s", (int)(dot - t->attention), t->attention,
                                      (long long)number, dot);
    if (size >= (int)sizeof path)
        return cli_fail(CLI_USAGE, "translate: the name of --attention is too long");
    rondo_status status = rondo_translation_save_attention(r, path, &err);
    return status ? cli_report(status, &err) : -1;
}

/* ---- lines ---- */

static void print(const translating *t, const rondo_translation *r, int64_t number) {
    if (t->nbest == 0) {
        puts(r->text[0]);
        return;
    }
    for (int64_t i = 0; i < r->count; i++)
        printf("%lld ||| %s ||| %.6f\n", (long long)number, r->text[i], r->score[i]);
}

/* Someone at a terminal can mend a line: there it does not end the session. */
static int report_line(rondo_status status, const rondo_error *err, const cli_lines *lines) {
    const bool of_line = strncmp(err->message, "line ", 5) == 0;
    rondo_error named = *err;
    if (of_line)
        snprintf(named.message, sizeof named.message, "%.100s: %.380s", lines->name, err->message);
    const int code = cli_report(status, &named);
    return lines->terminal && of_line && code == CLI_USAGE ? -1 : code;
}

static int translate_window(translating *t, const cli_lines *lines) {
    rondo_error err = {0};
    int code = -1;
    t->options.search.first_source = (uint64_t)lines->number;
    const double begun = now();
    rondo_status status =
        rondo_model_translate(t->model, lines->count, (const char *const *)lines->line, &t->options, t->out, &err);
    t->translating += now() - begun;
    if (status)
        return report_line(status, &err, lines);
    for (int64_t i = 0; i < lines->count; i++) {
        const int64_t number = lines->number + i + 1;
        if (code < 0)
            print(t, &t->out[i], number);
        if (code < 0 && t->attention)
            code = save_attention(t, &t->out[i], number);
        rondo_translation_free(&t->out[i]);
    }
    if (fflush(stdout) != 0 && code < 0)
        code = cli_flush(CLI_DONE);
    return code;
}

/* Reading and writing lines is not counted. */
static void report_time(const translating *t, int64_t lines) {
    fprintf(stderr, "%lld lines in %.4f s, %.1f lines/s; model opened in %.4f s\n", (long long)lines, t->translating,
            t->translating > 0 ? (double)lines / t->translating : 0, t->opening);
}

static int translate_lines(translating *t) {
    cli_lines lines;
    const int64_t batch = t->options.batch ? t->options.batch : 64, window = WINDOW * batch;
    int code = cli_lines_open(&lines, t->file, window);
    if (code >= 0)
        return code;
    t->out = calloc((size_t)window, sizeof *t->out);
    if (!t->out)
        code = cli_fail(CLI_FAILED, "translate: no memory");
    if (lines.terminal)
        fputs("One line at a time; Ctrl-D ends.\n", stderr);
    while (code < 0) {
        if (lines.terminal)
            fputs("> ", stderr);
        code = cli_lines_next(&lines);
        if (code >= 0 || lines.count == 0)
            break;
        code = translate_window(t, &lines);
    }
    if (lines.terminal)
        fputc('\n', stderr);
    if (code < 0 && t->timed)
        report_time(t, lines.number + lines.count);
    free(t->out);
    cli_lines_close(&lines);
    return code < 0 ? cli_flush(CLI_DONE) : code;
}

/* ---- models ---- */

static int open_all(translating *t) {
    rondo_error err = {0};
    rondo_status status = rondo_model_open(&t->model, t->context, t->path, &err);
    for (int i = 0; i < t->members.count && !status; i++)
        status = rondo_model_open(&t->member[i], t->context, t->members.item[i], &err);
    if (status)
        return cli_report(status, &err);
    t->options.ensemble = t->members.count;
    t->options.member = t->member;
    return -1;
}

static int translate(translating *t) {
    const double begun = now();
    int code = cli_context_of(&t->context, t->threads, t->dtype);
    if (code < 0)
        code = open_all(t);
    t->opening = now() - begun;
    if (code < 0)
        code = translate_lines(t);
    for (int i = 0; i < t->members.count; i++)
        rondo_model_close(&t->member[i]);
    rondo_model_close(&t->model);
    rondo_context_destroy(&t->context);
    return code;
}

static int check(translating *t, bool seeded, bool drawn) {
    rondo_search_options *s = &t->options.search;
    if (t->attention && !picture_ending(t->attention))
        return cli_fail(CLI_USAGE, "translate: --attention is '%s' (must end in .png, .svg or .npy)", t->attention);
    if (drawn && !s->sample)
        return cli_fail(CLI_USAGE,
                        "translate: --temperature, --top-k, --top-p and --seed are for drawing (give --sample, too)");
    if (s->sample && s->beam > 1)
        return cli_fail(CLI_USAGE, "translate: --sample and --beam exclude each other (leave one out)");
    if (!seeded)
        s->seed = fresh_seed();
    s->want_weights = t->attention != NULL;
    s->best = t->nbest;
    if (s->max_length > 0 && s->min_length > s->max_length)
        return cli_fail(CLI_USAGE, "translate: --min-length %lld is above --max-length %lld (make it smaller)",
                        (long long)s->min_length, (long long)s->max_length);
    if (t->nbest > 1 && s->beam == 0 && !s->sample)
        s->beam = t->nbest;
    if (s->best > (s->beam > 1 ? s->beam : 1) && !s->sample)
        return cli_fail(CLI_USAGE, "translate: --nbest %lld needs a --beam of at least that", (long long)t->nbest);
    return -1;
}

static int run(int argc, char **argv) {
    const char *words[2];
    bool seeded = false, warm = false, few = false, likely = false;
    translating t = {0};
    rondo_search_options *s = &t.options.search;
    const cli_option options[] = {
        {"--beam", CLI_WHOLE, &s->beam, "N", "hypotheses kept side by side (default 1: greedy)", 1, 1024},
        {"--length-penalty", CLI_REAL, &s->length_penalty, "F",
         "favours longer outputs; often 0.6 to 1 (default 0: none)", 0, 10},
        {"--coverage-penalty", CLI_REAL, &s->coverage_penalty, "F", "asks that all of the source be looked at", 0, 10},
        {"--nbest", CLI_WHOLE, &t.nbest, "N", "N translations of each line: LINE ||| TEXT ||| SCORE", 1, 1024},
        {"--sample", CLI_FLAG, &s->sample, NULL, "draw, in place of searching"},
        {"--temperature", CLI_REAL, &s->temperature, "F", "below 1 safer, above 1 wilder (default 1)", 1e-6, 100,
         .given = &warm},
        {"--top-k", CLI_WHOLE, &s->top_k, "N", "draw among the N likeliest only (default 0: all)", 0, 1e15,
         .given = &few},
        {"--top-p", CLI_REAL, &s->top_p, "F", "draw among the likeliest that make up F", 1e-9, 1, .given = &likely},
        {"--seed", CLI_SEED, &s->seed, "N", "the same seed draws the same (default: a fresh one)", .given = &seeded},
        {"--min-length", CLI_WHOLE, &s->min_length, "N", "symbols at least", 0, 1e9},
        {"--max-length", CLI_WHOLE, &s->max_length, "N", "symbols at most (default: 2 x the source's + 50)", 1, 1e9},
        {"--no-repeat-ngram", CLI_WHOLE, &s->no_repeat_ngram, "N", "no N symbols come twice in a row", 0, 1000},
        {"--no-unknown", CLI_FLAG, &s->no_unknown, NULL, "the unknown symbol is never written"},
        {"--replace-unknown", CLI_FLAG, &t.options.replace_unknown, NULL,
         "an unknown word becomes the source word looked at"},
        {"--prefix", CLI_TEXT, &t.options.prefix, "TEXT", "every translation begins with this"},
        {"--ensemble", CLI_LIST, &t.members, "MODEL", "write together with these models (FILE goes before)",
         .many = true},
        {"--attention", CLI_TEXT, &t.attention, "FILE",
         "where each word looked: .png, .svg or .npy; of line N to FILE-N"},
        {"--batch", CLI_WHOLE, &t.options.batch, "N", "lines at a time (default 64); changes no result", 1, 65536},
        {"--dtype", CLI_CHOICE, &t.dtype, "NAME", "what products compute with: f32, bf16 or int8 (default f32)",
         .choices = cli_precisions},
        {"--threads", CLI_WHOLE, &t.threads, "N", "threads (default: all cores); changes no result", 0, 1024},
        {"--time", CLI_FLAG, &t.timed, NULL, "say at the end how long it took"},
    };
    int code = cli_parse(&cli_translate, argc, argv, sizeof options / sizeof *options, options, 1, 2, words);
    if (code < 0)
        code = check(&t, seeded, warm || few || likely || seeded);
    if (code >= 0)
        return code;
    t.path = words[0];
    t.file = words[1];
    return translate(&t);
}

const cli_command cli_translate = {
    .name = "translate",
    .summary = "let an encoder-decoder translate lines",
    .usage = "rondo translate MODEL [FILE] [--beam N] [--length-penalty F] [--attention FILE] [options]",
    .about =
        "Reads lines from FILE or stdin and writes a translation of each to stdout, in their order; an empty line\n"
        "gives an empty line. On a terminal it asks for a line at a time; from a pipe, lines are translated as they\n"
        "come. No line is cut. --attention writes the picture of the first line to FILE.png, of line 2 to "
        "FILE-2.png.\n\n"
        "example:\n"
        "  rondo translate runs/enja-attention/model.safetensors --beam 5 --length-penalty 1 dev.ja",
    .run = run,
};

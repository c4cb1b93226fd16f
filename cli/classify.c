/* rondo classify: a label for each recording, series or line. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "lines.h"

enum { BATCH = 64 };

typedef struct classifying {
    const char *path;
    const char *const *file; /* ends with NULL */
    bool json, stream, timed;
    int64_t threads, labels;
    const char *const *label;
    rondo_context *context;
    rondo_model *model;
    int64_t done;
    double opening, seconds;
    double *hop; /* seconds of each, with --stream --time */
    int64_t hops, hops_room;
} classifying;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- results ---- */

static int print_json(const classifying *c, const char *key, json_t *place, int32_t best, const double *probability) {
    json_t *all = json_object(), *object;
    for (int64_t k = 0; k < c->labels; k++)
        json_object_set_new(all, c->label[k], json_real(probability[k]));
    object = json_pack("{s:o, s:s, s:f, s:o}", key, place, "label", c->label[best], "probability", probability[best],
                       "probabilities", all);
    char *text = object ? json_dumps(object, JSON_REAL_PRECISION(9)) : NULL;
    if (text)
        puts(text);
    free(text);
    json_decref(object);
    return text ? -1 : cli_fail(CLI_FAILED, "classify: no memory, or a name that is not UTF-8");
}

static int print(const classifying *c, const char *file, int64_t line, const rondo_classification *r) {
    if (c->json)
        return print_json(c, file ? "file" : "line", file ? json_string(file) : json_integer(line), r->label,
                          r->probabilities);
    if (file)
        printf("%s\t%s\t%.4f\n", file, r->name, r->probability);
    else
        printf("%s\t%.4f\n", r->name, r->probability);
    return -1;
}

static int classify_batch(classifying *c, int64_t count, const rondo_classify_input *input, int64_t line) {
    rondo_classification out[BATCH];
    rondo_error err = {0};
    int code = -1;
    const double begun = now();
    rondo_status status = rondo_model_classify(c->model, count, input, out, &err);
    c->seconds += now() - begun;
    if (status)
        return cli_report(status, &err);
    for (int64_t i = 0; i < count && code < 0; i++)
        code = print(c, input[i].file, line + i + 1, &out[i]);
    rondo_classifications_free(count, out);
    c->done += count;
    return fflush(stdout) != 0 && code < 0 ? cli_flush(CLI_DONE) : code;
}

static int classify_files(classifying *c) {
    int code = -1;
    for (int64_t i = 0; c->file[i] && code < 0;) {
        rondo_classify_input input[BATCH] = {{0}};
        int64_t count = 0;
        for (; count < BATCH && c->file[i]; count++, i++)
            input[count].file = c->file[i];
        code = classify_batch(c, count, input, 0);
    }
    return code;
}

/* ---- texts ---- */

static int classify_lines(classifying *c, const char *path) {
    cli_lines lines;
    int code = cli_lines_open(&lines, path, BATCH);
    if (code >= 0)
        return code;
    if (lines.terminal)
        fputs("One line at a time; Ctrl-D ends.\n", stderr);
    while (code < 0) {
        if (lines.terminal)
            fputs("> ", stderr);
        code = cli_lines_next(&lines);
        if (code >= 0 || lines.count == 0)
            break;
        rondo_classify_input input[BATCH] = {{0}};
        for (int64_t i = 0; i < lines.count; i++)
            input[i].text = lines.line[i];
        code = classify_batch(c, lines.count, input, lines.number);
    }
    if (lines.terminal)
        fputc('\n', stderr);
    cli_lines_close(&lines);
    return code;
}

/* ---- streams ---- */

static int32_t best_of(const double *probability, int64_t labels) {
    int32_t best = 0;
    for (int32_t k = 1; k < labels; k++)
        best = probability[k] > probability[best] ? k : best;
    return best;
}

/* Every change of the label as a line; as JSON every step. */
static int tell(const classifying *c, double seconds, const double *probability, int32_t *last) {
    const int32_t best = best_of(probability, c->labels);
    if (c->json)
        return print_json(c, "seconds", json_real(seconds), best, probability);
    if (best != *last)
        printf("%.3f\t%s\t%.4f\n", seconds, c->label[best], probability[best]);
    *last = best;
    return -1;
}

static bool keep_time(classifying *c, double seconds) {
    if (c->hops == c->hops_room) {
        const int64_t room = c->hops_room ? 2 * c->hops_room : 4096;
        double *grown = realloc(c->hop, (size_t)room * sizeof *grown);
        if (!grown)
            return false;
        c->hop = grown;
        c->hops_room = room;
    }
    c->hop[c->hops++] = seconds;
    return true;
}

/* As a microphone would give it: a hop at a time. */
static int feed(classifying *c, rondo_classify_stream *stream, const rondo_sound *sound) {
    const int64_t hop = rondo_classify_stream_hop(stream);
    const double rate = (double)sound->rate;
    const double *probability = NULL;
    int32_t last = -1;
    int code = -1;
    for (int64_t at = 0; at < sound->count && code < 0; at += hop) {
        const int64_t end = at + hop < sound->count ? at + hop : sound->count;
        const double begun = now();
        for (int64_t from = at; from < end;) {
            const double *fresh;
            from += rondo_classify_stream_feed(stream, end - from, sound->sample + from, &fresh);
            probability = fresh ? fresh : probability;
        }
        if (c->timed && !keep_time(c, now() - begun))
            return cli_fail(CLI_FAILED, "classify: no memory");
        if (probability)
            code = tell(c, (double)end / rate, probability, &last);
    }
    rondo_classify_stream_finish(stream, &probability);
    if (code < 0 && c->json)
        return tell(c, (double)sound->count / rate, probability, &last);
    if (code < 0)
        printf("end\t%s\t%.4f\n", c->label[best_of(probability, c->labels)],
               probability[best_of(probability, c->labels)]);
    return code;
}

static int stream_files(classifying *c) {
    rondo_error err = {0};
    rondo_classify_stream *stream = NULL;
    if (strcmp(rondo_model_input(c->model), "audio") != 0)
        return cli_fail(CLI_USAGE, "classify: --stream is for models of recordings (this one takes %s)",
                        rondo_model_input(c->model));
    rondo_status status = rondo_classify_stream_open(&stream, c->model, &err);
    int code = status ? cli_report(status, &err) : -1;
    for (int64_t i = 0; code < 0 && c->file[i]; i++) {
        rondo_sound sound = {0};
        status = rondo_sound_read(&sound, c->file[i], rondo_classify_stream_rate(stream), &err);
        if (status) {
            code = cli_report(status, &err);
            break;
        }
        if (!c->json)
            printf("%s\n", c->file[i]);
        rondo_classify_stream_reset(stream);
        code = feed(c, stream, &sound);
        rondo_sound_free(&sound);
        c->done++;
    }
    rondo_classify_stream_close(&stream);
    return code;
}

static int rising(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report_time(classifying *c) {
    if (c->hops > 0) {
        qsort(c->hop, (size_t)c->hops, sizeof *c->hop, rising);
        fprintf(stderr, "%lld hops: p50 %.4f ms, p99 %.4f ms, max %.4f ms\n", (long long)c->hops,
                1e3 * c->hop[c->hops / 2], 1e3 * c->hop[(c->hops * 99) / 100], 1e3 * c->hop[c->hops - 1]);
    } else
        fprintf(stderr, "%lld in %.4f s, %.1f per second; model opened in %.4f s\n", (long long)c->done, c->seconds,
                c->seconds > 0 ? (double)c->done / c->seconds : 0, c->opening);
}

/* ---- all ---- */

static int classify_opened(classifying *c) {
    c->label = rondo_model_labels(c->model, &c->labels);
    if (!c->label)
        return cli_fail(CLI_USAGE, "%s: only a classifier tells labels (this model is for %s)", c->path,
                        rondo_model_task(c->model));
    if (c->stream)
        return c->file[0] ? stream_files(c) : cli_fail(CLI_USAGE, "classify: no file (usage: %s)", cli_classify.usage);
    if (strcmp(rondo_model_input(c->model), "text") == 0) {
        int code = c->file[0] ? -1 : classify_lines(c, NULL);
        for (int64_t i = 0; c->file[i] && code < 0; i++)
            code = classify_lines(c, c->file[i]);
        return code;
    }
    return c->file[0] ? classify_files(c) : cli_fail(CLI_USAGE, "classify: no file (usage: %s)", cli_classify.usage);
}

static int classify(classifying *c) {
    rondo_error err = {0};
    const double begun = now();
    int code = cli_context(&c->context, c->threads);
    if (code >= 0)
        return code;
    rondo_status status = rondo_model_open(&c->model, c->context, c->path, &err);
    c->opening = now() - begun;
    code = status ? cli_report(status, &err) : classify_opened(c);
    if (code < 0 && c->timed)
        report_time(c);
    free(c->hop);
    rondo_model_close(&c->model);
    rondo_context_destroy(&c->context);
    return code < 0 ? cli_flush(CLI_DONE) : code;
}

static int run(int argc, char **argv) {
    classifying c = {0};
    const cli_option options[] = {
        {"--json", CLI_FLAG, &c.json, NULL, "one JSON object for each, with all probabilities"},
        {"--stream", CLI_FLAG, &c.stream, NULL, "recordings a hop at a time: what it is so far, whenever that changes"},
        {"--threads", CLI_WHOLE, &c.threads, "N", "threads (default: all cores); changes no result", 0, 1024},
        {"--time", CLI_FLAG, &c.timed, NULL, "say at the end how long it took; with --stream: each hop"},
    };
    const char **words = calloc((size_t)argc + 1, sizeof *words);
    if (!words)
        return cli_fail(CLI_FAILED, "classify: no memory");
    int code = cli_parse(&cli_classify, argc, argv, sizeof options / sizeof *options, options, 1, argc, words);
    if (code < 0) {
        c.path = words[0];
        c.file = words + 1;
        code = classify(&c);
    }
    free(words);
    return code;
}

const cli_command cli_classify = {
    .name = "classify",
    .summary = "tell the label of recordings, series or lines",
    .usage = "rondo classify MODEL FILE... [--json] [--stream] [--time]",
    .about = "Writes FILE, label and probability for each recording (WAV, FLAC, any rate) or CSV file. A model of\n"
             "texts reads lines of FILEs, or of stdin, and writes label and probability for each. --stream plays\n"
             "recordings hop by hop and writes the time, label and probability whenever the label changes.\n\n"
             "example:\n"
             "  rondo classify runs/digits-classify/model.safetensors seven.wav",
    .run = run,
};

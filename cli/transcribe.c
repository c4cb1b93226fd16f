/* rondo transcribe: recordings in, texts out. */
#include <stdlib.h>

#include "cli.h"

enum { WINDOW = 16, CHUNK_MS = 10 };

typedef struct transcribing {
    const char *path, *language_model_path;
    rondo_transcribe_options options;
    bool json, stream;
    int64_t threads;
    int dtype;
    rondo_context *context;
    rondo_model *model, *language_model;
    int files;
    const char **file;
} transcribing;

/* ---- output ---- */

static void print_string(const char *text) {
    putchar('"');
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            printf("\\%c", *p);
        else if (*p < 0x20)
            printf("\\u%04x", *p);
        else
            putchar(*p);
    }
    putchar('"');
}

static void print_json(const char *file, const rondo_transcript *r) {
    printf("{\"file\": ");
    print_string(file);
    printf(", \"text\": ");
    print_string(r->text[0]);
    printf(", \"score\": %.6f, \"seconds\": %.4f, \"symbols\": [", r->score[0], r->seconds);
    for (int64_t i = 0; i < r->symbols; i++) {
        printf("%s{\"symbol\": ", i ? ", " : "");
        print_string(r->symbol[i]);
        printf(", \"time\": %.3f}", r->time[i]);
    }
    printf("], \"best\": [");
    for (int64_t n = 0; n < r->count; n++) {
        printf("%s{\"text\": ", n ? ", " : "");
        print_string(r->text[n]);
        printf(", \"score\": %.6f}", r->score[n]);
    }
    puts("]}");
}

/* As grep does it: the file's name only where there are several. */
static void print_name(const transcribing *t, const char *file) {
    if (t->files > 1)
        printf("%s\t", file);
}

static void print(const transcribing *t, const char *file, const rondo_transcript *r) {
    if (t->json) {
        print_json(file, r);
        return;
    }
    for (int64_t n = 0; n < r->count; n++) {
        print_name(t, file);
        if (t->options.best > 1)
            printf("%.6f\t", r->score[n]);
        puts(r->text[n]);
    }
}

/* ---- whole recordings ---- */

static int transcribe_files(const transcribing *t) {
    rondo_error err = {0};
    rondo_transcript out[WINDOW];
    for (int i = 0; i < t->files; i += WINDOW) {
        const int count = t->files - i < WINDOW ? t->files - i : WINDOW;
        rondo_status status = rondo_model_transcribe_files(t->model, count, t->file + i, &t->options, out, &err);
        if (status)
            return cli_report(status, &err);
        for (int k = 0; k < count; k++) {
            print(t, t->file[i + k], &out[k]);
            rondo_transcript_free(&out[k]);
        }
        if (fflush(stdout) != 0)
            break;
    }
    return cli_flush(CLI_DONE);
}

/* ---- sample by sample ---- */

static rondo_status feed_all(rondo_transcribe_stream *stream, const rondo_sound *sound, rondo_error *err) {
    const int64_t chunk = sound->rate * CHUNK_MS / 1000 > 0 ? sound->rate * CHUNK_MS / 1000 : 1;
    const char *text;
    for (int64_t at = 0; at < sound->count; at += chunk) {
        const int64_t count = sound->count - at < chunk ? sound->count - at : chunk;
        rondo_status status = rondo_transcribe_stream_feed(stream, count, sound->sample + at, &text, err);
        if (status)
            return status;
        if (*text) {
            fputs(text, stdout);
            fflush(stdout);
        }
    }
    rondo_status status = rondo_transcribe_stream_finish(stream, &text, err);
    if (!status)
        puts(text);
    return status;
}

static int transcribe_streams(const transcribing *t) {
    rondo_error err = {0};
    rondo_transcribe_stream *stream = NULL;
    rondo_status status = rondo_transcribe_stream_open(&stream, t->model, &t->options, &err);
    for (int i = 0; i < t->files && !status; i++) {
        rondo_sound sound = {0};
        status = rondo_sound_read(&sound, t->file[i], rondo_transcribe_stream_rate(stream), &err);
        if (status)
            break;
        print_name(t, t->file[i]);
        rondo_transcribe_stream_reset(stream);
        status = feed_all(stream, &sound, &err);
        rondo_sound_free(&sound);
    }
    rondo_transcribe_stream_close(&stream);
    return status ? cli_report(status, &err) : cli_flush(CLI_DONE);
}

/* ---- the command ---- */

static int transcribe(transcribing *t) {
    rondo_error err = {0};
    int code = cli_context_of(&t->context, t->threads, t->dtype);
    if (code >= 0)
        return code;
    rondo_status status = rondo_model_open(&t->model, t->context, t->path, &err);
    if (!status && t->language_model_path)
        status = rondo_model_open(&t->language_model, t->context, t->language_model_path, &err);
    t->options.language_model = t->language_model;
    code = status ? cli_report(status, &err) : t->stream ? transcribe_streams(t) : transcribe_files(t);
    rondo_model_close(&t->language_model);
    rondo_model_close(&t->model);
    rondo_context_destroy(&t->context);
    return code;
}

static int check(transcribing *t, bool weighted, bool widened) {
    if (weighted && !t->language_model_path)
        return cli_fail(CLI_USAGE, "transcribe: --lm-weight needs a --language-model MODEL");
    if (t->language_model_path && widened && t->options.beam < 2)
        return cli_fail(CLI_USAGE, "transcribe: --language-model needs a --beam of at least 2");
    if (t->stream && (t->json || t->options.best > 1))
        return cli_fail(CLI_USAGE,
                        "transcribe: --stream writes one text as it is settled (leave --json and --nbest out)");
    if (t->options.best > 1 && !widened)
        t->options.beam = t->language_model_path && t->options.best < WINDOW ? WINDOW : t->options.best;
    if (t->options.best > 1 && t->options.best > t->options.beam)
        return cli_fail(CLI_USAGE, "transcribe: --nbest %lld needs a --beam of at least that",
                        (long long)t->options.best);
    return -1;
}

static int run(int argc, char **argv) {
    bool weighted = false, widened = false;
    const char **words = calloc((size_t)argc + 1, sizeof *words);
    transcribing t = {0};
    const cli_option options[] = {
        {"--beam", CLI_WHOLE, &t.options.beam, "N",
         "prefixes kept side by side (default 1: greedy; with a language "
         "model 16)",
         1, 4096, .given = &widened},
        {"--nbest", CLI_WHOLE, &t.options.best, "N", "N texts of each recording: SCORE and TEXT", 1, 4096},
        {"--language-model", CLI_TEXT, &t.language_model_path, "MODEL",
         "a language model of characters that helps the search"},
        {"--lm-weight", CLI_REAL, &t.options.lm_weight, "F", "of its log-probability (default 0.5)", 1e-6, 100,
         .given = &weighted},
        {"--symbol-bonus", CLI_REAL, &t.options.symbol_bonus, "F",
         "added for each symbol: above 0 longer texts (default 0)", -100, 100},
        {"--json", CLI_FLAG, &t.json, NULL, "one JSON object per recording: text, score, when each symbol begins"},
        {"--stream", CLI_FLAG, &t.stream, NULL, "feed 10 ms at a time, and write symbols as they are settled"},
        {"--dtype", CLI_CHOICE, &t.dtype, "NAME", "what products compute with: f32, bf16 or int8 (default f32)",
         .choices = cli_precisions},
        {"--threads", CLI_WHOLE, &t.threads, "N", "threads (default: all cores); changes no result", 0, 1024},
    };
    if (!words)
        return cli_fail(CLI_FAILED, "transcribe: no memory");
    int code = cli_parse(&cli_transcribe, argc, argv, sizeof options / sizeof *options, options, 2, argc, words);
    if (code < 0)
        code = check(&t, weighted, widened);
    if (code < 0) {
        t.path = words[0];
        t.file = words + 1;
        while (t.file[t.files])
            t.files++;
        code = transcribe(&t);
    }
    free(words);
    return code;
}

const cli_command cli_transcribe = {
    .name = "transcribe",
    .summary = "write down what recordings say",
    .usage = "rondo transcribe MODEL FILE.wav... [--beam N] [--language-model MODEL] [--json] [--stream] [options]",
    .about =
        "Writes a line for each recording (WAV, FLAC and what else libsndfile reads, at any rate): its text; with "
        "several\n"
        "files FILE, a tab, and its text. A beam looks for the likeliest text and not only for the likeliest path; a\n"
        "language model of characters tells it what texts look like.\n\n"
        "example:\n"
        "  rondo transcribe runs/digits-transcribe/model.safetensors seven.wav --beam 8",
    .run = run,
};

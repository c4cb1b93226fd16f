/* rondo tag: a label for each word. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "lines.h"

enum { WINDOW = 512 };
static const char blanks[] = " \t\v\f";

typedef struct tagging {
    const char *path, *file;
    bool conllu, in_line, json, probabilities;
    int64_t threads;
    rondo_context *context;
    rondo_model *model;
    /* of a window of lines */
    rondo_sentence sentence[WINDOW];
    rondo_tagging out[WINDOW];
    const char **word; /* of all its sentences */
    size_t room;
} tagging;

/* ---- CoNLL-U ---- */

static bool write_out(const char *text, size_t size, void *arg) {
    (void)arg;
    return fwrite(text, 1, size, stdout) == size;
}

/* Whole, NUL behind it. */
static char *read_stdin(size_t *size) {
    size_t room = 1 << 16;
    char *text = malloc(room);
    *size = 0;
    while (text) {
        *size += fread(text + *size, 1, room - *size, stdin);
        if (*size < room)
            return text;
        char *more = room <= SIZE_MAX / 2 ? realloc(text, room * 2) : NULL;
        if (!more)
            free(text);
        text = more;
        room *= 2;
    }
    return NULL;
}

static int tag_conllu(tagging *t) {
    rondo_error err = {0};
    size_t size = 0;
    char *text = t->file ? NULL : read_stdin(&size);
    if (!t->file && !text)
        return cli_fail(CLI_FAILED, "stdin: no memory for its text");
    const rondo_status status =
        rondo_model_tag_conllu(t->model, t->file ? t->file : "stdin", text, size, write_out, NULL, &err);
    free(text);
    if (status == RONDO_INTERRUPTED)
        return cli_flush(CLI_DONE); /* says why, or that the reader had enough */
    return status ? cli_report(status, &err) : cli_flush(CLI_DONE);
}

/* ---- lines ---- */

static int print_json(const rondo_sentence *s, const rondo_tagging *r) {
    json_t *object = json_object(), *words = json_array(), *tags = json_array(), *sure = json_array();
    for (int64_t i = 0; i < r->count; i++) {
        json_array_append_new(words, json_string(s->word[i]));
        json_array_append_new(tags, json_string(r->label[i]));
        if (r->probability)
            json_array_append_new(sure, json_real(r->probability[i]));
    }
    json_object_set_new(object, "words", words);
    json_object_set_new(object, "tags", tags);
    if (r->probability)
        json_object_set(object, "probabilities", sure);
    json_decref(sure);
    char *text = json_dumps(object, JSON_REAL_PRECISION(9));
    if (text)
        puts(text);
    free(text);
    json_decref(object);
    return text ? -1 : cli_fail(CLI_FAILED, "tag: no memory for a line of JSON");
}

static int print(const tagging *t, const rondo_sentence *s, const rondo_tagging *r) {
    if (t->json)
        return print_json(s, r);
    for (int64_t i = 0; i < r->count; i++) {
        if (t->in_line)
            printf("%s%s_%s", i ? " " : "", s->word[i], r->label[i]);
        else if (r->probability)
            printf("%s\t%s\t%.6f\n", s->word[i], r->label[i], r->probability[i]);
        else
            printf("%s\t%s\n", s->word[i], r->label[i]);
    }
    putchar('\n');
    return -1;
}

/* Cuts the lines into words, in place. */
static int cut_lines(tagging *t, const cli_lines *lines) {
    size_t most = 0, count = 0;
    for (int64_t i = 0; i < lines->count; i++)
        most += strlen(lines->line[i]) / 2 + 1;
    if (most > t->room) {
        free(t->word);
        t->word = calloc(most, sizeof *t->word);
        t->room = t->word ? most : 0;
    }
    if (!t->word)
        return cli_fail(CLI_FAILED, "%s: no memory for its words", lines->name);
    for (int64_t i = 0; i < lines->count; i++) {
        t->sentence[i] = (rondo_sentence){0, t->word + count};
        for (char *rest, *word = strtok_r(lines->line[i], blanks, &rest); word; word = strtok_r(NULL, blanks, &rest)) {
            t->word[count++] = word;
            t->sentence[i].count++;
        }
    }
    return -1;
}

/* Someone at a terminal can mend a line: there it does not end the session. */
static int report_line(rondo_status status, const rondo_error *err, const cli_lines *lines) {
    rondo_error named = *err;
    if (strncmp(err->message, "sentence ", 9) == 0)
        snprintf(named.message, sizeof named.message, "%.100s: line %.380s", lines->name, err->message + 9);
    const int code = cli_report(status, &named);
    return lines->terminal && code == CLI_USAGE ? -1 : code;
}

static int tag_window(tagging *t, const cli_lines *lines) {
    const rondo_tag_options options = {.probabilities = t->probabilities, .first = lines->number};
    rondo_error err = {0};
    int code = cut_lines(t, lines);
    if (code >= 0)
        return code;
    const rondo_status status = rondo_model_tag(t->model, lines->count, t->sentence, &options, t->out, &err);
    if (status)
        return report_line(status, &err, lines);
    for (int64_t i = 0; i < lines->count; i++) {
        if (code < 0)
            code = print(t, &t->sentence[i], &t->out[i]);
        rondo_tagging_free(&t->out[i]);
    }
    if (fflush(stdout) != 0 && code < 0)
        code = cli_flush(CLI_DONE);
    return code;
}

static int tag_lines(tagging *t) {
    cli_lines lines;
    int code = cli_lines_open(&lines, t->file, WINDOW);
    if (code >= 0)
        return code;
    if (lines.terminal)
        fputs("One sentence at a time, blanks between its words; Ctrl-D ends.\n", stderr);
    while (code < 0) {
        if (lines.terminal)
            fputs("> ", stderr);
        code = cli_lines_next(&lines);
        if (code >= 0 || lines.count == 0)
            break;
        code = tag_window(t, &lines);
    }
    if (lines.terminal)
        fputc('\n', stderr);
    free(t->word);
    cli_lines_close(&lines);
    return code < 0 ? cli_flush(CLI_DONE) : code;
}

static int open_and_tag(tagging *t) {
    rondo_error err = {0};
    int code = cli_context(&t->context, t->threads);
    rondo_status status = code < 0 ? rondo_model_open(&t->model, t->context, t->path, &err) : RONDO_OK;
    if (code < 0)
        code = status ? cli_report(status, &err) : t->conllu ? tag_conllu(t) : tag_lines(t);
    rondo_model_close(&t->model);
    rondo_context_destroy(&t->context);
    return code;
}

static int run(int argc, char **argv) {
    static tagging t;
    const char *words[2] = {NULL, NULL};
    t = (tagging){0};
    const cli_option options[] = {
        {"--conllu", CLI_FLAG, &t.conllu, NULL, "CoNLL-U in and out; so it is for a FILE of the name .conllu"},
        {"--inline", CLI_FLAG, &t.in_line, NULL, "word_TAG word_TAG, a line for each line"},
        {"--json", CLI_FLAG, &t.json, NULL, "one JSON object for each line"},
        {"--probabilities", CLI_FLAG, &t.probabilities, NULL, "how sure each label is"},
        {"--threads", CLI_WHOLE, &t.threads, "N", "threads (default: all cores); changes no result", 0, 1024},
    };
    int code = cli_parse(&cli_tag, argc, argv, sizeof options / sizeof *options, options, 1, 2, words);
    if (code >= 0)
        return code;
    t.path = words[0];
    t.file = words[1];
    if (t.file && (cli_ends_in(t.file, ".conllu") || cli_ends_in(t.file, ".conllu.gz")))
        t.conllu = true;
    if (t.in_line && (t.json || t.probabilities))
        return cli_fail(CLI_USAGE, "tag: --inline goes with neither --json nor --probabilities (leave one out)");
    if (t.conllu && (t.in_line || t.json || t.probabilities))
        return cli_fail(CLI_USAGE,
                        "tag: CoNLL-U comes out as CoNLL-U (leave --inline, --json and --probabilities out)");
    return open_and_tag(&t);
}

const cli_command cli_tag = {
    .name = "tag",
    .summary = "label the words of sentences",
    .usage = "rondo tag MODEL [FILE] [--conllu | --inline | --json] [--probabilities]",
    .about =
        "Reads sentences from FILE or stdin, one a line with blanks between the words, and writes a line WORD TAG\n"
        "for each word, with a tab between, and a blank line after each sentence. A file in CoNLL-U comes out as it\n"
        "is, with the tags put into the column that the model was trained on.\n\n"
        "example:\n"
        "  echo 'Time flies like an arrow .' | rondo tag runs/pos-tags/model.safetensors --inline",
    .run = run,
};

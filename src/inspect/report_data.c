/* The data of a report as JSON: the model's description, its evaluations, views of single passages and views over all
 * data. The views are those of `rondo inspect`, each as --to FILE.json writes it, with heatmaps as bytes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/json_text.h"
#include "formats/json_tree.h"
#include "inspect/report.h"

#define MOST_BYTES ((size_t)256 << 20)
enum { MOST_EVALUATIONS = 2000 };

static const char *const of_passage[] = {"states", "attention", NULL};
/* passages: how many are used, where the view's own default would keep one waiting; 0: that default. */
static const struct {
    const char *name;
    int64_t passages;
} over_all[] = {{"gates", 0}, {"gradients", 0}, {"neurons", 0}, {"ablate", 6}, {NULL, 0}};

typedef struct report {
    rondo_inspection *inspection;
    const rondo_report_options *options;
    rondo__text *out;
    rondo__text absent;   /* members of an array: views that do not fit this model, and why */
    uint64_t said_absent; /* by place in rondo__views */
    bool single;          /* views are of one passage now: that it has no steps is no news of the model */
} report;

void rondo__report_escape(rondo__text *out, const char *json, size_t size) {
    for (size_t i = 0, from = 0; i <= size; i++) {
        if (i < size && json[i] != '<' && json[i] != '>' && json[i] != '&')
            continue;
        rondo__text_add(out, json + from, i - from);
        if (i < size)
            rondo__text_format(out, "\\u%04x", (unsigned)json[i]);
        from = i + 1;
    }
}

/* A text that failed makes the next one fail. */
static void escape(rondo__text *out, const rondo__text *json) {
    out->failed = out->failed || json->failed;
    rondo__report_escape(out, json->data ? json->data : "", json->size);
}

static void add_text(rondo__text *out, const rondo__text *text) {
    out->failed = out->failed || text->failed;
    rondo__text_add(out, text->data ? text->data : "", text->size);
}

static void add_string(rondo__text *out, const char *s) { rondo__json_string(out, s, strlen(s)); }

/* A file's name may hold any bytes. */
static void add_file(rondo__text *out, const char *path) {
    const char *slash = strrchr(path, '/');
    add_string(out, rondo__show(slash ? slash + 1 : path).text);
}

/* ---- evaluations ---- */

static void add_numbers(rondo__text *out, const rondo__json *line, const char *between) {
    const char *key, *comma = "";
    rondo__json *value;
    rondo__text_format(out, "%s{", between);
    for (size_t i = 0; rondo__json_member(line, i, &key, &value); i++) {
        if ((value->type != RONDO__JSON_INTEGER && value->type != RONDO__JSON_REAL) || !isfinite(value->real))
            continue;
        rondo__text_format(out, "%s", comma);
        add_string(out, key);
        rondo__text_format(out, ":");
        rondo__json_number(out, value->real);
        comma = ",";
    }
    rondo__text_format(out, "}");
}

static int64_t count_lines(const char *data, size_t size) {
    int64_t lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    return lines;
}

/* Lines that are none of ours are passed over: a run may be writing the last one now. */
rondo_status rondo__report_evaluations(const char *path, rondo__text *out, rondo_error *err) {
    char *data = NULL;
    size_t size = 0;
    const char *between = "";
    rondo__text_format(out, "[");
    if (rondo__file_exists(path)) {
        const rondo_status status = rondo__file_read(path, MOST_BYTES, &data, &size, err);
        if (status)
            return status;
    }
    const int64_t lines = count_lines(data, size), every = (lines + MOST_EVALUATIONS - 1) / MOST_EVALUATIONS;
    const char *at = data, *end;
    for (int64_t i = 0; i < lines; i++, at = end + 1) {
        end = memchr(at, '\n', size - (size_t)(at - data));
        if ((lines - 1 - i) % every != 0)
            continue;
        rondo__json_error story = {0};
        rondo__json *line = rondo__json_parse(at, (size_t)(end - at), false, &story);
        out->failed = out->failed || story.memory;
        if (line && line->type == RONDO__JSON_OBJECT) {
            add_numbers(out, line, between);
            between = ",";
        }
        rondo__json_free(line);
    }
    rondo__free(data);
    rondo__text_format(out, "]");
    return RONDO_OK;
}

static rondo_status add_evaluations(const report *r, rondo_error *err) {
    char path[RONDO__PATH];
    const char *model = r->inspection->model->path, *slash = model ? strrchr(model, '/') : NULL;
    const int folder = slash ? (int)(slash + 1 - model) : 0;
    if (snprintf(path, sizeof path, "%.*smetrics.jsonl", folder, model ? model : "") >= (int)sizeof path)
        path[0] = '\0'; /* no such file */
    return rondo__report_evaluations(path, r->out, err);
}

/* ---- views ---- */

static const rondo__view_class *class_of(const char *name) {
    for (const rondo__view_class *c = rondo__views; c->name; c++) {
        if (strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}

static rondo_status say(const report *r, const char *part, rondo_error *err) {
    if (r->options->progress && !r->options->progress(part, r->options->progress_arg))
        return rondo__fail(err, RONDO_INTERRUPTED, "the report was stopped at %s; nothing was written", part);
    return RONDO_OK;
}

/* That a view does not fit the model is said once. */
static void note_absent(report *r, const rondo__view_class *c, const rondo_error *err) {
    const uint64_t bit = (uint64_t)1 << ((c - rondo__views) & 63);
    if (r->said_absent & bit)
        return;
    r->said_absent |= bit;
    rondo__text_format(&r->absent, "%s{\"kind\":\"%s\",\"why\":", r->absent.size ? "," : "", c->name);
    add_string(&r->absent, err->message);
    rondo__text_format(&r->absent, "}");
}

/* Appends the view, a comma before it where one is due; nothing where it does not fit the model. */
static rondo_status add_view(report *r, const char *name, const rondo_view_options *options, rondo__text *out,
                             const char **between, rondo_error *err) {
    rondo_view *view = NULL;
    rondo_error own = {0};
    const rondo__view_class *c = class_of(name);
    if (!c)
        return RONDO_OK;
    const rondo_status status = rondo_inspection_view(r->inspection, name, options, &view, &own);
    if (status == RONDO_UNSUPPORTED || status == RONDO_ARGUMENT) { /* the model, or the data, are not such */
        if (status == RONDO_UNSUPPORTED || !r->single)
            note_absent(r, c, &own);
        return RONDO_OK;
    }
    if (status)
        return rondo__fail(err, status, "%s", own.message);
    rondo__text_format(out, "%s", *between);
    rondo__view_json(view, true, out);
    *between = ",";
    rondo_view_free(&view);
    return RONDO_OK;
}

static rondo_status add_over_all(report *r, rondo_error *err) {
    const char *between = "";
    rondo_status status = RONDO_OK;
    rondo__text_format(r->out, ",\"views\":[");
    for (int i = 0; over_all[i].name && !status; i++) {
        const rondo_view_options options = {.passages = over_all[i].passages};
        status = say(r, over_all[i].name, err);
        if (!status)
            status = add_view(r, over_all[i].name, &options, r->out, &between, err);
    }
    rondo__text_format(r->out, "]");
    return status;
}

static rondo_status add_passage(report *r, int64_t index, rondo__text *out, rondo_error *err) {
    const char *between = "";
    rondo__text views = {0};
    rondo_status status = RONDO_OK;
    for (int i = 0; of_passage[i] && !status; i++) {
        const rondo__view_class *c = class_of(of_passage[i]);
        const bool cut = c && (c->options & RONDO__VIEW_STEPS);
        const rondo_view_options options = {.passage = index, .steps = cut ? r->options->steps : 0};
        status = add_view(r, of_passage[i], &options, &views, &between, err);
    }
    const rondo__passage *passage = &r->inspection->look->passage;
    if (!status) {
        rondo__text_format(out, "{\"title\":");
        add_string(out, passage->title ? passage->title : "");
        rondo__text_format(out, ",\"target\":");
        if (passage->answer)
            add_string(out, passage->answer);
        else
            rondo__text_format(out, "null");
        rondo__text_format(out, ",\"views\":[");
        add_text(out, &views);
        rondo__text_format(out, "]}");
    }
    rondo__text_free(&views);
    return status;
}

/* As many as fit beside what is there, and the first of them. */
static rondo_status add_passages(report *r, size_t room, rondo_error *err) {
    const int64_t all = rondo_inspection_passages(r->inspection);
    const int64_t count = all < r->options->passages ? all : r->options->passages;
    rondo_status status = RONDO_OK;
    bool fits = true;
    r->single = true;
    rondo__text_format(r->out, ",\"passages\":[");
    for (int64_t i = 0; i < count && !status && fits; i++) {
        char part[64];
        rondo__text one = {0}, safe = {0};
        snprintf(part, sizeof part, "passage %lld of %lld", (long long)i + 1, (long long)count);
        status = say(r, part, err);
        if (!status)
            status = add_passage(r, i, &one, err);
        escape(&safe, &one);
        fits = i == 0 || r->out->size + safe.size < room;
        if (!status && fits) {
            rondo__text_format(r->out, "%s", i ? "," : "");
            add_text(r->out, &safe);
        }
        rondo__text_free(&one);
        rondo__text_free(&safe);
    }
    rondo__text_format(r->out, "]");
    return status;
}

/* ---- all of it ---- */

static void add_head(const report *r) {
    const rondo_model *model = r->inspection->model;
    rondo__text *out = r->out;
    rondo__text_format(out, "{\"version\":1,\"rondo\":\"%s\",\"model\":{\"file\":", RONDO_VERSION);
    add_file(out, model->path ? model->path : "");
    rondo__text_format(out, ",\"info\":");
    rondo__text_add(out, rondo_model_info(r->inspection->model), strlen(rondo_model_info(r->inspection->model)));
    rondo__text_format(out, "},\"data\":{\"files\":[");
    for (int i = 0; i < r->options->files; i++) {
        rondo__text_format(out, "%s", i ? "," : "");
        add_file(out, r->options->file[i]);
    }
    rondo__text_format(out,
                       "],\"passages\":%lld},\"evaluations\":", (long long)rondo_inspection_passages(r->inspection));
}

static rondo_status fill(report *r, rondo_error *err) {
    add_head(r);
    rondo_status status = add_evaluations(r, err);
    return status ? status : add_over_all(r, err);
}

rondo_status rondo__report_json(rondo_inspection *inspection, const rondo_report_options *options, size_t room,
                                rondo__text *out, rondo_error *err) {
    rondo__text plain = {0};
    report r = {.inspection = inspection, .options = options, .out = &plain};
    rondo_status status = fill(&r, err);
    escape(out, &plain);
    r.out = out;
    if (!status)
        status = add_passages(&r, room, err);
    rondo__text_format(out, ",\"absent\":[");
    escape(out, &r.absent);
    rondo__text_format(out, "]}");
    if (!status && out->failed)
        status = rondo__fail(err, RONDO_MEMORY, "the report: out of memory");
    rondo__text_free(&plain);
    rondo__text_free(&r.absent);
    return status;
}

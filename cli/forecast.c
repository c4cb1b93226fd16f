/* rondo forecast: a table in, its continuation out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { USUAL_HISTORY = 4 }; /* horizons of history in a picture */

typedef struct forecasting {
    const char *model, *data, *plot, *levels;
    rondo_forecast_options options;
    double level[32];
    bool json;
    int64_t threads;
} forecasting;

/* "0.1,0.5,0.9" */
static int read_levels(forecasting *f) {
    const char *at = f->levels;
    while (at && *at) {
        char *end;
        const double x = strtod(at, &end);
        if (end == at || (*end && *end != ',') || !(x > 0 && x < 1) || f->options.quantiles == 32 ||
            (f->options.quantiles && x <= f->level[f->options.quantiles - 1]))
            return cli_fail(CLI_USAGE,
                            "forecast: --quantiles is '%s' (must be rising numbers between 0 and 1, as 0.1,0.5,0.9)",
                            f->levels);
        f->level[f->options.quantiles++] = x;
        at = *end ? end + 1 : end;
    }
    f->options.quantile = f->options.quantiles ? f->level : NULL;
    return -1;
}

/* ---- CSV ---- */

static void print_cell(const char *text) {
    if (!strpbrk(text, ",\"\n\r")) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void print_header(const rondo_forecast *f, bool named) {
    char name[512];
    fputs(f->has_time ? "time" : "row", stdout);
    if (named)
        fputs(",series", stdout);
    for (int64_t c = 0; c < f->targets; c++) {
        putchar(',');
        print_cell(f->target_name[c]);
        for (int q = 0; q < f->quantiles; q++) {
            snprintf(name, sizeof name, "%s_%g", f->target_name[c], f->level[q]);
            putchar(',');
            print_cell(name);
        }
    }
    putchar('\n');
}

static void print_row(const rondo_forecast *f, const rondo_forecast_series *s, int64_t h, bool named) {
    fputs(s->when[h], stdout);
    if (named) {
        putchar(',');
        print_cell(s->name);
    }
    for (int64_t c = 0; c < f->targets; c++) {
        const int64_t at = c * f->horizon + h;
        printf(",%.9g", s->point[at]);
        for (int q = 0; q < f->quantiles; q++)
            printf(",%.9g", s->quantile[at * f->quantiles + q]);
    }
    putchar('\n');
}

static void print_csv(const rondo_forecast *f) {
    const bool named = f->count > 1 || f->series[0].name[0];
    print_header(f, named);
    for (int64_t i = 0; i < f->count; i++) {
        for (int64_t h = 0; h < f->horizon; h++)
            print_row(f, &f->series[i], h, named);
    }
}

/* ---- JSON ---- */

static void print_string(const char *text) {
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            printf("\\u%04x", (unsigned)*text);
        else
            putchar(*text);
    }
    putchar('"');
}

/* count numbers, so many apart. */
static void print_numbers(const double *x, int64_t count, int64_t apart) {
    putchar('[');
    for (int64_t i = 0; i < count; i++) {
        if (isfinite(x[i * apart]))
            printf("%s%.9g", i ? ", " : "", x[i * apart]);
        else
            printf("%snull", i ? ", " : "");
    }
    putchar(']');
}

static void print_target(const rondo_forecast *f, const rondo_forecast_series *s, int64_t c) {
    const int64_t at = c * f->horizon;
    print_string(f->target_name[c]);
    fputs(": {\"point\": ", stdout);
    print_numbers(s->point + at, f->horizon, 1);
    for (int q = 0; q < f->quantiles; q++) {
        printf(q ? ", \"%g\": " : ", \"quantiles\": {\"%g\": ", f->level[q]);
        print_numbers(s->quantile + at * f->quantiles + q, f->horizon, f->quantiles);
    }
    if (f->quantiles)
        putchar('}');
    fputs(", \"truth\": ", stdout);
    print_numbers(s->truth + at, f->horizon, 1);
    putchar('}');
}

static void print_json(const rondo_forecast *f) {
    printf("{\"horizon\": %lld, \"quantiles\": ", (long long)f->horizon);
    print_numbers(f->level, f->quantiles, 1);
    fputs(", \"series\": [", stdout);
    for (int64_t i = 0; i < f->count; i++) {
        const rondo_forecast_series *s = &f->series[i];
        printf("%s{\"name\": ", i ? ", " : "");
        print_string(s->name);
        fputs(", \"time\": [", stdout);
        for (int64_t h = 0; h < f->horizon; h++) {
            printf("%s", h ? ", " : "");
            print_string(s->when[h]);
        }
        fputs("], \"targets\": {", stdout);
        for (int64_t c = 0; c < f->targets; c++) {
            fputs(c ? ", " : "", stdout);
            print_target(f, s, c);
        }
        fputs("}}", stdout);
    }
    puts("]}");
}

/* ---- pictures ---- */

/* One target of one series has the name as given; with several each has its own name before the ending. */
static int draw_one(const forecasting *f, const rondo_forecast *r, int64_t series, int64_t target) {
    char path[4096];
    rondo_error err = {0};
    const char *dot = strrchr(f->plot, '.'), *name = r->series[series].name;
    const bool alone = r->count == 1 && r->targets == 1;
    int size = alone ? snprintf(path, sizeof path, "%s", f->plot)
                     : snprintf(path, sizeof path, "%.*s%s%s-%s%s", (int)(dot - f->plot), f->plot, *name ? "-" : "",
                                name, r->target_name[target], dot);
    if (size >= (int)sizeof path)
        return cli_fail(CLI_USAGE, "forecast: the name of --plot is too long");
    for (char *c = path + (dot - f->plot); *c; c++) { /* names of series may hold slashes and blanks */
        if (*c == '/' || *c == ' ')
            *c = '_';
    }
    rondo_status status = rondo_forecast_plot(r, series, target, path, &err);
    return status ? cli_report(status, &err) : -1;
}

static int draw(const forecasting *f, const rondo_forecast *r) {
    int code = -1;
    for (int64_t i = 0; i < r->count && code < 0; i++) {
        for (int64_t c = 0; c < r->targets && code < 0; c++)
            code = draw_one(f, r, i, c);
    }
    return code;
}

/* ---- the command ---- */

static int forecast(forecasting *f) {
    rondo_context *context = NULL;
    rondo_model *model = NULL;
    rondo_forecast result = {0};
    rondo_error err = {0};
    int code = cli_context(&context, f->threads);
    if (code >= 0)
        return code;
    rondo_status status = rondo_model_open(&model, context, f->model, &err);
    if (!status)
        status = rondo_model_forecast(model, f->data, &f->options, &result, &err);
    if (status)
        code = cli_report(status, &err);
    if (code < 0 && f->plot)
        code = draw(f, &result);
    if (code < 0) {
        fputs(result.notes, stderr);
        (f->json ? print_json : print_csv)(&result);
        code = cli_flush(CLI_DONE);
    }
    rondo_forecast_free(&result);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return code;
}

static int check(forecasting *f) {
    if (!f->data)
        return cli_fail(CLI_USAGE, "forecast: no data (give --data FILE.csv, as in: %s)", cli_forecast.usage);
    if (f->plot && !cli_ends_in(f->plot, ".png") && !cli_ends_in(f->plot, ".svg"))
        return cli_fail(CLI_USAGE, "forecast: --plot is '%s' (must end in .png or .svg)", f->plot);
    if (f->plot && !strstr(rondo_build_parts(), "cairo"))
        return cli_fail(CLI_USAGE, "forecast: --plot needs cairo, which this build lacks (leave it out)");
    return read_levels(f);
}

static int run(int argc, char **argv) {
    forecasting f = {0};
    int64_t history = -1;
    const cli_option options[] = {
        {"--data", CLI_TEXT, &f.data, "FILE", "the series so far: a CSV file, or a folder of them"},
        {"--horizon", CLI_WHOLE, &f.options.horizon, "N",
         "steps (default: the model's; beyond, its own forecasts count as known)", 1, 1e7},
        {"--quantiles", CLI_TEXT, &f.levels, "LIST", "as 0.1,0.5,0.9 (default: the model's own)"},
        {"--from", CLI_TEXT, &f.options.from, "STEP", "as if the data ended before this row (from 0) or time"},
        {"--series", CLI_TEXT, &f.options.series, "NAME", "this series only"},
        {"--target", CLI_TEXT, &f.options.target, "NAME", "this column only"},
        {"--plot", CLI_TEXT, &f.plot, "FILE", "a picture, .png or .svg; of several columns or series FILE-NAME"},
        {"--history", CLI_WHOLE, &history, "N", "steps before the forecast in the picture (default 4 horizons)", 0,
         1e9},
        {"--json", CLI_FLAG, &f.json, NULL, "one JSON object in place of CSV, with the truth where it is known"},
        {"--paths", CLI_WHOLE, &f.options.paths, "N", "recursive models: futures that are drawn (default 200)", 1, 1e6},
        {"--seed", CLI_SEED, &f.options.seed, "N", "of these draws (default 0)"},
        {"--threads", CLI_WHOLE, &f.threads, "N", "threads (default 1); changes no result", 0, 1024},
    };
    int code = cli_parse(&cli_forecast, argc, argv, sizeof options / sizeof *options, options, 1, 1, &f.model);
    if (code < 0)
        code = check(&f);
    if (code >= 0)
        return code;
    if (f.plot && history < 0)
        history = USUAL_HISTORY * (f.options.horizon > 24 ? f.options.horizon : 24);
    f.options.history = f.plot && history > 0 ? history : 0;
    f.threads = f.threads ? f.threads : 1;
    return forecast(&f);
}

const cli_command cli_forecast = {
    .name = "forecast",
    .summary = "continue time series",
    .usage = "rondo forecast MODEL --data FILE.csv [--horizon N] [--quantiles LIST] [--plot FILE] [--json] [options]",
    .about =
        "Continues the series of a CSV file after its last known row. stdout receives CSV: time, series (where there\n"
        "are several), then each target with its quantiles as NAME_0.1. The file has the columns that the model was\n"
        "trained with; columns known ahead need rows over the horizon, whose targets are empty.\n\n"
        "example:\n"
        "  rondo forecast runs/etth1/model.safetensors --data data/ett/ETTh1.csv --target OT --plot forecast.svg",
    .run = run,
};

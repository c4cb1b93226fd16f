/* rondo inspect: what a trained model does inside. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"
#include "inspect_report.h"

enum { MOST_WORDS = CLI_MAX_LIST };

typedef struct inspecting {
    const char *model, *view, *to, *html, *like;
    int64_t layer, threads, unit;
    int direction, order;
    bool layer_given, direction_given, unit_given;
    rondo_inspect_data data;
    rondo_view_options options;
} inspecting;

/* ---- where it goes ---- */

static int terminal_width(void) {
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    const int told = columns ? atoi(columns) : 0;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return told > 0 ? told : 100;
}

static bool wants_colour(void) {
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(none && *none) && !(terminal && strcmp(terminal, "dumb") == 0);
}

static int show(const rondo_view *view) {
    const rondo_view_text_options options = {.width = terminal_width(), .colour = wants_colour()};
    rondo_error err = {0};
    char *text = NULL;
    size_t size = 0;
    const rondo_status status = rondo_view_text(view, &options, &text, &size, &err);
    if (!status)
        fwrite(text, 1, size, stdout);
    rondo_view_text_free(text);
    return status ? cli_report(status, &err) : cli_flush(CLI_DONE);
}

static int give(const inspecting *i, const rondo_view *view) {
    rondo_error err = {0};
    if (!i->to)
        return show(view);
    const rondo_status status = rondo_view_write(view, i->to, &err);
    return status ? cli_report(status, &err) : CLI_DONE;
}

/* ---- the inspection ---- */

static int inspect_opened(const inspecting *i, rondo_model *model) {
    rondo_inspection *inspection = NULL;
    rondo_view *view = NULL;
    rondo_error err = {0};
    int code = -1;
    rondo_status status = rondo_inspection_open(&inspection, model, &i->data, &err);
    rondo_view_options options = i->options;
    const bool aligns = i->to && cli_ends_in(i->to, ".pharaoh") && strcmp(i->view, "attention") == 0;
    if (aligns && !options.passages) /* a line for each pair */
        options.passages = rondo_inspection_passages(inspection);
    if (!status && i->html)
        code = inspect_report(inspection, i->html, &i->data, &i->options);
    else if (!status)
        status = rondo_inspection_view(inspection, i->view, &options, &view, &err);
    if (code < 0)
        code = status ? cli_report(status, &err) : give(i, view);
    rondo_view_free(&view);
    rondo_inspection_close(&inspection);
    return code;
}

static int inspect(const inspecting *i) {
    rondo_context *context = NULL;
    rondo_model *model = NULL;
    rondo_error err = {0};
    int code = cli_context(&context, i->threads);
    if (code >= 0)
        return code;
    const rondo_status status = rondo_model_open(&model, context, i->model, &err);
    code = status ? cli_report(status, &err) : inspect_opened(i, model);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return code;
}

/* ---- the call ---- */

/* FROM:TO */
static int take_like(inspecting *i) {
    char *end = NULL;
    if (!i->like)
        return -1;
    i->options.like_from = strtoll(i->like, &end, 10);
    if (end > i->like && *end == ':') {
        const char *second = end + 1;
        i->options.like_to = strtoll(second, &end, 10);
        if (end > second && !*end && i->options.like_from >= 0 && i->options.like_to > i->options.like_from)
            return -1;
    }
    return cli_fail(CLI_USAGE, "inspect: --like is '%s' (must be FROM:TO, two steps, as in 12:20)", i->like);
}

static int check_ending(const char *to) {
    static const char *const endings[] = {".png", ".svg", ".json", ".npy", ".txt", ".pharaoh", NULL};
    for (int i = 0; to && endings[i]; i++)
        if (cli_ends_in(to, endings[i]))
            return -1;
    return to ? cli_fail(CLI_USAGE, "inspect: --to is '%s' (must end in .png, .svg, .json, .npy, .txt or .pharaoh)", to)
              : -1;
}

static int check_view(const char *view) {
    const char *names[32], *name;
    int count = 0;
    for (; count < 32 && (name = rondo_view_name(count, NULL)); count++) {
        if (strcmp(name, view) == 0)
            return -1;
        names[count] = name;
    }
    const char *near = cli_nearest(view, count, names);
    return cli_fail(CLI_USAGE,
                    near ? "inspect: there is no view '%s' (did you mean '%s'?)"
                         : "inspect: there is no view '%s' (see rondo inspect --help)",
                    view, near);
}

static int take(inspecting *i, const char **words) {
    i->model = words[0];
    i->view = words[1];
    const char **files = words + (i->html ? 1 : 2);
    if (!i->html && !i->view)
        return cli_fail(CLI_USAGE, "inspect: which view? (rondo inspect MODEL VIEW; see rondo inspect --help)");
    while (i->data.files < MOST_WORDS && files[i->data.files])
        i->data.files++;
    i->data.file = files;
    i->options.layer = i->layer_given ? (int)i->layer + 1 : 0;
    i->options.direction = i->direction_given ? i->direction + 1 : 0;
    i->options.unit = i->unit_given ? i->unit + 1 : 0;
    i->options.order = (rondo_unit_order)i->order;
    int code = take_like(i);
    if (code < 0)
        code = i->html ? inspect_report_check(i->html, i->view, i->to, &i->options) : check_view(i->view);
    if (code < 0)
        code = check_ending(i->to);
    if (code < 0 && i->data.files && i->data.text)
        code = cli_fail(CLI_USAGE, "inspect: files and --text are given (give one of them)");
    if (code < 0 && i->data.target && !i->data.text)
        code = cli_fail(CLI_USAGE, "inspect: --target is given without --text (give both)");
    return code;
}

static int run(int argc, char **argv) {
    static const char *const directions[] = {"forward", "backward", NULL}, *const orders[] = {"cluster", "index",
                                                                                              "mean", "peak", NULL};
    static const char *words[MOST_WORDS + 3];
    inspecting i = {0};
    rondo_view_options *o = &i.options;
    const cli_option options[] = {
        {"--to", CLI_TEXT, &i.to, "FILE",
         "write it as .png, .svg, .json, .npy, .txt; attention: .pharaoh, too (default: the terminal)"},
        {"--html", CLI_TEXT, &i.html, "FILE", "write everything as one page with pictures that can be used"},
        {"--text", CLI_TEXT, &i.data.text, "TEXT", "what the model is shown, in place of files"},
        {"--target", CLI_TEXT, &i.data.target, "TEXT",
         "translate: what the text should become (default: what the model itself writes)"},
        {"--passage", CLI_WHOLE, &o->passage, "N",
         "states, attention, neurons: which sentence, recording, window (default 0)", 0, 1e15},
        {"--passages", CLI_WHOLE, &o->passages, "N",
         "not states: how many of the data are used; attention: are aligned", 1, 1e15},
        {"--from", CLI_WHOLE, &o->from, "N", "states, neurons: the first step that is shown (default 0)", 0, 1e15},
        {"--steps", CLI_WHOLE, &o->steps, "N", "states, neurons: how many steps are shown (default 60)", 1, 1e15},
        {"--stack", CLI_TEXT, &o->stack, "NAME", "encoder or decoder"},
        {"--layer", CLI_WHOLE, &i.layer, "N", "this layer only, from 0", 0, 1000, .given = &i.layer_given},
        {"--direction", CLI_CHOICE, &i.direction, "NAME", "forward or backward only", .choices = directions,
         .given = &i.direction_given},
        {"--gate", CLI_TEXT, &o->gate, "NAME",
         "one gate only, by the begin of its name; states, neurons: also cell, hidden"},
        {"--unit", CLI_WHOLE, &i.unit, "N", "one unit only, from 0", 0, 1e15, .given = &i.unit_given},
        {"--order", CLI_CHOICE, &i.order, "NAME", "states: rows by cluster, index, mean or peak (default cluster)",
         .choices = orders},
        {"--limit", CLI_WHOLE, &o->limit, "N", "rows at most", 1, 1e15},
        {"--lags", CLI_WHOLE, &o->lags, "N", "gradients: the longest lag (default 100)", 1, 100000},
        {"--pattern", CLI_TEXT, &o->pattern, "NAME", "neurons: one pattern only; text:WORDS: where these words stand"},
        {"--like", CLI_TEXT, &i.like, "FROM:TO", "neurons: what is like these steps of the passage?"},
        {"--threads", CLI_WHOLE, &i.threads, "N", "threads (default: all cores); changes no result", 0, 1024},
    };
    const int code =
        cli_parse(&cli_inspect, argc, argv, sizeof options / sizeof *options, options, 1, MOST_WORDS + 2, words);
    if (code >= 0)
        return code;
    const int wrong = take(&i, words);
    return wrong >= 0 ? wrong : inspect(&i);
}

const cli_command cli_inspect = {
    .name = "inspect",
    .summary = "look inside a trained model",
    .usage = "rondo inspect MODEL VIEW [DATA...] [--to FILE] [options] | rondo inspect MODEL [DATA...] --html FILE",
    .about =
        "Shows what a trained model does with data: DATA are files as `rondo eval --data` takes them; without them\n"
        "and without --text the validation data of the model's recipe. Views:\n\n"
        "  states     hidden units, cells and gates over one passage\n"
        "  gates      how far gates are open or shut, dead units, how long units keep their state\n"
        "  gradients  how far back a loss reaches, by lag, at the start of training and now\n"
        "  attention  where each step of the target looked in the source, entropy, alignment\n"
        "  neurons    which units follow a pattern, where a unit is most active, what is alike\n"
        "  ablate     what the loss becomes without a gate, a unit, a direction\n\n"
        "--html writes them all, with every passage to step through, as one page for a browser.\n\n"
        "example:\n"
        "  rondo inspect runs/shakespeare/model.safetensors states --text 'To be, or not to be'\n"
        "  rondo inspect runs/shakespeare/model.safetensors neurons --pattern 'position in the line'",
    .run = run,
};

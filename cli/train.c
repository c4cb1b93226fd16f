/* rondo train: a recipe in, a trained model out, with a progress bar on a terminal. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "progress.h"

static volatile sig_atomic_t stop_asked;

/* The first signal asks for a stop after the current step; a second one of the same kind ends the process at once. */
static void on_signal(int number) {
    stop_asked = 1;
    signal(number, SIG_DFL);
}

typedef struct train_view {
    progress bar;
    bool quiet;
} train_view;

static void print_score(const rondo_metrics *metrics, const char *metric, const char *name, double factor) {
    const double value = rondo_metrics_get(metrics, metric);
    if (!isnan(value))
        fprintf(stderr, "  %s %.2f", name, value * factor);
}

static void print_scores(const rondo_metrics *metrics) {
    const double mse = rondo_metrics_get(metrics, "mse"), naive = rondo_metrics_get(metrics, "naive_mse");
    if (!isnan(mse))
        fprintf(stderr, "  mse %.4f (naive %.4f)", mse, naive);
    print_score(metrics, "bleu", "BLEU", 1);
    print_score(metrics, "word_error_rate", "word errors %", 100);
}

static void print_evaluation(const rondo_event *e) {
    char time[32], speed[32];
    cli_format_time(e->seconds, time);
    cli_format_count(e->symbols_per_second, speed);
    double valid = rondo_metrics_get(e->metrics, "valid_loss"),
           perplexity = rondo_metrics_get(e->metrics, "perplexity");
    fprintf(stderr, "epoch %lld/%lld  step %lld/%lld  train %.4f  valid %.4f", (long long)e->epoch,
            (long long)e->epochs, (long long)e->step, (long long)e->steps, e->train_loss, valid);
    if (!isnan(perplexity))
        fprintf(stderr, "  perplexity %.4g", perplexity);
    print_scores(e->metrics);
    fprintf(stderr, "  %s %s/s  %s%s\n", speed, e->symbol, time, e->best ? "  best" : "");
}

static bool on_event(const rondo_event *e, void *arg) {
    train_view *view = arg;
    if (view->quiet)
        return !stop_asked;
    switch (e->kind) {
    case RONDO_EVENT_STEP:
        progress_show(&view->bar, e);
        break;
    case RONDO_EVENT_EVALUATE:
        progress_clear(&view->bar);
        print_evaluation(e);
        break;
    case RONDO_EVENT_START:
    case RONDO_EVENT_NOTE:
    case RONDO_EVENT_END:
        progress_clear(&view->bar);
        if (e->message && e->message[0])
            fprintf(stderr, "%s\n", e->message);
        break;
    case RONDO_EVENT_SAVE:
        break;
    }
    return !stop_asked;
}

/* runs/NAME for a recipe .../NAME.yaml */
static int default_folder(const char *recipe, char *out, size_t size) {
    const char *name = strrchr(recipe, '/');
    name = name ? name + 1 : recipe;
    const char *dot = strrchr(name, '.');
    int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    if (snprintf(out, size, "runs/%.*s", length, name) >= (int)size)
        return cli_fail(CLI_USAGE, "%s: the name is too long (give --out DIR)", recipe);
    return -1;
}

static int finish(rondo_status status, const rondo_error *err, const char *recipe, const char *folder,
                  const rondo_train_result *result, bool quiet) {
    if (status == RONDO_INTERRUPTED)
        return cli_fail(CLI_FAILED,
                        "stopped after step %lld; all is saved in %s (to go on: rondo train %s --out %s --resume)",
                        (long long)result->steps, folder, recipe, folder);
    if (status)
        return cli_report(status, err);
    if (!quiet) {
        char time[32];
        cli_format_time(result->seconds, time);
        fprintf(stderr, "done: %lld steps in %s, best model in %s/model.safetensors: valid loss %.4f",
                (long long)result->steps, time, folder, rondo_metrics_get(&result->best, "valid_loss"));
        print_scores(&result->best);
        fputc('\n', stderr);
    }
    return CLI_DONE;
}

static int train(const char *recipe, const rondo_train_options *options, train_view *view) {
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (signal(SIGHUP, on_signal) == SIG_IGN) /* nohup */
        signal(SIGHUP, SIG_IGN);
    progress_start(&view->bar, !view->quiet && isatty(STDERR_FILENO));
    rondo_train_result result = {0};
    rondo_error err = {0};
    rondo_status status = rondo_train(recipe, options, &result, &err);
    progress_clear(&view->bar);
    return finish(status, &err, recipe, options->folder, &result, view->quiet);
}

/* "2G", "800M", "64K" or bytes */
static int read_size(const char *text, size_t *out) {
    static const char units[] = "KMGT";
    char *end;
    const double number = strtod(text, &end);
    const char *unit = *end ? strchr(units, *end) : NULL;
    const double bytes = number * (unit ? pow(1024, (double)(unit - units + 1)) : 1);
    if (end == text || (*end && (!unit || end[1])) || !(bytes >= 1) || bytes > 1e15)
        return cli_fail(CLI_USAGE, "train: --memory-limit is '%s' (must be a size as in 800M or 2G)", text);
    *out = (size_t)bytes;
    return -1;
}

/* Before the training, not after it. */
static int check_picture(const char *path) {
    const char *dot = strrchr(path, '.');
    if (!dot || (strcmp(dot, ".png") != 0 && strcmp(dot, ".svg") != 0))
        return cli_fail(CLI_USAGE, "train: --plot %s must end in .png or .svg", path);
    if (!strstr(rondo_build_parts(), "cairo"))
        return cli_fail(CLI_USAGE, "train: --plot needs cairo, which this build lacks (leave it out)");
    return -1;
}

static int draw_curve(const char *folder, const char *path) {
    rondo_error err = {0};
    rondo_status status = rondo_plot_training(folder, path, &err);
    return status ? cli_report(status, &err) : CLI_DONE;
}

static int run(int argc, char **argv) {
    cli_list sets = {0};
    const char *folder = NULL, *recipe = NULL;
    const char *plot = NULL, *limit = NULL;
    size_t most = 0;
    bool resume = false;
    int64_t threads = 0;
    train_view view = {0};
    const cli_option options[] = {
        {"--set", CLI_LIST, &sets, "KEY=VALUE", "change one key of the recipe, as in --set model.cell=gru; repeatable"},
        {"--out", CLI_TEXT, &folder, "DIR", "folder for the results (default: runs/NAME of NAME.yaml)"},
        {"--resume", CLI_FLAG, &resume, NULL,
         "go on with the run in that folder, to the same bits as if never stopped"},
        {"--threads", CLI_WHOLE, &threads, "N", "threads (default: the recipe's; 0 = all cores); changes no result", 0,
         1024},
        {"--memory-limit", CLI_TEXT, &limit, "SIZE",
         "memory that training may take, as in 800M; what the recipe needs is said before the first step"},
        {"--plot", CLI_TEXT, &plot, "FILE", "at the end, the training curve as .png or .svg"},
        {"--quiet", CLI_FLAG, &view.quiet, NULL, "no progress, only errors"},
    };
    int code = cli_parse(&cli_train, argc, argv, sizeof options / sizeof *options, options, 1, 1, &recipe);
    char place[4096];
    if (code < 0 && !folder) {
        code = default_folder(recipe, place, sizeof place);
        folder = place;
    }
    if (code < 0 && plot)
        code = check_picture(plot);
    if (code < 0 && limit)
        code = read_size(limit, &most);
    if (code >= 0)
        return code;
    code = train(recipe,
                 &(rondo_train_options){.folder = folder,
                                        .sets = sets.count,
                                        .set = sets.item,
                                        .resume = resume,
                                        .threads = (int)threads,
                                        .memory_limit = most,
                                        .event = on_event,
                                        .event_arg = &view},
                 &view);
    return code == CLI_DONE && plot ? draw_curve(folder, plot) : code;
}

const cli_command cli_train = {
    .name = "train",
    .summary = "train a model as a recipe says",
    .usage = "rondo train RECIPE.yaml [--set KEY=VALUE]... [--out DIR] [--resume] [--threads N] [--memory-limit SIZE] "
             "[--plot FILE] [--quiet]",
    .about = "Trains the model that the recipe describes. DIR receives model.safetensors (the best on validation),\n"
             "last.safetensors (everything needed to go on), metrics.jsonl (one line per evaluation) and recipe.yaml\n"
             "as run. Ctrl-C finishes the step, saves, and says how to go on. docs/recipe.md explains every key.\n"
             "A recipe.yaml of your own in DIR is kept there as recipe.user.yaml.\n\n"
             "example:\n"
             "  RONDO_DATA=data rondo train recipes/shakespeare.yaml --set model.hidden_size=256 --out runs/small",
    .run = run,
};

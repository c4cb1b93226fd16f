#include "export_rounded.h"

#include <math.h>
#include <string.h>

const char *cli_rounded_asked(const cli_rounded_call *c) {
    return c->layers            ? "--layers"
           : c->metric          ? "--metric"
           : c->calibrate.count ? "--calibrate"
           : c->percentile != 0 ? "--percentile"
           : c->json            ? "--json"
           : c->threads != 0    ? "--threads"
           : c->data.count      ? "--data"
           : c->keep.count      ? "--keep"
                                : NULL;
}

static int check(const char *to, const cli_rounded_call *c) {
    if (!c->int8 && !c->bf16)
        return cli_fail(CLI_USAGE, "export: %s goes with --int8 or --bf16 (give one of them, or leave it out)",
                        cli_rounded_asked(c));
    if (c->int8 && c->bf16)
        return cli_fail(CLI_USAGE, "export: --int8 and --bf16 are two kinds of weights (give one of them)");
    if (!cli_ends_in(to, ".safetensors"))
        return cli_fail(CLI_USAGE,
                        "export: '%s' is no place for rounded weights (give --to FILE.safetensors; for C take "
                        "--dtype int8)",
                        to);
    if (c->bf16 && c->calibrate.count)
        return cli_fail(CLI_USAGE, "export: --bf16 has no scales to calibrate (leave --calibrate out)");
    if (c->percentile != 0 && !c->calibrate.count)
        return cli_fail(CLI_USAGE, "export: --percentile needs data (give --calibrate FILE)");
    if ((c->layers || c->metric || c->json || c->threads) && !c->data.count && !c->calibrate.count)
        return cli_fail(CLI_USAGE, "export: %s is of a report, which needs data (give --data FILE)",
                        cli_rounded_asked(c));
    return -1;
}

/* What a task is judged by. */
static const char *metric_of(const char *task, const cli_rounded_call *c) {
    static const char *const of[][2] = {{"language_model", "nats_per_symbol"},
                                        {"translate", "bleu"},
                                        {"classify", "accuracy"},
                                        {"tag", "accuracy"},
                                        {"transcribe", "cer"},
                                        {"forecast", "mse"}};
    for (size_t i = 0; i < sizeof of / sizeof *of && !c->metric; i++)
        if (strcmp(of[i][0], task) == 0)
            return of[i][1];
    return c->metric ? c->metric : "loss";
}

static double relative(double before, double after) { return 100 * (after - before) / fabs(before); }

static void print_change(double before, double after) {
    if (before != 0 && isfinite(before) && isfinite(after))
        printf("%+.3f %%", relative(before, after));
    putchar('\n');
}

static void print_metrics(const rondo_quantise_report *r, const char *kind) {
    printf("%-22s %12s %12s  change\n", "", "f32", kind);
    printf("%-22s %12lld %12lld  ", "bytes of weights", (long long)r->bytes_before, (long long)r->bytes_after);
    print_change((double)r->bytes_before, (double)r->bytes_after);
    for (int i = 0; i < r->before.count; i++) {
        const double before = r->before.item[i].value;
        const double after = rondo_metrics_get(&r->after, r->before.item[i].name);
        if (before == after && (before == floor(before) || strchr(r->before.item[i].name, '_') != NULL))
            continue; /* how much there was to measure on; others' scores */
        printf("%-22s %12.6g %12.6g  ", r->before.item[i].name, before, after);
        print_change(before, after);
    }
}

static void print_layers(const rondo_quantise_report *r, const char *metric, bool calibrated) {
    const double before = rondo_metrics_get(&r->before, metric);
    printf("\n%-36s %13s %7s %8s%s  %s, alone\n", "layer", "shape", "share", "SNR", calibrated ? "  input up to" : "",
           metric);
    for (int i = 0; i < r->layers; i++) {
        const rondo_quantise_layer *l = &r->layer[i];
        char shape[48];
        snprintf(shape, sizeof shape, "%lldx%lld", (long long)l->rows, (long long)l->columns);
        printf("%-36s %13s %5.1f %% ", l->name, shape, 100.0 * (double)l->before / (double)r->bytes_before);
        if (!l->rounded) {
            puts("   kept");
            continue;
        }
        printf("%5.1f dB", l->signal_to_noise);
        if (calibrated)
            printf("  %11.4g", l->input_size);
        const double alone = rondo_metrics_get(&l->metrics, metric);
        printf("  %.6g ", alone);
        print_change(before, alone);
    }
}

static void print_number(const char *key, double value) {
    if (isfinite(value))
        printf("\"%s\": %.9g", key, value);
    else
        printf("\"%s\": null", key);
}

/* As cli_print_metrics_json, within a line. */
static void print_object(const char *key, const rondo_metrics *metrics) {
    printf(", \"%s\": {", key);
    for (int i = 0; i < metrics->count; i++) {
        printf("%s", i ? ", " : "");
        print_number(metrics->item[i].name, metrics->item[i].value);
    }
    putchar('}');
}

static void print_json(const rondo_quantise_report *r, const cli_rounded_call *c, const char *metric) {
    printf("{\"weights\": \"%s\", \"activations\": \"%s\", \"bytes_before\": %lld, \"bytes_after\": %lld, "
           "\"metric\": \"%s\"",
           c->bf16 ? "bf16" : "int8", c->calibrate.count ? "calibrated" : "dynamic", (long long)r->bytes_before,
           (long long)r->bytes_after, metric);
    print_object("before", &r->before);
    print_object("after", &r->after);
    printf(", \"layers\": [");
    for (int i = 0; i < r->layers; i++) {
        const rondo_quantise_layer *l = &r->layer[i];
        printf("%s{\"name\": \"%s\", \"shape\": [%lld, %lld], \"rounded\": %s, \"bytes_before\": %lld, "
               "\"bytes_after\": %lld, ",
               i ? ", " : "", l->name, (long long)l->rows, (long long)l->columns, l->rounded ? "true" : "false",
               (long long)l->before, (long long)l->after);
        print_number("signal_to_noise_db", l->signal_to_noise);
        printf(", ");
        print_number("input_size", l->input_size);
        print_object("metrics", &l->metrics);
        putchar('}');
    }
    puts("]}");
}

int cli_print_rounded(const rondo_quantise_report *r, const cli_rounded_call *c, const char *task) {
    const char *metric = metric_of(task, c);
    if (c->json)
        print_json(r, c, metric);
    else
        print_metrics(r, c->bf16 ? "bf16" : "int8");
    if (!c->json && c->layers)
        print_layers(r, metric, c->calibrate.count > 0);
    return cli_flush(CLI_DONE);
}

rondo_quantise_options cli_rounded_options(const cli_rounded_call *c) {
    return (rondo_quantise_options){.weights = c->bf16 ? RONDO_WEIGHTS_BF16 : RONDO_WEIGHTS_INT8,
                                    .keeps = c->keep.count,
                                    .keep = c->keep.item,
                                    .calibrates = c->calibrate.count,
                                    .calibrate = c->calibrate.item,
                                    .percentile = c->percentile,
                                    .data_files = c->data.count,
                                    .data = c->data.item,
                                    .by_layer = c->layers,
                                    .metric = c->metric};
}

static int write_rounded(rondo_model *model, const char *to, const cli_rounded_call *c) {
    const rondo_quantise_options options = cli_rounded_options(c);
    const bool reported = c->data.count || c->calibrate.count;
    rondo_quantise_report report = {0};
    rondo_error err = {0};
    const rondo_status status = rondo_model_quantise(model, to, &options, reported ? &report : NULL, &err);
    if (status)
        return cli_report(status, &err);
    const int code = reported ? cli_print_rounded(&report, c, rondo_model_task(model)) : CLI_DONE;
    rondo_quantise_report_free(&report);
    return code;
}

int cli_export_rounded(const char *path, const char *to, const cli_rounded_call *call) {
    rondo_context *context = NULL;
    int code = check(to, call);
    if (code < 0)
        code = cli_context(&context, call->threads);
    if (code >= 0)
        return code;
    rondo_error err = {0};
    rondo_model *model = NULL;
    const rondo_status status = rondo_model_open(&model, context, path, &err);
    code = status ? cli_report(status, &err) : write_rounded(model, to, call);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return code;
}

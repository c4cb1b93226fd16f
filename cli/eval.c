/* rondo eval: metrics of a model on other data. */
#include <math.h>

#include "cli.h"

static void print_table(const rondo_metrics *metrics) {
    for (int i = 0; i < metrics->count; i++) {
        double x = metrics->item[i].value;
        if (x == floor(x) && fabs(x) < 1e15)
            printf("%-22s %.0f\n", metrics->item[i].name, x);
        else
            printf("%-22s %.6g\n", metrics->item[i].name, x);
    }
}

static int evaluate(const char *path, const cli_list *data, int64_t threads, bool json) {
    rondo_context *context = NULL;
    int code = cli_context(&context, threads);
    if (code >= 0)
        return code;
    rondo_error err = {0};
    rondo_model *model = NULL;
    rondo_metrics metrics = {0};
    rondo_status status = rondo_model_open(&model, context, path, &err);
    if (!status)
        status = rondo_model_evaluate(model, data->count, data->item, &metrics, &err);
    if (!status && json)
        cli_print_metrics_json(&metrics);
    else if (!status)
        print_table(&metrics);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return status ? cli_report(status, &err) : cli_flush(CLI_DONE);
}

static int run(int argc, char **argv) {
    const char *path = NULL;
    cli_list data = {0};
    bool json = false;
    int64_t threads = 0;
    const cli_option options[] = {
        {"--data", CLI_LIST, &data, "FILE", "the data, one or more files (.gz is unpacked)", .many = true},
        {"--json", CLI_FLAG, &json, NULL, "one JSON object on stdout"},
        {"--threads", CLI_WHOLE, &threads, "N", "threads (default: all cores); changes no result", 0, 1024},
    };
    int code = cli_parse(&cli_eval, argc, argv, sizeof options / sizeof *options, options, 1, 1, &path);
    if (code >= 0)
        return code;
    if (data.count == 0)
        return cli_fail(CLI_USAGE, "eval: no data (give --data FILE, as in: %s)", cli_eval.usage);
    return evaluate(path, &data, threads, json);
}

const cli_command cli_eval = {
    .name = "eval",
    .summary = "measure a model on data",
    .usage = "rondo eval MODEL --data FILE... [--json] [--threads N]",
    .about = "Prints the metrics of the model's task on the files. A language model gives nats and bits per symbol,\n"
             "perplexity, and nats and bits per character of the raw text, whatever its tokenizer.\n\n"
             "example:\n"
             "  rondo eval runs/shakespeare/model.safetensors --data other.txt --json",
    .run = run,
};

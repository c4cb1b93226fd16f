/* rondo bench cell: how fast is one layer here? */
#include <string.h>

#include "bench.h"

static const char *const cells[] = {"elman", "jordan", "lstm", "gru", NULL};
static const char *const passes[] = {"train", "forward", "step", NULL};

static void print_result(const rondo_bench_result *r, bool json) {
    if (json)
        printf("{\"median_ms\": %.6g, \"min_ms\": %.6g, \"p99_ms\": %.6g, \"p999_ms\": %.6g, \"runs\": %lld, "
               "\"gflops\": %.5g, \"threads\": %d, \"isa\": \"%s\", \"real_steps\": %lld}\n",
               r->median_ms, r->min_ms, r->p99_ms, r->p999_ms, (long long)r->runs, r->gflops, r->threads, r->isa,
               (long long)r->real_steps);
    else
        printf("median %.4g ms   min %.4g ms   p99 %.4g ms   %.4g GFLOP/s   (%lld runs, %d thread%s, %s)\n",
               r->median_ms, r->min_ms, r->p99_ms, r->gflops, (long long)r->runs, r->threads,
               r->threads == 1 ? "" : "s", r->isa);
}

static int measure(const rondo_bench_options *options, int64_t threads, int precision, bool json) {
    rondo_context *context = NULL;
    int code = cli_context_of(&context, threads, precision);
    if (code >= 0)
        return code;
    rondo_error err = {0};
    rondo_bench_result result = {0};
    rondo_status status = rondo_bench_cell(context, options, &result, &err);
    if (!status)
        print_result(&result, json);
    rondo_context_destroy(&context);
    return status ? cli_report(status, &err) : cli_flush(CLI_DONE);
}

static int run_cell(int argc, char **argv) {
    const char *what = NULL;
    int cell = 2, pass = 0, dtype = 0;
    bool json = false;
    int64_t threads = 0;
    rondo_bench_options o = {.input_size = 256, .hidden_size = 256, .layers = 1, .batch = 32, .steps = 64};
    const cli_option options[] = {
        {"--cell", CLI_CHOICE, &cell, "NAME", "elman, jordan, lstm or gru (default lstm)", .choices = cells},
        {"--bidirectional", CLI_FLAG, &o.bidirectional, NULL, "both directions"},
        {"--input-size", CLI_WHOLE, &o.input_size, "N", "input features I (default 256)", 1, 1 << 20},
        {"--hidden-size", CLI_WHOLE, &o.hidden_size, "N", "hidden units H (default 256)", 1, 1 << 20},
        {"--layers", CLI_WHOLE, &o.layers, "N", "layers (default 1)", 1, RONDO_MAX_LAYERS},
        {"--batch", CLI_WHOLE, &o.batch, "N", "sequences B (default 32)", 1, 1 << 20},
        {"--steps", CLI_WHOLE, &o.steps, "N", "steps T (default 64)", 1, 1 << 24},
        {"--pass", CLI_CHOICE, &pass, "NAME", "train: forward and backward with weight gradients; forward; step",
         .choices = passes},
        {"--projection-size", CLI_WHOLE, &o.projection_size, "N", "LSTM: projected outputs P (default 0, none)", 0,
         1 << 20},
        {"--peepholes", CLI_FLAG, &o.peepholes, NULL, "LSTM: peephole connections"},
        {"--layer-norm", CLI_FLAG, &o.layer_norm, NULL, "LSTM, GRU: layer normalisation"},
        {"--input-gradient", CLI_FLAG, &o.input_gradient, NULL, "train: also the gradient of the input"},
        {"--ragged", CLI_FLAG, &o.ragged, NULL, "lengths drawn evenly from 1 to T, in no order (train, forward)"},
        {"--dtype", CLI_CHOICE, &dtype, "NAME", "what products compute with: f32, bf16, int8 (not train)",
         .choices = cli_precisions},
        {"--seconds", CLI_REAL, &o.seconds, "F", "how long to measure (default 2)", 0.001, 3600},
        {"--least-runs", CLI_WHOLE, &o.least_runs, "N", "but no fewer runs than this (default 3)", 1, 100000},
        {"--threads", CLI_WHOLE, &threads, "N", "threads (default: all cores, step: 1)", 0, 1024},
        {"--json", CLI_FLAG, &json, NULL, "one JSON object on stdout"},
    };
    int code = cli_parse(&cli_bench, argc, argv, sizeof options / sizeof *options, options, 1, 1, &what);
    if (code >= 0)
        return code;
    if (strcmp(what, "cell") != 0)
        return cli_fail(CLI_USAGE, "bench: '%s' cannot be timed (cell or audio, before the options)", what);
    if (dtype == RONDO_PRECISION_INT8 && pass == RONDO_BENCH_TRAIN)
        return cli_fail(CLI_USAGE, "bench: --dtype int8 is for use, not for training (take bf16, or --pass forward)");
    o.cell = cell;
    o.pass = (rondo_bench_pass)pass;
    o.shared_steps = threads > 1;
    return measure(&o, threads, dtype, json);
}

static int run(int argc, char **argv) {
    return argc > 1 && strcmp(argv[1], "audio") == 0 ? cli_bench_audio(argc, argv) : run_cell(argc, argv);
}

const cli_command cli_bench = {
    .name = "bench",
    .summary = "time one layer, or the audio front end, on this machine",
    .usage = "rondo bench cell --cell NAME --input-size N --hidden-size N --batch N --steps N --pass NAME [--json]",
    .about =
        "Times one layer: train is forward and backward with weight gradients, forward is inference over all steps,\n"
        "step is one streaming step with carried state. Operations are counted as 2*T*B*G*H*(I+H) for a forward\n"
        "pass (G = 1, 4, 3 for Elman, LSTM, GRU; Jordan as Elman, and its output product 2*T*B*H*H; with a projection\n"
        "2*T*B*(G*H*(I+P)+H*P)) and three times that for train; with --ragged the real steps take the place of T*B.\n"
        "`rondo bench audio` times frames of sound.\n\n"
        "example:\n"
        "  rondo bench cell --cell lstm --input-size 256 --hidden-size 256 --batch 32 --steps 64 --pass train",
    .run = run,
};

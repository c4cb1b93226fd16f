/* rondo export: a model for places where Rondo does not go. */
#include <string.h>

#include "export.h"
#include "export_rounded.h"

static const char *const precisions[] = {"f32", "int8", "int16", NULL};

static int check_c(const rondo_c_options *options, const cli_rounded_call *rounded) {
    if (rounded->keep.count)
        return cli_fail(CLI_USAGE, "export: --keep goes with --int8 or --bf16 (in C all matrices are rounded)");
    const char *asked = cli_rounded_asked(rounded);
    if (asked && options->precision != RONDO_C_INT8)
        return cli_fail(CLI_USAGE,
                        "export: of a C file only --dtype int8 is calibrated and measured (give it, or leave "
                        "%s out)",
                        asked);
    if (asked && !rounded->data.count && !rounded->calibrate.count)
        return cli_fail(CLI_USAGE, "export: %s is of a report, which needs data (give --data FILE or --calibrate FILE)",
                        asked);
    if (rounded->percentile != 0 && !rounded->calibrate.count)
        return cli_fail(CLI_USAGE, "export: --percentile needs data (give --calibrate FILE)");
    return -1;
}

static int write_c(const char *path, const char *to, const rondo_c_options *options, const cli_rounded_call *rounded) {
    const bool measured = cli_rounded_asked(rounded) != NULL;
    const rondo_quantise_options rounding = cli_rounded_options(rounded);
    rondo_quantise_report report = {0};
    rondo_c_options how = *options;
    rondo_context *context = NULL;
    int code = check_c(options, rounded);
    if (code < 0)
        code = cli_context(&context, measured ? rounded->threads : 1);
    if (code >= 0)
        return code;
    how.rounding = measured ? &rounding : NULL;
    how.report = measured ? &report : NULL;
    rondo_error err = {0};
    rondo_model *model = NULL;
    rondo_status status = rondo_model_open(&model, context, path, &err);
    if (!status)
        status = rondo_model_export_c(model, to, &how, &err);
    code = status     ? cli_report(status, &err)
           : measured ? cli_print_rounded(&report, rounded, rondo_model_task(model))
                      : CLI_DONE;
    rondo_quantise_report_free(&report);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return code;
}

static int run(int argc, char **argv) {
    const char *path = NULL, *to = NULL, *name = NULL, *prefix = NULL;
    int precision = 0;
    int64_t steps = 8;
    bool external = false, precision_given = false, steps_given = false;
    cli_rounded_call rounded = {0};
    const cli_option options[] = {
        {"--to", CLI_TEXT, &to, "FILE",
         "the file to write: .c, .onnx, or .safetensors: for PyTorch, with --int8 or --bf16 a model"},
        {"--int8", CLI_FLAG, &rounded.int8, NULL, "weights as whole numbers of 8 bits, with a scale for each row"},
        {"--bf16", CLI_FLAG, &rounded.bf16, NULL, "weights as halves of floats (bfloat16)"},
        {"--keep", CLI_LIST, &rounded.keep, "NAME", "layers that stay float: a tensor's name, or its first parts",
         .many = true},
        {"--data", CLI_LIST, &rounded.data, "FILE", "report what rounding costs on these data", .many = true},
        {"--layers", CLI_FLAG, &rounded.layers, NULL, "report each layer, rounded alone, too"},
        {"--metric", CLI_TEXT, &rounded.metric, "NAME", "what the layers are compared by (default: the task's)"},
        {"--calibrate", CLI_LIST, &rounded.calibrate, "FILE",
         "int8 (also of .c): one scale for what each layer multiplies, found on these data (default: a scale per row "
         "as it comes)",
         .many = true},
        {"--percentile", CLI_REAL, &rounded.percentile, "P",
         "calibrate: cut off what is larger than P percent of all numbers (default 100: nothing)", 50, 100},
        {"--json", CLI_FLAG, &rounded.json, NULL, "the report as one JSON object"},
        {"--threads", CLI_WHOLE, &rounded.threads, "N", "threads of the report (default: all cores)", 0, 1024},
        {"--name", CLI_TEXT, &name, "NAME", ".c: what its identifiers begin with (default: the file's name)"},
        {"--dtype", CLI_CHOICE, &precision, "f32|int8|int16", ".c: what its weights are (default f32)",
         .choices = precisions, .given = &precision_given},
        {"--check-steps", CLI_WHOLE, &steps, "N", ".c: length of the test sequence in it (default 8; 0: none)", 0,
         100000, .given = &steps_given},
        {"--external-data", CLI_FLAG, &external, NULL, ".onnx: weights beside it, in FILE.onnx.data"},
        {"--prefix", CLI_TEXT, &prefix, "TEXT", "PyTorch: only parameters whose names begin so (rnn.), and without it"},
    };
    int code = cli_parse(&cli_export, argc, argv, sizeof options / sizeof *options, options, 1, 1, &path);
    if (code >= 0)
        return code;
    if (!to)
        return cli_fail(CLI_USAGE, "export: no name for the result (give --to FILE.c or FILE.onnx, as in: %s)",
                        cli_export.usage);
    const bool low = rounded.int8 || rounded.bf16, c = cli_ends_in(to, ".c") && !low;
    if ((precision_given || name || steps_given) && !c)
        return cli_fail(CLI_USAGE, "export: %s is for C files (leave it out)",
                        precision_given ? "--dtype"
                        : name          ? "--name"
                                        : "--check-steps");
    if (prefix && (low || !cli_ends_in(to, ".safetensors")))
        return cli_fail(CLI_USAGE, "export: --prefix is for PyTorch (give --to FILE.safetensors without --int8 and "
                                   "--bf16, or leave it out)");
    if (external && (low || !cli_ends_in(to, ".onnx")))
        return cli_fail(CLI_USAGE, "export: --external-data is for ONNX (give --to FILE.onnx, or leave it out)");
    if (low || (cli_rounded_asked(&rounded) && !c))
        return cli_export_rounded(path, to, &rounded);
    if (cli_ends_in(to, ".safetensors"))
        return cli_export_pytorch(path, to, prefix);
    if (cli_ends_in(to, ".onnx"))
        return cli_export_onnx(path, to, external);
    if (!c)
        return cli_fail(CLI_USAGE,
                        "export: '%s' ends in no format that can be written (give --to FILE.c, FILE.onnx or "
                        "FILE.safetensors)",
                        to);
    const rondo_c_options how = {
        .name = name, .precision = (rondo_c_precision)precision, .check_steps = steps > 0 ? steps : -1};
    return write_c(path, to, &how, &rounded);
}

const cli_command cli_export = {
    .name = "export",
    .summary = "write a model as one C file, as ONNX, for PyTorch, or with rounded weights",
    .usage = "rondo export MODEL --to FILE.c|FILE.onnx|FILE.safetensors [options]",
    .about =
        "FILE.c is plain C99 without heap, stdio or any library but libm: NAME_init, NAME_step (one step of a\n"
        "sequence) and NAME_run (a whole one). The first comment of the file says what memory it takes.\n"
        "Compiled with -DNAME_CHECK it is a program that checks itself against what Rondo computed.\n\n"
        "FILE.onnx is a graph for the runtimes of that format, with lengths of rows, states and metadata\n"
        "(docs/onnx.md); `rondo info FILE.onnx` lists what goes in and comes out.\n\n"
        "FILE.safetensors is a state dict that PyTorch's load_state_dict(strict=True) takes (docs/import.md).\n\n"
        "FILE.safetensors with --int8 or --bf16 is a model for every command but train, a quarter or half as large.\n"
        "With --data it says what that costs, as the metrics of the model's task (docs/quantise.md).\n\n"
        "example:\n"
        "  rondo export runs/shakespeare/model.safetensors --to shakespeare.c\n"
        "  rondo export runs/shakespeare/model.safetensors --to shakespeare.onnx\n"
        "  rondo export runs/shakespeare/model.safetensors --to lstm.safetensors --prefix rnn.\n"
        "  rondo export runs/shakespeare/model.safetensors --int8 --to small.safetensors --data other.txt --layers",
    .run = run,
};

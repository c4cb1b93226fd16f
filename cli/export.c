/* rondo export: a model for places where Rondo does not go. */
#include <string.h>

#include "export.h"

static const char *const precisions[] = {"f32", "int8", "int16", NULL};

static int write_model(const char *path, const char *to, const rondo_c_options *options) {
    rondo_context *context = NULL;
    int code = cli_context(&context, 1);
    if (code >= 0)
        return code;
    rondo_error err = {0};
    rondo_model *model = NULL;
    rondo_status status = rondo_model_open(&model, context, path, &err);
    if (!status)
        status = rondo_model_export_c(model, to, options, &err);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return status ? cli_report(status, &err) : CLI_DONE;
}

static int run(int argc, char **argv) {
    const char *path = NULL, *to = NULL, *name = NULL, *prefix = NULL;
    int precision = 0;
    int64_t steps = 8;
    const cli_option options[] = {
        {"--to", CLI_TEXT, &to, "FILE", "the file to write: .c, or .safetensors for PyTorch"},
        {"--name", CLI_TEXT, &name, "NAME", "what its identifiers begin with (default: the file's name)"},
        {"--dtype", CLI_CHOICE, &precision, "f32|int8|int16", "what its weights are (default f32)",
         .choices = precisions},
        {"--check-steps", CLI_WHOLE, &steps, "N", "length of the test sequence in it (default 8; 0: none)", 0, 100000},
        {"--prefix", CLI_TEXT, &prefix, "TEXT", "PyTorch: only parameters whose names begin so (rnn.), and without it"},
    };
    int code = cli_parse(&cli_export, argc, argv, sizeof options / sizeof *options, options, 1, 1, &path);
    if (code >= 0)
        return code;
    if (!to)
        return cli_fail(CLI_USAGE, "export: no name for the result (give --to FILE.c, as in: %s)", cli_export.usage);
    if (cli_ends_in(to, ".safetensors"))
        return cli_export_pytorch(path, to, prefix);
    if (!cli_ends_in(to, ".c"))
        return cli_fail(
            CLI_USAGE, "export: '%s' ends in no format that can be written (give --to FILE.c or FILE.safetensors)", to);
    const rondo_c_options how = {
        .name = name, .precision = (rondo_c_precision)precision, .check_steps = steps > 0 ? steps : -1};
    return write_model(path, to, &how);
}

const cli_command cli_export = {
    .name = "export",
    .summary = "write a model as one C file, or for PyTorch",
    .usage = "rondo export MODEL --to FILE.c|FILE.safetensors [options]",
    .about = "Writes plain C99 without heap, stdio or any library but libm: NAME_init, NAME_step (one step of a\n"
             "sequence) and NAME_run (a whole one). The first comment of the file says what memory it takes.\n"
             "Compiled with -DNAME_CHECK it is a program that checks itself against what Rondo computed.\n"
             "FILE.safetensors is a state dict that PyTorch's load_state_dict(strict=True) takes (docs/import.md).\n\n"
             "example:\n"
             "  rondo export runs/shakespeare/model.safetensors --to shakespeare.c\n"
             "  rondo export runs/shakespeare/model.safetensors --to lstm.safetensors --prefix rnn.",
    .run = run,
};

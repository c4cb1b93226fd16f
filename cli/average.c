/* rondo average: the mean of several models' weights. */
#include "cli.h"

static int run(int argc, char **argv) {
    const char *words[CLI_MAX_LIST], *to = NULL;
    int count = 0;
    const cli_option options[] = {{"--to", CLI_TEXT, &to, "MODEL", "the model file to write"}};
    int code = cli_parse(&cli_average, argc, argv, 1, options, 1, CLI_MAX_LIST, words);
    if (code >= 0)
        return code;
    if (!to)
        return cli_fail(CLI_USAGE, "average: no name for the result (give --to MODEL, as in: %s)", cli_average.usage);
    while (count < CLI_MAX_LIST && words[count])
        count++;
    rondo_error err = {0};
    rondo_status status = rondo_models_average(count, words, to, &err);
    return status ? cli_report(status, &err) : CLI_DONE;
}

const cli_command cli_average = {
    .name = "average",
    .summary = "average the weights of several models",
    .usage = "rondo average MODEL... --to MODEL.safetensors",
    .about = "Writes a model whose weights are the mean of those given, which must be of one recipe and vocabulary:\n"
             "the last few that a run kept with train.keep are often better together than any of them.\n\n"
             "example:\n"
             "  rondo average runs/g2p/step-*.safetensors --to runs/g2p/average.safetensors",
    .run = run,
};

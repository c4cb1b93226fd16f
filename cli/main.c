/* rondo COMMAND ...: finds the command and hands over. */
#include <signal.h>
#include <string.h>

#include "cli.h"

static const cli_command *const commands[] = {&cli_train, &cli_eval,     &cli_translate, &cli_classify, &cli_transcribe,
                                              &cli_tag,   &cli_forecast, &cli_generate,  &cli_average,  &cli_info,
                                              &cli_run,   &cli_import,   &cli_export,    &cli_inspect,  &cli_bench};
enum { COMMANDS = sizeof commands / sizeof *commands };

static int usage(void) {
    puts("usage: rondo COMMAND ...\n\n"
         "Trains, evaluates and runs recurrent sequence models: Elman, Jordan, LSTM, GRU,\n"
         "encoder-decoders with attention.\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    puts("\nrondo COMMAND --help shows a command's options with an example; rondo --version shows what this build can "
         "do.\n"
         "Start with: rondo train recipes/shakespeare.yaml");
    return cli_flush(CLI_DONE);
}

static int version(void) {
    rondo_context *context = NULL;
    int code = cli_context(&context, 0);
    if (code >= 0)
        return code;
    printf("rondo %s\n", rondo_version());
    printf("instruction set: %s (available: %s)\n", rondo_context_isa(context), rondo_isa_available());
    printf("threads: %d\n", rondo_context_threads(context));
    printf("optional parts: %s\n", rondo_build_parts());
    rondo_context_destroy(&context);
    return cli_flush(CLI_DONE);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN); /* a closed pipe becomes a write error, see cli_flush */
    if (argc < 2) {
        usage();
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return usage();
    if (strcmp(argv[1], "--version") == 0)
        return version();
    const char *names[COMMANDS];
    for (int i = 0; i < COMMANDS; i++) {
        names[i] = commands[i]->name;
        if (strcmp(argv[1], names[i]) == 0)
            return commands[i]->run(argc - 1, argv + 1);
    }
    const char *near = cli_nearest(argv[1], COMMANDS, names);
    if (near)
        return cli_fail(CLI_USAGE, "unknown command '%s' (did you mean '%s'?)", argv[1], near);
    return cli_fail(CLI_USAGE, "unknown command '%s' (see rondo --help)", argv[1]);
}

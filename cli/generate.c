/* rondo generate: a language model writes. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli.h"

static bool write_text(const char *text, size_t size, void *arg) {
    bool *broken = arg;
    *broken = fwrite(text, 1, size, stdout) != size || fflush(stdout) != 0;
    return !*broken;
}

static uint64_t fresh_seed(void) {
    uint32_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = (uint32_t)getpid();
    return seed;
}

static int generate(const char *path, int64_t threads, int dtype, const rondo_generate_options *options) {
    rondo_context *context = NULL;
    int code = cli_context_of(&context, threads, dtype);
    if (code >= 0)
        return code;
    rondo_error err = {0};
    rondo_model *model = NULL;
    bool broken = false;
    rondo_status status = rondo_model_open(&model, context, path, &err);
    if (!status && options->prompt)
        write_text(options->prompt, strlen(options->prompt), &broken);
    if (!status)
        status = rondo_model_generate(model, options, write_text, &broken, &err);
    if (!status)
        putchar('\n');
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return status && !broken ? cli_report(status, &err) : cli_flush(CLI_DONE);
}

static int run(int argc, char **argv) {
    const char *path = NULL;
    bool seeded = false;
    int64_t threads = 0;
    int dtype = 0;
    rondo_generate_options o = {.tokens = 500, .temperature = 1, .top_p = 1};
    const cli_option options[] = {
        {"--prompt", CLI_TEXT, &o.prompt, "TEXT", "text to go on from (default: the start of a line)"},
        {"--tokens", CLI_WHOLE, &o.tokens, "N", "symbols to write (default 500)", 1, 1e15},
        {"--temperature", CLI_REAL, &o.temperature, "F",
         "below 1 safer, above 1 wilder, 0: always the likeliest (default 1)", 0, 100},
        {"--top-k", CLI_WHOLE, &o.top_k, "N", "choose among the N likeliest only (default 0: all)", 0, 1e15},
        {"--top-p", CLI_REAL, &o.top_p, "F", "choose among the likeliest that make up F of the probability", 1e-9, 1},
        {"--seed", CLI_SEED, &o.seed, "N", "the same seed writes the same text (default: a fresh one)",
         .given = &seeded},
        {"--dtype", CLI_CHOICE, &dtype, "NAME", "what products compute with: f32, bf16 or int8 (default f32)",
         .choices = cli_precisions},
        {"--threads", CLI_WHOLE, &threads, "N", "threads (default 1)", 0, 1024},
    };
    int code = cli_parse(&cli_generate, argc, argv, sizeof options / sizeof *options, options, 1, 1, &path);
    if (code >= 0)
        return code;
    if (!seeded)
        o.seed = fresh_seed();
    o.greedy = o.temperature == 0;
    return generate(path, threads ? threads : 1, dtype, &o);
}

const cli_command cli_generate = {
    .name = "generate",
    .summary = "let a language model write",
    .usage = "rondo generate MODEL [--prompt TEXT] [--tokens N] [--temperature F] [--top-k N] [--top-p F] [--seed N]",
    .about = "Writes text symbol by symbol to stdout, as it comes.\n\n"
             "example:\n"
             "  rondo generate runs/shakespeare/model.safetensors --prompt 'ROMEO:' --temperature 0.8 --seed 1",
    .run = run,
};

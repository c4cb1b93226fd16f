/* The parts of `rondo bench`. */
#ifndef RONDO_CLI_BENCH_H
#define RONDO_CLI_BENCH_H

#include "cli.h"

/* argv[0] is the command's name, argv[1] "audio". */
int cli_bench_audio(int argc, char **argv);

#endif

/* rondo eval for encoder-decoders: pairs, one model or two side by side. */
#ifndef RONDO_CLI_EVAL_PAIRS_H
#define RONDO_CLI_EVAL_PAIRS_H

#include "cli.h"

typedef struct cli_eval_pairs_call {
    int models; /* 1 or 2 */
    rondo_model *model[2];
    const char *path[2];
    const cli_list *data;
    rondo_translate_evaluate_options options;
    const char *plot; /* NULL: no picture */
    uint64_t seed;    /* of the bootstrap */
    bool json;
} cli_eval_pairs_call;

/* Measures and prints; the exit code. */
int cli_eval_pairs(const cli_eval_pairs_call *call);

#endif

/* rondo export --int8, --bf16: a model file with rounded weights, and the report of what that costs. */
#ifndef RONDO_CLI_EXPORT_ROUNDED_H
#define RONDO_CLI_EXPORT_ROUNDED_H

#include "cli.h"

typedef struct cli_rounded_call {
    bool int8, bf16, layers, json;
    cli_list keep, data, calibrate;
    const char *metric;
    double percentile;
    int64_t threads;
} cli_rounded_call;

/* The first option given that only rounded weights have, or NULL. */
const char *cli_rounded_asked(const cli_rounded_call *call);
/* What was found, as lines or as JSON; task: the model's. */
int cli_print_rounded(const rondo_quantise_report *report, const cli_rounded_call *call, const char *task);
/* The options for the library. */
rondo_quantise_options cli_rounded_options(const cli_rounded_call *call);
int cli_export_rounded(const char *path, const char *to, const cli_rounded_call *call);

#endif

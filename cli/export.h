/* The formats that `rondo export` writes, a file each. Returns the exit code. */
#ifndef RONDO_CLI_EXPORT_H
#define RONDO_CLI_EXPORT_H

#include "cli.h"

int cli_export_pytorch(const char *path, const char *to, const char *prefix);

/* FILE.onnx; external_data: its weights in FILE.onnx.data. */
int cli_export_onnx(const char *path, const char *to, bool external_data);

#endif

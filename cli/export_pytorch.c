/* rondo export MODEL --to FILE.safetensors: a state dict for PyTorch. */
#include "export.h"

static void tell(const char *path, const char *to, const rondo_pytorch_result *result) {
    printf("%s: %d tensors for load_state_dict(strict=True)\n", to, result->tensors);
    if (*result->module)
        printf("module: %s\n", result->module);
    if (result->left_out)
        printf("left out: %d tensors of Rondo's own, tokenizer or front end (they stay in %s)\n", result->left_out,
               path);
}

int cli_export_pytorch(const char *path, const char *to, const char *prefix) {
    const rondo_pytorch_options options = {.prefix = prefix};
    rondo_context *context = NULL;
    rondo_model *model = NULL;
    rondo_pytorch_result result;
    rondo_error err = {0};
    int code = cli_context(&context, 1);
    if (code >= 0)
        return code;
    rondo_status status = rondo_model_open(&model, context, path, &err);
    if (!status)
        status = rondo_model_export_pytorch(model, to, &options, &result, &err);
    if (!status)
        tell(path, to, &result);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return status ? cli_report(status, &err) : cli_flush(CLI_DONE);
}

#include "export.h"

int cli_export_onnx(const char *path, const char *to, bool external_data) {
    rondo_context *context = NULL;
    int code = cli_context(&context, 1);
    if (code >= 0)
        return code;
    rondo_error err = {0};
    rondo_model *model = NULL;
    const rondo_onnx_options options = {.external_data = external_data};
    rondo_status status = rondo_model_open(&model, context, path, &err);
    if (!status)
        status = rondo_model_export_onnx(model, to, &options, &err);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return status ? cli_report(status, &err) : CLI_DONE;
}

/* rondo info: what a model file holds. */
#include <jansson.h>
#include <string.h>

#include "cli.h"

static void print_value(const char *key, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_STRING:
        printf("%-22s %s\n", key, json_string_value(value));
        break;
    case JSON_INTEGER:
        printf("%-22s %lld\n", key, (long long)json_integer_value(value));
        break;
    case JSON_REAL:
        printf("%-22s %.6g\n", key, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        printf("%-22s %s\n", key, json_is_true(value) ? "yes" : "no");
        break;
    default:
        break;
    }
}

static void print_metrics(json_t *metrics) {
    const char *key;
    json_t *value;
    if (!json_object_size(metrics))
        return;
    puts("\nmetrics on the validation part:");
    json_object_foreach(metrics, key, value) {
        printf("  ");
        print_value(key, value);
    }
}

static void print_tensors(const json_t *tensors) {
    puts("\ntensors:");
    size_t i;
    json_t *tensor;
    json_array_foreach(tensors, i, tensor) {
        const json_t *shape = json_object_get(tensor, "shape");
        printf("  %-40s %-5s (", json_string_value(json_object_get(tensor, "name")),
               json_string_value(json_object_get(tensor, "dtype")));
        for (size_t d = 0; d < json_array_size(shape); d++)
            printf("%s%lld", d ? ", " : "", (long long)json_integer_value(json_array_get(shape, d)));
        puts(")");
    }
}

static int print_text(const char *text) {
    json_error_t where;
    json_t *info = json_loads(text, 0, &where);
    if (!info)
        return cli_fail(CLI_FAILED, "info: the model's description cannot be read: %s", where.text);
    const char *key;
    json_t *value;
    json_object_foreach(info, key, value) print_value(key, value);
    print_metrics(json_object_get(info, "metrics"));
    print_tensors(json_object_get(info, "tensors"));
    json_decref(info);
    return cli_flush(CLI_DONE);
}

static int show(const char *path, bool json) {
    rondo_context *context = NULL;
    int code = cli_context(&context, 1);
    if (code >= 0)
        return code;
    rondo_error err = {0};
    rondo_model *model = NULL;
    rondo_status status = rondo_model_open(&model, context, path, &err);
    if (status) {
        code = cli_report(status, &err);
    } else if (json) {
        puts(rondo_model_info(model));
        code = cli_flush(CLI_DONE);
    } else {
        code = print_text(rondo_model_info(model));
    }
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return code;
}

static int run(int argc, char **argv) {
    const char *path = NULL;
    bool json = false;
    const cli_option options[] = {{"--json", CLI_FLAG, &json, NULL, "one JSON object, with the recipe as run"}};
    int code = cli_parse(&cli_info, argc, argv, 1, options, 1, 1, &path);
    return code >= 0 ? code : show(path, json);
}

const cli_command cli_info = {
    .name = "info",
    .summary = "say what a model file holds",
    .usage = "rondo info MODEL [--json]",
    .about = "Prints the task, the cell, sizes, metrics and every tensor of a model file.\n\n"
             "example:\n"
             "  rondo info runs/shakespeare/model.safetensors",
    .run = run,
};

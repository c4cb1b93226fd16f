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
        const json_t *bytes = json_object_get(tensor, "bytes");
        if (bytes)
            printf(") %lld bytes\n", (long long)json_integer_value(bytes));
        else
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

/* ---- models of other makers ---- */

static void print_ports(const char *title, const json_t *ports) {
    size_t i;
    json_t *port;
    printf("\n%s:\n", title);
    json_array_foreach(ports, i, port) {
        const char *dtype = json_string_value(json_object_get(port, "dtype"));
        const json_t *shape = json_object_get(port, "shape");
        printf("  %-40s %-5s ", json_string_value(json_object_get(port, "name")), dtype ? dtype : "?");
        for (size_t d = 0; shape && d < json_array_size(shape); d++) {
            const long long dim = (long long)json_integer_value(json_array_get(shape, d));
            printf(dim < 0 ? "%s?" : "%s%lld", d ? ", " : "(", dim);
        }
        puts(!shape ? "of any shape" : json_array_size(shape) ? ")" : "()");
    }
}

static int print_graph(const char *text) {
    json_error_t where;
    json_t *info = json_loads(text, 0, &where), *value;
    const char *key;
    size_t i;
    if (!info)
        return cli_fail(CLI_FAILED, "info: the model's description cannot be read: %s", where.text);
    json_object_foreach(info, key, value) print_value(key, value);
    print_ports("inputs", json_object_get(info, "inputs"));
    print_ports("outputs", json_object_get(info, "outputs"));
    puts("\noperators:");
    json_object_foreach(json_object_get(info, "operators"), key, value)
        printf("  %-40s %lld\n", key, (long long)json_integer_value(value));
    json_array_foreach(json_object_get(info, "unsupported"), i, value)
        printf("%s%s", i ? ", " : "\nnot supported: ", json_string_value(value));
    print_tensors(json_object_get(info, "tensors"));
    json_decref(info);
    return cli_flush(CLI_DONE);
}

static int show_graph(const char *path, bool json) {
    rondo_error err = {0};
    char *text;
    rondo_status status = rondo_graph_describe(&text, path, &err);
    if (status)
        return cli_report(status, &err);
    if (json)
        puts(text);
    const int code = json ? cli_flush(CLI_DONE) : print_graph(text);
    rondo_graph_text_free(text);
    return code;
}

/* ---- checksums ---- */

static void print_verdict(const char *path, rondo_verdict verdict, const char *why, void *arg) {
    static const char *const words[] = {"whole", "unsigned", "damaged"};
    (void)why, (void)arg;
    printf("%-9s %s\n", words[verdict], path);
}

static int verify(const char *path) {
    rondo_error err = {0};
    const rondo_status status = rondo_verify(path, print_verdict, NULL, &err);
    const int code = cli_flush(CLI_DONE);
    return status ? cli_report(status, &err) : code;
}

static int run(int argc, char **argv) {
    const char *path = NULL;
    bool json = false, checks = false;
    const cli_option options[] = {
        {"--json", CLI_FLAG, &json, NULL, "one JSON object, with the recipe as run"},
        {"--verify", CLI_FLAG, &checks, NULL, "only check the checksums: of a model file, or of all files of a run"}};
    int code = cli_parse(&cli_info, argc, argv, sizeof options / sizeof *options, options, 1, 1, &path);
    if (code >= 0)
        return code;
    if (checks)
        return json ? cli_fail(CLI_USAGE, "info: --verify and --json do not go together (leave one out)")
                    : verify(path);
    return cli_ends_in(path, ".onnx") ? show_graph(path, json) : show(path, json);
}

const cli_command cli_info = {
    .name = "info",
    .summary = "say what a model file holds",
    .usage = "rondo info MODEL [--json] | rondo info MODEL|DIR --verify",
    .about = "Prints the task, the cell, sizes, metrics and every tensor of a model file; of an\n"
             "ONNX file its inputs, outputs and operators, and which of these are not supported.\n"
             "--verify says of each file of a run whether it is whole (its checksum is right), unsigned (it\n"
             "carries none) or damaged.\n\n"
             "example:\n"
             "  rondo info runs/shakespeare/model.safetensors",
    .run = run,
};

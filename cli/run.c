/* rondo run: a model on arrays, of another maker or our own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

enum { MOST_INPUTS = 4096 };

typedef struct running {
    const char *path, *folder;
    cli_list inputs;
    int64_t threads;
    int dtype;
    bool plain, quiet;
    rondo_context *context;
    rondo_graph *graph;
    rondo_arrays *file[CLI_MAX_LIST];
    char *name[CLI_MAX_LIST]; /* that an input was given */
    rondo_graph_value *value;
    int values;
} running;

/* ---- what goes in ---- */

static int add_value(running *r, const char *name, const rondo_tensor *tensor) {
    if (r->values == MOST_INPUTS)
        return cli_fail(CLI_USAGE, "run: more than %d inputs are given", MOST_INPUTS);
    r->value[r->values++] = (rondo_graph_value){name, *tensor};
    return -1;
}

/* NAME=FILE names its one array; FILE alone gives all arrays of a file under their own names. */
static int read_input(running *r, int at) {
    const char *word = r->inputs.item[at], *equals = strchr(word, '='), *path = equals ? equals + 1 : word;
    rondo_error err = {0};
    rondo_status status = rondo_arrays_read(&r->file[at], path, &err);
    if (status)
        return cli_report(status, &err);
    const int count = rondo_arrays_count(r->file[at]);
    if (equals && count != 1)
        return cli_fail(CLI_USAGE,
                        "run: %s holds %d arrays, so --input %s leaves open which is meant (give the file "
                        "without a name)",
                        path, count, word);
    if (equals) {
        r->name[at] = strndup(word, (size_t)(equals - word));
        return r->name[at] ? add_value(r, r->name[at], rondo_arrays_at(r->file[at], 0))
                           : cli_fail(CLI_FAILED, "run: no memory for a name");
    }
    int code = -1;
    for (int i = 0; i < count && code < 0; i++)
        code = add_value(r, rondo_arrays_name(r->file[at], i), rondo_arrays_at(r->file[at], i));
    return code;
}

/* ---- what comes out ---- */

/* Names may hold anything; as a file's name they keep letters, digits and a few signs. */
static void file_name(const char *name, char *out, size_t room) {
    size_t n = 0;
    for (; *name && n + 1 < room; name++) {
        const unsigned char c = (unsigned char)*name;
        const bool plain =
            (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c > 127 || strchr("_-+.", c);
        out[n] = plain && !(n == 0 && c == '.') ? (char)c : '_';
        n++;
    }
    out[n] = '\0';
}

static void print_shape(const rondo_tensor *tensor) {
    printf("%s (", rondo_dtype_name(tensor->dtype));
    for (int d = 0; d < tensor->rank; d++)
        printf("%s%lld", d ? ", " : "", (long long)tensor->dims[d]);
    puts(")");
}

static int write_tensor(const running *r, const char *name, const rondo_tensor *tensor) {
    char file[128], path[4096];
    rondo_error err = {0};
    file_name(name, file, sizeof file);
    if (snprintf(path, sizeof path, "%s/%s.npy", r->folder, file) >= (int)sizeof path)
        return cli_fail(CLI_USAGE, "run: the name of folder '%s' is too long", r->folder);
    rondo_status status = rondo_array_write(path, tensor, &err);
    if (status)
        return cli_report(status, &err);
    if (!r->quiet) {
        printf("%s\t", path);
        print_shape(tensor);
    }
    return -1;
}

/* Two outputs whose names come out as one file would hide one of them. */
static int check_names(const running *r) {
    for (int i = 0; i < rondo_graph_outputs(r->graph); i++) {
        char a[128], b[128];
        file_name(rondo_graph_output(r->graph, i)->name, a, sizeof a);
        for (int j = 0; j < i; j++) {
            file_name(rondo_graph_output(r->graph, j)->name, b, sizeof b);
            if (strcmp(a, b) == 0)
                return cli_fail(CLI_USAGE, "run: outputs %d and %d would both be written to %s.npy", j, i, a);
        }
    }
    return -1;
}

static int make_folder(const char *path) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return -1;
    return cli_fail(CLI_FAILED, "run: the folder %s cannot be made: %s", path, strerror(errno));
}

/* ---- the whole ---- */

static int run_model(running *r) {
    const rondo_graph_options options = {.plain_recurrent = r->plain};
    rondo_error err = {0};
    rondo_status status = rondo_graph_load(&r->graph, r->context, r->path, &options, &err);
    int code = status ? cli_report(status, &err) : check_names(r);
    for (int i = 0; i < r->inputs.count && code < 0; i++)
        code = read_input(r, i);
    if (code >= 0)
        return code;
    status = rondo_graph_run(r->graph, r->values, r->value, &err);
    if (status)
        return cli_report(status, &err);
    code = make_folder(r->folder);
    for (int i = 0; i < rondo_graph_outputs(r->graph) && code < 0; i++)
        code = write_tensor(r, rondo_graph_output(r->graph, i)->name, rondo_graph_result(r->graph, i));
    return code < 0 ? cli_flush(CLI_DONE) : code;
}

/* A model of Rondo's own: one array in, one out. */
static int apply_model(running *r) {
    rondo_model *model = NULL;
    rondo_tensor y = {0};
    rondo_error err = {0};
    rondo_status status = rondo_model_open(&model, r->context, r->path, &err);
    int code = status ? cli_report(status, &err) : -1;
    for (int i = 0; i < r->inputs.count && code < 0; i++)
        code = read_input(r, i);
    if (code < 0 && (r->values != 1 || strcmp(r->value[0].name, "x") != 0))
        code = cli_fail(CLI_USAGE, "run: %s has one input, x (--input x=FILE.npy)", r->path);
    if (code < 0 && (status = rondo_model_apply(model, &r->value[0].tensor, &y, &err)) != RONDO_OK)
        code = cli_report(status, &err);
    if (code < 0)
        code = make_folder(r->folder);
    if (code < 0)
        code = write_tensor(r, "y", &y);
    rondo_model_apply_free(&y);
    rondo_model_close(&model);
    return code < 0 ? cli_flush(CLI_DONE) : code;
}

static int open_and_run(running *r) {
    const bool own = cli_ends_in(r->path, ".safetensors");
    if (!own && !cli_ends_in(r->path, ".onnx"))
        return cli_fail(CLI_USAGE, "run: %s is no model that can be run (.onnx and .safetensors can)", r->path);
    if (!r->folder)
        return cli_fail(CLI_USAGE, "run: where shall the outputs go? (--output DIR)");
    int code = cli_context_of(&r->context, r->threads, r->dtype);
    r->value = calloc(MOST_INPUTS, sizeof *r->value);
    if (code < 0)
        code = !r->value ? cli_fail(CLI_FAILED, "run: no memory") : own ? apply_model(r) : run_model(r);
    for (int i = 0; i < r->inputs.count; i++) {
        rondo_arrays_free(&r->file[i]);
        free(r->name[i]);
    }
    free(r->value);
    rondo_graph_destroy(&r->graph);
    rondo_context_destroy(&r->context);
    return code;
}

static int run(int argc, char **argv) {
    static running r;
    const cli_option options[] = {
        {"--input", CLI_LIST, &r.inputs, "NAME=FILE",
         "an input as .npy; or FILE.npz, FILE.safetensors: all inputs in it", .many = true},
        {"--output", CLI_TEXT, &r.folder, "DIR", "folder for NAME.npy of each output"},
        {"--threads", CLI_WHOLE, &r.threads, "N", "threads (default: all cores)", .least = 0, .most = 1024},
        {"--dtype", CLI_CHOICE, &r.dtype, "NAME",
         "what recurrent float products compute with: f32 or bf16 (default f32)", .choices = cli_precisions},
        {"--reference", CLI_FLAG, &r.plain, NULL, "recurrent nodes by the slow path in double, for comparison"},
        {"--quiet", CLI_FLAG, &r.quiet, NULL, "do not list the files that were written"},
    };
    int code = cli_parse(&cli_run, argc, argv, sizeof options / sizeof *options, options, 1, 1, &r.path);
    return code >= 0 ? code : open_and_run(&r);
}

const cli_command cli_run = {
    .name = "run",
    .summary = "run a model on arrays, ONNX ones too",
    .usage = "rondo run MODEL --input NAME=FILE.npy... --output DIR [options]",
    .about =
        "Runs a model on arrays of NumPy and writes DIR/NAME.npy for each output. Of ONNX files, which other\n"
        "tools write, rondo info MODEL.onnx lists the inputs and outputs; docs/onnx.md says what is supported.\n"
        "Of Rondo's own models the network alone is run: its input is x, symbols (steps) or (steps, sequences) or\n"
        "vectors (steps, [sequences,] width), its output y.\n\n"
        "example:\n"
        "  rondo run tagger.onnx --input X=words.npy initial_h=h.npy initial_c=c.npy --output results\n"
        "  rondo run runs/shakespeare/model.safetensors --input x=symbols.npy --output results",
    .run = run,
};

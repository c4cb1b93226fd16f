/* rondo import: a model of another maker becomes one of Rondo. */
#include <jansson.h>
#include <string.h>

#include "cli.h"

static const char *const cells[] = {"elman", "jordan", "lstm", "gru", NULL};
static const char *const activations[] = {"tanh", "relu", "sigmoid", NULL};
static const char *const outputs[] = {"tanh", "relu", "sigmoid", "identity", "softmax", NULL};
static const char *const merges[] = {"concat", "sum", "average", NULL};
static const char *const fates[] = {"taken", "made", "left out", "left over", "missing"};

typedef struct importing {
    const char *path, *to;
    rondo_import_options options;
    bool json;
} importing;

/* ---- the report as a table ---- */

typedef struct cell_text {
    char text[256];
} cell_text;

static cell_text shape_text(int rank, const int64_t *dims) {
    cell_text out;
    size_t used = (size_t)snprintf(out.text, sizeof out.text, "(");
    for (int d = 0; d < rank; d++)
        used += (size_t)snprintf(out.text + used, sizeof out.text - used, "%s%lld", d ? ", " : "", (long long)dims[d]);
    snprintf(out.text + used, sizeof out.text - used, ")");
    return out;
}

/* Names come from strangers: what would move the cursor is shown as '?'. */
static cell_text name_text(const char *name) {
    cell_text out;
    size_t n = 0;
    for (; name && *name && n + 1 < sizeof out.text; name++)
        out.text[n++] = (unsigned char)*name < 0x20 || *name == 0x7f ? '?' : *name;
    out.text[n] = '\0';
    return out;
}

static cell_text their_text(const rondo_import_line *line) {
    cell_text out = {"-"};
    if (line->theirs)
        snprintf(out.text, sizeof out.text, "%.150s %s %.60s", name_text(line->theirs).text,
                 rondo_dtype_name(line->dtype), shape_text(line->rank, line->dims).text);
    return out;
}

static cell_text our_text(const rondo_import_line *line) {
    cell_text out;
    if (line->ours)
        snprintf(out.text, sizeof out.text, "%.150s %.60s", name_text(line->ours).text,
                 shape_text(line->our_rank, line->our_dims).text);
    else
        snprintf(out.text, sizeof out.text, "%s", fates[line->fate]);
    return out;
}

static void print_line(const rondo_import_line *line, int width) {
    printf("%-*s  ->  %s", width, their_text(line).text, our_text(line).text);
    if (line->fate == RONDO_IMPORT_MADE || line->fate == RONDO_IMPORT_MISSING)
        printf("  %s", line->fate == RONDO_IMPORT_MADE ? "zeros" : "missing");
    if (*line->our_gates && line->theirs && strcmp(line->their_gates, line->our_gates) == 0)
        printf("  gates %s", line->our_gates);
    else if (*line->our_gates && line->theirs)
        printf("  gates %s -> %s", line->their_gates, line->our_gates);
    if (line->transposed)
        printf("  transposed");
    if (*line->note)
        printf("  (%s)", line->note);
    putchar('\n');
}

static void print_table(const rondo_import_report *report) {
    int width = 1;
    for (int i = 0; i < rondo_import_report_count(report); i++) {
        const int n = (int)strlen(their_text(rondo_import_report_at(report, i)).text);
        width = n > width && n <= 72 ? n : width;
    }
    for (int i = 0; i < rondo_import_report_count(report); i++)
        print_line(rondo_import_report_at(report, i), width);
    if (*rondo_import_report_model(report))
        printf("%s: %s\n", rondo_import_report_source(report), rondo_import_report_model(report));
}

/* ---- as JSON ---- */

static json_t *shape_json(int rank, const int64_t *dims) {
    json_t *list = json_array();
    for (int d = 0; d < rank; d++)
        json_array_append_new(list, json_integer(dims[d]));
    return list;
}

/* json_string gives NULL for what is not UTF-8. */
static json_t *name_json(const char *name) {
    json_t *text = json_string(name);
    return text ? text : json_string("?");
}

static json_t *line_json(const rondo_import_line *line) {
    json_t *o = json_pack("{s:s}", "fate", fates[line->fate]);
    if (line->theirs) {
        json_object_set_new(o, "theirs", name_json(line->theirs));
        json_object_set_new(o, "dtype", json_string(rondo_dtype_name(line->dtype)));
        json_object_set_new(o, "shape", shape_json(line->rank, line->dims));
    }
    if (line->ours) {
        json_object_set_new(o, "ours", name_json(line->ours));
        json_object_set_new(o, "our_shape", shape_json(line->our_rank, line->our_dims));
    }
    if (*line->our_gates && line->theirs) {
        json_object_set_new(o, "their_gates", json_string(line->their_gates));
        json_object_set_new(o, "our_gates", json_string(line->our_gates));
    }
    if (line->transposed)
        json_object_set_new(o, "transposed", json_true());
    if (*line->note)
        json_object_set_new(o, "note", json_string(line->note));
    return o;
}

static int print_json(const importing *i, const rondo_import_report *report) {
    json_t *lines = json_array();
    for (int k = 0; k < rondo_import_report_count(report); k++)
        json_array_append_new(lines, line_json(rondo_import_report_at(report, k)));
    json_t *all = json_pack("{s:s, s:s, s:s, s:o}", "file", i->path, "source", rondo_import_report_source(report),
                            "model", rondo_import_report_model(report), "tensors", lines);
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    if (text)
        puts(text);
    const int code = text ? -1 : cli_fail(CLI_FAILED, "import: no memory for the report");
    free(text);
    json_decref(all);
    return code;
}

/* ---- the command ---- */

static int import(const importing *i) {
    rondo_context *context = NULL;
    rondo_import_report *report = NULL;
    rondo_error err = {0};
    int code = cli_context(&context, 0);
    if (code >= 0)
        return code;
    const rondo_status status = rondo_import(context, i->path, i->to, &i->options, &report, &err);
    if (report && i->json)
        code = print_json(i, report);
    else if (report)
        print_table(report);
    rondo_import_report_free(&report);
    rondo_context_destroy(&context);
    if (code < 0 && !status)
        return cli_flush(CLI_DONE);
    cli_flush(CLI_DONE);
    return code >= 0 ? code : cli_report(status, &err);
}

static int run(int argc, char **argv) {
    importing i = {0};
    cli_list sets = {0};
    int cell = 0, activation = 0, output = 0, merge = 0;
    rondo_import_options *o = &i.options;
    const cli_option options[] = {
        {"--to", CLI_TEXT, &i.to, "FILE", "the model file to write (.safetensors); without it all is only checked"},
        {"--cell", CLI_CHOICE, &cell, "NAME", "elman, jordan, lstm or gru (default: what the shapes say)",
         .choices = cells, .given = &o->cell_given},
        {"--map", CLI_TEXT, &o->mapping, "FILE",
         "a mapping file: which name of theirs is which of ours (docs/import.md)"},
        {"--prefix", CLI_TEXT, &o->prefix, "TEXT", "only tensors whose names begin so: one module of several"},
        {"--activation", CLI_CHOICE, &activation, "NAME", "of elman and jordan: tanh, relu, sigmoid (default tanh)",
         .choices = activations},
        {"--output-activation", CLI_CHOICE, &output, "NAME",
         "of jordan: tanh, sigmoid, identity, softmax (default tanh)", .choices = outputs},
        {"--merge", CLI_CHOICE, &merge, "NAME", "how two directions are joined: concat, sum, average (default concat)",
         .choices = merges},
        {"--reset-before", CLI_FLAG, &o->reset_before, NULL,
         "gru: the reset gate acts before the product (Keras: reset_after=False)"},
        {"--coupled-gates", CLI_FLAG, &o->coupled_gates, NULL, "lstm: the input gate is one minus the forget gate"},
        {"--residual", CLI_FLAG, &o->residual, NULL, "each layer's input is added to its output"},
        {"--cell-clip", CLI_REAL, &o->cell_clip, "X", "lstm: bound of the cell state", .least = 0, .most = 1e30},
        {"--decay", CLI_REAL, &o->decay, "X", "jordan: how much of its own past the state keeps", .least = 0,
         .most = 1},
        {"--recipe", CLI_TEXT, &o->recipe, "FILE", "make the model of this recipe's task, not a network alone"},
        {"--set", CLI_LIST, &sets, "KEY=VALUE", "change a key of the recipe"},
        {"--vocabulary", CLI_TEXT, &o->vocabulary, "FILE",
         "language_model, tag: a symbol per line, in the order of their rows (default: from the recipe's data)"},
        {"--labels", CLI_TEXT, &o->labels, "FILE",
         "tag, with --vocabulary: a label per line, in the order of their rows"},
        {"--allow-nan", CLI_FLAG, &o->allow_nan, NULL, "take weights that are not finite as they are"},
        {"--json", CLI_FLAG, &i.json, NULL, "the report as one JSON object"},
    };
    int code = cli_parse(&cli_import, argc, argv, sizeof options / sizeof *options, options, 1, 1, &i.path);
    if (code >= 0)
        return code;
    if (i.to && !cli_ends_in(i.to, ".safetensors"))
        return cli_fail(CLI_USAGE, "import: '%s' is no name of a model file (it ends in .safetensors)", i.to);
    if (!o->recipe && (sets.count || o->vocabulary || o->labels))
        return cli_fail(CLI_USAGE, "import: %s is for models of a task (give --recipe, too)",
                        sets.count      ? "--set"
                        : o->vocabulary ? "--vocabulary"
                                        : "--labels");
    if (o->labels && !o->vocabulary)
        return cli_fail(CLI_USAGE, "import: --labels goes with --vocabulary (give both)");
    o->cell = (rondo_cell)cell;
    o->activation = (rondo_activation)activation;
    o->output_activation = (rondo_activation)output;
    o->merge = (rondo_merge)merge;
    o->sets = sets.count;
    o->set = sets.item;
    return import(&i);
}

const cli_command cli_import = {
    .name = "import",
    .summary = "make a model file of PyTorch's, Keras's or ONNX's",
    .usage = "rondo import FILE --to MODEL.safetensors [options]",
    .about =
        "FILE is a state dict of PyTorch (.safetensors) with nn.RNN, nn.LSTM or nn.GRU in it, weights of Keras "
        "(.npz),\n"
        "or an ONNX file that is a plain chain of recurrent nodes. The result is a network that rondo run runs, or\n"
        "with --recipe a model of a task. The report says of every tensor where it went; one that is left over, and\n"
        "one that is missing, is an error. docs/import.md tells what is known and how to map other names.\n\n"
        "example:\n"
        "  rondo import tagger-weights.safetensors --cell lstm --to tagger.safetensors",
    .run = run,
};

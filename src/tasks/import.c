/* From a file of another maker to a model file: src/exchange says what becomes what, here the model is made that it
 * goes into, a network alone or, with a recipe, that of a task. */
#include <string.h>

#include "exchange/import.h"
#include "formats/json_text.h"
#include "nn/params.h"
#include "nn/recurrent.h"
#include "tasks/import_task.h"
#include "tasks/model.h"
#include "tasks/network_task.h"
#include "train/model_file.h"

/* ---- a network alone ---- */

static void put_flag(rondo__text *out, const char *key, bool value) {
    if (value)
        rondo__text_format(out, ", %s: true", key);
}

static void put_word(rondo__text *out, const char *key, const char *const *words, unsigned value) {
    if (value)
        rondo__text_format(out, ", %s: %s", key, words[value]);
}

static void put_sizes(rondo__text *out, const rondo_recurrent_config *c) {
    bool same = true;
    for (int l = 1; l < c->layers; l++)
        same = same && c->hidden_sizes[l] == c->hidden_sizes[0];
    rondo__text_format(out, ", layers: %d, hidden_size: ", c->layers);
    if (same) {
        rondo__text_format(out, "%lld", (long long)c->hidden_sizes[0]);
        return;
    }
    for (int l = 0; l < c->layers; l++)
        rondo__text_format(out, "%s%lld", l ? ", " : "[", (long long)c->hidden_sizes[l]);
    rondo__text_format(out, "]");
}

/* As a recipe would say it, so that the recipe's checks are made and its bounds hold. */
static void write_recipe(const rondo__import *in, rondo__text *out) {
    static const char *const merges[] = {"concat", "sum", "average"};
    static const char *const activations[] = {"tanh", "relu", "sigmoid", "identity", "softmax"};
    const rondo_recurrent_config *c = &in->config;
    rondo__text_format(out, "{task: network, model: {cell: %s", rondo__cell_names[c->cell]);
    put_sizes(out, c);
    rondo__text_format(out, ", input_size: %lld, vocabulary_size: %lld, output_size: %lld", (long long)c->input_size,
                       (long long)in->vocabulary, (long long)in->output);
    put_flag(out, "bidirectional", c->bidirectional);
    put_flag(out, "residual", c->residual);
    put_flag(out, "layer_norm", c->layer_norm);
    put_flag(out, "learned_initial_state", c->learned_initial_state);
    put_flag(out, "peepholes", c->peepholes);
    put_flag(out, "coupled_gates", c->coupled_gates);
    put_flag(out, "reset_before", c->reset_before);
    put_word(out, "merge", merges, c->merge);
    put_word(out, "activation", activations, c->activation);
    put_word(out, "output_activation", activations, c->output_activation);
    if (c->no_bias)
        rondo__text_format(out, ", bias: false");
    if (c->projection_size)
        rondo__text_format(out, ", projection_size: %lld", (long long)c->projection_size);
    if (c->cell_clip != 0)
        rondo__text_format(out, ", cell_clip: %.9g", (double)c->cell_clip);
    if (c->decay != 0)
        rondo__text_format(out, ", decay: %.9g", (double)c->decay);
    rondo__text_format(out, "}}");
}

static rondo_status make_network(rondo__task_object **task, rondo_context *context, const rondo__import *in,
                                 rondo_error *err) {
    rondo__text text = {0};
    rondo__recipe *recipe = rondo__calloc(1, sizeof *recipe);
    write_recipe(in, &text);
    rondo_status status = recipe && !text.failed
                              ? rondo__recipe_parse(recipe, in->path, text.data, text.size, 0, NULL, err)
                              : rondo__import_no_memory(in);
    if (!status)
        status = rondo__network_make(task, context, recipe, err);
    status = rondo__model_name_file(status, in->path, err);
    rondo__text_free(&text);
    rondo__free(recipe);
    return status;
}

/* ---- the whole ---- */

typedef struct importing {
    rondo_context *context;
    rondo__import in;
    rondo__task_object *task;
    const char *to;
    rondo_error *err;
} importing;

static rondo_status import_network(importing *i) {
    rondo_status status = rondo__import_find(&i->in, NULL);
    if (!status)
        status = make_network(&i->task, i->context, &i->in, i->err);
    if (!status)
        status = rondo__import_match(&i->in, i->task->params);
    return status ? status : rondo__params_finish_frozen(i->task->params, i->err);
}

/* What a recipe says itself must not be said again. */
static rondo_status check_options(const importing *i) {
    const rondo_import_options *o = i->in.options;
    const bool said = o->activation || o->output_activation || o->merge || o->reset_before || o->coupled_gates ||
                      o->residual || o->cell_clip != 0 || o->decay != 0;
    return said ? rondo__fail(i->err, RONDO_ARGUMENT,
                              "import: with a recipe, the recipe says what the cells are (its section model; leave the "
                              "other options out)")
                : RONDO_OK;
}

/* Files of Keras and ONNX say more than weights: it must be what the recipe says, or other numbers would come out. */
static rondo_status check_recipe(const importing *i) {
    const rondo__recipe *r = &i->task->recipe;
    const rondo__import *in = &i->in;
    if (r->task == RONDO__TRANSLATE)
        return RONDO_OK;
    if (in->options->cell_given && (int)in->options->cell != r->model.cell)
        return rondo__fail(i->err, RONDO_FORMAT, "%s: model.cell is %s, another cell was asked for",
                           in->options->recipe, rondo__recipe_choice(r, "model.cell"));
    if (in->source == RONDO__FROM_PYTORCH)
        return RONDO_OK;
    if (r->model.cell == RONDO_GRU && r->model.reset_before != in->reset_before)
        return rondo__fail(i->err, RONDO_FORMAT, "%s: its GRU resets %s the product (set model.reset_before: %s)",
                           in->path, in->reset_before ? "before" : "after", in->reset_before ? "true" : "false");
    if (in->source == RONDO__FROM_ONNX && r->model.cell == RONDO_LSTM && r->model.coupled_gates != in->coupled)
        return rondo__fail(i->err, RONDO_FORMAT, "%s: its LSTM has %s input_forget (set model.coupled_gates: %s)",
                           in->path, in->coupled ? "an" : "no", in->coupled ? "true" : "false");
    if (in->source == RONDO__FROM_ONNX && r->model.cell == RONDO_ELMAN && r->model.activation != (int)in->activation)
        return rondo__fail(i->err, RONDO_FORMAT, "%s: its RNN has another activation than model.activation", in->path);
    return RONDO_OK;
}

static rondo_status import_task(importing *i) {
    rondo__import_rows rows = {.unknown = -1};
    rondo_status status = check_options(i);
    if (!status)
        status = rondo__import_make_task(&i->task, i->context, i->in.options, &rows, i->err);
    if (status)
        return status;
    i->in.task = i->task->class->name;
    i->in.spare = rows.spare;
    i->in.unknown = rows.unknown;
    status = rondo__import_find(&i->in, i->task->params);
    if (!status)
        status = check_recipe(i);
    return status ? status : rondo__import_match(&i->in, i->task->params);
}

static rondo_status import_all(importing *i) {
    rondo_status status = i->in.options->recipe ? import_task(i) : import_network(i);
    if (!status)
        status = rondo__import_fill(&i->in, i->task->params);
    return status || !i->to ? status : rondo__model_write(i->task, i->to, NULL, NULL, i->err);
}

rondo_status rondo_import(rondo_context *context, const char *path, const char *to, const rondo_import_options *options,
                          rondo_import_report **report, rondo_error *err) {
    static const rondo_import_options defaults;
    rondo_error own;
    importing i = {.context = context, .to = to, .err = err ? err : &own};
    if (report)
        *report = NULL;
    if (!context || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "import: context or path is NULL");
    options = options ? options : &defaults;
    rondo_status status = rondo__import_open(&i.in, path, options, i.err);
    if (!status)
        status = import_all(&i);
    if (i.in.searched && report)
        *report = rondo__import_report(&i.in, i.task ? i.task->params : NULL);
    if (i.in.searched && report && !*report && !status)
        status = rondo__import_no_memory(&i.in);
    rondo__task_destroy(&i.task);
    rondo__import_close(&i.in);
    return status;
}

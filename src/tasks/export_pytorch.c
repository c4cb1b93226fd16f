/* A state dict for PyTorch: the parameters under the names that they have here, which are those of its modules.
 *
 * Weights tied here stand once in our files, but in PyTorch's under each name: they are written for each. What the
 * cells of PyTorch cannot compute is refused, since load_state_dict would take the tensors all the same. */
#include <stdio.h>
#include <string.h>

#include "rondo/import.h"
#include "tasks/model.h"

enum { TASK_TENSORS = 16, TIED = 2 };

/* What decides whether PyTorch has such a stack; of any section of a recipe. */
typedef struct stack {
    const char *prefix; /* of its parameters */
    int cell, merge, activation;
    int64_t layers, hidden_size, projection_size;
    const int64_t *hidden_sizes;
    bool bidirectional, residual, layer_norm, peepholes, coupled_gates, reset_before, learned, bias;
    double cell_clip, zoneout;
} stack;

static stack stack_of_model(const rondo__recipe_model *m) {
    return (stack){.prefix = "rnn.",
                   .cell = m->cell,
                   .merge = m->merge,
                   .activation = m->activation,
                   .layers = m->layers,
                   .hidden_size = m->hidden_size,
                   .projection_size = m->projection_size,
                   .hidden_sizes = m->hidden_sizes,
                   .bidirectional = m->bidirectional,
                   .residual = m->residual,
                   .layer_norm = m->layer_norm,
                   .peepholes = m->peepholes,
                   .coupled_gates = m->coupled_gates,
                   .reset_before = m->reset_before,
                   .learned = m->learned_initial_state,
                   .bias = m->bias,
                   .cell_clip = m->cell_clip,
                   .zoneout = m->zoneout + m->zoneout_cell};
}

static stack stack_of_side(const rondo__recipe_stack *s, const char *prefix) {
    return (stack){.prefix = prefix,
                   .cell = s->cell,
                   .merge = s->merge,
                   .activation = s->activation,
                   .layers = s->layers,
                   .hidden_size = s->hidden_size,
                   .projection_size = s->projection_size,
                   .hidden_sizes = s->hidden_sizes,
                   .bidirectional = s->bidirectional,
                   .residual = s->residual,
                   .layer_norm = s->layer_norm,
                   .peepholes = s->peepholes,
                   .coupled_gates = s->coupled_gates,
                   .reset_before = s->reset_before,
                   .bias = true,
                   .cell_clip = s->cell_clip,
                   .zoneout = s->zoneout + s->zoneout_cell};
}

static int list_stacks(const rondo__recipe *recipe, stack out[2]) {
    const rondo__recipe_model *m = &recipe->model;
    if (recipe->task == RONDO__TRANSLATE) {
        out[0] = stack_of_side(&m->encoder, "encoder.");
        out[1] = stack_of_side(&m->decoder, "decoder.");
        return 2;
    }
    out[0] = out[1] = stack_of_model(m);
    out[1].prefix = "decoder.";
    out[1].bidirectional = out[1].learned = false;
    return recipe->task == RONDO__FORECAST && m->mode == RONDO__ENCODER_DECODER ? 2 : 1;
}

static bool sizes_differ(const stack *s) {
    for (int l = 1; l < s->layers; l++)
        if (s->hidden_sizes[0] && s->hidden_sizes[l] != s->hidden_sizes[0])
            return true;
    return false;
}

/* What torch.nn has no module for; NULL: it has. */
static const char *foreign(const stack *s) {
    const struct {
        bool used;
        const char *what;
    } options[] = {
        {s->cell == RONDO_JORDAN, "a Jordan network"},
        {s->cell == RONDO__TRANSFORMER, "Rondo's Transformer"},
        {s->cell == RONDO_ELMAN && s->activation == RONDO_SIGMOID, "activation: sigmoid"},
        {s->bidirectional && s->merge != RONDO_MERGE_CONCAT, "merge other than concat"},
        {s->residual && s->layers > 1, "residual"},
        {s->layer_norm, "layer_norm within the cell"},
        {s->peepholes, "peepholes"},
        {s->coupled_gates, "coupled_gates"},
        {s->cell_clip > 0, "cell_clip"},
        {s->reset_before, "reset_before"},
        {s->zoneout > 0, "zoneout"},
        {s->learned, "learned_initial_state"},
        {sizes_differ(s), "layers of different hidden_size"},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].used)
            return options[i].what;
    return NULL;
}

static bool begins_with(const char *name, const char *prefix) { return strncmp(name, prefix, strlen(prefix)) == 0; }

/* Is the stack among what is written? */
static bool is_chosen(const stack *s, const char *prefix) {
    return begins_with(s->prefix, prefix) || begins_with(prefix, s->prefix);
}

/* The Python that makes the module. */
static void name_module(const stack *s, rondo_params *params, char *out, size_t size) {
    static const char *const modules[] = {"RNN", "", "LSTM", "GRU"};
    char name[64];
    snprintf(name, sizeof name, "%sweight_ih_l0", s->prefix);
    const rondo_param *w = rondo_params_at(params, rondo_params_find(params, name));
    size_t used = (size_t)snprintf(out, size, "nn.%s(%lld, %lld", modules[s->cell], w ? (long long)w->value.dims[1] : 0,
                                   (long long)(s->hidden_sizes[0] ? s->hidden_sizes[0] : s->hidden_size));
    if (s->layers > 1)
        used += (size_t)snprintf(out + used, size - used, ", num_layers=%lld", (long long)s->layers);
    if (s->bidirectional)
        used += (size_t)snprintf(out + used, size - used, ", bidirectional=True");
    if (s->projection_size)
        used += (size_t)snprintf(out + used, size - used, ", proj_size=%lld", (long long)s->projection_size);
    if (!s->bias)
        used += (size_t)snprintf(out + used, size - used, ", bias=False");
    if (s->activation == RONDO_RELU)
        used += (size_t)snprintf(out + used, size - used, ", nonlinearity='relu'");
    snprintf(out + used, size - used, ")");
}

static rondo_status check_stacks(const rondo_model *model, const char *prefix, rondo_pytorch_result *result,
                                 rondo_error *err) {
    stack stacks[2];
    const int count = list_stacks(&model->task->recipe, stacks);
    for (int i = 0; i < count; i++) {
        const char *what = foreign(&stacks[i]);
        if (!is_chosen(&stacks[i], prefix))
            continue;
        if (what)
            return rondo__fail(
                err, RONDO_UNSUPPORTED,
                "%s: '%s*' has %s, which no module of PyTorch computes (its tensors as they are stand in "
                "the model file)",
                model->path, stacks[i].prefix, what);
        if (!*result->module)
            name_module(&stacks[i], model->task->params, result->module, sizeof result->module);
    }
    return RONDO_OK;
}

static void put(rondo__named *list, int *count, const char *prefix, const char *name, const rondo_tensor *tensor) {
    if (begins_with(name, prefix))
        list[(*count)++] = (rondo__named){name + strlen(prefix), *tensor};
}

/* A name that PyTorch has for a parameter that stands here under another. */
static void put_tied(rondo_params *params, rondo__named *list, int *count, const char *prefix, const char *name,
                     const char *const *others) {
    for (; rondo_params_find(params, name) < 0 && *others; others++) {
        const int at = rondo_params_find(params, *others);
        if (at >= 0) {
            put(list, count, prefix, name, &rondo_params_at(params, at)->value);
            return;
        }
    }
}

static int list_tensors(const rondo_model *model, const char *prefix, rondo__named *list) {
    static const char *const tables[] = {"embedding.weight", "target_embedding.weight", NULL};
    rondo_params *params = model->task->params;
    const rondo__recipe_model *m = &model->task->recipe.model;
    int count = 0;
    for (int i = 0; i < rondo_params_count(params); i++)
        put(list, &count, prefix, rondo_params_at(params, i)->name, &rondo_params_at(params, i)->value);
    if (m->tie_weights || m->tie_embeddings)
        put_tied(params, list, &count, prefix, "output.weight", tables);
    if (m->tie_embeddings)
        put_tied(params, list, &count, prefix, "source_embedding.weight", tables + 1);
    return count;
}

static int count_own(const rondo_model *model) {
    rondo__named list[TASK_TENSORS];
    rondo__task_object *task = model->task;
    return task->class->extra_tensors ? task->class->extra_tensors(task, TASK_TENSORS, list) : 0;
}

static rondo_status write_all(const rondo_model *model, const char *path, const char *prefix,
                              rondo_pytorch_result *result, rondo_error *err) {
    const rondo__pair format = {"format", "pt"};
    rondo__named *list = rondo__calloc((size_t)rondo_params_count(model->task->params) + TIED, sizeof *list);
    if (!list)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to write it", path);
    result->tensors = list_tensors(model, prefix, list);
    result->left_out = count_own(model);
    const rondo_status status =
        result->tensors > 0
            ? rondo__safetensors_write(path, result->tensors, list, 1, &format, err)
            : rondo__fail(err, RONDO_ARGUMENT, "%s: no parameter's name begins with '%.80s' (the first is '%s')",
                          model->path, prefix, rondo_params_at(model->task->params, 0)->name);
    rondo__free(list);
    return status;
}

rondo_status rondo_model_export_pytorch(rondo_model *model, const char *path, const rondo_pytorch_options *options,
                                        rondo_pytorch_result *result, rondo_error *err) {
    rondo_pytorch_result own;
    result = result ? result : &own;
    *result = (rondo_pytorch_result){0};
    if (!model || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "export: model or path is NULL");
    const char *prefix = options && options->prefix ? options->prefix : "";
    if (*prefix && !rondo__ends_in(prefix, "."))
        return rondo__fail(err, RONDO_ARGUMENT,
                           "export: prefix '%s' ends within a name (end it with a dot, as in rnn.)", prefix);
    if (rondo__file_same(path, model->path))
        return rondo__fail(err, RONDO_ARGUMENT,
                           "%s: is the model itself, whose recipe and vocabulary would be lost (write to another file)",
                           path);
    rondo_status status = check_stacks(model, prefix, result, err);
    rondo_model *floats = model;
    if (!status)
        status = rondo__model_floats(&floats, model, err);
    if (!status)
        status = write_all(floats, path, prefix, result, err);
    rondo__model_floats_end(&floats, model);
    if (status)
        *result = (rondo_pytorch_result){0};
    return status;
}

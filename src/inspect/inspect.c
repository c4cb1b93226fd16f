/* An inspection: a model, data, and views of the one on the other. */
#include "inspect/inspect.h"

#include <stdio.h>
#include <string.h>

#include "formats/json_text.h"

/* ---- open, close ---- */

static rondo_status check_data(const rondo_inspect_data *data, rondo_error *err) {
    if (data->files < 0 || (data->files > 0 && !data->file))
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: the list of files is NULL, or their number below 0");
    for (int i = 0; i < data->files; i++)
        if (!data->file[i])
            return rondo__fail(err, RONDO_ARGUMENT, "inspect: file %d is NULL", i);
    if (data->files && data->text)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: files and a text are given (give one of them)");
    if (data->target && !data->text)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: a target is given without a text (give both)");
    if (data->text && rondo__utf8_check(data->text, strlen(data->text)) < strlen(data->text))
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: the text is not UTF-8 (convert it, for example with iconv)");
    if (data->target && rondo__utf8_check(data->target, strlen(data->target)) < strlen(data->target))
        return rondo__fail(err, RONDO_ARGUMENT,
                           "inspect: the target is not UTF-8 (convert it, for example with iconv)");
    return RONDO_OK;
}

/* Where the data of the recipe lie stands in the recipe as it was run, beside the model (rondo__recipe_pin). What
 * cannot be read there tells nothing. */
static rondo_status find_recipe(rondo__task_object *task, const char *model, rondo_error *err) {
    rondo_error inner = {0};
    const char *slash = strrchr(model, '/');
    char path[RONDO__PATH], *text = NULL;
    size_t size = 0;
    rondo__recipe *recipe = NULL;
    const int folder = slash ? (int)(slash - model) : 0;
    if (snprintf(path, sizeof path, "%.*s%srecipe.yaml", folder, model, slash ? "/" : "") >= (int)sizeof path ||
        !rondo__file_exists(path))
        return RONDO_OK;
    rondo_status status = rondo__file_read(path, (size_t)1 << 20, &text, &size, &inner);
    if (!status && !(recipe = rondo__calloc(1, sizeof *recipe)))
        status = rondo__fail(&inner, RONDO_MEMORY, "inspect: no memory");
    if (!status)
        status = rondo__recipe_parse(recipe, path, text, size, 0, NULL, &inner);
    if (!status && recipe->task == task->recipe.task) {
        memcpy(task->recipe.data.folder, recipe->data.folder, sizeof recipe->data.folder);
        snprintf(task->recipe.folder, sizeof task->recipe.folder, "%.*s", slash ? folder : 1, slash ? model : ".");
    }
    rondo__free(recipe);
    rondo__free(text);
    return status == RONDO_MEMORY ? rondo__fail(err, status, "%s", inner.message) : RONDO_OK;
}

static rondo_status open_look(rondo_inspection *inspection, const rondo_inspect_data *data, rondo_error *err) {
    rondo_status status = rondo__model_floats(&inspection->floats, inspection->model, err);
    if (status)
        return status;
    rondo__task_object *task = inspection->floats->task;
    if (data->target && strcmp(task->class->name, "translate") != 0)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: a target is for models that translate (leave it out)");
    if (!data->files && !data->text)
        status = find_recipe(task, inspection->model->path, err);
    if (status)
        return status;
    const rondo__look_data own = {data->files, data->file, data->text, data->target};
    return rondo__look_open(&inspection->look, task, inspection->floats->tape, &own, err);
}

rondo_status rondo_inspection_open(rondo_inspection **out, rondo_model *model, const rondo_inspect_data *data,
                                   rondo_error *err) {
    static const rondo_inspect_data nothing;
    data = data ? data : &nothing;
    if (out)
        *out = NULL;
    if (!out || !model)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: %s is NULL", out ? "model" : "out");
    rondo_status status = check_data(data, err);
    if (status)
        return status;
    rondo_inspection *inspection = rondo__calloc(1, sizeof *inspection);
    if (!inspection)
        return rondo__fail(err, RONDO_MEMORY, "inspect: no memory");
    inspection->model = inspection->floats = model;
    status = open_look(inspection, data, err);
    *out = inspection;
    if (status)
        rondo_inspection_close(out);
    return status;
}

void rondo_inspection_close(rondo_inspection **inspection) {
    if (!inspection || !*inspection)
        return;
    rondo__look_close(&(*inspection)->look);
    rondo__model_floats_end(&(*inspection)->floats, (*inspection)->model);
    rondo__free(*inspection);
    *inspection = NULL;
}

int64_t rondo_inspection_passages(const rondo_inspection *inspection) {
    return inspection ? inspection->look->passages : 0;
}

/* ---- what views share ---- */

rondo__trace_input rondo__inspect_input(const rondo__look_stack *stack, const rondo__alter *alter) {
    return (rondo__trace_input){.T = stack->axis.T,
                                .x = stack->x,
                                .initial_h = (const double *const *)stack->h,
                                .initial_c = (const double *const *)stack->c,
                                .feedback = stack->feedback,
                                .teacher = stack->teacher,
                                .alter = alter};
}

rondo_status rondo__inspect_trace(const rondo__look_stack *stack, const rondo__alter *alter, rondo__trace *out,
                                  rondo_error *err) {
    const rondo__trace_input input = rondo__inspect_input(stack, alter);
    return rondo__trace_run(out, stack->net, &input, err);
}

bool rondo__inspect_wants_stack(const rondo_view_options *options, const rondo__look_stack *stack) {
    return !options->stack || strcmp(options->stack, stack->name) == 0;
}

bool rondo__inspect_wants_layer(const rondo_view_options *options, int layer, int direction) {
    return (!options->layer || options->layer == layer + 1) &&
           (!options->direction || options->direction == direction + 1);
}

const char *rondo__inspect_layer_name(rondo_view *view, const rondo__passage *passage, int stack, int layer,
                                      int direction) {
    const rondo__look_stack *s = &passage->stack[stack];
    const bool several = passage->stacks > 1, both = s->net->directions == 2;
    return rondo__view_text(view, "%s%slayer %d%s", several ? s->name : "", several ? ", " : "", layer,
                            !both       ? ""
                            : direction ? ", backward"
                                        : ", forward");
}

int64_t rondo__inspect_passages(const rondo_inspection *inspection, const rondo_view_options *options, int64_t usual) {
    const int64_t most = options->passages ? options->passages : usual, there = inspection->look->passages;
    return most < there ? most : there;
}

static int64_t common_divisor(int64_t a, int64_t b) { return b ? common_divisor(b, a % b) : a; }

/* Steps of about the golden section of n, with no divisor in common with it, come to every passage once. */
int64_t rondo__inspect_pick(const rondo_inspection *inspection, int64_t k) {
    const int64_t n = inspection->look->passages;
    int64_t step = (int64_t)(0.6180339887 * (double)n);
    step = step < 1 ? 1 : step;
    while (common_divisor(step, n) != 1)
        step++;
    return (int64_t)((unsigned __int128)k * (uint64_t)step % (uint64_t)n);
}

/* ---- options ---- */

/* Which options are given, as bits. */
static unsigned given(const rondo_view_options *o) {
    return (o->stack ? RONDO__VIEW_STACK : 0u) | (o->layer || o->direction ? RONDO__VIEW_LAYER : 0u) |
           (o->gate ? RONDO__VIEW_GATE : 0u) | (o->passage ? RONDO__VIEW_PASSAGE : 0u) |
           (o->passages ? RONDO__VIEW_PASSAGES : 0u) | (o->from || o->steps ? RONDO__VIEW_STEPS : 0u) |
           (o->order ? RONDO__VIEW_ORDER : 0u) | (o->unit ? RONDO__VIEW_UNIT : 0u) |
           (o->limit ? RONDO__VIEW_LIMIT : 0u) | (o->lags ? RONDO__VIEW_LAGS : 0u) |
           (o->pattern ? RONDO__VIEW_PATTERN : 0u) | (o->like_from || o->like_to ? RONDO__VIEW_LIKE : 0u);
}

static rondo_status check_known(const rondo__view_class *class, const rondo_view_options *o, rondo_error *err) {
    static const char *const names[] = {"stack",    "layer or direction",
                                        "gate",     "passage",
                                        "passages", "from or steps",
                                        "order",    "unit",
                                        "limit",    "lags",
                                        "pattern",  "like"};
    const unsigned unknown = given(o) & ~class->options;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (unknown >> i & 1)
            return rondo__fail(err, RONDO_ARGUMENT, "inspect: %s has no use for %s (leave it out)", class->name,
                               names[i]);
    if (o->layer < 0 || o->direction < 0 || o->direction > 2 || o->passage < 0 || o->passages < 0 || o->from < 0 ||
        o->steps < 0 || o->unit < 0 || o->limit < 0 || o->lags < 0 || o->like_from < 0 || o->like_to < 0 ||
        (unsigned)o->order > RONDO_ORDER_PEAK)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: an option of %s is out of its range", class->name);
    return RONDO_OK;
}

/* Is there a layer, direction and unit as the options say, in a stack that they choose? */
static bool fits(const rondo_view_options *o, const rondo__look_stack *stack) {
    const rondo_recurrent *net = stack->net;
    bool unit = !o->unit;
    for (int i = 0; i < net->config.layers * net->directions && !unit; i++)
        unit = rondo__inspect_wants_layer(o, i / net->directions, i % net->directions) && o->unit <= net->layer[i].H;
    return rondo__inspect_wants_stack(o, stack) && o->layer <= net->config.layers && o->direction <= net->directions &&
           unit;
}

static rondo_status check_fits(const rondo_view_options *o, const rondo__passage *passage, rondo_error *err) {
    const rondo__look_stack *stack = NULL;
    for (int i = 0; i < passage->stacks; i++) {
        if (fits(o, &passage->stack[i]))
            return RONDO_OK;
        if (rondo__inspect_wants_stack(o, &passage->stack[i]))
            stack = &passage->stack[i];
    }
    if (!stack)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: the model has no stack '%s' (it has %s%s%s)", o->stack,
                           passage->stack[0].name, passage->stacks > 1 ? " and " : "",
                           passage->stacks > 1 ? passage->stack[1].name : "");
    const rondo_recurrent *net = stack->net;
    if (o->direction > net->directions)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: the %s reads in one direction (leave direction out)",
                           stack->name);
    if (o->layer > net->config.layers)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: layer %d is not there (the %s has %d, from 0 on)",
                           o->layer - 1, stack->name, net->config.layers);
    return rondo__fail(err, RONDO_ARGUMENT, "inspect: unit %lld is not there (a layer of the %s has %lld, from 0 on)",
                       (long long)(o->unit - 1), stack->name, (long long)net->layer[0].H);
}

static rondo_status find_class(const char *name, const rondo__view_class **out, rondo_error *err) {
    rondo__text list = {0};
    int i = 0;
    while (rondo__views[i].name && strcmp(rondo__views[i].name, name) != 0)
        i++;
    *out = &rondo__views[i];
    if (rondo__views[i].name)
        return RONDO_OK;
    for (i = 0; rondo__views[i].name; i++)
        rondo__text_format(&list, "%s%s", i ? ", " : "", rondo__views[i].name);
    const rondo_status status = rondo__fail(err, RONDO_ARGUMENT, "inspect: there is no view '%s' (there are: %s)",
                                            rondo__show(name).text, list.failed ? "" : list.data);
    rondo__text_free(&list);
    return status;
}

/* The first passage tells what the model is made of. */
static rondo_status check_options(rondo_inspection *inspection, const rondo__view_class *class,
                                  const rondo_view_options *options, rondo_error *err) {
    const rondo__passage *passage = &inspection->look->passage;
    rondo_status status = check_known(class, options, err);
    if (!status && (!passage->losses || passage->index != options->passage))
        status = rondo__look_at(inspection->look, options->passage, err);
    if (!status && class->stacks && passage->stacks == 0)
        status = rondo__fail(err, RONDO_UNSUPPORTED,
                             "inspect: %s needs a recurrent stack, and this model is a Transformer (it has attention)",
                             class->name);
    return status || !class->stacks ? status : check_fits(options, passage, err);
}

/* ---- the public face ---- */

const char *rondo_view_name(int index, const char **summary) {
    for (int i = 0; i <= index; i++)
        if (!rondo__views[i].name)
            return NULL;
    if (index >= 0 && summary)
        *summary = rondo__views[index].summary;
    return index < 0 ? NULL : rondo__views[index].name;
}

rondo_status rondo_inspection_view(rondo_inspection *inspection, const char *name, const rondo_view_options *options,
                                   rondo_view **view, rondo_error *err) {
    static const rondo_view_options nothing;
    const rondo__view_class *class = NULL;
    options = options ? options : &nothing;
    if (view)
        *view = NULL;
    if (!inspection || !name || !view)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: %s is NULL",
                           !inspection ? "inspection"
                           : !name     ? "name"
                                       : "view");
    rondo_status status = find_class(name, &class, err);
    if (!status)
        status = check_options(inspection, class, options, err);
    if (status)
        return status;
    rondo_view *made = rondo__view_create(class->name);
    if (!made)
        return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for the view '%s'", class->name);
    status = class->make(inspection, options, made, err);
    if (!status)
        status = rondo__view_check(made, err);
    if (status)
        rondo_view_free(&made);
    *view = made;
    return status;
}

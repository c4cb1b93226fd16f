#include "tasks/network_task.h"

#include "exchange/network.h"
#include "tasks/stack.h"
#include "train/model_file.h"

typedef rondo__bare bare;

static void clear(rondo__task_object *task) { rondo_recurrent_destroy(&((bare *)task)->net); }

static rondo_status add(bare *b, const char *name, int rank, int64_t rows, int64_t columns, int *index,
                        rondo_error *err) {
    const int64_t dims[2] = {rows, columns};
    return rondo_params_add(b->base.params, name, rank, dims, (rondo_init){RONDO_INIT_ZEROS, 0}, index, err);
}

static rondo_recurrent_config config_of(const rondo__recipe_model *m) {
    rondo_recurrent_config config = rondo__stack_config(m, m->input_size);
    if (m->cell == RONDO_JORDAN) {
        config.output_size = m->output_size;
        config.output_activation = (rondo_activation)m->output_activation;
    }
    return config;
}

static rondo_status declare(bare *b, rondo_error *err) {
    const rondo__recipe_model *m = &b->base.recipe.model;
    const rondo_recurrent_config config = config_of(m);
    rondo_status status = rondo_params_create(&b->base.params, err);
    b->embedding = b->weight = b->bias = -1;
    if (!status && m->vocabulary_size > 0)
        status = add(b, "embedding.weight", 2, m->vocabulary_size, m->input_size, &b->embedding, err);
    if (!status)
        status = rondo_recurrent_create(&b->net, b->base.params, "rnn.", &config, err);
    if (status || m->output_size == 0 || m->cell == RONDO_JORDAN)
        return status;
    status = add(b, "output.weight", 2, m->output_size, rondo_recurrent_output_size(b->net), &b->weight, err);
    return status ? status : add(b, "output.bias", 1, m->output_size, 0, &b->bias, err);
}

rondo_status rondo__network_make(rondo__task_object **out, rondo_context *context, const rondo__recipe *recipe,
                                 rondo_error *err) {
    bare *b = rondo__calloc(1, sizeof *b);
    *out = (rondo__task_object *)b;
    if (!b)
        return rondo__fail(err, RONDO_MEMORY, "network: no memory");
    b->base.class = &rondo__network_class;
    b->base.context = context;
    b->base.recipe = *recipe;
    const rondo_status status = declare(b, err);
    if (status)
        rondo__task_destroy(out);
    return status;
}

static rondo_status create(rondo__task_object *task, rondo_error *err) {
    (void)task;
    return rondo__fail(
        err, RONDO_UNSUPPORTED,
        "task: a network alone has nothing to be trained on (rondo import makes one; give another task)");
}

static rondo_status load(rondo__task_object *task, const rondo__model_meta *meta, const rondo__safetensors *file,
                         const char *path, rondo_error *err) {
    static const char *const allowed[] = {NULL};
    (void)meta;
    const rondo_status status = declare((bare *)task, err);
    return status ? status : rondo__model_fill(task->params, file, path, allowed, err);
}

static int64_t batches_per_epoch(const rondo__task_object *task) { return (void)task, 0; }

static rondo_var *loss(rondo__task_object *task, rondo_tape *tape, int64_t epoch, int64_t batch, int64_t *symbols) {
    (void)task, (void)tape, (void)epoch, (void)batch;
    *symbols = 0;
    return NULL;
}

static const char *const no_metrics[] = {NULL};

static rondo_status evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                             rondo_metrics *metrics, rondo_error *err) {
    (void)task, (void)tape, (void)files, (void)file, (void)metrics;
    return rondo__fail(err, RONDO_UNSUPPORTED,
                       "evaluate: a network alone has no task to be measured by (rondo run runs it on arrays; imported "
                       "with --recipe it gets a task)");
}

static void describe(const rondo__task_object *task, rondo__text *json) {
    const rondo__recipe_model *m = &task->recipe.model;
    rondo__stack_describe(&task->recipe, json);
    rondo__text_format(
        json, "\"input_size\": %lld, \"vocabulary_size\": %lld, \"output_size\": %lld, ", (long long)m->input_size,
        (long long)m->vocabulary_size,
        (long long)(m->output_size ? m->output_size : rondo_recurrent_output_size(((const bare *)task)->net)));
}

static rondo_status vocabulary(rondo__task_object *task, rondo__text *json) {
    (void)task;
    rondo__text_format(json, "{}");
    return json->failed ? RONDO_MEMORY : RONDO_OK;
}

static rondo_status network(rondo__task_object *task, rondo__network *out, rondo_error *err) {
    const bare *b = (const bare *)task;
    const rondo__recipe_model *m = &task->recipe.model;
    rondo_status status = RONDO_OK;
#define VALUES(index) (rondo_params_at(task->params, index)->value.data)
    if (b->embedding >= 0)
        status = rondo__network_add(out,
                                    (rondo__network_block){.kind = RONDO__EMBEDDING,
                                                           .in = m->vocabulary_size,
                                                           .out = m->input_size,
                                                           .weight = VALUES(b->embedding)},
                                    err);
    if (!status)
        status = rondo__network_add(out, (rondo__network_block){.kind = RONDO__RECURRENT, .net = b->net}, err);
    if (status || b->weight < 0)
        return status;
    return rondo__network_add(out,
                              (rondo__network_block){.kind = RONDO__LINEAR,
                                                     .in = rondo_recurrent_output_size(b->net),
                                                     .out = m->output_size,
                                                     .weight = VALUES(b->weight),
                                                     .bias = VALUES(b->bias)},
                              err);
#undef VALUES
}

const rondo__task_class rondo__network_class = {
    .name = "network",
    .symbol = "steps",
    .size = sizeof(bare),
    .create = create,
    .load = load,
    .clear = clear,
    .batches_per_epoch = batches_per_epoch,
    .loss = loss,
    .evaluate = evaluate,
    .metrics = no_metrics,
    .describe = describe,
    .vocabulary = vocabulary,
    .network = network,
    .look = &rondo__network_look,
};

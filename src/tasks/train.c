/* rondo_train: recipe, threads, task, loop. */
#include "train/loop.h"

static rondo_status train(rondo__recipe *recipe, const rondo_train_options *options, rondo_train_result *result,
                          rondo_error *err) {
    const rondo_context_options machine = {
        .threads = options->threads > 0 ? options->threads : (int)recipe->train.threads,
        .precision = (rondo_precision)recipe->train.precision,
    };
    const rondo__task_class *class = rondo__task_find(recipe->task);
    if (!class)
        return rondo__fail(err, RONDO_UNSUPPORTED, "train: this build has no such task yet (use task: language_model)");
    rondo_context *context = NULL;
    rondo__task_object *task = NULL;
    rondo_status status = rondo__metric_check(class, recipe->train.metric, err);
    if (!status)
        status = rondo_context_create(&context, &machine, err);
    if (!status)
        status = rondo__task_create(&task, class, context, recipe, err);
    if (!status)
        status = rondo__train_run(task, options, result, err);
    rondo__task_destroy(&task);
    rondo_context_destroy(&context);
    return status;
}

rondo_status rondo_train(const char *recipe, const rondo_train_options *options, rondo_train_result *result,
                         rondo_error *err) {
    if (result)
        *result = (rondo_train_result){0};
    if (!recipe || !options)
        return rondo__fail(err, RONDO_ARGUMENT, "train: recipe or options is NULL");
    rondo__recipe *parsed = rondo__calloc(1, sizeof *parsed);
    if (!parsed)
        return rondo__fail(err, RONDO_MEMORY, "train: no memory");
    if (options->memory_limit)
        rondo__alloc_limit(options->memory_limit);
    rondo_status status = rondo__recipe_read(parsed, recipe, options->sets, options->set, err);
    if (!status)
        status = rondo__folder_check(options, err);
    if (!status)
        status = train(parsed, options, result, err);
    if (options->memory_limit)
        rondo__alloc_limit(0);
    rondo__free(parsed);
    return rondo__limit_error(status, options->memory_limit, err);
}

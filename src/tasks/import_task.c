/* With files for the vocabulary, the task is loaded as from a model file that holds it (import_vocabulary.c). Without
 * them the recipe's data give the vocabulary, in the order that training would give it. */
#include "tasks/import_task.h"

#include "train/model_file.h"

/* Needs none of the recipe's data, so whether they are there is not asked. */
static rondo_status read_recipe(rondo__recipe *recipe, const rondo_import_options *o, rondo_error *err) {
    char *text;
    size_t size;
    if (!o->vocabulary)
        return rondo__recipe_read(recipe, o->recipe, o->sets, o->set, err);
    rondo_status status = rondo__file_read(o->recipe, (size_t)1 << 20, &text, &size, err);
    if (status)
        return status;
    status = rondo__recipe_parse(recipe, o->recipe, text, size, o->sets, o->set, err);
    rondo__free(text);
    return status;
}

static rondo_status make(rondo__task_object **out, rondo_context *context, rondo__model_meta *meta,
                         const rondo_import_options *o, rondo__import_rows *rows, rondo_error *err) {
    rondo_status status = read_recipe(&meta->recipe, o, err);
    if (status)
        return status;
    const rondo__task_class *class = rondo__task_find(meta->recipe.task);
    if (!class)
        return rondo__fail(err, RONDO_UNSUPPORTED, "%s: this build has no such task", o->recipe);
    if (!o->vocabulary)
        return rondo__task_create(out, class, context, &meta->recipe, err);
    status = rondo__import_vocabulary(meta, o, rows, err);
    return status ? status : rondo__task_load(out, class, context, meta, NULL, o->vocabulary, err);
}

rondo_status rondo__import_make_task(rondo__task_object **out, rondo_context *context,
                                     const rondo_import_options *options, rondo__import_rows *rows, rondo_error *err) {
    rondo__model_meta *meta = rondo__calloc(1, sizeof *meta);
    *out = NULL;
    *rows = (rondo__import_rows){.unknown = -1};
    if (!meta)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to read it", options->recipe);
    const rondo_status status = make(out, context, meta, options, rows, err);
    rondo__model_meta_free(meta);
    rondo__free(meta);
    return status;
}

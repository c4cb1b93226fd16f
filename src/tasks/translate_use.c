/* The public face of encoder-decoders in use: models translate, translations are freed and drawn. */
#include <string.h>

#include "formats/npy.h"
#include "rondo/plot.h"
#include "tasks/model.h"
#include "tasks/translate.h"

static rondo_status check_model(const rondo_model *model, rondo_error *err) {
    if (!model)
        return rondo__fail(err, RONDO_ARGUMENT, "translate: a model is NULL");
    if (model->task->class != &rondo__translate_class)
        return rondo__fail(err, RONDO_UNSUPPORTED, "translate: only an encoder-decoder translates (this one is for %s)",
                           model->task->class->name);
    return RONDO_OK;
}

rondo_status rondo_model_translate(rondo_model *model, int64_t lines, const char *const *line,
                                   const rondo_translate_options *options, rondo_translation *out, rondo_error *err) {
    const rondo_translate_options plain = {0}, *o = options ? options : &plain;
    if (lines < 0 || (lines > 0 && (!line || !out)))
        return rondo__fail(err, RONDO_ARGUMENT, "translate: needs lines, and a place for their translations");
    if (o->ensemble < 0 || (o->ensemble > 0 && !o->member))
        return rondo__fail(err, RONDO_ARGUMENT, "translate: ensemble is %d but member is not there", o->ensemble);
    rondo_status status = check_model(model, err);
    for (int i = 0; i < o->ensemble && !status; i++)
        status = check_model(o->member[i], err);
    if (status || lines == 0)
        return status;
    rondo__translate **member = rondo__calloc((size_t)o->ensemble + 1, sizeof(rondo__translate *));
    if (!member)
        return rondo__fail(err, RONDO_MEMORY, "translate: no memory for %d models", o->ensemble + 1);
    member[0] = (rondo__translate *)model->task;
    for (int i = 0; i < o->ensemble; i++)
        member[i + 1] = (rondo__translate *)o->member[i]->task;
    status = rondo__translate_lines(o->ensemble + 1, member, lines, line, o, out, err);
    rondo__free(member);
    return status == RONDO_NUMERIC ? rondo__model_name_file(status, model->path, err) : status;
}

void rondo_translation_free(rondo_translation *r) {
    if (!r)
        return;
    for (int64_t i = 0; r->text && i < r->count; i++)
        rondo__free(r->text[i]);
    for (int64_t i = 0; r->source_symbol && i < r->source_count; i++)
        rondo__free(r->source_symbol[i]);
    for (int64_t i = 0; r->target_symbol && i < r->target_count; i++)
        rondo__free(r->target_symbol[i]);
    rondo__free(r->text);
    rondo__free(r->score);
    rondo__free(r->log_probability);
    rondo__free(r->source_symbol);
    rondo__free(r->target_symbol);
    rondo__free(r->weights);
    *r = (rondo_translation){0};
}

/* ---- where it looked ---- */

rondo_status rondo_translation_save_attention(const rondo_translation *translation, const char *path,
                                              rondo_error *err) {
    if (!translation || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "attention: translation or path is NULL");
    if (!translation->weights)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: the translation has no weights (set search.want_weights)", path);
    if (rondo__ends_in(path, ".npy")) {
        const int64_t dims[2] = {translation->target_count, translation->source_count};
        const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, translation->weights, 2, dims);
        return rondo__npy_write(path, &tensor, err);
    }
    const rondo_plot_axes axes = {.x_label = "source", .y_label = "target"};
    const rondo_plot_grid grid = {.rows = translation->target_count,
                                  .columns = translation->source_count,
                                  .value = translation->weights,
                                  .row_label = (const char *const *)translation->target_symbol,
                                  .column_label = (const char *const *)translation->source_symbol,
                                  .high = 1};
    return rondo_plot_heatmap(path, &axes, &grid, err);
}

/* Forecasts as a task of the training loop: windows in an order drawn for each epoch. */
#include "tasks/forecast.h"
#include "tasks/stack.h"

static void clear(rondo__task_object *task) {
    rondo__forecast *f = (rondo__forecast *)task;
    rondo__batch_free(&f->room[0]);
    rondo__batch_free(&f->room[1]);
    rondo__free(f->picked);
    rondo__free(f->order);
    rondo__free(f->train.window);
    rondo__free(f->valid.window);
    rondo__seen_free(&f->data);
    rondo__facts_free(&f->facts);
    rondo__text_free(&f->report);
    rondo_recurrent_destroy(&f->encoder);
    rondo_recurrent_destroy(&f->decoder);
}

static rondo_status make_windows(rondo__forecast *f, rondo_error *err) {
    rondo_status status = rondo__windows_make(f, &f->train, &f->data, 0, err);
    if (!status)
        status = rondo__windows_make(f, &f->valid, &f->data, 1, err);
    if (status)
        return status;
    const int64_t batch = f->base.recipe.train.batch_size;
    const int64_t windows = batch < f->train.count ? batch : f->train.count;
    f->order = rondo__calloc((size_t)f->train.count, sizeof *f->order);
    f->picked = rondo__calloc((size_t)windows * 2, sizeof *f->picked);
    if (!f->order || !f->picked)
        return rondo__fail(err, RONDO_MEMORY, "forecast: no memory for the order of %lld windows",
                           (long long)f->train.count);
    rondo_status made = rondo__batch_make(f, &f->room[0], windows, err);
    return made ? made : rondo__batch_make(f, &f->room[1], windows, err);
}

static rondo_status create(rondo__task_object *task, rondo_error *err) {
    rondo__forecast *f = (rondo__forecast *)task;
    f->order_epoch = -1;
    rondo_status status = rondo__forecast_read(f, err);
    if (!status)
        status = make_windows(f, err);
    if (!status)
        status = rondo__forecast_build(f, NULL, NULL, err);
    return status;
}

static rondo_status load(rondo__task_object *task, const rondo__model_meta *meta, const rondo__safetensors *file,
                         const char *path, rondo_error *err) {
    rondo__forecast *f = (rondo__forecast *)task;
    rondo__forecast_sizes(f);
    rondo_status status = rondo__facts_parse(f, meta->vocabulary, path, err);
    if (!status) {
        rondo__forecast_sizes(f); /* masks are among the facts */
        status = rondo__forecast_build(f, file, path, err);
    }
    return status;
}

static int64_t batches_per_epoch(const rondo__task_object *task) {
    const rondo__forecast *f = (const rondo__forecast *)task;
    return (f->train.count - 1) / f->room[0].most + 1;
}

static rondo_status prepare(rondo__task_object *task, int slot, int64_t epoch, int64_t batch, rondo__work *work,
                            rondo_error *err) {
    rondo__forecast *f = (rondo__forecast *)task;
    const int64_t most = f->room[slot].most, first = batch * most, left = f->train.count - first;
    const int64_t windows = left < most ? left : most;
    rondo__window *picked = f->picked + slot * most;
    (void)err;
    if (f->order_epoch != epoch) /* "window" */
        rondo__random_order(f->base.recipe.train.seed, 0x77696e646f770000u ^ (uint64_t)epoch, f->train.count, f->order);
    f->order_epoch = epoch;
    for (int64_t i = 0; i < windows; i++)
        picked[i] = f->train.window[f->order[first + i]];
    rondo__batch_begin_fill(f, &f->room[slot], &f->data, windows, picked, work);
    return RONDO_OK;
}

static rondo_var *loss(rondo__task_object *task, rondo_tape *tape, int64_t epoch, int64_t batch, int64_t *symbols) {
    rondo__forecast *f = (rondo__forecast *)task;
    rondo__forecast_batch *room = &f->room[task->slot];
    (void)epoch, (void)batch;
    *symbols = rondo__batch_counted(room);
    return rondo__forecast_loss(f, tape, room, rondo__forecast_outputs(f, tape, room), 0);
}

static void describe(const rondo__task_object *task, rondo__text *json) {
    const rondo__forecast *f = (const rondo__forecast *)task;
    char step[32];
    rondo__time_step_print(f->facts.step, step);
    rondo__stack_describe(&task->recipe, json);
    rondo__text_format(json,
                       "\"mode\": \"%s\", \"output\": \"%s\", \"window\": %lld, \"horizon\": %lld, "
                       "\"targets\": %lld, \"step\": \"%s\", \"season\": %lld, ",
                       rondo__recipe_choice(&task->recipe, "model.mode"),
                       rondo__recipe_choice(&task->recipe, "model.output"), (long long)f->W, (long long)f->H,
                       (long long)f->N, step, (long long)f->facts.season);
}

static void note_split(const rondo__forecast *f, rondo__text *lines) {
    char from[32] = "", to[32] = "";
    const rondo__seen *s = &f->data.series[0];
    const bool timed = f->base.recipe.data.series.time[0] && s->train_end < s->count;
    if (timed) {
        rondo__forecast_print_time(f, s->time[s->train_end], from);
        rondo__forecast_print_time(f, s->time[s->valid_end - 1], to);
    }
    rondo__text_format(lines, "%lld training windows, %lld validation windows", (long long)f->train.count,
                       (long long)f->valid.count);
    rondo__text_format(lines, timed ? ", validated on %s to %s%s\n" : "\n", from, to,
                       f->data.count > 1 ? " (of the first series)" : "");
}

static void notes(const rondo__task_object *task, rondo__text *lines) {
    const rondo__forecast *f = (const rondo__forecast *)task;
    int64_t idle = 0;
    if (f->data.notes.size)
        rondo__text_add(lines, f->data.notes.data, f->data.notes.size);
    for (int64_t i = 0; i < f->data.count; i++)
        idle += f->data.series[i].train_end < f->W + f->H + f->lead;
    if (idle)
        rondo__text_format(lines, "%lld of %lld series are too short for a training window\n", (long long)idle,
                           (long long)f->data.count);
    note_split(f, lines);
}

static void report(const rondo__task_object *task, rondo__text *lines) {
    const rondo__forecast *f = (const rondo__forecast *)task;
    if (f->report.data)
        rondo__text_add(lines, f->report.data, f->report.size);
}

static rondo_status vocabulary(rondo__task_object *task, rondo__text *json) {
    return rondo__facts_json((const rondo__forecast *)task, json);
}

const rondo__task_class rondo__forecast_class = {
    .name = "forecast",
    .symbol = "values",
    .size = sizeof(rondo__forecast),
    .create = create,
    .load = load,
    .clear = clear,
    .batches_per_epoch = batches_per_epoch,
    .prepare = prepare,
    .loss = loss,
    .evaluate = rondo__forecast_evaluate,
    .metrics = rondo__forecast_metrics,
    .describe = describe,
    .notes = notes,
    .report = report,
    .vocabulary = vocabulary,
    .network = rondo__forecast_network,
    .look = &rondo__forecast_look,
};

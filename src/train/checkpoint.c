/* last.safetensors: a model file with everything beside the weights that a run needs to go on to the same bits.
 *
 *   train.counters (I64), train.numbers (F64)   rondo__progress and a fingerprint of the data
 *   train.best (F64), train.best_names (U8)     metrics of the best evaluation
 *   train.moment1..3, train.average             as long as the parameters' block
 *   state.*                                     what the task carries from batch to batch */
#include <stdio.h>
#include <string.h>

#include "train/loop.h"
#include "train/model_file.h"

enum { COUNTERS = 12, NUMBERS = 6, MOST_STATES = 4 * RONDO_MAX_LAYERS, NAME_BYTES = sizeof((rondo_metric *)0)->name };

/* The small arrays of a checkpoint. */
typedef struct small_arrays {
    int64_t counters[COUNTERS];
    double numbers[NUMBERS];
    double best[RONDO_MAX_METRICS];
    char best_names[RONDO_MAX_METRICS][NAME_BYTES];
} small_arrays;

/* FNV-1a of the vocabulary: another text gives another one. */
static rondo_status fingerprint(rondo__task_object *task, int64_t *out) {
    rondo__text text = {0};
    rondo_status status = task->class->vocabulary(task, &text);
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 1099511628211u;
    status = status ? status : text.failed ? RONDO_MEMORY : RONDO_OK;
    rondo__text_free(&text);
    *out = (int64_t)hash;
    return status;
}

static rondo_status pack(const rondo__run *run, small_arrays *a) {
    const rondo__progress *p = &run->progress;
    const int64_t counters[COUNTERS] = {p->step,         p->epoch, p->batch,     p->evaluated,
                                        p->lines,        p->bad,   p->has_best,  p->loss_symbols,
                                        run->best.count, 0,        run->batches, rondo_optimizer_steps(run->optimizer)};
    const double numbers[NUMBERS] = {p->loss_sum,     p->best,        rondo__run_seconds(run),
                                     p->plateau.best, p->plateau.bad, p->plateau.factor};
    memset(a, 0, sizeof *a);
    memcpy(a->counters, counters, sizeof counters);
    memcpy(a->numbers, numbers, sizeof numbers);
    for (int i = 0; i < run->best.count; i++) {
        a->best[i] = run->best.item[i].value;
        memcpy(a->best_names[i], run->best.item[i].name, NAME_BYTES);
    }
    return fingerprint(run->task, &a->counters[9]);
}

static int list(rondo__run *run, small_arrays *a, rondo__named *out) {
    const int64_t counters = COUNTERS, numbers = NUMBERS, names[2] = {run->best.count, NAME_BYTES};
    const int64_t size = rondo_params_size(run->task->params);
    int count = 0;
    out[count++] = (rondo__named){"train.counters", rondo_tensor_view(RONDO_I64, a->counters, 1, &counters)};
    out[count++] = (rondo__named){"train.numbers", rondo_tensor_view(RONDO_F64, a->numbers, 1, &numbers)};
    if (run->best.count) {
        out[count++] = (rondo__named){"train.best", rondo_tensor_view(RONDO_F64, a->best, 1, names)};
        out[count++] = (rondo__named){"train.best_names", rondo_tensor_view(RONDO_U8, a->best_names, 2, names)};
    }
    if (run->average)
        out[count++] = (rondo__named){"train.average", rondo_tensor_view(RONDO_REAL, run->average, 1, &size)};
    count += rondo__optimizer_state(run->optimizer, out + count);
    if (run->task->class->state)
        count += run->task->class->state(run->task, MOST_STATES, out + count);
    return count;
}

rondo_status rondo__checkpoint_save(rondo__run *run, rondo_error *err) {
    char path[RONDO__PATH];
    rondo__run_path(run, "last.safetensors", path);
    rondo__named *extra = rondo__calloc(MOST_STATES + 16, sizeof *extra);
    small_arrays *a = rondo__calloc(1, sizeof *a);
    rondo_status status = extra && a ? pack(run, a) : RONDO_MEMORY;
    if (status)
        status = rondo__fail(err, status, "%s: no memory to write it", path);
    else
        status = rondo__model_put(run->task, path, NULL, &run->best, list(run, a, extra), extra, err);
    rondo__free(extra);
    rondo__free(a);
    if (!status)
        rondo__run_event(run, RONDO_EVENT_SAVE, NULL, false, path);
    return status;
}

/* Copies an array of the very type and shape that was written. */
static rondo_status take(const rondo__safetensors *file, const char *path, const rondo__named *into, rondo_error *err) {
    const rondo__named *found = rondo__safetensors_find(file, into->name);
    const rondo_tensor *want = &into->tensor;
    if (!found)
        return rondo__fail(err, RONDO_FORMAT, "%s: tensor '%s' is missing (not the full state of this run)", path,
                           into->name);
    if (found->tensor.dtype != want->dtype || found->tensor.rank != want->rank ||
        memcmp(found->tensor.dims, want->dims, (size_t)want->rank * sizeof *want->dims) != 0)
        return rondo__fail(err, RONDO_FORMAT, "%s: tensor '%s' has another type or shape than this run needs", path,
                           into->name);
    memcpy(want->data, found->tensor.data, (size_t)rondo_tensor_count(want) * rondo_dtype_bytes(want->dtype));
    return RONDO_OK;
}

static rondo_status refuse(const char *path, rondo_error *err) {
    return rondo__fail(err, RONDO_FORMAT, "%s: its counters are out of range (the file is spoilt)", path);
}

static rondo_status unpack(rondo__run *run, const small_arrays *a, const char *path, rondo_error *err) {
    const int64_t *c = a->counters;
    rondo__progress *p = &run->progress;
    int64_t data;
    if (fingerprint(run->task, &data))
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to compare the vocabulary", path);
    if (data != c[9] || run->batches != c[10])
        return rondo__fail(
            err, RONDO_STATE,
            "%s: the training data changed since the run began (bring the old data back, or begin anew with "
            "another --out)",
            path);
    if (c[0] < 0 || c[1] < 0 || c[2] < 0 || c[2] >= run->batches || c[4] < 0 || c[5] < 0 || c[7] < 0 || c[11] < 0 ||
        c[8] < 0 || c[8] > RONDO_MAX_METRICS)
        return refuse(path, err);
    *p = (rondo__progress){.step = c[0],
                           .epoch = c[1],
                           .batch = c[2],
                           .evaluated = c[3],
                           .lines = c[4],
                           .bad = c[5],
                           .has_best = c[6],
                           .loss_symbols = c[7],
                           .loss_sum = a->numbers[0],
                           .best = a->numbers[1],
                           .seconds = a->numbers[2]};
    p->plateau = (rondo__plateau){.best = a->numbers[3], .bad = a->numbers[4], .factor = a->numbers[5]};
    run->best.count = (int)c[8];
    rondo__optimizer_set_steps(run->optimizer, c[11]);
    return RONDO_OK;
}

static void unpack_best(rondo__run *run, const small_arrays *a) {
    for (int i = 0; i < run->best.count; i++) {
        memcpy(run->best.item[i].name, a->best_names[i], NAME_BYTES);
        run->best.item[i].name[NAME_BYTES - 1] = '\0';
        run->best.item[i].value = a->best[i];
    }
}

static rondo_status take_all(rondo__run *run, const rondo__safetensors *file, const char *path, small_arrays *a,
                             rondo__named *lists, rondo_error *err) {
    rondo_status status = RONDO_OK;
    run->best.count = 0;
    list(run, a, lists); /* the two arrays that say the rest stand first */
    for (int i = 0; i < 2 && !status; i++)
        status = take(file, path, &lists[i], err);
    if (!status)
        status = unpack(run, a, path, err);
    const int count = status ? 0 : list(run, a, lists);
    for (int i = 2; i < count && !status; i++)
        status = take(file, path, &lists[i], err);
    if (!status)
        unpack_best(run, a);
    rondo__named beside[16];
    const char *allowed[17] = {0};
    const int most = run->task->class->extra_tensors ? run->task->class->extra_tensors(run->task, 16, beside) : 0;
    for (int i = 0; i < most; i++)
        allowed[i] = beside[i].name;
    if (!status)
        status = rondo__model_fits(run->task->params, file, path, allowed, err);
    return status ? status : rondo__model_values(run->task->params, file, err);
}

static rondo_status load(rondo__run *run, const rondo__safetensors *file, const char *path, rondo_error *err) {
    rondo__model_meta meta;
    const char *changed = NULL;
    if (rondo__model_is_low(file))
        return rondo__fail(err, RONDO_STATE,
                           "%s: its weights are rounded for use, and no run goes on from them (bring back the "
                           "last.safetensors that rondo train wrote)",
                           path);
    rondo_status status = rondo__model_meta_read(&meta, file, path, err);
    if (status)
        return status;
    status = rondo__resume_check(&meta.recipe, &run->task->recipe, path, &changed, err);
    rondo__model_meta_free(&meta);
    rondo__named *lists = rondo__calloc(MOST_STATES + 16, sizeof *lists);
    small_arrays *a = rondo__calloc(1, sizeof *a);
    if (!status)
        status = lists && a ? take_all(run, file, path, a, lists, err)
                            : rondo__fail(err, RONDO_MEMORY, "%s: no memory to read it", path);
    rondo__free(lists);
    rondo__free(a);
    if (!status && changed) {
        char note[256];
        snprintf(note, sizeof note, "%s is not what the run began with; the new value holds from here on", changed);
        rondo__run_event(run, RONDO_EVENT_NOTE, NULL, false, note);
    }
    return status;
}

rondo_status rondo__checkpoint_load(rondo__run *run, rondo_error *err) {
    char path[RONDO__PATH], log[RONDO__PATH];
    rondo__safetensors *file = NULL;
    rondo_status status = RONDO_OK;
    if (rondo__file_exists(rondo__run_path(run, "last.safetensors", path))) { /* else: see folder.c */
        status = rondo__safetensors_read(&file, path, err);
        if (!status)
            status = load(run, file, path, err);
        rondo__safetensors_free(&file);
    }
    if (!status)
        status = rondo__log_cut(rondo__run_path(run, "metrics.jsonl", log), run->progress.lines, err);
    return status;
}

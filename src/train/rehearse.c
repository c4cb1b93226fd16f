/* What a recipe needs, found out before its first step: the loss and the gradients of its largest batch, thrown away.
 * Nothing of it stays: batches depend on (seed, epoch, batch), carried states are taken over only by after_batch. */
#include <stdio.h>
#include <string.h>

#include "autograd/tape.h"
#include "train/loop.h"

/* "1.5 GB", "310 MB" */
static const char *show_bytes(size_t bytes, char out[32]) {
    const double mega = (double)bytes / (1024 * 1024);
    if (mega >= 1024)
        snprintf(out, 32, "%.1f GB", mega / 1024);
    else
        snprintf(out, 32, mega < 10 ? "%.1f MB" : "%.0f MB", mega);
    return out;
}

rondo_status rondo__limit_error(rondo_status status, size_t limit, rondo_error *err) {
    char most[32], before[300];
    if (status != RONDO_MEMORY || limit == 0)
        return status;
    snprintf(before, sizeof before, "%.290s", err ? err->message : "");
    return rondo__fail(err, RONDO_MEMORY,
                       "%s (the memory limit is %s: raise it, or make train.batch_size or the model smaller)", before,
                       show_bytes(limit, most));
}

static int64_t largest_batch(rondo__run *run) {
    const rondo__task_class *class = run->task->class;
    int64_t best = 0, most = -1;
    for (int64_t i = 0; class->batch_cells && i < run->batches; i++) {
        const int64_t cells = class->batch_cells(run->task, run->progress.epoch, i);
        best = cells > most ? i : best;
        most = cells > most ? cells : most;
    }
    return best;
}

static rondo_status try_batch(rondo__run *run, rondo_error *err) {
    rondo__task_object *task = run->task;
    const rondo__progress kept = run->progress;
    const rondo_step step = {.training = true, .recording = true, .seed = task->recipe.train.seed};
    int64_t symbols = 0;
    run->progress.batch = largest_batch(run);
    rondo_status status = rondo__batches_take(run, true, err);
    rondo__work other; /* a thread that makes batches ahead fills the other slot: its memory, without the work */
    if (!status && run->ahead.thread)
        status = task->class->prepare(task, !task->slot, run->progress.epoch, run->progress.batch, &other, err);
    if (!status) {
        rondo_tape_begin(run->tape, &step);
        rondo_var *mean = task->class->loss(task, run->tape, run->progress.epoch, run->progress.batch, &symbols);
        status = rondo_tape_status(run->tape, err);
        if (!status)
            status = rondo_backward(run->tape, mean, 1);
        if (status)
            status = rondo_tape_status(run->tape, err) ? rondo_tape_status(run->tape, err) : status;
    }
    run->progress = kept;
    run->cleared = false;
    return status;
}

rondo_status rondo__run_rehearse(rondo__run *run, rondo_error *err) {
    char before[32], step[32], most[32], line[256];
    const size_t limit = run->options->memory_limit, held = rondo__alloc_bytes();
    if (limit == 0)
        return RONDO_OK;
    rondo__alloc_peak(true);
    const rondo_status status = try_batch(run, err);
    const size_t peak = rondo__alloc_peak(false);
    if (status == RONDO_MEMORY)
        return rondo__fail(
            err, status,
            "train: no memory for a step of the largest batch: data, model and optimiser hold %s, the step "
            "needs more than the other %s",
            show_bytes(held, before), show_bytes(limit > held ? limit - held : 0, step));
    snprintf(line, sizeof line, "memory: %s for data, model and optimiser, %s for a step of the largest batch, of %s",
             show_bytes(held, before), show_bytes(peak - held, step), show_bytes(limit, most));
    if (!status)
        rondo__run_event(run, RONDO_EVENT_NOTE, NULL, false, line);
    return status;
}

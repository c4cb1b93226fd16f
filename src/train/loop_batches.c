/* Batches of tasks that prepare them, made when they are needed or ahead of it.
 *
 *     compute   | take 0 | step on slot 0          | take 1 | step on slot 1          | take 2 ...
 *     thread             | makes batch 1 in slot 1 |        | makes batch 2 in slot 0 |
 *
 * Take finishes what the thread has left, with all threads, and begins the batch after it. A batch depends on (seed,
 * epoch, batch) alone, so that it is the same whoever makes it, and whether a run was stopped between. What fails ahead
 * of use is kept and told when the batch is needed, as if it failed there. Nobody but take touches the other slot, so
 * it may stay half made while the run is evaluated, saved or stopped. */
#include <assert.h>

#include "tensor/context.h"
#include "train/loop.h"

static bool is_wanted(const rondo__run *run) {
    switch ((rondo__prefetch)run->task->recipe.train.prefetch) {
    case RONDO__PREFETCH_OFF:
        return false;
    case RONDO__PREFETCH_ON:
        return true;
    case RONDO__PREFETCH_AUTO:
        break;
    }
    return rondo__cpu_cores() > run->task->context->threads;
}

rondo_status rondo__batches_open(rondo__run *run, rondo_error *err) {
    if (!run->task->class->prepare || !is_wanted(run))
        return RONDO_OK;
    return rondo__ahead_create(&run->ahead.thread, run->task->context->threads, err);
}

void rondo__batches_close(rondo__run *run) { rondo__ahead_destroy(&run->ahead.thread); }

static void begin_next(rondo__run *run) {
    rondo__task_object *task = run->task;
    rondo__batches_ahead *a = &run->ahead;
    const rondo__progress *p = &run->progress;
    const bool same_epoch = p->batch + 1 < run->batches;
    a->begun = true;
    a->epoch = same_epoch ? p->epoch : p->epoch + 1;
    a->batch = same_epoch ? p->batch + 1 : 0;
    a->work = (rondo__work){0};
    a->status = task->class->prepare(task, !task->slot, a->epoch, a->batch, &a->work, &a->err);
    if (a->status)
        a->work.n = 0;
    if (a->work.n > 0)
        rondo__ahead_begin(a->thread, &a->work);
}

static rondo_status finish(rondo__run *run, rondo_error *err) {
    rondo__batches_ahead *a = &run->ahead;
    assert(a->epoch == run->progress.epoch && a->batch == run->progress.batch);
    if (a->work.n > 0)
        rondo__ahead_end(a->thread, run->task->context->pool);
    run->task->slot = !run->task->slot;
    a->begun = false;
    return a->status ? rondo__fail(err, a->status, "%s", a->err.message) : RONDO_OK;
}

static rondo_status make(rondo__run *run, rondo_error *err) {
    rondo__task_object *task = run->task;
    rondo__work work = {0};
    rondo_status status = task->class->prepare(task, task->slot, run->progress.epoch, run->progress.batch, &work, err);
    if (!status)
        rondo__pool_run(task->context->pool, work.n, work.task, work.arg);
    return status;
}

rondo_status rondo__batches_take(rondo__run *run, bool last, rondo_error *err) {
    if (!run->task->class->prepare)
        return RONDO_OK;
    rondo_status status = run->ahead.begun ? finish(run, err) : make(run, err);
    if (!status && run->ahead.thread && !last)
        begin_next(run);
    return status;
}

/* The training loop.
 *
 *   until all steps are done:  evaluate if due -> one optimiser step -> event -> save if due
 *
 * The place in the run is three numbers (step, epoch, batch); a batch depends only on (seed, epoch, batch) and the
 * carried states, random numbers only on (seed, batch's number). So a run that was stopped anywhere and goes on from
 * its checkpoint does the same arithmetic as one that was not. An evaluation that a stop cut off is made first on
 * resuming: `evaluated` remembers the last one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/loop.h"

const char *rondo__run_path(const rondo__run *run, const char *name, char out[RONDO__PATH]) {
    snprintf(out, RONDO__PATH, "%s/%s", run->options->folder, name);
    return out;
}

double rondo__run_seconds(const rondo__run *run) { return rondo__clock_seconds() - run->begun; }

void rondo__run_event(rondo__run *run, rondo_event_kind kind, const rondo_metrics *metrics, bool best,
                      const char *message) {
    if (!run->options->event)
        return;
    const rondo__progress *p = &run->progress;
    const int64_t done = p->step - run->first_step;
    const rondo_event event = {
        .kind = kind,
        .step = p->step,
        .steps = run->total,
        .epoch = p->batch == 0 && p->epoch > 0 ? p->epoch : p->epoch + 1,
        .epochs = run->task->recipe.train.epochs,
        .train_loss = p->loss_symbols ? p->loss_sum / (double)p->loss_symbols : NAN,
        .gradient_norm = run->last_norm,
        .learning_rate = run->last_rate,
        .seconds = rondo__run_seconds(run),
        .symbols_per_second = run->sitting_busy > 0 ? run->sitting_symbols / run->sitting_busy : 0,
        .seconds_left = done > 0 ? run->sitting_busy / (double)done * (double)(run->total - p->step) : NAN,
        .symbol = run->task->class->symbol,
        .metrics = metrics,
        .best = best,
        .message = message,
    };
    if (!run->options->event(&event, run->options->event_arg))
        run->stop = true;
}

void rondo__run_notes(rondo__run *run, rondo__text *lines) {
    char *line = lines->failed ? NULL : lines->data;
    while (line && *line) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        rondo__run_event(run, RONDO_EVENT_NOTE, NULL, false, line);
        line = end ? end + 1 : NULL;
    }
}

static rondo_status show_notes(rondo__run *run, rondo_error *err) {
    rondo__text lines = {0};
    if (run->task->class->notes)
        run->task->class->notes(run->task, &lines);
    const bool whole = !lines.failed;
    rondo__run_notes(run, &lines);
    rondo__text_free(&lines);
    return whole ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "train: no memory for the notes about the data");
}

static int64_t total_steps(const rondo__recipe_train *train, int64_t steps_per_epoch) {
    int64_t total = steps_per_epoch > INT64_MAX / train->epochs ? INT64_MAX : steps_per_epoch * train->epochs;
    return train->max_steps > 0 && train->max_steps < total ? train->max_steps : total;
}

static rondo_status create_optimizer(rondo__run *run, rondo_error *err) {
    const rondo__recipe_train *train = &run->task->recipe.train;
    const rondo_optimizer_options options = {
        .kind = (rondo_optimizer_kind)train->optimizer.type,
        .learning_rate = train->optimizer.learning_rate,
        .weight_decay = train->optimizer.weight_decay,
        .momentum = train->optimizer.momentum,
        .beta1 = train->optimizer.beta1,
        .beta2 = train->optimizer.beta2,
        .alpha = train->optimizer.alpha,
        .epsilon = train->optimizer.epsilon,
        .nesterov = train->optimizer.nesterov,
        .centered = train->optimizer.centered,
    };
    return rondo__optimizer_create(&run->optimizer, run->task->context, run->task->params, &options, err);
}

static rondo_status create_average(rondo__run *run, rondo_error *err) {
    const int64_t n = rondo_params_size(run->task->params);
    const real *values = rondo_params_values(run->task->params);
    if (!(run->task->recipe.train.ema > 0))
        return RONDO_OK;
    run->average = rondo__calloc((size_t)n, sizeof *run->average);
    if (!run->average)
        return rondo__fail(err, RONDO_MEMORY, "train: no memory for the averaged weights");
    for (int64_t i = 0; i < n; i++)
        run->average[i] = values[i];
    return RONDO_OK;
}

static rondo_status open_run(rondo__run *run, rondo_error *err) {
    const rondo__recipe_train *train = &run->task->recipe.train;
    run->batches = run->task->class->batches_per_epoch(run->task);
    run->steps_per_epoch = (run->batches - 1) / train->accumulate + 1;
    run->total = total_steps(train, run->steps_per_epoch);
    run->progress = (rondo__progress){.evaluated = -1, .plateau = {1, NAN, 0}};
    run->begun = rondo__clock_seconds();
    rondo_status status = rondo_tape_create(&run->tape, run->task->context, err);
    if (!status)
        status = create_optimizer(run, err);
    if (!status)
        status = rondo__batches_open(run, err);
    return status ? status : create_average(run, err);
}

/* Finds the place to begin, and writes what a folder of a run has from the start. */
static rondo_status begin(rondo__run *run, rondo_error *err) {
    rondo_status status = rondo__folder_take(run, err);
    if (!status && run->options->resume)
        status = rondo__checkpoint_load(run, err);
    if (!status)
        status = rondo__folder_prepare(run, err);
    if (status)
        return status;
    run->first_step = run->progress.step;
    if (run->progress.step > 0) /* an evaluation may come before the first step */
        run->last_rate =
            rondo__schedule_rate(&run->task->recipe.train, &run->progress.plateau, run->progress.step - 1, run->total);
    run->begun = rondo__clock_seconds() - run->progress.seconds;
    snprintf(run->message, sizeof run->message, "%s: %lld parameters, %lld batches per epoch, %lld steps%s",
             run->task->class->name, (long long)rondo_params_total(run->task->params), (long long)run->batches,
             (long long)run->total,
             !run->options->resume    ? ""
             : run->progress.step > 0 ? "; resumed"
                                      : "; begun again");
    rondo__run_event(run, RONDO_EVENT_START, NULL, false, run->message);
    status = show_notes(run, err);
    return status ? status : rondo__run_rehearse(run, err);
}

static bool patience_is_over(const rondo__run *run) {
    const int64_t patience = run->task->recipe.train.patience;
    return patience > 0 && run->progress.bad >= patience;
}

static bool save_is_due(const rondo__run *run) {
    const int64_t every = run->task->recipe.train.save_every;
    return every > 0 && run->progress.step % every == 0 && !rondo__run_due(run);
}

static rondo_status interrupt(rondo__run *run, rondo_error *err) {
    rondo_status status = rondo__checkpoint_save(run, err);
    return status ? status
                  : rondo__fail(err, RONDO_INTERRUPTED, "train: stopped on request after step %lld; all is saved in %s",
                                (long long)run->progress.step, run->options->folder);
}

static rondo_status go(rondo__run *run, rondo_error *err) {
    rondo_status status = RONDO_OK;
    while (!status) {
        if (run->stop)
            return interrupt(run, err);
        if (rondo__run_due(run) && (status = rondo__run_evaluate(run, err)))
            break;
        if (patience_is_over(run) || run->progress.step >= run->total)
            break;
        if (run->stop)
            return interrupt(run, err);
        status = rondo__run_step(run, err);
        if (status)
            break;
        rondo__run_event(run, RONDO_EVENT_STEP, NULL, false, NULL);
        if (!run->stop && save_is_due(run))
            status = rondo__checkpoint_save(run, err);
    }
    return status;
}

static void end(rondo__run *run) {
    if (run->progress.step < run->total)
        snprintf(run->message, sizeof run->message, "stopped early: %s made no progress in %lld evaluations",
                 run->task->recipe.train.metric, (long long)run->progress.bad);
    else
        snprintf(run->message, sizeof run->message, "all %lld steps are done", (long long)run->total);
    rondo__run_event(run, RONDO_EVENT_END, NULL, false, run->message);
    rondo__run_notes(run, &run->report);
}

static void close_run(rondo__run *run) {
    rondo__batches_close(run);
    rondo__folder_unlock(&run->lock);
    rondo__free(run->average);
    rondo__text_free(&run->report);
    rondo_optimizer_destroy(&run->optimizer);
    rondo_tape_destroy(&run->tape);
}

rondo_status rondo__train_run(rondo__task_object *task, const rondo_train_options *options, rondo_train_result *result,
                              rondo_error *err) {
    rondo__run run = {.task = task, .options = options, .lock = -1};
    rondo_status status = open_run(&run, err);
    if (!status)
        status = begin(&run, err);
    const bool begun = !status;
    if (!status)
        status = go(&run, err);
    if (!status)
        end(&run);
    else if (begun ? status == RONDO_ARGUMENT : status == RONDO_MEMORY) /* the call was wrong, not the run */
        rondo__folder_leave(&run);
    if (result)
        *result = (rondo_train_result){run.progress.step, run.progress.epoch, rondo__run_seconds(&run), run.best};
    close_run(&run);
    return status;
}

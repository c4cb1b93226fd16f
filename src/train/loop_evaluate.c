/* An evaluation: metrics, the log's line, the best model so far, the checkpoint; in this order, so that a checkpoint
 * never counts what is not in the files yet. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "autograd/tape.h"
#include "train/average.h"
#include "train/loop.h"
#include "train/metrics.h"
#include "train/verify.h"

bool rondo__run_due(const rondo__run *run) {
    const rondo__progress *p = &run->progress;
    const int64_t every = run->task->recipe.train.evaluate_every;
    if (p->step == 0 || p->evaluated == p->step)
        return false;
    return p->step >= run->total || (every > 0 ? p->step % every == 0 : p->batch == 0);
}

/* The task's metrics, after valid_loss and train_loss. */
static rondo_status measure(rondo__run *run, rondo_metrics *metrics, rondo_error *err) {
    rondo_metrics found = {0};
    rondo__task_object *task = run->task;
    const int64_t n = rondo_params_size(task->params);
    rondo__tape_release(run->tape); /* a search has tapes of its own */
    if (run->average)
        rondo__blocks_swap(n, rondo_params_values(task->params), run->average);
    rondo_status status = task->class->evaluate(task, run->tape, 0, NULL, &found, err);
    if (run->average)
        rondo__blocks_swap(n, rondo_params_values(task->params), run->average);
    const rondo__progress *p = &run->progress;
    metrics->count = 0;
    rondo__metrics_set(metrics, "valid_loss", rondo_metrics_get(&found, "loss"));
    rondo__metrics_set(metrics, "train_loss", p->loss_symbols ? p->loss_sum / (double)p->loss_symbols : NAN);
    for (int i = 0; i < found.count; i++)
        rondo__metrics_set(metrics, found.item[i].name, found.item[i].value);
    return status;
}

static rondo_status log_line(rondo__run *run, const rondo_metrics *metrics, bool best, rondo_error *err) {
    const rondo__progress *p = &run->progress;
    char path[RONDO__PATH];
    rondo__text line = {0};
    rondo__text_format(&line, "{\"step\": %lld, \"epoch\": %lld, \"train_loss\": ", (long long)p->step,
                       (long long)(p->batch == 0 ? p->epoch : p->epoch + 1));
    rondo__json_real(&line, rondo_metrics_get(metrics, "train_loss"));
    for (int i = 0; i < metrics->count; i++) {
        if (strcmp(metrics->item[i].name, "train_loss") == 0)
            continue;
        rondo__text_format(&line, ", \"%s\": ", metrics->item[i].name);
        rondo__json_real(&line, metrics->item[i].value);
    }
    rondo__text_format(&line, ", \"learning_rate\": ");
    rondo__json_real(&line, run->last_rate);
    rondo__text_format(&line, ", \"best\": %s, \"seconds\": %.3f, \"tokens_per_second\": %.1f}",
                       best ? "true" : "false", rondo__run_seconds(run),
                       run->busy > 0 ? run->busy_symbols / run->busy : 0.0);
    rondo__sign_line(&line);
    rondo_status status = line.failed ? rondo__fail(err, RONDO_MEMORY, "train: no memory for a line of metrics.jsonl")
                                      : rondo__log_add(rondo__run_path(run, "metrics.jsonl", path), &line, err);
    rondo__text_free(&line);
    return status;
}

static rondo_status save_best(rondo__run *run, rondo_error *err) {
    char path[RONDO__PATH];
    rondo_status status =
        rondo__model_write(run->task, rondo__run_path(run, "model.safetensors", path), run->average, &run->best, err);
    if (!status)
        rondo__run_event(run, RONDO_EVENT_SAVE, NULL, false, path);
    return status;
}

/* step-N.safetensors, of which the last train.keep stay. */
static rondo_status keep_model(rondo__run *run, const rondo_metrics *metrics, rondo_error *err) {
    const int64_t keep = run->task->recipe.train.keep;
    char name[RONDO__NAME], path[RONDO__PATH];
    if (keep == 0)
        return RONDO_OK;
    snprintf(name, sizeof name, "step-%lld.safetensors", (long long)run->progress.step);
    rondo_status status = rondo__model_write(run->task, rondo__run_path(run, name, path), run->average, metrics, err);
    if (!status) {
        rondo__folder_keep(run->options->folder, keep);
        rondo__run_event(run, RONDO_EVENT_SAVE, NULL, false, path);
    }
    return status;
}

static rondo_status keep_report(rondo__run *run, rondo_error *err) {
    rondo__text_free(&run->report);
    if (run->task->class->report)
        run->task->class->report(run->task, &run->report);
    return run->report.failed ? rondo__fail(err, RONDO_MEMORY, "train: no memory for the report") : RONDO_OK;
}

/* Takes the value into account; true: the best so far. */
static bool judge(rondo__run *run, const rondo_metrics *metrics) {
    const rondo__recipe_train *train = &run->task->recipe.train;
    rondo__progress *p = &run->progress;
    const double value = rondo_metrics_get(metrics, train->metric);
    const bool best = !isnan(value) && (!p->has_best || (train->metric_rises ? value > p->best : value < p->best));
    if (best) {
        p->has_best = 1;
        p->best = value;
        run->best = *metrics;
    }
    p->bad = best ? 0 : p->bad + 1;
    rondo__plateau_observe(&p->plateau, train, value);
    return best;
}

/* Without it no model would be the best one, and none would be kept. */
static rondo_status check_metric(const rondo__run *run, const rondo_metrics *metrics, rondo_error *err) {
    const char *name = run->task->recipe.train.metric;
    if (run->progress.has_best || !isnan(rondo_metrics_get(metrics, name)))
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT,
                       "train.metric: the evaluation has no number for '%s', which shall choose the best model (choose "
                       "another, or train longer before the first evaluation)",
                       name);
}

/* A loss so large that its perplexity overflows is as lost as one that is not a number. */
static rondo_status check_numbers(const rondo__run *run, const rondo_metrics *metrics, rondo_error *err) {
    const double loss = rondo_metrics_get(metrics, "valid_loss"), perplexity = rondo_metrics_get(metrics, "perplexity");
    char kept[RONDO__PATH], also[64] = "";
    if (isfinite(loss) && !isinf(perplexity)) /* NaN: the task has no perplexity */
        return check_metric(run, metrics, err);
    if (isfinite(loss))
        snprintf(also, sizeof also, ", its perplexity is not finite");
    return rondo__fail(err, RONDO_NUMERIC,
                       "train: step %lld: the validation loss is %g%s%s (lower train.optimizer.learning_rate or "
                       "train.clip_norm)",
                       (long long)run->progress.step, isnan(loss) ? fabs(loss) : loss, also,
                       rondo__run_kept(run, kept));
}

rondo_status rondo__run_evaluate(rondo__run *run, rondo_error *err) {
    rondo_metrics metrics = {0};
    rondo_status status = measure(run, &metrics, err);
    if (!status)
        status = check_numbers(run, &metrics, err);
    if (status)
        return status;
    const bool best = judge(run, &metrics);
    if (best)
        status = keep_report(run, err);
    if (!status)
        status = log_line(run, &metrics, best, err);
    run->progress.lines += !status;
    if (!status && best)
        status = save_best(run, err);
    if (!status)
        status = keep_model(run, &metrics, err);
    if (status)
        return status;
    rondo__run_event(run, RONDO_EVENT_EVALUATE, &metrics, best, NULL);
    run->progress.evaluated = run->progress.step;
    run->progress.loss_sum = 0;
    run->progress.loss_symbols = 0;
    run->busy = run->busy_symbols = 0;
    return rondo__checkpoint_save(run, err);
}

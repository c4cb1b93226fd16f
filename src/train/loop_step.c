/* One optimiser step: the gradients of one or several batches, then the update.
 *
 * A step of several batches follows the mean over all their symbols: each batch's mean is weighted by its share, its
 * symbols over those of the step's first batch, and the sum is divided by the sum of the shares. So batches of one size
 * have share 1, and a step of a single batch is untouched. */
#include <math.h>
#include <stdio.h>

#include "autograd/tape_blame.h"
#include "train/average.h"
#include "train/loop.h"

const char *rondo__run_kept(const rondo__run *run, char out[RONDO__PATH]) {
    const bool saved = rondo__file_exists(rondo__run_path(run, "model.safetensors", out));
    snprintf(out, RONDO__PATH, "%s%.200s", saved ? "; the last good model is kept in " : "",
             saved ? run->options->folder : "");
    return out;
}

/* ", first in 'lstm' at row 3, time step 15", or nothing where every call of the last batch is finite. */
static void first_bad(const rondo__run *run, char *out, size_t size) {
    rondo__blame blame;
    char place[128];
    if (rondo__tape_blame(run->tape, &blame))
        snprintf(out, size, ", first in %s", rondo__blame_text(&blame, place, sizeof place));
}

/* Numbers that are not finite end the run; the files keep what was saved last. batch: the last one that was computed.
 */
static rondo_status refuse_numbers(const rondo__run *run, int64_t epoch, int64_t batch, double loss, rondo_error *err) {
    const char *gradient = rondo__bad_gradient(run->task->params), *value = rondo__bad_value(run->task->params);
    char kept[RONDO__PATH], what[192], first[192] = "";
    if (gradient || !isfinite(loss)) /* else it was the update */
        first_bad(run, first, sizeof first);
    if (gradient)
        snprintf(what, sizeof what, ", the gradient of '%s' is not finite", gradient);
    else if (value)
        snprintf(what, sizeof what, ", '%s' is not finite after the update", value);
    else
        snprintf(what, sizeof what, "%s", isfinite(loss) ? ", the norm of the gradients is not finite" : "");
    return rondo__fail(err, RONDO_NUMERIC,
                       "train: step %lld (epoch %lld, batch %lld): the loss is %g%s%s%s (lower "
                       "train.optimizer.learning_rate or train.clip_norm)",
                       (long long)run->progress.step + 1, (long long)epoch + 1, (long long)batch + 1,
                       isnan(loss) ? fabs(loss) : loss, first, what, rondo__run_kept(run, kept));
}

/* Batches of one step, their symbols, and which the last one was. */
typedef struct step_tally {
    int64_t batches, first, all;
    int64_t epoch, batch;
} step_tally;

static double share(const step_tally *tally, int64_t symbols) {
    return tally->first > 0 ? (double)symbols / (double)tally->first : 1;
}

/* Is the batch that comes next the last one of the run? */
static bool is_last(const rondo__run *run, const step_tally *tally) {
    const rondo__progress *p = &run->progress;
    const bool ends_step = tally->batches + 1 == run->task->recipe.train.accumulate || p->batch + 1 == run->batches;
    return ends_step && p->step + 1 >= run->total;
}

static rondo_status one_batch(rondo__run *run, step_tally *tally, double *loss, rondo_error *err) {
    rondo__task_object *task = run->task;
    rondo__progress *p = &run->progress;
    const rondo_step step = {.training = true,
                             .recording = true,
                             .seed = task->recipe.train.seed,
                             .step = (uint64_t)(p->epoch * run->batches + p->batch)};
    int64_t symbols = 0;
    rondo_status status = rondo__batches_take(run, is_last(run, tally), err);
    if (status)
        return status;
    rondo_tape_begin(run->tape, &step);
    rondo_var *mean = task->class->loss(task, run->tape, p->epoch, p->batch, &symbols);
    status = rondo_tape_status(run->tape, err);
    if (status)
        return status;
    *loss = (double)*(const real *)mean->value.data;
    tally->first = tally->all ? tally->first : symbols;
    tally->all += symbols;
    tally->batches++;
    tally->epoch = p->epoch;
    tally->batch = p->batch;
    status = rondo_backward(run->tape, mean, (real)share(tally, symbols));
    if (status)
        return rondo_tape_status(run->tape, err) ? rondo_tape_status(run->tape, err)
                                                 : rondo__fail(err, status, "train: backward failed");
    if (!isfinite(*loss))
        return refuse_numbers(run, p->epoch, p->batch, *loss, err);
    if (task->class->after_batch)
        task->class->after_batch(task);
    p->loss_sum += *loss * (double)symbols;
    p->loss_symbols += symbols;
    run->busy_symbols += (double)symbols;
    run->sitting_symbols += (double)symbols;
    if (++p->batch == run->batches) {
        p->batch = 0;
        p->epoch++;
    }
    return RONDO_OK;
}

static rondo_status update(rondo__run *run, const step_tally *tally, double loss, rondo_error *err) {
    const rondo__recipe_train *train = &run->task->recipe.train;
    rondo__progress *p = &run->progress;
    run->last_rate = rondo__schedule_rate(train, &p->plateau, p->step, run->total);
    rondo__afterwards after = {.clear_grads = true, .average = run->average};
    const rondo_optimizer_update step = {.learning_rate = run->last_rate,
                                         .grad_scale = 1 / share(tally, tally->all),
                                         .clip_norm = train->clip_norm,
                                         .clip_value = train->clip_value};
    if (run->average)
        after.average_rate = rondo__average_rate(train->ema, p->step);
    /* A schedule may end at zero, which the optimiser takes for its default. */
    rondo_status status =
        rondo__optimizer_step(run->optimizer, run->last_rate > 0 ? &step : NULL, &after, &run->last_norm, err);
    if (status == RONDO_NUMERIC || (!status && !after.finite))
        return refuse_numbers(run, tally->epoch, tally->batch, loss, err);
    run->cleared = !status;
    return status;
}

rondo_status rondo__run_step(rondo__run *run, rondo_error *err) {
    rondo__progress *p = &run->progress;
    const double begun = rondo__clock_seconds();
    const int64_t most = run->task->recipe.train.accumulate;
    step_tally tally = {0};
    double loss = 0;
    if (!run->cleared) /* the first step, or one after a step that failed */
        rondo_params_clear_grads(run->task->params);
    run->cleared = false;
    do { /* a step does not reach over the end of an epoch */
        rondo_status status = one_batch(run, &tally, &loss, err);
        if (status)
            return status;
    } while (tally.batches < most && p->batch != 0);
    rondo_status status = update(run, &tally, loss, err);
    if (status)
        return status;
    p->step++;
    const double seconds = rondo__clock_seconds() - begun;
    run->busy += seconds;
    run->sitting_busy += seconds;
    return RONDO_OK;
}

/* How well does the classifier do? Examples run in batches by length; every one is counted once. */
#include <math.h>
#include <string.h>

#include "score/label_table.h"
#include "tasks/classify.h"
#include "train/metrics.h"

enum { BATCH = 64 };

const char *const rondo__classify_metrics[] = {"loss", "accuracy", "macro_f1", "roc_auc", "examples", NULL};

double rondo__classify_soften(const real *logit, int64_t C, double *out) {
    double highest = -INFINITY, sum = 0;
    for (int64_t k = 0; k < C; k++)
        highest = (double)logit[k] > highest || isnan(logit[k]) ? (double)logit[k] : highest;
    for (int64_t k = 0; k < C; k++)
        sum += exp((double)logit[k] - highest);
    for (int64_t k = 0; k < C; k++)
        out[k] = exp((double)logit[k] - highest) / sum;
    return highest + log(sum);
}

static rondo_status run_batch(rondo__classify *c, rondo_tape *tape, const rondo__classify_part *part, int64_t B,
                              const int64_t *example, double *probability, double *log_likelihood, rondo_error *err) {
    rondo_status status = rondo__classify_fill(c, part, B, example, err);
    if (status)
        return status;
    rondo_tape_begin(tape, NULL);
    const rondo_var *logits = rondo__classify_logits(c, tape);
    status = rondo_tape_status(tape, err);
    for (int64_t b = 0; b < B && !status; b++) {
        const real *row = (const real *)logits->value.data + b * c->C;
        const double whole = rondo__classify_soften(row, c->C, probability + example[b] * c->C);
        if (log_likelihood)
            log_likelihood[example[b]] = (double)row[part->label[example[b]]] - whole;
    }
    return status;
}

rondo_status rondo__classify_run(rondo__classify *c, rondo_tape *tape, const rondo__classify_part *part,
                                 double *probability, double *log_likelihood, rondo_error *err) {
    rondo__frame_batches batches;
    if (part->count == 0)
        return RONDO_OK;
    rondo_status status = rondo__frame_batches_make(&batches, part->count, part->length, BATCH, false, 0, err);
    if (status)
        return status;
    for (int64_t i = 0; i < batches.batches && !status; i++) {
        const int64_t *example;
        const int64_t B = rondo__frame_batches_get(&batches, 0, i, &example);
        status = run_batch(c, tape, part, B, example, probability, log_likelihood, err);
    }
    rondo__frame_batches_free(&batches);
    return status;
}

/* ---- scores ---- */

static void score_free(rondo__classify_score *s) {
    rondo__free(s->confusion);
    rondo__free(s->probability);
    rondo__free(s->truth);
    *s = (rondo__classify_score){0};
}

int32_t rondo__classify_best(const double *probability, int64_t C) {
    int32_t best = 0;
    for (int32_t k = 1; k < C; k++) {
        if (probability[k] > probability[best])
            best = k;
    }
    return best;
}

static rondo_status score_begin(rondo__classify_score *s, int64_t C, rondo_error *err) {
    size_t count;
    *s = (rondo__classify_score){0};
    if (rondo__size_mul((size_t)C, (size_t)C, &count))
        s->confusion = rondo__calloc(count, sizeof *s->confusion);
    return s->confusion ? RONDO_OK
                        : rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for %lld labels", (long long)C);
}

/* Room for the examples of one more part. */
static rondo_status score_grow(rondo__classify_score *s, int64_t C, int64_t more, rondo_error *err) {
    const size_t old = (size_t)s->count, all = old + (size_t)more;
    size_t cells;
    void *probability = NULL, *truth = NULL;
    if (rondo__size_mul(all, (size_t)C, &cells) && rondo__size_mul(cells, sizeof(double), &cells))
        probability = rondo__realloc(s->probability, old * (size_t)C * sizeof(double), cells);
    s->probability = probability ? probability : s->probability;
    if (probability)
        truth = rondo__realloc(s->truth, old * sizeof *s->truth, all * sizeof *s->truth);
    s->truth = truth ? truth : s->truth;
    return truth ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for %zu examples", all);
}

static rondo_status score_add(rondo__classify_score *s, rondo__classify *c, rondo_tape *tape,
                              const rondo__classify_part *part, rondo_error *err) {
    rondo_status status = score_grow(s, c->C, part->count, err);
    double *likelihood = status ? NULL : rondo__calloc((size_t)part->count, sizeof *likelihood);
    if (!status && !likelihood)
        status = rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for %lld examples", (long long)part->count);
    double *probability = status ? NULL : s->probability + s->count * c->C;
    if (!status)
        status = rondo__classify_run(c, tape, part, probability, likelihood, err);
    for (int64_t i = 0; i < part->count && !status; i++) {
        const int32_t guess = rondo__classify_best(probability + i * c->C, c->C);
        s->truth[s->count + i] = part->label[i];
        s->nats -= likelihood[i];
        status = rondo_confusion_add(s->confusion, c->C, 1, &part->label[i], &guess, err);
    }
    s->count += status ? 0 : part->count;
    rondo__free(likelihood);
    return status;
}

static rondo_status score_end(rondo__classify_score *s, rondo__classify *c, rondo_metrics *metrics, rondo_error *err) {
    const rondo_label_result result = rondo_confusion_score(s->confusion, c->C, NULL);
    double area = NAN;
    rondo_status status = rondo_roc_auc_classes(&area, s->count, c->C, s->probability, s->truth, err);
    if (status)
        return status;
    rondo__metrics_set(metrics, "loss", s->nats / (double)s->count);
    rondo__metrics_set(metrics, "accuracy", result.accuracy);
    rondo__metrics_set(metrics, "macro_f1", result.macro_f1);
    rondo__metrics_set(metrics, "roc_auc", area);
    rondo__metrics_set(metrics, "examples", (double)s->count);
    rondo__free(c->confusion);
    c->confusion = s->confusion;
    s->confusion = NULL;
    return RONDO_OK;
}

static rondo_status score_file(rondo__classify_score *s, rondo__classify *c, rondo_tape *tape, const char *file,
                               rondo_error *err) {
    rondo__classify_part part;
    rondo_status status = rondo__classify_open(c, file, &part, err);
    if (status)
        return status;
    status = score_add(s, c, tape, &part, err);
    rondo__classify_part_free(&part);
    return status;
}

rondo_status rondo__classify_evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                                      rondo_metrics *metrics, rondo_error *err) {
    rondo__classify *c = (rondo__classify *)task;
    rondo__classify_score s;
    rondo_status status = score_begin(&s, c->C, err);
    metrics->count = 0;
    if (!status && files == 0)
        status = score_add(&s, c, tape, &c->valid, err);
    for (int i = 0; i < files && !status; i++)
        status = score_file(&s, c, tape, file[i], err);
    if (!status)
        status = score_end(&s, c, metrics, err);
    score_free(&s);
    return status;
}

void rondo__classify_report(const rondo__task_object *task, rondo__text *lines) {
    const rondo__classify *c = (const rondo__classify *)task;
    if (c->confusion)
        rondo__label_table(lines, c->C, (const char *const *)c->labels.name, c->confusion);
}

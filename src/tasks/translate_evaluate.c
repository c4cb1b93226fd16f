/* How well does the model know pairs, and how good is what it writes? */
#include <math.h>

#include "rondo/score.h"
#include "tasks/translate.h"
#include "train/metrics.h"

const char *const rondo__translate_metrics[] = {
    "loss", "perplexity", "accuracy", "bleu", "chrf", "word_error_rate", "phone_error_rate", "tokens", NULL};

/* What a batch tells of each target. */
typedef struct answers_room {
    real *losses;  /* (T, B) */
    int32_t *best; /* (T, B) */
} answers_room;

static void count(const rondo__pair_batch *b, const int32_t *targets, const answers_room *a,
                  rondo__translate_totals *sum) {
    for (int64_t i = 0; i < b->T * b->B; i++) {
        if (targets[i] < 0)
            continue;
        sum->nats += (double)a->losses[i];
        sum->tokens++;
        sum->right += a->best[i] == targets[i];
    }
}

static rondo_status measure_batch(rondo__translate *t, rondo_tape *tape, rondo__room *room, rondo__part *part,
                                  int64_t batch, const answers_room *a, rondo__translate_totals *sum,
                                  rondo_error *err) {
    const rondo_pairs_batch pairs = rondo__room_fill(room, t, part, 0, batch);
    const rondo_seq2seq_loss_options options = {.divide_by = 1, .row_losses = a->losses, .best = a->best};
    rondo_tape_begin(tape, &(rondo_step){.same_parameters = batch > 0});
    rondo_seq2seq_loss(t->net, tape, &pairs, &options);
    rondo_status status = rondo_tape_status(tape, err);
    if (!status)
        count(&room->batch, pairs.copy_targets ? pairs.copy_targets : pairs.targets, a, sum);
    return status;
}

rondo_status rondo__translate_measure(rondo__translate *t, rondo_tape *tape, rondo__part *part,
                                      rondo__translate_totals *out, rondo_error *err) {
    rondo__room room = {0};
    const size_t cells = (size_t)part->batches.largest_cells;
    const answers_room a = {rondo__calloc(cells, sizeof(real)), rondo__calloc(cells, sizeof(int32_t))};
    *out = (rondo__translate_totals){.pairs = part->batches.pairs, .skipped = part->batches.skipped};
    rondo_status status = a.losses && a.best ? rondo__room_make(&room, t, part, err)
                                             : rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for a batch");
    for (int64_t i = 0; i < part->batches.batches && !status; i++)
        status = measure_batch(t, tape, &room, part, i, &a, out, err);
    rondo__room_free(&room);
    rondo__free(a.losses);
    rondo__free(a.best);
    return status;
}

void rondo__translate_loss_metrics(const rondo__translate_totals *totals, rondo_metrics *metrics) {
    const double tokens = (double)totals->tokens, loss = totals->nats / tokens;
    rondo__metrics_set(metrics, "loss", loss);
    rondo__metrics_set(metrics, "perplexity", exp(loss));
    rondo__metrics_set(metrics, "accuracy", (double)totals->right / tokens);
    rondo__metrics_set(metrics, "tokens", tokens);
}

/* ---- what it writes ---- */

void rondo__written_free(rondo__written *written) {
    for (int64_t i = 0; written->text && i < written->count; i++)
        rondo__free(written->text[i]);
    rondo__free(written->text);
    *written = (rondo__written){0};
}

/* The sources to write from: all lines, or of a dictionary each word once. NULL: out of memory. */
static const char **sources_of(const rondo__part *part, int64_t n) {
    const char **line = rondo__calloc((size_t)n + 1, sizeof(char *));
    for (int64_t i = 0; line && i < n; i++)
        line[i] = part->texts.source.line[part->answers.groups ? part->answers.index[part->answers.start[i]] : i];
    return line;
}

rondo_status rondo__translate_write(rondo__translate *t, const rondo__part *part,
                                    const rondo_translate_options *options, rondo__written *out, rondo_error *err) {
    const int64_t n = part->answers.groups ? part->answers.groups : part->texts.source.count;
    const char **line = sources_of(part, n);
    rondo_translation *found = rondo__calloc((size_t)n + 1, sizeof *found);
    *out = (rondo__written){n, rondo__calloc((size_t)n + 1, sizeof(char *))};
    rondo_status status = line && found && out->text
                              ? rondo__translate_lines(1, &t, n, line, options, found, err)
                              : rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for %lld lines", (long long)n);
    for (int64_t i = 0; i < n && !status; i++) {
        out->text[i] = found[i].text[0];
        found[i].text[0] = NULL;
        rondo_translation_free(&found[i]);
    }
    rondo__free(found);
    rondo__free(line);
    if (status)
        rondo__written_free(out);
    return status;
}

/* answer[k] for the pairs in order of their groups; first[g] is group g's own list. */
static rondo_status error_rates(const rondo__part *part, const rondo__written *written, const char **answer,
                                const char *const **first, int64_t *counts, rondo_error_rates *out, rondo_error *err) {
    const rondo__answers *a = &part->answers;
    for (int64_t k = 0; k < a->start[a->groups]; k++)
        answer[k] = part->texts.target.line[a->index[k]];
    for (int64_t g = 0; g < a->groups; g++) {
        first[g] = answer + a->start[g];
        counts[g] = a->start[g + 1] - a->start[g];
    }
    return rondo_error_rates_corpus(out, a->groups, (const char *const *)written->text,
                                    (const char *const *const *)first, counts, err);
}

rondo_status rondo__translate_error_rates(const rondo__part *part, const rondo__written *written,
                                          rondo_metrics *metrics, rondo_error *err) {
    const size_t groups = (size_t)part->answers.groups, pairs = (size_t)part->texts.target.count;
    const char **answer = rondo__calloc(pairs + 1, sizeof(char *));
    const char *const **first = rondo__calloc(groups + 1, sizeof(const char *const *));
    int64_t *counts = rondo__calloc(groups + 1, sizeof *counts);
    rondo_error_rates rates;
    rondo_status status = answer && first && counts
                              ? error_rates(part, written, answer, first, counts, &rates, err)
                              : rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for the answers");
    if (!status) {
        rondo__metrics_set(metrics, "word_error_rate", rates.segment_error_rate);
        rondo__metrics_set(metrics, "phone_error_rate", rates.symbol_error_rate);
    }
    rondo__free(answer);
    rondo__free(first);
    rondo__free(counts);
    return status;
}

static rondo_status line_scores(const rondo__part *part, const rondo__written *written, rondo_metrics *metrics,
                                rondo_error *err) {
    const char *const *reference = (const char *const *)part->texts.target.line;
    rondo_bleu bleu;
    double chrf;
    rondo_status status = rondo_bleu_corpus(&bleu, written->count, (const char *const *)written->text, reference,
                                            RONDO_BLEU_NONE, false, err);
    if (!status)
        status = rondo_chrf_corpus(&chrf, written->count, (const char *const *)written->text, reference, err);
    if (!status) {
        rondo__metrics_set(metrics, "bleu", bleu.bleu);
        rondo__metrics_set(metrics, "chrf", chrf);
    }
    return status;
}

static rondo_status evaluate_part(rondo__translate *t, rondo_tape *tape, rondo__part *part, rondo_metrics *metrics,
                                  rondo_error *err) {
    const rondo_translate_options greedy = {0};
    rondo__translate_totals totals;
    rondo__written written = {0};
    metrics->count = 0;
    rondo_status status = rondo__translate_measure(t, tape, part, &totals, err);
    if (status)
        return status;
    rondo__translate_loss_metrics(&totals, metrics);
    if (!isfinite(totals.nats)) /* nothing can be written by it */
        return RONDO_OK;
    status = rondo__translate_write(t, part, &greedy, &written, err);
    if (!status)
        status = rondo__translate_is_dictionary(t) ? rondo__translate_error_rates(part, &written, metrics, err)
                                                   : line_scores(part, &written, metrics, err);
    rondo__written_free(&written);
    return status;
}

rondo_status rondo__translate_evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                                       rondo_metrics *metrics, rondo_error *err) {
    rondo__translate *t = (rondo__translate *)task;
    rondo__part part;
    if (files == 0 && !t->valid.texts.source.line)
        return rondo__fail(err, RONDO_ARGUMENT, "evaluate: no files are given");
    if (files == 0) {
        rondo_status status = evaluate_part(t, tape, &t->valid, metrics, err);
        rondo_decoding_close(&t->decoding); /* parameters move on */
        return status;
    }
    rondo_status status = rondo__translate_read_part(t, &part, files, file, err);
    if (status)
        return status;
    status = evaluate_part(t, tape, &part, metrics, err);
    rondo__part_free(&part);
    return status;
}

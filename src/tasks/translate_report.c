/* An evaluation for people: scores with their signature, and BLEU by the length of the source. */
#include <math.h>
#include <string.h>

#include "tasks/model.h"
#include "tasks/translate.h"
#include "train/metrics.h"

static const int64_t lows[RONDO_TRANSLATE_BUCKETS] = {1, 6, 9, 12, 15, 20};
enum { LONG = 12 };

void rondo_translate_report_free(rondo_translate_report *report) {
    if (!report)
        return;
    for (int64_t i = 0; report->system && i < report->segments; i++)
        rondo__free(report->system[i]);
    for (int64_t i = 0; report->reference && i < report->segments; i++)
        rondo__free(report->reference[i]);
    rondo__free(report->system);
    rondo__free(report->reference);
    *report = (rondo_translate_report){0};
}

/* BLEU of the lines with low to high source symbols, by lists that the caller lends. */
static rondo_status bleu_between(const rondo_translate_report *r, const rondo__id_lines *source,
                                 const rondo_translate_evaluate_options *o, int64_t low, int64_t high,
                                 const char **system, const char **reference, rondo_translate_bucket *out,
                                 rondo_error *err) {
    rondo_bleu bleu;
    *out = (rondo_translate_bucket){.low = low, .high = high, .bleu = NAN};
    for (int64_t i = 0; i < r->segments; i++) {
        const int64_t n = rondo__id_lines_length(source, i);
        if (n < low || (high && n > high))
            continue;
        system[out->segments] = r->system[i];
        reference[out->segments++] = r->reference[i];
    }
    if (out->segments == 0)
        return RONDO_OK;
    rondo_status status = rondo_bleu_corpus(&bleu, out->segments, system, reference, o->tokenizer, o->lowercase, err);
    if (!status)
        out->bleu = bleu.bleu;
    return status;
}

static rondo_status by_length(rondo_translate_report *r, const rondo__id_lines *source,
                              const rondo_translate_evaluate_options *o, rondo_error *err) {
    const char **list = rondo__calloc(2 * (size_t)r->segments + 1, sizeof(char *));
    const char **reference = list + r->segments;
    rondo_translate_bucket part;
    rondo_status status = list ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for the lines");
    for (int i = 0; i < RONDO_TRANSLATE_BUCKETS && !status; i++) {
        const int64_t high = i + 1 < RONDO_TRANSLATE_BUCKETS ? lows[i + 1] - 1 : 0;
        status = bleu_between(r, source, o, lows[i], high, list, reference, &r->bucket[r->buckets++], err);
    }
    for (int i = 0; i < 2 && !status; i++) {
        status = bleu_between(r, source, o, i ? LONG : 1, i ? 0 : LONG - 1, list, reference, &part, err);
        if (!status && part.segments)
            rondo__metrics_set(&r->metrics, i ? "bleu_long" : "bleu_short", part.bleu);
    }
    rondo__free(list);
    return status;
}

static rondo_status score_lines(rondo_translate_report *r, const rondo__id_lines *source,
                                const rondo_translate_evaluate_options *o, rondo_error *err) {
    const char *const *system = (const char *const *)r->system, *const *reference = (const char *const *)r->reference;
    rondo_bleu bleu;
    double chrf = 0, ter = 0;
    rondo_status status = rondo_bleu_corpus(&bleu, r->segments, system, reference, o->tokenizer, o->lowercase, err);
    if (!status)
        status = rondo_chrf_corpus(&chrf, r->segments, system, reference, err);
    if (!status)
        status = rondo_ter_corpus(&ter, r->segments, system, reference, err);
    if (status)
        return status;
    rondo__metrics_set(&r->metrics, "bleu", bleu.bleu);
    rondo__metrics_set(&r->metrics, "chrf", chrf);
    rondo__metrics_set(&r->metrics, "ter", ter);
    memcpy(r->signature, bleu.signature, sizeof r->signature);
    return by_length(r, source, o, err);
}

/* Takes the written lines over, and copies what they should be. */
static rondo_status take_lines(rondo_translate_report *r, rondo__written *written, const rondo__part *part,
                               rondo_error *err) {
    const rondo__answers *a = &part->answers;
    r->segments = written->count;
    r->system = written->text;
    *written = (rondo__written){0};
    r->reference = rondo__calloc((size_t)r->segments + 1, sizeof(char *));
    bool whole = r->reference != NULL;
    for (int64_t i = 0; i < r->segments && whole; i++) {
        const int64_t pair = a->groups ? a->index[a->start[i]] : i;
        whole = (r->reference[i] = rondo__strdup(part->texts.target.line[pair])) != NULL;
    }
    return whole ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for the references");
}

static rondo_status write_and_score(rondo__translate *t, const rondo__part *part,
                                    const rondo_translate_evaluate_options *o, rondo_translate_report *out,
                                    rondo_error *err) {
    const rondo_translate_options how = {.search = o->search, .batch = o->batch};
    rondo__written written;
    rondo_status status = rondo__translate_write(t, part, &how, &written, err);
    if (status)
        return status;
    if (rondo__translate_is_dictionary(t))
        status = rondo__translate_error_rates(part, &written, &out->metrics, err);
    if (!status)
        status = take_lines(out, &written, part, err);
    rondo__written_free(&written);
    if (!status && !rondo__translate_is_dictionary(t))
        status = score_lines(out, &part->source, o, err);
    return status;
}

static rondo_status report_part(rondo_model *model, rondo__part *part, const rondo_translate_evaluate_options *o,
                                rondo_translate_report *out, rondo_error *err) {
    rondo__translate *t = (rondo__translate *)model->task;
    rondo__translate_totals totals;
    rondo_status status = rondo__translate_measure(t, model->tape, part, &totals, err);
    if (status)
        return status;
    if (!isfinite(totals.nats))
        return rondo__fail(err, RONDO_NUMERIC,
                           "%s: the loss is not finite (some weight of the model is not, or is far too large)",
                           model->path);
    rondo__translate_loss_metrics(&totals, &out->metrics);
    out->skipped = totals.skipped;
    return write_and_score(t, part, o, out, err);
}

rondo_status rondo_model_evaluate_pairs(rondo_model *model, int files, const char *const *file,
                                        const rondo_translate_evaluate_options *options, rondo_translate_report *out,
                                        rondo_error *err) {
    const rondo_translate_evaluate_options plain = {0};
    rondo__part part;
    if (!model || !file || files < 1 || !out)
        return rondo__fail(err, RONDO_ARGUMENT, "evaluate: needs a model, its files, and a place for the report");
    *out = (rondo_translate_report){0};
    if (model->task->class != &rondo__translate_class)
        return rondo__fail(err, RONDO_UNSUPPORTED, "evaluate: only an encoder-decoder knows pairs (this one is for %s)",
                           model->task->class->name);
    rondo_status status = rondo__translate_read_part((rondo__translate *)model->task, &part, files, file, err);
    if (status)
        return status;
    status = report_part(model, &part, options ? options : &plain, out, err);
    rondo__part_free(&part);
    if (status)
        rondo_translate_report_free(out);
    return status;
}

/* How well does the model transcribe? The loss of what is right, and the greedy text beside it. Recordings run in
 * batches by length; each is counted once. */
#include <math.h>
#include <string.h>

#include "tasks/transcribe.h"
#include "train/metrics.h"

enum { BATCH = 32 };

typedef struct totals {
    double nats;
    int64_t symbols, recordings;
    int64_t passed; /* recordings that the loss leaves out: too short for their label, or a foreign symbol */
    rondo__transcribe_score score;
} totals;

typedef struct reading {
    rondo__transcribe *t;
    rondo_tape *tape;
    const rondo__transcribe_part *part;
    real *losses, *row; /* (BATCH); (T, V) of one recording, grows */
    size_t room;
    rondo__text text;
    totals *sum;
} reading;

/* ---- what the model writes ---- */

static rondo_status take_row(reading *r, const rondo_var *log_p, int64_t b, int64_t T, rondo_error *err) {
    const int64_t B = log_p->value.dims[1], V = log_p->value.dims[2];
    const size_t needed = (size_t)(T * V);
    if (needed > r->room) {
        rondo__free(r->row);
        r->row = rondo__calloc(needed, sizeof *r->row);
        r->room = r->row ? needed : 0;
        if (!r->row)
            return rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for %lld steps", (long long)T);
    }
    for (int64_t t = 0; t < T; t++)
        memcpy(r->row + t * V, (const real *)log_p->value.data + (t * B + b) * V, (size_t)V * sizeof *r->row);
    return RONDO_OK;
}

static rondo_status write_row(reading *r, const rondo_var *log_p, int64_t b, int64_t example, rondo_error *err) {
    const rondo__transcribe *t = r->t;
    rondo_ctc_hypothesis found = {0};
    const int64_t T = t->room[t->base.slot].frames.lengths[b];
    rondo_status status = take_row(r, log_p, b, T, err);
    if (!status)
        status = rondo_ctc_decode(&found, T, t->V, r->row, &(rondo_ctc_search){.blank = t->blank}, err);
    r->text.size = 0;
    rondo__text_add(&r->text, "", 0);
    if (!status)
        status = rondo__tokenizer_decode(t->tokenizer, found.symbol, found.count, true, &r->text);
    if (status == RONDO_MEMORY)
        (void)rondo__fail(err, status, "evaluate: no memory for a text");
    if (!status)
        status =
            rondo__transcribe_score_add(&r->sum->score, r->part->texts.line[example], r->text.size ? r->text.data : "",
                                        t->base.recipe.data.tokenizer.lowercase, err);
    rondo_ctc_hypothesis_free(&found);
    return status;
}

/* ---- batches ---- */

static void count_losses(reading *r, int64_t B, const int64_t *example) {
    for (int64_t b = 0; b < B; b++) {
        const double loss = (double)r->losses[b];
        const bool passed = r->part->foreign[example[b]] || isinf(loss);
        r->sum->recordings++;
        r->sum->passed += passed;
        r->sum->nats += passed ? 0 : loss;
        r->sum->symbols += passed ? 0 : r->t->room[r->t->base.slot].target_lengths[b];
    }
}

static rondo_status read_batch(reading *r, int64_t B, const int64_t *example, rondo_error *err) {
    rondo__transcribe *t = r->t;
    const rondo__transcribe_room *room = &t->room[t->base.slot];
    rondo_status status = rondo__transcribe_fill(t, r->part, B, example, err);
    if (status)
        return status;
    const rondo_ctc_options options = {
        .lengths = room->frames.lengths, .blank = t->blank, .skip_impossible = true, .row_losses = r->losses};
    rondo_tape_begin(r->tape, NULL);
    rondo_var *logits = rondo__transcribe_logits(t, r->tape);
    (void)rondo_ctc_loss(r->tape, logits, room->target, room->target_lengths, &options);
    const rondo_var *log_p = rondo_log_softmax(r->tape, logits);
    status = rondo_tape_status(r->tape, err);
    if (status)
        return status;
    count_losses(r, B, example);
    for (int64_t b = 0; b < B && !status && !isnan(r->sum->nats); b++)
        status = write_row(r, log_p, b, example[b], err);
    return status;
}

static rondo_status read_part(rondo__transcribe *t, rondo_tape *tape, const rondo__transcribe_part *part, totals *sum,
                              rondo_error *err) {
    rondo__frame_batches batches = {0};
    reading r = {.t = t, .tape = tape, .part = part, .sum = sum, .losses = rondo__calloc(BATCH, sizeof *r.losses)};
    rondo_status status = r.losses ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "evaluate: no memory");
    if (!status && part->count > 0)
        status = rondo__frame_batches_make(&batches, part->count, part->length, BATCH, false, 0, err);
    for (int64_t i = 0; !status && i < batches.batches; i++) {
        const int64_t *example;
        const int64_t B = rondo__frame_batches_get(&batches, 0, i, &example);
        status = read_batch(&r, B, example, err);
    }
    rondo__frame_batches_free(&batches);
    rondo__text_free(&r.text);
    rondo__free(r.losses);
    rondo__free(r.row);
    return status;
}

static rondo_status read_file(rondo__transcribe *t, rondo_tape *tape, const char *file, totals *sum, rondo_error *err) {
    rondo__transcribe_part part;
    rondo_status status = rondo__transcribe_open(t, file, &part, err);
    if (status)
        return status;
    status = read_part(t, tape, &part, sum, err);
    rondo__transcribe_part_free(&part);
    return status;
}

/* ---- the sum ---- */

const char *const rondo__transcribe_metrics[] = {"loss",       "cer",     "wer",         "label_error_rate",
                                                 "recordings", "symbols", "passed_over", NULL};

static double ratio(int64_t a, int64_t b) { return (double)a / (double)(b > 0 ? b : 1); }

static void set_metrics(const totals *sum, rondo_metrics *metrics) {
    const rondo__transcribe_score *s = &sum->score;
    metrics->count = 0;
    rondo__metrics_set(metrics, "loss", sum->nats / (double)(sum->symbols > 0 ? sum->symbols : 1));
    rondo__metrics_set(metrics, "cer", ratio(s->changed + s->missing + s->added, s->characters));
    rondo__metrics_set(metrics, "wer", ratio(s->word_edits, s->words));
    rondo__metrics_set(metrics, "label_error_rate", ratio(s->wrong, s->texts));
    rondo__metrics_set(metrics, "recordings", (double)sum->recordings);
    rondo__metrics_set(metrics, "symbols", (double)sum->symbols);
    rondo__metrics_set(metrics, "passed_over", (double)sum->passed);
}

static rondo_status tell(rondo__transcribe *t, totals *sum, rondo_error *err) {
    rondo__text_free(&t->report);
    if (sum->passed > 0)
        rondo__text_format(&t->report,
                           "the loss passes over %lld of %lld recordings: too short for their label, or with a symbol "
                           "that no training label has\n",
                           (long long)sum->passed, (long long)sum->recordings);
    rondo__transcribe_score_tell(&sum->score, &t->report);
    return t->report.failed ? rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for the report") : RONDO_OK;
}

rondo_status rondo__transcribe_evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                                        rondo_metrics *metrics, rondo_error *err) {
    rondo__transcribe *t = (rondo__transcribe *)task;
    totals sum = {0};
    rondo_status status = RONDO_OK;
    if (files == 0)
        status = read_part(t, tape, &t->valid, &sum, err);
    for (int i = 0; i < files && !status; i++)
        status = read_file(t, tape, file[i], &sum, err);
    if (!status && files > 0 && sum.passed == sum.recordings)
        status = rondo__fail(err, RONDO_FORMAT,
                             "%s: no recording has a loss: each label has a symbol that no training label has, or more "
                             "symbols than its recording has steps",
                             file[0]);
    if (!status) {
        set_metrics(&sum, metrics);
        status = tell(t, &sum, err);
    }
    rondo__transcribe_score_free(&sum.score);
    return status;
}

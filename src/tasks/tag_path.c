/* Scores of labels to labels, for one batch.
 *
 * Without a CRF and without rules each word's best label is taken by itself, else the best path (Viterbi), a model
 * without a CRF having transitions of zero.
 *
 * How sure is a label? Without a CRF by its softmax; with one by its marginal. The loss of a path y is
 * log Z - score(y), so its gradient at the emission of y_t is the marginal of y_t less 1: one backward pass gives all.
 */
#include <math.h>
#include <string.h>

#include "tasks/tag.h"

typedef struct pathing {
    rondo__tag *t;
    rondo_tape *tape;
    const real *emission; /* (T, B, K) */
    rondo__tag_path *out;
    rondo_error *err;
} pathing;

static void *room(const pathing *p, int64_t count, size_t bytes) {
    size_t all;
    return rondo__size_mul((size_t)count, bytes, &all) ? rondo__arena_push(&p->t->batch.room, all) : NULL;
}

static rondo_status no_memory(const pathing *p) {
    return rondo__fail(p->err, RONDO_MEMORY, "tag: no memory for a batch of %lld sentences", (long long)p->t->batch.B);
}

/* ---- each word by itself ---- */

static int64_t best_of(const real *row, int64_t K) {
    int64_t best = 0;
    for (int64_t k = 1; k < K; k++)
        best = row[k] > row[best] ? k : best;
    return best;
}

/* log(sum exp) of a row, in double. */
static double log_sum(const real *row, int64_t K, int64_t best) {
    double sum = 0;
    for (int64_t k = 0; k < K; k++)
        sum += exp((double)row[k] - (double)row[best]);
    return (double)row[best] + log(sum);
}

/* Labels (unless a path gave them), losses and probabilities of the softmax. */
static void read_words(const pathing *p, bool labelled) {
    const rondo__tag_batch *b = &p->t->batch;
    const int64_t K = p->t->K;
    for (int64_t i = 0; i < b->T * b->B; i++) {
        const real *row = p->emission + i * K;
        p->out->losses[i] = 0;
        if (b->words[i] < 0)
            continue;
        const int64_t best = best_of(row, K);
        const double whole = log_sum(row, K, best);
        p->out->finite = p->out->finite && isfinite(whole);
        if (!labelled)
            p->out->label[i] = (int32_t)best;
        if (b->targets[i] >= 0)
            p->out->losses[i] = (real)(whole - (double)row[b->targets[i]]);
        if (p->out->probability)
            p->out->probability[i] = exp((double)row[p->out->label[i]] - whole);
    }
}

/* ---- paths ---- */

/* What ending in each label scores: the CRF's, and the rules'. */
static const real *end_scores(const pathing *p, const real *learned) {
    const real *ruled = p->t->rules.end;
    if (!learned || !ruled)
        return learned ? learned : ruled;
    real *both = room(p, p->t->K, sizeof *both);
    for (int64_t k = 0; both && k < p->t->K; k++)
        both[k] = learned[k] + ruled[k];
    return both;
}

static rondo_status find_best(const pathing *p) {
    const rondo__tag *t = p->t;
    const rondo__tag_batch *b = &t->batch;
    const rondo__tag_rules *rules = &t->rules;
    const rondo_crf_weights w = t->crf ? rondo_crf_use(t->crf, p->tape) : (rondo_crf_weights){0};
    const real *learned = w.end ? w.end->value.data : NULL, *end = end_scores(p, learned);
    if (learned && !end)
        return no_memory(p);
    return rondo_crf_decode(t->base.context, p->out->label, NULL, b->T, b->B, t->K, p->emission, b->lengths,
                            w.transition ? w.transition->value.data : rules->none, w.start ? w.start->value.data : NULL,
                            end, rules->allowed, rules->start, p->err);
}

/* Sentences whose tags are all known have a loss. */
static rondo_status path_losses(const pathing *p, rondo_var *emission) {
    const rondo__tag_batch *b = &p->t->batch;
    int32_t *lengths = room(p, b->B, sizeof *lengths);
    if (!lengths)
        return no_memory(p);
    for (int64_t r = 0; r < b->B; r++) {
        lengths[r] = b->lengths[r];
        for (int64_t i = 0; i < b->lengths[r]; i++)
            lengths[r] = b->targets[i * b->B + r] < 0 ? 0 : lengths[r];
    }
    const rondo_crf_weights weights = rondo_crf_use(p->t->crf, p->tape);
    rondo_crf_loss(p->tape, emission, b->targets, &weights,
                   &(rondo_crf_options){.lengths = lengths, .divide_by = 1, .row_losses = p->out->losses});
    return rondo_tape_status(p->tape, p->err);
}

/* Begins another step on the tape: what was on it is gone. */
static rondo_status path_probabilities(const pathing *p) {
    const rondo__tag_batch *b = &p->t->batch;
    const int64_t dims[3] = {b->T, b->B, p->t->K}, count = b->T * b->B * p->t->K;
    real *kept = room(p, count, sizeof *kept), *grad = room(p, count, sizeof *grad);
    if (!kept || !grad)
        return no_memory(p);
    memcpy(kept, p->emission, (size_t)count * sizeof *kept);
    memset(grad, 0, (size_t)count * sizeof *grad);
    const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, kept, 3, dims);
    rondo_tape_begin(p->tape, &(rondo_step){.recording = true, .same_parameters = true});
    const rondo_crf_weights weights = rondo_crf_use(p->t->crf, p->tape);
    rondo_var *loss = rondo_crf_loss(p->tape, rondo_leaf(p->tape, &tensor, grad), p->out->label, &weights,
                                     &(rondo_crf_options){.lengths = b->lengths, .divide_by = 1});
    rondo_status status = rondo_tape_status(p->tape, p->err);
    if (!status)
        status = rondo_backward(p->tape, loss, 1);
    for (int64_t i = 0; i < b->T * b->B && !status; i++) {
        const double x = b->words[i] < 0 ? 0 : 1 + (double)grad[i * p->t->K + p->out->label[i]];
        p->out->probability[i] = x < 0 ? 0 : x > 1 ? 1 : x;
    }
    return status;
}

static rondo_status find_path(const pathing *p, rondo_var *emission) {
    const bool path = p->t->crf || p->t->rules.allowed;
    rondo_status status = path ? find_best(p) : RONDO_OK;
    if (!status && !p->t->crf)
        read_words(p, path);
    if (!status && p->t->crf) {
        const int64_t cells = p->t->batch.T * p->t->batch.B;
        for (int64_t i = 0; i < cells * p->t->K; i++)
            p->out->finite = p->out->finite && isfinite(p->emission[i]);
        status = path_losses(p, emission);
        if (!status && p->out->probability && p->out->finite)
            status = path_probabilities(p);
    }
    return status;
}

rondo_status rondo__tag_find_path(rondo__tag *t, rondo_tape *tape, rondo_var *emission, bool probabilities,
                                  rondo__tag_path *out, rondo_error *err) {
    const int64_t cells = t->batch.T * t->batch.B;
    pathing p = {.t = t, .tape = tape, .out = out, .err = err};
    rondo_status status = rondo_tape_status(tape, err);
    if (status)
        return status;
    p.emission = emission->value.data;
    *out = (rondo__tag_path){room(&p, cells, sizeof *out->label), room(&p, cells, sizeof *out->losses), NULL, true};
    if (probabilities)
        out->probability = room(&p, cells, sizeof *out->probability);
    if (!out->label || !out->losses || (probabilities && !out->probability))
        return no_memory(&p);
    return find_path(&p, emission);
}

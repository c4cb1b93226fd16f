/* How well does the model know a text?
 *
 * The text is read in order with carried states. A long text is cut into up to 16 streams that run side by side; each
 * but the first starts WARM_UP symbols before its part, where nothing is counted yet, so that its state has read what
 * precedes. Every symbol after the first is counted exactly once. The cut depends on the text's length alone. */
#include <math.h>
#include <stdio.h>

#include "tasks/language_model.h"
#include "train/metrics.h"

enum { MOST_STREAMS = 16, STREAM_LENGTH = 2048, WARM_UP = 256, MOST_STEPS = 128 };
#define MOST_LOGITS ((int64_t)1 << 24)

typedef struct totals {
    double nats;
    int64_t symbols, characters, unknown;
} totals;

/* A text being read. Stream b is at symbol first[b] at step 0, counts targets from counted[b] on, and ends before
 * last[b]. */
typedef struct reading {
    const int32_t *ids;
    int64_t S, T, steps; /* streams, steps of a chunk, steps of the longest stream */
    int64_t first[MOST_STREAMS], counted[MOST_STREAMS], last[MOST_STREAMS];
    int32_t *inputs, *known, *targets; /* (T, S) */
    real *losses;                      /* (T, S) */
    int32_t lengths[MOST_STREAMS];
    rondo__lm_memory memory;
} reading;

static void plan(reading *r, const rondo__lm *lm, const int32_t *ids, int64_t count) {
    const int64_t pairs = count - 1;
    r->ids = ids;
    r->S = pairs / STREAM_LENGTH < 1 ? 1 : pairs / STREAM_LENGTH > MOST_STREAMS ? MOST_STREAMS : pairs / STREAM_LENGTH;
    r->T = MOST_LOGITS / (r->S * lm->V);
    r->T = r->T < 1 ? 1 : r->T > MOST_STEPS ? MOST_STEPS : r->T;
    r->steps = 0;
    for (int64_t b = 0; b < r->S; b++) {
        r->counted[b] = pairs / r->S * b + pairs % r->S * b / r->S;
        r->last[b] = pairs / r->S * (b + 1) + pairs % r->S * (b + 1) / r->S;
        r->first[b] = r->counted[b] > WARM_UP ? r->counted[b] - WARM_UP : 0;
        r->steps = r->last[b] - r->first[b] > r->steps ? r->last[b] - r->first[b] : r->steps;
    }
}

static rondo_status make_room(reading *r, const rondo__lm *lm, rondo_error *err) {
    const size_t n = (size_t)(r->T * r->S);
    r->inputs = rondo__calloc(n, sizeof *r->inputs);
    r->known = rondo__calloc(n, sizeof *r->known);
    r->targets = rondo__calloc(n, sizeof *r->targets);
    r->losses = rondo__calloc(n, sizeof *r->losses);
    if (!r->inputs || !r->known || !r->targets || !r->losses)
        return rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for a chunk of the text");
    return rondo__lm_memory_make(&r->memory, lm->net, r->S, err);
}

static void clear_room(reading *r) {
    rondo__free(r->inputs);
    rondo__free(r->known);
    rondo__free(r->targets);
    rondo__free(r->losses);
    rondo__lm_memory_free(&r->memory);
}

/* Steps [at, at + T) of every stream. */
static void fill(reading *r, int64_t at, int64_t T) {
    for (int64_t b = 0; b < r->S; b++) {
        const int64_t left = r->last[b] - r->first[b] - at;
        r->lengths[b] = (int32_t)(left < 0 ? 0 : left > T ? T : left);
        for (int64_t t = 0; t < T; t++) {
            const int64_t place = t * r->S + b, from = r->first[b] + at + t;
            const bool runs = t < r->lengths[b];
            r->inputs[place] = runs ? r->ids[from] : -1;
            r->known[place] = runs ? r->ids[from + 1] : -1;
            r->targets[place] = runs && from >= r->counted[b] ? r->ids[from + 1] : -1;
        }
    }
}

static void count(const reading *r, int64_t T, int32_t unknown, totals *sum) {
    for (int64_t i = 0; i < T * r->S; i++) {
        if (r->targets[i] < 0)
            continue;
        sum->nats += (double)r->losses[i];
        sum->symbols++;
        sum->unknown += r->targets[i] == unknown;
    }
}

static rondo_status read_chunk(rondo__lm *lm, rondo_tape *tape, reading *r, int64_t at, totals *sum, rondo_error *err) {
    const int64_t T = r->steps - at < r->T ? r->steps - at : r->T;
    rondo_states initial, final_states = {0};
    fill(r, at, T);
    rondo_tape_begin(tape, NULL);
    if (at > 0)
        rondo__lm_memory_use(&r->memory, tape, &initial);
    const rondo__lm_chunk chunk = {.T = T,
                                   .B = r->S,
                                   .inputs = r->inputs,
                                   .targets = r->targets,
                                   .known = r->known,
                                   .lengths = r->lengths,
                                   .initial = at > 0 ? &initial : NULL,
                                   .final_states = &final_states,
                                   .loss = {.divide_by = 1, .row_losses = r->losses}};
    rondo__lm_loss(lm, tape, &chunk);
    rondo_status status = rondo_tape_status(tape, err);
    if (status)
        return status;
    count(r, T, rondo__tokenizer_unknown(lm->tokenizer), sum);
    rondo__lm_memory_take(&r->memory, &final_states);
    return RONDO_OK;
}

static rondo_status read_text(rondo__lm *lm, rondo_tape *tape, const int32_t *ids, int64_t n, totals *sum,
                              rondo_error *err) {
    reading r = {0};
    plan(&r, lm, ids, n);
    rondo_status status = make_room(&r, lm, err);
    for (int64_t at = 0; at < r.steps && !status; at += r.T)
        status = read_chunk(lm, tape, &r, at, sum, err);
    clear_room(&r);
    return status;
}

static rondo_status read_file(rondo__lm *lm, rondo_tape *tape, const char *path, totals *sum, rondo_error *err) {
    int32_t *ids = NULL;
    int64_t n = 0, characters = 0;
    char room[RONDO__PATH];
    rondo_status status = rondo__lm_encode_file(lm, rondo__data_find(path, room), &ids, &n, &characters, err);
    if (!status && n < 2)
        status =
            rondo__fail(err, RONDO_FORMAT, "%s: too short: %lld symbols (at least 2 are needed)", path, (long long)n);
    if (!status)
        status = read_text(lm, tape, ids, n, sum, err);
    sum->characters += characters;
    rondo__free(ids);
    return status;
}

const char *const rondo__lm_metrics[] = {
    "loss",    "nats_per_symbol", "bits_per_symbol", "perplexity", "nats_per_character", "bits_per_character",
    "symbols", "characters",      "unknown",         NULL};

static void report(const totals *sum, rondo_metrics *metrics) {
    const double ln2 = 0.69314718055994530942;
    const double symbol = sum->nats / (double)sum->symbols, character = sum->nats / (double)sum->characters;
    const double values[] = {symbol,
                             symbol,
                             symbol / ln2,
                             exp(symbol),
                             character,
                             character / ln2,
                             (double)sum->symbols,
                             (double)sum->characters,
                             (double)sum->unknown};
    _Static_assert(sizeof values / sizeof *values + 1 == sizeof rondo__lm_metrics / sizeof *rondo__lm_metrics,
                   "a value for each name");
    metrics->count = 0;
    for (int i = 0; rondo__lm_metrics[i]; i++)
        rondo__metrics_set(metrics, rondo__lm_metrics[i], values[i]);
}

rondo_status rondo__lm_evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                                rondo_metrics *metrics, rondo_error *err) {
    rondo__lm *lm = (rondo__lm *)task;
    totals sum = {0};
    rondo_status status = RONDO_OK;
    if (files == 0 && !lm->valid)
        return rondo__fail(err, RONDO_ARGUMENT, "evaluate: no text is given");
    if (files == 0) {
        sum.characters = lm->valid_characters;
        status = read_text(lm, tape, lm->valid, lm->valid_count, &sum, err);
    }
    for (int i = 0; i < files && !status; i++)
        status = read_file(lm, tape, file[i], &sum, err);
    if (!status)
        report(&sum, metrics);
    return status;
}

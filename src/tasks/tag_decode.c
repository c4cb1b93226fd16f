/* Sentences as numbers to labels. They are taken in order of length, so that little of a batch is padding; a batch is
 * as large as CELLS allow, and a longer sentence one by itself. No sentence's result depends on its batch. */
#include <stdlib.h>

#include "tasks/tag.h"

enum { CELLS = 4096, MOST_SENTENCES = 128 };

typedef struct decoding {
    rondo__tag *t;
    rondo_tape *tape;
    rondo__tag_set *set;
    rondo__tag_found *out;
    bool probabilities;
    bool begun; /* a batch was run: parameters are packed */
    rondo_error *err;
} decoding;

void rondo__tag_found_free(rondo__tag_found *found) {
    rondo__free(found->label);
    rondo__free(found->probability);
    *found = (rondo__tag_found){0};
}

rondo_status rondo__tag_found_check(const rondo__tag_found *found, rondo_error *err) {
    return found->finite ? RONDO_OK
                         : rondo__fail(err, RONDO_NUMERIC,
                                       "tag: the scores are not finite (some weight of the model is "
                                       "not, or is far too large)");
}

/* Results of one row of the batch. With a CRF a sentence's loss is that of all its words, or of none. */
static void take_row(const decoding *d, const rondo__tag_path *path, int64_t r, int64_t sentence) {
    const rondo__tag_set *set = d->set;
    const rondo__tag_batch *b = &d->t->batch;
    int64_t known = 0;
    for (int64_t i = 0; i < set->length[sentence]; i++) {
        const int64_t word = set->start[sentence] + i, at = i * b->B + r;
        d->out->label[word] = path->label[at];
        if (path->probability)
            d->out->probability[word] = path->probability[at];
        known += b->targets[at] >= 0;
        if (!d->t->crf)
            d->out->nats += (double)path->losses[at];
    }
    if (d->t->crf)
        d->out->nats += (double)path->losses[r];
    if (!d->t->crf || known == set->length[sentence])
        d->out->counted += known;
}

static rondo_status run_batch(decoding *d, int64_t count, const int64_t *sentence) {
    rondo__tag *t = d->t;
    rondo__tag_path path = {0};
    rondo_status status = rondo__tag_fill(t, d->set, count, sentence, -1, d->err);
    if (status)
        return status;
    rondo_tape_begin(d->tape, &(rondo_step){.same_parameters = d->begun});
    status = rondo__tag_find_path(t, d->tape, rondo__tag_emission(t, d->tape), d->probabilities, &path, d->err);
    d->begun = true;
    for (int64_t r = 0; r < count && !status; r++)
        take_row(d, &path, r, sentence[r]);
    d->out->finite = d->out->finite && path.finite;
    return status;
}

typedef struct ranked {
    int64_t length, sentence;
} ranked;

static int by_length(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return (x->sentence > y->sentence) - (x->sentence < y->sentence);
}

static int64_t *in_order(const rondo__tag_set *set) {
    ranked *item = rondo__calloc((size_t)set->sentences, sizeof *item);
    int64_t *order = rondo__calloc((size_t)set->sentences, sizeof *order);
    for (int64_t i = 0; item && i < set->sentences; i++)
        item[i] = (ranked){set->length[i], i};
    if (item)
        qsort(item, (size_t)set->sentences, sizeof *item, by_length);
    for (int64_t i = 0; item && order && i < set->sentences; i++)
        order[i] = item[i].sentence;
    if (!item) {
        rondo__free(order);
        order = NULL;
    }
    rondo__free(item);
    return order;
}

/* How many of the sentences from the first on make a batch; the last one is the longest. */
static int64_t batch_size(const rondo__tag_set *set, const int64_t *order, int64_t left) {
    int64_t count = 1;
    while (count < left && count < MOST_SENTENCES && (count + 1) * set->length[order[count]] <= CELLS)
        count++;
    return count;
}

rondo_status rondo__tag_run(rondo__tag *t, rondo_tape *tape, rondo__tag_set *set, bool probabilities,
                            rondo__tag_found *out, rondo_error *err) {
    decoding d = {.t = t, .tape = tape, .set = set, .out = out, .probabilities = probabilities, .err = err};
    *out = (rondo__tag_found){.label = rondo__calloc((size_t)set->words, sizeof *out->label), .finite = true};
    if (probabilities)
        out->probability = rondo__calloc((size_t)set->words, sizeof *out->probability);
    int64_t *order = in_order(set);
    rondo_status status = RONDO_OK;
    if (!out->label || !order || (probabilities && !out->probability))
        status = rondo__fail(err, RONDO_MEMORY, "tag: no memory for %lld words", (long long)set->words);
    for (int64_t i = 0, n; i < set->sentences && !status; i += n) {
        n = batch_size(set, order + i, set->sentences - i);
        status = run_batch(&d, n, order + i);
    }
    rondo__free(order);
    if (status)
        rondo__tag_found_free(out);
    return status;
}

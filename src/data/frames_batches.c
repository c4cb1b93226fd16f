/* Batches by length. What was sorted is cut once; an epoch only changes places. */
#include <assert.h>
#include <stdlib.h>

#include "data/frames.h"

typedef struct item {
    int64_t length, example;
} item;

static int by_length(const void *a, const void *b) {
    const item *x = a, *y = b;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return (x->example > y->example) - (x->example < y->example);
}

/* Fisher and Yates; base tells the draws of one stream apart. */
static void shuffle(int64_t *row, int64_t count, uint64_t seed, uint64_t stream, int64_t base) {
    for (int64_t i = count - 1; i > 0; i--) {
        const int64_t j = (int64_t)rondo__random_below(seed, stream, (uint64_t)(base + i), (uint64_t)i + 1);
        const int64_t kept = row[i];
        row[i] = row[j];
        row[j] = kept;
    }
}

rondo_status rondo__frame_batches_make(rondo__frame_batches *out, int64_t count, const int64_t *length, int64_t size,
                                       bool shuffled, uint64_t seed, rondo_error *err) {
    assert(count > 0 && size > 0);
    *out = (rondo__frame_batches){.count = count,
                                  .size = size,
                                  .batches = count / size + (count % size != 0),
                                  .length = length,
                                  .seed = seed,
                                  .shuffle = shuffled,
                                  .epoch = -1};
    item *items = rondo__calloc((size_t)count, sizeof *items);
    out->sorted = rondo__calloc((size_t)count, sizeof *out->sorted);
    out->order = rondo__calloc((size_t)count, sizeof *out->order);
    out->start = rondo__calloc((size_t)out->batches, sizeof *out->start);
    if (!items || !out->sorted || !out->order || !out->start) {
        rondo__free(items);
        rondo__frame_batches_free(out);
        return rondo__fail(err, RONDO_MEMORY, "no memory for batches of %lld examples", (long long)count);
    }
    for (int64_t i = 0; i < count; i++)
        items[i] = (item){length[i], i};
    qsort(items, (size_t)count, sizeof *items, by_length);
    for (int64_t i = 0; i < count; i++)
        out->sorted[i] = items[i].example;
    rondo__free(items);
    return RONDO_OK;
}

void rondo__frame_batches_free(rondo__frame_batches *batches) {
    rondo__free(batches->sorted);
    rondo__free(batches->order);
    rondo__free(batches->start);
    *batches = (rondo__frame_batches){0};
}

static void lay_out_epoch(rondo__frame_batches *b, int64_t epoch) {
    const uint64_t examples = 0x6672616d65000000u ^ (uint64_t)epoch, batches = 0x6261746368000000u ^ (uint64_t)epoch;
    for (int64_t i = 0; i < b->count; i++)
        b->order[i] = b->sorted[i];
    for (int64_t i = 0; i < b->batches; i++)
        b->start[i] = i;
    for (int64_t first = 0, end; b->shuffle && first < b->count; first = end) {
        for (end = first + 1; end < b->count && b->length[b->sorted[first]] == b->length[b->sorted[end]];)
            end++;
        shuffle(b->order + first, end - first, b->seed, examples, first);
    }
    if (b->shuffle)
        shuffle(b->start, b->batches, b->seed, batches, 0);
    b->epoch = epoch;
}

int64_t rondo__frame_batches_get(rondo__frame_batches *b, int64_t epoch, int64_t batch, const int64_t **example) {
    assert(batch >= 0 && batch < b->batches && epoch >= 0);
    if (b->epoch != epoch)
        lay_out_epoch(b, epoch);
    const int64_t first = b->start[batch] * b->size, left = b->count - first;
    *example = b->order + first;
    return left < b->size ? left : b->size;
}

int64_t rondo__frame_batches_cells(rondo__frame_batches *b, int64_t epoch, int64_t batch) {
    const int64_t *example;
    const int64_t count = rondo__frame_batches_get(b, epoch, batch, &example);
    int64_t longest = 0;
    for (int64_t i = 0; i < count; i++)
        longest = b->length[example[i]] > longest ? b->length[example[i]] : longest;
    return longest * count;
}

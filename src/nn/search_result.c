/* What has come to an end, and how the caller gets it. */
#include "nn/search.h"

#include <math.h>
#include <string.h>

#include "nn/carve.h"

static rondo__search_end describe(const rondo__search *s, int64_t r, double log_p, bool ended) {
    const double penalty = ended && s->covered ? s->covered[r] : s->row[r].penalty;
    return (rondo__search_end){.log_p = log_p,
                               .score = rondo__search_score(s, log_p, s->t + ended, penalty),
                               .node = s->row[r].node,
                               .count = s->t,
                               .ended = ended};
}

/* Who came first stays first among equals. */
static bool better(const rondo__search_end *a, const rondo__search_end *b) {
    return a->ended != b->ended ? a->ended : a->score > b->score;
}

void rondo__search_finish(rondo__search *s, rondo__search_source *source, int64_t r, double log_p, bool ended) {
    const int64_t best = s->options.best;
    const rondo__search_end entry = describe(s, r, log_p, ended);
    if (source->pooled == best && !better(&entry, &source->pool[best - 1]))
        return;
    int64_t at = source->pooled < best ? source->pooled++ : best - 1;
    for (; at > 0 && better(&entry, &source->pool[at - 1]); at--)
        source->pool[at] = source->pool[at - 1];
    source->pool[at] = entry;
    source->ended += ended && source->ended < best;
}

void rondo__search_place(rondo__search *s, rondo__search_source *source, int64_t r, double log_p, bool ended,
                         int64_t sample) {
    source->pool[sample] = describe(s, r, log_p, ended);
}

/* The chain of nodes, from the last row back. */
static void write_out(const rondo__search *s, const rondo__search_end *end, rondo_hypothesis *h) {
    const int64_t S = s->model->S;
    int64_t node = end->node;
    if (h->weights && end->ended)
        memcpy(h->weights + end->count * S, s->node_weights + node * S, (size_t)S * sizeof(real));
    for (int64_t i = end->count; i-- > 0;) {
        h->symbols[i] = s->node_symbol[node];
        node = s->node_parent[node];
        if (h->weights)
            memcpy(h->weights + i * S, s->node_weights + node * S, (size_t)S * sizeof(real));
    }
}

/* One block holds the hypotheses, then all symbols, then all weights. */
typedef struct block {
    int64_t entries, symbols, rows;
    rondo_hypothesis *hypothesis;
    int32_t *ids;
    real *weights;
} block;

static void carve(block *b, rondo__carver *carver, const rondo__search *s) {
    carver->used = 0;
    b->hypothesis = rondo__carve_bytes(carver, (size_t)b->entries * sizeof *b->hypothesis);
    b->ids = rondo__carve_bytes(carver, (size_t)b->symbols * sizeof *b->ids);
    b->weights = rondo__carve_if(carver, s->node_weights != NULL, b->rows * s->model->S);
}

static bool take(block *b, const rondo__search *s) {
    rondo__carver carver = {0};
    size_t bytes;
    *b = (block){.entries = s->sources * s->options.best};
    for (int64_t i = 0; i < b->entries; i++) {
        b->symbols += s->pool[i].count;
        b->rows += s->pool[i].count + s->pool[i].ended;
    }
    if (!rondo__size_mul((size_t)s->model->S + 1, (size_t)b->rows * sizeof(real), &bytes) || bytes > PTRDIFF_MAX / 2)
        return false;
    carve(b, &carver, s);
    carver.base = rondo__alloc(carver.used);
    if (carver.base)
        carve(b, &carver, s);
    return carver.base != NULL;
}

rondo_status rondo__search_give(rondo_search_result *out, const rondo__search *s, rondo_error *err) {
    block b;
    if (!take(&b, s))
        return rondo__fail(err, RONDO_MEMORY, "rondo_search: no memory for the result");
    int64_t symbols = 0, rows = 0;
    for (int64_t i = 0; i < b.entries; i++) {
        const rondo__search_end *end = &s->pool[i];
        b.hypothesis[i] = (rondo_hypothesis){.count = end->count,
                                             .symbols = b.ids + symbols,
                                             .weights = b.weights ? b.weights + rows * s->model->S : NULL,
                                             .log_probability = end->log_p,
                                             .score = end->score,
                                             .ended = end->ended};
        write_out(s, end, &b.hypothesis[i]);
        symbols += end->count;
        rows += end->count + end->ended;
    }
    *out = (rondo_search_result){.sources = s->sources, .best = s->options.best, .hypothesis = b.hypothesis};
    return RONDO_OK;
}

void rondo_search_free(rondo_search_result *result) {
    if (!result)
        return;
    rondo__free(result->hypothesis);
    *result = (rondo_search_result){0};
}

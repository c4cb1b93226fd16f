/* Greedy, temperature, top-k and top-p (nucleus; Holtzman 2020) drawing. First the k likeliest are kept, then of these
 * the likeliest that make up the fraction p of their probability; one of what is left is drawn by its share. A heap
 * gives the likeliest one by one, so a large vocabulary is never sorted. */
#include "nn/sampler.h"

#include <math.h>

static rondo_status check(const char *where, const rondo__sampler_options *o, rondo_error *err) {
    if (!isfinite(o->temperature) || o->temperature < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: temperature is %g (must be above 0)", where, o->temperature);
    if (!(o->top_p >= 0 && o->top_p <= 1))
        return rondo__fail(err, RONDO_ARGUMENT, "%s: top_p is %g (must be above 0, at most 1)", where, o->top_p);
    if (o->top_k < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: top_k is %lld (must be 0, all, or more)", where,
                           (long long)o->top_k);
    return RONDO_OK;
}

rondo_status rondo__sampler_make(rondo__sampler *sampler, const char *where, int64_t V,
                                 const rondo__sampler_options *options, rondo_error *err) {
    *sampler = (rondo__sampler){.V = V,
                                .temperature = options->temperature > 0 ? options->temperature : 1,
                                .top_p = options->top_p > 0 ? options->top_p : 1,
                                .top_k = options->top_k < V ? options->top_k : 0,
                                .greedy = options->greedy};
    rondo_status status = check(where, options, err);
    if (status)
        return status;
    sampler->weight = rondo__calloc((size_t)V, sizeof *sampler->weight);
    sampler->likely = rondo__calloc((size_t)V, sizeof *sampler->likely);
    sampler->kept = rondo__calloc((size_t)V, sizeof *sampler->kept);
    if (sampler->weight && sampler->likely && sampler->kept)
        return RONDO_OK;
    rondo__sampler_free(sampler);
    return rondo__fail(err, RONDO_MEMORY, "%s: no memory for %lld symbols", where, (long long)V);
}

void rondo__sampler_free(rondo__sampler *sampler) {
    rondo__free(sampler->weight);
    rondo__free(sampler->likely);
    rondo__free(sampler->kept);
    *sampler = (rondo__sampler){0};
}

static int32_t likeliest(const rondo__sampler *s, const real *logits, int32_t banned) {
    int32_t best = -1;
    for (int32_t i = 0; i < s->V; i++) {
        if (i != banned && !isnan(logits[i]) && (best < 0 || logits[i] > logits[best]))
            best = i;
    }
    return best >= 0 && isfinite(logits[best]) ? best : -1;
}

static bool before(const rondo__sampler *s, int32_t a, int32_t b) {
    return s->weight[a] > s->weight[b] || (s->weight[a] == s->weight[b] && a < b);
}

static void sink(rondo__sampler *s, int64_t at, int64_t count) {
    for (int64_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(s, s->likely[child + 1], s->likely[child]))
            child++;
        if (before(s, s->likely[at], s->likely[child]))
            return;
        const int32_t kept = s->likely[at];
        s->likely[at] = s->likely[child];
        s->likely[child] = kept;
    }
}

/* The likeliest symbols, likeliest first, into kept; returns how many. total: the weight of all. */
static int64_t keep_likely(rondo__sampler *s, double total) {
    int64_t left = s->V, count = 0;
    double sum = 0, reach = s->top_p * total;
    for (int64_t i = 0; i < s->V; i++)
        s->likely[i] = (int32_t)i;
    for (int64_t i = s->V / 2 - 1; i >= 0; i--)
        sink(s, i, left);
    for (int64_t most = s->top_k ? s->top_k : s->V; count < most && (s->top_k || sum < reach);) {
        sum += s->weight[s->likely[0]];
        s->kept[count++] = s->likely[0];
        s->likely[0] = s->likely[--left];
        sink(s, 0, left);
    }
    if (!s->top_k)
        return count;
    reach = s->top_p * sum;
    int64_t enough = 0;
    for (sum = 0; enough < count && (enough == 0 || sum < reach); enough++)
        sum += s->weight[s->kept[enough]];
    return enough;
}

/* By their shares; order NULL: of all symbols. Rounding may leave u past the end: then the last with any weight. */
static int32_t draw(const rondo__sampler *s, const int32_t *order, int64_t count, double u) {
    double sum = 0, at = 0;
    int32_t last = -1;
    for (int64_t i = 0; i < count; i++)
        sum += s->weight[order ? order[i] : i];
    for (int64_t i = 0; i < count; i++) {
        const int32_t id = order ? order[i] : (int32_t)i;
        if (!(s->weight[id] > 0))
            continue;
        at += s->weight[id];
        last = id;
        if (u * sum < at)
            break;
    }
    return last;
}

int32_t rondo__sampler_draw(rondo__sampler *s, const real *logits, int32_t banned, double u) {
    const int32_t top = likeliest(s, logits, banned);
    if (top < 0 || s->greedy)
        return top;
    double total = 0;
    for (int64_t i = 0; i < s->V; i++) {
        const double x = ((double)logits[i] - (double)logits[top]) / s->temperature;
        s->weight[i] = i == banned || isnan(x) ? 0 : exp(x);
        total += s->weight[i];
    }
    if (s->top_k == 0 && s->top_p >= 1)
        return draw(s, NULL, s->V, u);
    return draw(s, s->kept, keep_likely(s, total), u);
}

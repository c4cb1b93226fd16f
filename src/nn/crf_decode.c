/* The best label path of each row (Viterbi 1967): the recursion of crf_loss.c with max in place of log sum exp.
 *
 *   d_1 = start + e_1,  d_{t+1}[j] = e_{t+1}[j] + max_i (d_t[i] + A[i][j]) over the allowed steps, from_t+1[j] the i
 *   taken; the path is read backwards from the best of d_T + end.
 *
 * Scores are kept in double. Of equal ones the lower label wins. A NaN counts as the largest number: the path is still
 * one of labels, and its score is NaN. Rows are independent and go over the threads. */
#include <math.h>
#include <string.h>

#include "nn/carve.h"
#include "rondo/crf.h"
#include "tensor/context.h"

typedef struct decoding {
    int64_t T, B, V;
    int32_t *label;               /* (T, B) */
    real *score;                  /* (B) or NULL */
    const real *emission;         /* (T, B, V) */
    const int32_t *lengths;       /* (B) or NULL */
    const real *transition;       /* (V, V) */
    const real *start, *end;      /* (V) or NULL */
    const uint8_t *allowed;       /* (V, V) or NULL */
    const uint8_t *allowed_start; /* (V) or NULL */
    uint8_t *blocked;             /* (B): 1 where the rules leave no path */
    char *workers;
    size_t worker_bytes;
} decoding;

/* ---- the door ---- */

static rondo_status check_pointers(const rondo_context *context, const decoding *d, rondo_error *err) {
    bool rows = d->T * d->B > 0;
    const char *missing = !context                 ? "context"
                          : rows && !d->label      ? "label"
                          : rows && !d->emission   ? "emission"
                          : rows && !d->transition ? "transition"
                                                   : NULL;
    if (missing)
        return rondo__fail(err, RONDO_ARGUMENT, "crf_decode: %s is NULL (it is not optional)", missing);
    return RONDO_OK;
}

static rondo_status check_call(const rondo_context *context, const decoding *d, rondo_error *err) {
    if (d->T < 0 || d->B < 0 || d->V < 1 || d->T > INT32_MAX || d->B > INT32_MAX || d->V > INT32_MAX)
        return rondo__fail(err, RONDO_SHAPE, "crf_decode: T is %lld, B %lld, V %lld (V must be 1 or more)",
                           (long long)d->T, (long long)d->B, (long long)d->V);
    rondo_status status = check_pointers(context, d, err);
    for (int64_t b = 0; b < d->B && d->lengths && !status; b++)
        if (d->lengths[b] < 0 || d->lengths[b] > d->T)
            status = rondo__fail(err, RONDO_ARGUMENT, "crf_decode: row %lld has length %d (it must be 0 to %lld)",
                                 (long long)b, (int)d->lengths[b], (long long)d->T);
    return status;
}

/* ---- a row ---- */

typedef struct worker_memory {
    double *now, *next; /* (V): d_t */
    int32_t *from;      /* (T, V); -1: no path ends here */
} worker_memory;

static bool sizes_fit(const decoding *d) {
    size_t count, bytes;
    return rondo__size_mul((size_t)d->T, (size_t)d->V, &count) && rondo__size_add(count, 8 * (size_t)d->V, &count) &&
           rondo__size_mul(count, 2 * sizeof(double), &bytes) && bytes < SIZE_MAX / 4096;
}

static worker_memory carve_worker(rondo__carver *carver, const decoding *d) {
    worker_memory w;
    w.now = rondo__carve_bytes(carver, (size_t)d->V * sizeof *w.now);
    w.next = rondo__carve_bytes(carver, (size_t)d->V * sizeof *w.next);
    w.from = rondo__carve_bytes(carver, (size_t)(d->T * d->V) * sizeof *w.from);
    return w;
}

/* Is x better than what was found so far? */
static inline bool better(bool found, double x, double best) {
    return !found || x > best || (isnan(x) && !isnan(best));
}

static void first_step(const decoding *d, const worker_memory *w, const real *e) {
    for (int64_t j = 0; j < d->V; j++) {
        w->now[j] = (double)e[j] + (d->start ? (double)d->start[j] : 0);
        w->from[j] = d->allowed_start && !d->allowed_start[j] ? -1 : 0;
    }
}

/* What label i of the step before offers to each j; without branches, so that it is done several j at a time. */
static void offer(int64_t V, double *next, int32_t *from, double before, const real *transition, int32_t i) {
    for (int64_t j = 0; j < V; j++) {
        double x = before + (double)transition[j];
        int take = (from[j] < 0) | (x > next[j]) | ((x != x) & (next[j] == next[j]));
        next[j] = take ? x : next[j];
        from[j] = take ? i : from[j];
    }
}

static void offer_allowed(int64_t V, double *next, int32_t *from, double before, const real *transition, int32_t i,
                          const uint8_t *allowed) {
    for (int64_t j = 0; j < V; j++) {
        double x = before + (double)transition[j];
        if (allowed[j] && better(from[j] >= 0, x, next[j])) {
            next[j] = x;
            from[j] = i;
        }
    }
}

/* d_t from d_{t-1}; from: that of step t, one row behind it that of step t - 1. */
static void step(const decoding *d, const worker_memory *w, int32_t *from, const real *e) {
    const int32_t *before = from - d->V;
    for (int64_t j = 0; j < d->V; j++) {
        from[j] = -1;
        w->next[j] = 0;
    }
    for (int64_t i = 0; i < d->V; i++) {
        const real *transition = d->transition + i * d->V;
        if (before[i] >= 0 && d->allowed)
            offer_allowed(d->V, w->next, from, w->now[i], transition, (int32_t)i, d->allowed + i * d->V);
        else if (before[i] >= 0)
            offer(d->V, w->next, from, w->now[i], transition, (int32_t)i);
    }
    for (int64_t j = 0; j < d->V; j++)
        w->now[j] = w->next[j] + (double)e[j];
}

/* The best last label, or -1; its score goes to *best. */
static int32_t last_label(const decoding *d, const worker_memory *w, const int32_t *from, double *best) {
    int32_t label = -1;
    for (int64_t j = 0; j < d->V; j++) {
        double x = w->now[j] + (d->end ? (double)d->end[j] : 0);
        if (from[j] >= 0 && better(label >= 0, x, *best)) {
            *best = x;
            label = (int32_t)j;
        }
    }
    return label;
}

static void decode_row(const decoding *d, const worker_memory *w, int64_t b) {
    int64_t length = d->lengths ? d->lengths[b] : d->T;
    double best = 0;
    for (int64_t t = length; t < d->T; t++)
        d->label[t * d->B + b] = -1;
    for (int64_t t = 0; t < length; t++) {
        const real *e = d->emission + (t * d->B + b) * d->V;
        if (t == 0)
            first_step(d, w, e);
        else
            step(d, w, w->from + t * d->V, e);
    }
    int32_t label = length ? last_label(d, w, w->from + (length - 1) * d->V, &best) : 0;
    d->blocked[b] = label < 0;
    for (int64_t t = length - 1; t >= 0 && label >= 0; t--) {
        d->label[t * d->B + b] = label;
        label = w->from[t * d->V + label];
    }
    if (d->score)
        d->score[b] = (real)best;
}

static void decode_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const decoding *d = arg;
    rondo__carver carver = {.base = d->workers + (size_t)worker * d->worker_bytes};
    worker_memory w = carve_worker(&carver, d);
    for (int64_t b = begin; b < end; b++)
        decode_row(d, &w, b);
}

/* ---- all rows ---- */

static rondo_status decode(rondo_context *context, decoding *d, rondo_error *err) {
    rondo__carver worker = {0};
    size_t bytes;
    if (sizes_fit(d))
        carve_worker(&worker, d);
    d->worker_bytes = worker.used;
    bool fits = worker.used && rondo__size_mul((size_t)context->threads, worker.used, &bytes) &&
                rondo__size_add(bytes, (size_t)d->B, &bytes);
    d->workers = fits ? rondo__alloc(bytes) : NULL;
    if (!d->workers)
        return rondo__fail(err, RONDO_MEMORY, "crf_decode: no memory for %lld steps of %lld labels", (long long)d->T,
                           (long long)d->V);
    d->blocked = (uint8_t *)d->workers + (size_t)context->threads * worker.used;
    rondo__parallel(context, d->B, 1, decode_rows, d);
    rondo_status status = RONDO_OK;
    for (int64_t b = 0; b < d->B && !status; b++)
        if (d->blocked[b])
            status =
                rondo__fail(err, RONDO_ARGUMENT,
                            "crf_decode: the allowed steps leave row %lld no path (allow more of them)", (long long)b);
    rondo__free(d->workers);
    return status;
}

rondo_status rondo_crf_decode(rondo_context *context, int32_t *label, rondo_real *score, int64_t T, int64_t B,
                              int64_t V, const rondo_real *emission, const int32_t *lengths,
                              const rondo_real *transition, const rondo_real *start, const rondo_real *end,
                              const uint8_t *allowed, const uint8_t *allowed_start, rondo_error *err) {
    decoding d = {.T = T,
                  .B = B,
                  .V = V,
                  .label = label,
                  .score = score,
                  .emission = emission,
                  .lengths = lengths,
                  .transition = transition,
                  .start = start,
                  .end = end,
                  .allowed = allowed,
                  .allowed_start = allowed_start};
    rondo_status status = check_call(context, &d, err);
    return status ? status : decode(context, &d, err);
}

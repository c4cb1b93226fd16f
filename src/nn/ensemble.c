/* Several models as one: the mean of their probabilities, symbol by symbol (not of their logarithms: a symbol that one
 * member thinks impossible may still be chosen). */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/core.h"
#include "kernels/kernels.h"
#include "kernels/maths.h"
#include "rondo/search.h"

#define BLOCK 512
#define SMALL ((real)1e-30) /* a mean below this has lost digits: exp came near the least number there is */

struct rondo_ensemble {
    const rondo_search_model *member; /* (count) the caller's */
    int count;
    const rondo__kernels *kernels;
    real *log_probabilities; /* (count, room, V) */
    real *weights;           /* (room, S) of one member */
    int64_t room, V, S;      /* what there is room for */
};

rondo_status rondo_ensemble_create(rondo_ensemble **out, int count, const rondo_search_model *member,
                                   rondo_error *err) {
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_ensemble_create: out is NULL");
    *out = NULL;
    if (count < 1 || !member)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_ensemble_create: %d members (give at least one)", count);
    for (int i = 0; i < count; i++) {
        const rondo_search_model *a = member, *b = member + i;
        if (!b->step)
            return rondo__fail(err, RONDO_ARGUMENT, "rondo_ensemble_create: member %d has no step function", i);
        if (a->V != b->V || a->start != b->start || a->end != b->end || a->unknown != b->unknown)
            return rondo__fail(err, RONDO_SHAPE,
                               "rondo_ensemble_create: member %d has another vocabulary than member 0 (%lld and %lld "
                               "symbols, or other special symbols)",
                               i, (long long)b->V, (long long)a->V);
    }
    rondo_ensemble *ensemble = rondo__calloc(1, sizeof *ensemble);
    if (!ensemble)
        return rondo__fail(err, RONDO_MEMORY, "rondo_ensemble_create: no memory");
    *ensemble = (rondo_ensemble){.member = member, .count = count, .kernels = rondo__kernels_get(NULL)};
    *out = ensemble;
    return RONDO_OK;
}

static void drop_room(rondo_ensemble *e) {
    rondo__free(e->log_probabilities);
    rondo__free(e->weights);
    e->log_probabilities = e->weights = NULL;
    e->room = 0;
}

void rondo_ensemble_destroy(rondo_ensemble **ensemble) {
    if (!ensemble || !*ensemble)
        return;
    drop_room(*ensemble);
    rondo__free(*ensemble);
    *ensemble = NULL;
}

/* Widths may change from batch to batch (pointer networks; S), so they are asked of the members each time. */
static int64_t weights_width(const rondo_ensemble *e) {
    for (int i = 0; i < e->count; i++) {
        if (e->member[i].S > 0)
            return e->member[i].S;
    }
    return 0;
}

static rondo_status check_widths(const rondo_ensemble *e, rondo_error *err) {
    const int64_t V = e->member[0].V, S = weights_width(e);
    for (int i = 0; i < e->count; i++) {
        if (e->member[i].V != V || (e->member[i].S > 0 && e->member[i].S != S))
            return rondo__fail(err, RONDO_SHAPE,
                               "ensemble: member %d has %lld symbols and weights %lld wide, others %lld and %lld", i,
                               (long long)e->member[i].V, (long long)e->member[i].S, (long long)V, (long long)S);
    }
    return RONDO_OK;
}

static real *take(int64_t a, int64_t b, int64_t c) {
    size_t size;
    if (!rondo__size_mul((size_t)a, (size_t)b, &size) || !rondo__size_mul(size, (size_t)c, &size) ||
        !rondo__size_mul(size, sizeof(real), &size))
        return NULL;
    return rondo__alloc(size);
}

static rondo_status make_room(rondo_ensemble *e, int64_t rows, rondo_error *err) {
    const int64_t V = e->member[0].V, S = weights_width(e);
    if (rows <= e->room && V == e->V && S == e->S)
        return RONDO_OK;
    drop_room(e);
    e->log_probabilities = take(e->count, rows, V);
    e->weights = take(rows, S, 1);
    if (!e->log_probabilities || !e->weights) {
        drop_room(e);
        return rondo__fail(err, RONDO_MEMORY, "ensemble: no memory for %d times %lld rows of %lld symbols", e->count,
                           (long long)rows, (long long)V);
    }
    e->room = rows;
    e->V = V;
    e->S = S;
    return RONDO_OK;
}

/* log of the mean of exp(x[0]), exp(x[stride]), ... for a number where the plain sum will not do: in double, and from
 * the largest one, so nothing gets lost. NaN stays NaN. */
static real careful_mean(int count, const real *x, int64_t stride) {
    double most = -INFINITY, sum = 0;
    for (int i = 0; i < count; i++)
        most = !((double)x[i * stride] <= most) ? (double)x[i * stride] : most;
    if (!isfinite(most) && !isnan(most))
        most = 0;
    for (int i = 0; i < count; i++)
        sum += exp((double)x[i * stride] - most);
    return (real)(most + log(sum / count));
}

/* x (count, rows, V) -> out (rows, V), both as one long array of n = rows * V; a part of BLOCK numbers at a time. */
static void mean_of(const rondo_ensemble *e, int64_t n, real *out, const real *x) {
    real sum[BLOCK], p[BLOCK];
    if (e->count == 1) {
        memcpy(out, x, (size_t)n * sizeof *out);
        return;
    }
    for (int64_t j = 0; j < n; j += BLOCK) {
        const int64_t part = n - j < BLOCK ? n - j : BLOCK;
        e->kernels->exp(part, sum, x + j);
        for (int i = 1; i < e->count; i++) {
            e->kernels->exp(part, p, x + i * n + j);
            e->kernels->add(part, sum, sum, p);
        }
        for (int64_t k = 0; k < part; k++)
            out[j + k] = sum[k] > SMALL ? rondo__log(sum[k] / (real)e->count) : careful_mean(e->count, x + j + k, n);
    }
}

static void add_weights(const rondo_ensemble *e, int64_t rows, int *with, real *weights) {
    const int64_t n = rows * e->S;
    assert(e->weights); /* make_room has been called */
    if ((*with)++ == 0)
        memcpy(weights, e->weights, (size_t)n * sizeof *weights);
    else
        e->kernels->add(n, weights, weights, e->weights);
}

static rondo_status step(void *model, int64_t rows, const int32_t *parent, const int32_t *symbols,
                         rondo_real *log_probabilities, rondo_real *weights, rondo_error *err) {
    rondo_ensemble *e = model;
    int with = 0; /* members with weights, so far */
    rondo_status status = check_widths(e, err);
    if (!status)
        status = make_room(e, rows, err);
    for (int i = 0; i < e->count && !status; i++) {
        const rondo_search_model *m = e->member + i;
        status = m->step(m->model, rows, parent, symbols, e->log_probabilities + i * rows * e->V,
                         weights && m->S > 0 ? e->weights : NULL, err);
        if (!status && weights && m->S > 0)
            add_weights(e, rows, &with, weights);
    }
    if (status)
        return status;
    mean_of(e, rows * e->V, log_probabilities, e->log_probabilities);
    if (with > 1)
        e->kernels->affine(rows * e->S, weights, weights, 1 / (real)with, 0);
    return RONDO_OK;
}

rondo_search_model rondo_ensemble_model(rondo_ensemble *ensemble) {
    rondo_search_model model = ensemble->member[0];
    model.step = step;
    model.model = ensemble;
    model.S = weights_width(ensemble);
    return model;
}

#include "inspect/correlation.h"

#include <assert.h>
#include <math.h>

#include "inspect/plain.h"

rondo_status rondo__correlation_make(rondo__correlation *out, int64_t units, int patterns, rondo_error *err) {
    *out = (rondo__correlation){.units = units, .patterns = patterns};
    if (rondo__plain_make(&out->x, patterns, units) && rondo__plain_make(&out->xx, patterns, units) &&
        rondo__plain_make(&out->xy, patterns, units))
        return RONDO_OK;
    rondo__correlation_free(out);
    return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for the correlations of %lld units", (long long)units);
}

void rondo__correlation_free(rondo__correlation *c) {
    rondo__free(c->x);
    rondo__free(c->xx);
    rondo__free(c->xy);
    *c = (rondo__correlation){0};
}

static void add_step(rondo__correlation *c, int p, double value, const double *state) {
    double *x = c->x + p * c->units, *xx = c->xx + p * c->units, *xy = c->xy + p * c->units;
    if (!c->begun[p]) {
        c->begun[p] = true;
        c->shift[p] = c->low[p] = c->high[p] = value;
    }
    const double y = value - c->shift[p];
    c->low[p] = fmin(c->low[p], value);
    c->high[p] = fmax(c->high[p], value);
    c->n[p]++;
    c->y[p] += y;
    c->yy[p] += y * y;
    for (int64_t u = 0; u < c->units; u++) {
        x[u] += state[u];
        xx[u] += state[u] * state[u];
        xy[u] += state[u] * y;
    }
}

void rondo__correlation_add(rondo__correlation *c, int64_t T, const double *state, const rondo__patterns *patterns) {
    assert(patterns->count == c->patterns);
    for (int p = 0; p < patterns->count; p++)
        for (int64_t t = 0; t < T; t++)
            if (!isnan(patterns->pattern[p].value[t]))
                add_step(c, p, patterns->pattern[p].value[t], state + t * c->units);
}

double rondo__correlation_of(const rondo__correlation *c, int pattern, int64_t unit) {
    const int64_t at = pattern * c->units + unit;
    const double n = c->n[pattern], y = c->y[pattern], x = c->x[at];
    const double vx = n * c->xx[at] - x * x, vy = n * c->yy[pattern] - y * y;
    /* what rounding leaves of a unit that never moves is no variance */
    if (n < 2 || !(vx > 1e-12 * n * c->xx[at]) || !(vy > 1e-12 * n * c->yy[pattern]))
        return NAN;
    return fmax(-1, fmin(1, (n * c->xy[at] - x * y) / sqrt(vx * vy)));
}

int64_t rondo__correlation_best(const rondo__correlation *c, int pattern, int64_t first, int64_t end) {
    int64_t best = -1;
    double most = -1;
    for (int64_t u = first; u < end; u++) {
        const double r = fabs(rondo__correlation_of(c, pattern, u));
        if (r > most) {
            most = r;
            best = u;
        }
    }
    return best;
}

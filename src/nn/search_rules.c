/* What may not come next, and what a hypothesis is worth. */
#include "nn/search.h"

#include <math.h>
#include <string.h>

#define LEAST_COVERAGE 1e-10 /* a source symbol that nobody looked at: log is finite, and scores still compare */

double rondo__length_penalty(double alpha, int64_t count) { return pow((5.0 + (double)count) / 6.0, alpha); }

double rondo__coverage_penalty(double beta, int64_t S, const double *coverage) {
    double sum = 0;
    for (int64_t s = 0; s < S; s++) {
        if (coverage[s] < 1)
            sum += log(coverage[s] > LEAST_COVERAGE ? coverage[s] : LEAST_COVERAGE);
    }
    return beta * sum;
}

double rondo__search_score(const rondo__search *s, double log_p, int64_t count, double penalty) {
    return log_p / rondo__length_penalty(s->options.length_penalty, count) + penalty;
}

/* A broken number stays, for the choice to find. */
static void forbid(real *scores, int32_t symbol) {
    if (scores[symbol] < (real)INFINITY)
        scores[symbol] = (real)-INFINITY;
}

/* Symbols 0..t of the row into history. */
static void write_history(rondo__search *s, int64_t row) {
    int64_t node = s->row[row].node;
    for (int64_t i = s->t; i-- > 0; node = s->node_parent[node])
        s->history[i] = s->node_symbol[node];
}

/* The last n - 1 symbols have stood somewhere before: what followed them there may not follow now. */
static void forbid_ngrams(rondo__search *s, int64_t row, real *scores) {
    const int64_t tail = s->options.no_repeat_ngram - 1;
    write_history(s, row);
    for (int64_t i = 0; i + tail < s->t; i++) {
        if (memcmp(s->history + i, s->history + s->t - tail, (size_t)tail * sizeof *s->history) == 0)
            forbid(scores, s->history[i + tail]);
    }
}

static bool history_room(rondo__search *s) {
    if (s->t <= s->history_room)
        return true;
    const int64_t room = 2 * s->t;
    rondo__free(s->history);
    s->history = rondo__alloc((size_t)room * sizeof *s->history);
    s->history_room = s->history ? room : 0;
    return s->history != NULL;
}

rondo_status rondo__search_forbid(rondo__search *s, const rondo__search_source *source, rondo_error *err) {
    const bool ngrams = s->options.no_repeat_ngram > 0 && s->t >= s->options.no_repeat_ngram;
    if (ngrams && !history_room(s))
        return rondo__fail(err, RONDO_MEMORY, "rondo_search: no memory for %lld symbols", (long long)s->t);
    for (int64_t r = source->first; r < source->first + source->rows; r++) {
        real *scores = s->log_probabilities + r * s->model->V;
        if (s->t < s->options.min_length)
            forbid(scores, s->model->end);
        if (s->options.no_unknown && s->model->unknown >= 0)
            forbid(scores, s->model->unknown);
        if (ngrams)
            forbid_ngrams(s, r, scores);
    }
    return RONDO_OK;
}

bool rondo__search_sound(int64_t n, const real *x) {
    int bad = 0;
    for (int64_t i = 0; i < n; i++)
        bad |= !(x[i] < (real)INFINITY);
    return !bad;
}

rondo_status rondo__search_unsound(const rondo__search *s, const rondo__search_source *source, rondo_error *err) {
    return rondo__fail(err, RONDO_NUMERIC,
                       "rondo_search: the model's log-probabilities for source %lld at step %lld are not numbers below "
                       "infinity (has the model diverged?)",
                       (long long)(source - s->source), (long long)s->t);
}

/* rondo_search: the loop over steps. See nn/search.h for how its parts stand together. */
#include "nn/search.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define FIRST_STEPS 16 /* room for nodes at the beginning; doubled as needed */

/* NULL also when the size overflows. */
static void *take(int64_t rows, int64_t width, size_t bytes) {
    size_t count, total;
    if (!rondo__size_mul((size_t)rows, (size_t)width, &count) || !rondo__size_mul(count, bytes, &total))
        return NULL;
    return rondo__alloc(total);
}

static rondo_status no_memory(const rondo__search *s, rondo_error *err) {
    return rondo__fail(err, RONDO_MEMORY, "rondo_search: no memory for %lld sources with %lld hypotheses each",
                       (long long)s->sources, (long long)s->K);
}

/* ---- beginning and end ---- */

static void describe_source(rondo__search *s, int64_t b, const int32_t *lengths) {
    const rondo_search_options *o = &s->options;
    rondo__search_source *source = &s->source[b];
    *source = (rondo__search_source){.first = b, .rows = 1, .pool = s->pool + b * o->best};
    source->length = lengths ? lengths[b] : 0;
    source->prefix = o->prefix ? o->prefix[b] : NULL;
    source->prefix_count = o->prefix ? o->prefix_count[b] : 0;
    int64_t longest = o->max_length;
    if (longest == 0) {
        longest = 2 * source->length + 50;
        longest = longest > o->min_length ? longest : o->min_length;
        longest = longest > source->prefix_count ? longest : source->prefix_count;
    }
    source->max_length = longest;
    source->most = rondo__length_penalty(o->length_penalty, longest + 1);
    for (int64_t i = 0; i < o->best; i++)
        source->pool[i] = (rondo__search_end){.log_p = -INFINITY, .score = -INFINITY, .node = -1};
}

static rondo_status take_memory(rondo__search *s, rondo_error *err) {
    const int64_t rows = s->sources * s->K, S = s->model->S;
    s->source = take(s->sources, 1, sizeof *s->source);
    s->pool = take(s->sources, s->options.best, sizeof *s->pool);
    s->row = take(rows, 1, sizeof *s->row);
    s->next = take(rows, 1, sizeof *s->next);
    s->parents = take(rows, 1, sizeof *s->parents);
    s->symbols = take(rows, 1, sizeof *s->symbols);
    s->choice = take(s->K, 1, sizeof *s->choice);
    s->end = take(s->K, 1, sizeof *s->end);
    if (!s->source || !s->pool || !s->row || !s->next || !s->parents || !s->symbols || !s->choice || !s->end)
        return no_memory(s, err);
    if (s->options.coverage_penalty > 0) {
        s->coverage = take(rows, S, sizeof *s->coverage);
        s->coverage_next = take(rows, S, sizeof *s->coverage_next);
        s->covered = take(rows, 1, sizeof *s->covered);
        if (!s->coverage || !s->coverage_next || !s->covered)
            return no_memory(s, err);
        memset(s->coverage, 0, (size_t)(s->sources * S) * sizeof *s->coverage);
    }
    if (!s->options.sample)
        return RONDO_OK;
    const rondo__sampler_options drawing = {
        .temperature = s->options.temperature, .top_p = s->options.top_p, .top_k = s->options.top_k};
    return rondo__sampler_make(&s->sampler, "rondo_search", s->model->V, &drawing, err);
}

static rondo_status begin(rondo__search *s, const int32_t *lengths, rondo_error *err) {
    rondo_status status = take_memory(s, err);
    if (status)
        return status;
    for (int64_t b = 0; b < s->sources; b++) {
        describe_source(s, b, lengths);
        s->row[b] = (rondo__search_row){.node = -1, .parent = (int32_t)b, .symbol = s->model->start};
    }
    s->rows = s->sources;
    return RONDO_OK;
}

static void close_search(rondo__search *s) {
    void *const pieces[] = {
        s->source,      s->pool,        s->row,           s->next,    s->parents, s->symbols, s->choice,
        s->end,         s->coverage,    s->coverage_next, s->covered, s->history, s->weights, s->log_probabilities,
        s->node_parent, s->node_symbol, s->node_weights};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        rondo__free(pieces[i]);
    rondo__sampler_free(&s->sampler);
}

/* ---- one step ---- */

static bool wants_weights(const rondo__search *s) { return s->options.coverage_penalty > 0 || s->options.want_weights; }

static rondo_status row_room(rondo__search *s, rondo_error *err) {
    if (s->rows <= s->row_room)
        return RONDO_OK;
    const int64_t most = s->sources * s->K, twice = 2 * s->row_room, room = twice > s->rows ? twice : s->rows;
    rondo__free(s->log_probabilities);
    rondo__free(s->weights);
    s->row_room = room < most ? room : most;
    s->log_probabilities = take(s->row_room, s->model->V, sizeof(real));
    s->weights = wants_weights(s) ? take(s->row_room, s->model->S, sizeof(real)) : NULL;
    return s->log_probabilities && (s->weights || !wants_weights(s)) ? RONDO_OK : no_memory(s, err);
}

/* The old array stays where there is no memory. */
static bool grow(void **array, int64_t used, int64_t room, int64_t width, size_t bytes) {
    void *grown = take(room, width, bytes);
    if (grown && used > 0)
        memcpy(grown, *array, (size_t)(used * width) * bytes);
    if (grown) {
        rondo__free(*array);
        *array = grown;
    }
    return grown != NULL;
}

static rondo_status node_room(rondo__search *s, rondo_error *err) {
    if (s->nodes + s->rows <= s->node_room)
        return RONDO_OK;
    int64_t room = s->node_room ? 2 * s->node_room : FIRST_STEPS * s->rows;
    room = room > s->nodes + s->rows ? room : s->nodes + s->rows;
    if (!grow((void **)&s->node_parent, s->nodes, room, 1, sizeof *s->node_parent) ||
        !grow((void **)&s->node_symbol, s->nodes, room, 1, sizeof *s->node_symbol) ||
        (s->options.want_weights &&
         !grow((void **)&s->node_weights, s->nodes, room, s->model->S, sizeof *s->node_weights)))
        return no_memory(s, err);
    s->node_room = room;
    return RONDO_OK;
}

static rondo_status ask_model(rondo__search *s, rondo_error *err) {
    rondo_status status = row_room(s, err);
    if (!status)
        status = node_room(s, err);
    if (status)
        return status;
    for (int64_t r = 0; r < s->rows; r++) {
        s->parents[r] = s->row[r].parent;
        s->symbols[r] = s->row[r].symbol;
        s->node_parent[s->nodes + r] = s->row[r].node;
        s->node_symbol[s->nodes + r] = s->row[r].symbol;
        s->row[r].node = s->nodes + r;
    }
    status = s->model->step(s->model->model, s->rows, s->parents, s->symbols, s->log_probabilities, s->weights, err);
    if (!status && s->options.want_weights)
        memcpy(s->node_weights + s->nodes * s->model->S, s->weights,
               (size_t)(s->rows * s->model->S) * sizeof *s->weights);
    s->nodes += s->rows;
    return status;
}

/* Adds this step's weights to what a source's rows have covered. */
static rondo_status cover(rondo__search *s, const rondo__search_source *source, rondo_error *err) {
    const int64_t S = s->model->S;
    for (int64_t r = source->first; r < source->first + source->rows; r++) {
        double *coverage = s->coverage + r * S;
        const real *weights = s->weights + r * S;
        for (int64_t i = 0; i < source->length; i++)
            coverage[i] += (double)weights[i];
        if (!rondo__search_sound(source->length, weights))
            return rondo__fail(err, RONDO_NUMERIC,
                               "rondo_search: the weights of source %lld at step %lld are not finite",
                               (long long)(source - s->source), (long long)s->t);
        s->covered[r] = rondo__coverage_penalty(s->options.coverage_penalty, source->length, coverage);
    }
    return RONDO_OK;
}

void rondo__search_go_on(rondo__search *s, int64_t r, int32_t symbol, double log_p) {
    s->next[s->nexts++] = (rondo__search_row){.log_p = log_p,
                                              .penalty = s->covered ? s->covered[r] : 0,
                                              .node = s->row[r].node,
                                              .parent = (int32_t)r,
                                              .symbol = symbol};
}

/* The prefix leaves no choice. A source whose prefix cannot be has no hypothesis. */
static rondo_status follow_prefix(rondo__search *s, const rondo__search_source *source, rondo_error *err) {
    assert(source->prefix); /* it has symbols left */
    const int32_t symbol = source->prefix[s->t];
    const real *scores = rondo__search_scores(s, source->first);
    if (!rondo__search_sound(s->model->V, scores))
        return rondo__search_unsound(s, source, err);
    if (scores[symbol] > (real)-INFINITY)
        rondo__search_go_on(s, source->first, symbol, s->row[source->first].log_p + (double)scores[symbol]);
    return RONDO_OK;
}

static rondo_status choose(rondo__search *s, rondo__search_source *source, rondo_error *err) {
    rondo_status status = s->coverage ? cover(s, source, err) : RONDO_OK;
    if (status)
        return status;
    if (s->t < source->prefix_count)
        return follow_prefix(s, source, err);
    status = rondo__search_forbid(s, source, err);
    if (status)
        return status;
    return s->options.sample ? rondo__search_draw(s, source, err) : rondo__search_beam(s, source, err);
}

/* next becomes rows. */
static void turn(rondo__search *s) {
    rondo__search_row *row = s->row;
    double *coverage = s->coverage;
    const size_t S = (size_t)s->model->S;
    for (int64_t n = 0; coverage && n < s->nexts; n++)
        memcpy(s->coverage_next + (size_t)n * S, coverage + (size_t)s->next[n].parent * S, S * sizeof *coverage);
    s->row = s->next;
    s->next = row;
    s->coverage = s->coverage_next;
    s->coverage_next = coverage;
    s->rows = s->nexts;
    s->nexts = 0;
}

static rondo_status run_step(rondo__search *s, rondo_error *err) {
    rondo_status status = ask_model(s, err);
    for (int64_t b = 0; b < s->sources && !status; b++) {
        rondo__search_source *source = &s->source[b];
        const int64_t first = s->nexts;
        if (source->rows == 0)
            continue;
        status = choose(s, source, err);
        source->first = first;
        source->rows = s->nexts - first;
    }
    turn(s);
    s->t++;
    return status;
}

rondo_status rondo_search(rondo_search_result *out, const rondo_search_model *model, int64_t sources,
                          const int32_t *lengths, const rondo_search_options *options, rondo_error *err) {
    rondo__search s = {.model = model, .sources = sources};
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_search: out is NULL");
    *out = (rondo_search_result){0};
    rondo_status status = rondo__search_check(&s.options, model, sources, lengths, options, err);
    if (status)
        return status;
    s.K = s.options.sample ? s.options.best : s.options.beam;
    status = begin(&s, lengths, err);
    while (!status && s.rows > 0)
        status = run_step(&s, err);
    if (!status)
        status = rondo__search_give(out, &s, err);
    close_search(&s);
    return status;
}

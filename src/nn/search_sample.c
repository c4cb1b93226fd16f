/* One step of sampling for one source: its samples share one row up to the end of the prefix, then each has its own. */
#include "nn/search.h"

#define STREAM 0x7365617263680000u /* "search": apart from all streams of training */

static void draw(rondo__search *s, rondo__search_source *source, int64_t r, int64_t sample) {
    const uint64_t number = s->options.first_source + (uint64_t)(source - s->source);
    const uint64_t index = (uint64_t)sample << 32 | (uint64_t)s->t;
    const double u = rondo__random_uniform(s->options.seed, STREAM + number, index);
    const real *scores = rondo__search_scores(s, r);
    const int32_t symbol = rondo__sampler_draw(&s->sampler, scores, -1, u);
    const double before = s->row[r].log_p, log_p = symbol < 0 ? before : before + (double)scores[symbol];
    if (symbol >= 0 && symbol == s->model->end)
        rondo__search_place(s, source, r, log_p, true, sample);
    else if (symbol < 0 ? s->t > 0 : s->t == source->max_length)
        rondo__search_place(s, source, r, before, false, sample);
    else if (symbol >= 0) {
        rondo__search_go_on(s, r, symbol, log_p);
        s->next[s->nexts - 1].sample = (int32_t)sample;
    }
}

rondo_status rondo__search_draw(rondo__search *s, rondo__search_source *source, rondo_error *err) {
    const int64_t first = source->first, V = s->model->V;
    if (!rondo__search_sound(source->rows * V, rondo__search_scores(s, first)))
        return rondo__search_unsound(s, source, err);
    if (s->t > source->prefix_count) {
        for (int64_t r = first; r < first + source->rows; r++)
            draw(s, source, r, s->row[r].sample);
        return RONDO_OK;
    }
    for (int64_t i = 0; i < s->options.best; i++)
        draw(s, source, first, i);
    return RONDO_OK;
}

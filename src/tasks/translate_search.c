/* Rows of source ids -> hypotheses, by one model or by several that write together. */
#include <string.h>

#include "tasks/translate.h"

static bool attends(const rondo__translate *t) {
    return t->base.recipe.model.attention.type != RONDO_ATTENTION_NONE ||
           t->base.recipe.model.decoder.cell == RONDO__TRANSFORMER;
}

/* The same symbols under the same ids? */
static rondo_status same_vocabulary(const rondo__tokenizer *a, const rondo__tokenizer *b, bool *same) {
    rondo__text x = {0}, y = {0};
    size_t m, n;
    const void *p = rondo__tokenizer_piece_model(a, &m), *q = rondo__tokenizer_piece_model(b, &n);
    rondo_status status = rondo__tokenizer_json(a, &x);
    if (!status)
        status = rondo__tokenizer_json(b, &y);
    *same = !status && x.size == y.size && memcmp(x.data, y.data, x.size) == 0 && m == n &&
            (m == 0 || memcmp(p, q, m) == 0);
    rondo__text_free(&x);
    rondo__text_free(&y);
    return status;
}

static rondo_status check_member(const rondo__translate *first, const rondo__translate *t, int index,
                                 rondo_error *err) {
    bool source = true, target = true;
    rondo_status status = same_vocabulary(first->source, t->source, &source);
    if (!status)
        status = same_vocabulary(first->target, t->target, &target);
    if (status)
        return rondo__fail(err, status, "translate: no memory to compare vocabularies");
    if (!source || !target)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "translate: model %d of the ensemble has another %s vocabulary than the first (train all "
                           "on the same data)",
                           index + 1, source ? "target" : "source");
    if (first->base.recipe.model.copy != t->base.recipe.model.copy)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "translate: model %d of the ensemble and the first differ in model.copy (all or none)",
                           index + 1);
    return RONDO_OK;
}

static rondo_status open_member(rondo__translate *t, rondo_error *err) {
    if (t->decoding)
        return RONDO_OK;
    rondo_status status = rondo_decoding_open(&t->decoding, t->base.context, t->net, err);
    if (!status)
        rondo_decoding_set_unknown(t->decoding, t->unknown < 0 ? 0 : t->unknown);
    return status;
}

rondo_status rondo__writers_open(rondo__writers *out, int count, rondo__translate *const *member, rondo_error *err) {
    rondo_status status = RONDO_OK;
    *out = (rondo__writers){.count = count};
    for (int i = 0; i < count && !status; i++) {
        for (int k = 0; k < i && !status; k++) {
            if (member[i] == member[k])
                status = rondo__fail(err, RONDO_ARGUMENT, "translate: model %d of the ensemble is there twice", i + 1);
        }
        if (!status && i > 0)
            status = check_member(member[0], member[i], i, err);
        if (!status)
            status = open_member(member[i], err);
    }
    if (status)
        return status;
    out->member = rondo__calloc((size_t)count, sizeof(rondo__translate *));
    out->search = rondo__calloc((size_t)count, sizeof *out->search);
    if (out->member && out->search) {
        memcpy(out->member, member, (size_t)count * sizeof(rondo__translate *));
        return RONDO_OK;
    }
    rondo__writers_close(out);
    return rondo__fail(err, RONDO_MEMORY, "translate: no memory for %d models", count);
}

void rondo__writers_close(rondo__writers *writers) {
    rondo_ensemble_destroy(&writers->ensemble);
    rondo__free(writers->member);
    rondo__free(writers->search);
    *writers = (rondo__writers){0};
}

static rondo_status step(void *model, int64_t rows, const int32_t *parent, const int32_t *symbols,
                         rondo_real *log_probabilities, rondo_real *weights, rondo_error *err) {
    return rondo_decoding_step(model, rows, parent, symbols, log_probabilities, weights, err);
}

bool rondo__writers_look(const rondo__writers *writers) {
    bool looks = true;
    for (int i = 0; i < writers->count; i++)
        looks = looks && attends(writers->member[i]);
    return looks;
}

/* The sources of one search as columns. */
typedef struct columns {
    int64_t S, extended;
    int32_t *ids, *copy; /* (S, B) */
    int32_t *lengths;    /* (B) */
} columns;

static void free_columns(columns *c) {
    rondo__free(c->ids);
    rondo__free(c->copy);
    rondo__free(c->lengths);
}

static rondo_status make_columns(columns *c, const rondo__translate *t, int64_t B, rondo__source_line *const *line,
                                 rondo_error *err) {
    const bool pointer = t->base.recipe.model.copy;
    size_t cells;
    *c = (columns){0};
    for (int64_t b = 0; b < B; b++) {
        c->S = line[b]->count > c->S ? line[b]->count : c->S;
        c->extended = pointer && t->V + line[b]->extra > c->extended ? t->V + line[b]->extra : c->extended;
    }
    const bool fits = rondo__size_mul((size_t)c->S, (size_t)B, &cells);
    c->ids = fits ? rondo__calloc(cells, sizeof *c->ids) : NULL;
    c->copy = fits && pointer ? rondo__calloc(cells, sizeof *c->copy) : NULL;
    c->lengths = rondo__calloc((size_t)B, sizeof *c->lengths);
    if (!c->ids || !c->lengths || (pointer && !c->copy))
        return rondo__fail(err, RONDO_MEMORY, "translate: no memory for %lld lines of up to %lld symbols", (long long)B,
                           (long long)c->S);
    for (int64_t b = 0; b < B; b++) {
        c->lengths[b] = (int32_t)line[b]->count;
        for (int64_t s = 0; s < c->S; s++) {
            c->ids[s * B + b] = s < line[b]->count ? line[b]->ids[s] : -1;
            if (c->copy)
                c->copy[s * B + b] = s < line[b]->count ? line[b]->copy[s] : -1;
        }
    }
    return RONDO_OK;
}

static rondo_status begin_all(rondo__writers *w, int64_t B, const columns *c, rondo_error *err) {
    rondo_status status = RONDO_OK;
    const bool looks = rondo__writers_look(w);
    for (int i = 0; i < w->count && !status; i++) {
        const rondo__translate *t = w->member[i];
        status = rondo_decoding_begin(t->decoding, c->S, B, c->ids, c->lengths, c->copy, c->extended, err);
        w->search[i] = (rondo_search_model){.step = step,
                                            .model = t->decoding,
                                            .V = rondo_decoding_width(t->decoding),
                                            .S = looks ? c->S : 0,
                                            .start = t->end,
                                            .end = t->end,
                                            .unknown = t->unknown};
    }
    if (!status && w->count > 1) {
        rondo_ensemble_destroy(&w->ensemble);
        status = rondo_ensemble_create(&w->ensemble, w->count, w->search, err);
    }
    return status;
}

rondo_status rondo__writers_search(rondo__writers *writers, int64_t B, rondo__source_line *const *line,
                                   const rondo_search_options *options, rondo_search_result *out, rondo_error *err) {
    columns c;
    rondo_status status = make_columns(&c, writers->member[0], B, line, err);
    if (!status)
        status = begin_all(writers, B, &c, err);
    if (!status) {
        const rondo_search_model model =
            writers->count > 1 ? rondo_ensemble_model(writers->ensemble) : writers->search[0];
        status = rondo_search(out, &model, B, c.lengths, options, err);
    }
    free_columns(&c);
    return status;
}

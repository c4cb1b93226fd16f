/* A language model of characters as the scorer of a search.
 *
 * Texts that have been read form a tree of nodes by the language model's symbols; a node keeps its states and the
 * log-probabilities of what may follow. The search names many continuations and goes on with few, so a continuation is
 * no node yet:
 *
 *     state = node · (V + 1) + (symbol + 1),   the node itself: symbol = -1
 *
 * and becomes one only when something is asked behind it. One step of the network for each node; the whole tree stays
 * until it is reset. */
#include <math.h>
#include <string.h>

#include "tasks/language_model_step.h"
#include "tasks/model.h"
#include "tasks/transcribe.h"
#include "tensor/context.h"

#define NONE (-1)

struct rondo__transcribe_scorer {
    rondo_ctc_scorer face;
    rondo__lm *lm;
    rondo__lm_step step;
    int64_t V, width;           /* of the language model: symbols, numbers of its states */
    rondo__id_lines first, ids; /* what each symbol of the search is for the language model, at the start and later */
    int64_t nodes, capacity;
    real *state;    /* (nodes, width) */
    real *log_p;    /* (nodes, V) */
    int64_t *child; /* (nodes, V) */
};

/* ---- nodes ---- */

static int64_t state_width(const rondo__lm *lm) {
    int64_t width = 0;
    for (int l = 0; l < rondo_recurrent_get_config(lm->net)->layers; l++) {
        int64_t h, c;
        rondo_recurrent_state_size(lm->net, l, &h, &c);
        width += h + c;
    }
    return width;
}

/* The live states to or from a row. */
static void move_states(rondo__transcribe_scorer *s, real *row, bool load) {
    for (int l = 0; l < rondo_recurrent_get_config(s->lm->net)->layers; l++) {
        int64_t size[2];
        real *live[2];
        rondo_recurrent_state_size(s->lm->net, l, &size[0], &size[1]);
        rondo_stream_states(s->step.stream, l, &live[0], &live[1]);
        for (int part = 0; part < 2; part++) {
            if (size[part] == 0 || !live[part])
                continue;
            memcpy(load ? live[part] : row, load ? row : live[part], (size_t)size[part] * sizeof *row);
            row += size[part];
        }
    }
}

static bool grow(void **memory, int64_t old, int64_t wanted, int64_t width, size_t bytes) {
    size_t before = 0, after = 0;
    void *more = NULL;
    if (rondo__size_mul((size_t)wanted, (size_t)width, &after) && rondo__size_mul(after, bytes, &after)) {
        before = (size_t)(old * width) * bytes;
        more = rondo__realloc(*memory, before, after);
    }
    *memory = more ? more : *memory;
    return more != NULL;
}

static rondo_status reserve(rondo__transcribe_scorer *s, rondo_error *err) {
    if (s->nodes < s->capacity)
        return RONDO_OK;
    const int64_t wanted = 2 * s->capacity + 64;
    const bool fine = grow((void **)&s->state, s->capacity, wanted, s->width, sizeof *s->state) &&
                      grow((void **)&s->log_p, s->capacity, wanted, s->V, sizeof *s->log_p) &&
                      grow((void **)&s->child, s->capacity, wanted, s->V, sizeof *s->child);
    s->capacity = fine ? wanted : s->capacity;
    return fine ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "transcribe: no memory for what the language model read");
}

/* Takes the network as it stands for a new node. */
static rondo_status add_node(rondo__transcribe_scorer *s, rondo_error *err) {
    const real *logits;
    rondo_status status = rondo__lm_step_score(&s->step, &logits, err);
    if (status)
        return status;
    const real lse = s->lm->base.context->kernels->logsumexp_row(s->V, logits);
    for (int64_t k = 0; k < s->V; k++) {
        s->log_p[s->nodes * s->V + k] = logits[k] - lse;
        s->child[s->nodes * s->V + k] = NONE;
    }
    move_states(s, s->state + s->nodes * s->width, false);
    s->nodes++;
    return RONDO_OK;
}

static rondo_status child_of(rondo__transcribe_scorer *s, int64_t parent, int64_t symbol, int64_t *out,
                             rondo_error *err) {
    *out = s->child[parent * s->V + symbol];
    if (*out != NONE)
        return RONDO_OK;
    rondo_status status = reserve(s, err);
    if (status)
        return status;
    move_states(s, s->state + parent * s->width, true);
    rondo__lm_step_feed(&s->step, (int32_t)symbol);
    status = add_node(s, err);
    if (!status)
        *out = s->child[parent * s->V + symbol] = s->nodes - 1;
    return status;
}

static rondo_status node_of(rondo__transcribe_scorer *s, int64_t state, int64_t *node, rondo_error *err) {
    const int64_t symbol = state % (s->V + 1) - 1;
    *node = state / (s->V + 1);
    return symbol < 0 ? RONDO_OK : child_of(s, *node, symbol, node, err);
}

/* The start of a line; made by the first question, and by the first one after a reset. */
static rondo_status begin(rondo__transcribe_scorer *s, rondo_error *err) {
    if (s->nodes > 0)
        return RONDO_OK;
    rondo_status status = reserve(s, err);
    if (status)
        return status;
    const int32_t start = rondo__tokenizer_line_end(s->lm->tokenizer);
    rondo_stream_reset(s->step.stream);
    rondo__lm_step_feed(&s->step, start >= 0 ? start : 0);
    return add_node(s, err);
}

/* ---- the scorer ---- */

static rondo_status score(void *arg, int64_t state, int32_t symbol, double *log_probability, int64_t *next,
                          rondo_error *err) {
    rondo__transcribe_scorer *s = arg;
    const rondo__id_lines *ids = state == 0 ? &s->first : &s->ids;
    const int64_t first = ids->start[symbol], end = ids->start[symbol + 1];
    int64_t node = 0;
    *log_probability = first < end ? 0 : -INFINITY;
    *next = state;
    rondo_status status = begin(s, err);
    for (int64_t i = first; i < end && !status; i++) {
        status = node_of(s, *next, &node, err);
        if (!status)
            *log_probability += (double)s->log_p[node * s->V + ids->ids[i]];
        *next = node * (s->V + 1) + ids->ids[i] + 1;
    }
    return status;
}

static rondo_status end(void *arg, int64_t state, double *log_probability, rondo_error *err) {
    rondo__transcribe_scorer *s = arg;
    const int32_t line_end = rondo__tokenizer_line_end(s->lm->tokenizer);
    int64_t node = 0;
    *log_probability = 0;
    if (line_end < 0)
        return RONDO_OK;
    rondo_status status = begin(s, err);
    if (!status)
        status = node_of(s, state, &node, err);
    if (!status)
        *log_probability = (double)s->log_p[node * s->V + line_end];
    return status;
}

/* ---- life ---- */

static rondo_status check_model(const rondo_model *model, rondo_error *err) {
    if (model->task->class != &rondo__language_model)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: not a language model (this one is for %s)", model->path,
                           model->task->class->name);
    const rondo__lm *lm = (const rondo__lm *)model->task;
    if (rondo__tokenizer_get_kind(lm->tokenizer) != RONDO__CHAR)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "%s: only a language model of characters can help to transcribe (train one with "
                           "data.tokenizer.type: char)",
                           model->path);
    if (lm->teacher)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "%s: a Jordan network with teacher_forcing cannot help to transcribe", model->path);
    return RONDO_OK;
}

/* Symbols of the search as the language model's, by what they write. */
static rondo_status map_symbols(const rondo__lm *lm, rondo__id_lines *out, const char *path, int64_t symbols,
                                char *const *text, rondo_error *err) {
    const rondo__lines lines = {.line = (char **)(uintptr_t)text, .count = symbols};
    rondo_status status = rondo__id_lines_encode(out, lm->tokenizer, &lines, err);
    for (int64_t k = 0; k < symbols && !status; k++)
        for (int64_t i = out->start[k]; i < out->start[k + 1] && !status; i++)
            if (out->ids[i] == rondo__tokenizer_unknown(lm->tokenizer))
                status = rondo__fail(err, RONDO_ARGUMENT,
                                     "%.300s: the language model does not know the symbol '%.40s' (train it on texts "
                                     "with all symbols of the transcriber)",
                                     path, text[k]);
    return status;
}

rondo_status rondo__transcribe_scorer_open(rondo__transcribe_scorer **out, rondo_model *language_model, int64_t symbols,
                                           char *const *first, char *const *text, rondo_error *err) {
    *out = NULL;
    rondo_status status = check_model(language_model, err);
    if (status)
        return status;
    rondo__transcribe_scorer *s = rondo__calloc(1, sizeof *s);
    if (!s)
        return rondo__fail(err, RONDO_MEMORY, "transcribe: no memory for a language model");
    s->lm = (rondo__lm *)language_model->task;
    s->face = (rondo_ctc_scorer){.score = score, .end = end, .arg = s};
    s->V = s->lm->V;
    s->width = state_width(s->lm);
    status = map_symbols(s->lm, &s->first, language_model->path, symbols, first, err);
    if (!status)
        status = map_symbols(s->lm, &s->ids, language_model->path, symbols, text, err);
    if (!status)
        status = rondo__lm_step_open(&s->step, s->lm, "transcribe", err);
    if (status)
        rondo__transcribe_scorer_close(&s);
    *out = s;
    return status;
}

void rondo__transcribe_scorer_close(rondo__transcribe_scorer **scorer) {
    rondo__transcribe_scorer *s = *scorer;
    if (!s)
        return;
    rondo__lm_step_close(&s->step);
    rondo__id_lines_free(&s->first);
    rondo__id_lines_free(&s->ids);
    rondo__free(s->state);
    rondo__free(s->log_p);
    rondo__free(s->child);
    rondo__free(s);
    *scorer = NULL;
}

const rondo_ctc_scorer *rondo__transcribe_scorer_get(const rondo__transcribe_scorer *scorer) { return &scorer->face; }

void rondo__transcribe_scorer_reset(rondo__transcribe_scorer *scorer) { scorer->nodes = 0; }

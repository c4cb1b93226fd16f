/* Lines in, lines out: encoded, put beside lines of like length, searched for in batches, written back in their order.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tasks/translate.h"

enum { DEFAULT_BATCH = 64 };
#define END_SYMBOL "</s>"

typedef struct job {
    const rondo_translate_options *options;
    rondo__writers writers;
    const rondo__translate *first; /* member */
    int64_t lines;
    rondo__source_line *source; /* (lines) */
    rondo__source_line **order; /* those that are not empty; by length, but in their own order where they are sampled */
    int64_t count;              /* of order */
    int32_t *prefix;
    int64_t prefix_count;
    rondo__lines prefix_word; /* as they were given */
    rondo_translation *out;   /* (lines) */
    rondo_error *err;
} job;

static long long line_number(const job *j, int64_t index) {
    return (long long)(j->options->search.first_source + (uint64_t)index + 1);
}

/* ---- checks ---- */

static rondo_status check_options(const job *j) {
    const rondo_translate_options *o = j->options;
    const bool looks = rondo__writers_look(&j->writers);
    if (o->batch < 0)
        return rondo__fail(j->err, RONDO_ARGUMENT, "translate: batch is %lld (must be 0, 64, or more)",
                           (long long)o->batch);
    if (!looks && (o->search.want_weights || o->replace_unknown))
        return rondo__fail(j->err, RONDO_ARGUMENT, "translate: %s needs a model with attention (this one has none)",
                           o->replace_unknown ? "replacing unknown words" : "showing where it looks");
    if (!looks && o->search.coverage_penalty != 0)
        return rondo__fail(j->err, RONDO_ARGUMENT,
                           "translate: coverage_penalty needs a model with attention (this one has none)");
    if (o->replace_unknown && rondo__tokenizer_get_kind(j->first->target) != RONDO__WORD)
        return rondo__fail(j->err, RONDO_ARGUMENT,
                           "translate: unknown words can be replaced only where the target's tokenizer is word");
    return RONDO_OK;
}

/* A line of more symbols than there are learned positions is refused, never cut. */
static rondo_status check_length(const job *j, int64_t index, int64_t count) {
    int64_t most = INT32_MAX - 1;
    for (int i = 0; i < j->writers.count; i++) {
        const rondo__recipe_stack *e = &j->writers.member[i]->base.recipe.model.encoder;
        if (e->cell == RONDO__TRANSFORMER && e->positions == RONDO_POSITIONS_LEARNED && e->max_length < most)
            most = e->max_length;
    }
    if (count <= most)
        return RONDO_OK;
    return rondo__fail(j->err, RONDO_ARGUMENT, "line %lld: %lld symbols are too many for this model (at most %lld)",
                       line_number(j, index), (long long)count, (long long)most);
}

/* ---- sources ---- */

/* A dictionary's word is read letter by letter: a line without blanks is spelled out. */
static bool spell(const char *line, rondo__text *out) {
    if (strpbrk(line, " \t"))
        return false;
    for (size_t at = 0, size = strlen(line); at < size;) {
        const int length = rondo__utf8_length((const unsigned char *)line + at, size - at);
        rondo__text_add(out, " ", at > 0);
        rondo__text_add(out, line + at, length > 0 ? (size_t)length : 1);
        at += length > 0 ? (size_t)length : 1;
    }
    return true;
}

static rondo_status encode_text(job *j, rondo__source_line *s, const char *text, int64_t index) {
    const rondo__translate *t = j->first;
    const bool pointer = t->base.recipe.model.copy;
    rondo_error inner = {0};
    if (strchr(text, '\n'))
        return rondo__fail(j->err, RONDO_ARGUMENT, "line %lld: holds a line end (give one line at a time)",
                           line_number(j, index));
    rondo_status status = rondo__line_encode(t->source, text, strlen(text), &s->ids, &s->count, &inner);
    if (!status)
        status = check_length(j, index, s->count);
    if (!status && s->count > 0 && (pointer || j->options->replace_unknown || j->options->search.want_weights))
        status = rondo__surfaces(t, false, text, s->ids, s->count, &s->words, &inner);
    if (!status && s->count > 0 && pointer) {
        s->copy = rondo__calloc((size_t)s->count, sizeof *s->copy);
        status = s->copy ? rondo__copy_line(t, text, &s->words, s->count, s->copy, &s->extra, &inner)
                         : rondo__fail(&inner, RONDO_MEMORY, "no memory for the line");
    }
    if (status && inner.message[0])
        return rondo__fail(j->err, status, "line %lld: %s", line_number(j, index), inner.message);
    return status;
}

static rondo_status encode_line(job *j, int64_t index, const char *line) {
    rondo__text letters = {0};
    const char *text = line;
    if (rondo__translate_is_dictionary(j->first) && spell(line, &letters))
        text = letters.data ? letters.data : "";
    const rondo_status status =
        letters.failed ? rondo__fail(j->err, RONDO_MEMORY, "line %lld: no memory for it", line_number(j, index))
                       : encode_text(j, &j->source[index], text, index);
    rondo__text_free(&letters);
    return status;
}

static int by_length(const void *a, const void *b) {
    const rondo__source_line *x = *(rondo__source_line *const *)a, *y = *(rondo__source_line *const *)b;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    return (x > y) - (x < y);
}

static rondo_status encode_all(job *j, const char *const *line) {
    j->source = rondo__calloc((size_t)j->lines + 1, sizeof *j->source);
    j->order = rondo__calloc((size_t)j->lines + 1, sizeof(rondo__source_line *));
    if (!j->source || !j->order)
        return rondo__fail(j->err, RONDO_MEMORY, "translate: no memory for %lld lines", (long long)j->lines);
    rondo_status status = RONDO_OK;
    for (int64_t i = 0; i < j->lines && !status; i++) {
        status = line[i] ? encode_line(j, i, line[i])
                         : rondo__fail(j->err, RONDO_ARGUMENT, "translate: line %lld is NULL", line_number(j, i));
        if (!status && j->source[i].count > 0)
            j->order[j->count++] = &j->source[i];
    }
    if (!j->options->search.sample)
        qsort(j->order, (size_t)j->count, sizeof(rondo__source_line *), by_length);
    return status;
}

static rondo_status encode_prefix(job *j) {
    const char *text = j->options->prefix;
    rondo_error inner = {0};
    if (!text || !text[0])
        return RONDO_OK;
    if (strchr(text, '\n'))
        return rondo__fail(j->err, RONDO_ARGUMENT, "translate: the prefix holds a line end (leave it out)");
    rondo_status status =
        rondo__line_encode(j->first->target, text, strlen(text), &j->prefix, &j->prefix_count, &inner);
    if (!status)
        status = rondo__surfaces(j->first, true, text, j->prefix, j->prefix_count, &j->prefix_word, &inner);
    return status ? rondo__fail(j->err, status, "translate: the prefix: %s", inner.message) : RONDO_OK;
}

/* ---- results ---- */

static rondo_status no_room(job *j) {
    return rondo__fail(j->err, RONDO_MEMORY, "translate: no memory for a translation");
}

static rondo_status make_result(job *j, rondo_translation *r, int64_t count) {
    r->count = count;
    r->text = rondo__calloc((size_t)count, sizeof(char *));
    r->score = rondo__calloc((size_t)count, sizeof *r->score);
    r->log_probability = rondo__calloc((size_t)count, sizeof *r->log_probability);
    return r->text && r->score && r->log_probability ? RONDO_OK : no_room(j);
}

/* The place that step looked at most, -1: nowhere. */
static int64_t place_of(const real *weights, int64_t S) {
    int64_t best = -1;
    for (int64_t s = 0; s < S; s++) {
        if (weights[s] > 0 && (best < 0 || weights[s] > weights[best]))
            best = s;
    }
    return best;
}

/* The word that symbol i stands for: the prefix's own, one copied from the source, or the source's in place of an
 * unknown one. NULL: it is a symbol of its own. */
static const char *word_of(const job *j, const rondo__source_line *s, const rondo_hypothesis *h, int64_t i, int64_t S) {
    const int32_t id = h->symbols[i];
    for (int64_t k = 0; id >= j->first->V && k < s->count; k++) {
        if (s->copy[k] == id)
            return s->words.line[k];
    }
    if (id == j->first->unknown && i < j->prefix_count)
        return j->prefix_word.line[i];
    if (id != j->first->unknown || !j->options->replace_unknown || !h->weights)
        return NULL;
    const int64_t place = place_of(h->weights + i * S, s->count);
    return place < 0 ? NULL : s->words.line[place];
}

/* What bytes no character can have become question marks, and line ends blanks: a line comes out. */
static void make_line(rondo__text *text) {
    for (size_t valid; text->size > 0 && (valid = rondo__utf8_check(text->data, text->size)) < text->size;)
        text->data[valid] = '?';
    for (size_t i = 0; i < text->size; i++)
        text->data[i] = text->data[i] == '\n' ? ' ' : text->data[i];
}

static void add_symbol(const job *j, const rondo__source_line *s, const rondo_hypothesis *h, int64_t i, int64_t S,
                       bool first, rondo__text *text) {
    const char *word = word_of(j, s, h, i, S);
    const bool apart = rondo__tokenizer_get_kind(j->first->target) == RONDO__WORD;
    const int32_t id = h->symbols[i] < j->first->V ? h->symbols[i] : j->first->unknown;
    if (word) {
        rondo__text_add(text, " ", apart && !first);
        rondo__text_add(text, word, strlen(word));
    } else if (rondo__tokenizer_decode(j->first->target, &id, 1, first, text)) {
        text->failed = true;
    }
}

/* Takes the text's memory over. */
static char *as_string(rondo__text *text) {
    make_line(text);
    if (!text->data && !text->failed)
        return rondo__strdup("");
    if (!text->failed)
        return text->data;
    rondo__text_free(text);
    return NULL;
}

static rondo_status write_text(job *j, const rondo__source_line *s, const rondo_hypothesis *h, int64_t S, char **out) {
    rondo__text text = {0};
    for (int64_t i = 0; i < h->count; i++)
        add_symbol(j, s, h, i, S, i == 0, &text);
    *out = as_string(&text);
    return *out ? RONDO_OK : no_room(j);
}

static rondo_status write_weights(job *j, const rondo__source_line *s, const rondo_hypothesis *h, int64_t S,
                                  rondo_translation *r) {
    r->source_count = s->count;
    r->target_count = h->count + h->ended;
    r->source_symbol = rondo__calloc((size_t)r->source_count + 1, sizeof(char *));
    r->target_symbol = rondo__calloc((size_t)r->target_count + 1, sizeof(char *));
    r->weights = rondo__calloc((size_t)(r->source_count * r->target_count) + 1, sizeof *r->weights);
    bool whole = r->source_symbol && r->target_symbol && r->weights;
    for (int64_t i = 0; i < r->source_count && whole; i++)
        whole = (r->source_symbol[i] = rondo__strdup(s->words.line[i])) != NULL;
    for (int64_t i = 0; i < r->target_count && whole; i++) {
        rondo__text text = {0};
        if (i < h->count)
            add_symbol(j, s, h, i, S, true, &text);
        else
            rondo__text_format(&text, END_SYMBOL);
        whole = (r->target_symbol[i] = as_string(&text)) != NULL;
        memcpy(r->weights + i * s->count, h->weights + i * S, (size_t)s->count * sizeof *r->weights);
    }
    return whole ? RONDO_OK : no_room(j);
}

static rondo_status write_result(job *j, const rondo__source_line *s, const rondo_hypothesis *h, int64_t best,
                                 int64_t S) {
    rondo_translation *r = &j->out[s - j->source];
    int64_t count = 0;
    while (count < best && h[count].score > -INFINITY) /* NaN too ends the list */
        count++;
    if (count == 0)
        return rondo__fail(j->err, RONDO_NUMERIC, "translate: the model's output is not finite");
    rondo_status status = make_result(j, r, count);
    for (int64_t i = 0; i < count && !status; i++) {
        r->score[i] = h[i].score;
        r->log_probability[i] = h[i].log_probability;
        status = write_text(j, s, &h[i], S, &r->text[i]);
    }
    if (!status && j->options->search.want_weights && h[0].weights)
        status = write_weights(j, s, &h[0], S, r);
    return status;
}

/* ---- batches ---- */

/* The decoder's learned positions bound what it writes. */
static int64_t bounded_length(const job *j, int64_t wanted, int64_t S) {
    for (int i = 0; i < j->writers.count; i++) {
        const rondo__recipe_stack *d = &j->writers.member[i]->base.recipe.model.decoder;
        const bool bounded = d->cell == RONDO__TRANSFORMER && d->positions == RONDO_POSITIONS_LEARNED;
        const int64_t would = wanted ? wanted : 2 * S + 50, most = d->max_length > 1 ? d->max_length - 1 : 1;
        wanted = bounded && would > most ? most : wanted;
    }
    return wanted;
}

static rondo_status translate_batch(job *j, int64_t begin, int64_t B) {
    rondo_search_options o = j->options->search;
    rondo_search_result found = {0};
    const int32_t **prefix = rondo__calloc((size_t)B, sizeof(int32_t *));
    int64_t *counts = rondo__calloc((size_t)B, sizeof *counts), S = 0;
    rondo_status status = prefix && counts ? RONDO_OK : no_room(j);
    for (int64_t b = 0; b < B && !status; b++) {
        prefix[b] = j->prefix;
        counts[b] = j->prefix_count;
        S = j->order[begin + b]->count > S ? j->order[begin + b]->count : S;
    }
    o.prefix = j->prefix_count > 0 ? prefix : NULL;
    o.prefix_count = j->prefix_count > 0 ? counts : NULL;
    o.want_weights = o.want_weights || j->options->replace_unknown;
    o.max_length = bounded_length(j, o.max_length, S);
    o.first_source += (uint64_t)(j->order[begin] - j->source);
    if (!status)
        status = rondo__writers_search(&j->writers, B, j->order + begin, &o, &found, j->err);
    for (int64_t b = 0; b < B && !status; b++)
        status = write_result(j, j->order[begin + b], found.hypothesis + b * found.best, found.best, S);
    rondo_search_free(&found);
    rondo__free(prefix);
    rondo__free(counts);
    return status;
}

/* Lines that the decoder's positions bound stand apart from those that they do not: what is written from a line hangs
 * on no other. */
static bool bounded_alike(const job *j, const rondo__source_line *a, const rondo__source_line *b) {
    const int64_t wanted = j->options->search.max_length;
    return bounded_length(j, wanted, a->count) == bounded_length(j, wanted, b->count);
}

/* Lines of a batch; samples are drawn by the line's number, so there the numbers run on without a gap. */
static int64_t batch_size(const job *j, int64_t begin) {
    const int64_t most = j->options->batch ? j->options->batch : DEFAULT_BATCH;
    int64_t B = 1;
    while (B < most && begin + B < j->count && bounded_alike(j, j->order[begin], j->order[begin + B]) &&
           (!j->options->search.sample || j->order[begin + B] == j->order[begin + B - 1] + 1))
        B++;
    return B;
}

static rondo_status translate_all(job *j) {
    rondo_status status = RONDO_OK;
    for (int64_t begin = 0, B; begin < j->count && !status; begin += B) {
        B = batch_size(j, begin);
        status = translate_batch(j, begin, B);
    }
    for (int64_t i = 0; i < j->lines && !status; i++) {
        if (j->source[i].count > 0)
            continue;
        status = make_result(j, &j->out[i], 1);
        if (!status && !(j->out[i].text[0] = rondo__strdup("")))
            status = no_room(j);
    }
    return status;
}

static void finish(job *j, rondo_status status) {
    for (int64_t i = 0; i < j->lines && j->source; i++) {
        rondo__free(j->source[i].ids);
        rondo__free(j->source[i].copy);
        rondo__lines_free(&j->source[i].words);
    }
    for (int64_t i = 0; i < j->lines && status; i++)
        rondo_translation_free(&j->out[i]);
    rondo__free(j->source);
    rondo__free(j->order);
    rondo__free(j->prefix);
    rondo__lines_free(&j->prefix_word);
    rondo__writers_close(&j->writers);
}

rondo_status rondo__translate_lines(int members, rondo__translate *const *member, int64_t lines,
                                    const char *const *line, const rondo_translate_options *options,
                                    rondo_translation *out, rondo_error *err) {
    job j = {.options = options, .first = member[0], .lines = lines, .out = out, .err = err};
    memset(out, 0, (size_t)lines * sizeof *out);
    rondo_status status = rondo__writers_open(&j.writers, members, member, err);
    if (!status)
        status = check_options(&j);
    if (!status)
        status = encode_all(&j, line);
    if (!status)
        status = encode_prefix(&j);
    if (!status)
        status = translate_all(&j);
    finish(&j, status);
    return status;
}

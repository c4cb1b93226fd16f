/* Options of use, checked and made ready once. */
#include <string.h>

#include "tasks/model.h"
#include "tasks/transcribe.h"

enum { BEAM_WITH_MODEL = 16 };
#define WEIGHT 0.5

rondo_status rondo__transcribe_of(const rondo_model *model, rondo__transcribe **out, rondo_error *err) {
    if (!model)
        return rondo__fail(err, RONDO_ARGUMENT, "transcribe: model is NULL");
    if (model->task->class != &rondo__transcribe_class)
        return rondo__fail(err, RONDO_UNSUPPORTED, "transcribe: %.400s is no transcriber (it is for %s)", model->path,
                           model->task->class->name);
    *out = (rondo__transcribe *)model->task;
    return RONDO_OK;
}

/* ---- texts of symbols ---- */

/* What symbol k writes. A line end, and the unknown character, were no training text's: they write nothing. */
static bool write_symbol(const rondo__transcribe *t, int32_t k, bool first, char **out) {
    const rondo__tokenizer *tokenizer = t->tokenizer;
    const bool of_none =
        k == rondo__tokenizer_line_end(tokenizer) ||
        (k == rondo__tokenizer_unknown(tokenizer) && rondo__tokenizer_get_kind(tokenizer) == RONDO__CHAR);
    rondo__text text = {0};
    if (!of_none && rondo__tokenizer_decode(tokenizer, &k, 1, first, &text))
        text.failed = true;
    *out = text.failed ? NULL : rondo__strdup(text.size ? text.data : "");
    rondo__text_free(&text);
    return *out != NULL;
}

static rondo_status write_symbols(rondo__transcribe_search *s, const rondo__transcribe *t, rondo_error *err) {
    s->symbols = t->blank;
    s->first = rondo__calloc((size_t)s->symbols, sizeof *s->first);
    s->text = rondo__calloc((size_t)s->symbols, sizeof *s->text);
    bool fine = s->first && s->text;
    for (int32_t k = 0; k < t->blank && fine; k++) {
        fine = write_symbol(t, k, true, &s->first[k]) && write_symbol(t, k, false, &s->text[k]);
        const size_t size = fine ? strlen(s->text[k]) : 0, other = fine ? strlen(s->first[k]) : 0;
        s->longest = (int64_t)size > s->longest ? (int64_t)size : s->longest;
        s->longest = (int64_t)other > s->longest ? (int64_t)other : s->longest;
    }
    return fine ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "transcribe: no memory for the texts of symbols");
}

/* ---- options ---- */

static rondo_status read_options(rondo__transcribe_search *s, const rondo__transcribe *t,
                                 const rondo_transcribe_options *o, rondo_error *err) {
    s->ctc = (rondo_ctc_search){.beam = o->beam,
                                .best = o->best,
                                .blank = t->blank,
                                .scorer_weight = o->lm_weight,
                                .symbol_bonus = o->symbol_bonus,
                                .prune = o->prune};
    if (o->batch < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "transcribe: batch is %lld (it must not be negative)",
                           (long long)o->batch);
    if (!o->language_model)
        return RONDO_OK;
    if (o->beam == 1)
        return rondo__fail(err, RONDO_ARGUMENT, "transcribe: a language model needs a beam of at least 2");
    if (o->beam == 0)
        s->ctc.beam = BEAM_WITH_MODEL;
    if (o->lm_weight == 0)
        s->ctc.scorer_weight = WEIGHT;
    rondo_status status =
        rondo__transcribe_scorer_open(&s->scorer, o->language_model, s->symbols, s->first, s->text, err);
    if (!status)
        s->ctc.scorer = rondo__transcribe_scorer_get(s->scorer);
    return status;
}

rondo_status rondo__transcribe_search_open(rondo__transcribe_search *out, const rondo__transcribe *t,
                                           const rondo_transcribe_options *options, rondo_error *err) {
    const rondo_transcribe_options plain = {0};
    rondo_ctc_stream *trial = NULL;
    *out = (rondo__transcribe_search){0};
    rondo_status status = write_symbols(out, t, err);
    if (!status)
        status = read_options(out, t, options ? options : &plain, err);
    if (!status) /* checks the numbers */
        status = rondo_ctc_stream_open(&trial, t->V, &out->ctc, err);
    rondo_ctc_stream_close(&trial);
    if (status)
        rondo__transcribe_search_close(out);
    return status;
}

void rondo__transcribe_search_close(rondo__transcribe_search *search) {
    for (int64_t k = 0; k < search->symbols; k++) {
        if (search->first)
            rondo__free(search->first[k]);
        if (search->text)
            rondo__free(search->text[k]);
    }
    rondo__free(search->first);
    rondo__free(search->text);
    rondo__transcribe_scorer_close(&search->scorer);
    *search = (rondo__transcribe_search){0};
}

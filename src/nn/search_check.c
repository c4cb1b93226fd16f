/* Checks at the door of rondo_search, and its defaults. */
#include "nn/search.h"

#include <math.h>

#define REFUSE(...) return rondo__fail(err, RONDO_ARGUMENT, "rondo_search: " __VA_ARGS__)

static rondo_status check_model(const rondo_search_model *m, rondo_error *err) {
    if (!m || !m->step)
        REFUSE("the model or its step function is NULL");
    if (m->V < 1 || m->V > INT32_MAX || m->S < 0 || m->S > INT32_MAX)
        REFUSE("the model has %lld symbols and weights %lld wide", (long long)m->V, (long long)m->S);
    if (m->end < 0 || m->end >= m->V)
        REFUSE("the end symbol is %d (must be 0 to %lld)", (int)m->end, (long long)m->V - 1);
    if (m->unknown < -1 || m->unknown >= m->V || m->unknown == m->end)
        REFUSE("the unknown symbol is %d (must be -1, none, or a symbol other than the end)", (int)m->unknown);
    return RONDO_OK;
}

static rondo_status check_numbers(const rondo_search_options *o, rondo_error *err) {
    if (!(o->length_penalty >= 0 && isfinite(o->length_penalty)) ||
        !(o->coverage_penalty >= 0 && isfinite(o->coverage_penalty)))
        REFUSE("length_penalty is %g, coverage_penalty %g (must be 0 or more)", o->length_penalty, o->coverage_penalty);
    if (o->beam < 0 || o->best < 0 || (!o->sample && o->best > (o->beam ? o->beam : 1)))
        REFUSE("best is %lld with a beam of %lld (ask for at most the beam)", (long long)o->best, (long long)o->beam);
    if (o->min_length < 0 || o->max_length < 0 || o->max_length >= INT32_MAX || o->min_length >= INT32_MAX ||
        (o->max_length > 0 && o->min_length > o->max_length))
        REFUSE("min_length is %lld, max_length %lld (0 <= min_length <= max_length)", (long long)o->min_length,
               (long long)o->max_length);
    if (o->no_repeat_ngram < 0)
        REFUSE("no_repeat_ngram is %lld (must be 0, off, or more)", (long long)o->no_repeat_ngram);
    return RONDO_OK;
}

static rondo_status check_lengths(const rondo_search_model *m, int64_t sources, const int32_t *lengths,
                                  const rondo_search_options *o, rondo_error *err) {
    if (!lengths && sources > 0 && (o->max_length == 0 || o->coverage_penalty > 0))
        REFUSE("lengths is NULL (give it, or max_length and no coverage_penalty)");
    for (int64_t b = 0; lengths && b < sources; b++) {
        if (lengths[b] < 0 || lengths[b] >= INT32_MAX / 2 - 50 || (o->coverage_penalty > 0 && lengths[b] > m->S))
            REFUSE("source %lld has length %d, the model's weights are %lld wide", (long long)b, (int)lengths[b],
                   (long long)m->S);
    }
    return RONDO_OK;
}

static rondo_status check_prefix(const rondo_search_model *m, int64_t b, const int32_t *prefix, int64_t count,
                                 int64_t max_length, rondo_error *err) {
    if (count < 0 || count >= INT32_MAX || (count > 0 && !prefix))
        REFUSE("the prefix of source %lld is NULL or has %lld symbols", (long long)b, (long long)count);
    if (max_length > 0 && count > max_length)
        REFUSE("the prefix of source %lld has %lld symbols, max_length is %lld (raise it, or shorten the prefix)",
               (long long)b, (long long)count, (long long)max_length);
    for (int64_t i = 0; i < count; i++) {
        if (prefix[i] < 0 || prefix[i] >= m->V || prefix[i] == m->end)
            REFUSE("symbol %lld in the prefix of source %lld is %d (must be 0 to %lld, and not the end symbol)",
                   (long long)i, (long long)b, (int)prefix[i], (long long)m->V - 1);
    }
    return RONDO_OK;
}

static rondo_status check_all(const rondo_search_model *model, int64_t sources, const int32_t *lengths,
                              const rondo_search_options *o, rondo_error *err) {
    rondo_status status = check_model(model, err);
    if (!status)
        status = check_numbers(o, err);
    if (status)
        return status;
    const int64_t rows = o->sample ? o->best : o->beam;
    if (sources < 0 || sources > INT32_MAX || (rows > 0 && sources > INT32_MAX / rows))
        REFUSE("%lld sources with %lld hypotheses each", (long long)sources, (long long)rows);
    if (model->S == 0 && (o->coverage_penalty > 0 || o->want_weights))
        REFUSE("the model gives no weights (it has no attention), but the options need them");
    if (o->prefix && !o->prefix_count)
        REFUSE("prefix without prefix_count");
    status = check_lengths(model, sources, lengths, o, err);
    for (int64_t b = 0; o->prefix && b < sources && !status; b++)
        status = check_prefix(model, b, o->prefix[b], o->prefix_count[b], o->max_length, err);
    return status;
}

rondo_status rondo__search_check(rondo_search_options *filled, const rondo_search_model *model, int64_t sources,
                                 const int32_t *lengths, const rondo_search_options *options, rondo_error *err) {
    *filled = options ? *options : (rondo_search_options){0};
    rondo_status status = check_all(model, sources, lengths, filled, err);
    filled->beam = filled->beam ? filled->beam : 1;
    filled->best = filled->best ? filled->best : 1;
    return status;
}

/* From the log-probabilities of frames to symbols: the best path, or prefix beam search (ctc_beam.c). */
#include <stdint.h>
#include <string.h>

#include "nn/ctc.h"

void rondo_ctc_hypothesis_free(rondo_ctc_hypothesis *hypothesis) {
    if (!hypothesis)
        return;
    rondo__free(hypothesis->symbol); /* the frames stand behind */
    *hypothesis = (rondo_ctc_hypothesis){0};
}

rondo_status rondo__ctc_hypothesis_make(rondo_ctc_hypothesis *out, int64_t count, rondo_error *err) {
    *out = (rondo_ctc_hypothesis){.count = count, .symbol = rondo__calloc((size_t)count, 2 * sizeof *out->symbol)};
    if (!out->symbol)
        return rondo__fail(err, RONDO_MEMORY, "ctc: no memory for %lld symbols", (long long)count);
    out->frame = out->symbol + count;
    return RONDO_OK;
}

/* ---- checks ---- */

static rondo_status check_scorer(const rondo_ctc_search *options, rondo_error *err) {
    if (!(options->scorer_weight >= 0 && options->scorer_weight < INFINITY))
        return rondo__fail(err, RONDO_ARGUMENT, "ctc: scorer_weight is %g (it must be 0 or more)",
                           options->scorer_weight);
    if (!(fabs(options->symbol_bonus) < INFINITY))
        return rondo__fail(err, RONDO_ARGUMENT, "ctc: symbol_bonus is %g", options->symbol_bonus);
    if (options->scorer && (options->beam < 2 || !options->scorer->score))
        return rondo__fail(err, RONDO_ARGUMENT, "ctc: a scorer needs %s",
                           options->scorer->score ? "a beam of at least 2" : "its function score");
    return RONDO_OK;
}

rondo_status rondo__ctc_check_search(int64_t V, const rondo_ctc_search *options, rondo_error *err) {
    if (V < 1 || V > INT32_MAX)
        return rondo__fail(err, RONDO_ARGUMENT, "ctc: V is %lld (it must be 1 or more)", (long long)V);
    if (options->beam < 0 || options->beam > INT32_MAX)
        return rondo__fail(err, RONDO_ARGUMENT, "ctc: beam is %lld (it must be in [0, %d])", (long long)options->beam,
                           INT32_MAX);
    if (options->best < 0 || options->best > (options->beam > 1 ? options->beam : 1))
        return rondo__fail(err, RONDO_ARGUMENT, "ctc: best is %lld (it must not be above the beam)",
                           (long long)options->best);
    if (options->blank < 0 || options->blank >= V)
        return rondo__fail(err, RONDO_ARGUMENT, "ctc: blank is %d (it must be in [0, %lld))", (int)options->blank,
                           (long long)V);
    if (!(options->prune <= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "ctc: prune is %g (a log-probability, it must not be above 0)",
                           options->prune);
    return check_scorer(options, err);
}

rondo_status rondo__ctc_check_frame(int64_t t, int64_t V, const real *log_probabilities, rondo_error *err) {
    for (int64_t k = 0; k < V; k++)
        if (!((double)log_probabilities[k] < INFINITY))
            return rondo__fail(err, RONDO_NUMERIC, "ctc: frame %lld gives symbol %lld a log-probability of %g",
                               (long long)t, (long long)k, (double)log_probabilities[k]);
    return RONDO_OK;
}

/* ---- greedy ---- */

int32_t rondo__ctc_greedy_step(rondo__ctc_greedy *greedy, int64_t V, const real *log_probabilities, int32_t blank) {
    int32_t best = 0;
    for (int32_t k = 1; k < V; k++)
        if (log_probabilities[k] > log_probabilities[best])
            best = k;
    const bool begins = best != blank && best != greedy->last;
    greedy->last = best;
    greedy->score += (double)log_probabilities[best];
    return begins ? best : -1;
}

/* Twice over the frames: first only to count. */
static rondo_status decode_greedy(rondo_ctc_hypothesis *out, int64_t T, int64_t V, const real *p, int32_t blank,
                                  rondo_error *err) {
    rondo_status status = RONDO_OK;
    int64_t count = 0;
    rondo__ctc_greedy greedy = {.last = blank};
    for (int64_t t = 0; t < T; t++)
        count += rondo__ctc_greedy_step(&greedy, V, p + t * V, blank) >= 0;
    status = rondo__ctc_hypothesis_make(out, count, err);
    greedy = (rondo__ctc_greedy){.last = blank};
    for (int64_t t = 0, at = 0; !status && t < T; t++) {
        const int32_t symbol = rondo__ctc_greedy_step(&greedy, V, p + t * V, blank);
        if (symbol < 0)
            continue;
        out->symbol[at] = symbol;
        out->frame[at++] = (int32_t)t;
    }
    out->score = greedy.score;
    return status;
}

/* ---- beam ---- */

static rondo_status take(rondo_ctc_hypothesis *out, const rondo__ctc_beam *beam, int64_t n, rondo_error *err) {
    double score = 0;
    rondo_status status = rondo__ctc_hypothesis_make(out, rondo__ctc_beam_get(beam, n, NULL, &score), err);
    if (!status)
        (void)rondo__ctc_beam_get(beam, n, out->symbol, &out->score);
    return status;
}

static rondo_status decode_beam(rondo_ctc_hypothesis *out, int64_t T, int64_t V, const real *p,
                                const rondo_ctc_search *options, rondo_error *err) {
    const int64_t best = options->best ? options->best : 1;
    int64_t count = 0;
    rondo__ctc_beam *beam = NULL;
    rondo_status status = rondo__ctc_beam_create(&beam, V, options, err);
    for (int64_t t = 0; !status && t < T; t++)
        status = rondo__ctc_beam_step(beam, p + t * V, err);
    if (!status)
        status = rondo__ctc_beam_finish(beam, &count, err);
    for (int64_t n = 0; !status && n < best; n++) {
        if (n < count)
            status = take(&out[n], beam, n, err);
        else
            out[n] = (rondo_ctc_hypothesis){.count = -1, .score = -INFINITY};
        if (!status && n < count)
            status = rondo__ctc_align(out[n].frame, T, V, p, out[n].count, out[n].symbol, options->blank, err);
    }
    rondo__ctc_beam_destroy(&beam);
    return status;
}

rondo_status rondo_ctc_decode(rondo_ctc_hypothesis *out, int64_t T, int64_t V, const rondo_real *log_probabilities,
                              const rondo_ctc_search *options, rondo_error *err) {
    const rondo_ctc_search plain = {0};
    if (!options)
        options = &plain;
    if (!out || T < 0 || T > INT32_MAX || (T > 0 && !log_probabilities))
        return rondo__fail(err, RONDO_ARGUMENT, "ctc: decode needs a place for what it finds, and %lld frames",
                           (long long)T);
    rondo_status status = rondo__ctc_check_search(V, options, err);
    if (status)
        return status;
    const int64_t best = options->best ? options->best : 1;
    memset(out, 0, (size_t)best * sizeof *out);
    for (int64_t t = 0; !status && t < T; t++)
        status = rondo__ctc_check_frame(t, V, log_probabilities + t * V, err);
    if (!status && options->beam > 1)
        status = decode_beam(out, T, V, log_probabilities, options, err);
    else if (!status)
        status = decode_greedy(out, T, V, log_probabilities, options->blank, err);
    for (int64_t n = 0; status && n < best; n++)
        rondo_ctc_hypothesis_free(&out[n]);
    return status;
}

/* Is the difference between two systems more than chance? Paired bootstrap resampling (Koehn, EMNLP 2004): draw as many
 * segments as there are, with repetition, and score both systems on the same draw; do that many times. BLEU needs only
 * sums of counts per segment, so a draw costs additions. Draw i of sample s is a function of (seed, s, i). */
#include <stdlib.h>

#include "score/bleu.h"

typedef struct trial {
    int64_t segments, samples;
    uint64_t seed;
    rondo__bleu_counts *counts[2]; /* per system (segments) */
    double *bleu[2];               /* per system (samples) */
} trial;

static void trial_free(trial *t) {
    for (int side = 0; side < 2; side++) {
        rondo__free(t->counts[side]);
        rondo__free(t->bleu[side]);
    }
}

static bool trial_make(trial *t) {
    for (int side = 0; side < 2; side++) {
        t->counts[side] = rondo__calloc((size_t)t->segments, sizeof *t->counts[side]);
        t->bleu[side] = rondo__calloc((size_t)t->samples, sizeof *t->bleu[side]);
        if (!t->counts[side] || !t->bleu[side])
            return false;
    }
    return true;
}

static bool count_systems(trial *t, rondo__bleu_counter *counter, const char *const *const system[2],
                          const char *const *reference) {
    for (int64_t i = 0; i < t->segments; i++)
        for (int side = 0; side < 2; side++)
            if (!rondo__bleu_count(counter, &t->counts[side][i], system[side][i], reference[i]))
                return false;
    return true;
}

static void draw(trial *t, int64_t sample) {
    rondo__bleu_counts sum[2] = {{{0}, {0}, {0}}, {{0}, {0}, {0}}};
    for (int64_t i = 0; i < t->segments; i++) {
        const uint64_t at = rondo__random_below(t->seed, (uint64_t)sample, (uint64_t)i, (uint64_t)t->segments);
        rondo__bleu_add(&sum[0], &t->counts[0][at]);
        rondo__bleu_add(&sum[1], &t->counts[1][at]);
    }
    for (int side = 0; side < 2; side++) {
        rondo_bleu score;
        rondo__bleu_score(&score, &sum[side]);
        t->bleu[side][sample] = score.bleu;
    }
}

static double score_of_all(const trial *t, int side) {
    rondo__bleu_counts sum = {{0}, {0}, {0}};
    rondo_bleu score;
    for (int64_t i = 0; i < t->segments; i++)
        rondo__bleu_add(&sum, &t->counts[side][i]);
    rondo__bleu_score(&score, &sum);
    return score.bleu;
}

static int rising(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the scores; a fortieth of them lies beyond either end. */
static void interval(double *scores, int64_t samples, double *low, double *high) {
    qsort(scores, (size_t)samples, sizeof *scores, rising);
    *low = scores[samples / 40];
    *high = scores[samples - samples / 40 - 1];
}

static void resample(trial *t, rondo_bootstrap *out) {
    int64_t not_better = 0;
    *out = (rondo_bootstrap){.samples = t->samples, .bleu_a = score_of_all(t, 0), .bleu_b = score_of_all(t, 1)};
    const int better = out->bleu_b > out->bleu_a;
    for (int64_t i = 0; i < t->samples; i++) {
        draw(t, i);
        not_better += t->bleu[better][i] <= t->bleu[!better][i];
    }
    out->p = (double)not_better / (double)t->samples;
    interval(t->bleu[0], t->samples, &out->low_a, &out->high_a);
    interval(t->bleu[1], t->samples, &out->low_b, &out->high_b);
}

static rondo_status check(const char *where, int64_t segments, const char *const *const system[2],
                          const char *const *reference, rondo_bleu_tokenizer tokenizer, int64_t samples,
                          rondo_error *err) {
    rondo_status status = rondo__score_check(where, segments, system[0], reference, err);
    if (status == RONDO_OK)
        status = rondo__score_check(where, segments, system[1], reference, err);
    if (status == RONDO_OK)
        status = rondo__bleu_check_tokenizer(where, tokenizer, err);
    if (status == RONDO_OK && segments == 0)
        status = rondo__fail(err, RONDO_ARGUMENT, "%s: no segments to draw from", where);
    if (status == RONDO_OK && samples < 0)
        status = rondo__fail(err, RONDO_ARGUMENT, "%s: %lld samples (0 gives 1000)", where, (long long)samples);
    return status;
}

rondo_status rondo_bleu_bootstrap(rondo_bootstrap *out, int64_t segments, const char *const *system_a,
                                  const char *const *system_b, const char *const *reference,
                                  rondo_bleu_tokenizer tokenizer, bool lowercase, int64_t samples, uint64_t seed,
                                  rondo_error *err) {
    const char *where = "rondo_bleu_bootstrap";
    const char *const *const system[2] = {system_a, system_b};
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: out is NULL", where);
    const rondo_status status = check(where, segments, system, reference, tokenizer, samples, err);
    if (status != RONDO_OK)
        return status;
    trial t = {.segments = segments, .samples = samples ? samples : 1000, .seed = seed};
    rondo__bleu_counter counter = {.tokenizer = tokenizer, .lowercase = lowercase};
    const bool fine = trial_make(&t) && count_systems(&t, &counter, system, reference);
    if (fine)
        resample(&t, out);
    rondo__bleu_counter_free(&counter);
    trial_free(&t);
    return fine ? RONDO_OK : rondo__score_memory(where, err);
}
